"""What older programs stored is read, or refused in one sentence that says what to do."""

from dataclasses import fields

import msgspec
import pytest

from risk.domain.assessment import Assessment
from risk.domain.ledger import Fill, Flow
from risk.domain.model import Model, Models
from risk.domain.state import RiskState
from risk.errors import StateUnreadable
from risk.manager import step
from risk.portfolio.forecasting import with_scenarios
from risk.storage import codec
from risk.storage.models import restored
from tests.books import BTC, ETH, KNOWN
from tests.builders import build_model
from tests.storage.bodies import bodies, kept_bodies

FORMATS = range(codec.FORMAT + 1)


@pytest.fixture(params=FORMATS)
def stored(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return kept_bodies(request.param)


def models_of(stored: dict[str, bytes]) -> Models:
    day, hour = (
        with_scenarios(codec.decode_value(stored[name], Model)) for name in ("day", "hour")
    )
    return Models(day=day, hour=hour)


def test_a_book_of_every_format_so_far_is_carried_on(stored):
    models = models_of(stored)
    snapshot = codec.decode_snapshot(stored["snapshot"], models)
    state = codec.decode_value(stored["state"], RiskState)

    after = step(state, snapshot)

    assert after.state.cycle == 3
    assert models.day.assets == KNOWN
    assert models.day.version == models.hour.version == 140
    assert {key.asset for key in codec.ledger_of_snapshot(stored["snapshot"]).positions} == {
        BTC,
        ETH,
    }
    assert after.assessment.held.day is not None


def test_what_was_assessed_is_shown_as_it_was(stored):
    assessment = codec.decode_value(stored["assessment"], Assessment)

    assert assessment.equity == 1_031_000.0
    assert assessment.held.exposure.gross == pytest.approx(49_000.0)
    assert assessment.positions[0].asset in {BTC, ETH}


def test_entries_of_the_ledger_are_read(stored):
    assert codec.decode_entry(stored["fill"], Fill).quantity == 0.5
    assert codec.decode_entry(stored["flow"], Flow).amount == 1_000.0


def test_a_field_added_later_takes_its_default():
    """Tolerance of what is lacking: the reason why new fields have defaults."""
    body = msgspec.msgpack.decode(kept_bodies(0)["state"])
    del body["action_seq"]

    assert codec.decode_value(msgspec.msgpack.encode(body), RiskState).action_seq == 0


def test_a_forecast_stored_before_forecasts_were_signed_is_its_models():
    model = build_model()
    assert model.forecast is not None
    envelope = msgspec.msgpack.decode(codec.encode_model(model))
    envelope[1]["forecast"] = envelope[1]["forecast"][:4]
    envelope[1]["score"] = envelope[1]["score"][:6]

    stored = restored(msgspec.msgpack.encode(envelope))

    assert stored.forecast is not None
    assert stored.forecast.method == model.spec.method
    assert stored.score is not None
    assert stored.score.method == ""


def test_the_newest_format_has_its_bodies_kept():
    """Whoever raises `FORMAT` keeps what it writes: see `tests.storage.bodies`."""
    assert kept_bodies(codec.FORMAT).keys() == bodies().keys()


@pytest.mark.parametrize("kind", [RiskState, Assessment, Model])
def test_a_newer_format_is_refused_with_what_to_do(kind):
    newer = msgspec.msgpack.encode((codec.FORMAT + 1, {}))

    with pytest.raises(StateUnreadable, match=rf"stored {kind.__name__} .*format 2.* SEAWALL_HOME"):
        codec.decode_value(newer, kind)


def test_a_body_that_lacks_what_it_needs_is_refused_with_what_to_do():
    lacking = msgspec.msgpack.encode((codec.FORMAT, {"cycle": 3}))

    with pytest.raises(StateUnreadable, match=r"portfolio.* begin anew with another SEAWALL_HOME"):
        codec.decode_value(lacking, RiskState)


@pytest.mark.parametrize("data", [b"", b"\x92", b"\x92\x01", b"\x91\x01", b"\xc1", b"nonsense"])
def test_bytes_that_are_no_body_are_refused(data):
    with pytest.raises(StateUnreadable):
        codec.decode_value(data, RiskState)


def test_every_field_is_stored():
    state = codec.decode_value(bodies()["state"], RiskState)

    told = msgspec.msgpack.decode(bodies()["state"])[1]
    assert told.keys() == {spec.name for spec in fields(state)}
