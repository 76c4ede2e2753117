"""A test that shares the browser sees nothing of the tests before it."""

import psutil
import pytest

pytestmark = pytest.mark.browser

STORED = """
const done = arguments[0];
(async () => done([
  document.cookie, localStorage.length, sessionStorage.length,
  (await indexedDB.databases()).length, (await caches.keys()).length,
]))();
"""
STORE = """
const done = arguments[0];
document.cookie = "left=behind; max-age=999";
localStorage.left = sessionStorage.left = "behind";
const opened = indexedDB.open("left");
opened.onsuccess = () => { opened.result.close(); caches.open("left").then(() => done()); };
"""
SET = """
return [
  innerWidth, innerHeight, devicePixelRatio, document.hidden, document.hasFocus(),
  Intl.DateTimeFormat().resolvedOptions().timeZone, navigator.userAgent, navigator.onLine,
  window.left, history.length, matchMedia("(prefers-color-scheme: dark)").matches,
];
"""


def test_nothing_that_is_stored_reaches_the_next_test(shared_browser, url):
    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        driver.execute_async_script(STORE)
        cookies, *stored = driver.execute_async_script(STORED)
        assert "left=behind" in cookies.split("; ")
        assert stored == [1, 1, 1, 1]

    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        cookies, *stored = driver.execute_async_script(STORED)
        assert "left" not in cookies
        assert stored == [0, 0, 0, 0]


def test_of_what_was_fetched_only_bundles_are_left_by_their_version(shared_browser, url):
    """For the next test they are the same, and compiled; a page or a number never is."""
    fetched = "return performance.getEntriesByType('navigation')[0].transferSize"

    for first in (True, False):
        with shared_browser.lent() as driver:
            driver.get(f"{url}/assets/seawall.js?m=1")
            assert (driver.execute_script(fetched) > 0) is first
            for path in ("/", "/live", "/assets/seawall.js"):
                driver.get(f"{url}{path}")
                assert driver.execute_script(fetched) > 0, path


def test_nothing_that_is_set_reaches_the_next_test(shared_browser, url):
    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        fresh = driver.execute_script(SET), driver.timeouts._to_json()

    with shared_browser.lent() as driver:
        narrow = {"width": 390, "height": 900, "deviceScaleFactor": 2, "mobile": True}
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        for command, words in (
            ("Emulation.setDeviceMetricsOverride", narrow),
            ("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"}),
            ("Emulation.setUserAgentOverride", {"userAgent": "left behind"}),
            ("Emulation.setEmulatedMedia", {"features": dark}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": "window.left = 'behind'"}),
        ):
            driver.execute_cdp_cmd(command, words)
        driver.get(f"{url}/healthz")
        driver.set_script_timeout(7)
        driver.set_window_size(800, 600)
        driver.set_network_conditions(offline=True, latency=5, throughput=1)
        changed = driver.execute_script(SET), driver.timeouts._to_json()
        assert changed[0] != fresh[0]
        assert changed[1] != fresh[1]

    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        assert (driver.execute_script(SET), driver.timeouts._to_json()) == fresh


def test_no_page_goes_on_and_no_window_is_left(shared_browser, url):
    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        driver.execute_script("setInterval(() => console.error('still here'), 1)")
        driver.switch_to.new_window("tab")
        driver.get(f"{url}/healthz")
        driver.close()

    with shared_browser.lent() as driver:
        assert len(driver.window_handles) == 1
        assert driver.current_url == "about:blank"
        driver.get(f"{url}/healthz")
        assert driver.get_log("browser") == []


def test_a_test_that_breaks_the_browser_leaves_the_next_one_a_new_one(shared_browser, url):
    with shared_browser.lent() as driver:
        broken = driver.session_id
        for process in psutil.Process(driver.service.process.pid).children(recursive=True):
            process.kill()

    with shared_browser.lent() as driver:
        driver.get(f"{url}/healthz")
        assert driver.session_id != broken
