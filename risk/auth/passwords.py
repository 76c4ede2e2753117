"""Passwords: which are good enough, and what is kept of them.

Length is asked for, and no mixture of signs: NIST SP 800-63B, OWASP ASVS 5 (6.2). What is kept is
made by Argon2id, slowly and with much memory on purpose, so that nobody can try many.
"""

import base64
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import structlog
from argon2 import PasswordHasher as Argon2
from argon2.exceptions import (
    Argon2Error,
    InvalidHashError,
    VerificationError,
    VerifyMismatchError,
)
from argon2.low_level import error_to_str

from risk.errors import InvalidInput, LoginRefused

_LOG = structlog.get_logger(__name__)

SHORTEST = 12
LONGEST = 128
#: Hashings at once in one process: each takes a core, and its memory.
AT_ONCE = 2
#: Tries at once in one process: those that are hashed and two that wait, so that whoever floods the
#: door leaves most threads to those who are in. Whoever is known has two more, which a flood of
#: strangers cannot take.
OF_STRANGERS, OF_KNOWN = AT_ONCE + 2, 2
#: Seconds that somebody waits for his turn.
PATIENCE = 4.0
#: Seconds after which whoever found no place may come again.
_AGAIN_AFTER = 2.0
_BUSY = "many people sign in at this moment: wait a few seconds, and try again"
# The library has no class for it: its number is -22.
_NO_MEMORY = error_to_str(-22)
_SALT_BYTES = 16
_HASH_BYTES = 32


class Cost(NamedTuple):
    """What one hashing costs.

    Attributes
    ----------
    memory_kib : int
    passes, lanes : int
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1


# ---------------------------------------------------------------- what is kept


class Places:
    """Places of those whose tries are under way; who finds none is sent away at once.

    Parameters
    ----------
    strangers, known : int
    """

    def __init__(self, strangers: int = OF_STRANGERS, known: int = OF_KNOWN) -> None:
        self._strangers = threading.BoundedSemaphore(strangers)
        self._known = threading.BoundedSemaphore(known)

    @contextmanager
    def one(self, *, known: bool) -> Iterator[None]:
        """Have a place for as long as the ``with`` lasts.

        Parameters
        ----------
        known : bool
            Whether whoever tries is signed in, or was before by the same browser.

        Raises
        ------
        LoginRefused
            If there is none: the same for every name, since nobody has looked at it.
        """
        places = self._known if known else self._strangers
        if not places.acquire(blocking=False):
            raise LoginRefused(_BUSY, retry_after=_AGAIN_AFTER)
        try:
            yield
        finally:
            places.release()


class Hasher:
    """Hashes passwords, a few at a time.

    Parameters
    ----------
    cost : Cost
    turns : semaphore, optional
        One for all of a process unless given.
    places : Places, optional
        Those of a process unless given.
    patience : float
        Seconds.

    Attributes
    ----------
    places : Places
        Taken for a whole try, since it waits for the database too.
    """

    def __init__(
        self,
        cost: Cost = Cost(),  # noqa: B008 - a tuple, which nobody can change
        *,
        turns: threading.Semaphore | None = None,
        places: Places | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._argon2 = Argon2(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._nobodys = _of_no_password(cost)
        self._turns = _TURNS if turns is None else turns
        self.places = _PLACES if places is None else places
        self._patience = patience

    def hash(self, password: str) -> str:
        """What is kept of a password.

        Raises
        ------
        LoginRefused
            If too many others are hashed at this moment.
        """
        with self._turn():
            return self._argon2.hash(_normal(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether this is the password of which `kept` was kept.

        Where nothing was kept it takes as long, and is false.

        Raises
        ------
        LoginRefused
            If too many others are hashed at this moment.
        """
        # No longer one was ever accepted; to hash it would only take longer than another.
        told = _normal(password)
        fits = len(told) <= LONGEST
        with self._turn():
            same = self._same(kept or self._nobodys, told if fits else "")
        return same and fits and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made at another cost than is asked for now."""
        return self._argon2.check_needs_rehash(kept)

    def _same(self, kept: str, told: str) -> bool:
        try:
            return self._argon2.verify(kept, told)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as problem:
            if str(problem) == _NO_MEMORY:
                raise
            _LOG.error("password_unreadable", problem=str(problem))
            return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._patience):
            raise LoginRefused(_BUSY, retry_after=self._patience)
        try:
            yield
        except Argon2Error as problem:
            # As where there is no memory left for it.
            _LOG.error("password_not_hashed", problem=str(problem))
            raise LoginRefused(_BUSY, retry_after=self._patience) from problem
        finally:
            self._turns.release()


_TURNS = threading.BoundedSemaphore(AT_ONCE)
_PLACES = Places()


def _of_no_password(cost: Cost) -> str:
    """What might have been kept of a password, and was not: nothing is hashed to this."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"


