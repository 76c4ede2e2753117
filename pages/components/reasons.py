"""Why something was approved, shrunk or refused: every check, those that failed first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dash import html

from pages.components.basics import glyph
from pages.components.states import StateLook, state_badge

Outcome = Literal["failed", "shrunk", "warned", "passed", "skipped"]
_ORDER: tuple[Outcome, ...] = ("failed", "shrunk", "warned", "passed", "skipped")
_SHAPES = {
    "failed": "halted",
    "shrunk": "throttled",
    "warned": "caution",
    "passed": "normal",
    "skipped": "inside",
}


@dataclass(frozen=True)
class Reason:
    """One check.

    Attributes
    ----------
    code : str
        As agents see it.
    outcome : {"failed", "shrunk", "warned", "passed", "skipped"}
    words : str
        A sentence without its full stop.
    margin : str
        ``left 2.9``, ``over 11 s``, ``shrunk``, ``skipped``.
    """

    code: str
    outcome: Outcome
    words: str
    margin: str


@dataclass(frozen=True)
class Verdict:
    """What the checks came to.

    Attributes
    ----------
    look : StateLook
        Its word and shape.
    about : str
        What was asked for: ``trend-01 buy 1.800 BTC.``
    passing : str
        What passes now, a sentence.
    """

    look: StateLook
    about: str
    passing: str


APPROVED = StateLook("APPROVED", "normal", "")
RESIZED = StateLook("RESIZED", "throttled", "")
REJECTED = StateLook("REJECTED", "halted", "")


def reason_list(
    verdict: Verdict, reasons: Sequence[Reason], component_id: str, *, note: str = ""
) -> html.Div:
    """The verdict with the size that passes, then every check.

    Parameters
    ----------
    verdict : Verdict
    reasons : sequence of Reason
        In any order.
    component_id : str
    note : str
        What stands below: how many ran, and until when the answer holds.
    """
    ordered = sorted(reasons, key=lambda reason: _ORDER.index(reason.outcome))
    table = html.Table(
        [
            html.Caption(f"Checks of {verdict.about}", className="sw-hidden"),
            html.Thead(
                html.Tr([_head(t) for t in ("Check", "What it says", "Margin")]), hidden=True
            ),
            html.Tbody([_row(reason) for reason in ordered], id=f"{component_id}-rows"),
        ],
        className="sw-reasons-table",
    )
    return html.Div(
        [
            html.Div(
                [
                    state_badge(verdict.look, f"{component_id}-verdict"),
                    html.P([f"{verdict.about} ", html.Strong(verdict.passing)]),
                ],
                className="sw-verdict",
            ),
            table,
            *([html.P(note, className="sw-note")] if note else []),
        ],
        id=component_id,
        className="sw-reasons",
    )


def _head(text: str) -> html.Th:
    return html.Th(text, scope="col")


def _row(reason: Reason) -> html.Tr:
    shape = _SHAPES[reason.outcome]
    state = None if reason.outcome == "skipped" else shape
    return html.Tr(
        [
            html.Th(
                [
                    glyph(shape, state=state),
                    html.Span(f"{reason.outcome}: ", className="sw-hidden"),
                    reason.code,
                ],
                scope="row",
            ),
            html.Td(reason.words),
            html.Td(reason.margin, className="sw-reason-margin"),
        ]
    )
