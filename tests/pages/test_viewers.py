"""The simulated viewers of the benchmark do what a browser does."""

from collections.abc import Iterator
from http.client import RemoteDisconnected

import dash
import pytest

from benchmarks.demo import Demo, wait_for_cycle
from benchmarks.load_web import measure
from benchmarks.viewers import (
    Line,
    Viewer,
    live_callbacks,
    outputs_of,
    page_paths,
    props_of,
    request_of,
)


@pytest.fixture
def viewer(url) -> Iterator[Viewer]:
    found = Viewer(url, "/")
    yield found
    found.close()


def test_a_callback_writes_what_its_name_says():
    assert outputs_of("a-shown.data") == [{"id": "a-shown", "property": "data"}]
    assert outputs_of("..a.x...b.y@5f..") == [
        {"id": "a", "property": "x"},
        {"id": "b", "property": "y"},
    ]


def test_a_callback_is_asked_for_with_the_values_of_the_page():
    callback = {
        "output": "a-shown.data",
        "inputs": [{"id": "live", "property": "data"}],
        "state": [{"id": "a-shown", "property": "data"}],
    }
    body = request_of(callback, {"live": {"data": {"cycle": 7}}, "a-shown": {"data": [6]}})

    assert body["outputs"] == {"id": "a-shown", "property": "data"}
    assert body["inputs"] == [{"id": "live", "property": "data", "value": {"cycle": 7}}]
    assert body["changedPropIds"] == ["live.data"]
    assert body["state"] == [{"id": "a-shown", "property": "data", "value": [6]}]


def test_only_the_callbacks_of_the_page_itself_are_called():
    def callback(output: str, cause: str, browser: object = None) -> dict[str, object]:
        inputs = [{"id": cause, "property": "data"}]
        return {"output": output, "inputs": inputs, "clientside_function": browser}

    ours = callback("a-shown.data", "live")
    others = [
        callback("b-shown.data", "live"),
        callback("a-shown.data", "click"),
        callback("a-shown.data", "live", browser={"namespace": "x"}),
    ]

    assert live_callbacks([*others, ours], {"a-shown": {}, "live": {}}) == [ours]


def test_components_are_found_wherever_they_stand():
    inner = {"type": "Div", "props": {"id": "in"}}
    tree = {"type": "Div", "props": {"id": "out", "children": ["text", [inner]], "icon": inner}}

    assert set(props_of(tree)) == {"out", "in"}


def test_the_pages_are_those_of_the_navigation(url):
    listed = [page["path"] for page in dash.page_registry.values() if page.get("order")]

    assert page_paths(url) == listed


def test_a_viewer_follows_any_page(url, reader):
    for path in page_paths(url):
        viewer = Viewer(url, path)
        viewer.open()
        for _ in range(3):
            reader.advance()
            viewer.look()
        viewer.close()

        assert len(viewer.log.pulses) == len(viewer.log.updates) == 3, path
        assert viewer.log.missed == 0


def test_what_a_page_said_is_asked_with_the_next_time(viewer, reader):
    viewer.open()
    number = reader.advance()
    viewer.look()

    assert viewer.props["cockpit-view"]["data-cycle"] == str(number)


def test_no_news_is_no_update(viewer, reader):
    viewer.open()
    reader.advance()
    viewer.look()
    viewer.look()

    assert (len(viewer.log.pulses), len(viewer.log.updates)) == (2, 1)


def test_a_line_that_was_closed_while_idle_is_opened_again(url, monkeypatch):
    line, send, sent = Line(url), Line._send, []

    def closed_at_first(self, *words):
        sent.append(words)
        if len(sent) == 1:
            raise RemoteDisconnected
        return send(self, *words)

    monkeypatch.setattr(Line, "_send", closed_at_first)

    assert line.ask("/healthz").status == 200
    assert len(sent) == 2
    line.close()


def test_cycles_that_nobody_saw_are_counted(viewer, reader):
    viewer.open()
    viewer.look()
    for _ in range(3):
        reader.advance()
    viewer.look()

    assert viewer.log.missed == 2


def test_a_store_that_does_not_answer_ends_the_measurement_with_its_words(reader, viewer):
    viewer.open()
    reader.failing = True

    with pytest.raises(RuntimeError, match="/live answered 503"):
        viewer.look()


def test_a_page_that_is_not_there_cannot_be_watched(url):
    viewer = Viewer(url, "/nowhere")

    with pytest.raises(RuntimeError, match="nothing on /nowhere follows the cycles"):
        viewer.open()
    viewer.close()


def test_the_table_has_a_line_for_pulses_updates_and_each_page(url):
    wait_for_cycle(url)
    paths = page_paths(url)
    rows = measure(Demo(url, None), viewers=len(paths), seconds=1.5)

    assert [row[1].strip() for row in rows] == ["pulses", "updates", *paths]
    assert all(int(row[2]) > 0 for row in rows)
