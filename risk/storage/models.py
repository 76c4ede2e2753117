"""Models at rest: a row a bar, of which the newest are kept.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select

from risk.domain.market import Period
from risk.domain.model import Model
from risk.portfolio.forecasting import with_scenarios
from risk.storage import codec
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import cycle, model_state, to_ms

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
    of_this = (model_state.c.portfolio == portfolio, model_state.c.period == period.value)
    query = select(model_state.c.body).where(*of_this).order_by(model_state.c.number.desc())
    if at is not None:
        number = _number_at(connection, of_this, to_ms(at))
        query = query.where(model_state.c.number == number)
    body = connection.execute(query.limit(1)).scalar()
    return None if body is None else bytes(body)


def body_of_cycle(
    connection: Connection, portfolio: str, period: Period, number: int
) -> bytes | None:
    """The encoded model that a cycle had; None if it is not kept any more."""
    row = model_state.c
    query = (
        select(row.body)
        .where(row.portfolio == portfolio, row.period == period.value, row.number <= number)
        .order_by(row.number.desc())
        .limit(1)
    )
    body = connection.execute(query).scalar()
    return None if body is None else bytes(body)


def _number_at(
    connection: Connection, of_this: Sequence[ColumnElement[bool]], at_ms: int
) -> int | None:
    """The cycle from which on the model held that had seen no bar after `at_ms`.

    From its close on, though the cycle that took it in came a moment later; one that another
    method was chosen for, between two closes, from its own cycle on.
    """
    its_cycle = (cycle.c.portfolio == model_state.c.portfolio) & (
        cycle.c.number == model_state.c.number
    )
    query = (
        select(model_state.c.number, model_state.c.closed_ms, cycle.c.at_ms)
        .outerjoin(cycle, its_cycle)
        .where(*of_this, model_state.c.closed_ms <= at_ms)
        .order_by(model_state.c.number)
    )
    rows = connection.execute(query).all()
    of_close = [row for row in rows if row.closed_ms == rows[-1].closed_ms]
    begun = [row for row in of_close if row.at_ms is not None and row.at_ms <= at_ms]
    held = begun[-1:] or of_close[:1]
    return held[0].number if held else None


def restored(body: bytes) -> Model:
    """The model that was encoded, with its scenarios derived anew."""
    model = codec.decode_value(body, Model)
    made = model.forecast
    if made is not None and not made.method:
        # Stored before forecasts were signed, when no model was ever exchanged for another.
        model = replace(model, forecast=made._replace(method=model.spec.method))
    return with_scenarios(model)
