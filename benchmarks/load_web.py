"""Many people at the web: ``python -m benchmarks.load_web [--viewers 50] [--seconds 60] [URL]``.

Starts the demonstration, or takes the Seawall at URL, and lets one viewer and then many watch all
pages of the navigation. Says how long answers took, what they weighed, what they cost the server
and whether a queue grew.
"""

import sys
from collections.abc import Sequence
from contextlib import nullcontext

import click
import numpy as np

from benchmarks.demo import Demo, running_demo, wait_for_cycle
from benchmarks.tables import machine_line, print_table
from benchmarks.viewers import Log, Sample, Viewer, page_paths, watch_together

HEAD = (
    "viewers",
    "answers",
    "n",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "bytes",
    "server ms",
    "last/first",
    "missed",
)


def measure(demo: Demo, *, viewers: int, seconds: float) -> list[tuple[str, ...]]:
    """Rows of the table for so many viewers, spread over all pages.

    Raises
    ------
    RuntimeError
        If a page cannot be opened, or a viewer met failures.
    """
    paths = page_paths(demo.url)
    people = [Viewer(demo.url, paths[at % len(paths)]) for at in range(viewers)]
    for viewer in people:
        viewer.open()
    before = demo.web_cpu_seconds()
    watch_together(people, seconds=seconds)
    after = demo.web_cpu_seconds()
    logs = [viewer.log for viewer in people]
    failures = [failure for log in logs for failure in log.failures]
    if failures:
        raise RuntimeError(f"{len(failures)} failures, the first: {failures[0]}")
    used = None if before is None or after is None else after - before
    return _rows(viewers, people, logs, used)


def _rows(
    viewers: int, people: Sequence[Viewer], logs: Sequence[Log], used: float | None
) -> list[tuple[str, ...]]:
    updates = [sample for log in logs for sample in log.updates]
    pulses = [sample for log in logs for sample in log.pulses]
    cost = "-" if used is None else f"{1e3 * used / max(len(updates), 1):.2f}"
    missed = sum(log.missed for log in logs)
    rows = [
        (f"{viewers}", "pulses", *_spread(pulses), "", _growth(pulses), ""),
        (f"{viewers}", "updates", *_spread(updates), cost, _growth(updates), f"{missed:,}"),
    ]
    for path in dict.fromkeys(viewer.path for viewer in people):
        of_page = [s for viewer in people if viewer.path == path for s in viewer.log.updates]
        rows.append((f"{viewers}", f"  {path}", *_spread(of_page), "", _growth(of_page), ""))
    return rows


def _spread(samples: Sequence[Sample]) -> tuple[str, ...]:
    if not samples:
        return "0", "-", "-", "-", "-"
    ms = 1e3 * np.array([sample.seconds for sample in samples])
    mean = np.mean([sample.wire_bytes for sample in samples])
    quantiles = (f"{value:.1f}" for value in np.quantile(ms, (0.5, 0.95, 0.99)))
    return f"{len(samples):,}", *quantiles, f"{mean:,.0f}"


def _growth(samples: Sequence[Sample]) -> str:
    """Median time of the last quarter of the run over that of the first: 1 is no queue."""
    if len(samples) < 8:
        return "-"
    ordered = sorted(samples)
    quarter = len(ordered) // 4
    first, last = (
        np.median([sample.seconds for sample in part])
        for part in (ordered[:quarter], ordered[-quarter:])
    )
    return f"{last / first:.2f}"


@click.command()
@click.argument("url", required=False)
@click.option("--viewers", default=50, show_default=True, help="How many watch at once.")
@click.option("--seconds", default=60.0, show_default=True, help="For how long.")
def main(url: str | None, viewers: int, seconds: float) -> None:
    """Measure one viewer, then many."""
    with nullcontext(Demo(url.rstrip("/"), None)) if url else running_demo() as demo:
        wait_for_cycle(demo.url)
        rows = [
            row
            for many in dict.fromkeys((1, viewers))
            for row in measure(demo, viewers=many, seconds=seconds)
        ]
    print(machine_line())
    print("bytes: mean on the wire; server ms: CPU of the web an update, pulses included")
    print()
    print_table(HEAD, rows)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as problem:
        sys.exit(f"could not measure: {problem}")
