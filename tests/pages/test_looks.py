"""Every page, wide and narrow: all fits in whatever font the machine has, axe-core finds no fault,
and nothing is logged.

Pages join by being registered. One load leads through them all, by links: a load costs more than
the look at a page.
"""

from collections.abc import Sequence
from pathlib import Path

import dash
import pytest

from risk.domain.state import TradingState
from tests.browser import Page, until
from tests.fakes_book import CASH_OF_SHORTS, MOSTLY_SHORT
from tests.fakes_web import FakeBookReader
from tests.pages.axe import COLOURS, violations
from tests.pages.fit import misfits, resize, wait_until_drawn
from tests.pages.going import go, shows, view
from tests.pages.looks import DESK, TELEPHONE, other_scheme

#: Width and scheme at first: colours take no room, so each need not be seen with each.
on_desk_and_telephone = pytest.mark.parametrize(
    ("width", "scheme"), [(DESK, "dark"), (TELEPHONE, "light")]
)
_SCHEME = "document.documentElement.dataset.mantineColorScheme"
_LOADING = "document.querySelectorAll('[data-dash-is-loading], [aria-busy]:not(.sw-placeholder)')"
_UNNAMED = """[...document.querySelectorAll('#exposure-map .sw-treemap-title strong')]
  .filter(title => !title.checkVisibility({visibilityProperty: true}))
  .map(title => `a group has no name: ${title.textContent}`)"""


@pytest.fixture
def wordy(reader: FakeBookReader) -> FakeBookReader:
    """A book of long words: a long state, six figures with signs, percentiles of many days."""
    reader.trading = TradingState.REDUCE_ONLY
    reader.holdings, reader.cash = MOSTLY_SHORT, CASH_OF_SHORTS
    reader.history_days = 187.4
    return reader


def _open(page: Page, address: str, width: int, scheme: str) -> None:
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    page.driver.set_script_timeout(60)
    page.open(address, width=width, wait_for="#_pages_content > *")
    assert page.run(_SCHEME) == scheme


def _laid_out(page: Page, reader: FakeBookReader, width: int) -> list[str]:
    """What does not fit, once all of it is drawn."""
    wait_until_drawn(page, reader.advance)
    resize(page, width, page.run("document.documentElement.scrollHeight"))
    wait_until_drawn(page, reader.advance)
    return misfits(page)


def _addresses() -> dict[str, str]:
    """Of every page, and one where there is none, with the title that tells it from others."""
    pages = dash.page_registry.values()
    missing = next(each for each in pages if each["name"] == "Not found 404")
    found = {each["path"]: each["title"] for each in pages if each is not missing}
    return found | {"/no-such-page": missing["title"]}


@pytest.mark.timeout(900)
@on_desk_and_telephone
def test_every_page_fits_has_no_fault_in_either_scheme_and_logs_no_error(
    page: Page, wordy, tmp_path: Path, width, scheme
):
    _open(page, "", width, scheme)
    found = {}
    for path, title in _addresses().items():
        go(page, path)
        shows(page, title)
        found[path] = [*_laid_out(page, wordy, width), *_UNNAMED_ON.get(path, _nothing)(page)]
        until(lambda: page.run(f"{_LOADING}.length === 0"), f"{path} went on loading")
        name = path.strip("/").replace("/", "-") or "cockpit"
        page.driver.save_screenshot(str(tmp_path / f"{name}-{page.run(_SCHEME)}-{width}.png"))
        # What only a telephone shows (its bar and its menu) is the same on every page: one in the
        # other scheme says it. A desk shows all else.
        found[path] += _faults(page, both=width == DESK or path == "/")
        resize(page, width)

    assert {"/", "/gallery", "/changes/edit"} <= set(found)
    assert {path: faults for path, faults in found.items() if faults} == {}


def _nothing(_page: Page) -> list[str]:
    return []


def _unnamed(page: Page) -> list[str]:
    groups = page.run("document.querySelectorAll('#exposure-map .sw-treemap-title strong').length")
    assert groups == len(MOSTLY_SHORT)
    return list(page.run(_UNNAMED))


#: Every group of a tree map has its name, on a telephone too.
_UNNAMED_ON = {"/exposure": _unnamed}


def _faults(page: Page, *, both: bool) -> list[object]:
    found = _lasting(page)
    if not both:
        return [*found, *page.problems()]
    other_scheme(page)
    # In the other scheme nothing but colours is another; the next page begins with it.
    return [*found, *_lasting(page, COLOURS), *page.problems()]


def _lasting(page: Page, rules: Sequence[str] = ()) -> list[object]:
    """Charts and grids are still being drawn: what is a fault stays one."""
    return violations(page.driver, rules) and violations(page.driver, rules)


#: Where a range is told that lies in the past, before all that is known, or is still to come.
_RANGES = (
    "/var?from=2026-10-01T00:00Z&to=2026-10-10T00:00Z",
    "/var?from=2026-11-06T00:00Z&to=2026-11-10T00:00Z&horizon=1h",
    "/var?from=2026-01-01T00:00Z&to=2026-01-10T00:00Z",
    "/var?from=2027-07-01T00:00Z&to=2027-07-10T00:00Z",
    "/models?from=2026-09-01T00:00Z&to=2026-10-01T00:00Z&sort=name&model=most_conservative",
    "/models?from=2022-01-01T00:00Z&to=2022-01-10T00:00Z",
)


@pytest.mark.timeout(900)
@on_desk_and_telephone
def test_what_is_said_of_a_range_in_the_past_or_to_come_fits_too(page: Page, wordy, width, scheme):
    wordy.trading = TradingState.NORMAL
    _open(page, "var", width, scheme)
    found = {}
    for address in _RANGES:
        go(page, address)
        since = address.partition("from=")[2].partition("&")[0]
        _waits_for_view(page, address.partition("?")[0], since)
        found[address] = _laid_out(page, wordy, width)
        resize(page, width)

    assert {place: faults for place, faults in found.items() if faults} == {}


def _waits_for_view(page: Page, path: str, since: str) -> None:
    name = {"/var": "#var-view", "/models": "#health-view"}[path]
    until(lambda: page.find(name) and view(page).get("from") == since, f"{path} never showed it")
