"""An answer worked out once more from what it was worked out from, and compared with what was said.

Pure. What a decision follows from and nobody can know any more is given, and told as such: whether
the snapshot was fresh, and whether the journal could be written.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from risk.domain.actions import Action
from risk.domain.assessment import Assessment
from risk.domain.decisions import Decision, OrderRequest, Outcome, Reason, ReasonCode
from risk.domain.ledger import Ledger
from risk.domain.market import Period
from risk.domain.messages import OrderAnswer, ReasonMessage
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.limits.rulebook import Rulebook
from risk.limits.sent import SentOrders
from risk.limits.windowed import WindowedLimit
from risk.manager.messages import reason_messages
from risk.manager.obeying import obeyed
from risk.manager.orders import RiskManager
from risk.manager.standings import tightened

#: Numbers that differ by less are the same: models that were restored from the database carry
#: their scenarios through another rounding.
CLOSE = 1e-6
#: What an answer says of the moment, and no snapshot.
GIVEN: Mapping[str, Reason] = {
    ReasonCode.SNAPSHOT_STALE.value: Reason(ReasonCode.SNAPSHOT_STALE, Outcome.FAILED, "snapshot"),
    ReasonCode.NOT_JOURNALLED.value: Reason(ReasonCode.NOT_JOURNALLED, Outcome.FAILED, "journal"),
}
#: What is told of a slice beside the checks that an order has: how many may be made of it.
_OF_SLICES = frozenset({ReasonCode.LEASE_ORDERS.value, ReasonCode.LEASE_ALIKE.value})
#: What all checks together come to.
_OUTCOME = frozenset({"verdict", "quantity"})


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What an answer followed from.

    Attributes
    ----------
    state : RiskState
        After the cycle that it was judged by.
    snapshot : Snapshot
        Of that cycle, with its models.
    assessment : Assessment
        Of the snapshot.
    actions : tuple of Action
        Of people, later than the state, that the answer knew of.
    ledger : Ledger
        As it was when the order came.
    sent : mapping of strategy to SentOrders
    foreseen : mapping of Scope to Standing
        What the next cycle had found already, and was not saved yet: the gate obeys what tightens.
    """

    state: RiskState
    snapshot: Snapshot
    assessment: Assessment
    actions: tuple[Action, ...]
    ledger: Ledger
    sent: Mapping[str, SentOrders]
    foreseen: Mapping[Scope, Standing] = field(default_factory=dict)


class Difference(NamedTuple):
    """Something that was said otherwise than it is worked out now.

    Attributes
    ----------
    what : str
        A field of the answer, or a check.
    stored, computed : str
        What was said, and what is worked out now.
    """

    what: str
    stored: str
    computed: str


class Comparison(NamedTuple):
    """What came of working an answer out again.

    Attributes
    ----------
    differences : tuple of Difference
        None where it is the same.
    exact : bool
        Whether every number is the same to the last digit.
    given : tuple of str
        Checks that were taken from the answer, since nothing that is kept tells them.
    uncompared : tuple of str
        Checks that could not be compared, each with its reason.
    checks : int
        How many were compared.
    """

    differences: tuple[Difference, ...]
    exact: bool
    given: tuple[str, ...]
    uncompared: tuple[str, ...]
    checks: int

    @property
    def same(self) -> bool:
        """Whether everything that could be compared is as it was said."""
        return not self.differences


def answer_again(
    ground: Ground, request: OrderRequest, *, at: datetime, barred: Sequence[Reason] = ()
) -> Decision:
    """What an order is answered on this ground.

    Parameters
    ----------
    ground : Ground
    request : OrderRequest
    at : datetime
        When it came, the market's time. UTC.
    barred : sequence of Reason
        What stopped new risk then, whatever the order.
    """
    manager = RiskManager(ground.state, ground.snapshot, sent=ground.sent)
    if ground.ledger.seq != ground.snapshot.ledger_seq:
        manager = manager.following(ground.ledger)
    manager = manager.under(_standings(ground, at), tuple(barred))
    manager.advance_to(at)
    return manager.validate_order(request)


def _standings(ground: Ground, at: datetime) -> Mapping[Scope, Standing]:
    """What each scope might do, with what people had asked since."""
    holds = obeyed(ground.state, ground.snapshot, ground.assessment, ground.actions, at=at)
    return tightened(holds.standings, ground.foreseen)


