"""What is stopped by hand stands over the page: whose, by whom, why, what works, the way back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pages.components.states import STATE_LOOKS
from pages.query import Query
from pages.views.cockpit import cockpit_view
from pages.views.latches import latch_banners
from pages.views.limits.view import limits_view
from risk.domain.latches import Latch
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from tests.fakes_web import AFTERNOON
from tests.pages.test_cockpit_view import build_data
from tests.pages.test_limits_view import read
from tests.pages.trees import part, parts, words

HALTED, REDUCE_ONLY = TradingState.HALTED, TradingState.REDUCE_ONLY
BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
DOGE = Scope(ScopeKind.ASSET, "DOGE/USDT")
FOLLOWING = Scope(ScopeKind.STRATEGY_TYPE, "trend following")


def latch(scope: Scope = DOGE, state: TradingState = HALTED, **changes) -> Latch:
    since = AFTERNOON - timedelta(minutes=3)
    return Latch(scope, state, "ana", "fat finger", since, 4, "x")._replace(**changes)


def state_with(*latches: Latch) -> RiskState:
    return RiskState(portfolio="demo", latches={each.scope: each for each in latches})


def banners(*latches: Latch) -> list[str]:
    made = latch_banners(state_with(*latches), Query(), now=AFTERNOON)
    return [words(banner).replace("\u00a0", " ") for banner in made]


def test_nothing_is_said_while_nothing_is_stopped():
    assert banners() == []


def test_a_latch_says_whose_who_why_what_still_works_and_the_way_back():
    (told,) = banners(latch())

    assert told.startswith("DOGE: HALTED by ana since 15:39")
    assert ": fat finger. Trading stopped. Still works: cancels, and emergency" in told
    assert "“seawall resume --portfolio demo --asset DOGE/USDT --reason TEXT”." in told


def test_whoever_may_let_it_go_is_led_to_the_board_and_all_others_have_the_command():
    (made,) = latch_banners(state_with(latch()), Query(), now=AFTERNOON)
    spans = {p["data-needs"] if "data-needs" in p else f"not {p['data-lacks']}": p
             for p in parts(made) if "data-needs" in p or "data-lacks" in p}  # fmt: skip

    assert set(spans) == {"resume", "not resume"}
    assert any(p.get("href") == "/breakers" for p in parts(spans["resume"]["children"]))
    assert "seawall resume" in words(spans["not resume"]["children"])


def works(*latches: Latch) -> str:
    data = build_data()
    state = replace(data.cycle.state, latches=state_with(*latches).latches)
    view = cockpit_view(replace(data, cycle=replace(data.cycle, state=state)))
    return words(part(view, "state-works")["children"]).replace("\u00a0", " ")


def test_a_book_with_a_part_that_is_stopped_does_not_say_that_everything_works():
    assert works().startswith("Everything works, within the limits.")
    assert works(latch()).startswith("DOGE is held by hand; all else works, within the limits.")
    assert works(latch(), latch(FOLLOWING)).startswith("2 parts are held by hand; all else works")


@pytest.mark.parametrize(
    ("one", "begin", "back"),
    [
        (latch(BOOK), "The book: HALTED by ana", "--portfolio demo --reason TEXT"),
        (
            latch(FOLLOWING, REDUCE_ONLY),
            "All trend following strategies: REDUCE ONLY by ana",
            "--strategy-type 'trend following' --reason TEXT",
        ),
    ],
)
def test_wholes_and_parts_are_named_as_people_know_them(one, begin, back):
    (told,) = banners(one)

    assert told.startswith(begin)
    assert back in told
    assert STATE_LOOKS[one.state].still_works in told


def test_the_tightest_and_widest_come_first_and_the_rest_by_name():
    parts = [latch(Scope(ScopeKind.STRATEGY, f"s{n}"), REDUCE_ONLY) for n in range(4)]
    told = banners(*parts, latch(), latch(BOOK))

    assert len(told) == 4
    assert ["Still works" in line for line in told] == [True, False, True, False]
    assert told[0].startswith("The book: HALTED")
    assert told[1].startswith("DOGE: HALTED")
    assert told[3] == (
        "3 more stopped. Strategy s1, strategy s2, strategy s3. “seawall halts” lists them."
    )


def test_a_reason_that_ends_in_a_full_stop_has_one():
    assert ": fat finger. Trading" in banners(latch(reason="fat finger."))[0]


def test_the_cockpit_shows_it_above_doubts_and_as_the_state():
    data = build_data()
    standing = Standing(HALTED, AFTERNOON, "halted by ana: fat finger")
    state = replace(data.cycle.state, latches={BOOK: latch(BOOK)}, standings={BOOK: standing})
    view = cockpit_view(build_data(state=state))

    first, *_ = part(view, "cockpit-notices")["children"]
    assert part(view, "state-cause")["children"] == "Halted by ana: fat finger"
    assert words(first).startswith("The book: HALTED by ana")


def test_the_limits_page_shows_it_too():
    data = read()
    state = replace(data.cycle.state, latches={DOGE: latch()})
    view = limits_view(replace(data, cycle=replace(data.cycle, state=state)))

    (first,) = part(view, "limits-notices")["children"]
    assert words(first).startswith("DOGE: HALTED by ana")
