"""The notary has everything signed, tells what fails once, and never keeps anybody waiting."""

import threading
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from risk.domain.checkpoints import Checkpoint
from risk.engine import notary
from risk.engine.notary import Notary, NotaryView
from risk.errors import SettingInvalid, StoreUnavailable
from tests.fakes import FakeClock

AT = datetime(2026, 11, 29, tzinfo=UTC)


class Signed(NamedTuple):
    checkpoint: Checkpoint | None = None
    unanchored: str | None = None
    broken: str | None = None


class FakeCheckpoints:
    """Says what it is told to say.

    Attributes
    ----------
    says : dict of stream to Signed or Exception
    asked : list of str
    hangs : threading.Event or None
        Waited for before anything is said.
    told : list of (str, str)
        Streams that people heard of, and where each does not hold.
    """

    def __init__(self) -> None:
        self.says: dict[str, Signed | Exception] = {}
        self.asked: list[str] = []
        self.hangs: threading.Event | None = None
        self.told: list[tuple[str, str]] = []

    def sign(self, stream: str) -> Signed:
        self.asked.append(stream)
        if self.hangs is not None:
            self.hangs.wait(10.0)
        said = self.says.get(stream, Signed())
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
def office() -> FakeCheckpoints:
    return FakeCheckpoints()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(AT)


@pytest.fixture
def ours(office: FakeCheckpoints, clock: FakeClock) -> Notary:
    return Notary(
        office,
        ("demo", "/people"),
        monotonic=clock.monotonic,
        tell=lambda *told: office.told.append(told),
    )


def test_a_round_has_every_stream_signed_and_says_how_long_ago(ours, office, clock):
    assert ours.view == NotaryView(None, None, None)

    ours.round()
    clock.advance(30.0)

    assert office.asked == ["demo", "/people"]
    assert ours.view == NotaryView(30.0, None, None)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (SettingInvalid("SEAWALL_JOURNAL_KEY", "is gone"), "SEAWALL_JOURNAL_KEY is gone"),
        (StoreUnavailable("the database is full"), "the database is full"),
        (Signed(unanchored="the anchor cannot be written"), "the anchor cannot be written"),
        (RuntimeError("a bug"), "an unforeseen RuntimeError, which the log explains"),
    ],
)
def test_what_fails_is_told_once_keeps_no_other_stream_waiting_and_is_over_when_it_is(
    ours, office, clock, failure, told
):
    office.says["demo"] = failure
    with capture_logs() as logs:
        ours.round()
        ours.round()

    assert office.asked == ["demo", "/people"] * 2
    assert ours.view == NotaryView(None, told, None)
    assert [each["event"] for each in logs if "problem" in each] == ["journal_not_signed"]

    office.says.clear()
    with capture_logs() as logs:
        ours.round()
    assert [each["event"] for each in logs] == ["journal_signed_again"]
    assert ours.view == NotaryView(0.0, None, None)


def test_a_journal_that_does_not_hold_is_told_and_stays_so(ours, office):
    office.says["demo"] = Signed(broken="entry 3 of the journal of demo was changed")
    with capture_logs() as logs:
        ours.round()
        office.says["demo"] = Signed()
        ours.round()

    assert [each["event"] for each in logs] == ["journal_broken"]
    assert office.told == [("demo", "entry 3 of the journal of demo was changed")]
    assert ours.view == NotaryView(0.0, None, "entry 3 of the journal of demo was changed")


def test_who_could_not_be_told_of_a_break_is_told_with_a_later_round(office, clock):
    told: list[tuple[str, str]] = []
    silent = [StoreUnavailable("the database is locked")]

    def tell(*news: str) -> None:
        if silent:
            raise silent.pop()
        told.append(news)

    ours = Notary(office, ("demo",), monotonic=clock.monotonic, tell=tell)
    office.says["demo"] = Signed(broken="entry 3 of the journal of demo was changed")
    ours.round()
    assert (told, ours.view.problem) == ([], "the database is locked")

    office.says["demo"] = Signed()
    ours.round()
    ours.round()
    assert told == [("demo", "entry 3 of the journal of demo was changed")]


def test_a_round_that_hangs_keeps_nobody_waiting_and_none_begins_beside_it(
    ours, office, monkeypatch
):
    monkeypatch.setattr(notary, "FAREWELL", 0.01)
    office.hangs = threading.Event()

    ours.begin_round()
    ours.begin_round()
    ours.stop()

    assert office.asked == ["demo"]
    assert ours.view.problem == "the last round has not ended yet: its disk or the anchor hangs"
    office.hangs.set()


def test_its_end_is_a_last_round(ours, office):
    ours.begin_round()
    ours.stop()

    assert office.asked == ["demo", "/people"] * 2
