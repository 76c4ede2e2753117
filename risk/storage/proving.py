"""Proving that a journal is as it was written: its chains, its checkpoints, and the anchor.

Each finds what the others cannot: the chain an entry that was changed or taken out; checkpoints a
chain that was written anew from somewhere on; the anchor newest entries that were cut off together
with their checkpoints; and these a shortened anchor. Entries later than the last checkpoint are
only chained.

Read in portions, each in a transaction of its own, so that a journal of any length keeps nobody
waiting; kept in memory are some 32 bytes for each checkpoint.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, exists, func, or_, select

from risk.domain.checkpoints import Checkpoint, Keyring
from risk.domain.events import PEOPLE_STREAM
from risk.storage import journal, tables
from risk.storage.anchor import AnchorFile, AnchorLine
from risk.storage.checkpoints import checkpoint_of, cut_off, streams_signed
from risk.storage.engines import Engines, transaction
from risk.storage.journal import BEGINNING, Break, Link
from risk.storage.tables import from_ms

#: Checkpoints that are looked at together.
_AT_ONCE = 1_000
#: An engine signs every minute: what has stood for so long without a checkpoint lost them.
UNSIGNED_FOR = timedelta(hours=6)


class FaultKind(StrEnum):
    """What is not as it was written."""

    ENTRIES = "entries"
    """Entries were changed, put in, taken out, written anew or cut off."""
    CHECKPOINT = "checkpoint"
    """A checkpoint in the database does not bear the signature of its key."""
    ANCHOR = "anchor"
    """A line of the anchor was changed or taken away."""
    KEY = "key"
    """A checkpoint is signed with a key that is not trusted, or none is with one that is."""
    UNPROVED = "unproved"
    """Nothing is found wrong, and what would show it is not here."""


#: The first of these says most about what happened.
_TELLING = tuple(FaultKind)


class Fault(NamedTuple):
    """Something that is not as it was written.

    Attributes
    ----------
    kind : FaultKind
    first, last : int
        Entries that it is about.
    words : str
        One sentence, without its end.
    """

    kind: FaultKind
    first: int
    last: int
    words: str


class StreamProof(NamedTuple):
    """What is known of one stream.

    Attributes
    ----------
    stream : str
    entries : int
        Up to which entry the chain holds.
    faults : tuple of Fault
        The first one says most; none if it is as it was written.
    signed : Checkpoint or None
        The newest one that bears a trusted signature and fits the chain.
    anchored : int
        The last entry for which the anchor vouches; 0 for none.
    """

    stream: str
    entries: int
    faults: tuple[Fault, ...]
    signed: Checkpoint | None
    anchored: int

    @property
    def holds(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.faults


class Proof(NamedTuple):
    """What is known of a journal.

    Attributes
    ----------
    streams : tuple of StreamProof
    torn : tuple of str
        Lines of anchors that are not whole, as ``FILE, line 7``: whoever wrote one died meanwhile,
        or somebody cut it. What they said is missed only where the database says that it was there.
    signatures_checked : bool
        False where no public key was known.
    """

    streams: tuple[StreamProof, ...]
    torn: tuple[str, ...]
    signatures_checked: bool

    @property
    def holds(self) -> bool:
        """Whether nothing wrong was found."""
        return all(each.holds for each in self.streams)


def all_streams(engines: Engines, anchors: Iterable[AnchorFile] = ()) -> list[str]:
    """Every stream that there is, that was signed once, or whose portfolio there is.

    Raises
    ------
    StoreUnavailable
        If the database does not answer.
    """
    with transaction(engines.reader) as connection:
        found = {
            PEOPLE_STREAM,
            *journal.streams(connection),
            *streams_signed(connection),
            *connection.execute(select(tables.portfolio.c.name)).scalars(),
        }
    for anchor in anchors:
        found |= {line.checkpoint.stream for line in anchor.lines() if line.checkpoint is not None}
    return sorted(found)


def prove(
    engines: Engines,
    streams: Sequence[str],
    *,
    keys: Keyring | None,
    anchors: Sequence[AnchorFile] | None,
    must_be_signed: bool = False,
    now: datetime | None = None,
    beat: Callable[[int], None] = lambda _entries: None,
) -> Proof:
    """Look at all that is kept of some streams.

    Parameters
    ----------
    engines : Engines
    streams : sequence of str
    keys : Keyring or None
        Public keys that are trusted; None leaves signatures unchecked, which is a fault where
        there are any.
    anchors : sequence of AnchorFile, or None
        All that there are; None leaves them out of it.
    must_be_signed : bool
        Whether a stream that none of the keys signed counts as one that does not hold.
    now : datetime, optional
        Wall time. UTC. With it a stream that nobody ever signed is a fault after `UNSIGNED_FOR`.
    beat : callable
        Told how many entries were looked at, again and again.

    Raises
    ------
    StoreUnavailable
        If the database does not answer.
    InvalidInput
        If an anchor cannot be read.
    """
    prover = _Prover(
        engines, streams, keys, anchors, must_be_signed=must_be_signed, now=now, beat=beat
    )
    for stream in streams:
        prover.look_at_database(stream)
    # Later than the database: what is signed meanwhile comes to the anchor first.
    prover.look_at_anchors()
    proofs = tuple(prover.proof_of(stream) for stream in streams)
    return Proof(proofs, tuple(prover.torn), keys is not None)


@dataclass
class _Found:
    """What was found of one stream so far."""

    end: Link = BEGINNING
    wrong: Break | None = None
    #: Signed entries whose hash fits, by the database in their order, and by anchors.
    fitting: "array[int]" = field(default_factory=lambda: array("q"))
    also_fitting: "array[int]" = field(default_factory=lambda: array("q"))
    #: Those of which the database says that a copy was kept, and those of which one is there.
    put_there: "array[int]" = field(default_factory=lambda: array("q"))
    at_anchor: "array[int]" = field(default_factory=lambda: array("q"))
    #: The first checkpoint that does not fit its entry, and the last one whose entry is not there.
    unfitting: Checkpoint | None = None
    absent: Checkpoint | None = None
    newest: Checkpoint | None = None
    anchored: int = 0
    faults: dict[FaultKind, Fault] = field(default_factory=dict)

    @property
    def is_signed(self) -> bool:
        """Whether a trusted key signed it, or it is told already that another one did."""
        return self.newest is not None or FaultKind.KEY in self.faults

    def fits(self, seq: int) -> bool:
        """Whether the database has a checkpoint of an entry that is signed, and fits it."""
        return _holds(self.fitting, seq)

    def note(self, fault: Fault) -> None:
        """The first of each kind, by its place."""
        known = self.faults.get(fault.kind)
        if known is None or fault.first < known.first:
            self.faults[fault.kind] = fault

    def compare(self, checkpoint: Checkpoint, there: bytes | None) -> bool:
        """Hold a checkpoint that is believed against the entry that it is about."""
        if there is None:
            if self.absent is None or self.absent.seq < checkpoint.seq:
                self.absent = checkpoint
            return False
        if there != checkpoint.hash:
            if self.unfitting is None or checkpoint.seq < self.unfitting.seq:
                self.unfitting = checkpoint
            return False
        if self.newest is None or self.newest.seq <= checkpoint.seq:
            self.newest = checkpoint
        return True


def _holds(ordered: "array[int]", seq: int) -> bool:
    place = bisect_left(ordered, seq)
    return place < len(ordered) and ordered[place] == seq


class _Prover:
    """Looks at one thing after the other."""

    def __init__(
        self,
        engines: Engines,
        streams: Sequence[str],
        keys: Keyring | None,
        anchors: Sequence[AnchorFile] | None,
        *,
        must_be_signed: bool,
        now: datetime | None,
        beat: Callable[[int], None],
    ) -> None:
        self._engines = engines
        self._keys = keys
        self._anchors = anchors
        self._must_be_signed = must_be_signed
        self._now = now
        self._beat = beat
        self._found = {stream: _Found() for stream in streams}
        self.torn: list[str] = []

    def look_at_database(self, stream: str) -> None:
        """Follow the chain of a stream, and look at its checkpoints."""
        found = self._found[stream]
        found.end, found.wrong = self._follow(stream)
        self._look_at_checkpoints(stream, found)

    def proof_of(self, stream: str) -> StreamProof:
        """What is known of a stream, once everything was looked at."""
        found = self._found[stream]
        self._look_for_copies(found)
        entries = _entries_fault(stream, found)
        if entries is not None:
            found.note(entries)
        elif self._must_be_signed and not found.is_signed and found.end.seq:
            found.note(_unsigned(stream, found.end))
        elif found.newest is None and not found.faults:
            self._look_for_a_reason(stream, found)
        faults = (found.faults[kind] for kind in _TELLING if kind in found.faults)
        return StreamProof(stream, found.end.seq, tuple(faults), found.newest, found.anchored)

    # --- what ought to be there ------------------------------------------------------------

    def _look_for_a_reason(self, stream: str, found: _Found) -> None:
        """Why nobody has signed a stream: it is new, or what was signed is gone."""
        with transaction(self._engines.reader) as connection:
            if not found.end.seq:
                somebody = select(exists(select(tables.person.c.name)))
                if stream == PEOPLE_STREAM and connection.execute(somebody).scalar_one():
                    found.note(_nobody_told())
                return
            since = connection.execute(_beginning_of(stream)).scalar()
        if self._now is not None and since is not None:
            stood = self._now - from_ms(since)
            if stood > UNSIGNED_FOR:
                found.note(_never_signed(stream, found.end, stood))

    # --- the chain -------------------------------------------------------------------------

    def _follow(self, stream: str) -> tuple[Link, Break | None]:
        place, before = BEGINNING, None
        while place != before:
            before = place
            with transaction(self._engines.reader) as connection:
                place, wrong = journal.follow(connection, stream, before)
            self._beat(place.seq - before.seq)
            if wrong is not None:
                return place, wrong
        return place, None

    # --- checkpoints in the database -------------------------------------------------------

    def _look_at_checkpoints(self, stream: str, found: _Found) -> None:
        for row in self._rows(stream):
            checkpoint = checkpoint_of(row)
            if not self._is_trusted(checkpoint, found):
                continue
            if not self._vouches_for(checkpoint):
                found.note(_forged(checkpoint))
                continue
            if found.compare(checkpoint, None if row.there is None else bytes(row.there)):
                found.fitting.append(checkpoint.seq)
            if row.anchored:
                found.put_there.append(checkpoint.seq)

    def _rows(self, stream: str) -> Iterator[Row[Any]]:
        row, entry = tables.journal_checkpoint.c, tables.journal.c
        its_entry = (entry.stream == row.stream) & (entry.seq == row.seq)
        query = (
            select(tables.journal_checkpoint, entry.hash.label("there"))
            .outerjoin(tables.journal, its_entry)
            .where(row.stream == stream)
            .order_by(row.seq, row.key_id)
            .limit(_AT_ONCE)
        )
        last: Row[Any] | None = None
        while True:
            later = query
            if last is not None:
                same = and_(row.seq == last.seq, row.key_id > last.key_id)
                later = query.where(or_(row.seq > last.seq, same))
            with transaction(self._engines.reader) as connection:
                rows = connection.execute(later).all()
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1]

    # --- anchors ---------------------------------------------------------------------------

    def look_at_anchors(self) -> None:
        """All of them, line by line."""
        for anchor in self._anchors or ():
            lines = anchor.lines()
            while portion := tuple(islice(lines, _AT_ONCE)):
                self._look_at_lines(anchor, portion)

    def _look_at_lines(self, anchor: AnchorFile, lines: Sequence[AnchorLine]) -> None:
        told: dict[str, list[tuple[int, Checkpoint]]] = {}
        for number, checkpoint in lines:
            if checkpoint is None:
                self.torn.append(f"{anchor.path}, line {number}")
            elif checkpoint.stream in self._found:
                told.setdefault(checkpoint.stream, []).append((number, checkpoint))
        for stream, numbered in told.items():
            self._look_at_copies(anchor, stream, numbered)

    def _look_at_copies(
        self, anchor: AnchorFile, stream: str, numbered: Sequence[tuple[int, Checkpoint]]
    ) -> None:
        found = self._found[stream]
        hashes, kept = self._known_of(stream, {checkpoint.seq for _, checkpoint in numbered})
        for number, checkpoint in numbered:
            if not self._is_trusted(checkpoint, found):
                continue
            # The same as in the database was looked at there: signatures take their time.
            known = checkpoint in kept and found.fits(checkpoint.seq)
            if not known and not self._vouches_for(checkpoint):
                found.note(_forged_line(anchor, number, checkpoint))
                continue
            found.at_anchor.append(checkpoint.seq)
            if known or found.compare(checkpoint, hashes.get(checkpoint.seq)):
                found.also_fitting.append(checkpoint.seq)
                found.anchored = max(found.anchored, checkpoint.seq)

    def _look_for_copies(self, found: _Found) -> None:
        """Of each that was put at the anchor one must be there."""
        if self._anchors is None:
            return
        at_anchor = array("q", sorted(found.at_anchor))
        for seq in found.put_there:
            if not _holds(at_anchor, seq):
                found.note(_taken_away(seq, self._anchors))
                return

    def _known_of(self, stream: str, seqs: set[int]) -> tuple[dict[int, bytes], set[Checkpoint]]:
        """Hashes of some entries, and their checkpoints, as the database has them."""
        entry, row = tables.journal.c, tables.journal_checkpoint.c
        hashes = select(entry.seq, entry.hash).where(entry.stream == stream, entry.seq.in_(seqs))
        kept = select(tables.journal_checkpoint).where(row.stream == stream, row.seq.in_(seqs))
        with transaction(self._engines.reader) as connection:
            return (
                {seq: bytes(hash_) for seq, hash_ in connection.execute(hashes)},
                {checkpoint_of(each) for each in connection.execute(kept)},
            )

    def _vouches_for(self, checkpoint: Checkpoint) -> bool:
        return self._keys is None or self._keys.vouches_for(checkpoint)

    def _is_trusted(self, checkpoint: Checkpoint, found: _Found) -> bool:
        """Whether its key is one of those that are trusted, where any are known."""
        if self._keys is None:
            found.note(_unchecked(checkpoint))
            return True
        if checkpoint.key_id in self._keys.ids:
            return True
        found.note(
            Fault(
                FaultKind.KEY,
                checkpoint.seq,
                checkpoint.seq,
                f"{_named(checkpoint)} is signed with the key {checkpoint.key_id[:32]}, which is "
                "none of those that are trusted here",
            )
        )
        return False


# --- what it comes to ----------------------------------------------------------------------


def _entries_fault(stream: str, found: _Found) -> Fault | None:
    """The first entries that are not as they were written, by whichever way that shows."""
    written_anew, wrong = found.unfitting, found.wrong
    if written_anew is not None and (wrong is None or written_anew.seq < wrong.first):
        return _written_anew(stream, found, written_anew)
    if wrong is not None:
        return Fault(FaultKind.ENTRIES, wrong.first, wrong.last, wrong.words(stream))
    if found.absent is not None:
        gone = cut_off(found.end, found.absent.seq)
        words = f"{gone.words(stream)}, as {_named(found.absent)} shows"
        return Fault(FaultKind.ENTRIES, gone.first, gone.last, words)
    return None


def _written_anew(stream: str, found: _Found, checkpoint: Checkpoint) -> Fault:
    before = (s for s in chain(found.fitting, found.also_fitting) if s < checkpoint.seq)
    first, last = max(before, default=0) + 1, checkpoint.seq
    anew = Break(first, last, "was written anew" if first == last else "were written anew")
    words = f"{anew.words(stream)}: they do not lead to what {_named(checkpoint)} says"
    if first == last:
        words = words.replace("they do not lead", "it does not lead")
    return Fault(FaultKind.ENTRIES, first, last, words)


def _forged(checkpoint: Checkpoint) -> Fault:
    words = (
        f"{_named(checkpoint)} does not bear the signature of its key {checkpoint.key_id}: it was "
        "changed, or entries up to there were"
    )
    return Fault(FaultKind.CHECKPOINT, checkpoint.seq, checkpoint.seq, words)


def _forged_line(anchor: AnchorFile, number: int, checkpoint: Checkpoint) -> Fault:
    words = (
        f"line {number} of the anchor {anchor.path}, about entry {checkpoint.seq} of the journal "
        f"of {checkpoint.stream}, does not bear the signature of its key: it was changed"
    )
    return Fault(FaultKind.ANCHOR, checkpoint.seq, checkpoint.seq, words)


def _taken_away(seq: int, anchors: Sequence[AnchorFile]) -> Fault:
    where = " and ".join(str(anchor.path) for anchor in anchors)
    words = (
        f"the copy of the checkpoint of entry {seq} is not at the anchor ({where}), where it was "
        "put: lines were taken away there"
    )
    return Fault(FaultKind.ANCHOR, seq, seq, words)


def _unsigned(stream: str, end: Link) -> Fault:
    words = (
        f"nothing that is signed with a trusted key vouches for the {end.seq} entries of the "
        f"journal of {stream}"
    )
    return Fault(FaultKind.KEY, 1, end.seq, words)


def _unchecked(checkpoint: Checkpoint) -> Fault:
    words = (
        f"no public key is here that could check {_named(checkpoint)} nor those after it: put "
        "back the file of public keys, or name a copy of it"
    )
    return Fault(FaultKind.UNPROVED, checkpoint.seq, checkpoint.seq, words)


def _never_signed(stream: str, end: Link, stood: timedelta) -> Fault:
    words = (
        f"nothing that is signed vouches for the journal of {stream}, though it began "
        f"{stood // timedelta(hours=1):,} hours ago and an engine signs every minute: its "
        "checkpoints were removed, or no engine ever ran"
    )
    return Fault(FaultKind.UNPROVED, 1, end.seq, words)


def _nobody_told() -> Fault:
    words = (
        "it is empty, though somebody has a login, which is written there together with him: all "
        "of it was removed"
    )
    return Fault(FaultKind.ENTRIES, 1, 1, words)


def _beginning_of(stream: str) -> Select[Any]:
    """When a stream began, by the wall: the entries of a book tell the market's time."""
    if stream == PEOPLE_STREAM:
        return select(func.min(tables.journal.c.at_ms)).where(tables.journal.c.stream == stream)
    book = tables.portfolio.c
    its_own = select(func.min(book.created_ms)).where(book.name == stream).scalar_subquery()
    # Of a book that is there no more only the others can tell.
    return select(func.coalesce(its_own, select(func.min(book.created_ms)).scalar_subquery()))


def _named(checkpoint: Checkpoint) -> str:
    when = checkpoint.at.isoformat(" ", timespec="seconds").removesuffix("+00:00")
    return (
        f"the checkpoint of entry {checkpoint.seq} of the journal of {checkpoint.stream}, signed "
        f"{when} UTC,"
    )
