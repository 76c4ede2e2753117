"""``seawall journal list``, ``show`` and ``export``: what stands in the journal."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
from sqlalchemy import Connection

from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.store import checked_engines_of, reading
from risk.commands.times import time_of
from risk.config import load_settings
from risk.domain.actors import Ability
from risk.domain.asking import one_line
from risk.domain.events import PEOPLE_STREAM
from risk.domain.spreadsheets import safe_cell
from risk.errors import InvalidInput
from risk.storage import journal as chain
from risk.storage.engines import Engines, transaction
from risk.storage.entries import (
    EntriesWanted,
    KeptEntry,
    Stretch,
    entries_page,
    entry_proof,
)

#: Rows that a file is written by; each portion is a transaction of its own.
_PORTION = 1_000
#: Letters of an entry that a list has room for; `show` has it whole.
_LONGEST_CELL = 300
_HEAD = ("stream", "entry", "at", "kind", "portfolio", "cycle", "fields", "hash")
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_OWN = ("at", "portfolio", "cycle")

_FILTERS = (
    click.option("--stream", metavar="NAME", help=f"Of one portfolio only, or {PEOPLE_STREAM}."),
    click.option("--since", metavar="TIME", help="From then on, as 2027-01-31T12:00; UTC."),
    click.option("--until", metavar="TIME", help="Up to then."),
    click.option("--kind", "kinds", metavar="KIND", multiple=True, help="As BreakerActivated."),
    click.option("--person", default="", metavar="NAME", help="What names somebody."),
    click.option("--text", default="", metavar="TEXT", help="What stands in it."),
)


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    return reduce(lambda known, option: option(known), reversed(_FILTERS), command)


@click.command("list")
@_filtered
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@as_json
@needs(Ability.VIEW)
def list_(limit: int, as_json: bool, **filters: Any) -> None:
    """List the newest entries that the filters leave, the newest last."""
    with reading() as connection:
        wanted = _wanted(connection, **filters)
        found = entries_page(connection, wanted, limit=limit)
    entries = found.entries[::-1]
    if as_json:
        print_json({"entries": [_document(entry) for entry in entries]})
        return
    print_table(("at", "stream", "entry", "kind", "fields"), [_row(entry) for entry in entries])
    if found.older is not None:
        click.echo(f"Older ones are left out: --limit {10 * limit} shows more.", err=True)


@click.command()
@click.argument("stream")
@click.argument("entry", type=int)
@as_json
@needs(Ability.VIEW)
def show(stream: str, entry: int, as_json: bool) -> None:
    """Show one ENTRY of STREAM with all its fields, its hash, and what vouches for it."""
    with reading() as connection:
        proof = entry_proof(connection, stream, entry)
    if proof is None:
        raise InvalidInput(f"the journal of {stream} has no entry {entry}")
    covered = proof.covered_by
    document = {
        **_document(proof.entry),
        "hash": proof.entry.hash.hex(),
        "checkpoint": None
        if covered is None
        else {
            "entry": covered.seq,
            "at": covered.at.isoformat(timespec="milliseconds"),
            "key": covered.key_id,
        },
    }
    if as_json:
        print_json(document)
        return
    for name, value in {**document, **document.pop("event")}.items():
        if name != "event":
            click.echo(f"{one_line(name) + ':':<22}{_told(value)}")
    if covered is None:
        click.echo("No checkpoint covers it yet: it is only chained.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_filtered
@needs(Ability.VIEW)
def export(file: Path, **filters: Any) -> None:
    """Save the entries that the filters leave in FILE, .csv or .jsonl, the newest first.

    A CSV can be opened in a spreadsheet: no text in it is run as a formula. The lines of a .jsonl
    hold the bodies as they are hashed. FILE is there whole, or not at all.
    """
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise InvalidInput(f"{file} must end in {' or '.join(_FORMS)}")
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with checked_engines_of(load_settings()) as engines:
            count = _save(beside, form, _all(engines, filters))
        beside.replace(file)
    except OSError as problem:
        raise InvalidInput(f"{file} cannot be written: {problem.strerror}") from problem
    finally:
        beside.unlink(missing_ok=True)
    click.echo(f"{count:,} {'entry' if count == 1 else 'entries'} in {file}.")


def _save(path: Path, form: "_Form", entries: Iterable[KeptEntry]) -> int:
    count = 0
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(form.head)
        for entry in entries:
            file.write(form.line_of(entry))
            count += 1
    return count


# --- which ---------------------------------------------------------------------------------


def _wanted(
    connection: Connection,
    *,
    stream: str | None,
    since: str | None,
    until: str | None,
    kinds: tuple[str, ...],
    person: str,
    text: str,
) -> EntriesWanted:
    first, last = _EVER
    begins = first if since is None else time_of(since, "--since")
    ends = last if until is None else time_of(until, "--until")
    known = list(chain.streams(connection))
    if stream is not None and stream not in known:
        raise InvalidInput(f"the journal has no stream {stream!r}: it has {', '.join(known)}")
    names = known if stream is None else [stream]
    return EntriesWanted(
        tuple(Stretch(name, begins, ends) for name in names),
        kinds=frozenset(kinds) or None,
        person=person,
        text=text,
    )


def _all(engines: Engines, filters: dict[str, Any]) -> Iterator[KeptEntry]:
    """Every entry wanted; however many they are, no transaction lasts long."""
    with transaction(engines.reader) as connection:
        wanted = _wanted(connection, **filters)
        page = entries_page(connection, wanted, limit=_PORTION)
    yield from page.entries
    while page.older is not None:
        with transaction(engines.reader) as connection:
            page = entries_page(connection, wanted, before=page.older, limit=_PORTION)
        yield from page.entries


# --- how it is told ------------------------------------------------------------------------


def _event(entry: KeptEntry) -> dict[str, Any]:
    """The fields of an event, also of a kind that this program does not know."""
    body: dict[str, Any] = msgspec.json.decode(entry.body)["body"]
    return body


def _document(entry: KeptEntry) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "entry": entry.seq,
        "at": entry.at.isoformat(timespec="milliseconds"),
        "kind": entry.kind,
        "event": _event(entry),
    }


def _row(entry: KeptEntry) -> tuple[str, str, int, str, str]:
    fields = {name: value for name, value in _event(entry).items() if name not in _OWN}
    told = ", ".join(f"{name} {_told(value)}" for name, value in fields.items() if value != "")
    return (
        entry.at.isoformat(" ", "seconds"),
        one_line(entry.stream),
        entry.seq,
        one_line(entry.kind),
        one_line(told, _LONGEST_CELL),
    )


def _told(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text, None)


def _csv(entry: KeptEntry) -> str:
    event = _event(entry)
    fields = {name: value for name, value in event.items() if name not in _OWN}
    return _csv_line(
        (
            safe_cell(entry.stream),
            str(entry.seq),
            entry.at.isoformat(timespec="milliseconds"),
            safe_cell(entry.kind),
            safe_cell(str(event.get("portfolio", ""))),
            safe_cell(str(event.get("cycle", ""))),
            json.dumps(fields, ensure_ascii=False),
            entry.hash.hex(),
        )
    )


def _csv_line(cells: Iterable[str]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerow(cells)
    return file.getvalue()


def _jsonl(entry: KeptEntry) -> str:
    """With all that the hash covers, and the event's text as it is hashed."""
    named = {"stream": entry.stream, "entry": entry.seq, "at_ms": _ms(entry.at)}
    told = json.dumps({**named, "kind": entry.kind, "hash": entry.hash.hex()}, ensure_ascii=False)
    return f'{told[:-1]}, "event": {entry.body}}}\n'


def _ms(at: datetime) -> int:
    return (at - _EVER[0]) // timedelta(milliseconds=1)


class _Form(NamedTuple):
    """How a file of entries is written."""

    head: str
    line_of: Callable[[KeptEntry], str]


_FORMS = {".csv": _Form(_csv_line(_HEAD), _csv), ".jsonl": _Form("", _jsonl)}
