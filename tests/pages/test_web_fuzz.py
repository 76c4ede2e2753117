"""Whatever is sent to the web, it is answered, and by no fault of the server."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_web import FORMS, Chance, Fuzz, question_of, told_apart
from pages.questions import CALLBACKS, is_question
from risk.domain.actors import Role
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
            part["value"] = data.draw(JSON)

    assert visit.call(asked).status_code in (200, 204)


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
