"""Somebody with a browser, without the browser: cookies, forms, and what callbacks send along."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie

import dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from pages.cookies import CSRF_COOKIE, CSRF_FIELD, CSRF_HEADER
from pages.origin import Site
from tests.fakes_actions import actions_over
from tests.fakes_people import PASSWORD, People
from tests.fakes_web import FakeChanges

CALLBACK = "/_dash-update-component"
HERE = "http://localhost"


class Visit:
    """A browser in front of an application, at one address.

    Attributes
    ----------
    client : FlaskClient
    url : str
    """

    def __init__(self, app: dash.Dash, people: People, url: str = HERE) -> None:
        self.client: FlaskClient = app.server.test_client()
        self.url = url
        self._people = people

    def get(self, path: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, base_url=self.url, headers=named)

    def post(
        self, path: str, headers: dict[str, str] | None = None, **form: object
    ) -> TestResponse:
        """Send a form of a page, as its own page would; `None` leaves a field out."""
        told = {CSRF_FIELD: self.cookie(CSRF_COOKIE), **form}
        return self.client.post(
            path,
            base_url=self.url,
            data={name: value for name, value in told.items() if value is not None},
            headers={"Origin": self.url} | (headers or {}),
        )

    def call(self, body: object, **headers: str) -> TestResponse:
        """Ask for a callback, as Dash would."""
        brought = {"Origin": self.url, CSRF_HEADER: self.cookie(CSRF_COOKIE) or ""} | headers
        return self.client.post(CALLBACK, base_url=self.url, json=body, headers=brought)

    def cookie(self, name: str) -> str | None:
        host = self.url.partition("://")[2]
        found = self.client.get_cookie(name, host.partition(":")[0])
        return None if found is None else found.value

    def set_cookie(self, name: str, value: str) -> None:
        host = self.url.partition("://")[2]
        self.client.set_cookie(name, value, domain=host.partition(":")[0])

    def sign_in(self, name: str, password: str = PASSWORD, **form: object) -> TestResponse:
        """Open the page where one signs in, fill it in, and send it."""
        self.get("/login")
        return self.post(
            "/login", name=name, password=password, **{"code": self._people.code(name), **form}
        )

    def proof(self, name: str) -> dict[str, str]:
        """The fields by which a form proves who sends it, once time has passed for a new code."""
        self._people.wait(seconds=60)
        return {"proof_password": PASSWORD, "proof_code": self._people.code(name)}


def set_cookies(answer: TestResponse) -> dict[str, set[str]]:
    """What an answer lets a browser keep: of each cookie its attributes, in lower case."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        [name] = SimpleCookie(line)
        found[name] = {part.strip().lower() for part in line.split(";")[1:]}
    return found


@contextmanager
def serving(
    changes: FakeChanges, people: People, forget: Callable[[], None], **differently: object
) -> Iterator[dash.Dash]:
    """An application of the test's own, such as for another `site`."""
    forget()
    actions = actions_over(changes)
    yield create_app(changes.reader, actions, people.desk, people.office, **differently)
    forget()


TLS = Site(url="https://risk.example")
