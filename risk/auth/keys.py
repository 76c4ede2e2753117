"""Secrets of keys, and the ring that tells whose key a secret is.

A secret has 256 random bits, so that its plain SHA-256 keeps it: nobody can guess what was hashed.
It is shown once, when it is made, and looked up by its hash: what a comparison would betray by its
duration says nothing about any secret.
"""

import hashlib
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from risk.domain.keys import ApiKey

#: What every secret begins with, so that programs that look for lost secrets know one.
PREFIX = "seawall_"
_SECRET_BYTES = 32
_ID_BYTES = 6


class NewKey(NamedTuple):
    """A key that nobody has yet.

    Attributes
    ----------
    id : str
        Public.
    secret : str
        Told once; kept by whoever asked for it.
    """

    id: str
    secret: str

    @property
    def hash(self) -> bytes:
        """What is kept of the secret."""
        return hash_of(self.secret.encode())


def new_key() -> NewKey:
    """A key that was never there before."""
    return NewKey(new_id(), PREFIX + secrets.token_urlsafe(_SECRET_BYTES))


def new_id() -> str:
    """A public name of a key."""
    return "k" + secrets.token_hex(_ID_BYTES)


def hash_of(secret: bytes) -> bytes:
    """What is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret).digest()


class KeyRing:
    """The keys that open something now; may be asked while another thread replaces them.

    Attributes
    ----------
    version : int
        Grows whenever other keys are in force.
    certain : bool
        Whether the keys in force are those of the database as far as anybody knows. While they
        are not, the last known ones stay in force.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._by_hash: dict[bytes, ApiKey] = {}
        self._by_id: dict[str, ApiKey] = {}
        self.version = 0
        self.certain = False
        self.replace(keys)

    def find(self, secret: bytes) -> ApiKey | None:
        """Whose key this secret is; None if it opens nothing."""
        return self._by_hash.get(hash_of(secret))

    def holds(self, key: ApiKey) -> bool:
        """Whether a key that was found before still opens the same."""
        return self._by_id.get(key.id) == key

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Let these keys be in force, without those of them that were revoked."""
        by_hash = {key.hash: key for key in keys if key.revoked is None}
        if by_hash != self._by_hash or not self.version:
            self._by_hash = by_hash
            self._by_id = {key.id: key for key in by_hash.values()}
            self.version += 1
        self.certain = True

    def doubt(self) -> None:
        """Note that the database could not be asked: changes since then are not known."""
        self.certain = False
