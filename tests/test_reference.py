"""The reference pages say what the code says, and every page's links lead somewhere."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from docs.generate import PAGES, REFERENCE, in_words
from risk import runtime
from risk.commands.group import COMMANDS
from risk.config import Settings
from risk.domain.events import RiskEvent, Severity, Verdict
from risk.domain.fields import meanings_of
from tests.fakes_web import FakeBookReader

DOCS = REFERENCE.parent
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("name", PAGES)
def test_a_committed_page_is_what_the_code_says(name):
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_no_page_stands_in_the_reference_that_nothing_writes():
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_every_setting_command_and_event_is_described():
    settings, commands, events = (
        (REFERENCE / f"{name}.md").read_text() for name in ("settings", "commands", "events")
    )

    assert all(f"`SEAWALL_{name.upper()}`" in settings for name in Settings.__dataclass_fields__)
    assert all(f"## seawall {name}\n" in commands for name in COMMANDS)
    assert all(f"## {name}\n" in events for name in RiskEvent.kinds())


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path):
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_example_of_an_order_answers_it(monkeypatch, capsys):
    monkeypatch.setattr(runtime, "build_reader", lambda settings: FakeBookReader())
    page = (DOCS / "orders.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "docs/orders.md", "exec"), {})

    verdict, _, deciding = capsys.readouterr().out.split(maxsplit=2)
    assert verdict in set(Verdict)
    assert deciding.startswith("(")


def test_shared_and_continued_descriptions_are_read_from_the_docstring():
    @dataclass
    class Example:
        """Summary.

        Attributes
        ----------
        name : str
        low, high : float
            In the unit
            of the limit.
        """

    assert meanings_of(Example) == {
        "name": "",
        "low": "In the unit of the limit.",
        "high": "In the unit of the limit.",
    }


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (float | None, "number or null"),
        (tuple[str, ...], "list of text"),
        (datetime, "time (UTC)"),
        (Severity, "one of `info`, `warning`, `critical`"),
    ],
)
def test_types_are_named_as_a_reader_of_json_knows_them(hint, words):
    assert in_words(hint) == words


def test_a_type_without_words_is_refused_rather_than_left_blank():
    with pytest.raises(LookupError, match="no words"):
        in_words(complex)
