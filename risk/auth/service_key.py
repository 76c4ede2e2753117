"""The key of a machine's own programs, in a file that only its owner may read."""

from pathlib import Path

from risk.auth.keys import PREFIX, new_key
from risk.auth.secret_file import close_to_others, make_secret
from risk.domain.keys import SERVICE_KEY_FILE
from risk.errors import SettingInvalid


def keep_service_key(home: Path) -> str:
    """The secret in the file of `home`, which is made if there is none.

    Of two programs that start at once one makes the file, and both read the same.

    Raises
    ------
    SettingInvalid
        If the file cannot be made or read, or holds no key.
    """
    path = home / SERVICE_KEY_FILE
    try:
        if not path.exists():
            make_secret(path, f"{new_key().secret}\n".encode("ascii"))
        close_to_others(path, told="service_key_was_open")
        return _read(path)
    except OSError as problem:
        raise SettingInvalid(
            "SEAWALL_HOME",
            f"cannot keep the service key {path}: {problem.strerror or type(problem).__name__}",
        ) from problem


def read_service_key(home: Path) -> str | None:
    """The secret in the file of `home`; None if there is none.

    Raises
    ------
    SettingInvalid
        If there is a file that cannot be read, or that holds no key.
    """
    path = home / SERVICE_KEY_FILE
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise SettingInvalid(
            "SEAWALL_HOME", f"holds the service key {path}, which cannot be read: {reason}"
        ) from problem


def require_service_key(home: Path) -> str:
    """The secret in the file of `home`.

    Raises
    ------
    SettingInvalid
        If there is none, or it cannot be read, or holds no key.
    """
    key = read_service_key(home)
    if key is None:
        raise SettingInvalid("SEAWALL_HOME", f"is where there is no key {home / SERVICE_KEY_FILE}")
    return key


def _read(path: Path) -> str:
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if not secret.startswith(PREFIX) or not secret.isascii() or not secret.isprintable():
        raise SettingInvalid(
            "SEAWALL_HOME", f"holds {path}, which is no key: remove it, and start again"
        )
    return secret
