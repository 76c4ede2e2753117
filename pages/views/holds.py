"""Until when breakers hold a book, and what holds it or a part of it besides. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pages.components.states import STATE_LOOKS
from pages.format import Zone, number, percent, sentence
from pages.views.breakers.overridden import does_words, returns_words, short_words, to_words
from pages.views.breakers.wording import figure_of, is_measured, minute, past_words
from risk.breakers.base import Breaker
from risk.breakers.imposing import Imposed, imposed_by, passes_by_rule
from risk.breakers.types import breaker_of
from risk.breakers.words import shown_name
from risk.domain.breakers import BreakerDefinition, BreakerUnit, Reading
from risk.domain.overrides import Override, OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.limits.overruns import overruns
from risk.limits.words import called, scope_words

#: So many are told one by one.
_TOLD = 3
#: States in which something is refused or cut.
_FROM = TradingState.THROTTLED
_WIDEST_FIRST = tuple(ScopeKind)
_BY_HAND = "until a person lets it go"


def book_of(state: RiskState) -> Scope:
    """The whole book as a scope."""
    return Scope(ScopeKind.PORTFOLIO, state.portfolio)


# -- what rules the book ---------------------------------------------------------------------


def ruling(state: RiskState) -> list[Imposed]:
    """The breakers that make the book stand as it does; none while people hold it as tightly."""
    standing, book = state.standing(), book_of(state)
    latch = state.latches.get(book)
    if standing is None or (latch is not None and latch.state >= standing.state):
        return []
    return [
        each
        for each in imposed_by(state.breakers, state.policy)
        if each.scope == book and (each.state, each.size) == (standing.state, standing.size)
    ]


def cause_words(state: RiskState, zone: Zone, now: datetime) -> str:
    """Why the book stands as it does; what a breaker measured is told as of its trip, and of now.

    ``market volatility: volatility was 2.26 times normal at the trip (21:00:00 UTC; 2.00 × now)``
    """
    standing = state.standing()
    cause = "The engine has not said yet." if standing is None else standing.cause
    for each in ruling(state):
        stands = state.breakers.states[each.breaker]
        episode, reading = stands.episode, stands.reading
        if episode is None or each.probation or not is_measured(episode):
            continue
        at = zone.date_and_clock(episode.tripped_at, now=now)
        newest = "" if reading is None else f"; {_reads(state, each, reading)} now"
        was = f"{past_words(episode)} at the trip ({at}{newest})"
        cause = cause.replace(each.cause, each.cause.replace(episode.cause, was, 1))
    return cause


def _reads(state: RiskState, each: Imposed, reading: Reading) -> str:
    return figure_of(reading.value, _breaker(state, each).unit)


def step_words(state: RiskState, zone: Zone, now: datetime) -> str:
    """When the book may be less tight: ``Earliest step down 15:51:05 UTC.``

    Once the pause is over, what it waits for: ``Market volatility was 2.26 times normal at the
    trip, 2.18 × now; lets go at 1.40 ×, or a person does.``
    """
    holding = [each for each in ruling(state) if _until(state, each) is not None]
    by_person = [each for each in holding if _needs_person(state, each)]
    if by_person:
        return _person_words(state, by_person[0], zone, now)
    ends = [end for each in holding if (end := _until(state, each)) is not None]
    if not ends:
        return ""
    stepped = next((each for each in holding if _stepped(state, each) is not None), None)
    if stepped is not None:
        stands = state.breakers.states[stepped.breaker]
        assert stands.override is not None, "what is stepped down is overridden"
        back = returns_words(stands.override, zone, now)
        return f"{sentence(back)}{to_words(_definition(state, stepped), stands, zone, now)}."
    if max(ends) <= now:
        return " ".join(_eases(state, each) for each in holding[:2])
    standing = state.standing()
    step = "Next step" if standing is not None and standing.probation else "Earliest step down"
    return f"{step} {zone.date_and_clock(max(ends), now=now)}."


def _until(state: RiskState, each: Imposed) -> datetime | None:
    return state.breakers.states[each.breaker].until


def _stepped(state: RiskState, each: Imposed) -> Override | None:
    """What a person has stepped it down to while its rule would hold it more tightly."""
    stands = state.breakers.states[each.breaker]
    on = stands.override
    if on is None or on.kind is not OverrideKind.STEP_DOWN or not each.probation:
        return None
    return on if on.size > passes_by_rule(_definition(state, each), stands) else None


def _definition(state: RiskState, each: Imposed) -> BreakerDefinition:
    assert state.policy is not None, "what imposes is of a policy"
    return next(d for d in state.policy.breakers if d.name == each.breaker)


def _breaker(state: RiskState, each: Imposed) -> Breaker:
    return breaker_of(_definition(state, each))


def _needs_person(state: RiskState, each: Imposed) -> bool:
    return not each.probation and _breaker(state, each).needs_person


def _person_words(state: RiskState, each: Imposed, zone: Zone, now: datetime) -> str:
    until = _until(state, each)
    waits = until is not None and until > now
    start = f", from {zone.date_and_clock(until, now=now)}" if until is not None and waits else ""
    return f"Only a person lets {shown_name(each.breaker, each.scope)} go{start}."


def _eases(state: RiskState, each: Imposed) -> str:
    """What it was at the trip, what it is, and what it waits for."""
    name = sentence(shown_name(each.breaker, each.scope))
    breaker, stands = _breaker(state, each), state.breakers.states[each.breaker]
    assert stands.episode is not None, "whatever holds a scope has an episode"
    if each.probation or breaker.ends_by_time:
        return f"{name} steps on with the next reading."
    was = _first_figure(stands.episode.value, breaker.unit)
    release = figure_of(breaker.release, breaker.unit)
    if stands.reading is None:
        now = "cannot be measured now"
    else:
        now = f"{figure_of(stands.reading.value, breaker.unit)} now"
        easing = figure_of(stands.reading.easing, breaker.unit)
        # Some kinds let go by a slower measure than the one that trips.
        if easing != figure_of(stands.reading.value, breaker.unit):
            now = f"{now}, {easing} on the slower average"
    return f"{name} was {was} at the trip, {now}; lets go at {release}, or a person does."


def _first_figure(value: float, unit: BreakerUnit) -> str:
    return (
        f"{number(value, 2)} {unit.value}" if unit is BreakerUnit.RATIO else figure_of(value, unit)
    )


# -- what holds besides ----------------------------------------------------------------------


class Hold(NamedTuple):
    """Something that holds the book or a part of it.

    Attributes
    ----------
    scope : Scope
    state : TradingState
    size : float
        What new risk is scaled by where `state` is THROTTLED.
    what : str
        ``market volatility 50 % of size``
    until : str
        ``until 30 Nov 02:17 at the earliest``; empty where nothing says when.
    """

    scope: Scope
    state: TradingState
    size: float
    what: str
    until: str = ""

    @property
    def words(self) -> str:
        """Both, as a part of a list."""
        return f"{self.what} {self.until}".rstrip()


def also_words(state: RiskState, zone: Zone, now: datetime, *, told: Scope | None = None) -> str:
    """What holds besides what rules the book: ``Also held: dip REDUCE ONLY until 6 Dec 02:17.``

    Parameters
    ----------
    state : RiskState
    zone : Zone
    now : datetime
        The market's time.
    told : Scope, optional
        A part that is told elsewhere on the screen.
    """
    holds = [hold for hold in also_held(state, zone, now) if hold.scope != told]
    if not holds:
        return ""
    named = "; ".join(hold.words for hold in holds[:_TOLD])
    rest = f"; and {len(holds) - _TOLD} more" if len(holds) > _TOLD else ""
    return f"Also held: {named}{rest}."


def hold_of(state: RiskState, scope: Scope, zone: Zone, now: datetime) -> Hold | None:
    """The tightest that holds one part."""
    return next((hold for hold in also_held(state, zone, now) if hold.scope == scope), None)


def also_held(state: RiskState, zone: Zone, now: datetime) -> list[Hold]:
    """Every breaker, person, limit or doubt that holds besides, tightest first; a part once."""
    book = book_of(state)
    known = [
        *_by_people(state),
        *_by_breakers(state, zone, now),
        *_by_limits(state),
    ]
    scopes = {hold.scope for hold in known}
    holds = sorted([*known, *_by_doubt(state, scopes)], key=_rank)
    first: dict[Scope, Hold] = {}
    for hold in holds:
        first.setdefault(hold.scope, hold)
    return [hold for hold in holds if hold.scope == book or first[hold.scope] is hold]


def _rank(hold: Hold) -> tuple[int, float, int, str]:
    return -hold.state, hold.size, _WIDEST_FIRST.index(hold.scope.kind), hold.scope.name


def _by_people(state: RiskState) -> Iterator[Hold]:
    """Of parts: who holds the book stands in the state's own cause."""
    for scope, latch in state.latches.items():
        if scope != book_of(state):
            look = STATE_LOOKS[latch.state].word
            yield Hold(scope, latch.state, 1.0, f"{scope_words(scope)} {look}", _BY_HAND)


