"""What one endpoint is, and the way of every request: who asks, what was sent, what is answered.

To add an endpoint, describe it as an `Operation` in the module of its resource, and name that in
`risk.api.resources`: routing and the OpenAPI document follow from it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from risk.api.bodies import decoder_of, parameters_of, read_body
from risk.api.desk import Desk
from risk.api.hub import Hub, Pace
from risk.api.problems import (
    JSON,
    Refused,
    bad_parameter,
    broken,
    no_authority,
    not_allowed,
    try_again,
)
from risk.api.rates import Buckets
from risk.api.sight import Sight
from risk.api.strain import Strain
from risk.api.tally import Tally
from risk.domain.gate import Gate, GateView
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.messages import LONGEST_NAME
from risk.errors import (
    FillRefused,
    GateClosed,
    InvalidInput,
    LeaseSettled,
    LeaseUnknown,
    ListRefused,
    OrderUnknown,
    ReductionUnknown,
    SeawallError,
    StoreUnavailable,
)

_LOG = structlog.get_logger(__name__)

#: What a key needs to read the book.
READERS = frozenset({KeyAbility.READ})
#: What a key may report is so many times what it may ask: an order is filled in parts, or ends.
REPORTS_AN_ORDER = 2.0
_PARAMETERS_AT_MOST = 20
_encode = msgspec.json.Encoder().encode
_BEARER = b"bearer "


#: Who asks for what needs no key.
_NOBODY = ApiKey(
    id="",
    name="nobody",
    hash=b"",
    portfolios=frozenset(),
    strategies=frozenset(),
    abilities=frozenset(),
    created=datetime.min.replace(tzinfo=UTC),
)


class NoParameters(msgspec.Struct):
    """An address that ends with its path."""


class Streamed(Protocol):
    """An answer that goes on for as long as both sides like."""

    async def send_to(self, send: Send, receive: Receive) -> None:
        """Answer until one side ends it."""
        ...


class Document(NamedTuple):
    """An answer that is bytes already.

    Attributes
    ----------
    body : bytes
    media : bytes
    status : int
    """

    body: bytes
    media: bytes = JSON
    status: int = 200


#: Bytes are JSON.
Reply = bytes | msgspec.Struct | Document | Streamed


@dataclass(slots=True)
class Call:
    """One request whose sender may ask for it.

    Attributes
    ----------
    room : Room
    key : ApiKey
        Whose it is; where none is needed, one that opens nothing.
    path : mapping of str to str
        Ids in the address.
    parameters, body : Struct
        As the operation declares them.
    headers : list of tuple of bytes
    """

    room: "Room"
    key: ApiKey
    path: Mapping[str, str]
    parameters: Any
    body: Any
    headers: Iterable[tuple[bytes, bytes]]

    @property
    def desk(self) -> Desk:
        """What there is to ask."""
        return self.room.desk

    @property
    def gate(self) -> Gate:
        """The gate.

        Raises
        ------
        Refused
            If this is not the authority now.
        """
        gate = self.room.desk.gate()
        if gate is None:
            raise no_authority()
        return gate

    @property
    def view(self) -> GateView:
        """What is live.

        Raises
        ------
        Refused
            If nothing is.
        """
        view = self.room.desk.view()
        if view is None:
            raise no_authority()
        return view

    def sight(self, view: GateView | None) -> Sight:
        """What the key sees of the book; no limit while nothing is live."""
        return Sight(self.key, None if view is None else view.state.policy)


Handler = Callable[[Call], Awaitable[Reply]]

_USUAL_BODY = (400, 408, 413, 415)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes
    ----------
    method, path : str
        As in ``GET`` and ``/api/v1/orders/{client_order_id}``.
    summary : str
        One sentence.
    handle : callable
        From the call to the answer.
    abilities : frozenset of KeyAbility or None
        A key needs one of them; any key will do where there are none, and no key where None.
    answer : type
        Of the answer; bytes for what is no JSON.
    body : type or None
        Of what is sent.
    parameters : type
        Of what stands behind the path.
    problems : tuple of int
        Statuses of refusals, beside those that follow from the rest.
    media : str
    others : mapping of int to type
        Other answers that are no refusals, by status.
    bucket : str or None
        Which of the key's buckets it takes from: one of `Room.buckets`, or ``orders`` where the
        handler takes from them itself.
    """

    method: str
    path: str
    summary: str
    handle: Handler
    abilities: frozenset[KeyAbility] | None
    answer: Any
    body: type[msgspec.Struct] | None = None
    parameters: type[msgspec.Struct] = NoParameters
    problems: tuple[int, ...] = ()
    media: str = "application/json"
    others: Mapping[int, Any] = field(default_factory=dict)
    bucket: str | None = None

    @property
    def statuses(self) -> tuple[int, ...]:
        """Statuses of all refusals that it may answer with."""
        found = {400, 421, 500, *self.problems}
        if self.abilities is not None:
            found |= {401, 403}
        if self.body is not None:
            found |= set(_USUAL_BODY)
        if self.bucket is not None:
            found.add(429)
        return tuple(sorted(found))


