"""Whatever is sent to the web, it is answered, and by no fault of the server."""

import html
import json
import re
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_web import FORMS, Chance, Fuzz, question_of, told_apart
from pages.questions import CALLBACKS, is_question
from risk.auth.throttle import OF_A_NAME, OF_A_NAME_FROM_A_PLACE
from risk.domain.actors import Role
from tests.fakes_people import PASSWORD
from tests.pages.visits import Visit

#: One application for all examples of a test: each costs a hundred times what a request does.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(max_size=40) | st.sampled_from(["ana", "root", "admin", "\x00", "x" * 600, "//e"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "property", "value", "output"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def town(people):
    for role in Role:
        people.admit(role.value, role)
    return people


@pytest.fixture
def visit(dashboard, town) -> Visit:
    return Visit(dashboard, town)


@pytest.fixture
def questions(visit) -> list[dict]:
    """What a page asks its callbacks, without values."""
    visit.sign_in("viewer")
    told = visit.get("/_dash-dependencies").json
    return [question_of(one) for one in told if one["clientside_function"] is None]


@SHARED
@given(path=st.sampled_from(list(FORMS)), data=st.data())
def test_any_form_is_answered(visit, path, data):
    form = {name: data.draw(TEXTS, label=name) for name in FORMS[path]}
    visit.sign_in(data.draw(st.sampled_from([role.value for role in Role])))

    assert visit.post(path, **form).status_code < 500


@SHARED
@given(body=JSON)
def test_any_body_is_no_fault_of_the_callbacks(visit, body):
    visit.sign_in("viewer")

    assert visit.call(body).status_code in (400, 403)


@SHARED
@given(data=st.data())
def test_any_values_in_the_questions_of_a_page_are_answered(visit, questions, data):
    question = data.draw(st.sampled_from(questions))
    asked = json.loads(json.dumps(question))
    for one in (*asked["inputs"], *asked["state"]):
        for part in one if isinstance(one, list) else [one]:
            if "value" not in part or data.draw(st.booleans()):
                part["value"] = data.draw(JSON)

    with structlog.testing.capture_logs() as log:
        assert visit.call(asked).status_code in (200, 204, 400)
    assert [each for each in log if each.get("exc_info")] == []


def test_what_a_page_asks_is_a_question_and_what_it_does_not_is_none(dashboard, questions):
    known = dashboard.callback_map
    for question in questions:
        assert is_question(question, known)
        for part in ("output", "outputs", "inputs"):
            assert not is_question({**question, part: None}, known)
            assert not is_question({**question, part: [{}]}, known)
        assert not is_question({**question, "inputs": question["inputs"] * 2}, known)
        assert not is_question({**question, "changedPropIds": [1]}, known)
    for name, callback in known.items():
        if "callback" not in callback:
            assert not is_question({"output": name, "inputs": [], "state": []}, known)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff", b"", b"null", b'"a"'])
def test_a_body_that_is_no_json_is_refused(visit, body):
    visit.sign_in("viewer")
    headers = {"Origin": visit.url, "X-CSRFToken": visit.cookie("_csrf_token")}
    answer = visit.client.post(
        CALLBACKS, base_url=visit.url, data=body, headers=headers, content_type="application/json"
    )

    assert answer.status_code == 400


def test_a_script_that_does_not_exist_is_not_found(visit):
    for path in ("nothing/a.js", "dash/nothing.js", "dash/../a", "/"):
        assert visit.get(f"/_dash-component-suites/{path}").status_code in (401, 404)


def test_random_requests_by_everybody_are_no_fault(dashboard, town):
    def login(name: str) -> tuple[str, str]:
        town.wait(minutes=1)
        town.admit(name, Role(name))
        signed = town.sign_in(name)
        return signed.token, signed.login.csrf

    fuzz = Fuzz(dashboard, login, [role.value for role in Role], Chance(1, ["trader", "1", "role"]))
    fuzz.run(120)

    assert fuzz.faults == []
    assert len(fuzz.counts) > 10


def test_no_refusal_tells_who_exists(dashboard, town):
    assert told_apart(dashboard, Chance(2, ["trader"]), "trader", tries=16) == []


