"""What people ask of a book, and what became of it.

An action waits in the store until a cycle takes it in; it never changes, and none is lost while
the engine is away. To add a kind, write a class here and what applies it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

#: Who chose a book's model where nobody did.
BY_SETTING = "the setting SEAWALL_VAR_MODEL"


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a person asked of a book.

    Attributes
    ----------
    seq : int
        Its place among all of the book, from 1.
    at : datetime
        When it was asked, wall time. UTC.
    who : str
    """

    seq: int
    at: datetime
    who: str

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"an action's time needs a timezone: {self.at!r}")

    @classmethod
    def kinds(cls) -> "dict[str, type[Action]]":
        """Every kind of action by its class name."""
        return {kind.__name__: kind for kind in cls.__subclasses__()}


@dataclass(frozen=True, kw_only=True)
class ChooseBookModel(Action):
    """Measure the book's day by another model.

    Attributes
    ----------
    model : str
        A key of ``BOOK_MODELS``.
    """

    model: str


class BookModelInUse(NamedTuple):
    """Which model measures a book's day, and why.

    Attributes
    ----------
    name : str
        A key of ``BOOK_MODELS``.
    by : str
        Who chose it; ``BY_SETTING`` if nobody did.
    since : datetime or None
        The market's time of the cycle that changed it; None from the book's beginning. UTC.
    """

    name: str
    by: str
    since: datetime | None

    @property
    def chosen(self) -> bool:
        """Whether a person chose it, so that the setting does not matter any more."""
        return self.by != BY_SETTING


class ModelChange(NamedTuple):
    """One model taking another's place.

    Attributes
    ----------
    previous, model, by : str
    """

    previous: str
    model: str
    by: str


class Refusal(NamedTuple):
    """An action that was taken in and changed nothing.

    Attributes
    ----------
    asked, by, reason : str
    """

    asked: str
    by: str
    reason: str
