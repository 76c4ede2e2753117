"""Limits and reasons in words: each kind and each code has its sentence, with its numbers."""

import pytest

from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.limits import Thresholds, Unit
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import BOOK_LIMITS, LIMIT_TYPES, ORDER_LIMITS
from risk.limits.words import (
    called_by_name,
    figure_of,
    order_limit_words,
    plain,
    reason_words,
    room_words,
    scope_words,
    title_of,
)
from tests.policies import definition

WRITE = plain("USD")
CONCENTRATED = "Squares of net exposure over equity may add up to 0.25; now 0.09."
BTC = Scope(ScopeKind.ASSET, "BTC/USDT")


def far(kind: str, value: float | None, hard: float, scope: Scope | None = None, **more) -> str:
    limit = definition(kind, hard=hard, **({"scope": scope} if scope else {}), **more)
    return room_words(limit, Thresholds(hard, 0.8 * hard, 1.0, "as defined"), value, WRITE)


def reason(code: str, **more) -> Reason:
    return Reason(
        code, more.pop("outcome", Outcome.FAILED), more.pop("subject", "BTC/USDT"), **more
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drawdown portfolio", "Drawdown, book"),
        ("net_exposure asset BTC/USDT", "Net exposure, BTC"),
        ("gross_exposure strategy_type mean reversion", "Gross exposure, mean reversion"),
        ("the bitcoin cap", "the bitcoin cap"),
        ("drawdown of mine", "drawdown of mine"),
        ("drawdown", "drawdown"),
    ],
)
def test_a_limit_of_which_only_the_name_is_known_is_called_as_elsewhere(name, said):
    assert called_by_name(name) == said


def is_sentence(said: str) -> bool:
    return said[0].isupper() and said.endswith(".") and "{" not in said


# --- how far it is ---------------------------------------------------------------------------


def test_an_asset_s_share_is_told_as_a_trader_says_it():
    assert far("gross_exposure", 0.27, 0.31, BTC) == "BTC can rise to 31 % of equity; now 27 %."


@pytest.mark.parametrize(
    ("kind", "value", "hard", "said"),
    [
        ("leverage", 0.68, 1.5, "Positions can rise to 1.5 x equity; now 0.68 x."),
        ("open_positions", 6.0, 8.0, "The book can hold 8 positions; now 6."),
        ("daily_loss", 0.01, 0.035, "The book may lose 3.5 % today; now 1 %."),
        ("drawdown", 0.06, 0.12, "The book may fall 12 % below its peak; now 6 %."),
        ("stress_loss", 0.16, 0.2, "The worst scenario may cost 20 % of equity; now 16 %."),
        ("concentration", 0.09, 0.25, CONCENTRATED),
    ],
)
def test_each_kind_says_what_may_be_and_what_is(kind, value, hard, said):
    assert far(kind, value, hard) == said


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("value_at_risk", {"confidence": 0.99}, "A bad day (1 in 100) may cost"),
        ("value_at_risk", {}, "A bad day (1 in 20) may cost"),
        ("value_at_risk", {"confidence": 0.975, "horizon": "1h"}, "A bad hour (1 in 40) may cost"),
        ("expected_shortfall", {}, "On average, the worst 2.5 % of days may cost"),
        ("expected_shortfall", {"confidence": 0.99}, "On average, the worst 1 % of days may cost"),
    ],
)
def test_a_tail_is_told_by_how_often_it_comes(kind, parameters, said):
    assert far(kind, 0.02, 0.05, parameters=parameters).startswith(said)


@pytest.mark.parametrize("kind", BOOK_LIMITS)
def test_every_kind_on_the_book_is_told_inside_crossed_empty_and_unknown(kind):
    scope = BTC if ScopeKind.ASSET in LIMIT_TYPES[kind].scopes else None

    inside, crossed = far(kind, 0.5, 2.0, scope), far(kind, 3.0, 2.0, scope)
    assert "; now " in inside
    assert " more than the " in crossed
    assert far(kind, 0.0, 0.0, scope).endswith("must be zero, and is.")
    assert "cannot be measured now, so new risk is refused" in far(kind, None, 2.0, scope)
    for said in (inside, crossed):
        assert is_sentence(said)


def test_what_is_crossed_says_by_how_much():
    assert far("net_exposure", 0.38, 0.35, BTC) == (
        "Net exposure of BTC: 38 % of equity, 3 % more than the 35 % allowed."
    )


