"""What can happen to a breaker in a step, as values."""

from dataclasses import dataclass
from typing import NamedTuple

from risk.domain.actions import BreakerWord
from risk.domain.breakers import BreakerState, Episode
from risk.domain.overrides import Override


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that happened to a breaker in a step.

    Attributes
    ----------
    state : BreakerState
        After it.
    """

    state: BreakerState


@dataclass(frozen=True, kw_only=True)
class OfEpisode(Happening):
    """Something that happened to an episode.

    Attributes
    ----------
    episode : Episode
        After it.
    by : ReleaseBreaker, OverrideBreaker or None
        The person's word that did it; None of its rule.
    """

    episode: Episode
    by: BreakerWord | None = None


class Tripped(OfEpisode):
    """An episode began."""


class TrippedAgain(OfEpisode):
    """A trip in probation."""


class Eased(OfEpisode):
    """A step towards normal: into probation, or up its ramp."""


class Asked(OfEpisode):
    """The greatest dwell has passed: a person must look."""


class Ended(OfEpisode):
    """The episode is over."""


@dataclass(frozen=True, kw_only=True)
class Overridden(Happening):
    """A person overruled it.

    Attributes
    ----------
    override : Override
    """

    override: Override


@dataclass(frozen=True, kw_only=True)
class OverrideOver(Happening):
    """What a person commanded holds no more.

    Attributes
    ----------
    override : Override
    why, by : str
        `by` is ``rule`` or a person.
    """

    override: Override
    why: str
    by: str


class Refused(NamedTuple):
    """A person's word that changed nothing.

    Attributes
    ----------
    word : ReleaseBreaker or OverrideBreaker
    reason : str
    """

    word: BreakerWord
    reason: str


class Advanced(NamedTuple):
    """A breaker after a step.

    Attributes
    ----------
    state : BreakerState
    happenings : tuple of Happening
        In their order.
    refusals : tuple of Refused
    """

    state: BreakerState
    happenings: tuple[Happening, ...] = ()
    refusals: tuple[Refused, ...] = ()
