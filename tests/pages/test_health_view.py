"""The page of model health as a pure function of what was read."""

import time
from dataclasses import replace

import numpy as np
import pytest

from pages.figures.packing import unpacked
from pages.later import Awaited
from pages.query import parse
from pages.readings import Readings
from pages.views.health import HealthData, health_view, read_health
from pages.views.health.answer import depth_words, doubt_words, opinion, order_words, verdict_words
from pages.views.health.charts import spread_words
from pages.views.health.judged import live_health, placed
from pages.views.health.table import chance_words, depth_limit_words
from pages.views.health.words import WORDS
from pages.views.records.difference import Difference
from pages.views.records.past import COMPARED, COMPARED_LEVELS
from pages.views.var import read_var
from pages.views.var.words import WORDS as VAR_WORDS
from risk.domain.actions import BookModelInUse
from risk.domain.model import DEFAULT_BOOK_MODEL as IN_USE
from risk.measures.backtest import Depth, Order, acerbi_szekely_z2, kupiec_region, level_record
from risk.measures.var import VAR_MODELS
from tests.fakes_book import AFTERNOON
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words


def read(reader=None, **address) -> HealthData:
    """What the page shows once the models are compared."""
    reader = reader or FakeBookReader()
    readings, query = Readings(reader), parse(address, WORDS)
    data = read_health(readings, query, DEMO, reader.latest("demo"))
    while data.models.is_pending:
        time.sleep(0)
        data = read_health(readings, query, DEMO, reader.latest("demo"))
    return data


@pytest.fixture(scope="module")
def data() -> HealthData:
    return read()


@pytest.fixture(scope="module")
def view(data):
    return health_view(data)


def plain(tree) -> str:
    return words(tree).replace("\u00a0", " ")


def rows_of(view) -> list:
    table = part(view, "health-models-content")["children"]
    return [p for p in parts(table) if p.get("data-chosen")]


