"""A small market, an account and a store that a test steers, and what they lead to."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from risk.domain.journalling import GateJournal
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.model import Models
from risk.domain.orders import Side, WorkingOrder
from risk.domain.ports import AccountReading, Carried, Clock, CycleRecord, MarketReading
from risk.domain.state import RiskState
from risk.engine.gate import Gate
from risk.portfolio.forecasting import new_models
from risk.storage.codec import encode_event, encode_snapshot, encode_value

BEGIN = datetime(2024, 3, 10, 7, tzinfo=UTC)
PORTFOLIO = "demo"


def deposit(amount: float = 10_000.0, *, name: str = "first") -> Flow:
    return Flow(id=name, amount=amount, at=BEGIN, note="paid in")


def purchase(asset: str = "BTC", quantity: float = 10.0, *, name: str = "f1") -> Fill:
    return Fill(
        id=name,
        strategy="trend",
        asset=asset,
        venue="sim-a",
        side=Side.BUY,
        quantity=quantity,
        price=100.0,
        at=BEGIN,
    )


def sale_at_work(name: str = "o1", asset: str = "BTC") -> WorkingOrder:
    return WorkingOrder(
        client_order_id=name,
        strategy="trend",
        asset=asset,
        venue="sim-a",
        side=Side.SELL,
        quantity=1.0,
    )


class FakeAccount:
    """An `Account` that tells what it was given, once, and notes what it was shown.

    Attributes
    ----------
    fail_with : Exception or None
        Raised by the next reading.
    """

    def __init__(self, *readings: AccountReading) -> None:
        self._readings = list(readings)
        self.shown: list[tuple[MarketReading, Carried]] = []
        self.fail_with: Exception | None = None

    def tell(self, reading: AccountReading) -> None:
        self._readings.append(reading)

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure
        self.shown.append((market, carried))
        return self._readings.pop(0) if self._readings else AccountReading()


def nothing_yet(assets: Sequence[str]) -> Carried:
    """Where a book begins."""
    return Carried(state=RiskState(portfolio=PORTFOLIO), ledger=Ledger(), models=new_models(assets))


def gate_over(
    carried: Carried,
    journal: GateJournal,
    clock: Clock,
    *,
    token: int = 1,
    patience: float = 1.0,
    **choices: bool,
) -> Gate:
    """A gate that writes when it is asked to, in the thread of whoever asks."""
    return Gate(
        carried=carried,
        journal=journal,
        token=token,
        clock=clock,
        patience=patience,
        stale_after=5.0,
        **choices,
    )


def written(record: CycleRecord) -> tuple[object, ...]:
    """A record as the store writes it: equal records give equal bytes, arrays included."""
    return (
        record.number,
        encode_snapshot(record.snapshot),
        models_written(record.snapshot.models),
        encode_value(record.assessment),
        encode_value(record.state),
        [encode_event(event) for event in record.events],
        record.closes,
        record.wall,
    )


def models_written(models: Models) -> list[bytes]:
    return [encode_value(model) for model in models]


def noting(name: str, into: list[str], function: Callable[..., object]) -> Callable[..., object]:
    """The function, which notes its name when it is called."""

    def called(*arguments: object, **named: object) -> object:
        into.append(name)
        return function(*arguments, **named)

    return called
