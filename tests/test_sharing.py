"""A folder that all workers use is filled by one of them, and only once."""

import multiprocessing
import os
from pathlib import Path

import pytest

from tests.sharing import filled_once


def sign(folder: Path) -> None:
    (folder / "who").write_text(f"{os.getpid()}")


def ask(root: Path, answers) -> None:
    answers.put((filled_once(root, "lived", sign) / "who").read_text())


def test_of_many_processes_one_fills_it_and_all_see_that(tmp_path):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    asking = [context.Process(target=ask, args=(tmp_path, answers)) for _ in range(4)]
    for process in asking:
        process.start()
    found = [answers.get(timeout=30) for _ in asking]
    for process in asking:
        process.join()

    assert len(set(found)) == 1
    assert int(found[0]) in {process.pid for process in asking}


def test_what_could_not_be_filled_is_tried_again_from_nothing(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        filled_once(tmp_path, "lived", fail)

    assert [each.name for each in filled_once(tmp_path, "lived", sign).iterdir()] == ["who"]