def tried(dashboard, town, name: str, place: str, **form: str) -> tuple[int, str, str | None]:
    """What the log-in page says to a stranger at a place: status, words and wait."""
    visit = Visit(dashboard, town)
    visit.get("/login")
    answer = visit.client.post(
        "/login",
        base_url=visit.url,
        data={"name": name, "password": "wrong", "csrf": visit.cookie("_csrf_token"), **form},
        headers={"Origin": visit.url},
        environ_overrides={"REMOTE_ADDR": place},
    )
    (told,) = re.findall(r'role="alert">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
    return answer.status_code, html.unescape(told), answer.headers.get("Retry-After")


def test_as_many_tries_until_one_waits_are_told_alike_whoever_exists(dashboard, town):
    """And while one waits the right password is told what a wrong one is."""
    words = {}
    for name, place in (("trader", "10.0.0.1"), ("nobody", "10.0.0.2")):
        words[name] = [tried(dashboard, town, name, place) for _ in range(6)]
        words[name].append(tried(dashboard, town, name, place, password=PASSWORD))

    assert words["trader"] == words["nobody"]
    fits = (401, "That did not open: name, password and code do not fit together.", None)
    told = (
        "Too many tries did not fit: nothing is looked at for a while, however right. An admin can "
        "unlock the name (page Administration, or `seawall users unlock`). It can be tried again "
        "in 15 s."
    )
    waits = (429, told, "15")
    assert words["trader"] == [fits] * (OF_A_NAME_FROM_A_PLACE - 1) + [waits] * 3


def test_where_other_places_tried_the_name_as_many_tries_are_told_alike(dashboard, town):
    words = {
        name: [tried(dashboard, town, name, f"10.{net}.0.{number}") for number in range(12)]
        for net, name in enumerate(("trader", "nobody"))
    }

    assert words["trader"] == words["nobody"]
    statuses = [status for status, _, _ in words["trader"]]
    assert statuses == [401] * (OF_A_NAME - 1) + [429] * 3


def several_fields(question: dict, count: int) -> dict:
    """The same of a form with so many fields."""
    asked = json.loads(json.dumps(question))
    for one in (*asked["inputs"], *asked["state"], *asked["outputs"]):
        if isinstance(one, list) and one[0]["id"]["type"] == "override-field":
            (part,) = one
            one[:] = [json.loads(json.dumps(part).replace('"x"', f'"f{n}"')) for n in range(count)]
    return asked


def test_what_a_pattern_matched_is_the_same_wherever_it_is_told(dashboard, questions, visit):
    known = dashboard.callback_map
    (question,) = [
        each for each in questions if each["output"].startswith('..{"field":["ALL"],"type":"over')
    ]
    asked = several_fields(question, 5)
    assert is_question(asked, known)
    for bent in ([], asked["outputs"][0][:4], asked["outputs"][0][::-1]):
        forged = {**asked, "outputs": [bent, *asked["outputs"][1:]]}
        assert not is_question(forged, known)
        assert visit.call(forged).status_code == 400
    for number, one in enumerate(asked["state"]):
        if isinstance(one, list) and len(one) == 5:
            state = [*asked["state"][:number], one[1:], *asked["state"][number + 1 :]]
            assert not is_question({**asked, "state": state}, known)


def test_no_page_has_other_components_than_those_that_are_asked_of(dashboard, questions):
    known = dashboard.callback_map
    for question in questions:
        for cause in ("x.n_clicks", "{.n_clicks", "{}.n_clicks", '{"type":[]}.n_clicks', "["):
            assert not is_question({**question, "changedPropIds": [cause]}, known)
        if isinstance(question["outputs"], dict):
            for bent in ({"id": "x"}, {"property": "x"}):
                assert not is_question(
                    {**question, "outputs": {**question["outputs"], **bent}}, known
                )


def test_a_number_that_no_table_has_is_refused_in_one_line_without_a_trace(visit, questions):
    visit.sign_in(Role.OFFICER.value)
    (question,) = [
        each
        for each in questions
        if [one["id"] for one in parts_of(each["inputs"])] == ["proposal-dialog-approve"]
    ]
    question["inputs"][0]["value"] = 1
    question["state"][1]["value"] = "why"
    for proposal, status in ((1 << 63, 400), (-(1 << 64), 400), (-1, 200)):
        question["state"][0]["value"] = {"book": "demo", "proposal": proposal, "what": "approve"}
        with structlog.testing.capture_logs() as log:
            assert visit.call(question).status_code == status
        assert [each for each in log if each.get("exc_info")] == []
        refused = [each for each in log if each["event"] == "no_question_refused"]
        assert len(refused) == (1 if status == 400 else 0)


#: What no page of ours holds; in some place or other each would have been a fault.
FORGED = (None, [], {}, [{}], "x", "{", '{"words":null}', True, -1, 1 << 63, {"book": []})


def test_whatever_stands_in_the_place_of_one_value_nothing_fails(visit, questions):
    visit.sign_in(Role.OFFICER.value)
    failed = []
    for question, which, number, forged in forgeries(questions):
        asked = json.loads(json.dumps(question))
        for part in parts_of(asked["inputs"]):
            part.update({"value": 1} if part["property"] == "n_clicks" else {})
        for part in parts_of(asked[which][number : number + 1]):
            part["value"] = forged
        with structlog.testing.capture_logs() as log:
            status = visit.call(asked).status_code
        if status not in (200, 204, 400) or any(each.get("exc_info") for each in log):
            failed.append((question["output"], which, number, forged, status, log))

    assert failed == []


def forgeries(questions: list[dict]) -> Iterator[tuple[dict, str, int, object]]:
    for question in questions:
        for which in ("inputs", "state"):
            for number in range(len(question[which])):
                for forged in FORGED:
                    yield question, which, number, forged


def parts_of(properties: list) -> list[dict]:
    return [part for one in properties for part in (one if isinstance(one, list) else [one])]
