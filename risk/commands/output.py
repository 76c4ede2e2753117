"""How commands answer: a table for people, or one JSON document for programs."""

import json
import re
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

_AS_WIDE_AS_NEEDED = 10_000
#: What JSON leaves as it is, though a terminal may obey it.
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")

as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)


def print_json(document: Any) -> None:
    """Print `document` as JSON on standard output; a NaN in it is an error, not a value.

    A letter that is not printable stands there by its number, as every reader of JSON knows it.
    """
    told = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(_BEYOND_ASCII.sub(_escaped, told))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows below headings, wrapped only where there is a terminal to fit into, never cut.

    Without rows there is nothing to print.
    """
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, column in zip(headings, zip(*rows, strict=True), strict=True):
        numbers = all(cell is None or isinstance(cell, int | float) for cell in column)
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _AS_WIDE_AS_NEEDED
    console.print(table)


def _escaped(letter: re.Match[str]) -> str:
    text = letter.group()
    if text.isprintable():
        return text
    return f"\\u{ord(text):04x}" if ord(text) < 0x80 else json.dumps(text)[1:-1]
