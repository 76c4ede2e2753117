"""The largest figure of several models.

A maximum of estimates is above each of them: where one member is right, this is too high, and
its exceptions are too few. It is for people who would rather hold too much than too little.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import VarEs
from risk.measures.types import FloatArray
from risk.measures.var.base import VarModel, VarPath, served_levels, untracked_each


class MostConservativeState(NamedTuple):
    """The state of each member."""

    members: tuple[Any, ...]


@dataclass(frozen=True)
class MostConservative:
    """The largest VaR and the largest expected shortfall that any member forecasts.

    They may come from different members. It forecasts once all members do. A member that
    tracks its own exceptions does so here too.

    Attributes
    ----------
    name : str
    members : tuple of VarModel
        One or more.
    """

    name: str
    members: tuple[VarModel[Any], ...]
    title: ClassVar[str] = "Most conservative"

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("the most conservative of no models is nothing")

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"the largest of: {'; '.join(member.title for member in self.members)}"

    @property
    def tracks(self) -> bool:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return any(member.tracks for member in self.members)

    @property
    def costly(self) -> bool:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return any(member.costly for member in self.members)

    @property
    def lowest_level(self) -> float:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return max(member.lowest_level for member in self.members)

    def start(self, levels: Sequence[float] | FloatArray) -> MostConservativeState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = served_levels(self, levels)
        return MostConservativeState(tuple(member.start(levels) for member in self.members))

    def update(self, state: MostConservativeState, simple_return: float) -> MostConservativeState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        pairs = zip(self.members, state.members, strict=True)
        return MostConservativeState(
            tuple(member.update(own, simple_return) for member, own in pairs)
        )

    def forecast(self, state: MostConservativeState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        pairs = zip(self.members, state.members, strict=True)
        with self._in_our_name():
            return _largest([member.forecast(own) for member, own in pairs])

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = served_levels(self, levels)
        return VarPath(*_largest([member.path(returns, levels) for member in self.members]))

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = served_levels(self, levels)
        with self._in_our_name():
            return _largest([member.untracked(returns, levels) for member in self.members])

    def untracked_each(
        self, histories: Sequence[FloatArray], levels: Sequence[float] | FloatArray
    ) -> VarPath:
        """See :class:`~risk.measures.var.base.ManyAtOnce`."""
        levels = served_levels(self, levels)
        return VarPath(
            *_largest([untracked_each(member, histories, levels) for member in self.members])
        )

    @contextmanager
    def _in_our_name(self) -> Iterator[None]:
        try:
            yield
        except InsufficientData as error:
            raise InsufficientData(self.name, needed=error.needed, got=error.got) from error


def _largest(figures: Sequence[tuple[FloatArray, FloatArray]]) -> VarEs:
    """NaN, where a member does not forecast yet, stays NaN."""
    var = reduce(np.maximum, [var for var, _ in figures])
    es = reduce(np.maximum, [es for _, es in figures])
    return var, es
