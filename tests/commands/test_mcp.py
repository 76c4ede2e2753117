"""`seawall mcp`: what it does before any tool is called."""

from importlib.util import find_spec

import pytest

from risk.commands import mcp as command


@pytest.fixture(autouse=True)
def quiet(monkeypatch) -> None:
    """Logs are set up for a process, and this one has more tests to run."""
    monkeypatch.setattr(command, "configure_logs", lambda level: None)


def test_without_its_package_it_says_how_to_get_it(run, monkeypatch):
    def nothing(name: str) -> object:
        return None if name == "mcp_types" else find_spec(name)

    monkeypatch.setattr(command, "find_spec", nothing)

    result = run("mcp")

    assert result.exit_code == 1
    assert "pip install 'seawall[mcp]'" in result.stderr


def test_without_a_key_it_says_where_one_is_looked_for(run, home):
    result = run("mcp")

    assert result.exit_code == 2
    assert f"there is no key to read in {home}/state/service.key" in result.stderr


def test_an_address_for_others_than_this_machine_is_refused(run):
    result = run("mcp", "--http", "0.0.0.0:8052")

    assert result.exit_code == 2
    assert "this machine alone" in result.stderr


def test_a_url_that_is_none_is_refused(run, monkeypatch):
    monkeypatch.setenv("SEAWALL_URL", "ftp://there")

    result = run("mcp", "--http", "127.0.0.1:0")

    assert (result.exit_code, result.stderr.count("SEAWALL_URL must be http")) == (2, 1)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8051"),
        ({"SEAWALL_HOST": "::1"}, "http://[::1]:8051"),
        ({"SEAWALL_URL": "https://there"}, "https://there"),
    ],
)
def test_the_engine_is_asked_where_it_is(run, monkeypatch, environment, url):
    asked = []
    monkeypatch.setattr(command, "_serve_by_stdio", lambda asking, _settings: asked.append(asking))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert run("mcp").exit_code == 0
    assert [each.url for each in asked] == [url]
