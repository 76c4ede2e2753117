"""Price files in every form, and files that are none."""

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from risk.domain.market import FaultKind, Period, Trust
from risk.domain.ports import MarketReading
from risk.errors import PriceFileInvalid
from risk.feeds.files import FilesFeed, check_prices, load_bars, read_prices
from risk.feeds.replaying import readings_of
from tests.price_tables import START, hours_after, table, walk


def two_coins(bars: int = 100, period: Period = Period.HOUR) -> pd.DataFrame:
    coins = [table(walk(bars, seed=i), asset=name, period=period) for i, name in enumerate("AB")]
    return pd.concat(coins).sort_values("timestamp", kind="stable")


def wide(bars: int = 100) -> pd.DataFrame:
    rows = two_coins(bars, Period.DAY)
    pivoted = rows.pivot_table(index="timestamp", columns="asset", values="close").reset_index()
    return pivoted.rename(columns={"timestamp": "date"})


def saved(rows: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        rows.to_parquet(path)
    else:
        rows.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.parquet"])
def test_long_files_are_read_in_each_format(tmp_path: Path, name: str):
    rows = two_coins()
    file = read_prices(saved(rows, tmp_path / name))
    bars = load_bars(tmp_path / name)

    assert (file.form, file.period) == ("long", Period.HOUR)
    assert bars.bars_of == {"A": 100, "B": 100}
    last = list(bars.closes())[-1]
    assert last.bars["A"].close == pytest.approx(rows["close"].iloc[-2], rel=1e-12)
    assert bars.faults == ()


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.parquet"])
def test_wide_files_are_read_in_each_format(tmp_path: Path, name: str):
    file = read_prices(saved(wide(), tmp_path / name))

    assert (file.form, file.period) == ("wide", Period.DAY)
    assert load_bars(tmp_path / name).bars_of == {"A": 100, "B": 100}


def test_a_wide_file_with_its_dates_as_index_is_read(tmp_path: Path):
    path = tmp_path / "p.parquet"
    wide().set_index("date").to_parquet(path)

    assert load_bars(path).bars_of == {"A": 100, "B": 100}


def test_an_empty_cell_of_a_wide_file_is_a_missing_bar_and_no_bad_price(tmp_path: Path):
    rows = wide()
    rows.loc[:49, "B"] = None
    rows.loc[80, "B"] = None
    report = check_prices(saved(rows, tmp_path / "p.csv"))

    assert report.counts == {FaultKind.MISSING_BAR: 1, FaultKind.SHORT_HISTORY: 1}


def test_names_of_columns_may_differ_in_case_and_words(tmp_path: Path):
    rows = two_coins().rename(columns={"timestamp": "Date", "asset": "Symbol", "close": " Close "})

    assert load_bars(saved(rows, tmp_path / "p.csv")).assets == ("A", "B")


def test_names_of_assets_stay_as_they_are(tmp_path: Path):
    rows = two_coins().replace({"asset": {"A": "btc/USDT"}})

    assert load_bars(saved(rows, tmp_path / "p.csv")).assets == ("B", "btc/USDT")


def test_the_period_can_be_told(tmp_path: Path):
    path = saved(table(walk(1)), tmp_path / "p.csv")

    assert len(load_bars(path, Period.HOUR)) == 1
    with pytest.raises(PriceFileInvalid, match="at 1 moments; two or more"):
        load_bars(path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("p.txt", b"", "is no price file: csv, csv.gz and parquet"),
        ("p.csv", b"", "cannot be read: No columns"),
        ("p.csv", b"date,A\n1,2,3,4\n1,2\n1,2,3,4,5,6\n", "cannot be read: Error tokenizing"),
        ("p.csv", b"\xff\xfe\x00rubbish\x00", "cannot be read: 'utf-8' codec"),
        ("p.csv.gz", b"no gzip at all", "cannot be read: Not a gzipped file"),
        (
            "p.csv.gz",
            gzip.compress(b"date,A\n2024-01-01,1\n" * 99, mtime=0)[:40],
            "cannot be read: ",
        ),
        ("p.parquet", b"PAR1 but not really", "cannot be read: "),
        ("p.csv", b"a,b\n1,2\n", "has no column of times: one of timestamp, .* there is a, b"),
        ("p.csv", b"date,asset,price\n2024-01-01,A,1\n", "has no column close"),
        ("p.csv", b"date,open,close\n2024-01-01,1,1\n", "has neither form"),
        ("p.csv", b"date\n2024-01-01\n", "has neither form"),
        (
            "p.csv",
            b"date,A\n2024-01-01 00:00,1\n2024-01-01 00:01,1\n2024-01-01 00:02,1\n",
            "a bar every 0:01:00; hourly or daily",
        ),
        (
            "p.csv",
            b"date,A\n2024-01-01,1\n2024-01-08,1\n2024-01-15,1\n",
            "a bar every 7 days; hourly or daily",
        ),
        (
            "p.csv",
            b"date,A\n31/12/2023,1\nx1,1\n",
            "none of the 2 times in .* can be read: ISO 8601 is",
        ),
        ("p.csv", b"date,A\n", "at 0 moments; two or more"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(PriceFileInvalid, match=sentence) as refused:
        read_prices(path)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path):
    with pytest.raises(PriceFileInvalid, match="there is no file"):
        read_prices(tmp_path / "p.csv")


def test_a_folder_is_no_file(tmp_path: Path):
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(PriceFileInvalid, match="cannot be read"):
        read_prices(tmp_path / "p.csv")


# --- checking ------------------------------------------------------------------------------


def test_a_report_says_what_is_wrong_where_and_how_often(tmp_path: Path):
    rows = two_coins().reset_index(drop=True)
    rows.loc[rows.index[20], "close"] = -1.0
    rows.loc[rows.index[61], ["high", "close"]] *= 1000.0
    report = check_prices(saved(rows, tmp_path / "p.csv"))

    assert (report.rows, report.bars, report.usable) == (200, 198, True)
    assert report.span == (START, hours_after(START, 100))
    of_a, of_b = report.assets
    assert of_a.counts == {FaultKind.NOT_POSITIVE: 1, FaultKind.MISSING_BAR: 1}
    assert of_b.counts == {FaultKind.OUTLIER: 1, FaultKind.MISSING_BAR: 1}
    assert report.counts[FaultKind.MISSING_BAR] == 2
    assert len(report.examples(FaultKind.MISSING_BAR, 1)) == 1
    assert report.verdict.startswith("Usable: 198 of 200 rows")
    assert "2 missing bar" in report.verdict


def test_a_clean_file_is_called_clean(tmp_path: Path):
    report = check_prices(saved(two_coins(), tmp_path / "p.csv"))

    assert report.verdict == "Clean: 200 of 200 rows are bars that can be believed."


def test_a_file_of_rubbish_is_called_unusable(tmp_path: Path):
    rows = two_coins().assign(close=-1.0)
    report = check_prices(saved(rows, tmp_path / "p.csv"))

    assert (report.usable, report.bars, report.span) == (False, 0, None)
    assert report.verdict.startswith("Not usable: none of its 200 rows")


# --- playing back --------------------------------------------------------------------------


def replay(path: Path, *, opened_from: datetime | None = None) -> Iterator[MarketReading]:
    return readings_of(load_bars(path), opened_from=opened_from)


def test_a_replay_reads_at_each_close_with_the_closes_as_marks(tmp_path: Path):
    rows = two_coins(48)
    readings = list(replay(saved(rows, tmp_path / "p.csv")))

    assert [reading.at for reading in readings] == [hours_after(START, i) for i in range(1, 49)]
    for reading in readings:
        hour = reading.closes[0]
        assert {a: m.price for a, m in reading.marks.items()} == {
            a: bar.close for a, bar in hour.bars.items()
        }
        assert {mark.trust for mark in reading.marks.values()} == {Trust.TRUSTED}


def test_a_replay_of_hours_makes_days_after_the_hours_that_end_them(tmp_path: Path):
    readings = list(replay(saved(two_coins(48), tmp_path / "p.csv")))
    kinds = {reading.at: [close.period for close in reading.closes] for reading in readings}

    assert kinds[hours_after(START, 24)] == [Period.HOUR, Period.DAY]
    assert sum(len(kind) for kind in kinds.values()) == 50


def test_a_replay_of_days_has_days_only(tmp_path: Path):
    readings = list(replay(saved(wide(), tmp_path / "p.csv")))

    assert len(readings) == 100
    assert {close.period for reading in readings for close in reading.closes} == {Period.DAY}


def test_a_replay_can_begin_late(tmp_path: Path):
    path = saved(two_coins(48), tmp_path / "p.csv")

    assert next(replay(path, opened_from=hours_after(START, 40))).at == hours_after(START, 41)


def test_a_mark_grows_stale_in_a_hole_and_fresh_after_it(tmp_path: Path):
    rows = two_coins(48).reset_index(drop=True)
    rows = rows[~((rows["asset"] == "A") & rows["timestamp"].isin([hours_after(START, 10)]))]
    readings = list(replay(saved(rows, tmp_path / "p.csv")))

    assert [reading.marks["A"].trust for reading in readings[9:12]] == [
        Trust.TRUSTED,
        Trust.STALE,
        Trust.TRUSTED,
    ]
    assert [fault.kind for fault in readings[11].faults] == [FaultKind.MISSING_BAR]


def test_an_asset_not_yet_listed_has_a_missing_mark(tmp_path: Path):
    rows = pd.concat([table(walk(100)), table(walk(70), asset="B", start=hours_after(START, 30))])
    first = next(replay(saved(rows, tmp_path / "p.csv")))

    assert first.marks["B"].trust is Trust.MISSING


def test_what_comes_later_in_a_file_changes_no_earlier_reading(tmp_path: Path):
    """Look-ahead: in sound data, a reading depends on the rows up to its time alone."""
    rows = table(walk(100))
    short = list(replay(saved(rows.iloc[:60], tmp_path / "short.csv")))
    full = list(replay(saved(rows, tmp_path / "full.csv")))

    assert full[:60] == short


def test_every_fault_is_told_once_and_not_before_it_is_known(tmp_path: Path):
    rows = two_coins(100).reset_index(drop=True)
    rows.loc[[15, 16, 90], "close"] = -1.0
    path = saved(rows, tmp_path / "p.csv")
    told = [(reading.at, fault) for reading in replay(path) for fault in reading.faults]

    assert sorted(f.detail for _, f in told) == sorted(f.detail for f in load_bars(path).faults)
    assert all(fault.at < at for at, fault in told)


def test_faults_of_the_history_are_told_at_the_first_start_and_not_after_a_restart(tmp_path: Path):
    rows = two_coins(240).reset_index(drop=True)
    rows.loc[[15, 400], "close"] = -1.0
    path = saved(rows, tmp_path / "p.csv")

    def bad_prices_told(feed: FilesFeed) -> list[int]:
        faults = feed.read(hours_after(START, 240)).faults
        return [f.at.day for f in faults if f.kind is FaultKind.NOT_POSITIVE]

    assert bad_prices_told(FilesFeed(path)) == [1, 9]
    assert bad_prices_told(FilesFeed(path, since=hours_after(START, 120))) == [9]


def test_without_being_told_half_of_a_short_file_is_history(tmp_path: Path):
    feed = FilesFeed(saved(two_coins(240), tmp_path / "p.csv"))

    assert feed.starts_at == START + timedelta(days=5)
    assert len(feed.history(Period.HOUR)) == 120
    assert len(feed.history(Period.DAY)) == 5
    assert feed.label == "file p.csv"


def test_after_the_end_of_the_file_marks_are_stale_and_nothing_closes(tmp_path: Path):
    feed = FilesFeed(saved(two_coins(48), tmp_path / "p.csv"))
    feed.read(hours_after(START, 48))
    reading = feed.read(hours_after(START, 100))

    assert reading.closes == ()
    assert {mark.trust for mark in reading.marks.values()} == {Trust.STALE}


def test_the_end_of_the_file_is_told_once_the_next_bar_is_overdue(tmp_path: Path):
    path = saved(two_coins(48), tmp_path / "p.csv")
    feed, end = FilesFeed(path), hours_after(START, 48)

    assert [feed.read(hours_after(START, hour)).prices_end for hour in (24, 48)] == [None, None]
    assert feed.read(hours_after(START, 49)).prices_end == end
    later = FilesFeed(path, since=hours_after(START, 90))
    assert later.read(hours_after(START, 100)).prices_end == end


def test_a_feed_needs_bars(tmp_path: Path):
    rows = two_coins(48).assign(close=0.0)
    with pytest.raises(PriceFileInvalid, match="no bar that can be believed"):
        FilesFeed(saved(rows, tmp_path / "p.csv"))
