"""The form of an override, as components; all of its content follows from a draft. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, glyph
from pages.components.buttons import Look, button
from pages.components.deltas import CannotExpress, Deltas, deltas, name_of, plain
from pages.components.proof import proof_part
from pages.format import sentence
from pages.views.breakers.wording import moment_words, share
from pages.views.limits.writing import duration
from pages.views.overrides.draft import (
    KIND,
    REASON,
    SIZE,
    TYPED,
    UNTIL,
    Draft,
    Faults,
    faults_of,
    faults_unseen,
    missing_words,
    moment_of,
    then_of,
)
from pages.views.overrides.kinds import (
    DOES,
    NAMES,
    Offer,
    does_words,
    longest_of,
    loosens,
    offers_of,
    phrase_of,
    sizes_of,
)
from pages.views.overrides.kinds import END as ENDS
from pages.views.overrides.situation import Asked, Situation, value_of
from pages.views.overrides.times import choices, expiries, usual_of
from pages.views.overrides.warnings import MustRead, must_read
from risk.domain.overrides import OverrideKind, review_due, tightens

FORM, FIELDS, SUBMIT = "override-form", "override-fields", "override-submit"
#: As a pattern: whoever asks for the form anew finds what was noted, or that there was none.
NOTED = {"type": "override-noted", "of": "form"}
DOES_LINE, UNTIL_NOTE, WARNINGS, EFFECT, AFTER, PROOF, END = (
    "override-does",
    "override-until-note",
    "override-warnings",
    "override-effect",
    "override-after",
    "override-proof",
    "override-end",
)
#: So long the browser waits for more letters before it asks what is missing.
_TYPING_MS = 350


#: With so many cycles after it was asked for the engine has taken it in, or refused it.
_TAKEN_IN = 2


def field_id(field: str) -> dict[str, str]:
    """The id of one of the form's fields."""
    return {"type": "override-field", "field": field}


def warning_id(warning: str) -> dict[str, str]:
    """The id of what opens a warning."""
    return {"type": "override-warning", "warning": warning}


class Followed(NamedTuple):
    """What a form says of what stands in it; the rest of it is fields.

    Attributes
    ----------
    kind, does : str
    until : list of dict
        When it may expire.
    most : str
        How far ahead that may be.
    warnings : components
    label : str
        What must be typed.
    after : str
        Who is told.
    proof : components
        Where who may loosen proves who he is; nothing of what only tightens.
    end : components
        The button, and what is missing.
    """

    kind: str
    does: str
    until: list[dict[str, str]]
    most: str
    warnings: list[Component]
    label: str
    after: str
    proof: list[Component]
    end: list[Component]


def first_draft(situation: Situation, before: Draft | None = None) -> Draft:
    """What stands in a new form: what somebody has chosen and written before, where it still fits.

    Not what he typed to confirm: that was for what he saw then.
    """
    offers = _open(situation)
    kinds = [each.kind for each in offers]
    kind = before.kind if before is not None and before.kind in kinds else next(iter(kinds), "")
    sizes = sizes_of(situation.row)
    size = before.size if before is not None and before.size in sizes else next(iter(sizes), None)
    kept = before if before is not None else Draft(kind)
    drafted = kept._replace(kind=kind, size=size, typed="")
    return drafted._replace(until=fitting_until(situation, drafted))


def _open(situation: Situation) -> list[Offer]:
    offers = offers_of(situation.row, situation.zone, situation.now)
    return [each for each in offers if not each.locked]


def fitting_until(situation: Situation, draft: Draft) -> str:
    """Until when a draft says, where that can be; else the usual time of its kind."""
    moments = _expiries(situation, draft)
    chosen = moment_of(draft.until)
    if chosen is not None and (chosen in moments or not moments):
        return draft.until
    return usual_of(moments, situation.now).isoformat()


def until_choices(situation: Situation, draft: Draft) -> list[dict[str, str]]:
    """When it may expire, on quarters of an hour: ``17:30 UTC, in 1 h 47``."""
    return choices(_expiries(situation, draft), situation.zone, situation.now)


def _expiries(situation: Situation, draft: Draft) -> Sequence[datetime]:
    if longest_of(draft.kind) is None:
        return []
    chosen = moment_of(draft.until)
    return expiries(OverrideKind(draft.kind), situation.row.state, situation.now, chosen)


