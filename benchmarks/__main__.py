"""All benchmarks, or those named: ``python -m benchmarks [cycle] [assessing] ...``."""

import sys
from collections.abc import Callable, Iterator

from benchmarks import (
    assessing,
    book_models,
    cycle,
    figures,
    local_checks,
    measures,
    memory,
    open_orders,
    order_checks,
)
from benchmarks.tables import machine_line, print_table
from benchmarks.timing import HEAD, Timing
from risk.measures.warm import warm_kernels

_BENCHMARKS: dict[str, Callable[[], Iterator[Timing]]] = {
    "cycle": cycle.run,
    "assessing": assessing.run,
    "book_models": book_models.run,
    "figures": figures.run,
    "local_checks": local_checks.run,
    "measures": measures.run,
    "memory": memory.run,
    "open_orders": open_orders.run,
    "order_checks": order_checks.run,
}


def main(names: list[str]) -> None:
    """Run them one after another and print one table."""
    unknown = sorted(set(names) - _BENCHMARKS.keys())
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(_BENCHMARKS)}")
    warm_kernels()
    chosen = names or list(_BENCHMARKS)
    timings = [timing for name in chosen for timing in _BENCHMARKS[name]()]
    print(machine_line())
    print()
    print_table(HEAD, [timing.row for timing in timings])


if __name__ == "__main__":
    main(sys.argv[1:])
