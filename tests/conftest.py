"""What every test can rely on: no settings of the user's, no network, one thread of BLAS.

Fixtures of one part of the system live in that part's folder.
"""

import os
import shutil

# Before numpy is imported: two test workers on two cores need no threads of their own.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
for _setting in [name for name in os.environ if name.startswith("SEAWALL_")]:
    del os.environ[_setting]

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from dash.testing.application_runners import BaseDashRunner, ThreadedRunner
from dash.testing.browser import Browser
from hypothesis import HealthCheck, settings
from selenium.webdriver.chrome.options import Options

from tests.browser import find_browser, headless_options
from tests.fakes import FakeClock
from tests.network import free_port, refuse_other_machines
from tests.postgres import PostgresServer, running_postgres
from tests.shared_browser import LentBrowser, SharedBrowser
from tests.sharing import SharedFolder, filled_once

# A busy machine is slow, not wrong: neither deadlines nor complaints about slow examples.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", PATIENT, max_examples=50)
# One answer for one commit: a lottery in CI would blame whoever comes next.
# The same few each time find nothing new by being many: `make test` by hand draws more, and others.
settings.register_profile("ci", PATIENT, max_examples=12, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


# Unasked, structlog prints the values of all variables with a traceback: many seconds for a page's.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_configure() -> None:
    browser = find_browser()
    if browser:
        os.environ.setdefault("DASH_TEST_CHROMEPATH", browser)
    driver = shutil.which("chromedriver")
    if driver:
        # Not named, selenium asks the network which one fits.
        os.environ.setdefault("SE_CHROMEDRIVER", driver)


def pytest_setup_options() -> Options:
    """Called by dash.testing before it opens a browser."""
    return headless_options()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for, so that `-m "not browser"` needs nobody's care."""
    for item in items:
        wanted = getattr(item, "fixturenames", ())
        if {"dash_br", "shared_browser"} & set(wanted):
            item.add_marker("browser")
        if "postgres" in wanted:
            item.add_marker("postgres")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Left alone, dash.testing counts up from one port in every process."""
    if item.get_closest_marker("browser"):
        BaseDashRunner._next_port = free_port()


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """State goes to a folder of the tests, never into the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEAWALL_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Fail whatever calls another machine."""
    with pytest.MonkeyPatch.context() as patch:
        refuse_other_machines(patch)
        yield


@pytest.fixture(scope="session")
def shared_browser(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedBrowser]:
    """The browser of this test session (of this worker, under xdist)."""
    download = tmp_path_factory.mktemp("download")
    shared = SharedBrowser(lambda: Browser(**browser_options(pytestconfig, download)).driver)
    yield shared
    shared.close()


@pytest.fixture
def dash_duo(
    pytestconfig: pytest.Config,
    shared_browser: SharedBrowser,
    dash_thread_server: ThreadedRunner,
    tmp_path: Path,
) -> Iterator[LentBrowser]:
    """As dash.testing's own, but for its browser, which is the shared one.

    What needs a browser that was never used asks for `dash_br`.
    """
    with shared_browser.lent() as driver:
        options = browser_options(pytestconfig, tmp_path / "download")
        yield LentBrowser(driver, server=dash_thread_server, **options)


def browser_options(config: pytest.Config, download: Path) -> dict[str, Any]:
    """What dash.testing hands to the browsers that it opens."""
    return {
        "browser": config.getoption("webdriver"),
        "remote": config.getoption("remote"),
        "remote_url": config.getoption("remote_url"),
        "headless": config.getoption("headless"),
        "options": config.hook.pytest_setup_options(),
        "download_path": str(download),
        "percy_assets_root": config.getoption("percy_assets"),
        "percy_finalize": config.getoption("nopercyfinalize"),
        "pause": config.getoption("pause"),
    }


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this test session (of this worker, under xdist)."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """Name of a database that holds Seawall's tables and nothing in them."""
    # Here, because the tests of the mathematics should not wait for a database's library.
    from risk.storage.engines import open_engines
    from risk.storage.schema import upgrade

    name = "seawall_template"
    engines = open_engines(postgres.create_database(name))
    upgrade(engines)
    engines.dispose()
    return name


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Address of a database of the test's own, with Seawall's tables; dropped afterwards."""
    with postgres.own_database(template=postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Address of a database of the test's own, without any table; dropped afterwards."""
    with postgres.own_database() as url:
        yield url


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    """Makes a folder that all workers of this test run share: `shared_folder("lived", fill)`."""
    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return lambda name, fill: filled_once(root, name, fill)


@pytest.fixture(scope="session")
def known_fits() -> dict[bytes, Any]:
    """What the search for a likelihood's parameters found, by the window it was given."""
    return {}


@pytest.fixture(scope="module")
def remembered_fits(known_fits: dict[bytes, Any]) -> Iterator[None]:
    """For tests of all models, which lead each through the same series again and again.

    A fit costs 30 ms. A window that differs by one bit is fitted anew, so nothing about windows is
    taken for granted; the search itself is tried in tests/measures/var/test_garch.py.
    """
    from risk.measures.var import garch

    search = garch._by_likelihood

    def remembered(standardised: Any) -> Any:
        key = standardised.tobytes()
        if key not in known_fits:
            known_fits[key] = search(standardised)
        return known_fits[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(garch, "_by_likelihood", remembered)
        yield
