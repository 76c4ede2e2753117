"""No page has a fault that axe-core finds, in either theme, wide or narrow; none logs an error.

Pages join by being registered. One browser walks them all: a start costs more than a page.
"""

from collections.abc import Sequence

import dash
import pytest

from tests.browser import until
from tests.pages.axe import COLOURS, violations

#: Of the pages that are in no navigation.
_ALSO = ("/gallery", "/no-such-page")
_TELEPHONE = 390
_CHANGING = "document.getAnimations().filter((each) => each instanceof CSSTransition)"


def _addresses() -> list[str]:
    pages = dash.page_registry.values()
    return [*(page["path"] for page in pages if page.get("order") is not None), *_ALSO]


# Each page is opened once in either scheme, wide and narrow: what the server draws is seen in both.
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (_TELEPHONE, "light")])
def test_no_page_has_a_fault_in_either_scheme_or_logs_an_error(page, reader, width, scheme):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    page.driver.set_script_timeout(60)

    addresses = _addresses()
    # What only a telephone shows (its bar and its menu) is the same on every page: one in the
    # other scheme says it. A desk shows all else.
    both = addresses if width > _TELEPHONE else addresses[:1]
    found = {path: _faults(page, path, width, both=path in both) for path in addresses}

    assert {path: faults for path, faults in found.items() if faults} == {}


def _faults(page, path: str, width: int, *, both: bool) -> list[object]:
    page.open(path.lstrip("/"), width=width, wait_for="#_pages_content > *")
    quiet = "document.querySelectorAll('[data-dash-is-loading], [aria-busy]:not(.sw-placeholder)')"
    until(lambda: page.run(f"{quiet}.length === 0"), f"{path} went on loading")
    found = _lasting(page)
    if not both:
        return [*found, *page.problems()]
    page.run("document.getElementById('scheme-button').click()")  # on a telephone, in a menu
    # Half-way to another colour axe finds faults, and would be asked again: seconds a page.
    until(lambda: page.run(f"{_CHANGING}.length === 0"), f"{path} went on changing its colours")
    # In the other scheme nothing but colours is another.
    return [*found, *_lasting(page, COLOURS), *page.problems()]


def _lasting(page, rules: Sequence[str] = ()) -> list[object]:
    """Charts and grids are still being drawn: what is a fault stays one."""
    return violations(page.driver, rules) and violations(page.driver, rules)
