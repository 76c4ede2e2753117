"""The cockpit in a real browser: what only a browser can show."""

import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from risk.domain.state import TradingState
from tests.browser import until
from tests.fakes_web import STALE_LINK
from tests.pages.fit import resize
from tests.pages.going import go

READING_ORDER = (
    "#state-banner",
    "#cockpit-notices",
    "#cockpit-cards",
    "#cockpit-risk",
    ".sw-course",
)


def test_numbers_move_by_themselves_and_hold_a_tint_for_a_moment(page, reader):
    page.open()
    page.sees("#card-profit_today-figure", "−62.4 k")
    page.run(
        "(window.tinted = [], new MutationObserver(ms => ms.forEach(m => "
        "m.target.classList.contains('sw-changed') && window.tinted.push(m.target.id)))"
        ".observe(document.body, {attributes: true, subtree: true, attributeFilter: ['class']}))"
    )
    number = reader.advance(0.002)
    page.sees("#card-profit_today-figure", "−59.4 k")

    until(lambda: "card-profit_today-figure" in page.run("window.tinted"), "no tint was shown")
    until(lambda: page.run("document.querySelectorAll('.sw-changed').length") == 0, "tint stayed")
    assert page.run("document.getElementById('cockpit-view').dataset.cycle") == str(number)
    assert page.problems() == []


def test_a_failing_store_is_told_and_recovered_from(page, reader):
    reader.failing = True
    page.open(wait_for="#cockpit-view .sw-placeholder")
    page.sees("#cockpit-view", "cannot be read")
    until(lambda: page.freshness() == "gone", "the chip never said not live")
    page.sees("#freshness-banner", "The database did not answer within 2 s.")
    reader.failing = False
    reader.advance()

    page.sees("#card-equity-figure", "2.41 m")
    page.follows(lambda: reader.advance(seconds=0.1))


def test_an_empty_first_start_says_so_and_fills_by_itself(page, reader):
    reader.started = False
    page.open()
    page.sees("#cockpit-view", "No complete cycle of demo yet")
    reader.advance()

    page.sees("#state-word", "NORMAL")
    until(
        lambda: page.run("document.querySelectorAll('#cockpit-chart .js-plotly-plot').length"),
        "no chart",
    )


def test_a_page_that_takes_long_says_that_it_is_loading(page, reader):
    read = reader.recent_events

    def slowly(*arguments, **options):
        time.sleep(1.5)
        return read(*arguments, **options)

    reader.recent_events = slowly
    page.open(wait_for=".sw-loading")
    page.sees(".sw-loading", "Loading the page")
    page.sees("#state-word", "NORMAL")

    assert page.run("getComputedStyle(document.querySelector('.sw-loading')).display") == "none"


def test_the_chart_goes_on_with_the_market(page, reader):
    page.open("?range=1h")
    last = "document.querySelector('#cockpit-chart .js-plotly-plot').calcdata[1].at(-1).x"
    until(lambda: page.run(last), "no chart")
    before = page.run(last)
    reader.advance(0.002, seconds=60.0)

    until(lambda: page.run(last) == before + 60_000, "the chart stood still")


def test_at_every_width_nothing_is_scrolled_sideways_and_what_changed_is_seen(page, reader):
    reader.doubts, reader.trading = (STALE_LINK,), TradingState.REDUCE_ONLY
    page.open(width=390)
    until(lambda: page.run("document.querySelector('.main-svg')") is not None, "no chart")
    page.sees("#changes-content", "LINK/USDT")

    box = "document.querySelector('#changes-content').getBoundingClientRect()"
    for width in (390, 768, 900, 1024, 1440):
        resize(page, width)
        assert page.run("document.documentElement.scrollWidth") <= width
        tops = [page.run(f"document.querySelector('{part}').offsetTop") for part in READING_ORDER]
        assert tops == sorted(tops)
        # A chart that is drawn anew for the width moves what stands beside it for a moment.
        until(lambda: page.run(f"{box}.height") > 100, f"no room for what changed at {width}")
    assert page.problems() == []


def test_the_scheme_is_switched_remembered_and_followed_by_the_chart(page):
    page.open()
    until(lambda: page.run("document.querySelector('.main-svg')") is not None, "no chart")
    background = "getComputedStyle(document.body).backgroundColor"
    template = "document.querySelector('.js-plotly-plot').layout.template.layout.font.color"
    dark = page.run(background), page.run(template)
    page.click("#scheme-button")
    until(lambda: page.run(background) != dark[0], "still dark")
    light = page.run(background), page.run(template)
    page.open()

    assert page.run(background) == light[0]
    until(lambda: page.run(template) == light[1] != dark[1], "the chart forgot the scheme")


def test_the_grouping_is_chosen_by_links_that_keep_the_rest_of_the_address(page):
    page.open("?range=7d&by=venue")
    page.sees("#risk-table", "sim-a")
    page.driver.find_element(By.LINK_TEXT, "Strategy").click()

    page.sees("#risk-table", "trend")
    assert "by=strategy" in page.driver.current_url
    assert "range=7d" in page.driver.current_url
    page.driver.back()
    page.sees("#risk-table", "sim-a")

    go(page, "/nowhere")
    page.sees("#_pages_content .sw-placeholder", "There is no page at this address")
    page.sees("#page-title", "Page not found")


def chart_ends(page) -> str:
    """The time at the chart's right edge, as plotly prints it."""
    graph = "document.querySelector('#cockpit-chart .js-plotly-plot')"
    until(lambda: page.run(f"!!({graph} && {graph}._fullLayout)"), "no chart")
    return str(page.run(f"{graph}._fullLayout.xaxis.range[1]"))


def test_local_time_is_kept_in_the_address(page):
    page.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    page.open()
    page.sees("#state-heading", "since 14:51:05 UTC")
    assert chart_ends(page).startswith("2026-11-12 15:42")
    page.choose("zone-switch", "Local")

    page.sees("#state-heading", "since 12 Nov 23:51:05 JST")
    assert "tz=Asia" in page.driver.current_url
    page.sees("#market-clock", "13 Nov 00:42:18")
    until(lambda: chart_ends(page).startswith("2026-11-13 00:42"), "the chart kept its zone")


def test_every_control_can_be_reached_and_help_opened_from_the_keyboard(page):
    page.open()
    page.sees("#state-word", "NORMAL")
    summary = page.driver.find_elements(By.CSS_SELECTOR, ".sw-help summary")[0]
    summary.send_keys(Keys.ENTER)
    page.sees(".sw-help[open] .sw-tip", "largest component VaR")
    summary.send_keys(Keys.ESCAPE)

    until(
        lambda: page.run("document.querySelectorAll('.sw-help[open]').length") == 0, "help stayed"
    )
    outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
