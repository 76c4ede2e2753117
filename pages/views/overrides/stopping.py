"""Stop by scope: pausing entries or halting by hand, and letting go of it again.

Stopping goes straight to the authority and needs no database: its form stands on the page whether
the book can be read or not, and knows the book's parts only to suggest them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, glyph
from pages.components.buttons import button
from pages.components.proof import proof_part
from pages.components.states import STATE_LOOKS, look_of
from pages.format import Zone, sentence
from pages.reasons import reason_fault
from pages.views.breakers.reading import BreakersData
from pages.views.breakers.rows import GROUPS
from pages.views.breakers.wording import moment_words, scope_name
from pages.views.exposure.room import assets_of, strategies_of, venues_of
from pages.views.overrides.asking import Outcome
from pages.views.overrides.draft import phrase_fault
from risk.domain.actors import Actor
from risk.domain.latches import Latch, way_back
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from risk.errors import GateClosed, NotAllowed, SeawallError, StoreUnavailable
from risk.limits.words import scope_words

DIALOG, BODY, SCOPES = "stop-dialog", "stop-body", "stop-scopes"
ASKED, CONFIRM, CANCEL, SAID = "stop-asked", "stop-confirm", "stop-cancel", "stop-said"
SCOPE, PART, NAME, REASON, TYPED, BOOK = "scope", "part", "name", "reason", "typed", "book"
#: What each button asks for, by the word of its id.
STOPS: Mapping[str, TradingState] = {
    "pause": TradingState.REDUCE_ONLY,
    "halt": TradingState.HALTED,
}
TITLES: Mapping[str, str] = {
    "pause": "Pause entries",
    "halt": "Halt trading",
    "resume": "Let it go",
}
_PARTS: Mapping[str, str] = {
    ScopeKind.PORTFOLIO.value: "The whole book",
    ScopeKind.STRATEGY.value: "A strategy",
    ScopeKind.STRATEGY_TYPE.value: "All strategies of a type",
    ScopeKind.ASSET.value: "An asset",
    ScopeKind.VENUE.value: "A venue",
}
_SAME = "Nothing was changed"


def ask_id(what: str, key: str = "") -> dict[str, str]:
    """The id of a button that opens the dialog: to ``pause``, ``halt`` or ``resume``.

    `key` says which latch, or where the button stands.
    """
    return {"type": "stop-ask", "what": what, "key": key}


def field_id(field: str) -> dict[str, str]:
    """The id of one of the dialog's fields."""
    return {"type": "stop-field", "field": field}


# -- what all viewers share ------------------------------------------------------------------


def stop_section(data: BreakersData | None = None) -> html.Div:
    """Both buttons; whoever may press neither reads who may. Without data, of any book."""
    place = "alone" if data is None else "board"
    buttons = [
        _asker("pause", place, "Pause entries…", "reduce_only"),
        _asker("halt", place, "Halt all…", "halted", destructive=True),
    ]
    return html.Div(
        [
            html.H3("Stop by scope"),
            html.P(
                "Each asks for a typed word. Pause keeps exits open; halt lets exits pass only "
                "with the emergency flag. Both work while the database is down.",
                className="sw-note",
            ),
            html.Div(buttons, className="sw-stop-buttons", **{"data-needs": "halt"}),
            html.P(
                "Stopping is for a trader, an analyst or an officer.",
                className="sw-note",
                **{"data-lacks": "halt"},
            ),
            *([] if data is None else [dcc.Store(id=_scopes_id(), data=scopes_of(data))]),
        ],
        className="sw-board-foot sw-stop",
    )


def _scopes_id() -> dict[str, str]:
    # One that says its place: the dialog must find none where the book cannot be read.
    return {"type": SCOPES, "of": "board"}


def _asker(
    what: str, place: str, text: str, shape: str, *, destructive: bool = False
) -> html.Button:
    return html.Button(
        [glyph(shape, state=shape), text],
        id=ask_id(what, place),
        type="button",
        className=f"sw-button{' sw-button-destructive' if destructive else ''}",
    )


def resume_button(latch: Latch) -> html.Span:
    """The way to let go of what people stopped, for whoever may."""
    made = html.Button(
        "Let it go…",
        id=ask_id("resume", latch.scope.label),
        type="button",
        className="sw-button sw-button-small",
    )
    return html.Span(made, **{"data-needs": "resume"})


