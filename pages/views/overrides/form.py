"""The form of an override, as components; all of its content follows from a draft. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html, no_update

from pages.components.basics import Component, glyph
from pages.components.buttons import Look, button
from pages.components.deltas import plain
from pages.format import Zone, sentence
from pages.views.breakers.wording import ahead, moment_words, share
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
    missing_words,
    moment_of,
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
from pages.views.overrides.situation import Asked, Situation
from pages.views.overrides.warnings import MustRead, must_read
from risk.domain.overrides import review_due

FORM, NOTED, FIELDS, SUBMIT = (
    "override-form",
    "override-noted",
    "override-fields",
    "override-submit",
)
DOES_LINE, UNTIL_NOTE, WARNINGS, EFFECT, AFTER, END = (
    "override-does",
    "override-until-note",
    "override-warnings",
    "override-effect",
    "override-after",
    "override-end",
)
#: Usual life of an override; never more than its kind may have.
_USUAL = timedelta(hours=2)
_STEP = timedelta(minutes=15)
#: So long the browser waits for more letters before it asks what is missing.
_TYPING_MS = 350


def field_id(field: str) -> dict[str, str]:
    """The id of one of the form's fields."""
    return {"type": "override-field", "field": field}


def warning_id(warning: str) -> dict[str, str]:
    """The id of what opens a warning."""
    return {"type": "override-warning", "warning": warning}


class Followed(NamedTuple):
    """What stands in the form by now; each goes to one place.

    Attributes
    ----------
    kind, does, until : str
    warnings, label, after, end : components
        The warnings; what must be typed; who is told; the button, and what is missing.
    """

    kind: str
    does: str
    until: str
    warnings: list[Component]
    label: list[Component]
    after: str
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
    until = kept.until or usual_until(situation.zone, situation.now)
    return kept._replace(kind=kind, size=size, until=until, typed="")


def _open(situation: Situation) -> list[Offer]:
    offers = offers_of(situation.row, situation.zone, situation.now)
    return [each for each in offers if not each.locked]


def usual_until(zone: Zone, now: datetime) -> str:
    """Two hours from now on a quarter of an hour, as the field has it."""
    moment = now + _USUAL
    moment -= (moment - datetime(1970, 1, 1, tzinfo=UTC)) % _STEP
    return f"{moment.astimezone(zone.info):%Y-%m-%dT%H:%M}"


