"""Every door of the web, tried by everybody, as `tests/test_doors.py` does with all others."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dash
import pytest
from werkzeug.test import TestResponse

from app import create_app
from benchmarks.fuzz_web import held_value
from pages.access import GUARDED
from pages.personas import COOKIE, PERSONAS
from risk.domain.actors import ABILITIES, Ability, Role, who_can
from risk.domain.events import ActionDenied
from tests import doors
from tests.fakes_actions import FakeBrake, actions_over
from tests.fakes_people import PASSWORD
from tests.fakes_web import FakeBookReader, FakeChanges
from tests.pages.conftest import PeopleHere, forget_pages
from tests.pages.visits import CALLBACK, Visit

_NOBODY, _EXPIRED, _UNFINISHED, _PLANTED = "nobody", "expired", "unfinished", "a planted token"
#: Who tries: a person of each role, a persona of the demonstration, and those who are none.
_ROLES = [role.value for role in Role]
_DEMO = [f"demo {role.value}" for role in PERSONAS]
_NONE = [_NOBODY, _EXPIRED, _UNFINISHED, _PLANTED]
_EVERYBODY = [*_ROLES, *_DEMO, *_NONE]
_SESSION = "seawall_session"
#: What leads a browser that may not look to where it signs in, or sets itself up.
_ELSEWHERE = ("/login", "/account")


@dataclass
class House:
    """An application, the people who have a login there, and a browser for everybody."""

    app: dash.Dash
    people: PeopleHere
    changes: FakeChanges
    brake: FakeBrake
    visits: dict[str, Visit] = field(default_factory=dict)
    first: str = ""

    def visit(self, who: str) -> Visit:
        known = self.visits.get(who)
        if known is None or (who in _ROLES and not self._is_in(known)):
            self.visits[who] = self.fresh(who)
        return self.visits[who]

    def _is_in(self, visit: Visit) -> bool:
        """He may have left, or been away for too long by now."""
        return self.people.desk.find(visit.cookie(_SESSION) or "") is not None

    def fresh(self, who: str) -> Visit:
        visit = Visit(self.app, self.people)
        self.people.wait(seconds=60)  # no code opens twice
        if who in _DEMO:
            visit.get("/")
            visit.set_cookie(COOKIE, who.removeprefix("demo "))
        elif who == _PLANTED:
            visit.get("/login")
            visit.set_cookie(_SESSION, "planted")
        elif who == _NOBODY:
            visit.get("/login")
        elif who == _UNFINISHED:
            by = self.people.actor("admin")
            if all(person.name != who for person in self.people.office.people()):
                self.first = self.people.office.add(by, who, Role.OFFICER)
            visit.sign_in(who, self.first)
        elif who == _EXPIRED:
            visit.sign_in("viewer")
            self.people.desk.sign_out(visit.cookie(_SESSION) or "")
        else:
            visit.sign_in(who)
        return visit

    def kept(self) -> object:
        """All that anybody might have changed."""
        asked = {
            name: [*value] for name, value in vars(self.changes).items() if type(value) is list
        }
        asked["told"] = [each for each in asked["told"] if not isinstance(each, ActionDenied)]
        asked["model"] = [self.changes.reader.waiting]
        accounts = dict(self.people.store._kept.accounts)
        logins = {one.id: one.hash for one in self.people.store._kept.logins.values()}
        return asked, list(self.brake.latched), accounts, logins


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], House]]:
    """One where people have logins, and one where nobody has."""
    made: dict[bool, House] = {}

    def house_of(who: str) -> House:
        demo = who in _DEMO
        if demo not in made:
            forget_pages()
            reader = FakeBookReader()
            changes, brake = FakeChanges(reader), FakeBrake()
            people = PeopleHere(reader, tmp_path_factory.mktemp("home"))
            if not demo:
                for role in Role:
                    people.admit(role.value, role)
            app = create_app(reader, actions_over(changes, brake), people.desk, people.office)
            made[demo] = House(app, people, changes, brake)
        return made[demo]

    yield house_of
    forget_pages()


def _role(who: str) -> Role | None:
    name = who.removeprefix("demo ")
    return Role(name) if name in _ROLES else None


def _may(who: str, needed: Ability | doors.Web) -> bool:
    """Whether a door opens for somebody."""
    role = _role(who)
    match needed:
        case doors.Web.OPEN | doors.Web.COMING_IN:
            return True
        case doors.Web.ONESELF:
            return role is not None or who == _UNFINISHED
        case doors.Web.DEMO:
            return who in _DEMO
    return role is not None and needed in ABILITIES[role]


def _is_refusal(answer: TestResponse) -> bool:
    if answer.status_code in (401, 403):
        return True
    where = answer.headers.get("Location", "")
    return answer.status_code in (302, 303) and where.startswith(_ELSEWHERE)


def _requires(house: House, who: str, needed: Ability | doors.Web, answer: TestResponse) -> None:
    """What an answer must be: never a fault, and a refusal in words where it is one."""
    assert answer.status_code < 500, answer.text
    if answer.status_code in (401, 403):
        assert answer.text.strip(), "a refusal says why"
    if isinstance(needed, Ability) and _role(who) is not None and not _may(who, needed):
        assert all(role.value in answer.text for role in who_can(needed)), "says who can"


# --- the table -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(houses) -> dash.Dash:
    return houses("viewer").app


def test_every_page_is_in_the_table(app):
    assert {page["path"] for page in dash.page_registry.values()} == set(doors.PAGES)


def _routes(app: dash.Dash) -> dict[str, Any]:
    return {
        f"{method} {rule.rule}": app.server.view_functions[rule.endpoint]
        for rule in app.server.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_in_the_table_as_it_is(app):
    found = _routes(app)
    declared = {
        route: GUARDED[name]
        for route, view in found.items()
        if (name := f"{view.__module__}.{view.__qualname__}") in GUARDED
    }

    assert set(found) == set(doors.ROUTES)
    for route, ability in declared.items():
        told = doors.ROUTES[route]
        assert told == ability or (told is doors.Web.ONESELF and ability is Ability.VIEW), route


def _asked(app: dash.Dash) -> dict[str, list[tuple[str, Any]]]:
    """Every callback of the server: of each function its outputs, and what it is given."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for output, told in app.callback_map.items():
        if "callback" in told:
            function = told["callback"].__wrapped__
            name = f"{function.__module__}.{function.__qualname__}"
            found.setdefault(name, []).append((output, told))
    return found


