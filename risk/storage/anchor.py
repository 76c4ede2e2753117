"""The anchor: copies of checkpoints in a file outside of the database, a line each.

Whoever cuts off the newest entries of a journal can cut off their checkpoints too. The file can be
put where he cannot write: on another machine, or where nothing is ever rewritten.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from risk.domain.checkpoints import Checkpoint, moment_text
from risk.errors import CheckpointFailed, InvalidInput

_NEW_LINE = b"\n"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """A checkpoint as it stands there."""

    stream: str
    seq: int
    hash: str
    at: datetime
    key: str
    signature: str


class AnchorLine(NamedTuple):
    """A line of the file.

    Attributes
    ----------
    number : int
        From 1.
    checkpoint : Checkpoint or None
        None if the line is not whole: whoever wrote it died meanwhile, or somebody cut it.
    """

    number: int
    checkpoint: Checkpoint | None


class AnchorFile:
    """Keeps copies of checkpoints in a file: an `Anchoring`.

    Parameters
    ----------
    path : Path
        Made with the first one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, checkpoint: Checkpoint) -> None:
        """Keep one more; on disk before it returns.

        Raises
        ------
        CheckpointFailed
            If the file cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                # In one go: of two programs that write at once neither tears the other's line.
                os.write(file.fileno(), _begun(self.path) + _text(checkpoint))
                os.fsync(file.fileno())
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise CheckpointFailed(f"the anchor {self.path} cannot be written: {reason}") from None

    @property
    def exists(self) -> bool:
        """Whether anything was ever kept there."""
        return self.path.exists()

    def lines(self) -> Iterator[AnchorLine]:
        """All that is kept, in the order in which it was.

        Raises
        ------
        InvalidInput
            If the file is there and cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield AnchorLine(number, _checkpoint(line))
        except FileNotFoundError:
            return
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise InvalidInput(f"the anchor {self.path} cannot be read: {reason}") from problem


def _begun(path: Path) -> bytes:
    """What ends a line whose writer died before its end."""
    size = path.stat().st_size
    if not size:
        return b""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return b"" if file.read(1) == _NEW_LINE else _NEW_LINE


def _text(checkpoint: Checkpoint) -> bytes:
    line = {
        "stream": checkpoint.stream,
        "seq": checkpoint.seq,
        "hash": checkpoint.hash.hex(),
        "at": moment_text(checkpoint.at),
        "key": checkpoint.key_id,
        "signature": checkpoint.signature.hex(),
    }
    return msgspec.json.encode(line) + _NEW_LINE


def _checkpoint(line: bytes) -> Checkpoint | None:
    try:
        told = _decode(line)
        hash_, signature = bytes.fromhex(told.hash), bytes.fromhex(told.signature)
    except ValueError:  # which msgspec's errors are, too
        return None
    if told.at.tzinfo is None:
        return None
    return Checkpoint(told.stream, told.seq, hash_, told.at, told.key, signature)


_decode = msgspec.json.Decoder(_Line).decode
