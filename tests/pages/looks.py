"""What is wrong with how an open page looks, wide and narrow, in both schemes."""

from tests.browser import Page, until
from tests.pages.axe import violations
from tests.pages.fit import misfits, resize

DESK, TELEPHONE = 1440, 390
_CHANGING = "document.getAnimations().filter((each) => each instanceof CSSTransition)"


def other_scheme(page: Page) -> None:
    """Press the button of the scheme, which is in a menu on a telephone, and wait."""
    page.run("document.getElementById('scheme-button').click()")
    # Half-way to another colour axe finds faults, and would be asked again: seconds a page.
    until(lambda: page.run(f"{_CHANGING}.length === 0"), "the colours went on changing")


def faults(page: Page) -> dict[int, list[object]]:
    """What does not fit, and what axe-core finds, of the page as it stands: by width.

    At a desk in the scheme that it has, on a telephone in the other one.
    """
    page.driver.set_script_timeout(60)
    found: dict[int, list[object]] = {}
    for width in (DESK, TELEPHONE):
        resize(page, width)
        if width == TELEPHONE:
            other_scheme(page)
        found[width] = [*misfits(page), *violations(page.driver)]
    return {width: faults for width, faults in found.items() if faults}
