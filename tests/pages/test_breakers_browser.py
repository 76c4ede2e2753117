"""Breakers in a real browser: a trip understood, told live, let go, and found again."""

from datetime import timedelta

import pytest
from selenium.webdriver.common.by import By

from tests import fakes_breakers as fakes
from tests.browser import until
from tests.fakes_book import AFTERNOON
from tests.pages.axe import violations
from tests.pages.fit import misfits, wait_until_drawn

OVER = fakes.tripped(until=AFTERNOON - timedelta(minutes=2))


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


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_a_trip_fits_has_no_fault_and_stands_first_on_a_telephone(
    breakers, page, reader, width, scheme
):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    breakers("?range=30d", width=width, stands=fakes.states(storm=OVER))
    wait_until_drawn(page, reader.advance)
    page.driver.set_script_timeout(60)

    top = "document.querySelector('#{}').getBoundingClientRect().top"
    card, board = (page.run(top.format(name)) for name in ("breakers-card", "breakers-board"))
    assert (card < board) == (width == 390)
    assert page.run("document.documentElement.scrollWidth") == width
    assert misfits(page) == []
    assert violations(page.driver) == []


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


def test_letting_go_asks_for_a_reason_and_a_typed_phrase_and_keeps_both_over_cycles(
    breakers, reader, changes
):
    page = breakers(stands=fakes.states(storm=OVER))
    page.enter_as("officer")
    page.find("#breakers-release-reason").send_keys("calm again")
    page.follows(reader.advance)

    page.click("#breakers-release-ask")
    page.sees(".sw-toast", "Type RELEASE MARKET VOLATILITY")
    page.sees(".mantine-TextInput-error", "Type RELEASE MARKET VOLATILITY")
    assert page.find("#breakers-release-typed").get_attribute("aria-invalid") == "true"
    page.follows(reader.advance)
    page.sees(".mantine-TextInput-error", "Type RELEASE MARKET VOLATILITY")
    assert violations(page.driver) == []
    page.find("#breakers-release-typed").send_keys("release market volatility")
    page.click("#breakers-release-ask")
    until(lambda: changes.released, "nothing was asked for")
    [asked] = changes.released
    assert asked == (fakes.STORM, "market volatility/demo-48000", "calm again", "demo officer")
    until(
        lambda: any(
            "is let go" in toast.text
            for toast in page.driver.find_elements(By.CSS_SELECTOR, ".sw-toast")
        ),
        "it was not said",
    )
    assert page.problems() == []


def test_who_may_not_let_go_is_told_who_can_and_loses_nothing_that_he_wrote(breakers, changes):
    page = breakers(stands=fakes.states(storm=OVER))
    page.find("#breakers-release-reason").send_keys("calm again")
    page.find("#breakers-release-typed").send_keys("release market volatility")

    page.click("#breakers-release-ask")

    page.sees(".sw-toast", "Overriding a breaker is not for a viewer. An officer can.")
    page.sees(".sw-toast", "choose whom to enter as in the menu at the top right")
    assert page.find("#breakers-release-reason").get_attribute("value") == "calm again"
    assert changes.released == []
    assert page.problems() == []
