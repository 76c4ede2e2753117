"""Why a book's risk changed: parts that add up, and no cause blamed for another's doing."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.market import Period
from risk.domain.model import DAY_MODEL, HOUR_MODEL, Model, ModelSpec
from risk.domain.positions import PositionKey
from risk.portfolio.attribution import (
    BookAt,
    ExposureChange,
    VarChange,
    explain_exposure,
    explain_var,
)
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.forecasting import (
    advance,
    measured_by,
    new_model,
    with_assets,
    with_scenarios,
)
from risk.portfolio.tails import book_tail, weights_of
from tests.books import (
    ALIEN,
    BTC,
    ETH,
    KNOWN,
    MIDNIGHT,
    NOW,
    PRICES,
    SOL,
    as_close,
    random_closes,
    warmed_model,
)
from tests.oracles.attribution import shapley_by_orders

SPECS = pytest.mark.parametrize("spec", [DAY_MODEL, HOUR_MODEL])
units = st.dictionaries(st.sampled_from(KNOWN), st.floats(-50.0, 50.0), min_size=1)
moves = st.dictionaries(st.sampled_from(KNOWN), st.floats(0.5, 2.0))
sizes = st.sampled_from((0.0, 1.0, -2.5))


@cache
def next_model(spec: ModelSpec) -> Model:
    """`warmed_model` one stormy bar later, with another tracking."""
    opened = MIDNIGHT if spec.period is Period.DAY else NOW.replace(minute=0)
    last = random_closes(KNOWN, period=spec.period)[-1]
    close = as_close(KNOWN, last * [0.8, 0.9, 1.1, 1.3], period=spec.period, opened=opened)
    return replace(
        advance(warmed_model(spec), close, {BTC: 1e5}), tracking=np.array([1.1, 1.2, 1.3])
    )


def moved(factors: dict[str, float]) -> dict[str, float]:
    return {asset: price * factors.get(asset, 1.0) for asset, price in PRICES.items()}


def louder(model: Model, factor: float) -> Model:
    """The same past and the same shocks under other forecast deviations."""
    observed = model.filter._replace(variance=model.filter.variance * factor**2)
    return with_scenarios(replace(model, filter=observed))


def scale_of(*changes: VarChange | ExposureChange) -> float:
    return max(1e-6, *(abs(part) for change in changes for part in change))


def explained(before: BookAt, after: BookAt, level: float = 0.99) -> VarChange:
    change = explain_var(before, after, level=level)
    assert change is not None
    return change


def var_of(book: BookAt, level: float = 0.99) -> float:
    """What the screen shows."""
    assert book.model is not None
    exposure = {asset: held * book.prices[asset] for asset, held in book.quantities.items()}
    weights = weights_of(book.model, exposure)  # type: ignore[arg-type]
    assert weights is not None
    tail = book_tail(book.model, weights)
    assert tail is not None
    return tail.var_at(level)


# --- laws ----------------------------------------------------------------------------------


@SPECS
@given(old=units, new=units, factors=moves, level=st.sampled_from((0.95, 0.975, 0.99)))
def test_the_parts_add_up_between_what_the_screens_showed(
    spec: ModelSpec,
    old: dict[str, float],
    new: dict[str, float],
    factors: dict[str, float],
    level: float,
) -> None:
    before = BookAt(old, PRICES, warmed_model(spec))
    after = BookAt(new, moved(factors), next_model(spec))
    change = explained(before, after, level)

    assert change.before == pytest.approx(var_of(before, level), rel=1e-12)
    assert change.after == pytest.approx(var_of(after, level), rel=1e-12)
    assert abs(sum(change[:-1]) - change.after) <= 1e-9 * scale_of(change)


@SPECS
@given(held=units)
def test_where_nothing_changed_nothing_is_explained(
    spec: ModelSpec, held: dict[str, float]
) -> None:
    book = BookAt(held, PRICES, warmed_model(spec))

    assert explained(book, book)[1:-1] == (0.0, 0.0, 0.0, 0.0)


@SPECS
@given(old=units, new=units)
def test_trades_alone_move_only_the_part_of_positions(
    spec: ModelSpec, old: dict[str, float], new: dict[str, float]
) -> None:
    model = warmed_model(spec)
    change = explained(BookAt(old, PRICES, model), BookAt(new, PRICES, model))

    assert change[2:-1] == (0.0, 0.0, 0.0)
    assert change.positions == pytest.approx(change.after - change.before)


@given(held=units, factors=moves)
def test_prices_alone_move_only_the_part_of_prices(
    held: dict[str, float], factors: dict[str, float]
) -> None:
    model = warmed_model(DAY_MODEL)
    change = explained(BookAt(held, PRICES, model), BookAt(held, moved(factors), model))

    assert (change.positions, change.volatility, change.model) == (0.0, 0.0, 0.0)


@given(held=units, factor=st.floats(0.3, 3.0))
def test_a_louder_market_is_told_as_volatility(held: dict[str, float], factor: float) -> None:
    calm = warmed_model(HOUR_MODEL)
    change = explained(BookAt(held, PRICES, calm), BookAt(held, PRICES, louder(calm, factor)))

    assert change.volatility == pytest.approx((factor - 1.0) * change.before, abs=1e-6)
    assert abs(change.model) <= 1e-9 * scale_of(change)


def test_a_book_that_kept_exceeding_has_its_tracking_told_as_model() -> None:
    model = warmed_model(DAY_MODEL)
    tracked = replace(model, tracking=1.2 * model.tracking)
    change = explained(BookAt({BTC: 1.0}, PRICES, model), BookAt({BTC: 1.0}, PRICES, tracked))

    assert (change.positions, change.prices, change.volatility) == (0.0, 0.0, 0.0)
    assert change.after == pytest.approx(1.2 * change.before)


@pytest.mark.parametrize("method", BOOK_MODELS)
def test_another_model_chosen_for_the_book_is_told_as_model(method: str) -> None:
    held, default = {BTC: 1.0, ETH: -4.0}, warmed_model(DAY_MODEL)
    before, after = (
        BookAt(held, PRICES, default),
        BookAt(held, PRICES, measured_by(default, method)),
    )
    change = explained(before, after)

    assert (change.before, change.after) == pytest.approx((var_of(before), var_of(after)))
    assert (change.positions, change.prices, change.volatility) == (0.0, 0.0, 0.0)
    assert change.model == pytest.approx(change.after - change.before)


@pytest.mark.parametrize("method", BOOK_MODELS)
@given(old=units, new=units, factors=moves)
def test_the_parts_add_up_over_a_change_of_model_too(
    method: str, old: dict[str, float], new: dict[str, float], factors: dict[str, float]
) -> None:
    before = BookAt(old, PRICES, warmed_model(DAY_MODEL))
    after = BookAt(new, moved(factors), measured_by(next_model(DAY_MODEL), method))
    change = explained(before, after)

    assert change.after == pytest.approx(var_of(after), rel=1e-12)
    assert abs(sum(change[:-1]) - change.after) <= 1e-9 * scale_of(change)


@SPECS
@given(old=units, new=units, factors=moves)
def test_twice_the_book_has_twice_of_every_part(
    spec: ModelSpec, old: dict[str, float], new: dict[str, float], factors: dict[str, float]
) -> None:
    single = explained(
        BookAt(old, PRICES, warmed_model(spec)), BookAt(new, moved(factors), next_model(spec))
    )
    double = explained(
        BookAt({a: 2.0 * q for a, q in old.items()}, PRICES, warmed_model(spec)),
        BookAt({a: 2.0 * q for a, q in new.items()}, moved(factors), next_model(spec)),
    )

    np.testing.assert_allclose(double, 2.0 * np.array(single), atol=1e-9 * scale_of(double))


@SPECS
@given(old=units, new=units, factors=moves)
def test_back_again_undoes_every_part(
    spec: ModelSpec, old: dict[str, float], new: dict[str, float], factors: dict[str, float]
) -> None:
    before = BookAt(old, PRICES, warmed_model(spec))
    after = BookAt(new, moved(factors), next_model(spec))
    there, back = explained(before, after), explained(after, before)

    np.testing.assert_allclose(there[1:-1], -np.array(back[1:-1]), atol=1e-9 * scale_of(there))


@given(old=units, new=units, factors=moves)
def test_no_order_of_the_causes_is_privileged(
    old: dict[str, float], new: dict[str, float], factors: dict[str, float]
) -> None:
    """Oracle: all 24 orders, each walked with models whose scenarios were rescaled."""
    one, other = warmed_model(HOUR_MODEL), next_model(HOUR_MODEL)
    prices, quantities = (PRICES, moved(factors)), (old, new)

    def var(changed: tuple[bool, ...]) -> float:
        traded, marked, volatile, remodelled = changed
        model, like = (one, other)[remodelled], (one, other)[volatile]
        return var_of(BookAt(quantities[traded], prices[marked], as_volatile(model, like)))

    found = explained(BookAt(old, PRICES, one), BookAt(new, moved(factors), other))
    expected = shapley_by_orders(var, 4)

    np.testing.assert_allclose(found[1:-1], expected, atol=1e-9 * scale_of(found))


def as_volatile(model: Model, like: Model) -> Model:
    """The model's scenarios under the deviations of another one."""
    if model is like:
        return model
    own, other = (m.scenarios for m in (model, like))
    assert own is not None
    assert other is not None
    # The newest bar that both have seen is scaled to each one's deviation.
    shift = like.version - model.version
    row = -1 - max(0, -shift), -1 - max(0, shift)
    ratio = other.filtered[row[1]] / own.filtered[row[0]]
    filtered = own.filtered * ratio
    return replace(model, scenarios=own._replace(filtered=filtered, raw=filtered))


