"""Whether a request comes from a page of this very server.

A page elsewhere can make a browser on this machine post to it. Browsers say where a post comes
from, and no script can change what they say.
"""

from flask import Request

_OWN = ("same-origin", None)


def is_foreign(request: Request) -> bool:
    """Whether the browser says that another site's page sent it; False if it says nothing."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site") not in _OWN and request.method == "POST":
        return True
    return origin is not None and origin != _here(request)


def is_own(request: Request) -> bool:
    """Whether the browser says that a page of this server sent it: what changes anything needs."""
    return request.headers.get("Origin") == _here(request) and not is_foreign(request)


def _here(request: Request) -> str:
    return request.host_url.rstrip("/")
