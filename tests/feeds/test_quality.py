"""What the gatekeeper of price history lets through, and what it says of the rest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.market import BarClose, FaultKind, Period
from risk.feeds.quality import CleanBars, clean_bars
from tests.price_tables import START, hours_after, table, walk

HOUR = Period.HOUR


def cleaned(rows: pd.DataFrame, period: Period = HOUR) -> CleanBars:
    return clean_bars(rows, period)


def counts(clean: CleanBars) -> dict[FaultKind, int]:
    told: dict[FaultKind, int] = {}
    for fault in clean.faults:
        if fault.kind is not FaultKind.SHORT_HISTORY:
            told[fault.kind] = told.get(fault.kind, 0) + fault.count
    return told


def prices_of(clean: CleanBars, asset: str = "BTC") -> list[float]:
    return [close.bars[asset].close for close in clean.closes() if asset in close.bars]


def only_fault(clean: CleanBars, kind: FaultKind) -> Any:
    (fault,) = [fault for fault in clean.faults if fault.kind is kind]
    return fault


def breaks_of(clean: CleanBars) -> list[tuple[datetime, frozenset[str]]]:
    return [(close.opened, close.breaks) for close in clean.closes() if close.breaks]


def test_sound_bars_pass_unchanged_and_without_a_word():
    close = walk(200)
    clean = cleaned(table(close))

    assert prices_of(clean) == close.tolist()
    assert clean.faults == ()
    assert clean.span == (START, hours_after(START, 200))


def test_a_close_can_be_used_only_when_its_bar_has_ended():
    first = next(iter(cleaned(table(walk(100))).closes()))

    assert first.opened == START
    assert first.closed == hours_after(START, 1)


def test_a_missing_bar_is_counted_and_its_period_is_empty_not_filled():
    clean = cleaned(table(walk(100)).drop(index=[40, 41]))
    fault = only_fault(clean, FaultKind.MISSING_BAR)

    assert (fault.at, fault.count) == (hours_after(START, 40), 2)
    assert [close.opened for close in clean.closes() if not close.bars] == [
        hours_after(START, 40),
        hours_after(START, 41),
    ]
    assert breaks_of(clean) == []


def test_every_hour_of_the_span_has_exactly_one_close():
    clean = cleaned(table(walk(300)).drop(index=[3, 90, 91, 92, 250]))

    opened = [close.opened for close in clean.closes()]
    assert opened == [hours_after(START, i) for i in range(300)]


def test_of_two_bars_at_one_time_the_first_is_kept():
    rows = table(walk(100))
    twice = rows.iloc[[50]].assign(close=lambda row: row["close"] * 1.0005)
    clean = cleaned(pd.concat([rows, twice]))

    assert counts(clean)[FaultKind.DUPLICATE] == 1
    assert prices_of(clean) == rows["close"].tolist()


def test_rows_out_of_order_are_counted_and_put_in_place():
    rows = table(walk(100))
    shuffled = pd.concat([rows.iloc[:30], rows.iloc[31:60], rows.iloc[[30]], rows.iloc[60:]])
    clean = cleaned(shuffled)

    assert counts(clean) == {FaultKind.OUT_OF_ORDER: 1}
    assert prices_of(clean) == rows["close"].tolist()


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), -float("inf"), "n/a", "", True])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_a_price_that_is_no_number_costs_its_bar(bad: object, column: str):
    rows = table(walk(100))
    rows[column] = rows[column].astype(object)
    rows.loc[20, column] = bad
    clean = cleaned(rows)

    assert counts(clean) == {FaultKind.NOT_A_NUMBER: 1, FaultKind.MISSING_BAR: 1}
    assert len(prices_of(clean)) == 99


@pytest.mark.parametrize("bad", [0.0, -5.0, "-5"])
def test_a_price_of_nothing_or_less_costs_its_bar(bad: object):
    rows = table(walk(100))
    rows["close"] = rows["close"].astype(object)
    rows.loc[20, "close"] = bad

    assert counts(cleaned(rows)) == {FaultKind.NOT_POSITIVE: 1, FaultKind.MISSING_BAR: 1}


@pytest.mark.parametrize(("column", "factor"), [("high", 0.9), ("low", 1.1)])
def test_a_bar_whose_extremes_do_not_span_it_is_dropped(column: str, factor: float):
    rows = table(walk(100))
    rows.loc[20, column] *= factor
    clean = cleaned(rows)

    assert counts(clean) == {FaultKind.INCONSISTENT_BAR: 1, FaultKind.MISSING_BAR: 1}
    assert "do not lie between low and high" in only_fault(clean, FaultKind.INCONSISTENT_BAR).detail


def test_rounding_of_prices_that_went_through_text_is_no_inconsistency():
    rows = table(np.full(100, 0.1 + 0.2))
    rows["high"] = 0.3

    assert FaultKind.INCONSISTENT_BAR not in counts(cleaned(rows))


@pytest.mark.parametrize("factor", [1000.0, 0.001, 3.0, 1 / 3])
@pytest.mark.parametrize("length", [1, 3])
def test_prices_that_leap_and_come_back_are_outliers(factor: float, length: int):
    close = walk(200)
    close[80 : 80 + length] *= factor
    clean = cleaned(table(close))

    assert counts(clean)[FaultKind.OUTLIER] == length
    assert prices_of(clean) == [*close[:80], *close[80 + length :]]


@pytest.mark.parametrize("place", [0, 1, 198, 199])
def test_a_thousandfold_price_at_a_series_end_is_an_outlier(place: int):
    close = walk(200)
    close[place] *= 1000.0

    assert counts(cleaned(table(close)))[FaultKind.OUTLIER] == 1


def test_a_crash_in_the_very_last_bar_is_believed():
    close = walk(200)
    close[-1] *= 0.5

    assert prices_of(cleaned(table(close)))[-1] == close[-1]


def test_a_crash_that_stays_is_real_however_deep():
    close = walk(200)
    close[100:] *= 1e-4
    clean = cleaned(table(close))

    assert prices_of(clean) == close.tolist()
    assert counts(clean) == {}
    assert breaks_of(clean) == []


def test_a_death_spiral_with_wild_bounces_is_real():
    """As LUNA's of May 2022: 64 to 0.00005 within days, with hours of +280 % on the way."""
    calm = walk(200, start=64.0)
    spiral = np.array([0.8, 0.6, 0.7, 1.3, 0.5, 0.4, 2.9, 0.5, 0.35, 3.8, 0.3, 0.5, 1.9, 0.4])
    spiral = np.concatenate([spiral, [0.15, 0.13, 0.15, 0.6, 1.1, 0.5]])
    close = np.concatenate([calm, calm[-1] * np.cumprod(spiral)])
    clean = cleaned(table(close))

    assert prices_of(clean) == close.tolist()
    assert FaultKind.OUTLIER not in counts(clean)


