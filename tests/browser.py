"""Which browser the tests drive, how, and what a person does and sees in it."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from selenium.webdriver.chrome.options import Options
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT = 1440, 900
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # a container's root may not open the sandbox
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    f"--window-size={WIDTH},{HEIGHT}",
    # All pages in one process, which compiles a script once.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
)

#: Seconds to wait for what is to come: a busy machine is slow, not wrong.
PATIENCE = 30
#: Between two looks: each costs the browser more than waiting does, and cores are what is short.
PAUSE = 0.12

#: The browser's own answers. WebDriver's walk all that an element holds and its styles in script:
#: half a second of a core for a page, at every look.
_SEEN = """
let boxed = arguments[0];
while (getComputedStyle(boxed).display === 'contents') boxed = boxed.parentElement;
const seen = boxed.checkVisibility({visibilityProperty: true});
"""
_SAID = f"{_SEEN} return seen ? arguments[0].innerText : ''"


def find_browser() -> str | None:
    """Path of a Chromium or Chrome on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def headless_options() -> Options:
    """Options for a browser without a window, which logs what its console says."""
    options = Options()
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return options


def until(condition: Callable[[], Any], message: str) -> None:
    """Wait for `condition`, which may also fail while the page is being replaced."""
    deadline = time.monotonic() + PATIENCE
    last = None
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except Exception as problem:  # noqa: BLE001 - any answer but yes means: not yet
            last = problem
        time.sleep(PAUSE)
    raise AssertionError(message) from last


@dataclass
class Page:
    """A few short words for what a person does and sees.

    Attributes
    ----------
    driver : WebDriver
    open : callable
        Opens an address: ``open("?range=7d", width=390)``.
    """

    driver: WebDriver
    open: Callable[..., None]

    def enter_as(self, role: str) -> None:
        """Stand for that persona of the demonstration, from the next question on."""
        origin = str(self.run("window.location.origin"))
        cookie = {"name": "seawall_persona", "value": role, "url": origin, "httpOnly": True}
        self.driver.execute_cdp_cmd("Network.setCookie", cookie)

    def find(self, selector: str) -> WebElement:
        """The first element that `selector` names."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What it says where it is seen, with plain spaces."""
        said = str(self.driver.execute_script(_SAID, self.find(selector)))
        return said.replace("\u00a0", " ").replace("\u202f", " ").strip()

    def click(self, selector: str) -> None:
        """Press it, out from under bars that stand still."""
        found = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def choose(self, switch: str, label: str) -> None:
        """Press `label` of the switch with that id, as soon as it stands there."""
        until(lambda: self._chosen(switch, label), f"{switch} never offered {label}")

    def _chosen(self, switch: str, label: str) -> bool:
        labels = self.driver.find_elements(By.CSS_SELECTOR, f"#{switch} label")
        next(found for found in labels if self.driver.execute_script(_SAID, found) == label).click()
        return True

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript."""
        return self.driver.execute_script(f"return {script}")

    def style(self, selector: str, name: str) -> str:
        """A computed style of the first element that `selector` names."""
        return str(self.run(f"getComputedStyle(document.querySelector('{selector}'))['{name}']"))

    def seen(self, selector: str) -> bool:
        """Whether it stands on the page and is not hidden."""
        return bool(self.driver.execute_script(f"{_SEEN} return seen", self.find(selector)))

    def freshness(self) -> str:
        """How fresh the page says its numbers are."""
        return str(self.run("document.documentElement.dataset.freshness"))

    def hide(self, hidden: bool) -> None:
        """As if another tab covered this one, or no longer."""
        self.run(
            f"(Object.defineProperty(document, 'hidden', {{value: {str(hidden).lower()}, "
            "configurable: true}), document.dispatchEvent(new Event('visibilitychange')))"
        )

    def requests(self, part: str) -> int:
        """How often an address with `part` in it was asked for."""
        found = "performance.getEntriesByType('resource').filter(e => e.name.includes"
        return int(self.run(f"{found}('{part}')).length"))

    def problems(self) -> list[str]:
        """What the browser's console calls severe."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def sees(self, selector: str, text: str) -> None:
        """Wait until it says `text`."""
        until(lambda: text in self.text(selector), f"{selector} never said {text!r}")

    def hears(self) -> None:
        """Wait until it knows what the server says, however old that is by then."""
        until(lambda: self.freshness() not in ("", "None", "none"), "no news")

    def follows(self, advance: Callable[[], Any]) -> None:
        """Let the engine go on until the page says that it is live.

        After a single cycle a busy browser may be too late to say so.
        """

        def live() -> bool:
            advance()
            return self.freshness() == "live"

        until(live, "never live")
