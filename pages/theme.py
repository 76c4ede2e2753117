"""The single source of colours, sizes and fonts.

Style sheets, the Mantine theme and the plotly templates are all rendered from here; a page
never writes a colour. Plotly cannot read CSS variables, hence two literal templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scheme = Literal["dark", "light"]
SCHEMES: tuple[Scheme, Scheme] = ("dark", "light")
DEFAULT_SCHEME: Scheme = "dark"
#: Written by the switch in the header, read wherever a scheme must be known before scripts run.
SCHEME_COOKIE = "sw-scheme"

FONT_FAMILY = (
    "Inter, -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', "
    "'Noto Sans', 'Liberation Sans', Arial, sans-serif"
)


@dataclass(frozen=True)
class Token:
    """One named colour in both schemes."""

    dark: str
    light: str

    def of(self, scheme: Scheme) -> str:
        """The colour in `scheme`."""
        return self.dark if scheme == "dark" else self.light


TOKENS: Mapping[str, Token] = {
    "canvas": Token("#0d1117", "#f3f5f8"),
    "surface": Token("#141a22", "#ffffff"),
    "raised": Token("#1b232d", "#f6f8fa"),
    "hover": Token("#212b37", "#e9eef4"),
    "border": Token("#29323e", "#d5dce5"),
    "control": Token("#6b7888", "#77849a"),
    "text": Token("#e8ecf1", "#10171f"),
    "text2": Token("#aeb9c7", "#445162"),
    "text3": Token("#8c99a9", "#586678"),
    "accent": Token("#6cb2ff", "#0f5cb8"),
    "accent-fill": Token("#2a6fc2", "#0f5cb8"),
    "on-accent": Token("#ffffff", "#ffffff"),
    "bar": Token("#7f8ea1", "#6f7d90"),
    "track": Token("#273140", "#edf1f5"),
    "selection": Token("#15273c", "#e4eefa"),
    # A state has a colour for words, one for shapes, and a tint for what lies behind both.
    "normal": Token("#3fcfbf", "#0a7265"),
    "normal-fill": Token("#3fcfbf", "#1f9488"),
    "normal-tint": Token("#12292a", "#e3f4f1"),
    "caution": Token("#f0e3a0", "#6e5d00"),
    "caution-fill": Token("#f0e3a0", "#6e5d00"),
    "caution-tint": Token("#2a2716", "#faf3d4"),
    "throttled": Token("#f59d2e", "#a34a00"),
    "throttled-fill": Token("#f59d2e", "#c9680a"),
    "throttled-tint": Token("#2f2213", "#fdeedd"),
    "reduce_only": Token("#b98af5", "#7a2fab"),
    "reduce_only-fill": Token("#b98af5", "#8a35bf"),
    "reduce_only-tint": Token("#251f33", "#f2eafb"),
    "halted": Token("#ff5c66", "#b3203c"),
    "halted-fill": Token("#ff5c66", "#ba2340"),
    "halted-tint": Token("#331a1c", "#fde8e8"),
    "stale": Token("#9fb0c6", "#4a5d78"),
    "stale-fill": Token("#9fb0c6", "#4a5d78"),
    "stale-tint": Token("#1b2431", "#e8edf4"),
}

#: What shapes a plot's states and bands are drawn in; also the stems of their tokens.
STATES = ("normal", "caution", "throttled", "reduce_only", "halted", "stale")

#: States whose shape is their own and whose colours are another one's.
_BORROWED = {"probation": "caution"}

_GRID = Token("#222b36", "#e6ebf1")
_AXIS = Token("#3a4654", "#b4bfcc")
_SERIES: Mapping[Scheme, tuple[str, ...]] = {
    "dark": ("#6cb2ff", "#cf6394", "#91974f", "#dce2e9"),
    "light": ("#0f5cb8", "#d55894", "#7b9001", "#2d3138"),
}
#: Beside the hue, so that no line is told by colour alone.
_DASHES = ("solid", "dash", "dot", "dashdot")
#: Areas that are told apart, and how far those of the second round go towards the text's colour.
_AREAS, _DEEPER = 7, 0.5
_CORRELATION: Mapping[Scheme, tuple[str, ...]] = {
    "dark": ("#8cc8ff", "#4a86c2", "#1b232d", "#a5643c", "#f3ad7c"),
    "light": ("#1a5aa8", "#85b0de", "#f6f8fa", "#e2a170", "#9c4208"),
}
_BLACK, _WHITE = "#000000", "#ffffff"
_SEA = ("#e4eefa #cfe2f8 #a9cdf5 #8cc0ff #6cb2ff #4a93e6 #2a6fc2 #0f5cb8 #0c4a95 #15273c").split()
_DARK = ("#e8ecf1 #aeb9c7 #8c99a9 #6b7888 #29323e #212b37 #141a22 #0d1117 #0a0e13 #07090c").split()
_GRAY = ("#f6f8fa #f3f5f8 #edf1f5 #e9eef4 #d5dce5 #77849a #586678 #445162 #2d3138 #10171f").split()


def css_variables() -> str:
    """The ``--sw-*`` blocks of both schemes, as the text of a style sheet."""
    blocks = "\n".join(_css_block(scheme) for scheme in SCHEMES)
    return f":root {{\n  --sw-font: {FONT_FAMILY};\n}}\n\n{blocks}"


def _css_block(scheme: Scheme) -> str:
    lines = (f"  --sw-{name}: {token.of(scheme)};" for name, token in TOKENS.items())
    body = "\n".join(lines)
    return f'[data-mantine-color-scheme="{scheme}"] {{\n  color-scheme: {scheme};\n{body}\n}}\n'


def mantine_theme() -> dict[str, Any]:
    """The theme object of `MantineProvider`."""
    return {
        "primaryColor": "sea",
        "primaryShade": {"light": 7, "dark": 6},
        "colors": {"sea": list(_SEA), "dark": list(_DARK), "gray": list(_GRAY)},
        "fontFamily": FONT_FAMILY,
        "headings": {"fontFamily": FONT_FAMILY},
        "fontSizes": {"xs": "11px", "sm": "12px", "md": "13px", "lg": "16px", "xl": "20px"},
        "lineHeights": {"xs": "16px", "sm": "16px", "md": "20px", "lg": "24px", "xl": "28px"},
        "radius": {"xs": "2px", "sm": "4px", "md": "6px", "lg": "8px", "xl": "32px"},
        "spacing": {"xs": "4px", "sm": "8px", "md": "16px", "lg": "24px", "xl": "32px"},
        "defaultRadius": "md",
        "focusRing": "auto",
        "respectReducedMotion": True,
    }


def plotly_template(scheme: Scheme, *, hues: int | None = None) -> dict[str, Any]:
    """The plotly template of `scheme`: transparent, no vertical grid, thin-space thousands.

    `hues` limits the colours: lines in panels of their own need no telling apart.
    """
    axis = {
        "automargin": True,
        "linecolor": _AXIS.of(scheme),
        "zerolinecolor": _AXIS.of(scheme),
        "gridcolor": _GRID.of(scheme),
        "tickcolor": _AXIS.of(scheme),
        "tickfont": {"color": TOKENS["text3"].of(scheme), "size": 11},
    }
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT_FAMILY, "size": 11, "color": TOKENS["text3"].of(scheme)},
            "colorway": list(_SERIES[scheme][:hues]),
            "separators": ".\N{NARROW NO-BREAK SPACE}",
            "xaxis": {**axis, "showgrid": False, "zeroline": False},
            "yaxis": {**axis, "showgrid": True, "zeroline": False},
            "showlegend": False,
            "annotationdefaults": {
                "showarrow": False,
                "font": {"size": 11, "color": TOKENS["text2"].of(scheme)},
            },
            "hoverlabel": {
                "bgcolor": TOKENS["raised"].of(scheme),
                "bordercolor": TOKENS["control"].of(scheme),
                "font": {"color": TOKENS["text"].of(scheme), "size": 11},
            },
        }
    }


def chart_layout(scheme: Scheme, *, hues: int | None = None, **more: Any) -> dict[str, Any]:
    """What every chart's layout begins with; `more` is added, and wins.

    Parameters
    ----------
    scheme : Scheme
    hues : int, optional
        Limits the template's colours.
    **more
        Parts of plotly's layout.
    """
    return {
        "template": plotly_template(scheme, hues=hues),
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "hovermode": "x unified",
        **more,
    }


def axis_title(text: str) -> dict[str, Any]:
    """A title that keeps clear of the labels and names the unit: ``Loss, k USD``."""
    return {"text": text, "standoff": 8, "font": {"size": 11}}


# -- series -------------------------------------------------------------------------------


def series_line(index: int, scheme: Scheme, *, width: float = 1.6) -> dict[str, Any]:
    """The `line` of the series with this index: hue and dash together are its own.

    Four hues are all that colour-blind eyes tell apart, so from the fifth series on a hue comes
    back with another dash. Sixteen are told apart; draw what is left as :func:`others_line`.
    """
    hues = _SERIES[scheme]
    if not 0 <= index < len(hues) * len(_DASHES):
        raise ValueError(f"sixteen series can be told apart, index {index} cannot")
    dash = _DASHES[(index + index // len(hues)) % len(_DASHES)]
    return {"color": hues[index % len(hues)], "dash": dash, "width": width}


def series_fill(index: int, scheme: Scheme) -> str:
    """The colour of the area or bar with this index: the four hues, then three of them deeper.

    Areas have no dash: separate them by a line in the surface's colour and name each one.
    Seven are told apart; draw what is left in :func:`others_fill`.
    """
    hues = _SERIES[scheme]
    if not 0 <= index < _AREAS:
        raise ValueError(f"seven areas can be told apart, index {index} cannot")
    hue = hues[index % len(hues)]
    return hue if index < len(hues) else mixed(hue, TOKENS["text"].of(scheme), _DEEPER)


def others_line(scheme: Scheme, *, width: float = 1.6) -> dict[str, Any]:
    """The `line` of everything that has no hue of its own."""
    return {"color": TOKENS["bar"].of(scheme), "dash": "solid", "width": width}


def others_fill(scheme: Scheme) -> str:
    """The area or bar of everything that has no hue of its own."""
    return TOKENS["bar"].of(scheme)


def mixed(one: str, other: str, share: float) -> str:
    """The colour `share` of the way from `one` to `other`, each as ``#rrggbb``."""
    channels = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


