"""What is found out about episodes later: once, by whoever holds the book, from what is stored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest
from structlog.testing import capture_logs

from risk.domain.breakers import Episode
from risk.domain.cards import CardHistory, Counterfactual
from risk.domain.decisions import Outcome
from risk.domain.events import BreakerReading, Verdict
from risk.domain.journalling import AnsweredOrder
from risk.domain.messages import OrderAnswer, ReasonMessage
from risk.domain.trading import TradingState
from risk.storage import hindsight as module
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, transaction
from risk.storage.episodes import EpisodeStory, episode_story
from risk.storage.hindsight import SqlHindsight
from risk.storage.rollups import keep_house
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_bar, build_close, build_record
from tests.fakes_episodes import build_episode
from tests.fakes_orders import note_of
from tests.storage.rows import lease_token, next_token

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
PEAK = NOON - 40 * HOUR
BTC = "C000/USDT"


def shut(identity: str = "loss/1", at: datetime = NOON, **changes: object) -> Episode:
    """New risk of the whole book is refused for two hours."""
    over = {"state": TradingState.REDUCE_ONLY, "ended_at": at + 2 * HOUR, "value": 2.5}
    return build_episode(identity, at, **(over | changes))


class House:
    """A book with 60 hours before noon and 60 after it, whose market falls by 1 % an hour."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.token = lease_token(engines, PORTFOLIO)
        self.store = SqlStore(engines, market="real")
        self.batches = 0
        self.number = 0
        hours = [NOON + n * HOUR for n in range(-60, 60)]
        bars = [
            build_bar(BTC, opened=at, close=100.0 * 0.99 ** ((at - hours[0]) // HOUR))
            for at in hours
        ]
        self.store.record_closes(
            replace(build_close((BTC,)), opened=bar.opened, bars={BTC: bar}) for bar in bars
        )

    def cycle(self, at: datetime, *episodes: Episode, measured: Sequence[BreakerReading] = ()):
        self.number += 1
        record = build_record(self.number, at=at, events=tuple(measured))
        self.store.save(replace(record, episodes=episodes), token=self.token)
        keep_house(self.engines)

    def measure(self, breaker: str = "loss") -> list[BreakerReading]:
        """An hour's reading each: 1, and 2.6 at the peak."""
        return [
            BreakerReading(
                at=at,
                portfolio=PORTFOLIO,
                cycle="c",
                breaker=breaker,
                breaker_reading=2.6 if at == PEAK else 1.0,
            )
            for at in (NOON - n * HOUR for n in range(60, 0, -1))
        ]

    def answer(self, name: str, at: datetime, *, code: str, allowed: float = 0.0, side="buy"):
        """Two units were asked for, and a check of the whole book stopped some of them."""
        reason = ReasonMessage(
            code=code, outcome=Outcome.FAILED, subject=PORTFOLIO, scope=f"portfolio:{PORTFOLIO}"
        )
        verdict = Verdict.RESIZE if allowed else Verdict.REJECT
        said = OrderAnswer(
            client_order_id=name,
            verdict=verdict,
            quantity=allowed,
            reasons=[reason],
            reservation=None,
            trading_state="REDUCE_ONLY",
            snapshot_id="1",
            limits_version=1,
            ledger_seq=0,
            action_seq=0,
            decided_at=at,
            expires_at=at,
            journalled=True,
        )
        order = AnsweredOrder(
            client_order_id=name,
            strategy="trend",
            asset=BTC,
            venue="sim-a",
            side=side,
            at=at,
            sender="bot",
            snapshot=1,
            verdict=verdict,
            requested=2.0,
            allowed=allowed,
            micros=20.0,
            request="{}",
            answer=msgspec.json.encode(said).decode(),
        )
        self.batches += 1
        journal = SqlGateJournal(self.engines, PORTFOLIO)
        journal.write(self.batches, [note_of(order)], token=self.token)

    def hindsight(self, token: int | None = None) -> SqlHindsight:
        return SqlHindsight(
            self.engines, PORTFOLIO, market="real", token=self.token if token is None else token
        )

    def look_back(self) -> None:
        self.hindsight().look_back()

    def story(self, identity: str = "loss/1") -> EpisodeStory:
        with transaction(self.engines.reader) as connection:
            story = episode_story(connection, PORTFOLIO, identity)
        assert story is not None
        return story


@pytest.fixture
def house(engines: Engines) -> House:
    return House(engines)


def test_a_trip_s_place_in_history_is_found_at_once_and_what_it_cost_a_day_after_its_end(
    house: House,
):
    house.cycle(NOON, shut(), measured=house.measure())
    for number, (minutes, code, allowed) in enumerate(
        [
            (30, "reductions_only", 0.0),
            (90, "throttled", 0.5),
            (90, "var", 0.0),
            (90, "halted", 0.0),
            (-1, "reductions_only", 0.0),
            (121, "reductions_only", 0.0),
        ]
    ):
        at = NOON + timedelta(minutes=minutes)
        house.answer(f"o{number}", at, code=code, allowed=allowed)
    house.answer("lease:1", NOON + HOUR, code="reductions_only")
    house.look_back()

    fell = 0.99**6 - 1.0
    found = CardHistory(
        percentile=59 / 60,
        hours=60,
        nearest_at=PEAK,
        nearest_value=2.6,
        nearest_then=pytest.approx(fell),
    )
    assert house.story()[2:] == (found, None)

    house.cycle(NOON + 26 * HOUR - timedelta(seconds=1))
    house.look_back()
    assert house.story().counterfactual is None

    house.cycle(NOON + 26 * HOUR)
    house.look_back()
    # Closes of 13:00 and 14:00, and of a day after each decision, rounded down to the hour.
    price = [100.0 * 0.99 ** (59 + n) for n in range(30)]
    stopped = [(2.0, price[1], price[24]), (1.5, price[2], price[25])]
    assert house.story().counterfactual == Counterfactual(
        orders=2,
        stopped=pytest.approx(sum(units * bought for units, bought, _ in stopped)),
        profit=pytest.approx(sum(units * (sold - bought) for units, bought, sold in stopped)),
        fees=pytest.approx(sum(0.001 * u * (bought + sold) for u, bought, sold in stopped)),
        until=NOON + 26 * HOUR,
        unpriced=0,
    )


def test_what_was_found_is_not_looked_for_again(house: House, monkeypatch):
    """Also after a restart: what is stored says what is left to be done."""
    house.cycle(NOON, shut(), shut("off/1", imposed=False), measured=house.measure())
    house.cycle(NOON + 3 * DAY)
    house.look_back()
    before = house.story(), house.story("off/1")
    assert before[0].counterfactual == Counterfactual(
        orders=0, stopped=0.0, profit=0.0, fees=0.0, until=NOON + 26 * HOUR, unpriced=0
    )
    assert before[1].counterfactual is None, "it stopped nothing"

    written: list[object] = []
    monkeypatch.setattr(module, "write_found", lambda *found: written.append(found))
    house.look_back()

    assert written == []
    assert (house.story(), house.story("off/1")) == before


def test_one_that_lasts_is_judged_for_the_time_being_and_again_once_it_is_over(house: House):
    lasting = shut(ended_at=None)
    house.cycle(NOON, lasting)
    house.answer("o1", NOON + 25 * HOUR, code="reductions_only")
    house.cycle(NOON + 25 * HOUR)
    house.look_back()
    first = house.story().counterfactual
    assert (first.orders, first.unpriced, first.until) == (1, 1, NOON + 25 * HOUR)

    house.cycle(NOON + 26 * HOUR, lasting._replace(ended_at=NOON + 26 * HOUR))
    house.look_back()
    assert house.story().counterfactual == first

    house.cycle(NOON + 50 * HOUR)
    house.look_back()
    last = house.story().counterfactual
    assert (last.orders, last.unpriced, last.until) == (1, 0, NOON + 50 * HOUR)
    assert last.profit < 0.0


def test_what_fails_of_one_is_logged_and_tried_again_and_keeps_no_other_waiting(
    house: House, monkeypatch
):
    house.cycle(NOON, shut(), shut("loss/2", NOON - HOUR), measured=house.measure())
    whole = module.history_of

    def faulty(connection, portfolio, market, episode):
        if episode.id == "loss/1":
            raise ZeroDivisionError("no such hour")
        return whole(connection, portfolio, market, episode)

    monkeypatch.setattr(module, "history_of", faulty)
    monkeypatch.setattr(module, "A_ROUND", 1)
    watch = house.hindsight()
    with capture_logs() as told:
        watch.look_back()
    assert [(each["event"], each["episode"]) for each in told] == [("hindsight_failed", "loss/1")]
    assert told[0]["exc_info"], "with its traceback"
    assert house.story("loss/2").history is None
    watch.look_back()

    assert house.story().history is None
    assert house.story("loss/2").history is not None

    monkeypatch.setattr(module, "history_of", whole)
    watch.look_back()
    assert house.story().history is not None


def test_whoever_lost_the_book_writes_nothing(house: House):
    house.cycle(NOON, shut(), measured=house.measure())
    next_token(house.engines, PORTFOLIO)

    house.hindsight(token=house.token).look_back()

    assert house.story().history is None


def test_before_the_first_cycle_there_is_nothing_to_look_back_on(house: House, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(module, "history_of", lambda *about: asked.append(about))

    house.look_back()

    assert asked == []