def _by_breakers(state: RiskState, zone: Zone, now: datetime) -> Iterator[Hold]:
    rules = {each.breaker for each in ruling(state)}
    for each in imposed_by(state.breakers, state.policy):
        if each.breaker in rules or each.state < _FROM:
            continue
        of_book = each.scope == book_of(state)
        name = shown_name(each.breaker, each.scope) if of_book else scope_words(each.scope)
        until = _until_words(state, each, zone, now)
        yield Hold(each.scope, each.state, each.size, f"{name} {_does(state, each)}", until)


def _does(state: RiskState, each: Imposed) -> str:
    stepped = _stepped(state, each)
    if stepped is not None:
        return f"{does_words(stepped)} by {stepped.by}"
    if each.probation:
        return f"re-opens at {percent(each.size, 0)}"
    if each.state is TradingState.THROTTLED:
        return f"{percent(each.size, 0)} of size"
    return STATE_LOOKS[each.state].word


def _until_words(state: RiskState, each: Imposed, zone: Zone, now: datetime) -> str:
    until, on = _until(state, each), state.breakers.states[each.breaker].override
    if on is not None:
        by = "" if on.kind is OverrideKind.STEP_DOWN else f", held by {on.by}"
        return f"until {minute(zone, on.expires, now)}{by}"
    if _needs_person(state, each):
        return _BY_HAND
    if until is None or until <= now:
        return "until it has eased"
    at = minute(zone, until, now)
    return f"until {at}" if each.probation else f"until {at} at the earliest"


