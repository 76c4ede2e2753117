"""Breakers without a browser: what a trip says, what the board says, and what a person may do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pages.components.risk_table import slug
from pages.components.states import look_of_standing
from pages.figures.breakers import timeline_figure
from pages.figures.periods import Hold, period_bands, period_names, tightest
from pages.format import UTC_ZONE
from pages.query import parse
from pages.screens import Screen, Screens
from pages.views.breakers.address import WORDS
from pages.views.breakers.board import lately_words
from pages.views.breakers.card.afterwards import counterfactual_words
from pages.views.breakers.card.facts import rank_facts
from pages.views.breakers.people import people_words
from pages.views.breakers.reading import read_breakers
from pages.views.breakers.rows import far_words, groups_of, rows_of
from pages.views.breakers.view import breakers_view
from pages.views.holds import (
    also_words,
    stays_words,
    step_words,
    tighter_words,
    tripped_on,
)
from pages.views.tightest import parts_badge, parts_words, works_words, younger_reasons
from risk.domain.breakers import Breakers, BreakerUnit, Episode, Phase
from risk.domain.latches import Latch
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from tests import fakes_breakers as fakes
from tests.fakes_book import AFTERNOON
from tests.fakes_episodes import build_counterfactual, build_episode, build_history
from tests.fakes_web import DEMO, FakeBookReader
from tests.fakes_web import build_history as build_metric
from tests.pages.trees import part, parts, words

SCREEN = Screen("breakers", words=WORDS, read=read_breakers, view=breakers_view)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def show(reader: FakeBookReader):
    """The page as it stands at an address, with breakers that stand so."""

    def show(stands=None, **address: str):
        reader.stands = fakes.states() if stands is None else stands
        return Screens(reader).view(SCREEN, parse(address, SCREEN.words))[1]

    return show


def board(tree) -> dict[str, str]:
    """What each row of the board says, by its breaker's name."""
    names = {f"board-{slug(name)}": name for name in NAMES}
    found = {p["id"]: p for p in parts(tree) if isinstance(p.get("id"), str) and p["id"] in names}
    return {names[key]: words(props["children"]) for key, props in found.items()}


NAMES = (fakes.STORM, fakes.LOSS, fakes.FALL, fakes.COIN, fakes.OFF)


# --- a trip, in five seconds ------------------------------------------------------------------


def test_a_trip_says_what_why_what_still_works_and_until_when(show):
    tree = show()

    assert part(tree, "breaker-word")["children"] == "THROTTLED"
    assert words(part(tree, "breaker-lead")["children"]) == (
        "Since 14:42:18 UTC new risk in the book is cut to 50 % of size: at the trip volatility "
        "was 2.31 times normal (trips above 2.00 ×); now 2.14 ×. 7 positions are open there, "
        "+1.34 m USD net. The trip closes none of them."
    )
    assert words(part(tree, "breaker-until")["children"]) == (
        "Until 15:51:18 UTC at least , in 9 min; it eases then, once it is back at 1.50 ×."
    )
    assert "New risk above 50 % of its size" in words(part(tree, "breaker-blocked")["children"])
    assert "Proven reductions at full size" in words(part(tree, "breaker-works")["children"])
    assert part(tree, "breakers-card")["data-state"] == "throttled"


def test_a_re_opening_says_on_which_rung_it_stands_and_when_the_next_comes(show):
    tree = show(breaker=fakes.LOSS)

    assert part(tree, "breaker-word")["children"] == "PROBATION"
    assert words(part(tree, "breaker-until")["children"]).startswith("15:56:18 UTC, in 14 min")
    rungs = [part(tree, f"breaker-rung-{place}") for place in range(3)]
    assert [rung["data-rung"] for rung in rungs] == ["here", "ahead", "ahead"]
    assert [words(rung["children"]) for rung in rungs] == [
        "25 % of size since 15:36",
        "50 % of size from 15:56",
        "100 % of size from 16:16",
    ]
    assert "New risk up to 25 % of its size" in words(part(tree, "breaker-works")["children"])


