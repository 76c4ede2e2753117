"""The Journal page as components: how far it holds, one entry, the story."""

from datetime import timedelta

from dash import html

from pages.components.basics import Component
from pages.components.notices import page_banner
from pages.views.journal.address import BEFORE, before
from pages.views.journal.chain import chain_banners, chain_card
from pages.views.journal.entry import entry_parts
from pages.views.journal.reading import JournalData
from pages.views.journal.story import story_card
from pages.views.latches import latch_banners

#: Clocks that differ by less are the same to people.
_APART = timedelta(minutes=10)


def journal_view(data: JournalData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    return [
        html.Div(_notices(data), id="journal-notices", className="sw-notices"),
        chain_card(data),
        html.Div(entry_parts(data), id="journal-chosen", className="sw-contents"),
        story_card(data),
    ]


def _notices(data: JournalData) -> list[Component]:
    return [
        *chain_banners(data),
        *latch_banners(data.cycle.state, data.query, now=data.cycle.assessment.at),
        *_two_clocks(data),
        *_not_understood(data),
    ]


def _two_clocks(data: JournalData) -> list[Component]:
    # Both of the cycle: while no engine runs, only one of them goes on.
    wall, zone = data.cycle.pulse.saved, data.query.zone
    if abs(data.now - wall) < _APART:
        return []
    market = zone.date_and_clock(data.now, now=wall)
    told = (
        f"The book's entries tell the market's time, {market} now; those of people the wall's, "
        f"{zone.stamp(wall)}."
    )
    return [page_banner("Two clocks.", told, state="info")]


def _not_understood(data: JournalData) -> list[Component]:
    said = data.query.choice(BEFORE.name)
    if not said or before(data.query) is not None:
        return []
    told = f"{said[:40]!r} is no place in the journal; the newest entries are shown."
    return [page_banner("Address not understood.", told, state="info")]
