"""The journal's key: made once, apart from the database; others know its public half only."""

import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from risk.auth.journal_key import (
    JournalKey,
    PublicKeys,
    keep_journal_key,
    known_public_keys,
    public_file_of,
    read_public_keys,
)
from risk.domain.checkpoints import Checkpoint, signed
from risk.errors import InvalidInput, SettingInvalid

AT = datetime(2026, 11, 29, 12, 0, 0, 123_456, tzinfo=UTC)
OURS = JournalKey(Ed25519PrivateKey.generate())
TRUSTED = PublicKeys([OURS.public])
HASHES = st.binary(min_size=32, max_size=32)


def checkpoint(**changes: object) -> Checkpoint:
    return signed(OURS, stream="demo", seq=7, hash_=b"h" * 32, at=AT)._replace(**changes)


# --- signatures ----------------------------------------------------------------------------


@given(st.text(max_size=64), st.integers(0, 2**62), HASHES)
def test_what_the_key_signed_is_vouched_for(stream, seq, hash_):
    assert TRUSTED.vouches_for(signed(OURS, stream=stream, seq=seq, hash_=hash_, at=AT))


def test_a_checkpoint_is_signed_to_the_millisecond():
    assert checkpoint().at == AT.replace(microsecond=123_000)


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "demo2"},
        {"seq": 8},
        {"hash": b"i" * 32},
        {"at": AT.replace(microsecond=124_000)},
        {"signature": b"s" * 64},
        {"signature": b""},
        {"key_id": "another"},
    ],
    ids=str,
)
def test_with_any_other_field_it_is_not(change):
    assert not TRUSTED.vouches_for(checkpoint(**change))


def test_nobody_else_is_vouched_for():
    theirs = JournalKey(Ed25519PrivateKey.generate())
    forged = signed(theirs, stream="demo", seq=7, hash_=b"h" * 32, at=AT)

    assert not TRUSTED.vouches_for(forged)
    assert not TRUSTED.vouches_for(forged._replace(key_id=OURS.key_id))
    assert PublicKeys([OURS.public, theirs.public]).vouches_for(forged)


# --- files ---------------------------------------------------------------------------------


def test_it_is_made_once_for_its_owner_with_its_public_half_for_all(tmp_path: Path):
    path = tmp_path / "new" / "journal.key"
    assert known_public_keys(path) is None

    key = keep_journal_key(path)

    assert keep_journal_key(path).key_id == key.key_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(public_file_of(path).stat().st_mode) == 0o644
    assert sorted(each.name for each in path.parent.iterdir()) == ["journal.key", "journal.pub"]
    known = known_public_keys(path)
    assert known is not None
    assert list(known.ids) == [key.key_id]
    assert b"PRIVATE" not in public_file_of(path).read_bytes()


def test_programs_that_start_at_once_get_the_same(tmp_path: Path):
    gate, found = threading.Barrier(8), []

    def start() -> None:
        gate.wait()
        found.append(keep_journal_key(tmp_path / "journal.key").key_id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_that_others_may_read_is_closed_and_told(tmp_path: Path):
    path = tmp_path / "journal.key"
    key = keep_journal_key(path)
    path.chmod(0o644)

    with capture_logs() as logs:
        assert keep_journal_key(path).key_id == key.key_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each["event"] for each in logs] == ["journal_key_was_open"]


def test_a_lost_public_half_is_made_again(tmp_path: Path):
    path = tmp_path / "journal.key"
    key = keep_journal_key(path)
    public_file_of(path).unlink()

    assert keep_journal_key(path).key_id == key.key_id
    assert list(read_public_keys([public_file_of(path)]).ids) == [key.key_id]


def test_a_lost_private_half_is_never_made_again_unnoticed(tmp_path: Path):
    path = tmp_path / "journal.key"
    keep_journal_key(path)
    path.unlink()

    with pytest.raises(SettingInvalid, match=r"SEAWALL_JOURNAL_KEY .*journal\.key is gone"):
        keep_journal_key(path)
    assert not path.exists()


def test_a_key_that_was_replaced_is_told_from_its_public_half(tmp_path: Path):
    path, other = tmp_path / "journal.key", tmp_path / "other.key"
    keep_journal_key(path)
    keep_journal_key(other)
    path.write_bytes(other.read_bytes())

    with pytest.raises(SettingInvalid, match="one of the two was replaced"):
        keep_journal_key(path)


def test_a_file_may_hold_the_public_keys_of_several_machines(tmp_path: Path):
    paths = [tmp_path / f"{name}.key" for name in "ab"]
    keys = [keep_journal_key(path) for path in paths]
    both = tmp_path / "both.pub"
    both.write_bytes(b"# two machines\n".join(public_file_of(p).read_bytes() for p in paths))

    assert set(read_public_keys([both]).ids) == {key.key_id for key in keys}
    public_file_of(paths[0]).write_bytes(both.read_bytes())
    assert keep_journal_key(paths[0]).key_id == keys[0].key_id


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nx\n"])
def test_a_file_that_is_no_key_is_refused_with_its_name(tmp_path: Path, content: bytes):
    path = tmp_path / "journal.key"
    path.write_bytes(content)

    with pytest.raises(SettingInvalid, match=r"journal\.key holds no private key"):
        keep_journal_key(path)


def test_a_key_of_another_kind_is_refused(tmp_path: Path):
    path, pem = tmp_path / "journal.key", serialization.Encoding.PEM
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    path.write_bytes(
        other.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    public_file_of(path).write_bytes(other.public_key().public_bytes(pem, public))

    with pytest.raises(SettingInvalid, match="another kind than Ed25519"):
        keep_journal_key(path)
    with pytest.raises(InvalidInput, match="another kind than Ed25519"):
        read_public_keys([public_file_of(path)])


def test_public_keys_that_cannot_be_read_are_told_in_words(tmp_path: Path):
    with pytest.raises(InvalidInput, match=r"nothing\.pub cannot be read"):
        read_public_keys([tmp_path / "nothing.pub"])
    (tmp_path / "text.pub").write_text("no key")
    with pytest.raises(InvalidInput, match=r"text\.pub holds no public key"):
        read_public_keys([tmp_path / "text.pub"])
    (tmp_path / "half.pub").write_text(
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    )
    with pytest.raises(InvalidInput, match="holds a public key that cannot be read"):
        read_public_keys([tmp_path / "half.pub"])


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingInvalid, match="SEAWALL_JOURNAL_KEY cannot be kept"):
        keep_journal_key(tmp_path / "file" / "journal.key")
