"""The command line answers in sentences and exit codes."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from risk.commands.group import COMMANDS, errors_in_words, seawall
from risk.errors import (
    BookFileInvalid,
    InsufficientData,
    SeawallError,
    SettingInvalid,
    StoreUnavailable,
    UnknownPortfolio,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingInvalid("SEAWALL_SEED", "is wrong"), 2),
        (BookFileInvalid("line 3: is wrong"), 2),
        (UnknownPortfolio("there is no portfolio x"), 2),
        (StoreUnavailable("the database did not answer"), 1),
        (InsufficientData("var", needed=2, got=1), 1),
    ],
)
def test_wrong_input_is_2_and_everything_else_is_1(error: SeawallError, code: int):
    with pytest.raises(click.ClickException) as told, errors_in_words():
        raise error

    assert told.value.exit_code == code
    assert told.value.message == str(error)


def test_an_error_that_is_not_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError), errors_in_words():
        raise ZeroDivisionError


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_it_is_for(run, name):
    result = run(name, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: seawall {name}")


def test_the_list_of_commands_is_whole(run):
    listed = run("--help").stdout

    assert all(name in listed for name in COMMANDS)


def test_a_command_that_does_not_exist_is_refused(run):
    result = run("setings")

    assert result.exit_code == 2
    assert "No such command 'setings'" in result.stderr


def test_python_m_risk_is_the_same_command_line(home):
    """In a process of its own: one sentence on standard error, no trace, the exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "risk", "settings", "--json"],
        env={"SEAWALL_WEBPORT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "Error: SEAWALL_WEBPORT in the environment is not a setting; "
        "did you mean SEAWALL_WEB_PORT?\n"
    )


def test_the_version_is_told():
    assert CliRunner().invoke(seawall, ["--version"]).stdout.startswith("seawall, version ")
