"""The frame in a real browser: the range, the state, a wall, the keyboard, a narrow screen."""

import dash
import dash_mantine_components as dmc
from dash import html
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from pages.context import Book
from risk.domain.state import TradingState
from tests.browser import until
from tests.fakes_web import DEMO
from tests.pages.fit import resize
from tests.pages.going import go

ELSEWHERE = {"wait_for": "#_pages_content .sw-placeholder"}
FOCUSED = "document.activeElement"


def fill(page, component_id: str, time: str) -> None:
    """What the browser's own picker does, whatever its language."""
    field = f"document.getElementById('{component_id}')"
    page.run(
        "(Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')"
        f".set.call({field}, '{time}'), "
        f"{field}.dispatchEvent(new Event('input', {{bubbles: true}})))"
    )


def open_range(page) -> None:
    page.click("#range-button")
    until(lambda: page.seen("#range-popover"), "the ranges never opened")


def ends_with(page, part: str) -> None:
    until(lambda: page.driver.current_url.endswith(part), f"the address never ended with {part}")


# -- range --------------------------------------------------------------------------------


def test_a_range_is_one_press_or_two_times_and_the_button_says_which(page):
    page.open("?tz=Europe/Berlin")
    page.sees("#range-words", "24 h")
    open_range(page)
    assert page.text(".sw-span[aria-current]") == "24 h"
    page.driver.find_element(By.LINK_TEXT, "7 d").click()

    page.sees("#range-words", "7 d")
    ends_with(page, "/?tz=Europe/Berlin&range=7d")
    page.sees(".sw-course", "range 7 d")
    assert not page.seen("#range-popover")
    page.driver.back()
    page.sees("#range-words", "24 h")
    page.driver.forward()
    page.sees("#range-words", "7 d")

    # One between two times is asked for in the chosen zone and shared in UTC.
    open_range(page)
    page.sees("#range-popover", "Times in Europe/Berlin.")
    fill(page, "range-from", "2026-11-10T09:00")
    fill(page, "range-to", "2026-11-12T10:30")
    page.click("#range-apply")

    ends_with(page, "/?tz=Europe/Berlin&from=2026-11-10T08:00Z&to=2026-11-12T09:30Z")
    page.sees("#range-words", "10 Nov 09:00 – 12 Nov 10:30")
    page.sees(".sw-course", "10 Nov 09:00 to 12 Nov 10:30")
    page.sees(".sw-address-notices", "Figures are of now; the range moves the charts only.")
    assert page.run(f"{FOCUSED}.id") == "range-button"
    open_range(page)
    assert page.run("document.getElementById('range-from').value") == "2026-11-10T09:00"
    page.driver.find_element(By.LINK_TEXT, "1 h").click()
    ends_with(page, "/?tz=Europe/Berlin&range=1h")


def test_a_chart_of_the_past_stands_while_the_numbers_beside_it_go_on(page, reader):
    page.open("?from=2026-11-10T08:00Z&to=2026-11-12T09:30Z")
    page.sees("#card-profit_today-figure", "−62.4 k")
    ends = "String(document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range[1])"
    until(lambda: page.run(ends), "no chart")
    before = page.run(ends)
    reader.advance(0.002, seconds=600.0)
    page.sees("#card-profit_today-figure", "−59.4 k")

    assert page.run(ends) == before
    assert before.startswith("2026-11-12 09:")


def test_a_range_that_means_nothing_is_refused_where_it_is_asked_for(page):
    page.open()
    page.hears()
    open_range(page)
    for since, end, why in (
        ("2026-11-12T09:30", "2026-11-10T08:00", "From must be earlier than To."),
        ("2027-11-10T08:00", "2027-11-12T08:00", "Nothing is known after 12 Nov 15:42."),
        ("", "2026-11-10T08:00", "From is not a time yet"),
    ):
        fill(page, "range-from", since)
        fill(page, "range-to", end)
        page.click("#range-apply")

        page.sees("#range-problem", why)
        assert "from=" not in page.driver.current_url


