"""What the callbacks of the Breakers page answer: each reads, and lets pure functions build."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html, no_update

from pages.access import is_demo, running_actor
from pages.components.basics import Component
from pages.components.deltas import Deltas
from pages.query import Query, parse, words_of
from pages.readings import Readings
from pages.views.breakers.address import WORDS
from pages.views.overrides import asking, form, reviews, stopping
from pages.views.overrides import panel as panels
from pages.views.overrides.asking import Outcome, was_done
from pages.views.overrides.draft import draft_of
from pages.views.overrides.effect import effect_of
from pages.views.overrides.situation import Asked, Situation, asked_of, read_situation
from risk.domain.actors import Actor
from risk.engine.actions import Actions
from risk.errors import NotAllowed, SeawallError, StoreError

#: Ids of fields, and what stands in them.
Fields = tuple[Sequence[Any], Sequence[Any]]
#: The door, and whoever stands before it.
Who = tuple[Actions, Actor]


def query_of(view: str) -> Query:
    """How the page is shown."""
    return parse(json.loads(view)["words"], WORDS)


def book_named_by(search: str | None) -> str:
    """The book that an address names; empty if none."""
    return parse(words_of(search or ""), WORDS).book or ""


# -- the page --------------------------------------------------------------------------------


def framed(moving: Component) -> html.Div:
    """What moves, and the brake, which must be at hand while nothing can be read.

    What only some may use is shown to them alone: the frame says what this viewer is able to do.
    """
    return html.Div(
        [
            moving,
            html.Div(stopping.stop_section(), className="sw-stop-alone"),
            stopping.stop_dialog(),
        ],
        className="sw-by-role",
        **{"data-can": " ".join(sorted(_abilities()))},
    )


def _abilities() -> list[str]:
    try:
        return [ability.value for ability in running_actor().abilities]
    except NotAllowed:
        # Nobody found out who asks: then it is nobody, and may do nothing.
        return []


# -- overriding ------------------------------------------------------------------------------


def panel(
    readings: Readings, query: Query, about: Any, fields: Fields, noted: Sequence[Any], said: Any
) -> tuple[Any, Any]:
    """What stands in the panel; and what was said there, for as long as that is news.

    Parameters
    ----------
    readings : Readings
    query : Query
    about : dict
        What the panel is about.
    fields : tuple
        Of the form that stands there; empty where none does.
    noted : sequence
        What that form has noted.
    said : components
        What was said of the last wish.
    """
    asked = asked_of(about)
    idle = str(about.get("idle", "")) if isinstance(about, Mapping) else ""
    situation = None if asked is None else read_situation(readings, query, asked)
    asked = None if asked is None else asked.as_shown(situation)
    known = noted[0] if noted else None
    same = form.is_about(known, asked)
    before, done = None, was_done(said)
    if same and asked is not None:
        draft = draft_of(*fields, form.opened_of(known, asked))
        before = form.kept_of(draft, known, asked, done=done)
    parts = panels.panel_parts(
        running_actor(), situation, asked, idle=idle, before=before, demo=is_demo()
    )
    # Why a wish was not done stays to be read, and what was done for as long as it holds.
    holds = situation is not None and situation.row.override is not None
    return parts, no_update if same and (holds or not done) else []


def follow(
    readings: Readings,
    query: Query,
    asked: Any,
    fields: Fields,
    noted: Any,
    clicked: Fields,
    news: Any = None,
) -> tuple[Deltas, Any]:
    """What differs in the form by now, and what it is to note."""
    wanted = asked_of(asked)
    if wanted is None or panels.is_of_another(news, wanted):
        # Another form is on its way to its place: nothing is told of this one any more.
        return {}, no_update
    draft = draft_of(*fields, form.opened_of(noted, wanted, clicked))
    try:
        situation = read_situation(readings, query, wanted)
    except StoreError:
        locked = form.is_asked_for(noted, wanted, cycle=None)
        return ({} if locked else form.changes_unseen(draft, wanted)), no_update
    if situation is None or form.is_asked_for(noted, wanted, cycle=situation.cycle):
        return {}, no_update
    wanted = wanted.as_shown(situation)
    draft, chosen = form.with_fitting_until(situation, draft, noted)
    shown = form.followed(situation, wanted, draft, demo=is_demo())
    changes = form.changes(shown, noted)
    return form.merged(changes, chosen), form.noted(wanted, draft, shown)


def effect(readings: Readings, query: Query, asked: Any, kind: Any, size: Any) -> list[Component]:
    """What the override would do."""
    wanted = asked_of(asked)
    if wanted is None:
        return []
    draft = draft_of([form.field_id("kind"), form.field_id("size")], [kind, size])
    return effect_of(readings, read_situation(readings, query, wanted), wanted, draft)


def apply(
    who: Who,
    readings: Readings,
    query: Query,
    asked: Any,
    fields: Fields,
    noted: Any,
    clicked: Fields,
) -> tuple[Outcome, Deltas, Any]:
    """What becomes of what stands in the form, as it was shown last.

    Returns
    -------
    outcome : Outcome
    changes : mapping of id to mapping of property to value
        Of the form: until the engine has taken it in, its button does not invite to ask again.
    noted : dict
        What the form is to note.
    """
    wanted = asked_of(asked)
    draft = draft_of(*fields, form.opened_of(noted, wanted, clicked))
    if wanted is not None and form.is_asked_for(noted, wanted, cycle=_cycle_of(readings, query)):
        return asking.ASKED_ALREADY, {}, no_update
    seen: list[int] = []

    def read(wanted: Asked, course: bool) -> Situation | None:
        situation = read_situation(readings, query, wanted, course=course)
        seen.extend([] if situation is None else [situation.cycle])
        return situation

    shown = None if wanted is None else form.as_noted(wanted, noted)
    outcome = asking.override(*who, shown, draft, read)
    if not (outcome.done and seen and wanted is not None):
        return outcome, {}, no_update
    return outcome, form.changes_asked_for(draft), form.noted_asked_for(wanted, draft, seen[-1])


def _cycle_of(readings: Readings, query: Query) -> int | None:
    """Number of the newest complete cycle; None where that cannot be read."""
    try:
        book = readings.book(query)
        cycle = None if book is None else readings.cycle(book)
    except StoreError:
        return None
    return None if cycle is None else cycle.pulse.cycle


# -- reviews ---------------------------------------------------------------------------------


#: Seconds for which what came of overrides is not looked for again, whoever asks.
_REVIEWS_REUSE = 10.0


def review_list(
    who: Who, readings: Readings, query: Query, *, anew: bool = False
) -> tuple[Any, Any]:
    """The list of reviews, and the line above the page while one is due.

    Parameters
    ----------
    who : tuple of (Actions, Actor)
    readings : Readings
    query : Query
    anew : bool
        Whether to read what somebody has just written.
    """
    actions, actor = who
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None:
        return no_update, no_update
    policy = cycle.state.policy
    definitions = {each.name: each for each in policy.breakers} if policy is not None else {}
    told = reviews.Told(query.zone, cycle.pulse.market, definitions, demo=is_demo())
    try:
        epoch = readings.reader.wall().timestamp() // _REVIEWS_REUSE
        # What the page tells of overrides beside them, they tell as well.
        on = [e.override.action for e in cycle.state.breakers.states.values() if e.override]
        key = ("override reviews", book.name, epoch, cycle.state.action_seq, tuple(on))
        found = (
            actions.reviews(book.name)
            if anew
            else readings.once(key, lambda: actions.reviews(book.name))
        )
    except SeawallError as problem:
        return reviews.unreadable_parts(str(problem)), []
    return reviews.list_parts(found, actor, told), reviews.due_parts(found, actor, told, query)


def judge(
    who: Who, readings: Readings, query: Query, pressed: Any, comments: Mapping[int, str]
) -> Outcome:
    """What becomes of a judgement."""
    book = readings.book(query)
    return reviews.judge(*who, "" if book is None else book.name, pressed, comments)
