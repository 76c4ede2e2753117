"""Random requests to the HTTP API: ``python -m benchmarks.fuzz_api [--requests 10000] [--seed 0]``.

To a real server over a real gate and database, of every endpoint in its document: good, bent and
senseless bodies, parameters, ids, keys and headers, and bytes that are no HTTP. Counts answers by
status. Whatever is sent is no fault of the server (5xx), every answer is one of those documented,
every refusal says why, and no answer holds a number that is none.
"""

import http.client
import json
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import EnumType
from http import HTTPStatus
from types import NoneType
from typing import Any, get_args
from urllib.parse import quote, urlencode

import click
import msgspec

from benchmarks.chance import HEAD, Chance, rows
from benchmarks.load_gate import Target, serving
from benchmarks.tables import machine_line, print_table
from risk.api.operations import Operation
from risk.api.resources import OPERATIONS

#: One that stops all trading is asked for last, or nothing else would be answered but "halted".
COMMANDS = "/api/v1/commands"
_LAST_PART = 0.1
_OF_SLICES = ("lease_id", "settles")
_IDS = tuple(f"f-{number}" for number in range(12))
_SERVER_FAULT = 500
_SECONDS = 20.0
_ENDLESS = "text/event-stream"
#: What any address may be refused with before one of its operations is known.
_BEFORE_ANY = frozenset({400, 404, 405, 421})


class Answer(msgspec.Struct):
    """What came back; no body of what never ends."""

    status: int
    media: str
    body: bytes


