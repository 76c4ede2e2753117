"""What stands in the form: read from what a browser sends, which may be anything, and judged. Pure.

The same judgement says what is still missing while somebody writes, and refuses what is missing
once he presses the button.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pages.format import sentence
from pages.reasons import reason_fault, typed_line
from pages.views.breakers.overridden import then_words
from pages.views.breakers.wording import minute
from pages.views.limits.writing import duration
from pages.views.overrides.kinds import (
    END,
    NAMES,
    RELEASE,
    STEP_DOWN,
    longest_of,
    loosens,
    phrase_of,
    word_of,
)
from pages.views.overrides.refusals import as_read
from pages.views.overrides.situation import Asked, Situation
from risk.breakers.foreseeing import once_wished
from risk.breakers.lifecycle import why_not_released
from risk.breakers.overriding import why_not_overridden
from risk.breakers.words import is_phrase, shown_name
from risk.domain.overrides import OverrideKind, OverrideWish, tightens

KIND, SIZE, UNTIL, REASON, TYPED = "kind", "size", "until", "reason", "typed"
FIELDS = (KIND, SIZE, UNTIL, REASON, TYPED)


class Draft(NamedTuple):
    """What somebody has written so far.

    Attributes
    ----------
    kind : str
        A key of ``NAMES``, or whatever was sent.
    size : float or None
    until : str
        UTC: ``2026-11-12T17:30:00+00:00``.
    reason, typed : str
    opened : frozenset of str
        Ids of the warnings that he has opened.
    """

    kind: str
    size: float | None = None
    until: str = ""
    reason: str = ""
    typed: str = ""
    opened: frozenset[str] = frozenset()


def draft_of(
    ids: Sequence[Any], values: Sequence[Any], opened: Collection[Any] | None = None
) -> Draft:
    """What the fields of a form say.

    Parameters
    ----------
    ids : sequence
        Of the fields; each names its field.
    values : sequence
        Of the fields, in the same order.
    opened : collection, optional
        Ids of the warnings that were opened.
    """
    said = {
        each["field"]: value
        for each, value in zip(ids, values, strict=False)
        if isinstance(each, Mapping) and each.get("field") in FIELDS
    }
    return Draft(
        kind=_text(said.get(KIND)),
        size=_size(said.get(SIZE)),
        until=_text(said.get(UNTIL)),
        reason=typed_line(_text(said.get(REASON))),
        typed=typed_line(_text(said.get(TYPED))),
        opened=frozenset(each for each in opened or () if isinstance(each, str)),
    )


def _text(said: Any) -> str:
    return said if isinstance(said, str) else ""


def _size(said: Any) -> float | None:
    try:
        size = float(said)
    except (TypeError, ValueError):
        return None
    return size if math.isfinite(size) else None


class Faults(NamedTuple):
    """What a draft lacks, a sentence without its full stop each; empty where nothing is amiss.

    Attributes
    ----------
    kind, size, until, reason, typed : str
    refused : str
        Why the engine would refuse it as things stand.
    warnings : tuple of str
        Ids of the warnings that must still be opened.
    """

    kind: str = ""
    size: str = ""
    until: str = ""
    reason: str = ""
    typed: str = ""
    refused: str = ""
    warnings: tuple[str, ...] = ()


def faults_of(draft: Draft, asked: Asked, situation: Situation, warnings: Sequence[str]) -> Faults:
    """What a draft lacks.

    Parameters
    ----------
    draft : Draft
    asked : Asked
        What its form was made for.
    situation : Situation
        The present one.
    warnings : sequence of str
        Ids of the present warnings; those of what tightens need not be opened.
    """
    if draft.kind not in NAMES:
        return Faults(kind="Choose what to do")
    must = warnings if loosens(draft.kind, situation.row) else ()
    size, until = _size_fault(draft), _until_fault(draft, situation.now)
    return Faults(
        size=size,
        until=until,
        reason=reason_fault(draft.reason),
        typed=phrase_fault(phrase_of(draft.kind, situation.row, draft.size), draft.typed),
        refused="" if size or until else _refused(draft, asked, situation),
        warnings=tuple(each for each in must if each not in draft.opened),
    )


def faults_unseen(draft: Draft, asked: Asked) -> Faults:
    """What a draft lacks that only tightens, while nobody can read how things stand."""
    if not tightens(draft.kind, asked.ends):
        return Faults(kind="Nothing can be loosened while the book cannot be read")
    unclear = longest_of(draft.kind) is not None and moment_of(draft.until) is None
    return Faults(
        until=_UNCLEAR if unclear else "",
        reason=reason_fault(draft.reason),
        typed=phrase_fault(word_of(draft.kind), draft.typed),
    )


_UNCLEAR = "Say until when"


def _size_fault(draft: Draft) -> str:
    if draft.kind != STEP_DOWN:
        return ""
    return "" if draft.size is not None and 0.0 < draft.size <= 1.0 else "Choose a size"


def _until_fault(draft: Draft, now: datetime) -> str:
    longest = longest_of(draft.kind)
    if longest is None:
        return ""
    until = moment_of(draft.until)
    if until is None:
        return _UNCLEAR
    if until <= now:
        return "That time is past: choose a later one"
    if until - now > longest:
        return f"That is {duration(until - now)} ahead, and {duration(longest)} is the most"
    return ""


def _refused(draft: Draft, asked: Asked, situation: Situation) -> str:
    """By the code by which the engine judges."""
    row = situation.row
    if row.state is None:
        name = shown_name(row.name, row.scope)
        return f"{name} was not looked at yet: wait for the engine's next cycle"
    if draft.kind == RELEASE:
        why = why_not_released(row.name, row.state, asked.episode, situation.now)
    else:
        wish = wish_of(draft, asked)
        why = why_not_overridden(row.definition, row.state, wish, situation.now)
    return as_read(why or "", row, situation.zone, situation.now)


def phrase_fault(phrase: str, typed: str) -> str:
    """What the typed confirmation lacks; empty once it is the phrase, in capitals or not."""
    return "" if is_phrase(phrase, typed) else f"Type {phrase}"


def moment_of(text: str) -> datetime | None:
    """A time as the form's field has it; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def wish_of(draft: Draft, asked: Asked, read: Sequence[str] = ()) -> OverrideWish:
    """What a draft without faults asks for; of anything but a release.

    Parameters
    ----------
    draft : Draft
    asked : Asked
    read : sequence of str
        The warnings that were opened, as they were told.
    """
    expires = longest_of(draft.kind) and moment_of(draft.until)
    return OverrideWish(
        breaker=asked.breaker,
        kind=OverrideKind(draft.kind),
        reason=draft.reason,
        expires=expires or None,
        seen_episode=asked.episode,
        seen_action=asked.action,
        size=draft.size if draft.kind == STEP_DOWN and draft.size is not None else 1.0,
        read=tuple(read),
        seen_retrips=asked.retrips,
        seen_value=asked.value,
        ends=OverrideKind(asked.ends) if draft.kind == END and asked.ends else None,
    )


