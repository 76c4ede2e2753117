"""One entry at length: every field, its hash, what vouches for it, and what it is about."""

import json
from collections.abc import Iterator
from typing import Any

from dash import html

from pages.components.basics import Component, card, glyph, heading
from pages.components.links import inside_link
from pages.components.notices import empty_state
from pages.context import EntryProof
from pages.format import number
from pages.paths import BREAKERS_PATH, CHANGES_PATH, LIMITS_PATH, ORDERS_PATH
from pages.views.happenings import spaced
from pages.views.journal.address import ENTRY, PATH, entry_text
from pages.views.journal.reading import JournalData
from pages.views.journal.telling import Told, fields_of, stream_words, told_of
from risk.domain.events import BreakerActivated, BreakerWouldTrip, OrderValidation

#: Fields by which something else is found: where, by which word of its address, and as what.
_LEADS = (
    ("episode", BREAKERS_PATH, "episode", "The trip's card"),
    ("breaker", BREAKERS_PATH, "breaker", "The breaker"),
    ("client_order_id", ORDERS_PATH, "order", "The order"),
    ("limit", LIMITS_PATH, "limit", "The limit"),
    ("proposal", CHANGES_PATH, "proposal", "The proposal"),
)
#: Values of more characters are folded, and their first ones are told.
_LONG, _SHORT = 400, 120
#: What can be worked out again, by kind: the command's word, and the field that it takes.
_AGAIN = {
    OrderValidation.__name__: ("order", "client_order_id"),
    BreakerActivated.__name__: ("trip", "episode"),
    BreakerWouldTrip.__name__: ("trip", "episode"),
}


def entry_parts(data: JournalData) -> list[Component]:
    """The entry that the address names; nothing if it names none."""
    if not data.query.choice(ENTRY.name):
        return []
    return [_unknown(data) if data.chosen is None else _card(data, data.chosen)]


def _close(data: JournalData) -> Component:
    href = data.query.href(PATH, **{ENTRY.name: None})
    return inside_link("Close", href, class_name="sw-link")


def _unknown(data: JournalData) -> html.Section:
    asked = data.query.choice(ENTRY.name)
    return card(
        [
            heading("Entry", actions=[_close(data)]),
            empty_state(
                f"There is no entry {asked[:60]!r} here",
                f"Entries are named like {entry_text(data.book.name, 1)}; another book's are on "
                "its own page.",
                small=True,
            ),
        ],
        label="Entry",
        class_name="sw-journal-entry",
        id="journal-entry",
    )


def _card(data: JournalData, proof: EntryProof) -> html.Section:
    entry = proof.entry
    told = told_of(entry, data.book.currency, data.cycle.state.policy)
    title = f"Entry {number(entry.seq)} of {stream_words(entry.stream)}"
    when = data.query.zone.date_and_clock(entry.at, now=data.now)
    return card(
        [
            heading(title, note=f"{spaced(entry.kind)}, {when}", actions=[_close(data)]),
            html.Div(
                [
                    html.Div([_sentence(told), _fields(proof), *_again(proof)]),
                    html.Div([*_vouching(data, proof), *_leads(data, proof)]),
                ],
                className="sw-journal-parts",
            ),
        ],
        label=title,
        class_name="sw-journal-entry",
        id="journal-entry",
    )


def _sentence(told: Told) -> html.P:
    return html.P(
        [glyph(told.shape, state=told.shape), html.Span(told.sentence)],
        className="sw-journal-sentence",
    )


# -- what it says ----------------------------------------------------------------------------


def _fields(proof: EntryProof) -> html.Dl:
    return html.Dl(
        [_field(name, value) for name, value in fields_of(proof.entry).items()],
        id="journal-entry-fields",
        className="sw-journal-fields",
    )


def _field(name: str, value: Any) -> html.Div:
    return html.Div([html.Dt(name.replace("_", " ")), html.Dd(_value(value))])


def _value(value: Any) -> Component:
    """A value as it is kept; what would fill the screen is folded, and all of it is there."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        lines = value
    elif isinstance(value, str):
        lines = [value] if value else []
    else:
        lines = [] if value is None else [json.dumps(value, ensure_ascii=False)]
    said = "; ".join(lines)
    if len(said) <= _LONG:
        return said or "none"
    begin = f"{said[:_SHORT].rsplit(' ', maxsplit=1)[0]} …"
    size = f"{number(len(lines))} lines" if len(lines) > 1 else f"{number(len(said))} characters"
    folded = html.Ul([html.Li(line) for line in lines], className="sw-journal-proof")
    return html.Details([html.Summary(f"{size}: {begin}"), folded])


def _again(proof: EntryProof) -> list[Component]:
    """The command that works a decision or a trip out again."""
    found = _AGAIN.get(proof.entry.kind)
    if found is None:
        return []
    what, field = found
    name = fields_of(proof.entry)[field]
    command = f"seawall journal recompute {what} {json.dumps(name)}"
    return [html.P(["To work it out again: ", html.Code(command)], className="sw-note")]


# -- what vouches for it ---------------------------------------------------------------------


def _vouching(data: JournalData, proof: EntryProof) -> list[Component]:
    told = [html.Li(each) for each in (*_chained(data, proof), *_signed(data, proof))]
    listed = html.Ul(told, id="journal-entry-proof", className="sw-journal-proof")
    return [html.H3("What vouches for it"), listed]


def _chained(data: JournalData, proof: EntryProof) -> Iterator[Component]:
    entry = proof.entry
    yield ["Hash ", html.Code(entry.hash.hex())]
    view = next((view for view in data.chains if view.stream == entry.stream), None)
    if view is None or view.entries < entry.seq:
        broken = view is not None and view.broken is not None
        yield (
            "The chain does not hold as far as here."
            if broken
            else "The chain was not followed as far as here yet."
        )
    else:
        yield "The chain was followed from the first entry beyond this one, and holds."


def _signed(data: JournalData, proof: EntryProof) -> Iterator[Component]:
    covered = proof.covered_by
    if covered is None:
        yield "No checkpoint covers it yet: one is signed every minute."
        return
    when = data.query.zone.date_and_clock(covered.at, now=data.wall)
    told = f"The checkpoint of entry {number(covered.seq)} covers it, signed {when} with the key "
    yield [told, html.Code(covered.key_id), "."]
    yield [html.Code("seawall journal verify"), " checks the signature."]


# -- what it is about ------------------------------------------------------------------------


def _leads(data: JournalData, proof: EntryProof) -> list[Component]:
    links = [*_about(data, proof), *_neighbours(data, proof)]
    items = [html.Li(link) for link in links]
    return [
        html.H3("From here"),
        html.Ul(items, id="journal-entry-links", className="sw-journal-proof"),
    ]


def _about(data: JournalData, proof: EntryProof) -> Iterator[Component]:
    fields = fields_of(proof.entry)
    own: dict[str, str | None] = {word.name: None for word in data.query.words}
    for field, path, word, text in _LEADS:
        value = fields.get(field)
        if value and isinstance(value, str | int):
            href = data.query.href(path, **{**own, word: str(value)})
            yield inside_link(f"{text}: {value}", href, class_name="sw-link")


def _neighbours(data: JournalData, proof: EntryProof) -> Iterator[Component]:
    entry = proof.entry
    for seq, text in ((entry.seq - 1, "The entry before"), (entry.seq + 1, "The entry after")):
        if seq > 0:
            href = data.query.href(PATH, **{ENTRY.name: entry_text(entry.stream, seq)})
            yield inside_link(text, href, class_name="sw-link")
