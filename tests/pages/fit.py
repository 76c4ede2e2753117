"""What does not fit on a page, as a browser with this machine's font lays it out."""

from collections.abc import Callable
from pathlib import Path

from tests.browser import Page, until

_FAULTS = Path(__file__).with_name("fit.js").read_text(encoding="utf-8")

#: Every chart, grid and figure is there. The gallery shows for ever what loads, and an empty grid.
_DRAWN = """
return (() => {
  const all = (chosen) => [...document.querySelectorAll(`#_pages_content ${chosen}`)]
    .filter((part) => !part.closest(".sw-gallery"));
  return document.querySelector("#_pages_content .sw-card") !== null
    && all(".dash-graph").every((graph) => graph.querySelector(".main-svg"))
    && all(".sw-grid-box").every((grid) => grid.querySelector(".ag-row .ag-cell"))
    && all("[aria-busy=true]").length === 0;
})()
"""


def wait_until_drawn(page: Page, go_on: Callable[[], object]) -> None:
    """Until charts, grids and what takes a few cycles are there, in the machine's font.

    `go_on` completes a cycle: what is worked out meanwhile is shown with the next one.
    """

    def drawn() -> bool:
        if page.driver.execute_script(_DRAWN):
            return True
        go_on()
        return False

    until(drawn, "the page was never drawn")
    page.driver.execute_async_script("document.fonts.ready.then(() => arguments[0]())")


def misfits(page: Page) -> list[str]:
    """What is cut, overlaps or leaves its place, each in words; empty if all fits."""
    return [str(fault) for fault in page.driver.execute_script(_FAULTS)]
