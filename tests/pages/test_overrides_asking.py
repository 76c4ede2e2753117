"""What becomes of a wish: to override, to stop by scope, to let go, to judge."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dash
import pytest
from dash._callback_context import context_value
from dash._utils import AttributeDict

from pages.access import GUARDED, set_actor
from pages.components.deltas import plain
from pages.format import UTC_ZONE
from pages.query import parse
from pages.screens import Screen, Screens
from pages.views.breakers.address import WORDS
from pages.views.breakers.reading import read_breakers
from pages.views.breakers.view import breakers_view
from pages.views.overrides import form, kinds, panel, reviews, stopping
from pages.views.overrides.asking import Outcome, override
from pages.views.overrides.draft import Draft
from pages.views.overrides.situation import Asked, read_situation
from pages.views.overrides.stopping import StopAsked, StopDraft
from pages.views.overrides.warnings import must_read
from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.latches import Latch
from risk.domain.overrides import OverrideKind, Verdict
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from risk.errors import (
    Conflict,
    GateClosed,
    InvalidInput,
    NotAllowed,
    ProofNeeded,
    StateUnreadable,
    StoreUnavailable,
)
from tests import fakes_breakers as fakes
from tests.fakes_actions import ANALYST, OFFICER, TRADER, VIEWER
from tests.fakes_book import AFTERNOON
from tests.fakes_overrides import FakeBrakes, FakeChangeStore, build_review
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.test_overrides_view import (
    complete,
    ids_and_values,
    missing,
    overridden,
    situation_at,
)
from tests.pages.trees import part, parts, words

HOUR = timedelta(hours=1)
QUERY = parse({}, WORDS)
SCREEN = Screen("breakers", words=WORDS, read=read_breakers, view=breakers_view)
SILENT = StoreUnavailable("the database did not answer within 2 s")


@pytest.fixture
def changes(reader: FakeBookReader) -> FakeChangeStore:
    return FakeChangeStore(reader)


@pytest.fixture
def brake() -> FakeBrakes:
    return FakeBrakes()


@pytest.fixture
def actions(reader: FakeBookReader, changes: FakeChangeStore, brake: FakeBrakes) -> Actions:
    return Actions(changes, brake, wall=reader.wall)


# --- overriding ----------------------------------------------------------------------------------


@pytest.fixture
def ask(reader: FakeBookReader, actions: Actions):
    """Press the button of a form that was made for the afternoon."""
    situation, asked = situation_at(reader)

    def ask(draft: Draft | None = None, *, actor: Actor = OFFICER, asked: Asked | None = asked):
        readings = Screens(reader).readings
        wanted = complete(situation) if draft is None else draft
        return override(
            actions,
            actor,
            asked,
            wanted,
            lambda each, course: read_situation(readings, QUERY, each, course=course),
        )

    ask.situation, ask.asked = situation, asked
    return ask


def test_a_confirmed_override_reaches_the_store_with_all_that_was_seen(ask, changes):
    outcome = ask()

    assert outcome.done
    ((wish, who),) = changes.asked
    assert who == "demo officer"
    assert (wish.breaker, wish.kind, wish.size) == (fakes.STORM, OverrideKind.STEP_DOWN, 0.75)
    assert wish.expires == AFTERNOON + 2 * HOUR
    assert (wish.seen_episode, wish.seen_action) == ("market volatility/demo-48000", 0)
    assert (wish.seen_retrips, wish.seen_value) == (0, ask.situation.row.reading.value)
    assert wish.ends is None
    assert wish.reason == "delta hedge"
    assert list(wish.read) == [each.title for each in must_read(ask.situation, kinds.STEP_DOWN)]
    assert wish.read, "there was something to read"


def test_a_release_goes_its_own_way(reader, actions, changes):
    over = fakes.tripped(until=AFTERNOON)
    situation, asked = situation_at(reader, storm=over)
    opened = frozenset(each.id for each in must_read(situation, kinds.RELEASE))
    wanted = {"kind": kinds.RELEASE, "size": None, "typed": "release market volatility"}
    draft = complete(situation, **wanted, opened=opened)
    readings = Screens(reader).readings

    outcome = override(
        actions, OFFICER, asked, draft, lambda each, _: read_situation(readings, QUERY, each)
    )
    assert missing(situation, asked, draft) == ""
    assert outcome.done
    read = tuple(each.title for each in must_read(situation, kinds.RELEASE))
    assert read, "there was something to read"
    assert changes.released == [(fakes.STORM, asked.episode, "delta hedge", "demo officer", read)]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"typed": "market"}, "Type MARKET VOLATILITY 75"),
        ({"reason": ""}, "Write a reason"),
        ({"opened": frozenset()}, "Open 7 more warnings"),
        ({"until": (AFTERNOON - HOUR).isoformat()}, "That time is past"),
        ({"until": (AFTERNOON + 9 * HOUR).isoformat()}, "4 h is the most"),
        ({"kind": "nothing"}, "Choose what to do"),
    ],
)
def test_a_wish_that_lacks_something_changes_nothing_and_says_what(ask, changes, changed, why):
    outcome = ask(complete(ask.situation, **changed))

    assert not outcome.done
    assert why in outcome.text.replace("\u00a0", " ")
    assert "Nothing was changed" in outcome.text
    assert changes.asked == []


def test_what_is_wrong_with_a_field_is_said_at_that_field(ask):
    draft = complete(ask.situation, reason="", typed="")
    ids, _ = ids_and_values(draft)

    errors = form.errors_of(ask(draft).faults, ids)
    assert errors == [None, None, None, "Write a reason", "Type MARKET VOLATILITY 75"]
    assert form.errors_of(ask().faults, ["odd", None]) == [None, None]


def test_a_warning_that_came_meanwhile_must_be_opened_too(ask, reader, changes):
    """What was opened is checked against what is so now, and not by the page's own word."""
    draft = complete(ask.situation)
    falls = fakes.tripped(fakes.build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    reader.stands = fakes.states(fall=falls)
    reader.advance()

    outcome = ask(draft)
    assert outcome.text.startswith("Open 1 more warning.")
    assert outcome.faults.warnings == (f"breaker:{fakes.FALL}/x:tripped of {ask.asked.episode}",)
    assert ask(draft._replace(opened=draft.opened | set(outcome.faults.warnings))).done
    assert len(changes.asked) == 1


@pytest.mark.parametrize("actor", [TRADER, ANALYST, VIEWER])
@pytest.mark.parametrize("kind", [kinds.STEP_DOWN, kinds.HOLD])
def test_nobody_but_an_officer_overrides_and_the_denial_is_told(ask, changes, actor, kind):
    typed = "hold" if kind == kinds.HOLD else "market volatility 75"

    with pytest.raises(NotAllowed, match="overriding a breaker is not for"):
        ask(complete(ask.situation, kind=kind, typed=typed), actor=actor)
    assert changes.asked == []
    assert [event.by for event in changes.told] == [actor.name]


def test_whoever_loosens_proves_first_who_he_is_and_whoever_tightens_need_not(ask, changes):
    login = Actor(name="ana", role=Role.OFFICER, via=Via.WEB, proven_at=AFTERNOON - HOUR)

    with pytest.raises(ProofNeeded):
        ask(actor=login)
    assert changes.asked == []
    assert ask(HOLD, actor=login).done
    assert ask(actor=replace(login, proven_at=ask.situation.wall)).done
    assert [wish.kind for wish, _ in changes.asked] == [OverrideKind.HOLD, OverrideKind.STEP_DOWN]


def test_of_two_officers_the_second_hears_who_was_quicker_in_one_sentence(ask, changes):
    changes.fail_with = Conflict("ola was quicker: since 15:41 UTC it is held (number 9)")

    outcome = ask()
    assert not outcome.done
    assert outcome.title == "Somebody was quicker"
    assert outcome.text == (
        "Ola was quicker: since 15:41 UTC it is held (number 9). Nothing was changed by you."
    )


def test_a_refusal_of_the_store_is_told_as_it_was_given(ask, changes):
    changes.fail_with = InvalidInput("it is armed again")
    assert "It is armed again. Nothing was changed" in ask().text

    changes.fail_with = SILENT
    assert "It may be asked for all the same: look again" in ask().text


def test_a_page_that_sends_nothing_of_a_form_asks_for_nothing(ask, changes):
    assert ask(asked=None).title == "Nothing was asked"
    gone = ask.asked._replace(breaker="no such")
    assert "no such breaker any more" in ask(asked=gone).text
    assert ask(asked=ask.asked._replace(book="other")).done is False
    assert changes.asked == []


HOLD = Draft(kinds.HOLD, until=(AFTERNOON + 2 * HOUR).isoformat(), reason="news", typed="hold")


def test_nothing_is_loosened_while_the_book_cannot_be_read(ask, reader, changes):
    reader.failing = True

    assert "without numbers nothing is loosened" in ask().text
    assert changes.asked == []


@pytest.mark.parametrize(
    "problem", [SILENT, StateUnreadable("its state", "a newer program wrote it")]
)
def test_whoever_tightens_needs_no_database(ask, reader, changes, brake, monkeypatch, problem):
    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(reader, "pulse", fail)
    changes.fail_with = problem

    outcome = ask(HOLD)
    assert outcome.done
    assert outcome.title == "Stopped instead"
    assert "is not overridden" in outcome.text
    assert "REDUCE ONLY at once, until a person resumes it" in outcome.text
    assert [each.state for each in brake.latched] == [TradingState.REDUCE_ONLY]


def test_whoever_tightens_waits_for_no_course_of_what_was_measured(ask, reader, monkeypatch):
    looked_up = []
    course = reader.breaker_course

    def noted(*given, **named):
        looked_up.append(given)
        return course(*given, **named)

    monkeypatch.setattr(reader, "breaker_course", noted)
    assert ask(HOLD).done
    assert looked_up == []
    assert ask().done, "what loosens does"
    assert looked_up != []


def test_where_neither_database_nor_authority_answers_it_is_told_that_nothing_is_stopped(
    ask, reader, changes, brake
):
    reader.failing = True
    changes.fail_with, brake.fail_with = SILENT, GateClosed("the authority does not answer")

    outcome = ask(HOLD)
    assert not outcome.done
    assert outcome.title == "NOTHING is stopped"


@pytest.mark.parametrize("kind", [OverrideKind.STEP_DOWN, OverrideKind.DISABLE])
def test_whoever_ends_what_loosens_needs_neither_a_proof_nor_a_database(
    reader, actions, changes, brake, kind
):
    situation, asked = situation_at(reader, storm=overridden(kind))
    draft = Draft(kinds.END, reason="it was the feed after all", typed="END")
    readings = Screens(reader).readings
    forgetful = replace(OFFICER, proven_at=None, has_login=True)

    def press() -> Outcome:
        return override(
            actions, forgetful, asked, draft, lambda each, _: read_situation(readings, QUERY, each)
        )

    assert form.followed(situation, asked, draft).proof == []
    assert press().done
    ((wish, _),) = changes.asked
    assert (wish.ends, wish.seen_action) == (kind, situation.row.override.action)

    reader.failing, changes.fail_with = True, SILENT
    assert press().title == "Stopped instead"
    assert [each.state for each in brake.latched] == [TradingState.REDUCE_ONLY]


def test_whoever_ends_what_holds_proves_who_he_is(reader, actions):
    situation, asked = situation_at(reader, storm=overridden(OverrideKind.HOLD))
    draft = Draft(kinds.END, reason="it was the feed after all", typed="END")

    assert form.followed(situation, asked, draft).proof != []
    reader.failing = True
    outcome = override(actions, OFFICER, asked, draft, lambda *_: _raise())
    assert "without numbers nothing is loosened" in outcome.text


def _raise() -> None:
    raise SILENT


def test_what_the_form_has_not_shown_yet_is_refused(ask, changes):
    calm = ask.asked.value - 1.0

    outcome = ask(asked=ask.asked._replace(value=calm))

    assert not outcome.done
    assert "has got worse since it was looked at" in outcome.text
    retripped = ask(asked=ask.asked._replace(retrips=3))
    assert "has tripped again since it was looked at" in retripped.text
    assert changes.asked == []


def test_a_form_notes_what_it_shows_of_what_is_measured(reader):
    situation, asked = situation_at(reader)
    draft = complete(situation)
    noted = form.noted(asked, draft, form.followed(situation, asked, draft))
    earlier = asked._replace(value=0.5)

    assert form.as_noted(earlier, noted) == asked
    assert form.as_noted(earlier, {**noted, "value": "9"}).value is None
    assert form.as_noted(earlier, {**noted, "breaker": "other"}) == earlier
    assert earlier.as_shown(situation) == asked


def test_blindly_only_a_complete_wish_to_tighten_is_passed_on(ask, reader, changes):
    reader.failing = True

    assert "Write a reason and type HOLD" in ask(HOLD._replace(reason="", typed="")).text
    assert "Say until when" in ask(HOLD._replace(until="")).text
    assert changes.asked == []


# --- stopping and letting go ---------------------------------------------------------------------


def state_with(reader: FakeBookReader, latch: Latch) -> RiskState:
    reader.latches = {latch.scope: latch}
    return reader.latest("demo").state


def stop(actions: Actions, draft: StopDraft, what: str = "halt", actor: Actor = TRADER) -> Outcome:
    return stopping.stop(actions, actor, StopAsked(what, "demo"), draft)


@pytest.mark.parametrize(
    ("what", "typed", "state", "title"),
    [
        ("pause", "pause", TradingState.REDUCE_ONLY, "REDUCE ONLY: trend"),
        ("halt", "HALT", TradingState.HALTED, "HALTED: trend"),
    ],
)
def test_a_trader_stops_a_scope_and_reads_what_still_works(
    actions, brake, what, typed, state, title
):
    draft = StopDraft(scope="strategy:trend", reason="odd fills", typed=typed)

    outcome = stop(actions, draft, what)
    assert outcome.done
    assert outcome.title == title
    assert "Still works" in outcome.text
    ((portfolio, scope, asked, reason, who),) = brake.latched
    assert (portfolio, scope) == ("demo", Scope(ScopeKind.STRATEGY, "trend"))
    assert (asked, reason, who) == (state, "odd fills", "demo trader")


def test_the_brake_works_while_the_database_is_down_and_says_so(actions, changes, brake):
    changes.fail_with = SILENT
    brake.journalled = False

    outcome = stop(actions, StopDraft(scope="portfolio:demo", reason="news", typed="halt"))
    assert outcome.done
    assert "it holds in the engine's memory" in outcome.text


def test_a_scope_can_be_written_where_the_book_cannot_be_read(actions, brake):
    draft = StopDraft(part="asset", name="BTC/USDT", reason="news", typed="halt", book="other")

    assert stop(actions, draft).done
    assert brake.latched[0][:2] == ("other", Scope(ScopeKind.ASSET, "BTC/USDT"))
    whole = draft._replace(part="portfolio", name="")
    assert stop(actions, whole).done
    assert brake.latched[1].scope == Scope(ScopeKind.PORTFOLIO, "other")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"typed": "hal"}, "Type HALT"),
        ({"reason": ""}, "Write a reason"),
        ({"scope": "galaxy:far"}, "Say which part"),
        ({"scope": "", "part": "asset"}, "Say which part"),
    ],
)
def test_a_stop_that_lacks_something_says_what(actions, brake, changed, why):
    draft = StopDraft(scope="portfolio:demo", reason="news", typed="halt")._replace(**changed)

    outcome = stop(actions, draft)
    assert not outcome.done
    assert why in outcome.text
    assert brake.latched == []


