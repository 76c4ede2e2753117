"""`seawall events schema` prints a schema of every event."""

import json

from risk.domain.events import RiskEvent


def test_the_schema_names_every_event(run):
    schema = json.loads(run("events", "schema").stdout)

    assert {one["title"] for one in schema["oneOf"]} == set(RiskEvent.kinds())
