"""Passwords: which are good enough, what is kept, and how many at once."""

import threading
import unicodedata
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.auth.passwords import (
    AT_ONCE,
    LONGEST,
    OF_KNOWN,
    OF_STRANGERS,
    SHORTEST,
    Cost,
    Hasher,
    Places,
    check_password,
    new_password,
)
from risk.commands.web import gunicorn_options
from risk.config import load_settings
from risk.errors import InvalidInput, LoginRefused
from tests.fakes_people import CHEAP

GOOD = [
    "correct horse battery",
    "nine lives of a cat",
    "Zwölf Boxkämpfer jagen",
    "k7wm-p3xt-9qnd-ab2c-xyz9",
    "犬が月を見ている夜のことだった",
    "x7!kQ2#pLm9$",
]
BAD = [
    "aaaaaaaaaaaaaa",
    "ababababababab",
    "abcabcabcabcabc",
    "123456789012",
    "abcdefghijklmnop",
    "qwertyuiopasdf",
    "987654321098",
    "password1234",
    "P@ssw0rd1234!",
    "passwordpassword",
    "Summer-2024-!!",
    "iloveyou12345",
    "seawall-trading-2026",
    "letmein_letmein",
    "annaannaanna",
    "anna-anna-1234",
    "111122223333",
    "2024-01-01 12:00",
]


@pytest.mark.parametrize("password", GOOD)
def test_a_long_one_that_is_nobody_else_s_is_good(password: str):
    check_password(password, name="anna")


@pytest.mark.parametrize("password", BAD)
def test_what_others_would_guess_is_refused_without_repeating_it(password: str):
    with pytest.raises(InvalidInput, match="that password") as problem:
        check_password(password, name="anna")

    assert password not in str(problem.value)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x" * (SHORTEST - 1), "12 letters or more"),
        ("", "12 letters or more"),
        ("Q" * (LONGEST + 1), "128 letters at most"),
        ("correct horse\tbattery", "cannot be shown"),
        ("correct horse\0battery", "cannot be shown"),
    ],
)
def test_length_and_letters_are_asked_for(password: str, why: str):
    with pytest.raises(InvalidInput, match=why):
        check_password(password, name="anna")


@given(st.text(max_size=200))
def test_whatever_is_typed_is_taken_or_refused_and_short_ones_always(password: str):
    try:
        check_password(password, name="anna")
        taken = True
    except InvalidInput:
        taken = False

    assert not taken or SHORTEST <= len(_letters(password)) <= LONGEST


def test_a_first_password_is_good_and_never_the_same():
    some = {new_password() for _ in range(200)}

    for first in some:
        check_password(first, name="anna")
    assert len(some) == 200
    assert {len(first) for first in some} == {24}


@given(st.text(min_size=1, max_size=LONGEST), st.text(max_size=LONGEST))
def test_a_password_is_known_again_and_no_other(password: str, other: str):
    hasher = Hasher(CHEAP)
    kept = hasher.hash(password)

    assert hasher.verify(kept, password) == (len(_letters(password)) <= LONGEST)
    assert hasher.verify(kept, other) == (_letters(other) == _letters(password))


def _letters(password: str) -> str:
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def test_the_same_letters_of_another_keyboard_are_the_same():
    hasher = Hasher(CHEAP)

    assert hasher.verify(hasher.hash("Zwo\u0308lf Boxka\u0308mpfer"), "Zw\u00f6lf Boxk\u00e4mpfer")


def test_nothing_is_the_password_of_nobody():
    hasher = Hasher(CHEAP)

    assert not hasher.verify(None, "")
    assert not hasher.verify(None, "correct horse battery")


def test_what_is_kept_unreadably_opens_nothing():
    kept = Hasher(CHEAP).hash("correct horse battery")

    for spoilt in ("$argon2id$nonsense", "nonsense", kept[:-4], kept.replace("$v=19", "$v=9")):
        assert not Hasher(CHEAP).verify(spoilt, "correct horse battery")


def test_the_cost_is_64_mebibytes_and_is_seen_to_change():
    assert Cost() == (65_536, 3, 1)
    kept = Hasher(CHEAP).hash("correct horse battery")

    assert not Hasher(CHEAP).is_outdated(kept)
    assert Hasher(Cost(memory_kib=16, passes=1)).is_outdated(kept)


def test_so_many_are_hashed_at_once_and_others_are_told_to_try_again():
    turns = threading.BoundedSemaphore(AT_ONCE)
    hasher = Hasher(CHEAP, turns=turns, patience=0.01)
    hasher.hash("one gives its turn back")

    for _ in range(AT_ONCE):
        turns.acquire()
    with pytest.raises(LoginRefused, match="try again") as busy:
        hasher.verify(None, "correct horse battery")
    assert busy.value.retry_after
    turns.release()
    assert not hasher.verify(None, "correct horse battery")


def test_who_finds_no_place_is_sent_away_at_once_and_of_the_known_there_are_others():
    places = Places()
    with ExitStack() as taken:
        for _ in range(OF_STRANGERS):
            taken.enter_context(places.one(known=False))
        with pytest.raises(LoginRefused, match="try again") as busy, places.one(known=False):
            pytest.fail("nobody was sent away")
        assert busy.value.retry_after
        for _ in range(OF_KNOWN):
            taken.enter_context(places.one(known=True))
        with pytest.raises(LoginRefused, match="try again"), places.one(known=True):
            pytest.fail("nobody was sent away")

    with places.one(known=False), places.one(known=True):
        pass


def test_all_who_try_leave_threads_of_the_web_to_those_who_are_in():
    assert gunicorn_options(load_settings({}))["threads"] > OF_STRANGERS + OF_KNOWN
    assert OF_STRANGERS - AT_ONCE <= 2, "no more wait for a hashing"


def test_a_machine_without_memory_says_to_try_again():
    """Argon2 asks for what is not there."""
    hasher = Hasher(Cost(memory_kib=1 << 31, passes=1))

    with pytest.raises(LoginRefused, match="try again"):
        hasher.hash("correct horse battery")
    with pytest.raises(LoginRefused, match="try again"):
        hasher.verify(None, "correct horse battery")
