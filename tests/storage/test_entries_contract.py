"""One suite over what the page Journal reads: the fake, SQLite and Postgres with its content."""

import shutil
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pages.context import BookReader, EntriesWanted, KeptEntry, Place, Stretch
from risk.domain.events import PEOPLE_STREAM, ForecastScored
from risk.storage import journal
from risk.storage.checkpoints import keep
from risk.storage.engines import Engines, open_engines, transaction
from tests import fakes_entries
from tests.fakes_book import AFTERNOON
from tests.fakes_entries import BOOK, kept
from tests.fakes_web import FakeBookReader
from tests.storage.test_reader_contract import sql_reader

DAY = timedelta(days=1)
EVER = (AFTERNOON - 100 * DAY, AFTERNOON + DAY)
ALL = EntriesWanted((Stretch(BOOK, *EVER), Stretch(PEOPLE_STREAM, *EVER)))


def fill(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        journal.append(connection, BOOK, journal.entries_of(fakes_entries.build_story()))
        people = fakes_entries.build_people()
        journal.append(connection, PEOPLE_STREAM, journal.entries_of(people))
        signed = fakes_entries.checkpoint_of(kept(BOOK)[0])
        assert signed is not None
        keep(connection, signed, anchored=False)


@pytest.fixture(scope="module")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any):
    path = tmp_path_factory.mktemp("entries") / "seawall.db"
    shutil.copy(sqlite_template, path)
    engines = open_engines(f"sqlite:///{path}")
    fill(engines)
    yield engines
    engines.dispose()


@pytest.fixture(scope="module")
def filled_postgres(postgres: Any, postgres_template: str):
    with postgres.own_database(template=postgres_template) as url:
        engines = open_engines(url)
        fill(engines)
        yield engines
        engines.dispose()


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def reader(request: pytest.FixtureRequest) -> BookReader:
    if request.param == "fake":
        return FakeBookReader()
    return sql_reader(request.getfixturevalue(f"filled_{request.param}"))


def everything(reader: BookReader, wanted: EntriesWanted, limit: int = 100) -> list[KeptEntry]:
    """Page after page."""
    found, before = list[KeptEntry](), None
    while True:
        page = reader.journal_page(wanted, before=before, limit=limit)
        assert len(page.entries) <= limit
        found += page.entries
        if page.older is None:
            return found
        before = page.older


def places(entries: list[KeptEntry]) -> list[Place]:
    return [entry.place for entry in entries]


@pytest.mark.parametrize("limit", [1, 7, 100, 1_000])
def test_pages_of_any_size_tell_everything_once_newest_first(reader: BookReader, limit: int):
    found = everything(reader, ALL, limit)

    assert set(found) == {*kept(BOOK), *kept(PEOPLE_STREAM)}
    assert places(found) == sorted(places(found), reverse=True)
    assert len(set(found)) == len(found)


def test_a_range_has_both_its_ends(reader: BookReader):
    entry = kept(BOOK)[2]
    only = EntriesWanted((Stretch(BOOK, entry.at, entry.at),))

    assert everything(reader, only) == [entry]
    assert everything(reader, EntriesWanted((Stretch(BOOK, AFTERNOON + DAY, EVER[1]),))) == []


def test_each_stream_has_a_range_of_its_own(reader: BookReader):
    late = AFTERNOON - timedelta(minutes=30)
    wanted = EntriesWanted((Stretch(BOOK, *EVER), Stretch(PEOPLE_STREAM, late, EVER[1])))

    people = [e for e in everything(reader, wanted) if e.stream == PEOPLE_STREAM]

    assert [entry.kind for entry in people] == ["ProposalDecided"]


