"""People who watch: each opens a page, asks for the pulse and has the page brought up to date.

They speak HTTP as the browser does, with the bodies that the renderer would send, taken from the
application itself: what a page registers for `live` is what its viewer asks for.
"""

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import brotli

from pages.cookies import CSRF_COOKIE, CSRF_HEADER

_LIVE = {"id": "live", "property": "data"}
_NAVIGATION = "sw-nav-link"
_ROUTER = "_pages_content.children"
_REQUEST_SECONDS = 30.0
#: Of the status line and the headers of an answer, which are not counted one by one.
_HEAD_BYTES = 800
#: As in the browser: two questions a cycle, not more often than every half second.
_LEAST_WAIT_SECONDS = 0.5

Props = dict[str, dict[str, Any]]


class Answer(NamedTuple):
    """What came back, and how long after the question."""

    status: int
    body: bytes
    wire_bytes: int
    seconds: float


class Line:
    """One connection that stays open, as a browser's does."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=_REQUEST_SECONDS)
        self._origin = f"http://{urlsplit(url).netloc}"
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a question; with `body`, by POST."""
        text = None if body is None else json.dumps(body)
        headers = {"Accept-Encoding": "br", "Cookie": self._brought()}
        if text is not None:
            headers |= {"Content-Type": "application/json", "Origin": self._origin}
            headers[CSRF_HEADER] = self._cookies.get(CSRF_COOKIE, "")
        begun = time.perf_counter()
        try:
            got = self._send(path, text, headers)
        except ConnectionError:
            # The server may close a line that was idle; a browser asks again on a new one.
            self._connection.close()
            got = self._send(path, text, headers)
        packed = got.read()
        self._remember(got)
        seconds = time.perf_counter() - begun
        # A 204 may be called compressed, too, though there is nothing in it.
        is_packed = packed and got.headers["Content-Encoding"] == "br"
        plain = brotli.decompress(packed) if is_packed else packed
        return Answer(got.status, plain, len(packed) + _HEAD_BYTES, seconds)

    def _send(self, path: str, text: str | None, headers: dict[str, str]) -> HTTPResponse:
        self._connection.request("GET" if text is None else "POST", path, text, headers)
        return self._connection.getresponse()

    def _brought(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def _remember(self, got: HTTPResponse) -> None:
        for told in got.headers.get_all("Set-Cookie") or ():
            self._cookies |= {name: found.value for name, found in SimpleCookie(told).items()}

    def ask_json(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer.

        Raises
        ------
        RuntimeError
            If it is not 200.
        """
        answer = self.ask(path, body)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.body[:200]!r}")
        return json.loads(answer.body)

    def close(self) -> None:
        self._connection.close()


# -- what the renderer knows --------------------------------------------------------------


def components(tree: Any) -> Iterator[dict[str, Any]]:
    """Every component in a layout, itself first."""
    if isinstance(tree, list):
        for part in tree:
            yield from components(part)
    elif isinstance(tree, dict) and "props" in tree:
        yield tree
        for value in tree["props"].values():
            if isinstance(value, (dict, list)):
                yield from components(value)


def props_of(tree: Any) -> Props:
    """Properties of the components that have a plain id."""
    found = (part["props"] for part in components(tree))
    return {props["id"]: dict(props) for props in found if isinstance(props.get("id"), str)}


def page_paths(url: str) -> list[str]:
    """Where the navigation leads, in its order.

    Raises
    ------
    RuntimeError
        If it leads nowhere.
    """
    line = Line(url)
    parts = [part["props"] for part in components(line.ask_json("/_dash-layout"))]
    line.close()
    links = [
        urlsplit(props["href"]).path
        for props in parts
        if "href" in props and _NAVIGATION in props.get("className", "")
    ]
    if not links:
        raise RuntimeError(f"the navigation of {url} leads nowhere")
    return list(dict.fromkeys(links))


def outputs_of(output: str) -> list[dict[str, str]]:
    """What a callback writes, from its name: ``a.b`` or ``..a.b...c.d..``."""
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    pairs = [name.split("@")[0].rpartition(".") for name in names]
    return [{"id": component, "property": prop} for component, _, prop in pairs]


def request_of(callback: Mapping[str, Any], props: Props) -> dict[str, Any]:
    """The body by which the renderer asks for `callback`, as the page stands."""
    outputs = outputs_of(callback["output"])
    return {
        "output": callback["output"],
        "outputs": outputs if callback["output"].startswith("..") else outputs[0],
        "inputs": [_with_value(given, props) for given in callback["inputs"]],
        "changedPropIds": [f"{given['id']}.{given['property']}" for given in callback["inputs"]],
        "state": [_with_value(given, props) for given in callback["state"]],
    }


def _with_value(given: Mapping[str, str], props: Props) -> dict[str, Any] | list[Any]:
    if given["id"].startswith("{"):
        return []  # Asked of all parts of a kind: a viewer that opens its page has none yet.
    value = props.get(given["id"], {}).get(given["property"])
    return {**given, "value": value}


def live_callbacks(
    dependencies: Sequence[Mapping[str, Any]], props: Props
) -> list[Mapping[str, Any]]:
    """The server's callbacks that a new cycle calls on a page with these components."""
    return [
        callback
        for callback in dependencies
        if callback["clientside_function"] is None
        and _LIVE in callback["inputs"]
        and all(written["id"] in props for written in outputs_of(callback["output"]))
    ]


# -- one viewer ---------------------------------------------------------------------------


class Sample(NamedTuple):
    """One answer: when it came (monotonic), how long it took, how much it weighed."""

    at: float
    seconds: float
    wire_bytes: int


@dataclass
class Log:
    """What a viewer saw.

    Attributes
    ----------
    pulses, updates : list of Sample
    missed : int
        Cycles that passed without being shown.
    failures : list of str
    """

    pulses: list[Sample] = field(default_factory=list)
    updates: list[Sample] = field(default_factory=list)
    missed: int = 0
    failures: list[str] = field(default_factory=list)


class Viewer:
    """Watches one page over one connection until told to stop.

    Parameters
    ----------
    url : str
    path : str
        Of the page, with or without a query.
    """

    def __init__(self, url: str, path: str) -> None:
        self.path = path
        self.log = Log()
        self._line = Line(url)
        self.props: Props = {}
        self._callbacks: list[Mapping[str, Any]] = []
        self._cycle: int | None = None
        self._wait = _LEAST_WAIT_SECONDS

    def open(self) -> None:
        """Load the page as a browser does.

        Raises
        ------
        RuntimeError
            If any part of it does not come, or nothing on it follows the cycles.
        """
        self._line.ask(self.path)
        layout = self._line.ask_json("/_dash-layout")
        dependencies = self._line.ask_json("/_dash-dependencies")
        self.props = props_of(layout)
        router = next(one for one in dependencies if _ROUTER in one["output"])
        self.props.update(self._place())
        self._apply(self._line.ask_json("/_dash-update-component", request_of(router, self.props)))
        self._callbacks = live_callbacks(dependencies, self.props)
        if not self._callbacks:
            raise RuntimeError(f"nothing on {self.path} follows the cycles")

    def _place(self) -> Props:
        where = urlsplit(self.path)
        search = f"?{where.query}" if where.query else ""
        return {"_pages_location": {"pathname": where.path, "search": search}}

    def watch(self, stop: threading.Event, *, first_wait: float) -> None:
        """Ask for the pulse again and again, and for the page whenever there is a new cycle."""
        wait = first_wait
        while not stop.wait(wait):
            try:
                self.look()
            except Exception as problem:  # noqa: BLE001 - told at the end, whatever it was
                self.log.failures.append(f"{self.path}: {type(problem).__name__}: {problem}")
            wait = self._wait * random.uniform(0.8, 1.2)
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def look(self) -> None:
        """Ask for the pulse, and have the page brought up to date if there is a new cycle.

        Raises
        ------
        RuntimeError
            If either is answered with a failure.
        """
        words = dict(parse_qsl(urlsplit(self.path).query))
        asked = {"book": words["book"]} if "book" in words else {}
        if self._cycle is not None:
            asked["after"] = str(self._cycle)
        pulse = self._line.ask(f"/live?{urlencode(asked)}")
        self.log.pulses.append(_sample(pulse))
        if pulse.status == 200:
            self._show(json.loads(pulse.body))
        elif pulse.status != 204:
            raise RuntimeError(f"/live answered {pulse.status}")

    def _show(self, news: Mapping[str, Any]) -> None:
        if self._cycle is not None:
            self.log.missed += news["cycle"] - self._cycle - 1
        self._cycle = news["cycle"]
        self._wait = max(news["cycle_seconds"] / 2.0, _LEAST_WAIT_SECONDS)
        self.props["live"]["data"] = {"cycle": self._cycle, "address": self.path}
        for callback in self._callbacks:
            self._bring_up_to_date(callback)

    def _bring_up_to_date(self, callback: Mapping[str, Any]) -> None:
        answer = self._line.ask("/_dash-update-component", request_of(callback, self.props))
        if answer.status not in (200, 204):
            raise RuntimeError(f"{callback['output']} answered {answer.status}")
        self.log.updates.append(_sample(answer))
        if answer.status == 200:
            self._apply(json.loads(answer.body))

    def _apply(self, answer: Mapping[str, Any]) -> None:
        """Take over what a callback wrote, as far as it is asked for again."""
        for written in (answer["response"], answer.get("sideUpdate", {})):
            for component, props in written.items():
                self.props.setdefault(component, {}).update(props)
                for value in props.values():
                    self.props.update(props_of(value))


def _sample(answer: Answer) -> Sample:
    return Sample(time.perf_counter(), answer.seconds, answer.wire_bytes)


def watch_together(viewers: Sequence[Viewer], *, seconds: float) -> None:
    """Let all of them watch for so long, each with its own beat."""
    beat = random.Random(len(viewers))
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=viewer.watch, args=(stop,), kwargs={"first_wait": beat.random()}, daemon=True
        )
        for viewer in viewers
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join(_REQUEST_SECONDS)
