"""The second factor: codes of six digits that change every half minute (RFC 6238).

A code is good for its own step of time and the ones beside it, since clocks differ, and only once:
whoever looked over a shoulder comes too late.
"""

import hmac
from datetime import datetime

import pyotp

#: Seconds.
STEP = 30
#: Steps either way.
WINDOW = 1
_DIGITS = 6
_ISSUER = "Seawall"


def new_secret() -> str:
    """A secret that nobody has yet: 160 random bits, as a person can type it."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """What a picture shows to a person's own device, so that nothing has to be typed."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def accepted_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The step of time that a code belongs to; None where it is not to be accepted.

    Parameters
    ----------
    secret, code : str
    at : datetime
        Wall time. UTC.
    after : int
        The last step of which a code was accepted.
    """
    told = "".join(code.split())
    now = int(at.timestamp()) // STEP
    codes = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP)
    found = None
    # All of them each time: how long it takes tells nothing of which one it was.
    for step in range(now - WINDOW, now + WINDOW + 1):
        same = hmac.compare_digest(codes.at(step * STEP).encode(), told.encode("utf-8", "replace"))
        if same and step > after:
            found = step
    return found
