"""How long whoever was wrong too often must wait."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from risk.auth.throttle import (
    FIRST_WAIT,
    LONGEST_WAIT,
    OF_A_DEVICE,
    OF_A_NAME,
    OF_A_NAME_FROM_A_PLACE,
    OF_A_PLACE,
    WINDOW,
    network_of,
    wait_of,
)
from risk.auth.tries import WAITS, WRONG
from risk.domain.actors import Role, Via
from risk.domain.people_store import Failure
from risk.errors import LoginRefused
from tests.fakes_people import MONDAY, FakePeopleStore, People

NOW = MONDAY
SECOND = timedelta(seconds=1)
NOTHING = timedelta(0)


def failure(at=NOW, name="tom", place="10.0.0.1", device="") -> Failure:
    return Failure(at=at, name=name, place=place, device=device)


names = st.sampled_from(["tom", "eve", ""])
places = st.sampled_from(["10.0.0.1", "10.0.0.2", ""])
devices = st.sampled_from(["", "d1", "d2"])
moments = st.integers(-2 * 86_400, 3_600).map(lambda seconds: NOW + seconds * SECOND)
tries = st.builds(failure, at=moments, name=names, place=places, device=devices)
histories = st.lists(tries, max_size=60).map(lambda some: sorted(some, key=lambda one: one.at))


@pytest.mark.parametrize(
    ("until", "history"),
    [
        (OF_A_NAME_FROM_A_PLACE, lambda n: failure()),
        (OF_A_NAME, lambda n: failure(place=f"10.1.{n}.1")),
        (OF_A_PLACE, lambda n: failure(name=f"n{n}")),
    ],
    ids=["a name from a place", "a name", "a place"],
)
def test_a_stranger_waits_after_so_many(until, history):
    tried = [history(n) for n in range(until)]

    assert wait_of(failure(), tried[:-1]) == NOTHING
    assert wait_of(failure(), tried) == FIRST_WAIT


def test_whoever_is_known_waits_after_so_many_of_his_own():
    known = failure(device="d1")

    assert wait_of(known, [known] * (OF_A_DEVICE - 1)) == NOTHING
    assert wait_of(known, [known] * OF_A_DEVICE) == FIRST_WAIT


def test_each_other_try_doubles_it_up_to_a_quarter_of_an_hour():
    waits = [wait_of(failure(), [failure()] * (OF_A_NAME_FROM_A_PLACE + n)) for n in range(9)]

    assert [wait.total_seconds() for wait in waits] == [15, 30, 60, 120, 240, 480, 900, 900, 900]


@given(tries, histories)
def test_nobody_waits_for_longer_than_a_quarter_of_an_hour(tried, history):
    assert NOTHING <= wait_of(tried, history) <= LONGEST_WAIT


@given(tries, histories)
def test_a_quarter_of_an_hour_after_the_last_try_nobody_waits(tried, history):
    last = max([tried.at, *(one.at for one in history)])
    later = failure(last + LONGEST_WAIT, tried.name, tried.place, tried.device)

    assert wait_of(later, history) == NOTHING


@given(tries, histories)
def test_who_waits_may_try_when_it_is_over(tried, history):
    wait = wait_of(tried, history)
    past = [one for one in history if one.at <= tried.at]
    then = failure(tried.at + wait_of(tried, past), tried.name, tried.place, tried.device)

    assert wait_of(then, past) == NOTHING
    assert wait >= NOTHING


@given(tries, histories, histories)
def test_whoever_is_known_waits_for_nobody_else_s_tries(tried, history, others):
    known = failure(tried.at, "tom", tried.place, "d1")
    mine = [one for one in history if one.device == "d1" and one.name == "tom"]
    both = sorted([*mine, *(one for one in others if one.device != "d1")], key=lambda one: one.at)

    assert wait_of(known, both) == wait_of(known, mine)


@given(histories, tries)
def test_names_wait_alike_whoever_has_them(history, tried):
    """It is not told who exists, and so it cannot tell."""
    swapped = {"tom": "eve", "eve": "tom", "": ""}

    def other(one: Failure) -> Failure:
        return failure(one.at, swapped[one.name], one.place, one.device)

    assert wait_of(other(tried), [other(one) for one in history]) == wait_of(tried, history)


def test_yesterday_is_forgotten():
    old = [failure(NOW - WINDOW)] * 50

    assert wait_of(failure(), old) == NOTHING


def test_what_was_written_before_the_clock_was_set_back_holds_nobody():
    assert wait_of(failure(), [failure(NOW + timedelta(hours=5))] * 50) == NOTHING


def test_without_a_place_there_is_no_place_that_waits():
    tried = [failure(name=f"n{n}", place="") for n in range(OF_A_PLACE + 5)]

    assert wait_of(failure(place=""), tried) == NOTHING


@pytest.mark.parametrize(
    ("place", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("command line of tom", "command line of tom"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_place_is_counted_by_its_network(place: str, counted: str):
    assert network_of(place) == counted


# --- a day at the desk ---------------------------------------------------------------------


class Desk(RuleBasedStateMachine):
    """Strangers, an owner with a known browser, and a name that nobody has, before one desk."""

    @initialize()
    def open(self) -> None:
        self.home = TemporaryDirectory()
        self.people = People(FakePeopleStore(), Path(self.home.name))
        self.people.admit("tom", Role.TRADER)
        self.device = self.people.sign_in("tom", place="home").device
        self.last = MONDAY

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.home.cleanup()

    def guess(self, place: str) -> float:
        """Try both names, and return how long one must wait: as long for both."""
        # From places of their own: what is tried of one name counts for its place as well.
        known, unknown = (self.refusal("tom", f"1{place}"), self.refusal("tim", f"2{place}"))
        assert (str(known), known.retry_after) == (str(unknown), unknown.retry_after)
        assert str(known) == (WAITS if known.retry_after else WRONG)
        return known.retry_after or 0.0

    def refusal(self, name: str, place: str) -> LoginRefused:
        before = self.counted(name)
        with pytest.raises(LoginRefused) as said:
            self.people.desk.sign_in(name, "a guess of a stranger", "", via=Via.WEB, place=place)
        if self.counted(name) > before:
            self.last = self.people.now
        return said.value

    def counted(self, name: str) -> int:
        with self.people.store.reading() as view:
            return len(view.failures(name, "", MONDAY))

    @rule(place=st.sampled_from("abcd"), times=st.integers(1, 8))
    def strangers_guess(self, place: str, times: int) -> None:
        for _ in range(times):
            assert self.guess(place) <= LONGEST_WAIT.total_seconds()

    @rule(seconds=st.sampled_from([1, 15, 60, 300, 900]))
    def time_passes(self, seconds: int) -> None:
        self.people.wait(seconds=seconds)

    @rule(place=st.sampled_from("abcd"))
    def enough_wrong_tries_lock(self, place: str) -> None:
        for _ in range(OF_A_NAME_FROM_A_PLACE):
            wait = self.guess(place)

        assert wait >= FIRST_WAIT.total_seconds() - 1.0

    @rule(place=st.sampled_from("abcd"))
    def a_quarter_of_an_hour_after_the_last_try_it_is_looked_at(self, place: str) -> None:
        self.people.now = max(self.people.now, self.last + LONGEST_WAIT)
        before = self.counted("tim")

        self.guess(place)

        assert self.counted("tim") == before + 1

    @invariant()
    def the_known_browser_gets_in(self) -> None:
        if hasattr(self, "people"):
            opened = self.people.sign_in("tom", place="1a", device=self.device)
            assert self.people.desk.find(opened.token)


TestADayAtTheDesk = Desk.TestCase
TestADayAtTheDesk.settings = settings(stateful_step_count=12)
