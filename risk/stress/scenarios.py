"""Scenarios: what happened, as returns of single coins.

Historic ones are rows of ``historic.toml``. Each event makes a scenario of its lowest closes, and
most make a second one of their worst days, so that both a book that is held through and one that
is closed after a day find their case. Bear markets of a year are kept too, but a running book is
not measured by them: nobody holds one for a year unchanged, and they would hide everything else.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import Any, NamedTuple

from risk.errors import InvalidInput

#: Other names of the same coin.
_ALIASES = {"XBT": "BTC"}
#: Days from the first to the last; what takes longer is `SLOW`.
LONGEST_EVENT = 60


class Horizon(StrEnum):
    """Over which time a scenario's returns are."""

    LOWEST = "lowest close"
    SLOW = "lowest close of months"
    DAY = "worst day"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """Returns that coins had in one event. Immutable.

    Attributes
    ----------
    id : str
    title, cause : str
        What people call it, and what it was.
    horizon : Horizon
    base, end : date
        The day whose close was the starting point, and the last day that counts. UTC.
    returns : mapping of coin to float
        Simple returns against the US dollar of the coins that were traded, stablecoins left out.
    pegged : mapping of stablecoin to float
        Of the stablecoins that the event moved.
    """

    id: str
    title: str
    cause: str
    horizon: Horizon
    base: date
    end: date
    returns: Mapping[str, float]
    pegged: Mapping[str, float]

    @property
    def days(self) -> int:
        """From the close at its beginning to the last that counts."""
        return 1 if self.horizon is Horizon.DAY else (self.end - self.base).days

    @property
    def mean(self) -> float:
        """Of the coins recorded."""
        return sum(self.returns.values()) / len(self.returns)

    @property
    def worst(self) -> float:
        """Of the coin that fell deepest."""
        return min(self.returns.values())

    @property
    def worst_pegged(self) -> float:
        """Of the stablecoin that fell deepest; 0 if the event moved none."""
        return min(0.0, *self.pegged.values()) if self.pegged else 0.0


def coin_of(asset: str) -> str:
    """``BTC/USDT`` as ``BTC``: the name under which scenarios know it."""
    coin = asset.split("/", maxsplit=1)[0].upper()
    return _ALIASES.get(coin, coin)


# --- reading ---------------------------------------------------------------------------------


class Events(NamedTuple):
    """What a table of events holds.

    Attributes
    ----------
    scenarios : tuple of Scenario
        In the order of the table; of one event, its lowest closes come first.
    stablecoins : frozenset of str
        Coins that are meant to be worth one unit of a currency.
    """

    scenarios: tuple[Scenario, ...]
    stablecoins: frozenset[str]


def read_events(text: str) -> Events:
    """The scenarios of a table of events.

    Parameters
    ----------
    text : str
        TOML, as ``historic.toml`` explains it.

    Raises
    ------
    InvalidInput
        If it is not such a table, a return is not finite or not above −1, an event ends before it
        begins or records no coin, or two have one id or title. The sentence names the event.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"a table of stress events cannot be read: {error}") from error
    names = table.get("stablecoins")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput("a table of stress events must list its stablecoins by name")
    stablecoins = frozenset(names)
    scenarios = [
        scenario for event in table.get("event", []) for scenario in _both(event, stablecoins)
    ]
    _refuse_twins(scenarios)
    return Events(tuple(scenarios), stablecoins)


_KEYS = {"id", "title", "cause", "base", "end", "lowest", "worst_day"}


def _both(event: Mapping[str, Any], stablecoins: frozenset[str]) -> Iterator[Scenario]:
    """The event's scenario of lowest closes, and that of worst days if it has them."""
    name = _text(event, "id", "a stress event")
    about = f"stress event {name}"
    unknown = sorted(event.keys() - _KEYS)
    if unknown:
        raise InvalidInput(f"{about} has {', '.join(unknown)}, which nothing reads")
    returns, pegged = _returns(event, "lowest", stablecoins, about)
    base, end = _day(event, "base", about), _day(event, "end", about)
    if base >= end:
        raise InvalidInput(f"{about} begins on {base} and ends on {end}")
    lowest = Scenario(
        id=name,
        title=_text(event, "title", about),
        cause=_text(event, "cause", about),
        horizon=Horizon.LOWEST if (end - base).days <= LONGEST_EVENT else Horizon.SLOW,
        base=base,
        end=end,
        returns=returns,
        pegged=pegged,
    )
    yield lowest
    if "worst_day" in event:
        returns, pegged = _returns(event, "worst_day", stablecoins, about)
        yield replace(
            lowest,
            id=f"{name}_day",
            title=f"{lowest.title} (worst day)",
            horizon=Horizon.DAY,
            returns=returns,
            pegged=pegged,
        )


def _text(event: Mapping[str, Any], key: str, about: str) -> str:
    value = event.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{about} needs a text as {key}")
    return value


def _day(event: Mapping[str, Any], key: str, about: str) -> date:
    value = event.get(key)
    if type(value) is not date:  # a time of day would be one of them too
        raise InvalidInput(f"{about} needs a day as {key}, got {value!r}")
    return value


def _returns(
    event: Mapping[str, Any], key: str, stablecoins: frozenset[str], about: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Returns of coins, and those of stablecoins."""
    recorded = event.get(key)
    if not isinstance(recorded, dict) or not recorded.keys() - stablecoins:
        raise InvalidInput(f"{about} needs returns of coins as {key}")
    for coin, value in recorded.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(f"{about} moves {coin} by {value!r}, which is no number")
        if not math.isfinite(value) or value <= -1.0:
            raise InvalidInput(f"{about} moves {coin} by {value}; a return is finite and above -1")
    returns, pegged = dict[str, float](), dict[str, float]()
    for coin, value in recorded.items():
        (pegged if coin in stablecoins else returns)[coin] = float(value)
    return returns, pegged


def _refuse_twins(scenarios: Sequence[Scenario]) -> None:
    for what in ("id", "title"):
        names = [getattr(scenario, what) for scenario in scenarios]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise InvalidInput(f"two stress scenarios have the {what} {twins[0]}")


_HISTORIC = read_events((files("risk.stress") / "historic.toml").read_text(encoding="utf-8"))

#: All scenarios by id, in the order of their events.
SCENARIOS: Mapping[str, Scenario] = {scenario.id: scenario for scenario in _HISTORIC.scenarios}

#: Those by which a running book is measured.
LIVE = tuple(s for s in SCENARIOS.values() if s.horizon is not Horizon.SLOW)

#: Coins that are meant to be worth one unit of a currency.
STABLECOINS = _HISTORIC.stablecoins


def title_of(scenario: str) -> str:
    """What people call a scenario; its id if this program does not know it, as of an older one."""
    known = SCENARIOS.get(scenario)
    return scenario if known is None else known.title
