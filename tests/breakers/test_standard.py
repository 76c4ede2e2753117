"""The default set can be put into force as it is."""

from datetime import timedelta

from risk.breakers.standard import standard_breakers
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.domain.breakers import IMPOSABLE, Phase
from risk.domain.scopes import ScopeKind
from risk.domain.state import RiskState
from risk.manager import step
from risk.storage.codec import decode_value, encode_value
from tests.books import BTC, KNOWN, NOW, STRATEGIES, held, marks_of, snapshot_of
from tests.policies import policy_of

ASSETS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")


def test_every_one_can_be_made_has_a_name_of_its_own_and_says_why_it_is_there():
    found = standard_breakers("demo", ["trend", "dip"], ASSETS)

    assert len({each.name for each in found}) == len(found)
    for each in found:
        made = breaker_of(each)
        assert made.rule
        assert each.state in IMPOSABLE
        assert 0.0 < each.least_hours <= each.greatest_hours
        assert each.probation_hours > 0.0
        assert each.owner
        assert each.rationale.endswith(".")


def test_every_kind_is_in_it_the_books_once_and_each_strategys_own():
    found = standard_breakers("demo", ["trend", "dip"], ASSETS)
    by_scope = {
        name: [each.kind for each in found if each.scope.name == name]
        for name in ("demo", "trend", "dip")
    }

    assert {each.kind for each in found} == set(BREAKER_TYPES)
    assert by_scope["trend"] == by_scope["dip"]
    assert all(ScopeKind.STRATEGY in BREAKER_TYPES[kind].scopes for kind in by_scope["dip"])


def test_the_whole_set_takes_steps_of_a_book_and_a_quiet_one_trips_none_of_it():
    breakers = standard_breakers("demo", STRATEGIES, KNOWN)
    state = RiskState(portfolio="demo", policy=policy_of(breakers=breakers))
    for second in range(3):
        at = NOW + timedelta(seconds=second)
        snapshot = snapshot_of(held(BTC, 1e5), at=at, marks=marks_of(at=at), id=str(second + 1))
        state = step(state, snapshot).state
        state = decode_value(encode_value(state), RiskState)

    stands = state.breakers.states
    assert set(stands) == {each.name for each in breakers}
    assert {each.phase for each in stands.values()} == {Phase.ARMED}
    known = {name for name, each in stands.items() if each.reading is not None}
    assert {"Correlation", "Data quality", "Drawdown", "Loss streak dip", "Runaway noise"} <= known
    assert not known & {"Liquidity", "Sharpe floor trend", "Hit rate trend"}


def test_of_two_assets_no_correlation_is_watched():
    kinds = {each.kind for each in standard_breakers("demo", [], ASSETS[:2])}

    assert "correlation_spike" not in kinds