def form_parts(situation: Situation, asked: Asked, draft: Draft) -> list[Component]:
    """The whole form around a draft."""
    shown = followed(situation, asked, draft)
    offers = offers_of(situation.row, situation.zone, situation.now)
    locked = [each for each in offers if each.locked]
    return [
        html.Div(
            [
                _kinds(offers, draft),
                _sizes(situation, draft),
                html.P(shown.does, id=DOES_LINE),
                _until(shown, draft),
                _reason(draft),
                *[
                    html.P(f"{NAMES[each.kind]}: {each.locked}", className="sw-note")
                    for each in locked
                ],
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
            role="status",
        ),
        html.P(shown.after, id=AFTER),
        _typed(shown),
        html.Div(shown.end, id=END, className="sw-override-end"),
        dcc.Store(id=FORM, data=asked._asdict()),
        dcc.Store(id=NOTED, data=noted(draft, shown)),
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
            dmc.TextInput(
                id=field_id(UNTIL),
                value=draft.until,
                label="Expires",
                size="xs",
                attributes={"input": {"type": "datetime-local"}},
            ),
            html.P(shown.until, id=UNTIL_NOTE, className="sw-note"),
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
        does=does_words(situation.state, row, draft.kind, draft.size) if known else "",
        until=until_words(draft, situation) if known else "",
        warnings=warning_parts(warnings, draft) if loosens(draft.kind) else [],
        label=["Type ", html.Strong(phrase), " to confirm"],
        after=after_words(draft, situation) if known else "",
        end=_end(draft, faults),
    )


def until_words(draft: Draft, situation: Situation) -> str:
    """``4 h at most. 17:30:00 UTC, in 1 h 48``; empty of what does not expire."""
    longest = longest_of(draft.kind)
    if longest is None:
        return ""
    most = f"{duration(longest)} at most"
    moment = moment_of(draft.until, situation.zone)
    if moment is None:
        return f"{most}."
    told = moment_words(situation.zone, moment, situation.now)
    return f"{most}; {told}, {ahead(moment, situation.now)}."


def warning_parts(warnings: Sequence[MustRead], draft: Draft) -> list[Component]:
    """Every warning, and which of them was opened."""
    if not warnings:
        nothing = "No limit is near, no mark in doubt, and nothing else holds: nothing to warn of."
        return [html.H3("Warnings"), html.P(nothing, className="sw-dim")]
    read = sum(each.id in draft.opened for each in warnings)
    count = html.Span(f"{read} of {len(warnings)} read", className="sw-note")
    return [
        html.Div([html.H3("Warnings"), html.Span(className="sw-grow"), count]),
        html.Ul([_warning(each, is_read=each.id in draft.opened) for each in warnings]),
    ]


def _warning(warning: MustRead, *, is_read: bool) -> html.Li:
    """It opens by the browser alone; that it was opened is noted on the server."""
    shape = "normal" if is_read else "inside"
    word = html.Span("read" if is_read else "open", className="sw-override-open")
    summary = html.Summary(
        [glyph(shape, state=shape if is_read else None), html.Span(warning.title), word],
        id=warning_id(warning.id),
    )
    return html.Li(
        html.Details([summary, html.P(warning.detail)]), **{"data-read": str(is_read).lower()}
    )


def after_words(draft: Draft, situation: Situation) -> str:
    """Who is told, and when somebody judges what came of it."""
    told = "Everybody who is told of trips is told now."
    if not loosens(draft.kind):
        return told
    if longest_of(draft.kind) is None:
        return f"{told} Hard caps stay."
    due = moment_words(situation.zone, review_due(situation.now), situation.now)
    return f"{told} Another officer judges what came of it: due {due}."


def _end(draft: Draft, faults: Faults) -> list[Component]:
    text = DOES.get(draft.kind, "Apply")
    # What tightens is outlined like any other button; what loosens stands out as destructive.
    look: Look = "destructive" if loosens(draft.kind) else "plain"
    return [button(text, SUBMIT, look=look, blocked=missing_words(faults) or None)]


# -- only what differs is sent ---------------------------------------------------------------


def noted(draft: Draft, shown: Followed) -> dict[str, Any]:
    """What a form keeps of what it shows, and of which warnings were opened."""
    return {"opened": sorted(draft.opened), "shown": _prints(shown)}


def opened_of(data: Any, clicked: Any) -> frozenset[str]:
    """Ids of the warnings that were opened: those noted before, and what is opened now."""
    known = data.get("opened", ()) if isinstance(data, Mapping) else ()
    opened = {each for each in known if isinstance(each, str)}
    if isinstance(clicked, Mapping) and clicked.get("type") == "override-warning":
        opened.add(str(clicked.get("warning")))
    return frozenset(opened)


def changed(shown: Followed, before: Any) -> tuple[Any, ...]:
    """What differs from what a form shows: whoever is about to press a part must not lose it."""
    prints = before.get("shown", {}) if isinstance(before, Mapping) else {}
    now = _prints(shown)
    return tuple(
        value if now[name] != prints.get(name) else no_update
        for name, value in zip(Followed._fields, shown, strict=True)
    )


def _prints(shown: Followed) -> dict[str, str]:
    return {
        name: hashlib.sha256(json.dumps(plain(value), sort_keys=True).encode()).hexdigest()[:12]
        for name, value in zip(Followed._fields, shown, strict=True)
    }


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
