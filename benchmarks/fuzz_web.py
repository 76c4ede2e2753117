"""Random requests to the web: ``python -m benchmarks.fuzz_web [--requests 10000] [--seed 0]``.

To the login, the forms, the callbacks and the pages of an application in this process, over a real
database, by strangers and by people of every role. Counts answers by status. Whatever is sent is no
fault of the server (5xx), and a login is refused in the same words whether its name exists or not.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import click
import dash
import pyotp
import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from benchmarks.chance import HEAD, Chance, rows
from benchmarks.market import PORTFOLIO, build_book
from benchmarks.stores import new_database
from benchmarks.tables import machine_line, print_table
from pages.context import FeedInfo
from pages.cookies import CSRF_COOKIE, CSRF_FIELD, CSRF_HEADER
from pages.questions import CALLBACKS
from risk.auth.factors import new_secret
from risk.auth.logins import LoginDesk
from risk.auth.office import Office
from risk.auth.passwords import Cost, Hasher
from risk.auth.sealing import FACTOR, Sealer
from risk.domain.actors import NEED_SECOND_FACTOR, Role, Via
from risk.domain.people import Person
from risk.domain.people_store import Account
from risk.engine.actions import Actions
from risk.engine.line import Line
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines
from risk.storage.people import SqlPeople
from risk.storage.queries import SqlBookReader
from risk.storage.store import SqlStore

HERE = "http://localhost"
SESSION = "seawall_session"
CHEAP = Cost(memory_kib=8, passes=1)
_PASSWORD = "correct horse battery"
_BEGIN = datetime(2024, 6, 4, tzinfo=UTC)
_SERVER_FAULT = 500
_TOO_MANY = 429
#: Names of nobody and of everybody, for the same form.
_COMPARED = 100


# --- who asks --------------------------------------------------------------------------------


class Town:
    """People of every role, who sign in whenever they must.

    Parameters
    ----------
    engines : Engines
    home : Path
    """

    def __init__(self, engines: Engines, home: Path) -> None:
        self._store, self._hasher = SqlPeople(engines), Hasher(CHEAP)
        self._sealer = Sealer(home)
        self._now = _BEGIN
        self.desk = LoginDesk(self._store, self._hasher, self._sealer, wall=self.wall)
        self.office = Office(self._store, self._hasher, wall=self.wall)
        self.secrets = {role.value: new_secret() for role in NEED_SECOND_FACTOR}
        for role in Role:
            self._admit(role)

    def wall(self) -> datetime:
        """The time, which goes on when somebody needs another code."""
        return self._now

    def login(self, name: str) -> tuple[str, str]:
        """Somebody's token, and what his forms must bring; whatever became of him before."""
        self._now += timedelta(minutes=1)
        self._admit(Role(name))
        signed = self.desk.sign_in(name, _PASSWORD, self.code(name), via=Via.WEB, place="10.9.9.9")
        return signed.token, signed.login.csrf

    def code(self, name: str) -> str:
        """What somebody's device shows; empty where he has none."""
        secret = self.secrets.get(name)
        return "" if secret is None else pyotp.TOTP(secret).at(self._now)

    def _admit(self, role: Role) -> None:
        name = role.value
        factor = self.secrets.get(name)
        person = Person(
            name=name, role=role, created=_BEGIN, created_by="nobody", power_from=_BEGIN
        )
        account = Account(
            person=person,
            password=self._hasher.hash(_PASSWORD),
            factor=None if factor is None else self._sealer.seal(FACTOR, factor),
            power_by="nobody",
            changed_by="nobody",
        )
        with self._store.changing() as work:
            work.keep(account)
            work.forgive(name)  # of what strangers tried by his name


# --- what is asked ---------------------------------------------------------------------------


