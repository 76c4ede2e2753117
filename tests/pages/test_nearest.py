"""The cockpit's few limits: the one that binds in a line, the nearest ones as bars."""

from dataclasses import replace

from pages.query import BY, parse
from pages.views.nearest import binding_words, blocked_words, limits_on_book, nearest_card
from risk.domain.policy import Policy
from tests.fakes_limits import CROSSED, SOFT, UNMEASURED, without_limits
from tests.fakes_web import FakeBookReader
from tests.pages.trees import parts, words


def said(reader: FakeBookReader) -> str:
    text = binding_words(reader.latest("demo"), "USD")
    return text.replace("\u00a0", " ")


def card(reader: FakeBookReader, **address: str):
    return nearest_card(reader.latest("demo"), parse(address, (BY,)))


def test_the_binding_limit_says_how_far_it_is_and_when_it_is_full():
    calm = FakeBookReader(policy=without_limits(CROSSED, UNMEASURED))

    assert said(calm) == (
        "Binding limit: VaR 99 %, 1 day, 91 % used, 10.6 k USD left. Full in 1 h 50 at this pace."
    )


def test_a_crossed_limit_binds_first_and_says_by_how_much_it_is_over():
    assert said(FakeBookReader()) == (
        "Binding limit: AVAX share, 124 % used, 11.8 k USD over. Full already."
    )


def test_a_limit_that_cannot_be_measured_binds_before_those_that_are_merely_full():
    reader = FakeBookReader(policy=without_limits(CROSSED))

    assert said(reader) == f"Binding limit: {UNMEASURED}, which cannot be measured now."


# -- what hard limits stop --------------------------------------------------------------------


def lowered(*names: str) -> Policy:
    """The policy of which these limits, and no others, are crossed."""
    policy = without_limits(CROSSED)
    limits = tuple(
        replace(d, hard=0.1 * d.hard, soft=0.1 * d.soft) if d.name in names else d
        for d in policy.limits
    )
    return replace(policy, limits=limits)


def blocked(policy: Policy | None) -> str:
    return blocked_words(FakeBookReader(policy=policy).latest("demo"))


def test_nothing_is_stopped_while_no_hard_limit_is_exceeded():
    assert blocked(without_limits(CROSSED)) == blocked(None) == ""


def test_a_hard_limit_stops_what_adds_to_it():
    assert blocked(lowered("BTC share")) == (
        "BTC share is over its hard limit: what adds to it is refused. Reductions pass."
    )
    assert blocked(lowered("BTC share", "Leverage")) == (
        "2 hard limits are exceeded: what adds to them is refused. Reductions pass."
    )


def test_a_loss_of_the_book_stops_all_new_risk():
    assert blocked(lowered("BTC share", "Drawdown")) == (
        "Drawdown is over its hard limit: no new risk passes. Reductions do."
    )


def test_without_a_policy_the_banner_says_that_orders_are_refused():
    assert said(FakeBookReader(policy=None)) == (
        "No policy yet: every order that adds risk is refused."
    )


def test_a_policy_without_a_limit_on_the_book_lets_nothing_be_traded():
    names = [row.name for row in limits_on_book(FakeBookReader().latest("demo"))]
    reader = FakeBookReader(policy=without_limits(*names))

    assert "nothing may be traded" in said(reader)
    assert "no limit on the book" in words(card(reader))


def test_the_nearest_are_few_in_the_order_of_trouble_and_lead_to_all():
    told = card(FakeBookReader(), by="venue", range="7d")
    names = [p["children"] for p in parts(told) if p.get("className") == "sw-use-name"]
    links = [p["href"] for p in parts(told) if "href" in p]

    assert names == [CROSSED, UNMEASURED, *SOFT, "Following strategies"]
    assert links == ["/limits?range=7d"]
    assert "1 hard, 1 unknown, 2 soft" in words(told)


def test_each_bar_has_the_status_that_the_engine_states():
    cycle = FakeBookReader().latest("demo")
    kept = {
        name: state._replace(value=0.0199) if name == CROSSED else state
        for name, state in cycle.state.limits.items()
    }
    told = nearest_card(replace(cycle, state=replace(cycle.state, limits=kept)), parse({}, (BY,)))
    standings = [p["data-standing"] for p in parts(told) if "data-standing" in p]

    assert standings[0] == "hard", "a breach lasts until it is clearly over"
