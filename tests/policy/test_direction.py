"""Which way a change goes: only what is proven to tighten does, whatever is new loosens."""

import re
from collections.abc import Callable
from dataclasses import field, fields, make_dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risk.domain.breakers import BreakerDefinition
from risk.domain.events import Verdict
from risk.domain.limits import (
    LimitDefinition,
    LimitState,
    LimitStatus,
    TemporaryLimit,
    Thresholds,
)
from risk.domain.policy import (
    DeRisking,
    Dynamics,
    Instrument,
    Policy,
    RegimePack,
    Rung,
)
from risk.domain.proposals import Direction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import VOLATILITY_STOP, StopPlan, TakeProfit, TargetUnit
from risk.domain.trading import TradingState
from risk.policy.direction import Directed, direction_of, direction_of_model
from risk.policy.thresholds import Present
from tests.books import KNOWN, orders, snapshots
from tests.manager.asking import ask, book_kinds
from tests.manager.asking import policies as guarded
from tests.policies import definition
from tests.policy.changed import BEGIN, DAY, changed
from tests.policy_files import BREAKERS, BTC, FILE, ON_BTC, VAR, WHOLE, policies, policy_of

LOOSENS, TIGHTENS, NEITHER = Direction.LOOSENS, Direction.TIGHTENS, Direction.NEITHER
TEXT = FILE + BREAKERS
BASE = policy_of(TEXT)
PLAIN = replace(BASE, temporary=())


def way(before: Policy, after: Policy) -> Direction:
    return direction_of(before, after).direction


def edited(old: str, new: str) -> Direction:
    assert old in TEXT
    return way(BASE, policy_of(TEXT.replace(old, new)))


def limited(name: str = ON_BTC, policy: Policy = PLAIN, **changes: Any) -> Policy:
    limits = [replace(each, **changes) if each.name == name else each for each in policy.limits]
    return replace(policy, limits=tuple(limits))


def braked(name: str = "market fall", policy: Policy = PLAIN, **changes: Any) -> Policy:
    found = [replace(each, **changes) if each.name == name else each for each in policy.breakers]
    return replace(policy, breakers=tuple(found))


def lent(hard: float, soft: float | None = None, *, limit: str = ON_BTC, days=(0, 2), **changes):
    return TemporaryLimit(
        limit=limit,
        hard=hard,
        soft=0.8 * hard if soft is None else soft,
        starts=BEGIN + days[0] * DAY,
        expires=BEGIN + days[1] * DAY,
        reason="the roll",
        by="anna",
        **changes,
    )


def with_lent(*lents: TemporaryLimit, policy: Policy = PLAIN) -> Policy:
    return replace(policy, temporary=lents)


# --- laws ----------------------------------------------------------------------------------


@given(policies())
def test_what_is_the_same_goes_neither_way(policy: Policy) -> None:
    told = replace(policy, version=policy.version + 3, by="somebody")
    backwards = replace(told, limits=told.limits[::-1], breakers=told.breakers[::-1])

    assert direction_of(policy, backwards) == Directed(NEITHER)


@given(policies().flatmap(lambda p: st.tuples(st.just(p), changed(p) | policies())))
def test_what_tightens_one_way_loosens_the_other(pair: tuple[Policy, Policy]) -> None:
    one, other = pair
    if way(one, other) is TIGHTENS:
        assert way(other, one) is LOOSENS
    if way(one, other) is NEITHER:
        assert way(other, one) is NEITHER


@settings(max_examples=200)
@given(policies(), st.data())
def test_one_tightening_after_another_tightens(first: Policy, data: st.DataObject) -> None:
    second = data.draw(changed(first))
    third = data.draw(changed(second))
    ways = {way(first, second), way(second, third)}
    assume(LOOSENS not in ways)

    assert way(first, third) is (TIGHTENS if TIGHTENS in ways else NEITHER)


@given(policies().flatmap(lambda p: st.tuples(st.just(p), changed(p))))
def test_whatever_loosens_is_told(pair: tuple[Policy, Policy]) -> None:
    direction, loosens = direction_of(*pair)

    assert (direction is LOOSENS) == bool(loosens)


_GUARDED = [kind for kind in book_kinds() if kind != "stress_loss"]
_OF_LIMITS = (
    "threshold",
    "limit added",
    "limit gone",
    "lent",
    "asset gone",
    "strategy gone",
    "words",
)


