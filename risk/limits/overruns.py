"""Limits that are passed, and what that makes of trading in their scope."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from risk.domain.limits import LimitState, LimitStatus
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.limits.base import LimitBase
from risk.limits.types import BOOK_LIMITS, limit_of


class Overrun(NamedTuple):
    """A limit whose hard threshold is passed.

    Attributes
    ----------
    limit : LimitBase
        With the thresholds in force.
    value : float
        In its unit.
    scope : Scope
    state : TradingState
        REDUCE_ONLY of a limit that no order can mend, since all new risk in its scope is refused;
        CAUTION of any other, since only what deepens it is.
    cause : str
        One plain sentence.
    """

    limit: LimitBase
    value: float
    scope: Scope
    state: TradingState
    cause: str


def overruns(policy: Policy | None, limits: Mapping[str, LimitState]) -> Iterator[Overrun]:
    """The limits on the book that are passed now, in the policy's order.

    Parameters
    ----------
    policy : Policy or None
    limits : mapping of name to LimitState
        Now.
    """
    for definition in policy.limits if policy is not None else ():
        kind, state = BOOK_LIMITS.get(definition.kind), limits.get(definition.name)
        if kind is None or state is None or state.status is not LimitStatus.HARD:
            continue
        limit, value = limit_of(definition, state.thresholds), state.value
        assert value is not None, "what is passed was measured"
        used = f"limit {definition.name} is {100.0 * (state.used or 0.0):.0f} % used"
        if kind.stops:
            cause = f"{used}: no new risk until it is kept again, or a person lifts it"
            yield Overrun(limit, value, definition.scope, TradingState.REDUCE_ONLY, cause)
        else:
            cause = f"{used}: what would deepen it is refused"
            yield Overrun(limit, value, definition.scope, TradingState.CAUTION, cause)
