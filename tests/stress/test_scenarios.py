"""The project's own table of events, and what is refused of such a table."""

import math
from datetime import date

import pytest

from risk.errors import InvalidInput
from risk.stress.scenarios import (
    LIVE,
    LONGEST_EVENT,
    SCENARIOS,
    STABLECOINS,
    Horizon,
    coin_of,
    read_events,
    title_of,
)

EVENT = """
[[event]]
id = "crash"
title = "Crash"
cause = "a test"
base = 2020-03-11
end = 2020-03-16
lowest = { BTC = -0.4, USDC = -0.1 }
worst_day = { BTC = -0.3, ETH = -0.5 }
"""
TABLE = 'stablecoins = ["USDC"]\n' + EVENT


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.id)
def test_every_scenario_is_a_fall_that_a_price_can_take(scenario):
    values = [*scenario.returns.values(), *scenario.pegged.values()]

    assert all(math.isfinite(value) and value > -1.0 for value in values)
    assert scenario.worst <= scenario.mean < 0.0
    assert scenario.base < scenario.end
    assert {"BTC", "ETH"} <= scenario.returns.keys()
    assert not scenario.returns.keys() & STABLECOINS
    assert scenario.pegged.keys() <= STABLECOINS


def test_every_event_has_its_lowest_closes_and_those_that_are_no_years_their_worst_days():
    of = {h: [s for s in SCENARIOS.values() if s.horizon is h] for h in Horizon}

    assert (len(of[Horizon.LOWEST]), len(of[Horizon.SLOW])) == (21, 3)
    assert [s.id for s in of[Horizon.DAY]] == [f"{s.id}_day" for s in of[Horizon.LOWEST]]
    assert all(s.days <= LONGEST_EVENT < slow.days for s in LIVE for slow in of[Horizon.SLOW])
    assert all(day.days == 1 for day in of[Horizon.DAY])


def test_a_running_book_is_measured_by_all_but_the_years():
    assert set(SCENARIOS) - {scenario.id for scenario in LIVE} == {
        "bear_2018", "bear_2022", "bear_2026",
    }  # fmt: skip


def test_the_worst_days_of_years_are_those_of_their_events():
    """Hence years have none of their own: FTX and Terra are in the bear market around them."""
    year = SCENARIOS["bear_2022"]
    inside = [SCENARIOS[name] for name in ("terra_2022_day", "lenders_2022_day", "ftx_2022_day")]

    assert all(year.base < day.base and day.end <= year.end for day in inside)


def test_a_scenario_of_each_horizon_is_made_of_an_event():
    lowest, day = read_events(TABLE).scenarios

    assert (lowest.id, lowest.title, lowest.horizon, lowest.days) == (
        "crash", "Crash", Horizon.LOWEST, 5,
    )  # fmt: skip
    assert (day.id, day.title, day.horizon, day.days) == (
        "crash_day", "Crash (worst day)", Horizon.DAY, 1,
    )  # fmt: skip
    assert (lowest.base, lowest.end) == (date(2020, 3, 11), date(2020, 3, 16))
    assert (lowest.returns, lowest.pegged) == ({"BTC": -0.4}, {"USDC": -0.1})
    assert (day.mean, day.worst, day.worst_pegged) == (-0.4, -0.5, 0.0)
    assert lowest.worst_pegged == -0.1


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("BTC = -0.4", "BTC = -1.0", "crash moves BTC by -1.0; a return is finite and above -1"),
        ("BTC = -0.4", "BTC = nan", "crash moves BTC by nan"),
        ("BTC = -0.4", "BTC = inf", "crash moves BTC by inf"),
        ("BTC = -0.4", "BTC = true", "crash moves BTC by True, which is no number"),
        ("BTC = -0.4", 'BTC = "low"', "crash moves BTC by 'low', which is no number"),
        ("BTC = -0.4, ", "", "crash needs returns of coins as lowest"),
        ("{ BTC = -0.3, ETH = -0.5 }", "{}", "crash needs returns of coins as worst_day"),
        ("end = 2020-03-16", "end = 2020-03-11", "begins on 2020-03-11 and ends on 2020-03-11"),
        ("end = 2020-03-16", "end = 2020-03-16T00:00:00Z", "crash needs a day as end"),
        ("base = 2020-03-11", "", "crash needs a day as base, got None"),
        ('title = "Crash"', 'title = " "', "crash needs a text as title"),
        ('id = "crash"', "", "a stress event needs a text as id"),
        ("worst_day", "worst_hour", "crash has worst_hour, which nothing reads"),
        ('["USDC"]', '"USDC"', "must list its stablecoins by name"),
        ("[[event]]", "[[event]", "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_believed_is_refused_by_the_event_s_name(wrong, right, said):
    assert wrong in TABLE

    with pytest.raises(InvalidInput, match=said):
        read_events(TABLE.replace(wrong, right))


def test_two_events_of_one_name_are_refused():
    with pytest.raises(InvalidInput, match="two stress scenarios have the id crash"):
        read_events(TABLE + EVENT)
    with pytest.raises(InvalidInput, match="two stress scenarios have the title Crash"):
        read_events(TABLE + EVENT.replace('"crash"', '"other"'))


@pytest.mark.parametrize(
    ("asset", "coin"),
    [("BTC/USDT", "BTC"), ("btc", "BTC"), ("XBT/USD", "BTC"), ("ETH/USDT:USDT", "ETH")],
)
def test_an_asset_is_known_by_its_coin(asset, coin):
    assert coin_of(asset) == coin


def test_a_scenario_that_only_an_older_program_knew_keeps_its_id_as_title():
    assert title_of("ftx_2022") == "FTX collapse 2022"
    assert title_of("crash_of_1929") == "crash_of_1929"