@settings(max_examples=40)
@given(
    snapshots(whole=True, assets=KNOWN, max_pending=1),
    orders(assets=KNOWN),
    guarded(_GUARDED),
    st.data(),
)
def test_no_order_gets_more_after_what_tightens(snapshot, order, before, data) -> None:
    """Oracle: the manager that answers orders, asked under both policies."""
    on_type = definition(
        "gross_exposure", Scope(ScopeKind.STRATEGY_TYPE, "following"), 1.0, name="type"
    )
    if data.draw(st.booleans()):
        before = replace(
            before,
            limits=(*before.limits, on_type),
            strategies={**before.strategies, "noise": "following"},
        )
    after = data.draw(changed(before, kinds=_OF_LIMITS))
    assume(way(before, after) is TIGHTENS)
    old, new = ask(order, snapshot, before), ask(order, snapshot, after)

    assert new.allowed <= old.allowed
    if old.verdict is Verdict.REJECT:
        assert new.verdict is Verdict.REJECT


# --- what nobody has classified ------------------------------------------------------------


def widened(kind: type, **extra: Any) -> Callable[..., Any]:
    """The class with one more field."""
    made = make_dataclass(
        f"Wider{kind.__name__}",
        [("colour", str, field(default="red"))],
        bases=(kind,),
        frozen=True,
        kw_only=True,
    )

    def widen(value: Any, colour: str) -> Any:
        own = {spec.name: getattr(value, spec.name) for spec in fields(value)}
        return made(**own, colour=colour)

    return widen


def _with(kind: type, value: Any) -> Policy:
    limit, breaker = PLAIN.limits[1], PLAIN.breakers[0]
    places: dict[type, Callable[[], Policy]] = {
        LimitDefinition: lambda: replace(PLAIN, limits=(PLAIN.limits[0], value, *PLAIN.limits[2:])),
        BreakerDefinition: lambda: replace(PLAIN, breakers=(value, *PLAIN.breakers[1:])),
        TemporaryLimit: lambda: replace(PLAIN, temporary=(value,)),
        Instrument: lambda: replace(PLAIN, instruments={**PLAIN.instruments, "BTC/USDT": value}),
        Dynamics: lambda: replace(PLAIN, dynamics=value),
        RegimePack: lambda: replace(
            PLAIN, dynamics=replace(PLAIN.dynamics, packs={"portfolio": value})
        ),
        DeRisking: lambda: replace(PLAIN, derisking=value),
        Rung: lambda: replace(PLAIN, derisking=replace(PLAIN.derisking, ladder=(value,))),
        StopPlan: lambda: replace(PLAIN, stops={"trend": value}),
        Policy: lambda: value,
    }
    assert limit.name == ON_BTC
    assert breaker.enabled
    return places[kind]()


