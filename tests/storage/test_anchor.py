"""The anchor keeps what it was given, line by line, whoever else writes and whoever dies."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from risk.domain.checkpoints import Checkpoint
from risk.errors import CheckpointFailed, InvalidInput
from risk.storage.anchor import AnchorFile, AnchorLine

AT = datetime(2026, 11, 29, 12, 0, 0, 123_000, tzinfo=UTC)


def checkpoint(seq: int, stream: str = "demo") -> Checkpoint:
    return Checkpoint(stream, seq, bytes([seq % 256]) * 32, AT, "0123456789abcdef", b"s" * 64)


@pytest.fixture
def anchor(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "new" / "anchor.jsonl")


def test_what_is_kept_comes_back_as_it_was(anchor: AnchorFile):
    assert list(anchor.lines()) == []
    assert not anchor.exists
    kept = [
        checkpoint(seq, stream) for seq, stream in ((1, "demo"), (2, 'x "y"\n'), (3, "/people"))
    ]
    for each in kept:
        anchor.append(each)

    assert anchor.exists
    assert list(anchor.lines()) == [AnchorLine(n, each) for n, each in enumerate(kept, start=1)]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "hello",
        "[]",
        '{"stream":"demo"}',
        '{"stream":"demo","seq":1,"hash":"zz","at":"2026-11-29T12:00:00Z","key":"k","signature":""}',
        '{"stream":"demo","seq":1,"hash":"","at":"2026-11-29T12:00:00","key":"k","signature":""}',
        '{"stream":"demo","seq":"1","hash":"","at":"2026-11-29T12:00:00Z","key":"k","signature":""}',
        '{"stream":"demo","seq":1,"hash":"","at":"2026-11-29T12:00:00Z","key":"k","signature":"","x":1}',
        "\x00\xff",
    ],
)
def test_a_line_that_is_none_is_told_by_its_number(anchor: AnchorFile, line: str):
    anchor.append(checkpoint(1))
    with anchor.path.open("ab") as file:
        file.write(f"\n{line}\n".encode("latin-1"))
    anchor.append(checkpoint(2))

    assert [(each.number, each.checkpoint is None) for each in anchor.lines()] == [
        (1, False), (3, True), (4, False),
    ]  # fmt: skip


def test_a_torn_line_does_not_spoil_the_next(anchor: AnchorFile):
    anchor.append(checkpoint(1))
    whole = anchor.path.read_bytes()
    anchor.path.write_bytes(whole + whole[:50])

    anchor.append(checkpoint(2))

    assert [each.checkpoint and each.checkpoint.seq for each in anchor.lines()] == [1, None, 2]


def test_those_who_write_at_once_tear_no_line(anchor: AnchorFile):
    gate = threading.Barrier(8)

    def write(first: int) -> None:
        gate.wait()
        for seq in range(first, first + 20):
            AnchorFile(anchor.path).append(checkpoint(seq))

    threads = [threading.Thread(target=write, args=(100 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = sorted(each.checkpoint.seq for each in anchor.lines() if each.checkpoint)
    assert found == sorted(100 * n + m for n in range(8) for m in range(20))


def test_a_place_that_cannot_be_written_or_read_is_told_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointFailed, match=r"the anchor .*anchor\.jsonl cannot be written: "):
        AnchorFile(tmp_path / "file" / "anchor.jsonl").append(checkpoint(1))
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInput, match=r"the anchor .*folder cannot be read: "):
        list(AnchorFile(tmp_path / "folder").lines())
