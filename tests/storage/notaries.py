"""Journals that are signed, and what somebody may do to them who can write the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from risk.auth.journal_key import JournalKey, PublicKeys
from risk.domain.checkpoints import Anchoring, signed
from risk.storage import journal
from risk.storage.anchor import AnchorFile
from risk.storage.checkpoints import SqlCheckpoints, keep
from risk.storage.engines import Engines, transaction
from risk.storage.proving import Proof, StreamProof, prove
from tests.builders import NOON, build_flow, build_funds_moved
from tests.storage.rows import read, write

STREAM = "demo"
SIGNED = datetime(2026, 11, 29, 12, 0, 0, 123_456, tzinfo=UTC)


def new_key() -> JournalKey:
    return JournalKey(Ed25519PrivateKey.generate())


OURS, THEIRS = new_key(), new_key()
TRUSTED = PublicKeys([OURS.public])


def office(engines: Engines, anchor: Anchoring, *, key: JournalKey = OURS) -> SqlCheckpoints:
    return SqlCheckpoints(engines, signer=lambda: key, anchor=anchor, wall=lambda: SIGNED)


def append(engines: Engines, numbers: Iterable[int], stream: str = STREAM) -> None:
    events = [
        build_funds_moved(build_flow(amount=float(n)), NOON + timedelta(seconds=n)) for n in numbers
    ]
    with transaction(engines.writer) as connection:
        journal.append(connection, stream, journal.entries_of(events))


@dataclass
class Kept:
    """One stream in a database whose triggers are gone, with its anchor."""

    engines: Engines
    anchor: AnchorFile

    def begin(self, length: int, checkpoints: Iterable[int]) -> None:
        """Anew: so many entries, signed after some of them."""
        with transaction(self.engines.writer) as connection:
            for table in ("journal", "journal_checkpoint"):
                connection.execute(text(f"DELETE FROM {table}"))
        self.anchor.path.unlink(missing_ok=True)
        signer, done = office(self.engines, self.anchor), 0
        for seq in sorted(checkpoints):
            append(self.engines, range(done + 1, seq + 1))
            signer.sign(STREAM)
            done = seq
        append(self.engines, range(done + 1, length + 1))

    def prove(self, *, keys: PublicKeys | None = TRUSTED, must_be_signed: bool = False) -> Proof:
        return prove(
            self.engines,
            [STREAM],
            keys=keys,
            anchors=[self.anchor],
            must_be_signed=must_be_signed,
        )

    def proof(self) -> StreamProof:
        (proof,) = self.prove().streams
        return proof

    # --- what an attacker does -------------------------------------------------------------

    def edit(self, seq: int, column: str, *, with_hash: bool = False) -> None:
        """Change one entry; with the hash that fits what it says now, if wanted."""
        change = {
            "at_ms": "at_ms = at_ms + 1",
            "kind": "kind = 'Nothing'",
            "body": "body = '{}'",
            "hash": "hash = (SELECT hash FROM journal AS j WHERE j.seq <> journal.seq LIMIT 1)",
        }[column]
        write(self.engines, f"UPDATE journal SET {change} WHERE seq = :seq", seq=seq)
        if with_hash:
            self.rechain(seq, seq)

    def rechain(self, first: int, last: int | None = None) -> None:
        """Give entries from one on the hashes that fit what they say."""
        end = self.length if last is None else last
        entries = read(
            self.engines,
            "SELECT seq, at_ms, kind, body, hash FROM journal"
            " WHERE seq BETWEEN :first AND :last ORDER BY seq",
            first=first - 1,
            last=end,
        )
        link, hashes = b"", list[dict[str, object]]()
        for seq, at_ms, kind, body, kept in entries:
            if seq < first:
                link = bytes(kept)
                continue
            link = journal._hash(link, STREAM, seq, at_ms, kind, body)
            hashes.append({"h": link, "seq": seq})
        with transaction(self.engines.writer) as connection:
            connection.execute(text("UPDATE journal SET hash = :h WHERE seq = :seq"), hashes)

    def insert(self, seq: int) -> None:
        """Put an entry in, for which all later ones are numbered anew."""
        moved = [{"seq": each} for each in range(self.length, seq - 1, -1)]
        if moved:
            with transaction(self.engines.writer) as connection:
                connection.execute(text("UPDATE journal SET seq = seq + 1 WHERE seq = :seq"), moved)
        row = {"stream": STREAM, "seq": seq, "at": 0, "kind": "FundsMoved", "body": "{}"}
        write(
            self.engines,
            "INSERT INTO journal (stream, seq, at_ms, kind, body, hash)"
            " VALUES (:stream, :seq, :at, :kind, :body, :hash)",
            **row,
            hash=b"forged",
        )
        self.rechain(seq, seq)

    def delete(self, first: int, last: int) -> None:
        write(
            self.engines, "DELETE FROM journal WHERE seq BETWEEN :first AND :last",
            first=first, last=last,
        )  # fmt: skip

    def swap(self, one: int, other: int) -> None:
        steps = [
            {"before": before, "after": after}
            for before, after in ((one, -1), (other, one), (-1, other))
        ]
        with transaction(self.engines.writer) as connection:
            connection.execute(text("UPDATE journal SET seq = :after WHERE seq = :before"), steps)

    def forget_checkpoints(self, since: int = 0) -> None:
        write(self.engines, "DELETE FROM journal_checkpoint WHERE seq >= :since", since=since)

    def sign_anew(self, seqs: Iterable[int], key: JournalKey) -> None:
        """In the place of the true ones, by somebody else."""
        for seq in seqs:
            ((hash_,),) = read(self.engines, "SELECT hash FROM journal WHERE seq = :seq", seq=seq)
            forged = signed(key, stream=STREAM, seq=seq, hash_=bytes(hash_), at=SIGNED)
            with transaction(self.engines.writer) as connection:
                keep(connection, forged, anchored=False)

    def cut_anchor(self, lines: int) -> None:
        """Leave the first lines only."""
        kept = self.anchor.path.read_bytes().splitlines(keepends=True)[:lines]
        self.anchor.path.write_bytes(b"".join(kept))

    @property
    def length(self) -> int:
        return int(read(self.engines, "SELECT coalesce(max(seq), 0) FROM journal")[0][0])


def kept_in(engines: Engines, folder: Path) -> Kept:
    return Kept(engines, AnchorFile(folder / "anchor.jsonl"))
