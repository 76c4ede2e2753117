"""The card that says which model measures the book, and the choice of another one."""

import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pages.format import UNKNOWN, UTC_ZONE, number, percent
from pages.later import Awaited, Later
from pages.query import parse
from pages.readings import Readings
from pages.views.health import health_view, read_health
from pages.views.health.book_model import CARD, PICK, STATUS
from pages.views.health.choosing import Asked, asked_of, choose, read_preview, read_status
from pages.views.health.judged import ModelHealth
from pages.views.health.preview import (
    ASKED,
    CONFIRM,
    Preview,
    asking_parts,
    preview_parts,
    title_words,
)
from pages.views.health.words import WORDS
from risk.domain.actions import BY_SETTING, BookModelInUse, ChooseBookModel
from risk.domain.actors import Actor, Via
from risk.domain.market import Period
from risk.domain.proposals import ProposalStatus
from risk.errors import InvalidInput, NotAllowed, StoreUnavailable, UnknownPortfolio
from risk.measures.backtest import level_record
from risk.measures.var import VAR_MODELS
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.choices import tail_by
from tests.fakes_actions import ANALYST, TRADER, actions_over
from tests.fakes_book import AFTERNOON
from tests.fakes_web import DEMO, FakeBookReader, FakeChanges
from tests.pages.test_health_view import read
from tests.pages.trees import part, parts, words

QUERY = parse({}, WORDS)


@pytest.fixture
def reader() -> FakeBookReader:
    return FakeBookReader()


def said(tree, component_id: str) -> str:
    return words(part(tree, component_id)["children"]).strip()


class NotYet(Later):
    """Whatever is worked out beside the requests is never there."""

    def ask(self, key, work, *, epoch=0):
        return Awaited()


def previewed(reader: FakeBookReader, wanted: str = "historical_250") -> Preview:
    readings = Readings(reader)
    readings.later = NotYet()
    return read_preview(readings, QUERY, wanted)


@pytest.fixture(scope="module")
def models() -> tuple[ModelHealth, ...]:
    """Every model in hindsight, as the page's table has them."""
    return read(FakeBookReader()).models.value


# -- the card -------------------------------------------------------------------------------


@pytest.mark.parametrize("in_use", [None, BookModelInUse("filtered_evt", BY_SETTING, None)])
def test_where_nobody_chose_the_card_says_that_the_setting_did(in_use):
    view = health_view(read(FakeBookReader(book_model=in_use)))

    assert said(view, STATUS) == (
        "Filtered, Pareto tail : 500 days at each asset's volatility today, Pareto tail, "
        "self-correcting. From the beginning, by the setting SEAWALL_VAR_MODEL: nobody has chosen "
        "another."
    )
    assert "Model of the book" in said(view, CARD)


def test_a_choice_is_told_with_who_and_since_when(reader):
    reader.book_model = BookModelInUse("historical_250", "anna", AFTERNOON)
    view = health_view(read(reader))
    told = said(view, STATUS)

    assert told.startswith("Plain history, 250 d : the last 250 days as they were. Since ")
    assert told.endswith(", chosen by anna.")
    assert told.count("UTC") == 1


def test_another_setting_is_told_with_since_when(reader):
    reader.book_model = BookModelInUse("historical_250", BY_SETTING, AFTERNOON)

    assert said(health_view(read(reader)), STATUS).endswith(f", by {BY_SETTING}.")


def test_every_other_model_can_be_picked(reader):
    reader.book_model = BookModelInUse("adaptive", "anna", AFTERNOON)
    listed = part(health_view(read(reader)), PICK)["data"]
    offered = [each["value"] for each in listed if not each.get("disabled")]

    assert offered == [name for name in BOOK_MODELS if name != "adaptive"]


