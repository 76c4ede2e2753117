"""What is stored is what was meant, and nothing that was not meant is read."""

import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, get_args, get_type_hints

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import AdoptPolicy
from risk.domain.assessment import Assessment
from risk.domain.events import DataFaultFound, OrderValidation, PortfolioRisk, RiskEvent
from risk.domain.ledger import Fill, Flow
from risk.domain.market import missing_mark
from risk.domain.model import Model
from risk.domain.policy import Policy
from risk.domain.snapshot import NO_SHOCKS
from risk.domain.state import RiskState
from risk.errors import EventInvalid, StoreError
from risk.storage import codec
from risk.stress.matrix import shocks_by
from tests.builders import (
    NOON,
    build_assessment,
    build_fill,
    build_flow,
    build_model,
    build_models,
    build_portfolio_risk,
    build_snapshot,
    build_state,
)
from tests.policy_files import policies

KINDS = RiskEvent.kinds()
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ZONES = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
# The strategy adds the zone itself.
TIMES = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC) | ZONES,
)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    plain = {float: FINITE, str: st.text(), bool: st.booleans(), int: st.integers(0, 2**53)}
    if hint in plain:
        return plain[hint]
    if hint is datetime:
        return TIMES
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if type(None) in get_args(hint):
        return st.none() | values_of(get_args(hint)[0])
    if hint == tuple[str, ...]:
        return st.lists(st.text(), max_size=3).map(tuple)
    # What is left are mappings of names to numbers; another kind of field needs a line here.
    assert get_args(hint) == (str, float), hint
    return st.dictionaries(st.text(), FINITE, max_size=3)


def events_of(kind: type[RiskEvent]) -> st.SearchStrategy[RiskEvent]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{spec.name: values_of(hints[spec.name]) for spec in fields(kind)})


def encoded(**changes: Any) -> bytes:
    """An encoded event with parts of its envelope changed."""
    envelope = json.loads(codec.encode_event(build_portfolio_risk()))
    return json.dumps({**envelope, **changes}).encode()


# ---------------------------------------------------------------- events


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@given(data=st.data())
def test_an_event_comes_back_as_it_was(kind: type[RiskEvent], data: st.DataObject):
    event = data.draw(events_of(kind))

    assert codec.decode_event(codec.encode_event(event)) == event


@given(events_of(DataFaultFound))
def test_equal_events_give_equal_bytes(event: RiskEvent):
    assert codec.encode_event(replace(event)) == codec.encode_event(event)


def test_the_order_in_a_mapping_does_not_change_the_bytes():
    assert codec.encode_mapping({"b": 1, "a": 2}) == codec.encode_mapping({"a": 2, "b": 1})


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(EventInvalid, match="'Earthquake' is not a kind of event"):
        codec.decode_event(encoded(kind="Earthquake"))


def test_a_newer_version_is_refused():
    with pytest.raises(EventInvalid, match=r"PortfolioRisk has version 99.*reads up to version 1"):
        codec.decode_event(encoded(version=99))


def test_a_wrong_type_is_refused_and_named():
    body = {**json.loads(encoded())["body"], "gross": "a lot"}

    with pytest.raises(EventInvalid, match=r"Expected `float`, got `str` - at `\$.gross`"):
        codec.decode_event(encoded(body=body))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(number: str):
    text = encoded().replace(b'"gross": 306.0', f'"gross": {number}'.encode())

    with pytest.raises(EventInvalid):
        codec.decode_event(text)


def test_a_time_without_a_zone_is_refused():
    body = {**json.loads(encoded())["body"], "at": "2024-01-01T12:00:00"}

    with pytest.raises(EventInvalid, match="needs a timezone"):
        codec.decode_event(encoded(body=body))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"kind": "PortfolioRisk"}', b'"text"'])
def test_what_is_no_event_is_refused(data: bytes):
    with pytest.raises(EventInvalid, match="this is not an event"):
        codec.decode_event(data)


@given(st.binary())
def test_any_bytes_are_an_event_or_refused(data: bytes):
    with pytest.raises(EventInvalid):
        codec.decode_event(data)


