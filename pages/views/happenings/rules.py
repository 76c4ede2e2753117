"""Limits, the policy, the book's model, what was asked for in vain, and latches, in words."""

from pages.components.states import STATE_LOOKS
from pages.format import percent
from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words, quoted
from pages.views.limits.writing import cause_of, verb_of
from risk.domain.actions import ALONE
from risk.domain.events import (
    ActionRefused,
    BookModelChanged,
    LimitBreached,
    LimitCleared,
    LimitUpdated,
    PolicyChanged,
    Severity,
    TradingLatched,
    TradingResumed,
)
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.words import called_by_name, scope_words
from risk.portfolio.book_models import title_of


def _breach(event: LimitBreached, _currency: str) -> Words:
    passed = "passed its hard" if event.severity is Severity.CRITICAL else "reached its soft"
    above = f"{percent(event.value / event.threshold - 1.0, 1)} above it" if event.threshold else ""
    return BY_SEVERITY[event.severity], f"{called_by_name(event.limit)} {passed} threshold", above


def _cleared(event: LimitCleared, _currency: str) -> Words:
    if event.value is None:
        return (
            "info",
            f"The breach of {called_by_name(event.limit)} ended",
            "the policy has no such limit any more",
        )
    return "normal", f"{called_by_name(event.limit)} is inside again", ""


def _limit(event: LimitUpdated, _currency: str) -> Words:
    return "info", f"{called_by_name(event.limit)} {verb_of(event)}", cause_of(event)


def _policy(event: PolicyChanged, _currency: str) -> Words:
    first, others = event.what[0] if event.what else "nothing is different", len(event.what) - 1
    more = f" and {others} more" if others > 0 else ""
    by = f"by {event.by}{_by_whose_word(event)}"
    return "info", f"Version {event.number} of the policy", f"{first}{more}, {by}"


def _by_whose_word(event: PolicyChanged) -> str:
    """Who approved it, where that is another than its author."""
    if event.approved_by in ("", event.by):
        return ""
    alone = event.approved_by == ALONE
    return f" ({ALONE})" if alone else f", approved by {event.approved_by}"


def _model(event: BookModelChanged, _currency: str) -> Words:
    titles = [title_of(name) for name in (event.model, event.previous)]
    return "info", f"The book is measured by {titles[0]}", f"instead of {titles[1]}, by {event.by}"


def _refused(event: ActionRefused, _currency: str) -> Words:
    return "info", f"Not done: {event.asked}", f"{event.reason}; asked by {event.by}"


def _latch(event: TradingLatched, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    halted = event.asked == TradingState.HALTED.name
    did = "halted" if halted else "lets only reductions pass in"
    stays = "" if event.asked == event.state else f"; it stays {look.word}"
    fact = f"{event.who} {did} {_scope_of(event)}"
    return look.shape, fact, f"{quoted(event.reason)}{stays}"


def _resume(event: TradingResumed, _currency: str) -> Words:
    return "normal", f"{event.who} resumed {_scope_of(event)}", quoted(event.reason)


def _scope_of(event: TradingLatched | TradingResumed) -> str:
    return scope_words(Scope(ScopeKind(event.scope_kind), event.scope))


#: How each kind is told.
SAY: Sayings = {
    LimitBreached: _breach,
    LimitCleared: _cleared,
    LimitUpdated: _limit,
    PolicyChanged: _policy,
    BookModelChanged: _model,
    ActionRefused: _refused,
    TradingLatched: _latch,
    TradingResumed: _resume,
}
