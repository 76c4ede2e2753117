"""By what somebody is signed in on a command line: a file of his own in ``SEAWALL_HOME``."""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from risk.auth.secret_file import close_to_others
from risk.errors import SettingInvalid


class TerminalLogin(NamedTuple):
    """What is kept of a login between two commands.

    Attributes
    ----------
    token : str
        Empty once he has signed out.
    device : str
        Lets this terminal go on trying while others try his name.
    name : str
        Who signed in, for when nobody can be asked; empty once he has signed out.
    """

    token: str
    device: str
    name: str = ""


def login_file(home: Path, user: str) -> Path:
    """Where the login of a user of this system lies; each has a file that nobody else may read."""
    return home / f"login-{re.sub(r'[^A-Za-z0-9._-]', '_', user)}.json"


def keep_login(path: Path, login: TerminalLogin) -> None:
    """Keep a login instead of the one before.

    Raises
    ------
    SettingInvalid
        If the file cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made for its owner alone, before anything is in it.
        handle, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(login._asdict(), file)
        Path(written).replace(path)
    except OSError as problem:
        raise _unusable(path, problem) from problem


def read_login(path: Path) -> TerminalLogin | None:
    """The login that is kept; None if there is none.

    Raises
    ------
    SettingInvalid
        If there is a file that cannot be read.
    """
    try:
        close_to_others(path, told="login_file_was_open")
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _unusable(path, problem) from problem
    except ValueError:
        return None  # half a file opens nothing: he signs in again
    if not isinstance(kept, dict):
        return None
    told = [kept.get(name, "") for name in ("token", "device", "name")]
    if not all(isinstance(each, str) and each.isprintable() for each in told):
        return None
    return TerminalLogin(*told)


def _unusable(path: Path, problem: OSError) -> SettingInvalid:
    reason = problem.strerror or type(problem).__name__
    return SettingInvalid(
        "SEAWALL_HOME", f"holds a login in {path}, which cannot be used: {reason}"
    )
