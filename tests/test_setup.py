"""On a machine that lacks something, the set-up says so in one sentence."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


def run(tool: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / tool], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def test_a_python_too_old_is_one_sentence(tmp_path: Path):
    too_old = program(tmp_path, "python3.8", "exit 1")
    done = run("setup", cwd=tmp_path, PATH=os.environ["PATH"], PYTHON=str(too_old))

    assert done.returncode == 1
    assert done.stderr == (
        f"seawall: needs Python 3.11 to 3.14, which {too_old} is not; "
        "name one with: make PYTHON=/path/to/python3.11\n"
    )
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_one_sentence(tmp_path: Path):
    without_venv = program(tmp_path, "python", 'case "$2" in *venv*) exit 1 ;; esac')
    done = run("setup", cwd=tmp_path, PATH=os.environ["PATH"], PYTHON=str(without_venv))

    assert done.returncode == 1
    assert done.stderr == (
        f"seawall: {without_venv} cannot make virtual environments; "
        "on Debian or Ubuntu: apt-get install python3-venv\n"
    )


@pytest.mark.parametrize("browser", ["chromium", "google-chrome"])
def test_a_browser_with_its_driver_is_enough(tmp_path: Path, browser: str):
    for name in (browser, "chromedriver"):
        program(tmp_path, name, "exit 0")
    done = run("browser", cwd=tmp_path, PATH=str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_browser_and_no_way_to_install_one_is_one_sentence(tmp_path: Path):
    done = run("browser", cwd=tmp_path, PATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith("seawall: the browser tests need Chromium or Chrome")
    assert done.stderr.count("\n") == 1
