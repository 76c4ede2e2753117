"""The grid, as far as it can be judged without a browser."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.deltas import deltas, plain
from pages.components.grid import Column, data_grid, grid_delta, grid_tools
from pages.glossary import GLOSSARY
from tests.pages.trees import part, parts, words

COLUMNS = (
    Column(field="asset", title="Asset", pinned=True, narrow=True),
    Column(field="net", title="Net, USD", kind="money_signed", term="net"),
    Column(field="share", title="Share", kind="percent", decimals=1, sort="desc", narrow=True),
)

rows = st.dictionaries(
    st.sampled_from("abcde"),
    st.fixed_dictionaries(
        {"net": st.none() | st.integers(-3, 3), "share": st.sampled_from([0.1, 0.2])}
    ),
).map(lambda by_id: [{"id": key, **row} for key, row in by_id.items()])


def _grid(rows: Any, **more: Any) -> Any:
    return data_grid("grid", COLUMNS, rows, csv_name="demo-positions", label="Positions", **more)


def _applied(before: list[dict[str, Any]], change: dict[str, Any] | None) -> dict[str, Any]:
    """Oracle: what AG Grid holds after the transaction, by id."""
    held = {row["id"]: row for row in before}
    for row in (change or {}).get("remove", []):
        del held[row["id"]]
    for row in (change or {}).get("update", []):
        assert row["id"] in held, "AG Grid complains of an update of an unknown row"
        held[row["id"]] = row
    for row in (change or {}).get("add", []):
        assert row["id"] not in held
        held[row["id"]] = row
    return held


@given(rows, rows)
def test_applying_the_change_gives_the_later_rows(before, after):
    assert _applied(before, grid_delta(before, after)) == {row["id"]: row for row in after}


@given(rows, rows)
def test_no_row_is_sent_that_did_not_change(before, after):
    change = grid_delta(before, after)

    for row in (change or {}).get("update", []):
        assert row not in before


@given(rows)
def test_the_same_rows_in_another_order_are_no_change(before):
    assert grid_delta(before, before[::-1]) is None


def test_a_screen_sends_the_changed_rows_of_a_grid_only():
    before = [{"id": key, "asset": key, "net": 1.0, "share": 0.5} for key in "abc"]
    after = [*before[:2], {**before[2], "net": 2.0}]

    changes = deltas(plain(_grid(before)), plain(_grid(after)))

    assert changes == {"grid": {"rowTransaction": {"update": [after[2]], "async": False}}}


def test_a_new_row_is_added_and_the_grid_grows_with_it():
    before = [{"id": key, "asset": key, "net": 1.0, "share": 0.5} for key in "abcd"]

    changes = deltas(plain(_grid(before[:3])), plain(_grid(before)))

    assert changes["grid"]["rowTransaction"]["add"] == [before[3]]
    assert changes["grid"]["style"] != part(_grid(before[:3]), "grid")["style"]


def test_a_long_grid_scrolls_instead_of_growing():
    tall, taller = ([{"id": n} for n in range(count)] for count in (15, 500))

    assert part(_grid(tall), "grid")["style"] == part(_grid(taller), "grid")["style"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="net of row a must be finite"):
        _grid([{"id": "a", "asset": "BTC", "net": value, "share": None}])


def test_two_rows_of_one_id_are_refused():
    with pytest.raises(ValueError, match="share a id"):
        _grid([{"id": "a"}, {"id": "a"}])


def test_numbers_stand_right_and_what_is_wide_goes_first():
    asset, net, share = part(_grid([]), "grid")["columnDefs"]

    assert asset["pinned"] == "left"
    assert "type" not in asset
    assert net["type"] == ["rightAligned", "wide"]
    assert share["type"] == ["rightAligned"]
    assert share["sort"] == "desc"


def test_what_needs_a_great_screen_is_told_apart_from_what_needs_a_desk():
    column = Column(field="entry", title="Entry", kind="price", roomy=True)
    grid = data_grid("grid", [column], [], csv_name="demo", label="Positions")

    (entry,) = part(grid, "grid")["columnDefs"]
    assert entry["type"] == ["rightAligned", "roomy"]


def test_a_column_knows_where_the_word_for_a_missing_value_stands():
    column = Column(field="stop", title="Stop", kind="price", absent="no_stop")
    grid = data_grid("grid", [column], [], csv_name="demo", label="Positions")

    assert part(grid, "grid")["columnDefs"][0]["context"]["absent"] == "no_stop"


def test_a_text_may_be_read_as_another_one_and_a_state_has_its_shape():
    columns = [
        Column(field="at", title="Time", shown="time", href="href", shows="story"),
        Column(field="verdict", title="Verdict", kind="state", shape="shape"),
    ]
    at, verdict = part(data_grid("grid", columns, [], csv_name="demo", label="Orders"), "grid")[
        "columnDefs"
    ]

    assert (at["context"]["shown"], at["context"]["shows"]) == ("time", "story")
    assert (verdict["cellRenderer"], verdict["context"]["shape"]) == ("SwState", "shape")
    assert "shape" not in at["context"]


def test_rows_of_long_texts_are_as_high_as_those_until_they_are_many():
    columns = [Column(field="why", title="Why", wraps=True)]
    few, many = (
        part(
            data_grid(
                "grid", columns, [{"id": n} for n in range(count)], csv_name="demo", label="Orders"
            ),
            "grid",
        )
        for count in (15, 16)
    )

    assert few["columnDefs"][0]["autoHeight"] is True
    assert (few["dashGridOptions"]["domLayout"], few["style"]) == ("autoHeight", {})
    assert "domLayout" not in many["dashGridOptions"]
    assert many["style"]["height"]


def test_a_grid_whose_filters_stand_in_the_address_has_no_box_of_its_own():
    columns = [Column(field="why", title="Why")]

    assert len(grid_tools("grid", columns, what="orders")) == 3
    assert len(grid_tools("grid", columns, what="orders", search=False)) == 2


def test_unknown_sorts_by_our_own_order_and_no_string_is_run_as_code():
    props = part(_grid([]), "grid")

    assert props["defaultColDef"]["comparator"] == {"function": "swUnknownLast"}
    assert "dangerously_allow_code" not in props


def test_an_empty_grid_says_why():
    grid = _grid([], empty="No position is open.")

    assert part(grid, "grid")["dashGridOptions"]["localeText"]["noRowsToShow"] == (
        "No position is open."
    )


def test_the_file_is_named_after_the_book_and_the_rows():
    assert parts(_grid([]))[0]["data-csv"] == "seawall-demo-positions"


def test_what_the_columns_mean_is_told_where_a_keyboard_reaches_it():
    tools = grid_tools("grid", COLUMNS, what="positions")

    assert GLOSSARY["net"].definition in words(tools)
    assert "Filter positions" in words(tools)
