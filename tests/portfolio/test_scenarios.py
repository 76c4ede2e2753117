"""Scenarios of the running bar: holes are proxied, and no proxy is a perfect hedge."""

from dataclasses import replace

import numpy as np
import pytest

from risk.domain.model import DAY_MODEL, HOUR_MODEL, PROVEN_AFTER, MarketFilter, Model
from risk.portfolio.forecasting import new_model, warm, with_scenarios
from risk.portfolio.scenarios import build_scenarios
from tests.books import BTC, ETH, KNOWN, LATE, SOL, as_closes, random_closes, warmed_model

TWO_YOUNG = (BTC, ETH, SOL, "YOUNG/USDT", "YOUNGER/USDT")


def seen_by(model: Model, **changes: object) -> MarketFilter:
    return model.filter._replace(**changes)


def with_two_young() -> Model:
    prices = random_closes(TWO_YOUNG, bars=120)
    prices[:-10, 3] = np.nan
    prices[:-5, 4] = np.nan
    return warm(new_model(DAY_MODEL, TWO_YOUNG), as_closes(TWO_YOUNG, prices))


def test_filtered_scenarios_are_residuals_at_todays_deviation() -> None:
    model = warmed_model(DAY_MODEL)
    assert model.scenarios is not None
    deviation = np.sqrt(model.filter.variance[:3])

    assert np.allclose(model.scenarios.filtered[:, :3], model.filter.residuals[:, :3] * deviation)
    assert np.array_equal(model.scenarios.raw[:, :3], model.filter.returns[:, :3])


def test_the_one_hour_model_reads_only_the_filtered_ones() -> None:
    scenarios = warmed_model(HOUR_MODEL).scenarios

    assert scenarios is not None
    assert scenarios.raw is scenarios.filtered
    assert (scenarios.unit_var, scenarios.unit_es) == (None, None)


def test_one_assets_scenarios_lie_together_in_memory() -> None:
    scenarios = warmed_model(DAY_MODEL).scenarios

    assert scenarios is not None
    assert scenarios.filtered.flags.f_contiguous
    assert scenarios.raw.flags.f_contiguous


def test_a_proxy_is_as_wild_as_the_wild_ones_and_moves_with_the_market() -> None:
    model = warmed_model(DAY_MODEL)
    scenarios, column = model.scenarios, KNOWN.index(LATE)
    assert scenarios is not None
    holes = np.isnan(model.filter.residuals[:, column])
    proxy, market = (
        scenarios.filtered[holes, column],
        model.filter.residuals[holes, :3].mean(axis=1),
    )
    wild = np.sqrt(np.quantile(model.filter.variance[:3], 0.9))

    assert holes.any()
    assert proxy.std() > 0.7 * wild
    assert 0.5 < np.corrcoef(proxy, market)[0, 1] < 0.95


def test_two_proxied_assets_do_not_cancel() -> None:
    """Long one and short the other must not look riskless."""
    scenarios = with_two_young().scenarios
    assert scenarios is not None
    one, other = scenarios.filtered[:, 3], scenarios.filtered[:, 4]

    assert (one - other).std() > 0.5 * one.std()


def test_an_own_variance_that_is_wilder_than_the_wild_ones_stands() -> None:
    model = with_two_young()
    variance = model.filter.variance.copy()
    variance[3] = 100.0 * variance[:3].max()
    scenarios = build_scenarios(seen_by(model, variance=variance), DAY_MODEL)

    assert scenarios is not None
    assert model.scenarios is not None
    assert scenarios.filtered[:, 3].std() > 5.0 * model.scenarios.filtered[:, 3].std()


def test_while_nobody_is_proven_the_wildest_of_those_known_is_the_measure() -> None:
    model = warmed_model(DAY_MODEL)
    young = seen_by(model, observed=np.full(4, PROVEN_AFTER - 1))
    scenarios = build_scenarios(young, DAY_MODEL)

    assert scenarios is not None
    least = np.sqrt(np.quantile(model.filter.variance, 0.9))
    deviation = scenarios.filtered[:, 0] / model.filter.residuals[:, 0]
    assert (deviation >= least * (1.0 - 1e-12)).all()


@pytest.mark.parametrize("bars", [0, PROVEN_AFTER - 1])
def test_too_few_bars_give_no_scenarios(bars: int) -> None:
    model = warmed_model(DAY_MODEL)
    few = seen_by(
        model, residuals=model.filter.residuals[:bars], returns=model.filter.returns[:bars]
    )

    assert build_scenarios(few, DAY_MODEL) is None


def test_without_any_variance_there_are_none() -> None:
    unknown = seen_by(warmed_model(DAY_MODEL), variance=np.full(4, np.nan))

    assert build_scenarios(unknown, DAY_MODEL) is None


def test_prices_that_never_moved_are_scenarios_without_risk() -> None:
    prices = np.full((120, 2), 100.0)
    prices[60, 1] = np.nan
    scenarios = warm(new_model(DAY_MODEL, (BTC, ETH)), as_closes((BTC, ETH), prices)).scenarios

    assert scenarios is not None
    assert (scenarios.filtered == 0.0).all()
    assert np.isfinite(scenarios.correlation).all()


def test_scenarios_can_be_derived_anew_from_what_was_stored() -> None:
    model = warmed_model(DAY_MODEL)
    loaded = with_scenarios(replace(model, scenarios=None))

    assert model.scenarios is not None
    assert loaded.scenarios is not None
    for one, other in zip(model.scenarios, loaded.scenarios, strict=True):
        assert np.array_equal(one, other)
