"""The editor: fields at the left, what follows at the right, and the reason below it."""

from collections.abc import Iterator, Sequence

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.choices import Crumb, breadcrumbs
from pages.components.fields import field_control
from pages.components.links import inside_link
from pages.components.metrics import Fact, fact_list
from pages.components.notices import NoticeLink, empty_state
from pages.paths import BREAKERS_PATH, CHANGES_PATH, LIMITS_PATH
from pages.query import Query
from pages.views.editing.address import (
    ADD,
    BREAKER,
    DO,
    END,
    KIND,
    LIMIT,
    OF_LIMIT,
    REMOVE,
    WHILE,
    WORDS,
    edit_href,
)
from pages.views.editing.effect import CHECKED, EDITOR, EFFECT, PREVIEW, SEND_BOX
from pages.views.editing.forms import Definition, Group
from pages.views.editing.reading import EditorData
from pages.views.editing.subjects import EndLoan, Lend, Redefine, Remove, Subject
from pages.views.entering import may, not_his
from pages.views.proposals.stands import no_use_words, stands_words
from risk.domain.actors import Ability
from risk.domain.asking import LONGEST_REASON
from risk.domain.limits import LimitDefinition

ABOUT, REASON, RESULT = (f"{EDITOR}-{part}" for part in ("about", "reason", "result"))


