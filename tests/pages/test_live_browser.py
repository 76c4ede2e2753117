"""What every page does while time goes on: in a real browser, over a server that can be stopped."""

import threading
import time
from collections.abc import Iterator

import dash
import pytest
from flask import request
from selenium.webdriver.common.by import By
from werkzeug.serving import BaseWSGIServer, make_server

from risk.domain.state import TradingState
from tests.browser import until
from tests.pages.fit import wait_until_drawn
from tests.pages.going import go, shows

CYCLE = "document.querySelector('[data-cycle]').dataset.cycle"
#: Something without a reload keeps what was written into its window.
MARK, MARKED = "(window.notReloaded = true)", "window.notReloaded === true"


class StoppableServer:
    """A web server of `app` that can be away for a while, always at the same address."""

    def __init__(self, app) -> None:
        self._app = app
        self._server: BaseWSGIServer | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        server = make_server("127.0.0.1", self.port, self._app, threaded=True)
        self.port, self._server = server.server_port, server
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def server(dashboard) -> Iterator[StoppableServer]:
    server = StoppableServer(dashboard.server)
    yield server
    server.stop()


@pytest.fixture
def watched(page, server):
    """The cockpit on a server that a test can stop."""
    page.driver.get(f"http://127.0.0.1:{server.port}/?range=1h")
    page.sees("#state-word", "NORMAL")
    page.hears()
    page.run(MARK)
    return page


#: Notes each index of the page's parts that Dash makes, without keeping it.
NOTE_INDEXES = """(window.indexes = [], window.store.subscribe(() => {
  const index = window.store.getState().paths;
  if (window.indexes.at(-1)?.deref() !== index) window.indexes.push(new WeakRef(index));
}))"""


def keep_alive(reader, seconds: float, drift: float = 0.0) -> int:
    """Complete a cycle each tenth of a second for a while; the number of the last one."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        number = reader.advance(drift, seconds=0.1)
        time.sleep(0.1)
    return number


#: Notes in the page itself how fresh it calls its numbers: a busy machine may ask too seldom to see
#: each word, and too late to say when.
NOTE_AGES = """(window.ages = [], window.agedAt = {}, window.begun = performance.now(),
  new MutationObserver(() => {
    const age = document.documentElement.dataset.freshness;
    window.ages.push(age);
    window.agedAt[age] ??= performance.now() - window.begun;
  }).observe(document.documentElement, {attributeFilter: ["data-freshness"]}))"""


def ages(page) -> list[str]:
    """What was noted since `NOTE_AGES`."""
    return page.run("window.ages")


# -- old numbers ----------------------------------------------------------------------------


#: The banner is shown, and ends before the page's first part begins.
BANNER_ABOVE = """(() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const banner = box("#freshness-banner");
    return banner.height > 0 && banner.bottom <= box("#_pages_content").top;
})()"""


def test_when_the_engine_stops_the_numbers_are_late_stale_and_not_live_and_recover(watched, reader):
    watched.follows(reader.advance)
    watched.run(NOTE_AGES)
    fresh = watched.style("#card-equity-figure", "color")
    engine_stops = f"{reader.clock.wall():%H:%M:%S}"
    until(lambda: {"late", "stale"} <= set(ages(watched)), "never late and then stale")
    assert watched.style("#card-equity-figure", "color") != fresh
    assert watched.text("#age-chip").split()[0] in ("Stale", "Not")
    for width in (1440, 768, 390):
        watched.driver.set_window_size(width, 900)
        until(lambda: watched.run(f"window.scrollTo(0, 0) || {BANNER_ABOVE}"), "over the page")
    until(lambda: watched.freshness() == "gone", "never gone")

    assert watched.text("#age-chip").split()[:2] == ["Not", "live"]
    assert f"no cycle since {engine_stops}" in watched.text("#freshness-banner")
    assert "Values are greyed." in watched.text("#freshness-banner")
    watched.follows(reader.advance)
    assert watched.style("#card-equity-figure", "color") == fresh
    assert watched.run(MARKED)


#: Texts with a digit, among what moves, that are not in the grey of old data.
LIVELY = """
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--sw-text3)";
    const grey = getComputedStyle(probe).color;
    probe.remove();
    const aside = ".js-plotly-plot, .sw-tip, time";
    const shown = (part) => part.checkVisibility() && !part.closest(aside);
    const walk = document.createTreeWalker(document.querySelector("[data-cycle]"), 4);
    const lively = [];
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const part = text.parentElement;
      if (!/[0-9]/.test(text.data) || !shown(part)) continue;
      if (getComputedStyle(part).color !== grey) lively.push(part.outerHTML);
    }
    return lively
