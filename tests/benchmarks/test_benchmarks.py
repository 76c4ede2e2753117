"""Benchmarks run, at the least size; what they measure is not asserted."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from benchmarks import (
    assessing,
    book_models,
    cycle,
    figures,
    local_checks,
    logins,
    measures,
    memory,
    open_orders,
    order_checks,
    pending_orders,
)
from benchmarks.market import build_book
from benchmarks.tables import machine_line, print_table
from benchmarks.timing import HEAD, Timing, timed_with
from risk.auth.passwords import Cost
from risk.domain.model import LEVELS

SMALLEST: dict[str, Callable[[], Iterator[Timing]]] = {
    "cycle": lambda: cycle.run(sizes=(1,), n=1),
    "assessing": lambda: assessing.run(update_sizes=(1,), check_sizes=(1,), n=1),
    "book_models": lambda: book_models.run(size=1, n=1),
    "figures": lambda: figures.run(n=1, points=3),
    "local_checks": lambda: local_checks.run(sizes=(1,), n=1),
    "measures": lambda: measures.run(sizes=(2,), n=1, scenarios=1_000),
    "memory": lambda: memory.run(cycles=2, warm_up=1),
    "open_orders": lambda: open_orders.run((0, 3), size=2, n=1, slow=1),
    "order_checks": lambda: order_checks.run(sizes=(2,), n=1),
}


@pytest.mark.parametrize("name", SMALLEST)
def test_each_benchmark_gives_finite_numbers_at_the_least_size(name: str):
    timings = list(SMALLEST[name]())

    assert timings
    assert all(math.isfinite(t.median) and t.median <= t.p99 for t in timings if t.unit != "x")


def test_a_library_that_is_not_installed_is_skipped_with_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def missing(_returns: object) -> Callable[[], float]:
        raise ImportError

    monkeypatch.setattr(measures, "PEERS", {"elsewhere": missing})
    timings = list(measures.run(sizes=(2,), n=1, scenarios=1_000))

    assert not any("elsewhere" in timing.case for timing in timings)
    assert "elsewhere is not installed and skipped" in capsys.readouterr().out


def test_a_library_that_is_installed_is_measured_as_a_ratio(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measures, "PEERS", {"other": lambda returns: returns.max})

    *_, theirs, ratio = measures.run(sizes=(2,), n=1, scenarios=1_000)

    assert (theirs.case, ratio.case, ratio.unit) == ("  other", "  other over ours", "x")


def test_other_checks_of_orders_that_are_not_installed_are_skipped_with_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def missing() -> Callable[[], object]:
        raise ImportError

    monkeypatch.setattr(order_checks, "PEERS", {"elsewhere": missing, "other": lambda: int})
    (other,) = order_checks.beside_others(n=1)

    assert other.case == "  other, its own checks"
    assert "elsewhere is not installed and skipped" in capsys.readouterr().out


def test_every_order_that_is_timed_meets_twenty_five_limits_or_those_without_scenarios():
    snapshot = order_checks.realistic(build_book(2))
    asked = {q.case: len(q.policy.limits) for q in order_checks.questions(snapshot)}

    assert set(asked.values()) == {25, 22}
    assert {case for case, count in asked.items() if count == 22} == {
        case for case in asked if case.endswith("no scenarios")
    }


def test_preparing_a_call_does_not_count_and_happens_before_each():
    given = iter(range(100))
    seen: list[int] = []

    timing = timed_with("case", lambda: next(given), seen.append, size=1, n=5, warm=2)

    assert seen == [0, 1, 2, 3, 4, 5, 6]
    assert timing.n == 5


def test_a_table_has_a_line_for_each_timing(capsys: pytest.CaptureFixture[str]):
    print_table(HEAD, [Timing("save", 1_500, "ms", 1234.5, 0.25, 10).row])

    head, rule, line = capsys.readouterr().out.splitlines()
    assert head.split() == list(HEAD)
    assert set(rule) == {"-", " "}
    assert line.split() == ["save", "1,500", "1,234", "0.25", "10", "ms"]


def test_the_machine_is_named():
    assert "Python 3." in machine_line()


def test_filled_subsets_of_orders_are_compared_with_what_was_promised_for_them():
    found = pending_orders.measure(books=3)

    assert found.var.shape == found.es.shape == (30, len(LEVELS))
    assert np.isfinite(found.var).all()
    assert (found.var > -1.0).all()


def test_the_time_of_a_refusal_is_measured_for_each_reason():
    told = list(logins.rows(logins.measure(2, Cost(memory_kib=8, passes=1))))

    assert {line[1] for line in told} == {"2"}
    assert {line[0] for line in told} == set(logins._CASES)
    assert all(float(line[2]) <= float(line[3]) <= float(line[4]) for line in told)
