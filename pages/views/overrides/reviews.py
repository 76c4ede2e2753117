"""Overrides whose outcome somebody must judge, and what was said of the others.

An officer finds them here: a line above the page while one is due, and the list below the card.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.notices import NoticeLink, empty_state, error_state, page_banner
from pages.format import Zone, percent, sentence
from pages.query import Query
from pages.reasons import reason_fault
from pages.views.breakers.address import PATH
from pages.views.breakers.reading import BreakersData
from pages.views.breakers.wording import figure_of, moment_words, share, unit_of_kind
from pages.views.limits.writing import duration
from pages.views.overrides.asking import Outcome
from risk.breakers.words import shown_name
from risk.domain.actors import Ability, Actor
from risk.domain.breakers import BreakerDefinition, BreakerUnit
from risk.domain.overrides import (
    OverrideKind,
    OverrideOutcome,
    Review,
    Verdict,
)
from risk.domain.people import is_same_person
from risk.engine.actions import Actions
from risk.errors import NotAllowed, SeawallError, StoreUnavailable

CARD, LIST, ABOUT, DUE = (
    "breakers-reviews",
    "breakers-reviews-list",
    "breakers-reviews-about",
    "breakers-reviews-due",
)
#: So many that are judged already are told.
_JUDGED = 6
#: So often it is looked for what others said meanwhile.
_FRESH = timedelta(minutes=1)
_YOURS = "Yours: another officer judges it."
_YOURS_IN_DEMO = (
    "Yours. Demonstration: it has no other officer to judge it. With logins you could not loosen "
    "this breaker again before one has."
)
_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.RIGHT: ("Right", "normal"),
    Verdict.WRONG: ("Wrong", "halted"),
    Verdict.UNCLEAR: ("Unclear", "stale"),
}


def verdict_id(action: int, verdict: Verdict) -> dict[str, Any]:
    """The id of a button that judges."""
    return {"type": "review-verdict", "action": action, "verdict": verdict.value}


def comment_id(action: int) -> dict[str, Any]:
    """The id of the field for a comment."""
    return {"type": "review-comment", "action": action}


# -- what all viewers share ------------------------------------------------------------------


def reviews_card(data: BreakersData) -> html.Section:
    """The list's place; what stands in it is asked for by itself, since it also depends on who."""
    return card(
        [
            heading(
                "Overrides and what came of them",
                note="judged by another officer",
                actions=[help_mark("override")],
            ),
            html.Div(id=LIST, className="sw-reviews"),
            dcc.Store(id=ABOUT, data=about_of(data)),
        ],
        label="Overrides and what came of them",
        class_name="sw-breakers-reviews",
        id=CARD,
    )


def about_of(data: BreakersData) -> dict[str, Any]:
    """When any of it changes, the list is asked for again."""
    on = [row.override.action for row in data.rows if row.override is not None]
    minute = data.now.replace(second=0, microsecond=0)
    return {"book": data.book.name, "on": sorted(on), "minute": minute.isoformat()}


# -- what one viewer sees --------------------------------------------------------------------


class Told(NamedTuple):
    """What a list of reviews needs beside them.

    Attributes
    ----------
    zone : Zone
    now : datetime
        The market's time.
    definitions : mapping of name to BreakerDefinition
        Of the policy in force; a breaker that is gone is told by its bare name.
    demo : bool
        Whether this is the demonstration, which has one officer.
    """

    zone: Zone
    now: datetime
    definitions: Mapping[str, BreakerDefinition]
    demo: bool = False

    def name(self, breaker: str) -> str:
        """As people read it."""
        known = self.definitions.get(breaker)
        return breaker if known is None else shown_name(breaker, known.scope)

    def unit(self, breaker: str) -> BreakerUnit:
        """In which its values are counted."""
        known = self.definitions.get(breaker)
        return BreakerUnit.CORRELATION if known is None else unit_of_kind(known.kind)

    def at(self, moment: datetime) -> str:
        """A moment in words."""
        return moment_words(self.zone, moment, self.now)


def is_open(review: Review) -> bool:
    """Whether nobody has judged it yet."""
    return review.verdict is None


def is_due(review: Review, now: datetime) -> bool:
    """Whether it is to be judged by now."""
    return is_open(review) and review.due <= now


