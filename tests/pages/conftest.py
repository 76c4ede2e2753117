"""A dashboard over a fake book, in this process and in a browser."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dash
import pytest
from dash import _callback
from flask.testing import FlaskClient
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait
from werkzeug.serving import make_server

from app import create_app
from pages.cookies import CSRF_COOKIE, CSRF_HEADER
from pages.views.records import past
from tests.browser import PATIENCE, PAUSE, Page
from tests.fakes_actions import FakeBrake, actions_over
from tests.fakes_people import FakePeopleStore, People
from tests.fakes_web import FakeBookReader, FakeChanges


def forget_pages() -> None:
    """Dash keeps pages and callbacks per process; every test makes an application of its own."""
    dash.page_registry.clear()
    _callback.GLOBAL_CALLBACK_LIST.clear()
    _callback.GLOBAL_CALLBACK_MAP.clear()
    _callback.GLOBAL_INLINE_SCRIPTS.clear()


@contextmanager
def forgetting_pages() -> Iterator[None]:
    """Around the life of an application."""
    forget_pages()
    yield
    forget_pages()


@pytest.fixture(scope="session", autouse=True)
def remembered_look_back() -> Iterator[None]:
    """What every model would have forecast on the same days is worked out once, not per test.

    It takes seconds, every application works it out anew, and most tests look at one fake book.
    A book or price that differs by a bit is looked back on anew.
    """
    look_back, known = past.hindsights, {}

    def remembered(models, exposures, returns, levels):
        key = (tuple(models), tuple(levels))
        key += tuple((each.shape, each.tobytes()) for each in (exposures, returns))
        if key not in known:
            known[key] = look_back(models, exposures, returns, levels)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(past, "hindsights", remembered)
        yield


@pytest.fixture
def reader() -> FakeBookReader:
    return FakeBookReader()


@pytest.fixture
def changes(reader: FakeBookReader) -> FakeChanges:
    return FakeChanges(reader)


class PeopleHere(People):
    """People who live by the clock of what the screens read."""

    def __init__(self, reader: FakeBookReader, home: Path) -> None:
        super().__init__(FakePeopleStore(), home)
        self._clock = reader.clock
        self.now = reader.wall()

    def wait(self, **time: float) -> None:
        super().wait(**time)
        self._clock.step_wall(timedelta(**time))


@pytest.fixture
def brake() -> FakeBrake:
    return FakeBrake()


@pytest.fixture
def people(reader: FakeBookReader, tmp_path: Path) -> People:
    """Whoever has a login: at first nobody."""
    return PeopleHere(reader, tmp_path / "home")


@pytest.fixture
def dashboard(
    reader: FakeBookReader, changes: FakeChanges, brake: FakeBrake, people: People
) -> Iterator[dash.Dash]:
    with forgetting_pages():
        yield create_app(reader, actions_over(changes, brake), people.desk, people.office)


#: Where Flask's test client asks.
HOST = "localhost"
CSRF = "what-a-page-of-ours-can-read"


@pytest.fixture
def web(dashboard: dash.Dash) -> FlaskClient:
    client = dashboard.server.test_client()
    # As the browser and Dash do with every post.
    client.environ_base["HTTP_ORIGIN"] = f"http://{HOST}"
    client.environ_base[f"HTTP_{CSRF_HEADER.upper().replace('-', '_')}"] = CSRF
    client.set_cookie(CSRF_COOKIE, CSRF, domain=HOST)
    return client


@pytest.fixture(scope="session")
def listening() -> Iterator[socket.socket]:
    """Where every test has its server: scripts of a known address are compiled already."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def url(dashboard: dash.Dash, listening: socket.socket) -> Iterator[str]:
    """Address of the dashboard, served to whoever speaks HTTP."""
    host, port = listening.getsockname()
    server = make_server(host, port, dashboard.server, threaded=True, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://{host}:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


# The server first: it ends when no page asks it any more, or the next test's would be asked.
@pytest.fixture
def open_cockpit(url: str, dash_duo) -> Callable[..., None]:
    """Open the cockpit in the browser, and wait until it says what it shows."""

    def open_at(address: str = "", *, width: int = 1440, wait_for: str = "#cockpit-view") -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        dash_duo.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        dash_duo.driver.get(f"{url}/{address}")
        stands = presence_of_element_located((By.CSS_SELECTOR, wait_for))
        WebDriverWait(dash_duo.driver, PATIENCE, PAUSE).until(stands, f"{wait_for} never came")

    return open_at


@pytest.fixture
def page(open_cockpit, dash_duo) -> Page:
    """The browser, and what a person does and sees in it."""
    return Page(dash_duo.driver, open_cockpit)
