"""What a replay of some strategies found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from risk.domain.events import Verdict
from risk.domain.policy import Policy
from risk.errors import InsufficientData
from risk.lab.replay.baselines import on_grid
from risk.lab.replay.breaches import LimitOutcome, outcomes
from risk.lab.replay.rules import HeldBack
from risk.lab.replay.run import Pair
from risk.lab.replay.statistics import LEAST_DAYS, BookFigures, compare


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A managed and an unmanaged book of some strategies, and what they say.

    Attributes
    ----------
    strategy : str
        Its name, or ``all``.
    begun, ended : datetime
        First and last close. UTC.
    books : tuple of BookFigures
    limits : tuple of LimitOutcome
        Of all limits on the book.
    verdicts : mapping of Verdict to int
        What the managed book's orders were answered.
    held_back : mapping of HeldBack to int
        What kept them smaller than wished, and how often.
    """

    strategy: str
    begun: datetime
    ended: datetime
    books: tuple[BookFigures, ...]
    limits: tuple[LimitOutcome, ...]
    verdicts: Mapping[Verdict, int]
    held_back: Mapping[HeldBack, int]


def judge(strategy: str, pair: Pair, policy: Policy, *, bar_seconds: float, seed: int) -> Replayed:
    """Figures of both books and of those that only trade less, and what each limit prevented.

    Parameters
    ----------
    strategy : str
    pair : Pair
    policy : Policy
        That both were measured by.
    bar_seconds : float
        Length of a bar.
    seed : int
        Of resamples and random halts.

    Raises
    ------
    InsufficientData
        If the books lived for fewer than ``LEAST_DAYS`` whole days.
    """
    managed, unmanaged = (
        on_grid(bars, seconds=bar_seconds) for bars in (pair.managed, pair.unmanaged)
    )
    if len(managed.returns) < LEAST_DAYS:
        raise InsufficientData("a replay (days)", needed=LEAST_DAYS, got=len(managed.returns))
    return Replayed(
        strategy=strategy,
        begun=pair.managed[0].at,
        ended=pair.managed[-1].at,
        books=compare(managed, unmanaged, np.random.default_rng(seed)),
        limits=outcomes(policy, pair.managed, pair.unmanaged),
        verdicts=dict(pair.verdicts),
        held_back=dict(pair.held_back),
    )