def form_parts(
    situation: Situation, asked: Asked, draft: Draft, *, demo: bool = False
) -> list[Component]:
    """The whole form around a draft."""
    shown = followed(situation, asked, draft, demo=demo)
    offers = offers_of(situation.row, situation.zone, situation.now)
    return [
        html.Div(
            [
                _kinds(offers, draft),
                *(_locked(each) for each in offers if each.locked),
                _sizes(situation, draft),
                html.P(shown.does, id=DOES_LINE),
                _until(shown, draft),
                _reason(draft),
            ],
            id=FIELDS,
            className="sw-override-fields",
            # Whoever touches a form has its breaker in the address from then on (breakers.js).
            **{"data-kind": shown.kind, "data-breaker": asked.breaker},
        ),
        html.Div(shown.warnings, id=WARNINGS),
        html.Div(
            html.P("The effect is being worked out.", className="sw-dim"),
            id=EFFECT,
            className="sw-override-effect",
        ),
        html.P(shown.after, id=AFTER),
        _typed(shown),
        html.Div(shown.proof, id=PROOF),
        html.Div(shown.end, id=END, className="sw-override-end"),
        dcc.Store(id=FORM, data=asked._asdict()),
        dcc.Store(id=NOTED, data=noted(asked, draft, shown)),
    ]


# -- its fields ------------------------------------------------------------------------------


def _kinds(offers: Sequence[Offer], draft: Draft) -> dmc.Select:
    options = [
        {"value": each.kind, "label": NAMES[each.kind], "disabled": bool(each.locked)}
        for each in offers
    ]
    return dmc.Select(
        id=field_id(KIND),
        data=options,
        value=draft.kind or None,
        label="What",
        allowDeselect=False,
        size="xs",
    )


def _locked(offer: Offer) -> html.P:
    return html.P(f"{NAMES[offer.kind]}: {offer.locked}", className="sw-note")


def _sizes(situation: Situation, draft: Draft) -> html.Div:
    sizes = sizes_of(situation.row)
    select = dmc.Select(
        id=field_id(SIZE),
        data=[{"value": str(size), "label": share(size)} for size in sizes],
        value=None if draft.size is None else str(draft.size),
        label=f"Size of new risk, from {share(situation.row.size)} now",
        allowDeselect=False,
        size="xs",
    )
    return html.Div(select, className="sw-override-size")


def _until(shown: Followed, draft: Draft) -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id=field_id(UNTIL),
                data=shown.until,
                value=draft.until,
                label="Expires",
                allowDeselect=False,
                size="xs",
            ),
            html.P(shown.most, id=UNTIL_NOTE, className="sw-note"),
        ],
        className="sw-override-until",
    )


def _reason(draft: Draft) -> dmc.Textarea:
    return dmc.Textarea(
        id=field_id(REASON),
        value=draft.reason,
        label="Reason",
        placeholder="Why, for whoever reads it tomorrow",
        autosize=True,
        minRows=2,
        maxRows=5,
        size="xs",
        debounce=_TYPING_MS,
    )


def _typed(shown: Followed) -> dmc.TextInput:
    return dmc.TextInput(
        id=field_id(TYPED),
        value="",
        label=shown.label,
        size="xs",
        debounce=_TYPING_MS,
        className="sw-phrase",
        attributes={"input": {"autoComplete": "off", "spellCheck": "false"}},
    )


# -- what follows from a draft ---------------------------------------------------------------


def followed(situation: Situation, asked: Asked, draft: Draft, *, demo: bool = False) -> Followed:
    """What a form says of a draft, in a situation; in the demonstration, what is otherwise so."""
    row = situation.row
    warnings = must_read(situation, draft.kind)
    faults = faults_of(draft, asked, situation, [each.id for each in warnings])
    known = draft.kind in NAMES
    phrase = phrase_of(draft.kind, row, draft.size) if known else ""
    return Followed(
        kind=draft.kind if known else "",
        does=_does(situation, asked, draft) if known else "",
        until=until_choices(situation, draft) if known else [],
        most=most_words(draft.kind) if known else "",
        warnings=warning_parts(warnings, draft) if loosens(draft.kind, row) else [],
        label=f"Type {phrase} to confirm",
        after=after_words(draft, situation, demo=demo) if known else "",
        proof=[] if tightens(draft.kind, asked.ends) else [proof_part(PROOF, confirms=SUBMIT)],
        end=_end(draft, faults),
    )


def _does(situation: Situation, asked: Asked, draft: Draft) -> str:
    """What it does, and what comes once it is over."""
    does = does_words(situation.state, situation.row, draft.kind, draft.size)
    return f"{does} {then_of(situation, asked, draft)}".rstrip()


def most_words(kind: str) -> str:
    """``4 h at most``; empty of what does not expire."""
    longest = longest_of(kind)
    return "" if longest is None else f"{duration(longest)} at most, then it ends by itself"


def warning_parts(warnings: Sequence[MustRead], draft: Draft) -> list[Component]:
    """Every warning, and which of them was opened."""
    if not warnings:
        nothing = "No limit is near, no mark in doubt, and nothing else holds: nothing to warn of."
        return [html.H3("Warnings"), html.P(nothing, className="sw-dim")]
    read = sum(each.id in draft.opened for each in warnings)
    count = f"{read} of {len(warnings)} read"
    return [
        html.Div(
            [
                html.H3("Warnings"),
                html.Span(className="sw-grow"),
                html.Span(count, id=f"{WARNINGS}-count", className="sw-note"),
            ]
        ),
        html.Ul([_warning(each, is_read=each.id in draft.opened) for each in warnings]),
    ]