def test_where_the_authority_does_not_answer_it_waits_in_the_database(actions, changes, brake):
    brake.fail_with = GateClosed("the engine does not answer at port 8051")

    outcome = stop(actions, StopDraft(scope="strategy:trend", reason="news", typed="halt"))
    assert outcome.done
    assert outcome.title == "HALTED soon: trend"
    assert "does not answer at port 8051. It is written down" in outcome.text
    trend = Scope(ScopeKind.STRATEGY, "trend")
    assert changes.latched == [(trend, TradingState.HALTED, "demo trader")]


def test_where_neither_answers_nothing_is_stopped_and_the_other_way_is_told(
    actions, changes, brake
):
    brake.fail_with = GateClosed("the authority of demo does not answer")
    changes.fail_with = SILENT
    draft = StopDraft(scope="strategy:trend", reason="news", typed="pause")

    outcome = stop(actions, draft, "pause")
    assert outcome.title == "trend is NOT stopped"
    assert "seawall halt --portfolio demo --strategy trend" in outcome.text
    assert "--reduce-only" in outcome.text


def test_a_viewer_stops_nothing(actions, brake):
    with pytest.raises(NotAllowed):
        stop(actions, StopDraft(scope="portfolio:demo", reason="x", typed="halt"), actor=VIEWER)
    assert brake.latched == []


