"""`seawall prices` judges a file before it keeps any of it."""

import json

import pytest
from sqlalchemy import func, select

from risk.config import load_settings
from risk.domain.market import Period
from risk.storage.bars import REAL_MARKET, read_closes
from risk.storage.engines import open_engines, transaction
from risk.storage.tables import bar

HOURS = 72


def hourly(**wrong: str) -> str:
    """Three days of hourly closes of two assets; `wrong` replaces the price of a row by number."""
    lines = ["timestamp,asset,close"]
    for hour in range(HOURS):
        at = f"2024-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"
        lines.append(f"{at},BTC/USDT,{wrong.get(f'row{hour}', 40_000 + hour)}")
        lines.append(f"{at},ETH/USDT,{2_000 + hour}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def file(home):
    def written(text: str, name: str = "prices.csv") -> str:
        (home / name).write_text(text)
        return name

    return written


@pytest.fixture
def kept(run):
    run("migrate")

    def count() -> int:
        engines = open_engines(load_settings().database_url)
        with transaction(engines.reader) as connection:
            rows = connection.scalar(select(func.count()).select_from(bar))
        engines.dispose()
        return rows or 0

    return count


def test_a_clean_file_is_called_clean(run, file):
    result = run("prices", "check", file(hourly()))

    assert result.exit_code == 0
    assert result.stdout.startswith("Clean: 144 of 144 rows")


def test_every_fault_is_counted_and_shown_by_example(run, file):
    bad = {f"row{hour}": "-5" for hour in (3, 9, 15, 21)}

    result = run("prices", "check", file(hourly(**bad)))

    assert result.exit_code == 0
    assert "4 not positive" in result.stdout
    assert "BTC/USDT, 2024-01-01 03:00" in result.stdout
    assert "and 1 more" in result.stdout


def test_the_json_report_holds_the_same_and_nothing_else_is_printed(run, file):
    report = json.loads(run("prices", "check", file(hourly(row3="nan")), "--json").stdout)

    assert (report["usable"], report["period"], report["form"]) == (True, "1h", "long")
    assert report["span"] == ["2024-01-01T00:00:00+00:00", "2024-01-04T00:00:00+00:00"]
    assert report["counts"]["not_a_number"] == 1
    assert [one["asset"] for one in report["assets"]] == ["BTC/USDT", "ETH/USDT"]
    assert report["faults"][0]["at"] == "2024-01-01T03:00:00+00:00"


def test_a_file_without_one_good_bar_is_unusable_and_exits_with_2(run, file):
    bad = "date,BTC\n2024-01-01,-1\n2024-01-02,0\n2024-01-03,-2\n"

    run("migrate")
    checked = run("prices", "check", file(bad))
    imported = run("prices", "import", file(bad))

    assert (checked.exit_code, imported.exit_code) == (2, 2)
    assert checked.stdout.startswith("Not usable")
    assert "holds no bar" in imported.stderr


def test_what_is_no_price_file_is_refused_in_a_sentence(run, file):
    for name in ("missing.csv", file("a,b\n1,2\n"), file("x", "prices.xls")):
        result = run("prices", "check", name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Error: ")


def test_an_import_keeps_hours_and_the_days_they_make(run, file, kept):
    result = run("prices", "import", file(hourly()))

    assert result.stdout == "150 new bars of 150 kept, 2 assets, from prices.csv.\n"
    engines = open_engines(load_settings().database_url)
    with transaction(engines.reader) as connection:
        days = read_closes(connection, REAL_MARKET, Period.DAY, assets=None, last=None)
    engines.dispose()
    assert [day.bars["BTC/USDT"].close for day in days] == [40_023.0, 40_047.0, 40_071.0]


def test_importing_again_keeps_nothing_twice(run, file, kept):
    run("prices", "import", file(hourly()))

    again = json.loads(run("prices", "import", file(hourly()), "--json").stdout)

    assert (again["bars"], again["new"], again["assets"]) == (150, 0, ["BTC/USDT", "ETH/USDT"])
    assert kept() == 150


def test_a_large_import_is_written_in_portions(run, file, kept, monkeypatch):
    monkeypatch.setattr("risk.commands.prices._ROWS_AT_ONCE", 7)

    run("prices", "import", file(hourly()))

    assert kept() == 150
