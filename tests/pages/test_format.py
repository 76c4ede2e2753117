"""Numbers, money and times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.format import (
    UTC_ZONE,
    amount,
    money,
    multiple,
    number,
    ordinal,
    percent,
    price,
    quantity,
    quantity_at_most,
    sentence,
    window,
    zone,
)

NBSP, THIN, MINUS = "\u00a0", "\u202f", "\u2212"
figures = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2_410_000.0, f"2.41{NBSP}m"),
        (77_400.0, f"77.4{NBSP}k"),
        (-62_000.0, f"{MINUS}62.0{NBSP}k"),
        (842.3, "842"),
        (0.0, "0"),
        (999.4, "999"),
        (999.6, f"1.0{NBSP}k"),
        (999_960.0, f"1.00{NBSP}m"),
        (999_996_000.0, f"1.00{NBSP}bn"),
        (-0.3, "0"),
        (None, "unknown"),
    ],
)
def test_money_is_scaled_to_the_unit_that_rounding_leaves_it_in(value, text):
    assert amount(value) == text


def test_money_never_wraps_before_its_currency():
    assert money(77_400.0, "USD") == f"77.4{NBSP}k{NBSP}USD"
    assert money(None, "USD") == "unknown"


@given(figures)
def test_a_sign_is_written_exactly_when_the_rounded_figure_has_one(value):
    text = amount(value, signed=True)
    digits = text.lstrip(f"+{MINUS}")

    if any(c in "123456789" for c in digits):
        assert text[0] == ("+" if value > 0 else MINUS)
    else:
        assert text == digits


@given(figures)
def test_no_figure_contains_a_hyphen_a_comma_or_a_breaking_space(value):
    for text in (amount(value), number(value, 2), percent(value), multiple(value)):
        assert not set(text) & set("-, ")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_never_reaches_a_screen(bad):
    for write in (amount, number, percent, multiple):
        with pytest.raises(ValueError, match="must be finite"):
            write(bad)


def test_fractions_are_written_as_per_cent():
    assert percent(0.0455) == f"4.55{NBSP}%"
    assert percent(-0.039, 1, signed=True) == f"{MINUS}3.9{NBSP}%"
    assert multiple(0.68) == f"0.68{NBSP}×"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (96_420.0, f"96{THIN}420.00"),
        (171.42, "171.42"),
        (24.18, "24.180"),
        (2.214, "2.2140"),
        (0.1, "0.10000"),
        (0.0000123456, "0.000012346"),
    ],
)
def test_prices_keep_five_figures_or_two_decimals(value, text):
    assert price(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.8123456, "0.8123"), (12_345.678, f"12{THIN}346")]
)
def test_quantities_keep_four_figures(value, text):
    assert quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.103, "0.1030"), (2.54799, "2.547"), (12_345.678, f"12{THIN}345")],
)
def test_a_quantity_that_may_not_be_passed_is_cut_and_not_rounded(value, text):
    assert quantity_at_most(value) == text


@given(st.floats(1e-6, 1e9))
def test_what_is_shown_of_it_is_no_more_and_as_near_as_four_figures_allow(value):
    shown = float(quantity_at_most(value).replace(THIN, ""))

    assert 0.999 * value <= shown <= value


@pytest.mark.parametrize(
    ("rank", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (93, "93rd"), (97, "97th")],
)
def test_ranks_are_ordinals(rank, text):
    assert ordinal(rank) == text


@pytest.mark.parametrize(
    ("days", "text"), [(1_100, "3 y"), (730, "730 d"), (365, "365 d"), (0.25, "6 h")]
)
def test_a_history_says_how_far_it_reaches(days, text):
    assert window(timedelta(days=days)) == text.replace(" ", NBSP)


MOMENT = datetime(2026, 7, 12, 23, 42, 18, tzinfo=UTC)


def test_times_name_their_zone():
    berlin = zone("Europe/Berlin")

    assert UTC_ZONE.stamp(MOMENT) == f"23:42:18{NBSP}UTC"
    assert berlin.stamp(MOMENT) == f"01:42:18{NBSP}CEST"
    assert berlin.day(MOMENT) == f"13{NBSP}Jul"


def test_another_day_is_named_beside_its_time():
    now = MOMENT + timedelta(days=1)

    assert UTC_ZONE.date_and_clock(MOMENT, now=MOMENT) == f"23:42:18{NBSP}UTC"
    assert UTC_ZONE.date_and_clock(MOMENT, now=now) == f"12{NBSP}Jul 23:42:18{NBSP}UTC"
    assert UTC_ZONE.date_and_minute(MOMENT, now=MOMENT) == "23:42"
    assert UTC_ZONE.date_and_minute(MOMENT, now=now) == f"12{NBSP}Jul 23:42"


def test_a_moment_of_another_year_says_so_also_on_the_same_day_of_the_year() -> None:
    later = MOMENT.replace(year=MOMENT.year + 4)
    assert UTC_ZONE.date_and_clock(later, now=MOMENT).startswith(f"12{NBSP}Jul {later.year} 23")
    assert UTC_ZONE.date_and_minute(later, now=MOMENT) == f"12{NBSP}Jul {later.year} 23:42"


def test_a_date_bears_its_year_unless_that_is_the_running_one():
    assert UTC_ZONE.date(MOMENT, now=MOMENT) == UTC_ZONE.day(MOMENT)
    assert UTC_ZONE.date(MOMENT, now=MOMENT.replace(year=2027)).endswith(f"Jul {MOMENT.year}")


def test_a_sentence_begins_with_a_capital_letter_and_keeps_its_others():
    assert sentence("the VaR of BTC/USDT rose") == "The VaR of BTC/USDT rose"
    assert sentence("") == ""


def test_a_local_time_is_shifted_by_the_offset_of_its_own_moment():
    berlin = zone("Europe/Berlin")
    summer, winter = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 12))

    assert berlin.wall_time(int(summer.timestamp() * 1000)) == "2026-07-01T02:00:00"
    assert berlin.wall_time(int(winter.timestamp() * 1000)) == "2026-12-01T01:00:00"


@pytest.mark.parametrize(
    "name", ["Mars/Base", "../../etc/passwd", "/etc/localtime", "a" * 500, "\0"]
)
def test_an_unknown_zone_is_no_zone(name):
    assert zone(name) is None


def test_utc_is_known_however_it_is_spelt():
    assert zone("utc") is UTC_ZONE