@dataclass
class Fuzz:
    """Sends random requests to a server, and judges its answers.

    Attributes
    ----------
    target : Target
        The server, a key that opens everything, and a good order.
    chance : Chance
    counts : mapping of str to Counter
        Of what was asked for, the statuses of its answers.
    faults : list of str
        What should not have been answered.
    """

    target: Target
    chance: Chance
    counts: dict[str, Counter[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def run(self, requests: int, operations: Sequence[Operation] = OPERATIONS) -> None:
        """Send so many."""
        # What is sent has more ways to be wrong than what is read.
        often = [each for each in operations for _ in range(4 if each.body else 1)]
        calm = [each for each in often if each.path != COMMANDS]
        last = requests - int(requests * _LAST_PART)
        for number in range(requests):
            if self.chance.rng.random() < 0.05:
                asked, answer, fault = self._bytes()
            else:
                operation = self.chance.rng.choice(calm if number < last else often)
                asked = f"{operation.method} {operation.path}"
                answer, fault = self._operation(operation)
            if answer is not None:
                self.counts.setdefault(asked, Counter())[answer.status] += 1
            if fault:
                self.faults.append(f"{number}: {asked} {fault}")

    # --- an endpoint ------------------------------------------------------------------------

    def _operation(self, operation: Operation) -> tuple[Answer, str]:
        rng = self.chance.rng
        method = operation.method
        if rng.random() < 0.03:
            method = rng.choice(["PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "POST", "TRACE"])
        answer = self._sent(method, self._address(operation), self._body(operation))
        return answer, fault_of(answer, operation, as_documented=method == operation.method)

    def _address(self, operation: Operation) -> str:
        path = "/".join(self._part(part) for part in operation.path.split("/"))
        words = self._fields(operation.parameters)
        if self.chance.rng.random() < 0.05:
            words[self.chance.text()] = self.chance.text()
        query = urlencode({str(k): str(v) for k, v in words.items()}, errors="replace")
        return f"{path}?{query}" if query else path

    def _part(self, part: str) -> str:
        if not part.startswith("{"):
            return part
        known = self.chance.rng.random() < 0.7
        return self.chance.rng.choice(_IDS) if known else quote(self.chance.text(), safe="")

    def _body(self, operation: Operation) -> bytes:
        rng = self.chance.rng
        if operation.body is None:
            return b"" if rng.random() < 0.95 else b"{}"
        kind = rng.random()
        if kind < 0.05:
            return rng.choice([b"[" * 30_000, b"{", b"\xff", b"", rng.randbytes(300)])
        if kind < 0.1:
            return rng.choice([b'{"a":1,"a":2}', b" " * 70_000, b"NaN", b'{"quantity":NaN}'])
        return json.dumps(
            self.chance.value() if kind < 0.2 else self._fields(operation.body)
        ).encode()

    def _fields(self, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """What a struct needs, some of what it may have, and now and then anything."""
        rng, found = self.chance.rng, {}
        for one in msgspec.structs.fields(kind):
            if rng.random() < (0.97 if one.required else 0.7):
                bent = rng.random() < 0.03
                found[one.name] = self.chance.value() if bent else self._value(one.name, one.type)
        return found

    def _value(self, name: str, hint: Any) -> Any:
        """One that fits, or nearly."""
        rng = self.chance.rng
        kinds = [each for each in get_args(hint) or (hint,) if each is not NoneType]
        kind = rng.choice(kinds)
        if getattr(hint, "__origin__", None) is list:
            return [self._value(name, kind) for _ in range(rng.randrange(4))]
        if isinstance(kind, EnumType):
            return rng.choice([member.value for member in tuple[Any, ...](kind)])
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._fields(kind)
        if kind is bool:
            return rng.random() < 0.3
        if kind in (int, float):
            return rng.choice([1, 3, 100, 0, -1]) if kind is int else self._quantity()
        if kind is datetime:
            return rng.choice(
                [None, None, "2024-06-04T00:00:00Z", "2999-01-01T00:00:00Z", "2024-06-04"]
            )
        return self._text(name)

    def _quantity(self) -> float:
        good = self.target.order["quantity"]
        odd = (10 * good, 1e6 * good, 1.0, 0.0, -good, 5e-324)
        return float(good if self.chance.rng.random() < 0.8 else self.chance.rng.choice(odd))

    def _text(self, name: str) -> str:
        rng = self.chance.rng
        usual = self.target.order.get(name)
        if usual is not None and rng.random() < 0.93:
            return str(usual)
        if name.endswith("id") or name in _OF_SLICES:
            return ("lease:" if name in _OF_SLICES else "") + rng.choice(_IDS)
        return rng.choice(["halt", "reduce_only", "asset:BTC/USDT", self.chance.text()])

    # --- sent -------------------------------------------------------------------------------

    def _sent(self, method: str, address: str, body: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.target.port, timeout=_SECONDS)
        try:
            connection.request(method, address, body, self._headers())
            response = connection.getresponse()
            media = response.headers.get_content_type()
            return Answer(response.status, media, b"" if media == _ENDLESS else response.read())
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        rng = self.chance.rng
        headers = {"content-type": "application/json"}
        if rng.random() < 0.9:
            headers["authorization"] = f"Bearer {self.target.key}"
        if rng.random() < 0.1:
            name = rng.choice(["authorization", "content-type", "host", "last-event-id", "accept"])
            headers[name] = self.chance.word()
        return headers

    # --- no HTTP ----------------------------------------------------------------------------

    def _bytes(self) -> tuple[str, Answer | None, str]:
        """Bytes at random, or the beginning of a request; a connection that is closed will do."""
        rng = self.chance.rng
        whole = self.target.request("POST", "/api/v1/orders/validate", b'{"a": 1}')
        cut = whole[: rng.randrange(1, len(whole))]
        sent = rng.choice([rng.randbytes(200), cut, whole.replace(b"HTTP/1.1", rng.randbytes(6))])
        with socket.create_connection(("127.0.0.1", self.target.port), timeout=_SECONDS) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            told = line.recv(65_536)
        if not told:
            return "bytes", None, ""
        answer = Answer(int(told[9:12]), "", b"")
        fault = f"answered {answer.status}" if answer.status >= _SERVER_FAULT else ""
        return "bytes", answer, fault


# --- judging ---------------------------------------------------------------------------------


def fault_of(answer: Answer, operation: Operation, *, as_documented: bool) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if answer.status >= _SERVER_FAULT:
        return f"answered {answer.status}: {answer.body[:200]!r}"
    known = {HTTPStatus.OK, *operation.others, *operation.statuses} | _BEFORE_ANY
    if as_documented and answer.status not in known:
        return f"answered {answer.status}, which is not documented"
    if answer.media != "application/json" or not answer.body:
        return ""
    try:
        told = json.loads(answer.body, parse_constant=_no_number)
    except ValueError as problem:
        return f"answered no JSON: {problem}"
    refused = answer.status >= HTTPStatus.BAD_REQUEST and operation.path.startswith("/api/")
    return "refused without a word" if refused and not _says_why(told) else ""


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _says_why(told: Any) -> bool:
    return isinstance(told, Mapping) and bool(told.get("error")) and bool(told.get("message"))


@click.command()
@click.option("--requests", default=10_000, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(requests: int, seed: int) -> None:
    """Send, count and print; the exit code is 1 where something failed."""
    with serving("--assets", "6", "--cycle-seconds", "1") as target:
        known = [*_IDS, *map(str, target.order.values()), "halt", "resume", "0", "1"]
        fuzz = Fuzz(target, Chance(seed, known))
        fuzz.run(requests)
    print(machine_line())
    print()
    print_table(HEAD, rows(fuzz.counts))
    print()
    print(f"{len(fuzz.faults)} faults of the server")
    for fault in fuzz.faults[:20]:
        print(fault)
    if fuzz.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
