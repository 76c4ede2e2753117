"""What must be read before a breaker is let loose: made of the present state, on the server. Pure.

Each warning has an id that says what it is about and how bad it is, so that what gets worse, or is
new, must be opened too; figures that only move leave it as it is. The id ends with whose form it
stands in: what was opened before one breaker was not read before another.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pages.components.states import STATE_LOOKS
from pages.format import percent, sentence
from pages.views.breakers.rows import PROBATION, TRIPPED, BreakerRow
from pages.views.breakers.wording import figure_of, minute, moment_words, share
from pages.views.holdings import coin
from pages.views.limits.writing import age_words, duration, writer
from pages.views.overrides.kinds import DISABLE, RELEASE, STEP_DOWN, loosens
from pages.views.overrides.situation import Situation
from risk.breakers.words import shown_name
from risk.domain.assessment import DoubtKind
from risk.domain.limits import LimitState, LimitStatus
from risk.domain.market import Trust
from risk.domain.scopes import ScopeKind
from risk.limits.base import LimitBase
from risk.limits.types import BOOK_LIMITS, limit_of
from risk.limits.words import called, scope_words

#: So many of a sort are told one by one; all others together are one more.
_APART = 3
_TROUBLED = (LimitStatus.SOFT, LimitStatus.HARD, LimitStatus.UNKNOWN)
#: After so many cycles without a new one, what is shown is not the present any more.
STALE_CYCLES = 3.0


class MustRead(NamedTuple):
    """One warning.

    Attributes
    ----------
    id : str
        The same for as long as it is about the same, and as bad.
    title : str
        What is so, without its full stop.
    detail : str
        What that means here; whole sentences.
    """

    id: str
    title: str
    detail: str


def must_read(situation: Situation, kind: str) -> tuple[MustRead, ...]:
    """Every warning that stands before `kind`; none before what tightens."""
    if not loosens(kind, situation.row):
        return ()
    told = (
        *_about_age(situation),
        *_about_equity(situation),
        *_about_kind(situation, kind),
        *_about_easing(situation),
        *_about_question(situation),
        *_about_limits(situation),
        *_about_marks(situation),
        *_about_breakers(situation),
        *_about_latches(situation),
        *_about_reductions(situation),
    )
    whose = _whose(situation.row)
    return tuple(each._replace(id=f"{each.id} of {whose}") for each in told)


def _whose(row: BreakerRow) -> str:
    """The breaker, its trip, and what a person commands of it: with any of them it is another."""
    of = row.name if row.episode is None else row.episode.id
    return of if row.override is None else f"{of}#{row.override.action}"


# -- whether the numbers can be believed -----------------------------------------------------


def _about_age(situation: Situation) -> Iterator[MustRead]:
    if situation.age > STALE_CYCLES * situation.cycle_seconds:
        yield MustRead(
            "age",
            f"These numbers are {age_words(situation.age)} old",
            "No newer cycle is complete: nobody knows here what the market and the book do now. "
            "The gate judges orders by the last cycle too, and lets no new risk pass once that is "
            "too old.",
        )


def _about_equity(situation: Situation) -> Iterator[MustRead]:
    trust = situation.state.equity_trust
    if trust is not None:
        until = moment_words(situation.zone, trust.deadline, situation.now)
        yield MustRead(
            "equity:distrusted",
            "Equity is not believed",
            f"{sentence(trust.cause)}. What is measured against equity is not known until it is "
            f"believed again, or until {until}.",
        )
    doubts = [d for d in situation.assessment.doubts if d.kind in _BLIND]
    if doubts:
        kinds = ",".join(sorted({doubt.kind.value for doubt in doubts}))
        yield MustRead(
            f"doubt:{kinds}",
            "Risk cannot be measured in full",
            " ".join(f"{sentence(doubt.detail)}." for doubt in doubts),
        )


_BLIND = frozenset({DoubtKind.NO_EQUITY, DoubtKind.NO_MODEL, DoubtKind.PRICES_ENDED})


def _about_marks(situation: Situation) -> Iterator[MustRead]:
    """Untrusted marks: of several one warning, for opening one after the other teaches to click."""
    bad = {
        asset: trust
        for asset, trust in sorted(situation.state.trusts.items())
        if trust is not Trust.TRUSTED
    }
    if not bad:
        return
    names = ", ".join(f"{coin(asset)} ({trust})" for asset, trust in bad.items())
    only = next(iter(bad))
    title = (
        f"{coin(only)} mark is {bad[only]}"
        if len(bad) == 1
        else f"{len(bad)} marks are in doubt: {', '.join(map(coin, bad))}"
    )
    details = [f"{sentence(d.detail)}." for d in situation.assessment.doubts if d.asset in bad]
    yield MustRead(
        f"marks:{','.join(f'{asset}={trust}' for asset, trust in bad.items())}",
        title,
        " ".join([f"In doubt: {names}.", *details, "What is held of it may be worth less."]),
    )


# -- the breaker itself ----------------------------------------------------------------------


def _about_kind(situation: Situation, kind: str) -> Iterator[MustRead]:
    row = situation.row
    if kind == DISABLE:
        yield MustRead(
            "kind:disable",
            "Nothing of this breaker stops a new storm",
            f"Until it is on again {scope_words(row.scope)} may lose without it. It goes on "
            "measuring, and only records that it would have tripped.",
        )
    if kind == STEP_DOWN and row.standing == TRIPPED:
        yield MustRead(
            "kind:step_down",
            "Its rule would shut it still",
            f"New risk passes at {share(row.size)} now. The override ends by itself once it "
            "measures 10 % more than now or trips again, and with its trip; until then nothing of "
            "this breaker makes the size smaller again.",
        )
    if kind == RELEASE and row.used is not None and row.used > 1.0:
        yield MustRead(
            "kind:release",
            "After this, only something worse trips it again",
            "A person's word lifts its level to 10 % above what it measures now, until it has once "
            "been below its usual one. A new trip while it re-opens doubles the pause.",
        )
    if row.episode is not None and row.episode.retrips:
        times = row.episode.retrips
        yield MustRead(
            f"retrips:{times}",
            f"It tripped again while it re-opened, {'once' if times == 1 else f'{times} times'}",
            "Letting new risk through was too early before in this very episode. Each new trip "
            "doubled its pause.",
        )


def _about_easing(situation: Situation) -> Iterator[MustRead]:
    """How calm it is by its own measure, and for how long."""
    row, reading = situation.row, situation.row.reading
    if row.episode is None:
        return
    if reading is None:
        yield MustRead(
            "eased:unmeasured",
            "It cannot be measured now",
            "Nobody can say whether what tripped it is over.",
        )
        return
    value, trip = figure_of(reading.value, row.unit), figure_of(row.breaker.trip, row.unit)
    if reading.value > row.breaker.trip:
        yield MustRead(
            "eased:above",
            f"It is above its trip level still: {value}",
            f"{sentence(reading.words)}. It trips above {trip}: what tripped it goes on.",
        )
        return
    calm = "" if situation.calm is None else f" for only {duration(situation.calm)}"
    eased = row.lets_go or reading.easing <= row.breaker.release
    back = (
        ""
        if row.lets_go
        else f" It eases at {figure_of(row.breaker.release, row.unit)}; "
        f"that reads {figure_of(reading.easing, row.unit)} now."
    )
    title = f"Under its trip level{calm}" if calm else f"Under its trip level: {value}"
    yield MustRead(
        "eased:under" if eased else "eased:not",
        title if eased else f"{title}, and not eased",
        f"{sentence(reading.words)}; it trips above {trip}.{back}",
    )


def _about_question(situation: Situation) -> Iterator[MustRead]:
    episode = situation.row.episode
    if episode is None or episode.asked_at is None:
        return
    since = moment_words(situation.zone, episode.asked_at, situation.now)
    lasts = duration(situation.now - episode.tripped_at)
    yield MustRead(
        f"question:{episode.id}",
        f"It asks for a person since {minute(situation.zone, episode.asked_at, situation.now)}",
        f"Its trip is {lasts} old and not over; since {since} somebody is asked to look at its "
        f"cause: {episode.cause.rstrip('.')}. Letting more risk through does not answer that.",
    )


# -- what else is wrong ----------------------------------------------------------------------


def _apart(count: int) -> int:
    """How many of a sort are told one by one: a single one that is left over is no list."""
    return count if count <= _APART + 1 else _APART


class _Trouble(NamedTuple):
    """A limit above soft, or not measured."""

    limit: LimitBase
    state: LimitState


def _about_limits(situation: Situation) -> Iterator[MustRead]:
    found = sorted(_troubles(situation), key=_worst_first)
    apart = _apart(len(found))
    for each in found[:apart]:
        yield _of_limit(situation, each)
    rest = found[apart:]
    if rest:
        named = ", ".join(f"{_name(each.limit)} ({_used(each.state)})" for each in rest)
        yield MustRead(
            f"limits:{','.join(sorted(f'{e.limit.name}={e.state.status}' for e in rest))}",
            f"{len(rest)} more limits are above soft or unknown",
            f"{sentence(named)}.",
        )


def _troubles(situation: Situation) -> Iterator[_Trouble]:
    """Limits on the book, on the breaker's scope, and wherever a hard one is passed."""
    policy, scope = situation.state.policy, situation.row.scope
    for definition in policy.limits if policy is not None else ():
        state = situation.state.limits.get(definition.name)
        if definition.kind not in BOOK_LIMITS or state is None or state.status not in _TROUBLED:
            continue
        near = ScopeKind.PORTFOLIO in (definition.scope.kind, scope.kind)
        if near or definition.scope == scope or state.status is LimitStatus.HARD:
            yield _Trouble(limit_of(definition, state.thresholds), state)


