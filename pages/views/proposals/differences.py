"""What is different between two policies, as people read it: entry by entry, with units. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from dash import html

from pages.components.basics import Component, glyph
from pages.components.fields import FormField, form_fields, label_of
from pages.components.typed import with_unit
from pages.format import NONE, Zone, sentence
from pages.views.editing.forms import Definition, form_of, level_fields
from pages.views.editing.subjects import name_of, without_dust
from risk.domain.actions import Action, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.limits import LimitDefinition, LimitState, TemporaryLimit
from risk.domain.policy import Policy
from risk.domain.trading import TradingState
from risk.limits.dynamics import greatest_factor, own_levels
from risk.policy.diff import Difference, FieldChange, Way, What, diff

_PARTS: Mapping[str, str] = {"temporary limit": "Temporary limit of"}
_TEMPORARY = "temporary limit"
_AS_MOVED = "as performance and regime have it"
_NO = Way.NEITHER


class FieldRow(NamedTuple):
    """One field with another value.

    Attributes
    ----------
    label, old, new : str
        With units; ``none`` where there was or is none. An empty `old` is not told.
    way : Way
    """

    label: str
    old: str
    new: str
    way: Way


class EntryRows(NamedTuple):
    """One entry of a policy that would be new, gone or another.

    Attributes
    ----------
    part, name : str
        As the policy has it.
    title : str
    what : What
    way : Way
        Of all of it.
    fields : tuple of FieldRow
    line : str
        The same as a proposal tells it.
    """

    part: str
    name: str
    title: str
    what: What
    way: Way
    fields: tuple[FieldRow, ...]
    line: str


class Reader(NamedTuple):
    """In which words a difference is told.

    Attributes
    ----------
    currency : str
    zone : Zone
    now : datetime
        UTC.
    stands : mapping of str to LimitState
        How limits stand when it is judged; of one that is not there nobody knows.
    at : datetime or None
        When it is judged; None for now. UTC.
    """

    currency: str
    zone: Zone
    now: datetime
    stands: Mapping[str, LimitState] = MappingProxyType({})
    at: datetime | None = None

    @property
    def judged_at(self) -> datetime:
        """When it is judged. UTC."""
        return self.at or self.now


def entries_of(
    differences: Iterable[Difference], before: Policy | None, after: Policy, reader: Reader
) -> tuple[EntryRows, ...]:
    """Differences with the units that the definitions on either side have.

    Parameters
    ----------
    differences : iterable of Difference
    before : Policy or None
    after : Policy
    reader : Reader
    """
    sides = [after, *([] if before is None else [before])]
    return tuple(_entry(each, sides, reader) for each in differences)


def entries_for(
    change: Action, before: Policy | None, after: Policy, reader: Reader
) -> tuple[EntryRows, ...]:
    """What a change makes different: of temporary limits by the thresholds that hold.

    Parameters
    ----------
    change : Action
        That makes `after` of `before`.
    before : Policy or None
    after : Policy
    reader : Reader
    """
    differences = diff(before, after)
    if isinstance(change, SetTemporaryLimit | EndTemporaryLimit) and before and differences:
        return (_loan_entry(change.limit, differences, before, after, reader),)
    return entries_of(differences, before, after, reader)


def _loan_entry(
    name: str, differences: Sequence[Difference], before: Policy, after: Policy, reader: Reader
) -> EntryRows:
    """One limit with the thresholds of now and those that are lent, or hold again."""
    limit = after.limit(name)
    assert limit is not None, "what is lent is a limit of the policy"
    old, new = (_in_force(policy, limit, reader) for policy in (before, after))
    fields = {each.name: each for each in level_fields(limit.kind, reader.currency)}
    hard = _figures(fields["hard"], old.hard, new.hard)
    soft = _figures(fields["soft"], old.soft, new.soft)
    was = "" if old.until is None else _moment(old.until, reader)
    then = "with the next cycle" if new.until is None else _moment(new.until, reader)
    again = "By itself its own again" if limit.dynamic else "By itself as defined again"
    ends = FieldRow(again, was, then, Way.NEITHER)
    moves = [_moves(fields["hard"], limit, after)] if limit.dynamic else []
    return EntryRows(
        part="limit",
        name=name,
        title=f"Limit {name_of(limit)}",
        what=What.CHANGED,
        way=soft.way if hard.way is Way.NEITHER else hard.way,
        fields=(hard, soft, ends, *moves),
        line="; ".join(map(str, differences)),
    )


class _Held(NamedTuple):
    """Thresholds that hold, None where nobody knows; and until when, None if by themselves."""

    hard: float | None
    soft: float | None
    until: datetime | None


def _figures(field: FormField, old: float | None, new: float | None) -> FieldRow:
    if old is None or new is None:
        told = _AS_MOVED if new is None else with_unit(new, field.scale)
        return FieldRow(field.label, "" if old is None else with_unit(old, field.scale), told, _NO)
    way = Way.NEITHER if new == old else Way.TIGHTER if new < old else Way.LOOSER
    return FieldRow(field.label, with_unit(old, field.scale), with_unit(new, field.scale), way)


def _moves(field: FormField, limit: LimitDefinition, policy: Policy) -> FieldRow:
    """Between what performance and regime may move a limit: why a change may go both ways."""
    least, most = (
        with_unit(without_dust(factor * limit.hard), field.scale)
        for factor in (policy.dynamics.floor, greatest_factor(limit, policy))
    )
    return FieldRow("Its own hard threshold moves", "", f"between {least} and {most}", Way.NEITHER)


def _in_force(policy: Policy, limit: LimitDefinition, reader: Reader) -> _Held:
    """What is lent of a limit now or next, else its own as performance and regime have it."""
    loans = [
        each
        for each in policy.temporary
        if each.limit == limit.name and reader.judged_at < each.expires
    ]
    if loans:
        first = min(loans, key=lambda each: each.starts)
        return _Held(first.hard, first.soft, first.expires)
    own = own_levels(limit, reader.stands.get(limit.name))
    if own is None:
        return _Held(None, None, None)
    return _Held(without_dust(own[0]), without_dust(own[1]), None)


def _entry(difference: Difference, sides: Sequence[Policy], reader: Reader) -> EntryRows:
    fields = _fields_of(difference, sides, reader)
    shown = () if difference.what is What.REMOVED else difference.fields
    return EntryRows(
        part=difference.part,
        name=difference.name,
        title=_title(difference, sides, reader),
        what=difference.what,
        way=difference.way,
        fields=tuple(_row(change, fields.get(change.field), reader) for change in shown),
        line=str(difference),
    )


# -- which definition it is about ------------------------------------------------------------


def _definition(difference: Difference, sides: Sequence[Policy]) -> Definition | None:
    found: Iterable[Definition | None] = ()
    if difference.part == "limit":
        found = (side.limit(difference.name) for side in sides)
    elif difference.part == "breaker":
        found = (side.breaker(difference.name) for side in sides)
    elif difference.part == _TEMPORARY:
        loan = _loan(difference, sides)
        found = () if loan is None else (side.limit(loan.limit) for side in sides)
    return next((each for each in found if each is not None), None)


def _loan(difference: Difference, sides: Sequence[Policy]) -> TemporaryLimit | None:
    """The temporary limit whose name and beginning the entry is called by."""
    loans = (loan for side in sides for loan in side.temporary)
    return next((loan for loan in loans if _is_called(difference.name, loan)), None)


def _is_called(name: str, loan: TemporaryLimit) -> bool:
    limit, _, starts = name.rpartition(" from ")
    return limit == loan.limit and datetime.fromisoformat(starts) == loan.starts.replace(
        microsecond=0
    )


def _fields_of(
    difference: Difference, sides: Sequence[Policy], reader: Reader
) -> Mapping[str, FormField]:
    definition = _definition(difference, sides)
    if definition is None:
        return {}
    if difference.part == _TEMPORARY:
        assert isinstance(definition, LimitDefinition), "only limits are lent"
        until = form_fields(TemporaryLimit, ["expires", "reason"])
        fields: Sequence[FormField] = (*level_fields(definition.kind, reader.currency), *until)
    else:
        fields = form_of(definition, reader.currency).fields
    return {each.name: each for each in fields}


def _title(difference: Difference, sides: Sequence[Policy], reader: Reader) -> str:
    definition = _definition(difference, sides)
    if definition is None:
        return sentence(f"{difference.part} {difference.name}".strip())
    loan = _loan(difference, sides) if difference.part == _TEMPORARY else None
    if loan is None:
        return f"{sentence(difference.part)} {name_of(definition)}"
    starts = "" if loan.in_force(reader.now) else f", from {_moment(loan.starts, reader)}"
    return f"{_PARTS[difference.part]} {name_of(definition)}{starts}"


# -- figures ---------------------------------------------------------------------------------


def _row(change: FieldChange, field: FormField | None, reader: Reader) -> FieldRow:
    label = label_of(change.field) if field is None else field.label
    old, new = (_told(each, field, reader) for each in (change.old, change.new))
    return FieldRow(label, old, new, change.way)


def _told(text: str, field: FormField | None, reader: Reader) -> str:
    """What a difference says of one side, with its unit."""
    if not text:
        return NONE
    if field is None:
        return text
    if field.control == "moment":
        return _moment(datetime.fromisoformat(text), reader)
    if field.control in ("number", "whole"):
        return with_unit(float(text), field.scale)
    words = {_as_told(value): word for word, value in field.options.items()}
    return words.get(text, text)


def _as_told(value: object) -> str:
    """One of several as a difference tells it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, TradingState):
        return value.name.lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _moment(moment: datetime, reader: Reader) -> str:
    return reader.zone.date_and_clock(moment, now=reader.now)


