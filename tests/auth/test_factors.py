"""Codes of six digits: the reference's own, each once, and none of too far away."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.auth.factors import STEP, accepted_step, address_of, new_secret

# RFC 6238, appendix B: the last six of its eight digits, by SHA-1.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]


def at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "code"), RFC)
def test_they_are_the_codes_of_the_standard(seconds: int, code: str):
    assert accepted_step(RFC_SECRET, code, at=at(seconds), after=0) == seconds // STEP


@given(st.integers(3 * STEP, 10**10), st.integers(-3, 3))
def test_a_code_is_good_one_step_either_way(now: int, off: int):
    code = pyotp.TOTP(RFC_SECRET).at((now // STEP + off) * STEP)

    found = accepted_step(RFC_SECRET, code, at=at(now), after=0)

    # Once in a million steps another one of the window has the same code.
    if abs(off) <= 1:
        assert found is not None
        assert abs(found - now // STEP) <= 1
    else:
        assert found is None or pyotp.TOTP(RFC_SECRET).at(found * STEP) == code


@given(st.integers(1, 10**9))
def test_no_code_is_accepted_twice(step: int):
    code = pyotp.TOTP(RFC_SECRET).at(step * STEP)
    now = at(step * STEP)

    first = accepted_step(RFC_SECRET, code, at=now, after=0)

    assert accepted_step(RFC_SECRET, code, at=now, after=first) is None


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused(code: str):
    found = accepted_step(RFC_SECRET, code, at=at(59), after=0)

    right = {pyotp.TOTP(RFC_SECRET).at(step * STEP) for step in (0, 1, 2)}
    assert (found is not None) == ("".join(code.split()) in right)


def test_a_code_may_be_typed_as_devices_show_it():
    assert accepted_step(RFC_SECRET, " 287 082 ", at=at(59), after=0) == 1


def test_a_picture_holds_all_that_a_device_needs():
    secret = new_secret()

    parts = urlsplit(address_of(secret, "anna"))

    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/Seawall:anna")
    assert parse_qs(parts.query) == {"secret": [secret], "issuer": ["Seawall"]}
    assert len(base64.b32decode(secret)) == 20
    assert secret != new_secret()