RESUME = StopAsked("resume", "demo", "asset", "BTC/USDT", 5)
LET_GO = StopDraft(reason="it was a typo", typed="resume btc/usdt")


def test_an_officer_lets_go_of_what_he_has_seen(actions, changes):
    outcome = stopping.stop(actions, OFFICER, RESUME, LET_GO)

    assert outcome.done
    assert changes.resumed == [
        (Scope(ScopeKind.ASSET, "BTC/USDT"), 5, "it was a typo", "demo officer")
    ]
    with pytest.raises(NotAllowed):
        stopping.stop(actions, TRADER, RESUME, LET_GO)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (InvalidInput("it was latched again"), "Nothing was changed"),
        (SILENT, "It may be let go all the same"),
    ],
)
def test_a_refusal_to_let_go_is_told(actions, changes, failure, why):
    changes.fail_with = failure

    outcome = stopping.stop(actions, OFFICER, RESUME, LET_GO)
    assert not outcome.done
    assert why in outcome.text


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "halt",
        {"what": "destroy", "book": "demo", "kind": "", "name": "", "seen": 0},
        {"what": "resume", "book": "demo", "kind": "galaxy", "name": "far", "seen": 1},
        {"what": "halt", "book": 7, "kind": "", "name": "", "seen": 0},
        {"what": "halt", "book": "demo", "kind": "", "name": "", "seen": True},
    ],
)
def test_only_what_a_dialog_held_is_asked_for(actions, sent):
    assert stopping.stop_asked_of(sent) is None
    assert not stopping.stop(actions, TRADER, stopping.stop_asked_of(sent), LET_GO).done


