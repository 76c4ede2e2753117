"""`seawall users rescue`: the glass that is broken where no admin can sign in."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from risk.auth.keys import hash_of, new_id
from risk.auth.passwords import Hasher
from risk.auth.sealing import PEOPLE_KEY_FILE
from risk.auth.service_key import keep_service_key
from risk.config import load_settings
from risk.domain.actors import Role, Via
from risk.domain.events import PEOPLE_STREAM, ActionDenied, PersonChanged, RiskEvent, Severity
from risk.domain.keys import SERVICE, SERVICE_KEY_FILE, ApiKey, KeyAbility
from risk.domain.people import Setup
from risk.engine.clock import wall_time
from risk.errors import Conflict, LoginRefused
from risk.storage import codec
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.keys import add_key, keep_key, revoke_key
from risk.storage.people import SqlPeople
from risk.storage.tables import journal, outbox
from tests.fakes_people import CHEAP, People, machine

WHY = ("--reason", "her phone fell into the harbour", "--yes")


@pytest.fixture
def engines(run, monkeypatch, logs_as_before):
    monkeypatch.setattr(Hasher.__init__, "__defaults__", (CHEAP,))
    monkeypatch.setenv("SEAWALL_NOTIFY_URLS", "json://notices.example.org")
    run("migrate")
    run("portfolios", "add", "demo")
    made = open_engines(load_settings().database_url)
    yield made
    made.dispose()


@pytest.fixture
def people(engines: Engines) -> People:
    """An admin, and whom she lets in."""
    people = People(SqlPeople(engines), load_settings().home)
    people.now = wall_time()
    people.admit("anna", Role.ADMIN)
    people.admit("olga", Role.OFFICER)
    return people


@pytest.fixture
def own(engines: Engines, people: People) -> ApiKey:
    """The machine's own key, as an engine makes it."""
    key = key_of(keep_service_key(load_settings().home), SERVICE)
    with transaction(engines.writer) as connection:
        keep_key(connection, key)
    return key


def key_of(secret: str, name: str) -> ApiKey:
    return ApiKey(
        id=new_id(), name=name, hash=hash_of(secret.encode()), portfolios=frozenset({"demo"}),
        strategies=None, abilities=frozenset(KeyAbility), created=wall_time(),
    )  # fmt: skip


def told(engines: Engines) -> list[RiskEvent]:
    query = select(journal.c.body).where(journal.c.stream == PEOPLE_STREAM).order_by(journal.c.seq)
    with transaction(engines.reader) as connection:
        return [codec.decode_event(body) for body in connection.execute(query).scalars()]


def test_the_only_admin_comes_in_again_and_everybody_is_told(run, engines, people, own):
    result = run("users", "rescue", "anna", *WHY, "--json")
    assert result.exit_code == 0, result.stderr

    first = json.loads(result.stdout)["password"]
    login = people.desk.sign_in("anna", first, "", via=Via.COMMAND_LINE).login
    assert login.setup == (Setup.PASSWORD, Setup.SECOND_FACTOR)
    changed = [event for event in told(engines) if isinstance(event, PersonChanged)][-1]
    assert (changed.person, changed.severity) == ("anna", Severity.CRITICAL)
    assert changed.what == (
        "was let in from the machine itself, past every login, with a new first password"
    )
    assert (changed.by.endswith("(command line)"), changed.reason) == (True, WHY[1])
    with transaction(engines.reader) as connection:
        notices = connection.execute(select(outbox)).all()
    assert any("anna" in str(notice) and "past every login" in str(notice) for notice in notices)


def test_all_that_she_had_opens_nothing_any_more(run, people, own):
    token = people.sign_in("anna").token
    run("users", "rescue", "anna", *WHY)

    assert people.desk.find(token) is None
    with pytest.raises(LoginRefused):
        people.sign_in("anna")


