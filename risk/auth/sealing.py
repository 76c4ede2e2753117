"""Seals what the database keeps and must not know: secrets of second factors.

The key lies in a file of ``SEAWALL_HOME``, apart from the database. Several machines that answer
people over one database need the same file.
"""

from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken

from risk.auth.secret_file import close_to_others, make_secret
from risk.errors import SettingInvalid

_LOG = structlog.get_logger(__name__)

#: What is sealed: secrets of second factors, and which browser somebody signed in by.
FACTOR, DEVICE = "factor", "device"
#: Within ``SEAWALL_HOME``.
PEOPLE_KEY_FILE = "people.key"
_BETWEEN = "\0"


class Sealer:
    """Seals and opens texts; what was sealed for one purpose opens for no other.

    Parameters
    ----------
    home : Path
    """

    def __init__(self, home: Path) -> None:
        self._path = home / PEOPLE_KEY_FILE
        self._key: Fernet | None = None

    def seal(self, purpose: str, text: str) -> str:
        """The text, sealed; the key is made if there is none.

        Raises
        ------
        SettingInvalid
            If it cannot be made or read.
        """
        try:
            if self._key is None and not self._path.exists():
                make_secret(self._path, Fernet.generate_key() + b"\n")
                _LOG.info("people_key_made", path=str(self._path))
            key = self._read()
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise SettingInvalid(
                "SEAWALL_HOME", f"cannot keep the key {self._path}: {reason}"
            ) from problem
        return key.encrypt(f"{purpose}{_BETWEEN}{text}".encode()).decode()

    def open(self, purpose: str, sealed: str) -> str | None:
        """What was sealed; None if it was not by this key, or for something else."""
        try:
            told = self._read().decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError):
            return None
        except (OSError, SettingInvalid) as problem:
            # Said to the machine's owner alone: others would learn that there is something to open.
            _LOG.error("people_key_unreadable", path=str(self._path), problem=str(problem))
            return None
        for_this, _, text = told.partition(_BETWEEN)
        return text if for_this == purpose else None

    def _read(self) -> Fernet:
        if self._key is None:
            close_to_others(self._path, told="people_key_was_open")
            try:
                self._key = Fernet(self._path.read_bytes().strip())
            except ValueError as problem:
                raise SettingInvalid(
                    "SEAWALL_HOME", f"holds {self._path}, which is no key: put the right one back"
                ) from problem
        return self._key
