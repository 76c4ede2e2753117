"""What both transports share: how a request is dressed, and what an error of the network means."""

import ssl
from collections.abc import Mapping
from typing import Any

import httpcore2
import httpx2

from risk.client.flows import TOO_LATE, Call, Heard, Lost, Open, Reply

# More than any book fills; what is longer is not from Seawall.
MOST_BYTES = 8 * 1024 * 1024
#: The stream keeps one connection, and threads or tasks of an agent share the others.
LIMITS = httpx2.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0)
STREAM_OVER = Lost("the stream has ended", reached=True)

_NEVER_LEFT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)


class TooLong(Exception):
    """A reply is longer than anything that Seawall sends."""


#: Every way in which the network fails.
TROUBLE = (
    httpx2.HTTPError,
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    OSError,
    TooLong,
)


def trust_for(url: str) -> ssl.SSLContext:
    """Whom to believe: the machine's authorities, and nobody where nothing is encrypted.

    Parameters
    ----------
    url : str
    """
    if url.startswith("https:"):
        return httpx2.create_ssl_context()
    # Reading hundreds of certificates takes longer than an agent waits for its first answer.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def options(url: str, key: str) -> Mapping[str, Any]:
    """Arguments of either kind of httpx2 client.

    Parameters
    ----------
    url, key : str
    """
    return {
        "base_url": url,
        "headers": {
            "authorization": f"Bearer {key}",
            "accept": "application/json",
            # A compressed reply would only cost time on the way to a machine next door.
            "accept-encoding": "identity",
            "user-agent": "seawall-client",
        },
        # No proxy from the environment gets between an order and its answer.
        "trust_env": False,
        "follow_redirects": False,
    }


def request_of(call: Call) -> Mapping[str, Any]:
    """Arguments of a request."""
    json = {"content-type": "application/json"} if call.body is not None else {}
    return {"method": call.method, "url": call.path, "content": call.body, "headers": json}


def stream_of(effect: Open) -> Mapping[str, Any]:
    """Arguments of the stream of events."""
    resume = {"last-event-id": effect.last_id} if effect.last_id else {}
    return {
        "url": effect.path,
        "headers": resume,
        "timeout": httpx2.Timeout(5.0, read=effect.silence),
    }


def reply_of(response: httpx2.Response, body: bytes) -> Reply:
    """A whole reply."""
    return Reply(response.status_code, body, _seconds(response.headers.get("retry-after")))


def longer(body: bytearray, part: bytes) -> None:
    """Add to what has come so far.

    Raises
    ------
    TooLong
    """
    if len(body) + len(part) > MOST_BYTES:
        raise TooLong
    body += part


def heard(event: httpx2.ServerSentEvent) -> Heard:
    """An event of the stream in our words."""
    return Heard(event.id, event.event, event.data)


def not_a_stream(response: httpx2.Response) -> Lost | None:
    """Why the reply to opening the stream is none."""
    if response.status_code == httpx2.codes.OK:
        return None
    return Lost(f"Seawall replied with {response.status_code}", reached=True)


def lost_to(error: Exception) -> Lost:
    """What one of `TROUBLE` means to who waits for an answer."""
    if isinstance(error, TooLong):
        return Lost("it is longer than any answer", reached=True)
    reached = not isinstance(error, _NEVER_LEFT)
    if isinstance(error, httpx2.ConnectError):
        return Lost(f"Seawall cannot be reached{_at(error)} ({error})", reached)
    if isinstance(error, httpx2.TimeoutException | httpcore2.TimeoutException | TimeoutError):
        return Lost(TOO_LATE.problem, reached)
    return Lost(f"the connection broke ({str(error) or type(error).__name__})", reached)


def _at(error: httpx2.ConnectError) -> str:
    """Where it was looked for: another port than the engine's is the likeliest mistake."""
    try:
        url = error.request.url
    except RuntimeError:  # it belongs to no request
        return ""
    return f" at {url.scheme}://{url.netloc.decode()}"


def _seconds(value: str | None) -> float | None:
    # The other form of the header, a date, is not used by Seawall.
    return float(value) if value is not None and value.isascii() and value.isdigit() else None
