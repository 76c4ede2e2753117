"""What an agent of the demo needs of Seawall; `risk.client` has it, over the wire."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol


class Permission(Protocol):
    """An answer to an order, such as `risk.client.Answer`."""

    @property
    def answered(self) -> bool:
        """Whether Seawall decided at all."""
        ...

    @property
    def approved(self) -> bool:
        """Whether something was allowed."""
        ...

    @property
    def quantity(self) -> float:
        """Units that may be traded."""
        ...

    @property
    def decided_at(self) -> datetime | None:
        """The wall's time of the decision. UTC."""
        ...

    @property
    def why(self) -> str:
        """What decided, in words."""
        ...

    def sendable(self) -> bool:
        """Whether it may be traded at this moment."""
        ...


class Request(Protocol):
    """A request to make a position smaller."""

    @property
    def id(self) -> str:
        """Unique in the portfolio."""
        ...

    @property
    def strategy(self) -> str:
        """Whose position it is."""
        ...

    @property
    def asset(self) -> str:
        """Of the position."""
        ...

    @property
    def venue(self) -> str:
        """Of the position."""
        ...

    @property
    def target_quantity(self) -> float:
        """Signed units to end at."""
        ...


class Holding(Protocol):
    """What a strategy holds of an asset."""

    @property
    def strategy(self) -> str:
        """Whose it is."""
        ...

    @property
    def asset(self) -> str:
        """What is held."""
        ...

    @property
    def venue(self) -> str:
        """Where it is held."""
        ...

    @property
    def quantity(self) -> float:
        """Signed units."""
        ...


class Gatekeeper(Protocol):
    """What an agent needs of Seawall, such as `risk.client.Seawall`.

    All but `validate` and `settle` raise SeawallError where Seawall does not answer, or refuses.
    """

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """Ids of orders that room may be held for without the agent knowing."""
        ...

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Reports that may not have arrived."""
        ...

    def validate(
        self,
        asset: str,
        side: str,
        quantity: float,
        *,
        client_order_id: str,
        venue: str,
        reduce_only: bool,
    ) -> Permission:
        """Whether an order may be sent; the same id again is the same order."""
        ...

    def filled(
        self, client_order_id: str, *, fill_id: str, quantity: float, price: float, fee: float
    ) -> object:
        """Report a trade."""
        ...

    def cancelled(self, client_order_id: str) -> object:
        """Report that an order is dead."""
        ...

    def settle(self) -> object:
        """Cancel what is in doubt, and tell again what is unsaid."""
        ...

    def reductions(self) -> Sequence[Request]:
        """Requests to reduce that are not met."""
        ...

    def positions(self) -> Sequence[Holding]:
        """Everything that is held."""
        ...

    def acknowledge(self, reduction_id: str) -> None:
        """Say that a request was heard."""
        ...

    def on_reduction(self, callback: Callable[[Any], object]) -> object:
        """Call back, in another thread, with every request to reduce."""
        ...

    def close(self) -> None:
        """End what runs in the background."""
        ...
