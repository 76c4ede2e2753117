"""Fetches the slim drawing bundle from npm, where npm is there: charts then load a third of it.

Called by the Makefile after the set-up. Whatever goes wrong, Seawall works with the full bundle
that comes with plotly: then this says why in one line, leaves no file behind and succeeds.
"""

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PIN = ROOT / "tools" / "plotly.pin"
BUNDLE = ROOT / "assets" / "vendor" / "plotly-cartesian.min.js"

_MEMBER = "package/plotly-cartesian.min.js"
_BANNER = re.compile(rb"plotly\.js (?:\([^)]*\) )?v(\d+\.\d+\.\d+)")
_BANNER_BYTES = 300
_NPM_SECONDS = 120


class NotFetchedError(Exception):
    """Why there is no slim bundle; the rest of a sentence."""


class Pin(NamedTuple):
    """What may be fetched: an npm package, its version, and the sha512 of its archive."""

    package: str
    version: str
    integrity: str


def read_pin(path: Path = PIN) -> Pin:
    """The pinned package; lines that begin with # say what it is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    return Pin(*words)


def fetch(pin: Pin, full_bundle: Path, target: Path) -> None:
    """Put the bundle at `target`, unless it is there already.

    Raises
    ------
    NotFetchedError
        With the reason; whatever was at `target` before is gone then.
    """
    try:
        _require_same_version(pin, full_bundle)
        if not (target.exists() and version_of(target.read_bytes()) == pin.version):
            write_whole(target, unpacked(verified(packed(pin), pin)))
    except NotFetchedError:
        target.unlink(missing_ok=True)
        raise


def _require_same_version(pin: Pin, full_bundle: Path) -> None:
    wanted = version_of(full_bundle.read_bytes())
    if wanted != pin.version:
        raise NotFetchedError(f"plotly draws with version {wanted}, pinned is {pin.version}")


def version_of(bundle: bytes) -> str:
    """The version in the banner of a bundle; empty if it has none."""
    found = _BANNER.search(bundle[:_BANNER_BYTES])
    return found.group(1).decode("ascii") if found else ""


def packed(pin: Pin) -> bytes:
    """The archive as npm brings it from its registry or its cache."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetchedError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{pin.package}@{pin.version}", "--pack-destination", folder]
        command += ["--silent", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=30000"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=_NPM_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotFetchedError("npm did not answer in time") from None
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            raise NotFetchedError(f"npm could not fetch {pin.package} {pin.version}")
        return archives[0].read_bytes()


def verified(archive: bytes, pin: Pin) -> bytes:
    """The same archive, if it is the pinned one."""
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if f"sha512-{digest}" != pin.integrity:
        raise NotFetchedError(f"what npm brought is not the pinned {pin.package} {pin.version}")
    return archive


def unpacked(archive: bytes) -> bytes:
    """The bundle in the archive."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
        member = files.extractfile(_MEMBER)
        assert member is not None
        return member.read()


def write_whole(target: Path, content: bytes) -> None:
    """Write beside, then rename: nobody ever sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def full_plotly() -> Path:
    """The bundle inside the installed plotly."""
    spec = find_spec("plotly")
    assert spec is not None  # the lock file names it
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def main(pin: Pin, full_bundle: Path, target: Path) -> None:
    """Fetch, or say why not."""
    try:
        fetch(pin, full_bundle, target)
    except (NotFetchedError, OSError) as reason:
        print(f"seawall: charts use plotly's full bundle: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main(read_pin(), full_plotly(), BUNDLE)