@pytest.fixture
def tree(reader: FakeBookReader):
    coin = Scope(ScopeKind.ASSET, "BTC/USDT")
    reader.latches = {coin: Latch(coin, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 5)}
    reader.stands = fakes.states()
    return Screens(reader).view(SCREEN, parse({}, SCREEN.words))[1]


def scopes_on(tree) -> dict[str, Any]:
    found = [p for p in parts(tree) if p.get("id") == {"type": stopping.SCOPES, "of": "board"}]
    return found[0]["data"]


def test_the_dialog_offers_the_books_parts_and_what_the_board_showed(tree):
    scopes = scopes_on(tree)

    title, body = stopping.opened(stopping.ask_id("halt", "board"), [scopes], "")
    offered = next(p for p in parts(body) if p.get("id") == stopping.field_id("scope"))
    groups = {group["group"]: [i["value"] for i in group["items"]] for group in offered["data"]}
    assert title == "Halt trading"
    assert groups["Book"] == ["portfolio:demo"]
    assert "strategy:trend" in groups["Strategies"]
    assert "asset:BTC/USDT" in groups["Assets"]
    assert "Trading stopped" in words(body)

    _, body = stopping.opened(stopping.ask_id("resume", "asset:BTC/USDT"), [scopes], "")
    assert "HALTED by ana since 15:42:18 UTC: fat finger." in words(body)
    assert part(body, stopping.ASKED)["data"]["seen"] == 5


