"""Telling everyone who listens, whoever of them fails."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from risk.domain.events import PortfolioRisk, PositionRisk, RiskEvent
from risk.errors import InvalidInput

Listener = Callable[[RiskEvent], object]
Published = tuple[PositionRisk | PortfolioRisk, ...]


class Failures:
    """What listeners raise, kept until all were told.

    A context around each call of one; :meth:`raise_together` afterwards.
    """

    def __init__(self) -> None:
        self._kept: list[Exception] = []

    def __enter__(self) -> None:
        """A listener is about to be told."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep its failure; what is no Exception, such as an interrupt, goes on its way."""
        if isinstance(failure, Exception):
            self._kept.append(failure)
            return True
        return False

    def raise_together(self) -> None:
        """Raise an ExceptionGroup of all that was kept, if anything was."""
        if self._kept:
            raise ExceptionGroup("listeners failed", self._kept)


def tell(listener: Listener, event: RiskEvent) -> None:
    """Call a listener that is no coroutine function; refuse one that is."""
    answer = listener(event)
    if inspect.iscoroutine(answer):
        answer.close()
        raise InvalidInput("a coroutine listens: publish through AsyncPositionRiskAnalyzer")


async def tell_on_loop(listener: Listener, event: RiskEvent) -> None:
    """Call a listener, and wait for it if it is a coroutine function."""
    answer = listener(event)
    if inspect.isawaitable(answer):
        await answer


class Publisher(ABC):
    """Something with events to tell, and those who want to be told."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    @abstractmethod
    def events(self, *, at: datetime, portfolio: str, cycle: str) -> Published:
        """What there is to tell now."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every event published from now on.

        Parameters
        ----------
        listener : callable
            Takes the event; what it returns is not looked at.

        Returns
        -------
        callable
            Ends the subscription; calling it twice changes nothing.
        """
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Who is subscribed now."""
        return tuple(self._listeners)

    def publish(
        self, *, at: datetime, portfolio: str = "table", cycle: str = "analysis"
    ) -> Published:
        """Tell everyone subscribed of :meth:`events`, and return them.

        Parameters
        ----------
        at, portfolio, cycle
            As for :meth:`events`.

        Returns
        -------
        tuple of PositionRisk and PortfolioRisk

        Raises
        ------
        ExceptionGroup
            Of what listeners raised, after all were told.
        InsufficientData, InvalidInput
            As :meth:`events`; then nobody is told anything.
        """
        published = self.events(at=at, portfolio=portfolio, cycle=cycle)
        failures = Failures()
        for event in published:
            for listener in self.listeners:
                with failures:
                    tell(listener, event)
        failures.raise_together()
        return published