# --- what is known on one side only --------------------------------------------------------


def test_an_asset_known_to_one_model_only_is_taken_into_the_other() -> None:
    """As the system itself does it when a market lists an asset."""
    old = warmed_model(DAY_MODEL)
    listed = with_assets(old, [ALIEN])
    held = {BTC: 1.0, ALIEN: 100.0}
    change = explained(BookAt({BTC: 1.0}, PRICES, old), BookAt(held, PRICES, listed))

    assert change[2:-1] == (0.0, 0.0, 0.0)
    assert change.before == var_of(BookAt({BTC: 1.0}, PRICES, old))
    assert change.after == var_of(BookAt(held, PRICES, listed))


@pytest.mark.parametrize("lost", [{}, {BTC: math.nan}, {BTC: 0.0}])
def test_a_price_known_on_one_side_holds_for_both(lost: dict[str, float]) -> None:
    model = warmed_model(DAY_MODEL)
    bare = {**{a: p for a, p in PRICES.items() if a != BTC}, **lost}
    closed = explained(BookAt({BTC: 1.0}, PRICES, model), BookAt({ETH: 1.0}, bare, model))
    opened = explained(BookAt({ETH: 1.0}, bare, model), BookAt({BTC: 1.0}, PRICES, model))

    assert closed.prices == opened.prices == 0.0
    assert closed.positions == pytest.approx(closed.after - closed.before)


