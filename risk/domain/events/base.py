"""What all events have in common. To make one, write a class in a file beside this one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar


class Severity(StrEnum):
    """How much attention an event asks for."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class RiskEvent:
    """A fact about one portfolio at one moment.

    Attributes
    ----------
    at : datetime
        When it became true: the snapshot's time, not the time of writing. UTC.
    portfolio : str
    cycle : str
        The engine cycle that established it; ties an alert back to its numbers.
    """

    version: ClassVar[int] = 1
    #: Whether it is worth keeping for ever. Measurements are not: they are stored as metrics.
    journalled: ClassVar[bool] = True

    at: datetime
    portfolio: str
    cycle: str

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"{type(self).__name__}.at needs a timezone: {self.at!r}")
        for name, value in vars(self).items():
            # Most values are of these; their names need not be put together to be passed.
            if (type(value) is float and math.isfinite(value)) or type(value) is str:
                continue
            _refuse_not_finite(f"{type(self).__name__}.{name}", value)

    @classmethod
    def kinds(cls) -> "dict[str, type[RiskEvent]]":
        """Every kind of event by its class name, in alphabetical order."""
        return {
            kind.__name__: kind for kind in sorted(cls.__subclasses__(), key=lambda k: k.__name__)
        }


def _refuse_not_finite(name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_not_finite(f"{name}[{key}]", inner)
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            _refuse_not_finite(f"{name}[{position}]", inner)