def test_it_first_shows_whom_it_is_about_and_what_ends_and_asks(run, people, own):
    token = people.sign_in("anna", place="10.0.0.7").token
    people.admit("abel", Role.ADMIN, disabled=people.now)
    people.admit("arno", Role.ADMIN, must_change=True)
    asked = ("users", "rescue", "anna", *WHY[:2])

    no = run(*asked, answer="n\n")
    minute = f"{people.now:%Y-%m-%d %H:%M} UTC"
    assert no.stderr.splitlines()[:5] == [
        f"anna is an admin, and signed in last at {minute}; open logins: 1.",
        f"  web, 10.0.0.7: seen {minute}",
        "What ends at once: the password, the second factor and every login of anna.",
        f"abel is an admin too, and cannot help: disabled since {people.now:%Y-%m-%d}.",
        "arno is an admin too, and cannot help: has a first password, and none of his own.",
    ]
    assert "Rescue anna? [y/N]" in no.stderr
    assert no.exit_code != 0
    assert people.desk.find(token), "nothing was done"
    assert people.person("anna").version == 1
    assert run(*asked).exit_code != 0, "nobody answers: a script says --yes"

    yes = run(*asked, answer="y\n")
    assert yes.exit_code == 0
    assert "First password of anna" in yes.stdout
    assert people.desk.find(token) is None


def test_whoever_has_no_other_admin_and_was_never_here_is_told_so(run, people, own):
    result = run("users", "rescue", "anna", *WHY)

    assert result.stderr.startswith(
        "anna is an admin, and signed in never; open logins: none.\nWhat ends at once: "
    )
    assert "There is no other admin." in result.stderr


def test_whom_somebody_changed_after_it_was_shown_is_looked_at_again(people):
    glass = people.office.before_rescue(machine(), "anna", reason="lost", opens=bool)
    with people.store.changing() as work:
        account = work.account("anna")
        changed = replace(account.person, version=2)
        work.keep(replace(account, person=changed, changed_by="anna"))

    with pytest.raises(Conflict, match="anna has changed anna meanwhile"):
        people.office.rescue(
            machine(), "anna", reason="lost", opens=bool, seen=glass.person.version
        )


def test_where_another_admin_can_sign_in_he_helps(run, engines, people, own):
    people.admit("abel", Role.ADMIN)
    result = run("users", "rescue", "anna", *WHY)

    assert result.exit_code == 2
    assert "abel is an admin who can sign in" in result.stderr
    assert people.person("anna").version == 1
    assert isinstance(told(engines)[-1], ActionDenied)


def test_where_the_key_of_second_factors_is_lost_nobody_else_can(run, people, own):
    people.admit("abel", Role.ADMIN)
    (load_settings().home / PEOPLE_KEY_FILE).unlink()

    assert run("users", "rescue", "anna", *WHY).exit_code == 0
    assert people.person("anna").must_change


def test_only_an_admin_in_force_is_let_in_so(run, engines, people, own):
    for name in ("olga", "nobody"):
        assert run("users", "rescue", name, *WHY).exit_code == 2
    assert people.person("olga").version == 1
    assert run("users", "rescue", "anna", "--yes").exit_code == 2, "without a reason"


def test_it_needs_the_machines_own_key(run, engines, people):
    home = load_settings().home
    assert "service.key" in run("users", "rescue", "anna", *WHY).stderr

    secret = keep_service_key(home)
    assert "not in force" in run("users", "rescue", "anna", *WHY).stderr
    with transaction(engines.writer) as connection:
        add_key(connection, key_of(secret, "an agent"))
    assert "not in force" in run("users", "rescue", "anna", *WHY).stderr, "an agent's will not do"

    (home / SERVICE_KEY_FILE).unlink()
    own = key_of(keep_service_key(home), SERVICE)
    with transaction(engines.writer) as connection:
        keep_key(connection, own)
        revoke_key(connection, own.id, at=wall_time())
    assert "not in force" in run("users", "rescue", "anna", *WHY).stderr, "nor one taken back"
    assert people.person("anna").version == 1
