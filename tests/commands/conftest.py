"""Commands run in the test's process, in a folder and with a home of their own."""

import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from click.testing import CliRunner, Result

from risk.commands.group import seawall


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Run in an empty folder, whose database is fresh."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def run(home, logs_as_before) -> Callable[..., Result]:
    """Run a command line; `result.stdout`, `result.stderr` and `result.exit_code` tell."""

    def invoke(*arguments: object, answer: str | None = None) -> Result:
        result = CliRunner().invoke(seawall, [str(each) for each in arguments], input=answer)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Where log lines go is the process's, and so everybody's."""
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    ours = structlog.get_config()
    yield
    structlog.configure(**ours)
    root.level, root.handlers[:] = before
