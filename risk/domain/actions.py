"""What people ask of a book, and what became of it.

An action waits in the store until a cycle takes it in; it never changes, and none is lost while
the engine is away. To add a kind, write a class here and what applies it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from risk.domain.overrides import OverrideKind, OverrideWish
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState

#: Who chose a book's model where nobody did.
BY_SETTING = "the setting SEAWALL_VAR_MODEL"
#: What trading may be latched at: a rule may tighten less, a hand that pulls the brake means it.
LATCHABLE = (TradingState.REDUCE_ONLY, TradingState.HALTED)


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
        found: dict[str, type[Action]] = {}
        for kind in cls.__subclasses__():
            found |= kind.kinds() if kind.__subclasses__() else {kind.__name__: kind}
        return found


class Sanction(NamedTuple):
    """By whose word a change holds.

    Attributes
    ----------
    proposal : int
        Number of the proposal that it was.
    approved_by : str
        Whose word it had: its author's own, or another person's, which what loosens needs. Empty
        where `alone`.
    alone : bool
        Whether nobody had a login, so that there was no second person to ask.
    """

    proposal: int
    approved_by: str = ""
    alone: bool = False

    @property
    def told(self) -> str:
        """As the journal tells it."""
        return ALONE if self.alone else self.approved_by


#: What is told in the place of a second person's name where there was none to ask.
ALONE = "alone, nobody has a login"


@dataclass(frozen=True, kw_only=True)
class Change(Action):
    """What changes how much may be risked; it comes of a proposal.

    Attributes
    ----------
    sanction : Sanction or None
        None of what nobody has agreed to: where it loosens, nothing comes of it.
    """

    sanction: Sanction | None = None


@dataclass(frozen=True, kw_only=True)
class ChooseBookModel(Change):
    """Measure the book's day by another model.

    Attributes
    ----------
    model : str
        A key of ``BOOK_MODELS``.
    seen : int or None
        Number of the last action that was known when it was compared with the model in use; None
        if it was compared with none.
    """

    model: str
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class AdoptPolicy(Change):
    """Put another policy in the place of the one in force.

    Attributes
    ----------
    policy : Policy
        Its `version` and `by` do not matter: they follow from its adoption.
    seen : int
        Version of the policy that it was compared with; 0 for none. Where another is in force by
        then, nothing is adopted.
    """

    policy: Policy
    seen: int


@dataclass(frozen=True, kw_only=True)
class SetTemporaryLimit(Change):
    """Give a limit other thresholds for a while, in place of other temporary ones of that time.

    Attributes
    ----------
    limit : str
        Name of the limit.
    hard, soft : float
        In the limit's unit.
    starts : datetime or None
        UTC; None for the cycle that takes it in.
    expires : datetime
        UTC, the market's time.
    reason : str
    """

    limit: str
    hard: float
    soft: float
    starts: datetime | None
    expires: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class EndTemporaryLimit(Change):
    """Let a limit be as defined again, now and later.

    Attributes
    ----------
    limit : str
        Name of the limit.
    """

    limit: str


@dataclass(frozen=True, kw_only=True)
class LatchTrading(Action):
    """Stop trading in a scope, wholly or but for reductions, until a person resumes it.

    Attributes
    ----------
    scope : Scope
    state : TradingState
        One of ``LATCHABLE``.
    reason : str
        One sentence.
    id : str
        Unique, made by whoever latches: what was written twice counts once.
    """

    scope: Scope
    state: TradingState
    reason: str
    id: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.state not in LATCHABLE:
            raise ValueError(f"nothing is latched at {self.state.name}")


@dataclass(frozen=True, kw_only=True)
class ResumeTrading(Action):
    """Let go of a scope's latch; what rules and limits say of it stays.

    Attributes
    ----------
    scope : Scope
    reason : str
        One sentence.
    seen : int
        Number of the latch that the person saw. Where the scope was latched again since, nothing
        is resumed.
    """

    scope: Scope
    reason: str
    seen: int


@dataclass(frozen=True, kw_only=True)
class ReleaseBreaker(Action):
    """Let a breaker whose pause is over go into probation, though it has not eased by itself.

    Attributes
    ----------
    breaker : str
        Its name.
    episode : str
        The episode that the person saw. Where another one is on, nothing is let go.
    reason : str
        One sentence.
    read : tuple of str
        The warnings that the person had opened, or a command had shown, as they were told.
    """

    breaker: str
    episode: str
    reason: str
    read: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OverrideBreaker(Action):
    """Overrule a breaker until an expiry, or end what overrules it: an `OverrideWish`.

    Attributes
    ----------
    breaker : str
        Its name.
    kind : OverrideKind
    reason : str
        One sentence.
    expires : datetime or None
        UTC, the market's time; None of END.
    seen_episode : str
        The episode that the person saw, empty for none. Where another one is on, nothing changes.
    seen_action : int
        Number of the override that the person saw, 0 for none. Where another one is on, nothing
        changes.
    size : float
        What new risk is scaled by, of STEP_DOWN.
    read : tuple of str
        The warnings that the person had opened, or a command had shown, as they were told.
    seen_retrips : int or None
        How often that episode had tripped again when the person looked; None of who has not said.
        What loosens changes nothing once it is another number.
    seen_value : float or None
        What the breaker measured when the person looked; None where it could not.
    ends : OverrideKind or None
        Of END, what the override is that it ends; where that is another kind, nothing changes.
    """

    breaker: str
    kind: OverrideKind
    reason: str
    expires: datetime | None = None
    seen_episode: str = ""
    seen_action: int = 0
    size: float = 1.0
    read: tuple[str, ...] = ()
    seen_retrips: int | None = None
    seen_value: float | None = None
    ends: OverrideKind | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.expires is not None and self.expires.utcoffset() is None:
            raise ValueError(f"an override's expiry needs a timezone: {self.expires!r}")

    @property
    def wish(self) -> OverrideWish:
        """What was asked, without who and when."""
        return OverrideWish(*(getattr(self, name) for name in OverrideWish._fields))


#: What people ask of a breaker.
BreakerWord = ReleaseBreaker | OverrideBreaker


@dataclass(frozen=True, kw_only=True)
class ReleaseReservation(Action):
    """Give back the room of an order that is known to be dead.

    Attributes
    ----------
    client_order_id, reason : str
    """

    client_order_id: str
    reason: str


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
    approved_by : str
        By whose word, as `Sanction.told` says it; empty of the setting.
    """

    previous: str
    model: str
    by: str
    approved_by: str = ""


class PolicyChange(NamedTuple):
    """One policy taking another's place, or the same with other temporary limits.

    Attributes
    ----------
    policy : Policy
        As it is in force from then on.
    action : int
        Number of the action that asked for it.
    by : str
        Who asked.
    what : tuple of str
        What is different, a line each.
    approved_by : str
        By whose word, as `Sanction.told` says it; empty where nobody was asked.
    """

    policy: Policy
    action: int
    by: str
    what: tuple[str, ...]
    approved_by: str = ""


class Refusal(NamedTuple):
    """An action that was taken in and changed nothing.

    Attributes
    ----------
    asked, by, reason : str
    """

    asked: str
    by: str
    reason: str
