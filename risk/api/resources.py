"""Every endpoint there is; to add one, describe it in its resource's module and name that here."""

from risk.api import (
    breakers,
    commands,
    document,
    events,
    health,
    leases,
    limits,
    metrics,
    orders,
    positions,
    prometheus,
    reductions,
    reservations,
    signals,
    status,
    stream,
)
from risk.api.operations import Operation

#: In the order of the document.
OPERATIONS: tuple[Operation, ...] = (
    *orders.OPERATIONS,
    *signals.OPERATIONS,
    *commands.OPERATIONS,
    *leases.OPERATIONS,
    *reductions.OPERATIONS,
    *reservations.OPERATIONS,
    *status.OPERATIONS,
    *positions.OPERATIONS,
    *limits.OPERATIONS,
    *breakers.OPERATIONS,
    *metrics.OPERATIONS,
    *events.OPERATIONS,
    *stream.OPERATIONS,
    *document.OPERATIONS,
    *prometheus.OPERATIONS,
    *health.OPERATIONS,
)
