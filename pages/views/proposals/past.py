"""What was decided, and the versions of the policy that came of it."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, heading
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.notices import empty_state
from pages.context import PolicyVersion
from pages.format import sentence
from pages.views.editing.address import ADD, OF_BREAKER, OF_LIMIT, VERSION, edit_href
from pages.views.editing.forms import Definition
from pages.views.editing.subjects import name_of
from pages.views.entering import may
from pages.views.proposals.address import FIND, PATH, STATUS
from pages.views.proposals.differences import entries_of, entry_list
from pages.views.proposals.inbox import asked_parts, differences_of
from pages.views.proposals.reading import ProposalsData, ShownProposal, decided_at
from pages.views.proposals.wording import DIRECTIONS, STATUSES, badge
from risk.domain.actions import ALONE
from risk.domain.actors import Ability
from risk.domain.policy import Policy
from risk.domain.proposals import ProposalStatus
from risk.policy.diff import diff

#: Versions that are told with what they changed.
_VERSIONS = 12


def decided_card(data: ProposalsData) -> html.Section:
    """Decided proposals, the newest first, with their filters."""
    return card(
        [
            heading("Decided", note="by whom, and what they said"),
            html.Div(
                [
                    choice_links(
                        "Status",
                        STATUS.name,
                        STATUS.options or {},
                        data.query.choice(STATUS.name),
                        data.query.links_to(PATH),
                    ),
                    _search(data),
                ],
                className="sw-limits-filters",
            ),
            html.Div(_decided(data), id="proposals-decided-content"),
        ],
        label="Decided",
        class_name="sw-decided",
        id="proposals-decided",
    )


def _search(data: ProposalsData) -> dmc.TextInput:
    return dmc.TextInput(
        id={"type": "word", "word": FIND.name},
        value=data.query.choice(FIND.name),
        placeholder="Limit, person, reason",
        debounce=400,
        size="xs",
        w=180,
        **{"aria-label": "Find among decided proposals"},
    )


def _decided(data: ProposalsData) -> list[Component]:
    if not data.decided:
        return [empty_state("Nothing", _why_nothing(data), small=True)]
    more = [html.P(f"{data.more} more before.", className="sw-note sw-pad-x")] if data.more else []
    return [
        html.Ul([_one(data, each) for each in data.decided], className="sw-decided-list"),
        *more,
    ]


def _why_nothing(data: ProposalsData) -> str:
    if data.query.choice(STATUS.name) != STATUS.default or data.query.choice(FIND.name):
        return "No decided proposal is like that."
    return "No proposal has been decided yet."


def _one(data: ProposalsData, shown: ShownProposal) -> html.Li:
    proposal = shown.proposal
    base = f"decided-{proposal.id}"
    return html.Li(
        html.Details(
            [
                html.Summary(
                    [
                        html.Span(_when(data, shown), className="sw-decided-when"),
                        html.Strong(shown.title, className="sw-decided-title"),
                        badge(DIRECTIONS[proposal.direction]),
                        badge(STATUSES[proposal.status]),
                    ]
                ),
                html.P(["Asked by ", *asked_parts(data, proposal)]),
                html.P(decided_words(data, shown)),
                differences_of(shown, f"{base}-differences"),
            ]
        ),
        id=base,
    )


def _when(data: ProposalsData, shown: ShownProposal) -> str:
    at = decided_at(shown.proposal)
    return f"{data.query.zone.date(at, now=data.wall)} {data.query.zone.clock(at)[:5]}"


def decided_words(data: ProposalsData, shown: ShownProposal) -> str:
    """What became of a proposal, by whom and why: one sentence or two."""
    proposal = shown.proposal
    said = f": “{proposal.decision}”" if proposal.decision else ""
    if proposal.status is ProposalStatus.LAPSED:
        return "Nobody decided in time."
    if proposal.status is ProposalStatus.OUTDATED:
        return (
            f"Another policy came into force than version {proposal.seen}, with which it was "
            f"compared{said}."
        )
    word = STATUSES[proposal.status].word.capitalize()
    became = _became(data, shown)
    return f"{word} by {proposal.decided_by}{said}.{became}"


def _became(data: ProposalsData, shown: ShownProposal) -> str:
    action = shown.proposal.action
    version = next((v for v in data.versions if action is not None and v.action == action), None)
    return "" if version is None else f" It became version {version.policy.version}."


# -- versions --------------------------------------------------------------------------------


def versions_card(data: ProposalsData) -> html.Section:
    """The policy in force and those before it, each with what it changed."""
    return card(
        [
            heading("Versions of the policy", note=_in_force(data)),
            html.Div(_versions(data), id="proposals-versions-content"),
            *([html.P(_additions(data), className="sw-version-more")] if _proposes(data) else []),
        ],
        label="Versions of the policy",
        class_name="sw-versions",
        id="proposals-versions",
    )


def _proposes(data: ProposalsData) -> bool:
    return may(data.actor, Ability.PROPOSE)


def _additions(data: ProposalsData) -> list[Component]:
    """The ways to what the policy has not yet."""
    return [
        inside_link(f"Add a {what}…", edit_href(data.query, **{ADD.name: what}))
        for what in (OF_LIMIT, OF_BREAKER)
    ]


def _in_force(data: ProposalsData) -> str:
    return "none" if data.policy is None else f"{data.policy.version} is in force"


def _versions(data: ProposalsData) -> list[Component]:
    if not data.versions:
        return [empty_state("None", "Nobody has adopted a policy yet.", small=True)]
    earlier: Sequence[PolicyVersion | None] = [*data.versions[1:], None]
    pairs = list(zip(data.versions, earlier, strict=True))
    rest = len(pairs) - _VERSIONS
    more = [html.P(f"{rest} more before.", className="sw-note sw-pad-x")] if rest > 0 else []
    rows = [_version(data, version, before) for version, before in pairs[:_VERSIONS]]
    return [html.Ul(rows, className="sw-version-list"), *more]


def _version(data: ProposalsData, version: PolicyVersion, before: PolicyVersion | None) -> html.Li:
    number = version.policy.version
    is_now = data.policy is not None and number == data.policy.version
    at = data.query.zone.date(version.at, now=data.now)
    href = edit_href(data.query, **{VERSION.name: str(number)})
    back = inside_link("Bring back…", href, class_name="sw-link") if _proposes(data) else ""
    return html.Li(
        [
            html.Div(
                [
                    html.Span([html.Strong(f"Version {number}"), who_words(version)]),
                    html.Span(f"{at} {data.query.zone.clock(version.at)[:5]}", className="sw-dim"),
                    html.Span("in force", className="sw-note") if is_now else back,
                ],
                className="sw-version-head",
            ),
            html.Details(
                [html.Summary(_lines_words(version, before)), *_changed(data, version, before)],
            ),
        ],
        id=f"version-{number}",
    )


def who_words(version: PolicyVersion) -> str:
    """Who asked for it, and by whose word it holds where that is another's."""
    if version.approved_by in ("", version.by):
        return f" by {version.by}"
    if version.approved_by == ALONE:
        return f" by {version.by} ({ALONE})"
    return f" by {version.by}, approved by {version.approved_by}"


