"""The grid in a real browser: how it writes numbers, sorts, flashes, exports, is reached."""

import csv
import json
import math
import random
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from pages import format as written
from pages.stylesheets import ASSETS
from tests.browser import until
from tests.pages.going import go

GRID = "window.dash_ag_grid.getApi('gallery-grid')"
SHOWN = (
    "[...document.querySelectorAll('#gallery-grid .ag-pinned-left-cols-container .ag-row')]"
    ".sort((a, b) => a.rowIndex - b.rowIndex).map(row => row.getAttribute('row-id'))"
)


@pytest.fixture
def gallery(page):
    """The gallery, once its grid is laid out: none is while it is far below the screen."""
    page.open("gallery", wait_for="#gallery-grid .sw-grid-name")
    _scroll_to_grid(page)
    until(lambda: page.run(SHOWN), "the grid was not laid out")
    return page


def _scroll_to_grid(page) -> None:
    page.run("document.querySelector('#gallery-grid').scrollIntoView({block: 'center'})")


def _cell(page, row: str, column: str) -> str:
    return page.text(f"#gallery-grid .ag-row[row-id='{row}'] [col-id='{column}']")


def _set_share(page, row: str, share: float) -> None:
    page.run(
        f"window.dash_clientside.set_props('gallery-grid', {{rowTransaction: {{async: false, "
        f"update: [{{...{GRID}.getRowNode('{row}').data, share: {share}}}]}}}})"
    )


def test_numbers_are_written_raw_values_sort_and_unknown_comes_last(gallery):
    assert _cell(gallery, "ETH", "mark") == "3 318.40"
    assert _cell(gallery, "AVAX", "net") == "−60.0 k"
    assert _cell(gallery, "=ODD", "share") == "unknown"
    assert gallery.run(SHOWN) == ["BTC", "ETH", "LINK", "AVAX", "=ODD"]

    gallery.click("#gallery-grid .ag-header-cell[col-id='share']")

    until(
        lambda: gallery.run(SHOWN) == ["AVAX", "LINK", "ETH", "BTC", "=ODD"],
        "unknown was not last when sorted upwards",
    )


def test_a_changed_cell_holds_a_tint_and_the_row_takes_its_new_place(gallery):
    gallery.run(
        "(window.tinted = [], new MutationObserver(all => all.forEach(one => "
        "one.target.classList.contains('ag-cell-data-changed') && "
        "window.tinted.push(one.target.getAttribute('col-id'))))"
        ".observe(document.querySelector('#gallery-grid'), "
        "{attributes: true, subtree: true, attributeFilter: ['class']}))"
    )
    _set_share(gallery, "LINK", 0.9)

    until(lambda: gallery.run(SHOWN)[0] == "LINK", "the row did not move")
    until(lambda: "share" in gallery.run("window.tinted"), "no tint was shown")
    until(
        lambda: gallery.run("document.querySelectorAll('.ag-cell-data-changed').length") == 0,
        "the tint stayed",
    )
    assert set(gallery.run("window.tinted")) == {"share"}
    assert gallery.problems() == []


def test_changes_that_were_made_are_not_kept(gallery):
    gallery.run(
        "(window.changes = [], window.change = (n) => {"
        f"  const row = {{...{GRID}.getRowNode('LINK').data, share: n / 100}};"
        "  const change = {async: false, update: [row]};"
        "  window.changes.push(new WeakRef(change));"
        "  window.dash_clientside.set_props('gallery-grid', {rowTransaction: change});"
        "  if (n < 40) setTimeout(() => window.change(n + 1));"
        "}, window.change(1))"
    )
    until(lambda: _cell(gallery, "LINK", "share") == "40.0 %", "the last change was not made")

    gallery.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})

    # What is drawn may remember the one that it was drawn from.
    assert gallery.run("window.changes.filter(change => change.deref()).length") < 10


