"""What is shown before another model is chosen for the book: its figures, its record, what is lost.

Pure: the callbacks that ask and change are in the page's module.
"""

import re
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component
from pages.components.buttons import button
from pages.components.notices import empty_state
from pages.context import Book, CompleteCycle
from pages.format import UNKNOWN, money, percent
from pages.later import Awaited
from pages.views.entering import may, not_his
from pages.views.health.judged import ModelHealth
from pages.views.health.table import depth_parts, hits_parts, pinball_parts
from pages.views.proposals.wording import is_at_once, rule_words
from pages.views.records.counts import light_badge
from pages.views.records.live import in_use
from risk.domain.actors import Ability, Actor
from risk.domain.asking import LONGEST_REASON
from risk.domain.assessment import TailRisk
from risk.domain.model import Model
from risk.domain.proposals import Direction
from risk.measures.var import VAR_MODELS
from risk.portfolio.book_models import BOOK_MODELS, title_of
from risk.portfolio.choices import days_missing, tail_by

DIALOG, DIALOG_BODY = "book-model-dialog", "book-model-dialog-body"
CONFIRM, CANCEL, ASKED, REASON = (
    f"book-model-{part}" for part in ("confirm", "cancel", "asked", "reason")
)

_FIGURES: tuple[tuple[str, float, bool], ...] = (
    ("VaR 95 %", 0.95, False),
    ("VaR 99 %", 0.99, False),
    ("ES 97.5 %", 0.975, True),
)
#: How many days a model says that it remembers.
_MEMORY = re.compile(r"(?:up to )?\d[\d\s]* days")


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
    taken : str
        When the snapshot was, as it is shown.
    judged : Awaited of tuple of ModelHealth
        Every model compared, in hindsight.
    away : bool
        Whether the engine gives no sign.
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
    taken: str
    judged: Awaited[tuple[ModelHealth, ...]]
    away: bool
    seen: int

    @property
    def names(self) -> tuple[str, str]:
        """Of the model in use and of the other one."""
        return self.used, self.wanted


