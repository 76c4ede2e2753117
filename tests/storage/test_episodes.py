"""One suite over what screens read of episodes: the fake, and SQLite and Postgres with its content.

And what is written of them is read for years.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from pages.context import BookReader, EpisodeStory
from risk.domain.cards import Counterfactual
from risk.domain.events import BreakerReading
from risk.domain.ports import CycleRecord
from risk.errors import StateUnreadable
from risk.storage import codec
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.episodes import COURSE_POINTS, write_found
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import SqlBookReader
from risk.storage.store import SqlStore
from tests.builders import build_record
from tests.fakes_book import AFTERNOON
from tests.fakes_episodes import build_card, build_counterfactual, build_episode, build_history
from tests.fakes_web import DEMO, FakeBookReader
from tests.storage.rows import lease_token
from tests.storage.test_reader_contract import sql_reader

BOOK = DEMO.name
HOUR = timedelta(hours=1)
STORIES = FakeBookReader().stories
VOLATILITY = STORIES[0].episode.breaker


def shown(at, value: float) -> BreakerReading:
    about = {"at": at, "portfolio": BOOK, "cycle": "c"}
    return BreakerReading(**about, breaker=VOLATILITY, breaker_reading=value)


def record_of(stories: tuple[EpisodeStory, ...]) -> CycleRecord:
    """A cycle that tells of all of them, and of three hours of readings, one each 4 seconds."""
    seconds = range(-3 * 3600, 1, 4)
    readings = tuple(shown(AFTERNOON + timedelta(seconds=s), 1.0 + s / 1e5) for s in seconds)
    return replace(
        build_record(1, at=AFTERNOON, events=readings),
        episodes=tuple(told.episode for told in stories),
        cards={told.episode.id: told.card for told in stories if told.card is not None},
    )


def fill(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, BOOK, at=AFTERNOON)
    SqlStore(engines).save(record_of(STORIES), token=lease_token(engines, BOOK))
    with transaction(engines.writer) as connection:
        for told in STORIES:
            for found in (told.history, told.counterfactual):
                if found is not None:
                    write_found(connection, BOOK, told.episode.id, found)


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def reader(request: pytest.FixtureRequest) -> Iterator[BookReader]:
    if request.param == "fake":
        yield FakeBookReader()
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    fill(engines)
    yield sql_reader(engines)
    engines.dispose()


def test_episodes_come_newest_first_and_each_with_all_that_is_known_of_it(reader: BookReader):
    on, over, recorded = (told.episode for told in STORIES)

    assert list(reader.episodes(BOOK)) == [on, over, recorded]
    assert list(reader.episodes(BOOK, at_most=2)) == [on, over]
    assert list(reader.episodes(BOOK, breaker=over.breaker)) == [over]
    assert [reader.episode(BOOK, told.episode.id) for told in STORIES] == list(STORIES)
    assert reader.episode(BOOK, "none/1") is None

    # Of a range those that were on in it, whenever they began.
    until = over.tripped_at
    assert list(reader.episodes(BOOK, until=until)) == [over, recorded]
    assert list(reader.episodes(BOOK, since=until + HOUR, until=until + HOUR)) == [over]
    assert list(reader.episodes(BOOK, since=AFTERNOON + HOUR)) == [on], "it goes on"

    span = {"since": AFTERNOON - 3 * HOUR, "until": AFTERNOON}
    course = reader.breaker_course(BOOK, VOLATILITY, **span)
    assert 100 < course.values.size <= COURSE_POINTS
    assert course.ts_ms[-1] == AFTERNOON.timestamp() * 1000.0
    assert not reader.breaker_course(BOOK, "none", **span).values.size


def test_the_course_of_a_breaker_is_what_it_measured(engines: Engines):
    fill(engines)
    reader: SqlBookReader = sql_reader(engines)

    course = reader.breaker_course(BOOK, VOLATILITY, since=AFTERNOON - HOUR, until=AFTERNOON)

    assert course.values.size == 901, "none left out where there are few"
    assert course.values[-1] == 1.0
    assert course.ts_ms[-1] == AFTERNOON.timestamp() * 1000.0


def test_what_is_written_of_episodes_is_read_for_years():
    """As the first program wrote it, and with more that a newer one may add."""
    written = (
        '{"orders":9,"stopped":412000.0,"profit":-3100.0,"fees":824.0,'
        '"until":"2026-11-12T15:42:18Z","unpriced":1}'
    )
    assert codec.decode_told(written, Counterfactual) == build_counterfactual()

    for told in (build_card(build_episode()), build_history(), build_counterfactual()):
        newer = codec.encode_told(told)[:-1] + ',"added_later":1}'
        assert codec.decode_told(newer, type(told)) == told
    with pytest.raises(StateUnreadable, match="Counterfactual"):
        codec.decode_told('{"orders":null}', Counterfactual)