def test_what_cannot_be_measured_is_not_explained() -> None:
    model, cold = warmed_model(DAY_MODEL), new_model(DAY_MODEL, KNOWN)
    book = BookAt({BTC: 1.0}, PRICES, model)
    priceless = BookAt({BTC: 1.0}, {}, model)

    assert explain_var(book, book._replace(model=None)) is None
    assert explain_var(book._replace(model=cold), book) is None
    assert explain_var(priceless, priceless) is None
    assert explain_exposure(priceless, priceless) is None


def test_a_book_closed_or_opened_is_explained_by_its_positions() -> None:
    model = warmed_model(DAY_MODEL)
    flat, book = BookAt({BTC: 0.0}, {}, model), BookAt({BTC: 1.0}, PRICES, model)

    assert explained(flat, flat) == (0.0,) * 6
    assert explained(flat, book).positions == pytest.approx(var_of(book))
    assert explained(book, flat).after == 0.0


def test_positions_in_one_asset_are_netted_before_their_var_is_explained() -> None:
    model = warmed_model(DAY_MODEL)
    apart = {PositionKey("trend", BTC, "x"): 3.0, PositionKey("dip", BTC, "x"): -1.0}
    found = explained(BookAt(apart, PRICES, model), BookAt({BTC: 1.0}, PRICES, model))

    assert found == explained(BookAt({BTC: 2.0}, PRICES, model), BookAt({BTC: 1.0}, PRICES, model))


