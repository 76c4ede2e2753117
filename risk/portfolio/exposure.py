"""What is held, and what may be held once pending orders are filled."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from risk.domain.assessment import Exposure
from risk.domain.positions import Position, PositionKey
from risk.domain.snapshot import Pending, Snapshot


def value_of(snapshot: Snapshot, position: Position) -> float:
    """Market value, quote currency; at cost while the asset has no mark."""
    mark = snapshot.mark(position.asset)
    return position.quantity * (mark.price if mark.known else position.entry_price)


def value_of_pending(snapshot: Snapshot, pending: Pending) -> float:
    """What a pending order would add, quote currency; 0 while the asset has no mark.

    The equity of such a book is unknown, so that no new risk is let in on this number.
    """
    mark = snapshot.mark(pending.key.asset)
    return pending.open_quantity * mark.price if mark.known else 0.0


def values_by_position(snapshot: Snapshot) -> dict[PositionKey, float]:
    """Market value of each open position."""
    return {key: value_of(snapshot, p) for key, p in snapshot.ledger.positions.items()}


def net_by_asset(values: Mapping[PositionKey, float]) -> dict[str, float]:
    """Net exposure of each asset held."""
    net: dict[str, float] = {}
    for key, value in values.items():
        net[key.asset] = net.get(key.asset, 0.0) + value
    return net


def exposure_of(values: Iterable[float]) -> Exposure:
    """Long and short of some position values."""
    listed = list(values)
    return Exposure(
        long=sum((value for value in listed if value > 0.0), 0.0),
        short=-sum((value for value in listed if value < 0.0), 0.0),
    )


def exposure_by(values: Mapping[PositionKey, float], part: str) -> dict[str, Exposure]:
    """Long and short by one part of the position's key: strategy, asset or venue."""
    grouped: dict[str, list[float]] = {}
    for key, value in values.items():
        grouped.setdefault(getattr(key, part), []).append(value)
    return {name: exposure_of(members) for name, members in sorted(grouped.items())}


def concentration(net: Mapping[str, float]) -> float:
    """Herfindahl index of absolute net exposure: 1 for one asset, 1/n for n equal ones.

    0 for a flat book.
    """
    total = sum(abs(value) for value in net.values())
    if total == 0.0:
        return 0.0
    return float(sum((abs(value) / total) ** 2 for value in net.values()))


class Reach(NamedTuple):
    """How far a value may go if any subset of pending orders is filled.

    Attributes
    ----------
    held : float
    buys : float
        Sum of pending purchases, not negative.
    sells : float
        Sum of pending sales, not positive.
    """

    held: float = 0.0
    buys: float = 0.0
    sells: float = 0.0

    @property
    def worst(self) -> float:
        """Largest absolute value: convex in the fills, so all buys or all sells."""
        return max(abs(self.held + self.buys), abs(self.held + self.sells))

    def plus(self, change: float) -> "Reach":
        """With one more pending order."""
        if change >= 0.0:
            return self._replace(buys=self.buys + change)
        return self._replace(sells=self.sells + change)
