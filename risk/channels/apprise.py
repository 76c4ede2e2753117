"""Mail, chats, pagers and some hundred other services, through Apprise.

An address of Apprise holds the service's secrets. It is never shown: not in an error, not in the
log, and not in what the library itself has to say. And it may name any host: which of them are
asked is :mod:`risk.channels.reach`'s business.
"""

import difflib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from risk.channels.reach import PERMITTED, Place, Reach, looked_up_soon
from risk.domain.events import Severity
from risk.domain.notices import Notice
from risk.errors import ChannelFailed, SettingInvalid

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult

_SETTING = "SEAWALL_NOTIFY_URLS"
_HOSTS_SETTING = "SEAWALL_NOTIFY_HOSTS"
#: Services of this machine itself, some of which start programs; and one that asks in a thread of
#: its own, where nobody sees whom.
REFUSED_SERVICES = frozenset(
    "blink1 dbus gio glib gnome kde macosx qt syslog windows xmpp xmpps".split()
)
#: Seconds to connect and to wait for an answer, unless the address gives its own.
_TIMEOUTS = {"cto": 4, "rto": 8}
#: Shorter parts of an address are no secrets, and would tear words apart.
_SHORTEST_SECRET = 4
_BETWEEN_PARTS = re.compile(r"[/:@?&=#,\s]+")
_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}


class AppriseChannel:
    """Delivers to one address of Apprise: a `Channel`.

    Parameters
    ----------
    name : str
    url : str
        With its secrets.
    service : Apprise
        That was given this address, and accepted it.
    reach : Reach
        Whom it may ask.
    """

    def __init__(self, name: str, url: str, service: "Apprise", reach: Reach) -> None:
        self.name = name
        self._url = url
        self._service = service
        self._reach = reach

    def deliver(self, notice: Notice) -> None:
        """Hand a notice over to the service.

        Raises
        ------
        ChannelFailed
            If the service did not take it, or may not be asked.
        """
        with self._reach.watched() as watch:
            answer = self._service.notify(
                title=notice.subject,
                body=notice.body,
                notify_type=_TYPES[notice.severity],
                body_format="text",
            )
        if watch.refused is not None:
            raise ChannelFailed(f"not asked: {_leads(watch.refused)}")
        if not bool(answer):
            raise ChannelFailed(_without_secrets(_told(answer), self._url))


def apprise_channels(urls: Sequence[str], hosts: Sequence[str] = ()) -> tuple[AppriseChannel, ...]:
    """One channel for each address, named after its service.

    Parameters
    ----------
    urls : sequence of str
    hosts : sequence of str
        Those that may lie on this machine or in its network.

    Raises
    ------
    SettingInvalid
        If Apprise does not accept one of them, or it leads to where no notice may go.
    """
    reach = Reach(hosts)
    made = [
        _channel(name, url, place, reach) for place, (name, url) in enumerate(_names(urls), start=1)
    ]
    _refuse_unreachable([asked for _, asked in made], reach)
    return tuple(channel for channel, _ in made)


def _refuse_unreachable(asked: Sequence[Sequence[str]], reach: Reach) -> None:
    """By what names mean now; each notice looks again. A name server that is silent refuses none.

    Parameters
    ----------
    asked : sequence of sequence of str
        Hosts of each address, in order.
    reach : Reach
    """
    known = looked_up_soon(sorted({host for hosts in asked for host in hosts}))
    for number, hosts in enumerate(asked, start=1):
        for host in hosts:
            place = reach.problem(host, known.get(host, ()))
            if place is not None:
                raise _unusable(number, _leads(place))


def _unusable(number: int, why: str) -> SettingInvalid:
    return SettingInvalid(_SETTING, f"has an address that cannot be used, number {number}: {why}")


def _leads(place: Place) -> str:
    told = f"it leads {place}"
    if place not in PERMITTED:
        return f"{told}, where no notice may go"
    return f"{told}. If that is meant, name its host in {_HOSTS_SETTING}"


def apprise_names(urls: Sequence[str]) -> tuple[str, ...]:
    """The names of those channels; no address is tried."""
    return tuple(name for name, _ in _names(urls))


def _names(urls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``slack``, ``slack-2``: the same again for the same addresses, also with renewed secrets."""
    seen: Counter[str] = Counter()
    for url in urls:
        scheme = _scheme(url)
        seen[scheme] += 1
        yield (scheme if seen[scheme] == 1 else f"{scheme}-{seen[scheme]}"), url


def _channel(
    name: str, url: str, number: int, reach: Reach
) -> tuple[AppriseChannel, tuple[str, ...]]:
    """A channel, and the hosts that it would ask."""
    _keep_the_library_quiet()
    scheme = _scheme(url)
    if scheme in REFUSED_SERVICES:
        raise _unusable(number, f"{scheme}://*** is no service that notices may be sent through")
    return AppriseChannel(name, url, _service(url, number), reach), _rehearsed(url, number, reach)


def _service(url: str, number: int) -> "Apprise":
    # Not at the top: it takes a second, and most machines have no address.
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    # Without a time-out of its own it asks in the calling thread. Else it did in threads of a pool
    # that all channels share, and that Python waits for when the engine ends.
    asset = AppriseAsset(
        async_mode=False,
        service_timeout=0,
        storage_mode="memory",
        app_id="Seawall",
        # What a service is told is for it alone, not for whomever it names.
        http_redirects=False,
    )
    service = Apprise(asset=asset)
    if not service.add(_with_timeouts(url)):
        raise _unusable(number, _why_not(url))
    return service


def _rehearsed(url: str, number: int, reach: Reach) -> tuple[str, ...]:
    """Whom a notice would ask: everything is done but the asking.

    By a service of its own, since some wait between one notice and the next. An address does not
    tell: what stands in the place of a host is a secret with many services.
    """
    (service,) = _service(url, number)
    # Whatever a service makes of it that nobody answers.
    with reach.rehearsed() as watch, suppress(Exception):
        service.notify(title="", body="rehearsal", notify_type="failure", body_format="text")
    if not watch.hosts:
        raise _unusable(number, f"{_scheme(url)}://*** asks nobody in a network")
    return tuple(watch.hosts)


def _keep_the_library_quiet() -> None:
    """What it logs may hold parts of an address; what is worth saying of a failure, we say."""
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def _with_timeouts(url: str) -> str:
    missing = [f"{key}={value}" for key, value in _TIMEOUTS.items() if f"{key}=" not in url]
    if not missing:
        return url
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(missing)}"


def _why_not(url: str) -> str:
    from apprise import NotificationManager  # noqa: PLC0415

    services = NotificationManager()  # type: ignore[no-untyped-call]
    scheme, known = _scheme(url), sorted(services.schemas())  # type: ignore[no-untyped-call]
    if scheme in known:
        return f"{scheme}://*** lacks something that {scheme} needs, or has it in the wrong place"
    near = difflib.get_close_matches(scheme, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{scheme}://*** is of no service that Apprise knows{hint}"


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _told(answer: "AppriseResult") -> str:
    """What the library has to say about a failure, in one line."""
    said = dict.fromkeys(entry.message for entry in answer.logs() if entry.level != "DEBUG")
    return " ".join(said) or "the service did not take it, and did not say why"


def _without_secrets(text: str, url: str) -> str:
    parts = set(_BETWEEN_PARTS.split(url.partition("://")[2]))
    for part in sorted(parts | {unquote(part) for part in parts}, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    return text
