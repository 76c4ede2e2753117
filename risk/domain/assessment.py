"""What `assess` says of one snapshot. Money in quote currency, losses positive, no NaN.

A figure that could not be measured is None, and a `Doubt` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from risk.domain.market import Trust
from risk.domain.model import LEVELS
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope


class DoubtKind(StrEnum):
    """Why a number may be wrong or absent."""

    MARK_STALE = "mark_stale"
    MARK_SUSPECT = "mark_suspect"
    MARK_MISSING = "mark_missing"
    PRICES_ENDED = "prices_ended"
    SHORT_HISTORY = "short_history"
    NO_MODEL = "no_model"
    NO_EQUITY = "no_equity"


class Doubt(NamedTuple):
    """One reason to distrust a number.

    Attributes
    ----------
    kind : DoubtKind
    asset : str or None
        None if it concerns the whole book.
    detail : str
        One plain sentence.
    """

    kind: DoubtKind
    asset: str | None
    detail: str


class TailRisk(NamedTuple):
    """VaR and expected shortfall over one horizon.

    Attributes
    ----------
    var, es : tuple of float
        One per entry of ``LEVELS``, quote currency.
    """

    var: tuple[float, ...]
    es: tuple[float, ...]

    def var_at(self, level: float) -> float:
        """VaR at one of ``LEVELS``."""
        return self.var[LEVELS.index(level)]

    def es_at(self, level: float) -> float:
        """Expected shortfall at one of ``LEVELS``."""
        return self.es[LEVELS.index(level)]


class Exposure(NamedTuple):
    """Market value held, quote currency; `long` and `short` are both positive."""

    long: float
    short: float

    @property
    def net(self) -> float:
        """Long less short."""
        return self.long - self.short

    @property
    def gross(self) -> float:
        """Long plus short."""
        return self.long + self.short


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionMeasures:
    """One position's value and its part in the book's risk.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity, entry_price, mark : float
    trust : Trust
    exposure : float
        Market value; negative when short.
    unrealised : float
        Open profit; a loss is negative.
    since_midnight : float or None
        The mark's change since 00:00 UTC, a fraction; None without a daily close then.
    standalone : TailRisk or None
        Of the position alone, one day.
    component_var, component_es : tuple of float or None
        Its part of the book's one-day figures at each level; the parts add up. Negative if
        the position offsets risk.
    marginal_var : tuple of float or None
        Change of the book's VaR per unit of currency bought.
    beta_btc : float or None
        Its asset's expected move per move of bitcoin; None without history of both.
    liquidation_move : float or None
        The move of its asset alone that leaves the account its maintenance margin and no more,
        a fraction; negative for a fall, 0 if it is down to that already. None where no move of a
        price above zero can, as of a long that is not borrowed for, and while equity is unknown.
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    entry_price: float
    mark: float
    trust: Trust
    exposure: float
    unrealised: float
    since_midnight: float | None
    standalone: TailRisk | None
    component_var: tuple[float, ...] | None
    component_es: tuple[float, ...] | None
    marginal_var: tuple[float, ...] | None
    beta_btc: float | None
    liquidation_move: float | None = None

    @property
    def key(self) -> PositionKey:
        """Its key in the book."""
        return PositionKey(self.strategy, self.asset, self.venue)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBook:
    """The book as it stands: what screens show and backtests judge.

    Attributes
    ----------
    exposure : Exposure
        Long and short summed over positions, so that offsetting strategies both count.
    by_asset, by_strategy, by_venue : mapping of name to Exposure
    concentration : float
        Herfindahl index of the assets' net exposure, 1/n to 1; 0 for a flat book.
    largest_asset : str or None
    day, hour : TailRisk or None
    mean_correlation : float or None
        Mean of the model's `correlation` over pairs of held assets; None for fewer than two.
    stress_loss : float or None
        Loss in the worst scenario of the snapshot, 0 if none costs anything; None if the
        snapshot has no scenario, or none of an asset held.
    stress_scenario : str or None
        The id of that scenario; None if the loss is unknown or 0.
    stress_proxies : tuple of str
        Assets held for which that scenario recorded nothing, sorted: a proxy stands in.
    """

    exposure: Exposure
    by_asset: Mapping[str, Exposure]
    by_strategy: Mapping[str, Exposure]
    by_venue: Mapping[str, Exposure]
    concentration: float
    largest_asset: str | None
    day: TailRisk | None
    hour: TailRisk | None
    mean_correlation: float | None
    stress_loss: float | None
    stress_scenario: str | None
    stress_proxies: tuple[str, ...] = ()


