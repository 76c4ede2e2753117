"""The authority in numbers, for Prometheus."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from risk.api.operations import READERS, Call, Document, Operation, Room
from risk.api.status import trading_state
from risk.api.tally import ENDS
from risk.domain.events import Verdict


class _Numbers(Collector):
    """What there is to tell, taken when it is asked for."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def collect(self) -> Iterator[Metric]:
        """All numbers."""
        yield from self._answers()
        yield from self._book()
        yield from self._notary()
        desk, hub = self._room.desk, self._room.hub
        yield _gauge("keys_certain", "1 while changes of keys are known.", desk.keys.certain)
        yield _gauge("event_listeners", "Listeners to the stream of events.", hub.listeners)

    def _answers(self) -> Iterator[Metric]:
        tally = self._room.tally
        orders = CounterMetricFamily(
            "seawall_orders", "Orders answered, by verdict.", labels=["verdict"]
        )
        for verdict in Verdict:
            orders.add_metric([verdict.value], tally.verdicts[verdict.value])
        yield orders
        refusals = CounterMetricFamily(
            "seawall_requests_refused", "Requests without an answer, by status.", labels=["status"]
        )
        for status, count in sorted(tally.refusals.items()):
            refusals.add_metric([str(status)], count)
        yield refusals
        yield HistogramMetricFamily(
            "seawall_order_seconds",
            "From an order's arrival to its answer, journal included.",
            buckets=[
                (str(end), float(count))
                for end, count in zip((*ENDS, "+Inf"), accumulate(tally.latencies), strict=True)
            ],
            sum_value=tally.latency_sum,
        )
        yield _gauge("journal_lag_seconds", "Age of the oldest order not answered.", tally.lag)
        yield _gauge("orders_waiting", "Orders that wait for their answer.", tally.waiting)

    def _book(self) -> Iterator[Metric]:
        view = self._room.desk.view()
        yield _gauge("authority", "1 while this is the authority.", view is not None)
        if view is None:
            return
        yield _gauge(
            "snapshot_age_seconds",
            "Since the market of the last saved cycle was read.",
            view.snapshot_age,
        )
        yield _gauge("snapshot_fresh", "1 while new risk may be answered on it.", view.fresh)
        yield _gauge("journal_writes", "1 while decisions can be written.", view.journalling)
        yield _gauge(
            "trading_state",
            "Of the book: 0 normal, 1 caution, 2 throttled, 3 reduce only, 4 halted.",
            trading_state(view)[0],
        )
        yield _gauge("latches", "Scopes that people hold tighter.", len(view.latches))
        yield _gauge(
            "reservations", "Orders that room is set aside for.", len(view.open_reservations)
        )

    def _notary(self) -> Iterator[Metric]:
        view = self._room.desk.notary()
        if view is None:
            return
        if view.signed_ago is not None:
            yield _gauge(
                "journal_signed_ago_seconds",
                "Since the journal was last signed as far as it had come.",
                view.signed_ago,
            )
        yield _gauge(
            "journal_signed",
            "1 while checkpoints of the journal are signed and copied to the anchor.",
            view.problem is None,
        )
        yield _gauge(
            "journal_broken", "1 once the journal was found not to hold.", view.broken is not None
        )


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"seawall_{name}", says, value=float(value))


async def _metrics(call: Call) -> Document:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(call.room))
    return Document(generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode())


OPERATIONS = (
    Operation(
        method="GET",
        path="/metrics",
        summary="The authority in numbers, for Prometheus.",
        handle=_metrics,
        abilities=READERS,
        answer=bytes,
        media="text/plain",
        bucket="reads",
    ),
)