VALUES = {
    LimitDefinition: PLAIN.limits[1],
    BreakerDefinition: replace(PLAIN.breakers[0], confirm=2, of=3),
    TemporaryLimit: lent(0.2),
    Instrument: PLAIN.instruments["BTC/USDT"],
    Dynamics: PLAIN.dynamics,
    RegimePack: RegimePack(),
    DeRisking: PLAIN.derisking,
    Rung: Rung(drawdown=0.1, size=0.5),
    StopPlan: VOLATILITY_STOP,
    Policy: PLAIN,
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_field_that_nobody_has_classified_loosens(kind: type) -> None:
    widen = widened(kind)
    red, blue = (_with(kind, widen(VALUES[kind], colour)) for colour in ("red", "blue"))

    assert way(red, red) is NEITHER
    assert way(red, blue) is LOOSENS
    assert way(blue, red) is LOOSENS


def test_a_field_that_nobody_has_classified_loosens_also_where_a_breaker_is_switched_off() -> None:
    widen = widened(BreakerDefinition)
    off = replace(PLAIN.breakers[0], enabled=False)
    red, blue = (_with(BreakerDefinition, widen(off, colour)) for colour in ("red", "blue"))

    assert way(red, blue) is LOOSENS


#: Fields that follow from adoption or are words, and `size`, which others hold (below).
_UNMOVED = {"version", "by", "name", "limit", "starts", "owner", "rationale", "review_by", "reason"}
_OTHERS: dict[str, Any] = {
    "kind": "gross_exposure",
    "scope": WHOLE,
    "parameters": {"x": 1.0},
    "state": TradingState.HALTED,
    "instruments": {},
    "strategies": {},
    "limits": PLAIN.limits[:-1],
    "breakers": PLAIN.breakers[1:],
    "stops": {"trend": VOLATILITY_STOP},
    "packs": {"portfolio": RegimePack(stressed=0.5)},
    "ladder": (Rung(drawdown=0.05, size=0.5),),
    "temporary": (lent(0.2),),
    "dynamics": Dynamics(cap=2.0),
    "derisking": DeRisking(),
    "expires": BEGIN + 9 * DAY,
    "take_profit": (TakeProfit(distance=1.0, share=0.5),),
    "target_unit": TargetUnit.ATR,
}


def another(value: Any, name: str) -> Any:
    now = getattr(value, name)
    if name == "scope" and now == WHOLE:
        return BTC
    if name in _OTHERS:
        return _OTHERS[name]
    if isinstance(now, bool):
        return not now
    return now + 1 if isinstance(now, int) else 0.5 * now if now else 0.5


@pytest.mark.parametrize(
    ("kind", "name"),
    [(k, spec.name) for k in VALUES for spec in fields(k) if spec.name not in _UNMOVED],
)
def test_every_field_of_every_part_is_seen(kind: type, name: str) -> None:
    value = VALUES[kind]
    if name == "size" and kind is BreakerDefinition:
        value = replace(value, state=TradingState.THROTTLED)
    old, new = _with(kind, value), _with(kind, replace(value, **{name: another(value, name)}))

    assert {way(old, new), way(new, old)} in ({LOOSENS, TIGHTENS}, {LOOSENS})


# --- one by one ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tighter", "looser"),
    [
        # of limits
        (limited(hard=0.2, soft=0.16), PLAIN),
        (limited(soft=0.1), PLAIN),
        (PLAIN, replace(PLAIN, limits=PLAIN.limits[:-1])),
        # of breakers, and what may be traded
        (braked(trip=1.5), PLAIN),
        (braked(release=1.0), PLAIN),
        (braked(state=TradingState.HALTED), PLAIN),
        (PLAIN, braked(state=TradingState.THROTTLED)),
        (braked(flatten=True), PLAIN),
        (PLAIN, braked(confirm=2, of=2)),
        (braked(confirm=2, of=3), braked(confirm=2, of=2)),
        (braked(confirm=2, of=3), braked(confirm=3, of=3)),
        (braked(least_hours=24.0), PLAIN),
        (braked(greatest_hours=400.0), PLAIN),
        (braked(probation_hours=48.0), PLAIN),
        (PLAIN, braked(enabled=False)),
        (PLAIN, braked(enabled=False, trip=1.0)),
        (PLAIN, replace(PLAIN, breakers=PLAIN.breakers[1:])),
        (
            braked(state=TradingState.THROTTLED, size=0.2),
            braked(state=TradingState.THROTTLED, size=0.4),
        ),
        # what may be traded
        (PLAIN, replace(PLAIN, instruments={**PLAIN.instruments, "SOL": Instrument()})),
        (PLAIN, replace(PLAIN, strategies={**PLAIN.strategies, "carry": "carry"})),
        # of the rest
        (replace(PLAIN, dynamics=replace(PLAIN.dynamics, floor=0.4)), PLAIN),
        (replace(PLAIN, derisking=replace(PLAIN.derisking, deadline_minutes=5.0)), PLAIN),
        (PLAIN, replace(PLAIN, derisking=replace(PLAIN.derisking, ladder=()))),
        (replace(PLAIN, stops={"trend": VOLATILITY_STOP}), PLAIN),
    ],
)
def test_one_way_tightens_and_the_other_loosens(tighter: Policy, looser: Policy) -> None:
    assert way(looser, tighter) is TIGHTENS
    assert way(tighter, looser) is LOOSENS


@pytest.mark.parametrize(
    "other",
    [
        limited(hard=0.2, soft=0.21),  # hard down, soft up
        limited(VAR, dynamic=False),
        limited(VAR, parameters={"confidence": 0.95}),
        limited(scope=WHOLE),
        braked(trip=1.5, release=1.5),
        braked(parameters={"fall_sigmas": 1.0}),
        braked(kind="liquidity", parameters={}),
        braked(state=TradingState.HALTED, least_hours=1.0),
        replace(PLAIN, instruments={"BTC/USDT": Instrument(lot=0.1), "ETH/USDT": Instrument()}),
        replace(PLAIN, strategies={**PLAIN.strategies, "trend": "mean reversion"}),
        replace(PLAIN, cluster_correlation=0.5),
        replace(PLAIN, maintenance_margin=0.01),
        replace(PLAIN, dynamics=replace(PLAIN.dynamics, step=0.1)),
    ],
)
def test_what_goes_both_ways_or_cannot_be_said_loosens(other: Policy) -> None:
    assert way(PLAIN, other) is LOOSENS


