"""The gallery shows every part; `test_fit` holds that none breaks its frame."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from dash.development.base_component import Component

from pages import components
from pages.components.proof import proof_dialog
from pages.components.toasts import toast_container
from pages.views import gallery
from pages.views.gallery import gallery_view
from tests.browser import until
from tests.pages.trees import parts

#: What the frame around every page shows already.
_OF_THE_FRAME = {proof_dialog, toast_container}
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
