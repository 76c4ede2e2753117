"""The journal in a real browser: filtered, opened, gone back through, saved, and live."""

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests import fakes_entries
from tests.browser import until
from tests.fakes_book import AFTERNOON
from tests.fakes_entries import BOOK, kept
from tests.pages.axe import violations
from tests.pages.fit import misfits, wait_until_drawn

ITEMS = "#journal-content .sw-journal-list > li"
TRIP = next(entry.seq for entry in kept(BOOK) if entry.kind == "BreakerActivated")


@pytest.fixture
def journal(page):
    def show(address: str = "", **more):
        page.open(f"journal{address}", wait_for="#journal-view", **more)
        return page

    return show


def items(page) -> int:
    return len(page.driver.find_elements(By.CSS_SELECTOR, ITEMS))


def test_an_auditor_filters_opens_an_entry_and_follows_it_to_the_breaker(journal):
    page = journal("?range=30d")
    page.sees("#journal-chains", "Chain of demo holds up to entry")

    page.click("#choose-kind a[href*='kind=breakers']")
    until(lambda: items(page) == 4, "the list never followed the kind")
    page.click(f"{ITEMS} a[href*='entry=demo:{TRIP}']")
    page.sees("#journal-entry-proof", kept(BOOK)[TRIP - 1].hash.hex())
    for word in ("range=30d", "kind=breakers", f"entry=demo:{TRIP}"):
        assert word in page.driver.current_url.replace("%3A", ":")
    page.click("#journal-entry-links a[href*='episode=']")
    until(lambda: "/breakers" in page.driver.current_url, "the link led nowhere")
    page.sees("#breakers-view h2", "")
    page.driver.back()
    page.sees("#journal-entry h2", f"Entry {TRIP} of demo")
    page.click("#journal-entry .sw-heading a")
    until(lambda: not page.driver.find_elements(By.ID, "journal-entry"), "the entry stayed")
    assert page.problems() == []


def test_a_person_is_looked_for_and_the_whole_story_found_again(journal):
    page = journal()
    whole = items(page)

    page.find("#journal-filters .mantine-TextInput-input").send_keys("ana", Keys.ENTER)
    until(lambda: items(page) == 2, "the list never followed the person")
    assert "person=ana" in page.driver.current_url
    journal("?person=nobody").click("#journal-content a")
    until(lambda: items(page) == whole, "the story did not come back")


def test_a_page_of_thousands_is_gone_back_through_and_left_again(journal):
    page = journal("?kind=everything")
    until(lambda: items(page) == 100, "there was no whole page")

    page.click("#journal-further a")
    until(lambda: 0 < items(page) < 100, "the older ones never came")
    assert "before=" in page.driver.current_url
    page.click("#journal-further a")
    until(lambda: items(page) == 100, "the newest did not come back")


def test_what_somebody_does_appears_without_a_reload(journal, reader):
    page = journal()
    before = items(page)
    page.run("window.notReloaded = true")

    halted = replace(fakes_entries.build_story()[2], at=AFTERNOON)
    reader.kept += fakes_entries.chained(BOOK, [*fakes_entries.build_story(), halted])[-1:]
    page.follows(reader.advance)
    until(lambda: items(page) == before + 1, "the halt never appeared")
    assert page.run("window.notReloaded") is True


def test_what_is_done_and_found_while_no_engine_runs_appears_too(journal, reader):
    page = journal()
    page.sees("#journal-chains", "Chain of demo holds up to entry")
    before = items(page)

    reader.clock.step_wall(timedelta(minutes=10))
    resumed = replace(fakes_entries.build_story()[3], at=AFTERNOON)
    reader.kept += fakes_entries.chained(BOOK, [*fakes_entries.build_story(), resumed])[-1:]

    until(lambda: items(page) == before + 1, "what was done never appeared")
    page.sees("#journal-chains", "Chain of demo held up to entry")


def test_the_file_holds_what_the_filters_leave(journal, tmp_path: Path):
    page = journal("?kind=people")
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", allow)

    page.click("#journal-csv")
    until(lambda: list(tmp_path.glob("*.csv")), "nothing was saved")
    (file,) = tmp_path.glob("*.csv")
    saved = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert file.name.startswith("seawall-demo-journal-")
    assert len(saved) == items(page)
    # What people did to a book stands in its own journal.
    assert {row["Journal"] for row in saved} == {"people", "demo"}


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_an_entry_fits_has_no_fault_and_is_in_sight_when_chosen(
    journal, page, reader, width, scheme
):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    journal("?range=30d", width=width)
    wait_until_drawn(page, reader.advance)
    page.click(f"{ITEMS} a[href*='entry=demo:{TRIP}']")
    page.sees("#journal-entry h2", f"Entry {TRIP} of demo")
    until(lambda: page.run(_IN_SIGHT), "the chosen entry stayed out of sight")
    page.driver.set_script_timeout(60)

    assert page.run("document.documentElement.scrollWidth") == width
    assert misfits(page) == []
    assert violations(page.driver, ()) == []


_IN_SIGHT = """(() => {
  const box = document.querySelector("#journal-entry").getBoundingClientRect();
  return box.top >= 0 && box.top < innerHeight - 100;
})()"""