@pytest.mark.parametrize(
    "other",
    [
        limited(owner="ben", rationale="Else.", review_by=None),
        braked(owner="ben", rationale="Else."),
        braked(of=3),  # one of three is the newest, which must be one of those
        braked(size=0.1),  # which is that of those that throttle
        braked("drawdown strategy trend", trip=0.5, release=0.4),  # switched off
        replace(PLAIN, breakers=PLAIN.breakers[:1]),
        replace(PLAIN, stops={"trend": replace(VOLATILITY_STOP, applies=False)}),
    ],
)
def test_what_leaves_all_as_it_was_goes_neither_way(other: Policy) -> None:
    assert other != PLAIN
    assert (way(PLAIN, other), way(other, PLAIN)) == (NEITHER, NEITHER)


@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 4), st.integers(0, 3), st.data())
def test_readings_that_trip_the_looser_one_trip_the_tighter_one(c, more, d, further, data) -> None:
    """Oracle: count the hits."""
    old, new = braked(confirm=c, of=c + more), braked(confirm=d, of=d + further)
    hits = [*data.draw(st.lists(st.booleans(), min_size=8, max_size=8)), True]
    trips = [sum(hits[-of:]) >= confirm for confirm, of in ((c, c + more), (d, d + further))]
    if way(old, new) is not LOOSENS:
        assert trips[1] or not trips[0]


# --- taking away ---------------------------------------------------------------------------


def without(text: str, *parts: str) -> str:
    for part in parts:
        assert part in text
        text = text.replace(part, "")
    return text


def test_an_asset_goes_with_the_limits_that_are_set_on_it() -> None:
    gone = policy_of(without(TEXT, '"ETH/USDT" = {}\n', ', "asset:ETH/USDT"'))
    only_its_limit = policy_of(without(TEXT, ', "asset:ETH/USDT"'))

    assert way(BASE, gone) is TIGHTENS
    assert way(gone, BASE) is LOOSENS
    assert way(BASE, only_its_limit) is LOOSENS


def test_a_strategy_goes_with_its_limits_but_not_with_what_closes_its_positions() -> None:
    others = without(TEXT, 'dip = "mean reversion"\n', ', "strategy:dip"')
    flattens = braked("drawdown strategy dip", PLAIN, enabled=True, flatten=True)
    stopped = replace(PLAIN, stops={"dip": VOLATILITY_STOP})

    assert way(BASE, policy_of(others)) is TIGHTENS
    for closing in (flattens, stopped):
        assert way(closing, replace(policy_of(others), temporary=())) is LOOSENS


def test_a_strategy_that_leaves_others_of_its_type_room_in_their_limit_is_not_tighter_by_that() -> (
    None
):
    capped = TEXT.replace('dip = "mean reversion"', 'dip = "trend following"') + (
        '[[limits]]\nkind = "gross_exposure"\non = "strategy_type:trend following"\nhard = 0.5\n'
    )
    gone = without(capped, 'dip = "trend following"\n', ', "strategy:dip"')
    uncapped = without(capped, capped[capped.rindex("[[limits]]") :])
    gone_uncapped = without(uncapped, 'dip = "trend following"\n', ', "strategy:dip"')

    assert way(policy_of(capped), policy_of(gone)) is LOOSENS
    assert way(policy_of(uncapped), policy_of(gone_uncapped)) is TIGHTENS


# --- for a while ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (lent(0.2),), TIGHTENS),
        ((), (lent(0.3),), LOOSENS),
        ((), (lent(0.3, 0.2),), LOOSENS),  # soft as defined
        ((lent(0.2),), (), LOOSENS),
        ((lent(0.3),), (), TIGHTENS),
        ((lent(0.2),), (lent(0.2, days=(0, 3)),), TIGHTENS),
        ((lent(0.3),), (lent(0.3, days=(0, 3)),), LOOSENS),
        ((lent(0.3),), (lent(0.3, days=(0, 1)),), TIGHTENS),
        ((lent(0.3),), (lent(0.2),), TIGHTENS),
        ((lent(0.2),), (lent(0.15, days=(1, 2)),), LOOSENS),  # the first day is as defined
        ((lent(0.2),), (lent(0.2, days=(0, 1)), lent(0.1, days=(1, 2))), TIGHTENS),
        ((lent(0.2),), (replace(lent(0.2), reason="else", by="ben"),), NEITHER),
    ],
)
def test_temporary_limits_count_at_every_moment(before, after, expected) -> None:
    assert way(with_lent(*before), with_lent(*after)) is expected


