"""What Seawall shows of the book, read leniently: a field that is missing is None or empty.

A later version may say more. What is not understood is kept in `raw`, and nothing that is read
here ever approves an order.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from risk.client.answers import Unreadable
from risk.domain.trading import TradingState

Fields = Mapping[str, Any]


def read_object(data: bytes) -> Fields:
    """A JSON object.

    Raises
    ------
    Unreadable
        If it is none.
    """
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unreadable(f"it cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("it is no JSON object")
    return value


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What holds one scope tighter than normal.

    Attributes
    ----------
    scope : str
        As ``strategy:trend``.
    state : TradingState
        HALTED where the word is not known: what is not understood is not traded in.
    cause : str
    source : str
        ``person``, ``breaker``, or ``rule``; a later version may say others.
    size : float or None
        What new risk is scaled by where `state` is THROTTLED; None where it was not told.
    """

    scope: str
    state: TradingState
    cause: str
    source: str = ""
    size: float | None = None


@dataclass(frozen=True, kw_only=True)
class StatusView:
    """How a portfolio stands.

    Attributes
    ----------
    portfolio : str
    trading_state : TradingState
        Of the portfolio; single scopes may be held tighter.
    cause : str
    snapshot_id : str
    snapshot_age : float
        Seconds since the market of the last saved cycle was read; infinite where it was not told.
    fresh, journalling : bool
        Whether new risk may be answered on it; whether decisions reach the disk.
    limits_version : int
    raw : mapping of str to object
    size : float or None
        What new risk of the whole portfolio is scaled by where it is THROTTLED; None where it was
        not told.
    """

    portfolio: str
    trading_state: TradingState
    cause: str
    snapshot_id: str
    snapshot_age: float
    fresh: bool
    journalling: bool
    limits_version: int
    raw: Fields = field(repr=False, compare=False)
    size: float | None = None


