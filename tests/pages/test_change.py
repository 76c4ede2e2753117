"""What changed since yesterday, told from what was kept."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pages.context import DayCloses
from pages.figures.exposure import Step
from pages.query import parse
from pages.readings import Readings, midnight_before
from pages.views.change import (
    Change,
    NotKnown,
    change_words,
    closes_at,
    read_change,
    trade_words,
)
from pages.views.exposure.selection import WORDS, selection_of
from risk.domain.actions import BookModelInUse
from risk.domain.market import Trust
from risk.portfolio.tails import book_tail, weights_of
from tests.fakes_book import CLOSED, day_past
from tests.fakes_web import AFTERNOON, DEMO, FakeBookReader

MIDNIGHT = midnight_before(AFTERNOON)


class Forgetful(FakeBookReader):
    """A reader that kept no model that closed before `kept_from`."""

    kept_from = MIDNIGHT

    def model(self, portfolio, period, *, at=None):
        found = super().model(portfolio, period, at=at)
        return None if found is None or found.closed < self.kept_from else found


def told(reader=None, **address):
    readings = Readings(reader or FakeBookReader())
    query = parse(address, WORDS)
    return read_change(readings, query, DEMO, readings.cycle(DEMO), selection_of(query))


def plain_words(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("measure", ["var", "gross", "net"])
@pytest.mark.parametrize("since", ["1d", "7d"])
@pytest.mark.parametrize("address", [{}, {"strategy": "noise"}, {"side": "short"}])
def test_what_each_cause_added_makes_up_the_whole_change(measure, since, address):
    change = told(change=measure, since=since, **address)

    assert isinstance(change, Change)
    assert change.before + sum(step.added for step in change.steps) == pytest.approx(change.after)


def test_the_gross_exposure_now_is_the_one_on_the_cards():
    change = told(change="gross")

    assert change.after == pytest.approx(
        FakeBookReader().latest("demo").assessment.held.exposure.gross
    )


def test_the_var_now_is_that_of_todays_model_and_the_positions_held():
    change = told()
    assessment = FakeBookReader().latest("demo").assessment
    model = day_past().models[-1]
    net = {p.asset: p.exposure for p in assessment.positions}

    assert change.after == pytest.approx(book_tail(model, weights_of(model, net)).var_at(0.99))


def test_yesterday_is_measured_with_the_model_that_was_in_force_then():
    change = told()
    model = day_past().models[-2]
    held = {"BTC/USDT": 6.2 - 0.43, "ETH/USDT": 99.4 + 4.2}
    closes = closes_at(
        FakeBookReader().daily_closes("demo", since=MIDNIGHT - timedelta(days=1)), MIDNIGHT
    )
    now = FakeBookReader().latest("demo").assessment.positions
    net = {p.asset: held.get(p.asset, p.quantity) * closes[p.asset] for p in now}

    assert model.closed == MIDNIGHT - timedelta(days=1)
    assert change.before == pytest.approx(book_tail(model, weights_of(model, net)).var_at(0.99))


def test_a_model_chosen_today_is_told_as_model_from_its_cycle_on():
    reader = FakeBookReader()
    readings, query = Readings(reader), parse({}, WORDS)

    def asked() -> Change:
        found = read_change(readings, query, DEMO, readings.cycle(DEMO), selection_of(query))
        assert isinstance(found, Change)
        return found

    unchanged = asked()
    reader.book_model = BookModelInUse("historical_250", "anna", AFTERNOON)
    reader.advance()
    changed = asked()

    added = {step.name: step.added for step in changed.steps}
    assert changed.before == pytest.approx(unchanged.before)
    assert changed.after != pytest.approx(unchanged.after)
    assert added["Model"] != pytest.approx({s.name: s.added for s in unchanged.steps}["Model"])
    assert changed.before + sum(added.values()) == pytest.approx(changed.after)


def test_what_was_traded_since_is_named_the_most_first():
    change = told()
    bitcoin, ether = change.trades

    assert (bitcoin.asset, ether.asset) == ("BTC/USDT", "ETH/USDT")
    assert bitcoin.value == pytest.approx(0.43 * 96_420.0)
    assert ether.value == pytest.approx(-4.2 * 3_318.4)
    assert plain_words(trade_words(bitcoin, "USD")) == "BTC bought, 41.5 k USD"
    assert plain_words(trade_words(ether, "USD")) == "ETH sold, 13.9 k USD"


def test_a_position_that_was_closed_since_counts_among_the_trades():
    change = told(change="gross", since="7d", strategy=CLOSED.strategy, asset=CLOSED.asset)

    assert change.after == 0.0
    assert change.before > 0.0
    assert [trade.value < 0.0 for trade in change.trades] == [True]


# -- what is not known ----------------------------------------------------------------------


def test_a_model_that_was_not_kept_is_named_with_the_day_from_which_it_works():
    change = told(Forgetful())

    assert isinstance(change, NotKnown)
    assert plain_words(change.reason) == (
        "The one-day model in force before 12 Nov 00:00 UTC is not kept. "
        "This works from 13 Nov 00:00 UTC on."
    )


def test_a_week_works_a_week_after_the_first_model_kept():
    class Young(Forgetful):
        kept_from = MIDNIGHT - timedelta(days=2)

    change = told(Young(), since="7d")

    # The model that closed on 10 Nov is in force before 11 Nov, which is a week ago on 18 Nov.
    assert plain_words(change.reason).endswith("This works from 18 Nov 00:00 UTC on.")


def test_without_any_model_it_says_what_it_waits_for():
    class Empty(FakeBookReader):
        def model(self, portfolio, period, *, at=None):
            return None

    assert "a day after the first daily close" in told(Empty()).reason
    assert isinstance(told(Empty(), change="gross"), Change)


def test_a_model_that_measures_nothing_yet_explains_nothing():
    class Blind(FakeBookReader):
        def model(self, portfolio, period, *, at=None):
            found = super().model(portfolio, period, at=at)
            return found and replace(found, scenarios=None)

    assert "too little history" in told(Blind()).reason


def test_an_asset_without_a_price_now_is_named():
    class Lost(FakeBookReader):
        def latest(self, portfolio):
            cycle = super().latest(portfolio)
            first, *others = cycle.assessment.positions
            positions = (replace(first, trust=Trust.MISSING), *others)
            return replace(cycle, assessment=replace(cycle.assessment, positions=positions))

    assert told(Lost()).reason == "BTC has no price now. It can be told once there is one."
    assert isinstance(told(Lost(), asset="ETH/USDT"), Change)


def test_a_close_counts_only_for_the_day_that_it_ended():
    opened = round((MIDNIGHT - timedelta(days=1)).timestamp() * 1000.0)
    closes = DayCloses(
        days_ms=np.array([opened - 86_400_000, opened]),
        assets=("A", "B"),
        close=np.array([[1.0, 2.0], [3.0, np.nan]]),
        breaks=np.zeros((2, 2), dtype=np.bool_),
    )

    assert closes_at(closes, MIDNIGHT) == {"A": 3.0}
    assert closes_at(closes, MIDNIGHT + timedelta(days=1)) == {}


# -- words ----------------------------------------------------------------------------------


def change_of(before, after, *steps, measure="var"):
    return Change(measure, MIDNIGHT, AFTERNOON, before, steps, after, ())


def test_a_change_is_told_with_its_largest_cause_first():
    change = change_of(
        60_000.0,
        70_000.0,
        Step("Positions", -2_000.0),
        Step("Prices", 0.2),
        Step("Volatility", 12e3),
    )

    assert plain_words(change_words(change, "USD", "3.00 % of equity")) == (
        "VaR 99 % rose by 10.0 k to 70.0 k USD, 3.00 % of equity: "
        "+12.0 k from volatility, −2.0 k from positions."
    )


def test_nothing_changed_is_told_as_that():
    still = change_of(60_000.0, 60_000.0, Step("Positions", 0.0), measure="net")

    assert plain_words(change_words(still, "USD", None)) == ("Net is where it was, at 60.0 k USD.")


def test_only_new_entries_of_the_ledger_are_read():
    class Counting(FakeBookReader):
        asked = ()

        def ledger_entries(self, portfolio, *, after=0):
            self.asked = (*self.asked, after)
            return super().ledger_entries(portfolio, after=after)

    reader = Counting()
    readings = Readings(reader)
    first, second = readings.ledger(DEMO), readings.ledger(DEMO)

    assert first == second
    assert reader.asked == (0, len(first))
