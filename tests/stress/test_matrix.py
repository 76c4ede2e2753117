"""Shocks of today's assets: recorded ones as they were, proxies by the rule that they name."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.snapshot import ShockMatrix, ShockSource
from risk.portfolio.forecasting import new_models
from risk.portfolio.stress import profits
from risk.stress.matrix import MOST_WILD, RULES, shock_matrix, shocks_by
from risk.stress.scenarios import LIVE, SCENARIOS, Scenario, read_events
from tests.books import KNOWN, LATE, warmed_models

EVENTS = read_events("""
stablecoins = ["USDC", "DAI"]

[[event]]
id = "crash"
title = "Crash"
cause = "a test"
base = 2020-03-11
end = 2020-03-16
lowest = { BTC = -0.2, ETH = -0.4, SOL = -0.6 }
worst_day = { BTC = -0.1, ETH = 0.2, USDC = -0.05 }
""").scenarios
CRASH, MIXED = EVENTS

assets_known = st.dictionaries(
    st.sampled_from(["BTC", "ETH/USDT", "SOL/USDT", "NEW/USDT", "OLD/USDT", "USDC/USDT", "LTC"]),
    st.none() | st.floats(0.0, 0.5),
    max_size=7,
)


def matrix(known: Mapping[str, float | None], scenarios=EVENTS) -> ShockMatrix:
    """Of assets with the deviation given; None for one whose history is too short."""
    wildness = [np.nan if value is None else value for value in known.values()]
    return shock_matrix(tuple(known), np.array(wildness, dtype=np.float64), scenarios)


def shock(shocks: ShockMatrix, scenario: Scenario, asset: str) -> tuple[float, ShockSource]:
    row, column = shocks.scenarios.index(scenario.id), shocks.column(asset)
    return float(shocks.returns[row, column]), shocks.source(scenario.id, asset)


def test_a_coin_that_the_event_recorded_takes_its_own_return():
    shocks = matrix({"BTC/USDT": 0.03, "ETH": None})

    assert shock(shocks, CRASH, "BTC/USDT") == (-0.2, ShockSource.RECORDED)
    assert shock(shocks, CRASH, "ETH") == (-0.4, ShockSource.RECORDED)


def test_a_coin_without_history_falls_as_the_worst_coin_of_the_event():
    shocks = matrix({"BTC": 0.03, "NEW": None})

    assert shock(shocks, CRASH, "NEW") == (-0.6, ShockSource.WORST)
    assert shock(shocks, MIXED, "NEW") == (-0.1, ShockSource.WORST)


def test_a_coin_that_can_be_compared_with_nothing_falls_as_the_worst_too():
    assert shock(matrix({"LTC": 0.04}), CRASH, "LTC") == (-0.6, ShockSource.WORST)
    assert shock(matrix({"LTC": 0.04, "BTC": None}), CRASH, "LTC")[1] is ShockSource.WORST
    assert shock(matrix({"LTC": 0.04, "BTC": 0.0}), CRASH, "LTC")[1] is ShockSource.WORST


@pytest.mark.parametrize(
    ("wildness", "fall"),
    [(0.04, -0.4), (0.06, 0.6**1.5 - 1.0), (0.09, 0.6**MOST_WILD - 1.0), (0.01, -0.4)],
    ids=["as wild", "half again as wild", "wilder than believed", "calmer"],
)
def test_a_coin_with_history_falls_with_the_mean_compounded_by_its_wildness(wildness, fall):
    shocks = matrix({"BTC": 0.03, "ETH": 0.05, "LTC": wildness})

    value, source = shock(shocks, CRASH, "LTC")

    assert value == pytest.approx(fall)
    assert source is ShockSource.SCALED


def test_a_stablecoin_falls_only_with_stablecoins():
    shocks = matrix({"BTC": 0.03, "USDC/USDT": 0.001, "DAI": None})

    assert shock(shocks, CRASH, "USDC/USDT") == (0.0, ShockSource.PEGGED)
    assert shock(shocks, MIXED, "USDC/USDT") == (-0.05, ShockSource.RECORDED)
    assert shock(shocks, MIXED, "DAI") == (-0.05, ShockSource.PEGGED)


@given(assets_known)
def test_a_proxy_is_never_milder_than_its_rule_promises(known):
    shocks = matrix(known, (*EVENTS, *SCENARIOS.values()))

    for scenario in (*EVENTS, *SCENARIOS.values()):
        for asset in known:
            value, source = shock(shocks, scenario, asset)
            if source is ShockSource.SCALED:
                assert -1.0 < value <= scenario.mean
            if source is ShockSource.WORST:
                assert value == scenario.worst <= scenario.mean
            if source is ShockSource.PEGGED:
                assert value == scenario.worst_pegged <= 0.0


@given(assets_known, st.permutations(range(7)))
def test_the_order_of_assets_does_not_matter(known, order):
    names = [list(known)[i] for i in order if i < len(known)]
    one, other = matrix(known), matrix({name: known[name] for name in names})

    for scenario in EVENTS:
        for asset in known:
            (value, source), (again, same) = (shock(m, scenario, asset) for m in (one, other))
            assert again == pytest.approx(value, rel=1e-12)
            assert same is source


@given(assets_known, st.floats(0.1, 10.0))
def test_a_market_that_is_wilder_as_a_whole_changes_nothing(known, times):
    wilder = {name: value and value * times for name, value in known.items()}

    assert matrix(wilder).returns == pytest.approx(matrix(known).returns, abs=1e-9)


@given(assets_known.filter(bool), st.data())
def test_losses_of_a_book_are_linear_and_short_mirrors_long(known, data):
    shocks = matrix(known)
    money = st.floats(-1e6, 1e6)
    book, other = ({asset: data.draw(money) for asset in known} for _ in range(2))
    size = data.draw(st.floats(-5.0, 5.0))

    one, two = profits(shocks, book), profits(shocks, other)
    together = profits(shocks, {asset: book[asset] + size * other[asset] for asset in known})

    assert one is not None
    assert two is not None
    assert together == pytest.approx(one + size * two, abs=1e-5)


def test_every_source_has_its_rule_in_words():
    assert set(RULES) == set(ShockSource)
    assert all(RULES.values())


def test_without_assets_or_scenarios_the_matrix_is_empty():
    assert matrix({}).returns.shape == (2, 0)
    assert matrix({"BTC": 0.03}, ()).returns.shape == (0, 1)


@pytest.mark.parametrize("wildness", [[0.1], [0.1, np.inf], [0.1, -0.2]])
def test_deviations_that_cannot_be_are_refused(wildness):
    with pytest.raises(ValueError, match="deviation"):
        shock_matrix(("BTC", "ETH"), np.array(wildness), EVENTS)


# --- by a model ------------------------------------------------------------------------------


def test_a_model_shocks_every_asset_it_knows_in_every_live_scenario():
    shocks = shocks_by(warmed_models().day)

    assert shocks.assets == warmed_models().day.assets
    assert shocks.scenarios == tuple(scenario.id for scenario in LIVE)
    assert set(KNOWN) <= set(shocks.assets)


def test_a_model_that_has_seen_nothing_falls_back_on_what_was_recorded_and_the_worst():
    shocks = shocks_by(new_models(KNOWN).day)
    assert shocks.sources is not None

    assert set(np.unique(shocks.sources)) == {ShockSource.RECORDED, ShockSource.WORST}


def test_how_wild_a_coin_is_says_its_slow_deviation_not_the_storm_of_today():
    day = warmed_models().day
    storm = day.filter.variance * np.linspace(1.0, 9.0, len(day.assets))

    after = shocks_by(replace(day, filter=day.filter._replace(variance=storm)))

    np.testing.assert_array_equal(after.returns, shocks_by(day).returns)


def test_a_proven_coin_that_no_event_recorded_is_scaled():
    """The same past under a name that no event knows."""
    day = warmed_models().day
    renamed = replace(day, assets=tuple(a.replace("SOL", "LTC") for a in day.assets))

    shocks = shocks_by(renamed)

    assert {shocks.source(name, "LTC/USDT") for name in shocks.scenarios} == {ShockSource.SCALED}
    assert {shocks.source(name, LATE) for name in shocks.scenarios} == {ShockSource.WORST}
