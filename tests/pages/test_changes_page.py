"""Changes and the editor over the wire: another page for each, guarded callbacks, the pulse."""

import json
from datetime import timedelta

import dash
import pytest
from flask import g

from pages.access import GUARDED, set_actor
from pages.query import parse
from pages.screens import Screen, Screens, Shown
from pages.views.proposals.inbox import APPROVE, decide_id
from risk.domain.actors import Ability
from tests import fakes_proposals as fakes
from tests.fakes_actions import ANALYST, OFFICER, VIEWER
from tests.fakes_book import AFTERNOON
from tests.fakes_limits import TIGHTENED
from tests.fakes_web import DEMO
from tests.pages.trees import parts, words


@pytest.fixture(autouse=True)
def waiting(changes, reader) -> None:
    changes.kept = fakes.build_proposals(reader.policy, AFTERNOON)


@pytest.fixture
def show(dashboard: dash.Dash):
    """What a page shows to somebody."""

    def show(path, actor, **address):
        page = next(p for p in dash.page_registry.values() if p["path"] == path)
        with dashboard.server.test_request_context(path):
            set_actor(actor)
            g.sw_demo = True
            return page["layout"](**address)

    return show


def test_each_sees_his_own_page_whoever_looked_before(show):
    asked = decide_id(fakes.LOOSER_VAR, APPROVE)
    ids = {
        actor: [each.get("id") for each in parts(show("/changes", actor))]
        for actor in (VIEWER, OFFICER, ANALYST, OFFICER)
    }

    assert asked in ids[OFFICER]
    assert asked not in ids[VIEWER]
    assert asked not in ids[ANALYST]


def test_what_one_was_shown_is_no_base_for_what_another_is_to_see(dashboard, reader, show):
    page = show("/changes", OFFICER)
    root = next(each for each in parts(page) if each.get("id") == "proposals-view")

    assert json.loads(root["data-view"])["viewer"] == "demo officer, officer"
    assert root["data-news"] == "14"


def test_a_personal_screen_is_not_built_before_anybody_asks(reader):
    built = []
    screen = Screen(
        "own", words=(), read=lambda *_: None, view=lambda _: built.append(1) or [], personal=True
    )
    screens = Screens(reader)
    screens.view(screen, parse({}))
    reader.advance()
    screens.prepare(DEMO, reader.pulse("demo"))

    assert built == [1]
    assert screens.update(screen, parse({}), Shown(reader.number)).shown.cycle == reader.number


def test_every_callback_that_changes_something_is_guarded(dashboard):
    guarded = {name: GUARDED[name] for name in GUARDED if name.startswith("pages.change")}

    assert guarded == {
        "pages.changes.approve": Ability.APPROVE,
        "pages.changes.reject": Ability.APPROVE,
        "pages.changes.withdraw": Ability.REQUEST_LIMIT,
        "pages.change_editor.send_it": Ability.REQUEST_LIMIT,
    }


def clicked(component_id):
    return {"id": component_id, "property": "n_clicks", "value": 1}


def approving(web):
    found = next(
        each
        for each in web.get("/_dash-dependencies").json
        if "proposal-dialog-approve" in str(each["inputs"])
    )
    ids = found["output"].strip(".").split("...")
    outputs = [dict(zip(("id", "property"), each.rsplit(".", 1), strict=True)) for each in ids]
    body = {
        "output": found["output"],
        "outputs": outputs,
        "inputs": [clicked("proposal-dialog-approve")],
        "state": [
            {
                "id": "proposal-dialog-asked",
                "property": "data",
                "value": {"book": "demo", "proposal": fakes.LOOSER_VAR, "what": "approve"},
            },
            {"id": "proposal-dialog-reason", "property": "value", "value": "agreed"},
        ],
        "changedPropIds": ["proposal-dialog-approve.n_clicks"],
    }
    return web.post("/_dash-update-component", json=body)


def test_a_role_that_may_not_is_told_and_nothing_is_decided(web, changes):
    web.set_cookie("seawall_persona", "analyst", domain="localhost")
    answer = approving(web)

    assert "An officer can" in answer.text
    assert changes.waiting == []


def test_an_officer_approves_over_the_wire(web, changes):
    web.set_cookie("seawall_persona", "officer", domain="localhost")
    answer = approving(web)

    assert answer.status_code == 200
    assert "Proposal 31 approved" in answer.text
    assert [change.policy.limit(TIGHTENED).hard for change in changes.waiting] == [0.07]


def test_the_pulse_counts_what_waits_for_whoever_may_decide(web, reader):
    web.set_cookie("seawall_persona", "analyst", domain="localhost")
    assert "changes" not in web.get("/live").json
    web.set_cookie("seawall_persona", "officer", domain="localhost")

    assert web.get("/live").json["changes"] == "4"


def test_the_pulse_counts_what_waits_though_no_engine_runs(web, reader, changes):
    web.set_cookie("seawall_persona", "officer", domain="localhost")
    assert web.get("/live").json["changes"] == "4"
    changes.reject("demo", fakes.LENT, reason="no", actor=OFFICER)
    reader.clock.step_wall(timedelta(seconds=3))

    assert web.get("/live").json["changes"] == "3"


def test_the_pulse_asks_once_a_second_for_all_browsers_what_waits(web, reader, monkeypatch):
    asked = []
    read = reader.proposal_news
    monkeypatch.setattr(reader, "proposal_news", lambda book: asked.append(book) or read(book))
    web.set_cookie("seawall_persona", "officer", domain="localhost")
    for _ in range(5):
        web.get("/live")

    assert len(asked) == 1


def test_the_pulse_tells_the_journal_what_was_written_though_no_engine_runs(web, reader):
    seen = web.get("/live?news=0&of=journal-view").json["news"]
    known = f"/live?after={reader.number}&of=journal-view&news={seen}"
    assert web.get(known).status_code == 204
    reader.kept.append(reader.kept[0])
    reader.clock.step_wall(timedelta(seconds=1))
    assert web.get(known).json["news"] == seen + 1
    reader.clock.step_wall(timedelta(seconds=5))
    assert web.get(known).json["news"] > seen + 1


def test_the_pulse_tells_each_screen_its_own_news(web, reader, changes):
    assert web.get("/live?news=0&of=proposals-view").json["news"] == changes.news.number
    assert web.get("/live?news=0&of=orders-view").json["news"] == reader.news
    known = f"/live?after={reader.number}&of=proposals-view&news={changes.news.number}"
    assert web.get(known).status_code == 204
    changes.reject("demo", fakes.LENT, reason="no", actor=OFFICER)
    assert web.get(known).status_code == 200


def test_limits_lead_to_the_editor_and_say_what_waits(show):
    page = show("/limits", VIEWER, limit=TIGHTENED)
    hrefs = [str(each.get("href")) for each in parts(page)]

    assert "/changes/edit?limit=VaR+99+%25%2C+1+day" in hrefs
    assert "/changes/edit?limit=VaR+99+%25%2C+1+day&do=while" in hrefs
    assert "4 changes wait for a second person." in words(page)