def windowed_limits(state: RiskState) -> list[WindowedLimit]:
    """Limits on how often orders are sent: what a strategy sent before counts for them."""
    if state.policy is None:
        return []
    rulebook = Rulebook(state.policy, state.portfolio, state.limits)
    return [limit for limit in rulebook.order_limits if isinstance(limit, WindowedLimit)]


def hourly_limits(state: RiskState) -> list[str]:
    """Names of limits that only the model of the hour can measure."""
    limits = () if state.policy is None else state.policy.limits
    hour = Period.HOUR.value
    return [each.name for each in limits if each.parameters.get("horizon") == hour]


def compare(
    stored: OrderAnswer, computed: Decision, *, unsure: Mapping[str, str] | None = None
) -> Comparison:
    """Hold what was answered against what is worked out now.

    Parameters
    ----------
    stored : OrderAnswer
    computed : Decision
    unsure : mapping of subject to reason, optional
        Checks that cannot be compared, by what they are about: names of limits. Where only what an
        order came to is another one, and such a check may be why, that is not compared either.
    """
    unsure = unsure or {}
    ours = reason_messages(computed)
    said = [reason for reason in stored.reasons if reason.code not in _OF_SLICES]
    fields = [
        ("verdict", stored.verdict.value, computed.verdict.value),
        ("quantity", stored.quantity, computed.allowed),
        ("trading state", stored.trading_state, computed.trading_state.name),
        ("version of the limits", stored.limits_version, computed.limits_version),
    ]
    differences = [
        Difference(name, _text(before), _text(now))
        for name, before, now in fields
        if not _alike(before, now)
    ]
    differences += _of_checks(said, ours, unsure)
    met = {each.subject for each in (*said, *ours)} & unsure.keys()
    uncompared = [f"{subject}: {unsure[subject]}" for subject in sorted(met)]
    if met and differences and {each.what for each in differences} <= _OUTCOME:
        uncompared += [f"{each.what}: it may follow from those" for each in differences]
        differences = []
    return Comparison(
        tuple(differences),
        exact=all(before == now for _, before, now in fields) and said == ours,
        given=tuple(code for code in GIVEN if any(each.code == code for each in said)),
        uncompared=tuple(uncompared),
        checks=sum(each.subject not in unsure for each in said),
    )


def _of_checks(
    said: Sequence[ReasonMessage], ours: Sequence[ReasonMessage], unsure: Mapping[str, str]
) -> list[Difference]:
    """Check by check, whatever their order."""
    before, now = (_by_name(each, unsure) for each in (said, ours))
    return [
        Difference(_named(name), _reason_text(before.get(name)), _reason_text(now.get(name)))
        for name in dict.fromkeys((*before, *now))
        if not _same_check(before.get(name), now.get(name))
    ]


_Name = tuple[str, str, str | None, int]


def _by_name(
    reasons: Iterable[ReasonMessage], unsure: Mapping[str, str]
) -> dict[_Name, ReasonMessage]:
    """Each under what it is about, and a number where two are about the same."""
    seen = Counter[tuple[str, str, str | None]]()
    found = {}
    for reason in reasons:
        if reason.subject in unsure:
            continue
        about = reason.code, reason.subject, reason.scope
        seen[about] += 1
        found[*about, seen[about]] = reason
    return found


def _same_check(before: ReasonMessage | None, now: ReasonMessage | None) -> bool:
    if before is None or now is None:
        return False
    return (
        before.outcome is now.outcome
        and before.unit is now.unit
        and _alike(before.value, now.value)
        and _alike(before.threshold, now.threshold)
    )


def _alike(before: object, now: object) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=CLOSE, abs_tol=CLOSE**2)
    return before == now


def _named(name: _Name) -> str:
    code, subject, scope, _ = name
    of = f" of {scope}" if scope is not None else ""
    return f"{code} ({subject}{of})"


def _reason_text(reason: ReasonMessage | None) -> str:
    if reason is None:
        return "no such check"
    value = "" if reason.value is None else f", {_text(reason.value)}"
    of = "" if reason.threshold is None else f" of {_text(reason.threshold)}"
    return f"{reason.outcome.value}{value}{of}"


def _text(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
