"""From page to page as a link leads there: inside the page that is open, without a load."""

from tests.browser import Page, until


def go(page: Page, address: str) -> None:
    """Open `address`, which begins with a slash, as a link to it would."""
    page.driver.execute_script(
        "window.history.pushState({}, '', arguments[0]);"
        "window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));",
        address,
    )


def view(page: Page) -> dict[str, str]:
    """The words of the view that the page says it shows."""
    said = "JSON.parse(document.querySelector('[data-view]').dataset.view).words"
    return dict(page.run(said))


def shows(page: Page, title: str) -> None:
    """Wait until the page of that title is the one that is shown."""
    until(lambda: page.driver.title.endswith(title), f"the title never became {title}")
