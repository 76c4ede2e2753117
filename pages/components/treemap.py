"""A tree map drawn in HTML: areas are gross exposure, two levels deep, each tile a link.

There are two layouts in it, one for a wide screen and one for a narrow and tall one: the style
sheet chooses. Tiles keep their places in both. They are ordered by size class, then by name, laid
out from shares in whole points, and laid out anew only when a share has moved by more than a
point (`Steady`), so that prices that move a little do not make tiles dance. The numbers on them
are always new.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import squarify
from dash import html

from pages.components.basics import Component
from pages.components.links import inside_link
from pages.format import amount, percent


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One item of a tree map.

    Attributes
    ----------
    group, name : str
        Where it belongs (``trend``), and what it is (``BTC``).
    value : float
        Quote currency: above zero is long and drawn filled, below is short and drawn hollow.
        Its size is what counts for the area.
    href : str
        Where a click leads.
    chosen : bool
        Whether the address has chosen it.
    """

    group: str
    name: str
    value: float
    href: str
    chosen: bool = False


@dataclass(frozen=True)
class Box:
    """A rectangle in per cent of what it lies in."""

    left: float
    top: float
    width: float
    height: float

    def css(self, prefix: str) -> dict[str, str]:
        """As variables of CSS, whose names begin with `prefix`."""
        names = ("left", "top", "width", "height")
        return {f"--{prefix}-{name}": f"{getattr(self, name):.2f}%" for name in names}


@dataclass(frozen=True)
class Place:
    """Where something lies, on a wide screen and on a narrow one."""

    wide: Box
    narrow: Box

    @property
    def style(self) -> dict[str, str]:
        """Both, as variables of CSS."""
        return self.wide.css("wide") | self.narrow.css("narrow")


#: Of the whole map on a narrow screen, where it is half as high again (`assets/20-components.css`).
_NARROW_ASPECT = 0.8


class Steady:
    """Remembers the shares that tiles were laid out from, for all browsers of this process.

    Parameters
    ----------
    kept : int
        Layouts remembered at most.
    """

    def __init__(self, kept: int = 256) -> None:
        self._kept = kept
        self._points: OrderedDict[Hashable, dict[str, int]] = OrderedDict()
        self._lock = threading.Lock()

    def points(self, key: Hashable, shares: Mapping[str, float]) -> dict[str, int]:
        """Whole points of 100 to lay `shares` out from: the last ones, while they still fit."""
        with self._lock:
            last = self._points.pop(key, {})
            points = last if _still_fit(last, shares) else in_points(shares)
            self._points[key] = points
            while len(self._points) > self._kept:
                self._points.popitem(last=False)
        return points


def _still_fit(points: Mapping[str, int], shares: Mapping[str, float]) -> bool:
    if points.keys() != shares.keys():
        return False
    new = in_points(shares, decimals=6)
    return all(abs(new[name] - point) <= 1.0 for name, point in points.items())


def in_points(shares: Mapping[str, float], *, decimals: int = 0) -> dict[str, Any]:
    """Shares as points of 100, rounded, none below one: what is held must be seen."""
    total = math.fsum(shares.values())
    return {name: max(1, round(100.0 * s / total, decimals or None)) for name, s in shares.items()}


def treemap(
    component_id: str,
    tiles: Sequence[Tile],
    *,
    label: str,
    currency: str,
    steady: Steady | None = None,
    book: str = "",
    aspect: float = 2.2,
    height: int = 280,
    group_hrefs: Mapping[str, str] | None = None,
) -> html.Div:
    """Tiles in their groups, the large ones first.

    Parameters
    ----------
    component_id : str
    tiles : sequence of Tile
        Those without size are left out: there is nothing to draw.
    label : str
        What is split, and how: ``Gross exposure by strategy and asset``.
    currency : str
    steady : Steady, optional
        What keeps tiles in their places from cycle to cycle; without it each is laid out anew.
    book : str
        Whose places those are.
    aspect : float
        Width by height that the layout of a wide screen is made for.
    height : int
        Pixels on a wide screen; a narrow one gives it half as many again.
    group_hrefs : mapping of str to str, optional
        Where a click on a group's name leads.
    """
    drawn = [tile for tile in tiles if tile.value != 0.0]
    layout = _Layout(component_id, book, steady or Steady(), aspect)
    draw = _Drawing(currency, math.fsum(abs(tile.value) for tile in drawn), group_hrefs or {})
    groups = _grouped(drawn)
    places = layout.groups({name: _size(members) for name, members in groups.items()})
    parts = [_group(layout, draw, name, groups[name], where) for name, where in places.items()]
    return html.Div(
        html.Ul(parts, id=f"{component_id}-groups", className="sw-treemap-groups"),
        id=component_id,
        className="sw-treemap",
        style={"--sw-treemap-height": f"{height}px"},
        role="group",
        **{"aria-label": label},
    )


