"""Exposure over time, added up from positions that are told at moments of their own."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pages.context import MetricHistory
from pages.query import parse
from pages.views.exposure.past import EXPOSURES, courses_of, layers_of, selected_past
from pages.views.exposure.selection import WORDS, Selection, selection_of
from risk.domain.positions import PositionKey

START = datetime(2026, 11, 12, tzinfo=UTC)
BTC, ETH = PositionKey("trend", "BTC/USDT", "a"), PositionKey("dip", "ETH/USDT", "b")
ALL = Selection()


def history(*points: tuple[float, float]) -> MetricHistory:
    """Hours after the start, and values."""
    ts_ms = [round((START + timedelta(hours=h)).timestamp() * 1000.0) for h, _ in points]
    return MetricHistory(np.array(ts_ms), np.array([value for _, value in points]))


def past(histories, selection=ALL, hours=4):
    return selected_past(histories, selection, START, START + timedelta(hours=hours), hours + 1)


TOLD = {BTC: history((-1.0, 100.0), (2.5, 150.0)), ETH: history((1.0, -40.0), (3.0, 0.0))}


def test_each_value_holds_until_it_is_told_anew():
    found = past(TOLD)

    assert found.values[BTC].tolist() == [100.0, 100.0, 100.0, 150.0, 150.0]
    assert found.values[ETH].tolist() == [0.0, -40.0, -40.0, 0.0, 0.0]


def test_gross_net_long_and_short_follow_from_the_positions():
    courses = {name: course.values.tolist() for name, course in courses_of(past(TOLD)).items()}

    assert tuple(courses) == EXPOSURES
    assert courses["long"] == [100.0, 100.0, 100.0, 150.0, 150.0]
    assert courses["short"] == [0.0, 40.0, 40.0, 0.0, 0.0]
    assert courses["gross"] == [100.0, 140.0, 140.0, 150.0, 150.0]
    assert courses["net"] == [100.0, 60.0, 60.0, 150.0, 150.0]


def test_what_was_before_anything_was_told_is_left_out_and_not_called_zero():
    found = past({ETH: TOLD[ETH]})

    assert found.ts_ms.size == 4


def test_a_part_is_cut_out_by_key_and_by_the_side_it_had_then():
    turned = {BTC: history((0.0, 100.0), (2.0, -50.0))}

    assert list(past(TOLD, Selection((("strategy", "dip"),))).values) == [ETH]
    assert past(turned, Selection(side="short")).values[BTC].tolist() == [0, 0, -50, -50, -50]
    assert past(turned, Selection(side="long")).values[BTC].tolist() == [100, 100, 0, 0, 0]


def test_no_history_is_none_and_no_error():
    found = past({})

    assert found.ts_ms.size == 0
    assert all(course.values.size == 0 for course in courses_of(found).values())
    assert layers_of(found, "asset") == ([], None)


@pytest.mark.parametrize(("groups", "own", "rest"), [(1, 1, False), (4, 4, False), (6, 4, True)])
def test_the_largest_groups_have_layers_of_their_own_and_nothing_is_lost(groups, own, rest):
    histories = {
        PositionKey("s", f"A{n}", "v"): history((0.0, 10.0 * (n + 1) * (-1) ** n))
        for n in range(groups)
    }
    layers, others = layers_of(past(histories), "asset")
    total = sum(layer.values for layer in [*layers, *([others] if others else [])])

    assert len(layers) == own
    assert (others is not None) == rest
    assert layers[0].name == f"A{groups - 1}"
    assert total.tolist() == courses_of(past(histories))["net"].values.tolist()


def test_an_address_selects_by_all_that_it_says():
    selection = selection_of(parse({"asset": "BTC/USDT", "venue": "a", "side": "long"}, WORDS))

    assert selection.takes(BTC)
    assert not selection.takes(BTC._replace(venue="b"))
    assert selection.quantities({BTC: 2.0, BTC._replace(strategy="x"): -1.0}) == {BTC: 2.0}


def test_what_is_known_once_a_day_only_is_told_apart_from_what_is_known_by_the_hour():
    hourly = {BTC: history(*((float(h), 100.0 + h) for h in range(72)))}
    daily = {BTC: history(*((24.0 * d, 100.0 + d) for d in range(3)))}

    assert not past(hourly, hours=72).by_the_day
    assert past(daily, hours=72).by_the_day


def test_of_a_part_that_was_never_held_no_course_is_known():
    never = past(TOLD, Selection((("strategy", "nobody"),)))

    assert all(course.ts_ms.size == 0 for course in courses_of(never).values())
