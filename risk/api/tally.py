"""What was answered, counted for monitoring: a few numbers, touched by one thread."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

import msgspec

#: Upper ends of the histogram of answers to orders, seconds.
ENDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Verdict(msgspec.Struct):
    """The one field of an answer that is counted."""

    verdict: str


_verdict_of = msgspec.json.Decoder(_Verdict).decode


class Tally:
    """Counts of answers, and how long they took.

    Attributes
    ----------
    verdicts : Counter
        Orders answered, by verdict.
    refusals : Counter
        Requests refused, by status.
    latencies : list of int
        Orders answered within each of ``ENDS``, and beyond the last.
    latency_sum : float
        Seconds that all took together.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.verdicts: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.latencies = [0] * (len(ENDS) + 1)
        self.latency_sum = 0.0
        self._begun: dict[object, float] = {}

    def begin(self) -> object:
        """Note that an order went to the gate; what is returned ends it."""
        mark = object()
        self._begun[mark] = self._monotonic()
        return mark

    def end(self, mark: object, answer: bytes | None) -> None:
        """Note the answer to an order; None where there was none."""
        took = self._monotonic() - self._begun.pop(mark)
        if answer is None:
            return
        self.verdicts[_verdict_of(answer).verdict] += 1
        self.latencies[bisect_left(ENDS, took)] += 1
        self.latency_sum += took

    def refused(self, status: int) -> None:
        """Note a refusal."""
        self.refusals[status] += 1

    @property
    def waiting(self) -> int:
        """Orders that wait for the journal."""
        return len(self._begun)

    @property
    def lag(self) -> float:
        """Seconds that the order waits that has waited longest; 0 if none does."""
        oldest = next(iter(self._begun.values()), None)
        return 0.0 if oldest is None else self._monotonic() - oldest
