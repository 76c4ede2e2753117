"""What waits for a second person: a card each, for whoever looks."""

from collections.abc import Sequence
from typing import Any

from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.buttons import button
from pages.components.links import inside_link
from pages.components.notices import NoticeLink, empty_state
from pages.format import sentence
from pages.paths import LIMITS_PATH
from pages.views.editing.address import BREAKER, LIMIT, edit_href
from pages.views.entering import may, not_his
from pages.views.proposals.address import PATH, PROPOSAL
from pages.views.proposals.differences import entry_list
from pages.views.proposals.heeding import stands_parts
from pages.views.proposals.models import model_parts
from pages.views.proposals.preview import preview_parts, words_of
from pages.views.proposals.reading import ProposalsData, ShownProposal
from pages.views.proposals.wording import DIRECTIONS, badge, deciders, why_not_his, why_not_yet
from risk.domain.actions import ChooseBookModel
from risk.domain.actors import Ability
from risk.domain.people import is_same_person
from risk.domain.proposals import Direction, Proposal
from risk.limits.words import called_by_name

#: What may be done about a proposal.
APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"
DECIDE = "proposal-decide"
_INBOX = "proposals-inbox"


def decide_id(proposal: int | Any, what: str | Any) -> dict[str, Any]:
    """The id of a button that asks for a decision."""
    return {"type": DECIDE, "proposal": proposal, "what": what}


def inbox_card(data: ProposalsData) -> html.Section:
    """All that waits, what is for whoever looks first."""
    return card(
        [
            heading("Waiting", note=_count_words(data), actions=[help_mark("change")]),
            html.Div(_groups(data), id=f"{_INBOX}-content"),
        ],
        label="Waiting",
        class_name="sw-inbox",
        id=_INBOX,
    )


def _count_words(data: ProposalsData) -> str:
    count = len(data.waiting)
    return "nothing" if not count else f"{count} proposal{'' if count == 1 else 's'}"


def _groups(data: ProposalsData) -> list[Component]:
    if not data.waiting:
        return [_nothing()]
    decides = may(data.actor, Ability.APPROVE)
    title = "For you to decide" if decides else f"For {deciders()} to decide"
    groups = [(title, data.others), ("Yours", data.mine)]
    told = [
        html.Div(
            [html.H3(name), *(_proposal(data, each) for each in shown)], className="sw-inbox-group"
        )
        for name, shown in groups
        if shown
    ]
    if decides:
        return told
    return [*told, not_his(data.actor, Ability.APPROVE, f"{_INBOX}-not-his", demo=data.demo)]


def _nothing() -> Component:
    return empty_state(
        "Nothing waits",
        "What loosens a limit or a breaker waits here for a second person. To propose something, "
        "choose a limit and “Change…”.",
        small=True,
        links=[NoticeLink("Limits", LIMITS_PATH)],
    )


# -- one proposal ----------------------------------------------------------------------------


def _proposal(data: ProposalsData, shown: ShownProposal) -> html.Article:
    proposal, base = shown.proposal, f"proposal-{shown.proposal.id}"
    chosen = str(proposal.id) == data.chosen
    return html.Article(
        [
            html.Div(
                [
                    html.H4(
                        inside_link(
                            shown.title,
                            data.query.href(PATH, **{PROPOSAL.name: str(proposal.id)}),
                            chosen=chosen,
                        )
                    ),
                    badge(DIRECTIONS[proposal.direction]),
                    html.Span(f"No. {proposal.id}", className="sw-note"),
                ],
                className="sw-proposal-head",
            ),
            html.P(asked_parts(data, proposal), className="sw-proposal-who"),
            differences_of(shown, f"{base}-differences"),
            *_against(data, shown),
            *stands_parts(data, shown, f"{base}-now"),
            *model_parts(data, shown, f"{base}-models"),
            *_past(data, shown, base, chosen=chosen),
            html.P(compared_words(data, shown), className="sw-note"),
            html.Div(_buttons(data, shown), className="sw-proposal-buttons"),
        ],
        id=base,
        className="sw-proposal",
        **{"data-chosen": str(chosen).lower()},
    )


def asked_parts(data: ProposalsData, proposal: Proposal) -> list[Component]:
    """Who asked when, and why."""
    at = data.query.zone.date_and_clock(proposal.at, now=data.wall)
    return [html.Strong(proposal.author), f", {at}: “{proposal.reason}”"]


def differences_of(shown: ShownProposal, component_id: str) -> Component:
    """What would be different, old and new."""
    if shown.entries:
        loosens = shown.proposal.loosens
        return entry_list(shown.entries, component_id, loosens=loosens, under=shown.title)
    return html.Ul(
        [html.Li(sentence(line)) for line in shown.lines],
        id=component_id,
        className="sw-differences",
    )


def _against(data: ProposalsData, shown: ShownProposal) -> list[Component]:
    """Why it cannot be adopted as things stand."""
    told = outdated_words(data, shown) or (shown.problem and f"{sentence(shown.problem)}.")
    if not told:
        return []
    anew = _anew(data, shown)
    return [
        html.P(
            [glyph("stale", state="stale"), f" {told}", *([" ", anew] if anew else [])],
            className="sw-editor-fault",
        )
    ]