def scopes_of(data: BreakersData) -> dict[str, Any]:
    """What the dialog suggests, and what is latched: what of it was seen is told by the board."""
    policy = data.state.policy
    return {
        "book": data.book.name,
        ScopeKind.STRATEGY.value: strategies_of(data.cycle),
        ScopeKind.STRATEGY_TYPE.value: sorted(set(policy.strategies.values())) if policy else [],
        ScopeKind.ASSET.value: assets_of(data.cycle),
        ScopeKind.VENUE.value: venues_of(data.cycle),
        "latches": {
            latch.scope.label: _latch_words(latch, data.query.zone, data)
            for latch in data.state.latches.values()
        },
    }


def _latch_words(latch: Latch, zone: Zone, data: BreakersData) -> dict[str, Any]:
    since = moment_words(zone, latch.since, data.now)
    return {
        "kind": latch.scope.kind.value,
        "name": latch.scope.name,
        "seen": latch.action,
        "says": f"{STATE_LOOKS[latch.state].word} by {latch.who} since {since}: "
        f"{latch.reason.rstrip('.')}.",
    }


# -- the dialog ------------------------------------------------------------------------------


def stop_dialog() -> dmc.Modal:
    """The frame of the dialog; what stands in it follows from the button."""
    return dmc.Modal(
        html.Div(id=BODY),
        id=DIALOG,
        title="Stop by scope",
        size="md",
        closeButtonProps={"aria-label": "Close"},
        className="sw-dialog",
    )


class StopAsked(NamedTuple):
    """What the dialog is for.

    Attributes
    ----------
    what : str
        ``pause``, ``halt`` or ``resume``.
    book : str
        Empty while no book could be read.
    kind, name : str
        Of the scope, of ``resume``.
    seen : int
        Number of the latch, of ``resume``.
    """

    what: str
    book: str
    kind: str = ""
    name: str = ""
    seen: int = 0


def stop_asked_of(data: Any) -> StopAsked | None:
    """What a page sends back of its dialog; None if it is nothing that one held."""
    if not isinstance(data, Mapping):
        return None
    what, book, kind, name, seen = (data.get(field) for field in StopAsked._fields)
    texts = [each for each in (what, book, kind, name) if isinstance(each, str)]
    if len(texts) != 4 or what not in TITLES or not _is_number(seen):
        return None
    if what == "resume" and _scope_named(kind, name) is None:
        return None
    return StopAsked(str(what), str(book), str(kind), str(name), int(seen or 0))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _scope_named(kind: Any, name: Any) -> Scope | None:
    known = isinstance(kind, str) and kind in _PARTS and isinstance(name, str) and name
    return Scope(ScopeKind(kind), name) if known else None


def opened(triggered: Any, scopes: Any, address_book: str) -> tuple[str, list[Component]] | None:
    """Title and content of the dialog that a button asks for; None if it is no button of ours.

    Parameters
    ----------
    triggered : dict
        The button's id.
    scopes : list
        What the board told of the book's parts; empty where the book cannot be read.
    address_book : str
        The book that the address names.
    """
    if not isinstance(triggered, Mapping) or triggered.get("what") not in TITLES:
        return None
    known = scopes[0] if scopes and isinstance(scopes[0], Mapping) else {}
    what, book = str(triggered["what"]), str(known.get("book") or address_book)
    if what == "resume":
        latches = known.get("latches")
        latch = latches.get(triggered.get("key")) if isinstance(latches, Mapping) else None
        return TITLES[what], _resume_body(book, latch)
    return TITLES[what], _stop_body(what, book, known)


def _stop_body(what: str, book: str, known: Mapping[str, Any]) -> list[Component]:
    look = look_of(STOPS[what])
    return [
        html.P(
            [
                glyph(look.shape, state=look.shape),
                html.Strong(look.word),
                f" {look.still_works} It holds until a person lets it go.",
            ],
            className="sw-dialog-lead",
        ),
        *(_scope_choice(known, book) if known.get("book") else _scope_fields(book)),
        *_reason_and_phrase(what, phrase_of(what, "", book)),
        dcc.Store(id=ASKED, data=StopAsked(what, book)._asdict()),
    ]


