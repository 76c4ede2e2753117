"""Overrides in the database: one winner of two officers, and nobody who judges his own."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from risk.domain.actions import OverrideBreaker
from risk.domain.actors import Ability, Role
from risk.domain.breakers import BreakerDefinition, Breakers, BreakerState, Reading
from risk.domain.changing import Changes
from risk.domain.events import (
    PEOPLE_STREAM,
    BreakerOverridden,
    BreakerReading,
    OverrideEnded,
    OverrideReviewed,
    RiskEvent,
    Severity,
)
from risk.domain.overrides import Override, OverrideKind, OverrideWish, Verdict
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.errors import Conflict, InvalidInput, NotAllowed, StoreError, UnknownPortfolio
from risk.storage import codec, override_outcomes
from risk.storage import journal as chain
from risk.storage.actions import SqlActions, state_of
from risk.storage.breakers import breaker_standing
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines, transaction
from risk.storage.people import SqlPeopleView
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_portfolio_risk, build_record
from tests.storage.persons import by, hired, signed_in
from tests.storage.rows import lease_token, read, write
from tests.tripped import HOUR, armed, tripped

TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE, END = OverrideKind
WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
FALL = BreakerDefinition(
    name="market fall", kind="market_volatility", scope=WHOLE, trip=2.0, release=1.5
)
POLICY = Policy(breakers=(FALL,), version=1)
SHUT = tripped(FALL)
EPISODE = "market fall/1"
MORNING = NOON + timedelta(hours=20)


@pytest.fixture(autouse=True)
def portfolio(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)


class Book:
    """A book whose last cycle left its one breaker so."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.token = lease_token(engines, PORTFOLIO)
        self.number = 0

    def stands(
        self,
        state: BreakerState = SHUT,
        *,
        at: datetime = NOON,
        events: Sequence[RiskEvent] = (),
        action_seq: int = 0,
    ) -> None:
        self.number += 1
        record = build_record(self.number, at=at, events=tuple(events))
        after = replace(
            record.state,
            policy=POLICY,
            breakers=Breakers({FALL.name: state}),
            at=at,
            action_seq=action_seq,
        )
        episodes = () if state.episode is None else (state.episode,)
        SqlStore(self.engines).save(
            replace(record, state=after, episodes=episodes), token=self.token
        )


@pytest.fixture
def book(engines: Engines) -> Book:
    made = Book(engines)
    made.stands()
    return made


def changes(engines: Engines) -> SqlChanges:
    return SqlChanges(engines, wall=lambda: MORNING)


def overriding(engines: Engines, who: str) -> Changes:
    """What an officer changes, however he writes his name; a persona while nobody has a login."""
    with transaction(engines.reader) as connection:
        has_login = SqlPeopleView(connection).anybody()
    officer = replace(signed_in(who.strip().lower(), Role.OFFICER, MORNING), has_login=has_login)
    return by(changes(engines), officer, Ability.OVERRIDE)


def wish(kind: OverrideKind = STEP_DOWN, **told: object) -> OverrideWish:
    asked = OverrideWish(
        breaker=FALL.name,
        kind=kind,
        reason="the news were false",
        expires=None if kind is END else NOON + 2 * HOUR,
        seen_episode=EPISODE,
        size=0.5,
    )
    return asked._replace(**told)


def put_action(engines: Engines, seq: int, kind: OverrideKind, *, who: str = "ana") -> None:
    """Past all that judges it."""
    write(
        engines,
        "INSERT INTO action (portfolio, seq, at_ms, who, kind, body)"
        " VALUES (:p, :seq, 0, :who, 'OverrideBreaker', :body)",
        p=PORTFOLIO,
        seq=seq,
        who=who,
        body=f'{{"breaker":"market fall","kind":"{kind.value}","reason":"why"}}',
    )


def asks(engines: Engines, who: str = "ana", **told: object) -> int:
    return overriding(engines, who).override_breaker(PORTFOLIO, wish(**told), who=who)


def written(engines: Engines) -> list[OverrideBreaker]:
    return list(SqlActions(engines, PORTFOLIO).after(0))


# --- asking --------------------------------------------------------------------------------


def test_a_wish_waits_for_the_engine_with_all_that_was_said(engines: Engines, book: Book):
    number = asks(engines, size=0.25)

    (action,) = written(engines)
    assert (action.seq, action.who, action.at) == (number, "ana", MORNING) == (1, "ana", MORNING)
    assert action.wish == wish(size=0.25)
    with transaction(engines.reader) as connection:
        standing = breaker_standing(connection, PORTFOLIO)
    assert standing.overriding == (action,)
    assert standing.breakers[0].override is None
    assert standing.coming[0].override.action == 1
    assert (standing.breakers[0].size, standing.coming[0].size) == (1.0, 0.25)


