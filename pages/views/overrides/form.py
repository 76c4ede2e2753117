"""The form of an override, as components; all of its content follows from a draft. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, glyph
from pages.components.buttons import Look, button
from pages.components.deltas import CannotExpress, Deltas, deltas, name_of, plain
from pages.components.proof import proof_part
from pages.format import Zone, sentence
from pages.views.breakers.wording import ahead, minute, moment_words, share
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
from pages.views.overrides.warnings import MustRead, must_read
from risk.domain.overrides import review_due, tightens

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
#: Usual life of an override; every kind may have so much.
_USUAL = timedelta(hours=2)
#: How far ahead it may expire, as far as its kind allows.
_SPANS = (
    *(timedelta(minutes=minutes) for minutes in (30, 45, 60, 75, 90, 105, 120, 150, 180, 210, 240)),
    *(timedelta(hours=hours) for hours in (6, 8, 12, 24, 48, 72, 120)),
)
_STEP = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: So long the browser waits for more letters before it asks what is missing.
_TYPING_MS = 350


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
    until = kept.until or usual_until(situation.now)
    return kept._replace(kind=kind, size=size, until=until, typed="")


def _open(situation: Situation) -> list[Offer]:
    offers = offers_of(situation.row, situation.zone, situation.now)
    return [each for each in offers if not each.locked]


def usual_until(now: datetime) -> str:
    """Two hours from now on, on a quarter of an hour."""
    return _on_a_step(now + _USUAL).isoformat()


def _on_a_step(moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % _STEP


def until_choices(kind: str, zone: Zone, now: datetime) -> list[dict[str, str]]:
    """When it may expire, on quarters of an hour: ``17:30 UTC, in 1 h 47``."""
    longest = longest_of(kind)
    if longest is None:
        return []
    moments = dict.fromkeys(_on_a_step(now + span) for span in (*_SPANS, longest))
    ahead_of_now = [each for each in moments if now < each <= now + longest]
    return [{"value": m.isoformat(), "label": _choice_words(m, zone, now)} for m in ahead_of_now]


def _choice_words(moment: datetime, zone: Zone, now: datetime) -> str:
    return f"{minute(zone, moment, now)} {zone.label(moment)}, {ahead(moment, now)}"


def form_parts(situation: Situation, asked: Asked, draft: Draft) -> list[Component]:
    """The whole form around a draft."""
    shown = followed(situation, asked, draft)
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
            **{"data-kind": shown.kind},
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


def followed(situation: Situation, asked: Asked, draft: Draft) -> Followed:
    """What a form says of a draft, in a situation."""
    row = situation.row
    warnings = must_read(situation, draft.kind)
    faults = faults_of(draft, asked, situation, [each.id for each in warnings])
    known = draft.kind in NAMES
    phrase = phrase_of(draft.kind, row, draft.size) if known else ""
    return Followed(
        kind=draft.kind if known else "",
        does=_does(situation, asked, draft) if known else "",
        until=until_choices(draft.kind, situation.zone, situation.now) if known else [],
        most=most_words(draft.kind) if known else "",
        warnings=warning_parts(warnings, draft) if loosens(draft.kind, row) else [],
        label=f"Type {phrase} to confirm",
        after=after_words(draft, situation) if known else "",
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


def after_words(draft: Draft, situation: Situation) -> str:
    """Who is told, and when somebody judges what came of it."""
    told = "Everybody who is told of trips is told now."
    if not loosens(draft.kind, situation.row):
        return told
    if longest_of(draft.kind) is None:
        return f"{told} Hard caps stay."
    due = moment_words(situation.zone, review_due(situation.now), situation.now)
    return f"{told} Another officer judges what came of it: due {due}."


def _end(draft: Draft, faults: Faults) -> list[Component]:
    text = DOES.get(draft.kind, "Apply")
    # What tightens is outlined like any other button; what loosens stands out as destructive.
    tightens_or_ends = draft.kind == ENDS or tightens(draft.kind, "")
    look: Look = "plain" if tightens_or_ends else "destructive"
    return [button(text, SUBMIT, look=look, blocked=missing_words(faults) or None)]


# -- only what differs is sent ---------------------------------------------------------------


def noted(asked: Asked, draft: Draft, shown: Followed) -> dict[str, Any]:
    """What a form keeps of what it shows, and of which warnings were opened."""
    return {
        "breaker": asked.breaker,
        "action": asked.action,
        "value": asked.value,
        "opened": sorted(draft.opened),
        "shown": _told(shown),
    }


def is_about(data: Any, asked: Asked | None) -> bool:
    """Whether what was noted is of the breaker that is asked about."""
    return asked is not None and isinstance(data, Mapping) and data.get("breaker") == asked.breaker


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
        return draft._replace(kind="", reason="")
    # Somebody overrode it since, or ended that: what to do about it is another question.
    is_other = not isinstance(data, Mapping) or data.get("action") != asked.action
    return draft._replace(kind="") if is_other else draft


def changes(shown: Followed, before: Any) -> Deltas:
    """What differs from what a form shows: whoever reads or presses a part must not lose it."""
    old = before.get("shown") if isinstance(before, Mapping) else None
    now = _told(shown)
    try:
        return deltas(old if _is_tree(old) else None, now)
    except CannotExpress:
        return _whole(now)


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


def opened_of(data: Any, clicked: tuple[Sequence[Any], Sequence[Any]] = ((), ())) -> frozenset[str]:
    """Ids of the warnings that were opened: those noted before, and those that were pressed.

    Whoever presses faster than the server answers has opened them all the same.

    Parameters
    ----------
    data : dict
        What the form has noted.
    clicked : tuple
        Ids of what opens warnings, and how often each was pressed.
    """
    known = data.get("opened", ()) if isinstance(data, Mapping) else ()
    opened = [each for each in known if isinstance(each, str)]
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
