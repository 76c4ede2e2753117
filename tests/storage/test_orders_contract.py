"""One suite over what the page Orders reads: the fake, and SQLite and Postgres with its content."""

import shutil
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pages.context import BookReader, OrdersWanted
from risk.domain.events import ReductionLate, ReservationReleased, Verdict
from risk.domain.journalling import AnsweredOrder, Booked, Note, Progressed, Told
from risk.domain.orders import ReservationStatus
from risk.errors import UnknownPortfolio
from risk.storage import journal
from risk.storage.bars import REAL_MARKET
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.orders import PAGE, end_of
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from tests import fakes_orders
from tests.builders import build_record
from tests.fakes_book import AFTERNOON
from tests.fakes_web import DEMO, FakeBookReader, build_assessment
from tests.storage.rows import lease_token, read
from tests.storage.test_reader_contract import sql_reader

BOOK = DEMO.name
DAY = timedelta(days=1)
ALL = OrdersWanted(AFTERNOON - 30 * DAY, AFTERNOON + DAY)
#: So many more orders come within two milliseconds: more than one list takes.
CROWD = PAGE + 40


def crowd() -> list[AnsweredOrder]:
    """Orders of another sender, a year ago, half of them in either millisecond."""
    first = FakeBookReader().orders_told[0].order
    began = AFTERNOON - 400 * DAY
    return [
        replace(
            first,
            client_order_id=f"Crowd%{number:03d}",
            sender="crowd",
            strategy="noise",
            at=began + (number % 2) * timedelta(milliseconds=1),
            micros=float(number),
            status=None,
            filled=0.0,
        )
        for number in range(CROWD)
    ]


def lent() -> list[AnsweredOrder]:
    """A slice of room, and an order that only looks like one, 300 days ago."""
    first = FakeBookReader().orders_told[0].order
    at = AFTERNOON - 300 * DAY
    return [
        replace(first, client_order_id=name, at=at, status=None, filled=0.0)
        for name in ("LEASE:1", "lease:1")
    ]


OF_LENT = OrdersWanted(AFTERNOON - 301 * DAY, AFTERNOON - 299 * DAY)
OF_CROWD = OrdersWanted(AFTERNOON - 401 * DAY, AFTERNOON - 399 * DAY)


def notes(fake: FakeBookReader, seq: int) -> list[Note]:
    """What a gate would have written down of the fake's orders."""
    found: list[Note] = []
    for told in fake.orders_told:
        if told.reservation is not None:
            placed = replace(told.reservation, filled=0.0, status=ReservationStatus.PENDING)
            seq += 1
            found.append(Booked(seq, placed))
        answered = replace(told.order, filled=0.0)
        found.append(fakes_orders.note_of(answered))
        for fill in told.fills:
            seq += 1
            found.append(Booked(seq, fill))
        if told.order.status is not None:
            order = told.order
            found.append(Progressed(order.client_order_id, order.status, order.filled))
        if told.ended is not None:
            shouted = replace(told.ended, client_order_id=told.ended.client_order_id.upper())
            found += [Told(replace(shouted, sender="another")), Told(told.ended)]
    found.extend(fakes_orders.note_of(order) for order in (*crowd(), *lent()))
    found.extend(map(Told, fakes_orders.build_reductions()))
    return found


def fill_with_the_fake_orders(engines: Engines) -> None:
    fake = FakeBookReader()
    with transaction(engines.writer) as connection:
        add_portfolio(connection, BOOK, at=AFTERNOON - 1_000 * DAY)
    token = lease_token(engines, BOOK)
    basis = fake.decision_basis(BOOK)
    assert basis is not None
    record = replace(
        build_record(fake.number, at=AFTERNOON, events=()),
        snapshot=basis.snapshot,
        state=basis.state,
        assessment=build_assessment(),
    )
    SqlStore(engines, market=REAL_MARKET).save(record, token=token)
    written = notes(fake, basis.snapshot.ledger.seq)
    SqlGateJournal(engines, BOOK).write(1, written, token=token)


@pytest.fixture(scope="module")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any):
    path = tmp_path_factory.mktemp("orders") / "seawall.db"
    shutil.copy(sqlite_template, path)
    engines = open_engines(f"sqlite:///{path}")
    fill_with_the_fake_orders(engines)
    yield engines
    engines.dispose()


@pytest.fixture(scope="module")
def filled_postgres(postgres: Any, postgres_template: str):
    with postgres.own_database(template=postgres_template) as url:
        engines = open_engines(url)
        fill_with_the_fake_orders(engines)
        yield engines
        engines.dispose()


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def reader(request: pytest.FixtureRequest) -> BookReader:
    if request.param == "fake":
        fake = FakeBookReader()
        more = (fakes_orders.Told(order, None) for order in (*crowd(), *lent()))
        fake.told = [*fake.orders_told, *more]
        return fake
    return sql_reader(request.getfixturevalue(f"filled_{request.param}"))


