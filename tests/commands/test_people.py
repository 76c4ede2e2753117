"""Who asks on a command line, and what he does with people's logins."""

import io
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from click.testing import Result

from risk import entrance
from risk.auth import logins
from risk.auth.terminal import login_file, read_login
from risk.commands import people
from risk.commands.logs import level_for_prompts
from risk.commands.people import acting, actor, actor_who_stops, system_user, who
from risk.config import load_settings
from risk.domain.actors import Ability, Actor, Role, Via, require_all
from risk.errors import NotAllowed, StoreUnavailable
from risk.storage.engines import Engines, open_engines
from risk.storage.people import SqlPeople
from tests.fakes_people import CHEAP, MONDAY

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # nosec B105: of nobody
OWN = "seven purple windmills"


class Terminal:
    """A command line, its clock, and whoever sits before it."""

    def __init__(self, run: Callable[..., Result]) -> None:
        self._run = run
        self.now = MONDAY
        self.home = load_settings().home

    def __call__(self, *arguments: object, types: tuple[str, ...] = ()) -> Result:
        return self._run(*arguments, answer="".join(f"{line}\n" for line in types) or None)

    def wall(self):
        return self.now

    def code(self) -> str:
        return pyotp.TOTP(SECRET).at(self.now)

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def add(self, name: str, role: str) -> str:
        """Give somebody a login; returns his first password."""
        result = self("users", "add", name, "--role", role, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)["password"]

    def set_up(self, name: str, first: str) -> Result:
        """Sign in for the first time, as somebody who needs a second factor."""
        result = self("login", name, types=(first, OWN, OWN, self.code()))
        self.wait(seconds=30)
        return result

    def sign_in(self, name: str) -> None:
        assert self("login", name, types=(OWN, self.code())).exit_code == 0
        self.wait(seconds=30)

    @property
    def file(self) -> Path:
        return login_file(self.home, system_user())


@pytest.fixture
def terminal(run, monkeypatch) -> Terminal:
    monkeypatch.setattr(entrance, "COST", CHEAP)
    one = Terminal(run)
    monkeypatch.setattr(entrance, "wall_time", one.wall)
    # Of everybody, so that a test can type its codes ahead.
    monkeypatch.setattr(logins, "new_secret", lambda: SECRET)
    run("migrate")
    return one


@pytest.fixture
def signed_in(terminal: Terminal) -> Terminal:
    """Anna, an admin, has set herself up."""
    terminal.set_up("anna", terminal.add("anna", "admin"))
    return terminal


# --- who asks ------------------------------------------------------------------------------


def test_while_nobody_has_a_login_whoever_has_the_machine_asks(terminal: Terminal):
    assert actor() == Actor(name=who(), role=None, via=Via.COMMAND_LINE, has_login=False)
    assert "whoever is here may all" in terminal("whoami").stdout
    assert json.loads(terminal("whoami", "--json").stdout)["signed_in"] is False


def test_from_the_first_login_on_nobody_asks_who_is_not_signed_in(terminal: Terminal):
    terminal.add("anna", "admin")

    with pytest.raises(NotAllowed, match="nobody is signed in on this command line: `seawall log"):
        actor()
    result = terminal("whoami")
    assert result.exit_code == 2
    assert "Error: refused: nobody is signed in" in result.stderr


def test_whoever_is_signed_in_asks(signed_in: Terminal):
    found = actor()

    assert (found.name, found.role, found.via) == ("anna", Role.ADMIN, Via.COMMAND_LINE)
    assert found.proven_at == MONDAY
    told = json.loads(signed_in("whoami", "--json").stdout)
    assert told == {
        "name": "anna",
        "role": "admin",
        "signed_in": True,
        "ends": "2024-01-01T20:00:00+00:00",
    }


def test_whoever_is_signed_out_does_not_ask(signed_in: Terminal):
    kept = read_login(signed_in.file)

    assert "anna is signed out." in signed_in("logout").stderr
    assert "Nobody was signed in." in signed_in("logout").stderr

    with pytest.raises(NotAllowed, match="nobody is signed in"):
        actor()
    assert read_login(signed_in.file) == ("", kept.device, "")


def test_a_login_ends_by_itself(signed_in: Terminal):
    signed_in.wait(hours=8)

    with pytest.raises(NotAllowed, match="nobody is signed in"):
        actor()


def test_the_login_lies_in_a_file_of_its_owner_s(signed_in: Terminal):
    assert stat.S_IMODE(signed_in.file.stat().st_mode) == 0o600


def test_who_has_not_set_himself_up_does_nothing(terminal: Terminal):
    first = terminal.add("anna", "admin")
    with people.desk() as one:
        one.keep(one.logins.sign_in("anna", first, "", via=Via.COMMAND_LINE))

    with pytest.raises(NotAllowed, match="set up your own password first: `seawall login anna`"):
        actor()
    assert "set up your own password first" in terminal("users", "list").stderr


