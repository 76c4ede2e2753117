"""What answers agents, put together of the settings."""

from dataclasses import replace
from types import SimpleNamespace

import httpx2
import pytest

from risk.commands.serving import api_of
from risk.config import Settings, load_settings
from risk.domain.keys import SERVICE_KEY_FILE
from risk.runtime import database
from risk.storage.engines import open_engines
from tests.network import free_port

NOBODY_RULES = SimpleNamespace(gate=lambda: None, notary=lambda: None)


@pytest.fixture
def settings(run) -> Settings:
    run("migrate")
    return replace(load_settings(), api_port=free_port(), api_hosts=("seawall.example",))


def asked(settings: Settings, path: str, **headers: str) -> httpx2.Response:
    return httpx2.get(f"{settings.api_url}{path}", headers=headers, trust_env=False)


def test_agents_may_ask_under_the_names_of_the_settings_and_no_other(settings):
    with api_of(NOBODY_RULES, settings):
        known = asked(settings, "/healthz", host="seawall.example")
        other = asked(settings, "/healthz", host="elsewhere.example")

    assert (known.status_code, other.status_code) == (200, 421)


def test_keys_are_known_from_the_first_request_on(settings):
    with api_of(NOBODY_RULES, settings):
        key = (settings.home / SERVICE_KEY_FILE).read_text().strip()
        answer = asked(settings, "/api/v1/status", authorization=f"Bearer {key}")

    assert answer.status_code == 503, "there is no authority; the key itself is good"


def test_no_connection_to_the_database_is_left(settings, monkeypatch):
    opened = []

    def noted(url: str):
        opened.append(open_engines(url))
        return opened[-1]

    monkeypatch.setattr(database, "open_engines", noted)
    with api_of(NOBODY_RULES, settings):
        (engines,) = opened
        assert engines.reader.pool.checkedin() + engines.reader.pool.checkedout() > 0

    assert engines.reader.pool.checkedin() + engines.writer.pool.checkedin() == 0
    with pytest.raises(httpx2.ConnectError):
        asked(settings, "/healthz")