def test_without_a_board_the_dialog_asks_for_the_names(reader):
    _, body = stopping.opened(stopping.ask_id("pause", "alone"), [], "")

    fields = [p["id"]["field"] for p in parts(body) if isinstance(p.get("id"), dict)]
    assert fields == ["book", "part", "name", "reason", "typed"]
    assert stopping.opened({"what": "destroy"}, [], "") is None
    assert stopping.opened(None, [], "") is None
    _, gone = stopping.opened(stopping.ask_id("resume", "asset:BTC/USDT"), ["odd"], "")
    assert words(gone) == "It is not stopped any more."


# --- reviews -------------------------------------------------------------------------------------


TOLD = reviews.Told(UTC_ZONE, AFTERNOON, {each.name: each for each in fakes.definitions()})
LATER = build_review(
    8, breaker="gone", since=AFTERNOON - HOUR, due=AFTERNOON + 17 * HOUR, ended=None
)
JUDGED = build_review(
    6, verdict=Verdict.WRONG, reviewer="ola", comment="the storm came back", reviewed=AFTERNOON
)


def test_a_review_says_what_was_done_and_what_came_of_it():
    said = words(reviews.list_parts([build_review()], OFFICER, TOLD))

    assert "Market volatility: stepped down to 75 % of size overdue by 6 h 42" in said
    assert "By ana, from 11 Nov 13:42:18 UTC, for 2 h, ended 11 Nov 15:42:18 UTC:" in said
    assert "measured 2.45 × at most, above the 2.00 × at which it trips" in said
    assert "equity moved −1.19 %, flows left out; 12 orders passed in its scope, 3 refused." in said


def test_a_review_of_more_orders_than_are_counted_says_so():
    review = build_review()
    many = review.outcome._replace(passed=None, refused=None)
    said = words(reviews.list_parts([review._replace(outcome=many)], OFFICER, TOLD))

    assert "flows left out; more orders came in its scope than are counted here." in said


def test_those_to_be_judged_come_first_and_what_is_judged_says_by_whom():
    tree = reviews.list_parts([JUDGED, LATER, build_review()], OFFICER, TOLD)

    order = [p["id"] for p in parts(tree) if str(p.get("id")).startswith("review-")]
    assert order == ["review-7", "review-8", "review-6"]
    said = words(tree)
    assert "Wrong, says ola, 15:42:18 UTC: “the storm came back.”" in said
    assert "It is on: it can be judged once it is over." in said


def test_nobody_judges_his_own_nor_without_the_power():
    mine = Actor(name="Ana ", role=OFFICER.role, via=OFFICER.via, has_login=False)

    in_demo = words(reviews.list_parts([build_review()], mine, TOLD._replace(demo=True)))
    assert "With logins you could not loosen this breaker again before one has." in in_demo
    assert "Yours: another officer judges it." in words(
        reviews.list_parts([build_review()], mine, TOLD)
    )
    assert "Another officer judges it." in words(reviews.list_parts([build_review()], TRADER, TOLD))
    assert reviews.due_parts([build_review()], mine, TOLD, QUERY) == []
    assert reviews.due_parts([build_review()], TRADER, TOLD, QUERY) == []
    assert reviews.due_parts([LATER, JUDGED], OFFICER, TOLD, QUERY) == []


def test_an_officer_is_told_above_the_page_that_something_waits_for_him():
    said = words(reviews.due_parts([build_review(), build_review(9)], OFFICER, TOLD, QUERY))

    assert said.startswith("2 overrides wait for your judgement.")
    assert "market volatility by ana, due since 09:00:00 UTC." in said


def test_with_no_override_it_says_what_would_stand_there():
    assert "Nobody has let a breaker loose by hand" in words(reviews.list_parts([], OFFICER, TOLD))


def test_one_that_is_over_may_be_judged_before_it_is_due_and_that_is_told():
    early = build_review(due=AFTERNOON + HOUR)
    (said, due) = (
        words(reviews.list_parts([each], OFFICER, TOLD)) for each in (early, build_review())
    )

    assert "Due from 16:42:18 UTC. It can be judged now already, since it is over;" in said
    assert "Once it is judged ana may loosen this breaker again." in said
    assert "It can be judged now already" not in due


