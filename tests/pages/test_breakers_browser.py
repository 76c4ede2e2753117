"""Breakers in a real browser: a trip understood, told live, let go, and found again."""

from datetime import timedelta

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from risk.domain.actors import Role
from risk.domain.overrides import OverrideKind, Verdict
from risk.domain.trading import TradingState
from tests import fakes_breakers as fakes
from tests.browser import until
from tests.fakes_book import AFTERNOON
from tests.fakes_overrides import FakeBrakes, FakeChangeStore, build_override, build_review
from tests.fakes_people import PASSWORD
from tests.pages.axe import violations
from tests.pages.fit import misfits, resize, wait_until_drawn
from tests.pages.looks import DESK, TELEPHONE, faults

OVER = fakes.tripped(until=AFTERNOON - timedelta(minutes=2))


@pytest.fixture
def changes(reader) -> FakeChangeStore:
    return FakeChangeStore(reader)


@pytest.fixture
def brake() -> FakeBrakes:
    return FakeBrakes()


@pytest.fixture
def breakers(page, reader):
    def show(address: str = "", stands=None, **more):
        reader.stands = fakes.states() if stands is None else stands
        page.open(f"breakers{address}", wait_for="#breakers-view", **more)
        return page

    return show


def test_the_way_from_the_board_and_the_list_to_a_card_stands_in_the_address(breakers):
    page = breakers("?range=30d")
    page.sees("#breaker-word", "THROTTLED")
    # The whole of a row leads to its card.
    row = page.find("#breakers-board [data-standing=probation]")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", row)
    ActionChains(page.driver).move_to_element_with_offset(row, 60, 20).click().perform()
    page.sees("#breaker-word", "PROBATION")
    page.driver.back()
    page.sees("#breaker-word", "THROTTLED")

    page.click('#breakers-board a[href*="breaker=trend"]')
    page.sees("#breaker-word", "PROBATION")
    assert "breaker=trend" in page.driver.current_url
    page.click('#breakers-history a[href*="episode=daily"]')
    page.sees("#breaker-word", "OVER")
    for word in ("range=30d", "episode=daily"):
        assert word in page.driver.current_url
    page.driver.back()
    page.sees("#breaker-word", "PROBATION")
    assert page.problems() == []


def test_a_trip_fits_has_no_fault_and_stands_first_on_a_telephone(breakers, page, reader, changes):
    changes.known = [build_review()]
    page.open("healthz", wait_for="body")
    page.enter_as("officer")
    breakers("?range=30d", stands=fakes.states(storm=OVER))
    wait_until_drawn(page, reader.advance)
    page.sees("#override-effect", "Hard caps stay.")
    page.sees("#breakers-reviews-list", "Was it right, and why?")
    page.click("#override-warnings summary")

    top = "document.querySelector('#{}').getBoundingClientRect().top"
    for width in (TELEPHONE, DESK):
        resize(page, width)
        card, board = (page.run(top.format(name)) for name in ("breakers-card", "breakers-board"))
        assert (card < board) == (width == TELEPHONE)
        assert page.run("document.documentElement.scrollWidth") == width
    assert faults(page) == {}


def test_a_trip_is_told_without_a_reload_in_the_header_too(breakers, reader):
    quiet = fakes.states(storm=fakes.armed(1.14, "volatility is 1.14 times normal"))
    page = breakers(stands=quiet)
    page.sees("#breaker-word", "PROBATION")
    page.run("window.notReloaded = true")

    reader.stands = fakes.states()
    page.follows(reader.advance)
    page.sees("#breaker-word", "THROTTLED")
    page.sees("#state-parts-word", "1 part PROBATION")
    page.sees("#nav-tripped-side-count", "1")
    assert page.run("window.notReloaded") is True


def test_a_trader_cannot_override_and_is_told_why_and_what_he_can(breakers, page):
    page.open("healthz", wait_for="body")
    page.enter_as("trader")
    page = breakers(stands=fakes.states(storm=OVER))

    page.sees("#breakers-override-content", "Overriding is for an officer.")
    page.sees("#breakers-override-content", "You can pause entries or halt")
    assert page.driver.find_elements(By.CSS_SELECTOR, "#override-submit, .sw-override input") == []
    assert not page.seen("[data-lacks=halt]")
    assert page.seen("#breakers-board [data-needs=halt]")
    assert page.problems() == []


def test_halting_by_scope_asks_for_a_word_and_works_while_nothing_can_be_read(
    breakers, page, reader, brake
):
    page.open("healthz", wait_for="body")
    page.enter_as("trader")
    page = breakers()
    reader.failing = True

    page.click("#breakers-board [data-needs=halt] .sw-button-destructive")
    page.sees("#stop-body", "Trading stopped.")
    page.driver.set_script_timeout(60)
    assert violations(page.driver) == []
    page.find("#stop-body textarea").send_keys("odd fills")
    page.click("#stop-confirm")
    page.sees("#stop-said", "Type HALT.")
    page.find("#stop-body .sw-phrase input").send_keys("halt")
    page.click("#stop-confirm")
    until(lambda: brake.latched, "nothing was stopped")
    assert brake.latched[0][1:] == (fakes.BOOK, TradingState.HALTED, "odd fills", "demo trader")
    page.sees(".sw-toast", "HALTED: Book")


