"""An address that says something else of the same page: what it does not concern stays as it is."""

from dataclasses import dataclass

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser import until
from tests.pages.going import go, view


@dataclass(frozen=True)
class Choice:
    """Something that a person chooses on a page, and what tells that it is shown.

    Attributes
    ----------
    path : str
    press : str
        Selector of the link.
    word : str
        What the address says then.
    says : str
        Selector of a part that says what is shown.
    before, after : str
    stays : tuple of str
        Selectors of what the choice does not concern, or changes in place.
    """

    path: str
    press: str
    word: str
    says: str
    before: str
    after: str
    stays: tuple[str, ...]


CHOICES = [
    Choice(
        "limits",
        "#limit-BTC-20-share .sw-limit-name",
        "limit=BTC+share",
        "#limits-detail h2",
        "AVAX share",
        "BTC share",
        (
            "#limits-tree table",
            "#limit-BTC-20-share",
            "#limit-BTC-20-share .sw-limit-name",
            ".sw-limits-filters input",
        ),
    ),
    Choice(
        "exposure",
        "#choose-change a:last-child",
        "change=net",
        "#exposure-change-words",
        "VaR 99 %",
        "Net ",
        ("#exposure-room", "#exposure-course .js-plotly-plot", "#exposure-positions .ag-root"),
    ),
    Choice(
        "var",
        "#choose-by a:nth-child(2)",
        "by=strategy",
        "#choose-by a[aria-current]",
        "Asset",
        "Strategy",
        ("#var-chart .js-plotly-plot", "#var-models", "#var-exceptions", "#choose-by a"),
    ),
    Choice(
        "models",
        "#choose-sort a:last-child",
        "sort=name",
        "#choose-sort a[aria-current]",
        "Pinball",
        "Name",
        ("#book-model", "#book-model-pick", "#health-light"),
    ),
]


@pytest.fixture(params=CHOICES, ids=lambda choice: choice.path)
def choice(request) -> Choice:
    return request.param


@pytest.fixture
def opened(page, choice):
    """The page of `choice`, with all that stays drawn and marked as the same elements."""

    def open_at(query: str = ""):
        page.open(f"{choice.path}{query}", wait_for="[data-cycle]")
        for selector in choice.stays:
            until(lambda s=selector: page.find(s), f"{selector} never came")
        mark(page, choice.stays)
        return page

    return open_at


def mark(page, selectors) -> None:
    for selector in selectors:
        page.driver.execute_script("arguments[0].marked = true", page.find(selector))


def marked(page, selectors) -> list[str]:
    """Those of the parts that are the elements that they were."""
    same = "return arguments[0].marked === true"
    return [each for each in selectors if page.driver.execute_script(same, page.find(each))]


def test_what_a_choice_does_not_concern_stays_also_by_back_and_forward(opened, choice, reader):
    page = opened()
    page.sees(choice.says, choice.before)

    page.click(choice.press)
    page.sees(choice.says, choice.after)
    assert choice.word in page.driver.current_url
    assert marked(page, choice.stays) == list(choice.stays)

    page.driver.back()
    page.sees(choice.says, choice.before)
    assert choice.word not in page.driver.current_url
    page.driver.forward()
    page.sees(choice.says, choice.after)
    assert marked(page, choice.stays) == list(choice.stays)
    assert page.problems() == []

    # What was chosen follows the market.
    page.hears()
    page.follows(reader.advance)
    page.sees(choice.says, choice.after)
    assert marked(page, choice.stays) == list(choice.stays)


# The rest goes the same way on all pages, and is held where there is a table and where there is a
# map.
@pytest.mark.parametrize("choice", CHOICES[:2], indirect=True, ids=lambda choice: choice.path)
def test_a_chosen_view_comes_also_anew_in_another_range_and_in_another_zone(opened, choice):
    page = opened()
    page.click(choice.press)
    page.sees(choice.says, choice.after)
    chosen = shown(page)
    page.driver.refresh()
    until(lambda: not marked(page, ["body"]) and shown(page) == chosen, "not what was chosen")

    until(lambda: page.find(choice.stays[0]), "the page never came")
    mark(page, choice.stays[:1])
    page.run("document.querySelector('a[data-range=\"1h\"]').click()")
    until(lambda: view(page).get("range") == "1h", "the range was never shown")
    assert marked(page, ["#page", *choice.stays[:1]]) == [choice.stays[0]]
    assert all("range=1h" in href for href in links_within(page, choice.path))

    # What callbacks have written says times of the zone before: all of the page comes anew.
    go(page, "?tz=Europe/Zurich")
    until(lambda: view(page).get("tz") == "Europe/Zurich", "the zone was never shown")
    until(lambda: page.find(choice.stays[0]), "the page never came")
    assert marked(page, choice.stays[:1]) == []
    assert page.problems() == []


