"""By which name the server may be asked: a page of another site must not reach it by a trick.

A name that somebody else owns may be made to point to this machine (DNS rebinding); a browser then
believes that page and server are one. The Host header tells.
"""

from risk.api.problems import Refused
from risk.domain.hosts import is_this_machine

_REMEMBERED = 1_000


class Hosts:
    """The names under which the server may be asked.

    Parameters
    ----------
    more : frozenset of str
        Names beside ``localhost`` and the loopback addresses, without ports.
    """

    def __init__(self, more: frozenset[str] = frozenset()) -> None:
        self._more = frozenset(name.lower() for name in more)
        self._good: set[bytes] = set()

    def require_known(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Refuse a request that was sent to another name.

        Raises
        ------
        Refused
        """
        named = [value for name, value in headers if name == b"host"]
        if len(named) == 1:
            if named[0] in self._good:
                return
            name = _name_in(named[0])
            if name in self._more or is_this_machine(name):
                if len(self._good) < _REMEMBERED:
                    self._good.add(named[0])
                return
        raise Refused(
            421,
            "wrong_host",
            "Seawall answers only under names of this machine, such as 127.0.0.1 or localhost",
        )


def _name_in(header: bytes) -> str:
    """The name in a Host header, without its port."""
    text = header.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
