"""What one worker of a test run makes, and all of them use."""

import fcntl
from collections.abc import Callable
from pathlib import Path

#: Gives the folder of that name, filled by the first who asks for it.
SharedFolder = Callable[[str, Callable[[Path], None]], Path]


def filled_once(root: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """The folder `name` in `root`, which `fill` filled in this process or another.

    Who asks meanwhile waits. Where `fill` failed, the next one to ask tries in a new folder.
    """
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pointer = root / f"{name}.done"
        if not pointer.exists():
            tries = len(list(root.glob(f"{name}-*")))
            folder = root / f"{name}-{tries}"
            folder.mkdir()
            fill(folder)
            pointer.write_text(folder.name)
        return root / pointer.read_text()
