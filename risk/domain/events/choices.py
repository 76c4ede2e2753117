"""What people asked for, and what came of it."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.events.base import RiskEvent


@dataclass(frozen=True, kw_only=True)
class PolicyChanged(RiskEvent):
    """A policy was adopted, or a temporary limit of it was set or ended.

    Attributes
    ----------
    number : int
        Version of the policy that is in force now.
    action : int
        Number of what a person asked for.
    by : str
    what : tuple of str
        What is different, a line each.
    approved_by : str
        By whose word, which may be its author's where it only tightens; empty where nobody was
        asked.
    """

    version: ClassVar[int] = 2

    number: int
    action: int
    by: str
    what: tuple[str, ...]
    approved_by: str = ""


@dataclass(frozen=True, kw_only=True)
class BookModelChanged(RiskEvent):
    """Another model measures the book's day from this cycle on.

    Attributes
    ----------
    previous, model : str
        Their names.
    by : str
        Who chose it, or the setting.
    approved_by : str
        By whose word; empty of the setting, and where nobody was asked.
    """

    version: ClassVar[int] = 2

    previous: str
    model: str
    by: str
    approved_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionRefused(RiskEvent):
    """Something that a person asked for changed nothing.

    Attributes
    ----------
    asked : str
        What was asked for, as the end of a sentence: *asked to*.
    by : str
    reason : str
        One plain sentence.
    """

    asked: str
    by: str
    reason: str