def editor_view(data: EditorData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    if data.kinds:
        return [_path(data, "Add"), _kinds(data)]
    if data.subject is None:
        return [_path(data, "Nothing"), _nothing(data)]
    parts = [_form(data, data.subject), _side(data, data.subject)]
    return [_path(data, data.subject.title), *parts, _about(data.query)]


def _about(query: Query) -> dcc.Store:
    """What the callbacks must know of the address."""
    return dcc.Store(id=ABOUT, data=query.as_words())


def _path(data: EditorData, here: str) -> Component:
    of_breakers = (
        bool(data.query.choice(BREAKER.name)) or data.query.choice(ADD.name) == BREAKER.name
    )
    page = ("Breakers", BREAKERS_PATH) if of_breakers else ("Limits", LIMITS_PATH)
    if data.query.choice("version"):
        page = ("Changes", CHANGES_PATH)
    words = {word.name: None for word in WORDS}
    named = data.query.choice(LIMIT.name) or data.query.choice(BREAKER.name)
    back = {"breaker" if of_breakers else "limit": named or None}
    crumb = Crumb(page[0], data.query.href(page[1], **{**words, **back}))
    return html.Div(breadcrumbs([crumb], here), className="sw-editor-path")


def _nothing(data: EditorData) -> Component:
    links = [NoticeLink("Limits", LIMITS_PATH), NoticeLink("Breakers", BREAKERS_PATH)]
    return empty_state("Nothing to change here", data.problem, links=links)


def _kinds(data: EditorData) -> Component:
    add = data.query.choice(ADD.name)
    items = [
        html.Li(inside_link(title, edit_href(data.query, **{ADD.name: add, KIND.name: kind})))
        for kind, title in data.kinds.items()
    ]
    what = "limit" if add == OF_LIMIT else "breaker"
    return card(
        [
            heading(f"Add a {what}: of which kind?"),
            html.Ul(items, className="sw-editor-kinds"),
        ],
        label=f"Add a {what}",
        class_name="sw-editor-whole",
    )


# -- the form --------------------------------------------------------------------------------


def _form(data: EditorData, subject: Subject) -> html.Section:
    allowed = may(data.actor, subject.ability)
    body = (
        [_group(data, subject, each) for each in subject.groups]
        if allowed
        else _as_it_is(data, subject)
    )
    told = [each for each in (subject.lead, now_words(data, subject)) if each]
    lead = [html.P(each, className="sw-editor-lead") for each in told]
    paused = paused_anyway(data, subject)
    if paused:
        lead.append(_caution(paused))
    return card(
        [
            heading(subject.title, note=_version_note(subject), actions=[help_mark("change")]),
            *lead,
            *body,
            *_elsewhere(data, subject),
        ],
        label=subject.title,
        class_name="sw-editor-form",
        id=f"{EDITOR}-form",
    )


def now_words(data: EditorData, subject: Subject) -> str:
    """How what is to be another stands now, one sentence; empty of what is not there yet."""
    definition: Definition | None = getattr(subject, "definition", None)
    if definition is None:
        return ""
    return stands_words(data.cycle.state, definition, data.book.currency)


def paused_anyway(data: EditorData, subject: Subject) -> str:
    """That no other threshold would let new risk in, one sentence; empty where it might."""
    definition = getattr(subject, "definition", None)
    if not isinstance(subject, Redefine | Lend) or not isinstance(definition, LimitDefinition):
        return ""
    return no_use_words(data.cycle.state, definition, data.query.zone, data.now)


def _caution(text: str) -> html.P:
    return html.P(
        [glyph("caution", state="caution"), f" {text}"],
        id=f"{EDITOR}-paused",
        className="sw-editor-fault",
    )


def _version_note(subject: Subject) -> str | None:
    if isinstance(subject, Redefine | Remove):
        return f"version {subject.definition.version}"
    return None


def _group(data: EditorData, subject: Subject, group: Group) -> html.Fieldset:
    typed = subject.typed(data.query.zone)
    controls = [
        html.Div(
            field_control(each, typed[each.name], zone=data.query.zone),
            className=f"sw-field sw-field-{each.control}",
        )
        for each in group.fields
    ]
    return html.Fieldset(
        [html.Legend(group.title), html.Div(controls, className="sw-fields")],
        className="sw-field-group",
    )


def _as_it_is(data: EditorData, subject: Subject) -> list[Component]:
    """The same without anything to type into."""
    zone, parts = data.query.zone, []
    if not isinstance(subject, Redefine):
        return []
    typed = subject.typed(zone)
    for group in subject.groups:
        facts = [
            Fact(each.name, each.label, _shown(typed[each.name], each.scale.suffix), each.help)
            for each in group.fields
        ]
        parts.extend([html.H3(group.title), fact_list(facts, f"{EDITOR}-{group.fields[0].name}")])
    return parts


def _shown(typed: object, suffix: str) -> str:
    text = ", ".join(map(str, typed)) if isinstance(typed, list) else str(typed)
    return f"{text}\N{NO-BREAK SPACE}{suffix}".rstrip("\N{NO-BREAK SPACE}") if text else "none"


def _elsewhere(data: EditorData, subject: Subject) -> list[Component]:
    """What else may be done about the same thing."""
    definition = getattr(subject, "definition", None)
    if definition is None:
        return []
    word = LIMIT.name if isinstance(definition, LimitDefinition) else BREAKER.name
    named = {word: definition.name}
    items = [
        inside_link(text, edit_href(data.query, **named, **words), class_name="sw-link")
        for text, needs, words in _ways(data, subject, definition)
        if may(data.actor, needs)
    ]
    return [html.P(_spaced(items), className="sw-editor-elsewhere")] if items else []


def _ways(
    data: EditorData, subject: Subject, definition: Definition
) -> Iterator[tuple[str, Ability, dict[str, str]]]:
    """Name, ability and address of each; a way that his role is refused is shown to nobody."""
    if not isinstance(subject, Redefine):
        yield "Change it for good", Redefine.ability, {}
    if isinstance(definition, LimitDefinition) and not isinstance(subject, Lend):
        yield "Other thresholds for a while", Lend.ability, {DO.name: WHILE}
    if _is_lent(data, definition) and not isinstance(subject, EndLoan):
        yield "End its temporary limit", EndLoan.ability, {DO.name: END}
    if not isinstance(subject, Remove):
        yield "Take it away", Remove.ability, {DO.name: REMOVE}


def _spaced(items: Sequence[Component]) -> list[Component]:
    return [part for item in items for part in (item, " ")][:-1]


def _is_lent(data: EditorData, definition: object) -> bool:
    if data.policy is None or not isinstance(definition, LimitDefinition):
        return False
    return any(
        each.limit == definition.name and data.now < each.expires for each in data.policy.temporary
    )


# -- what follows ----------------------------------------------------------------------------


def _side(data: EditorData, subject: Subject) -> html.Div:
    if not may(data.actor, subject.ability):
        refused = not_his(data.actor, subject.ability, f"{EDITOR}-not-his", demo=data.demo)
        return html.Div(
            [card([refused], label="Who may", class_name="sw-editor-card")],
            className="sw-editor-side",
        )
    return html.Div([_effect_card(), _send_card(subject)], className="sw-editor-side")


def _effect_card() -> html.Section:
    return card(
        [
            heading("What follows"),
            html.Div(id=EFFECT, className="sw-effect", role="status"),
            html.H3("On the stored past"),
            html.Div(id=PREVIEW, className="sw-effect"),
            dcc.Store(id=CHECKED),
        ],
        label="What follows",
        class_name="sw-editor-card",
    )


def _send_card(subject: Subject) -> html.Section:
    asked = "Why now, in one line" if isinstance(subject, Lend) else "Why, in one line"
    return card(
        [
            heading("Send it", note="everybody is told who, why and what"),
            html.Div(
                [
                    dmc.Textarea(
                        id=REASON,
                        label="Reason",
                        placeholder=asked,
                        autosize=True,
                        minRows=2,
                        maxRows=5,
                        size="xs",
                        attributes={"input": {"maxLength": LONGEST_REASON}},
                    ),
                    html.Div(id=SEND_BOX),
                    html.Div(id=RESULT, role="status"),
                ],
                className="sw-effect",
            ),
        ],
        label="Send it",
        class_name="sw-editor-card",
    )
