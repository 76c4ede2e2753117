"""Why something was approved, shrunk or refused: every check, those that failed first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dash import html

from pages.components.basics import Component, glyph
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
    links : tuple of component
        The ways to what it was, after the words.
    """

    code: str
    outcome: Outcome
    words: str
    margin: str
    links: tuple[Component, ...] = ()


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
    looked_at = [reason for reason in ordered if reason.outcome != "skipped"]
    skipped = ordered[len(looked_at) :]
    return html.Div(
        [
            html.Div(
                [
                    state_badge(verdict.look, f"{component_id}-verdict"),
                    html.P([f"{verdict.about} ", html.Strong(verdict.passing)]),
                ],
                className="sw-verdict",
            ),
            _table(f"Checks of {verdict.about}", looked_at, f"{component_id}-rows"),
            *_folded(skipped, component_id),
            *([html.P(note, className="sw-note")] if note else []),
        ],
        id=component_id,
        className="sw-reasons",
    )


def _table(caption: str, reasons: Sequence[Reason], rows_id: str) -> html.Table:
    return html.Table(
        [
            html.Caption(caption, className="sw-hidden"),
            html.Thead(
                html.Tr([_head(t) for t in ("Check", "What it says", "Margin")]), hidden=True
            ),
            html.Tbody([_row(reason) for reason in reasons], id=rows_id),
        ],
        className="sw-reasons-table",
    )


def _folded(skipped: Sequence[Reason], component_id: str) -> list[html.Details]:
    """What was not looked at says nothing of the order: it must not push away what follows."""
    if not skipped:
        return []
    many = "1 check was" if len(skipped) == 1 else f"{len(skipped)} checks were"
    told = html.Summary(f"{many} not looked at: the answer was known before")
    table = _table("Checks that were not looked at", skipped, f"{component_id}-skipped")
    return [html.Details([told, table], className="sw-reasons-skipped")]


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
            html.Td([reason.words, *(part for link in reason.links for part in (" ", link))]),
            html.Td(reason.margin, className="sw-reason-margin"),
        ]
    )
