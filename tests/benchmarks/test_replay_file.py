"""Replaying price files with the equal-weight book."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.equal_weight import CAPITAL, EqualWeightAccount
from benchmarks.replay_file import (
    NotFiniteError,
    Tally,
    main,
    merged_bars,
    refuse_not_finite,
    replay,
)
from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Mark, Period, Trust, missing_mark
from risk.domain.ports import Carried, CycleRecord, MarketReading
from risk.domain.state import RiskState
from risk.errors import PriceFileInvalid
from risk.feeds.replaying import readings_of
from risk.portfolio.forecasting import new_models

START = datetime(2022, 1, 1, tzinfo=UTC)


def write_prices(path: Path, assets: tuple[str, ...], *, days: int, hours: int = 24) -> Path:
    """A long file of random hourly closes."""
    count = days * hours
    rng = np.random.default_rng(len(path.name))
    step = timedelta(hours=24 // hours)
    frames = [
        pd.DataFrame(
            {
                "timestamp": [START + number * step for number in range(count)],
                "asset": asset,
                "close": 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, count))),
            }
        )
        for asset in assets
    ]
    pd.concat(frames).to_parquet(path)
    return path


def reading(at: datetime, breaks: frozenset[str] = frozenset(), **prices: float) -> MarketReading:
    marks = {asset: Mark(asset=asset, price=price, at=at) for asset, price in prices.items()}
    opened = at - timedelta(hours=1)
    close = BarClose(period=Period.HOUR, opened=opened, bars={}, breaks=breaks)
    return MarketReading(at=at, marks=marks, closes=(close,))


def read(account: EqualWeightAccount, market: MarketReading, ledger: Ledger) -> Ledger:
    carried = Carried(state=RiskState(portfolio="replay"), ledger=ledger, models=new_models())
    said = account.read(market, carried)
    return ledger.after_all(fills=said.fills, flows=said.flows)


def quantities(ledger: Ledger) -> dict[str, float]:
    return {position.asset: position.quantity for position in ledger.positions.values()}


# --- the book ------------------------------------------------------------------------------


def test_the_capital_is_shared_equally_among_the_assets_with_a_trusted_mark():
    market = reading(START, BTC=50.0, ETH=10.0)
    market = replace(market, marks={**market.marks, "FTT": missing_mark("FTT", START)})

    ledger = read(EqualWeightAccount(), market, Ledger())

    assert quantities(ledger) == pytest.approx({"BTC": CAPITAL / 100.0, "ETH": CAPITAL / 20.0})
    assert ledger.cash == pytest.approx(0.0, abs=1e-6)


def test_it_trades_at_midnight_only_and_restores_equal_weights_there():
    account, ledger = EqualWeightAccount(), Ledger()
    ledger = read(account, reading(START, BTC=50.0, ETH=10.0), ledger)
    held = quantities(ledger)

    ledger = read(account, reading(START + timedelta(hours=23), BTC=90.0, ETH=10.0), ledger)
    assert quantities(ledger) == held

    ledger = read(account, reading(START + timedelta(hours=24), BTC=100.0, ETH=10.0), ledger)
    assert quantities(ledger)["BTC"] * 100.0 == pytest.approx(quantities(ledger)["ETH"] * 10.0)


def test_an_asset_enters_when_it_has_a_mark():
    account, ledger = EqualWeightAccount(), Ledger()
    ledger = read(account, reading(START, BTC=50.0), ledger)
    ledger = read(account, reading(START + timedelta(days=1), BTC=50.0, ADA=1.0), ledger)

    assert quantities(ledger) == pytest.approx({"BTC": CAPITAL / 100.0, "ADA": CAPITAL / 2.0})


def test_a_holding_whose_series_begins_anew_leaves_at_its_last_price_not_at_the_new_one():
    account, ledger = EqualWeightAccount(), Ledger()
    ledger = read(account, reading(START, LUNA=0.01, BTC=50.0), ledger)
    after = reading(START + timedelta(hours=1), frozenset({"LUNA"}), LUNA=9.0, BTC=50.0)
    ledger = read(account, after, ledger)

    assert set(quantities(ledger)) == {"BTC"}
    assert ledger.cash == pytest.approx(CAPITAL / 2.0)


def test_a_stale_holding_waits_and_leaves_when_its_series_has_ended():
    account, ledger = EqualWeightAccount(), Ledger()
    ledger = read(account, reading(START, FTT=20.0, BTC=50.0), ledger)
    stale = Mark(asset="FTT", price=20.0, at=START, trust=Trust.STALE)
    for days, held in ((1, {"FTT", "BTC"}), (7, {"FTT", "BTC"}), (8, {"BTC"})):
        market = reading(START + timedelta(days=days), BTC=50.0)
        ledger = read(account, replace(market, marks={**market.marks, "FTT": stale}), ledger)
        assert set(quantities(ledger)) == held


# --- the replay ----------------------------------------------------------------------------


def test_every_reading_is_a_cycle_and_models_score_their_forecasts(tmp_path: Path):
    _, bars = merged_bars([write_prices(tmp_path / "a.parquet", ("BTC", "ETH"), days=84)])
    tally = Tally()
    for record in replay(readings_of(bars), EqualWeightAccount()):
        tally.add(record)

    assert tally.readings == 84 * 24
    assert len(tally.exceeded[Period.HOUR]) > 1_000
    assert 0 < len(tally.exceeded[Period.DAY]) < 5


def test_files_are_merged_into_one_market(tmp_path: Path):
    first = write_prices(tmp_path / "a.parquet", ("BTC",), days=2)
    second = write_prices(tmp_path / "b.parquet", ("ETH",), days=2)

    rows, bars = merged_bars([first, second])

    assert rows == len(bars) == 96
    assert bars.assets == ("BTC", "ETH")


def test_files_of_different_bars_are_not_merged(tmp_path: Path):
    hourly = write_prices(tmp_path / "a.parquet", ("BTC",), days=2)
    daily = write_prices(tmp_path / "b.parquet", ("ETH",), days=9, hours=1)

    with pytest.raises(PriceFileInvalid, match="cannot be merged"):
        merged_bars([hourly, daily])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_measure_that_is_not_finite_is_an_error(tmp_path: Path, value: float):
    _, bars = merged_bars([write_prices(tmp_path / "a.parquet", ("BTC",), days=1)])
    record: CycleRecord = next(replay(readings_of(bars), EqualWeightAccount()))
    spoiled = replace(record, assessment=replace(record.assessment, cash=value))

    refuse_not_finite(record)
    with pytest.raises(NotFiniteError, match=r"Assessment\.cash"):
        refuse_not_finite(spoiled)


def test_it_prints_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main([str(write_prices(tmp_path / "a.parquet", ("BTC", "ETH"), days=3))])

    told = capsys.readouterr().out
    assert "readings  72, each a cycle" in told
    assert "1d 99.0%" in told
