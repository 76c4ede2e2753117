"""The default set can be put into force as it is."""

from risk.breakers.standard import standard_breakers
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.domain.breakers import IMPOSABLE
from risk.domain.scopes import ScopeKind

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


def test_of_two_assets_no_correlation_is_watched():
    kinds = {each.kind for each in standard_breakers("demo", [], ASSETS[:2])}

    assert "correlation_spike" not in kinds