def _scope_choice(known: Mapping[str, Any], book: str) -> list[Component]:
    """The parts of the book, as the board knew them."""
    groups: list[dict[str, Any]] = [{"group": "Book", "items": [_option(_whole(book))]}]
    for title, kinds in GROUPS.items():
        scopes = [
            Scope(kind, name)
            for kind in kinds
            if kind is not ScopeKind.PORTFOLIO
            for name in _names(known.get(kind.value))
        ]
        if scopes:
            groups.append({"group": title, "items": [_option(each) for each in scopes]})
    return [
        dmc.Select(
            id=field_id(SCOPE),
            data=groups,
            value=_whole(book).label,
            label="Scope",
            searchable=True,
            allowDeselect=False,
            size="xs",
        )
    ]


def _names(told: Any) -> list[str]:
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def _whole(book: str) -> Scope:
    return Scope(ScopeKind.PORTFOLIO, book)


def _option(scope: Scope) -> dict[str, str]:
    whole = scope.kind is ScopeKind.PORTFOLIO
    shown = f"Book {scope.name}" if whole else sentence(scope_words(scope))
    return {"value": scope.label, "label": shown}


def _scope_fields(book: str) -> list[Component]:
    """The same to be written by hand, while the book cannot be read."""
    return [
        dmc.TextInput(
            id=field_id(BOOK),
            value=book,
            label="Book",
            description="It cannot be read now: write its name",
            size="xs",
        ),
        dmc.Select(
            id=field_id(PART),
            data=[{"value": kind, "label": text} for kind, text in _PARTS.items()],
            value=ScopeKind.PORTFOLIO.value,
            label="Scope",
            allowDeselect=False,
            size="xs",
        ),
        dmc.TextInput(
            id=field_id(NAME),
            label="Which one",
            description="Nothing for the whole book",
            size="xs",
        ),
    ]


def _resume_body(book: str, latch: Any) -> list[Component]:
    told = latch if isinstance(latch, Mapping) else {}
    scope, seen = _scope_named(told.get("kind"), told.get("name")), told.get("seen")
    if scope is None or not _is_number(seen):
        return [html.P("It is not stopped any more.")]
    asked = StopAsked("resume", book, scope.kind.value, scope.name, int(seen or 0))
    return [
        html.P([html.Strong(f"{sentence(scope_words(scope))}: "), str(told.get("says", ""))]),
        html.P(
            "Letting it go lifts this and nothing else: what breakers and limits say stays, and "
            "no refused order is sent again.",
            className="sw-note",
        ),
        *_reason_and_phrase("resume", phrase_of("resume", scope.name, book)),
        dcc.Store(id=ASKED, data=asked._asdict()),
    ]


def _reason_and_phrase(what: str, phrase: str) -> list[Component]:
    # Nobody who stops trading is asked for a password first.
    proof = [] if what in STOPS else [proof_part("stop-proof", confirms=CONFIRM)]
    return [
        dmc.Textarea(
            id=field_id(REASON),
            label="Reason",
            placeholder="Why, for whoever reads it tomorrow",
            autosize=True,
            minRows=2,
            maxRows=4,
            size="xs",
        ),
        dmc.TextInput(
            id=field_id(TYPED),
            label=["Type ", html.Strong(phrase), " to confirm"],
            size="xs",
            className="sw-phrase",
            attributes={"input": {"autoComplete": "off", "spellCheck": "false"}},
        ),
        *proof,
        html.Div(id=SAID, className="sw-override-said", role="status"),
        html.Div(
            [
                button("Close", CANCEL),
                html.Span(className="sw-grow"),
                button(TITLES[what], CONFIRM, look="destructive"),
            ],
            className="sw-dialog-buttons",
        ),
    ]


def phrase_of(what: str, name: str, book: str) -> str:
    """What must be typed: ``HALT``, ``PAUSE``, ``RESUME BTC``: one word of what tightens."""
    if what == "resume":
        return f"RESUME {' '.join((name or book).upper().split())}"
    return what.upper()


# -- what becomes of it ----------------------------------------------------------------------


class StopDraft(NamedTuple):
    """What stands in the dialog: a scope that was chosen, or the parts of one that was written."""

    scope: str = ""
    part: str = ""
    name: str = ""
    reason: str = ""
    typed: str = ""
    book: str = ""


