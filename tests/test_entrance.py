"""Where people come in, put together."""

import subprocess
import sys

import pytest

from risk import entrance, runtime
from risk.config import load_settings
from risk.domain.actors import Actor, Role, Via
from risk.errors import SchemaMismatch
from risk.storage.engines import open_engines, transaction
from risk.storage.outbox import undelivered
from risk.storage.portfolios import add_portfolio
from risk.storage.schema import upgrade
from tests.fakes_people import CHEAP, MONDAY

MACHINE = Actor(name="root", role=None, via=Via.COMMAND_LINE, has_login=False)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(entrance, "COST", CHEAP)
    folder = tmp_path / "settings"
    folder.mkdir()
    home = {"SEAWALL_HOME": str(tmp_path / "home"), "SEAWALL_NOTIFY_URLS": "json://127.0.0.1:1/x"}
    return load_settings(home, folder)


@pytest.fixture
def engines(settings):
    engines = open_engines(settings.database_url)
    upgrade(engines)
    yield engines
    engines.dispose()


def test_desk_and_office_share_a_database(settings, engines):
    first = runtime.build_office(settings).add(MACHINE, "anna", Role.ADMIN)
    logins = runtime.build_logins(settings)

    opened = logins.sign_in("anna", first, "", via=Via.WEB)

    assert logins.find(opened.token).person.name == "anna"


def test_whatever_gives_power_waits_for_the_channels_of_the_settings(settings, engines):
    with transaction(engines.writer) as connection:
        add_portfolio(connection, "demo", at=MONDAY)

    with entrance.entrance_of(settings) as opened:
        opened.office.add(MACHINE, "anna", Role.ADMIN)

    with transaction(engines.reader) as connection:
        letters = undelivered(connection, "demo")
    assert sorted((one.channel, one.notice.subject) for one in letters) == [
        ("json", "Login: anna was added as admin"),
        ("log", "Login: anna was added as admin"),
    ]


@pytest.mark.parametrize(
    "build", [entrance.build_logins, entrance.build_office, entrance.entrance_of]
)
def test_nobody_comes_in_over_tables_of_another_program(settings, build):
    def enter() -> None:
        with build(settings):
            raise AssertionError("nobody comes in here")

    with pytest.raises(SchemaMismatch):
        enter()


def test_who_asks_is_known_without_waiting_for_the_mathematics():
    """Whoever stops trading from a terminal asks this first."""
    heavy = "import risk.commands.people, sys; print({'numba', 'pandas', 'scipy'} & {*sys.modules})"

    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