def _worst_first(trouble: _Trouble) -> tuple[int, float, str]:
    order = (LimitStatus.HARD, LimitStatus.UNKNOWN, LimitStatus.SOFT)
    return order.index(trouble.state.status), -(trouble.state.used or 0.0), trouble.limit.name


def _used(state: LimitState) -> str:
    return "unknown" if state.used is None else f"{percent(state.used, 0)} used"


def _name(limit: LimitBase) -> str:
    return called(limit.kind, limit.name, limit.scope)


def _of_limit(situation: Situation, trouble: _Trouble) -> MustRead:
    limit, state = trouble
    write, value = writer(situation.book.currency), state.value
    name = sentence(_name(limit))
    since = minute(situation.zone, state.since, situation.now)
    identity = f"limit:{limit.name}:{state.status}"
    if value is None:
        return MustRead(
            identity,
            f"{name}: not measured",
            f"It cannot be measured since {since}; new risk that it judges is refused.",
        )
    hard, soft = write(limit.hard, limit.unit), write(limit.soft, limit.unit)
    passed = state.status is LimitStatus.HARD
    means = (
        "It is passed: what would deepen it is refused, with an override too."
        if passed
        else f"An override fills what is left of it, {write(limit.hard - value, limit.unit)}."
    )
    return MustRead(
        identity,
        f"{name}: {_used(state)}",
        f"{sentence(scope_words(limit.scope))}: it reads {write(value, limit.unit)}, soft {soft}, "
        f"hard {hard}, so since {since}. {means}",
    )