def _warning(warning: MustRead, *, is_read: bool) -> html.Li:
    """It opens by the browser alone; that it was opened is noted on the server.

    Whatever changes has an id of its own: to put all of it there anew would close what is open.
    """
    shown = {part: {"type": f"override-{part}", "warning": warning.id} for part in _OF_WARNING}
    summary = html.Summary(
        [
            glyph("inside"),
            glyph("normal", state="normal"),
            html.Span(warning.title, id=shown["title"]),
            html.Span("open", className="sw-override-open"),
            html.Span("read", className="sw-override-read"),
        ],
        id=warning_id(warning.id),
    )
    detail = html.P(warning.detail, id=shown["detail"])
    read = {"data-read": str(is_read).lower()}
    return html.Li(html.Details([summary, detail]), id=shown["item"], **read)


_OF_WARNING = ("item", "title", "detail")


def after_words(draft: Draft, situation: Situation, *, demo: bool = False) -> str:
    """Who is told, and when somebody judges what came of it."""
    told = "Everybody who is told of trips is told now."
    if not loosens(draft.kind, situation.row):
        return told
    if longest_of(draft.kind) is None:
        return f"{told} Hard caps stay."
    due = moment_words(situation.zone, review_due(situation.now), situation.now)
    if demo:
        # One officer is all that it has, and nobody judges his own.
        return (
            f"{told} Demonstration: nobody judges what came of it. With logins another officer "
            f"does, due {due}, and until then you could not loosen this breaker again."
        )
    return f"{told} Another officer judges what came of it: due {due}."


def _end(draft: Draft, faults: Faults) -> list[Component]:
    return _button(draft, blocked=missing_words(faults))


def _button(draft: Draft, *, blocked: str) -> list[Component]:
    text = DOES.get(draft.kind, "Apply")
    # What tightens is outlined like any other button; what loosens stands out as destructive.
    tightens_or_ends = draft.kind == ENDS or tightens(draft.kind, "")
    look: Look = "plain" if tightens_or_ends else "destructive"
    return [button(text, SUBMIT, look=look, blocked=blocked or None)]


# -- only what differs is sent ---------------------------------------------------------------


def noted(asked: Asked, draft: Draft, shown: Followed) -> dict[str, Any]:
    """What a form keeps of what it shows, and of which warnings were opened."""
    return {
        "breaker": asked.breaker,
        "episode": asked.episode,
        "action": asked.action,
        "kind": draft.kind,
        "value": asked.value,
        "opened": sorted(draft.opened),
        "shown": _told(shown),
    }


def is_about(data: Any, asked: Asked | None) -> bool:
    """Whether what was noted is of the breaker that is asked about."""
    return asked is not None and isinstance(data, Mapping) and data.get("breaker") == asked.breaker


def is_of(data: Any, asked: Asked | None) -> bool:
    """Whether it was noted by the very form that is asked about, and not by one before it."""
    if asked is None or not is_about(data, asked):
        return False
    return (data.get("episode"), data.get("action")) == (asked.episode, asked.action)


def is_asked_for(data: Any, asked: Asked, *, cycle: int | None) -> bool:
    """Whether what stands in a form was asked for already, and the engine has not taken it in yet.

    Parameters
    ----------
    data : dict
        What the form has noted.
    asked : Asked
        What it is for.
    cycle : int or None
        Number of the newest complete cycle; None where that cannot be read.
    """
    since = data.get("asked_for") if is_of(data, asked) else None
    if not isinstance(since, int):
        return False
    # The cycle that was running by then may have begun before.
    return cycle is None or cycle - since < _TAKEN_IN


def noted_asked_for(asked: Asked, draft: Draft, cycle: int) -> dict[str, Any]:
    """What a form keeps once it was asked for: none of it may stand there when that is over."""
    kept = {"breaker": asked.breaker, "episode": asked.episode, "action": asked.action}
    return {**kept, "value": asked.value, "kind": draft.kind, "opened": [], "asked_for": cycle}


def changes_asked_for(draft: Draft) -> Deltas:
    """The button from then on: it does not invite to ask for the same once more."""
    done = "It is asked for: the engine takes it in with its next cycle."
    return {END: {"children": plain(_button(draft, blocked=done))}}


def as_noted(asked: Asked, data: Any) -> Asked:
    """With what the breaker measured as the form has shown it last, by what it has noted."""
    return asked._replace(value=value_of(data.get("value"))) if is_about(data, asked) else asked


