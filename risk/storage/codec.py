"""Values to bytes and back, without pickle.

Events and ledger entries become JSON, which people and other programs read for years; what
only this program reads again (state, assessment, snapshot, model) becomes MessagePack in an
envelope that names its format. Both follow the annotations of the classes in `risk.domain`, so
that a new event or a new field with a default needs nothing here; a field that changes its
meaning, or goes, needs a new `FORMAT`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any, Literal, TypeVar, cast, get_type_hints

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk.domain.actions import Action, Change, Sanction
from risk.domain.assessment import Assessment
from risk.domain.cards import Card, CardHistory, Counterfactual
from risk.domain.events import RiskEvent
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Mark
from risk.domain.messages import OrderAnswer
from risk.domain.model import Model, Models
from risk.domain.orders import Reservation
from risk.domain.policy import Policy
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.errors import EventInvalid, StateUnreadable
from risk.stress.matrix import shocks_by

#: Of what only this program reads again. Bodies of format 0 have no envelope.
FORMAT = 1

Value = TypeVar("Value", RiskState, Assessment, Model, Policy)
Entry = TypeVar("Entry", Fill, Flow, Reservation)
Told = TypeVar("Told", Card, CardHistory, Counterfactual)


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """What surrounds every event's body."""

    kind: str
    version: int
    body: msgspec.Raw