def judged(actions: Actions, comment: str = "calm since", actor: Actor = OFFICER) -> Outcome:
    pressed = reviews.verdict_id(7, Verdict.RIGHT)
    return reviews.judge(actions, actor, "demo", pressed, {7: comment})


def test_a_judgement_is_kept_with_its_comment(actions, changes):
    changes.known = [build_review()]

    assert judged(actions).done
    assert changes.judged == [(7, Verdict.RIGHT, "calm since", "demo officer")]


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (Conflict("ola was quicker: judged wrong"), "Ola was quicker"),
        (SILENT, "It may be judged all the same"),
    ],
)
def test_a_judgement_that_is_refused_says_why(actions, changes, failure, why):
    changes.fail_with = failure

    outcome = judged(actions)
    assert not outcome.done
    assert why in outcome.text


def test_a_judgement_needs_a_comment_and_a_button_of_ours(actions, changes):
    assert "Write a reason" in judged(actions, " ").text
    assert not reviews.judge(actions, OFFICER, "demo", {"action": 7, "verdict": "fine"}, {}).done
    assert not reviews.judge(actions, OFFICER, "demo", None, {}).done
    with pytest.raises(NotAllowed):
        judged(actions, actor=TRADER)
    assert changes.judged == []


# --- the callbacks -------------------------------------------------------------------------------


@pytest.fixture
def page(dashboard: dash.Dash, reader: FakeBookReader):
    reader.stands = fakes.states()
    return sys.modules["pages.breakers"]


@contextmanager
def asking(dashboard: dash.Dash, actor: Actor, pressed: Any = None) -> Iterator[dict[str, Any]]:
    """As within a callback that somebody asks; what it sets besides is given."""
    triggered = (
        [] if pressed is None else [{"prop_id": f"{dash._utils.stringify_id(pressed)}.n_clicks"}]
    )
    told = AttributeDict(
        updated_props={}, triggered_inputs=triggered, inputs_list=[], states_list=[]
    )
    with dashboard.server.test_request_context("/breakers"):
        set_actor(actor)
        token = context_value.set(told)
        try:
            yield told.updated_props
        finally:
            context_value.reset(token)


VIEW = '{"words": {}, "scheme": "dark"}'


def test_every_callback_that_changes_something_names_what_it_needs(page):
    needed = {
        name.rpartition(".")[2]: ability
        for name, ability in GUARDED.items()
        if name.startswith("pages.breakers.")
    }

    assert needed == {
        "show_panel": Ability.VIEW,
        "follow_form": Ability.OVERRIDE,
        "show_effect": Ability.OVERRIDE,
        "apply_override": Ability.OVERRIDE,
        "open_stop": Ability.HALT,
        "stop_scope": Ability.HALT,
        "show_reviews": Ability.VIEW,
        "judge": Ability.OVERRIDE,
    }


def test_the_panel_is_filled_by_who_looks_and_keeps_what_was_said(page, dashboard, reader):
    situation, asked = situation_at(reader)
    about = {**asked._asdict(), "idle": ""}
    draft = complete(situation)
    noted = form.noted(asked, draft, form.followed(situation, asked, draft))
    failed = plain(Outcome(False, "Somebody was quicker", "Ola was.").parts)
    done = plain(Outcome(True, "Hold", "It is.").parts)

    with asking(dashboard, TRADER):
        parts_, _ = page.show_panel(about, [], [], [], None, VIEW)
        assert "Overriding is for an officer." in words(parts_)
    with asking(dashboard, OFFICER):
        parts_, said = page.show_panel(about, [], [], [], None, VIEW)
        assert "0 of 7 read" in words(parts_)
        assert said == []
        before = (*ids_and_values(draft), [noted])
        parts_, said = page.show_panel(about, *before, failed, VIEW)
        assert "7 of 7 read" in words(parts_)
        assert said is dash.no_update
        parts_, said = page.show_panel(about, *before, done, VIEW)
        assert said == []
        assert field_of(parts_, "reason") == ""
        quicker, _ = situation_at(reader, storm=overridden())
        reader.advance()
        newer = {**about, "action": quicker.row.override.action}
        parts_, said = page.show_panel(newer, *before, failed, VIEW)
        assert said is dash.no_update
        assert (field_of(parts_, "kind"), field_of(parts_, "reason")) == ("end", "delta hedge")
        other = {**about, "breaker": fakes.FALL, "episode": ""}
        assert page.show_panel(other, *before, failed, VIEW)[1] == []
        idle = page.show_panel({"idle": "Nothing."}, [], [], [], None, VIEW)
        assert words(idle[0]) == "Nothing."


def field_of(tree: Any, field: str) -> Any:
    """What stands in a field of the form."""
    return next(p["value"] for p in parts(tree) if p.get("id") == form.field_id(field))


