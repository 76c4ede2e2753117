"""Every shape that the screens use, in one place.

A shape is drawn on a 16 x 16 grid and becomes a CSS mask, so that its colour is the text's
and follows state and scheme. A shape never stands without a word.
"""

from collections.abc import Mapping
from urllib.parse import quote

_CIRCLE = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z"
_DIAMOND = "M8 .4 15.6 8 8 15.6.4 8z"
_TRIANGLE = "M8 .9 15.8 14.9H.2z"
_SQUARE = "M2.5 1.5h11a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1z"
_OCTAGON = "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"
_EXCLAMATION = "M8 4.2v4.6M8 11.2v.4"
_EXCLAMATION_LOW = "M8 5.6v4.6M8 12.2v.4"


def _cut(shape: str, mark: str, width: float = 1.8) -> str:
    """A filled `shape` with `mark` cut out of it."""
    return (
        '<mask id="m"><rect width="16" height="16" fill="#fff"/>'
        f'<path d="{mark}" stroke="#000" stroke-width="{width}" fill="none" '
        'stroke-linecap="round" stroke-linejoin="round"/></mask>'
        f'<path d="{shape}" mask="url(#m)"/>'
    )


def line(path: str, width: float = 1.4) -> str:
    """An outline drawing: `path` in SVG's path language, without a fill."""
    return (
        f'<path d="{path}" fill="none" stroke="#000" stroke-width="{width}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


_DASHED_CLOCK = (
    '<circle cx="8" cy="8" r="6.4" fill="none" stroke="#000" stroke-width="1.5" '
    'stroke-dasharray="2.6 1.5"/>' + line("M8 4.6V8l2.2 1.6", 1.5)
)
_RING = "M8 1.7a6.3 6.3 0 1 0 0 12.6A6.3 6.3 0 0 0 8 1.7z"
_PIE = line(_RING, 1.5) + '<path d="M8 8V2a6 6 0 0 1 6 6z"/>'

SHAPES: Mapping[str, str] = {
    "normal": _cut(_CIRCLE, "M5 8.2 7.2 10.4 11 6"),
    "caution": _cut(_DIAMOND, _EXCLAMATION),
    "throttled": _cut(_TRIANGLE, _EXCLAMATION_LOW),
    "reduce_only": _cut(_SQUARE, "M6.2 5v6M9.8 5v6", 2.0),
    "halted": _cut(_OCTAGON, "M4.8 8h6.4", 2.4),
    "stale": _DASHED_CLOCK,
    "probation": _PIE,
    "info": line(f"{_RING}M8 7.4v3.6M8 4.9v.2"),
    "help": line(
        f"{_RING}M6.2 6.5a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.4v.1",
        1.3,
    ),
    "empty": line("M2 9.5 4 3h8l2 6.5V13H2zM2 9.5h3.6l.8 1.6h3.2l.8-1.6H14"),
    "seawall": (
        '<path d="M1 2h6v3H1zM9 2h6v3H9zM1 6.5h2.6v3H1zM5.2 6.5h9.8v3H5.2z'
        'M1 11h8v3H1zM10.6 11H15v3h-4.4z"/>'
    ),
    "cockpit": line("M3.4 13a6.3 6.3 0 1 1 9.2 0zM8 9.5 10.6 6M8 10.3v.1"),
    "journal": line("M4 1.8h8.5v12.4H4zM4 4.6H2.4M4 8H2.4M4 11.4H2.4M6.6 5.2h3.6M6.6 8h3.6"),
    "page": line("M3.5 1.8h6l3 3v9.4h-9zM6 7.5h4M6 10.3h4"),
    "pause": line("M5.5 3.5v9M10.5 3.5v9", 1.8),
    "play": '<path d="M4.5 2.8v10.4L13 8z"/>',
    "refresh": line("M13.3 8A5.3 5.3 0 1 1 11.6 4.1M13.3 1.8v2.9h-2.9"),
    "scheme": line("M13.6 9.6A6 6 0 1 1 6.4 2.4 4.7 4.7 0 0 0 13.6 9.6z"),
    "tick": line("M3 8.6 6.4 12 13 4.6", 1.6),
    "breakers": line("M8 1.6 13.4 3.6v4.2c0 3.2-2.2 5.4-5.4 6.6-3.2-1.2-5.4-3.4-5.4-6.6V3.6z"),
    "person": line(
        "M8 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM2.5 14c.6-2.8 2.7-4.2 5.5-4.2s4.9 1.4 5.5 4.2"
    ),
    "remove": line("M4.5 4.5l7 7M11.5 4.5l-7 7", 1.6),
    "download": line("M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11"),
    "search": line("M7 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zM10.6 10.6 14 14"),
    "inside": line("M8 1.7a6.3 6.3 0 1 0 0 12.6A6.3 6.3 0 0 0 8 1.7z", 1.6),
    "lock": line("M3.5 7h9v7h-9zM5.2 7V5a2.8 2.8 0 0 1 5.6 0v2M8 10v1.4"),
    "exposure": line("M2 2h12v12H2zM8.6 2v12M8.6 7.4H14M2 9.6h6.6"),
    "correlation": line("M5.6 2v12M10.4 2v12M2 5.6h12M2 10.4h12"),
    "var": line("M2 2v12h12M4.5 11c2-6 3-7 4-4s2 1.5 5-3"),
    "health": line("M1.5 8.5H5l1.8-5 2.6 9 1.8-4h3.3"),
    "limits": line(
        "M2 4h5M11 4h3M9 2.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z"
        "M2 11.5h2M8 11.5h6M6 9.7a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z"
    ),
    "orders": line("M2 4.5h8.5M8 2l2.5 2.5L8 7M14 11.5H5.5M8 9l-2.5 2.5L8 14"),
    "range": line(f"{_RING}M8 4.4V8l2.4 1.6"),
    "down": line("M4.5 6.5 8 10l3.5-3.5"),
    "changes": line("M3 2h7l3 3v9H3zM5.5 8h5M8 5.5v5M5.5 12h5"),
    "loosens": line("M8 13.5v-10M3.8 7.2 8 3l4.2 4.2", 1.8),
    "tightens": line("M8 2.5v10M3.8 8.8 8 13l4.2-4.2", 1.8),
    "words": line("M2.5 4h11M2.5 8h11M2.5 12h6.5", 1.6),
    "more": (
        '<circle cx="8" cy="3" r="1.4"/><circle cx="8" cy="8" r="1.4"/>'
        '<circle cx="8" cy="13" r="1.4"/>'
    ),
}


def mask(drawing: str, *, view_box: str = "0 0 16 16", stretch: bool = False) -> str:
    """A CSS ``url()`` of `drawing` for use as a mask image."""
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}"{ratio}>{drawing}</svg>'
    return f'url("data:image/svg+xml,{quote(svg, safe=_SAFE)}")'


# Quotes and angle brackets must be escaped inside url("…"), the rest stays readable.
_SAFE = " =:/;,.()'-+"


def css_shapes() -> str:
    """One rule a shape, as the text of a style sheet."""
    return "\n".join(
        f'.sw-glyph[data-glyph="{name}"] {{ --sw-shape: {mask(drawing)}; }}'
        for name, drawing in SHAPES.items()
    )