def test_a_trip_that_was_shut_again_does_not_say_that_it_was_shut_all_the_time(show):
    again = fakes.tripped(build_episode(retrips=1), since=AFTERNOON - 5 * MINUTE)

    lead = words(part(show(fakes.states(storm=again)), "breaker-lead")["children"])

    assert lead.startswith("Since 15:37:18 UTC again, and first at 14:42:18 UTC, new risk in")


def test_an_old_trip_is_told_as_over_and_nothing_of_it_as_now(show, reader):
    old = reader.stories[1].episode
    tree = show(episode=old.id)

    assert part(tree, "breaker-word")["children"] == "OVER"
    assert words(part(tree, "breaker-lead")["children"]).startswith("From 8 Nov 11:42:18 UTC")
    assert "Over since" in words(part(tree, "breaker-until")["children"])
    assert "they would have lost 3.1 k USD" in words(part(tree, "breaker-so-far")["children"])
    assert part(tree, "breakers-override-about")["data"] == {
        "idle": "This trip is over: there is nothing to override."
    }
    assert all(props.get("id") != "breaker-ramp" for props in parts(tree))
    marks = [trace.get("text") for trace in part(tree, "breaker-chart")["figure"]["data"]]
    assert ["now"] not in marks


def test_with_nothing_tripped_the_nearest_breaker_says_how_far_it_is(show):
    quiet = fakes.states(
        storm=fakes.armed(1.14, "volatility is 1.14 times normal"),
        loss=fakes.armed(0.006, "trend has lost 0.6 % since 00:00 UTC"),
    )
    tree = show(quiet)

    assert part(tree, "breaker-word")["children"] == "ARMED"
    assert words(part(tree, "breaker-lead")["children"]) == (
        "Volatility is 1.14 times normal; it trips above 2.00 ×: 0.86 × to go."
    )
    assert part(tree, "breakers-badge")["children"] == []


# --- the board --------------------------------------------------------------------------------


def test_the_board_says_of_each_breaker_where_it_stands_and_what_comes_next(show):
    told = board(show())

    assert told == {
        fakes.STORM: "market volatility 2.14 of 2.00 × THROTTLED eases from 15:51",
        fakes.FALL: "drawdown 6.10 of 12.0 % Armed 5.90 % to go",
        fakes.OFF: "daily loss 0.40 of 2.00 % Off stops nothing",
        fakes.LOSS: "trend loss 0.60 of 3.50 % PROBATION, 25 % 50 % at 15:56",
        fakes.COIN: "BTC volatility  Not measured yet needs 240 hours of prices",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": AFTERNOON - MINUTE}, "pause over, eases at 1.50 ×"),
        ({"episode": build_episode(asked_at=AFTERNOON)}, "asks for a person since 15:42"),
    ],
)
def test_a_pause_that_is_over_says_what_it_waits_for(show, changes, said):
    told = board(show(fakes.states(storm=fakes.tripped(**changes))))

    assert told[fakes.STORM].endswith(said)


def test_the_worst_group_leads_and_what_people_stopped_is_on_the_board(reader):
    coin = Scope(ScopeKind.ASSET, "BTC/USDT")
    latch = Latch(coin, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 1)
    reader.stands = fakes.states()
    cycle = reader.latest("demo")
    rows = rows_of(cycle)

    assert [row.name for row in rows] == [
        fakes.STORM,
        fakes.LOSS,
        fakes.FALL,
        fakes.COIN,
        fakes.OFF,
    ]
    assert [group.title for group in groups_of(rows, ())] == ["Book", "Strategies", "Assets"]
    assert groups_of(rows, [latch])[0].title == "Assets"


def test_a_policy_without_breakers_says_that_nothing_stops_by_itself(show, reader):
    reader.stands = None
    tree = Screens(reader).view(SCREEN, parse({}, SCREEN.words))[1]

    assert "No breakers: nothing stops trading by itself" in words(tree)
    assert "seawall halt" in words(tree)


def pardoned():
    """Volatility that a person let go above its level, 6 minutes ago."""
    return fakes.tripped(
        phase=Phase.PROBATION,
        since=AFTERNOON - 6 * MINUTE,
        until=AFTERNOON + 114 * MINUTE,
        pardoned=2.2,
        episode=build_episode(looked_at=AFTERNOON - 6 * MINUTE),
    )