def test_the_form_follows_what_is_written_and_notes_what_was_opened(page, dashboard, reader):
    situation, asked = situation_at(reader)
    draft = complete(situation, opened=frozenset())
    noted = form.noted(asked, draft, form.followed(situation, asked, draft))
    first = next(iter(complete(situation).opened))
    ids, values = ids_and_values(draft)

    opened = [form.warning_id(first)]

    with asking(dashboard, OFFICER) as told:
        note = page.follow_form(values, [1], None, ids, opened, noted, asked._asdict(), VIEW)
        assert note["opened"] == [first]
        assert any("data-read" in props for props in told.values())
        assert page.follow_form(values, [1], None, ids, opened, noted, None, VIEW) is dash.no_update
        hold, changed = ids_and_values(HOLD)
        reader.failing = True
        assert page.follow_form(changed, [], None, hold, [], noted, asked._asdict(), VIEW) is (
            dash.no_update
        )
        assert words(told["override-end"]["children"]) == "Hold"
        reader.failing = False
    with asking(dashboard, TRADER), pytest.raises(NotAllowed):
        page.follow_form(values, [1], None, ids, opened, noted, asked._asdict(), VIEW)


def test_a_press_is_answered_at_the_fields_and_in_the_panel(page, dashboard, reader, monkeypatch):
    situation, asked = situation_at(reader)
    changes = FakeChangeStore(reader)
    actions = Actions(changes, FakeBrakes(), wall=reader.wall)
    monkeypatch.setitem(dashboard.server.extensions, "risk_actions", actions)
    draft = complete(situation)
    ids, values = ids_and_values(draft)
    noted = form.noted(asked, draft, form.followed(situation, asked, draft))
    sent = (ids, values, [], [], noted, asked._asdict(), VIEW)

    with asking(dashboard, OFFICER) as told:
        errors, typed, said, note = page.apply_override(1, *sent)
        assert (errors, typed) == ([None] * 5, "")
        assert words(said).startswith("Applied: market volatility stepped down to 75 % of size.")
        assert "It is asked for" in words(told["override-end"]["children"])
        assert "The engine takes it in" in words(said)
        assert "Then, as things stand, it is THROTTLED, 50 % of size, by its rule" in words(said)
        assert "passes at 75 % of size until then" in words(said)
        message = words(told["toasts"]["sendNotifications"][0]["message"])
        assert message.startswith("The engine takes it in with its next cycle")
        # Until then nothing invites to ask again, and a second press asks for nothing.
        again = (ids, values, [], [], note, *sent[5:])
        assert words(page.apply_override(1, *again)[2]).startswith("It is asked for already.")
        assert page.follow_form(values, [], None, ids, [], note, sent[5], VIEW) is dash.no_update
        reader.advance()
        assert page.follow_form(values, [], None, ids, [], note, sent[5], VIEW) is dash.no_update
        reader.advance()
        # The engine has refused it: the form is as before, with nothing read.
        told.clear()
        anew = page.follow_form(values, [], None, ids, [], note, sent[5], VIEW)
        assert "asked_for" not in anew
        assert words(told["override-end"]["children"]).startswith("Apply override Open 7 more")
        errors, typed, said, note = page.apply_override(1, ids, [*values[:3], "", ""], *sent[2:])
        assert note is dash.no_update
        assert errors[3:] == ["Write a reason", "Type MARKET VOLATILITY 75"]
        assert typed is dash.no_update
        assert page.apply_override(None, *sent)[2] is dash.no_update
    with asking(dashboard, TRADER), pytest.raises(NotAllowed):
        page.apply_override(1, *sent)
    assert len(changes.asked) == 1


def test_whoever_applied_something_is_not_told_that_he_was_quicker(page, dashboard, reader):
    """What the old form is of is over with the very cycle that brings his override."""
    situation, asked = situation_at(reader)
    draft = complete(situation)
    noted = form.noted(asked, draft, form.followed(situation, asked, draft))
    ids, values = ids_and_values(draft)
    reader.stands = fakes.states(storm=overridden(by=OFFICER.name))
    reader.advance()
    tree = Screens(reader).view(SCREEN, QUERY)[1]
    news = part(tree, panel.NEWS)["data"]

    with asking(dashboard, OFFICER) as told:
        sent = (ids, [], noted, asked._asdict(), VIEW)
        assert page.follow_form(values, [], news, *sent) is dash.no_update
        assert told == {}
        page.follow_form(values, [], None, *sent)
        assert "was quicker" in words(told["override-end"]["children"]), "without it he would be"