def shown(page) -> dict[str, str]:
    """What the screen says in words outside of charts and grids, which place them later."""
    return page.run(
        """Object.fromEntries([...document.querySelectorAll(
          "[data-cycle] h2, [data-cycle] p, [data-cycle] td, [data-cycle] a[href]")]
          .filter(part => !part.closest(".js-plotly-plot, .sw-grid, .sw-tip"))
          .map((part, i) => [i + part.tagName, part.textContent + (part.getAttribute("href") ?? "")
            + (part.ariaCurrent ?? "")]))"""
    )


def links_within(page, path: str) -> list[str]:
    links = page.driver.find_elements(By.CSS_SELECTOR, f"[data-cycle] a[href^='/{path}']")
    return [link.get_attribute("href") for link in links]


# -- out of the ordinary ----------------------------------------------------------------------


LIMITS = CHOICES[0]


@pytest.mark.parametrize("choice", [LIMITS], indirect=True, ids=["limits"])
def test_choices_in_a_hurry_in_a_paused_view_and_while_nothing_can_be_read(opened, choice, reader):
    page = opened()
    page.run(
        "[...document.querySelectorAll('#limits-content .sw-limit-name')].slice(0, 6)"
        ".forEach(link => link.click())"
    )
    last = "document.querySelectorAll('#limits-content .sw-limit-name')[5]"
    page.sees("#limits-detail h2", page.run(f"{last}.textContent"))
    assert page.run(f"{last}.ariaCurrent") == "true"
    chosen = "document.querySelectorAll('.sw-limit-row[data-chosen=true]').length"
    assert page.run(chosen) == 1
    assert page.problems() == []

    page.hears()
    page.click("#pause-button")
    reader.advance()
    page.click(choice.press)
    page.sees(choice.says, choice.after)
    page.click("#resume-button")

    reader.failing = True
    page.click("#limit-sim-2d-b-20-share .sw-limit-name")
    page.sees("#limits-view", "The book cannot be read")
    reader.failing = False
    until(lambda: reader.advance() and "sim-b share" in page.text(choice.says), "it never came")


def test_a_chart_is_not_zoomed_any_more_when_it_shows_another_view(page):
    page.open("", wait_for="#cockpit-chart .main-svg")
    plot = "document.querySelector('#cockpit-chart .js-plotly-plot')"
    heights = f"JSON.stringify({plot}._fullLayout.yaxis.range)"
    until(lambda: page.run(f"!!{plot}?._fullLayout"), "no chart")
    before = page.run(heights)
    drag = page.find("#cockpit-chart .nsewdrag")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", drag)
    hands = ActionChains(page.driver).move_to_element(drag).click_and_hold()
    hands.move_by_offset(120, 40).release().perform()
    until(lambda: page.run(heights) != before, "never zoomed")
    zoomed = page.run(heights)
    mark(page, ["#cockpit-chart .js-plotly-plot"])

    page.run("document.querySelector('a[data-range=\"7d\"]').click()")
    until(lambda: view(page).get("range") == "7d", "the range was never shown")
    until(lambda: page.run(heights) != zoomed, "zoomed as before")
    assert marked(page, ["#cockpit-chart .js-plotly-plot"])


def test_a_cell_of_the_map_can_be_chosen_twice(page):
    page.open("correlation", wait_for="#correlation-map .main-svg")
    press = (
        "window.dash_clientside.set_props('correlation-map', {clickData: {points: [{x: 0, y: 2}]}})"
    )
    first = page.run("location.search")
    page.run(press)
    until(lambda: "pair=" in page.run("location.search"), "never chosen")
    chosen = page.run("location.search")
    page.driver.back()
    until(lambda: page.run("location.search") == first, "never back")
    until(lambda: "pair" not in view(page), "never shown again")
    page.run(press)

    until(lambda: page.run("location.search") == chosen, "the second press did nothing")