def test_after_a_release_board_card_and_plot_tell_the_same_trip_level(show):
    tree = show(fakes.states(storm=pardoned()), breaker=fakes.STORM)

    assert "2.14 of 2.42 ×" in board(tree)[fakes.STORM]
    rule = words(part(tree, "breaker-rule")["children"])
    assert "Until it has calmed 2.42 × 10 % above the level it was let go at" in rule
    layout = part(tree, "breaker-chart")["figure"]["layout"]
    heights = [s["y0"] for s in layout["shapes"] if s["type"] == "line" and s["yref"] == "y"]
    assert heights == pytest.approx([2.0, 2.42, 1.5])
    assert "trip 2.42 ×" in [each["text"].replace("\u00a0", " ") for each in layout["annotations"]]


def test_what_eases_by_another_figure_than_its_value_says_which_and_where_it_is(show):
    waits = fakes.tripped(until=AFTERNOON - MINUTE)
    waits = waits._replace(reading=waits.reading._replace(easing=1.8))
    tree = show(fakes.states(storm=waits))

    assert board(tree)[fakes.STORM].endswith("pause over, eases at 1.50 ×: now 1.80 ×")
    assert "now 1.80 ×, is back at 1.50 ×" in words(part(tree, "breaker-until")["children"])
    assert "Eases at 1.50 × or below what eases it: now 1.80 ×" in words(
        part(tree, "breaker-rule")["children"]
    )


def test_what_is_below_its_level_already_is_not_told_to_come_back_to_it(show):
    calm = fakes.tripped()._replace(reading=fakes.tripped().reading._replace(easing=1.4))
    told = words(part(show(fakes.states(storm=calm)), "breaker-until")["children"])
    assert told.endswith("it eases then: what eases it, now 1.40 ×, is already below 1.50 ×.")

    over = calm._replace(until=AFTERNOON - MINUTE)
    told = words(part(show(fakes.states(storm=over)), "breaker-until")["children"])
    assert told.startswith("Until the engine's next cycle.")
    hand = calm._replace(
        reading=calm.reading._replace(easing=1.8, value=1.8),
        episode=build_episode(tripped_by="ana", value=1.8, worst=1.8),
    )
    told = words(part(show(fakes.states(storm=hand)), "breaker-until")["children"])
    assert told.endswith("it eases then by itself.")


def test_what_the_market_did_is_told_of_the_trip(show):
    assert "The market at the trip" in words(part(show(), "breaker-place")["children"])


def test_a_kind_that_ends_by_time_shows_no_level_that_lets_it_go(show):
    fall = part(tree := show(breaker=fakes.FALL), "breaker-rule")

    assert "Lets go by time alone" in words(fall["children"])
    ticks = [
        sum(
            each.get("className") == "sw-use-soft"
            for each in parts(part(tree, f"board-{name}-bar")["children"])
        )
        for name in (slug(fakes.FALL), slug(fakes.STORM))
    ]
    assert ticks == [0, 1]


def test_what_counts_says_the_number_at_which_it_trips(reader):
    counts = fakes.build_breaker("streak", "var_exceptions", trip=2.0, release=1.0)
    reader.stands = {"streak": fakes.armed(1.0, "1 exception in 10 days")}
    cycle = reader.latest("demo")
    state = replace(cycle.state, policy=fakes.with_breakers(cycle.state.policy, (counts,)))

    (row,) = rows_of(replace(cycle, state=state))

    assert far_words(row) == "trips at 3, 2 to go"


# --- history ----------------------------------------------------------------------------------


def test_the_list_has_every_trip_of_the_range_and_its_way_to_the_card(show):
    rows = part(show(range="30d"), "breakers-history-grid")["rowData"]

    told = [(row["breaker"], row["state"], row["ended"]) for row in rows]
    assert ("market volatility", "throttled", "on now") in told
    assert ("trend loss", "probation", "on now") in told
    by_itself = "by itself: probation is over without a new trip"
    assert ("daily loss", "reduce only", by_itself) in told
    assert ("sharpe floor", "recorded", by_itself) in told
    assert all(f"episode={row['id'].split('/')[0].split()[0]}" in row["href"] for row in rows)


