"""What replays use, and a good set to begin a policy with: measured where that could be."""

from collections.abc import Iterable, Iterator, Sequence

from risk.domain.breakers import BreakerDefinition
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

#: Who answers for them until somebody else does.
OWNER = "Risk office"
#: Hours of a day, for spans that are told in days.
_DAY = 24.0
# Of fewer assets a mean correlation is that of one pair, and no market.
_LEAST_CORRELATED = 3


def standard_breakers(
    portfolio: str, strategies: Iterable[str], assets: Sequence[str]
) -> tuple[BreakerDefinition, ...]:
    """The default set: of the market, of the book, and of each strategy.

    Parameters
    ----------
    portfolio : str
    strategies : iterable of str
    assets : sequence of str
        That are watched: of fewer than three there is no correlation to watch.
    """
    book = Scope(ScopeKind.PORTFOLIO, portfolio)
    each = (Scope(ScopeKind.STRATEGY, strategy) for strategy in sorted(strategies))
    return (
        *volatility_tiers(book),
        *_of_market(book),
        *([_correlation(book)] if len(assets) >= _LEAST_CORRELATED else []),
        *_of_book(book),
        *(breaker for scope in each for breaker in _of_strategy(scope)),
    )


def volatility_tiers(scope: Scope) -> tuple[BreakerDefinition, BreakerDefinition]:
    """Half size in a storm; no new risk in one that falls.

    Parameters
    ----------
    scope : Scope
        The book, or an asset for who asks what they would do there.
    """
    storm = BreakerDefinition(
        name="Market volatility",
        kind="market_volatility",
        scope=scope,
        trip=2.0,
        release=1.4,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=24.0,
        greatest_hours=7.0 * _DAY,
        probation_hours=6.0,
        owner=OWNER,
        rationale="Wild hours are followed by wild hours: half the size while they last.",
    )
    fall = BreakerDefinition(
        name="Market fall",
        kind="market_volatility",
        scope=scope,
        trip=1.75,
        release=1.4,
        least_hours=12.0,
        greatest_hours=7.0 * _DAY,
        probation_hours=24.0,
        parameters={"fall_sigmas": 2.0, "easing_hours": 24.0},
        owner=OWNER,
        rationale="A market that is wild and falls is where most is lost: no new risk in it.",
    )
    return storm, fall


def _of_market(book: Scope) -> Iterator[BreakerDefinition]:
    yield BreakerDefinition(
        name="Liquidity",
        kind="liquidity",
        scope=book,
        trip=3.0,
        release=2.0,
        state=TradingState.THROTTLED,
        size=0.5,
        confirm=3,
        of=3,
        least_hours=0.5,
        greatest_hours=_DAY,
        probation_hours=1.0,
        owner=OWNER,
        rationale="Where most spreads are three times as wide, leaving costs more than planned.",
    )
    yield BreakerDefinition(
        name="Data quality",
        kind="data_quality",
        scope=book,
        trip=0.25,
        release=0.1,
        least_hours=0.25,
        greatest_hours=_DAY,
        probation_hours=0.5,
        owner=OWNER,
        rationale="A book whose prices cannot be believed is not measured by any other breaker.",
    )


def _correlation(book: Scope) -> BreakerDefinition:
    return BreakerDefinition(
        name="Correlation",
        kind="correlation_spike",
        scope=book,
        trip=0.85,
        release=0.8,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=24.0,
        greatest_hours=14.0 * _DAY,
        probation_hours=12.0,
        owner=OWNER,
        rationale="When all move as one, spreading the book over assets protects it no more.",
    )


