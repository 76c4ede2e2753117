"""Noise: throws dice, seldom and for small stakes; the prices themselves are the dice."""

import hashlib
import struct
from collections.abc import Mapping, Sequence

_HOURS_BETWEEN_THROWS = 12
_LARGEST_WEIGHT = 0.20


class Noise:
    """Now and then gives one asset a random weight and leaves the others as they are.

    The same closes give the same throw, so that a replay repeats it, and nobody can tell the
    next one from them.
    """

    name = "noise"

    def targets(self, closes: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """One asset's weight, in one hour out of twelve on average; else nothing to change."""
        assets = sorted(asset for asset, series in closes.items() if series)
        if not assets:
            return {}
        throw = _throw([closes[asset][-1] for asset in assets])
        if throw % _HOURS_BETWEEN_THROWS:
            return {}
        chosen = assets[throw // _HOURS_BETWEEN_THROWS % len(assets)]
        fraction = (throw >> 32) / 2**32
        return {chosen: _LARGEST_WEIGHT * (2.0 * fraction - 1.0)}


def _throw(prices: Sequence[float]) -> int:
    digest = hashlib.blake2b(struct.pack(f"<{len(prices)}d", *prices), digest_size=8).digest()
    return int.from_bytes(digest, "little")