@dataclass(frozen=True)
class _Layout:
    """Where things lie in one tree map of one book."""

    base: str
    book: str
    steady: Steady
    aspect: float

    def groups(self, sizes: Mapping[str, float]) -> dict[str, Place]:
        points = self.steady.points((self.base, self.book), sizes) if sizes else {}
        return _places(points, self.aspect, _NARROW_ASPECT)

    def tiles(self, group: str, sizes: Mapping[str, float], within: Place) -> dict[str, Place]:
        points = self.steady.points((self.base, self.book, group), sizes)
        return _places(
            points,
            self.aspect * within.wide.width / within.wide.height,
            _NARROW_ASPECT * within.narrow.width / within.narrow.height,
        )


@dataclass(frozen=True)
class _Drawing:
    """What all tiles of one tree map are told in."""

    currency: str
    total: float
    group_hrefs: Mapping[str, str]

    def share(self, size: float, decimals: int) -> str:
        return percent(size / self.total, decimals)


def _places(points: Mapping[str, int], wide: float, narrow: float) -> dict[str, Place]:
    tall = place(points, narrow)
    return {name: Place(box, tall[name]) for name, box in place(points, wide).items()}


def place(points: Mapping[str, int], aspect: float) -> dict[str, Box]:
    """Where each name's rectangle lies, the largest size class first.

    Parameters
    ----------
    points : mapping of str to int
        Above zero; areas are in proportion to them.
    aspect : float
        Width by height of what they fill.

    Notes
    -----
    Within a size class (a factor of two) names keep their order. Squarified after Bruls,
    Huizing and van Wijk (2000), "Squarified treemaps".
    """
    if not points:
        return {}
    names = sorted(points, key=lambda name: (-points[name].bit_length(), name))
    width, depth = 100.0 * aspect, 100.0
    areas = squarify.normalize_sizes([points[name] for name in names], width, depth)
    rectangles: list[dict[str, float]] = squarify.squarify(areas, 0.0, 0.0, width, depth)
    return {
        name: Box(r["x"] / aspect, r["y"], r["dx"] / aspect, r["dy"])
        for name, r in zip(names, rectangles, strict=True)
    }


def _grouped(tiles: Sequence[Tile]) -> dict[str, list[Tile]]:
    groups: dict[str, list[Tile]] = {}
    for tile in tiles:
        groups.setdefault(tile.group, []).append(tile)
    return groups


def _size(tiles: Sequence[Tile]) -> float:
    return math.fsum(abs(tile.value) for tile in tiles)


def _group(
    layout: _Layout, draw: _Drawing, name: str, tiles: Sequence[Tile], where: Place
) -> html.Li:
    key = f"{layout.base}-{slug(name)}"
    by_name = {tile.name: tile for tile in tiles}
    places = layout.tiles(name, {tile.name: abs(tile.value) for tile in tiles}, where)
    drawn = [_tile(key, by_name[inner], spot, draw) for inner, spot in places.items()]
    href = draw.group_hrefs.get(name)
    share = draw.share(_size(tiles), 0)
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(inside_link(name, href) if href else name),
                    html.Span(share, id=f"{key}-share", className="sw-num"),
                ],
                className="sw-treemap-title",
                # What a group too narrow for its name is called.
                title=name,
            ),
            html.Ul(drawn, id=f"{key}-tiles", className="sw-treemap-tiles"),
        ],
        id=key,
        className="sw-treemap-group",
        style=where.style,
    )


def _tile(group_key: str, tile: Tile, where: Place, draw: _Drawing) -> html.Li:
    key = f"{group_key}-{slug(tile.name)}"
    side = "long" if tile.value > 0.0 else "short"
    value, share = amount(tile.value, signed=True), draw.share(abs(tile.value), 1)
    link = inside_link(
        [
            html.Span([html.Strong(tile.name), f" {side}"], className="sw-tile-name"),
            html.Span(value, id=f"{key}-value", className="sw-num sw-tile-value"),
            html.Span(share, id=f"{key}-part", className="sw-num sw-tile-share"),
        ],
        tile.href,
        class_name=f"sw-tile sw-tile-{side}",
        chosen=tile.chosen,
        id=f"{key}-link",
        # What a tile too small for words is called.
        title=f"{tile.name} {side}, {value} {draw.currency}, {share} of all, in {tile.group}",
    )
    return html.Li(link, id=key, style=where.style)


def slug(name: str) -> str:
    """`name` as part of an id; no two names share one."""
    return "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}-" for c in name)


def treemap_key() -> Component:
    """What filled and hollow mean."""
    return html.Div(
        [
            html.Span(className="sw-swatch sw-tile-long", **{"aria-hidden": "true"}),
            html.Span("long"),
            html.Span(className="sw-swatch sw-tile-short", **{"aria-hidden": "true"}),
            html.Span("short"),
        ],
        className="sw-key",
    )
