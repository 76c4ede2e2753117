"""Positions and how a fill changes one."""

from dataclasses import dataclass, replace
from typing import NamedTuple

#: What floats leave over of a quantity, as a share of it: what is left after closing 0.3 + 0.6 of
#: 0.9 is dust, not a position.
DUST = 1e-9


class PositionKey(NamedTuple):
    """What makes a position one position."""

    strategy: str
    asset: str
    venue: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """What one strategy holds of one asset at one venue.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity : float
        Units; negative when short.
    entry_price : float
        Average price at which the open quantity was entered, quote currency.
    realised : float
        Profit taken so far on closed quantity, before fees, quote currency.
    realised_before : float
        The part of it that was taken before the position last turned round.
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    entry_price: float
    realised: float = 0.0
    realised_before: float = 0.0

    @property
    def key(self) -> PositionKey:
        """Its key in the book."""
        return PositionKey(self.strategy, self.asset, self.venue)

    def unrealised(self, price: float) -> float:
        """Open profit at `price`, quote currency; a loss is negative."""
        return self.quantity * (price - self.entry_price)

    def after_fill(self, signed_quantity: float, price: float) -> "Position":
        """The position after a fill: average cost on the way in, profit on the way out."""
        remaining = self.quantity + signed_quantity
        if self.quantity * signed_quantity >= 0.0:
            return replace(
                self, quantity=remaining, entry_price=self._average_with(signed_quantity, price)
            )
        closed = min(abs(signed_quantity), abs(self.quantity))
        direction = 1.0 if self.quantity > 0.0 else -1.0
        flipped = remaining * self.quantity < 0.0
        realised = self.realised + direction * closed * (price - self.entry_price)
        return replace(
            self,
            quantity=remaining,
            entry_price=price if flipped else self.entry_price,
            realised=realised,
            realised_before=realised if flipped else self.realised_before,
        )

    def _average_with(self, signed_quantity: float, price: float) -> float:
        total = self.quantity + signed_quantity
        if total == 0.0:
            return self.entry_price
        return (self.quantity * self.entry_price + signed_quantity * price) / total


def flat(key: PositionKey) -> Position:
    """An empty position, ready for its first fill."""
    return Position(
        strategy=key.strategy, asset=key.asset, venue=key.venue, quantity=0.0, entry_price=0.0
    )
