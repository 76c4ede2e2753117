"""Scripts and styles on their way to the browser: compressed once, kept while they hold."""

from functools import lru_cache

import brotli
from dash.fingerprint import check_fingerprint
from flask import Request, Response, request

_SUITES = "/_dash-component-suites/"
_ASSETS = "/assets/"

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_NEVER = "no-store"

#: Ten per cent smaller than at 4, which suits what is compressed for each answer.
_QUALITY = 6
#: Bundles remembered; all pages together load some thirty.
_REMEMBERED = 64


def caching_of(asked: Request, status: int) -> str:
    """For how long a browser may keep an answer.

    Numbers never, bundles whose address carries a version or a time for ever; other bundles are
    asked about before they are used again.
    """
    if not _is_bundle(asked.path) or status not in (200, 304):
        return _NEVER
    return _FOR_EVER if _is_versioned(asked) else _ASK_FIRST


def _is_bundle(path: str) -> bool:
    return path.startswith((_SUITES, _ASSETS))


def _is_versioned(asked: Request) -> bool:
    if asked.path.startswith(_ASSETS):
        return "m" in asked.args
    _, fingerprinted = check_fingerprint(asked.path)
    return bool(fingerprinted)


def send_compressed(response: Response) -> Response:
    """The answer with its bundle compressed, where the browser takes brotli."""
    if (
        not _is_bundle(request.path)
        or response.status_code != 200
        or not request.accept_encodings["br"]
        or not (response.mimetype or "").startswith("text/")
    ):
        return response
    etag, _ = response.get_etag()
    response.direct_passthrough = False
    response.set_data(_compressed(response.get_data()))
    response.headers["Content-Encoding"] = "br"
    response.vary.add("Accept-Encoding")
    if etag:
        response.set_etag(f"{etag}:br")
        response.make_conditional(request)
    return response


@lru_cache(maxsize=_REMEMBERED)
def _compressed(content: bytes) -> bytes:
    """By its content, so that no address and no time can name an old bundle."""
    return bytes(brotli.compress(content, quality=_QUALITY))
