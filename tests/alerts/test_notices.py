"""What people are told, in words that are enough to act on."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from risk.alerts.notices import _NEXT, TELLERS, bare_notice, notice_of, notices_of
from risk.domain.events import (
    BookChanged,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    JournalBroken,
    OverrideEnded,
    PersonChanged,
    ProposalDecided,
    ProposalMade,
    RiskEvent,
    Severity,
    TradingLatched,
    TradingResumed,
)
from tests.builders import NOON, build_portfolio_risk

WHERE = {"at": NOON, "portfolio": "demo", "cycle": "7", "scope_kind": "portfolio", "scope": "demo"}
TRIPPED = BreakerActivated(
    **WHERE,
    breaker="market_volatility_tier_2",
    episode="e1",
    value=4.1,
    threshold=3.0,
    state="HALTED",
    cause="volatility is 4.1 times its normal, and 3 is the most.",
    severity=Severity.CRITICAL,
    market="The market (20 assets) moved −7.2 % in 24 hours.",
    works="cancels, and reductions marked as emergency.",
    until=NOON + timedelta(minutes=30),
)
ASKED = BreakerAsksPerson(
    **WHERE | {"scope_kind": "strategy_type", "scope": "trend"},
    breaker="drawdown",
    episode="e2",
    state="REDUCE_ONLY",
    since=NOON - timedelta(hours=6),
    cause="the drawdown is 8 %.",
    severity=Severity.WARNING,
)
RELEASED = BreakerDeactivated(
    **WHERE, breaker="drawdown", episode="e2", reason="calm for an hour.", released_by="rule"
)
OPENED = BreakerStepped(
    **WHERE,
    breaker="drawdown",
    episode="e2",
    phase="probation",
    size=0.25,
    until=NOON + timedelta(hours=1),
    reason="it has eased",
    by="rule",
    severity=Severity.INFO,
)
SHUT = replace(OPENED, size=0.0, phase="tripped", by="anna", severity=Severity.CRITICAL)
LATCHED = TradingLatched(**WHERE, state="HALTED", asked="REDUCE_ONLY", who="anna", reason="a test")
RESUMED = TradingResumed(**WHERE, state="HALTED", who="bo", reason="it was a test")
RAISED = PersonChanged(
    at=NOON,
    portfolio="demo",
    cycle="people",
    person="olga",
    what="was given the role officer",
    by="anna",
    reason="analyst before",
    severity=Severity.CRITICAL,
    power_from=NOON + timedelta(hours=24),
    deed="role",
    role="officer",
    admins=("abel",),
)
OVERRIDDEN = BreakerOverridden(
    **WHERE,
    breaker="market_volatility_tier_2",
    episode="e1",
    kind="step_down",
    size=0.5,
    expires=NOON + timedelta(hours=2),
    state="THROTTLED",
    by="ana",
    reason="the news were false",
    action=7,
    severity=Severity.WARNING,
)
RETURNED = OverrideEnded(
    **WHERE,
    breaker="market_volatility_tier_2",
    episode="e1",
    kind="step_down",
    state="REDUCE_ONLY",
    size=0.0,
    why="its time is over",
    by="rule",
    began_by="ana",
    action=7,
    severity=Severity.WARNING,
)
ABOUT = {"at": NOON, "portfolio": "demo", "cycle": "people"}
PROPOSED = ProposalMade(
    **ABOUT,
    proposal=7,
    direction="loosens",
    what=tuple(f"limit {number}: added (looser), kind net_exposure" for number in range(9)),
    by="anna",
    reason="the market is calmer",
)
DECIDED = ProposalDecided(
    **ABOUT, proposal=7, status="approved", by="olga", reason="agreed", author="anna", action=4
)
BOOKED = BookChanged(
    **ABOUT, what="is to book a deposit of 1,000.00", by="anna", reason="first money"
)
BROKEN = JournalBroken(**ABOUT, stream="demo", problem="entry 3 of the journal of demo was changed")
ALL = (
    TRIPPED,
    ASKED,
    RELEASED,
    OPENED,
    SHUT,
    OVERRIDDEN,
    RETURNED,
    LATCHED,
    RESUMED,
    RAISED,
    BOOKED,
    BROKEN,
    PROPOSED,
    DECIDED,
)


def test_a_trip_tells_why_how_the_market_is_what_works_until_when_and_what_to_do():
    (notice,) = notices_of([TRIPPED])

    assert notice.subject == "HALTED: portfolio demo, market volatility tier 2"
    assert notice.body.splitlines() == [
        "Why: volatility is 4.1 times its normal, and 3 is the most.",
        "The market (20 assets) moved −7.2 % in 24 hours.",
        "Still works: cancels, and reductions marked as emergency.",
        "Stays so until: 2024-01-01 12:30 UTC at least",
        f"What to do next: {_NEXT['HALTED']}",
        "2024-01-01 12:00 UTC, demo 7-0",
    ]
    assert (notice.severity, notice.episode, notice.at) == (Severity.CRITICAL, "e1", NOON)


def test_a_trip_stored_before_there_was_a_context_still_says_what_works():
    older = replace(TRIPPED, market="", works="", until=None)

    lines = notices_of([older])[0].body.splitlines()

    assert "Still works: cancels, and reductions that are marked as emergency." in lines
    assert "Stays so until: no time is set" in lines
    assert not any("market" in line and line != lines[0] for line in lines)


def test_the_others_say_what_happened_where_and_to_whom():
    assert [notice.subject for notice in notices_of(ALL)[1:]] == [
        "A person must look: strategy type trend of demo, drawdown",
        "Released: portfolio demo, drawdown",
        "Breaker re-opens at 25 % of size: portfolio demo, drawdown",
        "Tripped again: portfolio demo, drawdown",
        "Overridden (step down to 50 %): portfolio demo, market volatility tier 2",
        "Override over: portfolio demo, market volatility tier 2",
        "HALTED: portfolio demo, by anna",
        "Resumed: portfolio demo, by bo",
        "Login: olga was given the role officer",
        "Book demo is to book a deposit of 1,000.00",
        "The journal of demo does not hold",
        "Waits for an officer: proposal 7 of demo, by anna",
        "Proposal 7 of demo, by anna: approved",
    ]
    assert "REDUCE ONLY now. It tripped 2024-01-01 06:00 UTC" in notices_of([ASKED])[0].body
    assert "REDUCE ONLY was asked for" in notices_of([LATCHED])[0].body


def test_an_override_is_told_both_ways_with_what_the_breaker_imposes_from_then_on():
    begun = notices_of([OVERRIDDEN])[0].body.splitlines()
    over = notices_of([RETURNED])[0].body.splitlines()

    assert begun[:4] == [
        "By: ana",
        "Why: the news were false",
        "It imposes now: THROTTLED",
        "Until: 2024-01-01 14:00 UTC at the latest; then its rule alone holds again.",
    ]
    assert over[:3] == [
        "It was step down, by ana.",
        "Why: its time is over",
        "It imposes now: REDUCE ONLY",
    ]
    assert "seawall breakers reviews" in over[3]
    ended = notices_of([replace(RETURNED, kind="hold", by="ben", state="NORMAL")])[0].body
    assert "Ended by: ben\nIt imposes now: nothing" in ended
    assert "reviews" not in ended


def test_a_proposal_tells_its_first_lines_and_how_many_more_there_are():
    (notice,) = notices_of([PROPOSED])

    assert notice.body.splitlines()[:5] == [
        "limit 0: added (looser), kind net_exposure",
        "limit 1: added (looser), kind net_exposure",
        "limit 2: added (looser), kind net_exposure",
        "and 6 more",
        "Why: the market is calmer",
    ]
    assert "seawall proposals show 7" in notice.body
    assert notice.severity is Severity.WARNING


def test_only_what_waits_or_was_another_s_is_told():
    assert notices_of([replace(PROPOSED, waits=False)]) == ()
    assert notices_of([replace(DECIDED, by="anna", status="withdrawn", action=None)]) == ()
    lapsed = replace(DECIDED, by="rule", status="lapsed", action=None)
    (notice,) = notices_of([lapsed])
    assert "By:" not in notice.body
    assert "anna may propose it anew" in notice.body


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_every_notice_is_short_and_says_what_to_do_next(event: RiskEvent):
    (notice,) = notices_of([event])

    assert len(notice.subject) <= 80
    assert "\nWhat to do next: " in notice.body
    assert len(notice.body) <= 700


def test_of_people_is_told_what_gives_or_takes_power_and_nothing_else():
    (notice,) = notices_of([RAISED])

    assert notice.body.splitlines()[:3] == [
        "By: anna",
        "Why: analyst before",
        "May approve and override from 2024-01-02 12:00 UTC on.",
    ]
    assert notice_of(replace(RAISED, severity=Severity.INFO), 1) is None
    assert "May approve" not in notice_of(replace(RAISED, power_from=None), 1).body


ADMIN = replace(RAISED, role="admin", power_from=None)
BEGUN = {"power_from": NOON}
VOUCH = (
    " An officer who knows that it is olga can let the power begin at once (page Vouching, or "
    "seawall users vouch olga), but not whoever gave it."
)


@pytest.mark.parametrize(
    ("event", "advice"),
    [
        (
            replace(RAISED, deed="added"),
            "abel can disable olga (page Administration, or seawall users disable olga)." + VOUCH,
        ),
        (
            replace(RAISED, deed="added", **BEGUN),
            "abel can disable olga (page Administration, or seawall users disable olga).",
        ),
        (
            replace(RAISED, deed="vouched", by="otto", admins=("abel", "anna"), **BEGUN),
            "abel or anna can disable olga (page Administration, or seawall users disable olga).",
        ),
        (
            replace(RAISED, deed="reset", admins=()),
            "no other admin could disable olga." + VOUCH,
        ),
        (
            replace(ADMIN, deed="added"),
            "abel can disable olga (page Administration, or seawall users disable olga).",
        ),
        (
            replace(ADMIN, deed="added", admins=tuple("abcd")),
            (
                "a or b or c or another admin can disable olga (page Administration, or seawall "
                "users disable olga)."
            ),
        ),
        (
            replace(RAISED, deed="disabled"),
            "abel can enable olga again (page Administration, or seawall users enable olga).",
        ),
        (
            replace(RAISED, deed="role", role="trader", power_from=None),
            (
                "abel can give olga the role of before again (page Administration, or seawall "
                "users role olga)."
            ),
        ),
        (
            replace(ADMIN, deed="rescued", by="root (command line)", admins=("abel",)),
            (
                "who has the machine's own files. No other admin can sign in: whoever has these "
                "files too can take it back (seawall users rescue olga)."
            ),
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else f"{given.deed} {given.role}",
)
def test_who_can_undo_it_is_told_of_each_case(event: PersonChanged, advice: str):
    """Nobody vouches for an admin, nor once power has begun."""
    told = notice_of(event, 1).body.splitlines()[-2]

    asked, _, rest = told.partition(f"ask {event.by}")
    assert asked == "What to do next: if you did not expect it, "
    assert rest.lstrip(",; ") == advice


def test_every_kind_that_is_told_has_an_example_here():
    assert set(TELLERS) == {type(event) for event in ALL}


def test_the_same_cycle_gives_the_same_ids_and_no_two_are_alike():
    events = [build_portfolio_risk(), LATCHED, LATCHED]

    ids = [notice.id for notice in notices_of(events)]

    assert ids == ["7-1", "7-2"]
    assert ids == [notice.id for notice in notices_of(events)]


def test_what_is_measured_each_second_is_nobody_s_message():
    assert notice_of(build_portfolio_risk(), 0) is None


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_a_bare_notice_can_be_made_of_whatever_an_event_has_become(event: RiskEvent):
    told = {spec.name for spec in fields(event)} - {"at", "portfolio", "cycle"}
    for name in told:
        broken = replace(event)
        object.__setattr__(broken, name, None)
        notice = bare_notice(broken, 3)
        assert notice.subject.startswith(type(event).__name__)
        assert "What to do next: " in notice.body
        assert notice.severity is Severity.CRITICAL
