"""Which way a change goes and who decides it, in words and shapes. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from dash import html

from pages.components.basics import glyph
from pages.format import sentence
from risk.domain.actors import Ability, Actor, roles_words, why_no_power
from risk.domain.people import is_same_person
from risk.domain.proposals import Direction, Proposal, ProposalStatus


class Look(NamedTuple):
    """A word, its shape, and the state whose colour it has; none for grey."""

    word: str
    shape: str
    state: str = "info"


DIRECTIONS: Mapping[Direction, Look] = {
    Direction.TIGHTENS: Look("TIGHTENS", "tightens"),
    Direction.LOOSENS: Look("LOOSENS", "loosens", "caution"),
    Direction.NEITHER: Look("WORDS ONLY", "words"),
}
STATUSES: Mapping[ProposalStatus, Look] = {
    ProposalStatus.OPEN: Look("WAITS", "stale"),
    ProposalStatus.APPROVED: Look("APPROVED", "tick"),
    ProposalStatus.REJECTED: Look("REJECTED", "remove"),
    ProposalStatus.WITHDRAWN: Look("WITHDRAWN", "remove"),
    ProposalStatus.OUTDATED: Look("OUTDATED", "stale"),
    ProposalStatus.LAPSED: Look("LAPSED", "stale"),
}


def badge(look: Look, component_id: str | None = None) -> html.Span:
    """Shape and word on a tint."""
    named = {} if component_id is None else {"id": component_id}
    state = None if look.state == "info" else look.state
    return html.Span(
        [glyph(look.shape, state=state), look.word],
        className="sw-badge",
        **named,
        **{"data-state": look.state},
    )


def deciders() -> str:
    """Who may decide: ``an officer``."""
    return roles_words(Ability.APPROVE)


def is_at_once(direction: Direction, actor: Actor) -> bool:
    """Whether what somebody proposes needs nobody else's word."""
    does_not_loosen = direction is not Direction.LOOSENS
    return actor.is_alone or (does_not_loosen and Ability.APPROVE in actor.abilities)


def rule_words(direction: Direction, actor: Actor) -> str:
    """What happens to a change that `actor` proposes: ``Loosens: an officer other than you …``"""
    if direction is Direction.LOOSENS and actor.is_alone:
        return (
            "Loosens, or may: nobody has a login yet, so there is no second person to ask. It is "
            "in force with the engine's next cycle, and the journal says that you were alone."
        )
    if direction is Direction.LOOSENS:
        return (
            f"Loosens, or may: {deciders()} other than you must approve it. Until then nothing "
            "changes."
        )
    what = "Tightens" if direction is Direction.TIGHTENS else "Changes words only"
    if is_at_once(direction, actor):
        return f"{what}: it needs nobody else, and is in force with the engine's next cycle."
    return f"{what}: it needs the word of {deciders()}. Until then nothing changes."


def send_words(direction: Direction, actor: Actor) -> str:
    """What the button says."""
    return "Adopt" if is_at_once(direction, actor) else "Send for approval"


def why_not_yet(actor: Actor, at: datetime) -> str:
    """Why an officer cannot decide yet, one sentence; empty where he can."""
    why = why_no_power(actor, Ability.APPROVE, at)
    return f"{sentence(why)}." if why else ""


def why_not_his(proposal: Proposal, actor: Actor, at: datetime) -> str:
    """Why somebody cannot approve a proposal at that time; empty where he can."""
    able = Ability.APPROVE in actor.abilities
    if is_same_person(proposal.author, actor.name) and (proposal.loosens_something or not able):
        return f"It is yours: {deciders()} other than you must approve it."
    return why_not_yet(actor, at) if able else f"{deciders().capitalize()} decides."
