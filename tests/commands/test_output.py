"""Answers are a table for people or one document for programs."""

import json
import math

import pytest

from risk.commands.output import print_json, print_table


def test_numbers_stand_right_and_words_left(capsys):
    print_table(("asset", "bars"), [("BTC", 5), ("ETHEREUM", 12_000), ("X", None)])

    assert capsys.readouterr().out.splitlines() == [
        "asset      bars",
        "BTC           5",
        "ETHEREUM  12000",
        "X              ",
    ]


def test_away_from_a_terminal_no_line_is_wrapped(capsys):
    print_table(("detail",), [("word " * 100,)])

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_on_a_narrow_terminal_a_name_is_wrapped_and_not_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    print_table(("model",), [("a_name_longer_than_twenty",)])

    out = capsys.readouterr().out
    assert "…" not in out
    assert "a_name_longer_than_t\nwenty" in out


def test_what_looks_like_markup_is_printed_as_it_is(capsys):
    print_table(("note",), [("[bold]not bold[/bold]",)])

    assert "[bold]not bold[/bold]" in capsys.readouterr().out


def test_without_rows_nothing_is_printed(capsys):
    print_table(("asset", "bars"), [])

    assert capsys.readouterr().out == ""


def test_json_keeps_every_letter(capsys):
    print_json({"note": "é"})

    out = capsys.readouterr().out
    assert "é" in out
    assert json.loads(out) == {"note": "é"}


def test_a_nan_never_leaves_as_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": math.nan})


def test_json_obeys_nothing_of_what_it_tells(capsys):
    told = {"asked": "a\x1b\x7f\x9b\u202e\U000e0001\ud800é😀"}
    print_json(told)

    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert "é😀" in out
    assert json.loads(out) == told