def test_stopping_does_not_wait_for_a_database(signed_in: Terminal, monkeypatch):
    assert actor_who_stops().name == "anna"

    patient: list[float] = []

    def gone(_url: str, *, patience: float) -> None:
        patient.append(patience)
        raise StoreUnavailable("the database did not answer")

    monkeypatch.setattr(entrance, "open_engines", gone)

    found = actor_who_stops()
    require_all(found, Ability.HALT, at=MONDAY, tightens=True)
    for other in Ability:
        if other not in {Ability.VIEW, Ability.ACKNOWLEDGE_ALERTS, Ability.REQUEST_LIMIT}:
            assert (other is Ability.HALT) == (other in found.abilities)
    assert found.name == "anna (command line; role not checked: the database does not answer)"
    assert patient == [people.PATIENCE_TO_STOP]
    with pytest.raises(StoreUnavailable):
        actor()


def test_a_proof_is_asked_for_only_where_it_is_needed(signed_in: Terminal, monkeypatch):
    asked: list[str] = []
    answers = {"Password": OWN, "Code of your second factor": None}

    def prompt(what: str, **_how: object) -> str:
        asked.append(what)
        return answers[what] or signed_in.code()

    monkeypatch.setattr(people.click, "prompt", prompt)

    def manage(by: Actor) -> str:
        require_all(by, Ability.MANAGE_PEOPLE, at=signed_in.now)
        return by.name

    assert acting(manage) == "anna"
    assert asked == []
    signed_in.wait(minutes=6)
    assert acting(manage) == "anna"
    assert asked == ["Password", "Code of your second factor"]
    assert acting(manage) == "anna"
    assert len(asked) == 2


# --- signing in ----------------------------------------------------------------------------


def test_a_first_sign_in_sets_up_a_password_and_a_second_factor(terminal: Terminal):
    first = terminal.add("anna", "admin")

    result = terminal.set_up("anna", first)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"Secret: {SECRET}" in result.stderr
    assert "otpauth://totp/Seawall:anna?secret=" in result.stderr
    assert "█" in result.stderr
    assert "anna (admin) is signed in until 2024-01-01 20:00 UTC." in result.stderr
    assert OWN not in result.output
    assert first not in result.output


def test_what_is_typed_wrongly_is_asked_again(terminal: Terminal):
    first = terminal.add("anna", "admin")

    result = terminal(
        "login",
        types=("anna", first, "short", "short", OWN, OWN, "000000", terminal.code()),
    )

    assert result.exit_code == 0
    assert "A password has 12 letters or more" in result.stderr
    assert "That is no code of the new second factor" in result.stderr


def test_only_whoever_has_a_second_factor_is_asked_for_a_code_and_after_the_right_password(
    signed_in: Terminal,
):
    """So that a terminal tells no more of a name than that a try of it does not fit."""
    first = signed_in.add("tom", "trader")
    code = "Code of your second factor"

    assert code not in signed_in("login", "tom", types=(first, OWN, OWN)).stderr
    wrong = [signed_in("login", name, types=("wrong",)) for name in ("anna", "tom", "nobody")]
    assert len({each.stderr for each in wrong}) == 1
    assert code not in wrong[0].stderr
    asked = signed_in("login", "anna", types=(OWN, "000000"))
    assert code in asked.stderr
    assert asked.stderr.splitlines()[-1] == wrong[0].stderr.splitlines()[-1]
    signed_in.sign_in("anna")


def test_whoever_gives_no_code_has_tried_all_the_same(signed_in: Terminal):
    assert signed_in("login", "anna", types=(OWN,)).exit_code == 1

    engines = open_engines(load_settings().database_url)
    with SqlPeople(engines).reading() as view:
        (tried,) = view.failures("anna", "", MONDAY)
    engines.dispose()
    assert tried.name == "anna"
    told = signed_in("journal", "list", "--stream", "/people", "--kind", "SignInRefused").stdout
    assert "the code was not given" in told


def test_a_terminal_shows_no_line_of_routine_between_its_questions():
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    levels = ("debug", "info", "warning", "error")
    shown = [level_for_prompts(level, stream=Screen()) for level in levels]
    kept = [level_for_prompts(level, stream=io.StringIO()) for level in levels]

    assert shown == ["debug", "warning", "warning", "error"]
    assert kept == list(levels)


def test_who_is_half_set_up_is_not_signed_in(terminal: Terminal):
    first = terminal.add("anna", "admin")

    wrong = terminal("login", "anna", types=(first, OWN, OWN, "1", "2", "3"))
    gone = terminal("login", "anna", types=(OWN, ""))

    assert (wrong.exit_code, gone.exit_code) == (2, 1)
    assert not terminal.file.exists()
    with people.desk() as one:
        assert one.logins.logins_of("anna") == ()


