"""What a browser has to do for Seawall: ``python -m benchmarks.browser_web [URL]``.

Loading (first paint, first chart, bytes on the wire), staying live (main-thread time of an
update) and watching for an hour, speeded up (memory), in the headless browser of the tests.
Main-thread time and memory are of the browser's own counters, memory after a collection.
"""

import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from benchmarks.demo import Demo, running_demo
from benchmarks.tables import machine_line, print_table
from benchmarks.viewers import Line, page_paths

SLIM = "*/assets/vendor/*"

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--window-size=1440,900",
)
_LOAD_SECONDS = 60.0
#: Updates before a page counts as settled.
_SETTLING = 3
#: How many times as fast as people watch.
_FACTOR = 10.0
#: When memory is weighed, as parts of the watching. What the browser compiles and React keeps
#: twice fills up in the first of them; growth counts from the one after.
_MARKS = (1 / 60, 1 / 6, 1 / 2, 1.0)
_SETTLED = 1
#: Files of a load that are named, the biggest first.
_BIGGEST = 8

# Notes when the first chart stands and counts what the page shows anew.
_WATCH = """
(() => {
  const seen = window.benchmark = { graph: null, updates: 0 };
  const drawn = ".js-plotly-plot .mlayer > *";
  new MutationObserver((changes) => {
    if (seen.graph === null && document.querySelector(drawn)) {
      seen.graph = -1;
      requestAnimationFrame(() => setTimeout(() => { seen.graph = performance.now(); }));
    }
    for (const change of changes) {
      if (change.attributeName === "data-cycle") seen.updates += 1;
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-cycle"] });
})();
"""

# The page waits less, so that an hour of watching passes in minutes.
_FASTER = """
(() => {
  const real = window.setTimeout;
  window.setTimeout = (call, wait, ...rest) => real(call, (wait || 0) / %(factor)g, ...rest);
})();
"""

_LOADED = """
const paints = Object.fromEntries(
  performance.getEntriesByType("paint").map((paint) => [paint.name, paint.startTime]));
const files = performance.getEntriesByType("resource").map((file) => ({
  path: new URL(file.name).pathname,
  bytes: file.transferSize,
}));
const page = performance.getEntriesByType("navigation")[0].transferSize;
return {
  paint: paints["first-paint"], content: paints["first-contentful-paint"],
  graph: window.benchmark.graph, page, files,
};
"""


@dataclass(frozen=True)
class Load:
    """What one load took, in seconds and bytes on the wire."""

    first_paint: float
    first_content: float
    first_graph: float
    script_bytes: int
    all_bytes: int
    requests: int
    files: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class Weight:
    """What a page holds after a collection of garbage."""

    heap_bytes: int
    nodes: int
    listeners: int