def test_an_officer_overrides_with_a_reason_every_warning_opened_and_the_phrase(
    breakers, page, reader, changes
):
    page.open("healthz", wait_for="body")
    page.enter_as("officer")
    page = breakers()
    page.sees("#override-end", "Open 7 more warnings")
    page.sees("#override-effect", "Hard caps stay.")
    page.find(".sw-override textarea").send_keys("delta hedge")
    for warning in page.driver.find_elements(By.CSS_SELECTOR, "#override-warnings summary"):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", warning)
        warning.click()
    page.sees("#override-warnings", "7 of 7 read")
    page.follows(reader.advance)

    # What is open stays open over cycles, and what was written stays.
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#override-warnings [open]")) == 7
    page.sees("#override-end", "Type MARKET VOLATILITY 75.")
    page.click("#override-submit")
    page.sees("#breakers-override-said", "market volatility stays as it is".capitalize())
    assert changes.asked == []
    phrase = page.find(".sw-override .sw-phrase input")
    assert phrase.get_attribute("aria-invalid") == "true"
    page.driver.set_script_timeout(60)
    assert violations(page.driver) == []

    phrase.send_keys("market volatility 75")
    assert page.style(".sw-override .sw-phrase input", "textTransform") == "uppercase"
    until(lambda: page.text("#override-end") == "Apply override", "it was never ready")
    page.click("#override-submit")
    until(lambda: changes.asked, "nothing was asked for")
    ((wish, who),) = changes.asked
    assert (wish.kind, wish.size, wish.reason) == (OverrideKind.STEP_DOWN, 0.75, "delta hedge")
    assert who == "demo officer"
    page.sees("#breakers-override-said", "The engine takes it in")

    reader.stands = fakes.states(storm=fakes.tripped(override=build_override()))
    page.follows(reader.advance)
    page.sees("#breaker-override", "returns by itself at 17:30:00 UTC")
    page.sees("#breakers-override-content", "From the next cycle on its rule counts again")
    # What was done is told for as long as it holds.
    page.sees("#breakers-override-said", "The engine takes it in")
    reader.stands = fakes.states(storm=fakes.tripped())
    page.follows(reader.advance)
    until(lambda: page.text("#breakers-override-said") == "", "an old word stood there")
    assert page.problems() == []


def test_whoever_touches_a_form_keeps_its_breaker_though_another_becomes_the_worst(
    breakers, page, reader
):
    page.open("healthz", wait_for="body")
    page.enter_as("officer")
    page = breakers()
    page.sees("#override-end", "Open 7 more warnings")
    assert "breaker=" not in page.driver.current_url
    page.find(".sw-override textarea").send_keys("delta")
    until(lambda: "breaker=market+volatility" in page.driver.current_url, "it was not kept")

    fall = fakes.build_episode(
        f"{fakes.FALL}/x", kind="drawdown", breaker=fakes.FALL, state=TradingState.REDUCE_ONLY
    )
    reader.stands = fakes.states(fall=fakes.tripped(fall))
    page.follows(reader.advance)
    page.sees("#breakers-board [data-standing=tripped]", "drawdown")
    assert page.text("#breaker-name") == "market volatility"
    page.find(".sw-override textarea").send_keys(" hedge")
    page.follows(reader.advance)
    assert page.find(".sw-override textarea").get_attribute("value") == "delta hedge"
    assert page.problems() == []


def test_an_officer_with_a_login_proves_who_he_is_with_the_form(breakers, page, changes, people):
    people.admit("ana", Role.OFFICER)
    # A minute ago: for the next code, while what is shown grows no older by it.
    people.now -= timedelta(minutes=1)
    page.open("login", wait_for="main form")
    for field, text in [("name", "ana"), ("password", PASSWORD), ("code", people.code("ana"))]:
        page.find(f"#{field}").send_keys(text)
    page.click("main form button")
    people.now += timedelta(minutes=1)
    page = breakers()
    page.sees("#override-end", "Open 7 more warnings")
    page.run("document.documentElement.dataset.proof = 'asked'")
    page.find(".sw-override textarea").send_keys("delta hedge")
    for warning in page.driver.find_elements(By.CSS_SELECTOR, "#override-warnings summary"):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", warning)
        warning.click()
    page.find(".sw-override .sw-phrase input").send_keys("market volatility 75")
    until(lambda: page.text("#override-end") == "Apply override", "it was never ready")

    page.click("#override-submit")
    page.sees("#override-proof-problem", "Give your password.")
    page.find("#override-proof-password").send_keys(PASSWORD)
    page.find("#override-proof-code").send_keys(people.code("ana"))
    assert misfits(page) == []
    assert changes.asked == []
    page.click("#override-submit")
    until(lambda: changes.asked, "nothing was asked for")
    ((wish, who),) = changes.asked
    assert (wish.kind, who) == (OverrideKind.STEP_DOWN, "ana")


def test_an_override_of_yesterday_is_judged_by_another_officer(breakers, page, changes):
    changes.known = [build_review()]
    page.open("healthz", wait_for="body")
    page.enter_as("officer")
    page = breakers()

    page.sees("#breakers-reviews-due", "An override waits for your judgement.")
    page.find(".sw-review-form textarea").send_keys("the storm came back")
    page.click(".sw-review-buttons .sw-button:nth-child(2)")
    page.sees("#breakers-reviews-list", "Wrong, says demo officer")
    assert changes.judged == [(7, Verdict.WRONG, "the storm came back", "demo officer")]
    until(lambda: page.text("#breakers-reviews-due") == "", "it still waits")


def test_a_page_that_was_opened_before_the_first_cycle_gets_its_form_too(page, reader):
    reader.started = False
    reader.stands = fakes.states(storm=fakes.tripped())
    page.open("healthz", wait_for="body")
    page.enter_as("officer")
    page.open("breakers", wait_for="#breakers-view")
    page.sees("#breakers-view", "No complete cycle of demo yet")
    reader.advance()

    page.sees("#breaker-name", "market volatility")
    page.sees("#breakers-override-content", "Reason")
