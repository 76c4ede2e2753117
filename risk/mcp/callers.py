"""Clients of Seawall, one for each key that asks: what one has in doubt is no other's business."""

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from risk.client import AsyncSeawall

#: Clients that are kept; whoever has not asked for longest is forgotten.
MOST = 64


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Whom to ask, and how long to wait.

    Attributes
    ----------
    url : str
    portfolio, strategy : str
        `strategy` of orders that name none; may be empty.
    timeout, patience : float
        Seconds for the answer to an order or signal, and for everything else.
    """

    url: str
    portfolio: str
    strategy: str = ""
    timeout: float = 2.0
    patience: float = 5.0

    def client(self, key: str) -> AsyncSeawall:
        """A client that asks with this key.

        Raises
        ------
        SettingInvalid
            If it is none.
        """
        return AsyncSeawall(
            self.url,
            key,
            portfolio=self.portfolio,
            strategy=self.strategy,
            timeout=self.timeout,
            patience=self.patience,
            on_failure="raise",
            # A key that is missing must not be found elsewhere.
            environment={},
        )


@dataclass
class _Kept:
    """A client, and how many ask with it at this moment."""

    client: AsyncSeawall
    uses: int = 0


class Callers:
    """The clients of those who asked lately.

    Parameters
    ----------
    make : callable
        A client of a key.
    most : int
        How many are kept while nobody asks with them.
    """

    def __init__(self, make: Callable[[str], AsyncSeawall], *, most: int = MOST) -> None:
        self._make = make
        self._most = most
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @asynccontextmanager
    async def asking(self, key: str) -> AsyncIterator[AsyncSeawall]:
        """The client of a key, for as long as the block lasts.

        Raises
        ------
        SettingInvalid
            If it is none.
        """
        kept = self._of(key)
        kept.uses += 1
        try:
            yield kept.client
        finally:
            kept.uses -= 1
            await self._forget_idle()

    def _of(self, key: str) -> _Kept:
        name = hashlib.sha256(key.encode()).digest()
        if name not in self._kept:
            self._kept[name] = _Kept(self._make(key))
        self._kept.move_to_end(name)
        return self._kept[name]

    async def _forget_idle(self) -> None:
        while len(self._kept) > self._most:
            idle = next((name for name, kept in self._kept.items() if not kept.uses), None)
            if idle is None:
                return
            await self._kept.pop(idle).client.close()

    async def close(self) -> None:
        """Close all connections."""
        while self._kept:
            _, kept = self._kept.popitem()
            await kept.client.close()