def test_a_trip_that_is_not_kept_is_said_so_and_the_worst_is_shown(show):
    tree = show(episode="no/such")

    assert "No trip 'no/such' is kept" in words(part(tree, "breakers-notices")["children"])
    assert part(tree, "breaker-name")["children"] == fakes.STORM


def test_what_people_stopped_is_told_without_levels_and_with_the_way_back(show, reader):
    episode = build_episode(
        "manual asset:BTC/USDT/demo-1",
        breaker="manual asset:BTC/USDT",
        kind="manual",
        scope=fakes.BITCOIN,
        value=1.0,
        threshold=0.5,
        worst=1.0,
        state=TradingState.HALTED,
        cause="halted by ana: fat finger",
    )
    stopped = fakes.tripped(episode, until=None)
    tree = show({**fakes.states(), episode.breaker: stopped}, episode=episode.id, range="30d")

    assert part(tree, "breaker-word")["children"] == "HALTED"
    assert part(tree, "breaker-name")["children"] == "By hand, BTC"
    assert "trading in BTC is stopped: halted by ana: fat finger." in words(
        part(tree, "breaker-lead")["children"]
    )
    assert "seawall resume" in words(part(tree, "breaker-until")["children"])
    row = next(r for r in part(tree, "breakers-history-grid")["rowData"] if r["id"] == episode.id)
    assert (row["breaker"], row["value_words"]) == ("By hand, BTC", "none")
    assert row["people"] == "14:42 halted by ana"


def test_a_halt_that_is_over_names_who_made_it_and_who_let_it_go(reader):
    halt = build_episode(
        "manual asset:BTC/USDT/demo-1",
        breaker="manual asset:BTC/USDT",
        cause="halted by ana: fat finger: all of it",
        ended_at=AFTERNOON,
        ended_by="ola",
    )
    readings = Screens(reader).readings
    query = parse({}, WORDS)
    data = read_breakers(readings, query, *readings.shown(query))

    assert people_words(data, halt) == "14:42 halted by ana; 15:42 let go by ola"


def test_the_board_counts_what_the_list_has_a_row_of(reader):
    """One that is over has a word for itself beside those that are on."""
    readings = Screens(reader).readings
    query = parse({}, WORDS)
    data = read_breakers(readings, query, *readings.shown(query))

    def trip(name: str, hours_ago: float, **changes: Any) -> Episode:
        at = AFTERNOON - timedelta(hours=hours_ago)
        return build_episode(f"{name}/{hours_ago}", at, **changes)

    on, other = trip("a", 3), trip("b", 50, ended_at=AFTERNOON - timedelta(hours=10))
    assert plain(lately_words([on, other], data)) == (
        "2 trips, 1 of them on now. The other lasted 40 h."
    )
    assert plain(lately_words([other], data)) == "1 trip. It lasted 40 h."
    rest = [
        trip("c", 40 * 24.0),
        trip("d", 2, imposed=False),
        trip("e", 2.5, imposed=False),
        trip("manual portfolio:demo", 1, breaker="manual portfolio:demo"),
    ]
    assert plain(lately_words([on, other, *rest], data)) == (
        "2 trips, 1 of them on now. The other lasted 40 h. Listed besides: 1 trip that began "
        "before, 1 stop by people and 2 that were only recorded."
    )
    assert lately_words([], data) == "No breaker tripped."


# --- figures ----------------------------------------------------------------------------------


def test_bands_stay_inside_the_chart_and_parts_of_the_book_lie_at_its_foot():
    whole = Hold("halted", -50, None, "storm")
    of_part = Hold("reduce_only", 20, 40, "trend", part=True)

    later = Hold("caution", 200_000, None, "later")
    shapes = period_bands([whole, of_part, later], (0, 100_000), zone=UTC_ZONE, scheme="dark")

    heights = [shape["y1"] for shape in shapes if shape["type"] == "rect"]
    assert len(heights) == 2
    assert heights[0] == 1.0
    assert heights[1] < 0.1
    # An edge is drawn where a band begins, and this one began before the chart.
    assert [shape for shape in shapes if shape["type"] == "line"] == []


