"""One suite over every store and lease office: the fakes, SQLite and Postgres.

What holds here the engine may rely on, whichever it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from risk.domain.breakers import Breakers, BreakerState, Episode, Phase
from risk.domain.cards import Card, CardHistory, Counterfactual
from risk.domain.market import Bar, BarClose, Period
from risk.domain.model import Models
from risk.domain.notices import Letter
from risk.domain.ports import CycleRecord, Lease, LeaseOffice, Outbox, Store
from risk.errors import LeaseLost, StoreError
from risk.storage import codec, tables
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.episodes import EpisodeStory, episode_story, write_found
from risk.storage.lease import SqlLeaseOffice
from risk.storage.outbox import SqlOutbox, undelivered
from risk.storage.store import SqlStore
from tests.builders import (
    NOON,
    PORTFOLIO,
    build_bar,
    build_close,
    build_fill,
    build_flow,
    build_models,
    build_notice,
    build_record,
)
from tests.fakes import FakeClock
from tests.fakes_episodes import build_card, build_counterfactual, build_episode, build_history
from tests.fakes_outbox import FakeOutbox
from tests.fakes_store import FakeLeaseOffice, FakeStore

CHANNELS = ("log", "mail")


@dataclass
class House:
    """A store with lease offices of two programs, and a way to end the first program."""

    store: Store
    office: LeaseOffice
    rival: LeaseOffice
    die: Callable[[Lease], Any]
    outbox: Outbox
    undelivered: Callable[[], list[Letter]]
    story: Callable[[str, str], EpisodeStory | None]
    find_out: Callable[[str, str, CardHistory | Counterfactual], None]

    def token(self) -> int:
        lease = self.office.acquire(PORTFOLIO, "first")
        assert lease is not None
        return lease.token


def fake_house() -> House:
    clock = FakeClock()
    office = FakeLeaseOffice(clock.wall)
    outbox = FakeOutbox(PORTFOLIO, office, CHANNELS)
    store = FakeStore(office, post=outbox.post)
    return House(
        store,
        office,
        office,
        lambda _lease: clock.advance(60),
        outbox,
        outbox.undelivered,
        lambda *key: store.stories.get(key),
        store.find_out,
    )


def sql_house(engines: Engines) -> House:
    office = SqlLeaseOffice(engines)
    # The system takes a dead holder's lock of the file back; a row's end only comes with time.
    die = office._locks.give_back if office._locks else None
    return House(
        SqlStore(engines, channels=CHANNELS),
        office,
        SqlLeaseOffice(engines),
        lambda lease: die(lease.portfolio) if die else let_end(engines, lease),
        SqlOutbox(engines, PORTFOLIO),
        lambda: letters_in(engines),
        partial(in_transaction, engines, episode_story),
        partial(in_transaction, engines, write_found),
    )


def letters_in(engines: Engines) -> list[Letter]:
    with transaction(engines.reader) as connection:
        return undelivered(connection, PORTFOLIO)


def in_transaction(engines: Engines, do: Callable[..., Any], *arguments: Any) -> Any:
    with transaction(engines.writer) as connection:
        return do(connection, *arguments)


def let_end(engines: Engines, lease: Lease) -> None:
    row = tables.lease
    with transaction(engines.writer) as connection:
        connection.execute(
            update(row)
            .where(row.c.portfolio == lease.portfolio)
            .values(expires_ms=row.c.expires_ms - 60_000)
        )


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest):
    if request.param == "fake":
        yield fake_house()
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    yield sql_house(engines)
    engines.dispose()


def same_models(one: Models, other: Models) -> bool:
    """Bit by bit, but for the scenarios, which follow from the rest."""
    pairs = zip(one, other, strict=True)
    return all(codec.encode_model(a) == codec.encode_model(b) for a, b in pairs)


# ---------------------------------------------------------------- saving and loading


def test_before_the_first_cycle_there_is_nothing(house: House):
    assert house.store.load(PORTFOLIO) is None


def test_what_was_saved_is_carried_on(house: House):
    record = build_record(1, fills=(build_fill(),), flows=(build_flow(),))
    house.store.save(record, token=house.token())

    carried = house.store.load(PORTFOLIO)

    assert carried.state == record.state
    assert carried.ledger == record.snapshot.ledger
    assert same_models(carried.models, record.snapshot.models)


def test_the_last_cycle_is_the_one_carried_on(house: House):
    token = house.token()
    for number in (1, 2, 3):
        house.store.save(build_record(number, seq=10 + number), token=token)

    carried = house.store.load(PORTFOLIO)

    assert carried.state.cycle == 3
    assert carried.ledger.seq == 13


def test_saving_the_same_record_again_is_harmless(house: House):
    token = house.token()
    record = build_record(1, fills=(build_fill(),), closes=(build_close(),))
    for _ in range(3):
        house.store.save(record, token=token)

    assert house.store.load(PORTFOLIO).ledger == record.snapshot.ledger
    assert len(house.store.bars(Period.HOUR)) == 1


def test_another_record_of_a_number_already_saved_is_refused(house: House):
    """Dropping it in silence would lose what it established."""
    token = house.token()
    house.store.save(build_record(1), token=token)

    with pytest.raises(StoreError, match=r"cycle 1 .*is not the next one"):
        house.store.save(build_record(1, at=NOON + timedelta(minutes=5)), token=token)


def test_a_record_of_the_past_is_refused(house: House):
    token = house.token()
    house.store.save(build_record(2), token=token)

    with pytest.raises(StoreError, match=r"cycle 1 .*is not the next one"):
        house.store.save(build_record(1), token=token)


def test_portfolios_do_not_mix(house: House):
    house.store.save(build_record(1), token=house.token())
    other = house.office.acquire("other", "first")
    house.store.save(build_record(5, portfolio="other"), token=other.token)

    assert house.store.load(PORTFOLIO).state.cycle == 1
    assert house.store.load("other").state.cycle == 5


def test_a_new_bar_s_model_replaces_the_old_one(house: House):
    token = house.token()
    house.store.save(build_record(1, models=build_models(version=70)), token=token)
    later = build_models(version=71, closed=NOON + timedelta(hours=1))
    house.store.save(build_record(2, models=later), token=token)

    assert same_models(house.store.load(PORTFOLIO).models, later)


def test_history_is_carried_on_like_cycles_saved_one_by_one(house: House):
    records = [
        build_record(n, at=NOON + timedelta(hours=n), fills=(build_fill(n),), seq=n)
        for n in range(1, 6)
    ]

    assert house.store.save_history(iter(records), token=house.token()) == 5

    carried = house.store.load(PORTFOLIO)
    assert carried.state == records[-1].state
    assert carried.ledger == records[-1].snapshot.ledger


def test_an_empty_history_changes_nothing(house: House):
    assert house.store.save_history(iter([]), token=house.token()) == 0
    assert house.store.load(PORTFOLIO) is None


# ---------------------------------------------------------------- notices


def posted(house: House, *numbers: int) -> int:
    """Save a cycle with these notices, and return the token."""
    token = house.token()
    notices = tuple(build_notice(n, at=NOON + timedelta(seconds=n)) for n in numbers)
    house.store.save(replace(build_record(1), notices=notices), token=token)
    return token


def due(house: House, channel: str = "mail", *, at: timedelta = timedelta(), limit: int = 9):
    letters = house.outbox.due(channel, at=NOON + at, limit=limit)
    return [letter.notice.id for letter in letters]


def test_a_notice_waits_once_for_every_channel_from_its_cycle_on(house: House):
    record = replace(build_record(1), notices=(build_notice(1), build_notice(2, episode=None)))
    token = house.token()
    for _ in range(2):
        house.store.save(record, token=token)

    letters = house.undelivered()

    assert [(one.notice, one.channel) for one in letters] == [
        (notice, channel) for notice in record.notices for channel in CHANNELS
    ]
    assert {(one.attempts, one.retry_at, one.dead) for one in letters} == {(0, None, None)}


def test_a_past_that_is_relived_notifies_nobody(house: House):
    record = replace(build_record(1), notices=(build_notice(),))

    house.store.save_history([record], token=house.token())

    assert house.undelivered() == []


def test_a_cycle_that_is_refused_tells_nothing(house: House):
    house.token()
    with pytest.raises(LeaseLost):
        house.store.save(replace(build_record(1), notices=(build_notice(),)), token=7)

    assert house.undelivered() == []


def test_letters_come_oldest_first_and_no_more_than_asked_for(house: House):
    posted(house, 3, 1, 2)

    assert due(house) == ["1-0", "2-0", "3-0"]
    assert due(house, limit=2) == ["1-0", "2-0"]
    assert due(house, "pager") == []


def test_an_attempt_counts_before_it_is_made_and_is_due_again_later(house: House):
    """So that whoever dies in it has not lost it."""
    token = posted(house, 1)
    (letter,) = house.outbox.due("mail", at=NOON, limit=9)
    later = NOON + timedelta(seconds=5)

    assert house.outbox.begin(letter, retry_at=later, token=token)

    assert due(house, at=timedelta(seconds=4.9)) == []
    (again,) = house.outbox.due("mail", at=later, limit=9)
    assert (again.attempts, again.retry_at) == (1, later)
    assert due(house, "log") == ["1-0"]


def test_a_clock_that_is_set_back_silences_nobody(house: House):
    token = posted(house, 1)
    (letter,) = house.outbox.due("mail", at=NOON, limit=9)
    house.outbox.begin(letter, retry_at=NOON + timedelta(seconds=5), token=token)

    assert due(house, at=-timedelta(hours=2)) == ["1-0"]


def test_what_arrived_is_over_and_what_is_buried_stays_to_be_seen(house: House):
    token = posted(house, 1, 2)
    first, second = house.outbox.due("mail", at=NOON, limit=9)
    house.outbox.delivered(first, at=NOON, token=token)
    house.outbox.bury(second, "refused for ever", token=token)

    assert due(house, at=timedelta(days=99)) == []
    assert not house.outbox.begin(first, retry_at=NOON, token=token)
    assert not house.outbox.begin(second, retry_at=NOON, token=token)
    left = [one for one in house.undelivered() if one.channel == "mail"]
    assert [(one.notice.id, one.dead) for one in left] == [("2-0", "refused for ever")]


def test_what_waits_for_a_channel_that_is_no_more_is_buried(house: House):
    token = posted(house, 1, 2)

    assert house.outbox.bury_all_but(["log"], "gone", token=token) == 2
    assert house.outbox.bury_all_but(["log"], "gone", token=token) == 0

    assert due(house) == []
    assert due(house, "log") == ["1-0", "2-0"]


def test_a_deposed_holder_may_not_even_try_to_deliver(house: House):
    lease = house.office.acquire(PORTFOLIO, "first")
    house.store.save(replace(build_record(1), notices=(build_notice(),)), token=lease.token)
    (letter,) = house.outbox.due("mail", at=NOON, limit=9)
    house.die(lease)
    house.rival.acquire(PORTFOLIO, "second")

    with pytest.raises(LeaseLost):
        house.outbox.begin(letter, retry_at=NOON, token=lease.token)
    with pytest.raises(LeaseLost):
        house.outbox.delivered(letter, at=NOON, token=lease.token)

    assert due(house) == ["1-0"]


# ---------------------------------------------------------------- who may write


def test_without_a_lease_nothing_is_written(house: House):
    with pytest.raises(LeaseLost):
        house.store.save(build_record(1), token=1)

    assert house.store.load(PORTFOLIO) is None


def test_one_holder_at_a_time(house: House):
    assert house.office.acquire(PORTFOLIO, "first") is not None
    assert house.rival.acquire(PORTFOLIO, "second") is None


def test_the_holder_cannot_acquire_twice(house: House):
    house.office.acquire(PORTFOLIO, "first")

    assert house.office.acquire(PORTFOLIO, "first") is None


def test_leases_of_portfolios_do_not_mix(house: House):
    assert house.office.acquire(PORTFOLIO, "first") is not None
    assert house.rival.acquire("other", "second") is not None


def test_a_dead_holder_is_succeeded(house: House):
    dead = house.office.acquire(PORTFOLIO, "first")
    house.die(dead)

    successor = house.rival.acquire(PORTFOLIO, "second")

    assert successor.holder == "second"
    assert successor.token > dead.token


def test_a_deposed_holder_s_write_is_refused_whole(house: House):
    """A frozen leader wakes up and goes on as if nothing had happened."""
    deposed = house.office.acquire(PORTFOLIO, "first")
    house.store.save(build_record(1), token=deposed.token)
    house.die(deposed)
    successor = house.rival.acquire(PORTFOLIO, "second")

    late = build_record(2, fills=(build_fill(),), closes=(build_close(),))
    with pytest.raises(LeaseLost):
        house.store.save(late, token=deposed.token)

    assert house.store.load(PORTFOLIO).state.cycle == 1
    assert house.store.bars(Period.HOUR) == []
    house.store.save(build_record(2, seq=11), token=successor.token)
    assert house.store.load(PORTFOLIO).state.cycle == 2


def test_a_deposed_holder_cannot_renew(house: House):
    deposed = house.office.acquire(PORTFOLIO, "first")
    house.die(deposed)
    house.rival.acquire(PORTFOLIO, "second")

    with pytest.raises(LeaseLost):
        house.office.renew(deposed)


def test_a_renewed_lease_keeps_its_token_and_ends_later(house: House):
    lease = house.office.acquire(PORTFOLIO, "first")

    renewed = house.office.renew(lease)

    assert renewed.token == lease.token
    assert renewed.expires_at >= lease.expires_at


def test_a_lease_nobody_took_can_be_renewed_late(house: House):
    """A pause of the whole machine is no reason to stop when nobody else came."""
    lease = house.office.acquire(PORTFOLIO, "first")
    house.die(lease)

    assert house.office.renew(lease).token == lease.token


def test_a_released_lease_is_free_at_once(house: House):
    lease = house.office.acquire(PORTFOLIO, "first")
    house.office.release(lease)

    assert house.rival.acquire(PORTFOLIO, "second").token == lease.token + 1


def test_releasing_a_lost_lease_does_not_take_it_from_its_holder(house: House):
    deposed = house.office.acquire(PORTFOLIO, "first")
    house.die(deposed)
    house.rival.acquire(PORTFOLIO, "second")

    house.office.release(deposed)

    assert house.office.acquire(PORTFOLIO, "third") is None


# ---------------------------------------------------------------- episodes of breakers

TRIPPED = build_episode("loss/demo-1", NOON)
ENDED = TRIPPED._replace(worst=3.0, ended_at=NOON, ended_by="anna", ended_why="seen", retrips=1)


def telling(number: int, *episodes: Episode, card: Card | None = None) -> CycleRecord:
    cards = {} if card is None else {card.episode: card}
    return replace(build_record(number), episodes=episodes, cards=cards)


def test_an_episode_is_there_exactly_if_its_cycle_is(house: House):
    record, told = telling(1, TRIPPED, card=build_card(TRIPPED)), (PORTFOLIO, TRIPPED.id)
    token = house.token()
    with pytest.raises(LeaseLost):
        house.store.save(record, token=token + 1)
    assert house.story(*told) is None

    for _ in range(2):
        house.store.save(record, token=token)
        assert house.story(*told) == (TRIPPED, build_card(TRIPPED), None, None)
    assert house.story("other", TRIPPED.id) is None


def test_what_is_known_of_an_episode_outlives_what_happens_to_it(house: House):
    token, told = house.token(), (PORTFOLIO, TRIPPED.id)
    house.store.save(telling(1, TRIPPED, card=build_card(TRIPPED)), token=token)
    for found in (build_history(), build_counterfactual()):
        house.find_out(*told, found)
    house.store.save(telling(2, ENDED), token=token)

    known = build_card(TRIPPED), build_history(), build_counterfactual()
    assert house.story(*told) == (ENDED, *known)


def test_an_episode_without_a_card_is_kept_all_the_same(house: House):
    house.store.save(telling(1, TRIPPED), token=house.token())

    assert house.story(PORTFOLIO, TRIPPED.id) == (TRIPPED, None, None, None)


def test_how_bad_an_episode_has_become_is_kept_though_nothing_happens(house: House):
    token = house.token()
    house.store.save(telling(1, TRIPPED, card=build_card(TRIPPED)), token=token)
    for number, worst in ((2, 2.5), (3, 2.5), (4, 2.9)):
        record = telling(number)
        on = BreakerState(Phase.TRIPPED, NOON, episode=TRIPPED._replace(worst=worst))
        state = replace(record.state, breakers=Breakers({"loss": on}))
        house.store.save(replace(record, state=state), token=token)

        assert house.story(PORTFOLIO, TRIPPED.id).episode.worst == worst
    assert house.story(PORTFOLIO, TRIPPED.id).card == build_card(TRIPPED)


def test_episodes_of_a_past_are_kept_as_if_saved_one_by_one(house: House):
    records = [telling(1, TRIPPED, card=build_card(TRIPPED)), telling(2), telling(3, ENDED)]

    house.store.save_history(iter(records), token=house.token())

    assert house.story(PORTFOLIO, TRIPPED.id) == (ENDED, build_card(TRIPPED), None, None)


# ---------------------------------------------------------------- bars


def keep(house: House, *bars: Bar) -> int:
    closes = (BarClose(period=b.period, opened=b.opened, bars={b.asset: b}) for b in bars)
    return house.store.record_closes(closes)


def test_bars_come_back_as_closes_in_order_of_time(house: House):
    later = build_bar(opened=NOON + timedelta(hours=1))
    other = build_bar("C001/USDT")

    assert keep(house, later, build_bar(), other) == 3

    first, second = house.store.bars(Period.HOUR)
    assert (first.opened, dict(first.bars)) == (
        NOON,
        {"C000/USDT": build_bar(), "C001/USDT": other},
    )
    assert dict(second.bars) == {"C000/USDT": later}


def test_a_bar_already_kept_is_left_alone(house: House):
    keep(house, build_bar())

    assert keep(house, build_bar(close=1.0), build_bar("C001/USDT")) == 1

    assert house.store.bars(Period.HOUR)[0].bars["C000/USDT"].close == 102.0


def test_no_bars_are_no_work(house: House):
    assert keep(house) == 0
    assert house.store.bars(Period.DAY) == []


def test_bars_of_a_cycle_are_kept_with_their_breaks(house: House):
    close = build_close(("C000/USDT", "C001/USDT"), breaks=frozenset({"C001/USDT"}))
    house.store.save(build_record(1, closes=(close,)), token=house.token())

    assert house.store.bars(Period.HOUR) == [close]


def test_closes_are_kept_with_their_breaks(house: House):
    close = build_close(("C000/USDT", "C001/USDT"), breaks=frozenset({"C001/USDT"}))

    assert house.store.record_closes([close]) == 2
    assert house.store.bars(Period.HOUR) == [close]


@pytest.mark.parametrize(("last", "hours"), [(None, [0, 1, 2]), (2, [1, 2]), (9, [0, 1, 2])])
def test_only_the_last_closes_when_asked(house: House, last: int | None, hours: list[int]):
    opened = [NOON + timedelta(hours=hour) for hour in range(3)]
    keep(house, *(build_bar(opened=moment) for moment in opened))

    found = house.store.bars(Period.HOUR, last=last)

    assert [close.opened for close in found] == [opened[hour] for hour in hours]


def test_only_some_assets_when_asked(house: House):
    """A moment at which none of them has a bar does not count among the last."""
    keep(house, build_bar(), build_bar("C001/USDT", opened=NOON + timedelta(hours=1)))

    found = house.store.bars(Period.HOUR, assets=["C000/USDT"], last=1)

    assert [dict(close.bars) for close in found] == [{"C000/USDT": build_bar()}]


def test_periods_do_not_mix(house: House):
    day = build_bar(period=Period.DAY)
    keep(house, build_bar(), day)

    assert house.store.bars(Period.DAY) == [
        replace(build_close(period=Period.DAY), bars={day.asset: day})
    ]
