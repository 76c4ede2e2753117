"""The cockpit over the real store: saved cycles in, a screen out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pages.figures.packing import unpacked
from pages.query import BY, parse
from pages.screens import Screen, Screens
from pages.views.cockpit import cockpit_view, read_cockpit
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import FeedInfo, SqlBookReader
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_record
from tests.pages.trees import part, words
from tests.storage.rows import lease_token

COCKPIT = Screen("cockpit", words=(BY,), read=read_cockpit, view=cockpit_view)
TODAY = parse({}, COCKPIT.words)


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    engines = open_engines(f"sqlite:///{tmp_path / 'seawall.db'}")
    upgrade(engines)
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    yield engines
    engines.dispose()


@pytest.fixture
def screens(engines: Engines) -> Screens:
    feed = FeedInfo(label="simulated", simulated=True, seed=42)
    return Screens(
        SqlBookReader(engines, feed=feed, cycle_seconds=1.0, wall=lambda: NOON, first=PORTFOLIO)
    )


def test_saved_cycles_are_shown_and_the_next_one_updates_them(engines, screens):
    store, token = SqlStore(engines), lease_token(engines, PORTFOLIO)
    store.save(build_record(1), token=token)
    shown, view = screens.view(COCKPIT, TODAY)
    store.save(build_record(2, at=NOON + timedelta(minutes=5), positions=3), token=token)
    update = screens.update(COCKPIT, TODAY, shown)

    assert "State of book demo" in words(view)
    assert "NORMAL" in words(view)
    assert "C000" in words(view)
    assert update.shown.cycle == 2
    assert "C002" in words([props.get("children") for props in update.changes.values()])
    assert "Nothing is known of this range yet" in words(view)
    assert part(update.changes["cockpit-course"]["children"], "cockpit-chart")["figure"]["data"]


def test_saved_numbers_are_charted(engines, screens):
    store, token = SqlStore(engines), lease_token(engines, PORTFOLIO)
    for number in range(1, 6):
        store.save(build_record(number, at=NOON + timedelta(minutes=2 * number)), token=token)
    figure = part(screens.view(COCKPIT, TODAY)[1], "cockpit-chart")["figure"]

    assert [unpacked(line["y"]).size for line in figure["data"]] == [5, 5]


def test_a_portfolio_without_a_cycle_waits_for_its_first(screens):
    assert "No complete cycle of demo yet" in words(screens.view(COCKPIT, TODAY)[1])