class Room:
    """What all requests of one server share.

    Attributes
    ----------
    desk : Desk
    document : bytes
        The OpenAPI document.
    tally : Tally
        What was answered, for monitoring.
    hub : Hub
        For those who listen to events.
    strain : Strain
        Whether more orders come than can be answered in time.
    orders, claims : Buckets
        How often a key may ask about orders, and about orders that say that they only reduce: new
        risk never keeps a reduction waiting.
    buckets : mapping of str to Buckets
        The same of everything else: ``reads``, ``reports`` of what became of orders, and
        ``commands``. Each fills by itself: who floods with one of them can still do the others.
    """

    def __init__(self, desk: Desk, pace: Pace, document: bytes) -> None:
        self.desk = desk
        self.document = document
        self.tally = Tally(desk.monotonic)
        self.hub = Hub(desk, pace)
        self.strain = Strain(desk.monotonic)
        self.orders = Buckets(desk.orders_per_second, desk.monotonic)
        self.claims = Buckets(desk.orders_per_second, desk.monotonic)
        rates = {
            "reads": desk.reads_per_second,
            "reports": REPORTS_AN_ORDER * desk.orders_per_second,
            "commands": desk.reads_per_second,
        }
        self.buckets = {name: Buckets(rate, desk.monotonic) for name, rate in rates.items()}

    def close(self) -> None:
        """End all threads of it; once nothing is answered any more."""
        self.hub.free()
        self.desk.close()


class Served:
    """The operations of one path, as a server calls them."""

    def __init__(self, room: Room, operations: Iterable[Operation]) -> None:
        self._room = room
        self._by_method = {
            operation.method: _Prepared(
                operation,
                decoder_of(operation.body) if operation.body is not None else None,
            )
            for operation in operations
        }
        asked = self._by_method.get("GET")
        # The head of what never ends would never end either.
        if asked is not None and asked.operation.answer is not Streamed:
            self._by_method["HEAD"] = asked

    @property
    def methods(self) -> list[str]:
        """Methods that it knows."""
        return sorted(self._by_method)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        prepared = self._by_method[scope["method"]]
        try:
            reply = await self._reply(prepared, scope, receive)
        except Exception as error:  # noqa: BLE001 - told in words, logged where it is our fault
            await send_refused(self._room.tally, _refused(error), send)
            return
        await _send_reply(reply, scope, receive, send)

    async def _reply(self, prepared: "_Prepared", scope: Scope, receive: Receive) -> Reply:
        operation = prepared.operation
        authorization = content_type = length = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value if authorization is None else b""
            elif name == b"content-type":
                content_type = value
            elif name == b"content-length":
                length = value
        key = self._key(operation, authorization)
        body = None
        if prepared.decode is not None:
            body = prepared.decode(await read_body(receive, content_type, length))
        call = Call(self._room, key, {}, None, body, scope["headers"])
        if scope["path_params"]:
            call.path = _ids(scope["path_params"])
        if operation.abilities is not None:
            call.parameters = _parameters(operation, scope["query_string"])
        return await operation.handle(call)

    def _key(self, operation: Operation, authorization: bytes | None) -> ApiKey:
        if operation.abilities is None:
            return _NOBODY
        desk = self._room.desk
        key = find_key(desk, authorization)
        if operation.abilities and key.abilities.isdisjoint(operation.abilities):
            needed = " or ".join(sorted(operation.abilities))
            raise not_allowed(f"this key lacks the ability {needed}")
        bucket = self._room.buckets.get(operation.bucket or "")
        if bucket is not None:
            bucket.take(key.id)
        return key


class _Prepared(NamedTuple):
    """An operation with what reads its bodies."""

    operation: Operation
    decode: Callable[[bytes], msgspec.Struct] | None


