"""Which part of the book the address asks for, and the links to other parts of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pages.components.choices import ActiveFilter
from pages.format import sentence
from pages.query import BY, Query, Word
from pages.views.holdings import coin
from risk.domain.assessment import PositionMeasures
from risk.domain.positions import PositionKey
from risk.measures.types import FloatArray

PATH = "/exposure"
BOTH_SIDES = "both"
SIDES: Mapping[str, str] = {BOTH_SIDES: "Both sides", "long": "Long", "short": "Short"}
#: What a position is told apart by; each is a word of the address.
PARTS = ("asset", "strategy", "venue")
#: Into what each grouping is split when one goes deeper.
DEEPER: Mapping[str, str] = {"asset": "strategy", "strategy": "asset", "venue": "asset"}

SIDE = Word("side", BOTH_SIDES, "side", SIDES)
CHANGE = Word("change", "var", "measure", {"var": "VaR 99 %", "gross": "Gross", "net": "Net"})
SINCE = Word("since", "1d", "beginning", {"1d": "Today", "7d": "7 days"})
WORDS = (BY, *(Word(part, "", part) for part in PARTS), SIDE, CHANGE, SINCE)


@dataclass(frozen=True)
class Selection:
    """A part of the book: the positions that have these parts of a key, on this side.

    Attributes
    ----------
    parts : tuple of (str, str)
        Of ``PARTS``, what each must be; those that may be anything are left out.
    side : str
        A key of ``SIDES``.
    """

    parts: tuple[tuple[str, str], ...] = ()
    side: str = BOTH_SIDES

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.parts and self.side == BOTH_SIDES

    def takes(self, key: PositionKey) -> bool:
        """Whether a position of this key may belong to it; its side counts too."""
        return all(getattr(key, part) == value for part, value in self.parts)

    def of_side(self, values: FloatArray) -> FloatArray:
        """`values` where they are on its side, and zero where they are not."""
        if self.side == BOTH_SIDES:
            return values
        return np.maximum(values, 0.0) if self.side == "long" else np.minimum(values, 0.0)

    def of(self, positions: Sequence[PositionMeasures]) -> tuple[PositionMeasures, ...]:
        """The open positions that belong to it."""
        return tuple(p for p in positions if self.takes(p.key) and self._has_side(p.exposure))

    def quantities(self, held: Mapping[PositionKey, float]) -> dict[PositionKey, float]:
        """The units that belong to it."""
        return {k: units for k, units in held.items() if self.takes(k) and self._has_side(units)}

    def _has_side(self, signed: float) -> bool:
        return self.side == BOTH_SIDES or (signed > 0.0) == (self.side == "long")

    @property
    def words(self) -> str:
        """What it is, inside a sentence: ``strategy trend, long side``."""
        named = [f"{part} {label(part, value)}" for part, value in self.parts]
        return ", ".join([*named, *([] if self.side == BOTH_SIDES else [f"{self.side} side"])])


def label(part: str, value: str) -> str:
    """How a part of a key is called on screens."""
    return coin(value) if part == "asset" else value


def selection_of(query: Query) -> Selection:
    """The part of the book that an address asks for."""
    said = {part: query.choice(part) for part in PARTS}
    parts = tuple((part, value) for part, value in said.items() if value)
    return Selection(parts, query.choice(SIDE.name))


def level_of(query: Query) -> str:
    """By what to split: as chosen, or one deeper where only one of those is selected."""
    chosen = query.choice(BY.name)
    return DEEPER[chosen] if query.choice(chosen) else chosen


def active_filters(query: Query) -> list[ActiveFilter]:
    """What is selected, each with the way back."""
    selection = selection_of(query)
    named = [(part, label(part, value)) for part, value in selection.parts]
    if selection.side != BOTH_SIDES:
        named.append((SIDE.name, selection.side))
    return [
        ActiveFilter(sentence(word), value, query.href(PATH, **{word: None}))
        for word, value in named
    ]


def everything(query: Query) -> str:
    """The address of the whole book in the same view."""
    return query.href(PATH, **dict.fromkeys((*PARTS, SIDE.name)))


def toggled(query: Query, **parts: str) -> str:
    """The address with these parts selected, or without them if all are already."""
    chosen = all(query.choice(part) == value for part, value in parts.items())
    return query.href(PATH, **{part: None if chosen else value for part, value in parts.items()})