class ScopeReach(NamedTuple):
    """How far one scope's exposure may go if any subset of pending orders is filled.

    Attributes
    ----------
    gross : float
        Sum of the positions' largest absolute values, quote currency.
    held : float
        Net value held; negative when short.
    buys, sells : float
        Sums of pending purchases, not negative, and sales, not positive.
    positions : int
        Positions that are open or may be opened.
    """

    gross: float = 0.0
    held: float = 0.0
    buys: float = 0.0
    sells: float = 0.0
    positions: int = 0

    @property
    def net_high(self) -> float:
        """Highest net exposure."""
        return self.held + self.buys

    @property
    def net_low(self) -> float:
        """Lowest net exposure."""
        return self.held + self.sells

    @property
    def worst_net(self) -> float:
        """Largest absolute net exposure: convex in the fills, so all buys or all sells."""
        return max(abs(self.held + self.buys), abs(self.held + self.sells))


NOTHING_THERE = ScopeReach()


@dataclass(frozen=True, kw_only=True, slots=True)
class CommittedBook:
    """The worst the book can become if any subset of pending orders is filled.

    What an order check judges. Exact for exposure and stress; for VaR and ES see
    :func:`risk.portfolio.tails.committed_tail`.

    Attributes
    ----------
    whole : ScopeReach
        Of the whole book.
    scopes : mapping of Scope to ScopeReach
        Of each strategy, asset and venue.
    squares : float
        Sum over assets of the largest net exposure squared.
    cash_high : float
        Cash if nothing but the pending sales is filled, quote currency.
    day, hour : TailRisk or None
    stress_loss : float or None
    """

    day: TailRisk | None
    hour: TailRisk | None
    stress_loss: float | None
    # Absent in what was stored before reaches were kept by scope.
    whole: ScopeReach = NOTHING_THERE
    scopes: Mapping[Scope, ScopeReach] = field(default_factory=dict)
    squares: float = 0.0
    cash_high: float = 0.0

    def reach(self, scope: Scope) -> ScopeReach:
        """How far a strategy, an asset or a venue may go; nowhere if nothing is held or pending."""
        return self.scopes.get(scope, NOTHING_THERE)


class Benchmark(NamedTuple):
    """What holding only the market's leading asset would mean: a number to compare with.

    Attributes
    ----------
    asset : str
    var_99, es_975 : float
        One day, fraction of the amount held.
    volatility : float
        Forecast for the running day, annualised.
    since_midnight : float or None
        Change of its mark since 00:00 UTC, a fraction.
    """

    asset: str
    var_99: float
    es_975: float
    volatility: float
    since_midnight: float | None


class Liquidation(NamedTuple):
    """The move of one asset alone that would have the account liquidated.

    Attributes
    ----------
    asset : str
    move : float
        Fraction; negative for a fall.
    """

    asset: str
    move: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """All measures of one snapshot.

    Attributes
    ----------
    snapshot_id, portfolio : str
    at : datetime
    ledger_seq, action_seq : int
    equity : float or None
        None while a held asset cannot be valued.
    cash, net_flows, fees : float
    leverage : float or None
        Gross exposure over equity; None unless equity is known and positive.
    held : HeldBook
    committed : CommittedBook
    positions : tuple of PositionMeasures
    benchmark : Benchmark or None
        Bitcoin held alone; None while the model cannot tell.
    doubts : tuple of Doubt
    nearest_liquidation : Liquidation or None
        None where no asset can bring it by itself, and while equity is unknown.
    """

    snapshot_id: str
    portfolio: str
    at: datetime
    ledger_seq: int
    action_seq: int
    equity: float | None
    cash: float
    net_flows: float
    fees: float
    leverage: float | None
    held: HeldBook
    committed: CommittedBook
    positions: tuple[PositionMeasures, ...]
    benchmark: Benchmark | None
    doubts: tuple[Doubt, ...]
    nearest_liquidation: Liquidation | None = None