# -- correlation --------------------------------------------------------------------------


def correlation_scale(scheme: Scheme) -> list[list[float | str]]:
    """Plotly's `colorscale` from -1 to +1; draw it with ``zmin=-1, zmax=1``.

    Blue against orange, which every common colour blindness leaves apart; nothing is the
    colour of a quiet surface.
    """
    stops = _CORRELATION[scheme]
    return [[i / (len(stops) - 1), colour] for i, colour in enumerate(stops)]


def correlation_color(value: float, scheme: Scheme) -> str:
    """The scale's colour at a correlation between -1 and 1."""
    stops = _CORRELATION[scheme]
    place = (min(1.0, max(-1.0, value)) + 1.0) / 2.0 * (len(stops) - 1)
    below = min(int(place), len(stops) - 2)
    return mixed(stops[below], stops[below + 1], place - below)


def correlation_ink(value: float, scheme: Scheme) -> str:
    """Black or white, whichever reads better on the scale's colour at `value`."""
    return _ink_on(correlation_color(value, scheme))


def _ink_on(background: str) -> str:
    # The luminance at which black and white contrast alike (WCAG 2.2).
    return _BLACK if luminance(background) > 0.1791 else _WHITE


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` by WCAG 2.2, 0 to 1."""
    shares = [channel / 255.0 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# -- states in plots ----------------------------------------------------------------------


@dataclass(frozen=True)
class StateColors:
    """A state's colours in one scheme.

    Attributes
    ----------
    text, fill, tint : str
        For words and lines; for markers; for the band behind a period.
    """

    text: str
    fill: str
    tint: str


def state_colors(state: str, scheme: Scheme) -> StateColors:
    """Colours of a state for plotly, which cannot read CSS variables."""
    stem = _BORROWED.get(state, state)
    stems = (stem, f"{stem}-fill", f"{stem}-tint")
    return StateColors(*(TOKENS[stem].of(scheme) for stem in stems))


def state_band(state: str, start: Any, end: Any, scheme: Scheme) -> dict[str, Any]:
    """A plotly shape: the tint of `state` behind the time from `start` to `end`."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": state_colors(state, scheme).tint,
    }


def exception_marker(scheme: Scheme, *, hard: bool = True) -> dict[str, Any]:
    """The plotly `marker` of a loss beyond the forecast.

    A filled diamond beyond the outer level, a hollow ring beyond the inner one only: told
    apart without colour.
    """
    if hard:
        edge = {"width": 1, "color": TOKENS["surface"].of(scheme)}
        return {
            "symbol": "diamond",
            "size": 10,
            "color": state_colors("halted", scheme).fill,
            "line": edge,
        }
    ring = {"width": 1.5, "color": TOKENS["text2"].of(scheme)}
    return {"symbol": "circle", "size": 7, "color": TOKENS["surface"].of(scheme), "line": ring}


def limit_line(scheme: Scheme, *, hard: bool) -> dict[str, Any]:
    """The `line` of a limit: hard is thick and plain, soft thin and dashed."""
    if hard:
        return {"color": TOKENS["text"].of(scheme), "width": 2, "dash": "solid"}
    return {"color": TOKENS["text3"].of(scheme), "width": 1, "dash": "dash"}


def quiet_bars(scheme: Scheme) -> dict[str, Any]:
    """The `marker` of bars that only report, such as profit and loss: grey, whatever the sign."""
    return {"color": TOKENS["bar"].of(scheme), "line": {"width": 0}}


def chosen_scheme(cookies: Mapping[str, str]) -> Scheme:
    """The scheme that this browser chose last; dark until it chose."""
    return "light" if cookies.get(SCHEME_COOKIE) == "light" else DEFAULT_SCHEME
