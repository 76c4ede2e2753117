"""Every limit of a book with how it stands, in the order in which somebody should look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pages.components.utilization import Standing
from pages.context import CompleteCycle
from pages.query import Query
from pages.views.holds import is_paused
from pages.views.limits.address import (
    ALL,
    FIND,
    GROUPS,
    KIND,
    SCOPE,
    STATUS,
    STATUSES,
)
from pages.views.limits.writing import PAUSED_WORDS, STANDINGS, pace_figure, pace_words
from risk.domain.limits import (
    AS_DEFINED,
    LimitDefinition,
    LimitState,
    LimitStatus,
    TemporaryLimit,
    Thresholds,
    Unit,
)
from risk.domain.policy import Policy
from risk.domain.scopes import ScopeKind
from risk.domain.state import Performance, RiskState
from risk.limits.types import BOOK_LIMITS, ORDER_LIMITS
from risk.limits.words import called, scope_words, shown_in, title_of, unit_of

#: The one kind that grows while positions are closed.
_FILLED_BY_REDUCING = "stablecoin_exposure"
#: What is looked at first.
_TROUBLE = {
    LimitStatus.HARD: 0,
    LimitStatus.UNKNOWN: 1,
    LimitStatus.SOFT: 2,
    LimitStatus.WITHIN: 3,
}


@dataclass(frozen=True, kw_only=True)
class LimitRow:
    """One limit.

    Attributes
    ----------
    definition : LimitDefinition
    state : LimitState or None
        None before the first step with the policy that has it.
    temporary : TemporaryLimit or None
        The one in force or still to come.
    money : float or None
        What its headroom is worth, quote currency; None where it is not worth money, or unknown.
    inner : bool
        Whether it stands under the limits of its strategy's type.
    paused : bool
        Whether no order adds anything where it is set.
    """

    definition: LimitDefinition
    state: LimitState | None
    temporary: TemporaryLimit | None
    money: float | None
    inner: bool = False
    paused: bool = False

    @property
    def name(self) -> str:
        """Unique in the policy."""
        return self.definition.name

    @property
    def title(self) -> str:
        """What screens call it."""
        return called(self.definition.kind, self.name, self.definition.scope)

    @property
    def status(self) -> LimitStatus:
        """As the engine says; unknown before it said anything."""
        return self.state.status if self.state else LimitStatus.UNKNOWN

    @property
    def standing(self) -> Standing:
        """The status as screens call it."""
        return STANDINGS[self.status]

    @property
    def thresholds(self) -> Thresholds:
        """Those in force."""
        if self.state is not None:
            return self.state.thresholds
        return Thresholds(self.definition.hard, self.definition.soft, 1.0, AS_DEFINED)

    def is_temporary(self, now: datetime) -> bool:
        """Whether a temporary limit is in force: then no factor makes the thresholds."""
        return self.temporary is not None and self.temporary.in_force(now)

    @property
    def value(self) -> float | None:
        """In the limit's unit."""
        return self.state.value if self.state else None

    @property
    def used(self) -> float | None:
        """Share of the hard threshold."""
        return self.state.used if self.state else None

    @property
    def unit(self) -> Unit:
        """In which its figures are written."""
        return shown_in(self.definition.kind)

    @property
    def soft_share(self) -> float:
        """The soft threshold as a share of the hard one."""
        hard, soft = self.thresholds[:2]
        return soft / hard if hard > 0.0 else 1.0

    @property
    def trouble(self) -> tuple[int, float, str]:
        """Sorts the nearest to trouble first."""
        return _TROUBLE[self.status], -(self.used or 0.0), self.name

    @property
    def pace_words(self) -> str:
        """When it will be full, a sentence."""
        if self._stands_still:
            return PAUSED_WORDS
        return pace_words(self._hours, self.status)

    @property
    def pace_figure(self) -> str:
        """The same for a column."""
        return "paused" if self._stands_still else pace_figure(self._hours, self.status)

    @property
    def _hours(self) -> float | None:
        return self.state.hours_to_breach if self.state else None

    @property
    def _stands_still(self) -> bool:
        """Whether its pace is of orders that do not pass any more: it leads nowhere.

        Losses go on without orders, and whoever reduces gets more cash.
        """
        by_orders = self.definition.kind in BOOK_LIMITS and not (
            BOOK_LIMITS[self.definition.kind].stops or self.definition.kind == _FILLED_BY_REDUCING
        )
        is_open = self.status in (LimitStatus.WITHIN, LimitStatus.SOFT) and self._hours != 0.0
        return self.paused and by_orders and is_open

    @property
    def is_on_orders(self) -> bool:
        """Whether it caps single orders, so that nothing uses it between two of them."""
        return self.definition.kind in ORDER_LIMITS


def rows_of(cycle: CompleteCycle) -> list[LimitRow]:
    """Every limit of the book, the nearest to trouble first; none without a policy."""
    policy = cycle.state.policy
    if policy is None:
        return []
    rows = [_row(definition, policy, cycle) for definition in policy.limits]
    return sorted(rows, key=lambda row: row.trouble)


def _row(definition: LimitDefinition, policy: Policy, cycle: CompleteCycle) -> LimitRow:
    state = cycle.state.limits.get(definition.name)
    return LimitRow(
        definition=definition,
        state=state,
        temporary=_temporary(policy.temporary, definition.name, cycle.pulse.market),
        money=headroom_money(definition, state, cycle.state, cycle.assessment.equity),
        paused=is_paused(cycle.state, definition.scope),
    )


