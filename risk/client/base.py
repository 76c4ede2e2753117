"""What both clients are built on, and what they remember."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypedDict

from risk.client.clock import monotonic
from risk.client.core import Core, OnFailure
from risk.client.local import LocalChecks
from risk.client.place import find_place
from risk.client.slices import Slice, Slices
from risk.client.watch import Pauses


class Options(TypedDict, total=False):
    """What else a client may be told.

    Attributes
    ----------
    patience : float
        Seconds for everything but answers to orders and signals; 2 if missing.
    on_failure : {"reject", "raise"}
        What an order without an answer is; a rejection if missing.
    pauses : Pauses
        How the background waits.
    clock : callable
        Monotonic seconds.
    environment : mapping of str to str
        Instead of the process's.
    """

    patience: float
    on_failure: OnFailure
    pauses: Pauses
    clock: Callable[[], float]
    environment: Mapping[str, str]


class ClientBase:
    """A portfolio, a way to Seawall, and what is in doubt.

    Parameters
    ----------
    url, key : str or None
    portfolio, strategy : str
    timeout : float
        Seconds.
    options : Options

    Raises
    ------
    SettingInvalid
        If the address is none, or there is no key.
    ValueError
        If an option is out of its range.
    """

    def __init__(
        self,
        url: str | None,
        key: str | None,
        portfolio: str,
        strategy: str,
        timeout: float,
        options: Options,
    ) -> None:
        environment = options.get("environment", os.environ)
        self._place = find_place(url, key, environment)
        self._pauses = options.get("pauses", Pauses())
        self._core = Core(
            portfolio=portfolio,
            strategy=strategy,
            timeout=timeout,
            patience=options.get("patience", 2.0),
            on_failure=options.get("on_failure", "reject"),
            clock=options.get("clock", monotonic),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._place.url!r}, portfolio={self.portfolio!r})"

    @property
    def portfolio(self) -> str:
        """The portfolio that orders are for."""
        return self._core.portfolio

    @property
    def strategy(self) -> str:
        """The strategy of orders that name none."""
        return self._core.strategy

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """Ids of orders that Seawall may hold room for without this agent knowing; see `settle`."""
        return tuple(body.client_order_id for body in self._core.memory.doubts)

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Fills and ends of orders that may not have arrived; see `settle`."""
        return tuple(call.what for _, call in self._core.memory.reports)

    def new_id(self) -> str:
        """A client order id that was never given before."""
        return self._core.ids.next()

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Ids of slices of room that Seawall may hold for this agent; see `check_locally`."""
        return self._core.unsettled

    def _locally(self, stale_after: float, slices: Iterable[Slice]) -> LocalChecks:
        wanted = tuple(slices)
        if wanted and self._core.slices is not None:
            raise ValueError("slices are kept already: name all of them at once")
        local = LocalChecks(stale_after=stale_after)
        if wanted:
            self._core.slices = Slices(self._core, wanted)
        self._core.local = local
        return local
