"""Takes the pictures of the documentation: ``python docs/screenshots.py [URL]``.

Without an address it starts Seawall with its demonstration market in a temporary folder, on
free ports, and ends it afterwards.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from risk.client import Seawall

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"

_START_LIMIT_SECONDS = 90.0
_PAGE_LIMIT_SECONDS = 30.0
#: Long enough for a few cycles to have moved the numbers.
_SETTLE_SECONDS = 4.0
#: Every chart is there, every grid has its rows, and nothing is being loaded. The gallery shows
#: what is being loaded for ever.
_DRAWN = """
const all = (chosen) => [...document.querySelectorAll(`#_pages_content ${chosen}`)]
  .filter((part) => !part.matches(".sw-gallery [aria-busy=true], .sw-gallery .ag-root-wrapper"));
return all("*").length > 0
  && all(".dash-graph").every((graph) => graph.querySelector(".main-svg"))
  && all(".ag-root-wrapper").every((grid) => grid.querySelector(".ag-row"))
  && all("[aria-busy=true]").length === 0
"""
_LIVE = "return document.documentElement.dataset.freshness === 'live'"


@dataclass(frozen=True)
class Picture:
    """One picture of one page."""

    name: str
    path: str
    scheme: str
    width: int
    whole_page: bool

    @property
    def file(self) -> Path:
        return IMAGES / f"{self.name}-{self.scheme}-{self.width}.png"


#: Name and address of each page shown in the documentation.
PAGES = {
    "cockpit": "/",
    "exposure": "/exposure",
    "limits": "/limits",
    "breakers": "/breakers?range=30d",
    "orders": "/orders",
    "journal": "/journal",
    "correlation": "/correlation",
    "var": "/var",
    "models": "/models",
    "gallery": "/gallery",
}
PICTURES = [
    Picture(name, path, scheme, width, whole_page=True)
    for name, path in PAGES.items()
    for scheme in ("dark", "light")
    for width in (1440, 390)
]


def main(arguments: list[str]) -> None:
    if arguments:
        take_all(arguments[0].rstrip("/"))
        return
    with running_demo() as url:
        take_all(url)


def take_all(url: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with browser() as driver:
        for picture in PICTURES:
            take(driver, url, picture)
            print(f"{picture.file.relative_to(ROOT)}  {picture.file.stat().st_size // 1024} kB")


def take(driver: webdriver.Chrome, url: str, picture: Picture) -> None:
    resize(driver, picture.width, 900)
    driver.get(f"{url}/healthz")
    driver.add_cookie({"name": "sw-scheme", "value": picture.scheme})
    driver.get(f"{url}{picture.path}")
    wait = WebDriverWait(driver, _PAGE_LIMIT_SECONDS)
    wait.until(lambda d: d.execute_script(_DRAWN))
    time.sleep(_SETTLE_SECONDS)
    if picture.whole_page:
        height = driver.execute_script("return document.documentElement.scrollHeight")
        resize(driver, picture.width, height)
    wait.until(lambda d: d.execute_script(_LIVE))
    driver.save_screenshot(str(picture.file))


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--hide-scrollbars")
    # Named, or selenium asks the network which driver fits.
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def running_demo() -> Iterator[str]:
    """Seawall in a temporary folder, once its first cycle is complete; its address."""
    with tempfile.TemporaryDirectory(prefix="seawall-shots-") as home:
        port = free_port()
        settings = {
            "SEAWALL_HOME": home,
            "SEAWALL_WEB_PORT": str(port),
            "SEAWALL_API_PORT": str(free_port()),
        }
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **settings}
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for_cycle(url, process)
            ask_for_orders(f"http://127.0.0.1:{settings['SEAWALL_API_PORT']}", Path(home))
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


#: Asset, side, quantity and strategy of orders that an agent asks for: cut, passed and refused.
ORDERS = (
    ("ETH/USDT", "buy", 0.5, "dip"),
    ("BTC/USDT", "buy", 50.0, "trend"),
    ("SOL/USDT", "sell", 2.0, "noise"),
    ("XRP/USDT", "buy", 400.0, "noise"),
    ("BTC/USDT", "buy", 0.01, "breakout"),
)


def ask_for_orders(url: str, home: Path) -> None:
    """Let an agent ask: the demonstration's own strategies trade on paper without orders."""
    key = (home / "service.key").read_text(encoding="utf-8").strip()
    with Seawall(url, key, portfolio="demo", timeout=5.0) as agent:
        for asset, side, quantity, strategy in ORDERS:
            agent.validate(asset, side, quantity, strategy=strategy, venue="sim-a")


def wait_for_cycle(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_LIMIT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"Seawall ended by itself with code {process.returncode}")
        if newest_cycle(url) is not None:
            return
        time.sleep(0.5)
    raise SystemExit(f"no cycle was complete within {_START_LIMIT_SECONDS:.0f} s")


def newest_cycle(url: str) -> int | None:
    """Number of the newest complete cycle; None while there is none, or no server yet."""
    try:
        with urllib.request.urlopen(f"{url}/live", timeout=2) as answer:
            return orjson.loads(answer.read())["cycle"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
