"""The VaR page in a real browser: is VaR right, what went wrong, would another model do better?"""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.pages.fit import resize

OTHER_LINES = """document.getElementById('var-chart').querySelector('.js-plotly-plot').data
  .filter(trace => (trace.name || '').includes('Adaptive history')).length
"""
CLIPPED = """[...document.querySelectorAll('.sw-var .sw-card')]
  .filter(card => card.checkVisibility())
  .flatMap(card => [...card.querySelectorAll(
    'h2, p, .sw-num, .sw-unit, .sw-context, .sw-label > span, ' +
    '.sw-keys li:not(:has(details)), .sw-choice')])
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && getComputedStyle(e).display !== 'inline')
  .map(e => e.textContent)
"""


@pytest.fixture
def var(page):
    def show(address: str = "", **more):
        page.open(f"var{address}", wait_for="#var-view", **more)
        until(lambda: page.run("!!document.querySelector('#var-chart .main-svg')"), "no plot")
        return page

    return show


def goes_on_until_compared(page, reader) -> None:
    """Cycles follow each other; the comparison is shown with the first one after it is there."""

    def compared() -> bool:
        reader.advance()
        return "Filtered, Pareto tail" in page.text("#var-models-content")

    until(compared, "the models were never compared")


def test_a_trader_reads_the_verdict_and_compares_another_model_by_a_link(var, reader):
    page = var()
    page.sees("#var-answer", "losses went beyond the 99 % VaR on")
    goes_on_until_compared(page, reader)
    page.driver.find_element(By.LINK_TEXT, "Adaptive history").click()

    until(lambda: page.run(OTHER_LINES) == 2, "the other model was never drawn")
    assert "with=adaptive" in page.driver.current_url
    page.driver.back()
    until(lambda: page.run(OTHER_LINES) == 0, "the other model stayed")
    assert page.problems() == []


def test_hours_and_money_are_chosen_by_links_that_keep_each_other(var):
    page = var()
    page.click("#choose-horizon a:last-child")
    page.sees("#var-plot", "168 hours to now")
    page.click("#choose-unit a:last-child")

    until(lambda: "unit=money" in page.driver.current_url, "the unit was never chosen")
    assert "horizon=1h" in page.driver.current_url


def test_exceptions_are_reached_by_keyboard_and_the_first_line_follows_the_market(var, reader):
    page = var()
    goes_on_until_compared(page, reader)
    page.sees("#var-exceptions-content", "Most by BTC")
    page.run("document.getElementById('var-exceptions-content').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.END)

    until(
        lambda: page.run("document.getElementById('var-exceptions-content').scrollTop") > 0,
        "the list never scrolled",
    )

    page.sees("#var-answer", "Today")
    before = page.text("#var-answer")
    reader.advance(0.004)

    until(lambda: page.text("#var-answer") != before, "the first line never moved")
    assert page.problems() == []


def test_no_word_is_cut_and_nothing_sticks_out(var, reader):
    page = var(width=390)
    goes_on_until_compared(page, reader)

    for width in (390, 1440):
        resize(page, width)
        assert page.run(CLIPPED) == []
        assert page.run("document.documentElement.scrollWidth") <= width
