"""What changed between two component trees, as the fewest properties to send.

A screen is one pure function of its data. Live updates are the difference between the tree a
browser shows and the tree it should show, so no page keeps a second list of what moves.

A change of what people choose is one too: any two trees of a screen have a difference.

A change is sent to the nearest component with an id: give ids to what changes. Of a grid's rows
only those are sent that changed.
"""

import json
from collections.abc import Mapping
from typing import Any

from dash.development.base_component import Component

from pages.components.grid import grid_delta

Deltas = dict[str, dict[str, Any]]

_ABSENT = object()
#: What every component knows about its kind, beside its properties.
_OF_DASH = frozenset({"available_properties", "available_wildcard_properties"})


class CannotExpress(Exception):
    """The change concerns nothing that has an id; somebody further up must send it."""


def plain(tree: Any) -> Any:
    """`tree` as nested dicts and lists, the way it travels: comparing those is quick."""
    if isinstance(tree, (list, tuple)):
        return [plain(part) for part in tree]
    if not isinstance(tree, Component):
        return tree
    # Dash's own way asks each component for every property that its kind may have.
    props = {name: value for name, value in vars(tree).items() if _is_property(name)}
    if props.get("children") is not None:
        props["children"] = plain(props["children"])
    return {"props": props, "type": tree._type, "namespace": tree._namespace}  # noqa: SLF001


def _is_property(name: str) -> bool:
    return not name.startswith("_") and name not in _OF_DASH


#: What holds so many parts, itself among them, is worth an id.
_WORTH_AN_ID = 3
_HTML = "dash_html_components"


def with_ids(tree: Any) -> Any:
    """`tree` with an id for each link, and for whatever holds several parts, that has none.

    Links carry the address: without ids of their own, any choice would send all that holds one.
    What is not a button is not asked how often it was pressed. The id says the place, from the
    nearest part that has one by itself: ``limits-detail~0-1``.

    Parameters
    ----------
    tree : plain tree
        Of which the parts are written to; its root has an id.
    """
    _give_ids(tree, "")
    return tree


def _give_ids(node: Any, place: str) -> int:
    """How many parts `node` has, itself among them; those below it get their ids."""
    if not _is_component(node):
        return 0
    props = node["props"]
    below = f"{name_of(props['id'])}~" if "id" in props else f"{place}-"
    children = props.get("children")
    parts = children if isinstance(children, list) else [children]
    count = 1 + sum(_give_ids(part, f"{below}{i}") for i, part in enumerate(parts))
    if node["namespace"] == _HTML:
        if "id" not in props and (count >= _WORTH_AN_ID or node["type"] == "A"):
            props["id"] = place
        if "id" in props and node["type"] != "Button":
            # Dash counts presses of whatever has an id, and draws all that a press went through.
            props["disable_n_clicks"] = True
    return count


def deltas(before: Any, after: Any) -> Deltas:
    """Properties to set so that a browser showing `before` shows `after`.

    Parameters
    ----------
    before, after : plain tree
        Two trees of the same screen, from :func:`plain`; ids are unique in each.

    Returns
    -------
    mapping of id to mapping of property to value
        Empty if nothing changed.

    Raises
    ------
    CannotExpress
        If the roots differ and have no id, or not the same one.
    """
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
    own = _with_rows_as_transaction(before, after, _own_changes(before, after))
    try:
        found = _of_children(before.get("children"), after.get("children"))
    except CannotExpress:
        found = {}
        own["children"] = after.get("children")
    if not own:
        return found
    if "id" not in after:
        raise CannotExpress
    return {**found, name_of(after["id"]): own}


def name_of(component_id: str | Mapping[str, Any]) -> str:
    """An id as text, also one that tells its part by several words."""
    if isinstance(component_id, str):
        return component_id
    return json.dumps(component_id, sort_keys=True, separators=(",", ":"))


def _own_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = (before.keys() | after.keys()) - {"children"}
    return {
        name: after.get(name)
        for name in sorted(names)
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
    }


def _with_rows_as_transaction(
    before: Mapping[str, Any], after: Mapping[str, Any], own: dict[str, Any]
) -> dict[str, Any]:
    """`own` with the changed rows of a grid in place of all its rows."""
    if "rowData" not in own or before.get("getRowId") != after.get("getRowId"):
        return own
    row_id = str(after["getRowId"]).rpartition(".")[2]
    changed = grid_delta(before["rowData"], own.pop("rowData"), row_id=row_id)
    # A mere change of order is no change: the grid sorts for itself.
    return own if changed is None else {**own, "rowTransaction": changed}


def _of_children(before: Any, after: Any) -> Deltas:
    if not (isinstance(before, list) and isinstance(after, list)):
        return deltas(before, after)
    if len(before) != len(after):
        raise CannotExpress
    found: Deltas = {}
    for was, now in zip(before, after, strict=True):
        found.update(deltas(was, now))
    return found
