"""Under which address the pages are served, and whether a page of this very server asks.

A page elsewhere can make a browser on this machine post to it, or point its own name at this
machine. Browsers say which name they asked for and where a post comes from, and no script can
change what they say.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from flask import Request, current_app

from risk.domain.hosts import is_address, is_this_machine

SITE_EXTENSION = "seawall_site"

_OWN = ("same-origin", None)
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARDING = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Under which names the pages are served, and whether through a proxy.

    Attributes
    ----------
    host : str
        Address on which the server listens.
    url : str or None
        By which people reach it through a proxy, such as ``https://risk.example``; then it is the
        only one that is answered. None where nothing stands between.
    """

    host: str = "127.0.0.1"
    url: str | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers speak TLS with it."""
        return self.url is not None

    def answers(self, request: Request) -> bool:
        """Whether it may be asked under this name, by this line."""
        if self.url is not None:
            return request.host.lower() in _hosts_of(self.url)
        return not forwarding(request) and self._is_own_name(name_of(request.host))

    def _is_own_name(self, name: str) -> bool:
        if name in _LOOPBACK_HOSTS:
            return True
        if is_this_machine(self.host):
            return name == self.host
        # A name can be pointed anywhere by whoever owns it; an address cannot.
        return name == self.host or (_is_any(self.host) and is_address(name))

    def origin(self, request: Request) -> str:
        """Whence a browser says that pages of ours are."""
        return self.url or request.host_url.rstrip("/")

    def place(self, request: Request) -> str:
        """The address of whoever asks, as far as it is known."""
        peer = request.remote_addr or ""
        if self.url is None or not is_this_machine(peer):
            return peer
        # The last one was added by our proxy; those before it are whatever the asker wrote.
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return told if is_address(told) else peer


def running_site() -> Site:
    """The site of the running application."""
    return cast(Site, current_app.extensions[SITE_EXTENSION])


def is_loopback(request: Request) -> bool:
    """Whether this machine was asked by one of its own names, and not through a proxy."""
    return name_of(request.host) in _LOOPBACK_HOSTS and not forwarding(request)


def forwarding(request: Request) -> list[str]:
    """Headers by which a proxy says that it asks for others."""
    return [name for name in _FORWARDING if name in request.headers]


def name_of(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).strip("[]").lower()


def is_foreign(request: Request) -> bool:
    """Whether the browser says that another site's page sent it; False if it says nothing."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site") not in _OWN and request.method == "POST":
        return True
    return origin is not None and origin != running_site().origin(request)


def is_own(request: Request) -> bool:
    """Whether the browser says that a page of this server sent it: what changes anything needs."""
    here = running_site().origin(request)
    return request.headers.get("Origin") == here and not is_foreign(request)


def _hosts_of(url: str) -> tuple[str, ...]:
    """How a Host header may say it: the usual port may be named or not."""
    parts = urlsplit(url)
    return (parts.netloc,) if parts.port else (parts.netloc, f"{parts.netloc}:443")


def _is_any(host: str) -> bool:
    return is_address(host) and ip_address(host).is_unspecified
