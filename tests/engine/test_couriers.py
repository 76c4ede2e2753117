"""Couriers: at least once, in spite of what hangs, refuses, dies or loses its lease."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from risk.domain.notices import Letter
from risk.domain.ports import Channel
from risk.engine import couriers
from risk.engine.couriers import ATTEMPTS, Carrier, Courier, Couriers
from risk.errors import LeaseLost, StoreUnavailable
from tests.builders import NOON, PORTFOLIO, build_notice
from tests.fakes import FakeClock
from tests.fakes_outbox import FakeChannel, FakeOutbox
from tests.fakes_store import FakeLeaseOffice

BRIEF = 0.01


class World:
    """An outbox with one notice, two channels, and a clock."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.office = FakeLeaseOffice(self.clock.wall)
        self.lease = self.office.acquire(PORTFOLIO, "first")
        self.outbox = FakeOutbox(PORTFOLIO, self.office)
        self.outbox.post([build_notice()])
        self.mail, self.log = FakeChannel("mail"), FakeChannel("log")

    def courier(self, channel: Channel, *, patience: float = BRIEF) -> Courier:
        carrier = Carrier(channel, patience=patience)
        return Courier(carrier, self.outbox, wall=self.clock.wall, token=self.lease.token)

    def letter(self, channel: str = "mail") -> Letter:
        return next(one for one in self.outbox.undelivered() if one.channel == channel)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a channel hangs on; let go at the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


def test_a_notice_is_delivered_once_and_noted(world: World):
    courier = world.courier(world.mail, patience=5.0)
    for _ in range(2):
        courier.round()

    assert world.mail.taken == [build_notice()]
    assert [one.channel for one in world.outbox.undelivered()] == ["log"]


def test_a_refusal_is_tried_again_after_waits_that_double_up_to_ten_minutes(world: World):
    world.mail.refuse()
    courier = world.courier(world.mail, patience=5.0)
    waits = []
    for _ in range(10):
        courier.round()
        waits.append((world.letter().retry_at - world.clock.wall()).total_seconds())
        world.clock.advance(waits[-1] - 0.001)
        courier.round()  # not yet
        world.clock.advance(0.001)

    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert world.letter().attempts == 10
    world.mail.fail_with = None
    courier.round()
    assert world.mail.taken == [build_notice()]


def test_after_so_many_attempts_it_is_dead_and_the_log_says_so_as_an_error(world: World):
    world.mail.refuse("550 no such mailbox")
    courier = world.courier(world.mail, patience=5.0)
    with capture_logs() as told:
        for _ in range(ATTEMPTS + 5):
            courier.round()
            world.clock.advance(timedelta(minutes=10))

    dead = [line for line in told if line["event"] == "notification_dead"]
    assert [(line["log_level"], line["attempt"], line["problem"]) for line in dead] == [
        ("error", ATTEMPTS, "550 no such mailbox")
    ]
    assert (world.letter().attempts, world.letter().dead) == (ATTEMPTS, "550 no such mailbox")
    assert len([line for line in told if line["event"] == "notice_not_delivered"]) == ATTEMPTS - 1


def test_a_channel_that_hangs_is_given_up_for_now_and_recovers(
    world: World, never: threading.Event
):
    world.mail.hangs = never
    courier = world.courier(world.mail)
    with capture_logs() as told:
        courier.round()
    assert told[0]["problem"] == "no answer within 0.01 s"
    assert world.letter().attempts == 1

    world.mail.hangs = None
    world.clock.advance(5.0)
    world.courier(world.mail, patience=5.0).round()

    assert world.mail.taken == [build_notice()]


def test_attempts_that_hang_do_not_pile_up(never: threading.Event):
    channel = FakeChannel()
    channel.hangs = never
    carrier = Carrier(channel, patience=BRIEF)
    before = set(threading.enumerate())

    problems = [carrier.carry(build_notice()) for _ in range(12)]

    assert len(set(threading.enumerate()) - before) == 4
    assert set(problems[:4]) == {"no answer within 0.01 s"}
    assert set(problems[4:]) == {"4 attempts before this one still hang"}


def test_one_channel_that_hangs_keeps_no_other_one_waiting(
    world: World, never: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(couriers, "_EVERY", BRIEF)
    world.mail.hangs = never
    delivered = threading.Event()
    taking = world.log.deliver
    world.log.deliver = lambda notice: (taking(notice), delivered.set())
    everybody = Couriers(
        [world.mail, world.log], world.outbox, wall=world.clock.wall, token=world.lease.token
    )

    everybody.start()

    assert delivered.wait(5.0)
    everybody.stop()
    assert world.log.taken == [build_notice()]
    assert world.mail.taken == []


def test_a_fault_inside_a_channel_is_a_failure_that_tells_no_secret(world: World):
    world.mail.fail_with = KeyError("xoxb-s3cret")

    with capture_logs() as told:
        world.courier(world.mail, patience=5.0).round()

    assert told[0]["problem"] == "an error inside the channel: KeyError"
    assert world.letter().retry_at == NOON + timedelta(seconds=5)


def test_whoever_dies_in_an_attempt_leaves_the_letter_to_the_next_start(world: World):
    """At least once: it may have arrived, and comes again."""
    world.outbox.begin(
        world.letter(), retry_at=NOON + timedelta(seconds=5), token=world.lease.token
    )

    successor = world.courier(world.mail, patience=5.0)
    successor.round()
    assert world.mail.taken == []
    world.clock.advance(5.0)
    successor.round()

    assert world.mail.taken == [build_notice()]


def test_only_the_holder_of_the_lease_delivers(world: World):
    deposed = world.courier(world.mail, patience=5.0)
    world.clock.advance(60.0)
    world.office.acquire(PORTFOLIO, "second")

    with pytest.raises(LeaseLost):
        deposed.round()

    assert world.mail.taken == []


def test_a_courier_ends_with_its_lease_and_survives_everything_else(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(couriers, "_EVERY", 0.001)
    outcomes = [StoreUnavailable("locked"), StoreUnavailable("locked"), KeyError("a"), None]
    rounds = iter([*outcomes, StoreUnavailable("locked"), LeaseLost("second holds demo now")])
    courier = world.courier(world.mail)

    def one_round() -> None:
        if (outcome := next(rounds)) is not None:
            raise outcome

    monkeypatch.setattr(courier, "round", one_round)
    with capture_logs() as told:
        courier.start()
        courier._thread.join(5.0)

    assert not courier._thread.is_alive()
    assert [line["event"] for line in told] == ["notices_stuck", "notices_stuck", "courier_ended"]


def test_what_waits_for_a_channel_that_was_taken_away_is_dead_at_the_next_start(world: World):
    with capture_logs() as told:
        everybody = Couriers(
            [world.log], world.outbox, wall=world.clock.wall, token=world.lease.token
        )
        everybody.start()
        everybody.stop()

    assert world.letter("mail").dead == "no channel of this name is set up any more"
    assert ("notification_dead", 1) in [(line["event"], line.get("letters")) for line in told]
