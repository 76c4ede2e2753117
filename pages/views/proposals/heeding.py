"""What whoever decides a proposal must have read: how things stand, what speaks against it."""

from collections.abc import Iterator

from dash import html

from pages.components.basics import Component, glyph
from pages.format import sentence
from pages.views.editing.address import BREAKER, LIMIT
from pages.views.editing.forms import Definition
from pages.views.holds import paused_words
from pages.views.limits.writing import age_words
from pages.views.overrides.warnings import STALE_CYCLES
from pages.views.proposals.reading import ProposalsData, ShownProposal
from pages.views.proposals.stands import no_use_words, stands_words
from risk.domain.breakers import BreakerDefinition, Phase
from risk.domain.limits import LimitDefinition, LimitStatus
from risk.domain.market import Trust
from risk.limits.words import called

#: So many limits or breakers are told one by one.
_TOLD = 4


def stands_parts(data: ProposalsData, shown: ShownProposal, component_id: str) -> list[Component]:
    """How each limit or breaker that would be another stands now."""
    currency, state = data.book.currency, data.cycle.state
    told = [
        (name_of(each), stands_words(state, each, currency)) for each in definitions(data, shown)
    ]
    lines = [(name, words) for name, words in told if words]
    if not lines:
        return []
    rest = len(lines) - _TOLD
    more = [html.P(f"{rest} more.", className="sw-note")] if rest > 0 else []
    only = len(lines) == 1
    items = [
        html.P([html.Strong("Now. " if only else f"{sentence(name)}, now. "), words])
        for name, words in lines[:_TOLD]
    ]
    return [html.Div([*items, *more], id=component_id, className="sw-proposal-past")]


def name_of(definition: Definition) -> str:
    """What screens call it."""
    if isinstance(definition, LimitDefinition):
        return called(definition.kind, definition.name, definition.scope)
    return definition.name


def definitions(data: ProposalsData, shown: ShownProposal) -> list[Definition]:
    """The limits and breakers in force that it is about; of what is new there are none."""
    policy = data.policy
    if policy is None:
        return []
    found = (
        policy.limit(each.name)
        if each.part == LIMIT.name
        else policy.breaker(each.name)
        if each.part == BREAKER.name
        else None
        for each in shown.entries
    )
    return [each for each in found if each is not None]


def warning_parts(data: ProposalsData, shown: ShownProposal, component_id: str) -> list[Component]:
    """Each in full, above the reason: nothing to open, so nothing to overlook."""
    told = list(dict.fromkeys(warnings_of(data, shown)))
    if not told:
        return []
    items = [html.Li([glyph("caution", state="caution"), html.Span(each)]) for each in told]
    return [
        html.Div(
            [html.H3("Read this first"), html.Ul(items, className="sw-proposal-heed")],
            id=component_id,
            role="note",
        )
    ]


def warnings_of(data: ProposalsData, shown: ShownProposal) -> Iterator[str]:
    """Whole sentences; what says most comes first."""
    yield from _of_numbers(data)
    for each in definitions(data, shown):
        if isinstance(each, LimitDefinition):
            yield from _of_limit(data, each)
        else:
            yield from _of_breaker(data, each)
    yield from _of_past(shown)


def _of_numbers(data: ProposalsData) -> Iterator[str]:
    age = (data.wall - data.cycle.pulse.saved).total_seconds()
    if age > STALE_CYCLES * data.cycle_seconds:
        yield f"These numbers are {age_words(age)} old: no newer cycle is complete."
    state = data.cycle.state
    if state.equity_trust is not None:
        yield "Equity is not believed now: what is measured against it is not known."
    bad = [asset for asset, trust in sorted(state.trusts.items()) if trust is not Trust.TRUSTED]
    if bad:
        yield f"Prices are in doubt: {', '.join(bad)}."


def _of_limit(data: ProposalsData, limit: LimitDefinition) -> Iterator[str]:
    stands = data.cycle.state.limits.get(limit.name)
    name = sentence(name_of(limit))
    if stands is not None and stands.status is LimitStatus.UNKNOWN:
        yield f"{name} cannot be measured now."
    elif stands is not None and stands.status in (LimitStatus.SOFT, LimitStatus.HARD):
        yield f"{name} is over its {stands.status.name.lower()} threshold now."
    paused = no_use_words(data.cycle.state, limit, data.query.zone, data.now)
    if paused:
        yield paused


def _of_breaker(data: ProposalsData, breaker: BreakerDefinition) -> Iterator[str]:
    stands = data.cycle.state.breakers.states.get(breaker.name)
    if stands is not None and stands.phase is not Phase.ARMED:
        how = "tripped" if stands.phase is Phase.TRIPPED else "re-opening"
        yield f"{sentence(breaker.name)} is {how} now: a change of it may let new risk in at once."
    paused = paused_words(data.cycle.state, breaker.scope, data.query.zone, data.now)
    if paused:
        yield f"{paused}."


def _of_past(shown: ShownProposal) -> Iterator[str]:
    """What the past cannot tell: who is shown none may think that nothing speaks against it."""
    awaited = shown.preview
    if awaited is not None and awaited.value is not None:
        for each in awaited.value.untold:
            yield f"{sentence(each.entry)} could not be held against the past: {each.why}."
    elif awaited is not None and awaited.problem is not None:
        yield f"What it would have meant cannot be told: {awaited.problem}."
