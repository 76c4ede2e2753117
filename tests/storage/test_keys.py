"""Keys in the database: only hashes, scoped, revoked for good."""

from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.keys import ApiKey, KeyAbility
from risk.errors import InvalidInput, StoreError, UnknownPortfolio
from risk.storage.engines import Engines, transaction
from risk.storage.keys import SqlKeys, add_key, all_keys, keep_key, revoke_key
from risk.storage.portfolios import add_portfolio
from tests.builders import NOON, PORTFOLIO
from tests.fakes_gate import make_key
from tests.storage.rows import read, write


@pytest.fixture(autouse=True)
def portfolios(request: pytest.FixtureRequest) -> None:
    name = "sqlite" if "sqlite" in request.fixturenames else "engines"
    engines = request.getfixturevalue(name)
    with transaction(engines.writer) as connection:
        for name in (PORTFOLIO, "second"):
            add_portfolio(connection, name, at=NOON)


def added(engines: Engines, key: ApiKey) -> ApiKey:
    with transaction(engines.writer) as connection:
        add_key(connection, key)
    return key


def kept(engines: Engines, key: ApiKey) -> ApiKey:
    with transaction(engines.writer) as connection:
        return keep_key(connection, key)


def revoked(engines: Engines, key_id: str, days: int = 0) -> bool:
    with transaction(engines.writer) as connection:
        return revoke_key(connection, key_id, at=NOON + timedelta(days=days))


def test_a_key_comes_back_as_it_was(engines: Engines):
    whole, _ = make_key()
    narrow, _ = make_key(
        name="bot",
        portfolios=[PORTFOLIO, "second"],
        strategies=["trend", "dip"],
        abilities=frozenset({KeyAbility.READ}),
    )
    later = replace(narrow, created=narrow.created + timedelta(days=1))
    for key in (later, whole):
        added(engines, key)

    assert SqlKeys(engines).read() == [whole, later]


def test_no_secret_is_kept(engines: Engines):
    key, secret = make_key()
    added(engines, key)

    rows = read(engines, "SELECT * FROM api_key")
    assert secret.removeprefix("seawall_") not in repr(rows)
    assert secret.encode() not in b"".join(v for row in rows for v in row if isinstance(v, bytes))


def test_what_is_revoked_stays_revoked_since_then(engines: Engines):
    key = added(engines, make_key()[0])

    assert revoked(engines, key.id)
    assert not revoked(engines, key.id, days=1)
    assert [each.revoked for each in SqlKeys(engines).read()] == [NOON]


def test_a_key_that_is_none_cannot_be_revoked(engines: Engines):
    with pytest.raises(InvalidInput, match="no key has the id 'k1'; `seawall keys list`"):
        revoked(engines, "k1")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"portfolios": ["secnd"]}, UnknownPortfolio, "did you mean second"),
        ({"portfolios": []}, InvalidInput, "opens nothing"),
        ({"abilities": frozenset()}, InvalidInput, "opens nothing"),
        ({"name": " "}, InvalidInput, "must have a name"),
        ({"name": "a\nb"}, InvalidInput, "printable"),
        ({"strategies": [""]}, InvalidInput, "cannot name a strategy"),
        ({"strategies": ["a\0"]}, InvalidInput, "cannot name a strategy"),
    ],
)
def test_a_key_that_would_open_nothing_or_fool_a_reader_is_refused(
    engines: Engines, options, error, says
):
    with pytest.raises(error, match=says):
        added(engines, make_key(**options)[0])
    assert SqlKeys(engines).read() == []


def test_a_secret_belongs_to_one_key(engines: Engines):
    key = added(engines, make_key()[0])

    with pytest.raises(StoreError):
        added(engines, replace(key, id="another"))


def test_a_known_secret_is_kept_once_and_opens_more_portfolios(engines: Engines):
    key, _ = make_key(name="service")
    assert kept(engines, key) == key
    again = kept(engines, replace(key, id="new", portfolios=frozenset({"second"})))

    assert again == replace(key, portfolios=frozenset({PORTFOLIO, "second"}))
    assert SqlKeys(engines).read() == [again]
    assert kept(engines, key) == again


def test_a_revoked_secret_is_not_opened_again_by_keeping_it(engines: Engines):
    key, _ = make_key()
    kept(engines, key)
    revoked(engines, key.id)
    again = kept(engines, replace(key, id="new", portfolios=frozenset({"second"})))

    assert (again.id, again.portfolios, again.revoked) == (key.id, key.portfolios, NOON)


def test_an_ability_that_only_a_newer_program_knows_is_none(engines: Engines):
    key = added(engines, make_key(abilities=frozenset({KeyAbility.READ}))[0])
    write(engines, 'UPDATE api_key SET abilities = \'["fly", "read"]\'')

    with transaction(engines.reader) as connection:
        assert all_keys(connection) == [key]


def test_a_database_that_cannot_tell_is_told(sqlite: Engines):
    added(sqlite, make_key()[0])
    write(sqlite, "DROP TABLE api_key")

    with pytest.raises(StoreError):
        SqlKeys(sqlite).read()
