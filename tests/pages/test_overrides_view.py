"""The override's panel without a browser: what may be asked, must be read, and would be done."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.deltas import plain
from pages.components.risk_table import slug
from pages.format import UTC_ZONE, money
from pages.query import parse
from pages.screens import Screen, Screens
from pages.views.breakers.address import WORDS
from pages.views.breakers.reading import read_breakers
from pages.views.breakers.rows import rows_of
from pages.views.breakers.view import breakers_view
from pages.views.breakers.wording import past_words
from pages.views.holds import also_words, cause_words, overridden_words, step_words
from pages.views.overrides import form, kinds, panel
from pages.views.overrides.draft import Draft, draft_of, faults_of, missing_words, moment_of
from pages.views.overrides.effect import effect_of, effect_parts, read_effect, table_rows
from pages.views.overrides.refusals import as_read
from pages.views.overrides.situation import (
    Asked,
    Situation,
    asked_about,
    asked_of,
    calm_for,
    read_situation,
)
from pages.views.overrides.warnings import must_read
from risk.domain.actors import Actor, Role, Via
from risk.domain.breakers import Phase
from risk.domain.equity_trust import EquityTrust
from risk.domain.events import RULE, BreakerOverridden, BreakerStepped, OverrideEnded, Severity
from risk.domain.latches import Latch
from risk.domain.market import Trust
from risk.domain.overrides import LONGEST, OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from tests import fakes_breakers as fakes
from tests.fakes_actions import OFFICER, TRADER, VIEWER
from tests.fakes_book import AFTERNOON
from tests.fakes_episodes import build_episode
from tests.fakes_overrides import build_override
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

SCREEN = Screen("breakers", words=WORDS, read=read_breakers, view=breakers_view)
QUERY = parse({}, WORDS)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
#: Its pause is over.
OVER = fakes.tripped(until=AFTERNOON - MINUTE)


def situation_at(
    reader: FakeBookReader, breaker: str = fakes.STORM, **stands
) -> tuple[Situation, Asked]:
    """The present one of a breaker, and what its form would be made for."""
    reader.stands = fakes.states(**stands)
    readings = Screens(reader).readings
    row = next(each for each in rows_of(reader.latest("demo")) if each.name == breaker)
    asked = asked_about(DEMO, row)
    found = read_situation(readings, QUERY, asked)
    assert found is not None
    return found, asked


def overridden(kind: OverrideKind = OverrideKind.STEP_DOWN, **changes):
    """Volatility with an override on."""
    on = build_override(kind, **changes)
    return fakes.tripped(override=on)


def titles(situation: Situation, kind: str = kinds.STEP_DOWN) -> list[str]:
    return [each.title.replace("\u00a0", " ") for each in must_read(situation, kind)]


def offered(situation: Situation) -> list[str]:
    offers = kinds.offers_of(situation.row, UTC_ZONE, situation.now)
    return [f"{each.kind}{' (locked)' if each.locked else ''}" for each in offers]


# --- what may be asked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("breaker", "stands", "kinds_offered"),
    [
        (fakes.STORM, {}, ["step_down", "release (locked)", "hold", "extend", "disable"]),
        (fakes.STORM, {"storm": OVER}, ["release", "step_down", "hold", "extend", "disable"]),
        (fakes.LOSS, {}, ["hold", "step_down", "trip", "disable"]),
        (fakes.FALL, {}, ["trip", "disable"]),
        (fakes.OFF, {}, []),
        (
            fakes.STORM,
            {"storm": overridden()},
            ["end", "step_down", "release (locked)", "hold", "extend", "trip", "disable"],
        ),
        (
            fakes.STORM,
            {"storm": overridden(OverrideKind.DISABLE)},
            ["end", "hold", "trip", "disable"],
        ),
    ],
)
def test_what_is_offered_fits_how_the_breaker_stands(reader, breaker, stands, kinds_offered):
    situation, _ = situation_at(reader, breaker, **stands)

    assert offered(situation) == kinds_offered


def test_what_a_person_holds_is_not_released_before_that_is_ended(reader):
    held = fakes.tripped(until=AFTERNOON - MINUTE, override=build_override(OverrideKind.HOLD))
    situation, _ = situation_at(reader, storm=held)

    (release,) = (
        each
        for each in kinds.offers_of(situation.row, UTC_ZONE, situation.now)
        if each.kind == kinds.RELEASE
    )
    assert release.locked == "ana holds it: end that override first."


@pytest.mark.parametrize(
    ("kind", "size", "phrase"),
    [
        (kinds.STEP_DOWN, 0.75, "MARKET VOLATILITY 75"),
        (kinds.RELEASE, None, "RELEASE MARKET VOLATILITY"),
        (kinds.DISABLE, None, "DISABLE MARKET VOLATILITY"),
        (kinds.HOLD, None, "HOLD"),
        (kinds.TRIP, None, "TRIP"),
        (kinds.END, None, "END"),
    ],
)
def test_what_loosens_is_typed_by_name_and_what_tightens_by_one_word(reader, kind, size, phrase):
    situation, _ = situation_at(reader)

    assert kinds.phrase_of(kind, situation.row, size) == phrase


def test_sizes_let_more_through_than_now(reader):
    situation, _ = situation_at(reader)

    assert kinds.sizes_of(situation.row) == (0.75, 1.0)


def test_ending_what_holds_a_breaker_loosens_and_ending_what_loosens_it_does_not(reader):
    held, _ = situation_at(reader, storm=overridden(OverrideKind.HOLD))
    loose, _ = situation_at(reader, storm=overridden())

    assert kinds.loosens(kinds.END, held.row)
    assert not kinds.loosens(kinds.END, loose.row)
    assert must_read(held, kinds.END)
    assert not must_read(loose, kinds.END)


# --- what stands in the form ---------------------------------------------------------------------


def complete(situation: Situation, **changes) -> Draft:
    """A draft of a step down to 75 % without any fault."""
    draft = Draft(
        kind=kinds.STEP_DOWN,
        size=0.75,
        until=(AFTERNOON + 2 * HOUR).isoformat(),
        reason="delta hedge",
        typed="market volatility 75",
        opened=frozenset(each.id for each in must_read(situation, kinds.STEP_DOWN)),
    )
    return draft._replace(**changes)


def missing(situation: Situation, asked: Asked, draft: Draft) -> str:
    ids = [each.id for each in must_read(situation, draft.kind)]
    return missing_words(faults_of(draft, asked, situation, ids)).replace("\u00a0", " ")


def test_a_complete_draft_lacks_nothing(reader):
    situation, asked = situation_at(reader)

    assert missing(situation, asked, complete(situation)) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "all of it"}, "Choose what to do."),
        ({"size": None}, "Choose a size and type MARKET VOLATILITY."),
        ({"size": 7.0}, "Choose a size and type MARKET VOLATILITY 700."),
        ({"until": "soon"}, "Say until when."),
        ({"until": "2026-11-12T17:30:00"}, "Say until when."),
        ({"until": (AFTERNOON - MINUTE).isoformat()}, "That time is past: choose a later one."),
        (
            {"until": (AFTERNOON + 5 * HOUR).isoformat()},
            "That is 5 h ahead, and 4 h is the most.",
        ),
        ({"reason": ""}, "Write a reason."),
        ({"reason": "x" * 501}, "A reason has 500 letters at most, this one 501."),
        ({"reason": "odd\u202etext"}, "A reason is made of printable letters."),
        ({"typed": "market volatility"}, "Type MARKET VOLATILITY 75."),
        ({"size": 1.0}, "Type MARKET VOLATILITY 100."),
    ],
)
def test_what_a_draft_lacks_is_said(reader, changes, said):
    situation, asked = situation_at(reader)

    assert missing(situation, asked, complete(situation, **changes)) == said


def test_every_warning_must_be_opened_and_the_rest_is_said_with_it(reader):
    situation, asked = situation_at(reader)
    draft = complete(situation, reason="", typed="")
    some = sorted(draft.opened)[1:]

    assert missing(situation, asked, draft._replace(opened=frozenset(some))) == (
        "Open 1 more warning, write a reason and type MARKET VOLATILITY 75."
    )


def test_what_tightens_needs_a_reason_and_a_word_and_no_warning(reader):
    situation, asked = situation_at(reader)
    hold = Draft(kinds.HOLD, until=(AFTERNOON + 2 * HOUR).isoformat(), reason="news", typed="hold")

    assert must_read(situation, kinds.HOLD) == ()
    assert missing(situation, asked, hold) == ""
    assert missing(situation, asked, hold._replace(typed="", reason="")) == (
        "Write a reason and type HOLD."
    )


def test_what_the_engine_would_refuse_is_said_before_anybody_presses(reader):
    situation, asked = situation_at(reader)
    soon = (AFTERNOON + 5 * MINUTE).isoformat()
    hold = Draft(kinds.HOLD, until=soon, reason="news", typed="hold")

    assert "does not step on before 15:51:00 UTC by its own rule" in missing(situation, asked, hold)
    other = asked._replace(episode="market volatility/older")
    assert "has tripped since" in missing(situation, other, complete(situation))


def test_somebody_who_was_quicker_is_named_before_anybody_presses(reader):
    before, asked = situation_at(reader)
    situation, _ = situation_at(reader, storm=overridden())

    said = missing(situation, asked, complete(before, opened=frozenset()))
    assert said.startswith("Ana was quicker: since 15:32:18 UTC market volatility is")


def ids_and_values(draft: Draft) -> tuple[list[dict], list]:
    told = {
        "kind": draft.kind,
        "size": None if draft.size is None else str(draft.size),
        "until": draft.until,
        "reason": draft.reason,
        "typed": draft.typed,
    }
    return [form.field_id(name) for name in told], list(told.values())


def test_a_form_is_read_as_it_was_written(reader):
    situation, _ = situation_at(reader)
    draft = complete(situation)

    assert draft_of(*ids_and_values(draft), draft.opened) == draft


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(ANYTHING, max_size=6), st.lists(ANYTHING, max_size=6), st.lists(ANYTHING, max_size=3)
)
def test_whatever_a_browser_sends_is_a_draft_and_no_exception(ids, values, opened):
    named = [form.field_id(name) for name in ("kind", "size", "until", "reason", "typed")]

    for each in (draft_of(ids, values, opened), draft_of(named, values, opened)):
        assert isinstance(each.kind, str)
        assert each.size is None or each.size == each.size
        moment_of(each.until)


ANY_FORM = Asked("demo", fakes.STORM, "", 0)


@given(ANYTHING)
def test_whatever_was_noted_is_compared_or_replaced_as_a_whole(noted):
    shown = form.Followed("", "", [], "", [], "", "", [], [])

    assert isinstance(form.changes(shown, noted), dict)
    assert isinstance(form.changes(shown, {"shown": noted}), dict)
    forged = {"namespace": "dash_html_components", "type": "Div", "props": noted}
    assert isinstance(form.changes(shown, {"shown": forged}), dict)
    assert isinstance(form.opened_of(noted, ANY_FORM, ([noted], [1])), frozenset)
    assert asked_of(noted) is None


def test_only_what_differs_is_sent_and_an_opened_warning_closes_nothing(reader):
    situation, asked = situation_at(reader)
    draft = complete(situation, opened=frozenset(), typed="")
    before = form.noted(asked, draft, form.followed(situation, asked, draft))
    first = must_read(situation, draft.kind)[0].id
    noted = json.loads(json.dumps(before))

    opened = form.opened_of(noted, asked, ([form.warning_id(first), "odd"], [1, 1]))
    after = form.followed(situation, asked, draft._replace(opened=opened))
    changes = form.changes(after, noted)

    item = json.dumps(
        {"type": "override-item", "warning": first}, sort_keys=True, separators=(",", ":")
    )
    assert changes[item] == {"data-read": "true"}
    assert words(changes["override-warnings-count"]["children"]) == "1 of 7 read"
    assert "override-warnings" not in changes
    assert (
        form.changes(after, {"shown": plain(noted) and form.noted(asked, draft, after)["shown"]})
        == {}
    )


def offered_times(situation: Situation, kind: str, until: str = "") -> list[str]:
    told = form.until_choices(situation, Draft(kind, until=until))
    return [each["label"].replace("\u00a0", " ") for each in told]


def test_when_it_may_expire_is_offered_up_to_the_longest_of_its_kind(reader):
    situation, _ = situation_at(reader)

    assert offered_times(situation, kinds.STEP_DOWN)[:3] == [
        "16:00 UTC, in 18 min",
        "16:15 UTC, in 33 min",
        "16:30 UTC, in 48 min",
    ]
    for kind in (kinds.STEP_DOWN, kinds.HOLD):
        told = form.until_choices(situation, Draft(kind))
        last = moment_of(told[-1]["value"])
        assert last is not None
        assert last <= AFTERNOON + LONGEST[OverrideKind(kind)] < last + 15 * MINUTE
    assert form.until_choices(situation, Draft(kinds.RELEASE)) == []


PAUSES = [9 * MINUTE, 70 * MINUTE, 23 * HOUR, 6.9 * 24 * HOUR, 7 * 24 * HOUR, 9 * 24 * HOUR]


@pytest.mark.parametrize("kind", [kinds.HOLD, kinds.EXTEND])
@pytest.mark.parametrize("pause", PAUSES)
def test_every_time_that_is_offered_would_be_taken(reader, kind, pause):
    situation, asked = situation_at(reader, storm=fakes.tripped(until=AFTERNOON + pause))
    wish = Draft(kind, reason="news", typed=kind)
    told = form.until_choices(situation, wish)
    (offer,) = (e for e in kinds.offers_of(situation.row, UTC_ZONE, AFTERNOON) if e.kind == kind)

    for each in told:
        assert missing(situation, asked, wish._replace(until=each["value"])) == ""
    assert bool(offer.locked) is (not told)
    assert bool(told) is (pause < 7 * 24 * HOUR)
    if offer.locked:
        assert "longer than the 7 d that an override may last" in plain_words(offer.locked)
    if told:
        fits = form.first_draft(situation, wish)
        assert missing(situation, asked, fits._replace(typed=kind)) == ""


def plain_words(said: str) -> str:
    return said.replace("\u00a0", " ")


def test_what_another_holds_for_as_long_as_there_is_cannot_be_held_for_longer(reader):
    week = AFTERNOON + LONGEST[OverrideKind.HOLD]
    held = overridden(OverrideKind.HOLD, expires=week)._replace(until=week)
    situation, _ = situation_at(reader, storm=held)

    locked = {e.kind: e.locked for e in kinds.offers_of(situation.row, UTC_ZONE, AFTERNOON)}
    assert plain_words(locked[kinds.HOLD]) == (
        "ana holds it until 19 Nov 15:42, and 7 d is the most there is."
    )


def test_a_chosen_time_stays_offered_and_another_kind_gets_one_that_fits_it(reader):
    pause = AFTERNOON + 5 * HOUR
    situation, asked = situation_at(reader, storm=fakes.tripped(until=pause))
    chosen = (AFTERNOON + 31 * MINUTE).isoformat()
    step = complete(situation, until=chosen)
    noted = form.noted(asked, step, form.followed(situation, asked, step))

    assert chosen in [each["value"] for each in form.until_choices(situation, step)]
    assert form.with_fitting_until(situation, step, noted) == (step, {})
    hold, changes = form.with_fitting_until(situation, step._replace(kind=kinds.HOLD), noted)
    assert moment_of(hold.until) > pause
    assert list(changes.values()) == [{"value": hold.until}]
    # Of the kind that he sees nothing is chosen for him.
    late = form.noted(asked, hold, form.followed(situation, asked, hold))
    past = hold._replace(until=(AFTERNOON - MINUTE).isoformat())
    assert form.with_fitting_until(situation, past, late) == (past, {})


def test_a_refusal_names_breaker_and_time_as_the_page_does(reader):
    situation, _ = situation_at(reader)
    dip = replace(
        situation.row,
        definition=replace(
            situation.row.definition,
            name="drawdown strategy dip",
            scope=Scope(ScopeKind.STRATEGY, "dip"),
        ),
    )
    raw = (
        "drawdown strategy dip does not step on before 2026-12-07 08:38 UTC by its own rule; its "
        "episode is drawdown strategy dip/demo-1"
    )

    assert plain_words(as_read(raw, dip, UTC_ZONE, AFTERNOON)) == (
        "drawdown, dip does not step on before 7 Dec 08:38:00 UTC by its own rule; its episode is "
        "drawdown strategy dip/demo-1"
    )
    odd = "before 2026-99-07 08:38 UTC"
    assert as_read(odd, dip, UTC_ZONE, AFTERNOON) == odd


def test_a_form_that_is_made_anew_keeps_what_was_written_but_not_what_was_typed_to_confirm(reader):
    situation, _ = situation_at(reader)
    draft = complete(situation)

    kept = form.first_draft(situation, draft)
    assert kept == draft._replace(typed="")
    over, _ = situation_at(reader, fakes.FALL)
    assert form.first_draft(over, draft).kind == kinds.TRIP
    assert form.first_draft(over, draft).reason == "delta hedge"


# --- what must be read ---------------------------------------------------------------------------


def test_the_warnings_of_an_afternoon(reader):
    situation, _ = situation_at(reader)

    assert titles(situation) == [
        "Its rule would shut it still",
        "It is above its trip level still: 2.14 ×",
        "AVAX share: 124 % used",
        "LINK days to flat: not measured",
        "VaR 99 %, 1 day: 91 % used",
        "Trend exposure: 86 % used",
        "Trend loss re-opens: PROBATION, 25 %",
    ]


def with_state(situation: Situation, **changes) -> Situation:
    return replace(situation, state=replace(situation.state, **changes))


def test_old_numbers_are_a_warning_of_their_own(reader):
    situation, _ = situation_at(reader)

    late = replace(situation, age=41.0)
    assert titles(late)[0] == "These numbers are 41 s old"
    assert titles(replace(situation, age=2.9)) == titles(situation)


def test_marks_in_doubt_are_one_warning_that_is_another_once_one_more_is(reader):
    situation, _ = situation_at(reader)

    def marks(*assets: str):
        doubtful = with_state(situation, trusts=dict.fromkeys(assets, Trust.STALE))
        return next(e for e in must_read(doubtful, kinds.RELEASE) if e.id.startswith("marks:"))

    assert marks("LINK/USDT").title == "LINK mark is stale"
    two = marks("LINK/USDT", "SOL/USDT")
    assert two.title == "2 marks are in doubt: LINK, SOL"
    assert two.id != marks("LINK/USDT").id


def test_latches_questions_doubted_equity_and_trips_in_the_ramp_are_warnings(reader):
    asking = fakes.tripped(build_episode(asked_at=AFTERNOON - HOUR, retrips=2))
    situation, _ = situation_at(reader, storm=asking)
    coin = Scope(ScopeKind.ASSET, "BTC/USDT")
    doubted = EquityTrust((), AFTERNOON, AFTERNOON + HOUR, "equity leapt by 40 %")
    latch = Latch(coin, TradingState.HALTED, "ana", "fat finger", AFTERNOON, 5)
    situation = with_state(situation, latches={coin: latch}, equity_trust=doubted)

    told = titles(situation)
    assert "BTC is HALTED by ana" in told
    assert "It asks for a person since 14:42" in told
    assert "Equity is not believed" in told
    assert "It tripped again while it re-opened, 2 times" in told
    again = with_state(situation, latches={coin: latch._replace(action=6)})
    old, new = (
        next(e.id for e in must_read(each, kinds.STEP_DOWN) if e.id.startswith("latch:"))
        for each in (situation, again)
    )
    assert old != new


def test_a_figure_that_moves_leaves_a_warning_as_it_is_and_a_worse_state_does_not(reader):
    situation, _ = situation_at(reader)
    name = "VaR 99 %, 1 day"
    limit = situation.state.limits[name]

    def identity(**changes) -> str:
        limits = {**situation.state.limits, name: limit._replace(**changes)}
        found = must_read(with_state(situation, limits=limits), kinds.STEP_DOWN)
        return next(each.id for each in found if name in each.id)

    assert identity(value=0.047) == identity(value=0.0455)
    assert identity(status=type(limit.status).HARD) != identity()


def test_how_long_it_has_been_calm_is_told(reader):
    calm = OVER._replace(reading=OVER.reading._replace(value=1.8, easing=1.8))
    situation, _ = situation_at(reader, storm=calm)
    course = reader.breaker_course("demo", fakes.STORM, since=AFTERNOON - HOUR, until=AFTERNOON)
    above = course.values.copy()
    above[:] = 1.0
    above[-11] = 2.2

    left = calm_for(course._replace(values=above), situation.row, AFTERNOON)
    assert left == timedelta(minutes=10)
    assert titles(replace(situation, calm=left), kinds.RELEASE)[0] == (
        "Under its trip level for only 10 min, and not eased"
    )
    unmeasured, _ = situation_at(reader, storm=OVER._replace(reading=None))
    assert "It cannot be measured now" in titles(unmeasured, kinds.RELEASE)


def test_many_limits_in_trouble_are_not_a_hundred_clicks(reader):
    situation, _ = situation_at(reader)
    hard = {
        name: each._replace(status=type(each.status).HARD)
        for name, each in situation.state.limits.items()
        if each.value is not None
    }

    told = [
        each
        for each in must_read(with_state(situation, limits=hard), kinds.STEP_DOWN)
        if each.id.startswith("limit")
    ]
    assert len(told) == 4
    assert "more limits are above soft or unknown" in told[-1].title


# --- the panel, by who looks ---------------------------------------------------------------------


def panel_of(actor: Actor, situation: Situation | None, asked: Asked | None, **more):
    return panel.panel_parts(actor, situation, asked, **more)


def test_an_officer_has_the_form_and_every_part_of_it(reader):
    situation, asked = situation_at(reader)
    tree = panel_of(OFFICER, situation, asked)

    said = words(tree)
    assert "as demo officer , officer" in said
    assert "Release into re-opening: Its pause is not over: possible from 15:51:18 UTC" in said
    assert "0 of 7 read" in said
    assert "due 13 Nov 09:00:00 UTC" in said
    assert "Open 7 more warnings, write a reason and type MARKET VOLATILITY 75." in said
    assert part(tree, form.SUBMIT)["aria-disabled"] == "true"
    assert part(tree, form.FORM)["data"] == asked._asdict()


def test_only_what_may_loosen_asks_for_a_proof(reader):
    situation, asked = situation_at(reader)

    def asks(kind: str) -> bool:
        shown = form.followed(situation, asked, complete(situation, kind=kind))
        return any(p.get("data-confirms") == form.SUBMIT for p in parts(shown.proof))

    loose = (kinds.STEP_DOWN, kinds.RELEASE, kinds.DISABLE, kinds.END)
    assert [asks(kind) for kind in loose] == [True] * 4
    assert [asks(kind) for kind in (kinds.HOLD, kinds.EXTEND, kinds.TRIP)] == [False] * 3


@pytest.mark.parametrize("actor", [TRADER, VIEWER])
def test_whoever_may_not_override_reads_who_may_and_finds_no_field(reader, actor):
    situation, asked = situation_at(reader)
    tree = panel_of(actor, situation, asked, demo=True)

    said = words(tree)
    assert "Overriding is for an officer." in said
    assert "enter as officer" in said
    assert ("You can pause entries or halt" in said) is (actor is TRADER)
    assert [each for each in parts(tree) if "id" in each] == []


def test_the_demonstration_says_what_logins_would_ask_of_whoever_loosens(reader):
    situation, asked = situation_at(reader)

    said, demo = (words(panel_of(OFFICER, situation, asked, demo=each)) for each in (False, True))
    assert "Another officer judges what came of it: due" in said
    assert "nobody judges" not in said
    assert "Demonstration: nobody judges what came of it. With logins another officer does" in demo
    assert "until then you could not loosen this breaker again" in demo


def test_an_officer_whose_power_has_not_begun_reads_since_when_and_may_tighten(reader):
    situation, asked = situation_at(reader)
    fresh = Actor(
        name="ola",
        role=Role.OFFICER,
        via=Via.WEB,
        proven_at=situation.wall,
        power_from=situation.wall + HOUR,
    )

    assert "You can tighten all the same." in words(panel_of(fresh, situation, asked))
    assert panel.power_words(replace(fresh, power_from=None, proven_at=None), situation) == ""


@pytest.fixture
def show(reader: FakeBookReader):
    def show(stands=None, **address: str):
        reader.stands = fakes.states() if stands is None else stands
        return Screens(reader).view(SCREEN, parse(address, SCREEN.words))[1]

    return show


def about(tree) -> dict:
    return part(tree, panel.ABOUT)["data"]


def test_the_form_is_another_one_once_the_breaker_stands_otherwise(show):
    first = about(show())

    assert first["episode"] == "market volatility/demo-48000"
    assert first["open"] == ["step_down", "hold", "extend", "disable"]
    assert about(show(fakes.states(storm=OVER)))["open"][0] == "release"
    assert about(show(fakes.states(storm=overridden())))["action"] == 7
    assert about(show(breaker=fakes.OFF))["idle"] == (
        "Daily loss is off: it stops nothing. The policy switches it on."
    )


def test_a_form_hears_at_once_of_a_warning_that_is_new(show, reader):
    before = part(show(), panel.NEWS)["data"]
    reader.advance()
    assert part(show(), panel.NEWS)["data"] == before

    reader.distrust("LINK/USDT")
    falls = fakes.tripped(build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    reader.advance()
    after = part(show(fakes.states(fall=falls), breaker=fakes.STORM), panel.NEWS)["data"]
    whose = "market volatility/demo-48000"
    assert set(after["warnings"]) - set(before["warnings"]) == {
        f"breaker:{fakes.FALL}/x:tripped of {whose}"
    }


def test_what_was_opened_before_one_breaker_counts_before_no_other(reader):
    """Neither by its id, nor by what a form has noted."""
    falls = fakes.tripped(build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    stands = {"fall": falls, "storm": fakes.tripped()}
    storm, of_storm = situation_at(reader, **stands)
    fall, of_fall = situation_at(reader, fakes.FALL, **stands)
    opened = complete(storm).opened
    noted = form.noted(of_storm, complete(storm), form.followed(storm, of_storm, complete(storm)))

    assert {each.id for each in must_read(fall, kinds.STEP_DOWN)} & opened == frozenset()
    assert form.opened_of(noted, of_storm) == opened
    assert form.opened_of(noted, of_fall) == frozenset()
    # Nor once a person commands something of it, or has ended that.
    after, of_after = situation_at(reader, storm=overridden(OverrideKind.HOLD), fall=falls)
    assert {each.id for each in must_read(after, kinds.END)} & opened == frozenset()
    assert form.opened_of(noted, of_after) == frozenset()
    assert "0 of" in words(plain(form.warning_parts(must_read(after, kinds.END), complete(storm))))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (kinds.STEP_DOWN, "Then, as things stand, it is THROTTLED, 50 % of size, by its rule"),
        (kinds.DISABLE, "Then, as things stand, it is THROTTLED, 50 % of size, by its rule"),
        (kinds.HOLD, "Then, as things stand, it is THROTTLED, 50 % of size, by its rule"),
        (kinds.EXTEND, "Then, as things stand, it is THROTTLED, 50 % of size, by its rule"),
        (kinds.RELEASE, "unless it trips again. No limit is lifted"),
    ],
)
def test_the_form_says_of_each_kind_what_comes_after_it(reader, kind, said):
    situation, asked = situation_at(reader)
    draft = complete(situation, kind=kind)

    assert said in plain_words(form.followed(situation, asked, draft).does)


def test_the_form_says_what_comes_after_a_trip_by_hand_and_after_an_end(reader):
    situation, asked = situation_at(reader, fakes.FALL)
    draft = complete(situation, kind=kinds.TRIP)
    assert plain_words(form.followed(situation, asked, draft).does).endswith(
        "until then at the least. Then, as things stand, it re-opens at 25 % of size."
    )

    held = overridden(OverrideKind.HOLD, until=AFTERNOON)._replace(until=AFTERNOON + HOUR)
    situation, asked = situation_at(reader, storm=held)
    draft = complete(situation, kind=kinds.END)
    assert plain_words(form.followed(situation, asked, draft).does).endswith(
        "As things stand it then is THROTTLED, 50 % of size, by its rule until 15:52 at the "
        "earliest."
    )


def test_after_an_end_the_form_is_as_one_that_is_loaded_anew(reader):
    loose, of_loose = situation_at(reader, storm=overridden())
    kind, size = kinds.END, 1.0
    before = Draft(kind, size, reason="worse than I thought", opened=frozenset({"age"}))
    noted = form.noted(of_loose, before, form.followed(loose, of_loose, before))
    situation, asked = situation_at(reader)

    for done in (True, False):
        kept = form.kept_of(before, noted, asked, done=done)
        fresh = form.first_draft(situation)
        assert form.first_draft(situation, kept)._replace(reason="") == fresh
        assert kept.reason == ("" if done else "worse than I thought")
    assert fresh.size == min(kinds.sizes_of(situation.row))


# --- what it would do ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def effect():
    """Of a step down to 75 %, worked out once: it measures a book."""
    reader = FakeBookReader()
    situation, asked = situation_at(reader)
    found = read_effect(Screens(reader).readings, situation, asked, complete(situation))
    assert found is not None
    return found


def test_the_effect_says_now_with_override_and_hard_cap_and_of_which_moment(effect):
    lines = [tuple(each.replace("\u00a0", " ") for each in line) for line in table_rows(effect)]

    assert lines[0] == ("New risk of dip", "50 %", "75 %", "100 %", "")
    assert lines[1][0] == "Room to buy SOL, USD"
    assert lines[2][0] == "VaR 99 %, 1 day used"
    assert lines[2][3:] == ("100.0 %", "soft")
    assert lines[3][0] == "Worst stress loss"
    said = words(effect_parts(effect))
    assert "Hard caps stay." in said
    assert "on the cycle of 15:42:18 UTC, 0.0 s old when worked out." in said
    # The table lets 75 % of it through: what stops the rest is the breaker, and no limit.
    most = money(effect.preview.cap.value, "USD").replace("\u00a0", " ")
    cap = f"no order above {most} passes: "
    assert f"Also without any breaker {cap}" in said
    assert "More is stopped by" not in said
    frees = effect.preview.frees
    assert frees == pytest.approx(0.25 * effect.preview.cap.value, rel=0.01)


def test_what_tightens_waits_for_no_figures_and_a_silent_store_is_told(reader):
    situation, asked = situation_at(reader)
    readings = Screens(reader).readings

    assert effect_of(readings, situation, asked, complete(situation, kind=kinds.HOLD)) == []
    reader.failing = True
    said = words(effect_of(readings, situation, asked, complete(situation)))
    assert "The effect could not be worked out" in said


def test_an_old_cycle_says_how_old_it_is(effect):
    assert "5 min old when worked out" in words(effect_parts(effect._replace(age=300.0))).replace(
        "\u00a0", " "
    )


# --- an override that is on ----------------------------------------------------------------------


def board_row(tree, breaker: str) -> str:
    return words(part(tree, f"board-{slug(breaker)}")["children"])


def test_card_and_board_say_what_is_overridden_by_whom_why_and_until_when(show):
    tree = show(fakes.states(storm=overridden()))

    assert part(tree, "breaker-word")["children"] == "STEPPED DOWN"
    assert words(part(tree, "breaker-override")["children"]) == (
        "Stepped down to 75 % of size by ana since 15:32:18 UTC: “the hedge needs room.” It "
        "returns by itself at 17:30:00 UTC, in 1 h 48 ; as things stand it then is THROTTLED, "
        "50 % of size, by its rule until it has eased. End it now"
    )
    assert (
        "the book is THROTTLED, 50 % of size by its rule, and ana lets 75 % of new risk"
        in words(part(tree, "breaker-lead")["children"])
    )
    assert "2 of them on now (1 stepped down, 1 in probation)" in words(
        part(tree, "breakers-lately")["children"]
    )
    assert "New risk up to 75 % of its size" in words(part(tree, "breaker-works")["children"])
    row = board_row(tree, fakes.STORM)
    assert row.endswith("STEPPED DOWN, 75 % by ana until 17:30")
    assert words(part(tree, "breakers-badge")["children"]) == "1 STEPPED DOWN"


def test_the_cockpit_tells_a_cause_as_of_the_trip_and_what_is_measured_now(reader):
    reader.stands = fakes.states()
    state = reader.latest("demo").state
    cause = "market volatility: volatility is 2.31 times normal"
    book = state.standings[fakes.BOOK]._replace(cause=cause, size=0.5)
    state = replace(state, standings={**state.standings, fakes.BOOK: book})

    assert cause_words(state, UTC_ZONE, AFTERNOON).replace("\u00a0", " ") == (
        "market volatility: volatility was 2.31 times normal at the trip (14:42:18 UTC; 2.14 × now)"
    )


def test_what_a_person_wrote_of_a_trip_by_hand_is_told_unchanged():
    wrote = "tripped by hand by ana: BTC is wild"
    by_hand = build_episode()._replace(cause=wrote, tripped_by="ana")

    assert past_words(by_hand) == wrote


def test_one_that_a_person_switched_off_is_off_and_says_by_whom(show):
    off = fakes.tripped(build_episode(imposed=False), override=build_override(OverrideKind.DISABLE))
    tree = show(fakes.states(storm=off), breaker=fakes.STORM)

    assert "Switched off by ana" in words(part(tree, "breaker-override")["children"])
    assert board_row(tree, fakes.STORM).endswith("Off by ana until 17:30")
    armed = fakes.armed(1.1, "volatility is 1.10 times normal")
    watched = show(
        fakes.states(storm=armed._replace(override=build_override(OverrideKind.DISABLE))),
        breaker=fakes.STORM,
    )
    assert "once the override is over" in words(part(watched, "breaker-until")["children"])


def test_the_cockpit_tells_what_is_switched_off_and_when_the_book_returns_to_its_rule(reader):
    reader.stands = fakes.states(
        storm=overridden(),
        fall=fakes.armed(0.06)._replace(override=build_override(OverrideKind.DISABLE, by="ola")),
    )
    state = reader.latest("demo").state
    book = state.standings[fakes.BOOK]._replace(size=0.75)
    state = replace(state, standings={**state.standings, fakes.BOOK: book})

    assert overridden_words(state, UTC_ZONE, AFTERNOON).replace("\u00a0", " ") == (
        "Overridden: drawdown, switched off by ola until 17:30."
    )
    assert step_words(state, UTC_ZONE, AFTERNOON).replace("\u00a0", " ") == (
        "Returns by itself at 17:30:00 UTC, in 1 h 48; as things stand it then is THROTTLED, 50 % "
        "of size, by its rule until it has eased."
    )
    calm = replace(state, breakers=reader.latest("demo").state.breakers._replace(states={}))
    assert overridden_words(calm, UTC_ZONE, AFTERNOON) == ""


def test_what_is_held_by_a_person_says_so_among_what_else_holds(reader):
    held = fakes.reopening(override=build_override(OverrideKind.HOLD))
    reader.stands = fakes.states(loss=held)
    state = reader.latest("demo").state

    assert "strategy trend re-opens at 25 % until 17:30, held by ana" in also_words(
        state, UTC_ZONE, AFTERNOON
    ).replace("\u00a0", " ")


def told_of(reader: FakeBookReader) -> None:
    """That the storm came back, who let it go, overrode it, and that this is over."""
    episode = build_episode()
    about = {
        "portfolio": "demo",
        "cycle": "demo-1",
        "breaker": episode.breaker,
        "episode": episode.id,
        "scope_kind": "portfolio",
        "scope": "demo",
    }
    command = {"kind": "step_down", "size": 0.75, "state": "THROTTLED", "action": 7}
    reader.breaker_turns_told = (
        BreakerStepped(
            at=AFTERNOON - 40 * MINUTE,
            phase="tripped",
            size=0.0,
            until=None,
            reason="it tripped again in probation",
            by=RULE,
            severity=Severity.CRITICAL,
            **about,
        ),
        BreakerStepped(
            at=AFTERNOON - 30 * MINUTE,
            phase="probation",
            size=0.25,
            until=None,
            reason="let go by ana: calm again",
            by="ana",
            severity=Severity.INFO,
            **about,
        ),
        BreakerOverridden(
            at=AFTERNOON - 20 * MINUTE,
            expires=AFTERNOON,
            by="ola",
            reason="hedge",
            severity=Severity.WARNING,
            **about,
            **command,
        ),
        OverrideEnded(
            at=AFTERNOON - 10 * MINUTE,
            why="its time is over",
            by=RULE,
            began_by="ola",
            severity=Severity.INFO,
            **about,
            **command,
        ),
    )


def test_card_and_history_say_by_whom_a_trip_was_let_go_and_overridden(show, reader):
    told_of(reader)
    tree = show(range="24h")

    assert words(part(tree, "breaker-people")["children"]) == (
        "What people did 15:32:18 UTC: what ola commanded (stepped down) is over. “its time is "
        "over.” 15:22:18 UTC: stepped down to 75 % of size by ola. “hedge.” 15:12:18 UTC: let go "
        "by ana. “calm again.”"
    )
    row = next(
        each
        for each in part(tree, "breakers-history-grid")["rowData"]
        if each["breaker"] == fakes.STORM
    )
    assert row["people"].replace("\u00a0", " ") == (
        "15:12 let go by ana; 15:22 stepped down to 75 % of size by ola; 15:32 what ola commanded "
        "(stepped down) is over"
    )


def test_one_that_is_stepped_down_comes_after_what_holds_more_tightly(reader):
    fall = fakes.tripped(build_episode(f"{fakes.FALL}/x", state=TradingState.REDUCE_ONLY))
    reader.stands = fakes.states(storm=overridden(), fall=fall)

    assert [row.name for row in rows_of(reader.latest("demo"))][:2] == [fakes.FALL, fakes.STORM]
    assert rows_of(reader.latest("demo"))[1].state.phase is Phase.TRIPPED