def _of_book(book: Scope) -> Iterator[BreakerDefinition]:
    yield BreakerDefinition(
        name="Drawdown",
        kind="drawdown",
        scope=book,
        trip=0.15,
        release=0.15,
        least_hours=14.0 * _DAY,
        greatest_hours=28.0 * _DAY,
        probation_hours=14.0 * _DAY,
        owner=OWNER,
        rationale="A book so far under its high rests for two weeks, and begins again small.",
    )
    yield BreakerDefinition(
        name="Daily loss",
        kind="daily_loss",
        scope=book,
        trip=0.035,
        release=0.035,
        least_hours=1.0,
        greatest_hours=_DAY,
        probation_hours=1.0,
        owner=OWNER,
        rationale="A day on which so much is lost is over; what went wrong is looked at first.",
    )
    yield BreakerDefinition(
        name="VaR exceptions",
        kind="var_exceptions",
        scope=book,
        trip=9.0,
        release=9.0,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=7.0 * _DAY,
        greatest_hours=28.0 * _DAY,
        probation_hours=14.0 * _DAY,
        owner=OWNER,
        rationale="Ten exceptions in 250 days are Basel's red: limits rest on a wrong model.",
    )
    yield BreakerDefinition(
        name="VaR exception cluster",
        kind="var_exceptions",
        scope=book,
        trip=2.0,
        release=2.0,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=3.0 * _DAY,
        greatest_hours=14.0 * _DAY,
        probation_hours=7.0 * _DAY,
        parameters={"days": 10.0},
        owner=OWNER,
        rationale="A right model has three exceptions in 1 of 9,000 windows of ten days.",
    )


def _of_strategy(scope: Scope) -> Iterator[BreakerDefinition]:
    """Each strategy's; what one has done wrong stops nobody else."""
    yield BreakerDefinition(
        name=f"Drawdown {scope.name}",
        kind="drawdown",
        scope=scope,
        trip=0.1,
        release=0.1,
        least_hours=7.0 * _DAY,
        greatest_hours=28.0 * _DAY,
        probation_hours=7.0 * _DAY,
        owner=OWNER,
        rationale="One strategy may not give back more than a tenth of the book's equity.",
    )
    yield BreakerDefinition(
        name=f"Daily loss {scope.name}",
        kind="daily_loss",
        scope=scope,
        trip=0.02,
        release=0.02,
        least_hours=1.0,
        greatest_hours=_DAY,
        probation_hours=1.0,
        owner=OWNER,
        rationale="One strategy's bad day ends before it is the book's.",
    )
    yield BreakerDefinition(
        name=f"Loss streak {scope.name}",
        kind="loss_streak",
        scope=scope,
        trip=8.0,
        release=0.0,
        least_hours=_DAY,
        greatest_hours=7.0 * _DAY,
        probation_hours=_DAY,
        owner=OWNER,
        rationale="Nine losses in a row say that the market is not what the strategy is made for.",
    )
    yield BreakerDefinition(
        name=f"Hit rate {scope.name}",
        kind="hit_rate",
        scope=scope,
        trip=0.85,
        release=0.7,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=3.0 * _DAY,
        greatest_hours=14.0 * _DAY,
        probation_hours=3.0 * _DAY,
        owner=OWNER,
        rationale="Eighteen of twenty trades lost are seldom luck: half the size, and a look.",
    )
    yield BreakerDefinition(
        name=f"Sharpe floor {scope.name}",
        kind="sharpe",
        scope=scope,
        trip=5.0,
        release=0.0,
        state=TradingState.THROTTLED,
        size=0.5,
        least_hours=7.0 * _DAY,
        greatest_hours=28.0 * _DAY,
        probation_hours=14.0 * _DAY,
        owner=OWNER,
        rationale="Three months of losing steadily: a strategy that has ended says so no earlier.",
    )
    yield BreakerDefinition(
        name=f"Runaway {scope.name}",
        kind="agent_runaway",
        scope=scope,
        trip=60.0,
        release=0.0,
        least_hours=0.25,
        greatest_hours=_DAY,
        probation_hours=1.0,
        owner=OWNER,
        rationale="A program that asks once a second has lost its way until somebody has looked.",
    )
