"""Every chart can be drawn by the slim drawing bundle."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dash
import pytest

from pages.access import set_actor
from tests.fakes_actions import VIEWER
from tests.pages.trees import parts
from tools.fetch_plotly import BUNDLE

FIGURES = Path(__file__).parents[2] / "pages" / "figures"

#: What `plotly.js-cartesian-dist-min` draws; no tree map, no sankey, nothing on a map or in 3D.
SLIM = {"bar", "box", "contour", "heatmap", "histogram", "image", "pie", "scatter", "violin"}
AXES = {"-", "category", "date", "linear", "log"}
SHAPES = {"circle", "line", "path", "rect"}


def _types_named_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        for key, value in pairs:
            if isinstance(key, ast.Constant) and key.value == "type":
                assert isinstance(value, ast.Constant), ast.unparse(node)
                yield value.value


@pytest.mark.parametrize("path", sorted(FIGURES.rglob("*.py")), ids=lambda path: path.stem)
def test_a_figure_names_only_what_the_slim_bundle_draws(path: Path):
    assert set(_types_named_in(path.read_text(encoding="utf-8"))) <= SLIM | AXES | SHAPES


def test_the_charts_of_every_page_are_of_these_types(dashboard):
    drawn = set()
    for page in dash.page_registry.values():
        with dashboard.server.test_request_context(page["path"]):
            set_actor(VIEWER)
            tree = page["layout"]() if callable(page["layout"]) else page["layout"]
        for props in parts(tree):
            figure = props.get("figure")
            drawn |= {trace["type"] for trace in figure["data"]} if figure else set()

    assert drawn
    assert drawn <= SLIM


@pytest.mark.skipif(not BUNDLE.exists(), reason="the slim bundle is not installed")
def test_the_installed_bundle_draws_them():
    known = re.findall(r'moduleType:"trace",name:"(\w+)"', BUNDLE.read_text(encoding="utf-8"))

    assert set(known) >= SLIM