def test_a_crash_bar_with_an_absurd_wick_keeps_its_close():
    """As LINK's of 2020-03-12 at one exchange: a real fall by a fifth, and one print at 0.0001."""
    close = walk(200)
    close[100:] *= 0.8
    rows = table(close)
    rows.loc[100, "low"] = 0.0001
    clean = cleaned(rows)
    bar = [c.bars["BTC"] for c in clean.closes()][100]

    assert counts(clean) == {FaultKind.OUTLIER: 1}
    assert (bar.low, bar.close) == (close[100], close[100])
    assert "cut back" in only_fault(clean, FaultKind.OUTLIER).detail


def test_a_leap_after_a_hole_that_stays_is_another_coin_and_starts_anew():
    """As LUNA's ticker after 437 hours: +1.7e7 %."""
    old, new = walk(200, start=0.00005), walk(200, start=8.5, seed=9)
    begin = hours_after(START, 200 + 437)
    clean = cleaned(pd.concat([table(old), table(new, start=begin)]))

    assert only_fault(clean, FaultKind.HOLE).count == 437
    assert "starts anew" in only_fault(clean, FaultKind.TICKER_REUSE).detail
    assert breaks_of(clean) == [(begin, frozenset({"BTC"}))]
    assert len(prices_of(clean)) == 400


def test_a_leap_without_a_hole_that_stays_starts_anew_too():
    close = walk(200)
    close[100:] *= 1000.0
    clean = cleaned(table(close))

    assert counts(clean) == {FaultKind.TICKER_REUSE: 1}
    assert breaks_of(clean) == [(hours_after(START, 100), frozenset({"BTC"}))]