@dataclass(frozen=True, kw_only=True)
class PositionView:
    """What a strategy holds of an asset.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity : float
        Signed units.
    stop_price : float or None
        Quote currency; None where no stop stands.
    mark : float or None
        Quote currency.
    raw : mapping of str to object
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    stop_price: float | None
    mark: float | None
    raw: Fields = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class LimitView:
    """A limit and how full it is.

    Attributes
    ----------
    name, kind, scope : str
        `scope` as ``asset:BTC/USDT``.
    hard, value : float or None
        In the limit's unit.
    status : str
    raw : mapping of str to object
    """

    name: str
    kind: str
    scope: str
    hard: float | None
    value: float | None
    status: str
    raw: Fields = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class InstrumentView:
    """An asset that the policy names, and the steps in which its exchange counts.

    Attributes
    ----------
    asset : str
    tick, lot, least : float
        0 where any is allowed.
    """

    asset: str
    tick: float
    lot: float
    least: float


@dataclass(frozen=True, kw_only=True)
class LimitsView:
    """The limits of a portfolio, and what may be traded at all.

    Attributes
    ----------
    limits : tuple of LimitView
    instruments : mapping of asset to InstrumentView, or None
        None where Seawall does not tell them.
    version : int
    """

    limits: tuple[LimitView, ...]
    instruments: Mapping[str, InstrumentView] | None
    version: int


@dataclass(frozen=True, kw_only=True)
class ReductionView:
    """A request to make a position smaller.

    Attributes
    ----------
    id : str
    strategy, asset, venue : str
    target_quantity : float
        Signed units to end at.
    reason : str
    deadline : datetime or None
        UTC.
    """

    id: str
    strategy: str
    asset: str
    venue: str
    target_quantity: float
    reason: str
    deadline: datetime | None


# --- reading --------------------------------------------------------------------------------


def read_status(data: bytes) -> StatusView:
    """`GET /api/v1/status`.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    Unreadable
        If it is no JSON object, or names no trading state.
    """
    said = read_object(data)
    if "trading_state" not in said:
        raise Unreadable("it names no trading state")
    age = number(said.get("snapshot_age"))
    return StatusView(
        portfolio=text(said.get("portfolio")),
        trading_state=trading_state(said["trading_state"]),
        cause=text(said.get("cause")),
        snapshot_id=text(said.get("snapshot_id")),
        snapshot_age=math.inf if age is None else age,
        fresh=said.get("fresh") is True,
        journalling=said.get("journalling") is True,
        limits_version=int(number(said.get("limits_version")) or 0),
        raw=said,
        size=_size(said.get("size")),
    )


def read_holds(data: bytes) -> tuple[Hold, ...]:
    """`GET /api/v1/breakers`.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    Unreadable
        If it is no JSON object with a list of holds.
    """
    return tuple(
        Hold(
            scope=text(each.get("scope")),
            state=trading_state(each.get("trading_state")),
            cause=text(each.get("cause")),
            source=text(each.get("source")),
            size=_size(each.get("size")),
        )
        for each in _required_rows(read_object(data), "holds")
    )


def read_positions(data: bytes) -> tuple[PositionView, ...]:
    """`GET /api/v1/positions`.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    Unreadable
        If it is no JSON object with a list of positions, or one has no quantity.
    """
    return tuple(_position(each) for each in _required_rows(read_object(data), "positions"))


def read_limits(data: bytes) -> LimitsView:
    """`GET /api/v1/limits`.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    Unreadable
        If it is no JSON object with a list of limits.
    """
    said = read_object(data)
    return LimitsView(
        limits=tuple(_limit(each) for each in _required_rows(said, "limits")),
        instruments=_instruments(said.get("instruments")),
        version=int(number(said.get("limits_version")) or 0),
    )


def read_reductions(data: bytes) -> tuple[ReductionView, ...]:
    """`GET /api/v1/reductions`: those that are not met.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    Unreadable
        If it is no JSON object with a list of reductions, or one lacks its id or target.
    """
    return tuple(read_reduction(each) for each in _required_rows(read_object(data), "reductions"))


def read_reduction(said: Fields) -> ReductionView:
    """One request.

    Parameters
    ----------
    said : mapping of str to object
        As in a list of them, or the body of the event ``ReductionRequested``.

    Raises
    ------
    Unreadable
        If it lacks its id or target.
    """
    target, identity = number(said.get("target_quantity")), text(said.get("id"))
    if target is None or not identity:
        raise Unreadable("a reduction lacks its id or its target")
    return ReductionView(
        id=identity,
        strategy=text(said.get("strategy")),
        asset=text(said.get("asset")),
        venue=text(said.get("venue")),
        target_quantity=target,
        reason=text(said.get("reason")),
        deadline=moment(said.get("deadline")),
    )


def trading_state(word: object) -> TradingState:
    """The state that `word` names; HALTED where it names none."""
    name = text(word).replace(" ", "_").upper()
    return TradingState.__members__.get(name, TradingState.HALTED)


def _size(value: object) -> float | None:
    """A share of what was wanted, or None."""
    size = number(value)
    return size if size is not None and 0.0 <= size <= 1.0 else None


def text(value: object) -> str:
    """Text as it is, anything else as empty."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def moment(value: object) -> datetime | None:
    """A time with its zone, or None."""
    try:
        at = datetime.fromisoformat(text(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def rows(said: Fields, name: str) -> Iterator[Fields]:
    """The objects in the list of that name; none where there is no such list."""
    listed = said.get(name)
    return (each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict))


def _required_rows(said: Fields, name: str) -> Iterator[Fields]:
    if not isinstance(said.get(name), list):
        raise Unreadable(f"it has no list of {name}")
    return rows(said, name)


def _position(said: Fields) -> PositionView:
    quantity = number(said.get("quantity"))
    if quantity is None:
        raise Unreadable("a position has no quantity")
    return PositionView(
        strategy=text(said.get("strategy")),
        asset=text(said.get("asset")),
        venue=text(said.get("venue")),
        quantity=quantity,
        stop_price=number(said.get("stop_price")),
        mark=number(said.get("mark")),
        raw=said,
    )


def _limit(said: Fields) -> LimitView:
    return LimitView(
        name=text(said.get("name")),
        kind=text(said.get("kind")),
        scope=text(said.get("scope")),
        hard=number(said.get("hard")),
        value=number(said.get("value")),
        status=text(said.get("status")),
        raw=said,
    )


def _instruments(said: object) -> Mapping[str, InstrumentView] | None:
    if isinstance(said, list):
        listed = {text(each.get("asset")): each for each in said if isinstance(each, dict)}
    elif isinstance(said, dict):
        listed = {asset: each for asset, each in said.items() if isinstance(each, dict)}
    else:
        return None
    return {
        asset: InstrumentView(
            asset=asset,
            tick=number(each.get("tick")) or 0.0,
            lot=number(each.get("lot")) or 0.0,
            least=number(each.get("least")) or 0.0,
        )
        for asset, each in listed.items()
    }
