"""Models at rest: a row a bar, of which the newest are kept.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select

from risk.domain.market import Period
from risk.domain.model import Model
from risk.portfolio.forecasting import with_scenarios
from risk.storage import codec
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import model_state, to_ms

#: Bars whose models are kept, the newest: so far back can be asked what changed.
KEPT: Mapping[Period, int] = {Period.DAY: 10, Period.HOUR: 3}

_COLUMNS = ("portfolio", "period", "number", "version", "closed_ms", "body")


def write(connection: Connection, portfolio: str, number: int, model: Model) -> None:
    """Keep the model that holds from cycle `number` on; the oldest ones go."""
    period = model.spec.period
    closed_ms = None if model.closed is None else to_ms(model.closed)
    row = (portfolio, period.value, number, model.version, closed_ms, codec.encode_model(model))
    insert_rows(connection, model_state, _COLUMNS, [row], on_conflict=OnConflict.REPLACE)
    of_this = (model_state.c.portfolio == portfolio, model_state.c.period == period.value)
    newest = (
        select(model_state.c.number)
        .where(*of_this)
        .order_by(model_state.c.number.desc())
        .limit(KEPT[period])
    )
    connection.execute(
        delete(model_state).where(*of_this, model_state.c.number.not_in(newest.scalar_subquery()))
    )


def body_at(
    connection: Connection, portfolio: str, period: Period, *, at: datetime | None = None
) -> bytes | None:
    """The encoded model that held at `at`, or the newest one; None if it is not kept."""
    query = select(model_state.c.body).where(
        model_state.c.portfolio == portfolio, model_state.c.period == period.value
    )
    if at is not None:
        query = query.where(model_state.c.closed_ms <= to_ms(at))
    body = connection.execute(query.order_by(model_state.c.number.desc()).limit(1)).scalar()
    return None if body is None else bytes(body)


def restored(body: bytes) -> Model:
    """The model that was encoded, with its scenarios derived anew."""
    model = codec.decode_value(body, Model)
    made = model.forecast
    if made is not None and not made.method:
        # Stored before forecasts were signed, when no model was ever exchanged for another.
        model = replace(model, forecast=made._replace(method=model.spec.method))
    return with_scenarios(model)