def test_the_list_marks_the_default_and_says_why_some_models_cannot_be_chosen(reader):
    reader.book_model = BookModelInUse("adaptive", "anna", AFTERNOON)
    listed = part(health_view(read(reader)), PICK)["data"]
    barred = {each["value"]: each["label"] for each in listed if each.get("disabled")}

    assert listed[0]["label"] == "Filtered, Pareto tail (default)"
    assert [each["label"].endswith("(default)") for each in listed].count(True) == 1
    assert set(barred) == set(VAR_MODELS) - set(BOOK_MODELS)
    assert barred["monte_carlo_t"] == "Monte Carlo, t: too slow for order checks"


def test_what_waits_for_the_engine_is_told_though_no_cycle_came(reader):
    readings = Readings(reader)
    assert read_status(readings, QUERY, ()) is None
    reader.waiting = ChooseBookModel(seq=1, at=AFTERNOON, who="anna", model="adaptive")

    assert words(read_status(readings, QUERY, ())).endswith(
        "Adaptive history, chosen by anna (asked at 15:42:18 UTC), waits for the engine's next "
        "cycle."
    )


def test_without_a_book_there_is_nothing_to_choose_for(reader):
    reader.book_list = ()

    with pytest.raises(UnknownPortfolio, match="no book with a complete cycle"):
        read_preview(Readings(reader), QUERY, "adaptive")


# -- the preview ----------------------------------------------------------------------------


def test_the_preview_is_of_the_newest_snapshot_by_the_functions_that_measure_it(reader):
    found, cycle = previewed(reader), reader.latest("demo")
    exposure: dict[str, float] = {}
    for position in cycle.assessment.positions:
        exposure[position.asset] = exposure.get(position.asset, 0.0) + position.exposure

    assert found.now == cycle.assessment.held.day
    assert found.then == tail_by(reader.model("demo", Period.DAY), exposure, "historical_250")
    assert (found.used, found.missing, found.away) == ("filtered_evt", 0, False)


def test_the_dialog_shows_both_figures_their_change_and_of_when_they_are(reader):
    reader.advance(seconds=7)
    preview = previewed(reader)
    tree = [*preview_parts(preview), *asking_parts(preview, ANALYST, demo=True)]
    told = words(tree)

    for name in ("VaR 95 %", "VaR 99 %", "ES 97.5 %", "Change"):
        assert name in told
    assert "the newest complete snapshot, of 15:42:25 UTC." in told
    assert "Lower figures mean a bolder model: nothing in the book changes." in told
    assert "The running forecast is still scored as what it was." in told
    assert "The engine gives no sign" not in told
    assert "an officer other than you must approve it" in told
    assert said(tree, CONFIRM) == "Send for approval"
    assert part(tree, ASKED)["data"] == {"book": "demo", "model": "historical_250", "seen": 0}


def test_columns_and_title_name_the_models(reader):
    told = words(preview_parts(previewed(reader)))

    assert "One day Filtered, Pareto tail Plain history, 250 d Change" in told
    assert title_words("historical_250") == "Measure the book by Plain history, 250 d?"


def test_a_snapshot_of_another_day_is_told_with_its_day(reader):
    reader.clock.advance(timedelta(days=2))
    market = reader.clock.now() - timedelta(days=2)
    cycle = reader.latest("demo")
    old = replace(cycle, pulse=cycle.pulse._replace(market=market))
    reader.latest = lambda portfolio: old

    day = UTC_ZONE.day(market).replace("\u00a0", " ")
    assert f"snapshot, of {day} 15:42:18 UTC." in words(preview_parts(previewed(reader)))


WAITS = "The engine gives no sign: the choice waits until it is back."


def test_while_the_engine_is_away_the_dialog_says_first_that_the_choice_waits(reader):
    reader.engine_sign = reader.engine_sign._replace(running=False)

    assert words(preview_parts(previewed(reader))).startswith(WAITS)


@pytest.mark.parametrize(("seconds", "silent"), [(2.0, False), (3.0, True)])
def test_so_it_does_when_an_engine_merely_gives_no_sign(reader, seconds, silent):
    reader.clock.advance(seconds)

    assert words(preview_parts(previewed(reader))).startswith(WAITS) is silent