def test_what_another_breakers_form_has_noted_is_not_read_before_this_one(page, dashboard, reader):
    falls = fakes.tripped(fakes.build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    situation, asked = situation_at(reader, fall=falls)
    other, of_other = situation_at(reader, fakes.FALL, fall=falls)
    read = complete(situation)
    noted = form.noted(asked, read, form.followed(situation, asked, read))
    clicked = [form.warning_id(each) for each in read.opened]
    draft = complete(other, opened=frozenset(), typed="drawdown 75")

    with asking(dashboard, OFFICER) as told:
        ids, values = ids_and_values(draft)
        sent = (ids, clicked, noted, of_other._asdict(), VIEW)
        note = page.follow_form(values, [1] * len(clicked), None, *sent)
        assert "0 of" in words(told["override-warnings"]["children"])
        assert note["breaker"] == fakes.FALL
        clicks = [1] * len(clicked)
        errors = page.apply_override(
            1, ids, values, clicked, clicks, noted, of_other._asdict(), VIEW
        )
        many = len(must_read(other, kinds.STEP_DOWN))
        assert f"Open {many} more warnings" in words(errors[2])


def test_reviews_are_read_anew_as_soon_as_somebody_overrides(page, dashboard, reader, monkeypatch):
    """The page that tells of an override beside them must not say that there was none."""
    changes = FakeChangeStore(reader)
    actions = Actions(changes, FakeBrakes(), wall=reader.wall)
    monkeypatch.setitem(dashboard.server.extensions, "risk_actions", actions)

    with asking(dashboard, OFFICER):
        assert "Nobody has let a breaker loose" in words(page.show_reviews(None, VIEW)[0])
        changes.known = [build_review(ended=None)]
        reader.stands = fakes.states(storm=overridden())
        reader.advance()
        assert "on now" in words(page.show_reviews(None, VIEW)[0])


def test_the_brakes_dialog_opens_stops_and_closes(page, dashboard, reader, monkeypatch):
    brake = FakeBrakes()
    actions = Actions(FakeChangeStore(reader), brake, wall=reader.wall)
    monkeypatch.setitem(dashboard.server.extensions, "risk_actions", actions)
    # Whatever is written works while nothing can be read.
    reader.failing = True
    ids = [stopping.field_id(field) for field in ("book", "part", "name", "reason", "typed")]
    asked = StopAsked("halt", "")._asdict()

    with asking(dashboard, TRADER, stopping.ask_id("halt", "alone")):
        opened, title, body = page.open_stop([1, None], [], "?book=demo")
        assert (opened, title) == (True, "Halt trading")
        assert page.open_stop([None], [], "")[0] is dash.no_update
    with asking(dashboard, TRADER, stopping.CONFIRM) as told:
        written = ["demo", "portfolio", "", "news", "halt"]
        still_open, said = page.stop_scope(1, None, ids, written, asked)
        assert still_open is False
        assert "HALTED: Book" in words(said)
        assert told["toasts"]["sendNotifications"][0]["autoClose"] is False
        still_open, said = page.stop_scope(1, None, ids, [*written[:4], ""], asked)
        assert still_open is True
        assert "Type HALT" in words(said)
    with asking(dashboard, TRADER, stopping.CANCEL):
        assert page.stop_scope(None, 1, ids, written, asked)[0] is False
    with asking(dashboard, VIEWER), pytest.raises(NotAllowed):
        page.stop_scope(1, None, ids, written, asked)
    assert len(brake.latched) == 1
    assert [p["id"]["field"] for p in parts(body) if isinstance(p.get("id"), dict)][:2] == [
        "book",
        "part",
    ]


def test_reviews_are_listed_and_judged(page, dashboard, reader, monkeypatch):
    changes = FakeChangeStore(reader, known=[build_review()])
    actions = Actions(changes, FakeBrakes(), wall=reader.wall)
    monkeypatch.setitem(dashboard.server.extensions, "risk_actions", actions)

    with asking(dashboard, OFFICER, reviews.verdict_id(7, Verdict.WRONG)):
        listed, due = page.show_reviews(None, VIEW)
        assert "overdue" in words(listed)
        assert "An override waits" in words(due)
        listed, due = page.judge([1], [reviews.comment_id(7)], ["it fell"], VIEW)
        assert "Wrong, says demo officer" in words(listed)
        assert due == []
        assert page.judge([None], [], [], VIEW) == (dash.no_update, dash.no_update)
        changes.fail_with = SILENT
        reader.advance(seconds=11.0)
        assert "Reviews cannot be read" in words(page.show_reviews(None, VIEW)[0])


def test_only_an_able_viewer_is_shown_what_he_may_use(page, dashboard):
    with asking(dashboard, TRADER):
        frame = plain_props(page.layout())
        assert "halt" in frame["data-can"].split()
        assert "override" not in frame["data-can"].split()
    with dashboard.server.test_request_context("/breakers"):
        assert plain_props(page.layout())["data-can"] == ""


def plain_props(tree: Any) -> dict[str, Any]:
    return next(props for props in parts(tree) if props.get("className") == "sw-by-role")


def test_panel_and_form_stand_where_they_are_looked_for(tree):
    ids = {str(p["id"]) for p in parts(tree) if "id" in p}

    assert {panel.PANEL, panel.ABOUT, panel.NEWS, panel.CONTENT, panel.SAID} <= ids
    assert {reviews.CARD, reviews.LIST, reviews.ABOUT, reviews.DUE} <= ids
    assert DEMO.name == "demo"
