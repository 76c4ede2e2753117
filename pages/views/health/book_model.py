"""The model that measures the book: which one, since when, and what another one would say.

Pure: the callbacks that ask and change are in the page's module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.buttons import button
from pages.components.notices import empty_state
from pages.context import Book, CompleteCycle
from pages.format import UNKNOWN, money, percent, sentence
from pages.query import Query
from pages.views.health.reading import HealthData
from pages.views.records.live import in_use
from risk.domain.actions import ChooseBookModel
from risk.domain.ages import age_in_words
from risk.domain.assessment import TailRisk
from risk.domain.model import Model
from risk.portfolio.book_models import BOOK_MODELS, title_of
from risk.portfolio.choices import days_missing, tail_by

CARD, STATUS = "book-model", "book-model-status"
PICK, ASK, HINT = "book-model-pick", "book-model-ask", "book-model-hint"
DIALOG, DIALOG_BODY = "book-model-dialog", "book-model-dialog-body"
CONFIRM, CANCEL, ASKED = "book-model-confirm", "book-model-cancel", "book-model-asked"

#: Who chose, as the journal says it: there are no logins yet.
BY_PAGE = "somebody on the dashboard"

_FIGURES: tuple[tuple[str, float, bool], ...] = (
    ("VaR 95 %", 0.95, False),
    ("VaR 99 %", 0.99, False),
    ("ES 97.5 %", 0.975, True),
)


# -- the card -----------------------------------------------------------------------------------


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
                    button("Compare and choose…", ASK),
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
    others = [model for model in BOOK_MODELS.values() if model.name != used]
    return dmc.Select(
        id=PICK,
        data=[{"value": model.name, "label": model.title} for model in others],
        placeholder="Another model",
        value=None,
        allowDeselect=False,
        size="xs",
        w=220,
        **{"aria-label": "Another model for the book"},
    )


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


def waiting_words(waiting: ChooseBookModel, status: Sequence[Component]) -> list[Component]:
    """The same, with what was chosen and no cycle has taken in yet."""
    told = (
        f" {title_of(waiting.model)}, chosen by {waiting.who}, waits for the engine's next cycle."
    )
    return [*status, html.Strong(told)]


# -- the preview --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What another model would say of the newest snapshot.

    Attributes
    ----------
    book : Book
    used, wanted : str
        Names of the model in use and of the other one.
    now, then : TailRisk or None
        One day, quote currency; None where it cannot be measured.
    missing : int
        Days that the other one still needs.
    equity : float or None
    age : timedelta
        Of the snapshot, by the wall clock.
    away : bool
        Whether no engine is at work.
    seen : int
        Number of the last action that is known.
    """

    book: Book
    used: str
    wanted: str
    now: TailRisk | None
    then: TailRisk | None
    missing: int
    equity: float | None
    age: timedelta
    away: bool
    seen: int


def preview_of(
    book: Book,
    cycle: CompleteCycle,
    model: Model,
    wanted: str,
    *,
    age: timedelta,
    away: bool,
    seen: int,
) -> Preview:
    """What `wanted` would say of the book of a cycle, by the functions that measure it.

    Parameters
    ----------
    book : Book
    cycle : CompleteCycle
        The newest.
    model : Model
        The one-day model of that cycle.
    wanted : str
        A key of ``BOOK_MODELS``.
    age : timedelta
        Of the cycle, by the wall clock.
    away : bool
        Whether no engine is at work.
    seen : int
        Number of the last action that is known.
    """
    exposure: dict[str, float] = {}
    for position in cycle.assessment.positions:
        exposure[position.asset] = exposure.get(position.asset, 0.0) + position.exposure
    return Preview(
        book=book,
        used=in_use(cycle.state),
        wanted=wanted,
        now=cycle.assessment.held.day,
        then=tail_by(model, exposure, wanted),
        missing=days_missing(model, wanted),
        equity=cycle.assessment.equity,
        age=age,
        away=away,
        seen=seen,
    )


def preview_parts(preview: Preview) -> list[Component]:
    """What the dialog shows before anybody confirms."""
    wanted = BOOK_MODELS[preview.wanted]
    return [
        html.P([html.Strong(wanted.title), f": {wanted.how}."]),
        _table(preview),
        html.P(_age_words(preview), className="sw-dim"),
        *[html.P(text) for text in _consequences(preview)],
        html.Div(
            [
                button(f"Measure by {wanted.title}", CONFIRM, look="filled"),
                button(f"Keep {title_of(preview.used)}", CANCEL),
            ],
            className="sw-dialog-buttons",
        ),
        dcc.Store(
            id=ASKED,
            data={"book": preview.book.name, "model": preview.wanted, "seen": preview.seen},
        ),
    ]


def _table(preview: Preview) -> Component:
    if preview.then is None:
        return empty_state("Nothing to compare", _unmeasured_words(preview), small=True)
    heads = ("One day", "Now", "Then", "Change")
    return html.Table(
        [
            html.Caption("The same book by both models", className="sw-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody([_row(preview, *figure) for figure in _FIGURES]),
        ],
        className="sw-table sw-preview-table",
    )


def _unmeasured_words(preview: Preview) -> str:
    if preview.missing:
        days = "day" if preview.missing == 1 else "days"
        return (
            f"It needs {preview.missing} more {days} of prices before it can measure this book. "
            "Until then the book could only shrink."
        )
    return "The model does not know an asset that is held, or has no prices yet."


def _row(preview: Preview, name: str, level: float, is_es: bool) -> html.Tr:
    now, then = (_figure(tail, level, is_es) for tail in (preview.now, preview.then))
    change = percent(then / now - 1.0, 1, signed=True) if now and then is not None else UNKNOWN
    cells = [_money(value, preview) for value in (now, then)]
    return html.Tr([html.Th(name, scope="row"), *map(html.Td, cells), html.Td(change)])


def _figure(tail: TailRisk | None, level: float, is_es: bool) -> float | None:
    if tail is None:
        return None
    return tail.es_at(level) if is_es else tail.var_at(level)


def _money(value: float | None, preview: Preview) -> list[Component]:
    if value is None:
        return [UNKNOWN]
    equity = preview.equity
    shown = money(value, preview.book.currency)
    if equity is None or equity <= 0.0:
        return [shown]
    return [shown, html.Div(percent(value / equity), className="sw-model-how")]


def _age_words(preview: Preview) -> str:
    return f"Held positions in the newest complete snapshot, {age_in_words(preview.age)} old."


def _consequences(preview: Preview) -> list[str]:
    always = (
        "From the next cycle on every figure of the day is of this model, and so are the checks "
        "of orders. The running forecast is still scored as what it was."
    )
    told = [always]
    if BOOK_MODELS[preview.wanted].tracks:
        told.append("Its correction by the book's own exceptions starts anew.")
    if preview.away:
        told.append("The engine is away: the choice waits, and is taken in when it is back.")
    return told


def dialog() -> dmc.Modal:
    """Where a choice is shown before it is made; empty until somebody asks."""
    return dmc.Modal(
        html.Div(id=DIALOG_BODY, className="sw-dialog-body"),
        id=DIALOG,
        title="Another model for the book",
        opened=False,
        size="lg",
        centered=True,
        closeButtonProps={"aria-label": "Close and change nothing"},
        className="sw-dialog",
    )
