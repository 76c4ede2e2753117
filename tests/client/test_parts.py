"""The client's small parts: ids, address and key, views, words."""

import inspect
import secrets
from datetime import UTC, datetime
from pathlib import Path

import httpcore2
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.client.answers import Unreadable, in_words, malformed
from risk.client.http import TooLong, lost_to
from risk.client.ids import OrderIds
from risk.client.place import find_place
from risk.client.views import (
    read_limits,
    read_object,
    read_positions,
    read_reductions,
    read_status,
)
from risk.domain.decisions import ReasonCode
from risk.domain.messages import OrderBody, ReasonMessage
from risk.domain.orders import Side
from risk.domain.reasons import REASONS
from risk.errors import SettingInvalid

# --- ids ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2**47), min_size=2, max_size=50))
def test_ids_never_repeat_and_only_ever_grow(times: list[int]):
    """Whatever the wall's clock does."""
    clock = iter(times)
    ids = OrderIds("trend", clock=lambda: next(clock))
    made = [ids.next() for _ in times]

    assert made == sorted(set(made))


def test_a_counter_that_is_full_goes_on_with_the_next_millisecond():
    ids = OrderIds("x", clock=lambda: 5, random_bits=lambda bits: 0)
    made = [ids.next() for _ in range(5_000)]

    assert made == sorted(set(made))
    assert {len(each) for each in made} == {34}


def test_an_id_is_a_uuid_of_version_seven():
    made = OrderIds("x").next().removeprefix("x-")

    assert made[12] == "7"
    assert made[16] in "89ab"


def test_nobody_who_knows_the_time_and_earlier_ids_can_guess_the_next():
    asked: list[int] = []

    def random_bits(bits: int) -> int:
        asked.append(bits)
        return secrets.randbits(bits)

    ids = OrderIds("trend", clock=lambda: 5, random_bits=random_bits)
    tails = {ids.next()[-15:] for _ in range(200)}

    assert min(asked) >= 60
    assert len(tails) == 200
    assert inspect.signature(OrderIds).parameters["random_bits"].default is secrets.randbits


# --- address and key ------------------------------------------------------------------------


def test_arguments_come_before_the_environment():
    environment = {"SEAWALL_URL": "https://risk.example", "SEAWALL_KEY": "from-outside"}

    assert find_place(None, None, environment) == ("https://risk.example", "from-outside")
    assert find_place("http://127.0.0.1:1/", "mine", environment) == ("http://127.0.0.1:1", "mine")


def test_on_the_same_machine_the_service_key_opens(tmp_path: Path):
    (tmp_path / "service.key").write_text("swk_secret\n")
    environment = {"SEAWALL_HOME": str(tmp_path)}

    assert find_place(None, None, environment) == ("http://127.0.0.1:8051", "swk_secret")
    assert "secret" not in repr(find_place(None, None, environment))


def test_the_service_key_is_never_shown_to_another_machine(tmp_path: Path):
    (tmp_path / "service.key").write_text("swk_secret")

    with pytest.raises(SettingInvalid, match="another machine"):
        find_place("https://risk.example", None, {"SEAWALL_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("url", "key", "complaint"),
    [
        ("ftp://x", "k", "SEAWALL_URL must be"),
        ("http://", "k", "SEAWALL_URL must be"),
        ("http://[::1", "k", "SEAWALL_URL is not an address"),
        (None, "two words", "SEAWALL_KEY is not a key"),
        (None, "line\nbreak: yes", "SEAWALL_KEY is not a key"),
        (None, None, "no key to read"),
    ],
)
def test_what_leads_nowhere_is_refused_in_words(url, key, complaint, tmp_path: Path):
    with pytest.raises(SettingInvalid, match=complaint):
        find_place(url, key, {"SEAWALL_HOME": str(tmp_path)})


# --- views ----------------------------------------------------------------------------------


@given(st.binary(max_size=60))
def test_bytes_that_are_no_object_are_unreadable_and_nothing_else(data: bytes):
    for read in (read_status, read_positions, read_limits, read_reductions):
        with pytest.raises(Unreadable):
            read(data)


def test_what_is_missing_is_empty_and_what_is_vital_is_demanded():
    seen = read_status(b'{"trading_state": "CAUTION"}')

    assert (seen.portfolio, seen.fresh, seen.snapshot_age) == ("", False, float("inf"))
    assert read_positions(b'{"positions": [{"quantity": 1}, 7]}')[0].stop_price is None
    with pytest.raises(Unreadable, match="no quantity"):
        read_positions(b'{"positions": [{"quantity": "1"}]}')
    with pytest.raises(Unreadable, match="id or its target"):
        read_reductions(b'{"reductions": [{"id": "r1"}]}')
    with pytest.raises(Unreadable, match="no JSON object"):
        read_object(b"[]")


def test_times_without_a_zone_are_none():
    said = b'{"reductions": [{"id": "r", "target_quantity": 0, "deadline": "%s"}]}'

    assert read_reductions(said % b"2027-01-01T00:00:00")[0].deadline is None
    assert read_reductions(said % b"soon")[0].deadline is None
    zoned = read_reductions(said % b"2027-01-01T00:00:00Z")[0]
    assert zoned.deadline == datetime(2027, 1, 1, tzinfo=UTC)


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words(code: ReasonCode):
    says, advice = REASONS[code]

    assert in_words(ReasonMessage(code=code, outcome="failed", subject="x")) == f"{says} {advice}"


def test_a_limit_that_cannot_be_measured_says_so():
    reason = ReasonMessage(code="value_at_risk", outcome="failed", subject="VaR of the book")

    assert in_words(reason) == "The limit VaR of the book cannot be measured now."


def test_sums_of_money_are_written_out():
    reason = ReasonMessage(
        code="order_notional", outcome="failed", subject="x", value=9_615_860.4, threshold=5e5
    )
    assert in_words(reason) == "The limit x would stand at 9615860, 500000 is allowed."


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": "hold"}, ReasonCode.SIDE_UNKNOWN),
        ({"limit_price": float("nan")}, ReasonCode.LIMIT_PRICE_NOT_VALID),
        ({"limit_price": 0.0}, ReasonCode.LIMIT_PRICE_NOT_VALID),
        ({"quantity": None}, ReasonCode.QUANTITY_NOT_FINITE),
        ({}, None),
    ],
)
def test_what_json_could_not_tell_is_seen_before(changes, code):
    usual = {
        "client_order_id": "a",
        "portfolio": "demo",
        "strategy": "trend",
        "asset": "BTC/USDT",
        "side": Side.BUY,
        "quantity": 1.0,
    }

    assert malformed(OrderBody(**{**usual, **changes})) is code


# --- the network ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reached", "words"),
    [
        (httpx2.ConnectError("refused"), False, "cannot be reached"),
        (httpx2.ConnectTimeout(""), False, "in time"),
        (httpx2.PoolTimeout(""), False, "in time"),
        (httpx2.ReadTimeout(""), True, "in time"),
        (httpx2.WriteError("broken pipe"), True, "broken pipe"),
        (httpx2.RemoteProtocolError(""), True, "RemoteProtocolError"),
        (httpcore2.ReadError("reset"), True, "reset"),
        (TooLong(), True, "longer"),
    ],
)
def test_only_what_never_left_is_known_not_to_have_arrived(error, reached, words):
    lost = lost_to(error)

    assert lost.reached is reached
    assert words in lost.problem