# --- exposure ------------------------------------------------------------------------------


@given(old=units, new=units, factors=moves, net=st.booleans())
def test_the_parts_of_an_exposure_add_up(
    old: dict[str, float], new: dict[str, float], factors: dict[str, float], net: bool
) -> None:
    change = explain_exposure(BookAt(old, PRICES), BookAt(new, moved(factors)), net=net)
    assert change is not None
    size = float if net else abs
    expected = sum(size(q * moved(factors)[a]) for a, q in new.items())

    assert change.before == pytest.approx(sum(size(q * PRICES[a]) for a, q in old.items()))
    assert change.after == pytest.approx(expected)
    assert abs(sum(change[:-1]) - change.after) <= 1e-9 * scale_of(change)


@given(old=units, new=units, factors=moves)
def test_net_exposure_changes_by_trades_at_the_average_price(
    old: dict[str, float], new: dict[str, float], factors: dict[str, float]
) -> None:
    change = explain_exposure(BookAt(old, PRICES), BookAt(new, moved(factors)), net=True)
    assert change is not None
    average = {a: (p + moved(factors)[a]) / 2.0 for a, p in PRICES.items()}
    expected = sum((new.get(a, 0.0) - old.get(a, 0.0)) * average[a] for a in KNOWN)

    assert change.positions == pytest.approx(expected, abs=1e-9 * scale_of(change))


@given(held=units, factors=moves, net=st.booleans(), size=sizes)
def test_exposure_that_was_not_traded_moved_by_prices_alone(
    held: dict[str, float], factors: dict[str, float], net: bool, size: float
) -> None:
    held = {asset: size * quantity for asset, quantity in held.items()}
    change = explain_exposure(BookAt(held, PRICES), BookAt(held, moved(factors)), net=net)

    assert change is not None
    assert change.positions == 0.0
    assert change.prices == pytest.approx(change.after - change.before, abs=1e-6)


def test_opposite_positions_of_two_strategies_count_apart_in_gross_and_offset_in_net() -> None:
    apart = {PositionKey("trend", BTC, "x"): 3.0, PositionKey("dip", BTC, "x"): -1.0}
    flat = BookAt({}, PRICES)
    gross = explain_exposure(flat, BookAt(apart, PRICES))
    net = explain_exposure(flat, BookAt(apart, PRICES), net=True)

    assert gross == (0.0, 4.0 * PRICES[BTC], 0.0, 4.0 * PRICES[BTC])
    assert net == (0.0, 2.0 * PRICES[BTC], 0.0, 2.0 * PRICES[BTC])


# --- refusals ------------------------------------------------------------------------------


def test_refuses_a_level_that_nobody_measures() -> None:
    book = BookAt({BTC: 1.0}, PRICES, warmed_model(DAY_MODEL))

    with pytest.raises(ValueError, match="level must be one of"):
        explain_var(book, book, level=0.9)


def test_refuses_models_of_different_horizons() -> None:
    day, hour = (BookAt({BTC: 1.0}, PRICES, warmed_model(s)) for s in (DAY_MODEL, HOUR_MODEL))

    with pytest.raises(ValueError, match="cannot be compared"):
        explain_var(day, hour)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_refuses_quantities_that_are_no_numbers(bad: float) -> None:
    book = BookAt({SOL: bad}, PRICES, warmed_model(DAY_MODEL))

    with pytest.raises(ValueError, match="quantities must be finite"):
        explain_var(book, book)
    with pytest.raises(ValueError, match="quantities must be finite"):
        explain_exposure(book, book)