def test_every_callback_is_in_the_table_as_it_is(app):
    assert {name: GUARDED.get(name, Ability.VIEW) for name in _asked(app)} == doors.CALLBACKS


def test_every_callback_of_the_browser_is_in_the_table(app):
    found = set()
    for each in app._callback_list:
        told = each.get("clientside_function")
        if told is not None:
            # Dash's own, which writes the title: it is named after its text.
            own = told["namespace"].startswith("_dashprivate")
            name = "the title of a page" if own else f"{told['namespace']}.{told['function_name']}"
            found.add(name)

    assert found == doors.IN_THE_BROWSER


# --- the walk ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", _EVERYBODY)
@pytest.mark.parametrize("path", doors.PAGES)
def test_a_page_opens_for_whoever_may_and_for_nobody_else(houses, path, who):
    house, needed = houses(who), doors.PAGES[path]
    visit = house.visit(who)
    before = house.kept()
    answer = visit.get(path)

    _requires(house, who, needed, answer)
    assert _is_refusal(answer) != _may(who, needed), answer.text[:400]
    assert house.kept() == before, "looking changes nothing"


_ADDRESSES = {
    "<path:path>": "limits",
    "<path:filename>": "forms.js",
    "<string:package_name>/<path:fingerprinted_path>": "dash/deps/react@18.min.js",
    "<name>": "trader",
}
#: What forms of ours bring along.
_FORMS: dict[str, dict[str, str]] = {
    "POST /account/password": {"old": "wrong", "new": "another long one", "again": "no"},
    "POST /enter": {"role": "viewer"},
    "POST /login": {"name": "nobody", "password": PASSWORD, "code": ""},
    "POST /people": {"name": "ben", "role": "viewer"},
    "POST /people/<name>": {"what": "unlock", "reason": "x"},
    "POST /prove": {"password": "wrong", "code": ""},
    "POST /vouching": {"name": "trader", "reason": "so it is", "seen": "1"},
}
#: A wrong password, and that somebody is in already, are no matter of whether he may.
_JUDGES = {"POST /login": (401, 429), "POST /prove": (403,), "GET /login/sso/callback": (403,)}
#: Refused for what was sent, or because nobody has a login there.
_OF_LOGINS = {
    "POST /account/factor",
    "POST /account/factor/confirm",
    "POST /account/logins/end",
    "POST /account/password",
    "POST /prove",
    "GET /login/sso/callback",
}


