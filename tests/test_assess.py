"""Everything said of one snapshot: laws of the book, and of one more order."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.assess import OrderCheck, assess
from risk.domain.assessment import CommittedBook, DoubtKind, Exposure, ScopeReach, TailRisk
from risk.domain.ledger import Ledger
from risk.domain.market import Trust
from risk.domain.model import LEVELS, PROVEN_AFTER, Model, Models
from risk.domain.orders import Order
from risk.domain.positions import PositionKey
from risk.domain.scopes import ScopeKind
from risk.domain.snapshot import Snapshot
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.committed import scopes_of
from risk.portfolio.forecasting import new_models
from tests.books import (
    ALIEN,
    BTC,
    ETH,
    KNOWN,
    LATE,
    MIDNIGHT,
    NOW,
    book_of,
    held,
    marks_of,
    order_of,
    orders,
    reservation_of,
    snapshot_of,
    snapshots,
    values,
    warmed_models,
    working_of,
)

# --- the law -------------------------------------------------------------------------------


@given(snapshots(), orders())
def test_checking_an_order_equals_assessing_the_book_with_room_reserved_for_it(
    snapshot: Snapshot, order: Order
) -> None:
    expected = assess(snapshot.after(order)).committed

    assert_same_book(OrderCheck(snapshot).after(order), expected)


@pytest.mark.parametrize("method", BOOK_MODELS)
@settings(max_examples=15)
@given(data=st.data(), order=orders())
def test_so_it_does_whatever_model_measures_the_book(
    method: str, data: st.DataObject, order: Order
) -> None:
    snapshot = data.draw(snapshots(method=method, whole=True))
    expected = assess(snapshot.after(order)).committed

    assert_same_book(OrderCheck(snapshot).after(order), expected)


@given(snapshots(), orders(name="first"), orders(name="second"))
def test_it_still_does_when_an_order_was_let_in_before(
    snapshot: Snapshot, first: Order, second: Order
) -> None:
    reserved = snapshot.after(first)

    assert_same_book(OrderCheck(reserved).after(second), assess(reserved.after(second)).committed)


@given(snapshots(), orders(), orders())
def test_a_check_answers_as_if_it_had_not_been_asked_before(
    snapshot: Snapshot, one: Order, another: Order
) -> None:
    check = OrderCheck(snapshot)
    first = check.after(one)
    check.after(another)

    assert check.after(one) == first


@pytest.mark.parametrize("side", ["ours", "the venue's"])
def test_an_order_that_is_pending_already_has_its_room(side: str) -> None:
    order = order_of(BTC, 1_000.0)
    snapshot = snapshot_of(Ledger())
    if side == "ours":
        snapshot = snapshot.after(order)
    else:
        snapshot = replace(snapshot, working_orders={"new": working_of(order)})

    with pytest.raises(ValueError, match="order new is pending already"):
        OrderCheck(snapshot).after(order)


def assert_same_book(found: CommittedBook, expected: CommittedBook) -> None:
    size = 1.0 + expected.whole.gross
    for name in ("cash_high", "stress_loss"):
        assert_close(getattr(found, name), getattr(expected, name), size)
    assert found.squares == pytest.approx(expected.squares, rel=1e-9, abs=1e-12 * size**2)
    assert_same_reach(found.whole, expected.whole, size)
    assert found.scopes.keys() == expected.scopes.keys()
    for scope, reach in expected.scopes.items():
        assert_same_reach(found.scopes[scope], reach, size)
    for name in ("day", "hour"):
        assert_same_tail(getattr(found, name), getattr(expected, name), size)


def assert_same_reach(found: ScopeReach, expected: ScopeReach, size: float) -> None:
    assert found.positions == expected.positions
    for name in ("gross", "held", "buys", "sells"):
        assert_close(getattr(found, name), getattr(expected, name), size)


def assert_same_tail(found: TailRisk | None, expected: TailRisk | None, size: float) -> None:
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.var == pytest.approx(expected.var, rel=1e-9, abs=1e-12 * size)
        assert found.es == pytest.approx(expected.es, rel=1e-9, abs=1e-12 * size)


def assert_close(found: float | None, expected: float | None, size: float) -> None:
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * size)


# --- the book as a whole -------------------------------------------------------------------


@given(snapshots())
def test_no_number_is_ever_nan_or_infinite(snapshot: Snapshot) -> None:
    assert all(math.isfinite(number) for number in numbers_in(assess(snapshot)))


def numbers_in(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from numbers_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from numbers_in(inner)
    elif is_dataclass(value):
        for spec in fields(value):
            yield from numbers_in(getattr(value, spec.name))


@given(snapshots())
def test_the_same_snapshot_gives_the_same_assessment(snapshot: Snapshot) -> None:
    assert assess(snapshot) == assess(snapshot)


@given(snapshots())
def test_with_nothing_pending_the_committed_book_is_the_held_one(snapshot: Snapshot) -> None:
    idle = replace(snapshot, working_orders={}, ledger=replace(snapshot.ledger, reservations={}))
    found = assess(idle)

    assert (found.committed.day, found.committed.hour) == (found.held.day, found.held.hour)
    assert found.committed.stress_loss == found.held.stress_loss
    assert found.committed.whole.gross == pytest.approx(found.held.exposure.gross)
    assert found.committed.whole.net_high == pytest.approx(found.held.exposure.net, abs=1e-6)
    assert found.committed.whole.net_low == pytest.approx(found.held.exposure.net, abs=1e-6)
    assert {s.name for s in found.committed.scopes if s.kind is ScopeKind.ASSET} == {
        position.asset for position in found.positions
    }
    for scope, reach in found.committed.scopes.items():
        inside = [p.exposure for p in found.positions if scope in scopes_of(p.key)]
        assert reach.worst_net == pytest.approx(abs(sum(inside)), abs=1e-6)
        assert reach.positions == len(inside)


@given(snapshots(whole=True, assets=KNOWN))
def test_doubling_every_quantity_doubles_every_figure(snapshot: Snapshot) -> None:
    once, twice = assess(snapshot), assess(doubled(snapshot))

    for one, two in zip(numbers_in(once.held), numbers_in(twice.held), strict=True):
        assert two == pytest.approx(2.0 * one) or two == pytest.approx(one)
    assert twice.held.exposure.gross == pytest.approx(2.0 * once.held.exposure.gross)
    assert_doubled(once.held.day, twice.held.day)
    assert_doubled(once.committed.day, twice.committed.day)
    assert_doubled(once.committed.hour, twice.committed.hour)
    assert twice.leverage == (None if once.leverage is None else pytest.approx(once.leverage))


def assert_doubled(once: TailRisk | None, twice: TailRisk | None) -> None:
    assert once is not None
    assert twice is not None
    assert twice.var == pytest.approx([2.0 * figure for figure in once.var])
    assert twice.es == pytest.approx([2.0 * figure for figure in once.es])


def doubled(snapshot: Snapshot) -> Snapshot:
    ledger = snapshot.ledger
    return replace(
        snapshot,
        ledger=replace(
            ledger,
            cash=2.0 * ledger.cash,
            net_flows=2.0 * ledger.net_flows,
            positions={
                key: replace(p, quantity=2.0 * p.quantity) for key, p in ledger.positions.items()
            },
            reservations={
                name: replace(
                    r,
                    order=replace(r.order, quantity=2.0 * r.order.quantity),
                    filled=2.0 * r.filled,
                )
                for name, r in ledger.reservations.items()
            },
        ),
        working_orders={
            name: replace(o, quantity=2.0 * o.quantity, filled=2.0 * o.filled)
            for name, o in snapshot.working_orders.items()
        },
    )


@given(snapshots())
def test_the_mirrored_book_is_as_exposed_the_other_way(snapshot: Snapshot) -> None:
    mirrored = replace(
        snapshot,
        ledger=replace(
            snapshot.ledger,
            positions={
                key: replace(p, quantity=-p.quantity)
                for key, p in snapshot.ledger.positions.items()
            },
        ),
    )
    here, there = assess(snapshot).held, assess(mirrored).held

    assert there.exposure == Exposure(here.exposure.short, here.exposure.long)
    assert there.concentration == pytest.approx(here.concentration)
    assert there.largest_asset == here.largest_asset
    for asset, exposure in here.by_asset.items():
        assert there.by_asset[asset] == Exposure(exposure.short, exposure.long)


@given(snapshots())
def test_exposure_adds_up_whichever_way_it_is_grouped(snapshot: Snapshot) -> None:
    book = assess(snapshot).held

    for groups in (book.by_asset, book.by_strategy, book.by_venue):
        assert sum(part.long for part in groups.values()) == pytest.approx(book.exposure.long)
        assert sum(part.short for part in groups.values()) == pytest.approx(book.exposure.short)


@given(snapshots())
def test_tails_rise_with_the_level_and_expected_shortfall_is_beyond_var(
    snapshot: Snapshot,
) -> None:
    found = assess(snapshot)
    tails = (found.held.day, found.held.hour, found.committed.day, found.committed.hour)

    for tail in (tail for tail in tails if tail is not None):
        assert list(tail.var) == sorted(tail.var)
        assert list(tail.es) == sorted(tail.es)
        assert all(v <= e * (1.0 + 1e-9) for v, e in zip(tail.var, tail.es, strict=True))
        assert tail.var[0] >= 0.0


def test_leverage_is_gross_exposure_over_equity() -> None:
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 3e5, PositionKey("dip", BTC, "sim-b"): -1e5}, cash=0.0
    )

    assert assess(snapshot_of(ledger)).leverage == pytest.approx(2.0)


@pytest.mark.parametrize("cash", [-1e5, -2e5])
def test_a_wiped_out_book_has_no_leverage(cash: float) -> None:
    ledger = replace(held(BTC, 1e5), cash=cash)

    assert assess(snapshot_of(ledger)).leverage is None


# --- positions -----------------------------------------------------------------------------


@given(st.sampled_from(KNOWN), values())
def test_the_book_of_one_position_is_as_risky_as_the_position_alone(
    asset: str, value: float
) -> None:
    found = assess(snapshot_of(held(asset, value)))
    (position,) = found.positions

    assert found.held.day is not None
    assert position.standalone is not None
    assert position.standalone.var == pytest.approx(found.held.day.var)
    assert position.standalone.es == pytest.approx(found.held.day.es)
    assert position.component_var == pytest.approx(found.held.day.var)


@given(snapshots(whole=True, assets=KNOWN))
def test_the_positions_parts_add_up_to_the_books_figures(snapshot: Snapshot) -> None:
    found = assess(snapshot)

    assert found.held.day is not None
    tolerance = 1e-9 * (1.0 + found.held.exposure.gross)
    for number in range(len(LEVELS)):
        var = sum((p.component_var or ())[number] for p in found.positions)
        es = sum((p.component_es or ())[number] for p in found.positions)
        assert var == pytest.approx(found.held.day.var[number], rel=1e-9, abs=tolerance)
        assert es == pytest.approx(found.held.day.es[number], rel=1e-9, abs=tolerance)


def test_two_strategies_that_offset_each_other_completely_risk_nothing() -> None:
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 8e4, PositionKey("dip", BTC, "sim-b"): -8e4}
    )
    found = assess(snapshot_of(ledger))

    assert found.held.day == TailRisk((0.0,) * 3, (0.0,) * 3)
    assert found.held.exposure == Exposure(8e4, 8e4)
    for position in found.positions:
        assert position.component_var == (0.0, 0.0, 0.0)
        assert position.standalone is not None
        assert position.standalone.var_at(0.99) > 0.0


def test_parts_of_offsetting_strategies_have_opposite_signs_and_add_up() -> None:
    ledger = book_of(
        {
            PositionKey("trend", BTC, "sim-a"): 9e4,
            PositionKey("dip", BTC, "sim-b"): -4e4,
            PositionKey("dip", ETH, "sim-b"): 2e4,
        }
    )
    found = assess(snapshot_of(ledger))
    parts = {(p.strategy, p.asset): p.component_var for p in found.positions}

    long, short = parts["trend", BTC], parts["dip", BTC]
    assert long is not None
    assert short is not None
    assert long[2] == pytest.approx(-9 / 4 * short[2])


@given(st.sampled_from(KNOWN), values(), st.sampled_from((0.01, 0.5)))
def test_marginals_tell_exactly_what_more_of_a_single_position_adds(
    asset: str, value: float, share: float
) -> None:
    """Of one asset VaR is proportional to size, whatever estimates it; of several it bends."""
    (position,) = assess(snapshot_of(held(asset, value))).positions
    key = PositionKey("trend", asset, "sim-a")
    before, after = day_risk({key: value}), day_risk({key: value * (1.0 + share)})

    assert position.marginal_var is not None
    for marginal, one, two in zip(position.marginal_var, before.var, after.var, strict=True):
        assert two - one == pytest.approx(marginal * value * share)


def day_risk(book: dict[PositionKey, float]) -> TailRisk:
    tail = assess(snapshot_of(book_of(book))).held.day
    assert tail is not None
    return tail


def test_a_position_is_valued_at_its_mark() -> None:
    (position,) = assess(snapshot_of(held(ETH, -5_000.0))).positions

    assert position.quantity == -2.0
    assert position.exposure == -5_000.0
    assert position.unrealised == pytest.approx(-2.0 * (2_500.0 - 2_250.0))


def test_a_position_without_a_mark_stands_at_cost_and_equity_is_unknown() -> None:
    snapshot = snapshot_of(held(ETH, 5_000.0), marks=marks_of(trusts={ETH: Trust.MISSING}))
    found = assess(snapshot)
    (position,) = found.positions

    assert (found.equity, found.leverage) == (None, None)
    assert position.mark == position.entry_price
    assert position.exposure == pytest.approx(4_500.0)
    assert position.unrealised == 0.0
    assert position.since_midnight is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW, pytest.approx(50_000.0 / 40_000.0 - 1.0)),
        (MIDNIGHT - timedelta(seconds=1), None),
        (NOW + timedelta(days=1), None),
    ],
    ids=["today", "a price of yesterday", "a close of yesterday"],
)
def test_the_change_since_midnight_is_told_of_today_only(at: object, expected: object) -> None:
    models = with_close(BTC, 40_000.0)
    found = assess(snapshot_of(held(BTC, 1e4), models=models, marks=marks_of(at=at)))  # type: ignore[arg-type]

    assert found.positions[0].since_midnight == expected
    assert found.benchmark is not None
    assert found.benchmark.since_midnight == expected


def test_an_asset_without_a_bar_last_night_has_no_change_since_midnight() -> None:
    found = assess(snapshot_of(held(BTC, 1e4), models=with_close(BTC, math.nan)))

    assert found.positions[0].since_midnight is None


def with_close(asset: str, close: float) -> Models:
    day = warmed_models().day
    closes = day.filter.close.copy()
    closes[KNOWN.index(asset)] = close
    return warmed_models()._replace(day=replace(day, filter=day.filter._replace(close=closes)))


# --- bitcoin as a yardstick ----------------------------------------------------------------


def test_the_benchmark_is_bitcoin_held_alone() -> None:
    benchmark = assess(snapshot_of(held(ETH, 1e4))).benchmark
    alone = day_risk({PositionKey("trend", BTC, "sim-a"): 1.0})

    assert benchmark is not None
    assert benchmark.asset == BTC
    assert benchmark.var_99 == pytest.approx(alone.var_at(0.99))
    assert benchmark.es_975 == pytest.approx(alone.es_at(0.975))


def test_bitcoin_moves_as_bitcoin_does_and_others_about_as_much() -> None:
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 1e4, PositionKey("trend", ETH, "sim-a"): 1e4}
    )
    betas = {p.asset: p.beta_btc for p in assess(snapshot_of(ledger)).positions}

    assert betas[BTC] == pytest.approx(1.0)
    assert 0.2 < (betas[ETH] or 0.0) < 2.0


@pytest.mark.parametrize("hidden", ["unknown", "unproven"])
def test_without_a_proven_bitcoin_there_is_no_yardstick(hidden: str) -> None:
    found = assess(snapshot_of(held(ETH, 1e4), models=without_bitcoin(hidden)))

    assert found.benchmark is None
    assert found.positions[0].beta_btc is None
    assert found.held.day is not None


def without_bitcoin(hidden: str) -> Models:
    day = warmed_models().day
    if hidden == "unknown":
        return warmed_models()._replace(day=replace(day, assets=("XRP/USDT", *KNOWN[1:])))
    observed = day.filter.observed.copy()
    observed[KNOWN.index(BTC)] = PROVEN_AFTER - 1
    return warmed_models()._replace(day=replace(day, filter=day.filter._replace(observed=observed)))


def test_a_bitcoin_that_never_moved_is_no_yardstick_for_others() -> None:
    models = warmed_models()
    scenarios = models.day.scenarios
    assert scenarios is not None
    still = scenarios.filtered.copy(order="F")
    still[:, KNOWN.index(BTC)] = 0.0
    day = replace(models.day, scenarios=scenarios._replace(filtered=still))
    (position,) = assess(snapshot_of(held(ETH, 1e4), models=models._replace(day=day))).positions

    assert position.beta_btc is None


# --- doubts --------------------------------------------------------------------------------


def doubts_of(snapshot: Snapshot) -> list[tuple[DoubtKind, str | None]]:
    return [(doubt.kind, doubt.asset) for doubt in assess(snapshot).doubts]


def test_a_well_known_book_raises_no_doubt() -> None:
    assert doubts_of(snapshot_of(held(BTC, 1e4))) == []


@pytest.mark.parametrize(
    ("trust", "kind"),
    [(Trust.STALE, DoubtKind.MARK_STALE), (Trust.SUSPECT, DoubtKind.MARK_SUSPECT)],
)
def test_an_untrusted_mark_is_doubted_with_its_age(trust: Trust, kind: DoubtKind) -> None:
    marks = marks_of(at=NOW - timedelta(seconds=41), trusts={BTC: trust})
    (doubt,) = assess(snapshot_of(held(BTC, 1e4), marks=marks)).doubts

    assert (doubt.kind, doubt.asset) == (kind, BTC)
    assert doubt.detail == f"{BTC} mark is {trust} and 41 s old"


def test_after_the_last_price_one_sentence_takes_the_place_of_every_old_mark() -> None:
    marks = marks_of(at=NOW - timedelta(days=9), trusts={BTC: Trust.STALE, ETH: Trust.STALE})
    ended = NOW - timedelta(days=9)
    (doubt,) = assess(snapshot_of(held(BTC, 1e4), marks=marks, prices_end=ended)).doubts

    assert (doubt.kind, doubt.asset) == (DoubtKind.PRICES_ENDED, None)
    assert doubt.detail == "the prices end on 23 May 2024, 09:30 UTC; the replay is over"


def test_after_the_last_price_a_missing_mark_is_still_doubted() -> None:
    marks = marks_of(trusts={BTC: Trust.MISSING})

    assert doubts_of(snapshot_of(held(BTC, 1e4), marks=marks, prices_end=NOW)) == [
        (DoubtKind.NO_EQUITY, None),
        (DoubtKind.PRICES_ENDED, None),
        (DoubtKind.MARK_MISSING, BTC),
    ]


def test_a_missing_mark_also_takes_equity_away() -> None:
    marks = marks_of(trusts={BTC: Trust.MISSING})

    assert doubts_of(snapshot_of(held(BTC, 1e4), marks=marks)) == [
        (DoubtKind.NO_EQUITY, None),
        (DoubtKind.MARK_MISSING, BTC),
    ]


def test_the_mark_of_an_asset_that_nobody_holds_is_nobodys_doubt() -> None:
    marks = marks_of(trusts={ETH: Trust.MISSING})

    assert doubts_of(snapshot_of(held(BTC, 1e4), marks=marks)) == []


def test_an_order_that_is_pending_makes_its_asset_a_concern() -> None:
    marks = marks_of(trusts={ETH: Trust.STALE})
    pending = book_of({}, reservations=[reservation_of(order_of(ETH, 1_000.0))])

    assert doubts_of(snapshot_of(pending, marks=marks)) == [(DoubtKind.MARK_STALE, ETH)]


def test_a_young_asset_is_proxied_and_says_so() -> None:
    (doubt,) = assess(snapshot_of(held(LATE, 1e4))).doubts

    assert (doubt.kind, doubt.asset) == (DoubtKind.SHORT_HISTORY, LATE)
    assert doubt.detail.startswith(f"{LATE} has 39 of 60 days of history")


def test_an_asset_that_the_model_never_saw_leaves_the_book_unmeasured() -> None:
    found = assess(snapshot_of(held(ALIEN, 1e4)))

    assert (found.held.day, found.held.hour) == (None, None)
    assert [d.kind for d in found.doubts] == [DoubtKind.NO_MODEL, DoubtKind.SHORT_HISTORY]
    assert found.doubts[0].detail == f"no model of {ALIEN}"
    assert found.positions[0].standalone is None


def test_so_does_an_order_for_one_that_is_pending() -> None:
    pending = book_of({}, reservations=[reservation_of(order_of(ALIEN, 1_000.0))])
    found = assess(snapshot_of(pending))

    assert found.held.day is not None
    assert found.committed.day is None
    assert [(d.kind, d.detail) for d in found.doubts] == [
        (DoubtKind.NO_MODEL, f"no model of {ALIEN}"),
        (DoubtKind.SHORT_HISTORY, f"{ALIEN} has no history"),
    ]


def test_an_unknown_asset_that_is_offset_completely_leaves_the_rest_measured() -> None:
    ledger = book_of(
        {
            PositionKey("trend", ALIEN, "sim-a"): 1e4,
            PositionKey("dip", ALIEN, "sim-a"): -1e4,
            PositionKey("dip", BTC, "sim-a"): 5e4,
        }
    )
    found = assess(snapshot_of(ledger))
    parts = {p.asset: p.component_var for p in found.positions}

    assert found.held.day == day_risk({PositionKey("dip", BTC, "sim-a"): 5e4})
    assert parts[ALIEN] is None
    assert parts[BTC] == pytest.approx(found.held.day.var)


def test_a_model_that_has_seen_too_little_says_how_much() -> None:
    (doubt,) = assess(snapshot_of(Ledger(), models=new_models(KNOWN))).doubts

    assert doubt.kind is DoubtKind.NO_MODEL
    assert doubt.detail == "VaR needs about 80 days of prices, the model has seen 0"


# --- correlation and stress ----------------------------------------------------------------


def test_one_asset_has_no_correlation() -> None:
    assert assess(snapshot_of(held(BTC, 1e4))).held.mean_correlation is None


def test_two_assets_are_as_correlated_as_their_pair() -> None:
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 1e4, PositionKey("trend", ETH, "sim-a"): -1e4}
    )
    day: Model = warmed_models().day
    assert day.scenarios is not None

    assert assess(snapshot_of(ledger)).held.mean_correlation == pytest.approx(
        float(day.scenarios.correlation[0, 1])
    )