def test_a_model_that_corrects_itself_says_that_it_starts_anew(reader):
    reader.book_model = BookModelInUse("adaptive", "anna", AFTERNOON)
    told = words(preview_parts(previewed(reader, "filtered_evt")))

    assert "Its correction by the book's own exceptions starts anew." in told
    assert "is lost" not in told


def test_to_leave_a_model_that_corrects_itself_says_what_is_lost(reader):
    told = words(preview_parts(previewed(reader)))

    assert (
        "What the book's own exceptions have corrected in Filtered, Pareto tail is lost: choosing "
        "it again starts anew."
    ) in told
    assert "Its correction" not in told


def test_the_dialog_reads_the_hindsight_that_the_table_has(reader):
    data = None
    readings = Readings(reader)
    while data is None or data.models.is_pending:
        time.sleep(0)
        data = read_health(readings, QUERY, DEMO, reader.latest("demo"))

    assert read_preview(readings, QUERY, "adaptive").judged.value is data.models.value


def test_the_dialog_shows_how_both_did_in_hindsight(reader, models):
    preview = replace(previewed(reader, "adaptive"), judged=Awaited(models))
    told = words(preview_parts(preview))
    judged = {each.model: each for each in models}

    assert "In hindsight Filtered, Pareto tail Adaptive history Hits 99 %" in told
    for name in ("filtered_evt", "adaptive"):
        health = judged[name]
        assert f"{health.outer.hits} of {health.outer.days} normal" in told
        assert number(health.depth.z2, 2, signed=True) in told
        pinball = percent(health.difference.relative, 1, signed=True).replace("\u00a0", " ")
        assert f"{pinball} {health.difference.verdict}" in told
    assert told.count("GREEN") + told.count("AMBER") + told.count("RED") == 2


def test_a_test_that_speaks_against_a_model_bears_a_sign_in_the_dialog(reader, models):
    preview = previewed(reader, "adaptive")
    calm = tuple(each for each in models if each.model in preview.names)
    bold = tuple(replace(each, outer=level_record(np.arange(250) < 20, 0.99)) for each in calm)

    def signs(judged) -> int:
        tree = preview_parts(replace(preview, judged=Awaited(judged)))
        return [each.get("data-glyph") for each in parts(tree)].count("caution")

    assert (signs(calm), signs(bold)) == (0, 2)


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (Awaited(), "How both did in hindsight is not worked out yet: ask again in a moment."),
        (Awaited(problem="it is away"), "could not be worked out: it is away."),
        (Awaited(()), "No day to judge both models by, yet."),
    ],
)
def test_hindsight_that_is_not_there_is_told(reader, judged, told):
    assert told in words(preview_parts(replace(previewed(reader), judged=judged)))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("filtered_historical", "Filtered history with its longer memory: up to 2 000 days."),
        ("ewma_filtered_historical", "with its longer memory: 500 days."),
        ("adaptive", None),
        ("historical_500", None),
    ],
)
def test_where_the_table_remembers_more_days_the_dialog_says_so(reader, models, wanted, told):
    found = words(preview_parts(replace(previewed(reader, wanted), judged=Awaited(models))))

    assert (told or "Pinball against the live record") in found
    assert ("longer memory" in found) is (told is not None)


@pytest.mark.parametrize(
    ("missing", "told"),
    [(20, "It needs 20 more days of prices"), (1, "1 more day of"), (0, "does not know an asset")],
)
def test_what_cannot_be_measured_is_told_and_not_left_blank(reader, missing, told):
    unmeasured = replace(previewed(reader), then=None, missing=missing)

    assert told in words(preview_parts(unmeasured))


def test_a_book_without_risk_or_equity_has_no_change_in_per_cent(reader):
    flat = previewed(reader).now
    assert flat is not None
    zero = replace_figures(flat, 0.0)
    told = words(preview_parts(replace(previewed(reader), now=zero, then=zero, equity=None)))

    assert told.count(UNKNOWN) == len(("VaR 95 %", "VaR 99 %", "ES 97.5 %"))