@pytest.mark.parametrize("who", _EVERYBODY)
@pytest.mark.parametrize("door", [each for each in doors.ROUTES if CALLBACK not in each])
def test_a_route_opens_for_whoever_may_and_for_nobody_else(houses, door, who):
    house = houses(who)
    needed = doors.ROUTES[door]
    visit = house.visit(who)
    if needed is doors.Web.ONESELF or door.startswith("POST"):
        visit = house.fresh(who)  # he has just proved who he is, and may sign himself out
    method, path = door.split(" ")
    for name, address in _ADDRESSES.items():
        path = path.replace(name, address)
    before = house.kept()
    answer = visit.get(path) if method == "GET" else visit.post(path, **_FORMS.get(door, {}))

    _requires(house, who, needed, answer)
    if _may(who, needed):
        judged = _JUDGES.get(door, ())
        if who in _DEMO and door in _OF_LOGINS:
            judged = (*judged, 403)  # nobody has a login there to change
        if who == _UNFINISHED and needed is doors.Web.ONESELF:
            judged = (*judged, 302, 303, 403)
        led = answer.headers.get("Location", "").startswith(_ELSEWHERE)
        fine = answer.status_code in judged or not _is_refusal(answer)
        assert fine or (led and not isinstance(needed, Ability)), answer.text[:400]
        return
    assert _is_refusal(answer) or answer.status_code == 404, (answer.status_code, answer.text[:400])
    assert house.kept() == before, "nothing was changed"


def _question(output: str, told: Any) -> dict[str, Any]:
    """What a browser sends for a callback, without anything filled in."""
    several = output.startswith("..")
    names = output.strip(".").split("...") if several else [output]
    outputs = [_part(*name.rsplit(".", 1)) for name in names]
    inputs, state = (
        [
            _part(one["id"], one["property"], value=held_value(one["id"], one["property"]))
            for one in told[which]
        ]
        for which in ("inputs", "state")
    )
    return {
        "output": output,
        "outputs": outputs if several else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": [
            f"{each['id']}.{each['property']}"
            for each in told["inputs"][:1]
            if not each["id"].startswith("{")
        ],
    }


def _part(identity: str, name: str, **more: Any) -> Any:
    """One property; of all components of a sort, while none is there."""
    told = json.loads(identity) if identity.startswith("{") else identity
    if isinstance(told, dict) and ["ALL"] in told.values():
        return []
    return {"id": told, "property": name.partition("@")[0], **more}


@pytest.mark.parametrize("who", _EVERYBODY)
@pytest.mark.parametrize("name", doors.CALLBACKS)
def test_a_callback_answers_whoever_may_and_nobody_else(houses, name, who):
    house, needed = houses(who), doors.CALLBACKS[name]
    visit = house.visit(who)
    for output, told in _asked(house.app)[name]:
        before = house.kept()
        answer = visit.call(_question(output, told))
        _requires(house, who, Ability.VIEW, answer)
        refused = _is_refusal(answer) or '"Refused"' in json.dumps(_json(answer))
        assert refused != _may(who, needed), (answer.status_code, answer.text[:600])
        if refused:
            assert house.kept() == before, "nothing was changed"
            if _role(who) is not None:
                assert all(role.value in answer.text for role in who_can(needed)), "says who can"


def _json(answer: TestResponse) -> Any:
    return json.loads(answer.text) if answer.text.startswith("{") else answer.text


def test_what_somebody_was_denied_stands_in_the_journal_of_people(houses):
    house = houses("trader")
    before = len(house.changes.told)
    house.visit("trader").get("/people")
    house.visit("trader").get("/vouching")
    [(output, told)] = _asked(house.app)["pages.changes.approve"]
    house.visit("trader").call(_question(output, told))

    denied = [(event.by, event.role, event.asked) for event in house.changes.told[before:]]
    assert denied == [
        ("trader", "trader", "open the page /people"),
        ("trader", "trader", "open the page /vouching"),
        ("trader", "trader", "use what the page Changes has for approving a change"),
    ]


# --- what every answer keeps to --------------------------------------------------------------


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE"])
def test_no_door_knows_another_method(houses, method):
    house = houses("officer")
    visit = house.visit("officer")
    before = house.kept()
    for path in (*doors.PAGES, "/login", "/account/password", "/healthz", CALLBACK):
        answer = visit.client.open(
            path, method=method, base_url=visit.url, headers={"Origin": visit.url, "X-Told": "me"}
        )
        assert answer.status_code in (400, 403, 404, 405), path
        assert "X-Told" not in answer.text, "nothing is sent back as it came"
    assert house.kept() == before


@pytest.mark.parametrize("who", ["viewer", _NOBODY])
def test_every_answer_says_what_it_is_and_no_other_site_may_read_it(houses, who):
    visit = houses(who).visit(who)
    for path in (*doors.PAGES, "/login", "/live", "/healthz", "/assets/forms.js", "/nowhere"):
        answer = visit.get(path, Origin="https://elsewhere.example")
        kind = answer.headers.get("Content-Type", "")
        assert not answer.data or kind == "application/json" or "charset=utf-8" in kind, path
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")], path


@pytest.mark.parametrize("path", ["/assets/", "/assets", "/_dash-component-suites/", "/assets/.."])
def test_no_folder_is_listed(houses, path):
    answer = houses("viewer").visit("viewer").get(path)

    assert answer.status_code == 404 or "react-entry-point" in answer.text, "the frame, or nothing"
