"""The cockpit as a pure function of what was read."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import NO_HISTORY, CompleteCycle, Pulse, VarRecord
from pages.figures.exposure import Step
from pages.query import BY, parse
from pages.views.absent import address_notices, no_cycle_parts, unreadable_parts
from pages.views.change import Change, NotKnown
from pages.views.cockpit import (
    CARD_METRICS,
    CHARTED_METRICS,
    QUIET_DAY,
    TIMELINE_LENGTH,
    CockpitData,
    cockpit_view,
)
from risk.domain.actions import BookModelInUse
from risk.domain.assessment import Doubt, DoubtKind
from risk.domain.equity_trust import EquityTrust
from risk.domain.events import DataFaultFound, RiskStatus
from risk.domain.market import Trust
from risk.domain.reductions import Sizing
from risk.domain.state import RiskState, TradingState
from tests.fakes_web import (
    AFTERNOON,
    AT_WORK,
    DEMO,
    HOLDINGS,
    STALE_LINK,
    FakeBookReader,
    build_assessment,
    build_events,
    build_history,
    build_state,
)
from tests.pages.trees import part, parts, words

#: VaR was halved by what was sold.
CHANGE = Change(
    "var",
    AFTERNOON.replace(hour=0, minute=0),
    AFTERNOON,
    220_000.0,
    (Step("Positions", -112_000.0), Step("Prices", 2_000.0)),
    110_000.0,
    (),
)


def build_data(assessment=None, state=None, address=None, **changes) -> CockpitData:
    assessment = assessment or build_assessment()
    cycle = CompleteCycle(
        pulse=Pulse(48_211, AFTERNOON, AFTERNOON, "NORMAL"),
        assessment=assessment,
        state=state or build_state(assessment),
    )
    year = {m: build_history(m, AFTERNOON.replace(year=2025), AFTERNOON, 500) for m in CARD_METRICS}
    data = CockpitData(
        book=DEMO,
        query=parse(address or {}, (BY,)),
        cycle=cycle,
        trends=year,
        baselines=year,
        events=build_events(),
        yesterday=(),
        change=CHANGE,
        record=VarRecord(250, 3),
        courses={m: year[m] for m in CHARTED_METRICS},
    )
    return replace(data, **changes)


def unmeasured(assessment):
    """The same book while the models know nothing yet."""
    held = replace(assessment.held, day=None, hour=None, stress_loss=None, stress_scenario=None)
    positions = tuple(
        replace(p, component_var=None, component_es=None, marginal_var=None, beta_btc=None)
        for p in assessment.positions
    )
    return replace(assessment, held=held, positions=positions, benchmark=None)


def card(tree, metric: str) -> str:
    return words([part(tree, f"card-{metric}-figure"), part(tree, f"card-{metric}-unit")])


@pytest.mark.parametrize("state", TradingState)
def test_each_state_is_told_by_word_shape_cause_and_what_still_works(state):
    assessment = build_assessment()
    view = cockpit_view(
        build_data(assessment, build_state(assessment, trading=state, cause="A cause with 2.14 ×."))
    )
    banner = part(view, "state-banner")

    assert part(view, "state-word")["children"] == state.word
    assert banner["data-state"] == state.name.lower()
    assert "A cause with 2.14 ×." in words(view)
    assert part(view, "state-works")["children"]
    assert "since 14:51:05 UTC" in words(view)


def test_sizes_that_are_not_whole_are_told_beside_what_still_works():
    assessment = build_assessment()
    state = build_state(assessment, trading=TradingState.NORMAL, cause="fine")
    halved = replace(state, sizing=Sizing(0.5, "book is 12 % under its high: sizes × 0.5"))

    def works(state: RiskState) -> str:
        return part(cockpit_view(build_data(assessment, state)), "state-works")["children"]

    assert works(state) == "Everything works, within the limits."
    assert works(halved) == (
        "Everything works, within the limits. Book is 12 % under its high: sizes × 0.5."
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (TradingState.NORMAL, "AVAX share is over its hard limit"),
        (TradingState.CAUTION, "AVAX share is over its hard limit"),
        (TradingState.REDUCE_ONLY, "Entries paused."),
    ],
)
def test_a_book_beyond_a_hard_limit_is_not_told_that_everything_works(state, told):
    view = cockpit_view(build_data(state=beyond_a_limit(state)))

    assert part(view, "state-works")["children"].startswith(told)


def beyond_a_limit(trading: TradingState) -> RiskState:
    """A book with the policy of the fakes, of which one limit is crossed."""
    limits = FakeBookReader().latest("demo").state
    standing = build_state(build_assessment(), trading=trading, cause="fine")
    return replace(standing, policy=limits.policy, limits=limits.limits)


def test_a_state_that_nobody_established_is_unknown_and_dashed():
    view = cockpit_view(build_data(state=RiskState(portfolio="demo")))

    assert part(view, "state-word")["children"] == "UNKNOWN"
    assert part(view, "state-banner")["data-state"] == "stale"


def test_the_cards_show_figures_with_units():
    view = words(cockpit_view(build_data()))

    for figure in ("2.41 m USD", "−62.4 k USD", "4.56 %", "6.2 %", "0.60 ×"):
        assert figure in view


def test_each_figure_has_a_neighbour_that_gives_it_meaning():
    view = words(cockpit_view(build_data()))

    for neighbour in (
        "since 00:00",
        "BTC −3.9 % since 00:00",
        "1 h 1.09 % · BTC alone 9.4 %",
        "BTC alone 9.8 %",
        "Peak 2.57 m on 28 Oct",
        "BTC beta 0.6",
        "percentile, 365 d",
        "3 exceptions in 250 days, normal 1 to 6.",
    ):
        assert neighbour in view


def test_a_model_that_was_not_always_in_use_is_named_under_its_figure():
    state = replace(
        build_state(build_assessment()), book_model=BookModelInUse("adaptive", "anna", AFTERNOON)
    )

    assert "By Adaptive history, in use since 12 Nov." in words(
        cockpit_view(build_data(state=state))
    )
    assert "in use since" not in words(cockpit_view(build_data()))


def test_the_biggest_risk_is_named_with_its_cost_its_offset_and_the_worst_stress():
    view = words(cockpit_view(build_data()))

    assert "BTC long, 38 % of VaR BTC −10 % costs 59.8 k USD." in view
    assert "AVAX short takes 5.8 % off; keep it." in view
    assert "Worst stress, COVID crash 2020: 18.1 % of equity." in view


def with_stress(**held):
    assessment = build_assessment()
    return replace(assessment, held=replace(assessment.held, **held))


def test_shocks_that_are_proxies_are_counted_beside_the_worst_stress():
    book = with_stress(stress_scenario="ftx_2022_day", stress_proxies=("BNB/USDT", "LINK/USDT"))

    said = "Worst stress, FTX collapse 2022 (worst day): 18.1 % of equity, 2 of 7 shocks by proxy."
    assert said in words(cockpit_view(build_data(book)))


def test_a_book_that_no_scenario_costs_anything_says_so():
    """As a short one: it names no scenario."""
    view = words(cockpit_view(build_data(with_stress(stress_loss=0.0, stress_scenario=None))))

    assert "No stress scenario costs anything." in view
    assert "Worst stress" not in view


def test_the_worst_stress_of_a_book_of_unknown_equity_is_money():
    book = replace(build_assessment(), equity=None)

    assert "Worst stress, COVID crash 2020: 437.3 k USD." in words(cockpit_view(build_data(book)))


def test_a_book_that_cannot_be_measured_shows_unknown_and_says_why():
    view = cockpit_view(build_data(unmeasured(build_assessment()), record=None))
    text = words(view)

    assert part(view, "card-var_1d_99-figure")["children"] == "unknown"
    assert part(view, "banner-risk-figure")["children"] == "unknown"
    assert "VaR needs more history of the coins held." in text
    assert "No forecast has met its day yet." in text


def test_equity_that_is_not_believed_says_so_beside_what_was_believed_last():
    state = build_state(build_assessment())
    trust = EquityTrust((), AFTERNOON, AFTERNOON, "it leapt")

    told = words(cockpit_view(build_data(state=replace(state, equity_trust=trust))))

    assert "not believed yet; last trusted 2.41 m" in told


def test_a_book_of_unknown_equity_shows_no_ratio_of_it():
    assessment = replace(build_assessment(), equity=None, leverage=None)
    view = cockpit_view(build_data(assessment, RiskState(portfolio="demo")))

    for metric in ("equity", "profit_today", "var_1d_99", "drawdown", "leverage"):
        assert part(view, f"card-{metric}-figure")["children"] == "unknown"
        assert part(view, f"card-{metric}-unit").get("children", "") == ""


def test_a_flat_book_says_that_nothing_is_at_risk():
    text = words(cockpit_view(build_data(build_assessment(holdings=()))))

    assert "No position is open: nothing is at risk." in text
    assert "Biggest risk" in text
    assert "none" in text


def test_a_new_book_has_neither_rank_nor_line():
    empty = dict.fromkeys(CARD_METRICS, NO_HISTORY)
    view = cockpit_view(build_data(trends=empty, baselines=empty, events=()))

    assert words(view).count("no rank yet") == len(CARD_METRICS)
    assert "Nothing has happened since 00:00 UTC." in words(view)
    assert (
        "style" not in part(view, "card-equity-trend")
        or not part(view, "card-equity-trend")["style"]
    )


def test_doubt_is_told_in_one_line_however_much_there_is():
    others = [Doubt(DoubtKind.SHORT_HISTORY, f"C{i}", "12 of 60 days") for i in range(2)]
    view = cockpit_view(build_data(build_assessment(doubts=[STALE_LINK, *others])))
    notices = part(view, "cockpit-notices")

    assert len(notices["children"]) == 1
    assert "LINK/USDT: mark stale. Its price is 41 s old" in words(view)
    assert "2 more: C0, C1." in words(view)


def test_a_doubtful_mark_is_greyed_and_named():
    holdings = [replace(h, trust=Trust.STALE) if "LINK" in h.asset else h for h in HOLDINGS]
    view = cockpit_view(build_data(build_assessment(holdings=holdings)))

    assert "sw-doubtful" in part(view, "row-LINK-mark-cell")["className"]
    assert "sw-doubtful" not in part(view, "row-BTC-mark-cell")["className"]


def test_a_mark_that_nobody_knows_is_called_unknown():
    assessment = build_assessment()
    lost = replace(assessment.positions[0], trust=Trust.MISSING, mark=math.nan)
    view = cockpit_view(build_data(replace(assessment, positions=(lost,))))

    assert part(view, "row-BTC-mark")["children"] == "unknown"
    assert "missing" in words(part(view, "row-BTC-mark-cell")["children"])


def test_parts_that_offset_are_drawn_hollow():
    view = cockpit_view(build_data())

    assert part(view, "row-AVAX-bar")["children"]["props"]["children"]["props"]["className"] == (
        "sw-bar-offset"
    )


def test_without_any_history_the_chart_says_when_it_fills():
    view = cockpit_view(build_data(courses=dict.fromkeys(CHARTED_METRICS, NO_HISTORY)))

    assert "the chart fills by itself within minutes" in words(view)
    assert not [props for props in parts(view) if props.get("id") == "cockpit-chart"]


def test_only_assets_have_marks():
    assert "Mark, USD" in words(cockpit_view(build_data()))
    assert "Mark, USD" not in words(cockpit_view(build_data(address={"by": "venue"})))


def test_times_follow_the_chosen_zone():
    text = words(cockpit_view(build_data(address={"tz": "Europe/Berlin"})))

    assert "since 15:51:05 CET" in text
    assert "16:42:07" in text


def test_the_foot_of_the_timeline_says_why_var_changed_and_leads_to_more():
    view = cockpit_view(build_data(address={"tz": "Europe/Berlin"}))
    link = next(props for props in parts(view) if props.get("children") == "Exposure")

    assert words(part(view, "cockpit-change-words")["children"]) == (
        "Since the end of 12 Nov: VaR 99 % fell by 110.0 k to 110.0 k USD, 4.57 % of equity: "
        "−112.0 k from positions, +2.0 k from prices."
    )
    assert link["href"] == "/exposure?tz=Europe/Berlin"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (NotKnown(AFTERNOON, "DOGE has no price now."), "DOGE has no price now."),
        (None, "is being worked out"),
    ],
)
def test_why_var_changed_is_unknown_with_its_reason(change, said):
    view = cockpit_view(build_data(change=change))

    assert said in words(part(view, "cockpit-change-words")["children"])


def test_a_quiet_day_goes_on_with_the_day_before_which_is_named():
    before = build_events(AFTERNOON - timedelta(days=1))
    view = cockpit_view(build_data(events=build_events()[:1], yesterday=before))
    said = words(part(view, "changes-content")["children"])

    assert said.index("LINK/USDT mark is stale") < said.index("Yesterday, 11 Nov")
    assert said.index("Yesterday, 11 Nov") < said.index("demo is CAUTION")


def test_a_day_goes_on_only_as_far_as_a_day_that_is_not_quiet():
    fault = next(event for event in build_events() if isinstance(event, DataFaultFound))
    many = [replace(fault, at=AFTERNOON - timedelta(minutes=n)) for n in range(QUIET_DAY)]
    before = [replace(event, at=event.at - timedelta(days=1)) for event in many]

    busy = cockpit_view(build_data(events=many, yesterday=before))
    quiet = cockpit_view(build_data(events=many[:3], yesterday=before))

    assert "Yesterday" not in words(busy)
    assert len(part(quiet, "cockpit-timeline-yesterday")["children"]) == QUIET_DAY - 3


def test_a_busy_afternoon_of_orders_pushes_no_trip_of_the_morning_out_and_time_runs_one_way():
    fault = next(event for event in build_events() if isinstance(event, DataFaultFound))
    busy = [replace(fault, at=AFTERNOON - timedelta(minutes=n)) for n in range(40)]
    (state,) = [event for event in build_events() if isinstance(event, RiskStatus)][:1]
    between = replace(state, at=AFTERNOON - timedelta(seconds=90))
    morning = replace(state, at=AFTERNOON - timedelta(hours=6))
    events = sorted([*busy, between, morning], key=lambda event: event.at, reverse=True)
    shown = part(cockpit_view(build_data(events=events)), "cockpit-timeline")["children"]
    times = [words(each)[:8] for each in shown]

    assert len(shown) == TIMELINE_LENGTH
    assert times == sorted(times, reverse=True), "newest first, whatever kind"
    assert f"{state.scope} is" in words(shown[2])
    assert f"{state.scope} is" in words(shown[-1])


def test_a_day_without_any_event_says_so_and_shows_the_day_before():
    view = cockpit_view(
        build_data(events=(), yesterday=build_events(AFTERNOON - timedelta(days=1)))
    )
    said = words(part(view, "changes-content")["children"])

    assert said.startswith("Nothing has happened since 00:00 UTC. Yesterday, 11 Nov")


@given(st.floats(-0.6, 3.0))
def test_whatever_the_market_does_no_nan_and_no_doubled_id_reaches_the_screen(drift):
    view = cockpit_view(build_data(build_assessment(drift=drift)))
    ids = [props["id"] for props in parts(view) if "id" in props]

    assert "nan" not in re.findall(r"\w+", words(view).lower())
    assert len(ids) == len(set(ids))


def test_what_stands_there_before_anything_is_known_says_what_to_do():
    assert "halted until then" in words(no_cycle_parts(DEMO, AT_WORK))
    assert "seawall portfolios add" in words(no_cycle_parts(None, None))


def test_a_book_without_an_engine_says_so_and_how_to_start_one():
    absent = AT_WORK._replace(running=False)
    told = words(no_cycle_parts(DEMO, absent))

    assert "No engine runs for it" in told
    assert "SEAWALL_PORTFOLIO=demo seawall engine" in told
    broken = words(no_cycle_parts(DEMO, absent._replace(problem="The engine cannot go on: why.")))
    assert "The engine cannot go on: why." in broken
    assert "The database is gone. This page" in words(unreadable_parts("the database is gone"))


def test_an_address_that_is_not_understood_is_answered():
    query = parse({"range": "9h", "book": "zoo"})

    assert "There is no range '9h'; 24h is shown." in words(address_notices(query, DEMO))
    assert "There is no book 'zoo'; demo is shown." in words(address_notices(query, DEMO))
    assert words(address_notices(parse({"book": "demo"}), DEMO)) == ""


def test_beside_a_range_that_is_over_it_is_told_that_figures_are_of_now():
    now = datetime(2026, 11, 12, 12, tzinfo=UTC)
    over = parse({"from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00Z"})
    running = parse({"from": "2026-11-01T00:00Z", "to": "2026-12-01T00:00Z"})

    told = "This range is over. Figures are of now; the range moves the charts only."
    assert words(address_notices(over, DEMO, now)) == told
    assert words(address_notices(running, DEMO, now)) == ""
    assert words(address_notices(over, DEMO)) == ""