def test_an_older_version_that_lacks_a_field_with_a_default_is_accepted():
    """Every field of every event is needed today, so a fill's body stands in for one."""
    whole = json.loads(codec.encode_entry(build_fill(fee=0.0)))
    older = {name: value for name, value in whole.items() if name != "fee"}

    assert codec.decode_entry(json.dumps(older).encode(), Fill) == build_fill(fee=0.0)


def test_an_event_of_an_older_version_is_accepted(monkeypatch: pytest.MonkeyPatch):
    older = encoded()
    monkeypatch.setattr(PortfolioRisk, "version", 2)

    assert codec.decode_event(older) == build_portfolio_risk()


def test_what_an_older_event_lacks_and_has_no_default_is_named():
    body = json.loads(encoded())["body"]
    del body["gross"]

    with pytest.raises(EventInvalid, match="missing required field `gross`"):
        codec.decode_event(encoded(body=body))


def test_the_schema_describes_every_kind():
    schema = codec.event_schema()

    assert [envelope["title"] for envelope in schema["oneOf"]] == list(KINDS)
    for envelope in schema["oneOf"]:
        body = schema["$defs"][envelope["properties"]["body"]["$ref"].removeprefix("#/$defs/")]
        assert body["properties"]["at"]["format"] == "date-time"
        wanted = {spec.name for spec in fields(KINDS[envelope["title"]])}
        assert set(body["properties"]) == wanted


def test_the_schema_is_plain_json():
    json.dumps(codec.event_schema(), allow_nan=False)


def test_an_enum_is_described_by_its_values():
    definitions = codec.event_schema()["$defs"]

    assert definitions["Verdict"]["enum"] == ["approve", "reject", "resize"]
    assert OrderValidation.__name__ in definitions


# ---------------------------------------------------------------- the domain's values


@pytest.mark.parametrize("positions", [0, 1, 40])
def test_a_snapshot_comes_back_with_its_models(positions: int):
    models = build_models()
    snapshot = build_snapshot(positions=positions, models=models)

    back = codec.decode_snapshot(codec.encode_snapshot(snapshot), models)

    assert back.models is models
    for spec in fields(snapshot):
        if spec.name not in ("models", "shocks", "scores"):
            assert getattr(back, spec.name) == getattr(snapshot, spec.name)
    np.testing.assert_array_equal(back.scores[0].exceeded, snapshot.scores[0].exceeded)


def test_the_shocks_of_a_snapshot_are_not_stored_but_follow_from_its_models():
    """They change once a day; with them each cycle's row would be many times as long."""
    models = build_models()
    snapshot = build_snapshot(models=models, shocks=shocks_by(models.day))

    stored = codec.encode_snapshot(snapshot)
    back = codec.decode_snapshot(stored, models).shocks

    assert stored == codec.encode_snapshot(replace(snapshot, shocks=NO_SHOCKS))
    assert (back.scenarios, back.assets) == (snapshot.shocks.scenarios, snapshot.shocks.assets)
    np.testing.assert_array_equal(back.returns, snapshot.shocks.returns)
    np.testing.assert_array_equal(back.sources, snapshot.shocks.sources)


def test_only_the_ledger_of_a_snapshot_can_be_read():
    snapshot = build_snapshot()

    assert codec.ledger_of_snapshot(codec.encode_snapshot(snapshot)) == snapshot.ledger


def test_a_missing_mark_survives_though_its_price_is_no_number():
    marks = {"GONE/USDT": missing_mark("GONE/USDT", NOON)}
    snapshot = build_snapshot(marks=marks)

    back = codec.decode_snapshot(codec.encode_snapshot(snapshot), snapshot.models)

    assert math.isnan(back.marks["GONE/USDT"].price)
    assert not back.marks["GONE/USDT"].known


def test_an_assessment_comes_back_as_it_was():
    assessment = build_assessment(build_snapshot(positions=3))

    assert codec.decode_value(codec.encode_value(assessment), Assessment) == assessment