@pytest.mark.parametrize("kind", ORDER_LIMITS)
def test_every_kind_on_orders_is_told(kind):
    said = order_limit_words(definition(kind, hard=3.0), 3.0, WRITE)

    assert is_sentence(said)
    assert "at most" in said


def test_orders_in_a_window_are_told_with_it():
    limit = definition("order_rate", hard=30.0, parameters={"seconds": 10.0})

    assert order_limit_words(limit, 30.0, WRITE) == (
        "A strategy may send 30 orders at most within 10 s."
    )


@pytest.mark.parametrize("kind", ScopeKind)
def test_every_kind_of_scope_has_words(kind):
    assert scope_words(Scope(kind, "x"))


def test_a_kind_that_is_no_limit_is_called_by_its_name():
    assert title_of("value_at_risk") == "Value at risk"
    assert title_of("price_of_tea") == "price_of_tea"


# --- figures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (Unit.TIMES, "12.5 x"),
        (Unit.MONEY, "12 USD"),
        (Unit.DAYS, "12 days"),
        (Unit.COUNT, "12.5"),
    ],
)
def test_figures_are_plain_text_with_their_unit(unit, said):
    assert WRITE(0.125, Unit.SHARE) == "12.5 %"
    assert WRITE(12.5, unit) == said


def test_what_is_counted_is_named():
    assert figure_of("open_positions", 6.0, WRITE) == "6 positions"
    assert figure_of("order_notional", 150_000.0, WRITE) == "150,000 USD"


# --- reasons ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence(code):
    said = reason_words(reason(code, scope=BTC, value=0.5, threshold=0.25), WRITE)

    assert is_sentence(said)


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_without_numbers_has_one_too(code):
    assert reason_words(reason(code), WRITE).endswith(".")


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_that_is_no_limit_is_not_told_like_one(code):
    assert "_" not in reason_words(reason(code, scope=BTC), WRITE)
    assert "would be unknown, and unknown" not in reason_words(reason(code), WRITE)


@pytest.mark.parametrize("kind", LIMIT_TYPES)
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED])
def test_every_kind_of_limit_has_a_sentence_for_what_came_of_it(kind, outcome):
    unit = LIMIT_TYPES[kind].unit
    said = reason_words(
        reason(kind, outcome=outcome, subject="mine", value=2.0, threshold=1.0, unit=unit), WRITE
    )

    assert is_sentence(said)
    assert said.startswith(f"{title_of(kind)} (mine) ")


def test_a_limit_that_refuses_says_what_would_be_and_what_may():
    crossed = reason(
        "value_at_risk", subject="VaR 99 %", value=0.0512, threshold=0.05, unit=Unit.SHARE
    )

    assert reason_words(crossed, WRITE) == (
        "Value at risk (VaR 99 %) would be 5.12 % of equity, and 5 % is allowed."
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("leverage", "Leverage would be 1.6 x equity, and 1.5 x is allowed."),
        ("concentration", "Concentration would be 1.6, and 1.5 is allowed."),
        ("drawdown", "Drawdown would be 160 %, and 150 % is allowed."),
    ],
)
def test_a_reason_writes_figures_as_the_limit_itself_does(kind, said):
    refused = reason(
        kind, subject=title_of(kind), value=1.6, threshold=1.5, unit=LIMIT_TYPES[kind].unit
    )

    assert reason_words(refused, WRITE) == said


def test_the_ladder_says_why_sizes_are_smaller_and_how_much_of_one_passes():
    cause = "book is 12.0 % under its 90-day high: sizes × 0.25 from 10 % on"

    assert reason_words(reason(ReasonCode.DE_RISKING, subject=cause, value=0.25), WRITE) == (
        "Book is 12.0 % under its 90-day high: sizes × 0.25 from 10 % on; "
        "new risk passes at 25 % of its size."
    )


def test_a_limit_called_like_its_kind_is_named_once():
    said = reason(
        "order_notional", subject="Order value", value=2e5, threshold=1e5, unit=Unit.MONEY
    )

    assert (
        reason_words(said, WRITE) == "Order value would be 200,000 USD, and 100,000 USD is allowed."
    )


def test_a_halt_and_a_pause_are_different_words():
    halted, paused = (
        reason_words(reason(code, scope=Scope(ScopeKind.STRATEGY, "dip")), WRITE)
        for code in (ReasonCode.HALTED, ReasonCode.REDUCTIONS_ONLY)
    )

    assert halted.startswith("Trading is stopped in strategy dip")
    assert paused.startswith("Entries are paused in strategy dip")
