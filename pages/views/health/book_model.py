"""The card of the model that measures the book: which one, since when, and what waits.

Pure: the callbacks that ask and change are in the page's module.
"""

from collections.abc import Sequence
from datetime import datetime

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.buttons import button
from pages.components.links import inside_link
from pages.context import CompleteCycle
from pages.format import sentence
from pages.paths import CHANGES_PATH
from pages.query import Query
from pages.views.health.reading import HealthData
from pages.views.health.words import WORDS
from pages.views.proposals.wording import deciders
from pages.views.records.live import in_use
from risk.domain.actions import ChooseBookModel
from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.domain.proposals import Proposal
from risk.measures.var import VAR_MODELS
from risk.portfolio.book_models import BOOK_MODELS, BookModel, title_of

CARD, STATUS = "book-model", "book-model-status"
PICK, ASK, HINT = "book-model-pick", "book-model-ask", "book-model-hint"


def book_model_card(data: HealthData) -> html.Section:
    """Which model measures the book now, and the choice of another one."""
    title, used = "Model of the book", in_use(data.cycle.state)
    return card(
        [
            heading(
                title,
                note="measures the day; the hour is always by plain quantiles",
                actions=[help_mark("book_model")],
            ),
            html.P(status_words(data.cycle, data.query), id=STATUS, className="sw-pad"),
            html.Div(
                [
                    _pick(used),
                    button("Compare and propose…", ASK),
                    html.P("", id=HINT, className="sw-note", role="status"),
                ],
                className="sw-model-choice",
            ),
        ],
        label=title,
        class_name="sw-book-model",
        id=CARD,
    )


def _pick(used: str) -> dmc.Select:
    return dmc.Select(
        id=PICK,
        data=[*_choices(used), *_too_slow()],
        placeholder="Another model",
        value=None,
        allowDeselect=False,
        size="xs",
        w=220,
        **{"aria-label": "Another model for the book"},
    )


def _choices(used: str) -> list[dict[str, str | bool]]:
    others = [model for model in BOOK_MODELS.values() if model.name != used]
    return [{"value": model.name, "label": _label(model)} for model in others]


def _label(model: BookModel) -> str:
    return f"{model.title} (default)" if model.name == DEFAULT_BOOK_MODEL else model.title


def _too_slow() -> list[dict[str, str | bool]]:
    """Registered models that no book can be measured by, with the reason."""
    return [
        {"value": name, "label": f"{model.title}: too slow for order checks", "disabled": True}
        for name, model in VAR_MODELS.items()
        if name not in BOOK_MODELS
    ]


def status_words(cycle: CompleteCycle, query: Query) -> list[Component]:
    """Which model measures the book, how, since when and chosen by whom."""
    used = in_use(cycle.state)
    how = f": {BOOK_MODELS[used].how}. " if used in BOOK_MODELS else ". "
    return [html.Strong(title_of(used)), how, _since_words(cycle, query)]


def _since_words(cycle: CompleteCycle, query: Query) -> str:
    known = cycle.state.book_model
    if known is None or (known.since is None and not known.chosen):
        return "From the beginning, by the setting SEAWALL_VAR_MODEL: nobody has chosen another."
    since = ""
    if known.since is not None:
        at = query.zone.date_and_clock(known.since, now=cycle.pulse.market)
        since = f"Since {at}, "
    return sentence(f"{since}{'chosen by' if known.chosen else 'by'} {known.by}.")


def waiting_words(
    waiting: ChooseBookModel, status: Sequence[Component], query: Query, *, now: datetime
) -> list[Component]:
    """The same, with what was chosen and no cycle has taken in yet; `now` by the wall clock."""
    asked = query.zone.date_and_clock(waiting.at, now=now)
    told = (
        f" {title_of(waiting.model)}, chosen by {waiting.who} (asked at {asked}), waits for the "
        "engine's next cycle."
    )
    return [*status, html.Strong(told)]


def proposed_parts(proposal: Proposal, query: Query, *, now: datetime) -> list[Component]:
    """That somebody wants another model, and for whom that waits; `now` by the wall clock."""
    assert isinstance(proposal.change, ChooseBookModel), "it is about a model"
    asked = query.zone.date_and_clock(proposal.at, now=now)
    href = query.href(CHANGES_PATH, proposal=str(proposal.id), **_NO_WORDS)
    return [
        " ",
        html.Strong(f"{title_of(proposal.change.model)}, proposed by {proposal.author}"),
        f" ({asked}), waits for {deciders()}: ",
        inside_link("see the proposal", href, class_name="sw-link"),
        ".",
    ]


_NO_WORDS = {word.name: None for word in WORDS}
