"""Commands as somebody who is signed in: his role, his proof, his name, and a silent database."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from risk.auth.passwords import Hasher
from risk.auth.terminal import TerminalLogin, keep_login, login_file
from risk.commands import people as asking
from risk.commands.people import system_user
from risk.config import load_settings
from risk.domain.actions import LatchTrading, ResumeTrading
from risk.domain.actors import Role, Via
from risk.domain.events import PEOPLE_STREAM, ActionDenied, BookChanged, KeyChanged, RiskEvent
from risk.domain.messages import CommandAnswer
from risk.engine.clock import wall_time
from risk.errors import StoreUnavailable
from risk.storage import codec
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines, transaction
from risk.storage.people import SqlPeople
from risk.storage.tables import journal
from tests.fakes_people import CHEAP, PASSWORD, People
from tests.network import free_port

REASON = ("--reason", "a storm")


@pytest.fixture
def people(run, monkeypatch, logs_as_before) -> People:
    """Somebody of each role, before a command line over the same database."""
    monkeypatch.setattr(Hasher.__init__, "__defaults__", (CHEAP,))
    monkeypatch.setenv("SEAWALL_API_PORT", str(free_port()))
    run("migrate")
    run("portfolios", "add", "demo")
    engines = open_engines(load_settings().database_url)
    people = People(SqlPeople(engines), load_settings().home)
    people.now = wall_time()
    for role in Role:
        people.admit(role.value, role)
    yield people
    engines.dispose()


@pytest.fixture
def as_(people: People, run) -> Callable[..., Result]:
    """Run a command as somebody who signed in some time ago."""
    known: dict[str, TerminalLogin] = {}

    def run_as(who: str, *line: str, answer: str = "", ago: timedelta = timedelta(0)) -> Result:
        if who not in known:
            people.now = wall_time() - ago
            signed_in = people.sign_in(who, via=Via.COMMAND_LINE)
            known[who] = TerminalLogin(signed_in.token, signed_in.device, who)
            people.now = wall_time()
        keep_login(login_file(load_settings().home, system_user()), known[who])
        return run(*line, answer=answer)

    return run_as


def told() -> list[RiskEvent]:
    """The journal of people."""
    engines = open_engines(load_settings().database_url)
    query = journal.select().where(journal.c.stream == PEOPLE_STREAM).order_by(journal.c.seq)
    with transaction(engines.reader) as connection:
        found = [codec.decode_event(row.body) for row in connection.execute(query)]
    engines.dispose()
    return found


def asked() -> list:
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, "demo").after(0))
    engines.dispose()
    return found


# --- who asks ------------------------------------------------------------------------------


def test_the_journal_names_whoever_is_signed_in(as_):
    as_("trader", "halt", *REASON)

    assert [action.who for action in asked()] == ["trader"]


def test_nobody_asks_in_another_name(as_):
    refused = as_("trader", "halt", *REASON, "--who", "officer")

    assert refused.exit_code == 2
    assert "--who is for a Seawall without logins: you are trader here" in refused.stderr
    assert asked() == []


def test_what_was_denied_is_told_with_who_can(as_):
    refused = as_("trader", "resume", *REASON, "--seen", "1")

    assert refused.stderr == (
        "Error: refused: letting go what was stopped is not for a trader. An officer can\n"
    )
    assert [event.by for event in told() if isinstance(event, ActionDenied)] == ["trader"]


# --- a proof -------------------------------------------------------------------------------

LONG_AGO = timedelta(minutes=6)


@pytest.fixture
def stopped(as_) -> None:
    as_("trader", "halt", *REASON)


def test_whoever_proved_just_now_who_he_is_is_not_asked_again(as_, stopped):
    done = as_("officer", "resume", *REASON, "--seen", "1")

    assert "Password" not in done.output
    assert isinstance(asked()[-1], ResumeTrading)
    assert asked()[-1].who == "officer"


def test_whoever_did_long_ago_proves_it_again(as_, people, stopped):
    answer = f"{PASSWORD}\n{people.code('officer')}\n"
    people.wait(minutes=-6)
    done = as_("officer", "resume", *REASON, "--seen", "1", answer=answer, ago=LONG_AGO)

    assert done.exit_code == 0, done.output
    assert "officer, prove that it is you." in done.stderr
    assert isinstance(asked()[-1], ResumeTrading)


def test_a_wrong_proof_does_nothing(as_, stopped):
    refused = as_(
        "officer", "resume", *REASON, "--seen", "1", answer="wrong\n000000\n", ago=LONG_AGO
    )

    assert refused.exit_code == 2
    assert PASSWORD not in refused.output
    assert [type(action) for action in asked()] == [LatchTrading]


def test_without_anybody_to_answer_nothing_is_done(as_, stopped):
    aborted = as_("officer", "resume", *REASON, "--seen", "1", ago=LONG_AGO)

    assert aborted.exit_code == 1
    assert [type(action) for action in asked()] == [LatchTrading]


def test_tightening_needs_no_proof(as_):
    assert as_("officer", "halt", *REASON, ago=LONG_AGO).exit_code == 0


# --- keys and books ------------------------------------------------------------------------


def test_keys_are_given_and_taken_by_an_admin_and_the_journal_says_so(as_):
    given = as_("admin", "keys", "add", "--name", "bot", "--reason", "trades dips", "--json")
    document = json.loads(given.stdout)
    secret, key = document["key"], document["id"]
    as_("admin", "keys", "revoke", key, "--reason", "gone")

    events = [event for event in told() if isinstance(event, KeyChanged)]
    assert {(each.key, each.name, each.by) for each in events} == {(key, "bot", "admin")}
    assert [(each.what, each.reason) for each in events] == [
        ("was given to it for demo: read, validate", "trades dips"),
        ("was taken back", "gone"),
    ]
    assert secret not in str(told())


@pytest.mark.parametrize("who", ["officer", "trader"])
def test_nobody_else_gives_keys(as_, who):
    refused = as_(who, "keys", "add", "--name", "bot")

    assert "managing people and keys is not for" in refused.stderr
    assert "An admin can" in refused.stderr


def test_who_moved_money_stands_in_the_journal(as_, home: Path):
    (home / "book.csv").write_text("kind,amount,at\nflow,5,2025-01-01\n")
    as_("admin", "portfolios", "add", "second")
    as_("admin", "portfolios", "fund", "second", "1000", "--note", "first money")
    as_("admin", "portfolios", "fund", "second", "--", "-10")
    as_("admin", "portfolios", "import", "second", str(home / "book.csv"))
    as_("admin", "portfolios", "import", "second", str(home / "book.csv"))

    events = [event for event in told() if isinstance(event, BookChanged)][1:]
    assert {each.by for each in events} == {"admin"}
    assert [(each.portfolio, each.what, each.reason) for each in events] == [
        ("second", "was added", ""),
        ("second", "is to book a deposit of 1,000.00", "first money"),
        ("second", "is to book a withdrawal of 10.00", ""),
        ("second", "is to book 1 entry of a file", ""),
    ]


# --- a silent database ---------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch) -> list:
    """An engine that does what it is asked, and what it heard."""
    told_to: list = []

    def command(_settings, body, *, scope):
        told_to.append(body)
        return CommandAnswer(scope=scope, trading_state="HALTED", journalled=False)

    monkeypatch.setattr("risk.commands.halt.command", command)
    return told_to


@pytest.fixture
def silent(monkeypatch) -> None:
    def away(*_arguments, **_named):
        raise StoreUnavailable("the database did not answer")

    monkeypatch.setattr(asking, "desk", away)


UNCHECKED = "(command line; role not checked: the database does not answer)"


def test_a_halt_does_not_wait_for_a_database_that_knows_who_asks(as_, heard, silent):
    done = as_("trader", "halt", *REASON)

    assert done.exit_code == 0
    assert [body.who for body in heard] == [f"trader {UNCHECKED}"]


def test_whoever_never_signed_in_is_named_as_the_systems_user(people, run, heard, silent):
    run("halt", *REASON)

    assert [body.who for body in heard] == [f"{system_user()} {UNCHECKED}"]


def test_a_database_that_hangs_is_not_waited_for(as_, heard, monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_TO_STOP", 0.02)
    end = threading.Event()

    def hangs(*_arguments, **_named):
        end.wait(10)
        raise StoreUnavailable("too late")

    monkeypatch.setattr(asking, "desk", hangs)
    as_("trader", "halt", *REASON)
    end.set()

    assert [body.who for body in heard] == [f"trader {UNCHECKED}"]


def test_a_database_of_another_version_is_said_so(run, heard):
    run("halt", *REASON)

    why = "the database is not as this program expects"
    assert heard[0].who == f"{system_user()} (command line; role not checked: {why})"


def test_while_it_answers_a_role_that_may_not_stop_does_not(as_, heard):
    refused = as_("viewer", "halt", *REASON)

    assert "stopping trading is not for a viewer" in refused.stderr
    assert heard == []


def test_a_silent_database_lets_nothing_be_loosened(as_, silent):
    refused = as_("officer", "resume", *REASON, "--seen", "1")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "the database did not answer" in refused.stderr
