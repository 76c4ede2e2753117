"""`seawall journal`: what was kept is read, saved, signed, and vouched for, or said to be bent."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from risk.config import load_settings
from risk.domain.actors import Role
from risk.domain.events import FundsMoved, PersonSignedIn
from risk.domain.people import Person
from risk.domain.people_store import Account
from risk.engine.clock import wall_time
from risk.storage import journal, people_journal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.people import SqlPeople
from risk.storage.portfolios import add_portfolio
from tests.storage.rows import without_triggers, write

AT = datetime(2025, 1, 1, tzinfo=UTC)
EVENT = FundsMoved(at=AT, portfolio="main", cycle="1", amount=5.0, equity=5.0, note="")
SIGNED_IN = PersonSignedIn(at=AT, portfolio="/people", cycle="", person="ana", via="web", place="")


@pytest.fixture
def engines(run) -> Engines:
    run("migrate")
    engines = open_engines(load_settings().database_url)
    with transaction(engines.writer) as connection:
        # Not by its command, which tells of it in the journal of people.
        add_portfolio(connection, "main", at=wall_time())
    append(engines, "main", 3)
    yield engines
    engines.dispose()


def append(engines: Engines, stream: str, times: int) -> None:
    with transaction(engines.writer) as connection:
        journal.append(connection, stream, journal.entries_of([EVENT] * times))


def document(result) -> dict:
    return json.loads(result.stdout)


def state(run) -> Path:
    return load_settings().home


# --- verify --------------------------------------------------------------------------------


def test_a_journal_that_holds_is_counted(run, engines):
    result = run("journal", "verify")

    assert result.exit_code == 0
    assert result.stdout == (
        "The journal of /people is empty.\n"
        "The journal of main holds: 3 entries, none signed.\n"
        "Signatures were not checked: no public key is here yet.\n"
    )
    assert "3 entries in" in result.stderr
    found = document(run("journal", "verify", "main", "--json"))
    assert (found["holds"], found["signatures_checked"], found["entries"]) == (True, False, 3)
    assert found["streams"] == [
        {
            "portfolio": "main",
            "entries": 3,
            "holds": True,
            "problem": None,
            "faults": [],
            "signed_to": None,
            "signed_at": None,
            "signed_by": None,
            "anchored_to": None,
        }
    ]


def test_one_that_is_signed_says_up_to_where_how_long_ago_and_what_the_anchor_has(run, engines):
    run("journal", "checkpoint")
    append(engines, "main", 1)

    result = run("journal", "verify")

    said = r"of main holds: 4 entries, the first 3 signed \d+ s ago, at the anchor up to entry 3\."
    assert re.search(said, result.stdout)


def test_a_changed_entry_is_named_and_the_exit_code_is_1(run, engines):
    without_triggers(engines)
    write(engines, "UPDATE journal SET body = '{}' WHERE seq = 2")

    result = run("journal", "verify")
    told = document(broken := run("journal", "verify", "--json"))

    assert (result.exit_code, broken.exit_code) == (1, 1)
    assert (
        "The journal of main does not hold: entry 2 of the journal of main was changed"
        in result.stdout
    )
    (main,) = [each for each in told["streams"] if each["portfolio"] == "main"]
    assert (told["holds"], main["holds"], main["entries"]) == (False, False, 1)
    assert main["faults"][0]["kind"] == "entries"
    assert (main["faults"][0]["first"], main["faults"][0]["last"]) == (2, 2)


def test_the_end_cut_off_with_its_checkpoints_is_named_by_the_anchor(run, engines):
    run("journal", "checkpoint")
    without_triggers(engines)
    write(engines, "DELETE FROM journal WHERE seq > 1")
    write(engines, "DELETE FROM journal_checkpoint")

    result = run("journal", "verify", "main")
    without = run("journal", "verify", "main", "--no-anchor")

    assert result.exit_code == 1
    assert "entries 2 to 3 of the journal of main are missing" in result.stdout
    assert without.exit_code == 0


def test_a_portfolio_that_exists_no_more_is_looked_at_all_the_same(run, engines):
    append(engines, "gone", 2)

    assert "The journal of gone holds: 2 entries" in run("journal", "verify").stdout


def test_a_stream_that_there_is_not_is_refused(run, engines):
    result = run("journal", "verify", "other")

    assert result.exit_code == 2
    assert "there is no stream 'other'" in result.stderr


def test_somebody_without_the_private_key_verifies_by_the_public_one(run, engines, tmp_path):
    run("journal", "checkpoint")
    elsewhere = tmp_path / "elsewhere.pub"
    elsewhere.write_bytes((state(run) / "journal.pub").read_bytes())
    (state(run) / "journal.key").unlink()

    assert run("journal", "verify", "--public-key", elsewhere).exit_code == 0
    refused = run("journal", "checkpoint")
    assert refused.exit_code == 2
    assert "is gone, and its public key" in refused.stderr


def test_a_key_and_checkpoints_that_were_replaced_are_found_by_a_copy_of_the_public_key(
    run, engines, tmp_path
):
    run("journal", "checkpoint")
    elsewhere = tmp_path / "elsewhere.pub"
    elsewhere.write_bytes((state(run) / "journal.pub").read_bytes())
    without_triggers(engines)
    write(engines, "DELETE FROM journal_checkpoint")
    for name in ("journal.key", "journal.pub", "anchor.jsonl"):
        (state(run) / name).unlink()
    run("journal", "checkpoint")

    assert run("journal", "verify").exit_code == 0
    result = run("journal", "verify", "main", "--public-key", elsewhere)
    assert result.exit_code == 1
    assert "which is none of those that are trusted here" in result.stdout


def test_with_a_public_key_named_every_stream_must_be_signed(run, engines):
    run("journal", "checkpoint")
    append(engines, "late", 2)

    result = run("journal", "verify", "late", "--public-key", state(run) / "journal.pub")

    assert result.exit_code == 1
    assert "vouches for the 2 entries of the journal of late" in result.stdout
    assert run("journal", "verify", "late").exit_code == 0


def test_checkpoints_that_no_key_is_here_for_are_not_taken_for_proof(run, engines):
    run("journal", "checkpoint")
    (state(run) / "journal.pub").unlink()

    result = run("journal", "verify", "main")

    assert result.exit_code == 1
    assert "The journal of main is not proved: no public key is here that could" in result.stdout
    write_nothing_signed(engines)
    assert run("journal", "verify", "main").exit_code == 1  # the anchor has copies
    (state(run) / "anchor.jsonl").unlink()
    assert run("journal", "verify", "main").exit_code == 0  # as one that is new


def test_what_has_stood_for_hours_without_a_checkpoint_is_not_proved(run, engines):
    write(engines, "UPDATE portfolio SET created_ms = created_ms - 25 * 3600000")

    result = run("journal", "verify", "main")

    assert result.exit_code == 1
    assert "is not proved: nothing that is signed vouches" in result.stdout
    assert "though it began 25 hours ago" in result.stdout
    run("journal", "checkpoint")
    assert run("journal", "verify", "main").exit_code == 0
    write_nothing_signed(engines)
    (state(run) / "anchor.jsonl").unlink()
    assert run("journal", "verify", "main").exit_code == 1  # though the key is here


def test_a_new_key_where_another_one_signed_is_told_once(run, engines):
    run("journal", "checkpoint", "main")
    for name in ("journal.key", "journal.pub"):
        (state(run) / name).unlink()
    append(engines, "main", 1)

    result = run("journal", "checkpoint", "main")

    assert result.exit_code == 1
    assert re.search(
        r"the key \w{16} signs it for the first time, though \w{16} did", result.stdout
    )
    append(engines, "main", 1)
    assert run("journal", "checkpoint", "main").exit_code == 0


def test_people_without_a_journal_are_missed_there(run, engines):
    person = Person(name="tom", role=Role.TRADER, created=AT, created_by="anna", power_from=AT)
    with SqlPeople(engines).changing() as work:
        work.keep(Account(person=person, password="hashed", power_by="anna", changed_by="anna"))

    result = run("journal", "verify", "/people")

    assert result.exit_code == 1
    assert "does not hold: it is empty, though somebody has a login" in result.stdout


def write_nothing_signed(engines: Engines) -> None:
    without_triggers(engines)
    write(engines, "DELETE FROM journal_checkpoint")


def test_a_torn_line_of_the_anchor_is_told_and_harmless(run, engines):
    run("journal", "checkpoint")
    with (state(run) / "anchor.jsonl").open("ab") as file:
        file.write(b'{"stream":"ma')

    result = run("journal", "verify")

    assert result.exit_code == 0
    assert "anchor.jsonl, line 2, is not whole" in result.stdout


# --- checkpoint ----------------------------------------------------------------------------


def test_everything_new_is_signed_at_once_and_only_once(run, engines):
    with transaction(engines.writer) as connection:
        people_journal.tell(connection, SIGNED_IN)

    first, second = run("journal", "checkpoint"), run("journal", "checkpoint", "main", "--json")

    assert first.exit_code == 0
    assert first.stdout == (
        "The journal of /people is signed up to entry 1.\n"
        "The journal of main is signed up to entry 3.\n"
    )
    assert document(second)["streams"] == [
        {"stream": "main", "entry": None, "anchored": None, "problem": None}
    ]


def test_an_anchor_that_cannot_be_written_is_told_by_the_exit_code(run, engines, monkeypatch):
    (state(run) / "file").write_text("")
    monkeypatch.setenv("SEAWALL_ANCHOR", str(state(run) / "file" / "anchor.jsonl"))

    result = run("journal", "checkpoint", "main")

    assert result.exit_code == 1
    assert "is signed up to entry 3; the anchor" in result.stdout


# --- reading -------------------------------------------------------------------------------


def test_entries_are_listed_the_newest_last_and_filtered(run, engines):
    with transaction(engines.writer) as connection:
        people_journal.tell(connection, SIGNED_IN)

    def listed(*filters: str) -> list[tuple[str, int]]:
        told = document(run("journal", "list", "--json", *filters))
        return [(each["stream"], each["entry"]) for each in told["entries"]]

    assert listed() == [("/people", 1), ("main", 1), ("main", 2), ("main", 3)]
    assert listed("--limit", "1") == [("main", 3)]
    assert listed("--stream", "/people") == [("/people", 1)]
    assert listed("--person", "ana") == [("/people", 1)]
    assert listed("--kind", "FundsMoved", "--limit", "2") == [("main", 2), ("main", 3)]
    assert listed("--text", "SIGNEDIN") == [("/people", 1)]
    assert listed("--since", "2025-01-02T00:00") == []
    assert listed("--until", "2025-01-01T01:00+01:00") == listed()


def test_what_somebody_made_up_moves_nothing_on_a_terminal(run, engines):
    forged = FundsMoved(
        at=AT,
        portfolio="main",
        cycle="",
        amount=1.0,
        equity=1.0,
        note="\x1b[2J\n\u202e" + "x" * 9_000,
    )
    with transaction(engines.writer) as connection:
        journal.append(connection, "main", journal.entries_of([forged]))

    for asked in (
        ("list",),
        ("list", "--json"),
        ("show", "main", "4"),
        ("show", "main", "4", "--json"),
    ):
        assert run("journal", *asked).stdout.replace("\n", "").isprintable()
    assert max(map(len, run("journal", "list").stdout.splitlines())) < 500
    assert "x" * 9_000 in run("journal", "show", "main", "4").stdout


def test_a_list_for_people_says_when_it_is_cut(run, engines):
    result = run("journal", "list", "--limit", "2")

    lines = result.stdout.splitlines()
    assert lines[0].split() == ["at", "stream", "entry", "kind", "fields"]
    assert lines[2].startswith("2025-01-01 00:00:00+00:00  main")
    assert lines[2].rstrip().endswith("amount 5.0, equity 5.0")
    assert "Older ones are left out: --limit 20 shows more." in result.stderr


def test_a_time_that_is_none_and_a_stream_that_there_is_not_are_refused(run, engines):
    assert run("journal", "list", "--since", "yesterday").exit_code == 2
    assert run("journal", "list", "--stream", "other").exit_code == 2


def test_one_entry_is_shown_with_its_hash_and_what_covers_it(run, engines):
    assert "No checkpoint covers it yet" in run("journal", "show", "main", "2").stdout
    run("journal", "checkpoint")

    told = document(run("journal", "show", "main", "2", "--json"))

    assert (told["stream"], told["entry"], told["kind"]) == ("main", 2, "FundsMoved")
    assert told["event"]["amount"] == 5.0
    assert len(told["hash"]) == 64
    assert told["checkpoint"]["entry"] == 3
    assert "amount:" in run("journal", "show", "main", "2").stdout
    assert run("journal", "show", "main", "4").exit_code == 2


def test_entries_are_saved_for_spreadsheets_without_a_formula(run, engines, tmp_path):
    bad = FundsMoved(at=AT, portfolio="main", cycle="=1+1", amount=1.0, equity=1.0, note="@x")
    with transaction(engines.writer) as connection:
        journal.append(connection, "main", journal.entries_of([bad]))

    result = run("journal", "export", tmp_path / "a.csv")

    assert result.stdout == f"4 entries in {tmp_path / 'a.csv'}.\n"
    with (tmp_path / "a.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["stream", "entry", "at", "kind", "portfolio", "cycle", "fields", "hash"]
    assert [row[1] for row in rows] == ["4", "3", "2", "1"]
    assert rows[0][5] == "'=1+1"
    assert json.loads(rows[0][6]) == {"amount": 1.0, "equity": 1.0, "note": "@x"}


def test_lines_of_json_hold_all_that_the_hash_covers(run, engines, tmp_path):
    run("journal", "export", tmp_path / "a.jsonl", "--stream", "main")

    lines = (tmp_path / "a.jsonl").read_text().splitlines()[::-1]
    link = b""
    for line in lines:
        told = json.loads(line)
        body = line[line.index('"event": ') + len('"event": ') : -1]
        link = journal._hash(link, told["stream"], told["entry"], told["at_ms"], told["kind"], body)
        assert told["hash"] == link.hex()
    assert len(lines) == 3


def test_a_file_is_there_whole_or_not_at_all(run, engines, tmp_path):
    assert run("journal", "export", tmp_path / "a.txt").exit_code == 2
    assert run("journal", "export", tmp_path / "nowhere" / "a.csv").exit_code == 2
    assert run("journal", "export", tmp_path / "a.csv", "--stream", "other").exit_code == 2

    assert [each.name for each in tmp_path.iterdir() if "a." in each.name] == []


# --- working out again ---------------------------------------------------------------------


def test_an_order_or_trip_that_there_never_was_is_refused(run, engines):
    assert run("journal", "recompute", "order", "o1", "--portfolio", "main").exit_code == 2
    assert run("journal", "recompute", "trip", "x/1", "--portfolio", "main").exit_code == 2
