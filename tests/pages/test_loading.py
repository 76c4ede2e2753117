"""What a browser loads, and what watching costs it: the benchmark at the least size."""

import math
import threading
from collections.abc import Iterator

import pytest

from benchmarks import browser_web
from benchmarks.browser_web import (
    SLIM,
    Load,
    browser,
    has_slim,
    live_rows,
    load,
    load_rows,
    memory_rows,
)
from tests.browser import until

FULL = "plotly.min.js"


@pytest.fixture
def moving(reader) -> Iterator[None]:
    """A book with a new cycle every quarter of a second."""
    stop = threading.Event()

    def advance() -> None:
        while not stop.wait(0.25):
            reader.advance()

    thread = threading.Thread(target=advance)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.browser
@pytest.mark.parametrize("blocked", [False, True], ids=["as installed", "without the slim bundle"])
def test_a_chart_is_drawn_by_the_slim_bundle_or_else_the_full_one_fetched_once(url, blocked):
    with browser() as chrome:
        chrome.command("Network.enable")
        if blocked:
            chrome.command("Network.setBlockedURLs", urls=[SLIM])
        found = load(chrome, f"{url}/", cold=True)
        again = load(chrome, f"{url}/", cold=False)

    came = {path.rsplit("/", 1)[-1] for size, path in found.files if size}
    assert (FULL in came) is (blocked or not has_slim(url))
    assert 0.0 < found.first_paint <= found.first_graph
    assert 0 < found.script_bytes < found.all_bytes
    # The two that carry no version are asked about: an answer without a body.
    assert again.script_bytes <= 2 * 300


@pytest.mark.browser
def test_watching_a_page_is_measured(url, moving, monkeypatch):
    monkeypatch.setattr(browser_web, "_SETTLING", 1)
    rows = [*live_rows(url, ["/"], updates=1), *memory_rows(url, ["/"], updates=4)]

    numbers = [float(row[1].replace(",", "")) for row in rows if " to " not in row[1]]
    assert rows
    assert all(math.isfinite(number) for number in numbers)


def test_earlier_cycles_are_not_kept_for_an_undo_that_nobody_is_offered(page, moving):
    page.open()
    cycle = "Number(document.querySelector('[data-cycle]').dataset.cycle)"
    first = page.run(cycle)
    until(lambda: page.run(cycle) > first, "no new cycle was shown")
    second = page.run(cycle)
    until(lambda: page.run(cycle) > second, "no further cycle was shown")

    assert page.run("window.store.getState().history.past.length") <= 1


def test_the_table_of_loads_has_medians_of_both_bundles_and_names_the_biggest_file(monkeypatch):
    def some(seconds: float) -> Load:
        file = (1_268_000, f"/suites/plotly/plotly.v7m1a.{seconds:.0f}.min.js")
        return Load(0.1, 0.1, seconds, 2_080_000, 2_100_000, 31, [file])

    found = [some(1.0), some(3.0), some(2.0)]
    monkeypatch.setattr(browser_web, "has_slim", lambda _url: True)
    monkeypatch.setattr(browser_web, "loads", lambda _url, *, slim, n: (found, found))
    rows = list(load_rows("http://127.0.0.1", n=3))

    assert ("cold, slim bundle: first chart", "2.00", "s", "3") in rows
    assert ("warm, full bundle: JavaScript", "2.08", "MB", "3") in rows
    assert ("cold, full bundle: requests", "31", "", "3") in rows
    assert ("  plotly.2.min.js", "1,268", "kB", "1") in rows
