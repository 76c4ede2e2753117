"""The policy of a replay for which nobody named one: moderate limits and breakers."""

from collections.abc import Sequence

from risk.breakers.standard import standard_breakers
from risk.domain.limits import LimitDefinition
from risk.domain.policy import DeRisking, Instrument, Policy, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.lab.replay.desk import PORTFOLIO
from risk.lab.wishing import Mandate

_WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
#: Books that may be short: gross exposure is capped apart from net.
_GROSS, _NET, _ASSET = 2.2, 1.0, 0.25
_EXPOSURE_SOFT, _VAR_SOFT, _LOSS_SOFT = 0.9, 0.8, 0.6
_LADDER = (
    Rung(drawdown=0.05, size=0.75),
    Rung(drawdown=0.10, size=0.5),
    Rung(drawdown=0.15, size=0.25),
    Rung(drawdown=0.20, size=0.1),
)


def default_policy(assets: Sequence[str], mandates: Sequence[Mandate]) -> Policy:
    """Limits on exposure, value at risk and loss, and circuit breakers.

    Gross exposure up to 2.2 times equity, net 1.0, a quarter in any asset; one-day VaR at 95 %
    up to 4 % of equity; 5 % lost in a day, 30 % from the peak.

    Parameters
    ----------
    assets : sequence of str
        Of the prices.
    mandates : sequence of Mandate
    """
    strategies = {m.strategy.name: m.strategy.name for m in mandates}
    venues = sorted({mandate.venue for mandate in mandates})
    return Policy(
        by="default of replay",
        instruments=dict.fromkeys(assets, Instrument()),
        strategies=strategies,
        limits=(
            _limit("gross exposure", "gross_exposure", _WHOLE, _GROSS, _EXPOSURE_SOFT),
            _limit("net exposure", "net_exposure", _WHOLE, _NET, _EXPOSURE_SOFT),
            _limit("value at risk", "value_at_risk", _WHOLE, 0.04, _VAR_SOFT),
            _limit("daily loss", "daily_loss", _WHOLE, 0.05, _LOSS_SOFT),
            _limit("drawdown", "drawdown", _WHOLE, 0.30, _LOSS_SOFT),
            *(_exposure(ScopeKind.ASSET, asset, _ASSET) for asset in assets),
            *(_exposure(ScopeKind.STRATEGY, name, _GROSS) for name in strategies),
            *(_exposure(ScopeKind.VENUE, venue, _GROSS) for venue in venues),
        ),
        derisking=DeRisking(ladder=_LADDER),
        breakers=standard_breakers(PORTFOLIO, strategies, assets),
    )


def _exposure(kind: ScopeKind, name: str, hard: float) -> LimitDefinition:
    return _limit(f"{name} exposure", "gross_exposure", Scope(kind, name), hard, _EXPOSURE_SOFT)


def _limit(name: str, kind: str, scope: Scope, hard: float, soft: float) -> LimitDefinition:
    return LimitDefinition(name=name, kind=kind, scope=scope, hard=hard, soft=soft * hard)
