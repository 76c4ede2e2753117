"""The gallery shows every part, and no part breaks its own frame at any width or theme."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from dash.development.base_component import Component

from pages import components
from pages.components.toasts import toast_container
from pages.views import gallery
from pages.views.gallery import gallery_view
from tests.browser import until
from tests.pages.trees import parts

#: What the frame around every page shows already.
_OF_THE_FRAME = {toast_container}
#: Works on whole trees; draws nothing.
_NO_PARTS = {"deltas"}


def _public_functions() -> Iterator[Callable[..., Any]]:
    for found in pkgutil.iter_modules(components.__path__):
        if found.name in _NO_PARTS:
            continue
        module = importlib.import_module(f"pages.components.{found.name}")
        for name, thing in vars(module).items():
            function = inspect.unwrap(thing) if callable(thing) else None
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_"):
                yield function


def _draws(function: Callable[..., Any]) -> bool:
    """Whether it returns something to be seen; `Component` of the parts is Any."""
    hint = get_type_hints(function)["return"]
    kinds = get_args(hint) if get_origin(hint) in {list, UnionType} else (hint,)
    return any(
        kind is Any or (isinstance(kind, type) and issubclass(kind, Component)) for kind in kinds
    )


def test_every_function_of_the_parts_says_what_it_returns():
    assert [f for f in _public_functions() if "return" not in f.__annotations__] == []


def test_every_part_is_shown():
    used = {inspect.unwrap(thing) for thing in vars(gallery).values() if callable(thing)}
    missing = {f for f in _public_functions() if _draws(f)} - used - _OF_THE_FRAME

    assert {f"{f.__module__}.{f.__name__}" for f in missing} == set()


def test_no_two_parts_share_an_id():
    ids = [str(props["id"]) for props in parts(gallery_view()) if "id" in props]

    assert sorted(ids) == sorted(set(ids))


# Elements whose words do not fit: cut off, or over the edge of their card. What scrolls by
# itself, is hidden on purpose or is told in full elsewhere is no fault.
_CLIPPED = """
[...document.querySelectorAll('#gallery-view *')].filter(e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!box.width || !box.height || style.visibility === 'hidden') return false;
  if (e.closest('.sw-hidden, .sw-grid, .sw-tip, .sw-treemap-title')) return false;
  const card = e.closest('.sw-card')?.getBoundingClientRect();
  const scrolls = e.closest('.sw-table-box');
  const over = card && !scrolls && (box.right > card.right + 1 || box.left < card.left - 1);
  const holdsText = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const cut = holdsText && style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1;
  return over || cut;
}).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)
"""
_SMALL = """
[...document.querySelectorAll('body *')].filter(e => {
  const words = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const size = parseFloat(getComputedStyle(e).fontSize);
  if (e.closest('.ag-aria-description-container')) return false;
  return words && size > 0 && size < 11 && e.getBoundingClientRect().height > 0;
}).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)
"""


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_is_photographed_with_nothing_clipped_and_nothing_tiny(
    page, tmp_path: Path, scheme, width
):
    page.open("healthz", width=width, wait_for="body")
    page.driver.add_cookie({"name": "sw-scheme", "value": scheme})
    page.open("gallery", width=width, wait_for="#gallery-grid .sw-grid-name")
    height = page.run("document.documentElement.scrollHeight")
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    until(lambda: page.run("window.innerHeight") == height, "the window did not grow")

    page.driver.save_screenshot(str(tmp_path / f"gallery-{scheme}-{width}.png"))

    assert page.run("document.documentElement.dataset.mantineColorScheme") == scheme
    assert page.run(_CLIPPED.strip()) == []
    assert page.run(_SMALL.strip()) == []
    assert page.run("document.documentElement.scrollWidth") == width


def test_a_halt_stays_until_somebody_closes_it(page):
    page.open("gallery", wait_for="#gallery-show-toasts")
    page.click("#gallery-show-toasts")

    page.sees(".sw-toast-halted", "HALTED: book demo, daily loss")
    page.sees(".sw-toast-throttled", "Soft breach")
    page.click(".sw-toast-halted button[aria-label='Close this message']")
    until(
        lambda: page.run("document.querySelectorAll('.sw-toast-halted').length") == 0,
        "the message stayed",
    )
    assert page.problems() == []


def test_what_can_be_pressed_shows_focus(page):
    page.open("gallery", wait_for="#gallery-approve")
    page.run("document.querySelector('#gallery-approve').focus({focusVisible: true})")

    assert page.style("#gallery-approve", "outlineStyle") == "solid"
    assert page.style("#gallery-approve", "outlineWidth") == "2px"