def _about_breakers(situation: Situation) -> Iterator[MustRead]:
    others = [
        row
        for row in situation.rows
        if row.is_on and row.name != situation.row.name and row.episode is not None
    ]
    apart = _apart(len(others))
    for row in others[:apart]:
        yield _of_breaker(situation, row)
    rest = others[apart:]
    if rest:
        named = ", ".join(f"{shown_name(r.name, r.scope)} ({r.word})" for r in rest)
        yield MustRead(
            f"breakers:{','.join(f'{r.name}={r.standing}' for r in rest)}",
            f"{len(rest)} more breakers are tripped or re-open",
            f"{sentence(named)}.",
        )


def _of_breaker(situation: Situation, row: BreakerRow) -> MustRead:
    assert row.episode is not None, "whatever is on has an episode"
    name = sentence(shown_name(row.name, row.scope))
    state = "re-opens" if row.standing == PROBATION else "is tripped"
    since = moment_words(situation.zone, row.episode.tripped_at, situation.now)
    return MustRead(
        f"breaker:{row.episode.id}:{row.standing}",
        f"{name} {state}: {row.word}",
        f"{name} holds {scope_words(row.scope)} since {since}: {row.episode.cause.rstrip('.')}. "
        "This override does not touch it, and of all that hold a scope the tightest rules.",
    )


def _about_latches(situation: Situation) -> Iterator[MustRead]:
    for scope, latch in sorted(situation.state.latches.items()):
        since = moment_words(situation.zone, latch.since, situation.now)
        yield MustRead(
            f"latch:{scope.label}:{latch.action}:{latch.state.name}",
            f"{sentence(scope_words(scope))} is {STATE_LOOKS[latch.state].word} by {latch.who}",
            f"{latch.who}, since {since}: {latch.reason.rstrip('.')}. No override lifts what "
            "people stopped; ask why before you let more through elsewhere.",
        )


def _about_reductions(situation: Situation) -> Iterator[MustRead]:
    open_ = situation.state.open_reductions
    if not open_:
        return
    keys: Sequence[str] = sorted({coin(each.key.asset) for each in open_})
    many = f"{len(open_)} positions" if len(open_) > 1 else "1 position"
    yield MustRead(
        f"reductions:{','.join(keys)}",
        f"{many} should be smaller already",
        f"Asked for and not done yet: {', '.join(keys)}. {sentence(open_[0].reason.rstrip('.'))}.",
    )