def replace_figures(tail, value):
    return tail._replace(var=(value,) * 3, es=(value,) * 3)


def test_a_model_that_nobody_knows_has_no_preview(reader):
    with pytest.raises(InvalidInput, match="no model of a book"):
        previewed(reader, "oracle")


# -- the choice -----------------------------------------------------------------------------


ASKED_FOR = Asked("demo", "adaptive", 0)


def test_the_dialog_remembers_the_last_choice_that_was_known(reader):
    reader.waiting = ChooseBookModel(seq=7, at=reader.wall(), who="anna", model="adaptive")

    assert previewed(reader).seen == 7


def proposed(store, actor=ANALYST, asked=ASKED_FOR, reason="it fits calm years better"):
    return choose(actions_over(store), actor, asked, reason=reason, at=AFTERNOON)


@pytest.fixture
def store(reader) -> FakeChanges:
    return FakeChanges(reader)


@pytest.mark.parametrize(
    "data",
    [None, [], 7, {}, {"book": "demo", "model": "adaptive"}, {**ASKED_FOR._asdict(), "seen": "0"}],
)
def test_what_no_dialog_held_chooses_nothing(store, data):
    found = proposed(store, asked=asked_of(data))

    assert found.proposal is None
    assert "load it again. Nothing was changed." in words(found.toast["message"])
    assert store.kept == []
    assert asked_of(ASKED_FOR._asdict()) == ASKED_FOR


def test_a_choice_whose_answer_was_lost_is_not_denied(store):
    store.fail_with = StoreUnavailable("the server closed the connection")
    told = words(proposed(store).toast["message"])

    assert "It may be sent all the same" in told
    assert "Nothing was changed" not in told


def test_another_model_is_proposed_with_a_reason_and_waits(store, reader):
    found = proposed(store)

    assert found.proposal.change.model == "adaptive"
    assert found.proposal.reason == "it fits calm years better"
    assert found.proposal.status is ProposalStatus.OPEN
    assert "It waits for an officer" in words(found.toast["message"])
    assert reader.waiting is None


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_another_model_needs_a_reason(store, reason):
    found = proposed(store, reason=reason)

    assert found.reason == "Write a reason."
    assert store.kept == []


def test_what_is_proposed_stands_on_the_card(store, reader):
    proposed(store)
    waiting = store.proposals("demo", open_only=True)
    told = read_status(Readings(reader), QUERY, waiting)

    assert "Adaptive history, proposed by demo analyst" in words(told)
    assert "waits for an officer: see the proposal" in words(told)
    assert [each["href"] for each in parts(told) if "href" in each] == ["/changes?proposal=41"]


def test_somebody_who_may_not_propose_is_denied(store):
    with pytest.raises(NotAllowed, match="An analyst or an officer can"):
        proposed(store, TRADER)

    assert store.kept == []


def test_whoever_may_not_propose_sees_the_comparison_and_why(reader):
    asking = asking_parts(previewed(reader), TRADER, demo=True)
    ids = [each.get("id") for each in parts(asking)]

    assert CONFIRM not in ids
    assert "An analyst or an officer can." in words(asking)
    assert "Enter as analyst" in words(asking)


def test_where_nobody_has_a_login_the_model_is_chosen_at_once(reader, store):
    alone = Actor(name="root", role=None, via=Via.WEB, has_login=False)
    asking = asking_parts(previewed(reader), alone, demo=False)

    assert said(asking, CONFIRM) == "Measure by Plain history, 250 d"
    assert "there is no second person to ask" in words(asking)
    assert proposed(store, alone).proposal.status is ProposalStatus.APPROVED


@pytest.mark.parametrize(
    "problem", [InvalidInput("adaptive is in use already"), StoreUnavailable("it is away")]
)
def test_a_choice_that_failed_says_why(store, problem):
    store.fail_with = problem
    found = proposed(store)

    assert found.proposal is None
    assert words(found.toast["title"]).strip() == "Not sent: measure the book by Adaptive history"
    assert str(problem)[1:] in words(found.toast["message"])
