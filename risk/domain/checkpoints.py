"""Checkpoints: a signature over how far a stream of the journal had come, and by which hash.

The chain alone shows what was changed or removed. Whoever can write the database can also chain
everything anew from there on, or cut off the newest entries: neither can he sign what comes of it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

#: Signed with every checkpoint: a signature says nothing else, and can be taken for nothing else.
_PURPOSE = "seawall journal checkpoint 1"


class Checkpoint(NamedTuple):
    """How far a stream had come at one moment, signed.

    Attributes
    ----------
    stream : str
    seq : int
        Number of its last entry then.
    hash : bytes
        That entry's, which covers all entries before it.
    at : datetime
        Wall time of signing, to the millisecond. UTC.
    key_id : str
        Of the key that signed.
    signature : bytes
    """

    stream: str
    seq: int
    hash: bytes
    at: datetime
    key_id: str
    signature: bytes

    @property
    def statement(self) -> bytes:
        """What is signed."""
        return statement_of(self.stream, self.seq, self.hash, self.at, self.key_id)


class Signer(Protocol):
    """Signs checkpoints: has the private key."""

    @property
    def key_id(self) -> str:
        """Public name of the key."""
        ...

    def sign(self, statement: bytes) -> bytes:
        """The signature of a statement."""
        ...


class Keyring(Protocol):
    """Tells whether checkpoints were signed by keys that are trusted: has public keys only."""

    @property
    def ids(self) -> Collection[str]:
        """Names of those keys."""
        ...

    def vouches_for(self, checkpoint: Checkpoint) -> bool:
        """Whether one of them signed it."""
        ...


class Anchoring(Protocol):
    """Keeps copies of checkpoints where whoever can write the database cannot."""

    def append(self, checkpoint: Checkpoint) -> None:
        """Keep one more; on disk before it returns.

        Raises
        ------
        CheckpointFailed
            If it cannot be kept.
        """
        ...


def statement_of(stream: str, seq: int, hash_: bytes, at: datetime, key_id: str) -> bytes:
    """What a checkpoint's signature covers: every field, each ended by what none contains."""
    fields = (_PURPOSE, stream, str(seq), hash_.hex(), moment_text(at), key_id)
    return "\0".join(fields).encode()


def signed(signer: Signer, *, stream: str, seq: int, hash_: bytes, at: datetime) -> Checkpoint:
    """A checkpoint of a stream, signed now.

    Parameters
    ----------
    signer : Signer
    stream : str
    seq : int
        Of the last entry.
    hash_ : bytes
        Of that entry.
    at : datetime
        Wall time. UTC.
    """
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    signature = signer.sign(statement_of(stream, seq, hash_, at, signer.key_id))
    return Checkpoint(stream, seq, hash_, at, signer.key_id, signature)


def moment_text(at: datetime) -> str:
    """A moment as a checkpoint says it: ``2026-11-29T21:18:20.503+00:00``."""
    return at.isoformat(timespec="milliseconds")
