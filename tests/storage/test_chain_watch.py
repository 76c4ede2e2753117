"""What is said of a chain was looked at; what was bent shows with the next look at it."""

from datetime import timedelta
from pathlib import Path

import pytest

from risk.auth.journal_key import PublicKeys
from risk.storage import chain_watch
from risk.storage.chain_watch import ChainView, ChainWatch
from risk.storage.engines import Engines
from tests.builders import NOON
from tests.fakes import FakeClock
from tests.storage.notaries import OURS, STREAM, THEIRS, TRUSTED, Kept, append, kept_in, office
from tests.storage.rows import without_triggers, write


@pytest.fixture
def kept(engines: Engines, tmp_path: Path) -> Kept:
    without_triggers(engines)
    return kept_in(engines, tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


class Watch(ChainWatch):
    """Looks when it is told to, and not by itself."""

    def _start(self) -> None:
        pass

    def all(self) -> ChainView:
        """All that it finds until there is no more."""
        self.views([STREAM])
        while self.look():
            pass
        return self.views([STREAM])[0]


def watch_over(kept: Kept, clock: FakeClock, keys: PublicKeys | None = TRUSTED) -> Watch:
    return Watch(kept.engines, keys=lambda: keys, wall=clock.wall, monotonic=clock.monotonic)


def test_nothing_is_claimed_before_anything_was_looked_at(kept: Kept, clock: FakeClock):
    kept.begin(3, (2,))

    assert watch_over(kept, clock).views([STREAM]) == [ChainView(STREAM)]


def test_a_chain_is_followed_to_its_end_and_the_newest_checkpoint_held_against_it(
    kept: Kept, clock: FakeClock
):
    kept.begin(5, (2, 4))

    view = watch_over(kept, clock).all()

    assert (view.entries, view.length, view.checked, view.whole) == (5, 5, NOON, NOON)
    assert (view.broken, view.signed and view.signed.seq, view.unsigned) == (None, 4, None)


def test_half_way_it_says_how_far_it_has_come(kept: Kept, clock: FakeClock, monkeypatch):
    monkeypatch.setattr(chain_watch, "PORTION", 2)
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.views([STREAM])

    assert watch.look()

    (view,) = watch.views([STREAM])
    assert (view.entries, view.length, view.checked, view.whole) == (2, 5, None, None)
    assert (watch.all().entries, watch.all().checked) == (5, NOON)


def test_what_comes_later_is_followed_with_the_next_look(kept: Kept, clock: FakeClock):
    kept.begin(2, ())
    watch = watch_over(kept, clock)
    watch.all()
    append(kept.engines, [3])
    clock.advance(timedelta(seconds=5))

    view = watch.all()

    assert (view.entries, view.checked, view.whole) == (3, NOON + timedelta(seconds=5), NOON)


def test_a_break_is_told_and_what_holds_before_it(kept: Kept, clock: FakeClock):
    kept.begin(5, ())
    kept.edit(4, "body")

    view = watch_over(kept, clock).all()

    assert view.entries == 3
    assert view.broken is not None
    assert view.broken.startswith("entry 4 of the journal of demo was changed")


def test_what_was_changed_long_ago_is_found_when_all_is_looked_at_again(
    kept: Kept, clock: FakeClock
):
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.all()
    kept.edit(2, "body")
    assert watch.all().broken is None

    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    view = watch.all()

    assert view.entries == 1
    assert view.broken is not None
    assert "entry 2 of the journal" in view.broken


def test_what_holds_is_said_to_hold_after_the_next_look_at_everything(
    kept: Kept, clock: FakeClock, monkeypatch
):
    monkeypatch.setattr(chain_watch, "PORTION", 2)
    kept.begin(7, ())
    watch = watch_over(kept, clock)
    watch.all()
    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))

    view = watch.all()

    assert (view.entries, view.whole, view.broken) == (7, clock.wall(), None)


def test_an_end_that_was_cut_off_or_written_anew_is_told(kept: Kept, clock: FakeClock):
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.all()
    kept.delete(4, 5)

    view = watch.all()
    assert view.entries == 3
    assert view.broken == (
        "entries 4 to 5 of the journal of demo are missing: the end of it was cut off"
    )

    append(kept.engines, [9, 8])
    assert watch.all().broken == "entry 5 of the journal of demo was written anew"


def cut_off(kept: Kept) -> str:
    kept.delete(4, 5)
    return "entries 4 to 5 of the journal of demo are missing: the end of it was cut off"


def written_anew(kept: Kept) -> str:
    kept.edit(4, "at_ms")
    kept.rechain(4)
    return "entry 5 of the journal of demo was written anew"


