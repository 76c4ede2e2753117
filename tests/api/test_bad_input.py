"""What is sent wrong gets one clear sentence, as JSON, and never a stack trace or an approval."""

import json
import re

import pytest

from risk.api.bodies import MOST
from tests.api.asking import HOST, Agent, order
from tests.fakes_gate import FakeGate, make_key

VALIDATE = "/api/v1/orders/validate"
GOOD = json.dumps(order())


def with_quantity(text: str) -> bytes:
    return GOOD.replace("2.0", text).encode()


BODIES = {
    "NaN": (with_quantity("NaN"), "not JSON"),
    "Infinity": (with_quantity("Infinity"), "not JSON"),
    "-Infinity": (with_quantity("-Infinity"), "not JSON"),
    "1e400": (with_quantity("1e400"), "`quantity` is larger than any number"),
    "a huge whole number": (with_quantity("1" + "0" * 400), "`quantity` is larger than any"),
    "a number as text": (with_quantity('"2"'), "`quantity` must be a number, not text"),
    "true as a number": (with_quantity("true"), "`quantity` must be a number, not true or false"),
    "null as a number": (with_quantity("null"), "`quantity` must be a number, not null"),
    "a nested list": (with_quantity("[" * 60_000), "`quantity` must be a number, not a list"),
    "a nested unknown field": (
        GOOD[:-1].encode() + b', "x": ' + b'{"a":' * 10_000,
        "there is no field `x`; there are client_order_id, portfolio",
    ),
    "deep nesting": (b"[" * MOST, "one JSON object"),
    "wrong case of a side": (
        GOOD.replace('"buy"', '"BUY"').encode(),
        "`side` cannot be 'BUY', only buy or sell",
    ),
    "wrong case of a field": (
        GOOD.replace('"asset"', '"Asset"').encode(),
        "there is no field `Asset`",
    ),
    "an unknown type": (
        GOOD[:-1].encode() + b', "order_type": "stop"}',
        "`order_type` cannot be 'stop', only market or limit",
    ),
    "a missing field": (
        json.dumps(order(strategy=...)).encode(),
        "the field `strategy` is missing",
    ),
    "a number as an id": (
        json.dumps(order(client_order_id=7)).encode(),
        "must be text, not a whole",
    ),
    "a field twice": (GOOD[:-1].encode() + b', "quantity": 9}', "`quantity` stands twice"),
    "a field twice, once escaped": (
        GOOD[:-1].encode() + b', "quant\\u0069ty": 9}',
        "`quantity` stands twice",
    ),
    "a field twice beside colons in text": (
        json.dumps(order(client_order_id="a:b:c"))[:-1].encode() + b', "side": "sell"}',
        "`side` stands twice",
    ),
    "a list": (b"[]", "one JSON object"),
    "null": (b"null", "one JSON object"),
    "nothing": (b"", "not JSON"),
    "half a body": (GOOD[:-1].encode(), "not JSON"),
    "something after the body": (GOOD.encode() + b"{}", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "not JSON"),
    "Latin-1": (GOOD.replace("o-1", "\xe4").encode("latin-1"), "not UTF-8"),
    "half a surrogate": (GOOD.replace("o-1", "\\ud800").encode(), "not JSON"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_body_is_refused_with_one_sentence(agent: Agent, house, name: str):
    body, says = BODIES[name]
    answer = agent.post(VALIDATE, body)

    assert (answer.status, answer.error) == (400, "bad_body")
    assert says in answer.message
    assert "\n" not in answer.message
    assert len(answer.message) < 1_000
    assert house.gate.asked == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 0}, "quantity_not_positive"),
        ({"quantity": -0.0}, "quantity_not_positive"),
        ({"quantity": -2}, "quantity_not_positive"),
        ({"asset": "DOGE/USDT"}, "asset_unknown"),
        ({"asset": "c000/usdt"}, "asset_unknown"),
        ({"limit_price": 5.0}, "limit_price_unexpected"),
        ({"order_type": "limit", "limit_price": -5.0}, "limit_price_not_valid"),
    ],
)
def test_an_order_that_can_be_read_is_answered_with_a_verdict(agent: Agent, changes, code):
    answer = agent.post(VALIDATE, order(**changes))

    assert (answer.status, answer.json["verdict"]) == (200, "reject")
    assert answer.json["reasons"][0]["code"] == code
    assert (answer.json["quantity"], answer.json["reservation"]) == (0.0, None)


