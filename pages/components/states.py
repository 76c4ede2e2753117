"""Trading states as people see them: a word, a shape, a colour, and what still works."""

from collections.abc import Mapping
from dataclasses import dataclass

from dash import html

from pages.components.basics import Component, figure, glyph
from pages.format import sentence
from risk.domain.state import Standing
from risk.domain.trading import TradingState


@dataclass(frozen=True)
class StateLook:
    """How a state is shown.

    Attributes
    ----------
    word : str
    shape : str
        Also the name of its colour.
    still_works : str
        One plain sentence.
    """

    word: str
    shape: str
    still_works: str


STATE_LOOKS: Mapping[TradingState, StateLook] = {
    TradingState.NORMAL: StateLook("NORMAL", "normal", "Everything works, within the limits."),
    TradingState.CAUTION: StateLook(
        "CAUTION", "caution", "A warning only: nothing is blocked, look at the cause."
    ),
    TradingState.THROTTLED: StateLook(
        "THROTTLED",
        "throttled",
        "New risk is scaled down. Still works: reductions, stops, cancels.",
    ),
    TradingState.REDUCE_ONLY: StateLook(
        "REDUCE ONLY", "reduce_only", "Entries paused. Still works: reductions, stops, cancels."
    ),
    TradingState.HALTED: StateLook(
        "HALTED", "halted", "Trading stopped. Still works: cancels, and emergency reductions."
    ),
}

#: A scope that re-opens step by step; its state says how far, and tightens at the next trouble.
PROBATION_LOOK = StateLook(
    "PROBATION",
    "probation",
    "Trading re-opens step by step. Still works: reductions, stops, cancels, and new risk at a "
    "part of its size.",
)

#: Shapes of the states in which nothing is blocked but by limits.
_BLOCKS_NOTHING = ("normal", "caution")

UNKNOWN_LOOK = StateLook(
    "UNKNOWN", "stale", "No state has been established: new risk is refused, reductions pass."
)


def look_of(state: TradingState | None) -> StateLook:
    """How to show `state`; a state that nobody established is shown as unknown."""
    return UNKNOWN_LOOK if state is None else STATE_LOOKS[state]


def look_of_standing(standing: Standing | None) -> StateLook:
    """How to show where a scope stands: what re-opens step by step has a word of its own."""
    if standing is None:
        return UNKNOWN_LOOK
    return PROBATION_LOOK if standing.probation else STATE_LOOKS[standing.state]


def state_badge(look: StateLook, component_id: str) -> html.Span:
    """Glyph and word on the state's tint."""
    return html.Span(
        [glyph(look.shape, state=look.shape), look.word],
        id=component_id,
        className="sw-badge",
        **{"data-state": look.shape},
    )


@dataclass(frozen=True)
class BannerCell:
    """One third of the state banner.

    Attributes
    ----------
    key : str
        Part of its components' ids.
    label : str
    figure, unit : str
        The large figure and the small words after it.
    lines : tuple of str
        Plain sentences; the first one stands out.
    help_mark : component or None
    """

    key: str
    label: str
    figure: str
    unit: str
    lines: tuple[str, ...]
    help_mark: Component | None = None


def state_banner(
    look: StateLook,
    *,
    heading: str,
    cause: str,
    cells: tuple[BannerCell, ...],
    sizing: str = "",
    binding: str = "",
    blocked: str = "",
    works: str = "",
    parts: Component | None = None,
) -> html.Section:
    """What a trader reads first: the state, why, what still works, and what matters next.

    Parameters
    ----------
    look : StateLook
    heading, cause : str
    cells : tuple of BannerCell
    sizing : str
        What new sizes are multiplied by, and why; a sentence, empty while they are whole.
    binding : str
        The limit that new risk meets first, and how far it is; a sentence.
    blocked : str
        What passes and what does not while hard limits are exceeded; empty while none is. A
        state that blocks nothing by itself tells it in place of what works.
    works : str
        What still works and until when, where more is known than the state alone says.
    parts : component, optional
        What is tighter than the book, in a sentence.
    """
    return html.Section(
        [
            _state_cell(
                works or _works(look, blocked), look, heading, cause, sizing, binding, parts
            ),
            *(_banner_cell(cell) for cell in cells),
        ],
        id="state-banner",
        className="sw-card sw-state-banner",
        **{"data-state": look.shape, "aria-label": "Trading state"},
    )


def _works(look: StateLook, blocked: str) -> str:
    """What still works: of a state that blocks nothing, what limits leave of that."""
    return blocked if blocked and look.shape in _BLOCKS_NOTHING else look.still_works


def _state_cell(
    works: str,
    look: StateLook,
    heading: str,
    cause: str,
    sizing: str,
    binding: str,
    parts: Component | None,
) -> html.Div:
    word = html.Div(
        [glyph(look.shape, state=look.shape), html.Span(look.word, id="state-word")],
        className="sw-state-word",
        **{"data-state": look.shape},
    )
    return html.Div(
        [
            html.Div(heading, id="state-heading", className="sw-label"),
            word,
            html.P(sentence(cause), id="state-cause", className="sw-lead"),
            *([] if parts is None else [parts]),
            html.P(f"{works} {sizing}".rstrip(), id="state-works", className="sw-dim"),
            *([html.P(binding, id="state-binding", className="sw-dim")] if binding else []),
        ],
        id="state-cell",
        className="sw-banner-cell",
    )


def _banner_cell(cell: BannerCell) -> html.Div:
    base = f"banner-{cell.key}"
    marks = [] if cell.help_mark is None else [cell.help_mark]
    lines = [
        html.P(line, id=f"{base}-line-{i}", className="sw-lead" if i == 0 else "sw-dim")
        for i, line in enumerate(cell.lines)
    ]
    return html.Div(
        [
            html.Div([cell.label, *marks], className="sw-label"),
            html.Div(
                [
                    figure(cell.figure, f"{base}-figure", class_name="sw-figure"),
                    html.Span(cell.unit, id=f"{base}-unit", className="sw-unit"),
                ],
                className="sw-figure-line",
            ),
            html.Div(lines, id=f"{base}-lines"),
        ],
        className="sw-banner-cell",
    )
