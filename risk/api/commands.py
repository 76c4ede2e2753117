"""Commands: what makes trading tighter at once. What loosens it goes through the store."""

from risk.api.desk import outcome
from risk.api.operations import Call, Operation, require_portfolio, require_strategy
from risk.api.orders import PATIENCE
from risk.api.problems import Refused, bad_body, not_allowed
from risk.domain.gate import GateView
from risk.domain.keys import KeyAbility
from risk.domain.messages import CommandAnswer, CommandBody
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import TradingState

_LONGEST_REASON = 500
_TIGHTENING = {"halt": TradingState.HALTED, "reduce_only": TradingState.REDUCE_ONLY}
#: What people say who want to trade again.
_LOOSENING = frozenset({"resume", "release", "lift", "unhalt", "normal", "override", "reset"})
_SCOPES = {kind.value: kind for kind in (ScopeKind.STRATEGY, ScopeKind.ASSET, ScopeKind.VENUE)}


async def _command(call: Call) -> CommandAnswer:
    body: CommandBody = call.body
    require_portfolio(call.key, body.portfolio)
    state = _state(body.command)
    reason = _reason(body.reason)
    if body.portfolio != call.desk.portfolio:
        raise Refused(404, "unknown_portfolio", f"the authority here is over {call.desk.portfolio}")
    scope = _scope(body)
    if call.key.strategies is not None:
        if scope.kind is not ScopeKind.STRATEGY:
            raise not_allowed("this key is for single strategies: name one as `strategy:NAME`")
        require_strategy(call.key, scope.name)
    gate = call.gate
    _require_known(scope, gate.view())
    latched = gate.latch(scope, state, who=call.key.sender, reason=reason)
    return await outcome(latched, within=PATIENCE)


def _state(command: str) -> TradingState:
    if command in _TIGHTENING:
        return _TIGHTENING[command]
    if command in _LOOSENING:
        raise not_allowed(
            "only people loosen trading, and not by a key: use `seawall resume` or the dashboard"
        )
    raise bad_body(f"`command` must be {' or '.join(_TIGHTENING)}")


def _reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= _LONGEST_REASON or not reason.isprintable():
        raise bad_body(
            f"`reason` must be one sentence of {_LONGEST_REASON} printable letters at most"
        )
    return reason


def _scope(body: CommandBody) -> Scope:
    if body.scope is None:
        return Scope(ScopeKind.PORTFOLIO, body.portfolio)
    kind, _, name = body.scope.partition(":")
    if kind not in _SCOPES or not name:
        raise bad_body("`scope` must be strategy:NAME, asset:NAME or venue:NAME")
    return Scope(_SCOPES[kind], name)


def _require_known(scope: Scope, view: GateView) -> None:
    """Refuse a slip of the pen: whoever halts what is not there believes that something stands."""
    if scope.kind is ScopeKind.PORTFOLIO:
        return
    known = _names(scope.kind, view)
    if scope.name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise bad_body(f"no {scope.kind} {scope.name[:100]!r} is known; there are {names}"[:1000])


def _names(kind: ScopeKind, view: GateView) -> set[str]:
    policy, ledger = view.state.policy, view.snapshot.ledger
    keys = [*ledger.positions, *(held.order.key for held in ledger.reservations.values())]
    if kind is ScopeKind.STRATEGY:
        return {key.strategy for key in keys} | set(policy.strategies if policy else ())
    if kind is ScopeKind.ASSET:
        named = set(policy.instruments if policy else ())
        return {key.asset for key in keys} | set(view.snapshot.marks) | named
    limits = policy.limits if policy else ()
    named = {limit.scope.name for limit in limits if limit.scope.kind is ScopeKind.VENUE}
    return {key.venue for key in keys} | named


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
    ),
)
