"""How long whoever was wrong too often must wait: a pure answer from the tries that failed.

Three counters hold strangers: one of a name from one place, one of a place, one of a name from
wherever. Whoever signed in before by the same browser, or is signed in, has a counter of his own
and is held by no other: nobody can keep an officer out by trying his name (OWASP, device cookies).
A name that nobody has waits like any other.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.domain.people_store import Failure

#: Tries older than this count no more.
WINDOW = timedelta(hours=24)
#: After the first try too many; doubled with each other one, up to the longest.
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
#: Wrong tries until somebody waits.
OF_A_DEVICE = 5
OF_A_NAME_FROM_A_PLACE = 5
OF_A_NAME = 10
OF_A_PLACE = 20

_NO_WAIT = timedelta(0)
_LONGEST_PLACE = 64
_IPV6_NETWORK = 64


class _Counter(NamedTuple):
    tries: list[datetime]
    until: int


def wait_of(tried: Failure, failures: Sequence[Failure]) -> timedelta:
    """How long whoever tries must wait from now on; nothing if he need not.

    Parameters
    ----------
    tried : Failure
        Who tries what, whence and when.
    failures : sequence of Failure
        That are known of the name and of the place, in the order of time.
    """
    # What seems to lie far ahead was written before the clock was set back.
    recent = [
        one
        for one in failures
        if tried.at - WINDOW < one.at <= tried.at + LONGEST_WAIT and one.device == tried.device
    ]
    counters = _of_a_device(tried, recent) if tried.device else _of_a_stranger(tried, recent)
    return max(_left(counter, tried.at) for counter in counters)


def _of_a_device(tried: Failure, recent: Sequence[Failure]) -> list[_Counter]:
    return [_Counter([one.at for one in recent if one.name == tried.name], OF_A_DEVICE)]


def _of_a_stranger(tried: Failure, recent: Sequence[Failure]) -> list[_Counter]:
    of_name = [one for one in recent if one.name == tried.name]
    # Without a place, everybody would be in the same.
    from_place = [one for one in recent if tried.place and one.place == tried.place]
    both = [one for one in of_name if one.place == tried.place]
    return [
        _Counter([one.at for one in both], OF_A_NAME_FROM_A_PLACE),
        _Counter([one.at for one in of_name], OF_A_NAME),
        _Counter([one.at for one in from_place], OF_A_PLACE),
    ]


def _left(counter: _Counter, at: datetime) -> timedelta:
    beyond = len(counter.tries) - counter.until
    if beyond < 0:
        return _NO_WAIT
    doubled = min(beyond, 10)  # more is longer than the longest
    wait = min(FIRST_WAIT * (1 << doubled), LONGEST_WAIT)
    return min(wait, max(_NO_WAIT, max(counter.tries) + wait - at))


def network_of(place: str) -> str:
    """A place as tries are counted: of IPv6 the network, since one person has all of it."""
    try:
        address = ipaddress.ip_address(place.strip())
    except ValueError:
        return place.strip()[:_LONGEST_PLACE]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _IPV6_NETWORK), strict=False))
