"""What an account's assets may move before it is liquidated."""

import pytest
from hypothesis import given

from risk.assess import assess
from risk.domain.assessment import Exposure, Liquidation
from risk.domain.market import Trust
from risk.position.liquidation import liquidation_moves, nearest_liquidation
from tests.books import ASSETS, BTC, ETH, PRICES, SOL, held, marks_of, snapshot_of, snapshots


def moves_of(equity, maintenance=0.0, **held_by_asset):
    return liquidation_moves(held_by_asset, equity, maintenance=maintenance)


def test_each_asset_is_moved_alone():
    moves = moves_of(1_000.0, btc=Exposure(2_000.0, 0.0), eth=Exposure(0.0, 500.0))

    assert moves == {"btc": -0.5, "eth": 2.0}


def test_the_nearest_is_the_smallest_ratio_of_prices():
    """A fall to 0.4 is further than a rise to 2, and one to 0.6 is nearer."""
    assert nearest_liquidation({"btc": -0.6, "eth": 1.0}) == Liquidation("eth", 1.0)
    assert nearest_liquidation({"btc": -0.4, "eth": 1.0, "sol": None}) == ("btc", -0.4)
    assert nearest_liquidation({"sol": None}) is None
    assert nearest_liquidation({}) is None


def test_while_equity_is_unknown_so_is_every_move():
    assert moves_of(None, btc=Exposure(2_000.0, 0.0)) == {"btc": None}


def test_a_book_without_debt_cannot_be_liquidated_by_one_asset():
    found = assess(snapshot_of(held(BTC, 1e5)))

    assert [p.liquidation_move for p in found.positions] == [None]
    assert found.nearest_liquidation is None


def test_the_snapshots_maintenance_margin_counts():
    short = held(SOL, -5e5)
    lax, strict = (
        assess(snapshot_of(short, maintenance_margin=part)).nearest_liquidation
        for part in (0.005, 0.1)
    )

    assert lax is not None
    assert strict is not None
    assert (lax.asset, strict.asset) == (SOL, SOL)
    assert 0.0 < strict.move < lax.move


def test_an_unvalued_asset_hides_every_liquidation():
    missing = marks_of(trusts={ETH: Trust.MISSING})
    found = assess(snapshot_of(held(ETH, -5e6), marks=missing))

    assert [p.liquidation_move for p in found.positions] == [None]


@given(snapshots(whole=True))
def test_at_its_move_equity_is_down_to_the_maintenance_margin(snapshot):
    before = assess(snapshot)
    for asset in ASSETS:
        moves = {p.liquidation_move for p in before.positions if p.asset == asset}
        assert len(moves) <= 1  # positions in one asset move together
        for move in moves - {None, 0.0}:
            prices = {**PRICES, asset: PRICES[asset] * (1.0 + move)}
            after = assess(snapshot_of(snapshot.ledger, marks=marks_of(prices)))
            required = 0.005 * after.held.exposure.gross
            assert after.equity == pytest.approx(required, abs=1e-6 * (1e6 + required))
