"""Commands run in the test's process, in a folder and with a home of their own."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from risk.commands.group import seawall


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Run in an empty folder, whose database is fresh."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def run(home) -> Callable[..., Result]:
    """Run a command line; `result.stdout`, `result.stderr` and `result.exit_code` tell."""

    def invoke(*arguments: object, answer: str | None = None) -> Result:
        result = CliRunner().invoke(seawall, [str(each) for each in arguments], input=answer)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