def preview_of(
    book: Book,
    cycle: CompleteCycle,
    model: Model,
    wanted: str,
    *,
    taken: str,
    judged: Awaited[tuple[ModelHealth, ...]],
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
    taken : str
        When the snapshot was, as it is shown.
    judged : Awaited of tuple of ModelHealth
        Every model compared, in hindsight.
    away : bool
        Whether the engine gives no sign.
    seen : int
        Number of the last action that is known.
    """
    held = cycle.assessment.held
    exposure = {asset: part.net for asset, part in held.by_asset.items()}
    return Preview(
        book=book,
        used=in_use(cycle.state),
        wanted=wanted,
        now=held.day,
        then=tail_by(model, exposure, wanted),
        missing=days_missing(model, wanted),
        equity=cycle.assessment.equity,
        taken=taken,
        judged=judged,
        away=away,
        seen=seen,
    )


def title_words(wanted: str) -> str:
    """What the dialog is called."""
    return f"Measure the book by {title_of(wanted)}?"


def preview_parts(preview: Preview) -> list[Component]:
    """What the dialog shows before anybody confirms."""
    wanted = BOOK_MODELS[preview.wanted]
    return [
        *_away_words(preview),
        html.P([html.Strong(wanted.title), f": {wanted.how}."]),
        *_measured(preview),
        *_judged(preview),
        *[html.P(text) for text in _consequences(preview)],
    ]


def asking_parts(preview: Preview, actor: Actor, *, demo: bool) -> list[Component]:
    """What whoever looks may do about it: an analyst proposes, an officer decides."""
    keep = button(f"Keep {title_of(preview.used)}", CANCEL)
    if not may(actor, Ability.PROPOSE):
        refused = not_his(actor, Ability.PROPOSE, f"{DIALOG}-not-his", demo=demo)
        return [refused, html.Div([keep], className="sw-dialog-buttons")]
    at_once = is_at_once(Direction.LOOSENS, actor)
    text = f"Measure by {title_of(preview.wanted)}" if at_once else "Send for approval"
    return [
        html.P(rule_words(Direction.LOOSENS, actor)),
        dmc.Textarea(
            id=REASON,
            label="Reason",
            placeholder="Why this one, in one line",
            autosize=True,
            minRows=2,
            maxRows=5,
            size="xs",
            attributes={"input": {"maxLength": LONGEST_REASON}},
        ),
        html.Div([button(text, CONFIRM, look="filled"), keep], className="sw-dialog-buttons"),
        dcc.Store(
            id=ASKED,
            data={"book": preview.book.name, "model": preview.wanted, "seen": preview.seen},
        ),
    ]


def _away_words(preview: Preview) -> list[Component]:
    if not preview.away:
        return []
    return [html.P(html.Strong("The engine gives no sign: the choice waits until it is back."))]


def _table(caption: str, heads: tuple[str, ...], rows: list[html.Tr]) -> Component:
    # Titles of models are long: on a telephone they take two lines.
    names = [html.Th(head, scope="col", style={"whiteSpace": "normal"}) for head in heads]
    table = html.Table(
        [
            html.Caption(caption, className="sw-hidden"),
            html.Thead(html.Tr(names)),
            html.Tbody(rows),
        ],
        className="sw-table sw-preview-table",
    )
    return html.Div(table, className="sw-table-box")


# -- what is held, by both ----------------------------------------------------------------------


def _measured(preview: Preview) -> list[Component]:
    if preview.then is None:
        return [empty_state("Nothing to compare", _unmeasured_words(preview), small=True)]
    heads = ("One day", *map(title_of, preview.names), "Change")
    rows = [_row(preview, *figure) for figure in _FIGURES]
    told = (
        f"Held positions in the newest complete snapshot, of {preview.taken}. Lower figures mean "
        "a bolder model: nothing in the book changes."
    )
    return [
        _table("The same book by both models", heads, rows),
        html.P(told, className="sw-dim"),
    ]


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


# -- how both did in hindsight ------------------------------------------------------------------


def _judged(preview: Preview) -> list[Component]:
    problem, models = preview.judged.problem, preview.judged.value
    if problem is not None:
        return [_dim(f"How both did in hindsight could not be worked out: {problem}.")]
    if models is None:
        return [_dim("How both did in hindsight is not worked out yet: ask again in a moment.")]
    known = {each.model: each for each in models}
    both = [known[name] for name in preview.names if name in known and known[name].days]
    if len(both) < len(preview.names):
        return [_dim("No day to judge both models by, yet.")]
    heads = ("In hindsight", *(each.name for each in both))
    rows = [
        _judged_row("Hits 99 %", [_hits(each) for each in both]),
        _judged_row("Light", [_light(each) for each in both]),
        _judged_row(
            "Depth 97.5 %", [depth_parts(each.depth, odd=each.tests.depth) for each in both]
        ),
        _judged_row("Pinball 99 %", [pinball_parts(each.difference) for each in both]),
    ]
    return [
        _table("How both models did in hindsight", heads, rows),
        _dim(f"Pinball against the live record: more is worse. {_memory_words(preview)}".strip()),
    ]


def _dim(text: str) -> html.P:
    return html.P(text, className="sw-dim")


def _judged_row(name: str, cells: list[list[Component]]) -> html.Tr:
    return html.Tr([html.Th(name, scope="row"), *map(html.Td, cells)])


def _hits(health: ModelHealth) -> list[Component]:
    record = health.outer
    return [UNKNOWN] if record is None else hits_parts(record, odd=health.tests.outer_number)


def _light(health: ModelHealth) -> list[Component]:
    record = health.outer
    return [UNKNOWN] if record is None else [light_badge(record.hits, record.days)]


def _depth(health: ModelHealth) -> list[Component]:
    return depth_parts(health.depth, odd=health.tests.depth)


def _memory_words(preview: Preview) -> str:
    """That hindsight remembers more days than a book can be led through, where it does."""
    used, book = (
        _MEMORY.search(models[preview.wanted].how) for models in (VAR_MODELS, BOOK_MODELS)
    )
    if used is None or book is None or used.group() == book.group():
        return ""
    title = title_of(preview.wanted)
    return f"The table judges {title} with its longer memory: {used.group()}."


# -- what will change ---------------------------------------------------------------------------


def _consequences(preview: Preview) -> list[str]:
    always = (
        "From the next cycle on every figure of the day is of this model, and so are the checks "
        "of orders. The running forecast is still scored as what it was."
    )
    told, used = [always], preview.used
    if used in BOOK_MODELS and BOOK_MODELS[used].tracks:
        told.append(
            f"What the book's own exceptions have corrected in {title_of(used)} is lost: choosing "
            "it again starts anew."
        )
    if BOOK_MODELS[preview.wanted].tracks:
        told.append("Its correction by the book's own exceptions starts anew.")
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
