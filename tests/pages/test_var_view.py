"""The VaR page as a pure function of what was read."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pages.figures.packing import unpacked
from pages.format import percent
from pages.glossary import GLOSSARY
from pages.later import Awaited
from pages.query import parse
from pages.readings import Readings
from pages.views.health.judged import opinion
from pages.views.health.reading import read_health
from pages.views.health.words import WORDS as HEALTH_WORDS
from pages.views.records.past import COMPARED
from pages.views.var import VarData, read_var, var_view
from pages.views.var.contest import entrants
from pages.views.var.ten_days import ask_ten_days
from pages.views.var.verdict import which_words
from pages.views.var.words import WORDS
from risk.domain.actions import BookModelInUse
from risk.domain.market import Period
from risk.domain.model import DEFAULT_BOOK_MODEL as IN_USE
from risk.errors import StateUnreadable
from risk.measures.var import VAR_MODELS
from tests.fakes_book import AFTERNOON, MIDNIGHT
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words


def read(reader=None, **address) -> VarData:
    """What the page shows once the models are compared."""
    reader = reader or FakeBookReader()
    readings, query = Readings(reader), parse(address, WORDS)
    data = read_var(readings, query, DEMO, reader.latest("demo"))
    while data.hindsight.is_pending:
        time.sleep(0)
        data = read_var(readings, query, DEMO, reader.latest("demo"))
    return data


@pytest.fixture(scope="module")
def data() -> VarData:
    return read()


@pytest.fixture(scope="module")
def view(data):
    return var_view(data)


def trace(data: VarData, name: str) -> dict:
    return next(t for t in data.figure["data"] if t.get("name") == name)


class NothingScored(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        return []


class Calm(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        events = super().forecasts_scored(portfolio, period, since=since, until=until)
        return [event for event in events if not event.exceeded_95][-10:]


class YoungBook(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        return super().forecasts_scored(portfolio, period, since=since, until=until)[-40:]


def test_the_first_line_answers_in_words(view):
    answer = part(view, "var-answer")["children"].replace("\u00a0", " ")

    assert answer.startswith(
        "Nothing speaks against VaR: losses went beyond the 99 % VaR on 3 of 250 "
        "days (normal 1 to 6), beyond the 95 % VaR on 12 (normal 7 to 19)."
    )
    assert "Today \u22122." in answer


def test_the_record_has_one_status_wherever_it_is_told(data):
    health = read_health(Readings(FakeBookReader()), parse({}, HEALTH_WORDS), DEMO, data.cycle)
    odd = replace(data.live, depth=data.live.depth._replace(zone=2))
    said = words(part(var_view(replace(data, live=odd)), "var-answer")["children"])

    assert opinion(data.live) == opinion(health.live)
    assert said.startswith("The number of exceptions is normal, but not their depth: losses went")


def test_the_figures_of_one_day_are_told_apart_in_one_sentence(data):
    said = which_words(data).replace("\u00a0", " ")

    assert said.startswith("VaR 99 % of one day is 4.56 % for what is held now; ")
    assert "was forecast at 00:00 UTC for what was held then: by that today is judged" in said
    assert said.endswith("in hindsight on the book's own series, which only compares models.")
    assert which_words(replace(data, day=None)) == ""


def test_the_light_says_why_it_is_stricter_than_the_normal_range(view):
    light = words(part(view, "var-light")["children"])

    assert "Amber from 5: a right model stays below that about 9 times in 10." in light


def test_a_forecast_that_another_model_made_says_so():
    chosen = BookModelInUse("historical_250", "anna", AFTERNOON)
    answers = [
        words(part(var_view(read(reader)), "var-answer")["children"])
        for reader in (FakeBookReader(), FakeBookReader(book_model=chosen))
    ]

    assert "forecast it" not in answers[0]
    assert answers[1].endswith(", as Filtered, Pareto tail forecast it.")


def test_the_light_says_its_word_its_count_and_what_is_usual(view):
    light = words(part(view, "var-light")["children"])

    assert "GREEN 3 exceptions expected 2.5, normal 1 to 6" in light
    assert "green 0–4 amber 5–9 red 10+" in light
    assert "after" not in light.split("GREEN")[0].split("days")[1]


def test_a_young_record_says_after_how_many_days_and_has_zones_of_its_own():
    light = words(part(var_view(read(YoungBook())), "var-light")["children"])

    assert "after 40 of 250 days" in light
    assert "green 0–1" in light


def test_cards_show_var_es_and_the_worst_day_against_its_var(view):
    said = words(view)

    for shown in ("4.56 %", "4.78 %", " k USD · 1 h 1.09 %", "2.13 × its VaR"):
        assert shown in said


def test_the_plot_shows_250_days_and_today(data):
    assert len(data.shown) == 250
    assert unpacked(trace(data, "P&L")["y"]).size == 251
    assert trace(data, "So far")["y"][0] == pytest.approx(-2.5, abs=0.2)
    assert unpacked(trace(data, "VaR 99 %")["y"])[-1] == pytest.approx(-4.95, abs=0.2)


def test_the_shares_drawn_are_losses_over_the_equity_of_their_day(data):
    row = int(np.flatnonzero(data.shown.beyond_99)[0])
    expected = 100.0 * data.shown.profit[row] / data.shown.equity[row]

    assert unpacked(trace(data, "P&L")["y"])[row] == pytest.approx(expected, rel=1e-6)


def test_money_is_drawn_as_money():
    money = read(unit="money")

    assert unpacked(trace(money, "P&L")["y"])[0] == pytest.approx(
        money.shown.profit[0] / 1000.0, rel=1e-5
    )


def test_an_exception_tells_on_hover_what_the_list_tells_in_words(data, view):
    hover = " ".join(trace(data, "Beyond 99 %")["text"]).replace("\u00a0", " ")
    listed = words(part(view, "var-exceptions-content")["children"])

    for told in ("95 % beyond its 99 % VaR of 3.90 %", "Most by BTC", "The whole market fell"):
        assert told in hover
        assert told in listed
    assert part(view, "var-exceptions-content")["tabIndex"] == 0


def test_hours_are_shown_for_a_week_and_at_most_for_a_month():
    short, long = read(horizon="1h"), read(horizon="1h", range="all")

    assert short.shown.period is Period.HOUR
    assert len(short.shown) == 168
    assert "168 hours to now" in words(var_view(short))
    assert len(long.shown) <= 720
    assert "Assets are told for days only." in words(var_view(short))


def test_a_range_that_has_ended_shows_no_running_day():
    past = read(**{"from": "2026-09-01T00:00Z", "to": "2026-10-01T00:00Z"})

    assert past.today is None
    assert past.shown.opened(len(past.shown) - 1).month == 9
    assert len(past.judged) == 250


@pytest.mark.parametrize(
    ("since", "until", "horizon", "told"),
    [
        (
            "2026-09-01T00:00Z",
            "2026-10-01T00:00Z",
            "1d",
            "to 30 Sep, more than the range: the plot reaches back 250 days where it can",
        ),
        (
            "2026-11-06T00:00Z",
            "2026-11-10T00:00Z",
            "1h",
            "168 hours to 10 Nov 00:00, more than the range: the plot reaches back 7 days where",
        ),
        ("2026-11-03T00:00Z", "2026-11-10T00:00Z", "1h", "168 hours in the chosen range, forecast"),
        (
            "2026-09-01T00:00Z",
            "2026-11-10T00:00Z",
            "1h",
            "to 10 Nov 00:00, less than the range: the plot holds 30 days at most",
        ),
    ],
)
def test_a_plot_of_more_or_less_than_the_range_says_so(since, until, horizon, told):
    view = var_view(read(**{"from": since, "to": until, "horizon": horizon}))

    assert told in words(view).replace("\u00a0", " ")


def test_a_range_before_the_book_says_when_its_forecasts_begin():
    reader = FakeBookReader()
    first = reader.forecasts_scored(
        "demo", Period.DAY, since=MIDNIGHT - timedelta(days=5_000), until=MIDNIGHT
    )[0]
    view = words(var_view(read(**{"from": "2022-07-01T00:00Z", "to": "2022-07-10T00:00Z"})))
    view = view.replace("\u00a0", " ")

    opened = first.at - timedelta(days=1)
    day = f"{opened.day} {opened:%b}" + ("" if opened.year == 2026 else f" {opened.year}")
    assert "Nothing was forecast in this range" in view
    assert f"The book's forecasts begin on {day}." in view
    assert f"Nothing was forecast in this range; the book's forecasts begin on {day}." in view
    assert "No forecast" not in view


def test_exceptions_are_counted_over_what_is_shown(view):
    assert "of the 250 days shown, newest first" in words(view)
    assert "No loss went beyond its VaR in the 10 days shown." in words(var_view(read(Calm())))


def test_a_record_in_range_says_how_often_a_wrong_model_would_pass(view):
    listed = words(part(view, "var-exceptions")["children"]).replace("\u00a0", " ")

    assert (
        "A VaR exceeded twice as often as it should be would still be inside the normal range of "
        "250 days 76 % of the time at 99 %, 12 % at 95 %." in listed
    )
    assert "250 days at 99 %, 76 % of those" in GLOSSARY["normal_range"].reading


def test_the_method_in_use_the_best_and_the_worst_stand_under_the_live_record(data, view):
    told = words(part(view, "var-models-content")["children"])
    compared = entrants(data.judged, data.day, data.hindsight.value, IN_USE)
    by_loss = sorted(
        (row for row in compared if row.difference),
        key=lambda row: row.difference.relative,
    )

    assert IN_USE in COMPARED
    for name in (IN_USE, by_loss[0].model, by_loss[-1].model):
        assert VAR_MODELS[name].title in told
    assert f"chance, best of {len(COMPARED)}" in told
    assert f"chance, worst of {len(COMPARED)}" in told
    assert told.count(" of 250 normal 1 to 6") == 4


def test_all_models_are_a_link_away(view):
    links = [p for p in parts(view) if p.get("href") == "/models"]

    assert [words(link["children"]) for link in links] == [
        f"All {len(COMPARED)} models and how they were tested"
    ]


def test_the_first_row_is_the_live_record_and_counts_what_the_verdict_counts(data, view):
    table = part(view, "var-models-content")["children"]
    first = next(p for p in parts(table) if p.get("data-chosen") == "used")
    told = words(first["children"]).replace("\u00a0", " ")

    today = 100.0 * data.day.var_99 / data.day.equity
    assert told.startswith("Live record the model in use, as forecast day by day 3 of 250")
    assert "12 of 250" in told
    assert "reference" in told
    assert f"{today:.2f} %" in told
    assert words(table).count("reference") == 1
    assert "the method in use, on the book's own series" in words(table)


def test_a_difference_in_pinball_loss_says_whether_it_is_more_than_chance(data, view):
    rows = parts(part(view, "var-models-content")["children"])
    small = [words(p["children"]) for p in rows if p.get("className") == "sw-model-how"]
    told = [text.split(",")[0] for text in small if " chance" in text]

    assert len(told) == 3
    assert set(told) <= {"within chance", "more than chance"}
    assert "too few days" in words(var_view(read(YoungBook())))


def test_another_model_is_drawn_beside_the_one_in_use_and_can_be_taken_away():
    compared = read(**{"with": "historical_500"})
    line = unpacked(trace(compared, "VaR 99 %, Plain history, 500 d")["y"])
    links = [p["href"] for p in parts(var_view(compared)) if p.get("href")]

    assert np.isfinite(line).all()
    assert "Plain history, 500 d, 99 and 95 %" in words(var_view(compared))
    assert "/var" in links
    assert "/var?with=adaptive" in links
    assert "Plain history, 500 d" in words(
        part(var_view(compared), "var-models-content")["children"]
    )


def test_models_that_are_still_being_compared_are_awaited_in_words(data):
    waiting = var_view(replace(data, hindsight=Awaited()))

    assert "usually 2 s" in words(waiting)
    assert [p for p in parts(waiting) if p.get("aria-busy") == "true"]


def test_a_comparison_that_failed_says_why(data):
    failed = var_view(replace(data, hindsight=Awaited(problem="the store is away")))

    assert "The models could not be compared" in words(failed)
    assert "The store is away. It is tried again within a minute." in words(failed)


def test_before_any_score_everything_says_what_it_waits_for():
    view = words(var_view(read(NothingScored())))

    for told in (
        "No one-day forecast has met its day yet",
        "no day scored yet",
        "The first forecast meets its day at 00:00 UTC.",
        "No forecast has met its outcome yet.",
    ):
        assert told in view


def test_a_flat_book_is_told_and_draws_nothing_it_does_not_know():
    reader = FakeBookReader(holdings=())
    view = words(var_view(read(reader)))

    assert "unknown" in view
    assert "open a position" in view


def test_equity_that_was_never_known_leaves_money():
    class NoEquity(FakeBookReader):
        def metric_history(self, portfolio, metric, **span):
            return super().metric_history(
                portfolio, "nothing" if metric == "equity" else metric, **span
            )

    data = read(NoEquity())

    assert np.isnan(unpacked(trace(data, "P&L")["y"])).all()
    assert "\u221286.4 k USD" in words(var_view(data)).replace("\u202f", " ")


def test_shares_of_the_groups_add_up_to_all_of_var(data):
    view = var_view(data)
    shares = [p["children"] for p in parts(view) if str(p.get("id")).startswith("var-share-")]
    known = [float(s.split("\u00a0")[0].replace("\u2212", "-")) for s in shares if s]

    assert data.components.names[-1] == "others"
    assert sum(known) == pytest.approx(100.0, abs=6.0)


@pytest.mark.parametrize("by", ["asset", "strategy", "venue"])
def test_components_are_split_as_chosen(by):
    names = read(by=by).components.names

    assert {"asset": "BTC", "strategy": "trend", "venue": "sim-a"}[by] in names


def test_a_cycle_without_news_sends_the_same_figures(data):
    reader = FakeBookReader()
    readings, query = Readings(reader), parse({}, WORDS)
    readings_once = read_var(readings, query, DEMO, reader.latest("demo"))
    while readings_once.hindsight.is_pending:
        readings_once = read_var(readings, query, DEMO, reader.latest("demo"))
    reader.advance(0.000_01)
    again = read_var(readings, query, DEMO, reader.latest("demo"))

    assert again.figure is readings_once.figure
    assert again.components.figure is readings_once.components.figure
    assert again.assessment.equity != readings_once.assessment.equity


def test_a_new_day_is_another_figure():
    reader = FakeBookReader()
    readings, query = Readings(reader), parse({}, WORDS)
    before = read_var(readings, query, DEMO, reader.latest("demo"))
    reader.advance(seconds=timedelta(hours=9).total_seconds())
    after = read_var(readings, query, DEMO, reader.latest("demo"))

    assert after.day is None  # nothing was forecast for it here
    assert after.figure is not before.figure


@pytest.mark.parametrize(
    "address",
    [{}, {"horizon": "1h"}, {"unit": "money"}, {"with": "historical_250", "by": "venue"}],
)
def test_no_id_is_there_twice(address):
    ids = Counter(str(p["id"]) for p in parts(var_view(read(**address))) if "id" in p)

    assert [name for name, times in ids.items() if times > 1] == []


def test_words_that_it_does_not_know_are_told():
    query = parse({"horizon": "2d", "with": "crystal_ball"}, WORDS)

    assert query.choice("horizon") == "1d"
    assert len(query.notes) == 2


def spaced(fraction: float) -> str:
    return percent(fraction).replace("\u00a0", " ")


def ten_days(view) -> dict[str, str]:
    """The column, by row."""
    keys = ("var-95", "var-975", "var-99", "es-975", "es-99")
    return {key: words(part(view, f"var-now-{key}-ten-days")["children"]) for key in keys}


def simulated(reader=None) -> VarData:
    """What the page shows once ten days are there."""
    reader = reader or FakeBookReader()
    readings, query = Readings(reader), parse({}, WORDS)
    data = read_var(readings, query, DEMO, reader.latest("demo"))
    while data.ten_days.is_pending:
        time.sleep(0)
        data = read_var(readings, query, DEMO, reader.latest("demo"))
    return data


def test_ten_days_are_riskier_than_one_and_say_of_which_book_they_are():
    data = simulated()
    view = var_view(data)
    found = data.ten_days.value

    assert found.tail.var_at(0.99) > data.assessment.held.day.var_at(0.99)
    shown = ten_days(view)
    assert shown["var-99"] == spaced(found.tail.var_at(0.99) / found.equity)
    assert shown["es-99"] == spaced(found.tail.es_at(0.99) / found.equity)
    told = words(part(view, "var-ten-days-words")["children"])
    assert "Ten days, by their own method: 10 000 paths of what was held at 15:42:18" in told
    assert "√10 × one day would be" in told


class WithoutModel(FakeBookReader):
    def model(self, portfolio, period, *, at=None):
        return None


class ModelLost(FakeBookReader):
    def model(self, portfolio, period, *, at=None):
        raise StateUnreadable("Model", "it is torn")


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (WithoutModel(), "Ten days need 100 bars of history of the coins held."),
        (ModelLost(), "Ten days cannot be told: "),
    ],
)
def test_ten_days_that_cannot_be_told_say_why(reader, told):
    data = replace(read(), ten_days=ask_ten_days(Readings(reader), DEMO, reader.latest("demo")))
    view = var_view(data)

    assert set(ten_days(view).values()) == {"unknown"}
    assert told in words(part(view, "var-ten-days-words")["children"])


def test_until_ten_days_are_simulated_it_says_so():
    view = var_view(replace(read(), ten_days=Awaited()))

    assert words(part(view, "var-ten-days-words")["children"]) == "Ten days are being simulated."


def test_while_another_model_measures_the_day_the_record_and_the_other_horizons_are_told_apart():
    reader = FakeBookReader()
    reader.book_model = BookModelInUse("adaptive", "anna", MIDNIGHT)
    view = var_view(read(reader))

    assert "Of these days Adaptive history, in use now, has forecast none." in words(
        part(view, "var-answer")["children"]
    )
    assert "the day by Adaptive history, the rest as ever" in words(
        part(view, "var-levels")["children"]
    )
    assert "the rest as ever" not in words(var_view(read()))
