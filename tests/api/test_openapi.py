"""The document says what is so: held by random requests made from it."""

import os
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette

from risk.api.app import create_api, document
from risk.api.hub import Pace
from risk.api.openapi import openapi
from risk.api.resources import OPERATIONS
from risk.auth.keys import KeyRing
from risk.domain.fields import meanings_of
from tests.api.asking import Agent, order, slice_of
from tests.builders import NOON
from tests.fakes_gate import FakeGate, FakeTelling, LastValue, make_desk, make_key

#: Requests made of each endpoint; more find more: FUZZ_EXAMPLES=500.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
BASE = "http://127.0.0.1"

KEY, SECRET = make_key()
HEADERS = {"Authorization": f"Bearer {SECRET}"}


def furnished() -> Starlette:
    """An authority with an order, a request and events, of which ids can be guessed."""
    reader = FakeTelling(values=[LastValue("equity", {}, NOON, 1.0)])
    reader.add("FundsMoved", amount=1.0)
    gate = FakeGate()
    desk = make_desk(lambda: gate, reader, KeyRing([KEY]))
    app = create_api(desk, pace=Pace(every=0.005, heartbeat=0.01, patience=1.0))
    agent = Agent(app, SECRET)
    for order_id in ("0", "o-1"):
        agent.post("/api/v1/orders/validate", order(client_order_id=order_id))
        assert agent.get(f"/api/v1/orders/{order_id}").status == 200, "there is something to find"
    assert agent.post("/api/v1/leases", slice_of()).status == 200
    return app


APP = furnished()
schema = schemathesis.openapi.from_asgi(
    "/api/v1/openapi.json", APP, headers={**HEADERS, "Host": "127.0.0.1"}
)


@schema.exclude(path="/api/v1/events/stream").parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_random_requests_are_answered_as_documented(case: schemathesis.Case):
    checks = [
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        negative_data_rejection,
        not_a_server_error,
    ]
    case.call_and_validate(base_url=BASE, headers=HEADERS, checks=checks)


# --- the document itself -------------------------------------------------------------------


def told() -> dict[str, Any]:
    return openapi(OPERATIONS, "1.2.3")


def test_every_endpoint_of_the_contract_is_described():
    paths = {
        (method.upper(), path) for path, methods in told()["paths"].items() for method in methods
    }

    assert paths == {(each.method, each.path) for each in OPERATIONS}
    assert {
        ("POST", "/api/v1/orders/validate"),
        ("POST", "/api/v1/signals/validate"),
        ("POST", "/api/v1/orders/{client_order_id}/fills"),
        ("DELETE", "/api/v1/orders/{client_order_id}"),
        ("POST", "/api/v1/leases"),
        ("POST", "/api/v1/commands"),
        ("POST", "/api/v1/reductions/{id}/ack"),
        *(("GET", f"/api/v1/{name}") for name in "status positions limits breakers".split()),
        *(("GET", f"/api/v1/{name}") for name in "metrics events reductions".split()),
        ("GET", "/api/v1/events/stream"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/metrics"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
    } <= paths


def test_names_of_operations_are_their_own_and_references_lead_somewhere():
    document = told()
    text = msgspec.json.encode(document).decode()
    names = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    wanted = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert len(set(names)) == len(names)
    assert wanted <= set(document["components"]["schemas"])


def test_fields_carry_what_their_documentation_says_of_them():
    schemas = told()["components"]["schemas"]

    assert schemas["OrderBody"]["properties"]["quantity"]["description"] == "Units of the asset."
    assert schemas["OrderBody"]["additionalProperties"] is False
    assert schemas["OrderAnswer"]["properties"]["expires_at"]["format"] == "date-time"
    assert "Attributes" not in schemas["OrderBody"]["description"]


@pytest.mark.parametrize(
    "kind",
    sorted(
        {
            kind
            for each in OPERATIONS
            for kind in (each.answer, each.parameters)
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
            if kind.__module__.startswith("risk.api") and kind.__struct_fields__
        },
        key=lambda kind: kind.__name__,
    ),
)
def test_every_struct_of_our_own_documents_all_its_fields(kind):
    assert set(meanings_of(kind)) >= set(kind.__struct_fields__)


def test_the_document_over_http_is_that_of_the_command_line():
    answer = Agent(APP, SECRET).get("/api/v1/openapi.json")

    assert answer.body == document()
