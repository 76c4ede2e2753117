"""Compile every kernel before it is needed: ``python -m risk.measures.warm``.

The machine code stays on disk; later programs load it in milliseconds.
"""

from time import perf_counter

import click

# Importing the modules registers their kernels.
from risk.measures import (  # noqa: F401
    correlation,
    equal_risk,
    moments,
    reaches,
    sorted_windows,
    tail,
    tail_split,
    tracking,
    var,
    volatility,
)
from risk.measures.kernel import KERNELS


def warm_kernels() -> None:
    """Compile what is not on disk yet and load the rest."""
    for entry in KERNELS:
        _ = entry.compiled


def main() -> None:
    """Warm the kernels and say how long it took."""
    began = perf_counter()
    warm_kernels()
    click.echo(f"{len(KERNELS)} kernels ready in {perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
