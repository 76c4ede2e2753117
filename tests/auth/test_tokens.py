"""What nobody may guess is long, random, and kept as a hash."""

import base64
import hashlib

from risk.auth.factors import new_secret
from risk.auth.sessions import new_csrf, new_token, token_hash


def bits(written: str) -> int:
    return 8 * len(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))


def test_a_token_has_256_bits_and_only_its_hash_is_kept():
    made = [new_token() for _ in range(100)]

    assert {bits(each.token) for each in made} == {256}
    assert len({each.token for each in made}) == 100
    assert all(each.hash == hashlib.sha256(each.token.encode()).digest() for each in made)
    assert all(token_hash(each.token) == each.hash for each in made)


def test_what_a_form_brings_along_is_as_long():
    assert bits(new_csrf()) == 256
    assert new_csrf() != new_csrf()


def test_a_second_factor_has_160_bits_and_is_never_the_same():
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert {8 * len(base64.b32decode(each)) for each in made} == {160}
