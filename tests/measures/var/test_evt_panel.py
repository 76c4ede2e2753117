"""The default model of many series at once."""

import math

import numpy as np
import pytest

from risk.measures.sorted_windows import windows_push, windows_start
from risk.measures.tail import blended_var_es, ordered_var_es
from risk.measures.var import VAR_MODELS
from risk.measures.var.evt_panel import panel_start, panel_update
from tests.measures.var.series import LEVELS, market

MODEL = VAR_MODELS["filtered_evt"]


def updated(panel, table):
    for row in table:
        panel = panel_update(panel, row)
    return panel


def test_each_series_is_forecast_as_if_it_were_alone():
    """Against the batch form, which sorts each window: holes, a late start, a constant."""
    table = np.column_stack([market(seed=seed, bars=1200) for seed in range(4)])
    table[:700, 1] = math.nan
    table[:, 2] = 0.0
    panel = panel_start(4, LEVELS, 500)
    expected = [MODEL.path(column, LEVELS) for column in table.T]

    for t, row in enumerate(table):
        for j, path in enumerate(expected):
            np.testing.assert_allclose(panel.var[j], path.var[t], rtol=1e-12)
            np.testing.assert_allclose(panel.es[j], path.es[t], rtol=1e-12)
        panel = panel_update(panel, row)


def test_a_bar_without_returns_changes_no_forecast():
    table = np.column_stack([market(seed=seed, bars=200) for seed in range(2)])
    panel = updated(panel_start(2, LEVELS, 150), table)

    waited = panel_update(panel.copy(), np.full(2, math.nan))

    np.testing.assert_array_equal(waited.var, panel.var)
    np.testing.assert_array_equal(waited.multipliers, panel.multipliers)


def test_a_copy_is_not_used_up():
    table = market(seed=1, bars=300)[:, None]
    panel = updated(panel_start(1, LEVELS, 200), table)
    kept = panel.copy()

    panel_update(panel, np.array([-0.5]))

    again, fresh = panel_update(kept, [0.01]), updated(panel_start(1, LEVELS, 200), table)
    np.testing.assert_array_equal(again.var, panel_update(fresh, [0.01]).var)


def test_refuses_infinity_and_is_as_it_was_then():
    panel = updated(panel_start(2, LEVELS, 100), np.full((3, 2), 0.01))

    with pytest.raises(ValueError, match="infinity"):
        panel_update(panel, np.array([0.01, math.inf]))

    assert panel.losses.counts().tolist() == [3, 3]


def test_refuses_a_window_that_could_never_forecast():
    with pytest.raises(ValueError, match="window must be 100 or more"):
        panel_start(1, LEVELS, 99)


class TestOrderedVarEs:
    def windows(self, values):
        windows = windows_start(1, len(values))
        for value in values:
            windows_push(windows, np.array([value]))
        return windows

    @pytest.mark.parametrize("n", [60, 300, 900])
    def test_is_what_sorting_gives(self, n):
        rng = np.random.default_rng(n)
        shocks, losses = rng.standard_t(4, n), np.round(0.05 * rng.standard_t(4, n), 2)

        found = ordered_var_es(
            self.windows(shocks), np.array([0.04]), self.windows(losses), LEVELS, needed=50
        )

        expected = blended_var_es(0.04 * shocks, losses, LEVELS)
        np.testing.assert_allclose(np.squeeze(found), expected, rtol=1e-13)

    def test_is_unknown_where_too_little_was_seen(self):
        windows = self.windows(np.arange(99.0))

        var, es = ordered_var_es(windows, np.ones(1), windows, LEVELS, needed=100)

        assert np.isnan(var).all()
        assert np.isnan(es).all()

    def test_refuses_shapes_that_disagree_and_tails_of_too_few(self):
        windows = self.windows(np.arange(99.0))
        with pytest.raises(ValueError, match="2 deviations for 1 windows"):
            ordered_var_es(windows, np.ones(2), windows, LEVELS, needed=100)
        with pytest.raises(ValueError, match="needs 50 shocks, not 49"):
            ordered_var_es(windows, np.ones(1), windows, LEVELS, needed=49)
