"""Who asks for orders, counted: how each was answered, and what was asked of it to reduce."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dash import html

from pages.components.basics import Component, card, figure, heading, help_mark
from pages.components.notices import empty_state
from pages.components.risk_table import slug
from pages.context import AgentSums, Book, ReductionEvent
from pages.format import number
from pages.query import Query
from risk.domain.events import ReductionAcknowledged, ReductionLate, ReductionRequested
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction

CARD = "orders-agents"


class Reduced(NamedTuple):
    """What was asked of one strategy to become smaller, counted by demand.

    A stricter request in the place of one that was open is the same demand.

    Attributes
    ----------
    asked, acknowledged : int
        Demands, and those of them that an agent said it would meet.
    in_time, late : int
        Met before the deadline, and not met by then.
    open : int
        Neither met nor late yet.
    """

    asked: int = 0
    acknowledged: int = 0
    in_time: int = 0
    late: int = 0
    open: int = 0


@dataclass(frozen=True)
class Agent:
    """One sender's orders for one strategy.

    Attributes
    ----------
    sender : str
        Empty where only reductions were asked of the strategy.
    strategy : str
    sums : AgentSums or None
    reduced : Reduced
        Of the strategy, whoever sends its orders.
    """

    sender: str
    strategy: str
    sums: AgentSums | None
    reduced: Reduced


def agents_of(
    sums: Iterable[AgentSums],
    events: Iterable[ReductionEvent],
    still_open: Mapping[PositionKey, Reduction],
) -> tuple[Agent, ...]:
    """Everybody who sent orders, the last one first; then strategies that were only asked.

    Parameters
    ----------
    sums : iterable of AgentSums
    events : iterable of ReductionEvent
        Oldest first.
    still_open : mapping of PositionKey to Reduction
        Requests that are not met now.
    """
    reduced = reductions_of(events, still_open)
    listed = sorted(sums, key=lambda each: (-each.last.timestamp(), each.sender, each.strategy))
    sending = {each.strategy for each in listed}
    return (
        *(Agent(s.sender, s.strategy, s, reduced.get(s.strategy, Reduced())) for s in listed),
        *(Agent("", name, None, reduced[name]) for name in sorted(reduced.keys() - sending)),
    )


#: A stricter request keeps position and deadline of the one whose place it takes.
_Demand = tuple[PositionKey, datetime]


def reductions_of(
    events: Iterable[ReductionEvent], still_open: Mapping[PositionKey, Reduction]
) -> dict[str, Reduced]:
    """What was asked of each strategy to become smaller, and what came of it."""
    demand_of: dict[str, _Demand] = {}
    acknowledged: set[str] = set()
    late: set[str] = set()
    for event in events:
        if isinstance(event, ReductionRequested):
            key = PositionKey(event.strategy, event.asset, event.venue)
            demand_of[event.id or f"{event.cycle}/{key}"] = key, event.deadline
        elif isinstance(event, ReductionAcknowledged):
            acknowledged.add(event.id)
        elif isinstance(event, ReductionLate):
            late.add(event.id)
    open_ids = {asked.id for asked in still_open.values()}
    return {
        strategy: _counted(demands, acknowledged, late, open_ids)
        for strategy, demands in _by_strategy(demand_of).items()
    }


def _by_strategy(demand_of: Mapping[str, _Demand]) -> dict[str, list[set[str]]]:
    """The ids of each demand's requests."""
    ids: dict[_Demand, set[str]] = defaultdict(set)
    for request, demand in demand_of.items():
        ids[demand].add(request)
    found: dict[str, list[set[str]]] = defaultdict(list)
    for (key, _deadline), requests in ids.items():
        found[key.strategy].append(requests)
    return found


def _counted(
    demands: Sequence[set[str]], acknowledged: set[str], late: set[str], still_open: set[str]
) -> Reduced:
    are_late = sum(bool(requests & late) for requests in demands)
    are_open = sum(bool(requests & still_open) and not requests & late for requests in demands)
    return Reduced(
        asked=len(demands),
        acknowledged=sum(bool(requests & acknowledged) for requests in demands),
        in_time=len(demands) - are_late - are_open,
        late=are_late,
        open=are_open,
    )


# -- the card --------------------------------------------------------------------------------


def agents_card(
    book: Book, query: Query, agents: Sequence[Agent], *, now: datetime
) -> html.Section:
    """A row for each sender and strategy."""
    note = query.range_words(now)
    content = _table(query, agents, now) if agents else _nobody(book)
    return card(
        [
            heading("Agents", note=note, actions=[help_mark("reductions_honoured")]),
            html.Div(content, id=f"{CARD}-content"),
        ],
        label="Agents",
        class_name="sw-orders-agents",
        id=CARD,
    )


def _nobody(book: Book) -> Component:
    return empty_state(
        "No agent has asked in this range",
        f"Give one a key with “seawall keys add --name NAME --portfolio {book.name}”, and let it "
        "ask before each order. It appears here with its first one.",
        small=True,
    )


_COUNTS = ("approved", "resized", "rejected")


def _table(query: Query, agents: Sequence[Agent], now: datetime) -> html.Div:
    heads = [
        html.Th("Agent and strategy", scope="col", className="sw-left"),
        *(html.Th(name.capitalize(), scope="col") for name in _COUNTS),
        html.Th("Last seen", scope="col", className="sw-wide"),
    ]
    rows = [_row(query, agent, now) for agent in agents]
    table = html.Table(
        [
            html.Caption("How each agent's orders were answered", className="sw-hidden"),
            html.Thead(html.Tr(heads)),
            html.Tbody(rows, id=f"{CARD}-rows"),
        ],
        className="sw-table sw-agents-table",
    )
    return html.Div(table, className="sw-table-box")


def _row(query: Query, agent: Agent, now: datetime) -> html.Tr:
    base = f"agent-{slug(agent.sender)}_{slug(agent.strategy)}"
    counts = [(getattr(agent.sums, name) if agent.sums else 0) for name in _COUNTS]
    seen = "never" if agent.sums is None else query.zone.date_and_clock(agent.sums.last, now=now)
    name = [
        html.Div([html.Strong(agent.sender or "no agent"), f" for {agent.strategy}"]),
        html.Div(reduced_words(agent.reduced), id=f"{base}-reduced", className="sw-note"),
    ]
    return html.Tr(
        [
            html.Th(name, scope="row", className="sw-left sw-agent-name"),
            *(
                html.Td(figure(number(count), f"{base}-{what}"))
                for what, count in zip(_COUNTS, counts, strict=True)
            ),
            html.Td(figure(seen, f"{base}-seen"), className="sw-wide"),
        ],
        id=base,
    )


def reduced_words(reduced: Reduced) -> str:
    """``Asked to reduce 3 times: 2 met in time, 1 late; 2 acknowledged.``"""
    if not reduced.asked:
        return "Nothing was asked to become smaller."
    times = "once" if reduced.asked == 1 else f"{number(reduced.asked)} times"
    parts = [f"{number(reduced.in_time)} met in time", f"{number(reduced.late)} late"]
    if reduced.open:
        parts.append(f"{number(reduced.open)} open")
    said = ", ".join(parts)
    return f"Asked to reduce {times}: {said}; {number(reduced.acknowledged)} acknowledged."