def test_a_wrong_password_is_refused_with_the_sentence_of_all(signed_in: Terminal):
    signed_in("logout")

    said = {
        signed_in("login", name, types=("not the password", "")).stderr.splitlines()[-1]
        for name in ("anna", "nobody")
    }

    (text,) = said
    assert text.startswith("Error: that did not open")


def test_whoever_must_wait_is_told_how_long(terminal: Terminal):
    terminal.add("anna", "admin")

    for _ in range(5):
        result = terminal("login", "anna", types=("not the password", ""))

    assert "(15 s from now)" in result.stderr
    assert result.exit_code == 2


def test_this_terminal_stays_known(signed_in: Terminal):
    before = read_login(signed_in.file)
    signed_in("logout")
    signed_in.sign_in("anna")

    with people.desk() as one, one.logins._store.reading() as view:
        devices = {record.device for record in view.logins("anna")}
    after = read_login(signed_in.file)
    assert len(devices) == 1
    assert before.token != after.token


def test_signing_in_again_ends_the_login_before(signed_in: Terminal):
    before = read_login(signed_in.file).token
    signed_in.sign_in("anna")

    with people.desk() as one:
        assert one.logins.find(before) is None
        assert len(one.logins.logins_of("anna")) == 1


def test_a_program_signs_in_by_standard_input(signed_in: Terminal):
    signed_in("logout")

    result = signed_in("login", "anna", "--password-stdin", types=(OWN, signed_in.code()))

    assert result.exit_code == 0
    assert result.stdout == ""
    assert actor().name == "anna"


def test_a_program_sets_nobody_up(terminal: Terminal):
    first = terminal.add("anna", "admin")

    result = terminal("login", "anna", "--password-stdin", types=(first, ""))

    assert "set up your login first, on a terminal: `seawall login anna`" in result.stderr
    assert result.exit_code == 2
    with people.desk() as one:
        assert one.logins.logins_of("anna") == ()


# --- managing people -----------------------------------------------------------------------


def test_the_first_person_is_an_admin(terminal: Terminal):
    result = terminal("users", "add", "olga", "--role", "officer")

    assert result.exit_code == 2
    assert "`seawall users add olga --role admin`" in result.stderr
    assert "Nobody has a login" in terminal("users", "list").stdout


def test_a_first_password_is_printed_once(terminal: Terminal):
    result = terminal("users", "add", "anna", "--role", "admin")

    told, first = result.stdout.splitlines()
    assert told == "First password of anna, shown only now, good for 72 hours:"
    assert first not in terminal("users", "list", "--json").stdout
    assert terminal.set_up("anna", first).exit_code == 0


def test_a_first_password_that_got_lost_is_renewed_until_somebody_was_here(terminal: Terminal):
    terminal.add("anna", "admin")

    result = terminal("users", "reset", "anna", "--reason", "lost it", "--json")
    terminal.set_up("anna", json.loads(result.stdout)["password"])
    terminal("logout")

    again = terminal("users", "reset", "anna", "--reason", "lost it")
    assert again.exit_code == 2
    assert "nobody is signed in" in again.stderr


def test_people_are_listed(signed_in: Terminal):
    signed_in.add("olga", "officer")
    signed_in.add("otto", "officer")
    signed_in("users", "add", "paul", "--role", "trader", "--subject", "p@x")

    rows = {
        row["name"]: row for row in json.loads(signed_in("users", "list", "--json").stdout)["users"]
    }
    shown = signed_in("users", "list").stdout

    assert list(rows) == ["anna", "olga", "otto", "paul"]
    assert rows["anna"]["second_factor"] is True
    assert rows["anna"]["power_from"] is None
    assert rows["otto"]["power_from"] == "2024-01-02T12:00:30+00:00"
    assert rows["paul"]["subject"] == "p@x"
    assert "has a first password" in shown
    assert "the provider's" in shown


def test_an_admin_changes_somebody_step_by_step(signed_in: Terminal):
    signed_in.add("tom", "trader")

    for asked, told in (
        (("role", "tom", "--role", "analyst", "--reason", "he proposes now"), "tom is analyst now"),
        (("disable", "tom", "--reason", "left"), "tom is disabled and signed out"),
        (("enable", "tom", "--reason", "back"), "tom can sign in again"),
        (("unlock", "tom", "--reason", "he rang"), "tom can try again"),
        (("reset", "tom", "--reason", "lost it"), "First password of tom"),
    ):
        result = signed_in("users", *asked)
        assert result.exit_code == 0, result.stderr
        assert told in result.stdout

    (tom,) = [
        row
        for row in json.loads(signed_in("users", "list", "--json").stdout)["users"]
        if row["name"] == "tom"
    ]
    assert (tom["role"], tom["disabled"], tom["version"]) == ("analyst", None, 5)


