"""The Breakers page as components: board, one breaker at length, its override, history."""

from dash import html

from pages.components.basics import Component
from pages.components.notices import empty_state, page_banner
from pages.views.breakers.address import BREAKER, EPISODE
from pages.views.breakers.before import before_card
from pages.views.breakers.board import board_card
from pages.views.breakers.card.view import chosen_card
from pages.views.breakers.history import history_card, timeline_card
from pages.views.breakers.reading import BreakersData
from pages.views.latches import latch_banners
from pages.views.limits.writing import duration
from pages.views.overrides.panel import override_card
from pages.views.overrides.reviews import DUE, reviews_card


def breakers_view(data: BreakersData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    notices = html.Div(_notices(data), id="breakers-notices", className="sw-notices")
    due = html.Div(id=DUE, className="sw-notices")
    past = [timeline_card(data), history_card(data)]
    if data.chosen is None:
        return [notices, due, _no_breakers(data), board_card(data), *past]
    side = html.Div([override_card(data), before_card(data)], className="sw-breakers-side")
    card = chosen_card(data, data.chosen)
    return [notices, due, board_card(data), card, side, reviews_card(data), *past]


def _no_breakers(data: BreakersData) -> Component:
    if data.state.policy is None:
        return empty_state(
            "No policy yet: every order is refused",
            f"Nobody has said what {data.book.name} may trade, so nothing passes but what only "
            "reduces. Write limits and breakers into a file and adopt it with “seawall policy "
            "import FILE”.",
        )
    return empty_state(
        "No breakers: nothing stops trading by itself",
        f"The policy of {data.book.name} has limits, which refuse orders, but no circuit breaker. "
        "A storm, a loss streak or bad data stops nobody until a person does: “seawall halt”. "
        "Write [[breakers]] into the policy's file and adopt it with “seawall policy import "
        "FILE”; they appear here with the engine's next cycle.",
    )


def _notices(data: BreakersData) -> list[Component]:
    latches = latch_banners(data.state, data.query, now=data.cycle.assessment.at)
    return [*latches, *_asking(data), *_not_understood(data)]


def _asking(data: BreakersData) -> list[Component]:
    """Trips that have outlived the time after which a person must look."""
    asking = [r for r in data.rows if r.episode is not None and r.episode.asked_at is not None]
    told = []
    for row in asking[:1]:
        assert row.episode is not None, "only trips ask"
        lasts = duration(data.now - row.episode.tripped_at)
        others = f" {len(asking) - 1} more ask too." if len(asking) > 1 else ""
        rest = f"It tripped {lasts} ago and is not over: look at its cause.{others}"
        told.append(page_banner(f"{row.name} asks for a person.", rest, state="halted"))
    return told


def _not_understood(data: BreakersData) -> list[Component]:
    breaker, episode = (data.query.choice(word.name) for word in (BREAKER, EPISODE))
    story = None if data.chosen is None else data.chosen.story
    if episode and (story is None or story.episode.id != episode):
        told = f"No trip {episode[:40]!r} is kept of this book."
        return [page_banner("Address not understood.", told, state="info")]
    if breaker and not episode and all(row.name != breaker for row in data.rows):
        told = f"This policy has no breaker {breaker[:40]!r}."
        return [page_banner("Address not understood.", told, state="info")]
    return []