def list_parts(reviews: Sequence[Review], actor: Actor, told: Told) -> list[Component]:
    """Those to be judged first, the oldest leading; then the newest that are judged."""
    open_ = sorted(filter(is_open, reviews), key=lambda each: each.due)
    judged = sorted(
        (each for each in reviews if not is_open(each)), key=lambda each: each.since, reverse=True
    )
    if not (open_ or judged):
        return [
            empty_state(
                "Nobody has let a breaker loose by hand",
                "Whatever is stepped down or switched off for a while appears here, and another "
                "officer says the next day whether that was right.",
                small=True,
            )
        ]
    shown = [*open_, *judged[:_JUDGED]]
    rest = len(judged) - _JUDGED
    more = (
        [html.P(f"{rest} older ones are in the journal.", className="sw-note")] if rest > 0 else []
    )
    return [html.Ul([_item(each, actor, told) for each in shown]), *more]


def due_parts(reviews: Sequence[Review], actor: Actor, told: Told, query: Query) -> list[Component]:
    """A line above the page for whoever may judge, while something waits for him."""
    if Ability.OVERRIDE not in actor.abilities:
        return []
    due = [
        each
        for each in reviews
        if is_due(each, told.now) and not is_same_person(each.by, actor.name)
    ]
    if not due:
        return []
    oldest = min(due, key=lambda each: each.due)
    many = "An override waits" if len(due) == 1 else f"{len(due)} overrides wait"
    late = f"{told.name(oldest.breaker)} by {oldest.by}, due since {told.at(oldest.due)}."
    link = NoticeLink("Judge it", f"{query.href(PATH)}#{CARD}")
    return [page_banner(f"{many} for your judgement.", late, state="info", link=link)]


def unreadable_parts(problem: str) -> list[Component]:
    """What stands there while the store does not answer."""
    said = f"{sentence(problem)}. They are asked for again in a minute."
    return [error_state("Reviews cannot be read", said, small=True)]


# -- one of them -----------------------------------------------------------------------------


def _item(review: Review, actor: Actor, told: Told) -> html.Li:
    word, shape = standing_of(review, told.now)
    head = html.Div(
        [
            glyph(shape, state=None if shape == "inside" else shape),
            html.Strong(f"{sentence(told.name(review.breaker))}: {what_words(review)}"),
            html.Span(word, className="sw-review-word", **{"data-state": shape}),
        ],
        className="sw-review-head",
    )
    lines = [
        html.P(f"{period_words(review, told)} “{review.reason.rstrip('.')}.”"),
        html.P(outcome_words(review, told), className="sw-review-outcome"),
        *_said(review, told),
        *_judging(review, actor, told),
    ]
    return html.Li([head, *lines], id=f"review-{review.action}")


def standing_of(review: Review, now: datetime) -> tuple[str, str]:
    """In a word, and its shape: ``overdue``, ``due tomorrow``, ``right``."""
    if review.verdict is not None:
        return _VERDICTS[review.verdict][0].lower(), _VERDICTS[review.verdict][1]
    if review.due <= now:
        return f"overdue by {duration(now - review.due)}", "throttled"
    return f"due in {duration(review.due - now)}", "inside"


def what_words(review: Review) -> str:
    """``stepped down to 75 %``, ``switched off``."""
    if review.kind is OverrideKind.STEP_DOWN:
        return f"stepped down to {share(review.size)} of size"
    if review.kind is OverrideKind.DISABLE:
        return "switched off"
    return review.kind.value.replace("_", " ")


def period_words(review: Review, told: Told) -> str:
    """By whom, from when to when."""
    began = f"By {review.by}, from {told.at(review.since)}"
    if review.ended is None:
        until = "" if review.expires is None else f" until {told.at(review.expires)} at the latest"
        return f"{began}, on now{until}:"
    lasted = duration(review.ended - review.since)
    by = "" if review.ended_by in ("", "rule") else f" by {review.ended_by}"
    return f"{began}, for {lasted}, ended{by} {told.at(review.ended)}:"


def outcome_words(review: Review, told: Told) -> str:
    """What came of it, in figures; what was not measured is said to be unknown."""
    outcome = review.outcome
    if outcome is None:
        return "What came of it is not known."
    so_far = "So far: " if outcome.on else "Meanwhile: "
    parts = [
        _measured(outcome, told.unit(review.breaker)),
        "how equity moved is not known"
        if outcome.moved is None
        else f"equity moved {percent(outcome.moved, 2, signed=True)}, flows left out",
        _orders(outcome),
    ]
    return f"{so_far}{'; '.join(parts)}."


def _measured(outcome: OverrideOutcome, unit: BreakerUnit) -> str:
    if outcome.worst is None:
        return "the breaker measured nothing"
    worst = f"the breaker measured {figure_of(outcome.worst, unit)} at most"
    if outcome.threshold is None:
        return worst
    again = "above" if outcome.worst > outcome.threshold else "not above"
    return f"{worst}, {again} the {figure_of(outcome.threshold, unit)} at which it trips"


