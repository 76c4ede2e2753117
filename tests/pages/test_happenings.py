"""Events as the timeline tells them."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from pages.format import UTC_ZONE, zone
from pages.glyphs import SHAPES
from pages.views.happenings import all_else, happenings, holds_among, words
from risk.domain.decisions import ReasonCode
from risk.domain.events import (
    ActionDenied,
    AnswersLost,
    BreakerActivated,
    BreakerOverridden,
    EquityDistrusted,
    EquityTrusted,
    FillDisputed,
    FillRecorded,
    FillUnexpected,
    ForecastScored,
    FundsMoved,
    LeaseOverspent,
    LimitBreached,
    LimitCleared,
    LimitUpdated,
    ListDisputed,
    MarkTrustChanged,
    OrderEnded,
    OrderValidation,
    OverrideEnded,
    PersonChanged,
    PersonSignedOut,
    ProposalMade,
    ReductionAcknowledged,
    ReductionRequested,
    ReservationOverdue,
    ReservationReleased,
    RiskEvent,
    RiskStatus,
    Severity,
    StopEscalated,
    StopLossUpdate,
    TradingLatched,
    TradingResumed,
    Verdict,
    WhyTrusted,
)
from risk.domain.market import FaultKind, Trust
from tests.fakes_web import AFTERNOON, build_events

COMMON = {"at": AFTERNOON, "portfolio": "demo", "cycle": "demo-1"}
#: One plausible value for each name or annotation that events use.
_BY_NAME = {
    "state": "THROTTLED",
    "previous": "NORMAL",
    "asked": "HALTED",
    "scope_kind": "strategy",
    "severity": Severity.WARNING,
    "verdict": Verdict.RESIZE,
    "trust": Trust.STALE,
    "kind": FaultKind.OUTLIER,
    "period": "1d",
    "deadline": AFTERNOON,
    "expires": AFTERNOON,
    "since": AFTERNOON - timedelta(hours=1),
    "until": AFTERNOON + timedelta(hours=1),
    "reasons": ("VAR_PORTFOLIO",),
    "changed": ("BTC/USDT",),
    "what": ("limit VaR: hard 0.04 -> 0.03 (tighter)", "clusters: added"),
    **COMMON,
}
_BY_TYPE = {"float": 1.5, "int": 2, "str": "words", "bool": True}


def example_of(kind: type[RiskEvent]) -> RiskEvent:
    values = {}
    for spec in fields(kind):
        annotation = str(getattr(spec.type, "__name__", spec.type)).split(" |")[0]
        fallback = {} if "Mapping" in annotation else _BY_TYPE.get(annotation, 1.5)
        fitting = spec.name in _BY_NAME and not (spec.name == "previous" and annotation == "float")
        values[spec.name] = _BY_NAME[spec.name] if fitting else fallback
    if "trust" in values:
        values["previous"] = Trust.TRUSTED
    return kind(**values)


@pytest.mark.parametrize("kind", RiskEvent.kinds().values(), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_told_with_a_shape_and_a_fact(kind):
    shape, fact, detail = words(example_of(kind), "USD")

    assert shape in SHAPES
    assert fact
    assert "nan" not in f"{fact}{detail}".lower()


def fill(seconds: int, quantity: float) -> FillRecorded:
    return FillRecorded(
        **{**COMMON, "at": AFTERNOON + timedelta(seconds=seconds)},
        strategy="trend",
        asset="BTC/USDT",
        venue="sim-a",
        quantity=quantity,
        price=100.0,
        fee=0.1,
    )


def told(*events: RiskEvent) -> list[str]:
    entries = happenings(events, zone=UTC_ZONE, currency="USD", limit=20)
    return [f"{e.fact}, {e.detail}".replace("\u00a0", " ") for e in entries]


def test_doubted_equity_and_its_end_are_told_with_both_figures():
    doubted = EquityDistrusted(
        **COMMON,
        read=12_100.0,
        trusted=101_000.0,
        deadline=AFTERNOON,
        cause="it leapt",
        severity=Severity.WARNING,
    )
    believed = EquityTrusted(
        **COMMON,
        equity=12_000.0,
        before=101_000.0,
        why=WhyTrusted.CONFIRMED,
        distrusted_since=AFTERNOON,
        cause="readings agree",
        severity=Severity.INFO,
    )
    late = replace(believed, why=WhyTrusted.DEADLINE, severity=Severity.WARNING)

    again = "Equity is believed again, 12.0 k USD"
    waits = "no new risk until readings agree, a minute at most"
    assert told(doubted) == [
        f"Equity of 12.1 k USD is not believed yet, the last trusted is 101.0 k USD; {waits}"
    ]
    assert told(believed) == [f"{again}, readings agree; before it was 101.0 k USD"]
    assert told(late) == [
        f"{again}, none agreed in time: the worse counts; before it was 101.0 k USD"
    ]


def test_an_override_and_its_end_are_told_with_who_what_why_and_until_when():
    about = {
        **COMMON,
        "breaker": "daily_loss",
        "episode": "daily_loss/1",
        "scope_kind": "portfolio",
        "scope": "demo",
        "action": 7,
    }
    begun = BreakerOverridden(
        **about,
        kind="step_down",
        size=0.5,
        expires=AFTERNOON,
        state="THROTTLED",
        by="ana",
        reason="the news were false",
        severity=Severity.WARNING,
    )
    over = OverrideEnded(
        **about,
        kind="step_down",
        state="REDUCE_ONLY",
        size=0.0,
        why="its time is over",
        by="rule",
        began_by="ana",
        severity=Severity.WARNING,
    )

    fact = "ana stepped down daily loss to 50 % of size"
    assert told(begun) == [f"{fact}, “the news were false”; until 15:42:18 UTC at the latest"]
    assert told(replace(begun, kind="disable"))[0].startswith("ana disabled daily loss, ")
    assert told(over) == ["The override of daily loss by ana is over, its time is over"]
    by_hand = replace(over, by="ola", why="worse than I thought")
    assert told(by_hand) == ["ola ended ana's override of daily loss, “worse than I thought”"]
    assert told(replace(by_hand, by="ana"))[0].startswith(
        "ana ended his own override of daily loss"
    )


def test_a_run_of_fills_is_one_entry_with_its_beginning_and_both_sides():
    assert told(fill(2, 5.0), fill(1, -2.0)) == [
        "2 fills since 15:42:19, trend: bought 500 USD, sold 200 USD"
    ]


def test_fills_on_one_side_only_say_so():
    assert told(fill(2, 5.0), fill(1, 2.0)) == [
        "2 fills since 15:42:19, trend: bought 700 USD, sold 0 USD"
    ]


def test_a_single_fill_is_told_in_full():
    assert told(fill(1, -2.0)) == ["trend sold 2.000 BTC/USDT, at 100.00 USD"]


def test_something_between_two_fills_keeps_them_apart():
    moved = FundsMoved(**COMMON, amount=-500.0, equity=None, note="rent")

    assert told(fill(3, 1.0), moved, fill(1, 1.0))[1] == "Withdrawal of 500 USD, rent"
    assert len(told(fill(3, 1.0), moved, fill(1, 1.0))) == 3


def scored(period: str, *, beyond: bool) -> ForecastScored:
    return ForecastScored(
        **COMMON,
        period=period,
        loss=1_500.0 if beyond else -200.0,
        var_95=600.0,
        var_975=800.0,
        var_99=1_000.0,
        es_975=1_100.0,
        exceeded_95=beyond,
        exceeded_975=beyond,
        exceeded_99=beyond,
    )


def test_an_hour_inside_its_forecast_is_no_news_but_a_day_is():
    assert told(scored("1h", beyond=False)) == []
    assert told(scored("1d", beyond=False)) == [
        "12 Nov stayed inside VaR 99 %, gain 200 USD, VaR 1.0 k USD"
    ]


def test_a_day_that_is_scored_at_midnight_is_the_day_before():
    at_midnight = AFTERNOON.replace(hour=0, minute=0, second=0)

    (entry,) = told(replace(scored("1d", beyond=True), at=at_midnight))
    assert entry.startswith("The loss of 11 Nov went beyond VaR 99 %, loss 1.5 k USD")


def test_a_loss_beyond_the_forecast_is_always_news():
    assert told(scored("1h", beyond=True)) == [
        "The hour's loss went beyond VaR 99 %, loss 1.5 k USD, VaR 1.0 k USD"
    ]


def test_paused_entries_and_stopped_trading_are_never_called_the_same():
    def status(state: str) -> RiskStatus:
        return RiskStatus(
            **COMMON,
            scope_kind="portfolio",
            scope="demo",
            state=state,
            previous="NORMAL",
            cause="because",
            severity=Severity.CRITICAL,
        )

    assert words(status("REDUCE_ONLY"), "USD")[:2] == ("reduce_only", "demo is REDUCE ONLY")
    assert words(status("HALTED"), "USD")[:2] == ("halted", "demo is HALTED")


def test_a_mark_that_recovered_is_told_as_good_news():
    changed = example_of(MarkTrustChanged)

    assert words(changed, "USD")[0] == "stale"
    assert words(replace(changed, trust=Trust.TRUSTED), "USD")[0] == "normal"


def test_an_order_says_what_was_asked_and_what_passes():
    order = OrderValidation(
        **COMMON,
        client_order_id="a",
        strategy="trend",
        asset="BTC/USDT",
        verdict=Verdict.RESIZE,
        requested_quantity=1.8,
        allowed_quantity=0.802,
        reasons=("value_at_risk", "throttled", "net_exposure", "leverage"),
    )

    assert words(order, "USD") == (
        "throttled",
        "Order resized",
        (
            "trend buy 1.800 to 0.8020 BTC/USDT: Value at risk; the trading state lets new risk "
            "through at a fraction of its size only; Net exposure and 1 more"
        ),
    )


@pytest.mark.parametrize("code", ReasonCode)
def test_no_code_of_a_reason_reaches_a_reader(code):
    order = replace(example_of(OrderValidation), reasons=(code.value,))

    told = words(order, "USD")[2]
    assert "_" not in told
    assert "`" not in told
    assert len(told) > len("trend buy 1.500 BTC/USDT: ") + len(code.value)


ORDER = {"client_order_id": "a-1", "strategy": "trend", "asset": "BTC/USDT"}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            FillUnexpected(
                **COMMON,
                **ORDER,
                sender="bot",
                quantity=1.5,
                allowed=1.0,
                reason="More was filled than was let through.",
                severity=Severity.CRITICAL,
            ),
            (
                "halted",
                "trend filled more BTC/USDT than it may",
                (
                    "1.500 filled, 1.000 allowed: more was filled than was let through; "
                    "order a-1, told by bot"
                ),
            ),
        ),
        (
            ListDisputed(
                **COMMON,
                lease_id="lease:1",
                strategy="trend",
                sender="bot",
                reason="11 cannot have been ordered of a slice of 1",
                severity=Severity.CRITICAL,
            ),
            (
                "halted",
                "Orders that trend says it made of a slice were not believed",
                (
                    "11 cannot have been ordered of a slice of 1; "
                    "slice lease:1, told by bot, still reserved"
                ),
            ),
        ),
        (
            LeaseOverspent(
                **COMMON,
                lease_id="lease:1",
                strategy="trend",
                asset="BTC/USDT",
                sender="bot",
                quantity=1.5,
                allowed=1.0,
                severity=Severity.WARNING,
            ),
            (
                "throttled",
                "trend ordered more BTC/USDT than it had room for without asking",
                ("1.500 ordered, 1.000 left: all of it is reserved; slice lease:1, told by bot"),
            ),
        ),
        (
            FillDisputed(
                **COMMON,
                client_order_id="a-1",
                sender="bot",
                reason="Its price is 30 % off the mark.",
                severity=Severity.WARNING,
            ),
            (
                "throttled",
                "A fill told by bot was not believed",
                "its price is 30 % off the mark; order a-1, nothing was booked",
            ),
        ),
        (
            ReservationOverdue(**COMMON, **ORDER, quantity=-0.5, severity=Severity.WARNING),
            (
                "throttled",
                "Nobody told what became of an order of trend",
                "sell 0.5000 BTC/USDT, order a-1: its room stays set aside",
            ),
        ),
        (
            OrderEnded(**COMMON, **ORDER, quantity=2.0, sender="bot"),
            (
                "info",
                "An order of trend is dead, says bot",
                "room for 2.000 BTC/USDT was given back, order a-1",
            ),
        ),
        (
            ReservationReleased(**COMMON, **ORDER, quantity=2.0, who="Ana", reason="never sent"),
            (
                "info",
                "Ana gave back the room of an order of trend",
                "2.000 BTC/USDT, order a-1: “never sent”",
            ),
        ),
        (
            ReductionAcknowledged(
                **COMMON, id="r1", strategy="trend", asset="BTC/USDT", venue="sim-a", sender="bot"
            ),
            ("info", "bot will reduce BTC/USDT of trend", "on sim-a, as it was asked"),
        ),
        (
            AnswersLost(**COMMON, refused=1, severity=Severity.CRITICAL),
            (
                "halted",
                "1 refused order could not be written down",
                "the database was away; nothing was let through unwritten among them",
            ),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_happens_between_an_answer_and_a_fill_is_told_in_words(event, said):
    assert words(event, "USD") == said


def test_a_stop_says_where_it_is_or_that_it_is_gone():
    update = replace(example_of(StopLossUpdate), strategy="trend", asset="BTC/USDT")
    at, gone = (words(replace(update, stop_price=p), "USD")[1] for p in (90_000.0, None))

    assert at.replace("\u202f", " ") == "trend stop of BTC/USDT is at 90 000.00 USD"
    assert gone == "trend stop of BTC/USDT is gone"


def test_a_late_stop_is_told_as_critical_with_what_is_still_held():
    late = replace(
        example_of(StopEscalated), quantity=2.0, target_quantity=0.0, severity=Severity.CRITICAL
    )
    shape, fact, detail = words(late, "USD")

    assert (shape, fact) == ("halted", "words did not reduce words in time")
    assert detail.startswith("2.000 held, 0 asked for")


def test_what_the_journal_keeps_has_words_of_its_own():
    """Else the timeline would tell that something happened, and not to what."""
    kept = [kind for kind in RiskEvent.kinds().values() if kind.journalled]
    bare = {kind for kind in kept if not words(example_of(kind), "USD")[2]}

    assert bare <= {LimitCleared}
    assert words(example_of(LimitCleared), "USD")[1] == "words is inside again"


@pytest.mark.parametrize(
    ("severity", "value", "threshold", "said"),
    [
        (Severity.WARNING, 0.0404, 0.04, ("throttled", "x reached its soft threshold", "1.0 %")),
        (Severity.CRITICAL, 0.06, 0.05, ("halted", "x passed its hard threshold", "20.0 %")),
        (Severity.CRITICAL, 0.06, 0.0, ("halted", "x passed its hard threshold", "")),
    ],
)
def test_a_breach_says_which_threshold_was_passed_and_by_how_much(severity, value, threshold, said):
    breach = replace(
        example_of(LimitBreached), limit="x", severity=severity, value=value, threshold=threshold
    )
    shape, fact, detail = words(breach, "USD")

    assert (shape, fact) == said[:2]
    assert detail.replace("\u00a0", " ") == (said[2] and f"{said[2]} above it")


def test_a_limit_that_the_policy_dropped_is_not_told_as_kept():
    gone = replace(example_of(LimitCleared), value=None)

    assert words(gone, "USD")[:2] == ("info", "The breach of words ended")


@pytest.mark.parametrize(
    ("hard", "soft", "verb"),
    [
        ((0.05, 0.04), (0.04, 0.03), "tightened"),
        ((0.05, 0.06), (0.04, 0.03), "loosened"),
        ((0.05, 0.05), (0.04, 0.03), "tightened"),
        ((None, 0.05), (None, 0.04), "set"),
        ((0.05, None), (0.04, None), "taken away"),
    ],
)
def test_a_threshold_that_moved_says_which_way(hard, soft, verb):
    update = replace(
        example_of(LimitUpdated),
        limit="x",
        previous=hard[0],
        threshold=hard[1],
        previous_soft=soft[0],
        soft=soft[1],
    )

    assert words(update, "USD")[1] == f"x {verb}"


def test_a_limit_is_called_as_on_all_other_screens():
    named = "drawdown portfolio"
    breach = replace(example_of(LimitBreached), limit=named, severity=Severity.CRITICAL)
    moved = replace(example_of(LimitUpdated), limit=named, threshold=0.1, previous=0.2)
    ended = replace(example_of(LimitCleared), limit=named, value=0.1)

    assert words(breach, "USD")[1] == "Drawdown, book passed its hard threshold"
    assert words(moved, "USD")[1] == "Drawdown, book tightened"
    assert words(ended, "USD")[1] == "Drawdown, book is inside again"


def test_a_threshold_names_the_person_who_moved_it_and_no_rule_beside_one():
    moved = replace(example_of(LimitUpdated), reason="temporary, set by anna", changed_by="rule")

    assert words(moved, "USD")[2] == "temporary, set by anna"
    assert words(replace(moved, reason="version 2", changed_by="ben"), "USD")[2] == (
        "version 2, by ben"
    )


def test_who_is_to_reduce_does_not_read_as_who_asks():
    asked = replace(example_of(ReductionRequested), strategy="dip", asset="LTC/USDT")

    assert words(asked, "USD")[1] == "dip is asked to reduce LTC/USDT"


def test_only_as_many_as_asked_for_and_in_the_chosen_zone():
    entries = happenings(build_events(), zone=zone("Europe/Berlin"), currency="USD", limit=2)

    assert [e.time for e in entries] == ["16:42:07", "16:38:40"]


HALT = TradingLatched(
    **COMMON,
    scope_kind="asset",
    scope="DOGE/USDT",
    state="HALTED",
    asked="HALTED",
    who="ana",
    reason="fat finger",
)
STATUS = RiskStatus(
    **COMMON,
    scope_kind="asset",
    scope="DOGE/USDT",
    state="HALTED",
    previous="NORMAL",
    cause="halted by ana: fat finger",
    severity=Severity.WARNING,
)


def test_who_stopped_trading_is_told_once_and_not_again_as_a_state():
    elsewhere = replace(STATUS, scope="BTC/USDT")

    assert told(STATUS, HALT) == ["ana halted DOGE, “fat finger”"]
    assert len(told(elsewhere, HALT)) == 2
    assert len(told(replace(STATUS, state="REDUCE_ONLY"), HALT)) == 2


def test_a_looser_latch_says_what_stays():
    looser = replace(HALT, asked="REDUCE_ONLY", who="ben", scope_kind="portfolio", scope="demo")

    assert told(looser) == [
        "ben lets only reductions pass in the book, “fat finger”; it stays HALTED"
    ]


def test_who_resumed_is_told_beside_what_trading_is_then():
    resumed = TradingResumed(
        **COMMON,
        scope_kind="strategy",
        scope="trend",
        state="HALTED",
        who="ben",
        reason="checked",
    )
    normal = replace(STATUS, state="NORMAL", previous="HALTED", cause="resumed by ben: checked")

    assert told(normal, resumed)[1] == "ben resumed strategy trend, “checked”"
    assert len(told(normal, resumed)) == 2


def rejected(seconds: int, strategy: str, *reasons: str) -> OrderValidation:
    return replace(
        example_of(OrderValidation),
        at=AFTERNOON + timedelta(seconds=seconds),
        strategy=strategy,
        verdict=Verdict.REJECT,
        reasons=reasons,
    )


def test_a_rejected_order_is_told_by_what_was_asked_and_a_cut_one_by_both():
    no = rejected(0, "trend")
    cut = replace(no, verdict=Verdict.RESIZE, allowed_quantity=no.requested_quantity / 2.0)

    assert words(no, "USD")[2] == "trend buy 1.500 words"
    assert words(cut, "USD")[2] == "trend buy 1.500 to 0.7500 words"


def test_an_hour_of_another_day_is_told_with_its_day():
    trip = example_of(BreakerActivated)
    later = replace(trip, until=AFTERNOON + timedelta(days=1))

    told = [words(each, "USD")[2].replace("\u00a0", " ") for each in (trip, later)]
    assert told[0].endswith("at least until 16:42:18 UTC")
    assert told[1].endswith("at least until 13 Nov 15:42:18 UTC")


def test_a_run_of_rejected_orders_is_one_entry_with_whose_they_were_and_why():
    run = [rejected(2, "trend", "halted"), rejected(1, "dip", "halted"), rejected(0, "dip")]

    (said,) = told(*run)

    assert said.startswith("3 orders rejected since 15:42:18, dip, trend: ")
    assert len(told(run[0], replace(run[1], verdict=Verdict.APPROVE), run[2])) == 3


def test_however_often_a_limit_flaps_a_trip_and_a_halt_keep_their_place():
    flaps = [example_of(LimitBreached) for _ in range(30)]
    trip = example_of(BreakerActivated)
    day = [*flaps, *(rejected(n, "dip") for n in range(30)), HALT, trip]

    kept = holds_among(day, 12)

    assert kept == [*flaps[:10], HALT, trip]
    assert {type(event) for event in all_else(day)} == {OrderValidation}


def test_what_a_person_wrote_is_quoted_unchanged_and_told_once():
    about = {**COMMON, "proposal": 3, "direction": "loosens", "by": "lea"}
    wrote = "BTC has been too large."
    made = ProposalMade(
        **about, what=(f"temporary limit VaR: added, reason {wrote}",), reason=wrote
    )

    _, fact, detail = words(made, "USD")

    assert fact == "lea proposes: temporary limit VaR: added"
    assert detail == "“BTC has been too large.”; proposal 3, loosens"


def test_a_name_at_the_beginning_of_a_sentence_keeps_its_capitals():
    denied = ActionDenied(**COMMON, asked="trade", by="tim", role="", reason="BTC is not his.")

    assert words(denied, "USD")[2].startswith("BTC is not his; ")


ANNA_OUT = {"at": AFTERNOON, "portfolio": "/people", "cycle": "", "person": "anna", "by": "anna"}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, ("anna signed out", "by anna")),
        (
            {"how": "signed out", "via": "web", "place": "10.0.0.7"},
            ("anna signed out", "by web, from 10.0.0.7"),
        ),
        (
            {
                "how": "ended from another login",
                "via": "web",
                "place": "10.0.0.7",
                "login": "command line, command line of tom",
            },
            (
                "anna ended another login",
                "command line, command line of tom; by web, from 10.0.0.7",
            ),
        ),
        (
            {
                "how": "replaced by another login",
                "by": "olga",
                "via": "command line",
                "place": "command line of tom",
                "login": "command line, command line of tom",
            },
            (
                "olga signed in over a login of anna",
                "command line, command line of tom; by command line, from command line of tom",
            ),
        ),
    ],
)
def test_how_a_login_was_ended_is_told_and_from_where(how, told):
    assert words(PersonSignedOut(**ANNA_OUT | how), "USD")[1:] == told


def test_what_somebody_changed_about_himself_has_no_reason_but_from_where():
    event = PersonChanged(
        **ANNA_OUT, what="set another password", reason="", via="web", place="10.0.0.7"
    )

    assert words(event, "USD")[1:] == ("anna set another password", "by web, from 10.0.0.7")