# -- components ------------------------------------------------------------------------------


def loosening(entry: EntryRows, loosens: Sequence[str]) -> bool:
    """Whether an entry is one of those that loosen."""
    return entry.way in (Way.LOOSER, Way.BOTH) or any(
        line in loosens for line in (entry.line, *entry.line.split("; "))
    )


def entry_list(
    entries: Sequence[EntryRows],
    component_id: str,
    *,
    loosens: Sequence[str] = (),
    under: str = "",
) -> html.Ul:
    """What is different: for each entry its fields, old and new, those that loosen marked.

    Parameters
    ----------
    entries : sequence of EntryRows
    component_id : str
    loosens : sequence of str
        Lines that loosen, or may.
    under : str
        The heading above the list: an only entry of that title does not repeat it.
    """
    is_told = len(entries) == 1 and entries[0].title == under
    return html.Ul(
        [_entry_item(entry, loosens, headed=not is_told) for entry in entries],
        id=component_id,
        className="sw-differences",
    )


def _entry_item(entry: EntryRows, loosens: Sequence[str], *, headed: bool) -> html.Li:
    if loosening(entry, loosens):
        entry = entry._replace(fields=_without_tighter(entry.fields))
    added = {What.ADDED: " is new", What.REMOVED: " is taken away"}.get(entry.what, "")
    if not headed and entry.fields and not added:
        return html.Li(_field_list(entry))
    head = html.Div(
        [html.Span([html.Strong(entry.title), added]), *_mark(entry, loosens)],
        className="sw-difference-head",
    )
    if not entry.fields:
        return html.Li(head)
    return html.Li([head, _field_list(entry)])