def test_a_hole_of_days_is_a_hole_and_costs_one_return():
    clean = cleaned(table(walk(400)).drop(index=range(100, 148)))

    assert only_fault(clean, FaultKind.HOLE).count == 48
    assert breaks_of(clean) == []


@pytest.mark.parametrize(("missing", "anew"), [(167, False), (168, True), (311 * 24, True)])
def test_a_series_starts_anew_after_more_than_seven_days_without_a_bar(missing: int, anew: bool):
    begin = hours_after(START, 100 + missing)
    clean = cleaned(pd.concat([table(walk(100)), table(walk(100), start=begin)]))

    assert only_fault(clean, FaultKind.HOLE).count == missing
    assert breaks_of(clean) == ([(begin, frozenset({"BTC"}))] if anew else [])


def test_a_hole_too_long_to_bridge_is_not_played_as_empty_hours():
    begin = hours_after(START, 100 + 311 * 24)
    clean = cleaned(pd.concat([table(walk(100)), table(walk(100), start=begin)]))

    assert len(list(clean.closes())) == 200


def test_a_coin_listed_yesterday_is_told():
    young = table(walk(24), asset="NEW", start=hours_after(START, 276))
    clean = cleaned(pd.concat([table(walk(300)), young]))
    fault = only_fault(clean, FaultKind.SHORT_HISTORY)

    assert fault.asset == "NEW"
    assert "only 24" in fault.detail


def test_history_before_a_break_proves_nothing_about_what_came_after():
    begin = hours_after(START, 1000)
    clean = cleaned(pd.concat([table(walk(500)), table(walk(59), start=begin)]))

    assert only_fault(clean, FaultKind.SHORT_HISTORY).at == begin


def test_a_delisted_coin_is_told():
    clean = cleaned(pd.concat([table(walk(300)), table(walk(100), asset="FTT")]))
    fault = only_fault(clean, FaultKind.STALE)

    assert (fault.asset, fault.count, fault.at) == ("FTT", 200, hours_after(START, 100))


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (float("nan"), FaultKind.NOT_A_NUMBER),
        (float("inf"), FaultKind.NOT_A_NUMBER),
        (-1.0, FaultKind.NOT_POSITIVE),
    ],
)
def test_an_impossible_volume_costs_the_volume_and_not_the_bar(bad: float, kind: FaultKind):
    rows = table(walk(100))
    rows.loc[20, "volume"] = bad
    clean = cleaned(rows)

    assert counts(clean) == {kind: 1}
    assert [close.bars["BTC"].volume for close in clean.closes()][20] == 0.0


def test_a_row_without_a_readable_time_is_dropped_and_counted():
    rows = table(walk(100)).astype({"timestamp": object})
    rows.loc[20, "timestamp"] = "soon"
    clean = cleaned(rows)

    assert counts(clean) == {FaultKind.NOT_A_NUMBER: 1, FaultKind.MISSING_BAR: 1}


def test_a_row_stamped_between_two_openings_would_be_known_early_and_is_dropped():
    rows = table(walk(100))
    rows.loc[20, "timestamp"] += timedelta(minutes=30)
    clean = cleaned(rows)

    assert counts(clean) == {FaultKind.INCONSISTENT_BAR: 1, FaultKind.MISSING_BAR: 1}


def test_a_row_without_a_name_is_its_own_nameless_asset():
    rows = pd.concat([table(walk(100)), table(walk(1)).assign(asset=None)])

    assert set(cleaned(rows).assets) == {"BTC", "(no name)"}


def test_faults_in_a_row_are_one_entry_with_their_number():
    rows = table(walk(100))
    rows.loc[20:24, "close"] = np.nan
    clean = cleaned(rows)
    fault = only_fault(clean, FaultKind.NOT_A_NUMBER)

    assert (fault.at, fault.count) == (hours_after(START, 20), 5)
    assert fault.detail.endswith("(and 4 more in a row)")


