"""A list of what happened, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dash import html

from pages.components.basics import glyph


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened.

    Attributes
    ----------
    time : str
    shape : str
        Its glyph, which is also the name of its colour.
    fact, detail : str
        The bold words, and the rest of the sentence.
    at : datetime or None
        When, where entries of several lists are to be put in order.
    """

    time: str
    shape: str
    fact: str
    detail: str
    at: datetime | None = None


def timeline(entries: Sequence[TimelineEntry], component_id: str) -> html.Ol:
    """Time, glyph, bold fact, detail."""
    return html.Ol([_entry(entry) for entry in entries], id=component_id, className="sw-timeline")


def _entry(entry: TimelineEntry) -> html.Li:
    detail = f", {entry.detail}" if entry.detail else ""
    return html.Li(
        [
            html.Time(entry.time),
            glyph(entry.shape, state=entry.shape),
            html.P([html.Strong(entry.fact), detail]),
        ]
    )