def stop_draft_of(ids: Sequence[Any], values: Sequence[Any]) -> StopDraft:
    """What the dialog's fields say, whatever a browser sends."""
    said = {
        each["field"]: " ".join(value.split())
        for each, value in zip(ids, values, strict=False)
        if isinstance(each, Mapping)
        and each.get("field") in StopDraft._fields
        and isinstance(value, str)
    }
    return StopDraft(**said)


def stop(actions: Actions, actor: Actor, asked: StopAsked | None, draft: StopDraft) -> Outcome:
    """Stop what was asked to be stopped, or let it go, and say what became of it.

    Raises
    ------
    NotAllowed
        If he may not, or must prove first who he is.
    """
    if asked is None:
        return Outcome(False, "Nothing was asked", "This page is not up to date: load it again.")
    fault = _fault(asked, draft)
    if fault:
        return Outcome(False, f"{TITLES[asked.what]}: not yet", f"{fault}.")
    if asked.what == "resume":
        return _resume(actions, actor, asked, draft.reason)
    book, scope = _book_of(asked, draft), _scope_of(asked, draft)
    assert scope is not None, "without faults it names a scope"
    return _stop(actions, actor, STOPS[asked.what], scope, book, draft.reason)


def _fault(asked: StopAsked, draft: StopDraft) -> str:
    book = _book_of(asked, draft)
    if not book:
        return "Write the book's name"
    if asked.what != "resume" and _scope_of(asked, draft) is None:
        return "Say which part"
    phrase = phrase_of(asked.what, asked.name, book)
    return reason_fault(draft.reason) or phrase_fault(phrase, draft.typed)


def _book_of(asked: StopAsked, draft: StopDraft) -> str:
    return draft.book or asked.book


def _scope_of(asked: StopAsked, draft: StopDraft) -> Scope | None:
    if draft.scope:
        kind, _, name = draft.scope.partition(":")
        return _scope_named(kind, name)
    if draft.part == ScopeKind.PORTFOLIO.value:
        return _whole(_book_of(asked, draft))
    return _scope_named(draft.part, draft.name)


def _stop(
    actions: Actions, actor: Actor, state: TradingState, scope: Scope, book: str, reason: str
) -> Outcome:
    where, look = scope_name(scope), look_of(state)
    try:
        answer = actions.halt(actor, book, scope, state, reason=reason)
    except NotAllowed:
        raise
    except GateClosed as problem:
        text = (
            f"{sentence(str(problem))}. Nothing is stopped by this. On the engine's own machine "
            f"“{_by_hand(book, scope, state)}” tries the same."
        )
        return Outcome(False, f"{where} is NOT stopped", text, "halted")
    except SeawallError as problem:
        return Outcome(False, f"{where} is not stopped", f"{sentence(str(problem))}. {_SAME}.")
    if answer.silence:
        text = (
            f"{sentence(answer.silence)}. It is written down, and an engine takes it in with its "
            "next cycle; while none runs no order is let through."
        )
        return Outcome(True, f"{look.word} soon: {where}", text, look.shape)
    kept = (
        ""
        if answer.journalled
        else " The database does not answer: it holds in the engine's memory, and is written down "
        "as soon as that is possible."
    )
    text = f"{look.still_works} It holds from the next order on.{kept}"
    return Outcome(True, f"{look.word}: {where}", text, look.shape)


def _by_hand(book: str, scope: Scope, state: TradingState) -> str:
    back = way_back(book, scope).replace("resume", "halt", 1)
    return back if state is TradingState.HALTED else f"{back} --reduce-only"


def _resume(actions: Actions, actor: Actor, asked: StopAsked, reason: str) -> Outcome:
    scope = Scope(ScopeKind(asked.kind), asked.name)
    where = scope_name(scope)
    try:
        actions.resume(actor, asked.book, scope, reason=reason, seen=asked.seen)
    except NotAllowed:
        raise
    except StoreUnavailable as problem:
        text = f"{sentence(str(problem))}. It may be let go all the same: look again."
        return Outcome(False, f"{where} stays stopped", text)
    except SeawallError as problem:
        text = f"{sentence(str(problem))}. {_SAME}."
        return Outcome(False, f"{where} stays stopped", text)
    text = "The engine takes it in with its next cycle; then the board says so."
    return Outcome(True, f"{where} is let go", text, "normal")