def test_a_fault_is_not_known_before_its_data_are():
    clean = cleaned(table(walk(100)).drop(index=range(40, 50)))

    (gap,) = [each for each in clean.found if each.fault.kind is FaultKind.MISSING_BAR]
    assert gap.found == hours_after(START, 51)


def test_nothing_but_rubbish_leaves_nothing():
    rows = table(walk(10)).assign(close="rubbish")
    clean = cleaned(rows)

    assert (len(clean), clean.assets, clean.span) == (0, (), None)
    assert list(clean.closes()) == []
    assert counts(clean) == {FaultKind.NOT_A_NUMBER: 10}


def test_a_column_of_truth_values_holds_no_price():
    assert len(cleaned(table(walk(10)).assign(close=True))) == 0


def test_an_empty_table_is_no_fault():
    clean = cleaned(table(walk(10)).iloc[:0])

    assert (len(clean), clean.faults) == (0, ())


def test_closes_can_begin_late():
    clean = cleaned(table(walk(100)))

    closes = list(clean.closes(opened_from=hours_after(START, 90)))
    assert [close.opened for close in closes] == [hours_after(START, i) for i in range(90, 100)]


def test_days_are_judged_by_the_same_rules():
    close = walk(400)
    close[200] *= 1000.0
    clean = cleaned(table(close, period=Period.DAY), Period.DAY)

    assert counts(clean) == {FaultKind.OUTLIER: 1, FaultKind.MISSING_BAR: 1}


# --- fuzz: rows of any content -------------------------------------------------------------

anything = st.one_of(
    st.floats(),
    st.floats(0.5, 2e5),
    st.integers(-5, 5),
    st.sampled_from([None, "", "NaN", "-5", "1e9", "inf", "12,5", True, pd.NaT, 10**400]),
)
times = st.one_of(
    st.datetimes(datetime(1960, 1, 1), datetime(2210, 1, 1)),  # noqa: DTZ001 (a table's are bare)
    st.integers(0, 200).map(lambda hour: START + timedelta(hours=hour)),
    st.sampled_from([None, "", "yesterday", "2024-02-30", "2024-01-03T05:00:00Z", float("nan")]),
)
raw_rows = st.lists(
    st.fixed_dictionaries(
        {
            "timestamp": times,
            "asset": st.sampled_from(["BTC", "ETH", None, "", " x "]),
            "open": anything,
            "high": anything,
            "low": anything,
            "close": anything,
            "volume": anything,
        }
    ),
    max_size=40,
)
flat_rows = st.lists(
    st.fixed_dictionaries(
        {
            "timestamp": st.integers(0, 60).map(lambda hour: START + timedelta(hours=hour)),
            "asset": st.sampled_from(["BTC", "ETH"]),
            "close": anything,
        }
    ),
    max_size=60,
)


def as_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def assert_believable(closes: list[BarClose]) -> None:
    for close in closes:
        assert close.opened.tzinfo is UTC
        for bar in close.bars.values():
            prices = (bar.open, bar.high, bar.low, bar.close)
            assert all(np.isfinite(price) and price > 0.0 for price in prices)
            assert bar.high >= max(bar.open, bar.close) * (1 - 1e-8)
            assert bar.low <= min(bar.open, bar.close) * (1 + 1e-8)
            assert np.isfinite(bar.volume)
            assert bar.volume >= 0.0
            assert (bar.opened, bar.period) == (close.opened, close.period)


@given(raw_rows)
def test_no_rows_whatever_raise_or_let_an_impossible_price_through(rows: list[dict[str, Any]]):
    columns = ("timestamp", "asset", "open", "high", "low", "close", "volume")
    clean = cleaned(as_table(rows, columns))

    assert_believable(list(clean.closes()))


@given(flat_rows)
def test_bars_and_faults_account_for_every_row(rows: list[dict[str, Any]]):
    clean = cleaned(as_table(rows, ("timestamp", "asset", "close")))
    dropped = sum(
        fault.count
        for fault in clean.faults
        if fault.kind
        in (
            FaultKind.NOT_A_NUMBER,
            FaultKind.NOT_POSITIVE,
            FaultKind.OUTLIER,
            FaultKind.DUPLICATE,
        )
    )

    assert len(clean) + dropped == len(rows)
    assert_believable(list(clean.closes()))