def find_key(desk: Desk, authorization: bytes | None) -> ApiKey:
    """Whose key a request carries.

    Raises
    ------
    Refused
        If it carries none that opens this portfolio.
    """
    if authorization is None:
        raise _no_key("no_key", "a key is needed: send Authorization: Bearer KEY")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise _no_key("no_key", "one key is needed, as Authorization: Bearer KEY")
    key = desk.keys.find(authorization[len(_BEARER) :].strip())
    if key is None:
        raise _no_key("unknown_key", "this key opens nothing: it is unknown or was revoked")
    if desk.portfolio not in key.portfolios:
        raise not_allowed("this key is for another portfolio than the one that answers here")
    return key


def _no_key(error: str, message: str) -> Refused:
    return Refused(401, error, message, {"www-authenticate": "Bearer"})


def require_strategy(key: ApiKey, strategy: str) -> None:
    """Refuse a key that is not for a strategy.

    Raises
    ------
    Refused
    """
    if not key.sees(strategy):
        raise not_allowed(f"this key is not for the strategy {strategy[:LONGEST_NAME]!r}")


def require_portfolio(key: ApiKey, portfolio: str) -> None:
    """Refuse a key that is not for a portfolio.

    Raises
    ------
    Refused
    """
    if portfolio not in key.portfolios:
        raise not_allowed(f"this key is not for the portfolio {portfolio[:LONGEST_NAME]!r}")


def _ids(parameters: Mapping[str, str]) -> dict[str, str]:
    """Ids as they were before they were written into an address."""
    found = {}
    for name, text in parameters.items():
        try:
            value = unquote(text, errors="strict")
        except UnicodeDecodeError as error:
            raise bad_parameter(f"`{name}` is not percent-encoded UTF-8") from error
        if not 0 < len(value) <= LONGEST_NAME or "\0" in value:
            raise bad_parameter(f"`{name}` must have 1 to {LONGEST_NAME} letters, none of them NUL")
        found[name] = value
    return found


def _parameters(operation: Operation, query: bytes) -> msgspec.Struct:
    if not query:
        return operation.parameters()
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_PARAMETERS_AT_MOST,
        )
    except ValueError as error:
        raise bad_parameter("what stands behind the ? cannot be read") from error
    return parameters_of(operation.parameters, pairs)


# --- answering -----------------------------------------------------------------------------


async def _send_reply(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(reply, bytes):
        document = Document(reply)
    elif isinstance(reply, Document):
        document = reply
    elif isinstance(reply, msgspec.Struct):
        document = Document(_encode(reply))
    else:
        await reply.send_to(send, receive)
        return
    await send_document(document, send, with_body=scope["method"] != "HEAD")


async def send_document(document: Document, send: Send, *, with_body: bool = True) -> None:
    """Send an answer as a whole."""
    length = str(len(document.body)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": document.status,
            "headers": [
                (b"content-type", document.media),
                (b"content-length", length),
                (b"cache-control", b"no-store"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": document.body if with_body else b""})


async def send_refused(tally: Tally, refused: Refused, send: Send) -> None:
    """Send a refusal, and count it."""
    tally.refused(refused.status)
    body = refused.body
    headers = [
        (b"content-type", JSON),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.encode(), value.encode()) for name, value in refused.headers.items()),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refused(error: Exception) -> Refused:
    """What went wrong, on the wire."""
    if isinstance(error, Refused):
        return error
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            return told(error)
    _LOG.error("request_failed", exc_info=error)
    return broken()


def _fill_refused(error: Exception) -> Refused:
    conflict = isinstance(error, FillRefused) and error.conflict
    return Refused(409 if conflict else 422, "fill_refused", str(error))


#: The first that fits.
_TOLD: Mapping[type[Exception], Callable[[Exception], Refused]] = {
    OrderUnknown: lambda error: Refused(404, "unknown_order", str(error)),
    ReductionUnknown: lambda error: Refused(404, "unknown_reduction", str(error)),
    LeaseUnknown: lambda error: Refused(404, "unknown_lease", str(error)),
    LeaseSettled: lambda error: Refused(409, "settled_before", str(error)),
    ListRefused: lambda error: Refused(422, "list_refused", str(error)),
    FillRefused: _fill_refused,
    InvalidInput: lambda error: bad_parameter(str(error)),
    GateClosed: lambda _error: no_authority(),
    CancelledError: lambda _error: no_authority(),
    StoreUnavailable: lambda error: try_again(503, "no_database", str(error)),
    SeawallError: lambda error: try_again(503, "no_answer", str(error)),
    TimeoutError: lambda _error: try_again(
        503,
        "no_answer",
        "there was no answer in time, and what was asked may still be done: ask again the same",
    ),
}