def ids(reader: BookReader, wanted: OrdersWanted = ALL) -> list[str]:
    return [order.client_order_id for order in reader.orders(BOOK, wanted).orders]


# --- lists ---------------------------------------------------------------------------------


def test_orders_come_newest_first_as_they_were_answered(reader: BookReader):
    page = reader.orders(BOOK, ALL)
    expected = [told.order for told in reversed(FakeBookReader().orders_told)]

    assert list(page.orders) == expected
    assert page.older is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"verdict": Verdict.REJECT}, ["dip-0005"]),
        ({"verdict": Verdict.RESIZE}, ["noise-0004", "trend-0003"]),
        ({"strategy": "noise"}, ["noise-0006", "noise-0004"]),
        ({"asset": "ETH/USDT"}, ["noise-0004"]),
        ({"sender": "grid-bot"}, ["noise-0006", "noise-0004"]),
        ({"find": "TREND-000"}, ["trend-0007", "trend-0003", "trend-0002", "trend-0001"]),
        ({"find": "%"}, []),
        ({"find": "_0006"}, []),
        ({"sender": "bot-1", "verdict": Verdict.REJECT, "find": "5"}, ["dip-0005"]),
    ],
)
def test_a_filter_leaves_only_what_it_names(reader: BookReader, filters, found):
    assert ids(reader, ALL._replace(**filters)) == found


@pytest.mark.parametrize(
    ("slices", "found"), [(None, ["LEASE:1", "lease:1"]), (True, ["lease:1"]), (False, ["LEASE:1"])]
)
def test_slices_are_told_from_orders(reader: BookReader, slices, found):
    wanted = OF_LENT._replace(slices=slices)

    assert ids(reader, wanted) == found
    assert sum(each.asked for each in reader.agents(BOOK, wanted)) == len(found)


def test_both_ends_of_the_range_hold(reader: BookReader):
    at = AFTERNOON - timedelta(seconds=95)

    assert ids(reader, OrdersWanted(at, at)) == ["noise-0006"]
    assert ids(reader, OrdersWanted(AFTERNOON + DAY, AFTERNOON + 2 * DAY)) == []


def test_long_lists_go_on_where_they_ended_and_tell_each_order_once(reader: BookReader):
    first = reader.orders(BOOK, OF_CROWD)
    assert first.older is not None
    second = reader.orders(BOOK, OF_CROWD._replace(until=first.older))
    told = [order.client_order_id for page in (first, second) for order in page.orders]

    assert second.older is None
    assert 0 < len(first.orders) <= PAGE
    assert sorted(told) == sorted(order.client_order_id for order in crowd())


def test_more_orders_at_once_than_a_list_takes_are_told_together(filled_sqlite):
    at_once = AFTERNOON - 400 * DAY
    with transaction(filled_sqlite.writer) as connection:
        connection.exec_driver_sql(
            "UPDATE decision SET at_ms = (SELECT min(at_ms) FROM decision) WHERE sender = 'crowd'"
        )
    page = sql_reader(filled_sqlite).orders(BOOK, OF_CROWD)
    rest = sql_reader(filled_sqlite).orders(BOOK, OF_CROWD._replace(until=page.older or at_once))
    with transaction(filled_sqlite.writer) as connection:
        connection.exec_driver_sql(
            "UPDATE decision SET at_ms = at_ms + CAST(micros AS INTEGER) % 2 WHERE sender = 'crowd'"
        )

    assert len(page.orders) == CROWD
    assert (rest.orders, rest.older) == ((), None)


# --- sums ----------------------------------------------------------------------------------


def test_agents_are_counted_by_sender_and_strategy(reader: BookReader):
    counted = {(a.sender, a.strategy): a[2:] for a in reader.agents(BOOK, ALL)}
    seconds = {key: (AFTERNOON - last).total_seconds() for key, (*_, last) in counted.items()}

    assert {key: tuple(values[:3]) for key, values in counted.items()} == {
        ("bot-1", "dip"): (0, 0, 1),
        ("bot-1", "trend"): (3, 1, 0),
        ("grid-bot", "noise"): (1, 1, 0),
    }
    assert seconds == {
        ("bot-1", "dip"): 187.5,
        ("bot-1", "trend"): 12.5,
        ("grid-bot", "noise"): 95.0,
    }


def test_sums_reach_back_thirty_days_at_most(reader: BookReader):
    long = OrdersWanted(AFTERNOON - 500 * DAY, AFTERNOON)

    assert "crowd" not in {agent.sender for agent in reader.agents(BOOK, ALL)}
    if not isinstance(reader, FakeBookReader):  # the page never asks the fake for more
        assert "crowd" not in {agent.sender for agent in reader.agents(BOOK, long)}
    (counted,) = reader.agents(BOOK, OF_CROWD)
    assert counted.approved == CROWD


