"""What measures cost on one thread, and one of them beside other libraries."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numba import njit

from benchmarks.timing import Timing, micro, timed, timed_with
from risk.domain.model import LEVELS
from risk.measures.correlation import _cross_update, ewma_cross_update
from risk.measures.tail import blended_var_es, historical_var
from risk.measures.types import FloatArray
from risk.measures.var.book_scenarios import covariance_root, draw_scenarios, projected_var_es
from risk.measures.var.evt_panel import EvtPanel, panel_start, panel_update

_WINDOW = 500
_SEED = 4
_IN_A_ROW = 1_000
_LEVEL = 0.95


def run(
    sizes: tuple[int, ...] = (50, 500), n: int = 1_000, scenarios: int = 100_000
) -> Iterator[Timing]:
    """Forecasts bar by bar, a change of one position, Monte Carlo, co-movement, and others."""
    for size in sizes:
        yield _bars(size, n)
    size = sizes[0]
    yield _position(size, n)
    yield _monte_carlo(size, max(1, n // 10), scenarios)
    yield from _co_movement(size, n)
    yield from _beside_others(n)


def _returns(bars: int, size: int) -> FloatArray:
    return 0.03 * np.random.default_rng(_SEED).standard_t(4, (bars, size))


def _bars(size: int, n: int) -> Timing:
    """Each bar of all assets: filter, windows, tail, tracking."""
    rows = _returns(2 * _WINDOW, size)
    panel = panel_start(size, LEVELS, _WINDOW)
    for row in rows:
        panel = panel_update(panel, row)
    held, bar = [panel], iter(range(1_000_000))

    def update(row: FloatArray) -> EvtPanel:
        held[0] = panel_update(held[0], row)
        return held[0]

    return micro(
        timed_with(
            "default VaR and ES over a bar, every asset",
            lambda: rows[next(bar) % len(rows)],
            update,
            size=size,
            n=n,
        )
    )


def _position(size: int, n: int) -> Timing:
    """A book's profits in each scenario after one position changed, and their VaR and ES."""
    filtered, raw = (np.asfortranarray(_returns(_WINDOW, size)) for _ in range(2))
    weights = np.random.default_rng(_SEED).normal(size=size)
    book, raw_book = filtered @ weights, raw @ weights

    def changed() -> object:
        losses = -(book + 0.1 * filtered[:, 0])
        return blended_var_es(losses, -(raw_book + 0.1 * raw[:, 0]), LEVELS)

    return micro(timed("one position's change, VaR and ES", changed, size=size, n=n))


def _monte_carlo(size: int, n: int, count: int) -> Timing:
    kept = draw_scenarios(size, rng=np.random.default_rng(_SEED), degrees=4, count=count)
    root = covariance_root(np.cov(_returns(_WINDOW, size).T).reshape(size, size))
    exposures = np.random.default_rng(_SEED).normal(0.0, 1e4, size)
    return micro(
        timed(
            f"Monte Carlo, {count:,} kept scenarios",
            lambda: projected_var_es(kept, root, exposures, LEVELS),
            size=size,
            n=n,
        )
    )


def _co_movement(size: int, n: int) -> Iterator[Timing]:
    residuals = _returns(1, size)[0]
    cross, weight = np.eye(size), np.ones((size, size))

    def call() -> object:
        return ewma_cross_update(cross, weight, residuals)

    def in_a_row() -> object:
        return _repeated(cross, weight, residuals, 0.99, _IN_A_ROW)

    alone = micro(timed("", in_a_row, size=size, n=max(1, n // 10)))
    yield alone._replace(
        case="update of EWMA products, inside a kernel",
        median=alone.median / _IN_A_ROW,
        p99=alone.p99 / _IN_A_ROW,
    )
    yield micro(timed("  the same called from Python", call, size=size, n=n))


def _repeated(*arguments: Any) -> object:
    return _compiled_loop()(*arguments)


def _compiled_loop() -> Callable[..., object]:
    """The update again and again without Python between; compiled once."""
    if not _LOOPS:
        update = _cross_update.compiled

        @njit
        def loop(cross, weight, residuals, decay, times):  # type: ignore[no-untyped-def]
            for _ in range(times):
                cross, weight = update(cross, weight, residuals, decay)
            return cross, weight

        _LOOPS.append(loop)
    return _LOOPS[0]


_LOOPS: list[Callable[..., object]] = []


def _beside_others(n: int) -> Iterator[Timing]:
    """One VaR of one series here and in each other library that is installed."""
    returns = _returns(_WINDOW, 1)[:, 0]
    ours = micro(
        timed("one historical VaR", lambda: historical_var(-returns, level=_LEVEL), size=1, n=n)
    )
    yield ours
    for name, prepare in PEERS.items():
        try:
            call = prepare(returns)
        except ImportError:
            print(f"{name} is not installed and skipped; it comes with the extra 'peers'")
            continue
        theirs = micro(timed(f"  {name}", call, size=1, n=max(1, n // 10)))
        yield theirs
        ratios = theirs.median / ours.median, theirs.p99 / ours.p99
        yield Timing(f"  {name} over ours", 1, "x", *ratios, theirs.n)


def _riskfolio(returns: FloatArray) -> Callable[[], float]:
    functions = import_module("riskfolio").RiskFunctions
    return lambda: functions.VaR_Hist(returns, alpha=1.0 - _LEVEL)


def _skfolio(returns: FloatArray) -> Callable[[], float]:
    measures = import_module("skfolio.measures")
    return lambda: measures.value_at_risk(returns, beta=_LEVEL)


def _empyrical(returns: FloatArray) -> Callable[[], float]:
    empyrical = import_module("empyrical")
    return lambda: -empyrical.value_at_risk(returns, cutoff=1.0 - _LEVEL)


def _quantstats(returns: FloatArray) -> Callable[[], float]:
    """Its VaR supposes a normal distribution."""
    stats = import_module("quantstats.stats")
    series = import_module("pandas").Series(returns)
    return lambda: -stats.value_at_risk(series, confidence=_LEVEL, prepare_returns=False)


#: By the name of its distribution: from returns to a call that gives their VaR as a loss.
PEERS: dict[str, Callable[[FloatArray], Callable[[], float]]] = {
    "riskfolio-lib": _riskfolio,
    "skfolio": _skfolio,
    "empyrical-reloaded": _empyrical,
    "quantstats (normal)": _quantstats,
}
