"""What speaks for and against another model of the book: its record beside that of the one in use.

Both as on the page Model health, in hindsight over the book as it was held.
"""

from collections.abc import Iterator

from dash import html

from pages.components.basics import Component
from pages.components.links import inside_link
from pages.format import percent
from pages.paths import HEALTH_PATH
from pages.views.health.judged import ModelHealth
from pages.views.health.words import MODEL
from pages.views.proposals.address import WORDS
from pages.views.proposals.reading import ProposalsData, ShownProposal
from pages.views.records.live import in_use
from risk.domain.actions import ChooseBookModel
from risk.portfolio.book_models import title_of


def model_parts(data: ProposalsData, shown: ShownProposal, component_id: str) -> list[Component]:
    """A line for each of both models, and the way to all tests; nothing of another proposal."""
    change, awaited = shown.proposal.change, shown.compared
    if not isinstance(change, ChooseBookModel) or awaited is None:
        return []
    lines: list[Component]
    if awaited.problem is not None:
        lines = [html.P(f"The models could not be compared: {awaited.problem}.")]
    elif awaited.value is None:
        lines = [html.P("How both did is being worked out.", className="sw-dim")]
    else:
        told = _lines(awaited.value, change.model, in_use(data.cycle.state))
        lines = [html.P([html.Strong(f"{name}. "), words]) for name, words in told]
    own = dict.fromkeys((word.name for word in WORDS), None)
    href = data.query.href(HEALTH_PATH, **{**own, MODEL.name: change.model})
    link = inside_link(
        f"{title_of(change.model)} on Model health, with every test", href, class_name="sw-link"
    )
    return [html.Div([*lines, html.P(link)], id=component_id, className="sw-proposal-past")]


def _lines(models: tuple[ModelHealth, ...], wanted: str, used: str) -> Iterator[tuple[str, str]]:
    by_name = {each.model: each for each in models}
    for name, role in ((wanted, "wanted"), (used, "in use")):
        yield f"{title_of(name)}, {role}", _record_words(by_name.get(name))


def _record_words(health: ModelHealth | None) -> str:
    """``In hindsight 4 of 250 days beyond 99 % (normal 0 to 6); pinball loss −2.1 %, …``"""
    if health is None or health.outer is None:
        return "There is no day in hindsight to tell of it."
    outer = health.outer
    hits = (
        f"In hindsight {outer.hits} of {outer.days} days beyond 99\N{NO-BREAK SPACE}% (normal "
        f"{outer.low} to {outer.high})"
    )
    if health.difference is None:
        return f"{hits}; no day to compare its pinball loss on."
    relative = percent(health.difference.relative, 1, signed=True)
    return f"{hits}; pinball loss {relative} of the live record's, {health.difference.verdict}."
