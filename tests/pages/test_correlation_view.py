"""The correlation screen as a pure function of a book, a model and an address."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pages.figures.packing import unpacked
from pages.format import ordinal
from pages.query import parse
from pages.readings import Readings
from pages.screens import Screen, Screens
from pages.views.correlation.answer import answer
from pages.views.correlation.pairs import end_labels
from pages.views.correlation.reading import names_of, read_correlation
from pages.views.correlation.study import (
    HALF_WEIGHT_DAYS,
    ends_of,
    study_group,
    study_market,
    study_pair,
)
from pages.views.correlation.view import correlation_view
from pages.views.correlation.words import OF, VIEWS, WORDS
from risk.domain.actions import BookModelInUse
from risk.domain.market import Period
from risk.measures.correlation import ewma_cross, mean_correlation
from risk.portfolio.forecasting import new_model
from tests.fakes_book import HOLDINGS, MIDNIGHT, day_past
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

LONGS = tuple(held for held in HOLDINGS if held.quantity > 0.0)


@pytest.fixture
def reader() -> FakeBookReader:
    return FakeBookReader()


def read(reader: FakeBookReader, **address: str):
    query = parse(address, WORDS)
    return read_correlation(Readings(reader), query, DEMO, reader.latest("demo"))


def shown(reader: FakeBookReader, **address: str):
    return correlation_view(read(reader, **address))


def model_with(**changes):
    model = day_past().models[-1]
    return replace(model, filter=model.filter._replace(**changes))


def cells(data) -> np.ndarray:
    return unpacked(data.figures["map"]["data"][0]["z"])


# -- the answer -----------------------------------------------------------------------------


def test_the_first_line_answers_in_words(reader):
    data = read(reader)
    now = float(data.group.rolling[-1])

    assert answer(data).startswith(f"Your coins move together: mean correlation {now:.2f}, ")
    assert "percentile of 441 days, calm 0." in answer(data)
    assert answer(data).replace("\u00a0", " ").endswith("AVAX short offsets: 5.8 % off VaR.")


def test_where_nothing_offsets_it_says_so(reader):
    reader.holdings = LONGS

    assert answer(read(reader)).endswith("Nothing held offsets.")


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "BTC offsets: "), (2, "BTC and ETH offset: "), (3, "BTC, ETH and SOL offset: ")],
)
def test_what_offsets_is_named_together(reader, count, said):
    reader.holdings = tuple(
        replace(held, component=-5_000.0 if n < count else 40_000.0)
        for n, held in enumerate(HOLDINGS)
    )

    assert said in answer(read(reader))


def test_a_crowd_of_offsets_is_counted(reader):
    reader.holdings = tuple(
        replace(held, component=-5_000.0 if n < 5 else 40_000.0) for n, held in enumerate(HOLDINGS)
    )

    assert "BTC, ETH and 3 more offset: " in answer(read(reader))


def test_one_asset_has_nothing_to_move_with(reader):
    reader.holdings = HOLDINGS[:1]
    view = shown(reader)

    assert "Only BTC is held: nothing moves with it" in words(view)
    assert "Show all 7 of the market" in words(view)
    assert part(view, "card-correlation_calm-figure")["children"] == "unknown"


def test_a_flat_book_says_that_nothing_is_open_and_may_look_at_the_market(reader):
    reader.holdings = ()
    view = shown(reader, assets="all")

    assert "No position is open: nothing moves together." in words(shown(reader))
    assert "All coins move together" in words(view)
    assert part(view, "correlation-map")["figure"]["layout"]["meta"]["pair"] is not None


def test_a_model_that_measures_nothing_yet_says_what_it_waits_for(reader):
    reader.model = lambda *_, **__: new_model(day_past().models[-1].spec, ("BTC/USDT",))
    view = words(shown(reader))

    assert "the model needs 60 days of prices first" in view
    reader.model = lambda *_, **__: None
    assert "the model needs 60 days of prices first" in words(shown(reader))


def test_an_asset_that_the_model_has_never_heard_of_is_told(reader):
    strange = replace(HOLDINGS[0], asset="NEW/USDT")
    reader.holdings = (*HOLDINGS, strange)

    assert "Held, but unknown to the model: NEW/USDT." in words(shown(reader))


# -- figures --------------------------------------------------------------------------------


def test_the_map_shows_the_models_own_matrix_turned_by_the_sides(reader):
    data = read(reader)
    model = reader.model("demo", Period.DAY)
    assets = data.figures["map"]["layout"]["meta"]["assets"]
    columns = [model.column(asset) for asset in assets]
    signs = np.array([-1.0 if asset == "AVAX/USDT" else 1.0 for asset in assets])
    wanted = model.scenarios.correlation[np.ix_(columns, columns)] * np.outer(signs, signs)
    below = np.tril_indices(len(assets), -1)

    np.testing.assert_allclose(cells(data)[below], wanted[below], atol=1e-6)
    assert "AVAX short" in data.figures["map"]["layout"]["yaxis"]["ticktext"]


def test_as_assets_no_sign_is_turned(reader):
    data = read(reader, of="assets")

    assert np.nanmin(cells(data)) > 0.0
    assert data.pair.signs == (1.0, 1.0)


def test_every_view_keeps_the_order_so_that_eyes_can_compare(reader):
    orders = {
        tuple(read(reader, view=view).figures["map"]["layout"]["meta"]["assets"]) for view in VIEWS
    }

    assert len(orders) == 1
    names = read(reader, order="name").figures["map"]["layout"]["meta"]["assets"]
    assert names == sorted(names)


def test_the_difference_is_recent_less_calm(reader):
    group = read(reader).group
    matrices = group.matrices

    np.testing.assert_allclose(
        matrices["difference"] + matrices["calm"], matrices["recent"] + np.diag([0.0] * 7)
    )
    assert np.diagonal(matrices["difference"]).tolist() == [0.0] * 7
    assert group.means["stressed"] == pytest.approx(0.95)
    assert group.means["now"] == pytest.approx(mean_correlation(matrices["now"]))


def test_the_two_largest_are_the_pair_until_the_address_says_another(reader):
    chosen = read(reader, pair="SOL/USDT,AVAX/USDT")
    wrong = read(reader, pair="SOL/USDT,SOL/USDT")

    assert read(reader).pair.assets == ("BTC/USDT", "ETH/USDT")
    assert chosen.pair.assets == ("SOL/USDT", "AVAX/USDT")
    assert chosen.pair.signs == (1.0, -1.0)
    assert chosen.pair.beta < 0.0
    assert wrong.pair.assets == ("BTC/USDT", "ETH/USDT")
    assert "There is no pair 'SOL/USDT,SOL/USDT'" in words(correlation_view(wrong))


def test_a_pairs_levels_are_the_cells_of_the_map(reader):
    for view in ("now", "calm", "stressed"):
        data = read(reader, view=view, pair="XRP/USDT,AVAX/USDT")
        assets = data.figures["map"]["layout"]["meta"]["assets"]
        column, row = sorted(map(assets.index, data.pair.assets))

        assert cells(data)[row, column] == pytest.approx(data.pair.levels[view], abs=1e-6)


def test_nothing_is_built_anew_while_the_day_lasts(reader):
    readings, query = Readings(reader), parse({}, WORDS)
    first = read_correlation(readings, query, DEMO, reader.latest("demo"))
    reader.advance(0.01)
    later = read_correlation(readings, query, DEMO, reader.latest("demo"))

    assert first.cycle.pulse.cycle != later.cycle.pulse.cycle
    assert all(later.figures[name] is figure for name, figure in first.figures.items())


def test_a_new_cycle_sends_words_and_no_chart(reader):
    screen = Screen("correlation", WORDS, read_correlation, correlation_view)
    screens = Screens(reader)
    query = parse({}, WORDS)
    before, _ = screens.view(screen, query)
    reader.advance(0.01)
    changes = screens.update(screen, query, before).changes

    assert "correlation-view" in changes
    assert "children" not in changes["correlation-view"]
    assert "figure" not in {prop for props in changes.values() for prop in props}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_nan_and_no_doubled_id_reaches_the_screen(reader, view, scheme):
    query = parse({"view": view, "of": "assets", "assets": "all"}, WORDS, scheme=scheme)
    data = read_correlation(Readings(reader), query, DEMO, reader.latest("demo"))
    tree = correlation_view(data)
    ids = [str(props["id"]) for props in parts(tree) if "id" in props]

    assert "nan" not in words(tree).lower().split()
    assert len(ids) == len(set(ids))


def test_the_map_of_now_says_what_uses_it_and_that_var_does_not(reader):
    data = read(reader)
    view = words(correlation_view(data)).replace("\u00a0", " ")
    own = np.corrcoef(reader.model("demo", Period.DAY).filter.residuals, rowvar=False)

    assert f"half of the weight on the last {HALF_WEIGHT_DAYS} days" in view
    assert "betas and the stressed view use it." in view
    assert (
        f"VaR takes its own 500 days, each counting the same: mean {mean_correlation(own):.2f}."
        in view
    )
    assert f"VaR's own 500 days: {mean_correlation(own):.2f}" in view


def test_a_model_that_looks_at_other_days_is_not_said_to_look_at_these(reader):
    reader.book_model = BookModelInUse("adaptive", "anna", MIDNIGHT)
    view = words(shown(reader)).replace("\u00a0", " ")

    assert "VaR is now of Adaptive history, which looks at days of its own." in view
    assert "500 days alike: 0." in view
    assert "VaR's own" not in view
    assert "The matrix of now, each pair moved by θ" in words(shown(reader, view="stressed"))
    assert "used by var" not in view.lower()


def test_half_of_the_weight_of_now_lies_on_the_days_that_it_says():
    _, weight = ewma_cross(np.ones((HALF_WEIGHT_DAYS, 2)))

    np.testing.assert_allclose(weight, 0.5, atol=0.001)


def test_the_card_of_what_is_held_compares_the_same_assets_whatever_the_map_shows(reader):
    reader.holdings = HOLDINGS[:3]
    contexts = {
        assets: part(shown(reader, assets=assets), "card-correlation_now-context")["children"]
        for assets in ("held", "all")
    }
    every = shown(reader, assets="all")

    assert contexts["held"] == contexts["all"]
    assert contexts["all"].split()[-1] not in part(every, "correlation-view-words")["children"]


def test_the_calm_card_tells_the_recent_mean_and_how_far_it_is_above(reader):
    means = read(reader).group.means
    calm = part(shown(reader), "card-correlation_calm-context")["children"].replace("\u00a0", " ")
    change = means["recent"] - means["calm"]

    assert calm.endswith(f"; recent {means['recent']:.2f} ({change:+.2f})".replace("-", "−"))


def test_the_first_line_and_the_card_count_the_same_days(reader):
    data = read(reader)
    place = f"{ordinal(data.place.percentile)} percentile"

    assert f"{place} of 441 days" in answer(data)
    rank = part(correlation_view(data), "card-mean_correlation-rank")["children"]
    assert rank == f"{place}, 441\u00a0d"


def test_the_heading_says_up_to_which_close_in_utc_whatever_the_zone(reader):
    query = parse({"tz": "America/New_York"}, WORDS)
    data = read_correlation(Readings(reader), query, DEMO, reader.latest("demo"))
    view = words(correlation_view(data)).replace("\u00a0", " ")

    assert "500 days to 12 Nov, 00:00 UTC" in view


def test_a_difference_of_positions_speaks_of_their_profits_and_one_of_assets_of_them(reader):
    positions, assets = (words(shown(reader, view="difference", of=of)) for of in OF.options)

    assert "their profits move together more than on calm days" in positions
    assert "they offset each other more" in positions
    assert "a pair is closer now" in assets
    assert "profits" not in assets.split("Recent less calm")[1].split("Colours")[0]


def test_a_difference_without_shorts_is_one_of_assets(reader):
    reader.holdings = LONGS

    assert "a pair is closer now" in words(shown(reader, view="difference"))


LEVELS_OF = {"now", "calm", "recent", "stressed"}


@pytest.mark.parametrize("of", OF.options)
@pytest.mark.parametrize("view", VIEWS)
def test_the_ends_are_named_by_their_sign_in_every_view_and_with_every_sign(reader, view, of):
    data = read(reader, view=view, of=of)
    told = words(part(correlation_view(data), "correlation-extremes")["children"])
    low, high = (end.value for end in data.ends)
    names = {
        (True, "assets"): ("Least alike", "Most opposed", "Most alike", "Least opposed"),
        (True, "positions"): ("Least alike", "Most opposed", "Most alike", "Least opposed"),
        (False, "assets"): (
            "Closer the least",
            "Furthest apart",
            "Closer the most",
            "Apart the least",
        ),
        (False, "positions"): (
            "Together more, by least",
            "Offset more, by most",
            "Together more, by most",
            "Offset more, by least",
        ),
    }[view in LEVELS_OF, of]

    assert names[low < 0.0] in told
    assert names[2 + (high < 0.0)] in told


@pytest.mark.parametrize(
    ("ends", "turned", "labels"),
    [
        ((-0.1, 0.2), False, ["Furthest apart", "Closer the most"]),
        ((0.1, 0.2), False, ["Closer the least", "Closer the most"]),
        ((-0.2, -0.1), False, ["Furthest apart", "Apart the least"]),
        ((-0.1, 0.2), True, ["Offset more, by most", "Together more, by most"]),
        ((0.1, 0.2), True, ["Together more, by least", "Together more, by most"]),
        ((-0.2, -0.1), True, ["Offset more, by most", "Offset more, by least"]),
        ((0.1,), True, ["Only known pair"]),
    ],
)
def test_a_difference_never_calls_closer_what_moved_apart(ends, turned, labels):
    assert end_labels(ends, signed=True, turned=turned) == labels


@pytest.mark.parametrize(
    ("ends", "labels"),
    [
        ((-0.1, 0.2), ["Most opposed", "Most alike"]),
        ((0.1, 0.2), ["Least alike", "Most alike"]),
        ((-0.2, -0.1), ["Most opposed", "Least opposed"]),
        ((-0.1,), ["Only known pair"]),
    ],
)
def test_a_correlation_is_called_alike_only_above_zero(ends, labels):
    assert end_labels(ends, signed=False, turned=True) == labels


# -- what is unknown ------------------------------------------------------------------------


def young(residuals: np.ndarray, days: int = 20) -> np.ndarray:
    """The window with its last asset known for some days only."""
    cut = residuals.copy()
    cut[:-days, -1] = np.nan
    return cut


def test_pairs_that_nobody_knows_are_counted_in_words(reader):
    filter_ = day_past().models[-1].filter
    model = model_with(residuals=young(filter_.residuals), returns=young(filter_.returns))
    reader.model = lambda *_, **__: model
    view = shown(reader, view="recent")

    assert "6 of 21 pairs unknown: fewer than 30 days in common." in words(view)
    assert "nan" not in words(view).lower().split()


def test_a_young_asset_leans_on_the_prior_and_that_is_said(reader):
    observed = day_past().models[-1].filter.observed.copy()
    observed[0] = 20
    reader.model = lambda *_, **__: model_with(observed=observed)

    assert "AVAX: under 60 days, so pairs lean on a prior of 0.67." in words(shown(reader))


def test_a_short_history_knows_neither_tails_nor_what_is_usual(reader):
    filter_ = day_past().models[-1].filter
    cut = [np.where(np.arange(500)[:, None] < 410, np.nan, a) for a in filter_[4:6]]
    reader.model = lambda *_, **__: model_with(residuals=cut[0], returns=cut[1])
    view = words(shown(reader))

    assert "90 days to 12 Nov" in view
    assert "needs 100 days with two assets" in view
    assert "Joint tails need 100 days with both." in view
    assert "90 days are too few to tell what is usual" in view


def test_days_before_the_first_are_no_days():
    filter_ = day_past().models[-1].filter
    cut = [np.where(np.arange(500)[:, None] < 300, np.nan, a) for a in filter_[4:6]]
    market = study_market(model_with(residuals=cut[0], returns=cut[1]))

    assert len(market.days_ms) == len(market.returns) == 200
    assert market.days_ms[-1] == market.closed.timestamp() * 1000.0


def test_a_pair_never_seen_together_is_unknown_throughout():
    filter_ = day_past().models[-1].filter
    returns, residuals = filter_.returns.copy(), filter_.residuals.copy()
    for apart in (returns, residuals):
        apart[::2, 0] = apart[1::2, 1] = np.nan
    market = study_market(model_with(residuals=residuals, returns=returns))
    group = study_group(market, market.assets)
    pair = study_pair(market, group, market.assets[:2], (1.0, -1.0))

    assert all(math.isnan(pair.levels[view]) for view in ("calm", "recent"))
    assert all(map(math.isnan, (pair.beta, pair.joint, pair.gaussian, *pair.worst)))
    assert not math.isnan(pair.levels["now"])


# -- words ----------------------------------------------------------------------------------


def test_coins_that_share_a_name_keep_the_whole_one():
    names = names_of(("BTC/USDT", "BTC/USDC", "ETH/USDT"))

    assert list(names.values()) == ["BTC/USDT", "BTC/USDC", "ETH"]


def test_the_ends_are_the_lowest_and_the_highest_known_pair():
    matrix = np.array([[1.0, 0.2, math.nan], [0.2, 1.0, -0.4], [math.nan, -0.4, 1.0]])
    low, high = ends_of(matrix, ("a", "b", "c"))

    assert (low.assets, low.value) == (("b", "c"), -0.4)
    assert (high.assets, high.value) == (("a", "b"), 0.2)
    assert len(ends_of(np.array([[1.0, 0.2], [0.2, 1.0]]), ("a", "b"))) == 1
    assert ends_of(np.full((2, 2), math.nan), ("a", "b")) == ()