def test_of_two_who_saw_the_same_one_wins_and_the_other_hears_who_when_and_what(
    engines: Engines, book: Book
):
    asks(engines, who="ben")

    with pytest.raises(Conflict) as lost:
        asks(engines, who="cleo", kind=HOLD)

    assert str(lost.value) == (
        f"ben was quicker: since {MORNING:%Y-%m-%d %H:%M:%S} UTC market fall is stepped down to "
        "50 % of size until 2024-01-01 14:00 UTC (number 1); look at that first"
    )
    assert len(written(engines)) == 1
    # Once it has looked at that one, it may take its place.
    assert asks(engines, who="cleo", kind=HOLD, seen_action=1) == 2


@pytest.mark.parametrize("taken_in", [False, True])
def test_at_once_one_of_many_wins(engines: Engines, book: Book, taken_in: bool):
    if taken_in:
        on = Override(STEP_DOWN, "dora", "why", NOON, NOON + HOUR, 1, 0.5, EPISODE)
        put_action(engines, 1, STEP_DOWN, who="dora")
        book.stands(SHUT._replace(override=on), action_seq=1)
    outcomes: list[object] = []
    together = threading.Barrier(4)

    def officer(name: str) -> None:
        together.wait()
        try:
            outcomes.append(asks(engines, who=name, seen_action=int(taken_in)))
        except Conflict as lost:
            outcomes.append(str(lost))

    threads = [threading.Thread(target=officer, args=(f"officer {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    won = [each for each in outcomes if isinstance(each, int)]
    lost = [each for each in outcomes if isinstance(each, str)]
    assert won == [1 + taken_in]
    winner = written(engines)[-1].who
    assert len(lost) == 3
    assert all(said.startswith(f"{winner} was quicker: since ") for said in lost)


REFUSED = [
    ({"breaker": "market fal"}, "did you mean market fall"),
    ({"breaker": "manual portfolio:demo"}, "what people stopped is resumed, not overridden"),
    ({"kind": TRIP}, "market fall is tripped already"),
    ({"expires": NOON}, "the expiry must lie ahead"),
    ({"expires": NOON + timedelta(hours=5)}, "it may last for 4 h at the most"),
    ({"seen_episode": "market fall/0"}, "has tripped since: its episode is market fall/1"),
    ({"size": float("nan")}, "above 0 and up to 1"),
    ({"reason": " "}, "a reason is one line"),
    ({"who": " "}, "who asks must have a name"),
]


def test_what_the_engine_would_refuse_is_refused_at_once_and_nothing_is_written(
    engines: Engines, book: Book
):
    for told, why in REFUSED:
        with pytest.raises(InvalidInput, match=why) as refused:
            asks(engines, **told)
        assert not isinstance(refused.value, Conflict)

    assert written(engines) == []


def test_what_tripped_again_since_it_was_seen_is_a_conflict_unless_it_tightens(
    engines: Engines, book: Book
):
    book.stands(SHUT._replace(episode=SHUT.episode._replace(retrips=2)))

    for kind in (STEP_DOWN, DISABLE):
        with pytest.raises(Conflict, match="tripped again since it was looked at, 2 times in this"):
            asks(engines, kind=kind, seen_retrips=1, seen_value=2.2)
    assert written(engines) == []
    assert asks(engines, kind=HOLD, expires=NOON + 20 * HOUR, seen_retrips=1) == 1


def test_what_got_worse_since_it_was_seen_is_not_stepped_down(engines: Engines, book: Book):
    book.stands(SHUT._replace(reading=Reading(9.0, 9.0)))

    with pytest.raises(InvalidInput, match=r"worse since it was looked at: it measured 2\.2"):
        asks(engines, seen_retrips=0, seen_value=2.2)
    asks(engines, seen_retrips=0, seen_value=9.0)
    assert written(engines)[0].wish == wish(seen_retrips=0, seen_value=9.0)


def test_what_is_ended_is_what_was_said_else_nobody_ends_a_hold_without_a_proof(
    engines: Engines, book: Book
):
    on = Override(HOLD, "ben", "why", NOON, NOON + HOUR, 3, until=NOON + HOUR / 2)
    book.stands(SHUT._replace(override=on), action_seq=3)

    with pytest.raises(InvalidInput, match=r"market fall is held .* \(number 3\): look at that"):
        asks(engines, kind=END, seen_action=3, ends=DISABLE)
    assert written(engines) == []


def test_what_was_asked_before_is_read_as_it_was(engines: Engines, book: Book):
    put_action(engines, 1, STEP_DOWN)

    (action,) = written(engines)

    assert (action.seen_retrips, action.seen_value, action.ends) == (None, None, None)


# --- who keeps a breaker off ---------------------------------------------------------------


def test_who_loosened_loosens_the_same_again_once_somebody_has_judged_it(
    engines: Engines, book: Book
):
    hired(engines, "ana")
    hired(engines, "ben")
    put_action(engines, 1, STEP_DOWN)
    on = Override(STEP_DOWN, "ana", "why", NOON, NOON + HOUR, 1, 0.5, EPISODE)
    book.stands(SHUT._replace(override=on), events=[begun(1)], action_seq=1)
    for kind in (STEP_DOWN, DISABLE):
        with pytest.raises(NotAllowed, match="your last override of market fall, number 1: until"):
            asks(engines, "Ana ", kind=kind, seen_action=1)

    book.stands(at=NOON + HOUR, events=[over(1)], action_seq=1)
    with pytest.raises(NotAllowed, match="nobody else has judged yet what came of your last"):
        asks(engines)
    assert [each.seq for each in written(engines)] == [1]

    judge(engines, 1)
    assert asks(engines) == 2


def test_another_officer_loosens_meanwhile_and_whoever_tightens_is_not_asked(
    engines: Engines, book: Book
):
    hired(engines, "ana")
    hired(engines, "ben")
    put_action(engines, 1, STEP_DOWN)
    book.stands(at=NOON + HOUR, events=[begun(1), over(1)], action_seq=1)

    assert asks(engines, kind=HOLD, expires=NOON + 20 * HOUR) == 2
    assert asks(engines, kind=END, seen_action=2, ends=HOLD) == 3
    assert asks(engines, "ben") == 4


def test_one_that_waits_for_the_engine_counts_and_so_does_one_that_was_ended_there(
    engines: Engines, book: Book
):
    hired(engines, "ana")
    hired(engines, "ben")
    asks(engines)
    asks(engines, kind=END, seen_action=1)

    with pytest.raises(NotAllowed, match="number 1: until then another officer loosens it"):
        asks(engines)


def test_where_nobody_has_a_login_nobody_else_could_judge(engines: Engines, told: Book):
    assert asks(engines, expires=NOON + 4 * HOUR) == 4


def test_of_a_book_that_is_not_there_or_was_never_measured_nothing_is_overridden(engines: Engines):
    with pytest.raises(UnknownPortfolio):
        overriding(engines, "ana").override_breaker("dem", wish(), who="ana")
    with pytest.raises(InvalidInput, match="there is no breaker called"):
        asks(engines)
    Book(engines).stands(armed(1.0))
    write(engines, "UPDATE risk_state SET body = :body", body=_before_any_cycle())
    with pytest.raises(InvalidInput, match="nothing can be overridden before a cycle"):
        asks(engines)


def _before_any_cycle() -> bytes:
    return codec.encode_value(RiskState(portfolio=PORTFOLIO, policy=POLICY))


def test_an_override_in_force_comes_back_after_a_restart(engines: Engines, book: Book):
    on = Override(HOLD, "ana", "why", NOON, NOON + HOUR, 3, until=NOON + HOUR / 2)
    book.stands(SHUT._replace(override=on), action_seq=3)

    with transaction(engines.reader) as connection:
        state = state_of(connection, PORTFOLIO)

    assert state.breakers.states[FALL.name].override == on
    assert SqlStore(engines).load(PORTFOLIO).state.breakers.states[FALL.name].override == on


def test_who_tripped_an_episode_by_hand_is_kept_with_it(engines: Engines, book: Book):
    by_hand = SHUT.episode._replace(id="market fall/2-5", tripped_by="ana")
    book.stands(SHUT._replace(episode=by_hand))

    kept = read(engines, "SELECT id, tripped_by FROM breaker_history ORDER BY id")
    assert kept == [(EPISODE, ""), ("market fall/2-5", "ana")]


# --- judging -------------------------------------------------------------------------------

ABOUT = {
    "portfolio": PORTFOLIO,
    "cycle": "1",
    "breaker": FALL.name,
    "episode": EPISODE,
    "scope_kind": "portfolio",
    "scope": PORTFOLIO,
}


def begun(action: int, kind: OverrideKind = STEP_DOWN, by: str = "ana") -> BreakerOverridden:
    return BreakerOverridden(
        **ABOUT,
        at=NOON,
        kind=kind.value,
        size=0.5,
        expires=NOON + HOUR,
        state="THROTTLED",
        by=by,
        reason="the news were false",
        action=action,
        severity=Severity.WARNING,
    )


def over(action: int, kind: OverrideKind = STEP_DOWN) -> OverrideEnded:
    return OverrideEnded(
        **ABOUT,
        at=NOON + HOUR,
        kind=kind.value,
        state="REDUCE_ONLY",
        size=0.0,
        why="its time is over",
        by="rule",
        began_by="ana",
        action=action,
        severity=Severity.WARNING,
    )


@pytest.fixture
def told(engines: Engines, book: Book) -> Book:
    """Ana stepped it down, which is over; then disabled it, which is on; and had held it before."""
    for number, kind in enumerate((HOLD, STEP_DOWN, DISABLE), start=1):
        put_action(engines, number, kind)
    readings = [
        BreakerReading(
            at=NOON + timedelta(minutes=minutes),
            portfolio=PORTFOLIO,
            cycle="1",
            breaker=FALL.name,
            breaker_reading=value,
        )
        for minutes, value in ((-5, 9.0), (1, 2.1), (30, 2.75), (59, 1.0), (61, 8.0))
    ]
    money = [
        build_portfolio_risk(at=NOON + timedelta(minutes=minutes), equity=equity, unit_value=unit)
        for minutes, equity, unit in ((-1, 1_000.0, 1.0), (58, 990.0, 0.98), (61, 500.0, 0.5))
    ]
    told = [begun(1, HOLD), over(1, HOLD), begun(2), over(2), begun(3, DISABLE)]
    book.stands(at=NOON + 2 * HOUR, events=[*readings, *money, *told], action_seq=3)
    return book


def judge(engines: Engines, action: int = 2, *, who: str = "ben", **told: object) -> None:
    verdict = told.pop("verdict", Verdict.WRONG)
    comment = str(told.pop("comment", "it cost us one percent"))
    overriding(engines, who).review_override(PORTFOLIO, action, verdict, comment=comment, who=who)


def test_those_that_loosened_are_to_be_judged_the_next_morning_the_newest_first(
    engines: Engines, told: Book
):
    newest, older = changes(engines).reviews(PORTFOLIO)

    assert [(each.action, each.kind) for each in (newest, older)] == [(3, DISABLE), (2, STEP_DOWN)]
    assert (older.by, older.since, older.ended) == ("ana", NOON, NOON + HOUR)
    assert older.due == datetime.fromisoformat("2024-01-02T09:00:00+00:00")
    assert (older.verdict, older.ended_why, newest.ended) == (None, "its time is over", None)


def test_what_came_of_it_is_told_beside_it(engines: Engines, told: Book):
    for client_order_id, verdict in (("o1", "approve"), ("o2", "resize"), ("o3", "reject")):
        put_decision(engines, client_order_id, verdict, at=NOON + HOUR / 2)
    put_decision(engines, "late", "approve", at=NOON + HOUR + timedelta(minutes=1))

    on, ended = (each.outcome for each in changes(engines).reviews(PORTFOLIO))

    assert (ended.stood, ended.on, ended.worst) == (HOUR, False, 2.75)
    assert ended.threshold == FALL.trip
    assert (ended.equity_before, ended.equity_after) == (1_000.0, 990.0)
    assert ended.moved == pytest.approx(-0.02)
    assert (ended.passed, ended.refused) == (2, 1)
    assert (on.on, on.until, on.worst, on.passed) == (True, NOON + 2 * HOUR, 8.0, 3)


def test_where_too_many_orders_were_asked_for_nobody_waits_until_they_are_counted(
    engines: Engines, told: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(override_outcomes, "COUNTED", 1)
    for number in range(2):
        put_decision(engines, f"o{number}", "approve", at=NOON + HOUR / 2)

    *_, ended = changes(engines).reviews(PORTFOLIO)

    assert (ended.outcome.passed, ended.outcome.refused) == (None, None)


def put_decision(engines: Engines, name: str, verdict: str, *, at: datetime) -> None:
    write(
        engines,
        "INSERT INTO decision (portfolio, client_order_id, at_ms, snapshot, strategy, asset, venue,"
        " side, sender, verdict, requested, allowed, micros, filled, request, answer)"
        " VALUES (:p, :name, :at, 1, 'trend', 'BTC', 'sim', 'buy', 'agent', :verdict, 1, 1, 9, 0,"
        " '{}', '{}')",
        p=PORTFOLIO,
        name=name,
        at=int(at.timestamp() * 1000),
        verdict=verdict,
    )


def test_somebody_else_judges_once_and_it_stands_in_the_journal_of_people(
    engines: Engines, told: Book
):
    judge(engines)

    _, review = changes(engines).reviews(PORTFOLIO)
    assert (review.verdict, review.reviewer) == (Verdict.WRONG, "ben")
    assert (review.comment, review.reviewed) == ("it cost us one percent", MORNING)
    (body,) = read(engines, "SELECT body FROM journal WHERE stream = :s", s=PEOPLE_STREAM)
    event = codec.decode_event(body[0])
    assert isinstance(event, OverrideReviewed)
    assert (event.action, event.author, event.by) == (2, "ana", "ben")
    with transaction(engines.reader) as connection:
        chain.verify(connection, PEOPLE_STREAM)

    with pytest.raises(Conflict, match="ben was quicker: judged wrong at 2024-01-02 08:00 UTC"):
        judge(engines, who="cleo", verdict=Verdict.RIGHT)


def test_whoever_overrode_does_not_judge_it(engines: Engines, told: Book):
    for who in ("ana", " ANA ", "Ana"):
        with pytest.raises(NotAllowed, match="ana overrode market fall: somebody else judges"):
            judge(engines, who=who)

    assert read(engines, "SELECT count(*) FROM override_review") == [(0,)]


NOT_JUDGED = [
    (3, {}, "override 3 of market fall is still on"),
    (1, {}, "override 1 of market fall loosened nothing"),
    (9, {}, "no override number 9 has begun"),
    (2, {"comment": " "}, "a reason is one line"),
    (2, {"who": ""}, "who asks must have a name"),
]


def test_what_cannot_be_judged_is_refused(engines: Engines, told: Book):
    for action, said, why in NOT_JUDGED:
        with pytest.raises(InvalidInput, match=why):
            judge(engines, action, **said)


def test_two_who_judge_at_once_leave_one_judgement(engines: Engines, told: Book):
    outcomes: list[str] = []
    together = threading.Barrier(3)

    def officer(name: str) -> None:
        together.wait()
        try:
            judge(engines, who=name)
            outcomes.append("judged")
        except Conflict:
            outcomes.append("too late")

    threads = [threading.Thread(target=officer, args=(name,)) for name in ("ben", "cleo", "dora")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["judged", "too late", "too late"]
    assert read(engines, "SELECT count(*) FROM override_review") == [(1,)]


# --- what the database itself refuses ------------------------------------------------------


def put_review(engines: Engines, *, author: str = "ana", reviewer: str = "ben", action: int = 2):
    write(
        engines,
        "INSERT INTO override_review VALUES (:p, :action, :author, :reviewer, 'right', 'ok', 0)",
        p=PORTFOLIO,
        action=action,
        author=author,
        reviewer=reviewer,
    )


REFUSED_ROWS = [
    ({"reviewer": "ana"}, "override_review_by_another"),
    ({"reviewer": " Ana"}, "override_review_by_another"),
    ({"author": "ben", "reviewer": "ana"}, "names whoever asked for the override"),
    ({"action": 9}, "names whoever asked for the override"),
]


def test_no_program_can_judge_his_own_or_say_that_it_was_anothers(engines: Engines, told: Book):
    for row, why in REFUSED_ROWS:
        with pytest.raises(StoreError, match=why):
            put_review(engines, **row)


CHANGES = (
    "UPDATE override_review SET author = 'cleo'",
    "UPDATE override_review SET verdict = 'right'",
    "DELETE FROM override_review",
    "UPDATE action SET who = 'cleo'",
    "DELETE FROM action",
)


def test_nobody_changes_a_review_or_an_action_afterwards(engines: Engines, told: Book):
    put_review(engines)

    for statement in CHANGES:
        with pytest.raises(StoreError, match="is never changed"):
            write(engines, statement)


def test_neither_is_a_row_replaced_or_a_table_emptied(engines: Engines, told: Book):
    put_review(engines)
    around = (
        [
            (
                "INSERT OR REPLACE INTO action SELECT portfolio, seq, 0, 'ben', kind, body, NULL"
                " FROM action"
            )
        ]
        if engines.is_sqlite
        else ["TRUNCATE action", "TRUNCATE override_review"]
    )

    for statement in around:
        with pytest.raises(StoreError, match="is never changed"):
            write(engines, statement)