#: Where forms go, and their fields.
FORMS: Mapping[str, Sequence[str]] = {
    "/login": ("name", "password", "code", "next"),
    "/logout": (),
    "/prove": ("password", "code"),
    "/enter": ("role", "next"),
    "/account/password": ("old", "new", "again"),
    "/account/factor": ("proof_password", "proof_code"),
    "/account/factor/confirm": ("code",),
    "/account/logins/end": ("login",),
    "/people": ("name", "role", "subject", "proof_password", "proof_code"),
    "/people/viewer": ("what", "role", "reason", "seen", "proof_password", "proof_code"),
    "/people/nobody": ("what", "role", "reason", "seen"),
    "/vouching": ("who", "reason", "proof_password", "proof_code"),
}
_PAGES = ("/", "/limits", "/breakers", "/live", "/login", "/account", "/people", "/vouching")
_ASSETS = ("/assets/", "/_dash-component-suites/", "/_dash-component-suites/dash/", "/_dash-layout")
_WORDS = ("next", "book", "range", "from", "to", "tz", "after", "news", "done", "sort")


@dataclass
class Fuzz:
    """Sends random requests to an application.

    Attributes
    ----------
    app : dash.Dash
    login : callable
        Gives the token and the page's token of somebody, by his name.
    names : sequence of str
        Who has a login.
    chance : Chance
    counts : mapping of str to Counter
        Of what was asked for, the statuses of its answers.
    faults : list of str
        What was a fault of the server.
    """

    app: dash.Dash
    login: Callable[[str], tuple[str, str]]
    names: Sequence[str]
    chance: Chance
    counts: dict[str, Counter[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    _questions: list[dict[str, Any]] = field(default_factory=list)

    def run(self, requests: int) -> None:
        """Send so many."""
        kinds = [self._form, self._form, self._callback, self._callback, self._page, self._raw]
        for number in range(requests):
            asked, answer = self.chance.rng.choice(kinds)()
            self.counts.setdefault(asked, Counter())[answer.status_code] += 1
            if answer.status_code >= _SERVER_FAULT:
                self.faults.append(f"{number}: {asked} answered {answer.status}")

    # --- kinds ------------------------------------------------------------------------------

    def _form(self) -> tuple[str, TestResponse]:
        path = self.chance.rng.choice(list(FORMS))
        data = {name: self.chance.text() for name in FORMS[path] if self.chance.rng.random() < 0.9}
        return f"form {path}", self._sent(path, data=data)

    def _callback(self) -> tuple[str, TestResponse]:
        question = self._question()
        return "callback", self._sent(CALLBACKS, json=question)

    def _question(self) -> Any:
        """One that a page could ask, with any values, and now and then bent."""
        rng = self.chance.rng
        if rng.random() < 0.1:
            return self.chance.value()
        if not self._questions:
            self._questions = self._known_questions()
        question = json.loads(json.dumps(rng.choice(self._questions)))
        for one in (*question["inputs"], *question["state"]):
            for part in one if isinstance(one, list) else [one]:
                # Most of what stands on every page is left as it is, or little would be asked.
                if "value" not in part or rng.random() < 0.1:
                    part["value"] = self.chance.value()
        if rng.random() < 0.3:
            bent = rng.choice(list(question))
            question[bent] = self.chance.value()
        return question

    def _known_questions(self) -> list[dict[str, Any]]:
        with self._visiting(self.names[0]) as client:
            told = client.get("/_dash-dependencies", base_url=HERE).get_json()
        asked_here = [one for one in told if one["clientside_function"] is None]
        return [question_of(callback) for callback in asked_here]

    def _page(self) -> tuple[str, TestResponse]:
        rng = self.chance.rng
        unknown = rng.choice(_ASSETS) + quote(self.chance.word())
        path = rng.choice(_PAGES) if rng.random() < 0.6 else unknown
        words = {rng.choice(_WORDS): self.chance.text() for _ in range(rng.randrange(4))}
        with self._visiting(self._somebody()) as client:
            answer = client.get(path, base_url=HERE, query_string=words, headers=self._headers())
        return "page", answer

    def _raw(self) -> tuple[str, TestResponse]:
        rng = self.chance.rng
        path = rng.choice([*FORMS, CALLBACKS])
        kind = rng.choice(
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
        )
        body = rng.choice([rng.randbytes(rng.randrange(400)), b"[" * 30_000, b"{", b"a=%ff&b", b""])
        return f"raw {path}", self._sent(path, data=body, content_type=kind)

    # --- sent -------------------------------------------------------------------------------

    def _sent(self, path: str, **what: Any) -> TestResponse:
        rng = self.chance.rng
        name = self._somebody()
        with self._visiting(name) as client:
            csrf = client.get_cookie(CSRF_COOKIE)
            token = csrf.value if csrf is not None and rng.random() < 0.9 else self.chance.word()
            if isinstance(what.get("data"), dict):
                what["data"] |= {CSRF_FIELD: token}
            headers = {"Origin": HERE, CSRF_HEADER: token} | self._headers()
            method = "POST" if rng.random() < 0.95 else rng.choice(["PUT", "DELETE", "OPTIONS"])
            return client.open(
                path,
                method=method,
                base_url=HERE,
                headers=headers,
                environ_overrides={
                    "REMOTE_ADDR": f"10.0.{rng.randrange(256)}.{rng.randrange(256)}"
                },
                **what,
            )

    def _headers(self) -> dict[str, str]:
        """Now and then one that nobody expects."""
        if self.chance.rng.random() < 0.9:
            return {}
        name = self.chance.rng.choice(["Host", "Origin", "Cookie", "X-Forwarded-For", CSRF_HEADER])
        return {name: self.chance.word()}

    def _somebody(self) -> str:
        """Somebody with a login, or empty for a stranger."""
        return self.chance.rng.choice(["", *self.names])

    @contextmanager
    def _visiting(self, name: str) -> Iterator[FlaskClient]:
        """The browser of somebody, who signs in anew if what he was in by has ended."""
        client = self.app.server.test_client()
        client.set_cookie(CSRF_COOKIE, "a-strangers-token", domain="localhost")
        if name:
            if name not in self._kept or self._is_out(name):
                self._kept[name] = self.login(name)
            token, csrf = self._kept[name]
            client.set_cookie(SESSION, token, domain="localhost")
            client.set_cookie(CSRF_COOKIE, csrf, domain="localhost")
        yield client
        kept = client.get_cookie(SESSION, "localhost"), client.get_cookie(CSRF_COOKIE, "localhost")
        if name and all(kept):
            self._kept[name] = tuple(cookie.value for cookie in kept if cookie is not None)  # type: ignore[assignment]

    def _is_out(self, name: str) -> bool:
        if self.chance.rng.random() < 0.6:
            return False  # found out now and then, and strangers are good company
        client = self.app.server.test_client()
        client.set_cookie(SESSION, self._kept[name][0], domain="localhost")
        return client.get("/account", base_url=HERE).status_code != 200


def question_of(callback: Mapping[str, Any]) -> dict[str, Any]:
    """What a page would send, without values but for those without which it is no question."""

    def properties(wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
        return [_property(one["id"], one["property"]) for one in wanted]

    output = callback["output"]
    several = output.startswith("..")
    names = output[2:-2].split("...") if several else [output]
    outputs = [_property(*name.split("@")[0].rpartition(".")[::2]) for name in names]
    return {
        "output": output,
        "outputs": outputs if several else outputs[0],
        "inputs": properties(callback["inputs"]),
        "state": properties(callback["state"]),
        "changedPropIds": [_cause(one) for one in properties(callback["inputs"][:1])],
    }


def _property(name: str, prop: str) -> Any:
    if '["' in name:  # a pattern: of all that it matches
        matched = {
            part: "x" if value == ["ALL"] else value for part, value in json.loads(name).items()
        }
        return [_with_value(matched, prop)]
    return _with_value(json.loads(name) if name.startswith("{") else name, prop)


def _cause(one: Any) -> str:
    """How Dash calls a property that has changed; of all that a pattern matches, the first."""
    changed = one[0] if isinstance(one, list) else one
    name = changed["id"]
    told = (
        name if isinstance(name, str) else json.dumps(name, sort_keys=True, separators=(",", ":"))
    )
    return f"{told}.{changed['property']}"


def _with_value(name: Any, prop: str) -> dict[str, Any]:
    """With what must stand there on any page."""
    told, value = {"id": name, "property": prop}, held_value(name, prop)
    return told if value is None else {**told, "value": value}


def held_value(name: Any, prop: str) -> Any:
    """What stands there on every page, None of what may be empty."""
    if (name, prop) == ("live", "data"):
        return {"address": "/"}
    return {"id": name, "data-view": '{"scheme": "dark", "words": {}}'}.get(prop)


# --- whether a refusal tells who exists ------------------------------------------------------


def told_apart(app: dash.Dash, chance: Chance, known: str, tries: int = _COMPARED) -> list[str]:
    """Forms that are refused differently by whether the name exists; it should be none.

    Both names are tried equally often: in the end both must wait. First each from one place, until
    it must: after as many tries, told in the same words.
    """
    form = {"password": chance.text(), "code": chance.text(), "next": "/"}
    known_all, other_all = (
        _until_waiting(app, name, form, place)
        for name, place in ((known, "10.2.0.1"), ("nobody", "10.2.0.2"))
    )
    found = []
    if known_all != other_all:
        found.append(f"one waits after {len(known_all)} tries, the other after {len(other_all)}")
    for number in range(tries):
        form = {"password": chance.text(), "code": chance.text(), "next": chance.text()}
        place = f"10.1.0.{number}"
        known_told, other_told = (_refusal(app, name, form, place) for name in (known, "nobody"))
        if known_told != other_told:
            found.append(f"{form} was answered {known_told[0]} and {other_told[0]}")
    return found


def _until_waiting(
    app: dash.Dash, name: str, form: Mapping[str, str], place: str
) -> list[tuple[int, str, str | None]]:
    """What is answered until somebody must wait, and once more while he does."""
    answers = []
    while len(answers) < _COMPARED:
        answers.append(_refusal(app, name, form, place))
        if answers[-1][0] == _TOO_MANY:
            return [*answers, _refusal(app, name, form, place)]
    return answers


def _refusal(
    app: dash.Dash, name: str, form: Mapping[str, str], place: str
) -> tuple[int, str, str | None]:
    client = app.server.test_client()
    client.set_cookie(CSRF_COOKIE, "token", domain="localhost")
    answer = client.post(
        "/login",
        base_url=HERE,
        data={**form, "name": name, CSRF_FIELD: "token"},
        headers={"Origin": HERE},
        environ_overrides={"REMOTE_ADDR": place},
    )
    page = answer.get_data(as_text=True).replace(f'value="{name}"', 'value="NAME"')
    return answer.status_code, page, answer.headers.get("Retry-After")


# --- all of it -------------------------------------------------------------------------------


@contextmanager
def town_and_app() -> Iterator[tuple[Town, dash.Dash]]:
    """An application over a real database, with a few cycles of a book and people of every role."""
    with new_database() as (engines, token), TemporaryDirectory() as home:
        book, store = build_book(6), SqlStore(engines)
        for _ in range(3):
            store.save(book.take(book.second()), token=token)
        town = Town(engines, Path(home))
        reader = SqlBookReader(
            engines,
            feed=FeedInfo(label="simulated", simulated=True, seed=0),
            cycle_seconds=1.0,
            wall=town.wall,
            first=PORTFOLIO,
        )
        line = Line("http://127.0.0.1:9", lambda: "no key")
        actions = Actions(SqlChanges(engines, wall=town.wall), line, wall=town.wall)
        yield town, create_app(reader, actions, town.desk, town.office)


@click.command()
@click.option("--requests", default=10_000, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(requests: int, seed: int) -> None:
    """Send, count and print; the exit code is 1 where something was told or failed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with town_and_app() as (town, app):
        names = [role.value for role in Role]
        chance = Chance(
            seed, [*names, _PASSWORD, *FORMS["/people/viewer"], "reset", "disable", "1"]
        )
        differing = told_apart(app, chance, names[0])
        fuzz = Fuzz(app, town.login, names, chance)
        fuzz.run(requests)
    print(machine_line())
    print()
    print_table(HEAD, rows(fuzz.counts))
    print()
    print(
        f"{len(fuzz.faults)} faults of the server, {len(differing)} of {_COMPARED} names told apart"
    )
    for fault in [*fuzz.faults, *differing][:20]:
        print(fault)
    if fuzz.faults or differing:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
