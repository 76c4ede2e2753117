"""Marks and bars: what may be believed, and from when on it may be used."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from risk.domain.market import Bar, BarClose, Mark, Period, Trust, missing_mark

NOON = datetime(2024, 1, 1, 12, 34, 56, 789, tzinfo=UTC)


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STALE, Trust.SUSPECT])
@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -1.0])
def test_a_mark_that_values_anything_needs_a_price(trust: Trust, price: float) -> None:
    with pytest.raises(ValueError, match=f"a {trust} mark of BTC/USDT needs a price"):
        Mark(asset="BTC/USDT", price=price, at=NOON, trust=trust)


def test_a_missing_mark_has_none() -> None:
    mark = missing_mark("BTC/USDT", NOON)

    assert math.isnan(mark.price)
    assert (mark.trust, mark.known, mark.at) == (Trust.MISSING, False, NOON)


def test_only_a_trusted_mark_allows_new_risk() -> None:
    assert [trust for trust in Trust if trust.allows_new_risk] == [Trust.TRUSTED]


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STALE, Trust.SUSPECT])
def test_every_other_mark_values_a_position(trust: Trust) -> None:
    assert Mark(asset="BTC/USDT", price=1.0, at=NOON, trust=trust).known


@pytest.mark.parametrize("period", Period)
def test_a_bar_may_be_used_from_its_close_on(period: Period) -> None:
    opened = period.open_of(NOON)
    bar = Bar(
        asset="BTC/USDT", period=period, opened=opened, open=1.0, high=1.0, low=1.0, close=1.0
    )

    assert bar.closed == BarClose(period=period, opened=opened, bars={}).closed
    assert bar.closed == opened + period.span
    assert opened <= NOON < bar.closed


def test_bars_open_on_the_hour_and_at_midnight_utc() -> None:
    tokyo = datetime(2024, 1, 2, 3, 30, tzinfo=timezone(timedelta(hours=9)))

    assert Period.HOUR.open_of(tokyo) == datetime(2024, 1, 1, 18, tzinfo=UTC)
    assert Period.DAY.open_of(tokyo) == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_year_of_crypto_has_365_days() -> None:
    for period in Period:
        assert period.per_year * period.span == timedelta(days=365)
