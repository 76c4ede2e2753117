"""The correlation screen in a real browser: a trader looks at one pair after another."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import until
from tests.pages.axe import violations
from tests.pages.fit import resize

MAP = "document.querySelector('#correlation-map .js-plotly-plot')"


@pytest.fixture
def screen(page):
    """The page, opened at the correlation screen with its map drawn."""

    def open_at(words: str = "", *, width: int = 1440) -> None:
        page.open(f"correlation{words}", width=width, wait_for="#correlation-view")
        until(lambda: page.run(f"!!{MAP}._fullLayout"), "no map was drawn")

    page.open_at = open_at
    return page


def press_cell(page, row: int, column: int) -> None:
    """Press the middle of a cell, as a mouse does: first it moves there."""
    at = (
        f"(() => {{ const {{xaxis, yaxis}} = {MAP}._fullLayout; const box = "
        f"{MAP}.getBoundingClientRect(); return [box.left + xaxis._offset + xaxis.d2p({column}), "
        f"box.top + yaxis._offset + yaxis.d2p({row})]; }})()"
    )
    page.run(f"{MAP}.scrollIntoView({{block: 'center'}})")
    x, y = (round(place) for place in page.run(at))
    pointer = ActionChains(page.driver)
    pointer.w3c_actions.pointer_action.move_to_location(x, y)
    pointer.w3c_actions.perform()
    until(lambda: page.run(f"!!({MAP}._hoverdata || []).length"), "the cell was never hovered")
    ActionChains(page.driver).click().perform()


def test_a_click_on_a_cell_opens_the_pair_and_writes_it_into_the_address(screen):
    screen.open_at()
    screen.sees("#correlation-pair-card h2", "BTC and ETH")
    assets = screen.run(f"{MAP}.layout.meta.assets")
    press_cell(screen, 6, 0)
    names = " and ".join(asset.removesuffix("/USDT") for asset in (assets[0], assets[6]))

    screen.sees("#correlation-pair-card h2", names)
    assert f"pair={assets[0]}%2C{assets[6]}" in screen.driver.current_url
    assert screen.problems() == []


def test_a_pair_is_chosen_with_the_keyboard_alone_and_left_again(screen):
    screen.open_at()
    first = screen.find("#correlation-first")
    first.send_keys(Keys.ENTER)
    until(
        lambda: screen.driver.find_elements(By.CSS_SELECTOR, "[role=option]"),
        "the list never opened",
    )
    first.send_keys(Keys.ARROW_UP, Keys.ENTER)

    until(lambda: "pair=" in screen.driver.current_url, "the address kept its pair")
    until(lambda: "BTC and ETH" not in screen.text("#correlation-pair-card h2"), "the old pair")
    screen.driver.back()
    screen.sees("#correlation-pair-card h2", "BTC and ETH")


def test_opening_the_page_leaves_its_address_as_it_is(screen):
    screen.open_at("?view=calm")
    until(lambda: screen.run("!!document.querySelector('#correlation-scatter .main-svg')"), "chart")

    assert screen.driver.current_url.endswith("/correlation?view=calm")


def test_views_are_links_that_keep_the_pair(screen):
    screen.open_at("?pair=SOL/USDT,BNB/USDT")
    screen.driver.find_element(By.LINK_TEXT, "Difference").click()

    screen.sees("#correlation-view-words", "Recent less calm")
    screen.sees("#correlation-pair-card h2", "SOL and BNB")
    screen.sees("#correlation-extremes", "Together more, by most")


def test_squares_stay_square_free_and_nothing_is_scrolled_sideways_at_every_width(screen):
    screen.open_at(width=390)
    for width in (390, 768, 1440):
        resize(screen, width)
        until(lambda: _is_square(screen), f"not square at {width}")
        assert screen.run("document.documentElement.scrollWidth") <= width
        assert width == 768 or _is_free(screen), width


def _is_square(screen) -> bool:
    """Whether the map fills its place, and its cells are as wide as they are high."""
    wide, high, whole, place = screen.run(
        f"(() => {{ const {{xaxis, yaxis, width}} = {MAP}._fullLayout; "
        f"return [xaxis._length, yaxis._length, width, {MAP}.clientWidth]; }})()"
    )
    return abs(wide - high) <= 1.0 and abs(whole - place) <= 1.0


def _is_free(screen) -> bool:
    """Whether what fills the free corner keeps clear of the triangle's cells."""
    return screen.run(
        f"(() => {{ const {{xaxis, yaxis}} = {MAP}._fullLayout; const box = "
        f"{MAP}.getBoundingClientRect(); const aside = "
        "document.querySelector('.sw-map-aside').getBoundingClientRect(); "
        "if (aside.top >= box.bottom) return true; "
        "const row = Math.floor(yaxis.p2d(aside.bottom - box.top - yaxis._offset) + 0.5); "
        "return aside.left > box.left + xaxis._offset + xaxis.d2p(row + 0.5); })()"
    )


def test_axe_finds_nothing_with_a_pair_chosen(screen):
    screen.open_at("?pair=SOL/USDT,AVAX/USDT&view=difference")

    assert violations(screen.driver) == []