class NothingScored(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        return []


class YoungBook(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        return super().forecasts_scored(portfolio, period, since=since, until=until)[-40:]


class OneDay(FakeBookReader):
    def forecasts_scored(self, portfolio, period, *, since, until):
        return super().forecasts_scored(portfolio, period, since=since, until=until)[-1:]


# -- the first line -------------------------------------------------------------------------


def test_the_first_line_gives_the_verdict_in_plain_words(view):
    answer = part(view, "health-answer")["children"].replace("\u00a0", " ")

    assert answer == (
        "Nothing speaks against VaR: the 95 % VaR was broken on 12 of 250 days (7 to 19 are "
        "normal), the 99 % VaR on 3 of 250 days (1 to 6 are normal). No clusters are seen. Losses "
        "beyond the 97.5 % VaR added up to 20 % more than its expected shortfall allows, within "
        "chance."
    )


def test_under_it_stands_what_so_few_days_cannot_tell(view):
    doubts = part(view, "health-doubts")["children"].replace("\u00a0", " ")

    assert "250 days 76 % of the time at 99 %, 12 % at 95 %." in doubts
    assert "3 days beyond 99 % cannot show whether they cluster." in doubts
    assert "need" not in doubts


def test_where_clusters_can_be_told_nothing_is_said_of_too_few(data):
    told = replace(data.live, outer=data.live.outer._replace(hits=6, order=Order.NO_CLUSTERS))

    assert "cannot show" not in doubt_words(replace(data, live=told))


def test_a_young_record_says_how_many_days_are_still_needed():
    young = read(YoungBook())

    assert "need 200 more days; until then its probability is simulated." in doubt_words(young)
    assert "within chance." in verdict_words(young)
    assert young.live.depth.p_value > 0.05
    assert young.live.depth == live_health(young.judged, IN_USE).depth
    assert "200 days more" in words(health_view(young))


def test_a_record_of_one_day_is_told_and_drawn():
    view = plain(health_view(read(OneDay())))

    assert "of 1 day (" in view
    assert "99 %, 1 day" in view
    assert "need 239 more days; until" in view
    assert "Its first day counts 1" in view


def test_before_the_first_score_everything_says_what_it_waits_for():
    empty = read(NothingScored())
    view = plain(health_view(empty))

    for told in (
        "No one-day forecast has met its day yet",
        "The first is scored at 00:00 UTC, and 250 days make a full record.",
        "No day has been scored in this range",
        "The first bar appears with the first day that is judged.",
    ):
        assert told in view
    assert empty.course.figure is None
    assert None not in empty.spreads


def records(inner, outer):
    return level_record(hits(inner), 0.95), level_record(hits(outer), 0.99)


def hits(count, of=250):
    exceeded = np.zeros(of, dtype=bool)
    exceeded[: 10 * count : 10] = True
    return exceeded


@pytest.mark.parametrize(
    ("inner", "outer", "said"),
    [
        (12, 3, "Nothing speaks against VaR"),
        (20, 3, "VaR has been too low"),
        (12, 7, "VaR has been too low"),
        (3, 3, "VaR has been higher than needed"),
        (3, 7, "VaR has been too low"),
    ],
)
def test_the_opinion_follows_the_numbers_at_both_levels(data, inner, outer, said):
    inner, outer = records(inner, outer)

    assert opinion(replace(data.live, inner=inner, outer=outer)) == said


DEEP, SHALLOW = Depth(250, -0.9, 1, None), Depth(250, 0.1, 0, None)
CLUSTERED = {"order": Order.CLUSTERED, "order_p": 0.001, "coverage_p": 0.002}
ODD = {"coverage_p": 0.03}


@pytest.mark.parametrize(
    ("order", "depth", "said", "told"),
    [
        ({}, DEEP, "normal, but not their depth", "No clusters are seen."),
        (CLUSTERED, SHALLOW, "normal, but not their order", "come in clusters"),
        (CLUSTERED, DEEP, "normal, but not their order and depth", "come in clusters"),
        (ODD, SHALLOW, "normal, but not their order", "in such an order are unlikely by chance"),
    ],
)
def test_what_order_or_depth_speak_against_is_not_called_right(data, order, depth, said, told):
    inner, outer = records(12, 3)
    live = replace(data.live, inner=inner._replace(**order), outer=outer, depth=depth)
    words_of = verdict_words(replace(data, live=live))

    assert words_of.startswith(f"The number of exceptions is {said}: the 95 % VaR")
    assert told in words_of
    assert "Nothing speaks" not in words_of


def test_whatever_the_table_marks_the_foot_counts_and_nothing_else(data):
    passed = replace(data.models.value[0], depth=SHALLOW)
    passed = replace(passed, **dict(zip(("inner", "outer"), records(12, 3), strict=True)))
    marked = [
        replace(passed, outer=records(12, 9)[1]),
        replace(passed, inner=records(30, 3)[0]),
        replace(passed, inner=passed.inner._replace(**CLUSTERED)),
        replace(passed, inner=passed.inner._replace(**ODD)),
        replace(passed, depth=DEEP),
    ]
    unseen = replace(passed, outer=passed.outer._replace(**CLUSTERED))
    for row, count in [(passed, 0), (unseen, 0), *((row, 1) for row in marked)]:
        view = health_view(replace(data, models=Awaited((row,))))
        signs = [p for p in parts(rows_of(view)[1]["children"]) if p.get("data-glyph") == "caution"]
        told = "No test speaks" if count == 0 else "Some test speaks against 1 of 1 models"

        assert told in words(part(view, "health-models")["children"])
        assert bool(signs) == bool(count), row


def test_the_order_is_told_in_words():
    inner = level_record(hits(12), 0.95)

    assert order_words(inner) == "No clusters are seen."
    assert "clusters: VaR follows" in order_words(inner._replace(order=Order.CLUSTERED))
    assert "too few" in order_words(inner._replace(order=Order.TOO_FEW))


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        (Depth(250, -0.2, 0, None), "20 % more than its expected shortfall allows, within chance."),
        (Depth(250, 0.35, 0, None), "35 % less than its expected shortfall allows, within chance."),
        (Depth(250, -0.001, 0, None), "added up to as much as its expected shortfall allows"),
        (
            Depth(250, -0.9, 1, None),
            "90 % more than its expected shortfall allows, more than chance",
        ),
        (Depth(250, -2.0, 2, None), "far more than chance explains."),
        (Depth(40, -2.0, 1, 0.03), "more than chance explains."),
        (Depth(0, None, None, None), ""),
    ],
)
def test_the_depth_is_told_in_words(depth, told):
    assert told in depth_words(depth).replace("\u00a0", " ")


