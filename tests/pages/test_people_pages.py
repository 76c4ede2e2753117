"""Everybody's logins, for admins; and officers who vouch for each other."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest

from risk.domain.actors import Role
from tests.pages.visits import Visit

FIRST = re.compile(r'id="first-password">([^<]+)<')


@pytest.fixture
def visit(dashboard, people) -> Visit:
    people.admit("root", Role.ADMIN)
    people.admit("ana", Role.OFFICER)
    people.admit("tim", Role.TRADER)
    return Visit(dashboard, people)


@pytest.fixture
def root(visit) -> Visit:
    visit.sign_in("root")
    return visit


def said(answer) -> str:
    """What a page says at its top."""
    [found] = re.findall(r'role="(?:alert|status)">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
    return html.unescape(found)


def change(visit: Visit, name: str, **form: object):
    return visit.post(f"/people/{name}", **{"seen": 1, "reason": "because", **form})


def test_it_lists_everybody(root):
    page = root.get("/people").text

    for name in ("root", "ana", "tim"):
        assert f'href="/people/{name}"' in page


def test_it_lists_how_each_login_stands_and_when_power_begins(root, people):
    people.office.add(people.actor("root"), "oda", Role.OFFICER)
    change(root, "ana", what="reset")
    page = root.get("/people").text

    rows = {name: cells(page, name) for name in ("root", "ana", "oda", "tim")}
    assert [rows[name]["Login"] for name in rows] == [
        "in force",
        "has a first password",
        "has a first password",
        "in force",
    ]
    later = "from 2026-11-13 15:42 UTC on"
    assert [rows[name]["Power"] for name in rows] == ["", later, later, ""]
    people.wait(hours=24)
    root.sign_in("root")
    assert cells(root.get("/people").text, "oda")["Power"] == "now"


def cells(page: str, name: str) -> dict[str, str]:
    """What stands in somebody's row, by the headings."""
    (row,) = re.findall(rf'<a href="/people/{name}">.*?</tr>', page, re.DOTALL)
    found = re.findall(r'<td data-label="([^"]+)">(.*?)</td>', row, re.DOTALL)
    return {label: re.sub("<[^>]+>", "", cell).strip() for label, cell in found}


def test_a_role_is_chosen_only_where_it_is_given(root):
    """The sheet hides the field unless its deed is chosen; there is none for the disabled."""
    page = root.get("/people/tim").text
    assert re.search(
        r'class="sw-desk-role">\s*<div class="sw-desk-field">\s*<label for="role"', page
    )
    sheet = (Path(__file__).parents[2] / "assets" / "58-desk.css").read_text()
    assert 'form:not(:has([name="what"][value="role"]:checked)) > .sw-desk-role' in sheet

    change(root, "tim", what="disable")
    assert 'id="role"' not in root.get("/people/tim").text


@pytest.mark.parametrize("name", ["ana", "tim"])
@pytest.mark.parametrize("path", ["/people", "/people/tim"])
def test_it_is_for_admins_only(visit, name, path):
    visit.sign_in(name)

    assert visit.get(path).status_code == 403
    assert "An admin can" in said(visit.get(path))
    assert visit.post(path, name="eve", role="admin", what="reset").status_code == 403


def test_in_the_demonstration_it_says_how_to_have_logins(dashboard, people):
    demo = Visit(dashboard, people)
    answer = demo.get("/people")

    assert answer.status_code == 403
    assert "seawall users add NAME --role admin" in answer.text


# --- somebody new ----------------------------------------------------------------------------


def test_a_first_password_is_shown_once_and_opens_the_account_only(root, visit, people):
    answer = root.post("/people", name="Oda", role="officer")
    [password] = FIRST.findall(answer.text)

    assert password not in root.get("/people/oda").text
    root.post("/logout")
    assert visit.sign_in("oda", password).headers["Location"] == "/account"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "1st"}, "cannot be a name"),
        ({"name": ""}, "cannot be a name"),
        ({"name": "tim"}, "tim"),
        ({"role": "king"}, "choose a role first"),
        ({"role": ""}, "choose a role first"),
    ],
)
def test_what_is_no_login_says_why(root, people, form, told):
    answer = root.post("/people", **{"name": "oda", "role": "viewer", **form})

    assert answer.status_code in (400, 409)
    assert told.lower() in said(answer).lower()
    assert len(people.office.people()) == 3


def test_whoever_has_not_proved_lately_does_so_with_the_form_and_loses_nothing(root, people):
    people.wait(minutes=6)
    answer = root.post("/people", name="oda", role="analyst")
    assert answer.status_code == 403
    assert 'name="proof_password"' in answer.text
    assert 'value="oda"' in answer.text
    assert '<option value="analyst" selected>' in answer.text

    answer = root.post("/people", name="oda", role="analyst", **root.proof("root"))
    assert FIRST.findall(answer.text)
    assert root.get("/people").status_code == 200


# --- what is done with a login ---------------------------------------------------------------


def test_another_role_ends_the_logins(root, people):
    token = people.sign_in("tim").token
    answer = change(root, "tim", what="role", role="analyst")

    assert answer.headers["Location"] == "/people/tim?done=role"
    assert "tim has another role now" in said(root.get("/people/tim?done=role"))
    assert people.person("tim").role is Role.ANALYST
    assert people.desk.find(token) is None


def test_disabled_nobody_signs_in_and_enabled_he_does_again(root, people):
    change(root, "tim", what="disable")
    assert people.person("tim").disabled is not None
    assert "disabled" in root.get("/people/tim").text

    change(root, "tim", what="enable", seen=2)
    assert people.person("tim").disabled is None


