"""The journal keeps events for ever, and shows it when somebody meddled."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from risk.domain.events import RiskEvent
from risk.errors import JournalBroken, StoreError
from risk.storage import journal, tables
from risk.storage.engines import Engines, transaction
from tests.builders import NOON, build_flow, build_funds_moved, build_portfolio_risk
from tests.storage.rows import count, read, without_triggers, write

STREAM = "demo"


def moved(number: int) -> RiskEvent:
    return build_funds_moved(build_flow(amount=float(number)), NOON + timedelta(seconds=number))


def append(engines: Engines, *numbers: int, stream: str = STREAM) -> None:
    with transaction(engines.writer) as connection:
        journal.append(connection, stream, journal.entries_of([moved(n) for n in numbers]))


def verify(engines: Engines, stream: str = STREAM) -> int:
    with transaction(engines.reader) as connection:
        return journal.verify(connection, stream)


def meddle(engines: Engines, statement: str) -> None:
    """Change the journal as somebody with the database's password could."""
    without_triggers(engines)
    write(engines, statement)


def test_an_untouched_journal_holds(engines: Engines):
    append(engines, 1, 2)
    append(engines, 3)

    assert verify(engines) == 3


def test_an_empty_journal_holds(engines: Engines):
    assert verify(engines) == 0


def test_streams_are_chained_apart(engines: Engines):
    append(engines, 1)
    append(engines, 1, 2, stream="other")
    append(engines, 2)

    assert (verify(engines), verify(engines, "other")) == (2, 2)


def test_measurements_are_not_journalled():
    assert journal.entries_of([build_portfolio_risk()]) == []


def test_appending_nothing_leaves_nothing(engines: Engines):
    append(engines)

    assert count(engines, tables.journal) == 0


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE journal SET body = '{}' WHERE seq = 2", "entry 2 .* was changed"),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 3", "entry 3 .* was changed"),
        ("UPDATE journal SET kind = 'Nothing' WHERE seq = 1",
         r"entry 1 .* was changed \(Nothing\), or put in$"),
        ("UPDATE journal SET hash = (SELECT hash FROM journal j WHERE j.seq = 1) WHERE seq = 4",
         "entry 4 .* was changed"),
        ("DELETE FROM journal WHERE seq = 2", "entry 2 of the journal of demo is missing"),
        ("DELETE FROM journal WHERE seq < 4", "entries 1 to 3 of the journal of demo are missing"),
        ("UPDATE journal SET seq = 0 WHERE seq = 1", "entry 0 .* was put in: numbers begin at 1"),
        ("UPDATE journal SET seq = -7 WHERE seq = 4", "entry -7 .* was put in"),
        ("DELETE FROM journal WHERE seq = 1", "entry 1 of the journal of demo is missing"),
    ],
)  # fmt: skip
def test_verifying_names_the_first_bad_entry(engines: Engines, statement: str, message: str):
    append(engines, 1, 2, 3, 4)
    meddle(engines, statement)

    with pytest.raises(JournalBroken, match=message):
        verify(engines)


def test_an_entry_moved_to_another_stream_is_found(engines: Engines):
    append(engines, 1)
    meddle(engines, "UPDATE journal SET stream = 'other'")

    with pytest.raises(JournalBroken, match="entry 1 of the journal of other was changed"):
        verify(engines, "other")


def test_an_entry_without_the_right_hash_is_found(engines: Engines):
    append(engines, 1)
    kept = read(engines, "SELECT at_ms, kind, body FROM journal")[0]
    with engines.writer.begin() as connection:
        row = dict(zip(("at_ms", "kind", "body"), kept, strict=True))
        connection.execute(insert(tables.journal).values(stream=STREAM, seq=2, hash=b"x", **row))

    with pytest.raises(JournalBroken, match="entry 2"):
        verify(engines)


def test_a_fork_of_the_chain_is_refused(engines: Engines):
    """Two writers that both saw entry 1 as the last cannot both write entry 2."""
    append(engines, 1, 2)

    forged = {"stream": STREAM, "seq": 2, "at_ms": 0, "kind": "x", "body": "{}", "hash": b"x"}
    with pytest.raises(StoreError, match="refused"), transaction(engines.writer) as connection:
        connection.execute(insert(tables.journal).values(forged))


def follow_all(engines: Engines, limit: int) -> journal.Link:
    place, before = journal.BEGINNING, None
    while place != before:
        before = place
        with transaction(engines.reader) as connection:
            place, wrong = journal.follow(connection, STREAM, before, limit=limit)
        assert wrong is None
    return place


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_chain_is_followed_in_portions_of_any_size(engines: Engines, limit: int):
    append(engines, 1, 2, 3, 4)

    place = follow_all(engines, limit)

    assert place.seq == 4
    with transaction(engines.reader) as connection:
        assert journal.newest_link(connection, STREAM) == place


def test_what_comes_later_is_followed_from_where_one_was(engines: Engines):
    append(engines, 1, 2)
    place = follow_all(engines, 10)
    append(engines, 3)

    with transaction(engines.reader) as connection:
        later, wrong = journal.follow(connection, STREAM, place)

    assert (later.seq, wrong) == (3, None)


def test_a_past_that_was_written_anew_does_not_lead_to_what_comes_later(engines: Engines):
    append(engines, 1, 2)
    place = follow_all(engines, 10)
    meddle(engines, "DELETE FROM journal")
    append(engines, 9, 8, 7)

    with transaction(engines.reader) as connection:
        _, wrong = journal.follow(connection, STREAM, place)

    assert wrong is not None
    assert (wrong.first, wrong.last) == (3, 3)


def test_all_streams_are_found_in_their_order(engines: Engines):
    for stream in ("zeta", "/people", "Alpha", "alpha"):
        append(engines, 1, stream=stream)

    with transaction(engines.reader) as connection:
        assert list(journal.streams(connection)) == ["/people", "Alpha", "alpha", "zeta"]