def _lines_words(version: PolicyVersion, before: PolicyVersion | None) -> str:
    if before is None:
        return "Where it begins: what stood in it"
    count = len(version.what)
    return f"{count} difference{'' if count == 1 else 's'}"


def _changed(
    data: ProposalsData, version: PolicyVersion, before: PolicyVersion | None
) -> list[Component]:
    if before is None:
        return [_begun(version)]
    old: Policy = before.policy
    entries = entries_of(diff(old, version.policy), old, version.policy, data.reader)
    if not entries:
        return [html.P(sentence("; ".join(version.what)), className="sw-note")]
    return [entry_list(entries, f"version-{version.policy.version}-differences")]


def _begun(version: PolicyVersion) -> html.Dl:
    """Everything in the first one by name, part by part: all of it was new."""
    parts: dict[str, list[str]] = {}
    definitions: list[Definition] = [*version.policy.limits, *version.policy.breakers]
    defined = {each.name: each for each in definitions}
    for each in diff(None, version.policy):
        called = defined.get(each.name)
        name = each.name if called is None else name_of(called)
        parts.setdefault(each.part, []).append(name)
    rows = [
        html.Div(
            [
                html.Dt(sentence(part) + (f" ({len(names)})" if len(names) > 1 else "")),
                html.Dd(", ".join(names) or "as set"),
            ],
            className="sw-difference-field",
        )
        for part, names in parts.items()
    ]
    return html.Dl(
        rows, className="sw-difference-fields", id=f"version-{version.policy.version}-begun"
    )