def test_of_a_limit_that_moves_a_temporary_one_is_tighter_only_below_its_floor() -> None:
    moved = limited(VAR, dynamic=True)  # 6 %, at least half of it and at most 1.25 times
    assert (moved.dynamics.floor, moved.dynamics.cap) == (0.5, 1.25)

    def tried(hard: float, soft: float) -> Direction:
        return way(moved, with_lent(lent(hard, soft, limit=VAR), policy=moved))

    assert tried(0.05, 0.015) is LOOSENS
    assert tried(0.03, 0.015) is TIGHTENS


def ending(hard: float, soft: float, **conditions: Any) -> Direction:
    """Which way the end of a temporary limit goes of one that moves: 6 and 3 %, at least half."""
    lent_until = conditions.pop("days", (0, 2))
    moved = moving(**conditions)
    before = with_lent(lent(hard, soft, limit=VAR, days=lent_until), policy=moved)
    return direction_of(before, moved, conditions.get("present")).direction


def moving(*, packs: dict[str, RegimePack] | None = None, **_present: Any) -> Policy:
    moved = limited(VAR, dynamic=True)
    return replace(moved, dynamics=replace(moved.dynamics, packs=packs or {}))


def standing(factor: float, *, rising_since: datetime | None = None) -> Present:
    thresholds = Thresholds(0.06 * factor, 0.03 * factor, factor, "moved", rising_since)
    stands = LimitState(thresholds, LimitStatus.WITHIN, 0.01, BEGIN, None, BEGIN)
    return Present(BEGIN, {VAR: stands})


def test_the_end_of_a_temporary_limit_tightens_from_the_most_on_that_can_hold_without_it() -> None:
    assert ending(0.06, 0.03) is TIGHTENS  # performance alone never raises a limit
    assert ending(0.059, 0.03) is LOOSENS
    rising = {"portfolio": RegimePack(calm=1.2)}
    assert ending(0.071, 0.05, packs=rising) is LOOSENS
    assert ending(0.072, 0.05, packs=rising) is TIGHTENS
    beyond = {"portfolio": RegimePack(calm=3.0)}
    assert ending(0.074, 0.05, packs=beyond) is LOOSENS
    assert ending(0.075, 0.05, packs=beyond) is TIGHTENS  # 1.25 times is the cap


@pytest.mark.parametrize(
    ("hard", "factor", "days", "expected"),
    [
        # 0.10 a day, in steps of 0.05: 0.60 now, 0.75 at the most before a day and a half is over
        (0.045, 0.6, (0, 1.5), TIGHTENS),
        (0.045, 0.6, (0, 2), LOOSENS),
        (0.045, 0.6, (-9, 1.5), TIGHTENS),  # what is past does not matter
        (0.035, 0.6, (0, 0.1), LOOSENS),  # it loosens now
        (0.045, 0.8, (0, 0.1), LOOSENS),
        (0.036, 0.6, (0, 0.1), TIGHTENS),
        (0.06, 0.6, (0, 29), TIGHTENS),  # never more than the most
        (0.045, 0.6, (1, 1.5), TIGHTENS),  # not begun yet: by its end, not by now
        (0.045, 0.6, (1, 2.5), LOOSENS),
    ],
)
def test_the_end_of_a_temporary_limit_tightens_where_the_limit_cannot_rise_above_it_so_soon(
    hard: float, factor: float, days: tuple[float, float], expected: Direction
) -> None:
    assert ending(hard, 0.5 * hard, days=days, present=standing(factor)) is expected


def test_what_a_limit_has_earned_of_its_next_step_counts() -> None:
    earned = standing(0.6, rising_since=BEGIN - DAY / 4)
    assert ending(0.039, 0.03, days=(0, 0.25), present=earned) is TIGHTENS
    assert ending(0.038, 0.03, days=(0, 0.25), present=earned) is LOOSENS
    assert ending(0.038, 0.03, days=(0, 0.2), present=earned) is TIGHTENS


def test_of_a_limit_that_nobody_has_measured_only_the_most_is_known() -> None:
    assert ending(0.045, 0.03, present=Present(BEGIN, {})) is LOOSENS
    assert ending(0.06, 0.03, present=Present(BEGIN, {})) is TIGHTENS


