"""The journal as a story: newest first, day by day, a sentence an entry."""

from itertools import groupby

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, glyph, heading
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.notices import NoticeLink, empty_state, error_state, loading_state
from pages.context import EntriesPage, KeptEntry
from pages.format import number, sentence
from pages.query import RANGES, Query, Word
from pages.views.journal.address import (
    ABOVE_ENTRY,
    BEFORE,
    ENTRY,
    FILTERS,
    GROUP,
    PATH,
    PERSON,
    TEXT,
    before,
    before_text,
    entry_text,
    unfiltered,
)
from pages.views.journal.groups import EVERYTHING, GROUPS
from pages.views.journal.reading import JournalData
from pages.views.journal.telling import stream_words, told_of
from risk.domain.events import PEOPLE_STREAM
from risk.storage.entries import PAGE
from risk.storage.tables import from_ms

CSV = "journal-csv"
#: Entries that one file has at most: the command line saves all.
MOST_SAVED = 10_000


def story_card(data: JournalData) -> html.Section:
    """The entries that range and filters leave."""
    return card(
        [
            heading(_title(data), note=_note(data), actions=[_save_button()]),
            _filters(data),
            html.Div(_content(data), id="journal-content"),
            html.Div(_further(data), id="journal-further", className="sw-orders-further"),
        ],
        label=_title(data),
        class_name="sw-journal-story",
        id="journal-story",
    )


def _title(data: JournalData) -> str:
    return GROUPS[data.query.choice(GROUP.name)]


def _note(data: JournalData) -> str:
    place = before(data.query)
    until = (
        None
        if place is None
        else data.query.zone.date_and_clock(from_ms(place.at_ms), now=data.now)
    )
    older = "" if until is None else f", until {until}"
    return f"{data.query.range_words(data.now)}{older}, newest first"


def _save_button() -> html.Button:
    return html.Button(
        [glyph("download"), "CSV"],
        id=CSV,
        type="button",
        className="sw-button sw-button-small",
        title=f"Save what the filters leave as CSV, the newest {number(MOST_SAVED)} at most",
    )


# -- entries ---------------------------------------------------------------------------------


def _content(data: JournalData) -> list[Component]:
    listed = data.listed
    if listed.problem is not None:
        told = f"{sentence(listed.problem)}. Choose a shorter range, or search a kind of entries."
        return [error_state("The search came to no end", told, small=True)]
    if listed.value is None:
        return [loading_state("what the search finds", usually="a few seconds", small=True)]
    return _days(data, listed.value) if listed.value.entries else [_nothing(data)]


def _days(data: JournalData, page: EntriesPage) -> list[Component]:
    zone = data.query.zone

    def day_of(entry: KeptEntry) -> str:
        return zone.date(entry.at, now=data.now)

    return [
        part
        for day, entries in groupby(page.entries, key=day_of)
        for part in (
            html.H3(_named(day, data), className="sw-timeline-day"),
            html.Ol(
                [_item(data, entry) for entry in entries], className="sw-timeline sw-journal-list"
            ),
        )
    ]


def _named(day: str, data: JournalData) -> str:
    return f"Today, {day}" if day == data.query.zone.date(data.now, now=data.now) else day


def _item(data: JournalData, entry: KeptEntry) -> html.Li:
    told = told_of(entry, data.book.currency, data.cycle.state.policy)
    named = entry_text(entry.stream, entry.seq)
    href = data.query.href(PATH, **{ENTRY.name: named})
    detail = f", {told.detail}" if told.detail else ""
    return html.Li(
        [
            html.Time(data.query.zone.clock(entry.at)),
            glyph(told.shape, state=told.shape),
            html.P([html.Strong(told.fact), detail]),
            inside_link(
                _number_words(entry),
                href,
                class_name="sw-link sw-journal-number",
                chosen=named == data.query.choice(ENTRY.name),
                title=f"Entry {entry.seq} of the journal of {stream_words(entry.stream)}",
                **{"data-shows": ABOVE_ENTRY},
            ),
        ]
    )


def _number_words(entry: KeptEntry) -> list[Component]:
    """The number in its stream; which stream it is where that is not the book's."""
    tag = [html.Span("people ", className="sw-note")] if entry.stream == PEOPLE_STREAM else []
    return [*tag, f"#{entry.seq}"]


def _nothing(data: JournalData) -> Component:
    links = []
    if any(data.query.choice(word.name) != word.default for word in (*FILTERS, BEFORE)):
        links.append(NoticeLink("Show the whole story", unfiltered(data.query)))
    return empty_state("No entry matches", _advice(data.query), small=True, links=links)


#: What leaves fewer entries, and what to choose instead.
_INSTEAD = (
    (PERSON, "nobody in particular"),
    (TEXT, "no text"),
    (GROUP, GROUPS[EVERYTHING]),
)


def _advice(query: Query) -> str:
    """Only what can help: without the filters that are set, or longer, while that can be."""
    ways = [way for word, way in _INSTEAD if _leaves_out(query, word)]
    if query.between is not None or RANGES[query.range] is not None:
        ways.append("a longer range")
    if not ways:
        return "Nothing was ever written."
    *others, last = ways
    return f"Choose {', '.join(others)} or {last}." if others else f"Choose {last}."


def _leaves_out(query: Query, word: Word) -> bool:
    return query.choice(word.name) not in ("", EVERYTHING)


def _further(data: JournalData) -> list[Component]:
    """Ways to older entries, and back to the newest."""
    links = []
    if before(data.query) is not None:
        href = data.query.href(PATH, **{BEFORE.name: None})
        links.append(inside_link("Back to the newest", href, class_name="sw-link"))
    page = data.listed.value
    if page is not None and page.older is not None:
        href = data.query.href(PATH, **{BEFORE.name: before_text(page.older)})
        links.append(inside_link(f"More: the {PAGE} before", href, class_name="sw-link"))
    return links


# -- filters ---------------------------------------------------------------------------------


def _filters(data: JournalData) -> html.Div:
    query = data.query
    kinds = choice_links(
        "Entries", GROUP.name, GROUPS, query.choice(GROUP.name), query.links_to(PATH)
    )
    return html.Div(
        [
            kinds,
            _field(data, PERSON, "Person, then Enter", "Entries that name a person"),
            _field(data, TEXT, "Text, then Enter", "Find a text in what entries say"),
        ],
        id="journal-filters",
        className="sw-orders-filters",
    )


def _field(data: JournalData, word: Word, placeholder: str, label: str) -> dmc.TextInput:
    return dmc.TextInput(
        id={"type": "word", "word": word.name},
        value=data.query.choice(word.name),
        debounce=True,
        placeholder=placeholder,
        size="xs",
        w=152,
        **{"aria-label": label},
    )
