"""Long series in the fewest bytes that plotly reads.

Values travel as base64 of their bytes, not as digits. Times stay texts: plotly knows no zones
and takes a number for a time in the browser's own, whichever was chosen here.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.format import Zone
from risk.measures.types import FloatArray


def packed(values: FloatArray) -> dict[str, str]:
    """An array as plotly's typed array, in single precision: seven digits, NaN is a gap.

    Parameters
    ----------
    values : ndarray of shape (n,) or (m, n)
    """
    single = np.ascontiguousarray(values, dtype="<f4")
    array = {"dtype": "f4", "bdata": base64.b64encode(single.tobytes()).decode("ascii")}
    if single.ndim > 1:
        array["shape"] = ", ".join(map(str, single.shape))
    return array


def unpacked(array: dict[str, Any]) -> FloatArray:
    """The values of a typed array; undoes :func:`packed`."""
    values = np.frombuffer(base64.b64decode(array["bdata"]), dtype=f"<{array['dtype']}")
    shape = array.get("shape")
    flat = values.astype(np.float64)
    return flat.reshape([int(n) for n in shape.split(",")]) if shape else flat


def wall_times(ts_ms: Sequence[int] | NDArray[np.int64], zone: Zone) -> list[str]:
    """Times as plotly shall print them: ``2026-11-12T15:42:18``.

    Parameters
    ----------
    ts_ms : sequence of int
        Milliseconds since 1970, UTC.
    zone : Zone
    """
    times = np.asarray(ts_ms, dtype=np.int64)
    shifted = times + _offsets(times, zone)
    # Rounded down, as a clock shows it.
    return np.datetime_as_string(shifted.astype("M8[ms]").astype("M8[s]")).tolist()


_HOUR_MS = 3_600_000
#: Zones change their offset on whole quarters of an hour, UTC.
_OFFSET_STEP_MS = _HOUR_MS // 4


def _offsets(times: NDArray[np.int64], zone: Zone) -> NDArray[np.int64]:
    """Milliseconds to add to UTC; asked once a quarter of an hour, not once a point."""
    if zone.is_utc or not times.size:
        return np.zeros(times.size, dtype=np.int64)
    quarters, of_time = np.unique(times // _OFFSET_STEP_MS, return_inverse=True)
    known = [_offset_ms(int(quarter) * _OFFSET_STEP_MS, zone) for quarter in quarters]
    return np.array(known, dtype=np.int64)[of_time]


def _offset_ms(ts_ms: int, zone: Zone) -> int:
    offset = datetime.fromtimestamp(ts_ms / 1000.0, UTC).astimezone(zone.info).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1000.0)
