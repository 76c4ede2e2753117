"""Each loss beyond its VaR in words: how much, by how much, which assets, and the market."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pages.format import UTC_ZONE, Zone, amount, money, percent
from pages.views.holdings import coin
from pages.views.records.past import HeldDays
from pages.views.records.scored import ScoredBars
from risk.domain.market import Period

#: As many assets are named as anybody wants to hear.
_NAMED = 3
#: From this share of assets that moved one way on, the market moved as a whole.
_WHOLE_MARKET = 0.8


@dataclass(frozen=True)
class Exceeded:
    """A loss beyond its VaR.

    Attributes
    ----------
    row : int
        Of the bars it was found in.
    hard : bool
        Whether it went beyond the 99 % VaR, not only beyond the 95 % one.
    when : str
        ``5 May``, or ``5 May 14:00`` of an hour.
    loss, var : float
        Quote currency, both positive; the VaR is the highest that was exceeded.
    loss_share, var_share : float or None
        Of the equity at the opening; None if that was not known.
    assets, market : str
        Sentences; empty if nothing is known.
    """

    row: int
    hard: bool
    when: str
    loss: float
    var: float
    loss_share: float | None
    var_share: float | None
    assets: str
    market: str

    @property
    def level(self) -> str:
        """``99 %``."""
        return percent(0.99 if self.hard else 0.95, 0)

    def loss_words(self, currency: str) -> str:
        """``−2.64 % of equity, −63.4 k USD``; money alone where the equity was not known."""
        lost = money(-self.loss, currency)
        return lost if self.loss_share is None else f"{percent(-self.loss_share)} ({lost})"

    def told_against(self, currency: str) -> str:
        """``−7.34 % (VaR 3.45 %)``; in money where the equity was not known."""
        if self.loss_share is None or self.var_share is None:
            return f"{money(-self.loss, currency)} (VaR {amount(self.var)})"
        return f"{percent(-self.loss_share)} (VaR {percent(self.var_share)})"

    def beyond_words(self) -> str:
        """``25 % beyond its 99 % VaR of 2.11 %``; in money where the equity was not known."""
        var = amount(self.var) if self.var_share is None else percent(self.var_share)
        by = percent(self.loss / self.var - 1.0, 0) if self.var > 0.0 else "All of it"
        return f"{by} beyond its {self.level} VaR of {var}"


def exceptions_of(
    bars: ScoredBars, held: HeldDays | None, *, benchmark: str, zone: Zone
) -> list[Exceeded]:
    """Every loss beyond the 95 % VaR, newest first.

    Parameters
    ----------
    bars : ScoredBars
    held : HeldDays or None
        None while it is not known what was held: then nothing is said of assets.
    benchmark : str
        The asset that stands for the market.
    zone : Zone
        In which hours are told; days are those of UTC.
    """
    rows = np.flatnonzero(bars.beyond_95 | bars.beyond_99)[::-1].tolist()
    return [_exceeded(bars, row, held, benchmark, zone) for row in rows]


def _exceeded(
    bars: ScoredBars, row: int, held: HeldDays | None, benchmark: str, zone: Zone
) -> Exceeded:
    hard = bool(bars.beyond_99[row])
    loss = -float(bars.profit[row])
    var = float((bars.var_99 if hard else bars.var_95)[row])
    assets, market = _causes(bars, row, held, benchmark)
    return Exceeded(
        row=row,
        hard=hard,
        when=moment_words(bars.opened(row), bars.period, zone),
        loss=loss,
        var=var,
        loss_share=bars.of_equity(row, loss),
        var_share=bars.of_equity(row, var),
        assets=assets,
        market=market,
    )


def moment_words(opened: datetime, period: Period, zone: Zone) -> str:
    """``5 May``, a day of UTC; of an hour with its beginning in `zone`."""
    if period is Period.DAY:
        return UTC_ZONE.day(opened)
    return f"{zone.day(opened)} {zone.clock(opened)[:5]}"


def _causes(bars: ScoredBars, row: int, held: HeldDays | None, benchmark: str) -> tuple[str, str]:
    day = None
    if held is not None and bars.period is Period.DAY:
        day = held.row(int(bars.opened_ms[row]))
    if held is None or day is None:
        return "", ""
    return assets_words(held.profits(day)), market_words(held.moves(day), benchmark)


def assets_words(profits: dict[str, float]) -> str:
    """``Most by SOL −30.1 k, ETH −20.4 k, BTC −8.0 k.``"""
    losers = sorted((profit, asset) for asset, profit in profits.items() if profit < 0.0)
    named = [f"{coin(asset)} {amount(profit)}" for profit, asset in losers[:_NAMED]]
    return f"Most by {', '.join(named)}." if named else ""


def market_words(moves: dict[str, float], benchmark: str) -> str:
    """Whether the whole market moved one way that day, and what its leader did.

    Both ways are told alike: a short loses in a rally.
    """
    if not moves:
        return ""
    fell = sum(move < 0.0 for move in moves.values())
    rose = sum(move > 0.0 for move in moves.values())
    count, way = (rose, "rose") if rose > fell else (fell, "fell")
    whole = count >= _WHOLE_MARKET * len(moves)
    leader = moves.get(benchmark)
    what = "" if leader is None else f"{coin(benchmark)} {percent(leader, 1, signed=True)}, "
    counted = f"{count} of {len(moves)} coins {way}"
    return f"{f'The whole market {way}' if whole else 'Not the whole market'}: {what}{counted}."
