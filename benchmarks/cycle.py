"""What a cycle costs, from the reading to the commit in SQLite."""

from collections.abc import Callable, Iterator

from benchmarks.market import Book, build_book
from benchmarks.stores import new_store
from benchmarks.timing import Timing, timed_with
from risk.domain.ports import MarketReading


def run(sizes: tuple[int, ...] = (50, 500), n: int = 300) -> Iterator[Timing]:
    """Cycles at each size: between closes, at an hour's close, at a day's; and their parts."""
    for size in sizes:
        book = build_book(size)
        yield from _saved_cycles(book, n)
        yield from _parts(book, n)


def _saved_cycles(book: Book, n: int) -> Iterator[Timing]:
    few = max(1, n // 15)
    with new_store() as (store, token):

        def cycle(reading: MarketReading) -> None:
            store.save(book.take(reading), token=token)

        def measured(case: str, prepare: Callable[[], MarketReading], n: int) -> Timing:
            size = len(book.market.assets)
            return timed_with(case, prepare, cycle, size=size, n=n)

        yield measured("cycle saved, no bar closes", book.second, n)
        yield measured("cycle saved, the day closes", book.day, few)
        yield measured("cycle saved, the hour closes", book.hour, few)


def _parts(book: Book, n: int) -> Iterator[Timing]:
    size = len(book.market.assets)
    yield timed_with("  step alone, no bar closes", book.second, book.take, size=size, n=n)
    with new_store() as (store, token):
        yield timed_with(
            "  save alone, no bar closes",
            lambda: book.take(book.second()),
            lambda record: store.save(record, token=token),
            size=size,
            n=n,
        )