# -- the table ------------------------------------------------------------------------------


def test_the_live_record_stands_first_and_every_model_under_it(view):
    rows = rows_of(view)

    assert rows[0]["data-chosen"] == "used"
    assert plain(rows[0]["children"]).startswith(
        "Live record the model in use, as forecast day by day 3 of 250 normal 1 to 6 12 of 250 "
        "normal 7 to 19 no clusters seen p 0.27 passed"
    )
    assert len(rows) == 1 + len(COMPARED)
    told = words([row["children"] for row in rows])
    assert [name for name in COMPARED if VAR_MODELS[name].title not in told] == []


def test_the_live_depth_is_of_the_forecasts_that_were_stored(data):
    judged = data.judged

    assert data.live.depth.z2 == acerbi_szekely_z2(
        -judged.profit, judged.var_975, judged.es_975, 0.975
    )
    assert (judged.beyond_975 == (-judged.profit > judged.var_975)).all()
    assert (judged.es_975 >= judged.var_975).all()


def test_a_table_and_the_page_of_var_count_the_same(data):
    reader = FakeBookReader()
    readings = Readings(reader)
    var = read_var(readings, parse({}, VAR_WORDS), DEMO, reader.latest("demo"))
    while var.hindsight.is_pending:
        var = read_var(readings, parse({}, VAR_WORDS), DEMO, reader.latest("demo"))

    for model in data.models.value:
        record = var.hindsight.value.models[model.model]
        assert (model.inner.hits, model.outer.hits) == (record.hits_95, record.hits_99)
        assert model.days == record.days
        assert (model.outer.low, model.outer.high) == kupiec_region(model.days, 0.99)


def test_models_are_compared_once_for_both_pages(monkeypatch):
    asked = []
    reader = FakeBookReader()
    readings = Readings(reader)
    ask = readings.later.ask
    monkeypatch.setattr(
        readings.later, "ask", lambda key, work, **more: asked.append(key) or ask(key, work, **more)
    )
    read_health(readings, parse({}, WORDS), DEMO, reader.latest("demo"))
    read_var(readings, parse({}, VAR_WORDS), DEMO, reader.latest("demo"))

    compared = [key for key in asked if "var hindsight" in key]
    assert len(compared) == 2
    assert len(set(compared)) == 1


def test_rows_are_placed_by_what_the_address_says(data):
    models = data.models.value
    by_loss = placed(models, "loss")
    by_hits = placed(models, "hits")

    assert by_loss[0].difference.relative == min(m.difference.relative for m in models)
    assert abs(by_hits[0].outer.hits - 2.5) == min(abs(m.outer.hits - 2.5) for m in models)
    assert abs(placed(models, "depth")[0].depth.z2) == min(abs(m.depth.z2) for m in models)
    names = [row.name for row in placed(models, "name")]
    assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize("by", ["loss", "hits", "depth", "name"])
def test_a_model_of_which_nothing_is_known_stands_last(data, by):
    known = data.models.value[0]
    unknown = replace(
        known,
        name="zero",
        inner=None,
        outer=None,
        difference=None,
        depth=Depth(0, None, None, None),
        spread=None,
        days=0,
    )

    assert placed([unknown, known], by) == [known, unknown]
    view = health_view(replace(data, models=Awaited((known, unknown))))
    assert words(rows_of(view)[-1]["children"] if by == "name" else view).count("unknown") >= 5


def test_a_model_is_chosen_and_the_table_sorted_by_links_that_keep_each_other():
    chosen = read(model="adaptive", sort="name")
    links = [p["href"] for p in parts(health_view(chosen)) if p.get("href")]

    assert chosen.chosen.model == "adaptive"
    assert "/models?model=adaptive" in links
    assert "/models?model=ewma_normal&sort=name" in links
    assert "/var" in links
    rows = rows_of(health_view(chosen))
    assert [words(row["children"])[:8] for row in rows if row["data-chosen"] == "true"] == [
        "Adaptive"
    ]


