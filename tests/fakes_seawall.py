"""A Seawall to ask over a real loopback connection: honest until a fault is switched on."""

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

KEY = "swk_test"
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
ROOM = 10.0


class Fault(StrEnum):
    """What goes wrong with one answer. Where it can, the order has been let through before."""

    SILENT = "nothing comes until it is switched off"
    DRIP = "a header that comes byte by byte"
    RESET = "the connection is reset"
    CUT = "fewer bytes than were promised"
    ERROR = "500"
    STANDBY = "503"
    BUSY = "429"
    MOVED = "302"
    EMPTY = "nothing in it"
    GARBAGE = "no JSON"
    TRUNCATED = "half of the JSON"
    LIST = "JSON of another shape"
    WRONG_ID = "about another order"
    LARGER = "more than was asked for"
    NAN = "NaN as quantity"
    HUGE = "1e999 as quantity"
    TEXT = "a quantity in quotes"
    NEGATIVE = "less than nothing"
    NO_ROOM = "approved without a reservation"
    NO_ZONE = "times without a zone"
    NO_VERDICT = "no verdict"
    LONG = "more bytes than any answer has"


class FakeSeawall:
    """What agents see of an authority: room for ``ROOM`` units, orders, fills, reductions."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.reset()

    def reset(self) -> None:
        """As new; the streams that are open end."""
        with self.lock:
            self.released.set()
            self.released = threading.Event()
            self.faults: deque[Fault] = deque()
            self.always: Fault | None = None
            self.orders: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
            self.held: dict[str, float] = {}
            self.fills: dict[tuple[str, str], dict[str, Any]] = {}
            self.asked: list[tuple[str, str]] = []
            self.heard: list[str] = []
            self.latched: list[dict[str, Any]] = []
            self.acknowledged: list[str] = []
            self.reductions: list[dict[str, Any]] = []
            self.events: list[tuple[int, str, str]] = []
            self.streams = True
            self.mute = False
            self.status: dict[str, Any] = status()
            self.holds: list[dict[str, Any]] = []
            self.limits: dict[str, Any] = {"limits_version": 3, "limits": []}
            self.positions: list[dict[str, Any]] = []
            self.last_ids: list[str | None] = []
            self.settled: dict[str, dict[str, float]] = {}
            self.steps = {"lot": 0.0, "least": 0.0}
            self.journalling = True
            self.most_orders = self.most_alike = 500
            self.generation = getattr(self, "generation", 0) + 1

    def next_fault(self) -> Fault | None:
        with self.lock:
            return self.faults.popleft() if self.faults else self.always

    def tell(self, kind: str, body: dict[str, Any], *, raw: str | None = None) -> None:
        """One more event in the stream."""
        data = json.dumps({"kind": kind, "version": 1, "body": body})
        with self.lock:
            self.events.append((len(self.events) + 1, kind, raw or data))

    def request(self, **changes: Any) -> dict[str, Any]:
        """One more request to reduce, listed and told."""
        asked = reduction(**changes)
        with self.lock:
            self.reductions = [each for each in self.reductions if each["id"] != asked["id"]]
            self.reductions.append(asked)
            self.tell("ReductionRequested", asked)
        return asked

    def break_streams(self) -> None:
        """End the streams that are open."""
        with self.lock:
            self.generation += 1

    # --- what is asked ----------------------------------------------------------------------

    def decide(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to an order; the same again for the same order."""
        name = body["client_order_id"]
        with self.lock:
            known = self.orders.get(name)
            if known is not None and known[0] == body:
                return known[1]
            left = ROOM - sum(self.held.values())
            allowed = 0.0 if known is not None else min(body["quantity"], max(0.0, left))
            answer = order_answer(body, allowed, duplicate=known is not None)
            if known is None:
                self.orders[name] = (body, answer)
                if allowed:
                    self.held[name] = allowed
            return answer

    def lend(self, body: dict[str, Any]) -> dict[str, Any] | str:
        """What was answered to who asks for a slice, or settles one; else why it cannot be."""
        with self.lock:
            settled = None
            if body["settles"] is not None:
                settled = self._settle(body)
                if isinstance(settled, str):
                    return settled
            lease = None
            if body["lease_id"] is not None:
                lease = self.decide(market_order(body, body["lease_id"]))
                lease = lease | {"expires_at": (START + timedelta(seconds=2)).isoformat()}
            orders = min(body["at_most"], self.most_orders)
            counts = {"orders": orders, "alike": min(orders, self.most_alike)}
            return {"lease": lease, "settled": settled, **counts, **self.steps}

    def _settle(self, body: dict[str, Any]) -> dict[str, Any] | str:
        lease_id = body["settles"]
        listed = {each["client_order_id"]: each["quantity"] for each in body["orders"]}
        if lease_id not in self.orders:
            return "unknown_lease"
        if self.settled.setdefault(lease_id, listed) != listed:
            return "settled_before"
        self.held.pop(lease_id, None)
        told = []
        for name, quantity in listed.items():
            wanted = {**self.orders[lease_id][0], "client_order_id": name, "quantity": quantity}
            known = self.orders.get(name)
            if known is None:
                answer = order_answer(wanted, quantity)
                told_of = {"code": "leased", "outcome": "passed", "subject": lease_id}
                answer |= {"reasons": [told_of], "expires_at": answer["decided_at"]}
                self.orders[name] = (wanted, answer)
                self.held[name] = quantity
            accepted = known is None or lease_id in json.dumps(known[1]["reasons"])
            told.append({"client_order_id": name, "accepted": accepted})
        granted, spent = self.orders[lease_id][1]["quantity"], sum(listed.values())
        return {
            "lease_id": lease_id,
            "granted": granted,
            "spent": spent,
            "unspent": max(0.0, granted - spent),
            "overspent": max(0.0, spent - granted),
            "orders": told,
            "journalled": self.journalling,
        }

    def standing(self, name: str, status: str) -> dict[str, Any] | None:
        with self.lock:
            if name not in self.orders or not self.orders[name][1]["quantity"]:
                return None
            filled = sum(f["quantity"] for (order, _), f in self.fills.items() if order == name)
            return {
                "client_order_id": name,
                "status": status,
                "reserved": self.orders[name][1]["quantity"],
                "filled": filled,
                "journalled": True,
            }


