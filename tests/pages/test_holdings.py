"""Grouping and summing what is held, the same on every screen."""

from dataclasses import replace

import pytest

from pages.views.holdings import (
    beta_of,
    coin,
    component_var,
    grouped,
    share_of,
    side_of,
    sum_known,
)
from tests.fakes_web import build_assessment


@pytest.mark.parametrize(
    ("exposures", "side"),
    [([5.0], "long"), ([-5.0], "short"), ([5.0, -1.0], "mixed"), ([0.0], "long"), ([], "long")],
)
def test_a_side_is_told_by_all_signs(exposures, side):
    assert side_of(exposures) == side


def test_one_unknown_part_makes_the_sum_unknown():
    assert sum_known([1.0, None, 2.0]) is None
    assert sum_known([1.0, 2.0]) == 3.0
    assert sum_known([]) == 0.0


@pytest.mark.parametrize(("value", "whole"), [(None, 2.0), (1.0, None), (1.0, 0.0), (1.0, -3.0)])
def test_there_is_no_share_of_nothing_or_of_something_unknown(value, whole):
    assert share_of(value, whole) is None


def test_groups_hold_every_position_once():
    positions = build_assessment().positions
    for by in ("asset", "strategy", "venue"):
        groups = grouped(positions, by)
        assert sorted(p.key for group in groups.values() for p in group) == sorted(
            p.key for p in positions
        )


def test_components_add_up_to_the_books_var():
    assessment = build_assessment()

    assert component_var(assessment.positions) == pytest.approx(assessment.held.day.var_at(0.99))


def test_the_books_beta_is_unknown_while_that_of_one_asset_is():
    first, *others = build_assessment().positions
    known = beta_of([first, *others], 1e6)
    expected = sum(p.beta_btc * p.exposure for p in [first, *others]) / 1e6

    assert known == pytest.approx(expected)
    assert beta_of([replace(first, beta_btc=None), *others], 1e6) is None
    assert beta_of([first], None) is None
    assert beta_of([], 1e6) is None


def test_a_coin_is_called_without_its_currency():
    assert coin("BTC/USDT") == "BTC"
    assert coin("BTC") == "BTC"
