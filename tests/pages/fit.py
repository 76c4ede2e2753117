"""What does not fit on a page, as a browser with this machine's font lays it out."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.browser import Page, until

_FAULTS = Path(__file__).with_name("fit.js").read_text(encoding="utf-8")

#: How often one looks at what seems wrong, and seconds between.
_LOOKS, _PAUSE = 10, 0.3

#: Every chart, grid and figure is there. The gallery shows for ever what loads, and an empty grid.
_DRAWN = """
return (() => {
  const all = (chosen) => [...document.querySelectorAll(`#_pages_content ${chosen}`)]
    .filter((part) => !part.closest(".sw-gallery"));
  return document.querySelector("#_pages_content :is(.sw-card, .sw-placeholder)") !== null
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


def resize(page: Page, width: int, height: int = 900) -> None:
    """Give the window another size, and wait until the page has it."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    now = "[window.innerWidth, window.innerHeight]"
    until(lambda: page.run(now) == [width, height], "the window took no other size")


def misfits(page: Page) -> list[str]:
    """What is cut, overlaps or leaves its place, each in words; empty if all fits.

    While a grid is laid out its columns stick out for a moment: what is a fault stays one.
    """
    for _ in range(_LOOKS):
        found = [str(fault) for fault in page.driver.execute_script(_FAULTS)]
        if not found:
            break
        time.sleep(_PAUSE)
    return found