@pytest.mark.parametrize(
    ("p_value", "told"),
    [(None, "not to be told"), (0.004, "p below 0.01"), (0.43, "p 0.43"), (0.0484, "p 0.048")],
)
def test_a_chance_is_told_in_words(p_value, told):
    assert chance_words(p_value) == told


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        (Depth(250, -0.2, 0, None), "above \u22120.70"),
        (Depth(250, -0.9, 1, None), "amber, below \u22120.70"),
        (Depth(250, -1.9, 2, None), "red, below \u22121.80"),
        (Depth(40, -1.9, 1, 0.03), "amber, p 0.03"),
        (Depth(40, -3.9, 2, 0.00005), "red, p below 0.01"),
        (Depth(40, 0.9, 0, 0.8), "p 0.80"),
    ],
)
def test_a_depth_says_which_limit_it_passed(depth, told):
    assert depth_limit_words(depth) == told


def test_the_foot_counts_the_models_that_some_test_speaks_against(data, view):
    foot = words(part(view, "health-models")["children"])

    assert f"Some test speaks against 5 of {len(COMPARED)} models: " in foot
    assert "one right model in five fails one of them by chance" in foot


def test_clusters_and_a_rejection_are_marked_and_counted(data):
    row = data.models.value[0]
    slow = row.inner._replace(order=Order.CLUSTERED, order_p=0.001, coverage_p=0.002)
    view = health_view(replace(data, models=Awaited((replace(row, inner=slow),))))

    told = words(rows_of(view)[1]["children"])
    assert "clustered p below 0.01" in told
    assert "rejected p below 0.01" in told
    assert f"Some test speaks against 1 of 1 models: {row.name}." in words(view)


def test_where_no_test_speaks_against_a_model_the_light_may_still_be_amber(data):
    row = data.models.value[0]
    passed = row.inner._replace(hits=12, low=7, high=19, order=Order.NO_CLUSTERS, coverage_p=0.5)
    many = row.outer._replace(hits=5, low=0, high=6, order=Order.NO_CLUSTERS, coverage_p=0.5)
    row = replace(row, inner=passed, outer=many, depth=Depth(250, 0.1, 0, None))

    view = health_view(replace(data, models=Awaited((row,))))

    assert "No test speaks against any of 1 models. The light asks only" in words(view)
    assert "AMBER" in words(rows_of(view)[1]["children"])


def test_models_that_are_still_being_compared_are_awaited_in_words(data):
    waiting = health_view(replace(data, models=Awaited()))

    assert "usually 2 s" in words(waiting)
    assert [p for p in parts(waiting) if p.get("aria-busy") == "true"]
    assert "stored before it begins and scored after its close" in words(waiting)


def test_a_comparison_that_failed_says_why(data):
    failed = words(health_view(replace(data, models=Awaited(problem="the store is away"))))

    assert "The models could not be compared" in failed
    assert "The store is away. It is tried again within a minute." in failed


def test_without_a_day_to_compare_on_the_table_says_what_is_needed():
    empty = read(NothingScored())
    nothing = [
        replace(model, days=0, inner=None, outer=None, spread=None)
        for model in empty.models.value[:2]
    ]
    view = words(health_view(replace(empty, models=Awaited(tuple(nothing)))))

    assert "No day to compare models on" in view
    assert "100 days of prices" in view


# -- charts ---------------------------------------------------------------------------------


def test_the_light_shows_250_days_up_to_today_and_ends_with_the_verdict(data):
    line = next(t for t in data.course.figure["data"] if t.get("name") == "Exceptions")

    assert data.course.days == 250
    assert unpacked(line["y"])[-1] == data.live.outer.hits
    assert data.course.most == 3


def test_each_day_beyond_is_told_in_words_and_beside_the_pointer(data, view):
    told = part(view, "health-broken")["children"].replace("\u00a0", " ")
    marks = next(t for t in data.course.figure["data"] if t.get("name") == "Beyond 99 %")

    assert told.startswith("Beyond 99 %: 24 Oct \u22124.90 % (VaR 4.51 %); 26 Sep ")
    assert marks["text"][-1].replace("\u00a0", " ").startswith("<b>24 Oct \u22124.90 % (")
    assert "9 % beyond its 99 % VaR of 4.51 %" in marks["text"][-1].replace("\u00a0", " ")


def test_of_many_days_beyond_the_newest_are_told(data):
    many = replace(data.course, broken=2 * data.course.broken)
    told = words(health_view(replace(data, course=many))).replace("\u00a0", " ")

    assert "Beyond 99 %, the newest 5 of 6: " in told


