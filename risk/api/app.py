"""The application: every request's first step, and which endpoint takes it."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from risk.api.desk import Desk
from risk.api.hosts import Hosts
from risk.api.hub import Pace
from risk.api.openapi import openapi
from risk.api.operations import Operation, Room, Served, send_refused
from risk.api.problems import Refused, not_found, wrong_method
from risk.api.resources import OPERATIONS

_PACE = Pace()


class Api(Starlette):
    """Starlette's application, with a look at the Host header before anything else.

    Parameters
    ----------
    room : Room
    operations : iterable of Operation
    """

    def __init__(self, room: Room, operations: Iterable[Operation]) -> None:
        super().__init__(routes=_routes(room, operations))
        # It would answer with another address, made of the Host header.
        self.router.redirect_slashes = False
        self.room = room
        self._hosts = Hosts(room.desk.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's beginning and end."""
        if scope["type"] == "http":
            try:
                self._hosts.require_known(scope["headers"])
            except Refused as refused:
                await send_refused(self.room.tally, refused, send)
                return
            raw = scope.get("raw_path") or b""
            if b"%" in raw:
                # An id may contain a slash: as it was sent, it does not part the path.
                scope["path"] = raw.decode("latin-1")
        await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The router alone: endpoints answer for what goes wrong in them, see `Served`.

        Starlette's two layers around it would do nothing, for each order.
        """
        return self._route

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            # Raised before anything is sent: Starlette finds no endpoint.
            await send_refused(self.room.tally, _no_endpoint(scope, error), send)


def _no_endpoint(scope: Scope, error: HTTPException) -> Refused:
    if error.status_code == 405:
        return wrong_method(scope["method"], (error.headers or {}).get("Allow", ""))
    return not_found(scope["path"])


def create_api(desk: Desk, *, pace: Pace = _PACE) -> Starlette:
    """The agents' HTTP face of an authority.

    Parameters
    ----------
    desk : Desk
    pace : Pace, optional
        Of the stream of events.
    """
    room = Room(desk, pace, document())
    api = Api(room, OPERATIONS)
    api.state.watch = room.strain.watch
    api.state.say_goodbye = room.hub.close
    api.state.close = room.close
    return api


@cache
def document() -> bytes:
    """The OpenAPI document of all endpoints, as JSON."""
    return msgspec.json.format(
        msgspec.json.encode(openapi(OPERATIONS, version("seawall"))), indent=2
    )


def _routes(room: Room, operations: Iterable[Operation]) -> list[Route]:
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    served = {path: Served(room, found) for path, found in by_path.items()}
    routes = []
    for path, endpoint in served.items():
        route = Route(path, endpoint, methods=endpoint.methods, include_in_schema=False)
        # Starlette adds HEAD to every GET; a stream has none.
        route.methods = set(endpoint.methods)
        routes.append(route)
    return routes
