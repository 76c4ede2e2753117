"""Stablecoin exposure: what is lost if a promise of one dollar is broken."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

from risk.domain.fields import Shown
from risk.domain.limits import Unit
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.base import Limit, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class StablecoinExposureLimit(Limit):
    """Stablecoins held, cash among them, may not exceed `hard` of equity.

    No smaller position mends it: what is sold becomes cash, which is a stablecoin again.

    Attributes
    ----------
    assets : tuple of str
        Stablecoins that are traded as assets, e.g. ``USDC/USDT``.
    counts_cash : str
        Whether cash lies in a stablecoin (``yes`` or ``no``), as it does where everything is
        quoted in one.
    """

    kind: ClassVar = "stablecoin_exposure"
    title: ClassVar = "Stablecoin exposure"
    unit: ClassVar = Unit.SHARE
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    assets: tuple[str, ...] = ()
    counts_cash: Annotated[str, Shown(one_of=("yes", "no"))] = "yes"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.counts_cash not in ("yes", "no"):
            raise ValueError(f"counts_cash must be yes or no, got {self.counts_cash}")

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        held = sum(max(0.0, book.reach(scope).net_high) for scope in self._scopes)
        cash = max(0.0, book.figures.cash_high) if self.counts_cash == "yes" else 0.0
        return share(held + cash, book.equity)

    @cached_property
    def _scopes(self) -> tuple[Scope, ...]:
        return tuple(Scope(ScopeKind.ASSET, asset) for asset in self.assets)
