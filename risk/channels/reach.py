"""Where a notice may go: out into the world, and nowhere else unless somebody said so.

An address of a service that leads to this machine, into its network, or to where a cloud keeps a
machine's secrets would let whoever may write one setting ask programs that trust their neighbours.
What is looked at is each connection at the moment it is made, by Python's own audit events: names
may mean something else by then, and a service may send on to somewhere else. See
docs/decisions/reach.md.
"""

import ipaddress
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from queue import Empty, SimpleQueue
from typing import Any

IPAddress = IPv4Address | IPv6Address

#: Seconds for looking names up at the start: an engine does not wait for a name server.
PATIENCE = 2.0


class Place(StrEnum):
    """Where an address leads that lies not out in the world, as the end of a sentence."""

    HERE = "to this machine itself"
    WITHIN = "into a private network"
    SECRETS = "to where a cloud keeps secrets of its machines, or to a link of this machine alone"
    MANY = "to many machines at once, or to none"
    NO_NETWORK = "to no machine in a network"


#: What somebody who names the host may mean by it; of the rest nobody can mean anything good.
PERMITTED = frozenset({Place.HERE, Place.WITHIN})

# Beside link-local addresses, of which 169.254.169.254 is the best known. Some lie in ranges that
# count as public or private.
_SECRETS = frozenset(
    ipaddress.ip_address(each)
    for each in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
# An address of IPv4 in its last 32 bits, for networks that know IPv6 alone.
_TRANSLATED = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("::/96"),
)

_LOOKED_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_SENT = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_PROGRAMS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"}
)


class Unreachable(OSError):
    """A connection that may not be made; for the library it is one that failed."""


def place_of(address: IPAddress) -> Place | None:
    """Where an address leads; None if out into the world.

    Parameters
    ----------
    address : IPv4Address or IPv6Address
    """
    within = _within(address)
    if within is not None:
        return place_of(within)
    if address in _SECRETS or address.is_link_local:
        return Place.SECRETS
    if address.is_multicast or address.is_unspecified or address == IPv4Address("255.255.255.255"):
        return Place.MANY
    if address.is_loopback:
        return Place.HERE
    return None if _is_global(address) else Place.WITHIN


def _within(address: IPAddress) -> IPv4Address | None:
    """The address of IPv4 that one of IPv6 stands for, if it does."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_global(address: IPAddress) -> bool:
    return address.is_global and not (isinstance(address, IPv6Address) and address.is_site_local)


class Reach:
    """Which hosts a channel may ask.

    Parameters
    ----------
    hosts : collection of str
        Those that may lie on this machine or in its network.
    """

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        self._hosts = frozenset(map(_plain, hosts))

    def problem(self, host: str, addresses: Sequence[IPAddress]) -> Place | None:
        """Where a host leads that it may not lead; None if it may be asked.

        Parameters
        ----------
        host : str
        addresses : sequence of IPv4Address or IPv6Address
            All that its name stands for.
        """
        for place in map(place_of, addresses):
            if place is not None and not (place in PERMITTED and _plain(host) in self._hosts):
                return place
        return None

    @contextmanager
    def watched(self) -> Iterator["Watch"]:
        """What this thread does meanwhile connects only where it may, and starts no program."""
        with _watching(Watch(self)) as watch:
            yield watch

    @contextmanager
    def rehearsed(self) -> Iterator["Watch"]:
        """As `watched`, without any connection or look-up: it tells whom it would have asked."""
        with _watching(Watch(self, rehearses=True)) as watch:
            yield watch


class Watch:
    """What one thread tried to reach.

    Attributes
    ----------
    hosts : list of str
        Whose names were looked up.
    refused : Place or None
        Where it tried to go and may not, the first time.
    """

    def __init__(self, reach: Reach, *, rehearses: bool = False) -> None:
        self._reach = reach
        self._rehearses = rehearses
        self.hosts: list[str] = []
        self.refused: Place | None = None

    def heed(self, event: str, told: Any) -> None:
        """Look at something that is about to be done.

        Raises
        ------
        Unreachable
            If it may not be.
        """
        if event in _LOOKED_UP:
            self._look_up(_text(told[0]))
        elif event in _SENT and told[1] is not None:  # None: to where it is connected already
            self._connect(told[1])
        elif event in _PROGRAMS:
            self._refuse(Place.NO_NETWORK)

    def _look_up(self, host: str) -> None:
        self.hosts.append(host)
        if self._rehearses:
            raise Unreachable("only a rehearsal")

    def _connect(self, address: Any) -> None:
        if not isinstance(address, tuple):  # a path: a socket of this machine
            self._refuse(Place.NO_NETWORK)
            return
        host = _text(address[0])
        if self._rehearses:
            self._look_up(host)
        literal = _literal(host)
        # A name that is sent to as it is: Python has looked it up, and does not tell what it found.
        found = looked_up(host) if literal is None else [literal]
        if not found:
            self._refuse(Place.NO_NETWORK)
        # A connection follows the look-up of its name.
        name = self.hosts[-1] if literal is not None and self.hosts else host
        place = self._reach.problem(name, found)
        if place is not None:
            self._refuse(place)

    def _refuse(self, place: Place) -> None:
        self.refused = self.refused or place
        raise Unreachable(f"refused: it leads {place}")


def looked_up(host: str) -> list[IPAddress]:
    """All addresses of a host; none if it has none, or nobody can tell now."""
    literal = _literal(host)
    if literal is not None:
        return [literal]
    unwatched = _WATCH.set(None)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    finally:
        _WATCH.reset(unwatched)
    return [address for each in found if (address := _literal(str(each[4][0]))) is not None]


def looked_up_soon(
    hosts: Sequence[str], *, patience: float = PATIENCE
) -> dict[str, list[IPAddress]]:
    """The same of several hosts at once; those for which a name server hangs are left out.

    Parameters
    ----------
    hosts : sequence of str
    patience : float
        Seconds for all of them together.
    """
    told: SimpleQueue[tuple[str, list[IPAddress]]] = SimpleQueue()

    def look(host: str) -> None:
        told.put((host, looked_up(host)))

    for host in hosts:
        threading.Thread(target=look, args=(host,), name="look-up", daemon=True).start()
    deadline = time.monotonic() + patience
    found: dict[str, list[IPAddress]] = {}
    for _ in hosts:
        try:
            host, addresses = told.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        found[host] = addresses
    return found


# --- the audit -----------------------------------------------------------------------------

_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def _watching(watch: Watch) -> Iterator[Watch]:
    _listen()
    before = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(before)


@cache
def _listen() -> None:
    """Once for the process, and for good: Python has no way back from it."""
    sys.addaudithook(_heard)


# Its default argument outlives the module's names, which Python takes away at its end.
def _heard(event: str, told: Any, current: Any = _WATCH.get) -> None:
    watch = current()
    if watch is not None:
        watch.heed(event, told)


def _text(name: Any) -> str:
    if isinstance(name, bytes | bytearray):
        return name.decode("ascii", "replace")
    return "" if name is None else str(name)


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
