"""Every page fits a desk and a telephone, in whatever font the machine has: nothing is cut."""

from pathlib import Path

import dash
import pytest

from risk.domain.state import TradingState
from tests.browser import Page, until
from tests.fakes_book import CASH_OF_SHORTS, MOSTLY_SHORT
from tests.fakes_web import FakeBookReader
from tests.pages.fit import misfits, wait_until_drawn

#: Width and scheme: colours take no room, so each need not be seen with each.
LOOKS = ((1440, "dark"), (390, "light"))


@pytest.fixture
def wordy(reader: FakeBookReader) -> FakeBookReader:
    """A book of long words: a long state, six figures with signs, percentiles of many days."""
    reader.trading = TradingState.REDUCE_ONLY
    reader.holdings, reader.cash = MOSTLY_SHORT, CASH_OF_SHORTS
    reader.history_days = 187.4
    return reader


def _open(page: Page, reader: FakeBookReader, path: str, width: int, scheme: str) -> None:
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    page.open(path.lstrip("/"), width=width, wait_for="#_pages_content .sw-card")
    assert page.run("document.documentElement.dataset.mantineColorScheme") == scheme
    wait_until_drawn(page, reader.advance)
    _show_all_of_it(page, width)
    wait_until_drawn(page, reader.advance)


def _show_all_of_it(page: Page, width: int) -> None:
    height = page.run("document.documentElement.scrollHeight")
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    until(lambda: page.run("window.innerHeight") == height, "the window did not grow")


@pytest.mark.timeout(300)
def test_no_page_cuts_a_word_or_lays_one_over_another(page: Page, wordy, tmp_path: Path):
    paths = [p["path"] for p in dash.page_registry.values() if p["name"] != "Not found 404"]
    found = {}
    for path in paths:
        for width, scheme in LOOKS:
            _open(page, wordy, path, width, scheme)
            name = path.strip("/") or "cockpit"
            page.driver.save_screenshot(str(tmp_path / f"{name}-{scheme}-{width}.png"))
            found[name, width] = misfits(page)

    assert {"cockpit", "gallery"} <= {name for name, _ in found}
    assert {place: faults for place, faults in found.items() if faults} == {}


def test_on_a_telephone_every_group_of_the_tree_map_has_its_name(page: Page, wordy):
    _open(page, wordy, "exposure", 390, "dark")

    named = "[...document.querySelectorAll('#exposure-map .sw-treemap-title strong')]"
    assert page.run(f"{named}.length") == len(MOSTLY_SHORT)
    assert page.run(f"{named}.filter(e => !e.checkVisibility({{visibilityProperty: true}}))") == []


@pytest.mark.parametrize(
    "address",
    [
        "var?from=2026-10-01T00:00Z&to=2026-10-10T00:00Z",
        "var?from=2026-11-06T00:00Z&to=2026-11-10T00:00Z&horizon=1h",
        "var?from=2026-01-01T00:00Z&to=2026-01-10T00:00Z",
        "models?from=2026-09-01T00:00Z&to=2026-10-01T00:00Z&sort=name&model=most_conservative",
        "models?from=2022-01-01T00:00Z&to=2022-01-10T00:00Z",
        "var?from=2027-07-01T00:00Z&to=2027-07-10T00:00Z",
    ],
)
def test_what_is_said_of_a_range_in_the_past_or_to_come_fits_too(page: Page, wordy, address):
    wordy.trading = TradingState.NORMAL
    found = {}
    for width, scheme in LOOKS:
        _open(page, wordy, address, width, scheme)
        found[width] = misfits(page)

    assert {place: faults for place, faults in found.items() if faults} == {}
