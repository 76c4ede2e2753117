"""Where Seawall is and how to get in: arguments first, then the environment, then this machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from risk.domain.hosts import is_this_machine
from risk.domain.keys import SERVICE_KEY_FILE
from risk.errors import SettingInvalid

DEFAULT_URL = "http://127.0.0.1:8051"
_URL, _KEY, _HOME = "SEAWALL_URL", "SEAWALL_KEY", "SEAWALL_HOME"


class Place(NamedTuple):
    """An address and the key to it.

    Attributes
    ----------
    url, key : str
    """

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Place(url={self.url!r}, key=…)"


def find_place(url: str | None, key: str | None, environment: Mapping[str, str]) -> Place:
    """What to connect to.

    Parameters
    ----------
    url, key : str or None
        As the agent gave them.
    environment : mapping of str to str
        ``SEAWALL_URL``, ``SEAWALL_KEY``, ``SEAWALL_HOME``.

    Raises
    ------
    SettingInvalid
        If the address is none, or no key can be found.
    """
    address, host = _parted(url or environment.get(_URL) or DEFAULT_URL)
    return Place(address, _checked(key or environment.get(_KEY) or _of_machine(host, environment)))


def checked_url(url: str) -> str:
    """An address of Seawall, if it is one.

    Raises
    ------
    SettingInvalid
        If it is none.
    """
    return _parted(url)[0]


def _parted(url: str) -> tuple[str, str]:
    """An address without a slash at its end, and the host in it."""
    address = url.rstrip("/")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise SettingInvalid(_URL, f"is not an address: {address!r}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise SettingInvalid(_URL, f"must be http://HOST:PORT or https://HOST, got {address!r}")
    return address, host


def _of_machine(host: str, environment: Mapping[str, str]) -> str:
    # The key of the service opens everything on this machine: it is shown to nobody else.
    path = Path(environment.get(_HOME) or ".seawall").expanduser() / SERVICE_KEY_FILE
    if not is_this_machine(host):
        raise SettingInvalid(_KEY, f"is not set, and {host} is another machine: give it a key")
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingInvalid(
            _KEY, f"is not set, and there is no key to read in {path}: {error.strerror}"
        ) from error


def _checked(key: str) -> str:
    key = key.strip()
    # A line break in it would be another header.
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingInvalid(_KEY, "is not a key: it must be one word of plain letters and digits")
    return key
