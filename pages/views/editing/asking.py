"""What the editor's page and its callbacks ask: each answer put together in one place."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dash import html

from pages.components.basics import Component
from pages.components.notices import error_state
from pages.format import sentence
from pages.query import Query, parse
from pages.readings import Readings
from pages.theme import Scheme
from pages.views.absent import address_notices, no_cycle_parts, unreadable_parts
from pages.views.editing.address import WORDS
from pages.views.editing.effect import (
    EDITOR,
    PREVIEW,
    Judged,
    effect_parts,
    field_faults,
    judged_of,
    moved_parts,
    send_parts,
    stamp_of,
)
from pages.views.editing.reading import EditorData, read_editor
from pages.views.editing.view import editor_view
from pages.views.proposals.differences import Reader
from pages.views.proposals.preview import LOOK_BACK, preview_parts
from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.errors import SeawallError

#: Cycles for which a preview of the same change is reused.
_REUSE = 60


class Effect(NamedTuple):
    """What the browser shows once something was typed.

    Attributes
    ----------
    parts : list of component
    faults : list of str or None
        At each field.
    button : list of component
    known : dict or None
        What it keeps of what it shows.
    """

    parts: list[Component]
    faults: list[str | None]
    button: list[Component]
    known: dict[str, Any] | None


def query_of(about: object, scheme: Scheme) -> Query:
    """What the page says that its address was."""
    words = about if isinstance(about, Mapping) else {}
    return parse(words, WORDS, scheme=scheme)


def place_of(query: Query) -> dict[str, str]:
    """What a page in place must be about to stay there, whatever else its address says."""
    about = "&".join(f"{word}={value}" for word, value in query.choices)
    where = {"book": query.book or "", "zone": query.zone.name}
    return {"type": "place", "screen": f"{EDITOR} {about}", **where}


def page_of(readings: Readings, query: Query, *, actor: Actor, demo: bool) -> html.Div:
    """The whole page, or why there is none."""
    try:
        parts = _page_parts(readings, query, actor=actor, demo=demo)
    except SeawallError as error:
        parts = [address_notices(query, None), *unreadable_parts(str(error))]
    return html.Div(
        [
            html.Div(parts, className="sw-page sw-editor"),
            html.Div(id=place_of(query), hidden=True),
        ],
        id=EDITOR,
    )


def _page_parts(readings: Readings, query: Query, *, actor: Actor, demo: bool) -> list[Component]:
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    notices = address_notices(query, book)
    if book is None or cycle is None:
        engine = None if book is None else readings.reader.engine(book.name)
        return [notices, *no_cycle_parts(book, engine)]
    data = read_editor(readings, query, book, cycle, actor=actor, demo=demo)
    return [notices, *editor_view(data)]


def data_of(readings: Readings, query: Query, *, actor: Actor, demo: bool) -> EditorData:
    """What the editor is about, as of the newest cycle.

    Raises
    ------
    UnknownPortfolio
        If there is no book, or no complete cycle of it.
    """
    book, cycle = readings.shown(query)
    return read_editor(readings, query, book, cycle, actor=actor, demo=demo)


def judged_in(readings: Readings, data: EditorData, typed: Mapping[str, Any]) -> Judged | None:
    """What a form comes to before anybody has given a reason."""
    return judged_of(data, typed, stamp=stamp_of(data, "", readings.reader.wall()))


def effect_in(
    readings: Readings, data: EditorData, typed: Mapping[str, Any], ids: Sequence[Any]
) -> Effect:
    """What follows from what was typed so far."""
    judged = judged_in(readings, data, typed)
    if judged is None:
        return Effect([], field_faults(ids, None), [], None)
    return Effect(
        effect_parts(data, judged),
        field_faults(ids, judged),
        send_parts(data, judged),
        judged.known(),
    )


def moved_in(
    readings: Readings, data: EditorData, typed: Mapping[str, Any], known: object
) -> list[Component]:
    """That somebody was quicker, and what follows now."""
    seen = known.get("seen") if isinstance(known, Mapping) else None
    judged = judged_in(readings, data, typed)
    if judged is None or data.policy is None or not isinstance(seen, int):
        return []
    said = moved_parts(data, seen, data.policy.by) if seen != data.policy.version else []
    return [*said, *effect_parts(data, judged)]


def preview_in(
    readings: Readings, data: EditorData, typed: Mapping[str, Any], known: object
) -> list[Component]:
    """What the change would have meant for the stored past."""
    judged = judged_in(readings, data, typed)
    if judged is None or judged.wanted.change is None or not known:
        return [html.P("Told once something is different.", className="sw-dim")]
    lines = tuple(str(each) for each in judged.wanted.differences)
    key = (data.policy and data.policy.version, lines, data.cycle.pulse.cycle // _REUSE)
    return past_parts(
        readings, data.book.name, judged.wanted.change, PREVIEW, key, data.reader, data.query.scheme
    )


def past_parts(
    readings: Readings,
    portfolio: str,
    change: Change,
    component_id: str,
    key: object,
    reader: Reader,
    scheme: Scheme,
) -> list[Component]:
    """A change held against the stored past, or why it cannot be.

    Parameters
    ----------
    readings : Readings
    portfolio : str
    change : Change
    component_id : str
        With which ids of charts begin.
    key : hashable
        What makes the change another one, and its answer too old.
    reader : Reader
    scheme : Scheme
    """
    try:
        found = readings.once(
            ("tuning", portfolio, key),
            lambda: readings.reader.tuning(portfolio, change, since=reader.now - LOOK_BACK),
        )
    except SeawallError as problem:
        told = f"{sentence(str(problem))}. The change can be sent all the same."
        return [error_state("The past could not be asked", told, small=True)]
    return preview_parts(found, component_id, reader=reader, scheme=scheme)
