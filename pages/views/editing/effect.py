"""What follows from what was typed so far: faults, direction, differences, who must agree. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html

from pages.components.basics import Component, glyph
from pages.components.buttons import button
from pages.components.fields import FIELD
from pages.format import sentence
from pages.views.editing.reading import EditorData
from pages.views.editing.subjects import EndLoan, Lend, Stamp
from pages.views.editing.wanting import WHOLE, Wanted, wanted_of
from pages.views.proposals.differences import EntryRows, entries_for, entry_list
from pages.views.proposals.wording import DIRECTIONS, badge, rule_words, send_words
from risk.domain.policy import Policy
from risk.domain.proposals import Direction
from risk.policy.diff import Way
from risk.policy.direction import Directed, direction_of
from risk.policy.thresholds import Present

EDITOR = "editor"
EFFECT, PREVIEW, SEND_BOX, CHECKED = (
    f"{EDITOR}-{part}" for part in ("effect", "preview", "send-box", "checked")
)
SEND = f"{EDITOR}-send"
NOTHING_YET = "Nothing is different yet."


def typed_of(ids: Sequence[Any], values: Sequence[Any]) -> dict[str, Any]:
    """What stands in the form's fields, as a browser sends it."""
    return {
        str(each.get("field")): value
        for each, value in zip(ids, values, strict=False)
        if isinstance(each, Mapping) and each.get("type") == FIELD
    }


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a form comes to, and which way that goes.

    Attributes
    ----------
    wanted : Wanted
    directed : Directed
        NEITHER while nothing is wanted.
    """

    wanted: Wanted
    directed: Directed

    @property
    def direction(self) -> Direction:
        """Which way it goes."""
        return self.directed.direction

    @property
    def missing(self) -> str:
        """Why it cannot be sent yet, a sentence; empty once it can."""
        if self.wanted.faults:
            return "Mend what is marked first." if any(self.wanted.faults) else "Mend it first."
        return "" if self.wanted.is_ready else NOTHING_YET

    def known(self) -> dict[str, Any] | None:
        """What the browser keeps of it: with what it was compared, and what would be different."""
        if not self.wanted.is_ready:
            return None
        lines = [str(each) for each in self.wanted.differences]
        return {"seen": self.wanted.before.version, "lines": lines}


def judged_of(data: EditorData, typed: Mapping[str, Any], *, stamp: Stamp) -> Judged | None:
    """What a form comes to; None where there is nothing to edit."""
    if data.subject is None or data.policy is None:
        return None
    wanted = wanted_of(
        data.subject,
        typed,
        data.policy,
        portfolio=data.book.name,
        stamp=stamp,
        now=data.now,
        zone=data.query.zone,
    )
    directed = _directed(data, wanted.before, wanted.after)
    untouched = isinstance(data.subject, Lend) and (
        directed.direction is Direction.NEITHER or typed == data.subject.typed(data.query.zone)
    )
    if untouched:
        # The thresholds that hold already, lent until a time: only the lending itself is new.
        wanted = replace(wanted, differences=())
    return Judged(wanted=wanted, directed=directed)


def stamp_of(data: EditorData, reason: str, at: Any) -> Stamp:
    """What whoever looks would put under a wish."""
    seen = 0 if data.policy is None else data.policy.version
    return Stamp(who=data.actor.name, at=at, seen=seen, reason=reason)


def _directed(data: EditorData, before: Policy, after: Policy | None) -> Directed:
    if after is None:
        return Directed(Direction.NEITHER)
    # Adoption numbers and signs it, which is no difference.
    wanted = replace(after, version=before.version, by=before.by)
    return direction_of(before, wanted, Present(data.now, data.cycle.state.limits))


# -- components ------------------------------------------------------------------------------


def effect_parts(data: EditorData, judged: Judged) -> list[Component]:
    """Which way it goes, what is different, and who must agree."""
    wanted = judged.wanted
    whole = wanted.faults.get(WHOLE)
    if whole:
        return [_fault(whole)]
    if wanted.faults:
        return [html.P("What follows is told once every field can be read.", className="sw-dim")]
    if not wanted.is_ready or wanted.after is None or wanted.change is None:
        return [html.P(NOTHING_YET, className="sw-dim")]
    entries = entries_for(wanted.change, wanted.before, wanted.after, data.reader)
    return [
        html.Div(
            [
                badge(DIRECTIONS[judged.direction], f"{EDITOR}-direction"),
                html.Span(f"compared with version {wanted.before.version}", className="sw-note"),
            ],
            className="sw-effect-head",
        ),
        entry_list(entries, f"{EDITOR}-differences", loosens=judged.directed.loosens),
        *_why_it_may_loosen(data, judged, entries),
        html.P(rule_words(judged.direction, data.actor), id=f"{EDITOR}-rule"),
    ]


def _why_it_may_loosen(
    data: EditorData, judged: Judged, entries: Sequence[EntryRows]
) -> list[Component]:
    """Of what is tighter now, and all the same waits for a second person."""
    is_tighter = len(entries) == 1 and entries[0].way is Way.TIGHTER
    if not is_tighter or judged.direction is not Direction.LOOSENS:
        return []
    if isinstance(data.subject, EndLoan):
        told = (
            "It is tighter now, but before the temporary limit would have ended by itself its own "
            "thresholds may have risen above it. To tighten at once, lower the temporary limit to "
            "what its own is now, until the same time."
        )
    elif isinstance(data.subject, Lend):
        told = (
            "It is tighter now, but performance and regime may take its own thresholds below it "
            "before it ends."
        )
    else:
        return []
    return [html.P(told, className="sw-note")]


def _fault(text: str) -> Component:
    return html.P(
        [glyph("caution", state="caution"), f" {sentence(text)}."],
        className="sw-editor-fault",
        role="alert",
    )


def send_parts(data: EditorData, judged: Judged) -> list[Component]:
    """The button, or what it still lacks."""
    text = send_words(judged.direction, data.actor)
    return [button(text, SEND, look="filled", blocked=judged.missing or None)]


def moved_parts(data: EditorData, seen: int, by: str) -> list[Component]:
    """That another policy is in force than the one that was compared with."""
    assert data.policy is not None, "there was one to compare with"
    text = (
        f"{sentence(by)} was quicker: version {data.policy.version} of the policy is in force, and "
        f"you compared with version {seen}. What you wrote is kept; look at what follows now, and "
        "send it once more."
    )
    return [html.P([glyph("info"), f" {text}"], className="sw-editor-fault", role="alert")]


def field_faults(ids: Sequence[Any], judged: Judged | None) -> list[str | None]:
    """What is wrong at each field, in the order in which the browser knows them."""
    faults: Mapping[str, str] = {} if judged is None else judged.wanted.faults
    names = [each.get("field") if isinstance(each, Mapping) else None for each in ids]
    return [_ended(faults.get(str(name))) for name in names]


def _ended(fault: str | None) -> str | None:
    return None if fault is None else f"{fault}."
