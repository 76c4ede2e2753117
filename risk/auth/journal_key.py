"""The key that signs checkpoints of the journal, and the public keys that tell who signed.

The private key lies in a file apart from the database, which only its owner may read; its public
key lies beside it. Whoever has only public keys can verify a journal and sign none. A file of
public keys may hold several, one after another: those of other machines, and of earlier years.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from risk.auth.secret_file import close_to_others, make_secret
from risk.domain.checkpoints import Checkpoint
from risk.errors import InvalidInput, SettingInvalid

_SETTING = "SEAWALL_JOURNAL_KEY"
_ONE_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_ID_LETTERS = 16
_ALL_MAY_READ = 0o644


class JournalKey:
    """A private key: a `Signer`.

    Parameters
    ----------
    private : Ed25519PrivateKey

    Attributes
    ----------
    key_id : str
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.key_id = id_of(self.public)

    def sign(self, statement: bytes) -> bytes:
        """The signature of a statement."""
        return self._private.sign(statement)


class PublicKeys:
    """Public keys that are trusted: a `Keyring`.

    Parameters
    ----------
    keys : iterable of Ed25519PublicKey
    """

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {id_of(key): key for key in keys}

    @property
    def ids(self) -> Collection[str]:
        """Their names."""
        return self._keys.keys()

    def vouches_for(self, checkpoint: Checkpoint) -> bool:
        """Whether one of them signed it."""
        key = self._keys.get(checkpoint.key_id)
        if key is None:
            return False
        try:
            key.verify(checkpoint.signature, checkpoint.statement)
        except InvalidSignature:
            return False
        return True


def id_of(key: Ed25519PublicKey) -> str:
    """Public name of a key: the beginning of its hash."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_ID_LETTERS]


def public_file_of(path: Path) -> Path:
    """Where the public key of a private one lies."""
    return path.with_suffix(".pub")


def keep_journal_key(path: Path) -> JournalKey:
    """The private key in a file, which is made with the first checkpoint.

    Where the public key is there and the private one is gone, none is made in its place: whoever
    took it away would be noticed by nobody.

    Raises
    ------
    SettingInvalid
        If it cannot be made or read, is none, or is not the one whose public key lies beside it.
    """
    public = public_file_of(path)
    try:
        if not path.exists():
            if public.exists():
                raise _unusable(
                    f"{path} is gone, and its public key {public} is there: put it back, or move "
                    "that away to begin with a new key"
                )
            make_secret(path, _private_text(Ed25519PrivateKey.generate()))
        close_to_others(path, told="journal_key_was_open")
        key = JournalKey(_read_private(path))
        if not public.exists():
            make_secret(public, _public_text(key.public))
            public.chmod(_ALL_MAY_READ)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise _unusable(f"cannot be kept in {path}: {reason}") from problem
    if key.key_id not in read_public_keys([public]).ids:
        raise _unusable(
            f"{path} is not the key whose public one is in {public}: one of the two was replaced"
        )
    return key


def read_public_keys(paths: Iterable[Path]) -> PublicKeys:
    """All public keys in some files.

    Raises
    ------
    InvalidInput
        If one cannot be read, or holds none.
    """
    return PublicKeys(key for path in paths for key in _read_public(path))


def known_public_keys(path: Path) -> PublicKeys | None:
    """Those beside a private key; None where nothing was ever signed here.

    Raises
    ------
    InvalidInput
        If there is a file that cannot be read, or holds none.
    """
    public = public_file_of(path)
    return read_public_keys([public]) if public.exists() else None


def _read_private(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise _unusable(f"{path} holds no private key that can be used") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(f"{path} holds a key of another kind than Ed25519")
    return key


def _read_public(path: Path) -> list[Ed25519PublicKey]:
    try:
        content = path.read_bytes()
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise InvalidInput(f"the public key {path} cannot be read: {reason}") from problem
    found = [_public_key(block, path) for block in _ONE_KEY.findall(content)]
    if not found:
        raise InvalidInput(f"{path} holds no public key (-----BEGIN PUBLIC KEY-----)")
    return found


def _public_key(block: bytes, path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise InvalidInput(f"{path} holds a public key that cannot be read") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput(f"{path} holds a public key of another kind than Ed25519")
    return key


def _private_text(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public_text(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _unusable(problem: str) -> SettingInvalid:
    return SettingInvalid(_SETTING, problem)
