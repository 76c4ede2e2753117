"""What measuring costs: a model's update, an order's check, and the same anew from nothing."""

from collections.abc import Iterator

from benchmarks.market import Book, build_book
from benchmarks.timing import Timing, timed, timed_with
from risk.assess import OrderCheck, assess
from risk.domain.model import Model
from risk.portfolio.exposure import net_by_asset, values_by_position
from risk.portfolio.forecasting import advance


def run(
    update_sizes: tuple[int, ...] = (7, 50, 500), check_sizes: tuple[int, ...] = (50,), n: int = 300
) -> Iterator[Timing]:
    """Updates of both models; order checks one after another, and by assessing anew."""
    for size in update_sizes:
        yield from _updates(build_book(size), max(1, n // 10))
    for size in check_sizes:
        yield from _order_checks(build_book(size), n)


def _updates(book: Book, n: int) -> Iterator[Timing]:
    models = book.carried.models
    exposure = net_by_asset(values_by_position(book.snapshot()))
    for name, model in (("one-day", models.day), ("one-hour", models.hour)):
        yield _update(book, name, model, exposure, n)


def _update(book: Book, name: str, model: Model, exposure: dict[str, float], n: int) -> Timing:
    bar = book.next_close(model.spec.period)
    return timed(
        f"VaR update, {name} model over a bar",
        lambda: advance(model, bar, exposure),
        size=len(book.market.assets),
        n=n,
    )


def _order_checks(book: Book, n: int) -> Iterator[Timing]:
    size = len(book.market.assets)
    snapshot = book.snapshot()
    orders = (book.order(number) for number in range(1_000_000))
    check = OrderCheck(snapshot)
    single = timed_with(
        "order check, incremental", lambda: next(orders), check.after, size=size, n=10 * n
    )
    batch = timed_with(
        "order check, assessed anew",
        lambda: next(orders),
        lambda order: assess(snapshot.after(order)),
        size=size,
        n=n,
    )
    yield timed_with("order check, made ready", book.snapshot, OrderCheck, size=size, n=n)
    yield single
    yield batch
    yield Timing("  anew over incremental", size, "x", *_ratios(single, batch), n)


def _ratios(single: Timing, batch: Timing) -> tuple[float, float]:
    return batch.median / single.median, batch.p99 / single.p99
