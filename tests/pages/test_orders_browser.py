"""Orders in a real browser: from the list to one order, filtered, and live between cycles."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.fakes_orders import body
from tests.pages.axe import COLOURS, violations
from tests.pages.fit import misfits, wait_until_drawn
from tests.pages.looks import other_scheme

ROWS = "#orders-list .ag-center-cols-container .ag-row"


@pytest.fixture
def orders(page):
    def show(address: str = "", **more):
        page.open(f"orders{address}", wait_for=ROWS, **more)
        return page

    return show


def rows(page) -> int:
    return len(page.driver.find_elements(By.CSS_SELECTOR, ROWS))


def link_of(order: str) -> str:
    return f'#orders-list a[href*="order={order}"]'


def test_a_trader_saves_the_list_and_goes_to_why_one_order_was_cut_and_back(orders, tmp_path):
    page = orders()
    page.sees("#orders-list", "50.00")
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.driver.execute_cdp_cmd("Page.setDownloadBehavior", allow)
    page.click("button[data-csv-of='orders-list']")
    until(lambda: list(tmp_path.glob("*.csv")), "nothing was saved")
    (file,) = tmp_path.glob("*.csv")
    saved = file.read_text(encoding="utf-8-sig")
    assert file.name.startswith("seawall-demo-orders-")
    assert "2026-11-12T15:12:13.000Z" in saved
    assert '"trend-0003"' in saved

    page.click(link_of("trend-0003"))
    page.sees("#orders-story h2", "Order trend-0003")
    page.sees("#orders-story-reasons", "Order value would be 4.82")
    assert "order=trend-0003" in page.driver.current_url
    page.click("#orders-room-ask")
    page.sees("#orders-room-answer", "Buy up to 0.6")
    page.click("#orders-story .sw-heading a")
    until(lambda: not page.driver.find_elements(By.ID, "orders-story"), "the order stayed")
    assert page.problems() == []

    # By keyboard, too.
    page.run("document.querySelector('#orders-list .ag-cell[col-id=at]').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.sees("#orders-story", "asked by")
    assert "order=" in page.driver.current_url


def test_filters_stand_in_the_address_and_leave_the_rest_of_it(orders):
    page = orders("?range=7d")

    page.click("#choose-verdict a:nth-child(3)")
    until(lambda: rows(page) == 2, "the list never followed the verdict")
    box = page.find("#orders-filters .mantine-TextInput-input")
    box.send_keys("noise", Keys.ENTER)
    until(lambda: rows(page) == 1, "the list never followed the text")
    for word in ("range=7d", "verdict=resize", "find=noise"):
        assert word in page.driver.current_url


def test_an_answer_between_two_cycles_appears_without_a_reload(orders, reader):
    reader.cycle_seconds = 60.0
    page = orders()
    cycle = page.find("#orders-view").get_attribute("data-cycle")
    page.run("window.notReloaded = true")
    before = rows(page)

    reader.answer(body(8, quantity=0.01), after=0.5)
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, link_of("trend-0008")), "no row came")
    until(lambda: rows(page) == before + 1, "the rows before it did not stay")
    page.sees("#card-orders_answered-figure", "8")
    assert page.find("#orders-view").get_attribute("data-cycle") == cycle
    assert page.run("window.notReloaded") is True
    assert page.problems() == []

    # A list that grows long begins to scroll, with its newest rows in sight.
    for number in range(12):
        reader.answer(body(100 + number, quantity=0.001), after=0.1 * number)
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, link_of("trend-0111")), "no row came")

    until(
        lambda: 200 < page.find("#orders-list").size["height"] < 600, "the list did not keep a size"
    )
    first = page.find(f"{ROWS}[row-index='0'] a").get_attribute("href")
    assert "trend-0111" in first


def test_a_paused_view_takes_nothing_in_until_it_goes_on(orders, reader):
    page = orders()
    wait_until_drawn(page, reader.advance)
    page.click("#pause-button")
    page.sees("#age-word", "Paused")
    reader.answer(body(8, quantity=0.01))
    reader.advance()
    page.sees("#freshness-banner", "newer cycle")

    assert not page.driver.find_elements(By.CSS_SELECTOR, link_of("trend-0008"))
    page.click("#resume-button")
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, link_of("trend-0008")), "no row came")


def test_what_would_pass_stays_while_orders_go_on(orders, reader):
    page = orders("?order=trend-0003")
    page.click("#orders-room-ask")
    page.sees("#orders-room-answer", "Buy up to ")
    reader.answer(body(8, quantity=0.01))
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, link_of("trend-0008")), "no row came")

    assert "Buy up to " in page.text("#orders-room-answer")
    page.click(link_of("trend-0007"))
    page.sees("#orders-story h2", "Order trend-0007")
    assert page.text("#orders-room-answer") == ""


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_one_order_fits_has_no_fault_and_is_in_sight_when_chosen(
    orders, page, reader, width, scheme
):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    orders(width=width)
    wait_until_drawn(page, reader.advance)
    page.click(link_of("trend-0007"))
    page.sees("#orders-story h2", "Order trend-0007")
    until(lambda: page.run(_IN_SIGHT), "the chosen order stayed out of sight")
    page.click("#orders-room-ask")
    page.sees("#orders-room-answer", "As of the cycle")
    page.driver.set_script_timeout(60)

    assert misfits(page) == []
    assert violations(page.driver) == []
    other_scheme(page)
    assert violations(page.driver, COLOURS) == []


_IN_SIGHT = """(() => {
const { top } = document.querySelector("#orders-story h2").getBoundingClientRect();
return top >= 0 && top <= window.innerHeight;
})()"""