def test_to_lend_what_holds_now_is_no_tightening_but_to_lower_what_is_lent_is() -> None:
    """The way out for who may not end a raise by himself: it holds at once."""
    moved, present = moving(), standing(0.6)
    raised = with_lent(lent(0.05, 0.03, limit=VAR, days=(-1, 9)), policy=moved)
    lowered = with_lent(lent(0.036, 0.018, limit=VAR, days=(0, 9)), policy=moved)

    assert direction_of(moved, lowered, present).direction is LOOSENS
    assert direction_of(raised, lowered, present).direction is TIGHTENS
    assert way(raised, lowered) is LOOSENS, "who does not know the time counts what is past"


@given(
    policies().flatmap(lambda p: st.tuples(st.just(p), changed(p))),
    st.sampled_from([0.5, 0.6, 1.0]),
)
def test_who_knows_how_limits_stand_can_only_prove_more(
    pair: tuple[Policy, Policy], factor: float
) -> None:
    names = {limit.name for policy in pair for limit in policy.limits}
    (stands,) = standing(factor).limits.values()
    known = direction_of(*pair, Present(BEGIN, dict.fromkeys(names, stands)))
    blind = direction_of(*pair)

    assert {*known.loosens} <= {*blind.loosens}


@given(policies().flatmap(lambda p: st.tuples(st.just(p), changed(p) | policies())))
def test_no_entry_says_tighter_of_what_loosens(pair: tuple[Policy, Policy]) -> None:
    for line in direction_of(*pair).loosens:
        # A rung of the ladder is judged with all of it.
        assert not re.search(r"^(?!ladder).*: (added|removed) \(tighter\)", line)


def test_a_limit_lowered_under_a_temporary_one_tightens_around_it() -> None:
    assert way(with_lent(lent(0.3)), with_lent(lent(0.3), policy=limited(hard=0.2, soft=0.1))) is (
        TIGHTENS
    )


# --- packs, ladder, first and models -------------------------------------------------------


@pytest.mark.parametrize(
    ("packs", "expected"),
    [
        ({"portfolio": RegimePack(stressed=0.6)}, TIGHTENS),
        ({"portfolio": RegimePack(stressed=0.8)}, LOOSENS),
        ({}, LOOSENS),
        ({"portfolio": RegimePack(stressed=0.7), "trend following": RegimePack()}, LOOSENS),
        (
            {"portfolio": RegimePack(stressed=0.7), "trend following": RegimePack(stressed=0.5)},
            TIGHTENS,
        ),
    ],
)
def test_packs_go_the_way_of_what_each_type_follows(packs, expected) -> None:
    other = replace(PLAIN, dynamics=replace(PLAIN.dynamics, packs=packs))
    assert way(PLAIN, other) is expected


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [
        ([(0.05, 0.75), (0.1, 0.4)], TIGHTENS),
        ([(0.04, 0.75), (0.1, 0.5)], TIGHTENS),
        ([(0.05, 0.75), (0.1, 0.5), (0.2, 0.1)], TIGHTENS),
        ([(0.05, 0.5)], TIGHTENS),
        ([(0.1, 0.5)], LOOSENS),
        ([(0.05, 0.75), (0.11, 0.4)], LOOSENS),
    ],
)
def test_the_ladder_goes_the_way_of_the_size_left_at_each_drawdown(rungs, expected) -> None:
    ladder = tuple(Rung(drawdown=at, size=size) for at, size in rungs)
    other = replace(PLAIN, derisking=replace(PLAIN.derisking, ladder=ladder))
    assert way(PLAIN, other) is expected


def test_a_first_policy_loosens_all_of_it() -> None:
    direction, loosens = direction_of(None, PLAIN)

    assert direction is LOOSENS
    assert f"limit {ON_BTC}: added (looser)" in loosens[5]
    assert direction_of(None, Policy()).direction is LOOSENS


def test_lines_that_loosen_are_those_of_the_differences() -> None:
    found = direction_of(PLAIN, limited(hard=0.3, policy=braked(trip=1.5)))

    assert found == Directed(LOOSENS, (f"limit {ON_BTC}: hard 0.25 -> 0.3 (looser)",))


def test_another_model_loosens_since_nobody_can_say() -> None:
    assert direction_of_model("adaptive", "adaptive") == Directed(NEITHER)
    assert direction_of_model("filtered_evt", "adaptive") == Directed(
        LOOSENS, ("model of the book: Filtered, Pareto tail -> Adaptive history",)
    )
    assert direction_of_model(None, "adaptive").loosens == (
        "model of the book: none yet -> Adaptive history",
    )
