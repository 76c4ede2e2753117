"""A policy: everything that an owner of a book decided about its limits, in one value.

A new scope starts at zero: what a policy does not name may not be traded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit
from risk.domain.stops import StopPlan
from risk.measures.stops import MAINTENANCE_MARGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """An asset that may be traded, and the steps in which its exchange counts.

    Attributes
    ----------
    tick, lot : float
        Steps of price and of quantity; 0 where any is allowed.
    least : float
        Smallest quantity of an order, units.
    """

    tick: float = 0.0
    lot: float = 0.0
    least: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RegimePack:
    """What one strategy type's limits are multiplied by in each regime.

    Attributes
    ----------
    calm, normal, stressed : float
    """

    calm: float = 1.0
    normal: float = 1.0
    stressed: float = 1.0

    def factor(self, regime: str | None) -> float:
        """The factor in `regime`; while none is known, the strictest."""
        if regime is None:
            return min(self.calm, self.normal, self.stressed)
        return float(getattr(self, regime))


@dataclass(frozen=True, kw_only=True, slots=True)
class Dynamics:
    """How limits follow performance and regime: base x performance x regime, in bounds.

    Attributes
    ----------
    floor, cap : float
        Least and greatest multiple of the base.
    drawdown_from, drawdown_to : float
        Fall from the 90-day high from which the performance factor falls below 1, and where it
        ends; a straight line between.
    performance_least : float
        The performance factor at `drawdown_to` and beyond.
    step : float
        Factors move in whole steps of this size, so that a limit does not flicker.
    loosen_per_day : float
        The most by which a factor rises in a day. It falls at once.
    packs : mapping of str to RegimePack
        By strategy type; ``portfolio`` for limits of no strategy type.
    """

    floor: float = 0.25
    cap: float = 1.25
    drawdown_from: float = 0.05
    drawdown_to: float = 0.20
    performance_least: float = 0.4
    step: float = 0.05
    loosen_per_day: float = 0.10
    packs: Mapping[str, RegimePack] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One rung of the drawdown ladder.

    Attributes
    ----------
    drawdown : float
        Fall from the 90-day high at which it begins, fraction.
    size : float
        What wanted sizes are multiplied by from here on.
    """

    drawdown: float
    size: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DeRisking:
    """When positions are to be made smaller before a limit is hit.

    Attributes
    ----------
    release : float
        Where acting at a soft threshold ends, as a fraction of it: 0.80 of hard goes to 0.70
        with 0.875.
    deadline_minutes : float
        How long an agent has to act on a request.
    ladder : tuple of Rung
        By rising drawdown and falling size.
    """

    release: float = 0.875
    deadline_minutes: float = 60.0
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What may be done with one book.

    Attributes
    ----------
    version : int
        Grows with each policy adopted and each temporary limit set or ended, from 1; 0 while it
        was never adopted.
    by : str
        Who changed it last.
    instruments : mapping of asset to Instrument
        The assets that may be traded at all.
    strategies : mapping of strategy to str
        The strategies that may trade, and the type of each.
    limits : tuple of LimitDefinition
    breakers : tuple of BreakerDefinition
        What stops trading by itself; without any, only people and limits do.
    temporary : tuple of TemporaryLimit
    dynamics : Dynamics
    derisking : DeRisking
    stops : mapping of strategy to StopPlan
        A strategy that is absent has no stops.
    cluster_correlation : float
        Assets whose correlation is at least this belong to one cluster.
    maintenance_margin : float
        Part of gross exposure that venues ask to remain as equity.
    """

    version: int = 0
    by: str = ""
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    strategies: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[LimitDefinition, ...] = ()
    breakers: tuple[BreakerDefinition, ...] = ()
    temporary: tuple[TemporaryLimit, ...] = ()
    dynamics: Dynamics = field(default_factory=Dynamics)
    derisking: DeRisking = field(default_factory=DeRisking)
    stops: Mapping[str, StopPlan] = field(default_factory=dict)
    cluster_correlation: float = 0.7
    maintenance_margin: float = MAINTENANCE_MARGIN

    def limit(self, name: str) -> LimitDefinition | None:
        """The limit of that name, or None."""
        return next((limit for limit in self.limits if limit.name == name), None)

    def breaker(self, name: str) -> BreakerDefinition | None:
        """The breaker of that name, or None."""
        return next((breaker for breaker in self.breakers if breaker.name == name), None)
