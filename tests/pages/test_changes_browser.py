"""Four eyes in a real browser, over a real database: proposed, waited for, approved, in force."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dash
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from app import create_app
from risk.domain.proposals import ProposalStatus
from risk.engine.actions import Actions
from risk.storage.changes import SqlChanges
from risk.storage.engines import open_engines
from risk.storage.schema import upgrade
from tests import fakes_proposals as fakes
from tests.browser import until
from tests.builders import NOON, PORTFOLIO
from tests.fakes_actions import FakeBrake
from tests.fakes_book import AFTERNOON
from tests.fakes_limits import LOOSENED
from tests.fakes_people import People
from tests.pages.axe import violations
from tests.pages.conftest import forgetting_pages
from tests.pages.fit import wait_until_drawn
from tests.pages.going import go
from tests.pages.looks import faults
from tests.policy_files import VAR
from tests.storage.test_tuning import PLAIN, Past

HARD, SOFT = (f'input[id*=\'"field":"{name}"\']' for name in ("hard", "soft"))
VAR_EDITOR = "changes/edit?limit=VaR+99+%25,+1+day"


def type_into(page, selector: str, text: str) -> None:
    """Write `text` in the place of what stands there."""
    field = page.find(selector)
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE)
    field.send_keys(text)


def press(page, text: str, within: str = "body") -> None:
    """Press the button that says `text`, as soon as it stands there."""

    def pressed() -> bool:
        buttons = page.driver.find_elements(By.CSS_SELECTOR, f"{within} button")
        found = next(each for each in buttons if each.text == text and each.is_displayed())
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()
        return True

    until(pressed, f"no button {text!r} in {within}")


@pytest.fixture
def edit(page):
    """The editor, for somebody."""

    def edit(role: str, address: str = VAR_EDITOR, **more):
        page.open("healthz", wait_for="body", **more)
        page.enter_as(role)
        page.open(address, wait_for="#editor", **more)
        return page

    return edit


@pytest.fixture
def inbox(page):
    """The inbox, for somebody."""

    def inbox(role: str, address: str = "changes", **more):
        page.open("healthz", wait_for="body", **more)
        page.enter_as(role)
        page.open(address, wait_for="#proposals-view", **more)
        return page

    return inbox


# -- over a real database --------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Past]:
    """A book in SQLite with a policy and some days of measurements."""
    engines = open_engines(f"sqlite:///{tmp_path / 'seawall.db'}")
    upgrade(engines)
    past = Past(engines)
    past.adopt(PLAIN, NOON - timedelta(hours=30))
    for hour in range(24):
        past.measure(NOON - timedelta(hours=24 - hour), used=0.7 + 0.02 * hour)
    yield past
    engines.dispose()


class TestInTheDatabase:
    """The application over the database of `stored`."""

    @pytest.fixture
    def dashboard(self, stored: Past, people: People) -> Iterator[dash.Dash]:
        changes = SqlChanges(stored.engines, wall=lambda: NOON)
        actions = Actions(changes, FakeBrake(), wall=lambda: NOON)
        with forgetting_pages():
            yield create_app(stored.reader, actions, people.desk, people.office)

    def test_an_analyst_loosens_a_limit_and_an_officer_lets_it_be(self, edit, inbox, stored):
        page = edit("analyst", f"changes/edit?limit={VAR.replace(' ', '+')}")
        hard = stored.reader.latest(PORTFOLIO).state.policy.limit(VAR).hard
        type_into(page, HARD, "9.5")
        page.sees("#editor-direction", "LOOSENS")
        page.sees("#editor-differences", "9.5 %")
        page.sees("#editor-preview", "In the last 30 d: soft crossed")
        type_into(page, "#editor-reason", "calmer than in spring")
        press(page, "Send for approval", "#editor-send-box")
        page.sees("#editor-result", "It waits for an officer as proposal 2")
        stored.turn(NOON + timedelta(minutes=1))
        assert stored.reader.latest(PORTFOLIO).state.policy.limit(VAR).hard == hard

        page = inbox("analyst")
        page.sees("#proposal-2", "It is yours: an officer other than you must approve it.")
        assert "demo analyst" in page.text("#proposal-2")

        page = inbox("officer")
        page.sees("#nav-changes-side-count", "1")
        press(page, "Approve…", "#proposal-2")
        page.sees("#proposal-dialog-body", "It gives the book more room than it has now.")
        press(page, "Approve", "#proposal-dialog-body")
        page.sees("#proposal-dialog-body", "Write a reason.")
        type_into(page, "#proposal-dialog-reason", "agreed on the morning call")
        press(page, "Approve", "#proposal-dialog-body")
        page.sees(".sw-toast", "Proposal 2 approved")
        page.sees("#proposals-decided", "APPROVED")
        assert stored.reader.latest(PORTFOLIO).state.policy.limit(VAR).hard == hard

        stored.turn(NOON + timedelta(minutes=2))
        assert stored.reader.latest(PORTFOLIO).state.policy.limit(VAR).hard == 0.095
        page.sees("#proposals-versions", "Version 2 by demo analyst, approved by demo officer")
        assert page.problems() == []


# -- over the fake book ----------------------------------------------------------------------


def test_what_is_typed_stays_while_cycles_go_on_and_somebody_else_is_quicker(edit, reader, changes):
    page = edit("analyst")
    type_into(page, HARD, "7")
    type_into(page, "#editor-reason", "calmer than in spring")
    page.sees("#editor-direction", "LOOSENS")
    changes.adopt(fakes.with_limit(reader.policy, LOOSENED, hard=0.14, soft=0.1), "Officer 2")
    page.follows(reader.advance)

    press(page, "Send for approval", "#editor-send-box")
    page.sees("#editor-effect", "Officer 2 was quicker: version 8 of the policy is in force")
    assert page.find(HARD).get_attribute("value") == "7"
    assert page.find("#editor-reason").get_attribute("value") == "calmer than in spring"
    assert changes.kept == []
    press(page, "Send for approval", "#editor-send-box")
    page.sees("#editor-result", "It waits for an officer")
    assert [each.seen for each in changes.kept] == [8]


def test_what_cannot_be_read_is_told_at_its_field_to_everybody(edit):
    page = edit("analyst")
    type_into(page, HARD, "2,5")
    page.sees(".sw-field .mantine-InputWrapper-error", "Write a point before the decimals")
    type_into(page, HARD, "2.5")
    type_into(page, SOFT, "3")
    page.sees(".sw-field .mantine-InputWrapper-error", "Must not be above “Hard threshold”, 2.5 %.")

    assert page.find(SOFT).get_attribute("aria-invalid") == "true"
    page.sees("#editor-send-box", "Mend what is marked first.")
    assert violations(page.driver) == []
    assert page.problems() == []


def test_a_viewer_enters_as_analyst_where_he_stands(edit):
    page = edit("viewer")
    page.sees(".sw-editor-side", "Proposing limits, breakers or a model is not for a viewer.")
    assert page.driver.find_elements(By.CSS_SELECTOR, HARD) == []

    page.click("#editor-not-his-analyst")
    until(lambda: page.find(HARD).get_attribute("value") == "6.25", "the form never came")
    assert "/changes/edit?limit=VaR" in page.driver.current_url


def test_a_trader_asks_for_a_while_from_the_limit_itself(inbox, page, changes):
    page.open("healthz", wait_for="body")
    page.enter_as("trader")
    page.open("limits?limit=SOL+share", wait_for="#limits-view")
    page.click("#limits-detail-change a:nth-child(2)")
    page.sees("#editor-form", "Other thresholds of SOL share for a while")
    type_into(page, HARD, "20")
    page.sees("#editor-differences", "20 %")
    type_into(page, "#editor-reason", "hedge leg fills before the spot leg")
    press(page, "Send for approval", "#editor-send-box")
    page.sees("#editor-result", "It waits for an officer")

    assert [each.change.limit for each in changes.kept] == [LOOSENED]
    assert page.problems() == []


def test_what_happens_to_proposals_is_shown_without_a_cycle(inbox, reader, changes):
    changes.kept = fakes.build_proposals(reader.policy, AFTERNOON)
    page = inbox("officer")
    page.sees("#proposals-inbox", "4 proposals")
    page.run("window.notReloaded = true")

    changes.reject("demo", fakes.LENT, reason="no", actor=fakes.OTHER_OFFICER)
    page.sees("#proposals-inbox", "3 proposals")
    page.sees("#proposals-decided", "REJECTED")
    assert page.run("window.notReloaded") is True


def test_a_reason_stays_while_the_list_below_it_changes(inbox, reader, changes):
    changes.kept = fakes.build_proposals(reader.policy, AFTERNOON)
    page = inbox("officer")
    press(page, "Reject…", f"#proposal-{fakes.LOOSER_VAR}")
    type_into(page, "#proposal-dialog-reason", "not before the drill")
    changes.reject("demo", fakes.LENT, reason="no", actor=fakes.OTHER_OFFICER)
    page.follows(reader.advance)
    page.sees("#proposals-inbox", "3 proposals")

    assert page.find("#proposal-dialog-reason").get_attribute("value") == "not before the drill"
    press(page, "Reject", "#proposal-dialog-body")
    until(lambda: changes.kept[-1].status is ProposalStatus.REJECTED, "it was never rejected")
    assert changes.kept[-1].decision == "not before the drill"


def test_an_earlier_version_is_shown_before_it_is_brought_back(inbox, changes):
    page = inbox("officer")
    page.click("#version-6 .sw-version-head a")
    page.sees("#editor-form", "Bring back version 6 of the policy")
    page.sees("#editor-direction", "LOOSENS")
    page.sees("#editor-differences", "15 %")
    page.sees("#editor-preview", "In the last 30 d")
    type_into(page, "#editor-reason", "the tighter one was a mistake")
    press(page, "Send for approval", "#editor-send-box")
    page.sees("#editor-result", "It waits for an officer")

    assert changes.kept[0].change.policy.limit("Drawdown").hard == 0.15


#: What is told on demand is looked at too.
_OPEN_ALL = """document.querySelectorAll(".sw-decided-list details, .sw-version-list details")
  .forEach((each) => { each.open = true })"""


@pytest.mark.parametrize("role", ["viewer", "officer"])
def test_the_inbox_fits_and_has_no_fault(inbox, page, reader, changes, role):
    changes.kept = fakes.build_proposals(reader.policy, AFTERNOON)
    inbox(role, f"changes?proposal={fakes.LOOSER_VAR}")
    page.sees("#proposal-31-past", "In the last 30 d")
    page.run(_OPEN_ALL)
    wait_until_drawn(page, reader.advance)

    assert faults(page) == {}


def test_the_editor_fits_and_has_no_fault(edit):
    page = edit("analyst")
    type_into(page, HARD, "7")
    page.sees("#editor-preview", "In the last 30 d")
    until(lambda: page.find("#editor-preview .main-svg"), "the chart was never drawn")
    assert faults(page) == {}

    for address, said in (
        ("/changes/edit?add=breaker&kind=market_volatility", "Add a breaker"),
        ("/changes/edit?add=limit", "Add a limit"),
    ):
        go(page, address)
        page.sees("#editor", said)
        assert faults(page) == {}
    assert page.problems() == []


def test_another_model_waits_on_its_card(page, changes):
    page.open("healthz", wait_for="body")
    page.enter_as("analyst")
    page.open("models", wait_for="#book-model-pick")
    page.find("#book-model-pick").send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.find("#book-model-ask").send_keys(Keys.ENTER)
    page.sees("#book-model-dialog-body", "an officer other than you must approve it")
    type_into(page, "#book-model-reason", "it fits calm years better")
    press(page, "Send for approval", "#book-model-dialog-body")

    page.sees("#book-model-status", "proposed by demo analyst")
    page.sees("#book-model-status", "waits for an officer")
    assert len(changes.kept) == 1