def test_of_trips_that_overlap_only_the_tightest_is_drawn_at_each_moment():
    throttled, paused = Hold("throttled", 10, None), Hold("reduce_only", 30, 50)
    reopens = Hold("probation", 20, 60)

    drawn = tightest([throttled, paused, reopens], (0, 100))

    assert [(each.shape, each.begin_ms, each.end_ms) for each in drawn] == [
        ("throttled", 10, 30),
        ("reduce_only", 30, 50),
        ("throttled", 50, 100),
    ]


def test_names_of_trips_never_lie_on_each_other():
    close = [Hold("halted", 50_000 + 1_000 * n, None, f"trip {n}") for n in range(9)]

    named = period_names(close, (0, 100_000), zone=UTC_ZONE, scheme="light", top=1.0)

    assert [each["text"] for each in named] == ["trip 8"]


def test_equity_stands_alone_where_no_price_is_known():
    equity = build_metric("equity", AFTERNOON - 60 * MINUTE, AFTERNOON, 50)
    nothing = build_metric("no such", AFTERNOON, AFTERNOON, 0)

    figure = timeline_figure(
        equity,
        nothing,
        (),
        titles=("Equity, USD", ""),
        span_ms=(0, 1),
        zone=UTC_ZONE,
        scheme="dark",
    )

    assert len(figure["data"]) == 1
    assert "yaxis2" not in figure["layout"]


# --- words ------------------------------------------------------------------------------------


def test_what_the_stopped_orders_would_have_brought_is_never_guessed():
    assert "a day after" in counterfactual_words(None, "USD", on=True)
    said = counterfactual_words(build_counterfactual(), "USD", on=False)
    assert said.replace("\u00a0", " ").replace("\u202f", " ") == (
        "Over it all: 9 orders were stopped or cut by 412.0 k USD in all. At full size they would "
        "have lost 3.1 k USD, before fees of 824 USD. 1 could not be priced."
    )


def test_a_rank_says_among_how_many_hours(reader):
    reader.stands = fakes.states()
    data = read_breakers(Screens(reader).readings, parse({}, WORDS), DEMO, reader.latest("demo"))

    facts = rank_facts(data, build_history(), BreakerUnit.RATIO)

    assert [fact.figure.replace("\u00a0", " ") for fact in facts] == [
        "above 99.2 %",
        "5 Aug, 2.62 ×",
        "market −4.1 % in 6 h",
    ]
    assert rank_facts(data, None, BreakerUnit.RATIO)[0].figure == "being worked out"


# --- the cockpit and the header ----------------------------------------------------------------


def test_a_book_that_is_normal_while_a_part_is_halted_says_so(reader):
    coin, trend = fakes.BITCOIN, fakes.TREND
    state = reader.latest("demo").state
    halted = Standing(TradingState.HALTED, AFTERNOON, "BTC volatility: volatility is 3.1 times")
    paused = Standing(TradingState.REDUCE_ONLY, AFTERNOON, "trend loss: it lost 4 %")
    state = replace(state, standings={**state.standings, coin: halted, trend: paused})

    assert parts_badge(state) == ("1 part HALTED", "halted", "+2", "BTC is HALTED")
    assert parts_words(state, UTC_ZONE, AFTERNOON) == (
        "BTC is HALTED: BTC volatility: volatility is 3.1 times."
    )
    assert also_words(state, UTC_ZONE, AFTERNOON, told=coin) == (
        "Also held: strategy trend REDUCE ONLY."
    )
    assert not any(parts_badge(reader.latest("demo").state))


def test_a_cut_book_says_its_size_and_when_it_steps_down_at_the_earliest(reader):
    reader.stands = fakes.states()
    state = reader.latest("demo").state

    assert works_words(state, UTC_ZONE, AFTERNOON).replace("\u00a0", " ") == (
        "New risk at 50 % of size. Still works: reductions, stops, cancels. "
        "Earliest step down 15:51:18 UTC."
    )
    assert look_of_standing(state.standings[fakes.TREND]).word == "PROBATION"
    assert state.breakers.states[fakes.LOSS].phase is Phase.PROBATION


