"""By what somebody is signed in on a command line: a file that is his alone."""

import stat
from pathlib import Path

import pytest

from risk.auth.terminal import TerminalLogin, keep_login, login_file, read_login
from risk.errors import SettingInvalid

LOGIN = TerminalLogin("token", "device", "tom")


def test_it_is_kept_for_its_owner_alone_and_replaced_whole(tmp_path: Path):
    path = login_file(tmp_path / "home", "tom")
    assert read_login(path) is None

    keep_login(path, LOGIN)
    keep_login(path, LOGIN._replace(token="another"))

    assert read_login(path) == LOGIN._replace(token="another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["login-tom.json"]


def test_each_user_of_the_system_has_his_own(tmp_path: Path):
    names = {login_file(tmp_path, user).name for user in ("tom", "eve", "user 1000", "../../etc/x")}

    assert names == {
        "login-tom.json",
        "login-eve.json",
        "login-user_1000.json",
        "login-.._.._etc_x.json",
    }


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"token": 1, "device": "x"}', "null"])
def test_half_a_file_opens_nothing(tmp_path: Path, content: str):
    path = login_file(tmp_path, "tom")
    path.write_text(content)

    kept = read_login(path)
    assert kept is None or not kept.token


def test_one_that_others_could_read_is_closed(tmp_path: Path):
    path = login_file(tmp_path, "tom")
    keep_login(path, LOGIN)
    path.chmod(0o644)

    assert read_login(path) == LOGIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_where_it_cannot_be_kept_it_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    path = login_file(tmp_path / "file", "tom")

    with pytest.raises(SettingInvalid, match="SEAWALL_HOME holds a login"):
        keep_login(path, LOGIN)
    with pytest.raises(SettingInvalid, match="SEAWALL_HOME holds a login"):
        read_login(path)
