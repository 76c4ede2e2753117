"""Looking into a component tree without a browser."""

from collections.abc import Iterator
from typing import Any

from pages.components.deltas import plain


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, list):
        for part in tree:
            yield from _parts(part)
    elif isinstance(tree, dict) and "props" in tree:
        yield tree["props"]
        yield from _parts(tree["props"].get("children"))


def parts(tree: Any) -> list[dict[str, Any]]:
    """The properties of every component of `tree`, outermost first."""
    return list(_parts(plain(tree)))


def part(tree: Any, component_id: str) -> dict[str, Any]:
    """The properties of the component called `component_id`."""
    found = [props for props in parts(tree) if props.get("id") == component_id]
    assert len(found) == 1, f"{component_id} occurs {len(found)} times"
    return found[0]


def words(tree: Any) -> str:
    """All text of `tree`, in reading order, with plain spaces."""
    return " ".join(_texts(plain(tree))).replace("\u00a0", " ").replace("\u202f", " ")


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, list):
        for inner in tree:
            yield from _texts(inner)
    elif isinstance(tree, dict):
        yield from _texts(tree.get("props", {}).get("children"))
    elif tree is not None:
        yield str(tree).strip()
