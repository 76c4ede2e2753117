"""From an event to the notice that people get of it.

A new kind of event that people must hear of is a function here and a line in `TELLERS`. The
words are for somebody with a phone in one hand: first what happened, then why, how the market
is, what still works and until when; and every notice says what to do next.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any, NamedTuple

from risk.domain.actors import NEED_SECOND_FACTOR
from risk.domain.breakers import Phase
from risk.domain.events import (
    RULE,
    BookChanged,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    JournalBroken,
    LoginDeed,
    OverrideEnded,
    PersonChanged,
    ProposalDecided,
    ProposalMade,
    RiskEvent,
    Severity,
    TradingLatched,
    TradingResumed,
)
from risk.domain.notices import Notice
from risk.domain.overrides import LOOSENING, OverrideKind


class _Told(NamedTuple):
    """What is told of an event; lines without text are left out."""

    severity: Severity
    subject: str
    lines: tuple[str, ...]
    next: str


def notice_of(event: RiskEvent, place: int) -> Notice | None:
    """The notice of one event, or None if nobody must hear of it.

    Parameters
    ----------
    event : RiskEvent
    place : int
        Among the events of its cycle.
    """
    teller = TELLERS.get(type(event))
    told = None if teller is None else teller(event)
    return None if told is None else _notice(event, place, told)


def notices_of(
    events: Sequence[RiskEvent],
    *,
    tell: Callable[[RiskEvent, int], Notice | None] = notice_of,
) -> tuple[Notice, ...]:
    """Notices of those events that people must hear of.

    Parameters
    ----------
    events : sequence of RiskEvent
        All of one cycle, in their order: a notice's id is made of cycle and place.
    tell : callable
        From an event and its place to its notice, or None.
    """
    told = (tell(event, place) for place, event in enumerate(events))
    return tuple(notice for notice in told if notice is not None)


def bare_notice(event: RiskEvent, place: int) -> Notice:
    """A notice that needs next to nothing of its event: for when making the right one failed."""
    kind = type(event).__name__
    scope = " ".join(_plain(event, name) for name in ("scope_kind", "scope")).strip()
    subject = " ".join(f"{kind}: {scope or event.portfolio}".split())
    told = _Told(
        Severity.CRITICAL,
        subject,
        (_line("Why", _plain(event, "cause") or _plain(event, "reason")),),
        "Look at the book: this message could not be put into better words; the log says why.",
    )
    return _notice(event, place, told)


def _plain(event: RiskEvent, name: str) -> str:
    value = getattr(event, name, "")
    return value if isinstance(value, str) else ""


def _notice(event: RiskEvent, place: int, told: _Told) -> Notice:
    identity = f"{event.cycle}-{place}"
    lines = (
        *told.lines,
        _line("What to do next", told.next),
        f"{_when(event.at)}, {event.portfolio} {identity}",
    )
    episode = _plain(event, "episode")
    return Notice(
        id=identity,
        at=event.at,
        portfolio=event.portfolio,
        severity=told.severity,
        subject=told.subject,
        body="\n".join(line for line in lines if line),
        episode=episode or None,
    )


# ---------------------------------------------------------------- one function a kind of event


def _activated(event: BreakerActivated) -> _Told:
    return _Told(
        event.severity,
        f"{_words(event.state)}: {_where(event)}, {_words(event.breaker)}",
        (
            _line("Why", event.cause),
            event.market,
            _line("Still works", event.works or _STILL_WORKS.get(event.state, "")),
            _line(
                "Stays so until",
                "no time is set" if event.until is None else f"{_when(event.until)} at least",
            ),
        ),
        _NEXT.get(event.state, "look at the book, and decide whether it is as it should be."),
    )


def _stepped(event: BreakerStepped) -> _Told:
    return _Told(
        event.severity,
        f"{_stepped_to(event)}: {_where(event)}, {_words(event.breaker)}",
        (
            _line("Why", event.reason),
            "" if event.by == RULE else _line("Stepped by", event.by),
            _line(
                "Next step",
                "no time is set"
                if event.until is None
                else f"{_when(event.until)} at the earliest",
            ),
        ),
        "look at the cause: what re-opened it was not over."
        if event.phase == Phase.TRIPPED.value
        else "watch the first orders, where nothing else holds the scope; another trip takes that "
        "back for twice as long.",
    )


def _stepped_to(event: BreakerStepped) -> str:
    if event.phase == Phase.TRIPPED.value:
        return "Tripped again"
    return f"Breaker re-opens at {100.0 * event.size:.0f} % of size"


def _deactivated(event: BreakerDeactivated) -> _Told:
    return _Told(
        Severity.INFO,
        f"Released: {_where(event)}, {_words(event.breaker)}",
        (
            _line("Why", event.reason),
            _line("Released by", "its rule" if event.released_by == RULE else event.released_by),
        ),
        "watch the first orders. Limits, latches and other breakers of this scope still hold.",
    )


def _asks_person(event: BreakerAsksPerson) -> _Told:
    return _Told(
        event.severity,
        f"A person must look: {_where(event)}, {_words(event.breaker)}",
        (
            f"{_words(event.state)} now. It tripped {_when(event.since)}, and should be over.",
            _line("Why", event.cause),
            _line("Still works", _STILL_WORKS.get(event.state, "")),
        ),
        "find out whether the cause still holds. If it does, make the book smaller; if it does "
        "not, let the breaker go once its pause is over (page Breakers, or seawall "
        "breakers release). Until somebody does, it goes on by its own rule.",
    )


def _overridden(event: BreakerOverridden) -> _Told:
    size = f" to {100.0 * event.size:.0f} %" if event.kind == OverrideKind.STEP_DOWN else ""
    after = "then its rule alone holds again."
    return _Told(
        event.severity,
        f"Overridden ({_words(event.kind)}{size}): {_where(event)}, {_words(event.breaker)}",
        (
            _line("By", event.by),
            _line("Why", event.reason),
            _line("It imposes now", _imposes(event.state)),
            _line("Until", f"{_when(event.expires)} at the latest; {after}"),
        ),
        f"ask {event.by} if you did not expect it. `seawall breakers list` shows what is on, "
        "`seawall breakers override NAME end` ends it.",
    )


def _override_ended(event: OverrideEnded) -> _Told:
    return _Told(
        event.severity,
        f"Override over: {_where(event)}, {_words(event.breaker)}",
        (
            f"It was {_words(event.kind)}, by {event.began_by}.",
            _line("Why", event.why),
            "" if event.by == RULE else _line("Ended by", event.by),
            _line("It imposes now", _imposes(event.state)),
        ),
        "watch the first orders, and look at what came of it: `seawall breakers reviews` lists "
        "what is to be judged."
        if event.kind in LOOSENING
        else "watch the first orders. It steps on by its own rule from now on.",
    )


def _imposes(state: str) -> str:
    return "nothing" if state == "NORMAL" else _words(state)


def _latched(event: TradingLatched) -> _Told:
    asked = event.asked if event.asked != event.state else ""
    return _Told(
        Severity.CRITICAL,
        f"{_words(event.state)}: {_where(event)}, by {event.who}",
        (
            _line("Why", event.reason),
            asked and f"{_words(asked)} was asked for; it was stopped more tightly already.",
            _line("Still works", _STILL_WORKS.get(event.state, "")),
            "Holds until a person resumes it.",
        ),
        f"ask {event.who} if you did not expect it. `seawall halts` lists what is stopped, "
        "`seawall resume` lets it go.",
    )


def _resumed(event: TradingResumed) -> _Told:
    return _Told(
        Severity.INFO,
        f"Resumed: {_where(event)}, by {event.who}",
        (_line("Why", event.reason), f"It was {_words(event.state)}."),
        "watch the first orders. What limits and breakers say of this scope still holds.",
    )


def _person_changed(event: PersonChanged) -> _Told | None:
    """Only where it gives or takes power: nobody gets any unseen."""
    if event.severity is Severity.INFO:
        return None
    begins = event.power_from
    return _Told(
        event.severity,
        f"Login: {event.person} {event.what}",
        (
            _line("By", event.by),
            _line("Why", event.reason),
            "" if begins is None else f"May approve and override from {_when(begins)} on.",
        ),
        " ".join(part for part in (_doubted(event), _vouching(event)) if part),
    )


def _doubted(event: PersonChanged) -> str:
    """What whoever did not expect it does, and who can undo it."""
    person, ask = event.person, f"if you did not expect it, ask {event.by}"
    if event.deed == LoginDeed.RESCUED:
        return (
            f"{ask}, who has the machine's own files. No other admin can sign in: whoever has "
            f"these files too can take it back (seawall users rescue {person})."
        )
    undo, command = _undoing(event)
    if not event.admins:
        return f"{ask}; no other admin could {undo}."
    return f"{ask}; {_any_of(event.admins)} can {undo} (page Administration, or {command})."


def _undoing(event: PersonChanged) -> tuple[str, str]:
    """What an admin does to undo it, and by which command."""
    person = event.person
    if event.deed == LoginDeed.DISABLED:
        return f"enable {person} again", f"seawall users enable {person}"
    if event.role not in _ROLES_WITH_POWER:
        return f"give {person} the role of before again", f"seawall users role {person}"
    return f"disable {person}", f"seawall users disable {person}"


def _vouching(event: PersonChanged) -> str:
    """Only for an officer whose power waits another one can vouch."""
    waits = event.power_from is not None and event.at < event.power_from
    if not waits or event.deed == LoginDeed.DISABLED:
        return ""
    return (
        f"An officer who knows that it is {event.person} can let the power begin at once (page "
        f"Vouching, or seawall users vouch {event.person}), but not whoever gave it."
    )


def _any_of(names: Sequence[str]) -> str:
    shown = [*names[:_MOST_NAMES], *(["another admin"] if len(names) > _MOST_NAMES else [])]
    return " or ".join(shown)


def _book_changed(event: BookChanged) -> _Told:
    """Nobody widens what is a share of equity unseen."""
    return _Told(
        Severity.WARNING,
        f"Book {event.portfolio} {event.what}",
        (
            _line("By", event.by),
            _line("Why", event.reason),
            "Limits that are shares of equity move with it.",
        ),
        f"if you did not expect it, ask {event.by}, and halt the book meanwhile (seawall halt).",
    )


def _journal_broken(event: JournalBroken) -> _Told:
    return _Told(
        Severity.CRITICAL,
        f"The journal of {event.stream} does not hold",
        (event.problem, "Somebody changed the database by other ways than Seawall, or it is torn."),
        "let nobody clean up; compare with the anchor and the last backup (seawall journal verify, "
        "docs/journal.md), and change the passwords of the database.",
    )


def _proposed(event: ProposalMade) -> _Told | None:
    """Only what waits: what holds already is told with what came of it."""
    if not event.waits:
        return None
    return _Told(
        Severity.WARNING,
        f"Waits for an officer: proposal {event.proposal} of {event.portfolio}, by {event.by}",
        (
            *_some(event.what),
            _line("Why", event.reason),
            f"It {_words(event.direction)}."
            if event.direction != "neither"
            else "It changes words only.",
        ),
        f"look at it (page Changes, or seawall proposals show {event.proposal}), and approve or "
        "reject it. What loosens needs another person than its author.",
    )


def _proposal_decided(event: ProposalDecided) -> _Told | None:
    """What an author hears of a proposal of his that waited."""
    if event.by == event.author:
        return None
    return _Told(
        Severity.INFO,
        f"Proposal {event.proposal} of {event.portfolio}, by {event.author}: {event.status}",
        (
            "" if event.by == RULE else _line("By", event.by),
            _line("Why", event.reason),
            "" if event.action is None else "It holds from the engine's next cycle on.",
        ),
        "nothing must be done."
        if event.action is not None
        else f"{event.author} may propose it anew, compared with what is in force now.",
    )


def _some(lines: Sequence[str]) -> tuple[str, ...]:
    """The beginning of a long list of long lines, and how many more there are."""
    more = len(lines) - _MOST_LINES
    first = (shorten(line, _LONGEST_LINE, placeholder=" ...") for line in lines[:_MOST_LINES])
    return (*first, *([f"and {more} more"] if more > 0 else []))


TELLERS: Mapping[type[RiskEvent], Callable[[Any], _Told | None]] = {
    BookChanged: _book_changed,
    BreakerActivated: _activated,
    BreakerAsksPerson: _asks_person,
    BreakerDeactivated: _deactivated,
    BreakerOverridden: _overridden,
    BreakerStepped: _stepped,
    JournalBroken: _journal_broken,
    PersonChanged: _person_changed,
    OverrideEnded: _override_ended,
    ProposalDecided: _proposal_decided,
    ProposalMade: _proposed,
    TradingLatched: _latched,
    TradingResumed: _resumed,
}


# ---------------------------------------------------------------- words

#: Of admins who can undo something.
_MOST_NAMES = 3
_ROLES_WITH_POWER = frozenset(role.value for role in NEED_SECOND_FACTOR)
#: Of what a proposal changes, told in a notice.
_MOST_LINES = 3
_LONGEST_LINE = 120
_STILL_WORKS = {
    "CAUTION": "everything; new risk is watched more closely.",
    "THROTTLED": "reductions in full, new risk at a smaller size.",
    "REDUCE_ONLY": "orders that make a position smaller, and cancels.",
    "HALTED": "cancels, and reductions that are marked as emergency.",
}

_NEXT = {
    "CAUTION": "nothing must be done. Look at the cause when you can.",
    "THROTTLED": "look at the cause. If it will last, make the book smaller while that is easy.",
    "REDUCE_ONLY": "look at open positions, and at whether your agents are reducing them.",
    "HALTED": "look at open positions and at orders that wait at the exchange: they are not "
    "recalled. What must become smaller now needs a reduction marked as emergency.",
}


def _where(event: Any) -> str:
    kind, name = event.scope_kind, event.scope
    where = f"{_words(kind)} {name}"
    return where if kind == "portfolio" else f"{where} of {event.portfolio}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _line(heading: str, text: str) -> str:
    return f"{heading}: {text}" if text else ""


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
