"""Potential breaches, what caused them, and which did not happen."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.limits import LimitDefinition
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.lab.replay.book import Bar
from risk.lab.replay.breaches import Counted, LimitOutcome, outcomes
from risk.limits.crossings import Episode, episodes
from tests.lab.replay.markets import BEGIN, HOUR

HOUR_SECONDS = 3600.0
WHOLE = Scope(ScopeKind.PORTFOLIO, "replay")


def policy_of(kind: str = "gross_exposure", hard: float = 1.0) -> Policy:
    limit = LimitDefinition(name="cap", kind=kind, scope=WHOLE, hard=hard, soft=0.8 * hard)
    return Policy(limits=(limit,))


def book(
    values: Sequence[float | None],
    *,
    ordered: dict[int, float] | None = None,
    hard: float | Sequence[float] = 1.0,
) -> list[Bar]:
    """A book of one limit with these values, and of others with the orders of some bars."""
    levels = [hard] * len(values) if isinstance(hard, float) else list(hard)
    return [
        Bar(
            at=BEGIN + hour * HOUR,
            unit_value=1.0,
            gross=0.0,
            values=(value,),
            hard=(level,),
            ordered=(ordered[hour],) if ordered and hour in ordered else (),
        )
        for hour, (value, level) in enumerate(zip(values, levels, strict=True))
    ]


def judged(managed: list[Bar], unmanaged: list[Bar], policy: Policy | None = None) -> LimitOutcome:
    (found,) = outcomes(policy or policy_of(), managed, unmanaged)
    return found


CALM = [0.5] * 60


def with_values(changes: dict[int, float | None]) -> list[float | None]:
    return [changes.get(hour, value) for hour, value in enumerate(CALM)]


def test_a_breach_that_the_managed_book_does_not_share_is_prevented() -> None:
    found = judged(book(CALM), book(with_values({10: 1.2})))

    assert (found.potential, found.prevented, found.worst_overshoot) == (1, 1, 0.0)


@pytest.mark.parametrize(("hour", "prevented"), [(9, 1), (10, 0), (12, 0), (14, 0), (15, 1)])
def test_it_is_not_prevented_if_the_managed_book_is_above_while_it_lasts(
    hour: int, prevented: int
) -> None:
    """From the first bar above to the last one, what lies between included."""
    shadow = book(with_values({10: 1.2, 14: 1.1}))
    found = judged(book(with_values({hour: 1.05})), shadow)

    assert (found.potential, found.prevented) == (1, prevented)
    assert found.worst_overshoot == pytest.approx(0.05)


def test_crossings_within_a_day_of_each_other_are_one_breach() -> None:
    near = judged(book(CALM), book(with_values({10: 1.2, 33: 1.2})))
    far = judged(book(CALM), book(with_values({10: 1.2, 34: 1.2})))

    assert (near.potential, far.potential) == (1, 2)


def test_what_is_at_the_limit_is_within_it() -> None:
    assert judged(book(CALM), book(with_values({10: 1.0}))).potential == 0


def test_what_is_not_measured_is_not_above() -> None:
    found = judged(book(with_values({10: None})), book(with_values({20: None})))

    assert (found.potential, found.managed.breaches, found.worst_overshoot) == (0, 0, 0.0)


@pytest.mark.parametrize(("hour", "prevented"), [(9, 1), (10, 0), (12, 0), (15, 1)])
def test_what_the_managed_book_did_not_measure_it_has_not_prevented(
    hour: int, prevented: int
) -> None:
    """As a book without equity: it has no exposure to tell."""
    shadow = book(with_values({10: 1.2, 14: 1.1}))

    assert judged(book(with_values({hour: None})), shadow).prevented == prevented


def test_a_book_that_begins_above_its_limit_has_crossed_it() -> None:
    assert judged(book(CALM), book(with_values({0: 1.2}))).potential == 1


def test_a_breach_is_caused_by_the_order_that_was_above_when_it_was_decided() -> None:
    shadow = book(with_values({10: 1.2, 50: 1.2}), ordered={9: 1.19, 49: 0.9})
    found = judged(book(with_values({50: 1.1})), shadow)

    assert found.order_caused == Counted(potential=1, prevented=1)
    assert found.drift_caused == Counted(potential=1, prevented=0)


def test_orders_of_the_managed_book_above_the_limit_are_counted() -> None:
    ours = book(CALM, ordered={5: 0.9, 6: 1.1, 7: 1.0})

    assert judged(ours, book(CALM)).order_caused_managed == 1


def test_an_order_while_the_book_is_above_already_crosses_nothing() -> None:
    ours = book(with_values({6: 1.2}), ordered={6: 1.2})

    assert judged(ours, book(CALM)).order_caused_managed == 0


def test_both_books_are_held_to_the_thresholds_in_force_in_the_managed_one() -> None:
    lowered = [1.0] * 20 + [0.6] * 40
    shadow = book(with_values({10: 0.8, 30: 0.8}), hard=1.0)

    assert judged(book(CALM, hard=lowered), shadow).potential == 1


def test_overshoots_are_the_highest_of_each_breach() -> None:
    ours = book(with_values({5: 1.1, 6: 1.3, 40: 1.2}))
    found = judged(ours, book(CALM), policy_of("daily_loss"))

    assert found.stops
    assert found.managed.breaches == 2
    assert found.managed.quantiles == pytest.approx((0.25, 0.29, 0.3))
    assert (found.unmanaged.breaches, found.unmanaged.quantiles) == (0, None)


def test_limits_on_single_orders_are_none_of_a_book() -> None:
    assert outcomes(policy_of("order_notional"), book(CALM), book(CALM)) == ()


@given(st.lists(st.booleans(), max_size=200))
def test_episodes_hold_every_bar_above_and_are_a_day_apart(above: list[bool]) -> None:
    times = HOUR_SECONDS * np.arange(len(above))
    found = episodes(np.array(above, dtype=bool), times)

    inside = {bar for e in found for bar in range(e.first, e.last + 1)}
    assert {bar for bar, is_above in enumerate(above) if is_above} <= inside
    assert all(above[e.first] and above[e.last] for e in found)
    day = timedelta(days=1).total_seconds()
    for one, other in pairwise(found):
        assert times[other.first] - times[one.last] >= day


def test_no_bars_have_no_episodes() -> None:
    assert episodes(np.array([], dtype=bool), np.array([])) == ()
    assert episodes(np.array([True]), np.array([0.0])) == (Episode(0, 0),)
