"""The committed book bounds whatever pending orders may become; events about the book."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.assess import assess
from risk.domain.assessment import Assessment, Exposure, HeldBook, TailRisk
from risk.domain.ledger import Ledger
from risk.domain.market import Trust
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Baseline, Performance
from risk.portfolio.controller import exposure_update, portfolio_risk
from tests.books import (
    BTC,
    ETH,
    NOW,
    SOL,
    book_of,
    filled_with,
    held,
    marks_of,
    order_of,
    reservation_of,
    snapshot_of,
    snapshots,
    subsets_of,
)

KNOWN = (BTC, ETH, SOL)


def outcomes(snapshot: Snapshot) -> list[HeldBook]:
    """The held book after every subset of the pending orders was filled."""
    return [assess(filled_with(snapshot, subset)).held for subset in subsets_of(snapshot.pending)]


@given(snapshots(whole=True, assets=KNOWN, max_pending=4))
def test_committed_exposure_is_the_largest_that_any_subset_of_fills_gives(
    snapshot: Snapshot,
) -> None:
    """Oracle: every subset, one by one."""
    found, books = assess(snapshot).committed, outcomes(snapshot)
    tolerance = pytest.approx

    assert found.whole.gross == tolerance(max(b.exposure.gross for b in books), abs=1e-6)
    assert found.whole.net_high == tolerance(max(b.exposure.net for b in books), abs=1e-6)
    assert found.whole.net_low == tolerance(min(b.exposure.net for b in books), abs=1e-6)
    for scope, reach in found.scopes.items():
        of_scope = [held_in(scope, book) for book in books]
        assert reach.gross == tolerance(max(e.gross for e in of_scope), abs=1e-6)
        assert reach.worst_net == tolerance(max(abs(e.net) for e in of_scope), abs=1e-6)


def held_in(scope: Scope, book: HeldBook) -> Exposure:
    """What a book holds of a strategy, an asset or a venue."""
    groups: dict[ScopeKind, Mapping[str, Exposure]] = {
        ScopeKind.STRATEGY: book.by_strategy,
        ScopeKind.ASSET: book.by_asset,
        ScopeKind.VENUE: book.by_venue,
    }
    return groups[scope.kind].get(scope.name, Exposure(0.0, 0.0))


@given(snapshots(whole=True, assets=KNOWN, max_pending=4))
def test_committed_stress_is_the_largest_that_any_subset_of_fills_gives(
    snapshot: Snapshot,
) -> None:
    losses = [book.stress_loss for book in outcomes(snapshot)]

    assert assess(snapshot).committed.stress_loss == pytest.approx(
        max(loss for loss in losses if loss is not None), abs=1e-6
    )


@given(snapshots(whole=True, assets=KNOWN, max_pending=4))
def test_committed_quantiles_bound_every_subset_of_fills(snapshot: Snapshot) -> None:
    """The one-hour model reads plain quantiles and averages: both are monotone."""
    committed = assess(snapshot).committed

    for book in outcomes(snapshot):
        assert_at_least(committed.hour, book.hour, 1e-9 * (1.0 + committed.whole.gross))


@given(snapshots(whole=True, assets=KNOWN, max_pending=4))
def test_committed_fitted_tails_bound_nothing_filled_and_everything_filled(
    snapshot: Snapshot,
) -> None:
    committed = assess(snapshot).committed

    for fills in ((), snapshot.pending):
        found = assess(filled_with(snapshot, fills)).held
        assert_at_least(committed.day, found.day, 1e-9 * (1.0 + committed.whole.gross))


@given(snapshots(whole=True, assets=KNOWN))
def test_the_committed_book_is_never_smaller_than_the_held_one(snapshot: Snapshot) -> None:
    found = assess(snapshot)

    assert found.committed.whole.gross >= found.held.exposure.gross * (1.0 - 1e-12)
    assert_at_least(found.committed.day, found.held.day, 0.0)
    assert_at_least(found.committed.hour, found.held.hour, 1e-9)


def assert_at_least(larger: TailRisk | None, smaller: TailRisk | None, tolerance: float) -> None:
    assert larger is not None
    assert smaller is not None
    for name in ("var", "es"):
        for high, low in zip(getattr(larger, name), getattr(smaller, name), strict=True):
            assert high >= low - tolerance


def test_two_offsetting_orders_are_not_believed_to_fill_together() -> None:
    pending = [
        reservation_of(order_of(BTC, 1e5, name="buy")),
        reservation_of(order_of(BTC, -1e5, name="sell", strategy="dip")),
    ]
    found = assess(snapshot_of(book_of({}, reservations=pending))).committed

    assert found.whole.gross == pytest.approx(2e5)
    assert (found.whole.net_high, found.whole.net_low) == (pytest.approx(1e5), pytest.approx(-1e5))
    assert found.reach(Scope(ScopeKind.ASSET, BTC)).worst_net == pytest.approx(1e5)
    assert found.day is not None
    assert found.day.var_at(0.99) > 0.0


def test_a_pending_sale_of_what_is_held_commits_to_no_more_than_is_held() -> None:
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 1e5},
        reservations=[reservation_of(order_of(BTC, -1e5))],
    )
    found = assess(snapshot_of(ledger))

    assert found.committed.whole.gross == pytest.approx(1e5)
    assert found.committed.day == found.held.day


# --- events --------------------------------------------------------------------------------


def performance_at(equity: float) -> Performance:
    start = Baseline(NOW, 1.0, 1e6, 1e6)
    return Performance(
        unit_value=0.9,
        equity=equity,
        net_flows=1e6,
        at=NOW,
        inception=start,
        day_start=start,
        solvent=start,
        peak=start._replace(unit_value=1.2),
    )


def test_the_book_is_told_with_tails_as_shares_of_equity() -> None:
    found = assess(snapshot_of(held(BTC, 1e5)))
    event = portfolio_risk(found, performance_at(9e5))
    day, hour, equity = found.held.day, found.held.hour, found.equity

    assert day is not None
    assert hour is not None
    assert equity == pytest.approx(1.1e6)
    assert event.var_1d_99 == pytest.approx(day.var_at(0.99) / 1.1e6)
    assert event.es_1d_975 == pytest.approx(day.es_at(0.975) / 1.1e6)
    assert event.var_1h_95 == pytest.approx(hour.var_at(0.95) / 1.1e6)
    assert event.drawdown == pytest.approx(0.25)
    assert (event.long, event.short, event.gross, event.net) == (1e5, 0.0, 1e5, 1e5)


def test_while_equity_is_unknown_no_share_of_it_is_told() -> None:
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: Trust.MISSING}))
    event = portfolio_risk(assess(snapshot), performance_at(9e5))

    assert event.equity is None
    assert event.drawdown is None
    assert event.profit_today is None
    assert event.var_1d_99 is None
    assert event.gross > 0.0


def test_a_wiped_out_book_has_a_drawdown_but_no_share_of_equity() -> None:
    event = portfolio_risk(
        assess(snapshot_of(replace(held(BTC, 1e5), cash=-2e5))), performance_at(-1e5)
    )

    assert event.equity == pytest.approx(-1e5)
    assert event.drawdown is not None
    assert event.var_1d_99 is None
    assert event.stress_loss is None


def exposed(value: float, *, cash: float = 1e6) -> Assessment:
    return assess(snapshot_of(replace(held(BTC, value), cash=cash)))


def test_a_trade_is_announced_however_small() -> None:
    event = exposure_update(exposed(1_000.0), {BTC: 999.0}, frozenset({BTC}))

    assert event is not None
    assert event.changed == (BTC,)
    assert event.by_asset == {BTC: pytest.approx(1_000.0)}
    assert event.by_strategy == {"trend": pytest.approx(1_000.0)}
    assert event.by_venue == {"sim-a": pytest.approx(1_000.0)}


@pytest.mark.parametrize(("told", "announced"), [(91_000.0, False), (85_000.0, True)])
def test_drift_is_announced_beyond_a_hundredth_of_equity(told: float, announced: bool) -> None:
    event = exposure_update(exposed(1e5, cash=9e5), {BTC: told}, frozenset())

    assert (event is not None) is announced


def test_an_asset_that_is_gone_is_announced_by_name_and_no_longer_listed() -> None:
    event = exposure_update(assess(snapshot_of(Ledger(cash=1e6))), {BTC: 5e4}, frozenset())

    assert event is not None
    assert (event.changed, event.by_asset) == ((BTC,), {})


@given(st.sampled_from(("unknown", "gone")))
def test_without_equity_drift_is_measured_against_the_book_itself(equity: str) -> None:
    """Else every tick would be announced for as long as one mark is missing."""
    if equity == "gone":
        found = exposed(1e5, cash=-1e5)
    else:
        ledger = book_of(
            {PositionKey("trend", BTC, "sim-a"): 1e5, PositionKey("trend", ETH, "sim-a"): 10.0}
        )
        marks = marks_of(trusts={ETH: Trust.MISSING})
        found = assess(snapshot_of(ledger, marks=marks))
    others = {a: e.net for a, e in found.held.by_asset.items()}

    assert exposure_update(found, {**others, BTC: 1e5 - 500.0}, frozenset()) is None
    assert exposure_update(found, {**others, BTC: 1e5 - 5_000.0}, frozenset()) is not None