def test_money_is_told_where_the_equity_was_not_known(data):
    unknown = [replace(each, loss_share=None, var_share=None) for each in data.course.broken]
    view = health_view(replace(data, course=replace(data.course, broken=tuple(unknown))))

    told = part(view, "health-broken")["children"]
    assert "k\u00a0USD (VaR " in told


def test_without_a_day_beyond_no_list_stands_there(data):
    view = health_view(replace(data, course=replace(data.course, broken=())))

    assert "health-broken" not in [p.get("id") for p in parts(view)]


def test_a_range_in_the_past_moves_the_light_and_not_the_verdict(data):
    past = read(**{"from": "2026-09-01T00:00Z", "to": "2026-10-01T00:00Z"})

    assert past.live.outer == data.live.outer
    assert past.course.days < data.course.days
    line = next(t for t in past.course.figure["data"] if t.get("name") == "Exceptions")
    assert line["x"][-2:] == ["2026-09-30T00:00:00", "2026-10-01T00:00:00"]


def test_the_bands_of_the_model_in_use_are_shown_whichever_it_is():
    reader = FakeBookReader(book_model=BookModelInUse("adaptive", "anna", AFTERNOON))
    data = read(reader)

    assert set(data.spreads) == {None, "adaptive"}
    assert data.chosen.how == "the method in use, on the book's own series"


def test_outcomes_are_shown_for_the_live_record_and_the_chosen_model(data, view):
    assert set(data.spreads) == {None, IN_USE}
    assert data.chosen.spread.levels == COMPARED_LEVELS
    assert data.live.spread.levels == (0.95, 0.975, 0.99)
    assert data.live.spread.bands.counts.sum() == data.live.days
    assert data.live.spread.bands.counts[-1] == data.live.outer.hits
    told = plain(part(view, "health-bands")["children"])
    assert "Live record, 250 days" in told
    assert "Filtered, Pareto tail, 250 days" in told


def test_a_band_beyond_chance_is_told_in_words(data):
    judged = data.judged
    deep = replace(judged, profit=3.0 * judged.profit)
    deep = replace(
        deep,
        beyond_95=-deep.profit > deep.var_95,
        beyond_975=-deep.profit > deep.var_975,
        beyond_99=-deep.profit > deep.var_99,
    )
    told = spread_words(live_health(deep, IN_USE).spread).replace("\u00a0", " ")

    assert "eyond 99 %: " in told
    assert "are usual" in told
    assert told.endswith("All together speak against the model (p below 0.01).")


def test_a_cycle_without_news_sends_the_same_figures():
    reader = FakeBookReader()
    readings, query = Readings(reader), parse({}, WORDS)
    before = read_health(readings, query, DEMO, reader.latest("demo"))
    while before.models.is_pending:
        before = read_health(readings, query, DEMO, reader.latest("demo"))
    for _ in range(40):
        reader.advance(0.000_01)
    after = read_health(readings, query, DEMO, reader.latest("demo"))

    assert after.cycle is not before.cycle
    assert after.course is before.course
    assert after.live is before.live
    assert after.models.value is before.models.value
    assert all(after.spreads[model] is before.spreads[model] for model in before.spreads)


def test_a_flat_book_is_told_without_a_number_it_does_not_know():
    view = words(health_view(read(FakeBookReader(holdings=()))))

    assert "nan" not in view.lower().split()


def test_a_book_that_could_not_lose_is_not_judged_by_depth(data):
    judged = data.judged
    nothing = np.zeros(len(judged))
    safe = live_health(replace(judged, es_975=nothing, var_975=nothing, profit=nothing), IN_USE)

    assert safe.depth == Depth(0, None, None, None)


def test_a_difference_of_loss_has_the_probability_that_chance_alone_makes_one_so_large(data):
    row = replace(data.models.value[0], difference=Difference(-0.033, 0.02))
    few = replace(row, difference=Difference(-0.033, None))
    view, young = (health_view(replace(data, models=Awaited((each,)))) for each in (row, few))

    assert "more than chance, p 0.02" in plain(rows_of(view)[1]["children"])
    assert "too few days" in plain(rows_of(young)[1]["children"])
    assert "too few days, p" not in plain(rows_of(young)[1]["children"])
