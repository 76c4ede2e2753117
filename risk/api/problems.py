"""Refusals on the wire: a short code and one sentence, as JSON, whatever went wrong."""

from collections.abc import Mapping

import msgspec

from risk.domain.messages import Problem

JSON = b"application/json"
#: Seconds after which asking again may help, where nobody can say it better.
TRY_AGAIN = 1

_encoder = msgspec.json.Encoder()


class Refused(Exception):
    """A request that gets no answer.

    Parameters
    ----------
    status : int
        Of HTTP.
    error : str
        A short code.
    message : str
        One sentence.
    headers : mapping of str to str, optional
    """

    def __init__(
        self, status: int, error: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        """The JSON that says it."""
        return _encoder.encode(Problem(error=self.error, message=str(self)))


def not_found(path: str) -> Refused:
    """No such path."""
    return Refused(404, "unknown_path", f"nothing is at {path[:200]!r}; see /api/v1/openapi.json")


def wrong_method(method: str, allowed: str) -> Refused:
    """A path that does not know the method."""
    return Refused(
        405, "unknown_method", f"{method} is not possible here, only {allowed}", {"allow": allowed}
    )


def bad_body(message: str) -> Refused:
    """A body that cannot be used."""
    return Refused(400, "bad_body", message)


def bad_parameter(message: str) -> Refused:
    """A part of the address that cannot be used."""
    return Refused(400, "bad_parameter", message)


def not_allowed(message: str) -> Refused:
    """A key that may not."""
    return Refused(403, "not_allowed", message)


def try_again(status: int, error: str, message: str, *, after: float = TRY_AGAIN) -> Refused:
    """What may go through a little later."""
    return Refused(status, error, message, {"retry-after": str(max(1, round(after)))})


def no_authority() -> Refused:
    """Nobody rules over the portfolio here now."""
    return try_again(
        503, "no_authority", "no authority is at work here now: it stands by, or is starting"
    )


def broken() -> Refused:
    """A fault of ours; its cause is in the log only."""
    return Refused(500, "internal", "something went wrong in Seawall; its log says what")