def test_a_state_comes_back_with_its_scopes_as_keys():
    state = build_state(7)

    assert codec.decode_value(codec.encode_value(state), RiskState) == state


@given(policies())
def test_a_policy_comes_back_in_an_action_and_in_a_state(policy: Policy):
    asked = AdoptPolicy(seq=1, at=NOON, who="anna", policy=policy, seen=0)
    body, kept = codec.encode_action(asked), replace(build_state(), policy=policy)

    assert codec.decode_action("AdoptPolicy", body, seq=1, at=NOON, who="anna") == asked
    assert codec.decode_value(codec.encode_value(kept), RiskState) == kept


def test_a_state_of_an_older_program_is_read_with_defaults():
    older = msgspec.msgpack.encode({"portfolio": "demo", "cycle": 3})

    assert codec.decode_value(older, RiskState) == RiskState(portfolio="demo", cycle=3)


def test_a_number_of_numpy_is_stored_as_a_number():
    fill = build_fill(quantity=np.float64(0.25))

    assert codec.decode_entry(codec.encode_entry(fill), Fill).quantity == 0.25


@pytest.mark.parametrize("entry", [build_fill(), build_flow(amount=-5.0)])
def test_a_ledger_entry_comes_back_as_it_was(entry: Fill | Flow):
    assert codec.decode_entry(codec.encode_entry(entry), type(entry)) == entry


@pytest.mark.parametrize("kind", [RiskState, Assessment, Model])
def test_bytes_that_are_no_value_are_refused(kind: type[Any]):
    with pytest.raises(StoreError, match=f"a stored {kind.__name__} cannot be read"):
        codec.decode_value(b"\x93\x01\x02", kind)


def test_bytes_that_are_no_snapshot_are_refused():
    with pytest.raises(StoreError, match="a stored Snapshot cannot be read"):
        codec.ledger_of_snapshot(b"{}")
    with pytest.raises(StoreError, match="a stored Snapshot cannot be read"):
        codec.decode_snapshot(b"{}", build_models())


def test_bytes_that_are_no_entry_are_refused():
    with pytest.raises(StoreError, match="a stored Flow cannot be read"):
        codec.decode_entry(b"{}", Flow)


# ---------------------------------------------------------------- models


def test_a_model_comes_back_to_the_last_bit():
    model = build_model()

    back = codec.decode_value(codec.encode_model(model), Model)

    assert codec.encode_model(back) == codec.encode_model(model)
    for name, array in model.filter._asdict().items():
        np.testing.assert_array_equal(getattr(back.filter, name), array)
    assert back.column("C001/USDT") == 1


@given(st.sampled_from(["C", "F"]), st.integers(0, 4), st.integers(0, 4))
def test_an_array_keeps_its_order_and_can_be_written(order: str, rows: int, columns: int):
    """Compiled kernels are specialised on both; a change would compile them anew."""
    array = np.asarray(np.arange(rows * columns, dtype=float).reshape(rows, columns), order=order)
    model = build_model()
    model = replace(model, filter=model.filter._replace(returns=array))

    back = codec.decode_value(codec.encode_model(model), Model).filter.returns

    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable
    assert back.flags.c_contiguous == array.flags.c_contiguous
    assert back.flags.f_contiguous == array.flags.f_contiguous


def test_an_unobserved_return_stays_unobserved():
    model = build_model()
    model.filter.residuals[0, 0] = math.nan

    assert math.isnan(codec.decode_value(codec.encode_model(model), Model).filter.residuals[0, 0])


def test_an_array_of_objects_is_refused():
    """What would need pickle could run somebody's code."""
    envelope = msgspec.msgpack.decode(codec.encode_model(build_model()))[1]
    envelope["tracking"] = ["|O", [1], "C", b"\0" * 8]

    with pytest.raises(StoreError, match="a stored Model cannot be read"):
        codec.decode_value(msgspec.msgpack.encode(envelope), Model)


def test_a_value_without_stored_form_is_refused():
    with pytest.raises(NotImplementedError, match="object has no stored form"):
        codec.encode_mapping({"what": object()})
