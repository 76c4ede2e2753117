"""``seawall journal``: read what was kept for ever, and prove that nothing of it was changed."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from risk.auth.journal_key import known_public_keys, read_public_keys
from risk.commands.journal_entries import export, list_, show
from risk.commands.output import as_json, print_json
from risk.commands.recompute import recompute
from risk.commands.store import checked_engines_of
from risk.config import Settings, load_settings
from risk.domain.checkpoints import Keyring
from risk.engine.clock import wall_time
from risk.errors import UnknownPortfolio
from risk.runtime import checkpoints_of
from risk.storage.anchor import AnchorFile
from risk.storage.engines import Engines
from risk.storage.proving import FaultKind, Proof, StreamProof, all_streams, prove

_BROKEN = 1


@click.group()
def journal() -> None:
    """Examine the journal: events kept for ever, chained by their hashes, signed now and then.

    Each portfolio has a stream of its own; that of people is called /people. docs/journal.md says
    what is kept, and what can be proved of it.
    """


for _command in (list_, show, export, recompute):
    journal.add_command(_command)


# --- proving -------------------------------------------------------------------------------


@journal.command()
@click.argument("stream", required=False)
@click.option(
    "--public-key",
    "public_keys",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of public keys that are trusted, instead of the one beside SEAWALL_JOURNAL_KEY;"
    " then every stream must be signed with one of them.",
)
@click.option(
    "--anchor",
    "anchors",
    type=click.Path(path_type=Path),
    multiple=True,
    help="An anchor, instead of SEAWALL_ANCHOR. Name all that there are.",
)
@click.option("--no-anchor", is_flag=True, help="Do without: where it cannot be reached.")
@as_json
@click.pass_context
def verify(
    ctx: click.Context,
    stream: str | None,
    public_keys: tuple[Path, ...],
    anchors: tuple[Path, ...],
    no_anchor: bool,
    as_json: bool,
) -> None:
    """Prove that STREAM, or every one, is as it was written; exits with 1 if it is not.

    Names the first entry that was changed, put in or written anew, or the range that is missing,
    also where the newest entries were cut off together with their checkpoints. What was written
    after the last checkpoint is only chained. Exits with 1 too where nothing proves it: there are
    checkpoints and no public key, or none at all after six hours. Needs no private key.
    """
    settings = load_settings()
    keys = read_public_keys(public_keys) if public_keys else _known_keys(settings)
    named = None if no_anchor else [AnchorFile(path) for path in anchors or (settings.anchor,)]
    with checked_engines_of(settings) as engines:
        begun, looked_at = time.monotonic(), _Counted()
        proof = prove(
            engines,
            _streams(engines, stream, named or ()),
            keys=keys,
            anchors=named,
            must_be_signed=bool(public_keys),
            now=wall_time(),
            beat=looked_at.add,
        )
    seconds = max(1e-9, time.monotonic() - begun)
    if as_json:
        print_json(_document(proof, looked_at.entries, seconds))
    else:
        _print(proof, looked_at.entries, seconds)
    ctx.exit(0 if proof.holds else _BROKEN)


@journal.command()
@click.argument("stream", required=False)
@as_json
@click.pass_context
def checkpoint(ctx: click.Context, stream: str | None, as_json: bool) -> None:
    """Sign at once how far STREAM, or every one, has come, and copy that to the anchor.

    The engine does so by itself once a minute. Exits with 1 if a copy could not be kept, a
    journal does not hold, or a key begins to sign what another one signed until then.
    """
    settings = load_settings()
    with checked_engines_of(settings) as engines:
        office = checkpoints_of(settings, engines)
        done = {name: office.sign(name) for name in _streams(engines, stream, ())}
    if as_json:
        documents = [
            {
                "stream": name,
                "entry": None if each.checkpoint is None else each.checkpoint.seq,
                "anchored": None if each.checkpoint is None else each.unanchored is None,
                "problem": each.problem,
            }
            for name, each in done.items()
        ]
        print_json({"streams": documents})
    else:
        for name, each in done.items():
            told = "has nothing new to be signed"
            if each.checkpoint is not None:
                told = f"is signed up to entry {each.checkpoint.seq:,}"
            problem = each.problem
            click.echo(f"The journal of {name} {told}{f'; {problem}' if problem else ''}.")
    ctx.exit(_BROKEN if any(each.problem for each in done.values()) else 0)


class _Counted:
    """Entries looked at so far."""

    def __init__(self) -> None:
        self.entries = 0

    def add(self, entries: int) -> None:
        self.entries += entries


def _known_keys(settings: Settings) -> Keyring | None:
    return known_public_keys(settings.journal_key)


def _streams(
    engines: Engines, stream: str | None, anchors: list[AnchorFile] | tuple[()]
) -> list[str]:
    known = all_streams(engines, anchors)
    if stream is None:
        return known
    if stream not in known:
        raise UnknownPortfolio(f"there is no stream {stream!r}: there are {', '.join(known)}")
    return [stream]


# --- what is told --------------------------------------------------------------------------


def _print(proof: Proof, entries: int, seconds: float) -> None:
    for each in proof.streams:
        click.echo(_sentence(each, proof, wall_time()))
    for line in proof.torn:
        click.echo(
            f"The anchor {line}, is not whole: whoever wrote it died meanwhile, or somebody cut it."
        )
    if not proof.signatures_checked:
        click.echo("Signatures were not checked: no public key is here yet.")
    click.echo(
        f"{entries:,} entries in {seconds:.1f} s, {entries / seconds:,.0f} a second.", err=True
    )


def _sentence(proof: StreamProof, whole: Proof, now: datetime) -> str:
    if proof.faults:
        worst = proof.faults[0]
        what = "is not proved" if worst.kind is FaultKind.UNPROVED else "does not hold"
        return f"The journal of {proof.stream} {what}: {worst.words}."
    count = f"{proof.entries:,} {'entry' if proof.entries == 1 else 'entries'}"
    if not proof.entries:
        return f"The journal of {proof.stream} is empty."
    if proof.signed is None or not whole.signatures_checked:
        return f"The journal of {proof.stream} holds: {count}, none signed."
    ago = _ago((now - proof.signed.at).total_seconds())
    upto = "all" if proof.signed.seq == proof.entries else f"the first {proof.signed.seq:,}"
    kept = f", at the anchor up to entry {proof.anchored:,}" if proof.anchored else ""
    return f"The journal of {proof.stream} holds: {count}, {upto} signed {ago}{kept}."


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0)):
        if seconds >= 2.0 * length:
            return f"{seconds / length:.0f} {unit}s ago"
    return f"{max(0.0, seconds):.0f} s ago"


def _document(proof: Proof, entries: int, seconds: float) -> dict[str, Any]:
    return {
        "holds": proof.holds,
        "signatures_checked": proof.signatures_checked,
        "streams": [_stream_document(each) for each in proof.streams],
        "torn_lines": list(proof.torn),
        "entries": entries,
        "seconds": round(seconds, 3),
        "entries_per_second": round(entries / seconds),
    }


def _stream_document(proof: StreamProof) -> dict[str, Any]:
    signed = proof.signed
    return {
        "portfolio": proof.stream,
        "entries": proof.entries,
        "holds": proof.holds,
        "problem": proof.faults[0].words if proof.faults else None,
        "faults": [
            {"kind": each.kind.value, "first": each.first, "last": each.last, "words": each.words}
            for each in proof.faults
        ],
        "signed_to": None if signed is None else signed.seq,
        "signed_at": None if signed is None else signed.at.isoformat(timespec="milliseconds"),
        "signed_by": None if signed is None else signed.key_id,
        "anchored_to": proof.anchored or None,
    }
