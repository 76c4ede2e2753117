"""Answers of everything that runs compiled, on fixed inputs.

Run as a program with NUMBA_DISABLE_JIT=1 it writes what the same source answers when Python
interprets it: ``python -m tests.measures.every_kernel FILE``.
"""

import sys
from collections.abc import Callable

import numpy as np

from risk.measures import (
    correlation,
    equal_risk,
    moments,
    reaches,
    tail,
    tail_split,
    tail_with_more,
    volatility,
)
from risk.measures.var import VAR_MODELS, ewma, garch

LEVELS = (0.9, 0.95, 0.99)


def answers() -> dict[str, np.ndarray]:
    """Every public function over a kernel, flattened to arrays."""
    rng = np.random.default_rng(8)
    returns = 0.03 * rng.standard_t(4, (260, 3))
    returns[:40, 1] = np.nan
    path, residuals, state = volatility.gjr_filter(returns)
    alone = volatility.GjrState(*(part[:1] for part in state))
    after, shocks = volatility.gjr_update(state, np.array([0.01, np.nan, -0.5]))
    cross = correlation.ewma_cross(residuals)
    loss, short = -returns[:, 0], -returns[60:, 2]
    scenarios = np.nan_to_num(returns)
    ties = np.concatenate((np.zeros(220), np.ones(20)))
    books = (returns[60:, 0].copy(), returns[60:, 2].copy())
    order = np.array([returns[60:, 1], returns[60:, 0]])
    rest = LEVELS, np.array([0.7, 1.0, 1.6]), np.full((2, 3), 0.01)
    blended_more = tail_with_more.BlendedWithMore(books, books, *rest, tail.TAIL_WEIGHT)
    found = {
        "filter": (path, residuals, *state),
        "growth": (
            volatility.gjr_growth(alone, residuals[100:, :1], np.arange(40).reshape(4, 10)),
        ),
        "update": (*after, shocks),
        "cross": cross,
        "cross_update": correlation.ewma_cross_update(*cross, shocks),
        "equal_risk": (equal_risk.equal_risk_weights(np.cov(scenarios.T)),),
        "historical": tail.historical_var_es(loss, LEVELS),
        "one_loss": tail.historical_var_es(loss[:1], LEVELS),
        "pareto": tail.pareto_var_es(loss, LEVELS),
        "pareto_ties": tail.pareto_var_es(ties, LEVELS),
        "pareto_constant": tail.pareto_var_es(np.ones(100), LEVELS),
        "blended": tail.blended_var_es(loss, short, LEVELS),
        "blended_more": (blended_more(order, 0.5), blended_more(order, np.inf)),
        "blended_one_more": (
            tail_with_more.blended_with_one_more(
                books,
                books,
                order,
                0.5,
                levels=np.array(LEVELS),
                multipliers=rest[1],
                least=rest[2],
                tail_weight=tail.TAIL_WEIGHT,
            ),
        ),
        "historical_more": (tail_with_more.HistoricalWithMore(*books, *rest)(order[0], -0.5),),
        "reaches": (
            reaches.figures_with_more(
                np.array([[float(f), 3.0, 1.0, 2.0, -4.0, 2.5, 8.0] for f in reaches.Figure]),
                0.5,
                1.5,
                0.0,
                1.0,
            ),
        ),
        "worst_more": (
            tail_with_more.worst_loss_with_more(*books, 2.0),
            tail_with_more.worst_loss_with_more(*books, np.nan),
        ),
        "unit": tail.unit_var_es(scenarios, scenarios, LEVELS),
        "moments": (*moments.moments_of(loss), *moments.moments_of(np.ones(9))),
        "garch": garch._filter(loss, 1e-5, 0.05, 0.08, 0.85),
        "garch_step": (garch._step(1e-3, -0.01, 1e-5, 0.05, 0.08, 0.85),),
        "ewma": ewma.ewma_filter(returns[:, 1]),
        "split": tail_split.split_tail(scenarios, np.array([1.0, 0.0, -2.0]), 0.95, 0.1),
    }
    models = ("adaptive", "ewma_normal", "filtered_evt", "monte_carlo_bootstrap", "parametric_t")
    for name in models:
        model = VAR_MODELS[name]
        state = model.start(LEVELS[1:])
        for value in returns[:200, 1]:
            state = model.update(state, value)
        found[name] = (*model.path(returns[:, 1], LEVELS[1:]), *model.forecast(state))
        found[f"{name}_after"] = model.untracked(returns[:, 1], LEVELS[1:])
    flat = {
        f"{name}_{i}": value for name, values in found.items() for i, value in enumerate(values)
    }
    return flat | {"refusals": np.array(refusals(loss))}


def refusals(loss: np.ndarray) -> list[str]:
    """What the kernels say to what they cannot take."""
    gap = np.array([1.0, np.nan])
    table = np.column_stack((loss, np.full(loss.size, np.nan)))
    return [
        refusal(lambda: tail.historical_var_es(gap, LEVELS)),
        refusal(lambda: tail.pareto_var_es(loss, (0.5,))),
        refusal(lambda: tail.checked_levels((0.9, 0.8))),
        refusal(lambda: tail_split.split_tail(table, np.array([1.0, 0.0]), 0.95, 1.0)),
        refusal(lambda: tail_split.split_tail(table, np.array([1.0, 1.0]), 0.95, 1.0)),
        refusal(lambda: moments.moments_of(gap)),
    ]


def refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ValueError as error:
        return str(error)
    return "accepted"


if __name__ == "__main__":
    np.savez(sys.argv[1], **answers())