def _orders(outcome: OverrideOutcome) -> str:
    if outcome.passed is None or outcome.refused is None:
        return "more orders came in its scope than are counted here"
    passed = "1 order" if outcome.passed == 1 else f"{outcome.passed} orders"
    return f"{passed} passed in its scope, {outcome.refused} refused"


def _said(review: Review, told: Told) -> list[Component]:
    if review.verdict is None:
        return []
    when = "" if review.reviewed is None else f", {told.at(review.reviewed)}"
    word = _VERDICTS[review.verdict][0]
    said = f"{word}, says {review.reviewer}{when}: “{review.comment.rstrip('.')}.”"
    return [html.P(said, className="sw-review-said")]


def _judging(review: Review, actor: Actor, told: Told) -> list[Component]:
    """A form for another officer; who may not judge reads who can."""
    if not is_open(review):
        return []
    if Ability.OVERRIDE not in actor.abilities:
        return [html.P("Another officer judges it.", className="sw-note")]
    if is_same_person(review.by, actor.name):
        return [html.P(_YOURS_IN_DEMO if told.demo else _YOURS, className="sw-note")]
    if review.ended is None:
        return [html.P("It is on: it can be judged once it is over.", className="sw-note")]
    early = (
        [html.P(early_words(review, told), className="sw-note")] if told.now < review.due else []
    )
    name = f"{told.name(review.breaker)}, {review.by}"
    buttons = [
        html.Button(
            [glyph(shape), word],
            id=verdict_id(review.action, verdict),
            type="button",
            className="sw-button sw-button-small",
            **{"aria-label": f"{word}: {name}"},
        )
        for verdict, (word, shape) in _VERDICTS.items()
    ]
    return [
        html.Div(
            [
                *early,
                dmc.Textarea(
                    id=comment_id(review.action),
                    label="Was it right, and why?",
                    autosize=True,
                    minRows=1,
                    maxRows=4,
                    size="xs",
                ),
                html.Div(buttons, className="sw-review-buttons"),
            ],
            className="sw-review-form",
        )
    ]


def early_words(review: Review, told: Told) -> str:
    """That it may be judged before it is due, what is not known by then, and what follows."""
    return (
        f"Due from {told.at(review.due)}. It can be judged now already, since it is over; what "
        f"came of it may still change. Once it is judged {review.by} may loosen this breaker again."
    )


# -- what becomes of it ----------------------------------------------------------------------


def judge(
    actions: Actions,
    actor: Actor,
    book: str,
    pressed: Any,
    comments: Mapping[int, str],
) -> Outcome:
    """Say what somebody's override was, and what became of saying so.

    Parameters
    ----------
    actions : Actions
    actor : Actor
    book : str
    pressed : dict
        The id of the button.
    comments : mapping of int to str
        What was written, by the overrides' numbers.

    Raises
    ------
    NotAllowed
        If he may not, or must prove first who he is.
    """
    wanted = _pressed(pressed)
    if wanted is None:
        return Outcome(False, "Nothing was judged", "This page is not up to date: load it again.")
    action, verdict = wanted
    comment = " ".join(comments.get(action, "").split())
    fault = reason_fault(comment)
    if fault:
        return Outcome(False, "Nothing was judged", f"{fault}: whoever reads it learns from that.")
    try:
        actions.review_override(actor, book, action, verdict, comment=comment)
    except NotAllowed:
        raise
    except StoreUnavailable as problem:
        text = f"{sentence(str(problem))}. It may be judged all the same: look again."
        return Outcome(False, "It is not known whether it is judged", text)
    except SeawallError as problem:
        return Outcome(False, "Nothing was judged", f"{sentence(str(problem))}.")
    return Outcome(
        True, f"Judged: {_VERDICTS[verdict][0].lower()}", "Everybody can read it.", "normal"
    )


def _pressed(pressed: Any) -> tuple[int, Verdict] | None:
    if not isinstance(pressed, Mapping):
        return None
    action, verdict = pressed.get("action"), pressed.get("verdict")
    if not isinstance(action, int) or verdict not in {each.value for each in Verdict}:
        return None
    return action, Verdict(str(verdict))


def comments_of(ids: Sequence[Any], values: Sequence[Any]) -> dict[int, str]:
    """What was written to each, whatever a browser sends."""
    return {
        each["action"]: value
        for each, value in zip(ids, values, strict=False)
        if isinstance(each, Mapping)
        and isinstance(each.get("action"), int)
        and isinstance(value, str)
    }