class _Sealed(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What surrounds every MessagePack body."""

    format: int
    body: msgspec.Raw


# ---------------------------------------------------------------- events


def encode_event(event: RiskEvent) -> bytes:
    """An event as canonical JSON: ``{"kind", "version", "body"}``.

    The same event gives the same bytes, so that they can be hashed.
    """
    kind = type(event)
    return _json_encoder.encode({"kind": kind.__name__, "version": kind.version, "body": event})


def decode_event(data: bytes | str) -> RiskEvent:
    """The event that `data` holds.

    An event of an older version is accepted if all that it lacks has a default.

    Raises
    ------
    EventInvalid
        If it is not an event, of an unknown kind, of a newer version, or has a wrong value.
    """
    try:
        envelope = _envelope_decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise EventInvalid(f"this is not an event: {error}") from error
    kind = _kind_of(envelope)
    try:
        return msgspec.json.decode(envelope.body, type=kind)
    except msgspec.MsgspecError as error:
        raise EventInvalid(
            f"{envelope.kind} of version {envelope.version} cannot be read: {error}"
        ) from error


def _kind_of(envelope: _Envelope) -> type[RiskEvent]:
    kind = RiskEvent.kinds().get(envelope.kind)
    if kind is None:
        raise EventInvalid(f"{envelope.kind!r} is not a kind of event that this program knows")
    if envelope.version > kind.version:
        raise EventInvalid(
            f"{envelope.kind} has version {envelope.version}, "
            f"and this program reads up to version {kind.version}"
        )
    return kind


def event_schema() -> dict[str, Any]:
    """JSON Schema of every kind of event, in its envelope."""
    kinds = RiskEvent.kinds()
    bodies, definitions = msgspec.json.schema_components(
        kinds.values(), ref_template="#/$defs/{name}"
    )
    for kind in kinds.values():
        _name_times(kind, definitions[kind.__name__])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Seawall risk events",
        "oneOf": [
            _envelope_schema(kind, body) for kind, body in zip(kinds.values(), bodies, strict=True)
        ],
        "$defs": definitions,
    }


def _name_times(kind: type[RiskEvent], definition: dict[str, Any]) -> None:
    for name, hint in get_type_hints(kind).items():
        if hint is datetime:
            definition["properties"][name]["format"] = "date-time"


def _envelope_schema(kind: type[RiskEvent], body: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": kind.__name__,
        "type": "object",
        "properties": {
            "kind": {"const": kind.__name__},
            "version": {"type": "integer", "minimum": 1, "maximum": kind.version},
            "body": body,
        },
        "required": ["kind", "version", "body"],
        "additionalProperties": False,
    }


# ---------------------------------------------------------------- entries of the ledger


def encode_entry(entry: Fill | Flow | Reservation) -> bytes:
    """An entry of the ledger as canonical JSON."""
    return _json_encoder.encode(entry)


def decode_entry(data: bytes, kind: type[Entry]) -> Entry:
    """The entry of that kind that `data` holds.

    Raises
    ------
    StateUnreadable
        If it does not hold one.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise StateUnreadable(kind.__name__, str(error)) from error


# ---------------------------------------------------------------- episodes of breakers


def encode_told(told: Card | CardHistory | Counterfactual) -> str:
    """What is told of an episode, as canonical JSON text."""
    return _json_encoder.encode(told).decode()


def decode_told(data: str, kind: type[Told]) -> Told:
    """What of that kind `data` tells of an episode.

    What an older program wrote is accepted if all that it lacks has a default, and what a newer
    one added is not looked at.

    Raises
    ------
    StateUnreadable
        If it tells nothing of that kind.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise StateUnreadable(kind.__name__, str(error)) from error


# ---------------------------------------------------------------- actions of people


def encode_action(action: Action) -> str:
    """What an action adds to its number, time, author and sanction, as canonical JSON text."""
    common = {spec.name for spec in fields(Change)}
    own = [spec.name for spec in fields(action) if spec.name not in common]
    return encode_mapping({name: getattr(action, name) for name in own})


def decode_action(
    kind: str,
    body: str,
    *,
    seq: int,
    at: datetime,
    who: str,
    sanction: Sanction | None = None,
) -> Action:
    """The action of that kind that `body` holds; a `sanction` is for a `Change`.

    Raises
    ------
    StateUnreadable
        If the kind is unknown, or its body holds none.
    """
    known = Action.kinds().get(kind)
    if known is None:
        raise StateUnreadable("action", f"its kind {kind!r} is unknown")
    try:
        own = msgspec.json.decode(body, type=dict[str, Any])
        common = {"seq": seq, "at": at, "who": who}
        if issubclass(known, Change):
            return replace(msgspec.convert(own | common, known), sanction=sanction)
        return msgspec.convert(own | common, known)
    except msgspec.MsgspecError as error:
        raise StateUnreadable(kind, str(error)) from error


# ---------------------------------------------------------------- values of the domain


def encode_value(value: Value) -> bytes:
    """A value of the domain as MessagePack."""
    return _SEAL + _value_encoder.encode(value)


def decode_value(data: bytes, kind: type[Value]) -> Value:
    """The value of class `kind` that `data` holds.

    One of an older format is accepted if all that it lacks has a default.

    Raises
    ------
    StateUnreadable
        If it does not hold one, or holds one of a newer format.
    """
    return cast(Value, _decoded(data, _value_decoders[kind], kind.__name__))


def encode_model(model: Model) -> bytes:
    """A model without its scenarios, which follow from its filter."""
    return encode_value(replace(model, scenarios=None))


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """A snapshot without its models, which change once a bar and are stored by themselves.

    Nor with its shocks, which follow from them.
    """
    body = {name: getattr(snapshot, name) for name in _SNAPSHOT_FIELDS}
    return _SEAL + _value_encoder.encode(body)


def decode_snapshot(data: bytes, models: Models) -> Snapshot:
    """The snapshot that `data` holds, with its models put back and its shocks worked out anew.

    Those are of the scenarios that this program knows.

    Raises
    ------
    StateUnreadable
        If it does not hold one.
    """
    body = _decoded(data, _snapshot_decoder, Snapshot.__name__)
    stored = {name: getattr(body, name) for name in _SNAPSHOT_FIELDS}
    return Snapshot(models=models, shocks=shocks_by(models.day), **stored)


def ledger_of_snapshot(data: bytes) -> Ledger:
    """Only the ledger of an encoded snapshot; the rest is skipped, not built.

    Raises
    ------
    StateUnreadable
        If `data` does not hold a snapshot.
    """
    ledger: Ledger = _decoded(data, _ledger_decoder, Snapshot.__name__).ledger
    return ledger


def marks_of_snapshot(data: bytes) -> Mapping[str, Mark]:
    """Only the marks of an encoded snapshot; the rest is skipped, not built.

    Raises
    ------
    StateUnreadable
        If `data` does not hold a snapshot.
    """
    marks: Mapping[str, Mark] = _decoded(data, _marks_decoder, Snapshot.__name__).marks
    return marks


def _decoded(data: bytes, decoder: msgspec.msgpack.Decoder[Any], what: str) -> Any:
    try:
        return decoder.decode(_opened(data, what))
    except msgspec.MsgspecError as error:
        raise StateUnreadable(what, str(error)) from error


def _opened(data: bytes, what: str) -> bytes | msgspec.Raw:
    if data[:1] != _SEAL[:1]:  # a map, as format 0 wrote it, does not begin like that
        return data
    sealed = _sealed_decoder.decode(data)
    if sealed.format > FORMAT:
        raise StateUnreadable(
            what, f"it has format {sealed.format}, and this program reads up to {FORMAT}"
        )
    return sealed.body


def encode_mapping(mapping: Mapping[str, Any]) -> str:
    """A small mapping as canonical JSON text; equal mappings give equal text."""
    return _json_encoder.encode(dict(mapping)).decode()


# ---------------------------------------------------------------- answers to orders


def decode_answer(data: str) -> OrderAnswer:
    """The answer to an order as it was said.

    Raises
    ------
    StateUnreadable
        If `data` is none.
    """
    try:
        return _answer_decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise StateUnreadable("answer to an order", str(error)) from error


# ---------------------------------------------------------------- how arrays travel


def encode_text(text: str) -> str:
    """A text as canonical JSON: in quotation marks, as it stands in encoded values."""
    return _json_encoder.encode(text).decode()


def _encode_foreign(value: object) -> object:
    if isinstance(value, np.ndarray):
        return _pack_array(value)
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} has no stored form")


def _pack_array(array: NDArray[Any]) -> tuple[str, tuple[int, ...], str, bytes]:
    # The memory order is kept: compiled kernels are specialised on it.
    order: Literal["C", "F"] = (
        "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    )
    return array.dtype.str, array.shape, order, array.tobytes(order=order)


def _decode_foreign(kind: Any, value: Any) -> object:
    if getattr(kind, "__origin__", kind) is not np.ndarray:
        raise NotImplementedError(f"{kind} has no stored form")
    dtype, shape, order, data = value
    stored = np.dtype(dtype)
    if stored.hasobject:
        raise ValueError("an array of objects is never stored")
    # A copy, since a view of bytes is read-only and kernels would be compiled anew for it.
    return np.frombuffer(data, dtype=stored).reshape(shape, order=order).copy(order="K")


def _snapshot_body() -> tuple[tuple[str, ...], type[Any]]:
    hints = get_type_hints(Snapshot)
    kept = [spec for spec in fields(Snapshot) if spec.name not in ("models", "shocks")]
    specs = [(spec.name, hints[spec.name], *_default_of(spec)) for spec in kept]
    body = msgspec.defstruct("SnapshotBody", specs, kw_only=True)
    return tuple(spec.name for spec in kept), body


def _only(name: str, kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Reads one field of a snapshot and skips all others."""
    part = msgspec.defstruct("SnapshotPart", [(name, kind)])
    return msgspec.msgpack.Decoder(part, dec_hook=_decode_foreign)


def _default_of(spec: Any) -> tuple[Any, ...]:
    if spec.default_factory is not MISSING:
        return (msgspec.field(default_factory=spec.default_factory),)
    return () if spec.default is MISSING else (spec.default,)


_json_encoder = msgspec.json.Encoder(enc_hook=_encode_foreign, order="deterministic")
_answer_decoder = msgspec.json.Decoder(OrderAnswer)
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_value_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_foreign)
_sealed_decoder = msgspec.msgpack.Decoder(_Sealed)
# The envelope without its body, which is simply appended.
_SEAL = msgspec.msgpack.encode((FORMAT, None))[:-1]
_value_decoders: dict[type[Any], msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind, dec_hook=_decode_foreign)
    for kind in (RiskState, Assessment, Model, Policy)
}
_SNAPSHOT_FIELDS, _SnapshotBody = _snapshot_body()
_snapshot_decoder = msgspec.msgpack.Decoder(_SnapshotBody, dec_hook=_decode_foreign)
_ledger_decoder = _only("ledger", Ledger)
_marks_decoder = _only("marks", Mapping[str, Mark])