def _temporary(
    all_of_them: Iterable[TemporaryLimit], name: str, now: datetime
) -> TemporaryLimit | None:
    of_it = [each for each in all_of_them if each.limit == name and each.expires > now]
    return min(of_it, key=lambda each: each.starts, default=None)


# -- headroom in money ---------------------------------------------------------------------


def headroom_money(
    definition: LimitDefinition,
    limit: LimitState | None,
    state: RiskState,
    equity: float | None,
) -> float | None:
    """What a limit's headroom is worth, quote currency; negative when it is crossed.

    Parameters
    ----------
    definition : LimitDefinition
    limit : LimitState or None
    state : RiskState
    equity : float or None

    Returns
    -------
    float or None
        None where the limit does not count money, or anything needed is unknown.
    """
    if limit is None or limit.headroom is None:
        return None
    if unit_of(definition.kind) in (Unit.SHARE, Unit.TIMES):
        return None if equity is None or equity <= 0.0 else limit.headroom * equity
    whole = _whole_of_a_loss(definition, state, equity)
    return None if whole is None else limit.headroom * whole


def _whole_of_a_loss(
    definition: LimitDefinition, state: RiskState, equity: float | None
) -> float | None:
    """What a loss limit's fractions are fractions of, in the money of now."""
    if definition.kind not in ("daily_loss", "drawdown"):
        return None
    of_day = definition.kind == "daily_loss"
    if definition.scope.kind is ScopeKind.STRATEGY:
        course = state.courses.get(definition.scope.name)
        if course is None:
            return equity
        return course.day_equity if of_day else course.peak_equity
    return _of_units(state.performance, equity, of_day=of_day)


def _of_units(
    performance: Performance | None, equity: float | None, *, of_day: bool
) -> float | None:
    """The baseline's unit value times the units that there are now: flows are no profit."""
    if performance is None or equity is None or performance.unit_value <= 0.0:
        return None
    start = performance.day_start if of_day else performance.peak
    return equity * start.unit_value / performance.unit_value


# -- groups ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Limits under one heading, the nearest to trouble first.

    Attributes
    ----------
    key : str
        A key of ``GROUPS``.
    rows : tuple of LimitRow
        Limits of strategies stand under those of their type.
    """

    key: str
    rows: tuple[LimitRow, ...]


def groups_of(rows: Sequence[LimitRow], strategies: Mapping[str, str]) -> list[Group]:
    """The limits of the book as a tree; groups without any are left out.

    Parameters
    ----------
    rows : sequence of LimitRow
        Sorted.
    strategies : mapping of strategy to str
        The type of each.
    """
    found = []
    for key, kinds in GROUPS.items():
        members = [row for row in rows if row.definition.scope.kind in kinds]
        ordered = _by_type(members, strategies) if key == "strategy" else members
        if ordered:
            found.append(Group(key, tuple(ordered)))
    return found


def _by_type(rows: Sequence[LimitRow], strategies: Mapping[str, str]) -> list[LimitRow]:
    """Each type's own limits with those of its strategies under them."""
    families: dict[str, list[LimitRow]] = {}
    for row in rows:
        families.setdefault(_type_of(row, strategies), []).append(row)
    return [row for family in families.values() for row in _parents_first(family)]


def _type_of(row: LimitRow, strategies: Mapping[str, str]) -> str:
    scope = row.definition.scope
    return strategies.get(scope.name, "") if scope.kind is ScopeKind.STRATEGY else scope.name


def _parents_first(family: Sequence[LimitRow]) -> list[LimitRow]:
    parents = [row for row in family if row.definition.scope.kind is ScopeKind.STRATEGY_TYPE]
    children = [row for row in family if row.definition.scope.kind is ScopeKind.STRATEGY]
    if not parents:
        return children
    return [*parents, *(_inside(child) for child in children)]


def _inside(row: LimitRow) -> LimitRow:
    return replace(row, inner=True)


# -- filters ---------------------------------------------------------------------------------


def matching(rows: Iterable[LimitRow], query: Query) -> list[LimitRow]:
    """The limits that the address asks for."""
    kinds = GROUPS.get(query.choice(SCOPE.name), tuple(ScopeKind))
    statuses = STATUSES[query.choice(STATUS.name)]
    kind, text = query.choice(KIND.name), query.choice(FIND.name).casefold()
    return [
        row
        for row in rows
        if row.definition.scope.kind in kinds
        and row.status in statuses
        and kind in (ALL, row.definition.kind)
        and text in _said_of(row.definition).casefold()
    ]


def _said_of(definition: LimitDefinition) -> str:
    """Where a text is looked for."""
    scope = definition.scope
    return " ".join(
        (
            definition.name,
            called(definition.kind, definition.name, definition.scope),
            title_of(definition.kind),
            scope.name,
            scope_words(scope),
            definition.owner,
        )
    )


def counts_words(rows: Sequence[LimitRow], *, trouble_only: bool = False) -> str:
    """``1 hard, 1 unknown, 2 soft, 24 inside``; without the last, if there is trouble."""
    counted = [
        (status, sum(row.status is status for row in rows))
        for status in sorted(_TROUBLE, key=lambda status: _TROUBLE[status])
    ]
    told = [(STANDINGS[status], many) for status, many in counted if many]
    if trouble_only and len(told) > 1:
        told = [(word, many) for word, many in told if word != STANDINGS[LimitStatus.WITHIN]]
    return ", ".join(f"{many} {word}" for word, many in told)
