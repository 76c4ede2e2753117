"""Everything that the Orders page shows, read and brought into shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pages.context import (
    AgentSums,
    Book,
    CompleteCycle,
    DecisionTimes,
    OrdersPage,
    OrderStory,
    OrdersWanted,
    ReductionEvent,
)
from pages.query import Query
from pages.readings import Readings
from pages.views.breakers.reading import Turn, trips_between, turns_of
from pages.views.orders.address import ORDER, before, wanted_of
from pages.views.orders.agents import Agent, agents_of
from pages.views.orders.holders import held_words, holders_of
from pages.views.orders.wording import reason_of
from risk.domain.breakers import Episode
from risk.domain.decisions import Reason
from risk.domain.journalling import AnsweredOrder
from risk.domain.orders import Reservation
from risk.storage.codec import decode_answer

#: Cycles for which what the journal says of reductions is reused, and sums of many orders: more
#: than so many take too long to be counted with every single answer.
_REUSE, _MANY = 5, 10_000


@dataclass(frozen=True, kw_only=True)
class OrdersData:
    """Everything the Orders page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    wanted : OrdersWanted
        What the range and the filters ask for.
    page : OrdersPage
        The orders that are listed.
    sums : tuple of AgentSums
        Of all orders that the range and the filters ask for.
    times : DecisionTimes or None
        Of the newest of those.
    agents : tuple of Agent
        Of the range, whatever the filters.
    held : tuple of Reservation
        Room that is set aside now, the oldest first.
    reasons_of : callable
        Gives the checks of an order.
    story : OrderStory or None
        The order that the address names.
    episodes : tuple of Episode
        Trips of breakers that may have stood in the way of what is shown.
    turns : tuple of Turn
        What happened to these.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    wanted: OrdersWanted
    page: OrdersPage
    sums: tuple[AgentSums, ...]
    times: DecisionTimes | None
    agents: tuple[Agent, ...]
    held: tuple[Reservation, ...]
    reasons_of: Callable[[AnsweredOrder], Sequence[Reason]]
    story: OrderStory | None
    episodes: tuple[Episode, ...] = ()
    turns: tuple[Turn, ...] = ()

    def holders_of(self, order: AnsweredOrder, reason: Reason) -> list[Episode]:
        """The trips that made one of an order's checks fail."""
        return holders_of(reason, order.at, self.episodes, self.turns)

    def held_by(self, order: AnsweredOrder, reason: Reason) -> list[str]:
        """The same in words."""
        trips = self.holders_of(order, reason)
        return [held_words(each, self.query.zone, self.now) for each in trips]

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market

    @property
    def wall(self) -> datetime:
        """The wall's time of the cycle: orders live by that, however fast the market goes."""
        return self.cycle.pulse.saved

    @property
    def asked(self) -> str:
        """The order that the address names; empty if none."""
        return self.query.choice(ORDER.name)

    @property
    def overdue(self) -> frozenset[str]:
        """Orders of which nobody told in time what became of them."""
        late = (held for held in self.held if held.expires_at < self.wall)
        return frozenset(held.order.client_order_id for held in late)


def order_news(readings: Readings, book: Book) -> int:
    """Grows whenever an order was answered, filled or ended."""
    return readings.reader.order_news(book.name)


def read_orders(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> OrdersData:
    """Everything that the Orders page shows of one moment."""
    # Read first: whatever happens meanwhile has a later number, and is read again with that.
    news = order_news(readings, book)
    wanted = wanted_of(query, cycle.pulse.market)
    asker = _Asker(readings, book, news, cycle.pulse.cycle)
    whole = OrdersWanted(wanted.since, wanted.until, slices=False)
    page, story = asker.page(wanted, before(query)), asker.story(query.choice(ORDER.name))
    shown = [*page.orders, *([] if story is None else [story.order])]
    trips = _trips_behind(readings, book, cycle, shown)
    return OrdersData(
        book=book,
        query=query,
        cycle=cycle,
        wanted=wanted,
        page=page,
        sums=asker.sums(wanted),
        times=asker.times(wanted),
        agents=agents_of(asker.sums(whole), asker.reductions(whole), cycle.state.reductions),
        held=asker.held(),
        reasons_of=asker.reasons,
        story=story,
        episodes=trips,
        turns=turns_of(readings, book, cycle, trips),
    )


def _trips_behind(
    readings: Readings, book: Book, cycle: CompleteCycle, orders: Sequence[AnsweredOrder]
) -> tuple[Episode, ...]:
    """Trips that were on while one of these orders was answered, or about then."""
    if not orders:
        return ()
    since, until = min(each.at for each in orders), max(each.at for each in orders)
    return trips_between(readings, book, cycle, since, until)


@dataclass(frozen=True)
class _Asker:
    """Puts each question once for all browsers, until something happened."""

    readings: Readings
    book: Book
    news: int
    cycle: int

    def page(self, wanted: OrdersWanted, until: datetime | None) -> OrdersPage:
        if until is not None:
            wanted = wanted._replace(until=min(until, wanted.until))
        return self.readings.once(
            ("orders", self.book.name, wanted, self.news),
            lambda: self.readings.reader.orders(self.book.name, wanted),
        )

    def sums(self, wanted: OrdersWanted) -> tuple[AgentSums, ...]:
        return self.readings.once(
            ("order sums", self.book.name, wanted, self._pace(wanted)), lambda: self._sums(wanted)
        )

    def times(self, wanted: OrdersWanted) -> DecisionTimes | None:
        return self.readings.once(
            ("decision times", self.book.name, wanted, self._pace(wanted)),
            lambda: self.readings.reader.decision_times(self.book.name, wanted),
        )

    def _pace(self, wanted: OrdersWanted) -> tuple[str, int]:
        """How new sums must be: with every answer, of many orders every few cycles."""
        now_and_then = ("cycle", self.cycle // _REUSE)
        sums = self.readings.once(
            ("order sums", self.book.name, wanted, now_and_then), lambda: self._sums(wanted)
        )
        many = sum(each.asked for each in sums) > _MANY
        return now_and_then if many else ("news", self.news)

    def _sums(self, wanted: OrdersWanted) -> tuple[AgentSums, ...]:
        return tuple(self.readings.reader.agents(self.book.name, wanted))

    def reductions(self, wanted: OrdersWanted) -> tuple[ReductionEvent, ...]:
        return self.readings.once(
            ("reduction events", self.book.name, wanted, self.cycle // _REUSE),
            lambda: tuple(self.readings.reader.reduction_events(self.book.name, wanted)),
        )

    def held(self) -> tuple[Reservation, ...]:
        return self.readings.once(
            ("reservations", self.book.name, self.news, self.cycle),
            lambda: tuple(self.readings.reader.reservations(self.book.name)),
        )

    def reasons(self, order: AnsweredOrder) -> Sequence[Reason]:
        return self.readings.once(
            ("reasons", self.book.name, order.client_order_id, order.at),
            lambda: tuple(map(reason_of, decode_answer(order.answer).reasons)),
        )

    def story(self, client_order_id: str) -> OrderStory | None:
        if not client_order_id:
            return None
        return self.readings.once(
            ("order story", self.book.name, client_order_id, self.news),
            lambda: self.readings.reader.order(self.book.name, client_order_id),
        )