def _by_limits(state: RiskState) -> Iterator[Hold]:
    standing = state.standing()
    for over in overruns(state.policy, state.limits):
        in_cause = (
            over.scope == book_of(state) and standing is not None and over.state >= standing.state
        )
        if over.state >= _FROM and not in_cause:
            what = f"{scope_words(over.scope)} {STATE_LOOKS[over.state].word}"
            yield Hold(over.scope, over.state, 1.0, what, "until its limit is kept again")


def _by_doubt(state: RiskState, known: set[Scope]) -> Iterator[Hold]:
    """Parts that nobody and nothing of the policy holds: their numbers are in doubt."""
    for scope, standing in state.standings.items():
        if scope.kind is ScopeKind.PORTFOLIO or standing.state < _FROM or scope in known:
            continue
        what = f"{scope_words(scope)} {STATE_LOOKS[standing.state].word}"
        yield Hold(scope, standing.state, standing.size, what)


def overridden_words(state: RiskState, zone: Zone, now: datetime) -> str:
    """Overrides of what holds nothing now: ``Overridden: drawdown, switched off by ana …``

    By whom a breaker that holds is overridden stands where it is told that it holds.
    """
    definitions = state.policy.breakers if state.policy is not None else ()
    holding = [e.breaker for e in imposed_by(state.breakers, state.policy) if e.state >= _FROM]
    stands = {name: e for name, e in state.breakers.states.items() if name not in holding}
    on = [
        f"{shown_name(each.name, each.scope)}, {short_words(override, zone, now)}"
        for each in definitions
        if each.name in stands and (override := stands[each.name].override) is not None
    ]
    if not on:
        return ""
    rest = f"; and {len(on) - _TOLD} more" if len(on) > _TOLD else ""
    return f"Overridden: {'; '.join(on[:_TOLD])}{rest}."


def tripped_on(state: RiskState) -> Sequence[Imposed]:
    """Breakers that are tripped now, the tightest first."""
    tripped = [e for e in imposed_by(state.breakers, state.policy) if not e.probation]
    return sorted(tripped, key=lambda each: (-each.state, each.size))


# -- what lets nothing new in ----------------------------------------------------------------


def pausing(state: RiskState, scope: Scope, zone: Zone, now: datetime) -> list[Hold]:
    """Whatever lets no new risk pass in a scope, whatever its limits; tightest first.

    Parameters
    ----------
    state : RiskState
    scope : Scope
        What encloses it counts too.
    zone : Zone
    now : datetime
        The market's time.
    """
    over_it = _over(state, scope)
    named = sorted(
        [
            hold
            for hold in (
                *_named_breakers(state, zone, now),
                *_named_people(state),
                *_named_limits(state),
            )
            if hold.scope in over_it and hold.state > _FROM
        ],
        key=_rank,
    )
    if named:
        return named
    standings = ((where, state.standings.get(where)) for where in over_it)
    doubts = [
        Hold(where, standing.state, 0.0, standing.cause)
        for where, standing in standings
        if standing is not None and standing.state > _FROM
    ]
    return sorted(doubts, key=_rank)


def until_words(state: RiskState, breaker: str, zone: Zone, now: datetime) -> str:
    """Until when a breaker that is on holds its scope; empty of one that imposes nothing."""
    on = (each for each in imposed_by(state.breakers, state.policy) if each.breaker == breaker)
    each = next(on, None)
    return "" if each is None else _until_words(state, each, zone, now)


def is_paused(state: RiskState, scope: Scope) -> bool:
    """Whether no new risk passes in a scope, whoever and whatever holds it."""
    standings = (state.standings.get(where) for where in _over(state, scope))
    return any(each is not None and each.state > _FROM for each in standings)