def market_order(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The order that a slice is asked for as."""
    wanted = ("portfolio", "strategy", "asset", "side", "quantity", "venue")
    plain = {"order_type": "market", "limit_price": None, "reduce_only": False, "emergency": False}
    return {"client_order_id": name, **{each: body[each] for each in wanted}, **plain}


def status(**changes: Any) -> dict[str, Any]:
    return {
        "portfolio": "demo",
        "trading_state": "NORMAL",
        "cause": None,
        "snapshot_id": "demo-7",
        "snapshot_age": 0.4,
        "fresh": True,
        "journalling": True,
        "limits_version": 3,
        **changes,
    }


def reduction(**changes: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "strategy": "trend",
        "asset": "BTC/USDT",
        "venue": "sim-a",
        "target_quantity": 0.5,
        "reason": "gross_exposure is above its soft threshold",
        "requested_at": "2027-03-01T12:00:00Z",
        "deadline": "2027-03-01T13:00:00Z",
        "late": False,
        **changes,
    }


def order_answer(
    body: dict[str, Any], allowed: float, *, duplicate: bool = False
) -> dict[str, Any]:
    verdict = "reject" if not allowed else "approve" if allowed == body["quantity"] else "resize"
    code = "duplicate_order" if duplicate else "gross_exposure"
    failure = {
        "code": code,
        "outcome": "failed",
        "subject": "gross demo",
        "scope": "portfolio:demo",
        "value": 1.2,
        "threshold": 1.0,
        "unit": "times equity",
    }
    return {
        "client_order_id": body["client_order_id"],
        "verdict": verdict,
        "quantity": allowed,
        "reasons": [] if verdict == "approve" else [failure],
        "reservation": {"id": "res", "expires_at": "2027-03-01T12:00:05Z"} if allowed else None,
        "trading_state": "NORMAL",
        "snapshot_id": "demo-7",
        "limits_version": 3,
        "ledger_seq": 1,
        "action_seq": 1,
        "decided_at": START.isoformat(),
        "expires_at": (START + timedelta(seconds=5)).isoformat(),
        "journalled": True,
    }


def spoilt(fault: Fault, answer: dict[str, Any]) -> bytes:
    """An answer with a fault in it."""
    approved = {"verdict": "approve", "reservation": {"id": "x", "expires_at": START.isoformat()}}
    changes: dict[Fault, dict[str, Any]] = {
        Fault.WRONG_ID: {"client_order_id": "another"},
        Fault.LARGER: {**approved, "quantity": 1e12},
        Fault.NAN: {**approved, "quantity": float("nan")},
        Fault.HUGE: {**approved, "quantity": float("inf")},
        Fault.TEXT: {**approved, "quantity": "1"},
        Fault.NEGATIVE: {**approved, "quantity": -1.0},
        Fault.NO_ROOM: {"verdict": "approve", "reservation": None, "quantity": 1.0},
        Fault.NO_ZONE: {"decided_at": "2027-03-01T12:00:00", "expires_at": "2027-03-01T12:00:05"},
        Fault.NO_VERDICT: {"verdict": "perhaps"},
    }
    changed = changes.get(fault, {})
    if isinstance(answer.get("lease"), dict):
        changed = {"lease": answer["lease"] | changed}
    whole = json.dumps(answer | changed).replace("Infinity", "1e999")
    return {
        Fault.EMPTY: b"",
        Fault.GARBAGE: b"\xff\x00<html>",
        Fault.TRUNCATED: whole[: len(whole) // 2].encode(),
        Fault.LIST: b"[1, 2]",
        Fault.LONG: b" " * (9 * 1024 * 1024),
    }.get(fault, whole.encode())


# --- over HTTP ------------------------------------------------------------------------------

_STATUS = {Fault.ERROR: 500, Fault.BUSY: 429, Fault.STANDBY: 503, Fault.MOVED: 302}


def app_of(seawall: FakeSeawall) -> Starlette:  # noqa: C901 - one handler an endpoint
    async def answered(request: Request, answer: Any, status_code: int = 200) -> Response:
        fault: Fault | None = request.scope.get("fault")
        if fault is Fault.SILENT:
            released = seawall.released
            await asyncio.to_thread(released.wait, 30.0)
        if fault in _STATUS:
            error = "no_authority" if fault is Fault.STANDBY else "internal"
            headers = {"retry-after": "100"} if fault in (Fault.BUSY, Fault.STANDBY) else {}
            headers |= {"location": "/elsewhere"} if fault is Fault.MOVED else {}
            body = {"error": error, "message": "something is wrong here"}
            return JSONResponse(body, status_code=_STATUS[fault], headers=headers)
        if fault is None or not isinstance(answer, dict):
            return JSONResponse(answer, status_code)
        body = spoilt(fault, answer)
        if fault is Fault.CUT:
            return Response(body[:20], headers={"content-length": str(len(body))})
        return Response(body, media_type="application/json")

    async def validate(request: Request) -> Response:
        body = json.loads(await request.body())
        return await answered(request, seawall.decide(body))

    async def signal(request: Request) -> Response:
        body = json.loads(await request.body())
        wanted = body["quantity"] or ROOM
        said = order_answer(body | {"client_order_id": "", "quantity": wanted}, min(wanted, ROOM))
        return await answered(request, said)

    async def fill(request: Request) -> Response:
        name, body = request.path_params["name"], json.loads(await request.body())
        with seawall.lock:
            if name not in seawall.orders:
                return _unknown(name)
            seawall.fills.setdefault((name, body["fill_id"]), body)
            standing = seawall.standing(name, "filled")
            if standing is not None and standing["filled"] >= standing["reserved"]:
                seawall.held.pop(name, None)
        return await answered(request, standing)

    async def end(request: Request) -> Response:
        name = request.path_params["name"]
        standing = seawall.standing(name, "voided")
        if standing is None:
            return _unknown(name)
        with seawall.lock:
            seawall.held.pop(name, None)
        return await answered(request, standing)

    async def look(request: Request) -> Response:
        name = request.path_params["name"]
        standing = seawall.standing(name, "pending")
        return _unknown(name) if standing is None else await answered(request, standing)

    async def said(request: Request) -> Response:
        name = request.path_params["name"]
        with seawall.lock:
            known = seawall.orders.get(name)
        return _unknown(name) if known is None else await answered(request, known[1])

    async def command(request: Request) -> Response:
        body = json.loads(await request.body())
        with seawall.lock:
            seawall.latched.append(body)
        scope = body["scope"] or f"portfolio:{body['portfolio']}"
        return await answered(
            request, {"scope": scope, "trading_state": "HALTED", "journalled": True}
        )

    async def acknowledge(request: Request) -> Response:
        name = request.path_params["name"]
        with seawall.lock:
            seawall.acknowledged.append(name)
        return await answered(request, reduction(id=name))

    async def leases(request: Request) -> Response:
        said = seawall.lend(json.loads(await request.body()))
        if isinstance(said, str):
            status = 404 if said == "unknown_lease" else 409
            return JSONResponse({"error": said, "message": "it cannot be settled"}, status)
        return await answered(request, said)

    def shown(name: str, show: Callable[[], Any]) -> Route:
        async def handle(request: Request) -> Response:
            return await answered(request, show())

        return Route(f"/api/v1/{name}", handle)

    async def stream(request: Request) -> Response:
        with seawall.lock:
            seawall.last_ids.append(request.headers.get("last-event-id"))
            if not seawall.streams:
                return JSONResponse({"error": "unknown_path", "message": "no stream"}, 404)
            generation, newest = seawall.generation, len(seawall.events)
        after = int(request.headers.get("last-event-id", newest))

        async def parts() -> Any:
            sent = after
            yield b": still here\n\n"
            while seawall.generation == generation:
                if seawall.mute:
                    await asyncio.sleep(0.01)
                    continue
                for seq, kind, data in seawall.events[sent:]:
                    yield f"id: {seq}\nevent: {kind}\ndata: {data}\n\n".encode()
                    sent = seq
                await asyncio.sleep(0.002)

        return StreamingResponse(parts(), media_type="text/event-stream")

    routes = [
        Route("/api/v1/orders/validate", validate, methods=["POST"]),
        Route("/api/v1/signals/validate", signal, methods=["POST"]),
        Route("/api/v1/orders/{name}/fills", fill, methods=["POST"]),
        Route("/api/v1/orders/{name}/answer", said),
        Route("/api/v1/orders/{name}", look, methods=["GET"]),
        Route("/api/v1/orders/{name}", end, methods=["DELETE"]),
        Route("/api/v1/commands", command, methods=["POST"]),
        Route("/api/v1/leases", leases, methods=["POST"]),
        Route("/api/v1/reductions/{name}/ack", acknowledge, methods=["POST"]),
        Route("/api/v1/events/stream", stream),
        shown("status", lambda: seawall.status),
        shown("breakers", lambda: {"holds": seawall.holds}),
        shown("limits", lambda: seawall.limits),
        shown("positions", lambda: {"ledger_seq": 1, "positions": seawall.positions}),
        shown("reductions", lambda: {"reductions": seawall.reductions}),
    ]
    return _Front(Starlette(routes=routes), seawall)  # type: ignore[return-value]


class _Front:
    """Takes the next fault, and lets in who has the key."""

    def __init__(self, app: Starlette, seawall: FakeSeawall) -> None:
        self._app = app
        self._seawall = seawall

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        if headers.get(b"authorization") != f"Bearer {KEY}".encode():
            body = {"error": "no_key", "message": "send a key"}
            await JSONResponse(body, 401)(scope, receive, send)
            return
        if scope["path"] != "/api/v1/events/stream":
            scope["fault"] = self._seawall.next_fault()
        with self._seawall.lock:
            self._seawall.asked.append((scope["method"], scope["path"]))
        fault = scope.get("fault")
        if fault in (Fault.RESET, Fault.DRIP):
            # The order is let through, and then the answer goes astray.
            async def astray(message: Any) -> None:
                scope["state"]["astray"](fault)

            await self._app({**scope, "fault": None}, receive, astray)
            # Returning would end the answer, and with it the dripping.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._app(scope, receive, send)


class _Protocol(H11Protocol):
    """Uvicorn's own, which can also lose a connection or drip on it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "astray": self._astray}

    def _astray(self, fault: Fault) -> None:
        if fault is Fault.RESET:
            self.transport.abort()
        elif not getattr(self, "_dripping", False):
            self._dripping = True
            self.transport.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
            self._drip()

    def _drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"y")
            self.loop.call_later(0.01, self._drip)


def _unknown(name: str) -> Response:
    return JSONResponse({"error": "unknown_order", "message": f"no order {name}"}, 404)


@contextmanager
def serving(seawall: FakeSeawall) -> Iterator[str]:
    """Its address while it serves."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app_of(seawall), http=_Protocol, loop="asyncio", lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        seawall.reset()
        server.should_exit = True
        thread.join(10.0)
        listener.close()
        assert not thread.is_alive()
