"""Why numbers on a screen may be wrong, in one line over them."""

from collections.abc import Sequence

from pages.components.basics import Component
from pages.components.notices import page_banner
from pages.format import sentence
from risk.domain.assessment import Doubt


def doubt_banners(doubts: Sequence[Doubt]) -> list[Component]:
    """The first doubt in full and the rest by name: one line, however bad the data."""
    if not doubts:
        return []
    first, *others = doubts
    named = sorted({doubt.asset or "the book" for doubt in others})
    more = f" {len(others)} more: {', '.join(named)}." if others else ""
    about = first.asset or "The book"
    strong = f"{about}: {first.kind.replace('_', ' ')}."
    detail = sentence(first.detail).rstrip(".")
    return [page_banner(strong, f"{detail}.{more}", state="stale")]
