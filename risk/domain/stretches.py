"""Numbers of long ago: by the minute or the hour for which they are kept."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.measures.types import FloatArray

_HOUR_MS = 3_600_000.0


class Stretches(NamedTuple):
    """A number over time, a row for each stretch of which something is kept, oldest first.

    Stretches do not overlap; where nothing was measured there is none.

    Attributes
    ----------
    begins_ms, ends_ms : ndarray of shape (n,), int64
        The market's time, milliseconds since 1970. UTC.
    mean, most : ndarray of shape (n,)
        Average and largest in the stretch; no NaN.
    """

    begins_ms: NDArray[np.int64]
    ends_ms: NDArray[np.int64]
    mean: FloatArray
    most: FloatArray

    @property
    def hours(self) -> FloatArray:
        """How long each stretch is."""
        lengths: FloatArray = (self.ends_ms - self.begins_ms) / _HOUR_MS
        return lengths

    def where(self, wanted: NDArray[np.bool_]) -> "Stretches":
        """Those of the stretches."""
        return Stretches(
            self.begins_ms[wanted], self.ends_ms[wanted], self.mean[wanted], self.most[wanted]
        )


_NO_TIMES = np.empty(0, dtype=np.int64)
NO_STRETCHES = Stretches(_NO_TIMES, _NO_TIMES, np.empty(0), np.empty(0))
