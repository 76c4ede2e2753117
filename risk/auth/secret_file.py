"""Secrets in files that only their owner may read, made once by whoever needs them first."""

import os
import stat
import tempfile
from pathlib import Path

import structlog

_LOG = structlog.get_logger(__name__)

_OWNER_ONLY = 0o600


def make_secret(path: Path, content: bytes) -> None:
    """Make a file, whole or not at all; one that is there already stays as it is.

    Of two programs that start at once one makes it, and whoever looks meanwhile finds no half. A
    folder that is not there yet is made for its owner alone.

    Raises
    ------
    OSError
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(written, path)
        except FileExistsError:
            return  # another program was quicker; what it made holds
    finally:
        Path(written).unlink()


def close_to_others(path: Path, *, told: str) -> None:
    """Take back from everybody else what they may do with a file, and say so.

    Parameters
    ----------
    path : Path
    told : str
        The event of the log.

    Raises
    ------
    OSError
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~_OWNER_ONLY:
        path.chmod(_OWNER_ONLY)
        _LOG.warning(told, path=str(path), mode=oct(mode))