def outdated_words(data: ProposalsData, shown: ShownProposal) -> str:
    """Who was quicker, one sentence; empty where nobody was."""
    newer = shown.newer
    if newer is None or not shown.outdated:
        return ""
    since = data.query.zone.date_and_clock(newer.at, now=data.now)
    return (
        f"Outdated: {newer.by} was quicker and changed the same, version {newer.policy.version} is "
        f"in force since {since}. It must be proposed anew."
    )


def _anew(data: ProposalsData, shown: ShownProposal) -> Component | None:
    """The way to the same limit or breaker in the editor, where it is about one."""
    if len(shown.entries) != 1 or not may(data.actor, Ability.PROPOSE):
        return None
    (only,) = shown.entries
    if only.part not in (LIMIT.name, BREAKER.name):
        return None
    return inside_link("Open it in the editor", edit_href(data.query, **{only.part: only.name}))


def _past(data: ProposalsData, shown: ShownProposal, base: str, *, chosen: bool) -> list[Component]:
    """What it would have meant: a sentence each, and the charts of the chosen one."""
    awaited = shown.preview
    if awaited is None:
        return []
    if awaited.problem is not None:
        return [_dim(f"What it would have meant cannot be told: {awaited.problem}.", base)]
    if awaited.value is None:
        return [_dim("What it would have meant is being worked out.", base)]
    preview = awaited.value
    if chosen:
        parts = preview_parts(
            preview, f"{base}-chart", reader=data.reader, scheme=data.query.scheme
        )
        return [html.Div(parts, id=f"{base}-past", className="sw-proposal-past")]
    told = [
        *((each.limit, words_of(preview, each, data.reader)) for each in preview.limits),
        *((each.breaker, words_of(preview, each, data.reader)) for each in preview.breakers),
    ]
    lines = [
        html.P([f"{sentence(called_by_name(name))}: " if len(told) > 1 else "", words])
        for name, words in told
    ]
    untold = [
        html.P(f"{sentence(each.entry)}: {each.why}.", className="sw-note")
        for each in preview.untold
    ]
    return [html.Div([*lines, *untold], id=f"{base}-past", className="sw-proposal-past")]


def _dim(text: str, base: str) -> html.P:
    return html.P(text, id=f"{base}-past", className="sw-dim")


def compared_words(data: ProposalsData, shown: ShownProposal) -> str:
    """With what it was compared, who can decide it, and until when it waits."""
    proposal = shown.proposal
    lapses = data.query.zone.date(proposal.lapses, now=data.wall)
    return f"{_compared(shown)}{_waits_for(proposal)}; lapses {lapses}."


def _compared(shown: ShownProposal) -> str:
    seen, newer = shown.proposal.seen, shown.newer
    if isinstance(shown.proposal.change, ChooseBookModel) or not seen:
        return ""
    if newer is None:
        return f"Compared with version {seen}, which is in force. "
    if shown.outdated:
        return f"Compared with version {seen}. "
    return (
        f"Compared with version {seen}; version {newer.policy.version}, by {newer.by}, is in force "
        "and touches nothing of it. "
    )


def _waits_for(proposal: Proposal) -> str:
    if proposal.direction is Direction.LOOSENS:
        return f"Waits for {deciders()} other than {proposal.author}"
    return f"Waits for {deciders()}"


# -- what may be done ------------------------------------------------------------------------


def _buttons(data: ProposalsData, shown: ShownProposal) -> Sequence[Component]:
    """What whoever looks may do; a button that is not his says why."""
    proposal, actor = shown.proposal, data.actor
    is_own = is_same_person(proposal.author, actor.name)
    made: list[Component] = []
    if may(actor, Ability.APPROVE) or is_own:
        made.append(_approve(data, shown))
    if is_own and may(actor, Ability.REQUEST_LIMIT):
        made.append(_ask("Withdraw…", proposal, WITHDRAW))
    elif may(actor, Ability.APPROVE):
        not_yet = why_not_yet(actor, data.wall)
        made.append(_ask("Reject…", proposal, REJECT, blocked=not_yet or None))
    return made


def _approve(data: ProposalsData, shown: ShownProposal) -> Component:
    blocked = why_not_his(shown.proposal, data.actor, data.wall)
    if not blocked and shown.outdated:
        blocked = "It is outdated: reject it, or let it be proposed anew."
    return _ask("Approve…", shown.proposal, APPROVE, blocked=blocked or None)


def _ask(text: str, proposal: Proposal, what: str, blocked: str | None = None) -> Component:
    if blocked is not None:
        return button(text, f"proposal-{proposal.id}-{what}", blocked=blocked)
    return html.Button(
        text,
        id=decide_id(proposal.id, what),
        type="button",
        className="sw-button",
        **{"aria-label": f"{text.rstrip('…')} proposal {proposal.id}…"},
    )