def written_anew_and_gone_on(kept: Kept) -> str:
    written_anew(kept)
    append(kept.engines, [9])
    return "entry 6 of the journal of demo was changed"


@pytest.mark.parametrize("bend", [cut_off, written_anew, written_anew_and_gone_on])
@pytest.mark.parametrize("portion", [2, 1_000])
def test_an_end_that_was_bent_stays_told_whoever_looks_at_everything_again(
    kept: Kept, clock: FakeClock, monkeypatch, bend, portion
):
    monkeypatch.setattr(chain_watch, "PORTION", portion)
    kept.begin(5, (2,))
    watch = watch_over(kept, clock)
    watch.all()
    told = bend(kept)

    for _ in range(3):
        view = watch.all()
        assert view.broken is not None
        assert view.broken.startswith((told, "entry 5 of the journal of demo was written anew"))
        assert view.whole == NOON
        clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))


def test_an_old_entry_that_was_changed_stays_told_when_its_chain_is_made_to_fit(
    kept: Kept, clock: FakeClock
):
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.all()
    kept.edit(2, "at_ms")
    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    first = watch.all()
    kept.rechain(2)

    assert watch.all().broken == first.broken
    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    view = watch.all()

    assert view.broken == "entry 5 of the journal of demo was written anew"
    assert view.whole == NOON


def test_what_is_put_back_as_it_was_holds_after_the_next_look_at_everything(
    kept: Kept, clock: FakeClock
):
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.all()
    kept.edit(2, "at_ms")
    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    assert watch.all().entries == 1
    write(kept.engines, "UPDATE journal SET at_ms = at_ms - 1 WHERE seq = 2")
    append(kept.engines, [6])
    assert watch.all().entries == 1

    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    view = watch.all()

    assert (view.entries, view.broken) == (6, None)


def test_a_chain_that_never_held_was_never_whole(kept: Kept, clock: FakeClock):
    kept.begin(5, ())
    kept.edit(4, "body")
    watch = watch_over(kept, clock)

    for _ in range(2):
        view = watch.all()
        assert (view.entries, view.whole, view.broken is None) == (3, None, False)
        clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))


def test_an_end_cut_off_while_all_is_looked_at_is_told_from_where_it_is_missing(
    kept: Kept, clock: FakeClock, monkeypatch
):
    monkeypatch.setattr(chain_watch, "PORTION", 4)
    kept.begin(5, ())
    watch = watch_over(kept, clock)
    watch.all()
    clock.advance(timedelta(seconds=chain_watch.ANEW_SECONDS))
    watch.views([STREAM])
    assert watch.look()
    told = cut_off(kept)

    view = watch.all()

    assert (view.entries, view.broken, view.whole) == (3, told, NOON)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (None, "no public key is here"),
        (PublicKeys([THEIRS.public]), "signed with a key not known here"),
    ],
)
def test_a_signature_that_cannot_be_checked_is_not_claimed(
    kept: Kept, clock: FakeClock, keys, told
):
    kept.begin(3, (2,))

    view = watch_over(kept, clock, keys).all()

    assert view.signed is None
    assert view.unsigned is not None
    assert told in view.unsigned


def test_a_checkpoint_that_does_not_fit_is_not_claimed(kept: Kept, clock: FakeClock):
    kept.begin(3, (2,))
    kept.edit(1, "body")
    kept.rechain(1)

    view = watch_over(kept, clock).all()

    assert (view.broken, view.signed) == (None, None)
    assert view.unsigned == "the checkpoint of entry 2 does not fit the chain"


def test_a_stream_that_nobody_asks_about_is_left_alone(kept: Kept, clock: FakeClock):
    kept.begin(2, ())
    watch = watch_over(kept, clock)
    watch.all()
    append(kept.engines, [3])
    clock.advance(timedelta(seconds=chain_watch.INTEREST_SECONDS + 1))

    watch.look()
    (view,) = watch.views([STREAM])

    assert view.entries == 2
    assert watch.all().entries == 3


def test_its_thread_begins_with_the_first_question_and_ends_when_told(kept: Kept, clock: FakeClock):
    kept.begin(2, (2,))
    office(kept.engines, kept.anchor, key=OURS)
    watch = ChainWatch(
        kept.engines, keys=lambda: TRUSTED, wall=clock.wall, monotonic=clock.monotonic
    )
    watch.views([STREAM])
    thread = watch._thread
    assert thread is not None

    watch.end()
    thread.join(timeout=10.0)

    assert not thread.is_alive()