def test_a_whole_number_is_a_number_and_null_is_as_if_missing(agent: Agent):
    answer = agent.post(VALIDATE, order(quantity=2, limit_price=None, venue=None))

    assert answer.json["verdict"] == "approve"


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_what_is_not_said_to_be_json_is_refused(agent: Agent, content_type: str | None):
    answer = agent.post(VALIDATE, order(), content_type=content_type)

    assert (answer.status, answer.error) == (415, "wrong_content_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", "application/json;"]
)
def test_json_may_say_its_letters(agent: Agent, content_type: str):
    assert agent.post(VALIDATE, order(), content_type=content_type).status == 200


def test_a_body_of_64_kib_is_read_and_a_longer_one_is_not(agent: Agent, house):
    padded = GOOD.encode() + b" " * (MOST - len(GOOD))

    assert agent.post(VALIDATE, padded).status == 200
    too_long = agent.post(VALIDATE, padded + b" ")
    assert (too_long.status, too_long.error) == (413, "too_large")
    assert too_long.headers["connection"] == "close"
    assert house.gate.asked == 1


def test_a_body_in_pieces_is_put_together_and_counted(agent: Agent, house):
    pieces = [GOOD[:9].encode(), b"", GOOD[9:].encode()]

    assert agent.post(VALIDATE, parts=pieces).status == 200
    endless = agent.post(VALIDATE, parts=[b" " * 10_000] * 50)
    assert (endless.status, endless.error) == (413, "too_large")
    assert house.gate.asked == 1


def test_a_length_that_lies_does_not_help(agent: Agent):
    answer = agent.post(VALIDATE, parts=[b" " * (MOST + 1)], headers=[(b"content-length", b"10")])

    assert answer.status == 413


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"quantity": 0.0}, "`quantity` must be above zero"),
        ({"price": -1.0}, "`price` must be above zero"),
        ({"fill_id": ""}, "`fill_id` must have 1 to 500 letters"),
        ({"fill_id": "x" * 501}, "`fill_id` must have 1 to 500 letters"),
        ({"fill_id": "a\0"}, "none of them NUL"),
        ({"at": "2027-01-01T00:00:00"}, "`at` must be a time with a time zone"),
        ({"at": "yesterday"}, "`at` must be a time with a time zone"),
        ({"at": 5}, "`at` must be a time or null, not a whole number"),
    ],
)
def test_a_fill_that_can_be_none_is_refused(agent: Agent, body, says):
    agent.post(VALIDATE, order())
    fill = {"fill_id": "f", "quantity": 1.0, "price": 100.0} | body
    answer = agent.post("/api/v1/orders/o-1/fills", fill)

    assert (answer.status, answer.error) == (400, "bad_body")
    assert says in answer.message


# --- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "order_id"),
    [
        ("a%2Fb", "a/b"),
        ("a%2Ffills", "a/fills"),
        ("%C3%A4%20%3F", "ä ?"),
        ("a%25b", "a%b"),
        ("..", ".."),
        ("validate", "validate"),
        ("x" * 500, "x" * 500),
    ],
)
def test_an_id_may_have_any_letters(agent: Agent, written: str, order_id: str):
    agent.post(VALIDATE, order(client_order_id=order_id))
    standing = agent.get(f"/api/v1/orders/{written}")
    filled = agent.post(
        f"/api/v1/orders/{written}/fills", {"fill_id": "f", "quantity": 1.0, "price": 100.0}
    )

    assert (standing.status, standing.json["client_order_id"]) == (200, order_id)
    assert (filled.status, filled.json["filled"]) == (200, 1.0)
    assert agent.delete(f"/api/v1/orders/{written}").json["status"] == "voided"