def test_the_csv_is_safe_raw_and_named_after_book_rows_and_time(gallery, tmp_path: Path):
    gallery.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    gallery.click("button[data-csv-of='gallery-grid']")
    until(lambda: list(tmp_path.glob("*.csv")), "nothing was saved")

    (file,) = tmp_path.glob("*.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert file.name.startswith("seawall-demo-positions-2")
    assert file.name.endswith("Z.csv")
    assert rows[0][:4] == ["Asset", "Mark, USD", "Quantity", "Net, USD"]
    assert rows[1][:4] == ["BTC", "96420", "6.2", "597804"]
    assert rows[-1][:4] == ["'=ODD", "unknown", "12", "unknown"]
    assert rows[4][3] == "-59990.58", "a number stays a number"


def test_a_word_filters_the_rows(gallery):
    gallery.find("[data-filter-of='gallery-grid'] input").send_keys("avax")

    until(lambda: gallery.run(SHOWN) == ["AVAX"], "the rows were not filtered")


def test_a_narrow_screen_keeps_the_columns_that_matter(page):
    page.open("gallery", width=390, wait_for="#gallery-grid .sw-grid-name")

    columns = f"{GRID}.getColumns().filter(c => c.isVisible()).map(c => c.getColId())"
    assert page.run(columns) == ["asset", "profit", "share"]
    assert page.run("document.documentElement.scrollWidth") == 390


def test_every_cell_is_reached_by_keyboard(gallery):
    gallery.run("document.querySelector(\"[data-csv-of='gallery-grid']\").focus()")
    keys = gallery.driver.switch_to.active_element
    keys.send_keys(Keys.TAB)
    focused = "document.activeElement.closest('.ag-header-cell')?.getAttribute('col-id')"

    until(lambda: gallery.run(focused) == "asset", "the header was not reached")
    gallery.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    until(
        lambda: gallery.run("document.activeElement.classList.contains('ag-cell')"),
        "the cells were not reached",
    )
    assert (
        gallery.style(".ag-cell-focus", "outlineStyle") != "none"
        or gallery.style(".ag-cell-focus", "borderLeftStyle") != "none"
    )


def test_a_link_in_a_cell_opens_its_view_without_a_reload(gallery):
    gallery.run("window.stayed = true")
    gallery.driver.find_element(By.LINK_TEXT, "ETH").click()

    until(lambda: gallery.driver.current_url.endswith("/gallery?asset=ETH"), "no other address")
    assert gallery.run("window.stayed")


# -- the same texts in both languages -----------------------------------------------------

_WRITERS = {
    "money": written.amount,
    "money_signed": lambda v: written.amount(v, signed=True),
    "price": lambda v: written.price(abs(v)),
    "quantity": written.quantity,
    "percent": written.percent,
    "percent_signed": lambda v: written.percent(v, signed=True),
    "number": written.number,
    "number2": lambda v: written.number(v, 2),
}


def _values() -> list[float]:
    rng = random.Random(7)
    sizes = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-6, 10) for _ in range(400)]
    halves = [n / 8 for n in range(-40, 41)] + [n / 200 for n in range(-60, 61)]
    edges = [999.5, 999.4999, 999.95e3, 999.949e3, 999.995e6, 1e9, 1e-7, 2.675, 1.005, 0.125]
    return [*sizes, *halves, *edges, *(-edge for edge in edges), 0.0]


@pytest.mark.parametrize("kind", _WRITERS)
def test_the_browser_writes_a_number_as_the_server_does(dash_duo, kind):
    script = (ASSETS / "dashAgGridFunctions.js").read_text(encoding="utf-8")
    values = [abs(v) if kind == "price" else v for v in _values()]
    texts = dash_duo.driver.execute_script(
        f"{script}; return {json.dumps(values)}"
        f".map(value => window.dashAgGridFunctions.swWrite(value, '{kind}', undefined));"
    )

    assert all(math.isfinite(v) for v in values)
    wrong = [
        (value, text, _WRITERS[kind](value))
        for value, text in zip(values, texts, strict=True)
        if text != _WRITERS[kind](value)
    ]
    assert wrong == []


# -- the library --------------------------------------------------------------------------


def test_a_page_without_a_grid_loads_no_grid_library(page):
    page.open()
    page.sees("#state-word", "NORMAL")
    until(lambda: page.freshness() != "none", "no news came")

    assert page.requests("dash_ag_grid") == 0


def test_rows_that_change_before_the_library_is_here_are_not_lost(page):
    page.open()
    go(page, "/gallery")
    change = (
        "{async: false, update: [{id: 'ETH', asset: 'ETH', share: 0.77}], remove: [{id: 'BTC'}]}"
    )
    until(
        lambda: page.run("document.querySelector('#gallery-grid') !== null"),
        "no gallery was opened",
    )
    page.run(f"window.dash_clientside.set_props('gallery-grid', {{rowTransaction: {change}}})")
    _scroll_to_grid(page)

    until(lambda: _cell(page, "ETH", "share") == "77.0 %", "the change was lost")
    assert "BTC" not in page.run(SHOWN)


def test_a_grid_that_is_drawn_while_its_library_arrives_keeps_its_hooks(page):
    page.open()
    hold = "(document.head.append = (script) => { window.held = script; }) && 1"
    page.run(hold)
    go(page, "/gallery")
    until(lambda: page.run("Boolean(window.held)"), "no library was asked for")
    change = "{async: false, update: [{id: 'ETH', asset: 'ETH', share: 0.77}]}"
    page.run(f"window.dash_clientside.set_props('gallery-grid', {{rowTransaction: {change}}})")
    page.run("document.head.appendChild(window.held) && 1")
    _scroll_to_grid(page)

    until(lambda: _cell(page, "ETH", "share") == "77.0 %", "the change was lost")
    assert page.problems() == []
