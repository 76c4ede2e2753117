"""One browser for all browser tests of a process: a start costs more than most tests.

Each test gets it as if it had just been started.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dash.testing.composite import DashComposite
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.timeouts import Timeouts
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import HTTPError

from tests.browser import HEIGHT, WIDTH

_LOG = logging.getLogger(__name__)

#: What the protocol says a new session has, in seconds.
_TIMEOUTS = {"implicit_wait": 0, "page_load": 300, "script": 30}


class SharedBrowser:
    """A browser that is started when it is first needed, and again when a test broke it.

    Parameters
    ----------
    start : callable
        Makes a driver of a new browser.
    """

    def __init__(self, start: Callable[[], WebDriver]) -> None:
        self._start = start
        self._driver: WebDriver | None = None

    @contextmanager
    def lent(self) -> Iterator[WebDriver]:
        """The browser with one empty window, no memory and no setting of an earlier test."""
        driver, self._driver = self._driver or self._start(), None
        try:
            yield driver
        finally:
            self._take_back(driver)

    def _take_back(self, driver: WebDriver) -> None:
        try:
            forget_everything(driver)
        except (WebDriverException, HTTPError):
            _LOG.exception("the browser does not answer; the next test gets a new one")
            driver.quit()
        else:
            self._driver = driver

    def close(self) -> None:
        """End the browser, if there is one."""
        if self._driver is not None:
            self._driver.quit()
            self._driver = None


def forget_everything(driver: WebDriver) -> None:
    """Leave nothing of what was opened, stored, set or logged.

    Of what was fetched the browser keeps what it may keep for ever: bundles by their version. To
    fetch and compile them anew would be a third of a page's load.
    """
    _leave_all_pages(driver)
    driver.set_window_rect(0, 0, WIDTH, HEIGHT)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    driver.execute_cdp_cmd("Browser.resetPermissions", {})
    driver.delete_network_conditions()
    driver.timeouts = Timeouts(**_TIMEOUTS)
    driver.get_log("browser")


def _leave_all_pages(driver: WebDriver) -> None:
    """For a new tab: emulation, injected scripts, timers and history go with the old ones."""
    old = driver.window_handles
    # The test may have closed the one that it looked at.
    driver.switch_to.window(old[0])
    driver.switch_to.new_window("tab")
    new = driver.current_window_handle
    for handle in old:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(new)
    # Else no tab has the focus.
    driver.execute_cdp_cmd("Page.bringToFront", {})


class LentBrowser(DashComposite):
    """The browser of dash.testing, over a driver that outlives it."""

    def __init__(self, driver: WebDriver, **options: object) -> None:
        self._lent = driver
        super().__init__(**options)
        driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior",
            {"behavior": "allow", "downloadPath": self.download_path},
        )

    def get_webdriver(self) -> WebDriver:
        return self._lent
