"""The slim drawing bundle comes whole and as pinned, or not at all."""

import base64
import hashlib
import io
import stat
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.fetch_plotly import (
    NotFetchedError,
    Pin,
    fetch,
    full_plotly,
    main,
    read_pin,
    version_of,
    write_whole,
)

SLIM = b"/**\n* plotly.js (cartesian - minified) v9.8.7\n*/\nslim();"
FULL = b"/**\n* plotly.js v9.8.7\n*/\nfull();"


def archive_of(content: bytes, member: str = "package/plotly-cartesian.min.js") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        entry = tarfile.TarInfo(member)
        entry.size = len(content)
        files.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class Installation(NamedTuple):
    """A folder with a full bundle, and an npm that brings an archive, as this test wants it."""

    folder: Path

    @property
    def full(self) -> Path:
        return self.folder / "plotly.min.js"

    @property
    def target(self) -> Path:
        return self.folder / "vendor" / "plotly-cartesian.min.js"

    @property
    def asked(self) -> Path:
        return self.folder / "npm-was-asked"

    def npm(self, archive: bytes, *, code: int = 0) -> None:
        (self.folder / "archive").write_bytes(archive)
        program = self.folder / "bin" / "npm"
        program.write_text(
            "#!/bin/sh\n"
            f'echo "$@" > {self.asked}\n'
            'while [ "$1" != --pack-destination ]; do shift; done\n'
            f'cp {self.folder}/archive "$2/package.tgz"\n'
            f"exit {code}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IEXEC)

    def files(self) -> list[str]:
        return [path.name for path in self.target.parent.glob("*")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    installation = Installation(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.setattr("tools.fetch_plotly.shutil.which", lambda _: _npm_in(tmp_path))
    installation.full.write_bytes(FULL)
    return installation


def _npm_in(folder: Path) -> str | None:
    program = folder / "bin" / "npm"
    return str(program) if program.exists() else None


def pinned(archive: bytes) -> Pin:
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    return Pin("plotly.js-cartesian-dist-min", "9.8.7", f"sha512-{digest}")


def test_the_pinned_bundle_is_put_in_place_alone(here: Installation):
    archive = archive_of(SLIM)
    here.npm(archive)
    fetch(pinned(archive), here.full, here.target)

    assert here.target.read_bytes() == SLIM
    assert here.files() == [here.target.name]
    assert here.asked.read_text().startswith("pack plotly.js-cartesian-dist-min@9.8.7 ")


def test_a_bundle_that_is_there_is_not_fetched_again(here: Installation):
    archive = archive_of(SLIM)
    here.npm(archive)
    write_whole(here.target, SLIM)
    fetch(pinned(archive), here.full, here.target)

    assert not here.asked.exists()


def test_the_bundle_of_an_older_version_is_replaced(here: Installation):
    archive = archive_of(SLIM)
    here.npm(archive)
    write_whole(here.target, SLIM.replace(b"9.8.7", b"9.8.6"))
    fetch(pinned(archive), here.full, here.target)

    assert here.target.read_bytes() == SLIM


@pytest.mark.parametrize("older", [False, True])
def test_anything_but_the_pinned_archive_is_refused_and_leaves_nothing(here, older):
    archive = archive_of(SLIM)
    here.npm(archive[:-10])
    if older:
        write_whole(here.target, SLIM.replace(b"9.8.7", b"9.8.6"))

    with pytest.raises(NotFetchedError, match=r"is not the pinned plotly\.js-cartesian-dist-min"):
        fetch(pinned(archive), here.full, here.target)
    assert here.files() == []


def test_an_npm_that_fails_leaves_nothing(here: Installation):
    archive = archive_of(SLIM)
    here.npm(archive, code=1)

    with pytest.raises(NotFetchedError, match="npm could not fetch"):
        fetch(pinned(archive), here.full, here.target)
    assert here.files() == []


def test_without_npm_there_is_a_reason_and_no_file(here: Installation):
    with pytest.raises(NotFetchedError, match="npm is not installed"):
        fetch(pinned(b""), here.full, here.target)
    assert here.files() == []


def test_another_plotly_than_the_pinned_one_draws_with_its_own_bundle(here: Installation):
    archive = archive_of(SLIM)
    here.npm(archive)
    write_whole(here.target, SLIM)
    here.full.write_bytes(FULL.replace(b"9.8.7", b"9.9.0"))

    with pytest.raises(NotFetchedError, match=r"version 9\.9\.0, pinned is 9\.8\.7"):
        fetch(pinned(archive), here.full, here.target)
    assert here.files() == []


def test_a_machine_without_npm_is_told_in_one_line_and_goes_on(here: Installation, capsys):
    main(pinned(b""), here.full, here.target)

    assert capsys.readouterr().err == (
        "seawall: charts use plotly's full bundle: npm is not installed\n"
    )


def test_the_pin_is_of_the_version_inside_the_installed_plotly():
    assert read_pin().version == version_of(full_plotly().read_bytes())


def test_a_folder_that_cannot_be_written_costs_speed_and_not_the_installation(
    here: Installation, capsys
):
    archive = archive_of(SLIM)
    here.npm(archive)
    here.target.parent.write_bytes(b"a file where the folder should be")
    main(pinned(archive), here.full, here.target)

    assert "charts use plotly's full bundle" in capsys.readouterr().err
