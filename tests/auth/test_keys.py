"""Keys: secrets nobody can guess, looked up by their hash; what is revoked opens nothing."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

from risk.auth.keys import KeyRing, hash_of, new_key
from tests.fakes_gate import make_key


def test_a_secret_has_256_bits_and_is_never_the_same():
    made = [new_key() for _ in range(50)]

    assert len({each.secret for each in made} | {each.id for each in made}) == 100
    # 43 letters of 64 kinds: 258 bits, of which the last letter has two fewer.
    assert all(re.fullmatch(r"seawall_[A-Za-z0-9_-]{43}", each.secret) for each in made)


def test_what_is_kept_is_the_plain_hash():
    made = new_key()

    assert made.hash == hash_of(made.secret.encode())
    assert made.hash == hashlib.sha256(made.secret.encode()).digest()


def test_a_ring_finds_whose_key_a_secret_is():
    (first, secret), (second, other) = make_key(name="a"), make_key(name="b")
    ring = KeyRing([first, second])

    assert ring.find(secret.encode()) == first
    assert ring.find(other.encode()) == second
    assert ring.find(secret.encode() + b"x") is None
    assert ring.find(b"") is None


def test_a_revoked_key_opens_nothing():
    key, secret = make_key()
    ring = KeyRing([key])
    assert ring.holds(key)

    ring.replace([replace(key, revoked=datetime(2024, 1, 2, tzinfo=UTC))])

    assert ring.find(secret.encode()) is None
    assert not ring.holds(key)


def test_a_key_that_may_less_now_is_not_the_one_that_was_found():
    key, secret = make_key()
    ring = KeyRing([key])
    ring.replace([replace(key, strategies=frozenset({"trend"}))])

    assert not ring.holds(key)
    assert ring.find(secret.encode()).strategies == {"trend"}


def test_the_version_grows_with_changes_only():
    key, _ = make_key()
    ring = KeyRing([key])
    before = ring.version
    ring.replace([key])
    assert ring.version == before
    ring.replace([])
    assert ring.version == before + 1


def test_in_doubt_the_keys_known_last_stay_in_force():
    key, secret = make_key()
    ring = KeyRing([key])
    ring.doubt()

    assert (ring.certain, ring.find(secret.encode())) == (False, key)
    ring.replace([key])
    assert ring.certain


def test_a_key_is_named_with_its_id_in_the_journal():
    key, _ = make_key(name="bot")

    assert key.sender == f"bot (key {key.id})"
    assert key.sees("anything")
    assert not replace(key, strategies=frozenset({"trend"})).sees("dip")
