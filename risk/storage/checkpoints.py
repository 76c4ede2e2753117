"""Signed checkpoints of the journal: made, and kept in the database and at the anchor.

The copy at the anchor comes first. Whoever dies between the two leaves a line there that the
database knows nothing of, which says the same about the journal all the same; the other way round
it could not be told from a line that somebody took away.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, Row, exists, select

from risk.domain.checkpoints import Anchoring, Checkpoint, Signer, signed
from risk.errors import CheckpointFailed
from risk.storage import journal
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.journal import BEGINNING, Break, Link
from risk.storage.tables import from_ms, journal_checkpoint, to_ms

_LOG = structlog.get_logger(__name__)

_COLUMNS = ("stream", "seq", "key_id", "at_ms", "hash", "signature", "anchored")
#: Entries followed at once by who has other things to do: nobody waits long behind it.
_PORTION = 500


class Signed(NamedTuple):
    """What came of signing a stream.

    Attributes
    ----------
    checkpoint : Checkpoint or None
        None if nothing had happened since the last one.
    unanchored : str or None
        Why there is no copy at the anchor; None if there is.
    broken : str or None
        Where the journal does not hold since the last one; None if it does. It is signed all the
        same: what is wrong stays so, and can be found for ever.
    new_key : str or None
        That the key has never signed this stream, and another one has; told once.
    """

    checkpoint: Checkpoint | None
    unanchored: str | None = None
    broken: str | None = None
    new_key: str | None = None

    @property
    def problem(self) -> str | None:
        """What people should know first; None if all is well."""
        return self.broken or self.new_key or self.unanchored


class SqlCheckpoints:
    """Signs how far streams have come. May be asked by one thread at a time.

    Parameters
    ----------
    engines : Engines
    signer : callable
        Gives the key, which is made when it is first needed.
    anchor : Anchoring
    wall : callable
        Gives the wall's time, UTC.
    pause : callable
        Called between two portions of a long chain.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        signer: Callable[[], Signer],
        anchor: Anchoring,
        wall: Callable[[], datetime],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._engines = engines
        self._signer = signer
        self._anchor = anchor
        self._wall = wall
        self._pause = pause
        self._followed: dict[str, Link] = {}
        # Where streams break, until whoever asks was told.
        self._untold: dict[str, str] = {}

    def sign(self, stream: str) -> Signed:
        """Sign how far a stream has come since its last checkpoint, and keep that.

        Parameters
        ----------
        stream : str

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        SettingInvalid
            If there is no key that could sign.
        """
        key = self._signer()
        last = self._last(stream, key.key_id)
        place, broken = self._follow(stream, self._followed.get(stream, last))
        # Noted whatever comes of the rest: what is cut off from now on is missed, and a break,
        # found but once, is told even if nobody gets to hear of it this time.
        self._followed[stream] = place
        if broken is not None:
            self._untold.setdefault(stream, broken)
        made = self._sign_at(place, key, stream, last)
        return made._replace(broken=self._untold.pop(stream, None))

    def _sign_at(self, place: Link, key: Signer, stream: str, last: Link) -> Signed:
        if place.seq <= last.seq:
            return Signed(None)
        checkpoint = signed(key, stream=stream, seq=place.seq, hash_=place.hash, at=self._wall())
        # Nothing that may fail comes after the row: who begins anew follows from there on, and
        # would never hear of what lies before it.
        new_key = self._new_key(checkpoint, last)
        unanchored = None
        try:
            self._anchor.append(checkpoint)
        except CheckpointFailed as problem:
            unanchored = str(problem)
        with transaction(self._engines.writer) as connection:
            keep(connection, checkpoint, anchored=unanchored is None)
        return Signed(checkpoint, unanchored, new_key=new_key)

    def streams(self) -> list[str]:
        """All that there are.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        with transaction(self._engines.reader) as connection:
            return list(journal.streams(connection))

    def _last(self, stream: str, key_id: str) -> Link:
        """Where the last checkpoint of ours was made."""
        with transaction(self._engines.reader) as connection:
            return last_signed(connection, stream, key_id) or BEGINNING

    def _new_key(self, made: Checkpoint, last: Link) -> str | None:
        """What there is to say of a key that begins where another one signed."""
        if last.seq:
            return None
        row = journal_checkpoint.c
        query = (
            select(row.key_id)
            .where(row.stream == made.stream, row.key_id != made.key_id)
            .order_by(row.seq.desc())
            .limit(1)
        )
        with transaction(self._engines.reader) as connection:
            other = connection.execute(query).scalar()
        if other is None:
            return None
        _LOG.error("journal_key_is_new", stream=made.stream, key=made.key_id, before=other)
        return (
            f"the key {made.key_id} signs it for the first time, though {other[:32]} did before: "
            "if nobody changed keys, and no other machine signs, somebody took yours away"
        )

    def _follow(self, stream: str, place: Link) -> tuple[Link, str | None]:
        """The end of a chain, and where it breaks on the way there."""
        while True:
            with transaction(self._engines.reader) as connection:
                further, wrong = journal.follow(connection, stream, place, limit=_PORTION)
                if wrong is not None:
                    return journal.newest_link(connection, stream), wrong.words(stream)
                end = journal.newest_link(connection, stream)
            wrong = other_end(further, end)
            if wrong is not None:
                return end, wrong.words(stream)
            if further == place:
                return place, None
            place = further
            self._pause()


def other_end(place: Link, end: Link) -> Break | None:
    """Where a chain ends before the place up to which it was followed, or is another one there.

    Parameters
    ----------
    place : Link
        Up to where it was followed.
    end : Link
        What there is now: of a longer chain whatever entry, from `place` on.
    """
    if end.seq < place.seq:
        return cut_off(end, place.seq)
    if end.seq == place.seq and end.hash != place.hash:
        return Break(end.seq, end.seq, "was written anew")
    return None


def cut_off(end: Link, seq: int) -> Break:
    """What is missing where a stream had come as far as entry `seq`, and ends before."""
    gone = "is missing" if seq == end.seq + 1 else "are missing"
    return Break(end.seq + 1, seq, f"{gone}: the end of it was cut off")


def keep(connection: Connection, checkpoint: Checkpoint, *, anchored: bool) -> None:
    """Keep a checkpoint; one that is there already stays.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    checkpoint : Checkpoint
    anchored : bool
        Whether a copy of it was kept elsewhere before.
    """
    row = journal_checkpoint.c
    there = exists().where(
        row.stream == checkpoint.stream,
        row.seq == checkpoint.seq,
        row.key_id == checkpoint.key_id,
    )
    # Asked first: on SQLite a row that is there already is an error, whatever is to become of it.
    if connection.execute(select(there)).scalar():
        return
    values = (
        checkpoint.stream,
        checkpoint.seq,
        checkpoint.key_id,
        to_ms(checkpoint.at),
        checkpoint.hash,
        checkpoint.signature,
        anchored,
    )
    insert_rows(connection, journal_checkpoint, _COLUMNS, [values], on_conflict=OnConflict.KEEP)


def last_signed(connection: Connection, stream: str, key_id: str) -> Link | None:
    """Where a key signed a stream last, as its checkpoint says; None if it never did."""
    row = journal_checkpoint.c
    query = (
        select(row.seq, row.hash)
        .where(row.stream == stream, row.key_id == key_id)
        .order_by(row.seq.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return None if found is None else Link(found.seq, bytes(found.hash))


def first_covering(connection: Connection, stream: str, seq: int) -> Checkpoint | None:
    """The first checkpoint that covers an entry; None while none does."""
    row = journal_checkpoint.c
    query = (
        select(journal_checkpoint)
        .where(row.stream == stream, row.seq >= seq)
        .order_by(row.seq, row.at_ms)
        .limit(1)
    )
    found = connection.execute(query).first()
    return None if found is None else checkpoint_of(found)


def newest(connection: Connection, stream: str) -> Checkpoint | None:
    """The newest checkpoint of a stream; None if there is none."""
    row = journal_checkpoint.c
    query = select(journal_checkpoint).where(row.stream == stream).order_by(row.seq.desc()).limit(1)
    found = connection.execute(query).first()
    return None if found is None else checkpoint_of(found)


def streams_signed(connection: Connection) -> Iterator[str]:
    """Names of all streams that have checkpoints."""
    query = select(journal_checkpoint.c.stream).distinct()
    yield from connection.execute(query).scalars()


def checkpoint_of(row: Row[Any]) -> Checkpoint:
    """The checkpoint that a row of the table holds."""
    return Checkpoint(
        stream=row.stream,
        seq=row.seq,
        hash=bytes(row.hash),
        at=from_ms(row.at_ms),
        key_id=row.key_id,
        signature=bytes(row.signature),
    )
