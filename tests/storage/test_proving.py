"""Whatever is done to a journal is found and named, as far as anybody without the key can do it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risk.auth.journal_key import PublicKeys
from risk.errors import CheckpointFailed, StoreUnavailable
from risk.storage import checkpoints
from risk.storage.anchor import AnchorFile
from risk.storage.engines import Engines, open_engines
from risk.storage.proving import FaultKind, all_streams, prove
from tests.storage import notaries
from tests.storage.notaries import OURS, STREAM, THEIRS, TRUSTED, Kept, append, kept_in, office
from tests.storage.rows import read, without_triggers, write

#: Each writes a journal anew, and changes it, a transaction after the other.
FEW = settings(max_examples=8)


@dataclass(frozen=True)
class Course:
    """How long a journal is, and where it was signed."""

    length: int
    checkpoints: tuple[int, ...]

    def covering(self, seq: int) -> list[int]:
        """Checkpoints that cover an entry."""
        return [c for c in self.checkpoints if c >= seq]


@st.composite
def courses(draw: st.DrawFn, *, least: int = 1, signed: int = 0) -> Course:
    length = draw(st.integers(least, 9))
    places = draw(st.sets(st.integers(1, length), min_size=signed, max_size=4))
    return Course(length, tuple(sorted(places)))


@pytest.fixture(scope="module")
def open_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path):
    path = tmp_path_factory.mktemp("open") / "seawall.db"
    path.write_bytes(sqlite_template.read_bytes())
    engines = open_engines(f"sqlite:///{path}")
    # Nothing here has to survive a power cut.
    connection = engines.writer.raw_connection()
    connection.cursor().execute("PRAGMA synchronous = OFF")
    connection.close()
    without_triggers(engines)
    yield engines
    engines.dispose()


@pytest.fixture(scope="module")
def open_postgres(postgres: Any, postgres_template: str):
    with postgres.own_database(template=postgres_template) as url:
        engines = open_engines(url)
        without_triggers(engines)
        yield engines
        engines.dispose()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    engines: Engines = request.getfixturevalue(f"open_{request.param}")
    return kept_in(engines, tmp_path_factory.mktemp("anchor"))


def found(kept: Kept) -> tuple[FaultKind, int, int]:
    """What is told first of what is wrong."""
    proof = kept.proof()
    assert not proof.holds
    assert f"the journal of {STREAM}" in proof.faults[0].words or "anchor" in proof.faults[0].words
    return proof.faults[0].kind, proof.faults[0].first, proof.faults[0].last


# --- what nobody touched -------------------------------------------------------------------


@FEW
@given(courses())
def test_an_untouched_journal_holds_and_tells_how_far_it_is_signed(kept: Kept, course: Course):
    kept.begin(course.length, course.checkpoints)

    proof = kept.proof()

    last = max(course.checkpoints, default=0)
    assert (proof.faults, proof.entries) == ((), course.length)
    assert (proof.signed.seq if proof.signed else 0, proof.anchored) == (last, last)


def test_a_journal_that_nobody_signed_holds_unless_it_must_be_signed(kept: Kept):
    kept.begin(3, ())

    assert kept.prove().holds
    assert kept.prove(keys=None).holds
    kept.begin(3, (2, 3))
    ((fault,),) = [each.faults for each in kept.prove(keys=None).streams]
    assert (fault.kind, fault.first) == (FaultKind.UNPROVED, 2)
    kept.begin(3, ())
    (proof,) = kept.prove(must_be_signed=True).streams
    assert [(f.kind, f.first, f.last) for f in proof.faults] == [(FaultKind.KEY, 1, 3)]
    assert "nothing that is signed with a trusted key vouches" in proof.faults[0].words


def test_an_empty_journal_need_not_be_signed(kept: Kept):
    kept.begin(0, ())

    assert kept.prove(must_be_signed=True).holds


# --- single entries ------------------------------------------------------------------------


@FEW
@given(courses(least=2), st.data())
def test_an_edited_entry_is_named(kept: Kept, course: Course, data: st.DataObject):
    seq = data.draw(st.integers(1, course.length))
    column = data.draw(st.sampled_from(["at_ms", "kind", "body", "hash"]))
    kept.begin(course.length, course.checkpoints)

    kept.edit(seq, column)

    assert found(kept) == (FaultKind.ENTRIES, seq, seq)


@FEW
@given(courses(least=2), st.data())
def test_an_entry_edited_with_its_hash_is_named_by_what_follows_it(
    kept: Kept, course: Course, data: st.DataObject
):
    seq = data.draw(st.integers(1, course.length))
    # An unsigned last entry nobody vouches for: who writes it anew writes what might have been.
    assume(seq < course.length or course.covering(seq))
    kept.begin(course.length, course.checkpoints)

    kept.edit(seq, "body", with_hash=True)

    kind, first, last = found(kept)
    assert kind is FaultKind.ENTRIES
    # Either its own checkpoint does not fit, or the entry after it does not follow.
    assert first <= seq <= last or (first, last) == (seq + 1, seq + 1)


@FEW
@given(courses(least=3), st.data())
def test_deleted_entries_are_named_as_a_range(kept: Kept, course: Course, data: st.DataObject):
    first = data.draw(st.integers(1, course.length - 1))
    last = data.draw(st.integers(first, course.length - 1))
    kept.begin(course.length, course.checkpoints)

    kept.delete(first, last)

    assert found(kept) == (FaultKind.ENTRIES, first, last)


@FEW
@given(courses(least=2), st.data())
def test_an_entry_put_in_is_named_by_what_does_not_follow_it(
    kept: Kept, course: Course, data: st.DataObject
):
    seq = data.draw(st.integers(1, course.length))
    kept.begin(course.length, course.checkpoints)

    kept.insert(seq)

    kind, first, last = found(kept)
    assert kind is FaultKind.ENTRIES
    assert first <= seq <= last or (first, last) == (seq + 1, seq + 1)


@FEW
@given(courses(least=2), st.data())
def test_swapped_entries_are_named_by_the_first(kept: Kept, course: Course, data: st.DataObject):
    one, other = sorted(data.draw(st.permutations(range(1, course.length + 1)))[:2])
    kept.begin(course.length, course.checkpoints)

    kept.swap(one, other)

    assert found(kept) == (FaultKind.ENTRIES, one, one)


# --- what needs more than the chain --------------------------------------------------------


@FEW
@given(courses(signed=1), st.data())
def test_cut_off_entries_are_named_by_their_checkpoints(
    kept: Kept, course: Course, data: st.DataObject
):
    first = data.draw(st.integers(1, max(course.checkpoints)))
    kept.begin(course.length, course.checkpoints)

    kept.delete(first, course.length)

    assert found(kept) == (FaultKind.ENTRIES, first, max(course.checkpoints))


@FEW
@given(courses(signed=1), st.data())
def test_cut_off_with_their_checkpoints_they_are_named_by_the_anchor(
    kept: Kept, course: Course, data: st.DataObject
):
    first = data.draw(st.integers(1, max(course.checkpoints)))
    kept.begin(course.length, course.checkpoints)

    kept.delete(first, course.length)
    kept.forget_checkpoints(first)

    assert found(kept) == (FaultKind.ENTRIES, first, max(course.checkpoints))


@FEW
@given(courses(least=2, signed=1), st.data())
def test_a_whole_chain_written_anew_is_named_by_the_first_checkpoint_that_does_not_fit(
    kept: Kept, course: Course, data: st.DataObject
):
    seq = data.draw(st.integers(1, max(course.checkpoints)))
    how = data.draw(st.sampled_from(["left", "forgotten", "signed by another"]))
    kept.begin(course.length, course.checkpoints)

    kept.edit(seq, "body")
    kept.rechain(seq)
    if how != "left":
        kept.forget_checkpoints(seq)
    if how == "signed by another":
        kept.sign_anew(course.covering(seq), THEIRS)

    kind, first, last = found(kept)
    assert kind is FaultKind.ENTRIES
    assert last == min(course.covering(seq))
    assert first <= seq <= last
    assert first == max([c for c in course.checkpoints if c < seq], default=0) + 1


@FEW
@given(courses(least=2, signed=1), st.data())
def test_an_entry_put_into_a_chain_written_anew_is_found(
    kept: Kept, course: Course, data: st.DataObject
):
    seq = data.draw(st.integers(1, max(course.checkpoints)))
    kept.begin(course.length, course.checkpoints)

    kept.insert(seq)
    kept.rechain(seq)

    kind, first, last = found(kept)
    assert (kind, last) == (FaultKind.ENTRIES, min(course.covering(seq)))
    assert first <= seq <= last


@FEW
@given(courses(signed=1), st.data())
def test_lines_taken_from_the_anchor_are_missed_by_the_database(
    kept: Kept, course: Course, data: st.DataObject
):
    lines = data.draw(st.integers(0, len(course.checkpoints) - 1))
    kept.begin(course.length, course.checkpoints)

    kept.cut_anchor(lines)

    lost = course.checkpoints[lines]
    assert found(kept) == (FaultKind.ANCHOR, lost, lost)


@FEW
@given(courses(signed=1), st.data())
def test_a_changed_line_of_the_anchor_is_named(kept: Kept, course: Course, data: st.DataObject):
    place = data.draw(st.integers(0, len(course.checkpoints) - 1))
    field = data.draw(st.sampled_from(["hash", "at", "signature"]))
    kept.begin(course.length, course.checkpoints)
    lines = kept.anchor.path.read_text().splitlines()
    told = json.loads(lines[place])
    if field == "at":
        told["at"] = (notaries.SIGNED + timedelta(days=1)).isoformat(timespec="milliseconds")
    else:
        told[field] = ("0" if told[field][0] != "0" else "1") + told[field][1:]
    lines[place] = json.dumps(told)
    kept.anchor.path.write_text("\n".join(lines) + "\n")

    kind, first, _ = found(kept)

    assert (kind, first) == (FaultKind.ANCHOR, course.checkpoints[place])
    assert f"line {place + 1} of the anchor" in kept.proof().faults[0].words


@FEW
@given(courses(signed=1), st.data())
def test_a_changed_checkpoint_is_named(kept: Kept, course: Course, data: st.DataObject):
    seq = data.draw(st.sampled_from(course.checkpoints))
    change = data.draw(
        st.sampled_from(["at_ms = at_ms + 1", "signature = hash", "hash = signature"])
    )
    kept.begin(course.length, course.checkpoints)

    write(kept.engines, f"UPDATE journal_checkpoint SET {change} WHERE seq = :seq", seq=seq)

    assert found(kept) == (FaultKind.CHECKPOINT, seq, seq)


def test_entries_after_the_last_checkpoint_are_only_chained(kept: Kept):
    """What nothing vouches for yet can be cut off and written anew: the next minute signs it."""
    kept.begin(5, (3,))
    kept.delete(4, 5)
    assert kept.prove().holds

    kept.begin(5, (3,))
    kept.edit(4, "body")
    kept.rechain(4)

    assert kept.prove().holds


def test_checkpoints_that_are_gone_leave_the_anchor_to_vouch(kept: Kept):
    kept.begin(5, (2, 4))

    kept.forget_checkpoints()

    assert (kept.proof().holds, kept.proof().anchored) == (True, 4)


# --- keys ----------------------------------------------------------------------------------


def test_a_journal_signed_with_another_key_is_not_vouched_for(kept: Kept):
    kept.begin(4, (2,))

    (proof,) = kept.prove(keys=PublicKeys([THEIRS.public])).streams

    assert [fault.kind for fault in proof.faults] == [FaultKind.KEY]
    assert OURS.key_id in proof.faults[0].words
    assert proof.signed is None


def test_a_key_that_was_replaced_is_told_until_both_are_trusted(kept: Kept):
    kept.begin(2, (2,))
    append(kept.engines, [3])
    office(kept.engines, kept.anchor, key=THEIRS).sign(STREAM)

    assert found(kept)[0] is FaultKind.KEY
    both = PublicKeys([OURS.public, THEIRS.public])
    (proof,) = kept.prove(keys=both).streams
    assert (proof.holds, proof.signed and proof.signed.seq, proof.anchored) == (True, 3, 3)


def test_a_checkpoint_that_bears_the_name_of_our_key_without_its_signature_is_found(kept: Kept):
    kept.begin(4, ())
    kept.sign_anew([4], THEIRS)

    write(kept.engines, "UPDATE journal_checkpoint SET key_id = :ours", ours=OURS.key_id)

    assert found(kept) == (FaultKind.CHECKPOINT, 4, 4)


# --- anchors -------------------------------------------------------------------------------


class NoRoom:
    """An anchor on a full disk."""

    def append(self, checkpoint: object) -> None:
        raise CheckpointFailed("no space left")


def test_what_could_not_be_anchored_is_not_missed_there(kept: Kept):
    kept.begin(2, (2,))
    append(kept.engines, [3])
    signed = office(kept.engines, NoRoom()).sign(STREAM)
    append(kept.engines, [4])
    office(kept.engines, kept.anchor).sign(STREAM)

    assert signed.unanchored == "no space left"
    assert (kept.proof().holds, kept.proof().anchored) == (True, 4)
    assert [line.checkpoint.seq for line in kept.anchor.lines() if line.checkpoint] == [2, 4]


class Died(Exception):
    """The program was killed here."""


def test_who_dies_between_the_anchor_and_the_database_leaves_nothing_that_looks_wrong(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
):
    kept.begin(2, (2,))
    append(kept.engines, [3])

    def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("risk.storage.checkpoints.keep", die)
        with pytest.raises(Died):
            office(kept.engines, kept.anchor).sign(STREAM)

    assert (kept.proof().holds, kept.proof().anchored) == (True, 3)
    # Another program goes on where that one ended.
    append(kept.engines, [4])
    office(kept.engines, kept.anchor).sign(STREAM)
    assert (kept.proof().holds, kept.proof().anchored) == (True, 4)
    assert read(kept.engines, "SELECT seq FROM journal_checkpoint ORDER BY seq") == [(2,), (4,)]


@pytest.mark.parametrize("left", [1, 40, -1])
def test_who_dies_in_the_middle_of_a_line_leaves_one_that_is_told_and_gone_on_after(
    kept: Kept, left: int
):
    kept.begin(3, (2,))
    whole = kept.anchor.path.read_bytes()
    office(kept.engines, kept.anchor).sign(STREAM)
    line = kept.anchor.path.read_bytes()[len(whole) :].rstrip(b"\n")
    kept.forget_checkpoints(3)
    kept.anchor.path.write_bytes(whole + line[:left])

    torn = kept.prove()
    append(kept.engines, [4])
    office(kept.engines, kept.anchor).sign(STREAM)

    assert torn.holds
    assert torn.torn == (f"{kept.anchor.path}, line 2",)
    assert (kept.proof().holds, kept.proof().anchored) == (True, 4)


def test_an_anchor_that_is_gone_is_missed(kept: Kept):
    kept.begin(3, (3,))

    kept.anchor.path.unlink()

    assert found(kept) == (FaultKind.ANCHOR, 3, 3)
    (proof,) = prove(kept.engines, [STREAM], keys=TRUSTED, anchors=None).streams
    assert (proof.holds, proof.anchored) == (True, 0)


def test_several_anchors_are_one(kept: Kept, tmp_path: Path):
    kept.begin(3, (1, 3))
    first, second = kept.anchor.path.read_bytes().splitlines(keepends=True)
    parts = [AnchorFile(tmp_path / name) for name in ("a", "b")]
    for part, line in zip(parts, (first, second), strict=True):
        part.path.write_bytes(line)

    (proof,) = prove(kept.engines, [STREAM], keys=TRUSTED, anchors=parts).streams
    (half,) = prove(kept.engines, [STREAM], keys=TRUSTED, anchors=parts[:1]).streams

    assert (proof.holds, proof.anchored) == (True, 3)
    assert [fault.kind for fault in half.faults] == [FaultKind.ANCHOR]


# --- streams -------------------------------------------------------------------------------


def test_a_stream_that_vanished_whole_is_still_looked_at(kept: Kept):
    kept.begin(3, (2,))
    kept.delete(1, 3)
    assert found(kept) == (FaultKind.ENTRIES, 1, 2)
    assert STREAM in all_streams(kept.engines)

    kept.forget_checkpoints()

    assert STREAM in all_streams(kept.engines, [kept.anchor])
    assert STREAM not in all_streams(kept.engines)
    assert found(kept) == (FaultKind.ENTRIES, 1, 2)


def test_an_entry_moved_to_another_stream_is_missed_in_one_and_found_in_the_other(kept: Kept):
    kept.begin(2, ())
    append(kept.engines, [7], stream="other")

    write(kept.engines, "UPDATE journal SET stream = 'other' WHERE stream = 'demo' AND seq = 2")
    proof = prove(kept.engines, ["other", STREAM], keys=TRUSTED, anchors=[kept.anchor])

    assert [each.holds for each in proof.streams] == [False, True]
    assert proof.streams[0].faults[0].first == 2


def test_signing_tells_where_a_journal_breaks_and_signs_it_all_the_same(kept: Kept):
    kept.begin(4, (1,))
    kept.edit(3, "body")

    signed = office(kept.engines, kept.anchor).sign(STREAM)

    assert signed.checkpoint is not None
    assert signed.checkpoint.seq == 4
    assert signed.broken is not None
    assert "entry 3 of the journal of demo was changed" in signed.broken
    assert found(kept) == (FaultKind.ENTRIES, 3, 3)


def test_signing_tells_that_the_end_was_cut_off(kept: Kept):
    kept.begin(4, ())
    signer = office(kept.engines, kept.anchor)
    signer.sign(STREAM)
    kept.delete(3, 4)

    signed = signer.sign(STREAM)

    assert signed.checkpoint is None
    assert signed.broken == (
        "entries 3 to 4 of the journal of demo are missing: the end of it was cut off"
    )


@contextmanager
def failing(part: str) -> Iterator[None]:
    """A database that is away when `part` of a signing is to be done."""

    def away(*_asked: Any, **_named: Any) -> None:
        raise StoreUnavailable("the database is locked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"risk.storage.checkpoints.{part}", away)
        with pytest.raises(StoreUnavailable):
            yield


CHANGED = "entry 4 of the journal of demo was changed"


@pytest.mark.parametrize("part", ["keep", "SqlCheckpoints._new_key"])
@pytest.mark.parametrize("anew", [False, True], ids=["by the same", "after a restart"])
def test_a_break_is_told_though_the_round_that_found_it_failed(kept: Kept, part: str, anew: bool):
    kept.begin(5, (2,))
    kept.edit(4, "body")
    signer = office(kept.engines, kept.anchor)
    with failing(part):
        signer.sign(STREAM)
    assert read(kept.engines, "SELECT max(seq) FROM journal_checkpoint") == [(2,)]

    later = office(kept.engines, kept.anchor) if anew else signer
    signed = later.sign(STREAM)

    assert signed.checkpoint is not None
    assert signed.checkpoint.seq == 5
    assert signed.broken is not None
    assert signed.broken.startswith(CHANGED)
    assert later.sign(STREAM).broken is None


def test_a_break_is_told_though_nobody_heard_that_its_checkpoint_was_kept(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
):
    kept.begin(5, (2,))
    kept.edit(4, "body")
    signer = office(kept.engines, kept.anchor)
    real = checkpoints.transaction

    @contextmanager
    def unheard(engine: Any) -> Iterator[Any]:
        with real(engine) as connection:
            yield connection
        if engine is kept.engines.writer:
            raise StoreUnavailable("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "transaction", unheard)
        with pytest.raises(StoreUnavailable):
            signer.sign(STREAM)
    signed = signer.sign(STREAM)

    assert signed.checkpoint is None
    assert signed.broken is not None
    assert signed.broken.startswith(CHANGED)


def test_what_is_cut_off_after_a_round_that_failed_is_missed_by_the_next(kept: Kept):
    kept.begin(5, (2,))
    signer = office(kept.engines, kept.anchor)
    with failing("keep"):
        signer.sign(STREAM)
    kept.delete(4, 5)
    with failing("keep"):
        signer.sign(STREAM)
    append(kept.engines, [8, 9])

    assert signer.sign(STREAM).broken == (
        "entries 4 to 5 of the journal of demo are missing: the end of it was cut off"
    )


def test_that_a_key_is_new_is_told_though_its_first_round_failed(kept: Kept):
    kept.begin(4, (4,))
    theirs = office(kept.engines, kept.anchor, key=THEIRS)
    with failing("SqlCheckpoints._new_key"):
        theirs.sign(STREAM)

    assert theirs.sign(STREAM).new_key is not None


def test_signing_tells_that_the_end_was_written_anew(kept: Kept):
    kept.begin(4, ())
    signer = office(kept.engines, kept.anchor)
    signer.sign(STREAM)
    kept.edit(3, "at_ms")
    kept.rechain(3)

    assert signer.sign(STREAM).broken == "entry 4 of the journal of demo was written anew"


def test_nothing_new_is_signed_twice(kept: Kept):
    kept.begin(4, (4,))

    assert office(kept.engines, kept.anchor).sign(STREAM).checkpoint is None
    assert len(list(kept.anchor.lines())) == 1
