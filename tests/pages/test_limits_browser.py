"""Limits in a real browser: from the tree to one limit, filtered, saved, and live."""

import csv
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.fakes_limits import build_policy
from tests.pages.fit import misfits, wait_until_drawn
from tests.pages.going import go, view

ROWS = "#limits-content .sw-limit-row"


@pytest.fixture
def limits(page):
    def show(address: str = "", **more):
        page.open(f"limits{address}", wait_for="#limits-view", **more)
        return page

    return show


def rows(page) -> int:
    return len(page.driver.find_elements(By.CSS_SELECTOR, ROWS))


@pytest.mark.parametrize(("width", "words"), [(1440, "?limit=VaR+99+%25%2C+1+day"), (390, "")])
def test_a_limit_at_length_fits_and_one_chosen_far_down_the_tree_is_told_in_sight(
    limits, reader, width, words
):
    page = limits(words, width=width)
    wait_until_drawn(page, reader.advance)
    page.run("document.getElementById('limits-orders').open = true")
    assert misfits(page) == []

    page.click("#limit-sim-2d-b-20-share .sw-limit-name")

    page.sees("#limits-detail h2", "sim-b share")
    until(lambda: page.run(_IN_SIGHT), "the chosen limit stayed out of sight")


#: Whether the title of the chosen limit lies below the header and above the window's end.
_IN_SIGHT = """(() => {
const { top, bottom } = document.querySelector("#limits-detail h2").getBoundingClientRect();
const header = document.querySelector(".sw-header").getBoundingClientRect().bottom;
return top >= header && bottom <= window.innerHeight;
})()"""


def test_filters_stand_in_the_address_and_the_file_holds_what_they_leave(limits, tmp_path: Path):
    page = limits("?range=7d")

    page.click("#choose-scope a:nth-child(4)")
    until(lambda: rows(page) == 9, "the tree never followed the scope")
    box = page.find(".sw-limits-filters .mantine-TextInput-input")
    box.send_keys("days", Keys.ENTER)
    until(lambda: rows(page) == 2, "the tree never followed the text")
    for word in ("range=7d", "scope=asset", "find=days"):
        assert word in page.driver.current_url

    go(page, "/limits?scope=venue")
    until(lambda: view(page).get("scope") == "venue" and rows(page) == 2, "no limits of venues")
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.driver.execute_cdp_cmd("Page.setDownloadBehavior", allow)

    page.click("#limits-csv")
    until(lambda: list(tmp_path.glob("*.csv")), "nothing was saved")
    (file,) = tmp_path.glob("*.csv")
    saved = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))

    assert file.name.startswith("seawall-demo-limits-")
    assert [row["Limit"] for row in saved] == ["sim-a share", "sim-b share"]


def test_a_policy_adopted_while_somebody_looks_appears_and_follows_the_market(limits, reader):
    reader.policy = None
    page = limits()
    page.sees("#limits-view", "seawall policy import FILE")
    reader.policy = build_policy()
    reader.advance()

    until(lambda: rows(page) == 28, "the limits never appeared")
    before = page.text("#limit-BTC-20-share-left")
    reader.advance(drift=0.05)
    until(lambda: page.text("#limit-BTC-20-share-left") != before, "the room never moved")
    assert page.problems() == []


@pytest.mark.parametrize("width", [1440, 390])
def test_what_more_would_pass_fits_stays_while_cycles_go_on_and_leads_to_the_limit(
    page, reader, width
):
    page.open("exposure", width=width, wait_for="#exposure-room-ask")
    wait_until_drawn(page, reader.advance)

    page.click("#exposure-room-ask")
    page.sees("#exposure-room-answer", "Buy up to ")
    cycle = page.find("#exposure-view").get_attribute("data-cycle")
    reader.advance(drift=0.001)
    until(
        lambda: page.find("#exposure-view").get_attribute("data-cycle") != cycle,
        "the page never moved on",
    )
    assert "Buy up to " in page.text("#exposure-room-answer")
    assert "is allowed." in page.text("#exposure-room-answer")
    assert misfits(page) == []
    page.click("#exposure-room-answer a")
    page.sees("#limits-detail h2", "VaR 99 %, 1 day")
    assert page.problems() == []
