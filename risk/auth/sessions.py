"""What a login is, how long it lasts, and how its token is made. Pure, but for the random bits."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.auth.keys import hash_of
from risk.domain.actors import Role, Via
from risk.domain.people import Login, Setup
from risk.domain.people_store import Account, KeptLogin, LoginRecord

#: A login ends so long after it began, whatever its person does.
LASTS = {Via.WEB: timedelta(hours=12), Via.COMMAND_LINE: timedelta(hours=8)}
#: A browser that was left alone is signed out after so long, and sooner where it could do more. The
#: command line has nothing open that somebody else could sit down before.
IDLE = timedelta(minutes=30)
IDLE_WITH_POWER = timedelta(minutes=15)
#: How far the clock may have been set back since a login began.
_BEFORE = timedelta(minutes=5)

_TOKEN_BYTES = 32
_ID_BYTES = 8
_LONGEST_TOKEN = 200


class NewToken(NamedTuple):
    """A token, and what is kept of it."""

    token: str
    hash: bytes


def new_token() -> NewToken:
    """256 random bits that nobody has yet."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return NewToken(token, hash_of(token.encode()))


def new_csrf() -> str:
    """What a form must bring along."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_login_id() -> str:
    """A public name of a login, or of a browser."""
    return secrets.token_hex(_ID_BYTES)


def token_hash(token: str) -> bytes | None:
    """What would be kept of a token; None of what is none."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    return hash_of(token.encode("utf-8", "replace"))


def ends_of(record: LoginRecord) -> datetime:
    """When a login ends by itself."""
    return record.began + LASTS[record.via]


def is_alive(kept: KeptLogin, at: datetime) -> bool:
    """Whether a login still opens something."""
    record, account = kept
    if record.ended is not None or account.person.disabled is not None:
        return False
    return record.began - _BEFORE <= at < min(ends_of(record), _idle_until(record, account))


def _idle_until(record: LoginRecord, account: Account) -> datetime:
    if record.via is Via.COMMAND_LINE:
        return ends_of(record)
    has_power = account.person.role in (Role.OFFICER, Role.ADMIN)
    return record.seen + (IDLE_WITH_POWER if has_power else IDLE)


def login_of(kept: KeptLogin) -> Login:
    """A login as everybody else knows it."""
    record, account = kept
    return Login(
        id=record.id,
        person=account.person,
        via=record.via,
        began=record.began,
        seen=record.seen,
        proven_at=record.proven_at,
        ends=ends_of(record),
        csrf=record.csrf,
        setup=account.person.setup or ((Setup.SECOND_FACTOR,) if record.weak else ()),
        place=record.place,
    )
