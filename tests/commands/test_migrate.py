"""`seawall migrate` makes, renews and takes back tables."""

import pytest

from risk.commands.store import checked_engines_of
from risk.config import load_settings
from risk.errors import SchemaMismatch


def check() -> None:
    with checked_engines_of(load_settings()):
        pass


def test_tables_are_made_once_and_a_second_time_changes_nothing(run):
    with pytest.raises(SchemaMismatch, match="seawall migrate"):
        check()

    for _ in range(2):
        result = run("migrate")
        assert result.exit_code == 0
        assert "Tables are up to date in sqlite:///" in result.stdout

    check()


def test_a_step_back_is_taken_only_when_confirmed(run):
    run("migrate")

    refused = run("migrate", "--down", answer="n\n")
    assert refused.exit_code == 1
    check()

    assert run("migrate", "--down", "--yes").exit_code == 0
    with pytest.raises(SchemaMismatch):
        check()


def test_there_is_no_step_back_from_nothing(run):
    result = run("migrate", "--down", "--yes")

    assert result.exit_code == 1
    assert "no tables" in result.stderr