def _without_tighter(fields: Sequence[FieldRow]) -> tuple[FieldRow, ...]:
    """Fields of an entry that loosens: if none of them does by itself, nobody can say of which."""
    if any(row.way in (Way.LOOSER, Way.BOTH) for row in fields):
        return tuple(fields)
    return tuple(row._replace(way=Way.NEITHER) for row in fields)


def _field_list(entry: EntryRows) -> html.Dl:
    rows = [_field_row(row, entry.what) for row in entry.fields]
    return html.Dl(rows, className="sw-difference-fields")


def _mark(entry: EntryRows, loosens: Sequence[str]) -> list[Component]:
    if loosening(entry, loosens):
        # Tighter by its figures of now, and not at every moment to come.
        return [way_mark(Way.LOOSER, "may loosen" if entry.way is Way.TIGHTER else "")]
    return [] if entry.way is Way.NEITHER else [way_mark(entry.way)]


def _field_row(row: FieldRow, what: What) -> html.Div:
    moved = what is What.CHANGED and row.old not in ("", row.new)
    was = [html.Span(row.old, className="sw-difference-old"), " → "] if moved else []
    mark = [] if what is not What.CHANGED or row.way is Way.NEITHER else [way_mark(row.way)]
    return html.Div(
        [
            html.Dt(row.label),
            html.Dd([*was, html.Strong(row.new), *mark]),
        ],
        className="sw-difference-field",
    )


def way_mark(way: Way, word: str = "") -> html.Span:
    """``looser`` or ``tighter``, or another word, with its shape."""
    loose = way in (Way.LOOSER, Way.BOTH)
    shape = "loosens" if loose else "tightens"
    return html.Span(
        [glyph(shape, state="caution" if loose else None), word or str(way)],
        className="sw-way",
        **{"data-state": "caution" if loose else ""},
    )
