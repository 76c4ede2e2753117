"""The Exposure page as a pure function of what was read."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.query import parse
from pages.readings import Readings
from pages.views.cockpit import cockpit_view, read_cockpit
from pages.views.exposure.positions import COLUMNS, position_rows, total_row
from pages.views.exposure.reading import ExposureData, read_exposure
from pages.views.exposure.selection import (
    PATH,
    WORDS,
    active_filters,
    everything,
    level_of,
    selection_of,
    toggled,
)
from pages.views.exposure.split import split_rows, tiles
from pages.views.exposure.view import answer, exposure_view
from pages.views.holdings import VAR_99
from pages.views.liquidation import nearest_liquidation_words
from risk.domain.assessment import Liquidation
from risk.domain.market import Trust
from risk.domain.stops import StopPlan, StopReason, StopState
from tests.fakes_web import DEMO, HOLDINGS, STALE_LINK, FakeBookReader
from tests.pages.trees import part, parts, words


def read(reader: FakeBookReader | None = None, **address: str) -> ExposureData:
    readings = Readings(reader or FakeBookReader())
    query = parse(address, WORDS)
    return read_exposure(readings, query, DEMO, readings.cycle(DEMO))


def with_positions(data: ExposureData, positions, **changes) -> ExposureData:
    """The same page while the book holds these positions."""
    assessment = replace(data.assessment, positions=tuple(positions), **changes)
    cycle = replace(data.cycle, assessment=assessment)
    return replace(data, cycle=cycle, positions=data.selection.of(assessment.positions))


def plain_words(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def figure_of(view, term: str) -> str:
    shown = [part(view, f"card-{term}-{piece}").get("children", "") for piece in ("figure", "unit")]
    return words(shown).strip()


# -- the answer -----------------------------------------------------------------------------


def test_the_first_line_says_how_much_is_held_and_where_it_sits():
    assert plain_words(answer(read())) == (
        "Long 1.40 m, short 60.0 k USD: gross 0.60 ×, net 0.56 × equity. "
        "BTC is 41 % of gross; SOL carries most VaR for its size (11.2 % of it)."
    )


def test_a_part_of_the_book_is_named_before_its_answer():
    said = plain_words(answer(read(strategy="trend")))

    assert said.startswith("Strategy trend. Long 927.7 k USD, nothing short: ")


def test_a_single_asset_is_all_of_it():
    assert answer(read(side="short")).endswith("All of it is AVAX.")
    assert "Short 60.0 k USD, nothing long" in plain_words(answer(read(side="short")))


def stress_line(data: ExposureData, **held) -> str:
    book = replace(data.assessment, held=replace(data.assessment.held, **held))
    cycle = replace(data.cycle, assessment=book)
    line = part(exposure_view(replace(data, cycle=cycle)), "exposure-stress")
    return plain_words(words(line["children"]))


def test_the_worst_stress_of_the_book_stands_below_with_what_is_counted_by_proxy():
    proxied = stress_line(read(), stress_proxies=("BNB/USDT", "LINK/USDT"))

    assert "Worst stress, COVID crash 2020: 437.3 k USD, 18.1 % of equity" in stress_line(read())
    assert "18.1 % of equity, 2 of 7 shocks by proxy (BNB, LINK)." in proxied


def test_a_stress_that_costs_nothing_or_is_not_known_is_told_as_such():
    free = stress_line(read(), stress_loss=0.0, stress_scenario=None)
    unknown = stress_line(read(), stress_loss=None, stress_scenario=None)

    assert "No stress scenario costs this book anything; all of them are falls" in free
    assert "Stress loss is unknown: there are no shocks of something held." in unknown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"nearest_liquidation": Liquidation("BTC/USDT", -0.62)}, "Nearest liquidation: BTC −62 %"),
        ({"nearest_liquidation": Liquidation("BTC/USDT", 0.0)}, "may be liquidated now"),
        ({"nearest_liquidation": None}, "No move of one asset alone has this book liquidated."),
        ({"nearest_liquidation": None, "equity": None}, "is unknown while equity is."),
    ],
)
def test_the_move_that_liquidates_first_stands_below_the_answer(changed, said):
    data = read()
    cycle = replace(data.cycle, assessment=replace(data.assessment, **changed))

    assert said in plain_words(nearest_liquidation_words(cycle.assessment))
    line = part(exposure_view(replace(data, cycle=cycle)), "exposure-liquidation")
    assert plain_words(nearest_liquidation_words(cycle.assessment)) in plain_words(
        words(line["children"])
    )


def test_the_stress_of_a_part_of_the_book_is_not_told():
    def told(data: ExposureData) -> bool:
        return any(props.get("id") == "exposure-stress" for props in parts(exposure_view(data)))

    assert told(read())
    assert not told(read(side="short"))


def test_a_flat_book_says_so_and_shows_no_empty_parts():
    reader = FakeBookReader(holdings=())
    data = read(reader)
    view = exposure_view(data)

    assert answer(data) == "Nothing is held."
    assert "No position is open" in words(part(view, "exposure-parts")["children"])
    assert figure_of(view, "beta_btc") == "unknown"
    assert figure_of(view, "concentration") == "none"


def test_a_book_of_unknown_equity_shows_no_multiple_of_it():
    data = read()
    unknown = with_positions(data, data.assessment.positions, equity=None, leverage=None)

    assert "equity is unknown" in answer(unknown)
    assert "unknown equity" in words(exposure_view(unknown))


def test_what_each_asset_risks_is_called_unknown_while_it_is():
    data = read()
    unmeasured = [
        replace(p, component_var=None, component_es=None, marginal_var=None, standalone=None)
        for p in data.assessment.positions
    ]
    blind = with_positions(data, unmeasured)

    assert answer(blind).endswith("what each asset risks is unknown yet.")
    assert all(row["component"] is None for row in position_rows(blind))
    assert total_row(blind)["component"] is None


# -- filters --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["asset", "strategy", "venue"])
@pytest.mark.parametrize(
    "address", [{}, {"strategy": "dip"}, {"venue": "sim-b"}, {"side": "long"}, {"side": "short"}]
)
def test_every_part_of_the_page_shows_the_same_selection(by, address):
    data = read(by=by, **address)
    gross = data.exposure.gross

    assert math.isclose(sum(abs(tile.value) for tile in tiles(data)), gross)
    assert math.isclose(sum(row.exposure.gross for row in split_rows(data, by)), gross)
    assert math.isclose(
        sum(abs(row["notional"]) for row in position_rows(data)), gross, abs_tol=1.0
    )
    assert math.isclose(total_row(data)["notional"], data.exposure.net, abs_tol=0.01)
    assert math.isclose(sum(row["share"] for row in position_rows(data)), 1.0, abs_tol=1e-4)


@pytest.mark.parametrize("by", ["asset", "strategy", "venue"])
def test_shares_of_var_are_of_the_whole_book_and_add_up_to_it(by):
    data = read()

    assert math.isclose(sum(row.var_share for row in split_rows(data, by)), 1.0)
    assert math.isclose(total_row(data)["var_share"], 1.0)
    assert math.isclose(total_row(data)["component"], data.book_var, abs_tol=0.01)


def test_each_tile_leads_to_its_own_part_and_back():
    data = read(by="strategy")
    tile = next(t for t in tiles(data) if (t.group, t.name) == ("trend", "BTC"))
    inside = read(by="strategy", strategy="trend", asset="BTC/USDT")

    assert tile.href == f"{PATH}?by=strategy&strategy=trend&asset=BTC/USDT"
    assert [p.key for p in inside.positions] == [("trend", "BTC/USDT", "sim-a")]
    assert tiles(inside)[0].href == f"{PATH}?by=strategy"


def test_an_item_held_both_ways_is_shown_position_by_position():
    data = read(by="asset")
    bitcoin = data.assessment.positions[0]
    hedge = replace(bitcoin, venue="sim-b", quantity=-1.0, exposure=-bitcoin.mark)
    both = with_positions(data, [*data.assessment.positions, hedge])
    shown = {(t.group, t.name): t.value for t in tiles(both) if t.group == "BTC"}

    assert shown == {
        ("BTC", "trend sim-a"): bitcoin.exposure,
        ("BTC", "trend sim-b"): -bitcoin.mark,
    }


def test_many_small_groups_are_drawn_as_one_and_nothing_is_lost():
    sizes = [(-1) ** n * (1.0 + n) for n in range(60)]
    few = read()
    first = few.positions[0]
    positions = [replace(first, asset=f"C{n}", exposure=1e3 * q) for n, q in enumerate(sizes)]
    data = with_positions(few, positions)
    others = [tile for tile in tiles(data) if tile.group == "others"]

    assert len(tiles(data)) == 18
    assert [tile.value > 0.0 for tile in others] == [True, False]
    assert math.isclose(sum(abs(t.value) for t in tiles(data)), data.exposure.gross)
    assert math.isclose(sum(t.value for t in tiles(data)), data.exposure.net)


def test_few_groups_also_show_the_largest_that_each_is_made_of():
    ids = [props.get("id") for props in parts(exposure_view(read(by="strategy")))]
    rows = [row for row in ids if row and row.startswith("exposure-by-") and "-2f-" in row]

    assert "exposure-by-trend-BTC-2f-USDT" in rows
    assert {row for row in rows if row.startswith("exposure-by-dip") and row.endswith("USDT")} == {
        "exposure-by-dip-SOL-2f-USDT",
        "exposure-by-dip-BNB-2f-USDT",
    }


def test_selecting_one_group_splits_it_one_level_deeper():
    assert level_of(parse({"by": "strategy"}, WORDS)) == "strategy"
    assert level_of(parse({"by": "strategy", "strategy": "dip"}, WORDS)) == "asset"
    assert level_of(parse({"asset": "BTC/USDT"}, WORDS)) == "strategy"


def test_filters_are_told_and_each_can_be_taken_back():
    query = parse({"strategy": "trend", "side": "long", "by": "venue"}, WORDS)
    shown = [(one.name, one.value, one.without) for one in active_filters(query)]

    assert shown == [
        ("Strategy", "trend", f"{PATH}?by=venue&side=long"),
        ("Side", "long", f"{PATH}?by=venue&strategy=trend"),
    ]
    assert everything(query) == f"{PATH}?by=venue"
    assert toggled(query, strategy="trend") == f"{PATH}?by=venue&side=long"


def test_a_filter_that_nothing_matches_says_how_to_go_on():
    view = exposure_view(read(asset="NOPE/USDT"))
    shown = words(part(view, "exposure-parts")["children"])

    assert "No open position matches: asset NOPE" in shown
    assert "Show the whole book" in shown


def test_an_address_without_filters_selects_everything():
    assert selection_of(parse({}, WORDS)).is_all
    assert not selection_of(parse({"side": "short"}, WORDS)).is_all


# -- numbers --------------------------------------------------------------------------------


def test_the_numbers_are_those_of_the_cockpit():
    reader = FakeBookReader()
    readings = Readings(reader)
    cockpit = read_cockpit(readings, parse({}, WORDS), DEMO, readings.cycle(DEMO))
    data = read(reader)
    shown = words(cockpit_view(cockpit))

    assert figure_of(exposure_view(data), "gross") == "1.46 m USD"
    assert math.isclose(data.exposure.gross, data.assessment.held.exposure.gross)
    assert math.isclose(data.of_equity(data.exposure.gross), data.assessment.leverage)
    assert f"BTC beta {figure_of(exposure_view(data), 'beta_btc')}" in shown
    for row in split_rows(data, "asset"):
        assert f"{100.0 * row.var_share:.1f}".replace("-", "−") in shown


def test_an_unknown_beta_names_who_lacks_one():
    data = read()
    first, *others = data.assessment.positions
    view = exposure_view(with_positions(data, [replace(first, beta_btc=None), *others]))

    assert figure_of(view, "beta_btc") == "unknown"
    assert part(view, "card-beta_btc-context")["children"] == "no beta of BTC yet"


def test_a_position_without_a_price_has_no_profit_and_says_why():
    data = read()
    first, *others = data.assessment.positions
    lost = replace(first, trust=Trust.MISSING, mark=math.nan, unrealised=0.0)
    view = exposure_view(with_positions(data, [lost, *others]))
    rows = part(view, "exposure-positions")["rowData"]
    row = next(row for row in rows if row["asset"] == "BTC")

    assert (row["mark"], row["profit"], row["profit_share"]) == (None, None, None)
    assert row["trust"] == "missing"
    assert total_row(with_positions(data, [lost, *others]))["profit"] is None


def test_the_grid_tells_each_position_with_its_marginal_in_the_books_currency():
    data = read()
    row = next(row for row in position_rows(data) if row["asset"] == "SOL")
    held = next(p for p in data.positions if p.asset == "SOL/USDT")

    assert row["id"] == "dip/SOL/USDT/sim-a"
    assert row["marginal"] == pytest.approx(held.marginal_var[VAR_99], abs=1e-6)
    assert row["profit_share"] == pytest.approx(held.mark / held.entry_price - 1.0, abs=1e-6)
    assert "marginal per USD bought" in words(exposure_view(data))


TRAIL = StopPlan(atr_trail=4.0, time_stop_hours=48.0)


def with_stop(
    data: ExposureData, asset: str, price: float | None, plan: StopPlan = TRAIL
) -> ExposureData:
    """The same page while that position has a stop, or waits for one."""
    held = next(p for p in data.positions if p.asset == asset)
    stop = StopState(
        since=data.cycle.state.at,
        quantity=held.quantity,
        entry_quantity=abs(held.quantity),
        best=held.mark,
        price=price,
        reason=price and StopReason.FIXED,
    )
    policy = replace(data.cycle.state.policy, stops={held.strategy: plan})
    state = replace(data.cycle.state, policy=policy, stops={held.key: stop})
    return replace(data, cycle=replace(data.cycle, state=state))


def row_of(data: ExposureData, coin: str):
    return next(row for row in position_rows(data) if row["asset"] == coin)


def test_the_grid_tells_where_the_stop_stands_and_how_far_away_that_is():
    row = row_of(with_stop(read(), "BTC/USDT", 86_778.0), "BTC")

    assert row["stop"] == 86_778.0
    assert row["to_stop"] == pytest.approx(-0.1)


def test_the_stop_of_a_short_lies_above_its_price():
    assert row_of(with_stop(read(), "AVAX/USDT", 30.0), "AVAX")["to_stop"] > 0.0


def test_a_position_without_a_stop_says_so_and_one_that_waits_for_it_too():
    waiting = with_stop(read(), "BTC/USDT", None)

    assert row_of(waiting, "BTC")["no_stop"] == "not yet"
    assert row_of(waiting, "ETH")["no_stop"] == "no stop"
    assert {row["stop"] for row in position_rows(waiting)} == {None}


def test_a_plan_that_leads_to_no_price_has_no_stop_that_is_yet_to_come():
    """As a time stop, or targets alone."""
    data = with_stop(read(), "BTC/USDT", None, StopPlan(time_stop_hours=48.0))

    assert row_of(data, "BTC")["no_stop"] == "no stop"


def test_without_a_price_the_stop_stands_and_its_distance_is_unknown():
    data = with_stop(read(), "BTC/USDT", 86_778.0)
    first, *others = data.assessment.positions
    lost = replace(first, trust=Trust.MISSING, mark=math.nan, unrealised=0.0)
    row = row_of(with_positions(data, [lost, *others]), "BTC")

    assert (row["stop"], row["to_stop"]) == (86_778.0, None)
    assert "no_stop" not in row


def test_what_cannot_be_liquidated_is_told_apart_from_what_is_unknown():
    data = read()
    first, *others = data.assessment.positions
    near = with_positions(data, [replace(first, liquidation_move=-0.4), *others])
    blind = with_positions(data, data.assessment.positions, equity=None, leverage=None)

    assert row_of(near, "BTC")["to_liquidation"] == -0.4
    assert row_of(near, "ETH")["no_liquidation"] == "not possible"
    assert row_of(blind, "BTC")["to_liquidation"] is None
    assert "no_liquidation" not in row_of(blind, "BTC")


def test_every_column_that_can_lack_a_value_has_a_word_in_the_rows():
    rows = position_rows(read())
    words_of = [column.absent for column in COLUMNS if column.absent]

    assert words_of
    assert all(row[key] for row in rows for key in words_of)


def test_totals_leave_out_what_does_not_add_up():
    total = total_row(read())

    assert {"quantity", "mark", "entry", "alone", "marginal"}.isdisjoint(total)


def test_doubt_about_what_is_shown_is_told_and_other_doubt_is_not():
    holdings = [replace(h, trust=Trust.STALE) if "LINK" in h.asset else h for h in HOLDINGS]
    reader = FakeBookReader(holdings=tuple(holdings), doubts=(STALE_LINK,))

    assert "LINK/USDT: mark stale." in words(exposure_view(read(reader)))
    assert "LINK/USDT: mark stale." not in words(exposure_view(read(reader, strategy="trend")))


def test_a_new_book_has_no_rank_and_says_why_it_has_no_line():
    view = exposure_view(read(FakeBookReader(history_days=0.0)))

    assert part(view, "card-gross-rank")["children"] == "no rank yet"
    assert "the chart fills by itself within minutes" in words(view)
    assert not [props for props in parts(view) if props.get("id") == "exposure-course"]


def test_a_book_that_held_nothing_keeps_its_line_and_says_so():
    data = read()
    nothing = replace(data.layers, names=(), others=False)
    view = exposure_view(replace(data, layers=nothing))

    assert "Nothing was held in this range" in words(view)
    assert part(view, "exposure-course")["figure"]["data"]


def test_the_same_figures_come_back_until_they_change():
    """Else every browser would be sent every chart at every cycle."""
    reader = FakeBookReader()
    readings = Readings(reader)
    query = parse({}, WORDS)
    first = read_exposure(readings, query, DEMO, readings.cycle(DEMO))
    reader.advance(0.0001)
    second = read_exposure(readings, query, DEMO, readings.cycle(DEMO))

    assert second.course.figure is first.course.figure
    assert second.layers.figure is first.layers.figure


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-0.6, 3.0),
    st.fixed_dictionaries(
        {},
        optional={
            "by": st.sampled_from(["asset", "strategy", "venue"]),
            "side": st.sampled_from(["long", "short"]),
            "strategy": st.sampled_from(["trend", "dip", "nobody"]),
            "asset": st.sampled_from(["BTC/USDT", "AVAX/USDT"]),
            "change": st.sampled_from(["var", "gross", "net"]),
            "since": st.sampled_from(["1d", "7d"]),
        },
    ),
)
def test_whatever_is_held_and_asked_no_nan_and_no_doubled_id_reaches_the_screen(drift, address):
    data = read(FakeBookReader(drift=drift), **address)
    view = exposure_view(data)
    ids = [str(props["id"]) for props in parts(view) if "id" in props]
    rows = [v for row in [*position_rows(data), total_row(data)] for v in row.values()]

    assert " nan" not in words(view).lower()
    assert all(math.isfinite(v) for v in rows if isinstance(v, float))
    assert len(ids) == len(set(ids))


def test_a_part_that_only_takes_var_off_is_not_said_to_carry_it():
    data = read()
    off = [
        replace(p, component_var=tuple(-abs(part) for part in p.component_var))
        for p in data.positions
    ]

    assert "takes VaR off the book" in answer(with_positions(data, off))


def test_of_one_asset_nobody_is_told_that_all_of_it_is_that_asset():
    assert "All of it" not in answer(read(asset="ETH/USDT"))
