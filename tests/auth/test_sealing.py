"""What is sealed: by a key in a file of its owner's, apart from the database."""

import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from risk.auth.sealing import PEOPLE_KEY_FILE, Sealer
from risk.errors import SettingInvalid


def test_what_is_sealed_opens_again_also_for_another_program(tmp_path: Path):
    sealed = Sealer(tmp_path).seal("factor", "JBSWY3DP")

    assert "JBSWY3DP" not in sealed
    assert Sealer(tmp_path).open("factor", sealed) == "JBSWY3DP"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path):
    home = tmp_path / "home"
    Sealer(home).seal("factor", "one")
    path = home / PEOPLE_KEY_FILE
    key = path.read_bytes()

    Sealer(home).seal("factor", "two")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == key


def test_what_is_sealed_for_one_purpose_opens_for_no_other(tmp_path: Path):
    sealer = Sealer(tmp_path)

    assert sealer.open("device", sealer.seal("factor", "JBSWY3DP")) is None


@pytest.mark.parametrize("sealed", ["", "nonsense", "Ü", "\ud800", "gAAAAAB" + "x" * 100])
def test_what_was_not_sealed_opens_nothing(tmp_path: Path, sealed: str):
    sealer = Sealer(tmp_path)
    sealer.seal("factor", "one")

    assert sealer.open("factor", sealed) is None


def test_another_key_opens_nothing(tmp_path: Path):
    sealed = Sealer(tmp_path / "one").seal("factor", "one")
    other = Sealer(tmp_path / "other")
    other.seal("factor", "two")

    assert other.open("factor", sealed) is None


def test_a_lost_key_opens_nothing_and_is_said_in_the_log_alone(tmp_path: Path):
    sealed = Sealer(tmp_path).seal("factor", "one")
    (tmp_path / PEOPLE_KEY_FILE).unlink()

    with capture_logs() as logs:
        assert Sealer(tmp_path).open("factor", sealed) is None

    assert [line["event"] for line in logs] == ["people_key_unreadable"]
    assert not (tmp_path / PEOPLE_KEY_FILE).exists()


def test_a_file_that_is_no_key_is_refused_where_one_is_needed(tmp_path: Path):
    (tmp_path / PEOPLE_KEY_FILE).write_text("not a key")

    with pytest.raises(SettingInvalid, match=r"SEAWALL_HOME holds .*people\.key, which is no key"):
        Sealer(tmp_path).seal("factor", "one")
    with capture_logs() as logs:
        assert Sealer(tmp_path).open("factor", "whatever") is None
    assert logs[-1]["event"] == "people_key_unreadable"


def test_where_no_key_can_be_kept_it_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingInvalid, match="SEAWALL_HOME cannot keep the key"):
        Sealer(tmp_path / "file").seal("factor", "one")


def test_a_key_that_others_could_read_is_closed(tmp_path: Path):
    Sealer(tmp_path).seal("factor", "one")
    path = tmp_path / PEOPLE_KEY_FILE
    path.chmod(0o644)

    with capture_logs() as logs:
        Sealer(tmp_path).seal("factor", "two")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line["event"] for line in logs] == ["people_key_was_open"]
