"""The correlation screen as a pure function of a book, a model and an address."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pages.figures.packing import unpacked
from pages.query import parse
from pages.readings import Readings
from pages.screens import Screen, Screens
from pages.views.correlation.answer import answer
from pages.views.correlation.reading import names_of, read_correlation
from pages.views.correlation.study import ends_of, study_group, study_market, study_pair
from pages.views.correlation.view import correlation_view
from pages.views.correlation.words import VIEWS, WORDS
from risk.domain.market import Period
from risk.measures.correlation import mean_correlation
from risk.portfolio.forecasting import new_model
from tests.fakes_book import HOLDINGS, day_past
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
    assert group.means["used"] == pytest.approx(mean_correlation(matrices["used"]))


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
    for view in ("used", "calm", "stressed"):
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
    assert not math.isnan(pair.levels["used"])


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