def test_a_reason_younger_than_the_state_that_it_holds_has_its_own_time(reader):
    reader.stands = fakes.states()
    state = reader.latest("demo").state
    older = state.standings[fakes.BOOK]._replace(since=AFTERNOON - 600 * MINUTE)
    longer = replace(state, standings={**state.standings, fakes.BOOK: older})

    assert younger_reasons(state, fakes.BOOK) == []
    assert younger_reasons(longer, fakes.BOOK) == [(fakes.STORM, AFTERNOON - 60 * MINUTE)]


def test_once_its_pause_is_over_a_book_says_the_value_now_and_the_level_that_lets_it_go(reader):
    storm = fakes.tripped(until=AFTERNOON - MINUTE)
    reader.stands = fakes.states(storm=storm)
    state = reader.latest("demo").state

    assert plain(step_words(state, UTC_ZONE, AFTERNOON)) == (
        "Market volatility was 2.31 times normal at the trip, 2.14 × now; lets go at 1.50 ×, "
        "or a person does."
    )
    slower = storm._replace(reading=storm.reading._replace(easing=1.8))
    state = replace(state, breakers=Breakers({**reader.stands, fakes.STORM: slower}))
    assert "2.14 × now, 1.80 × on the slower average;" in plain(
        step_words(state, UTC_ZONE, AFTERNOON)
    )


def test_whatever_holds_besides_is_told_tightest_first_with_until_when(reader):
    fall = fakes.tripped(build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    reader.stands = fakes.states(fall=fall._replace(until=AFTERNOON + 600 * MINUTE))
    state = reader.latest("demo").state
    paused = Standing(TradingState.REDUCE_ONLY, AFTERNOON, "drawdown: deep")
    latch = Latch(fakes.BITCOIN, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 1)
    state = replace(
        state,
        standings={**state.standings, fakes.BOOK: paused},
        latches={fakes.BITCOIN: latch},
    )

    assert plain(also_words(state, UTC_ZONE, AFTERNOON)) == (
        "Also held: BTC HALTED until a person lets it go; strategy trend re-opens at 25 % until "
        "15:56; market volatility 50 % of size until 15:51 at the earliest."
    )
    assert len(tripped_on(state)) == 2


def test_what_holds_a_scope_besides_is_told_on_the_card_and_before_letting_go(reader):
    fall = fakes.tripped(build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    reader.stands = fakes.states(fall=fall)
    state = reader.latest("demo").state

    assert plain(tighter_words(state, fakes.STORM)) == (
        "Held tighter by drawdown (REDUCE ONLY): less passes than this breaker alone lets through."
    )
    assert tighter_words(state, fakes.FALL) == ""
    assert plain(stays_words(state, fakes.FALL, fakes.BOOK)) == (
        "It stays held by market volatility (50 % of size)."
    )
    latch = Latch(fakes.BOOK, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 1)
    halted = replace(state, latches={fakes.BOOK: latch})
    assert "ana (HALTED by hand)" in plain(stays_words(halted, fakes.FALL, fakes.BOOK))


def test_what_a_person_holds_as_tightly_is_not_promised_to_end_by_itself(reader):
    reader.stands = fakes.states()
    state = reader.latest("demo").state
    latch = Latch(fakes.BOOK, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 1)

    state = replace(state, latches={fakes.BOOK: latch})

    assert step_words(state, UTC_ZONE, AFTERNOON) == ""
    assert "market volatility" in also_words(state, UTC_ZONE, AFTERNOON)


def plain(said: str) -> str:
    return said.replace("\u00a0", " ")


def test_the_header_hears_of_tighter_parts_with_the_pulse(web, reader):
    reader.stands = fakes.states()

    told = web.get("/live").get_json()

    assert told["says"].replace("\u00a0", " ") == "new risk at 50 % of size"
    assert (told["parts"], told["parts_shape"]) == ("1 part PROBATION", "probation")
    assert (told["parts_short"], told["parts_title"]) == ("+1", "Strategy trend is PROBATION")
    assert (told["tripped"], told["tripped_shape"]) == ("1", "throttled")


def test_a_breaker_leads_to_its_definition_in_the_editor(show):
    assert part(show(), "breaker-change")["href"] == "/changes/edit?breaker=market+volatility"
