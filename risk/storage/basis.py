"""What answers and trips follow from, kept so that they can be worked out again.

An order's answer follows from the snapshot that it was judged by, from what the state after that
says of limits, breakers and people's holds, from the policy, and from what was booked and asked
since. The state is kept with each snapshot without what no order is judged by; the policy, which is
half of it and hardly ever another one, once. A trip follows from the state before its cycle: that
is kept whole, with what breakers look at of the models.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import hashlib
import zlib
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from risk.domain.breakers import Breakers
from risk.domain.model import Model, Models
from risk.domain.policy import Policy
from risk.domain.ports import CycleRecord
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.storage import bulk, codec
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import policy_state, trip_state

#: Fast: a cycle waits for it, and a slower one makes it hardly smaller.
_LEVEL = 1
#: Hours that the words on the market at a trip look back.
_HOURS_TOLD = timedelta(hours=24) // timedelta(hours=1)


class Policies:
    """Policies as they are kept: each is encoded once, however many cycles it holds for."""

    def __init__(self) -> None:
        self._last: tuple[Policy, bytes, str] | None = None
        self._written: set[tuple[str, str]] = set()

    def digest_of(self, policy: Policy | None) -> str | None:
        """What it is kept under."""
        if policy is None:
            return None
        if self._last is None or self._last[0] is not policy:
            body = codec.encode_value(policy)
            self._last = policy, body, hashlib.sha256(body).hexdigest()
        return self._last[2]

    def write(self, connection: Connection, portfolio: str) -> None:
        """Keep the last one that was asked about, unless that was done before."""
        if self._last is None or (portfolio, self._last[2]) in self._written:
            return
        _, body, digest = self._last
        row = (portfolio, digest, zlib.compress(body, _LEVEL))
        columns = ("portfolio", "digest", "body")
        insert_rows(connection, policy_state, columns, [row], on_conflict=OnConflict.KEEP)

    def written(self, portfolio: str) -> None:
        """Note that it is kept: what wrote it was committed."""
        if self._last is not None:
            self._written.add((portfolio, self._last[2]))


def encode_basis(state: RiskState) -> bytes:
    """A state as orders are judged by it, without its policy.

    Parameters
    ----------
    state : RiskState
        After a step.
    """
    judged_by = replace(
        state,
        policy=None,
        breakers=_without_memory(state.breakers),
        # What is remembered of a book, and no order is judged by; what is not named is kept.
        trusts={},
        exposures={},
        positions_told={},
        full_sizes={},
        ranges={},
        stops={},
    )
    return zlib.compress(codec.encode_value(judged_by), _LEVEL)


def _without_memory(breakers: Breakers) -> Breakers:
    states = {name: state._replace(memory=None, hits=()) for name, state in breakers.states.items()}
    return Breakers(states, {})


def decode_basis(body: bytes, policy: Policy | None) -> RiskState:
    """The state that was kept, with its policy put back.

    Raises
    ------
    StateUnreadable
        If `body` holds none.
    """
    return replace(codec.decode_value(zlib.decompress(body), RiskState), policy=policy)


def read_policy(connection: Connection, portfolio: str, digest: str | None) -> Policy | None:
    """A policy that was kept; None if there is none of that digest.

    Raises
    ------
    StateUnreadable
        If it was written by a program whose policies this one does not understand.
    """
    row = policy_state.c
    query = select(row.body).where(row.portfolio == portfolio, row.digest == digest)
    body = None if digest is None else connection.execute(query).scalar()
    return None if body is None else codec.decode_value(zlib.decompress(body), Policy)


# ---------------------------------------------------------------- trips


class Trip(NamedTuple):
    """What a cycle began from in which a breaker tripped.

    Attributes
    ----------
    before : RiskState
    snapshot : Snapshot
        With models that know what breakers look at, and no scenario.
    """

    before: RiskState
    snapshot: Snapshot


_TRIP_COLUMNS = ("portfolio", "number", "state", "snapshot", "day", "hour")


def trip_row(record: CycleRecord, before: RiskState) -> bulk.Row:
    """What is kept of a cycle in which a breaker tripped.

    Parameters
    ----------
    record : CycleRecord
    before : RiskState
        After the cycle before it.
    """
    begins = any(_begins(each.breaker, before.breakers) for each in record.episodes)
    models = (
        codec.encode_model(model) if begins else codec.encode_value(_seen_by_breakers(model))
        for model in record.snapshot.models
    )
    bodies = codec.encode_value(before), codec.encode_snapshot(record.snapshot), *models
    return (
        record.snapshot.portfolio,
        record.number,
        *(zlib.compress(body, _LEVEL) for body in bodies),
    )


def write_trips(connection: Connection, rows: list[bulk.Row]) -> None:
    """Keep them."""
    insert_rows(connection, trip_state, _TRIP_COLUMNS, rows, on_conflict=OnConflict.KEEP)


def read_trip(connection: Connection, portfolio: str, number: int) -> Trip | None:
    """What a cycle began from; None if no breaker tripped in it, or it was not kept.

    Raises
    ------
    StateUnreadable
        If it was written by a program whose states this one does not understand.
    """
    row = trip_state.c
    query = select(trip_state).where(row.portfolio == portfolio, row.number == number)
    found = connection.execute(query).first()
    if found is None:
        return None
    day, hour = (
        codec.decode_value(zlib.decompress(body), Model) for body in (found.day, found.hour)
    )
    return Trip(
        codec.decode_value(zlib.decompress(found.state), RiskState),
        codec.decode_snapshot(zlib.decompress(found.snapshot), Models(day=day, hour=hour)),
    )


def _begins(breaker: str, before: Breakers) -> bool:
    """Whether a breaker remembers nothing yet: then it looks at all that the models remember."""
    known = before.states.get(breaker)
    return known is None or known.memory is None


def _seen_by_breakers(model: Model) -> Model:
    """A model without its long windows: breakers that have begun look at none of them."""
    kept = model.filter._replace(
        residuals=np.empty((0, len(model.assets))),
        returns=model.filter.returns[-_HOURS_TOLD:].copy(),
    )
    return replace(model, filter=kept, scenarios=None)
