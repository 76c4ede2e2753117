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

_GRID = Token("#222b36", "#e6ebf1")
_AXIS = Token("#3a4654", "#b4bfcc")
_SERIES: Mapping[Scheme, tuple[str, ...]] = {
    "dark": ("#6cb2ff", "#cf6394", "#91974f", "#dce2e9"),
    "light": ("#0f5cb8", "#d55894", "#7b9001", "#2d3138"),
}
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


def chosen_scheme(cookies: Mapping[str, str]) -> Scheme:
    """The scheme that this browser chose last; dark until it chose."""
    return "light" if cookies.get(SCHEME_COOKIE) == "light" else DEFAULT_SCHEME
