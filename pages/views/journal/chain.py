"""How far the journal is known to be as it was written: nothing that nobody looked at."""

from datetime import datetime, timedelta

from dash import html

from pages.components.basics import Component, card, glyph, help_mark
from pages.components.notices import page_banner
from pages.context import ChainView
from pages.format import Zone, number, sentence
from pages.views.journal.address import ABOVE_ENTRY
from pages.views.journal.reading import JournalData
from pages.views.journal.telling import stream_words
from pages.views.limits.writing import duration

_NBSP = "\N{NO-BREAK SPACE}"
#: A chain is followed every 5 s while somebody asks: what was looked at longer ago is no news of
#: now.
_OLD = timedelta(minutes=5)


def chain_card(data: JournalData) -> html.Section:
    """A line for each stream: up to which entry its chain holds, and what is signed of it."""
    lines = [_line(view, data.query.zone, data.wall) for view in data.chains]
    return card(
        [html.Div(lines, id="journal-chains"), help_mark("journal_chain")],
        label="Chain of the journal",
        class_name="sw-journal-chain",
        id=ABOVE_ENTRY,
    )


def chain_banners(data: JournalData) -> list[Component]:
    """A warning for each stream that is not as it was written."""
    return [
        page_banner(
            f"The journal of {stream_words(view.stream)} does not hold.",
            f"{sentence(view.broken)}. `seawall journal verify` looks at all of it.",
            state="halted",
        )
        for view in data.chains
        if view.broken is not None
    ]


def _line(view: ChainView, zone: Zone, now: datetime) -> html.P:
    shape, told = _told(view, zone, now)
    return html.P([glyph(shape, state=shape), html.Span(told)])


def _told(view: ChainView, zone: Zone, now: datetime) -> tuple[str, list[Component]]:
    whose = f"Chain of {stream_words(view.stream)}"
    if view.broken is not None:
        return "halted", [html.Strong(f"{whose} is broken"), f" after entry {number(view.entries)}"]
    if view.checked is None:
        return "stale", [html.Strong(f"{whose} is being followed"), _so_far(view)]
    checked = f", checked {zone.date_and_clock(view.checked, now=now)}"
    if not view.entries:
        return "info", [html.Strong(f"{whose} is empty"), checked]
    old = now - view.checked
    if old > _OLD:
        held = html.Strong(f"{whose} held up to entry{_NBSP}{number(view.entries)}")
        ago = f", {duration(old)} ago: what was written or changed since then was not looked at; "
        return "stale", [held, checked, f"{ago}{_signed(view, zone, now)}"]
    holds = html.Strong(f"{whose} holds up to entry{_NBSP}{number(view.entries)}")
    return "normal", [holds, f"{checked}; {_signed(view, zone, now)}"]


def _so_far(view: ChainView) -> str:
    if not view.length:
        return ": nothing is claimed yet"
    return f": {number(view.entries)} of {number(view.length)} entries so far"


def _signed(view: ChainView, zone: Zone, now: datetime) -> str:
    if view.signed is None:
        return view.unsigned or "its checkpoints were not looked at yet"
    when = zone.date_and_clock(view.signed.at, now=now)
    return f"last checkpoint at entry{_NBSP}{number(view.signed.seq)}, signed {when}"