def test_kinds_are_listed_and_chosen(reader: BookReader):
    assert reader.journal_kinds(BOOK) == sorted({entry.kind for entry in kept(BOOK)})
    assert reader.journal_kinds("nobody") == []
    chosen = frozenset({"TradingLatched", "ProposalMade", "NeverHeardOf"})

    found = everything(reader, ALL._replace(kinds=chosen))

    assert [entry.kind for entry in found] == ["ProposalMade", "TradingLatched"]
    assert everything(reader, ALL._replace(kinds=frozenset())) == []


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_chosen_kinds_are_paged_as_everything_is(reader: BookReader, limit: int):
    chosen = frozenset({"OrderValidation", "PolicyChanged", "PersonSignedIn"})

    found = everything(reader, ALL._replace(kinds=chosen), limit)

    expected = [e for e in (*kept(BOOK), *kept(PEOPLE_STREAM)) if e.kind in chosen]
    assert places(found) == sorted((e.place for e in expected), reverse=True)


def test_a_person_is_found_by_the_whole_name_only(reader: BookReader):
    def naming(person: str) -> list[str]:
        return [entry.kind for entry in everything(reader, ALL._replace(person=person))]

    assert naming("otto") == [
        "ProposalDecided", "TradingResumed", "PersonSignedIn", "SignInRefused", "PolicyChanged",
    ]  # fmt: skip
    assert naming("ott") == []
    assert naming("Otto") == []
    assert naming("lea") == ["ProposalDecided", "ProposalMade"]
    assert naming('o"') == []


def test_a_text_is_found_in_capitals_or_not_and_is_no_pattern(reader: BookReader):
    def saying(text: str) -> list[str]:
        return [entry.kind for entry in everything(reader, ALL._replace(text=text))]

    assert saying("EXCHANGE DOWN") == ["TradingLatched"]
    assert saying("100%") == []
    assert saying("exchange_down") == []
    assert saying('=hyperlink("x")') == ["ProposalMade"]
    assert saying("breakeractivated") == ["BreakerActivated"]


def test_hours_that_stayed_inside_their_forecast_are_no_news(reader: BookReader):
    scored = ALL._replace(kinds=frozenset({ForecastScored.__name__}))

    assert len(everything(reader, scored)) == 3
    found = everything(reader, scored._replace(news_only=True))
    assert [entry.at for entry in found] == [AFTERNOON, AFTERNOON - DAY]


def test_what_a_rule_did_is_left_out_where_people_are_asked_for(reader: BookReader):
    stepped = ALL._replace(kinds=frozenset({"BreakerStepped", "TradingResumed"}))

    assert len(everything(reader, stepped)) == 2
    found = everything(reader, stepped._replace(people_only=True))
    assert [entry.kind for entry in found] == ["TradingResumed"]


def test_one_entry_comes_with_what_covers_it(reader: BookReader):
    found = reader.journal_entry(BOOK, 3)
    of_people = reader.journal_entry(PEOPLE_STREAM, 1)

    assert found is not None
    assert of_people is not None
    assert (found.entry, of_people.entry) == (kept(BOOK)[2], kept(PEOPLE_STREAM)[0])
    assert found.covered_by is not None
    assert found.covered_by.seq == len(kept(BOOK))
    assert of_people.covered_by is None
    assert reader.journal_entry(BOOK, 10_000) is None
    assert reader.journal_entry("nobody", 1) is None


def test_the_length_counts_both_streams(reader: BookReader):
    assert reader.journal_length(BOOK) == len(kept(BOOK)) + len(kept(PEOPLE_STREAM))


def test_entries_of_one_moment_are_told_apart_by_stream_and_number(sqlite: Engines):
    moved = [replace(event, at=AFTERNOON) for event in fakes_entries.build_story()[:4]]
    with transaction(sqlite.writer) as connection:
        for stream in ("alpha", "beta"):
            journal.append(connection, stream, journal.entries_of(moved))
    wanted = EntriesWanted((Stretch("alpha", *EVER), Stretch("beta", *EVER)))

    found = everything(sql_reader(sqlite), wanted, limit=3)

    assert [(e.stream, e.seq) for e in found] == [
        (stream, seq) for stream in ("beta", "alpha") for seq in (4, 3, 2, 1)
    ]
