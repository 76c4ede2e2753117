"""Where no new risk passes: by whom and until when, and what that makes of limits and forms."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pages.format import UTC_ZONE
from pages.query import parse
from pages.readings import Readings
from pages.views.editing.address import WORDS
from pages.views.editing.asking import page_of
from pages.views.holds import is_paused, paused_words, pausing
from pages.views.limits.rows import LimitRow, rows_of
from risk.domain.breakers import Breakers
from risk.domain.latches import Latch
from risk.domain.limits import LimitStatus
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from tests import fakes_breakers
from tests.fakes_actions import ANALYST, OFFICER, TRADER, VIEWER
from tests.fakes_book import AFTERNOON
from tests.fakes_breakers import BITCOIN, BOOK, LOSS, STORM, TREND
from tests.fakes_limits import LOOSENED, SOFT, TIGHTENED
from tests.fakes_paused import SHUT, Shut
from tests.fakes_web import FakeBookReader
from tests.pages.trees import part, parts, words

DIP = Scope(ScopeKind.STRATEGY, "dip")


@pytest.fixture
def reader() -> FakeBookReader:
    return Shut()


@pytest.fixture
def state(reader) -> RiskState:
    return reader.latest("demo").state


def said(state: RiskState, scope: Scope = BOOK) -> str:
    return paused_words(state, scope, UTC_ZONE, AFTERNOON)


# -- who and until when ----------------------------------------------------------------------


def test_the_breaker_that_pauses_entries_is_named_with_until_when(state):
    until = UTC_ZONE.clock(AFTERNOON + timedelta(minutes=9))[:5]

    assert said(state) == (
        f"Entries are paused in the book: {STORM}, until {until} at the earliest"
    )


@pytest.mark.parametrize("part_of_it", [TREND, BITCOIN, DIP])
def test_what_pauses_the_book_pauses_each_part_of_it(state, part_of_it):
    assert said(state, part_of_it) == said(state)
    assert is_paused(state, part_of_it)


def test_what_only_cuts_pauses_nothing():
    state = fakes_breakers.broken(FakeBookReader().latest("demo").state)

    assert said(state, TREND) == ""
    assert not is_paused(state, TREND)


def test_whoever_halts_a_part_pauses_that_part_alone(state):
    calm = replace(
        state,
        breakers=all_armed(state),
        standings={
            BOOK: Standing(TradingState.NORMAL, AFTERNOON, "calm"),
            BITCOIN: Standing(TradingState.HALTED, AFTERNOON, "ben"),
        },
        latches={BITCOIN: halted_by("ben")},
    )

    assert said(calm, BITCOIN) == "Trading is stopped in BTC: ben, until a person lets it go"
    assert said(calm, BOOK) == ""
    assert not is_paused(calm, BOOK)


def halted_by(who: str) -> Latch:
    return Latch(BITCOIN, TradingState.HALTED, who, "a bad print", AFTERNOON, 3, "a-3")


def all_armed(state: RiskState):
    armed = {name: fakes_breakers.armed(0.1) for name in state.breakers.states}
    return Breakers(armed)


def test_where_nobody_is_to_name_the_cause_is_told(state):
    doubt = Standing(SHUT, AFTERNOON, "Equity is unknown.")
    blind = replace(state, breakers=all_armed(state), standings={BOOK: doubt})

    assert said(blind) == "Entries are paused in the book: Equity is unknown"


def test_each_that_pauses_is_told_with_its_own_scope(state):
    """What holds one coin by hand does not hold the book by hand."""
    halted = replace(state, latches={BITCOIN: halted_by("ben")})
    paused = halted_by("demo trader")._replace(state=SHUT)
    both = replace(state, latches={BITCOIN: paused})

    assert said(halted, BITCOIN) == (
        "Trading is stopped in BTC: ben, until a person lets it go; entries are paused in "
        f"{said(state).removeprefix('Entries are paused in ')}"
    )
    assert "in the book: market volatility" in said(both, BITCOIN).lower()
    assert "paused in BTC: demo trader, until a person lets it go" in said(both, BITCOIN)
    assert said(both) == said(state)


def test_of_several_the_tightest_leads(state):
    both = replace(state, latches={BOOK: halted_by("ben")._replace(scope=BOOK)})

    assert [hold.what for hold in pausing(both, BOOK, UTC_ZONE, AFTERNOON)] == ["ben", STORM]
    assert LOSS not in said(both), "it re-opens, and lets some pass"


# -- the pace of a limit ---------------------------------------------------------------------


def rows(reader: FakeBookReader) -> dict[str, LimitRow]:
    return {row.name: row for row in rows_of(reader.latest("demo"))}


def test_what_orders_fill_is_not_forecast_while_none_passes(reader):
    paused = rows(reader)[TIGHTENED]

    assert paused.state.hours_to_breach
    assert paused.pace_figure == "paused"
    assert paused.pace_words == (
        "Entries are paused: no order fills more of it, only the market can."
    )
    assert rows(FakeBookReader())[TIGHTENED].pace_words.startswith("Full in ")


def test_a_soft_breach_is_not_forecast_either_and_what_is_full_stays_full(reader):
    soft = rows(reader)[SOFT[1]]
    full = replace(soft, state=at_value(soft, soft.thresholds.hard, LimitStatus.SOFT))
    crossed = replace(soft, state=at_value(soft, 2 * soft.thresholds.hard, LimitStatus.HARD))

    assert soft.pace_figure == "paused"
    assert full.pace_words == "Full now: nothing more fits."
    assert crossed.pace_words == "Full already."


def at_value(row: LimitRow, value: float, status: LimitStatus):
    return row.state._replace(value=value, status=status)


@pytest.mark.parametrize("kind", ["drawdown", "daily_loss", "stablecoin_exposure"])
def test_losses_and_cash_go_on_without_orders(reader, kind):
    row = rows(reader)[TIGHTENED]
    other = replace(row, definition=replace(row.definition, kind=kind))

    assert other.pace_words.startswith("Full in ")


# -- the form --------------------------------------------------------------------------------


def form(reader: FakeBookReader, actor=TRADER, **address: str):
    query = parse({"limit": LOOSENED, **address}, WORDS)
    return page_of(Readings(reader), query, actor=actor, demo=True)


@pytest.mark.parametrize("address", [{"do": "while"}, {}])
def test_whoever_wants_a_higher_limit_is_told_that_nothing_passes_anyway(reader, address):
    told = words(part(form(reader, ANALYST, **address), "editor-paused")["children"])

    assert f"Entries are paused in the book: {STORM}, until" in told
    assert "A higher limit lets nothing new in before that is over." in told


def test_where_entries_pass_nothing_is_said_of_it():
    page = form(FakeBookReader(), do="while")

    assert "editor-paused" not in [each.get("id") for each in parts(page)]


def ways(page) -> list[str]:
    return [each["children"] for each in parts(page) if each.get("className") == "sw-link"]


@pytest.mark.parametrize(
    ("actor", "offered"),
    [
        (VIEWER, []),
        (TRADER, ["End its temporary limit"]),
        (OFFICER, ["Change it for good", "End its temporary limit", "Take it away"]),
    ],
)
def test_only_what_the_role_may_do_is_offered_beside_the_form(actor, offered):
    assert ways(form(FakeBookReader(), actor, do="while")) == offered
