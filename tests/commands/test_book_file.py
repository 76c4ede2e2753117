"""A book in a CSV file is read exactly, or refused with the line that is wrong."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.commands.book_file import parse_book, read_book
from risk.domain.ledger import Ledger
from risk.domain.positions import PositionKey
from risk.errors import BookFileInvalid

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
HEADER = "kind,strategy,asset,venue,quantity,price,amount,at,note\n"
BOOK = HEADER + (
    "flow,,,,,,25000,2025-01-02,first deposit\n"
    "position,trend,BTC/USDT,binance,0.5,60000,,,\n"
    "position,dip,ETH/USDT,kraken,-3,2500,,2025-05-01T09:30+02:00,\n"
    "cash,,,,,,4200,,\n"
)


def parse(text: str):
    return parse_book(text, name="book.csv", now=NOW)


def ledger_of(text: str) -> Ledger:
    book = parse(text)
    return Ledger().after_all(book.fills, book.flows)


def test_positions_come_out_with_their_quantities_and_entry_prices():
    positions = ledger_of(BOOK).positions

    long = positions[PositionKey("trend", "BTC/USDT", "binance")]
    short = positions[PositionKey("dip", "ETH/USDT", "kraken")]
    assert (long.quantity, long.entry_price) == (0.5, 60_000.0)
    assert (short.quantity, short.entry_price) == (-3.0, 2_500.0)


def test_cash_comes_out_as_stated_and_only_flows_make_the_difference():
    ledger = ledger_of(BOOK)

    assert ledger.cash == pytest.approx(4_200.0)
    assert ledger.net_flows == pytest.approx(4_200.0 + 0.5 * 60_000 - 3 * 2_500)
    assert ledger.realised == {"trend": 0.0, "dip": 0.0}


quantities = st.floats(-1e6, 1e6).filter(lambda quantity: abs(quantity) > 1e-6)


@given(
    cash=st.floats(-1e9, 1e9),
    positions=st.lists(st.tuples(quantities, st.floats(1e-6, 1e6)), max_size=5),
    deposits=st.lists(st.floats(1.0, 1e9), max_size=3),
)
def test_whatever_the_book_cash_ends_as_the_file_says(cash, positions, deposits):
    """Law: the opening balance closes the gap between flows, purchases and cash."""
    rows = [f"position,s,A{i},v,{q!r},{p!r},,," for i, (q, p) in enumerate(positions)]
    rows += [f"flow,,,,,,{amount!r},2025-01-01," for amount in deposits]

    ledger = ledger_of(HEADER + "\n".join([*rows, f"cash,,,,,,{cash!r},,"]))

    turnover = sum(abs(q * p) for q, p in positions) + sum(deposits) + abs(cash)
    assert ledger.cash == pytest.approx(cash, abs=1e-12 * turnover + 1e-9)


def test_without_a_cash_row_purchases_lower_what_was_paid_in():
    text = HEADER + "flow,,,,,,1000,2025-01-02,\nposition,s,BTC,v,1,600,,,\n"

    assert ledger_of(text).cash == 400.0


def test_times_become_utc_and_a_missing_one_is_now():
    fills = {fill.asset: fill.at for fill in parse(BOOK).fills}

    assert fills["BTC/USDT"] == NOW
    assert fills["ETH/USDT"] == datetime(2025, 5, 1, 7, 30, tzinfo=UTC)


def test_the_same_file_gives_the_same_ids_whenever_it_is_read():
    later = parse_book(BOOK, name="copy.csv", now=NOW.replace(year=2026))

    assert [fill.id for fill in later.fills] == [fill.id for fill in parse(BOOK).fills]
    assert [flow.id for flow in later.flows] == [flow.id for flow in parse(BOOK).flows]


def test_a_flow_met_in_two_files_is_one_and_two_equal_ones_in_a_file_are_two():
    line = "flow,,,,,,500,2025-02-01,salary\n"
    other = "flow,,,,,,70,2025-02-02,\n"

    first, second = parse(HEADER + line + line).flows
    again = parse(HEADER + other + line).flows[1]

    assert first.id != second.id
    assert again.id == first.id


def test_a_file_of_flows_alone_does_not_open_a_book():
    assert not parse(HEADER + "flow,,,,,,1,2025-01-01,\n").opens
    assert parse(HEADER + "cash,,,,,,1,,\n").opens
    assert parse(HEADER + "position,s,BTC,v,1,600,,,\n").opens


def test_columns_that_no_row_needs_may_be_left_out_and_stand_in_any_order():
    flow = parse("at , Amount,kind\n2025-01-01,5,flow\n\n").flows[0]

    assert (flow.amount, flow.note) == (5.0, "")


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text("kind,amount\ncash,7\n", encoding="utf-8-sig")

    assert read_book(path, now=NOW).flows[0].amount == 7.0


@pytest.mark.parametrize("content", [None, b"kind,amount\ncash,\xff\n"])
def test_a_file_that_is_missing_or_not_text_is_refused(tmp_path, content):
    path = tmp_path / "book.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BookFileInvalid, match=r"book\.csv cannot be read"):
        read_book(path, now=NOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the header must name kind"),
        ("asset,quantity\n", "line 1: the header must name kind"),
        ("kind;amount\ncash;7\n", "line 1: the header must name kind"),
        ("kind,amount,amount\n", "line 1: .* each once"),
        ("kind,colour\n", "line 1: .*colour"),
        (HEADER, "line 2: there are no rows"),
        (HEADER + "cash,1\n", "line 2: has 2 cells for 9 columns"),
        (HEADER + "equity,,,,,,5,,\n", "line 2: kind must be position, cash, flow, not 'equity'"),
        (HEADER + "position,s,BTC,v,1,,,,\n", "line 2: a position needs price"),
        (HEADER + "position,,BTC,v,1,5,,,\n", "line 2: a position needs strategy"),
        (HEADER + "flow,,,,,,5,,\n", "line 2: a flow needs at"),
        (HEADER + "position,s,BTC,v,0,5,,,\n", "line 2: quantity is zero"),
        (HEADER + "position,s,BTC,v,1,-5,,,\n", "line 2: price must be positive"),
        (HEADER + "position,s,BTC,v,1,0,,,\n", "line 2: price must be positive"),
        (HEADER + "position,s,BTC,v,nan,5,,,\n", "line 2: quantity must be a plain number"),
        (HEADER + "position,s,BTC,v,1,inf,,,\n", "line 2: price must be a plain number"),
        (HEADER + 'position,s,BTC,v,"1,5",5,,,\n', "line 2: quantity must be a plain number"),
        (HEADER + f"position,{'s' * 65},BTC,v,1,5,,,\n", "line 2: strategy must be at most 64"),
        (HEADER + "position,s,B\x07C,v,1,5,,,\n", "line 2: asset must be at most 64 printable"),
        (
            HEADER + "position,s,BTC,v,1,5,,,\nposition,s,BTC,v,2,5,,,\n",
            "line 3: s BTC v .* line 2",
        ),
        (HEADER + "cash,,,,,,5,,\ncash,,,,,,5,,\n", "line 3: cash stands twice"),
        (HEADER + "flow,,,,,,0,2025-01-01,\n", "line 2: amount is zero"),
        (HEADER + "flow,,,,,,5,yesterday,\n", "line 2: at must be a time"),
        (HEADER + "flow,,,,,,5,0001-01-01T00:00+14:00,\n", "line 2: at must be a time"),
        (HEADER + "flow,,,,,,5,9999-12-31T23:59-14:00,\n", "line 2: at must be a time"),
        (HEADER + "flow,,,,,,5,2026-01-01,\n", "line 2: 2026-01-01 lies in the future"),
        (HEADER + 'flow,,,,,,5,2025-01-01,"open\n', "line 2: unexpected end of data"),
        (HEADER + "position,s,BTC,v,1e300,5,,,\n", "line 2: quantity must be a plain number"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text, said):
    with pytest.raises(BookFileInvalid, match=said) as refused:
        parse(text)
    assert str(refused.value).startswith("book.csv, line ")


@given(st.text(alphabet="kindcashflowposition,amount\n\"'-1.5e9 \x00é", max_size=200))
def test_any_text_is_a_book_or_a_refusal(text):
    """Law: no file leads to any other error."""
    try:
        told = "" if parse(HEADER + text) else "a book is never empty"
    except BookFileInvalid as refused:
        told = str(refused)

    assert not told or told.startswith("book.csv, line ")