def kept_of(draft: Draft, data: Any, asked: Asked, *, done: bool) -> Draft:
    """What of a draft still means something in a new form.

    Parameters
    ----------
    draft : Draft
        That stood in the form before.
    data : dict
        What that form has noted.
    asked : Asked
        What the new one is for.
    done : bool
        Whether what it asked for was done.
    """
    if done:
        return Draft("")
    # Somebody overrode it since, or ended that: what to do about it is another question, and what
    # it was to be is no answer to it. What was written of why is not lost.
    return draft if is_of(data, asked) else Draft("", reason=draft.reason)


def changes(shown: Followed, before: Any) -> Deltas:
    """What differs from what a form shows: whoever reads or presses a part must not lose it."""
    old = before.get("shown") if isinstance(before, Mapping) else None
    now = _told(shown)
    try:
        return deltas(old, now) if isinstance(old, Mapping) and _is_tree(old) else _whole(now)
    except CannotExpress:
        return _whole(now)


def with_fitting_until(situation: Situation, draft: Draft, before: Any) -> tuple[Draft, Deltas]:
    """A draft of another kind than before, with a time that fits that kind, and its field.

    What he has chosen for the kind that he sees is never changed: it is told that it does not fit.
    """
    kind = before.get("kind") if isinstance(before, Mapping) else draft.kind
    if draft.kind not in NAMES or kind == draft.kind or longest_of(draft.kind) is None:
        return draft, {}
    until = fitting_until(situation, draft)
    if until == draft.until:
        return draft, {}
    return draft._replace(until=until), {name_of(field_id(UNTIL)): {"value": until}}


def merged(*changes: Deltas) -> Deltas:
    """All of several differences."""
    found: dict[str, dict[str, Any]] = {}
    for each in changes:
        for name, props in each.items():
            found.setdefault(name, {}).update(props)
    return found


def changes_unseen(draft: Draft, asked: Asked) -> Deltas:
    """The button while nobody can read how things stand: whoever tightens needs no more."""
    return {END: {"children": plain(_end(draft, faults_unseen(draft, asked)))}}


def _is_tree(node: Any) -> bool:
    """Whether what a page sends back could have been a form's."""
    if isinstance(node, list):
        return all(map(_is_tree, node))
    if not isinstance(node, Mapping):
        return True
    props = node.get("props")
    if not isinstance(props, Mapping) or not {"namespace", "type"} <= node.keys():
        return False
    return _is_tree(props.get("children"))


def _told(shown: Followed) -> Any:
    """What the form says, each under the id where it stands; what people enter is left out."""
    return plain(
        html.Div(
            [
                html.Div(id=FIELDS, **{"data-kind": shown.kind}),
                html.P(shown.does, id=DOES_LINE),
                dmc.Select(id=field_id(UNTIL), data=shown.until),
                html.P(shown.most, id=UNTIL_NOTE),
                html.Div(shown.warnings, id=WARNINGS),
                dmc.TextInput(id=field_id(TYPED), label=shown.label),
                html.P(shown.after, id=AFTER),
                html.Div(shown.proof, id=PROOF),
                html.Div(shown.end, id=END),
            ],
            id="override-told",
        )
    )


def _whole(told: Any) -> Deltas:
    """All of it, of a page that sent nothing that could be compared."""
    parts = (each["props"] for each in told["props"]["children"])
    return {
        name_of(part["id"]): {name: value for name, value in part.items() if name != "id"}
        for part in parts
    }


def opened_of(
    data: Any, asked: Asked | None, clicked: tuple[Sequence[Any], Sequence[Any]] = ((), ())
) -> frozenset[str]:
    """Ids of the warnings that were opened: those noted before, and those that were pressed.

    Whoever presses faster than the server answers has opened them all the same.

    Parameters
    ----------
    data : dict
        What the form has noted; what another form has noted does not count.
    asked : Asked or None
        What the form is for.
    clicked : tuple
        Ids of what opens warnings, and how often each was pressed.
    """
    known = data.get("opened", ()) if is_of(data, asked) else ()
    opened = [each for each in known if isinstance(each, str)] if isinstance(known, list) else []
    pressed = [
        each["warning"]
        for each, times in zip(*clicked, strict=False)
        if isinstance(each, Mapping) and isinstance(each.get("warning"), str) and times
    ]
    return frozenset((*opened, *pressed))


def errors_of(faults: Faults, ids: Sequence[Any]) -> list[str | None]:
    """What is wrong with each field, for a reader at that field."""
    said = {
        KIND: faults.kind or faults.refused,
        SIZE: faults.size,
        UNTIL: faults.until,
        REASON: faults.reason,
        TYPED: faults.typed,
    }
    fields = [each.get("field") if isinstance(each, Mapping) else None for each in ids]
    return [sentence(said.get(str(field), "")) or None for field in fields]
