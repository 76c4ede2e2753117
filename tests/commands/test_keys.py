"""`seawall keys`: made, shown once, listed, revoked."""

import json
import stat

import pytest

from risk.auth.keys import hash_of
from risk.commands.store import reading
from risk.config import load_settings
from risk.domain.keys import SERVICE, KeyAbility
from risk.runtime import access_for_agents
from risk.storage.keys import all_keys


@pytest.fixture
def book(run):
    run("migrate")
    run("portfolios", "add", "demo")
    return run


def stored():
    with reading() as connection:
        return all_keys(connection)


def test_a_key_is_printed_once_as_a_document(book):
    result = book("keys", "add", "--name", "bot", "--portfolio", "demo", "--json")
    told = json.loads(result.stdout)

    assert set(told) == {"id", "key"}
    (key,) = stored()
    assert (key.id, key.name, key.hash) == (told["id"], "bot", hash_of(told["key"].encode()))
    assert key.abilities == {KeyAbility.VALIDATE, KeyAbility.READ}
    assert (key.portfolios, key.strategies) == ({"demo"}, None)
    assert told["key"] not in book("keys", "list", "--json").stdout


def test_a_key_may_be_for_strategies_and_abilities(book):
    result = book(
        "keys", "add", "--name", "ops", "--strategy", "trend", "--strategy", "dip",
        "--ability", "command", "--ability", "emergency",
    )  # fmt: skip

    (key,) = stored()
    assert key.strategies == {"trend", "dip"}
    assert key.abilities == {KeyAbility.COMMAND, KeyAbility.EMERGENCY}
    first, secret = result.stdout.splitlines()
    assert first == f"Key {key.id} of ops, shown only now:"
    assert hash_of(secret.encode()) == key.hash


def test_keys_are_listed_and_revoked(book):
    assert "No keys yet" in book("keys", "list").stdout
    key_id = json.loads(book("keys", "add", "--name", "bot", "--json").stdout)["id"]
    assert "all" in book("keys", "list").stdout

    revoke = ("keys", "revoke", key_id, "--reason", "the bot is gone")
    assert book("keys", "revoke", key_id).exit_code == 2
    assert "opens nothing any more" in book(*revoke).stdout
    assert "was revoked already" in book(*revoke).stdout
    (listed,) = json.loads(book("keys", "list", "--json").stdout)["keys"]
    assert listed["id"] == key_id
    assert listed["revoked"] is not None
    assert (listed["abilities"], listed["strategies"]) == (["read", "validate"], None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "--name", "x", "--portfolio", "dem"), "did you mean demo?"),
        (("add", "--name", " "), "must have a name"),
        (("add", "--name", "x", "--ability", "fly"), "'fly' is not one of"),
        (("revoke", "k0", "--reason", "x"), "no key has the id 'k0'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(book, arguments, says):
    result = book("keys", *arguments)

    assert result.exit_code == 2
    assert says in result.stderr
    assert stored() == []


def test_the_document_is_printed(run):
    document = json.loads(run("openapi").stdout)

    assert document["openapi"] == "3.1.0"
    assert "/api/v1/orders/validate" in document["paths"]


# --- the service key -----------------------------------------------------------------------


def ring_of(settings):
    """The keys that an authority which starts now knows."""
    with access_for_agents(settings) as access:
        access.keys.look()
        return access.keys.ring


def test_the_first_start_keeps_a_service_key_that_may_do_all(run):
    run("migrate")
    settings = load_settings()
    ring = ring_of(settings)
    file = settings.home / "service.key"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = ring.find(file.read_text().strip().encode())
    assert key is not None
    assert (key.name, key.portfolios, key.strategies) == (SERVICE, {"demo"}, None)
    assert key.abilities == set(KeyAbility)
    assert [each.id for each in stored()] == [key.id]


def test_a_revoked_service_key_stays_revoked_until_its_file_is_removed(run):
    run("migrate")
    settings = load_settings()
    file = settings.home / "service.key"
    ring_of(settings)
    (key,) = stored()
    run("keys", "revoke", key.id, "--reason", "gone")

    assert ring_of(settings).find(file.read_text().strip().encode()) is None

    file.unlink()
    assert ring_of(settings).find(file.read_text().strip().encode()).name == SERVICE


def test_the_service_key_opens_each_portfolio_that_was_started_here(book, monkeypatch):
    book("portfolios", "add", "second")
    ring_of(load_settings())
    monkeypatch.setenv("SEAWALL_PORTFOLIO", "second")
    ring_of(load_settings())

    (key,) = stored()
    assert key.portfolios == {"demo", "second"}