def test_an_address_that_cannot_be_shown_is_told_and_the_usual_range_is_shown(page):
    page.open("?from=2026-11-12T09:30Z&to=2026-11-10T08:00Z")
    page.sees(".sw-address-notices", "Address not understood.")
    page.sees(".sw-course", "range 24 h")

    for words, told in (
        ("from=2030-11-12T09:30Z&to=2030-11-13T08:00Z", "This range has not begun."),
        ("moon=full", "Address not understood."),
    ):
        go(page, "/?range=7d")
        page.sees(".sw-course", "range 7 d")
        go(page, f"/?{words}")
        page.sees(".sw-course", "range 24 h")
        page.sees(".sw-address-notices", told)
    assert page.problems() == []


# -- state --------------------------------------------------------------------------------


def test_every_page_but_the_cockpit_has_the_state_in_its_header(page, reader):
    reader.trading = TradingState.THROTTLED
    page.open("nowhere", **ELSEWHERE)
    for state, word in (
        (TradingState.THROTTLED, "THROTTLED"),
        (TradingState.REDUCE_ONLY, "REDUCE ONLY"),
    ):
        reader.trading = state
        reader.advance()
        page.sees("#state-badge", word)
        for width in (390, 1440):
            resize(page, width)
            assert page.seen("#state-badge")
            assert page.run("document.documentElement.scrollWidth") <= width
        until(lambda w=word: page.driver.title.startswith(f"{w} · Not found"), "title")

    page.click(".sw-state-link")
    page.sees("#state-word", "REDUCE ONLY")
    assert not page.seen("#state-badge")
    until(lambda: page.driver.title == "REDUCE ONLY · Cockpit · Seawall", "title")


def test_a_change_of_state_is_told_while_somebody_looks(page, reader):
    page.open()
    page.follows(reader.advance)
    reader.trading = TradingState.HALTED
    reader.advance()
    halted = f"{reader.clock.wall():%H:%M:%S}"

    page.sees(".mantine-Notification-root", "HALTED")
    page.sees(".mantine-Notification-root", "Trading stopped.")
    page.sees(".mantine-Notification-root", f"{halted}: NORMAL.")
    assert page.problems() == []
    reader.trading = TradingState.NORMAL
    reader.advance()
    until(lambda: page.driver.title == "Cockpit · Seawall", "the title stayed")
    told = "document.querySelectorAll('.mantine-Notification-root').length"
    until(lambda: page.run(told) == 2, "the end of the halt was not told")


# -- addresses ----------------------------------------------------------------------------


def test_back_and_forward_show_what_was_shown(page):
    page.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    page.open("?range=1h&book=demo")
    page.sees("#range-words", "1 h")
    open_range(page)
    page.driver.find_element(By.LINK_TEXT, "All").click()
    page.sees(".sw-course", "range all")
    page.choose("zone-switch", "Local")
    page.driver.back()
    page.sees("#range-words", "All")
    page.driver.back()
    page.sees(".sw-course", "range 1 h")
    page.driver.forward()
    page.sees(".sw-course", "range all")
    page.sees("#range-words", "All")

    # Links to other pages keep the common words, and drop the page's own.
    go(page, "/?book=demo&range=7d&tz=Europe/Berlin&kiosk=0&by=venue")
    page.sees("#risk-table", "sim-a")
    link = "document.querySelector('.sw-nav a').getAttribute('href')"
    until(lambda: page.run(link) == "/?book=demo&range=7d&tz=Europe/Berlin&kiosk=0", "words lost")


def test_a_page_s_own_selects_write_their_words(page, dashboard):
    def layout(pick: str = "a", **_words: str) -> html.Div:
        select = dmc.Select(id={"type": "word", "word": "pick"}, data=["a", "b"], value=pick)
        return html.Div(
            [html.P(f"picked {pick}", id="picked"), select], **{"data-defaults": '{"pick": "a"}'}
        )

    dash.register_page("words_of_its_own", path="/words", name="Words", layout=layout)
    page.open("words?tz=Europe/Berlin", wait_for="#picked")
    before = page.run("history.length")
    page.find(".mantine-Select-input").click()
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, "[role=option]"), "no options")
    page.driver.find_elements(By.CSS_SELECTOR, "[role=option]")[1].click()
    page.sees("#picked", "picked b")
    ends_with(page, "/words?tz=Europe/Berlin&pick=b")
    assert page.run("history.length") == before + 1
    page.driver.back()

    page.sees("#picked", "picked a")
    ends_with(page, "/words?tz=Europe/Berlin")
    assert page.problems() == []


