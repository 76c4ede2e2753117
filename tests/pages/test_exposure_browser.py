"""Exposure in a real browser: from the whole book down to one position and back."""

import csv
import io

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.pages.fit import resize

ROWS = "#exposure-positions .ag-center-cols-container [role=row]"
TOTAL = "#exposure-positions .ag-floating-bottom"
CLIPPED = """
[...document.querySelectorAll('.sw-exposure .sw-card')].filter(card => card.checkVisibility())
  .flatMap(card => [...card.querySelectorAll(
    'h2, p, .sw-num, .sw-unit, .sw-context, .sw-label > span, .sw-chart-key li, .sw-choice')])
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && getComputedStyle(e).display !== 'inline')
  .map(e => e.textContent)
"""


@pytest.fixture
def exposure(page):
    def show(address: str = "", **more):
        page.open(f"exposure{address}", wait_for="#exposure-view", **more)
        return page

    return show


def rows(page) -> int:
    return len(page.driver.find_elements(By.CSS_SELECTOR, ROWS))


def test_a_trader_goes_from_the_book_to_one_position_and_back_by_links(exposure):
    page = exposure("?by=strategy")
    until(lambda: rows(page) == 7, "the grid never showed all positions")

    page.click("#exposure-map-trend .sw-treemap-title a")
    page.sees("#exposure-answer", "Strategy trend.")
    until(lambda: rows(page) == 2, "the grid never followed the filter")
    assert "Selected" in page.text(TOTAL)
    assert "strategy=trend" in page.driver.current_url

    page.click("#exposure-map-trend-BTC-link")
    page.sees("#exposure-answer", "Asset BTC, strategy trend.")
    page.click(".sw-filters a[title*='Asset']")
    page.sees("#exposure-answer", "BTC is 64 % of gross")
    page.driver.back()
    page.sees("#exposure-answer", "Asset BTC, strategy trend.")
    assert page.problems() == []


def test_the_total_stands_below_all_rows_follows_the_market_and_no_column_is_anew(exposure, reader):
    column = "window.dash_ag_grid.getApi('exposure-positions').getColumn('profit').getColDef()"
    page = exposure()
    page.sees(TOTAL, "+1.34 m")
    page.run(f"(window.before = {column}, true)")

    reader.advance(0.02)
    page.sees(TOTAL, "+1.37 m")
    page.sees("#card-net-figure", "+1.37 m")
    assert page.run(f"{column} === window.before")


def test_the_csv_has_every_position_and_the_total_as_raw_numbers(exposure):
    page = exposure()
    page.sees(TOTAL, "Book")
    text = page.driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
        URL.createObjectURL = blob => { blob.text().then(done); return 'data:,'; };
        document.querySelector('button[data-csv-of=exposure-positions]').click();"""
    )
    header, *lines = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    cells = [dict(zip(header, line, strict=True)) for line in lines]

    assert len(cells) == 8
    assert float(cells[0]["Notional"]) == pytest.approx(6.2 * 96_420.0)
    assert cells[-1]["Asset"] == "Book"
    assert cells[-1]["Mark"] == ""


def test_what_changed_is_chosen_by_keyboard_and_stands_in_the_address(exposure):
    page = exposure()
    page.sees("#exposure-change-words", "VaR 99 %")
    link = page.driver.find_element(By.LINK_TEXT, "Net")
    link.send_keys(Keys.ENTER)

    page.sees("#exposure-change-words", "Net ")
    assert "change=net" in page.driver.current_url


def test_nothing_is_cut_off_and_on_a_telephone_the_grid_keeps_what_matters(exposure):
    page = exposure(width=390)
    page.sees(TOTAL, "Book")
    heads = page.driver.find_elements(By.CSS_SELECTOR, "#exposure-positions .ag-header-cell-text")
    sideways = "#exposure-positions .ag-center-cols-viewport"

    assert [head.text for head in heads] == ["Asset", "Notional", "P&L", "Component"]
    assert (
        page.run(
            f"document.querySelector('{sideways}').scrollWidth"
            f" - document.querySelector('{sideways}').clientWidth"
        )
        == 0
    )
    for width in (390, 1440):
        resize(page, width)
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run(CLIPPED.strip()) == []
        assert page.seen("#exposure-bars")
