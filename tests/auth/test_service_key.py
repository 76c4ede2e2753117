"""The service key's file: made once, for its owner only, the same for all who start at once."""

import stat
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from risk.auth.service_key import keep_service_key, read_service_key
from risk.domain.keys import SERVICE_KEY_FILE
from risk.errors import SettingInvalid


def test_it_is_made_once_and_read_from_then_on(tmp_path: Path):
    home = tmp_path / "new" / "home"
    assert read_service_key(home) is None

    secret = keep_service_key(home)

    assert keep_service_key(home) == secret
    assert read_service_key(home) == secret
    assert secret.startswith("seawall_")
    assert stat.S_IMODE((home / SERVICE_KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == [SERVICE_KEY_FILE]


def test_programs_that_start_at_once_get_the_same(tmp_path: Path):
    gate, found = threading.Barrier(8), []

    def start() -> None:
        gate.wait()
        found.append(keep_service_key(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_that_others_may_read_is_closed_and_told(tmp_path: Path):
    secret = keep_service_key(tmp_path)
    (tmp_path / SERVICE_KEY_FILE).chmod(0o644)

    with capture_logs() as logs:
        assert keep_service_key(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / SERVICE_KEY_FILE).stat().st_mode) == 0o600
    assert [each["event"] for each in logs] == ["service_key_was_open"]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"seawall_a b\x01", b"\xff\xfe", b"seawall_\xe4"]
)
def test_a_file_that_is_no_key_is_refused_with_its_name(tmp_path: Path, content: bytes):
    (tmp_path / SERVICE_KEY_FILE).write_bytes(content)

    for read in (keep_service_key, read_service_key):
        with pytest.raises(SettingInvalid, match=r"SEAWALL_HOME holds .*service\.key, which is no"):
            read(tmp_path)


def test_a_file_that_cannot_be_read_is_told_in_words(tmp_path: Path):
    (tmp_path / SERVICE_KEY_FILE).mkdir()

    with pytest.raises(SettingInvalid, match="SEAWALL_HOME holds the service key"):
        read_service_key(tmp_path)
    with pytest.raises(SettingInvalid, match="SEAWALL_HOME cannot keep the service key"):
        keep_service_key(tmp_path)


def test_a_home_that_cannot_be_made_is_told_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingInvalid, match="SEAWALL_HOME cannot keep the service key"):
        keep_service_key(tmp_path / "file" / "home")