def test_a_reset_shows_a_new_first_password(root, people):
    [password] = FIRST.findall(change(root, "tim", what="reset").text)

    assert people.person("tim").must_change
    assert people.sign_in("tim", password=password).login.setup


def test_unlocked_somebody_may_try_at_once(root, people, visit):
    assert change(root, "tim", what="unlock").headers["Location"] == "/people/tim?done=unlock"


def test_of_two_admins_at_once_one_is_told_that_the_other_was_quicker(root, people):
    change(root, "tim", what="role", role="analyst")
    answer = change(root, "tim", what="role", role="viewer")

    assert answer.status_code == 409
    assert people.person("tim").role is Role.ANALYST
    assert 'name="seen" value="2"' in answer.text, "what stands there now is what is seen now"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"what": ""}, 400),
        ({"what": "promote"}, 400),
        ({"what": "disable", "reason": ""}, 400),
        ({"what": "role", "role": "analyst", "reason": ""}, 400),
        ({"what": "unlock", "reason": " "}, 400),
        ({"what": "disable", "seen": "x"}, 409),
        ({"what": "role", "role": "king"}, 400),
        ({"what": "role", "role": "trader"}, 400),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(root, people, form, status):
    answer = change(root, "tim", **form)

    assert answer.status_code == status
    assert said(answer)
    assert people.person("tim").version == 1


def test_the_last_admin_stays(root, people):
    assert change(root, "root", what="disable").status_code >= 400
    assert people.person("root").disabled is None


def test_of_nobody_it_says_that_there_is_nobody(root):
    assert root.get("/people/nobody").status_code == 404
    assert change(root, "nobody", what="reset").status_code in (400, 404)


def test_a_reason_that_was_typed_stays(root, people):
    people.wait(minutes=6)
    answer = change(root, "tim", what="disable", reason="he left <us>")

    assert answer.status_code == 403
    assert 'value="he left &lt;us&gt;"' in answer.text
    assert 'value="disable" required checked' in answer.text


# --- vouching --------------------------------------------------------------------------------


@pytest.fixture
def oda(people, visit) -> str:
    """An officer whom an admin has just added."""
    people.office.add(people.actor("root"), "oda", Role.OFFICER)
    return "oda/1"


def test_an_officer_vouches_and_power_begins(visit, people, oda):
    visit.sign_in("ana")
    assert 'value="oda/1"' in visit.get("/vouching").text
    answer = visit.post("/vouching", who=oda, reason="we met")

    assert answer.headers["Location"] == "/vouching?done=vouched"
    assert people.person("oda").power_from <= people.now
    assert "Nobody waits for you." in visit.get("/vouching?done=vouched").text


def test_the_only_one_who_waits_is_chosen_already_and_of_two_nobody_is(visit, people, oda):
    visit.sign_in("ana")
    assert f'value="{oda}" required checked' in visit.get("/vouching").text

    people.office.add(people.actor("root"), "ole", Role.OFFICER)
    page = visit.get("/vouching").text
    assert 'value="ole/1" required>' in page
    assert "checked" not in page


def test_nobody_is_offered_himself_nor_whom_he_gave_the_power(visit, people, oda):
    """Root has become an officer since; ana's power was renewed by another admin."""
    people.admit("roy", Role.ADMIN)
    people.office.change_role(people.actor("roy"), "root", Role.OFFICER, reason="why", seen=1)
    visit.sign_in("root")
    page = visit.get("/vouching").text
    assert 'type="radio"' not in page, "his own power has not begun"
    assert "Nobody waits for you." in page
    assert "<strong>you</strong>, by roy; begins 2026-11-13" in page

    people.office.vouch(people.actor("ana"), "root", reason="met him", seen=2)
    people.wait(seconds=60)
    visit.post("/logout")
    visit.sign_in("root")
    page = visit.get("/vouching").text
    assert 'type="radio"' not in page
    assert "<strong>oda</strong>, by you; begins 2026-11-13" in page
    assert "waits for ana" in page
    assert visit.post("/vouching", who=oda, reason="we met").status_code == 403


def test_where_nobody_can_vouch_it_says_that_power_begins_by_itself(visit, people, oda):
    people.office.change_role(people.actor("root"), "tim", Role.OFFICER, reason="why", seen=1)
    people.office.disable(people.actor("root"), "ana", reason="left", seen=1)
    people.wait(seconds=60)
    people.admit("ole", Role.OFFICER, power_from=people.now + timedelta(hours=1))
    visit.sign_in("ole")

    page = visit.get("/vouching").text
    assert page.count("nobody can vouch now, so that it begins then") == 3


@pytest.mark.parametrize("name", ["root", "tim"])
def test_nobody_else_vouches(visit, name, oda):
    visit.sign_in(name)

    assert visit.get("/vouching").status_code == 403
    assert visit.post("/vouching", who=oda, reason="we met").status_code == 403


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"who": ""}, 400),
        ({"who": "oda"}, 400),
        ({"who": "oda/²"}, 400),
        ({"who": "oda/99999999999999999999"}, 400),
        ({"who": "oda/7"}, 409),
        ({"who": "nobody/1"}, 400),
        ({"reason": ""}, 400),
    ],
)
def test_what_is_no_vouching_says_why(visit, people, oda, form, status):
    visit.sign_in("ana")
    answer = visit.post("/vouching", **{"who": oda, "reason": "we met", **form})

    assert answer.status_code == status
    assert people.person("oda").power_from > people.now


def test_vouching_needs_a_proof(visit, people, oda):
    visit.sign_in("ana")
    people.wait(minutes=6)
    answer = visit.post("/vouching", who=oda, reason="we met")

    assert answer.status_code == 403
    assert 'value="we met"' in answer.text
    proved = visit.post("/vouching", who=oda, reason="we met", **visit.proof("ana"))
    assert proved.status_code == 303