def test_times_of_answers_are_those_that_half_and_99_of_100_took_at_most(reader: BookReader):
    times = reader.decision_times(BOOK, OF_CROWD)

    assert times is not None
    assert (times.orders, times.p50, times.p99) == (CROWD, CROWD / 2, 237.0)
    assert reader.decision_times(BOOK, ALL._replace(strategy="none")) is None


def test_requests_to_reduce_are_told_with_what_came_of_them(reader: BookReader):
    events = reader.reduction_events(BOOK, ALL)
    later = ALL._replace(since=AFTERNOON - timedelta(minutes=139))

    assert list(events) == fakes_orders.build_reductions()
    assert isinstance(reader.reduction_events(BOOK, later)[0], ReductionLate)


# --- one order, and open room --------------------------------------------------------------


def test_a_story_has_what_the_order_was_judged_by_and_its_fills(reader: BookReader):
    story = reader.order(BOOK, "trend-0007")
    told = next(t for t in FakeBookReader().orders_told if t.order.client_order_id == "trend-0007")

    assert story is not None
    assert (story.order, story.fills) == (told.order, told.fills)
    assert story.assessment is not None
    assert story.assessment.equity == build_assessment().equity
    assert [p.asset for p in story.assessment.positions] == [
        p.asset for p in build_assessment().positions
    ]
    assert story.mark is not None
    assert story.mark.price == pytest.approx(96_420.0)


def test_a_story_of_an_unpriced_asset_has_no_mark_and_of_nobody_s_order_is_none(reader):
    story = reader.order(BOOK, "dip-0005")

    assert story is not None
    assert (story.mark, story.fills) == (None, ())
    assert reader.order(BOOK, "TREND-0007") is None


def test_a_story_says_who_declared_the_order_dead(reader: BookReader):
    given_up, filled = reader.order(BOOK, "trend-0002"), reader.order(BOOK, "trend-0001")

    assert given_up is not None
    assert given_up.ended is not None
    assert given_up.ended.sender == "bot-1 (key 1)"
    assert filled is not None
    assert filled.ended is None


def test_a_story_says_which_person_gave_its_room_back(filled_sqlite):
    released = ReservationReleased(
        at=AFTERNOON,
        portfolio=BOOK,
        cycle="demo-1",
        client_order_id="released-1",
        strategy="trend",
        asset="BTC/USDT",
        quantity=1.0,
        who="Ana",
        reason="never sent",
    )
    order = replace(
        FakeBookReader().orders_told[0].order,
        client_order_id="released-1",
        status=ReservationStatus.EXPIRED,
        at=AFTERNOON - 99 * DAY,
    )
    with transaction(filled_sqlite.writer) as connection:
        journal.append(connection, BOOK, journal.entries_of([released]))

        def found_of(order: AnsweredOrder) -> object:
            return end_of(connection, BOOK, order)

        assert found_of(order) is None, "told of too long after"
        assert found_of(replace(order, at=AFTERNOON - DAY)) == released
        assert found_of(replace(order, at=AFTERNOON - DAY, status=None)) is None


def test_a_story_whose_cycle_is_not_kept_has_its_checks_all_the_same(filled_sqlite):
    with transaction(filled_sqlite.writer) as connection:
        connection.exec_driver_sql(
            "UPDATE decision SET snapshot = 9 WHERE client_order_id = 'noise-0004'"
        )
    story = sql_reader(filled_sqlite).order(BOOK, "noise-0004")
    with transaction(filled_sqlite.writer) as connection:
        connection.exec_driver_sql(
            "UPDATE decision SET snapshot = 48211 WHERE client_order_id = 'noise-0004'"
        )

    assert story is not None
    assert (story.assessment, story.mark) == (None, None)
    assert "net_exposure" in story.order.answer


def test_open_room_is_what_may_still_be_filled(reader: BookReader):
    held = {each.order.client_order_id: each for each in reader.reservations(BOOK)}

    assert list(held) == ["trend-0003", "noise-0004", "noise-0006", "trend-0007"]
    assert held["trend-0007"].open_quantity == pytest.approx(-0.125)
    assert held["trend-0007"].status is ReservationStatus.PARTLY_FILLED


def test_news_is_a_number_and_an_unknown_book_is_refused(reader: BookReader):
    assert reader.order_news(BOOK) > 0
    for ask in (reader.order_news, reader.reservations):
        with pytest.raises(UnknownPortfolio):
            ask("nobody")


def test_lists_are_found_by_the_index_of_time(filled_sqlite):
    """An old book has millions of orders; a screen asks for those of a day."""
    plan = read(
        filled_sqlite,
        "EXPLAIN QUERY PLAN SELECT * FROM decision WHERE portfolio = 'demo' "
        "AND at_ms >= 1 AND at_ms <= 2 ORDER BY at_ms DESC, client_order_id LIMIT 201",
    )

    assert "decision_by_time" in plan[0][-1]
