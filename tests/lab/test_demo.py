"""The demo's own policy names what the demo trades, and is written as a person would."""

from risk.feeds.market_model import COINS
from risk.lab.demo import demo_policy, demo_policy_text
from risk.lab.paper import DEMO_MANDATES
from risk.policy.file import read_policy
from risk.policy.text import policy_text

POLICY = demo_policy("demo")


def scopes(kind: str, *limits: str) -> set[str]:
    found = (limit.scope for limit in POLICY.limits if not limits or limit.kind in limits)
    return {scope.name for scope in found if scope.kind == kind}


def test_it_names_every_coin_and_every_strategy_and_no_other() -> None:
    assert list(POLICY.instruments) == [coin.asset for coin in COINS]
    assert list(POLICY.strategies) == [mandate.strategy.name for mandate in DEMO_MANDATES]


def test_everything_that_is_traded_has_a_limit_on_its_exposure() -> None:
    exposure = "gross_exposure", "net_exposure"

    assert scopes("portfolio", *exposure) == {"demo"}
    assert scopes("asset", *exposure) == set(POLICY.instruments)
    assert scopes("strategy", *exposure) == set(POLICY.strategies)
    assert scopes("strategy_type", *exposure) == set(POLICY.strategies.values())
    assert scopes("venue", *exposure) == {mandate.venue for mandate in DEMO_MANDATES}


def test_every_limit_has_an_owner_a_reason_and_a_date_of_review() -> None:
    assert all(limit.owner and limit.rationale and limit.review_by for limit in POLICY.limits)


def test_every_strategy_type_and_the_book_have_a_pack() -> None:
    assert set(POLICY.dynamics.packs) == {"portfolio", *POLICY.strategies.values()}


def test_its_ladder_takes_away_more_the_deeper_the_book_has_fallen() -> None:
    rungs = [(rung.drawdown, rung.size) for rung in POLICY.derisking.ladder]

    assert rungs == [(0.05, 0.75), (0.10, 0.5), (0.15, 0.25), (0.20, 0.1)]


def test_it_is_written_as_an_export_would_write_it_but_for_comments() -> None:
    def bare(text: str) -> int:
        return sum(bool(line) and not line.startswith("#") for line in text.splitlines())

    assert read_policy(policy_text(POLICY), portfolio="demo") == POLICY
    assert bare(demo_policy_text()) == bare(policy_text(POLICY))


def test_its_breakers_say_who_answers_for_them_and_trip_before_the_limit_alike_is_hit() -> None:
    """A limit that is passed keeps a scope shut; the breaker re-opens it by itself."""
    hard = {(limit.kind, limit.scope): limit.hard for limit in POLICY.limits}
    alike = [each for each in POLICY.breakers if (each.kind, each.scope) in hard]

    assert all(each.owner and each.rationale for each in POLICY.breakers)
    assert len(alike) == 5
    # Also the second trip, which comes at half the level from where the first pause ended.
    assert all(
        1.0 - (1.0 - each.trip) * (1.0 - 0.5 * each.trip) < hard[each.kind, each.scope]
        for each in alike
        if each.kind == "drawdown"
    )
    assert all(each.trip < hard[each.kind, each.scope] for each in alike)