def paused_words(state: RiskState, scope: Scope, zone: Zone, now: datetime) -> str:
    """That no new risk passes in a scope, where and through whom, and until when; else empty.

    ``Entries are paused in the book: market fall, until 30 Nov 02:17 at the earliest``, and where
    something wider or narrower is held besides: ``…; trading is stopped in DOGE: ben, until …``.
    """
    holds = pausing(state, scope, zone, now)
    causes: dict[tuple[bool, Scope], list[str]] = {}
    for each in holds[:_TOLD]:
        where = each.state is TradingState.HALTED, each.scope
        told = f"{each.what}, {each.until}" if each.until else each.what
        causes.setdefault(where, []).append(told.rstrip("."))
    said = [
        f"{'trading is stopped' if is_halted else 'entries are paused'} in {scope_words(where)}: "
        f"{'; '.join(told)}"
        for (is_halted, where), told in causes.items()
    ]
    more = f"; and {len(holds) - _TOLD} more" if len(holds) > _TOLD else ""
    return f"{sentence('; '.join(said))}{more}" if said else ""


def _over(state: RiskState, scope: Scope) -> tuple[Scope, ...]:
    """The scope and what encloses all of it."""
    types = {} if state.policy is None else state.policy.strategies
    kind = types.get(scope.name) if scope.kind is ScopeKind.STRATEGY else None
    wider = () if kind is None else (Scope(ScopeKind.STRATEGY_TYPE, kind),)
    return tuple(dict.fromkeys((scope, *wider, book_of(state))))


def _named_breakers(state: RiskState, zone: Zone, now: datetime) -> Iterator[Hold]:
    for each in imposed_by(state.breakers, state.policy):
        name = shown_name(each.breaker, each.scope)
        yield Hold(each.scope, each.state, each.size, name, _until_words(state, each, zone, now))


def _named_people(state: RiskState) -> Iterator[Hold]:
    for scope, latch in state.latches.items():
        yield Hold(scope, latch.state, 1.0, latch.who, _BY_HAND)


def _named_limits(state: RiskState) -> Iterator[Hold]:
    for over in overruns(state.policy, state.limits):
        limit = over.limit
        name = called(limit.kind, limit.name, limit.scope)
        yield Hold(over.scope, over.state, 1.0, name, "until it is kept again")


# -- what one breaker does not decide alone --------------------------------------------------


class Other(NamedTuple):
    """What else holds a breaker's scope.

    Attributes
    ----------
    state : TradingState
    size : float
    words : str
        ``market fall (REDUCE ONLY)``
    """

    state: TradingState
    size: float
    words: str


def others_on(state: RiskState, breaker: str, scope: Scope) -> list[Other]:
    """Whatever besides a breaker holds its scope or the whole book, tightest first."""
    over_it = (scope, book_of(state))
    found = [
        Other(
            each.state, each.size, f"{shown_name(each.breaker, each.scope)} ({_does(state, each)})"
        )
        for each in imposed_by(state.breakers, state.policy)
        if each.breaker != breaker and each.scope in over_it and each.state >= _FROM
    ]
    found += [
        Other(latch.state, 1.0, f"{latch.who} ({STATE_LOOKS[latch.state].word} by hand)")
        for where, latch in state.latches.items()
        if where in over_it
    ]
    found += [
        Other(over.state, 1.0, f"limit {over.limit.name} ({STATE_LOOKS[over.state].word})")
        for over in overruns(state.policy, state.limits)
        if over.scope in over_it and over.state >= _FROM
    ]
    return sorted(found, key=lambda each: (-each.state, each.size, each.words))


def tighter_words(state: RiskState, breaker: str) -> str:
    """What makes a breaker's own word too good; empty where nothing does.

    ``Held tighter by market fall (REDUCE ONLY): less passes than this breaker alone lets through.``
    """
    mine = next(
        (each for each in imposed_by(state.breakers, state.policy) if each.breaker == breaker), None
    )
    if mine is None:
        return ""
    tighter = [
        other.words
        for other in others_on(state, breaker, mine.scope)
        if (other.state, -other.size) > (mine.state, -mine.size)
    ]
    if not tighter:
        return ""
    return f"Held tighter by {_listed(tighter)}: less passes than this breaker alone lets through."


def stays_words(state: RiskState, breaker: str, scope: Scope) -> str:
    """What goes on holding a scope once a breaker is let go; empty where nothing does."""
    others = [other.words for other in others_on(state, breaker, scope)]
    return f"It stays held by {_listed(others)}." if others else ""


def _listed(words: Sequence[str]) -> str:
    told = list(words[:_TOLD])
    more = len(words) - len(told)
    told += [f"{more} more"] if more else []
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
