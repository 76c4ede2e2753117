"""No page has a fault that axe-core finds, in either theme, wide or narrow; none logs an error.

Pages join by being registered. One browser walks them all: a start costs more than a page.
"""

import dash
import pytest

from tests.browser import until
from tests.pages.axe import violations

#: Of the pages that are in no navigation.
_ALSO = ("/gallery", "/no-such-page")


def _addresses() -> list[str]:
    pages = dash.page_registry.values()
    return [*(page["path"] for page in pages if page.get("order") is not None), *_ALSO]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_has_a_fault_or_logs_an_error(page, reader, scheme, width):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    page.driver.set_script_timeout(60)

    found = {path: _faults(page, path, width) for path in _addresses()}

    assert {path: faults for path, faults in found.items() if faults} == {}


def _faults(page, path: str, width: int) -> list[object]:
    page.open(path.lstrip("/"), width=width, wait_for="#_pages_content > *")
    quiet = "document.querySelectorAll('[data-dash-is-loading], [aria-busy]:not(.sw-placeholder)')"
    until(lambda: page.run(f"{quiet}.length === 0"), f"{path} went on loading")
    found = violations(page.driver)
    # Charts and grids are still being drawn: what is a fault stays one.
    found = violations(page.driver) if found else found
    return [*found, *page.problems()]
