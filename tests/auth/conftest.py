"""People over a store in memory and, where a test is marked `EVERYWHERE`, over both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from risk.domain.people_store import PeopleStore
from risk.storage.engines import Engines, open_engines
from risk.storage.people import SqlPeople
from tests.fakes_people import FakePeopleStore, People
from tests.storage.conftest import sqlite_template, sqlite_url

__all__ = ["people", "people_engines", "people_store", "sqlite_template", "sqlite_url"]


@pytest.fixture
def people_engines(request: pytest.FixtureRequest) -> Iterator[Engines | None]:
    kind = getattr(request, "param", "memory")
    if kind == "memory":
        yield None
        return
    engines = open_engines(request.getfixturevalue(f"{kind}_url"))
    yield engines
    engines.dispose()


@pytest.fixture
def people_store(people_engines: Engines | None) -> PeopleStore:
    return FakePeopleStore() if people_engines is None else SqlPeople(people_engines)


@pytest.fixture
def people(people_store: PeopleStore, tmp_path: Path) -> People:
    return People(people_store, tmp_path / "home")