def then_of(situation: Situation, asked: Asked, draft: Draft) -> str:
    """What comes once it is over, a sentence; of the end of one, with the next cycle.

    Empty of what would be refused, and of a release, which says itself what it does.
    """
    row, now = situation.row, situation.now
    ends = draft.kind == END
    if row.state is None or draft.kind not in NAMES or draft.kind == RELEASE:
        return ""
    wish = wish_of(draft, asked)
    over = (
        None
        if wish.expires is None and not ends
        else once_wished(row.definition, row.state, wish, now)
    )
    if over is None:
        return ""
    then = then_words(row.definition, over, situation.zone, now)
    if ends:
        return f"As things stand it then {then}."
    if wish.expires is not None and over.at < wish.expires:
        at = minute(situation.zone, over.at, now)
        return f"As things stand it is over at {at} already, and then it {then}."
    return f"Then, as things stand, it {then}."


def missing_words(faults: Faults) -> str:
    """What is missing, in one sentence: ``Open 1 more warning and type TREND 75.``"""
    left = len(faults.warnings)
    unopened = f"Open {left} more warning{'' if left == 1 else 's'}" if left else ""
    parts = [
        faults.kind,
        faults.size,
        faults.until,
        unopened,
        faults.reason,
        faults.typed,
    ]
    told = [part for part in parts if part]
    if faults.refused:
        return f"{sentence(faults.refused)}."
    if not told:
        return ""
    first, *rest = told
    others = [f"{part[0].lower()}{part[1:]}" for part in rest]
    if not others:
        return f"{first}."
    *middle, last = [first, *others]
    return f"{', '.join(middle)} and {last}."
