"""What a key gets to see: one for single strategies sees nothing of the others."""

import msgspec

from risk.domain.events import (
    AnswersLost,
    BookModelChanged,
    BreakerActivated,
    BreakerReading,
    BreakerWouldTrip,
    DataFaultFound,
    EquityDistrusted,
    EquityTrusted,
    ForecastScored,
    FundsMoved,
    MarkTrustChanged,
    PortfolioRisk,
    RegimeChanged,
)
from risk.domain.keys import ApiKey
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind

#: Kinds of events about the market or the whole book, which name nobody's strategy, order or limit:
#: whoever reads the book is told. Of others a key for single strategies hears only what names what
#: it sees, so that a new kind, and free text about somebody else, are kept from it.
OF_THE_BOOK = frozenset(
    kind.__name__
    for kind in (
        AnswersLost,
        BookModelChanged,
        DataFaultFound,
        EquityDistrusted,
        EquityTrusted,
        ForecastScored,
        FundsMoved,
        MarkTrustChanged,
        PortfolioRisk,
        RegimeChanged,
    )
)

#: Kinds of events that say what a breaker measures or at which level it trips: agents could trade
#: up to it. What they need to know, the state of a scope and why, `RiskStatus` tells them.
OF_LEVELS = frozenset(
    kind.__name__ for kind in (BreakerActivated, BreakerReading, BreakerWouldTrip)
)


class About(msgspec.Struct):
    """Whom an event is about; the rest of its body does not matter here."""

    strategy: str | None = None
    by_strategy: dict[str, float] | None = None
    limit: str | None = None
    scope_kind: str | None = None
    scope: str | None = None


class Sight:
    """What one key sees of a book.

    Parameters
    ----------
    key : ApiKey
    policy : Policy or None
        In force; while none is known, a key for single strategies sees no limit.
    """

    def __init__(self, key: ApiKey, policy: Policy | None) -> None:
        self._key = key
        self._policy = policy

    @property
    def levels(self) -> bool:
        """Whether it sees what breakers measure, and at which level they trip."""
        return self._key.strategies is None

    def strategy(self, name: str) -> bool:
        """Whether it sees a strategy."""
        return self._key.sees(name)

    def scope(self, scope: Scope) -> bool:
        """Whether it sees what is said of a scope."""
        if self._key.strategies is None:
            return True
        if scope.kind is ScopeKind.STRATEGY:
            return self._key.sees(scope.name)
        if scope.kind is ScopeKind.STRATEGY_TYPE:
            return scope.name in self._types()
        return True

    def limit(self, name: str) -> bool:
        """Whether it sees a limit, by its name."""
        if self._key.strategies is None:
            return True
        if self._policy is None:
            return False
        found = next((limit for limit in self._policy.limits if limit.name == name), None)
        return found is not None and self.scope(found.scope)

    def event(self, kind: str, about: About) -> bool:
        """Whether it is told of an event; in doubt it is not."""
        if self._key.strategies is None:
            return True
        if kind in OF_LEVELS:
            return False
        if about.strategy is not None:
            return self.strategy(about.strategy)
        if about.by_strategy is not None:
            return all(map(self.strategy, about.by_strategy))
        if about.limit is not None:
            return self.limit(about.limit)
        if about.scope is not None:
            scope = _scope_of(about)
            return scope is not None and self.scope(scope)
        return kind in OF_THE_BOOK

    def _types(self) -> set[str]:
        of = self._policy.strategies if self._policy else {}
        return {of[name] for name in self._key.strategies or () if name in of}


def _scope_of(about: About) -> Scope | None:
    kind, name = about.scope_kind, about.scope or ""
    if kind is None:
        kind, _, name = name.partition(":")
    try:
        return Scope(ScopeKind(kind), name)
    except ValueError:
        return None
