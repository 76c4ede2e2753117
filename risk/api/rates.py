"""How often one key may ask: a bucket of tokens that fills steadily."""

from collections.abc import Callable

from risk.api.problems import try_again


class Buckets:
    """One bucket a key. Used by one thread.

    Parameters
    ----------
    rate : float
        Requests a second; as many may come at once after a silence, at least one.
    monotonic : callable
        Seconds that only ever grow.
    """

    def __init__(self, rate: float, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._monotonic = monotonic
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key_id: str) -> None:
        """Take one token.

        Raises
        ------
        Refused
            If there is none: the request came too soon.
        """
        now = self._monotonic()
        level, since = self._levels.get(key_id, (self._most, now))
        level = min(self._most, level + (now - since) * self._rate)
        if level < 1.0:
            self._levels[key_id] = (level, now)
            raise try_again(
                429,
                "too_often",
                f"this key may ask {self._rate:g} times a second at most",
                after=(1.0 - level) / self._rate,
            )
        self._levels[key_id] = (level - 1.0, now)
