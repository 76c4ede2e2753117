"""What was held on past days, forecasts beside their outcomes, and why a loss went beyond."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pages.context import NO_HISTORY, DayCloses, MetricHistory
from pages.format import UTC_ZONE, zone
from pages.views.records.counts import count_at, light_of, normal_range
from pages.views.records.explained import assets_words, exceptions_of, market_words
from pages.views.records.past import COMPARED, held_days, look_back, model_records
from pages.views.records.scored import known_at, scored_bars
from risk.domain.market import Period
from risk.domain.positions import PositionKey
from risk.measures.var import VAR_MODELS
from tests import fakes_book
from tests.fakes_web import DEMO, FakeBookReader

MIDNIGHT = fakes_book.MIDNIGHT
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
LONG = PositionKey("trend", "BTC/USDT", "sim-a")
OTHER = PositionKey("dip", "BTC/USDT", "sim-a")
ETHER = PositionKey("dip", "ETH/USDT", "sim-b")


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def closes(rows, *, days=None, breaks=None) -> DayCloses:
    close = np.array(rows, dtype=float)
    numbers = range(len(close)) if days is None else days
    return DayCloses(
        days_ms=np.array([ms(START + n * DAY) for n in numbers], dtype=np.int64),
        assets=("BTC/USDT", "ETH/USDT"),
        close=close,
        breaks=np.zeros(close.shape, dtype=bool) if breaks is None else np.array(breaks),
    )


@pytest.fixture(scope="module")
def past():
    return look_back(FakeBookReader(), DEMO, MIDNIGHT)


@pytest.fixture(scope="module")
def bars():
    reader = FakeBookReader()
    since = MIDNIGHT - 249 * DAY
    events = reader.forecasts_scored("demo", Period.DAY, since=since, until=MIDNIGHT)
    equity = reader.metric_history(
        "demo", "equity", since=since - 2 * DAY, until=MIDNIGHT, max_points=6_100
    )
    return scored_bars(events, Period.DAY, equity)


def test_holdings_are_valued_at_the_last_close_before_the_day():
    days = [START + 2 * DAY, START + 3 * DAY]
    held = held_days(
        days, [{LONG: 2.0, OTHER: -0.5}, {ETHER: 3.0}], closes([[10, 1], [20, 2], [30, 4]])
    )

    assert held.exposures.tolist() == [[30.0, 0.0], [0.0, 12.0]]


def test_what_a_day_brought_by_asset_is_exposure_times_return():
    held = held_days(
        [START + 1 * DAY, START + 2 * DAY], [{LONG: 2.0}, {}], closes([[10, 1], [20, 2]])
    )

    assert held.profits(0) == {"BTC/USDT": pytest.approx(20.0)}
    assert held.moves(0) == {"BTC/USDT": pytest.approx(1.0), "ETH/USDT": pytest.approx(1.0)}
    assert held.moves(1) == {}


def test_a_missing_day_leaves_no_return_and_the_older_close_values_the_book():
    held = held_days([START + 3 * DAY], [{LONG: 1.0}], closes([[10, 1], [30, 3]], days=[0, 2]))
    days = held_days([START + 2 * DAY], [{LONG: 1.0}], closes([[10, 1], [30, 3]], days=[0, 2]))

    assert held.exposures.tolist() == [[30.0, 0.0]]
    assert days.exposures.tolist() == [[10.0, 0.0]]
    assert np.isnan(held.returns).all()


def test_a_series_that_begins_anew_has_no_return_there():
    anew = closes([[10, 1], [2000, 2]], breaks=[[False, False], [True, False]])
    held = held_days([START + 1 * DAY], [{LONG: 1.0}], anew)

    assert held.moves(0) == {}
    assert np.isnan(held.returns[:, 0]).all()


def test_half_a_book_is_not_judged_as_if_it_were_all_of_it():
    held = held_days(
        [START + 1 * DAY], [{LONG: 1.0, ETHER: 1.0}], closes([[10, np.nan], [11, np.nan]])
    )

    assert not held.exposures.any()


def test_hindsight_agrees_with_what_was_scored_at_the_time(past, bars):
    rows = [past.held.row(int(opened)) for opened in bars.opened_ms]

    earned = [sum(past.held.profits(row).values()) for row in rows]
    assert earned == pytest.approx(bars.profit.tolist(), rel=1e-9, abs=1e-6)


def test_the_model_in_use_would_have_forecast_about_what_it_did(past, bars):
    record = past.models["filtered_evt"]
    ratio = record.var_99[:-1] / bars.var_99

    assert np.median(ratio) == pytest.approx(1.0, abs=0.03)
    assert record.days == len(bars)


def test_every_model_that_is_not_costly_has_a_record_that_reaches_to_today(past):
    assert set(past.models) == {name for name, m in VAR_MODELS.items() if not m.costly}
    assert tuple(past.models) == COMPARED
    assert all(record.today_99 and record.today_99 > 0.0 for record in past.models.values())


def test_a_flat_book_gives_no_model_a_day():
    flat = held_days([START + n * DAY for n in (1, 2)], [{}, {}], closes([[10, 1], [20, 2]]))
    record = model_records(["historical_250"], flat)["historical_250"]

    assert (record.days, record.today_99) == (0, None)


def test_a_book_without_entries_has_one_day_today():
    class Empty(FakeBookReader):
        def ledger_entries(self, portfolio, *, after=0):
            return super().ledger_entries(portfolio, after=10**9)

    assert look_back(Empty(), DEMO, MIDNIGHT).held.opened_ms.tolist() == [ms(MIDNIGHT)]


# -- equity at the opening ------------------------------------------------------------------


def test_the_last_value_known_counts_unless_it_is_too_old():
    history = MetricHistory(np.array([0, 1_000, 9_000]), np.array([1.0, 2.0, 3.0]))
    moments = np.array([-1, 0, 1_500, 8_999, 9_000])

    found = known_at(history, moments, timedelta(seconds=5))

    assert found == pytest.approx([np.nan, 1.0, 2.0, np.nan, 3.0], nan_ok=True)
    assert np.isnan(known_at(NO_HISTORY, moments, DAY)).all()


def test_a_share_of_an_unknown_equity_is_unknown(bars):
    empty = scored_bars([], Period.DAY, NO_HISTORY)
    events = fakes_book.scored(Period.DAY)[:3]

    assert len(empty) == 0
    assert scored_bars(events, Period.DAY, NO_HISTORY).of_equity(0, 1.0) is None
    assert bars.of_equity(0, float(bars.equity[0])) == pytest.approx(1.0)


# -- the verdict ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exceptions", "word"), [(0, "GREEN"), (4, "GREEN"), (5, "AMBER"), (9, "AMBER"), (10, "RED")]
)
def test_the_light_is_basels(bars, exceptions, word):
    light = light_of(_with_exceptions(bars, exceptions))

    assert light.word == word
    assert light.zone / 3 < light.place < (light.zone + 1) / 3


def test_many_more_exceptions_than_red_needs_stay_on_the_track(bars):
    assert light_of(_with_exceptions(bars, 200)).place < 1.0


def test_exceptions_are_judged_by_their_normal_range(bars):
    counts = [count_at(0.99, _with_exceptions(bars, n)).verdict for n in (0, 3, 7)]

    assert counts == ["few", "normal", "many"]


@pytest.mark.parametrize("days", [20, 60, 186, 250])
def test_no_exception_at_all_is_too_few_only_where_some_are_usual(bars, days):
    young = _with_exceptions(bars, 0).last(days)
    low, _ = normal_range(days, 0.99)

    assert count_at(0.99, young).verdict == ("few" if low > 0 else "normal")


def _with_exceptions(bars, count):
    beyond = np.zeros(len(bars), dtype=bool)
    beyond[:count] = True
    return replace(bars, beyond_99=beyond)


# -- why -------------------------------------------------------------------------------------


def test_each_exception_is_told_newest_first_with_what_lost_most(past, bars):
    told = exceptions_of(bars, past.held, benchmark="BTC/USDT", zone=UTC_ZONE)

    assert [one.row for one in told] == sorted(np.flatnonzero(bars.beyond_95), reverse=True)
    assert sum(one.hard for one in told) == bars.beyond_99.sum()
    assert all(one.loss > one.var for one in told)
    assert all(one.assets.startswith("Most by ") for one in told)
    assert "The whole market fell: BTC \u2212" in told[0].market


def test_the_assets_named_are_those_that_lost_most():
    profits = {"A/USDT": -5.0, "B/USDT": -50.0, "C/USDT": 900.0, "D/USDT": -7.0, "E/USDT": -6.0}

    assert assets_words(profits) == "Most by B \u221250, D \u22127, E \u22126."
    assert assets_words({"C/USDT": 900.0}) == ""


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        (
            [-0.08, -0.05, -0.02, -0.01, 0.01],
            "The whole market fell: A \u22128.0\u00a0%, 4 of 5 coins fell.",
        ),
        (
            [0.086, 0.05, 0.02, 0.01, 0.03],
            "The whole market rose: A +8.6\u00a0%, 5 of 5 coins rose.",
        ),
        ([0.02, -0.01, 0.04], "Not the whole market: A +2.0\u00a0%, 2 of 3 coins rose."),
        ([0.02, -0.01, -0.04], "Not the whole market: A +2.0\u00a0%, 2 of 3 coins fell."),
        ([0.02, -0.02], "Not the whole market: A +2.0\u00a0%, 1 of 2 coins fell."),
        ([0.0, 0.0], "Not the whole market: A 0.0\u00a0%, 0 of 2 coins fell."),
    ],
)
def test_the_market_is_told_by_the_way_that_most_coins_moved(moves, told):
    by_asset = {f"{name}/USDT": move for name, move in zip("ABCDE", moves, strict=False)}

    assert market_words(by_asset, "A/USDT") == told


def test_nothing_is_said_of_a_market_or_a_leader_that_is_not_known():
    assert market_words({}, "BTC/USDT") == ""
    assert "BTC" not in market_words({"ETH/USDT": -0.1}, "BTC/USDT")


def test_days_are_those_of_utc_and_hours_those_of_the_viewer(bars):
    berlin = zone("Europe/Berlin")
    events = [e for e in fakes_book.scored(Period.HOUR) if e.exceeded_95]
    hours = scored_bars(events, Period.HOUR, NO_HISTORY)
    told = exceptions_of(hours, None, benchmark="BTC/USDT", zone=berlin)
    opened = (events[-1].at - timedelta(hours=1)).astimezone(berlin.info)

    assert told[0].when.endswith(f"{opened:%H:%M}")
    assert exceptions_of(bars, None, benchmark="BTC/USDT", zone=berlin)[0].when.endswith("Oct")
    assert told[0].loss_share is None
    assert "USD" in told[0].loss_words("USD")
