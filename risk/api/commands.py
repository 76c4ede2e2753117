"""Commands: what makes trading tighter at once. What loosens it goes through the store."""

from collections.abc import Callable

from risk.api.desk import outcome
from risk.api.operations import Call, Operation, require_portfolio, require_strategy
from risk.api.problems import Refused, bad_body, not_allowed
from risk.domain.asking import checked_id, checked_name, checked_reason
from risk.domain.keys import KeyAbility
from risk.domain.messages import CommandAnswer, CommandBody
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import InvalidInput

_TIGHTENING = {"halt": TradingState.HALTED, "reduce_only": TradingState.REDUCE_ONLY}
#: What people say who want to trade again.
_LOOSENING = frozenset({"resume", "release", "lift", "unhalt", "normal", "override", "reset"})
_SCOPES = {
    kind.value: kind
    for kind in (ScopeKind.STRATEGY, ScopeKind.STRATEGY_TYPE, ScopeKind.ASSET, ScopeKind.VENUE)
}


async def _command(call: Call) -> CommandAnswer:
    body: CommandBody = call.body
    require_portfolio(call.key, body.portfolio)
    state = _state(body.command)
    who, reason = _who(call), _checked(checked_reason, body.reason)
    if body.portfolio != call.desk.portfolio:
        raise Refused(404, "unknown_portfolio", f"the authority here is over {call.desk.portfolio}")
    scope = _scope(body)
    if call.key.strategies is not None:
        if scope.kind is not ScopeKind.STRATEGY:
            raise not_allowed("this key is for single strategies: name one as `strategy:NAME`")
        require_strategy(call.key, scope.name)
    try:
        latched = call.gate.latch(scope, state, who=who, reason=reason, latch_id=_id(body))
    except InvalidInput as unknown:
        raise bad_body(str(unknown)) from unknown
    return await outcome(latched)


def _state(command: str) -> TradingState:
    if command in _TIGHTENING:
        return _TIGHTENING[command]
    if command in _LOOSENING:
        raise not_allowed(
            "only people loosen trading, and not by a key: use `seawall resume` or the dashboard"
        )
    raise bad_body(f"`command` must be {' or '.join(_TIGHTENING)}")


def _who(call: Call) -> str:
    """Whoever asks: the key itself, or somebody whom it may speak for."""
    who: str | None = call.body.who
    if who is None:
        return call.key.sender
    if KeyAbility.SPEAK_FOR not in call.key.abilities:
        raise not_allowed("this key lacks the ability speak_for: leave `who` out")
    return _checked(checked_name, who)


def _id(body: CommandBody) -> str | None:
    return None if body.id is None else _checked(checked_id, body.id)


def _checked(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except InvalidInput as problem:
        raise bad_body(str(problem)) from problem


def _scope(body: CommandBody) -> Scope:
    if body.scope is None:
        return Scope(ScopeKind.PORTFOLIO, body.portfolio)
    kind, _, name = body.scope.partition(":")
    if kind not in _SCOPES or not name:
        raise bad_body(
            "`scope` must be strategy:NAME, strategy_type:NAME, asset:NAME or venue:NAME"
        )
    return Scope(_SCOPES[kind], name)


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/commands",
        summary="Make trading tighter at once: `halt` or `reduce_only`, whole or for one scope.",
        handle=_command,
        abilities=frozenset({KeyAbility.COMMAND}),
        body=CommandBody,
        answer=CommandAnswer,
        problems=(404, 503),
        bucket="commands",
    ),
)