"""
UNDASHED = (
    "return [...document.querySelectorAll('[data-cycle] .sw-num')].filter((number) => "
    "!getComputedStyle(number).textDecorationStyle.includes('dashed')).map((n) => n.id)"
)


def test_within_three_cycles_every_number_on_every_page_is_grey_and_dashed(watched, reader):
    watched.follows(lambda: reader.advance(seconds=0.1))
    watched.run(NOTE_AGES)
    until(lambda: "stale" in ages(watched), "never stale")
    # Three cycles of a second, and what a busy machine may be late.
    assert watched.run("window.agedAt.stale") < 6_000

    # How soon is the same on all pages, which are led through without a load.
    reader.cycle_seconds = 0.5
    pages = [p for p in dash.page_registry.values() if p.get("order") is not None]
    assert len(pages) > 5
    for each in pages:
        go(watched, each["path"])
        shows(watched, each["title"])
        wait_until_drawn(watched, lambda: reader.advance(seconds=0.1))
        until(lambda: watched.freshness() in ("stale", "gone"), "never stale")
        path = each["path"]
        assert watched.driver.execute_script(LIVELY) == [], path
        assert watched.driver.execute_script(UNDASHED) == [], path
        for plot in watched.driver.find_elements(By.CSS_SELECTOR, ".js-plotly-plot"):
            assert "grayscale" in plot.value_of_css_property("filter"), path
            assert plot.value_of_css_property("outline-style") == "dashed", path


def test_when_the_web_server_goes_away_it_is_told_and_all_recovers_without_a_reload(
    watched, server, reader
):
    watched.sees("#card-profit_today-figure", "−62.4 k")
    watched.follows(lambda: reader.advance(seconds=0.1))
    watched.run(NOTE_AGES)
    server.stop()
    until(lambda: "stale" in ages(watched), "never stale")
    until(lambda: ages(watched)[-1] == "gone", "never gone")
    watched.sees("#freshness-banner", "The dashboard's server does not answer.")
    reader.advance(0.002, seconds=600.0)
    server.start()

    watched.sees("#card-profit_today-figure", "−59.4 k")
    watched.follows(lambda: reader.advance(seconds=0.1))
    assert watched.run(MARKED)
    missed = "document.querySelector('.js-plotly-plot').calcdata[0].filter((point) => "
    missed += "point.x > Date.UTC(2026, 10, 12, 15, 43)).length"
    until(lambda: watched.run(missed) >= 5, "the gap in the chart was not filled")


def test_a_page_asked_for_while_nobody_answered_comes_by_itself(watched, server, reader):
    server.stop()
    watched.run("document.querySelector('#choose-by a[href*=venue]').click()")
    watched.sees(
        "#refusal", "The page could not be loaded. The dashboard's server does not answer."
    )
    server.start()
    reader.advance()

    watched.sees("#risk-table", "sim-a")
    assert watched.run(MARKED)
    until(lambda: watched.text("#refusal") == "", "the old message stayed")


# -- updates ------------------------------------------------------------------------------


def test_a_slow_update_is_asked_for_once_and_then_shows_the_newest_cycle(watched, reader):
    events, running, most = reader.recent_events, [], []

    def slowly(*arguments, **options):
        running.append(1)
        most.append(len(running))
        time.sleep(0.8)
        running.pop()
        return events(*arguments, **options)

    reader.recent_events = slowly
    newest = keep_alive(reader, 3.0, drift=0.0001)

    until(lambda: watched.run(CYCLE) == str(newest), "the newest cycle was never shown")
    assert max(most) == 1
    assert len(most) < 8


def test_numbers_whose_update_takes_too_long_are_not_shown_as_live(watched, reader):
    go_on = threading.Event()
    events = reader.recent_events
    reader.recent_events = lambda *a, **o: go_on.wait(20) and events(*a, **o)
    shown = watched.run(CYCLE)
    reader.advance()

    def stale_though_the_engine_goes_on() -> bool:
        reader.advance(seconds=0.1)
        return watched.freshness() in ("stale", "gone")

    until(stale_though_the_engine_goes_on, "old numbers looked live")
    assert watched.run(CYCLE) == shown
    go_on.set()
    watched.follows(lambda: reader.advance(seconds=0.1))


def test_a_failing_update_is_told_greys_the_numbers_and_is_tried_again(watched, reader):
    reader.recent_events = lambda *_, **_options: 1 / 0
    reader.advance()
    watched.sees("#refusal", "This part could not be brought up to date. ZeroDivisionError")

    def stale_though_the_engine_goes_on() -> bool:
        reader.advance(seconds=0.1)
        return watched.freshness() == "gone"

    until(stale_though_the_engine_goes_on, "numbers that cannot be updated looked live")
    assert "behind" in watched.text("#freshness-banner")
    del reader.recent_events
    reader.advance(0.002)

    watched.sees("#card-profit_today-figure", "−59.4 k")
    assert watched.text("#refusal") != "", "gone before anybody could read it"
    watched.follows(lambda: reader.advance(seconds=0.1))
    until(lambda: watched.text("#refusal") == "", "the old message stayed")


# -- pausing, hiding ----------------------------------------------------------------------


def test_a_paused_view_stands_still_and_counts_what_waits(watched, reader):
    watched.sees("#card-profit_today-figure", "−62.4 k")
    watched.click("#pause-button")
    watched.sees("#freshness-banner", "You paused this view at")
    for drift in (0.0, 0.0, 0.002):
        reader.advance(drift)
    watched.sees("#freshness-banner", "3 newer cycles wait.")
    assert watched.text("#card-profit_today-figure") == "−62.4 k"
    watched.click("#resume-button")

    watched.sees("#card-profit_today-figure", "−59.4 k")
    watched.follows(reader.advance)
    until(lambda: watched.style("#freshness-banner", "display") == "none", "the banner stayed")


def test_a_halt_is_seen_and_told_while_the_view_is_paused(watched, reader):
    watched.click("#pause-button")
    watched.sees("#freshness-banner", "You paused this view at")
    reader.trading = TradingState.HALTED
    reader.advance()

    watched.sees(".mantine-Notification-root", "HALTED")
    until(lambda: watched.driver.title.startswith("HALTED · "), "the title kept silent")


def asked(page) -> tuple[int, int]:
    """How often the page was answered what is new, and an update."""
    return page.requests("/live"), page.requests("_dash-update")


def settled(page) -> tuple[int, int]:
    """The same, once nothing is under way any more."""
    seen = [asked(page)]

    def same() -> bool:
        time.sleep(0.7)
        seen.append(asked(page))
        return seen[-1] == seen[-2]

    until(same, "it went on asking")
    return seen[-1]


def test_a_hidden_tab_costs_nothing_and_is_brought_up_to_date_at_once(watched, reader):
    watched.hide(True)
    before = settled(watched)
    keep_alive(reader, 2.0)
    assert asked(watched) == before
    assert watched.driver.title.startswith("Asleep · ")
    newest = reader.advance(0.002)
    watched.hide(False)

    until(lambda: watched.run(CYCLE) == str(newest), "not brought up to date")
    assert watched.requests("_dash-update") == before[1] + 1
    assert not watched.driver.title.startswith("Asleep")


def test_numbers_are_old_at_the_first_glance_at_a_tab_that_was_hidden(watched, reader, server):
    watched.hide(True)
    server.stop()
    time.sleep(3.5)
    seen = watched.run(
        "(Object.defineProperty(document, 'hidden', {value: false, configurable: true}),"
        "document.dispatchEvent(new Event('visibilitychange')),"
        "document.documentElement.dataset.freshness)"
    )

    assert seen in ("stale", "gone")


# -- another view meanwhile -----------------------------------------------------------------


@pytest.fixture
def held_back(dashboard) -> Iterator[threading.Event]:
    """Answers to updates of a view wait, worked out already, until it is set."""
    release, under_way = threading.Event(), threading.Event()

    def hold(response):
        if request.path == "/_dash-update-component" and is_news(request.json):
            under_way.set()
            release.wait(20.0)
        return response

    dashboard.server.after_request(hold)
    release.under_way = under_way
    yield release
    release.set()


def is_news(asked: dict) -> bool:
    """Whether it asks for a new cycle of what is shown, and not for another view."""
    if asked["changedPropIds"] != ["live.data"]:
        return False
    shown = {state["property"]: state["value"] for state in asked["state"]}
    return asked["inputs"][0]["value"]["address"] == shown["data-address"]


def test_an_answer_for_the_view_before_is_not_written_over_the_one_chosen_since(
    page, server, reader, held_back
):
    """Else one asset's figures stand under the name of the whole book, and are live."""
    held_back.set()
    page.driver.get(f"http://127.0.0.1:{server.port}/exposure?asset=ETH/USDT")
    page.sees("#exposure-answer", "Asset ETH.")
    whole = "Long 1.4"
    held_back.clear()
    held_back.under_way.clear()
    reader.advance(0.01)
    until(held_back.under_way.is_set, "no update asked for")
    page.run("document.querySelector('.sw-filter').click()")
    page.sees("#exposure-answer", whole)
    gross = page.text("#card-gross-figure")

    held_back.set()
    number = reader.advance()
    until(lambda: page.run(CYCLE) == str(number), "not brought up to date")

    assert page.text("#exposure-answer").startswith(whole)
    assert page.text("#card-gross-figure") == gross
    assert page.text("#card-gross-context").startswith("0.6")


# -- a long watch ---------------------------------------------------------------------------


def test_of_what_dash_makes_anew_with_each_change_only_the_newest_is_kept(watched, reader):
    watched.run(NOTE_INDEXES)
    last = keep_alive(reader, 3.0, drift=0.01)
    until(lambda: int(watched.run(CYCLE)) >= last, "the page did not follow")
    assert watched.run("window.indexes.length") > 20

    def few_are_kept() -> bool:
        # Not at once: what is drawn last is forgotten with the next answer to the page's asking.
        watched.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        return watched.run("window.indexes.filter(index => index.deref()).length <= 5")

    # Without forgetting, eight and more however long one waits.
    until(few_are_kept, "old indexes are kept")
