"""Every callback, page and route of the web is asked by everybody, and by nobody."""

import inspect
from collections.abc import Iterator

import dash
import pytest

from benchmarks.fuzz_web import question_of
from pages.access import GUARDED
from risk.domain.actors import ABILITIES, Ability, Role
from tests.pages.visits import Visit, set_cookies
from tests.web_doors import CALLBACKS, ROUTES, Open

EVERYBODY = [*Role, None]
#: Where a rule leaves something open.
_FILLED = {
    "<path:path>": "limits",
    "<path:filename>": "seawall.js",
    "<string:package_name>": "dash",
    "<path:fingerprinted_path>": "nothing.js",
    "<name>": "trader",
}


@pytest.fixture
def visits(dashboard, people) -> dict[Role | None, Visit]:
    """A browser of somebody of each role, and one of nobody."""
    found: dict[Role | None, Visit] = {}
    for role in Role:
        people.admit(role.value, role)
        found[role] = Visit(dashboard, people)
        found[role].sign_in(role.value)
    found[None] = Visit(dashboard, people)
    found[None].get("/login")
    return found


def functions(app: dash.Dash) -> Iterator[tuple[str, str]]:
    """The name of each callback's function, and what it writes."""
    for output, callback in app.callback_map.items():
        if "callback" in callback:
            function = inspect.unwrap(callback["callback"])
            yield f"{function.__module__}.{function.__qualname__}", output


def rules(app: dash.Dash) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.server.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_callback_is_written_down(dashboard):
    assert {name for name, _ in functions(dashboard)} == set(CALLBACKS)


def test_every_route_is_written_down(dashboard):
    assert rules(dashboard) == set(ROUTES)


def test_every_callback_that_needs_more_than_looking_has_its_guard():
    """As it is written down: a guard for something else would let others in."""
    needing = {name: ability for name, ability in CALLBACKS.items() if ability is not Ability.VIEW}

    assert {name: GUARDED.get(name) for name in needing} == needing
    assert {CALLBACKS[name] for name in set(GUARDED) & set(CALLBACKS)} >= set(needing.values())


@pytest.mark.timeout(120)
def test_every_callback_answers_those_who_may_and_nobody_else(dashboard, visits):
    asked = visits[Role.VIEWER].get("/_dash-dependencies").json
    questions = {one["output"]: question_of(one) for one in asked}

    wrong = [
        f"{name} by {role}: {told}"
        for name, output in functions(dashboard)
        for role in EVERYBODY
        if (told := _outcome(visits[role], questions[output])) != _wanted(CALLBACKS[name], role)
    ]

    assert wrong == []


def _wanted(ability: Ability, role: Role | None) -> str:
    if role is None:
        return "not signed in"
    return "answered" if ability in ABILITIES[role] else "refused"


def _outcome(visit: Visit, question: dict) -> str:
    answer = visit.call(question)
    if answer.status_code == 401:
        return "not signed in"
    if answer.status_code not in (200, 204):
        return answer.status
    return "refused" if "is not for a" in answer.text else "answered"


@pytest.mark.timeout(120)
def test_every_route_answers_those_who_may_and_nobody_else(visits):
    wrong = [
        f"{door} by {role}: {told}"
        for door in sorted(ROUTES, key="POST /logout".__eq__)  # nobody comes back from there
        for role in EVERYBODY
        if (told := _let_in(visits[role], door)) is not _may(ROUTES[door], role)
    ]

    assert wrong == []


def _may(needed: Ability | Open, role: Role | None) -> bool:
    if isinstance(needed, Open):
        return True
    return role is not None and needed in ABILITIES[role]


def _let_in(visit: Visit, door: str) -> bool:
    """Whether he gets there; what he then sends may still be wrong."""
    method, path = door.split(" ")
    for gap, filled in _FILLED.items():
        path = path.replace(gap, filled)
    answer = visit.get(path) if method == "GET" else visit.post(path)
    if door == "POST /logout":
        return "seawall_session" in set_cookies(answer)
    if answer.headers.get("Location", "").startswith("/login"):
        return False
    is_out = answer.status_code == 401 and b"Your session has ended" in answer.data
    return not (is_out or b"is not for a" in answer.data)