def test_a_book_is_chosen_in_the_header(page, reader):
    reader.book_list = (DEMO, Book("main", "EUR"))
    page.open("?range=7d")
    page.sees("#state-heading", "book demo")
    page.find("#book-pick").click()
    until(lambda: page.driver.find_elements(By.CSS_SELECTOR, "[role=option]"), "no options")
    page.driver.find_elements(By.CSS_SELECTOR, "[role=option]")[1].click()

    page.sees("#state-heading", "book main")
    ends_with(page, "/?range=7d&book=main")


# -- a wall -------------------------------------------------------------------------------


def test_a_wall_shows_the_page_its_age_and_its_state_and_no_controls(page, reader):
    reader.trading = TradingState.CAUTION
    page.open("nowhere?kiosk=1", **ELSEWHERE)
    page.sees("#state-badge", "CAUTION")
    page.click(".sw-state-link")
    page.sees("#state-word", "CAUTION")
    assert "kiosk=1" in page.driver.current_url  # links on a wall lead to a wall

    for width in (390, 1440):
        resize(page, width)
        for shown in (".sw-strip", "#page-title", "#age-chip", "#market-clock"):
            assert page.seen(shown), shown
        for hidden in (".sw-nav", ".sw-tabs", "#range-button", "#pause-button", "#zone-switch"):
            assert not page.seen(hidden), hidden
        assert page.run("document.documentElement.scrollWidth") <= width
    until(lambda: page.freshness() in ("stale", "gone"), "never stale")
    page.sees("#freshness-banner", "no cycle since 15:42:18")


# -- keyboard, narrow screens ---------------------------------------------------------------


def test_all_is_reached_by_keyboard_shows_the_focus_and_the_first_key_leads_to_the_content(page):
    page.open()
    page.sees("#state-word", "NORMAL")
    # A calm state does not stand in the title.
    until(lambda: page.driver.title == "Cockpit · Seawall", "title")

    # Every control shows that it has the focus.
    invisible: list[str] = []
    page.find("body").send_keys(Keys.TAB)
    first = page.text(":focus")
    while page.run(f"{FOCUSED} !== document.body"):
        seen = page.run(
            f"[{FOCUSED}.outerHTML.slice(0, 90), "
            f"[{FOCUSED}, {FOCUSED}.closest('label'), {FOCUSED}.nextElementSibling]"
            ".some((part) => part && getComputedStyle(part).outlineStyle !== 'none')]"
        )
        invisible += [] if seen[1] else [seen[0]]
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert invisible == []

    assert first == "Skip to content"
    page.find("body").send_keys(Keys.TAB)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: page.run(f"{FOCUSED}.id") == "page", "the focus did not reach the content")

    # The range opens and closes.
    page.sees("#range-words", "24 h")
    page.find("#range-button").send_keys(Keys.ENTER)
    until(lambda: page.run(f"{FOCUSED}.className") == "sw-span", "the focus did not enter")
    assert page.run("document.getElementById('range-button').ariaExpanded") == "true"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(lambda: not page.seen("#range-popover"), "the ranges stayed")
    assert page.run(f"{FOCUSED}.id") == "range-button"
    assert page.style("#range-button", "outlineStyle") == "solid"


def test_on_a_narrow_screen_the_range_is_chosen_and_tabs_open_from_one_that_says_more(page):
    for n in range(5):
        dash.register_page(
            f"page_{n}",
            path=f"/page-{n}",
            name=f"Page {n}",
            order=100 + n,
            layout=html.P(f"This is page {n}", id="which"),
        )
    page.open(width=390)
    page.sees("#state-word", "NORMAL")
    page.click("#controls-toggle")
    open_range(page)
    assert page.run("document.documentElement.scrollWidth") <= 390
    heights = page.run(
        "[...document.querySelectorAll('.sw-span')].map((link) => link.offsetHeight)"
    )
    assert min(heights) >= 44 - 2
    page.driver.find_element(By.LINK_TEXT, "30 d").click()
    ends_with(page, "/?range=30d")
    until(lambda: not page.seen("#controls"), "the controls stayed")

    page.click(".sw-more-tabs > summary")
    page.sees(".sw-more-list", "Page 4")
    page.driver.find_elements(By.CSS_SELECTOR, ".sw-more-list a")[-1].click()
    page.sees("#which", "This is page 4")
    ends_with(page, "/page-4?range=30d")
    assert not page.seen(".sw-more-list")
    assert page.run("document.documentElement.scrollWidth") <= 390
