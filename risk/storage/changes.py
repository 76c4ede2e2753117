"""What the web may change: whatever people ask there waits for the engine."""

from collections.abc import Callable
from datetime import datetime

from risk.storage.actions import choose_model
from risk.storage.breakers import release_breaker
from risk.storage.engines import Engines, transaction


class SqlChanges:
    """What the web may change: it writes what people ask, and the engine takes it in.

    Parameters
    ----------
    engines : Engines
    wall : callable
        Gives the wall time, UTC.
    """

    def __init__(self, engines: Engines, *, wall: Callable[[], datetime]) -> None:
        self._writer = engines.writer
        self._wall = wall

    def choose_model(self, portfolio: str, model: str, *, who: str, seen: int) -> None:
        """Let a choice of the book's model wait for the engine; see `choose_model`.

        Raises
        ------
        UnknownPortfolio, InvalidInput
            As there.
        StoreUnavailable
            If the database does not answer; the choice may have been written.
        """
        with transaction(self._writer) as connection:
            choose_model(connection, portfolio, model, who=who, at=self._wall(), seen=seen)

    def release_breaker(
        self, portfolio: str, breaker: str, *, episode: str, reason: str, who: str
    ) -> None:
        """Let a wish to let a breaker go wait for the engine; see `release_breaker`.

        Raises
        ------
        UnknownPortfolio, InvalidInput
            As there.
        StoreUnavailable
            If the database does not answer; the wish may have been written.
        """
        with transaction(self._writer) as connection:
            release_breaker(
                connection,
                portfolio,
                breaker,
                who=who,
                reason=reason,
                seen=episode,
                at=self._wall(),
            )