def _normal(password: str) -> str:
    """The same letters as the same bytes, whatever keyboard they come from."""
    # A keyboard's half of a pair of surrogates is no letter, and could not be written as bytes.
    whole = password.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", whole)


# ---------------------------------------------------------------- which are good enough

# Letters and digits that nobody takes for one another.
_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 5, 4


def new_password() -> str:
    """A password for the first time, fit to be read out: 99 random bits."""
    groups = ("".join(secrets.choice(_PLAIN) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def check_password(password: str, *, name: str) -> None:
    """Refuse a password that others would guess.

    Parameters
    ----------
    password : str
    name : str
        Whose it is to be.

    Raises
    ------
    InvalidInput
        Saying what is wrong with it; the text holds nothing of it.
    """
    told = _normal(password)
    if len(told) < SHORTEST:
        raise InvalidInput(
            f"a password has {SHORTEST} letters or more: a few words that only you put together"
        )
    if len(told) > LONGEST:
        raise InvalidInput(f"a password has {LONGEST} letters at most")
    if not told.isprintable():
        raise InvalidInput("a password has no letters that cannot be shown")
    plain = told.casefold()
    if _is_mostly(name, plain):
        raise InvalidInput("that password is little more than your name: take another one")
    if _repeats(plain) or _goes_on(plain):
        raise InvalidInput("that password repeats itself, or only goes on: take another one")
    if _is_common(plain):
        raise InvalidInput("that password is one of the most common: take another one")


_LEFT_WITHOUT_NAME = 8
_FEWEST_LETTERS = 5
_LONGEST_UNIT = 6
_FEWEST_TURNS = 5
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_NEIGHBOURS = frozenset(pair for row in _ROWS for pair in pairwise(row)) | frozenset(
    pair for row in _ROWS for pair in pairwise(reversed(row))
)


def _is_mostly(name: str, plain: str) -> bool:
    return name in plain and len(plain.replace(name, "")) < _LEFT_WITHOUT_NAME


def _repeats(plain: str) -> bool:
    if len(set(plain)) < _FEWEST_LETTERS:
        return True
    units = (plain[:size] for size in range(1, _LONGEST_UNIT + 1))
    return any((unit * len(plain))[: len(plain)] == plain for unit in units)


def _goes_on(plain: str) -> bool:
    """Whether nearly every letter follows from the one before: abc, 321, qwert, aaa."""
    turns = sum(not _follows(one, other) for one, other in pairwise(plain))
    return turns < _FEWEST_TURNS


def _follows(one: str, other: str) -> bool:
    return abs(ord(other) - ord(one)) <= 1 or (one, other) in _NEIGHBOURS


# Of published lists of the most common passwords, those words of which long ones are made.
_COMMON = frozenset(
    """
    abc access admin administrator adobe alexander amanda andrew angel angels anthony apple april
    ashley august autumn azerty babygirl bailey banana baseball basketball batman berlin bitcoin
    blink brandon buster butterfly canada change changeme charlie cheese chelsea chocolate company
    computer cookie crypto daniel december default diamond dragon elizabeth ethereum facebook
    family february flower football forever freedom friday friend friends george ginger google
    guest hannah happy hello hockey hunter iloveyou internet january jennifer jessica jesus jordan
    joshua july june justin killer letmein liverpool login london love lovely lover loveyou maggie
    manchester march martin master matthew maverick melissa mercedes michael michelle monday monkey
    morgan mustang my naruto nicole november october office officer orange pass passphrase passw
    password passwort paris pepper please pokemon princess purple qazwsx qwerty qwertz rangers
    robert root samsung saturday scooter seawall secret security september server shadow sierra
    silver slipknot snoopy soccer spider spring starwars summer sunday sunshine superman superstar
    sweet system taylor temp temporary test thomas thunder thursday tigger tinkerbell trader
    trading tree trustno tuesday user victoria wednesday welcome whatever whiskey william william
    winter word work world yankees you zxcvbn
    """.split()
)
_INSTEAD = str.maketrans("0134578@$!", "oieastbasi")
_MOST_WORDS = 3


def _is_common(plain: str) -> bool:
    """Whether it is a common word or a few, whatever digits and signs stand around and within."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    joined = re.sub(r"[\W_]+", "", core.translate(_INSTEAD))
    return not joined or _words_in(joined) <= _MOST_WORDS


@lru_cache(maxsize=1)
def _lengths() -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in _COMMON}))


def _words_in(joined: str) -> int:
    """How few common words, one after another, it is made of; more than its letters if of none."""
    none = len(joined) + 1
    fewest = [0] + [none] * len(joined)
    for end in range(1, len(joined) + 1):
        for size in _lengths():
            if size <= end and joined[end - size : end] in _COMMON:
                fewest[end] = min(fewest[end], fewest[end - size] + 1)
    return fewest[-1]