@pytest.mark.parametrize("written", ["x" * 501, "%00", "a%FF", "%ED%A0%80", "x" * 60_000])
def test_an_id_that_can_be_none_is_refused(agent: Agent, written: str):
    answer = agent.get(f"/api/v1/orders/{written}")

    assert (answer.status, answer.error) == (400, "bad_parameter")
    assert "client_order_id" in answer.message


@pytest.mark.parametrize(
    "path", ["/", "/api/v1", "/api/v1/status/", "/api/v2/status", "/API/V1/STATUS", "/x%2Fy", "//"]
)
def test_an_unknown_path_is_told_as_json(agent: Agent, path: str):
    answer = agent.get(path)

    assert (answer.status, answer.error) == (404, "unknown_path")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "TRACE", "BREW", "POST"])
def test_an_unknown_method_is_told_with_those_that_there_are(agent: Agent, method: str):
    answer = agent.ask(method, "/api/v1/status")

    assert (answer.status, answer.error) == (405, "unknown_method")
    assert set(re.split(", ?", answer.headers["allow"])) == {"GET", "HEAD"}


def test_the_head_of_an_answer_has_its_length_and_no_body(agent: Agent):
    whole, head = agent.get("/api/v1/positions"), agent.ask("HEAD", "/api/v1/positions")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))


def test_a_stream_has_no_head(agent: Agent):
    assert agent.ask("HEAD", "/api/v1/events/stream").status == 405


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("after=x", "`after` must be a whole number, not text"),
        ("after=-1", "`after`"),
        ("after=" + "9" * 30, "`after`"),
        ("limit=0", "`limit`"),
        ("limit=1001", "`limit`"),
        ("limit=1&limit=2", "a parameter stands twice"),
        ("x=1", "there is no parameter `x`; there are after, limit"),
        ("after=%FF", "cannot be read"),
        ("&".join(f"a{n}=1" for n in range(50)), "cannot be read"),
    ],
)
def test_a_wrong_parameter_is_refused(agent: Agent, query: str, says: str):
    answer = agent.get(f"/api/v1/events?{query}")

    assert (answer.status, answer.error) == (400, "bad_parameter")
    assert says in answer.message


# --- hosts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", [b"127.0.0.1:8051", b"LOCALHOST:1", b"localhost", b"[::1]:8051", b"127.8.9.1"]
)
def test_names_of_this_machine_are_answered(app, host: bytes):
    assert Agent(app, host=host).get("/healthz").status == 200


@pytest.mark.parametrize(
    "host", [b"evil.example", b"127.0.0.1.evil.example", b"", b"10.0.0.1", b"localhost@evil", b"["]
)
def test_other_names_are_refused_before_anything_else(app, host: bytes):
    answer = Agent(app, make_key()[1], host=host).post(VALIDATE, order())

    assert (answer.status, answer.error) == (421, "wrong_host")


def test_a_request_of_no_name_or_of_two_is_refused(app):
    agent = Agent(app)

    assert agent.ask("GET", "/healthz", headers=[(b"host", HOST)]).status == 421


def test_a_name_that_was_set_is_answered(house):
    house.options["hosts"] = frozenset({"seawall.example"})
    app = house.app()

    assert Agent(app, host=b"Seawall.Example:443").get("/healthz").status == 200
    assert Agent(app, host=b"other.example").get("/healthz").status == 421


# --- faults of ours ------------------------------------------------------------------------


def test_a_fault_of_ours_tells_nothing_of_itself(agent: Agent, house, monkeypatch):
    def fail(*_args, **_options):
        raise KeyError("secret thing")

    monkeypatch.setattr(FakeGate, "validate_order", fail)
    answer = agent.post(VALIDATE, order())

    assert (answer.status, answer.error) == (500, "internal")
    assert "secret" not in answer.body.decode()
