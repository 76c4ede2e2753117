"""The tests' own tools do what the other tests take for granted."""

import os
import socket
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.fakes import FakeClock
from tests.postgres import PostgresServer, running_postgres


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_a_test_gets_a_database_of_its_own(empty_postgres_url: str):
    with connect(empty_postgres_url) as connection:
        connection.execute("CREATE TABLE mine (id int)")

        assert connection.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_the_next_test_does_not_see_it(empty_postgres_url: str):
    with connect(empty_postgres_url) as connection:
        found = connection.execute("SELECT to_regclass('mine')").fetchone()

    assert found == (None,)


def test_the_tables_are_there_where_a_test_wants_them(postgres_url: str):
    with connect(postgres_url) as connection:
        found = connection.execute("SELECT to_regclass('journal')").fetchone()

    assert found == ("journal",)


def test_a_killed_server_comes_back_on_its_port_with_its_data():
    with running_postgres() as server:
        with connect(server.url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        address = server.url()
        server.kill()

        with pytest.raises(psycopg.OperationalError):
            connect(address)

        server.start()
        with connect(address) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_stopped_server_leaves_no_process():
    with running_postgres() as server:
        pid = server.pid

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_server_listens_on_loopback_only(postgres: PostgresServer):
    with connect(postgres.url()) as connection:
        heard = connection.execute("SHOW listen_addresses").fetchone()

    assert heard == ("127.0.0.1",)


def test_calling_another_machine_fails():
    with socket.socket() as caller, pytest.raises(AssertionError, match="stay on this machine"):
        caller.connect(("192.0.2.1", 80))


def test_the_users_settings_do_not_reach_the_tests():
    assert [name for name in os.environ if name.startswith("SEAWALL_")] == ["SEAWALL_HOME"]


def test_the_clock_moves_only_when_told():
    clock = FakeClock(datetime(2024, 5, 1, tzinfo=UTC))

    assert clock.now() == clock.now() == clock.wall() == datetime(2024, 5, 1, tzinfo=UTC)
    assert clock.advance(90) == datetime(2024, 5, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90.0


def test_stepping_the_clock_back_lets_no_time_pass():
    clock = FakeClock(datetime(2024, 5, 1, tzinfo=UTC))
    clock.advance(5)
    clock.set(datetime(2024, 4, 30, tzinfo=UTC))

    assert clock.now() == datetime(2024, 4, 30, tzinfo=UTC)
    assert clock.monotonic() == 5.0


def test_stepping_the_wall_leaves_the_market_alone():
    clock = FakeClock(datetime(2024, 5, 1, tzinfo=UTC))
    clock.step_wall(timedelta(seconds=-60))

    assert clock.wall() == datetime(2024, 4, 30, 23, 59, tzinfo=UTC)
    assert clock.now() == datetime(2024, 5, 1, tzinfo=UTC)


def test_time_never_passes_backwards():
    with pytest.raises(ValueError, match="backwards"):
        FakeClock().advance(-1)


def test_the_clock_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="timezone"):
        FakeClock(datetime(2024, 5, 1))  # noqa: DTZ001