class Browser:
    """A headless Chromium with the few words that measuring needs."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def before_any_script(self, text: str) -> None:
        self.command("Page.addScriptToEvaluateOnNewDocument", source=text)

    def command(self, name: str, **words: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._driver.execute_cdp_cmd(name, words)
        return answer

    def ask(self, script: str) -> Any:
        return self._driver.execute_script(script)

    def open(self, url: str) -> None:
        self._driver.get(url)

    def until(self, condition: str, *, seconds: float) -> None:
        """Wait until the JavaScript `condition` holds.

        Raises
        ------
        RuntimeError
            If it does not in time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ask(f"return Boolean({condition})"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"after {seconds:.0f} s still not: {condition}")

    def metrics(self) -> dict[str, float]:
        found = self.command("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in found}

    def weight(self) -> Weight:
        self.command("HeapProfiler.collectGarbage")
        found = self.metrics()
        return Weight(
            int(found["JSHeapUsedSize"]), int(found["Nodes"]), int(found["JSEventListeners"])
        )


@contextmanager
def browser() -> Iterator[Browser]:
    """A new browser with an empty profile.

    Raises
    ------
    RuntimeError
        If there is none on this machine.
    """
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if path is None or driver is None:
        raise RuntimeError("needs Chromium or Chrome and chromedriver on PATH")
    options = Options()
    options.binary_location = path
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    opened = webdriver.Chrome(options=options, service=Service(driver))
    try:
        found = Browser(opened)
        found.command("Performance.enable")
        found.before_any_script(_WATCH)
        yield found
    finally:
        opened.quit()


# -- loading ------------------------------------------------------------------------------


def load(chrome: Browser, url: str, *, cold: bool) -> Load:
    """Open `url` and measure until its first chart stands."""
    chrome.open("about:blank")
    if cold:
        chrome.command("Network.clearBrowserCache")
    chrome.open(url)
    chrome.until("window.benchmark.graph > 0", seconds=_LOAD_SECONDS)
    found = chrome.ask(_LOADED)
    files = [(int(file["bytes"]), str(file["path"])) for file in found["files"]]
    return Load(
        first_paint=found["paint"] / 1e3,
        first_content=found["content"] / 1e3,
        first_graph=found["graph"] / 1e3,
        script_bytes=sum(size for size, path in files if path.endswith(".js")),
        all_bytes=int(found["page"]) + sum(size for size, _ in files),
        requests=1 + len(files),
        files=sorted(files, reverse=True),
    )


def loads(url: str, *, slim: bool, n: int) -> tuple[list[Load], list[Load]]:
    """Cold loads, each with an empty cache, and warm ones."""
    with browser() as chrome:
        # Not while watching: the browser then keeps all that it ever received.
        chrome.command("Network.enable")
        if not slim:
            chrome.command("Network.setBlockedURLs", urls=[SLIM])
        load(chrome, url, cold=True)  # the server compresses each bundle once
        cold = [load(chrome, url, cold=True) for _ in range(n)]
        warm = [load(chrome, url, cold=False) for _ in range(n)]
    return cold, warm


# -- staying live -------------------------------------------------------------------------


def watch(chrome: Browser, updates: int, *, each: float = 10.0) -> float:
    """Wait until the page has shown so many new cycles; main-thread milliseconds for each.

    Raises
    ------
    RuntimeError
        If it stops showing them: `each` is the longest that one may take, in seconds.
    """
    shown, busy = _shown(chrome), chrome.metrics()["TaskDuration"]
    first = last = shown
    while last - first < updates:
        goal = min(last + 20, first + updates)
        chrome.until(f"window.benchmark.updates >= {goal}", seconds=each * (goal - last))
        last = _shown(chrome)
    return 1e3 * (chrome.metrics()["TaskDuration"] - busy) / (last - first)


def _shown(chrome: Browser) -> int:
    return int(chrome.ask("return window.benchmark.updates"))


def open_live(chrome: Browser, url: str) -> None:
    """Open a page and wait until it has shown a few new cycles."""
    chrome.open(url)
    chrome.until("document.querySelector('[data-cycle]')", seconds=_LOAD_SECONDS)
    # The first ones wait until all that was loaded has run.
    watch(chrome, _SETTLING, each=_LOAD_SECONDS)


def weights(chrome: Browser, updates: int) -> list[Weight]:
    """What the open page holds as the watching goes on, at `_MARKS` of it."""
    found: list[Weight] = []
    done = 0
    for mark in _MARKS:
        until = max(round(mark * updates), done + 1)
        watch(chrome, until - done)
        done = until
        found.append(chrome.weight())
    return found


# -- the table ----------------------------------------------------------------------------

Row = tuple[str, str, str, str]
HEAD = ("case", "value", "unit", "n")


def load_rows(url: str, *, n: int) -> Iterator[Row]:
    """Cold and warm loads of the first page, with either bundle that there is."""
    bundles = {"slim bundle": True, "full bundle": False}
    if not has_slim(url):
        del bundles["slim bundle"]
    for name, slim in bundles.items():
        cold, warm = loads(url, slim=slim, n=n)
        yield from _rows_of_loads(f"cold, {name}", cold)
        yield from _rows_of_loads(f"warm, {name}", warm)
        for size, path in cold[-1].files[:_BIGGEST]:
            yield f"  {_file_name(path)}", f"{size / 1e3:,.0f}", "kB", "1"


def _rows_of_loads(name: str, found: Sequence[Load]) -> Iterator[Row]:
    for what, attribute, unit, scale in _OF_A_LOAD:
        middle = float(np.median([getattr(load, attribute) for load in found])) / scale
        shown = f"{middle:,.0f}" if scale == 1.0 and unit == "" else f"{middle:,.2f}"
        yield f"{name}: {what}", shown, unit, str(len(found))


_OF_A_LOAD = (
    ("first paint", "first_paint", "s", 1.0),
    ("first content", "first_content", "s", 1.0),
    ("first chart", "first_graph", "s", 1.0),
    ("JavaScript", "script_bytes", "MB", 1e6),
    ("all bytes", "all_bytes", "MB", 1e6),
    ("requests", "requests", "", 1.0),
)


def _file_name(path: str) -> str:
    """Without the version that the address carries."""
    return re.sub(r"\.v[\w-]+m[0-9a-f]+", "", path.rsplit("/", 1)[-1])


def has_slim(url: str) -> bool:
    """Whether the slim drawing bundle is installed there."""
    line = Line(url)
    page = line.ask("/").body
    line.close()
    return b"/assets/vendor/" in page


def live_rows(url: str, pages: Sequence[str], *, updates: int) -> Iterator[Row]:
    """Main-thread time of an update, page by page, at the pace of the engine."""
    for path in pages:
        with browser() as chrome:
            open_live(chrome, f"{url}{path}")
            busy = watch(chrome, updates)
        yield f"main thread for an update of {path}", f"{busy:,.1f}", "ms", f"{updates}"


def memory_rows(url: str, pages: Sequence[str], *, updates: int) -> Iterator[Row]:
    """What each page holds in the course of watching."""
    for path in pages:
        with browser() as chrome:
            chrome.before_any_script(_FASTER % {"factor": _FACTOR})
            open_live(chrome, f"{url}{path}")
            found = weights(chrome, updates)
        yield from _rows_of_memory(f"watching {path}", found, updates)


def _rows_of_memory(name: str, found: Sequence[Weight], count: int) -> Iterator[Row]:
    settled, end = found[_SETTLED], found[-1]
    for mark, weight in zip(_MARKS, found, strict=True):
        seen = f"{max(round(mark * count), 1)}"
        yield f"{name}: heap", f"{weight.heap_bytes / 1e6:.1f}", "MB", seen
    heap = 100.0 * (end.heap_bytes / settled.heap_bytes - 1.0)
    yield "  growth since a sixth of it", f"{heap:+.1f}", "%", f"{count}"
    yield f"{name}: nodes", f"{settled.nodes} to {end.nodes}", "", f"{count}"
    yield f"{name}: listeners", f"{settled.listeners} to {end.listeners}", "", f"{count}"


@click.command()
@click.argument("url", required=False)
@click.option("--loads", "n", default=5, show_default=True, help="Loads of each kind; 0 for none.")
@click.option("--live", default=30, show_default=True, help="Updates for main-thread time; or 0.")
@click.option("--updates", default=3600, show_default=True, help="Updates of watching; 0 for none.")
@click.option("--page", "pages", multiple=True, help="Watch this one, such as /var; else all.")
def main(url: str | None, n: int, live: int, updates: int, pages: tuple[str, ...]) -> None:
    """Measure the Seawall at URL, or the demonstration, watched at ten times the speed."""
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        with _seawall(url, Path(folder), 1.0) as demo:
            watched = pages or page_paths(demo.url)
            if n:
                rows += load_rows(demo.url, n=n)
            if live:
                rows += live_rows(demo.url, watched, updates=live)
        if updates:
            with _seawall(url, Path(folder), 1.0 / _FACTOR) as demo:
                rows += memory_rows(demo.url, watched, updates=updates)
    print(machine_line())
    print()
    print_table(HEAD, rows)


def _seawall(url: str | None, home: Path, cycle_seconds: float) -> AbstractContextManager[Demo]:
    if url is None:
        return running_demo(cycle_seconds=cycle_seconds, home=home)
    return nullcontext(Demo(url.rstrip("/"), None))


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, WebDriverException) as problem:
        sys.exit(f"could not measure: {problem}")
