"""`seawall notify`: what worked, what waits, and no secret in either."""

import json
from datetime import timedelta

import pytest

from risk.commands.store import writing
from risk.storage.outbox import post, rows_of
from tests.builders import NOON, build_notice
from tests.network import free_port

pytestmark = pytest.mark.usefixtures("logs_as_before")


def test_the_log_alone_always_works(run):
    result = run("notify", "test")

    assert (result.exit_code, result.stdout) == (0, "log: delivered\n")
    assert "Test of Seawall: portfolio demo" in result.stderr


def test_a_channel_that_fails_is_named_and_ends_it_with_one(run, monkeypatch):
    monkeypatch.setenv("SEAWALL_NOTIFY_URLS", f"json://127.0.0.1:{free_port()}/s3cret")
    monkeypatch.setenv("SEAWALL_NOTIFY_HOSTS", "127.0.0.1")

    result = run("notify", "test", "--json")

    log, failed = json.loads(result.stdout)["channels"]
    assert result.exit_code == 1
    assert log == {"channel": "log", "problem": None}
    assert failed["channel"] == "json"
    assert "onnection error" in failed["problem"]
    assert "s3cret" not in result.stdout + result.stderr


def test_a_bad_address_is_refused_in_one_sentence(run, monkeypatch):
    monkeypatch.setenv("SEAWALL_NOTIFY_URLS", "slack://s3cret")

    result = run("notify", "test")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "SEAWALL_NOTIFY_URLS has an address that cannot be used, number 1" in result.stderr
    assert "s3cret" not in result.stderr


@pytest.fixture
def posted(run):
    run("migrate")
    notices = [build_notice(n, at=NOON + timedelta(seconds=n)) for n in (1, 2, 3)]
    with writing() as connection:
        post(connection, rows_of(notices, ["mail"]))
    return run


def test_what_has_not_arrived_is_listed_with_what_becomes_of_it(posted):
    with writing() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET dead = 'no such mailbox', next_ms = NULL, attempts = 40"
            " WHERE notice = '1-0'"
        )
        connection.exec_driver_sql(
            "UPDATE outbox SET next_ms = 5000, attempts = 1 WHERE notice = '2-0'"
        )

    table, listed = posted("notify", "list").stdout, posted("notify", "list", "--json").stdout

    assert "dead: no such mailbox" in table
    assert "tried again at 00:00:05 UTC" in table
    notices = json.loads(listed)["notices"]
    assert [(one["id"], one["attempts"], one["dead"]) for one in notices] == [
        ("1-0", 40, "no such mailbox"),
        ("2-0", 1, None),
        ("3-0", 0, None),
    ]
    assert notices[1]["retry_at"] == "1970-01-01T00:00:05+00:00"


def test_nothing_left_is_said(posted):
    with writing() as connection:
        connection.exec_driver_sql("UPDATE outbox SET next_ms = NULL, delivered_ms = 1")

    assert posted("notify", "list").stdout == "Every notice has been delivered.\n"
    assert json.loads(posted("notify", "list", "--json").stdout) == {"notices": []}