def test_what_was_seen_must_still_be_so(signed_in: Terminal):
    signed_in.add("tom", "trader")
    signed_in("users", "role", "tom", "--role", "analyst", "--reason", "x")

    result = signed_in("users", "disable", "tom", "--reason", "left", "--seen", 1)

    assert result.exit_code == 2
    assert "anna has changed tom meanwhile" in result.stderr


def test_nobody_of_that_name(signed_in: Terminal):
    result = signed_in("users", "disable", "tim", "--reason", "left")

    assert "nobody is called 'tim'; `seawall users list` names all" in result.stderr


def test_an_officer_vouches_for_another(signed_in: Terminal):
    first, second = signed_in.add("olga", "officer"), signed_in.add("otto", "officer")
    del second
    refused = signed_in("users", "vouch", "otto", "--reason", "known")
    signed_in.set_up("olga", first)

    result = signed_in("users", "vouch", "otto", "--reason", "met him")

    assert "An officer can" in refused.stderr
    assert "otto may approve and override from now on." in result.stdout


def test_a_trader_manages_nobody(signed_in: Terminal):
    first = signed_in.add("tom", "trader")
    signed_in("login", "tom", types=(first, OWN, OWN))

    for asked in (
        ("add", "eve", "--role", "trader"),
        ("list",),
        ("disable", "anna", "--reason", "x"),
        ("reset", "anna", "--reason", "x"),
        ("unlock", "anna", "--reason", "x"),
    ):
        result = signed_in("users", *asked)
        assert result.exit_code == 2
        assert "managing people and keys is not for a trader. An admin can" in result.stderr


def test_managing_asks_for_a_proof_once_it_is_stale(signed_in: Terminal):
    signed_in.wait(minutes=6)

    result = signed_in(
        "users", "add", "tom", "--role", "trader", "--json", types=(OWN, signed_in.code())
    )

    assert json.loads(result.stdout)["name"] == "tom"
    assert "anna, prove that it is you." in result.stderr


def test_a_wrong_proof_changes_nothing(signed_in: Terminal):
    signed_in.wait(minutes=6)

    result = signed_in("users", "add", "tom", "--role", "trader", types=("not hers", "000000"))

    assert result.exit_code == 2
    assert "that was not you" in result.stderr
    assert "tom" not in signed_in("users", "list").stdout


@pytest.mark.parametrize("by_program", [False, True])
def test_one_sets_one_s_own_password(signed_in: Terminal, by_program: bool):
    new = "eleven green umbrellas"
    asked = ("--password-stdin",) if by_program else ()
    typed = (OWN, new) if by_program else (OWN, new, new)

    wrong = signed_in("users", "passwd", *asked, types=("not hers", *typed[1:]))
    result = signed_in("users", "passwd", *asked, types=typed)

    assert wrong.exit_code == 2
    assert "you are signed in here alone" in result.stderr
    assert actor().name == "anna"
    signed_in("logout")
    assert signed_in("login", "anna", types=(OWN, signed_in.code())).exit_code == 2
    assert signed_in("login", "anna", types=(new, signed_in.code())).exit_code == 0


def test_a_program_gives_both_passwords(signed_in: Terminal):
    result = signed_in("users", "passwd", "--password-stdin", types=(OWN,))

    assert "two lines are needed" in result.stderr


def test_nobody_who_is_not_signed_in_sets_a_password(terminal: Terminal):
    terminal.add("anna", "admin")

    assert "nobody is signed in" in terminal("users", "passwd", types=("a", "b", "b")).stderr


def test_no_password_can_be_given_as_an_argument(signed_in: Terminal):
    """Other users of the machine could read it."""
    for asked in (
        ("login", "anna", "--password", OWN),
        ("users", "passwd", OWN),
        ("users", "add", "tom", "--role", "trader", "--password", OWN),
    ):
        result = signed_in(*asked)
        assert result.exit_code == 2
        assert "such option" in result.stderr or "unexpected extra argument" in result.stderr


def test_connections_end_with_the_command(signed_in: Terminal, monkeypatch):
    begun: list[Engines] = []
    ended: list[Engines] = []
    dispose = Engines.dispose
    monkeypatch.setattr(
        entrance, "open_engines", lambda *a, **k: begun.append(open_engines(*a, **k)) or begun[-1]
    )
    monkeypatch.setattr(Engines, "dispose", lambda self: (ended.append(self), dispose(self)))

    actor()

    assert begun
    assert {id(each) for each in ended} == {id(each) for each in begun}
