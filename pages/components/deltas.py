"""What changed between two component trees, as the fewest properties to send.

A screen is one pure function of its data. Live updates are the difference between the tree a
browser shows and the tree it should show, so no page keeps a second list of what moves.

A change is sent to the nearest component with an id: give ids to what changes.
"""

from collections.abc import Mapping
from typing import Any

Deltas = dict[str, dict[str, Any]]

_ABSENT = object()


class CannotExpress(Exception):
    """The change concerns nothing that has an id; somebody further up must send it."""


def deltas(before: Any, after: Any) -> Deltas:
    """Properties to set so that a browser showing `before` shows `after`.

    Parameters
    ----------
    before, after : component
        Two trees of the same screen; ids are unique in each.

    Returns
    -------
    mapping of id to mapping of property to value
        Empty if nothing changed.

    Raises
    ------
    CannotExpress
        If the roots differ and have no id, or not the same one.
    """
    return _between(_node(before), _node(after))


def _node(tree: Any) -> Any:
    return tree.to_plotly_json() if hasattr(tree, "to_plotly_json") else tree


def _between(before: Any, after: Any) -> Deltas:
    if not (_is_component(before) and _is_component(after)):
        if before == after:
            return {}
        raise CannotExpress
    if not _same_identity(before, after):
        raise CannotExpress
    return _of_component(before["props"], after["props"])


def _is_component(node: Any) -> bool:
    return isinstance(node, Mapping) and "namespace" in node


def _same_identity(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    same_kind = before["type"] == after["type"] and before["namespace"] == after["namespace"]
    return same_kind and before["props"].get("id") == after["props"].get("id")


def _of_component(before: Mapping[str, Any], after: Mapping[str, Any]) -> Deltas:
    own = _own_changes(before, after)
    try:
        found = _of_children(before.get("children"), after.get("children"))
    except CannotExpress:
        found = {}
        own["children"] = after.get("children")
    if not own:
        return found
    if "id" not in after:
        raise CannotExpress
    return {**found, after["id"]: own}


def _own_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = (before.keys() | after.keys()) - {"children"}
    return {
        name: after.get(name)
        for name in sorted(names)
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
    }


def _of_children(before: Any, after: Any) -> Deltas:
    old, new = _as_list(before), _as_list(after)
    if len(old) != len(new) or isinstance(before, list) != isinstance(after, list):
        raise CannotExpress
    found: Deltas = {}
    for was, now in zip(old, new, strict=True):
        found.update(_between(_node(was), _node(now)))
    return found


def _as_list(children: Any) -> list[Any]:
    return list(children) if isinstance(children, (list, tuple)) else [children]
