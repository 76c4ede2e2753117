"""Any event in words, by its kind."""

from dataclasses import fields, replace

from pages.views.change_lines import told_lines
from pages.views.happenings import breakers, market, orders, people, rules
from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words
from risk.domain.events import PolicyChanged, ProposalMade, RiskEvent
from risk.domain.policy import Policy


def words(event: RiskEvent, currency: str, policy: Policy | None = None) -> Words:
    """One event in words; a kind without words of its own is told by its name.

    Parameters
    ----------
    event : RiskEvent
    currency : str
    policy : Policy, optional
        In force: it knows in which units changes of it are read.
    """
    if isinstance(event, PolicyChanged | ProposalMade):
        event = replace(event, what=told_lines(event.what, policy, currency))
    say = _SAY.get(type(event))
    if say is None:
        return _unforeseen(event)
    return say(event, currency)


def words_of_kind(kind: str) -> Words:
    """An entry of a kind that this program does not know: a newer one wrote it."""
    return "info", spaced(kind), "written by a newer version of Seawall"


#: What tells, in this order, of any event who did it and why.
_WHO, _WHY = ("by", "who", "person", "sender"), ("reason", "why", "cause", "comment", "detail")
#: Fields that are told of a kind without words of its own.
_TOLD_FIELDS = 3
#: What every event has.
_COMMON = frozenset(spec.name for spec in fields(RiskEvent))


def _unforeseen(event: RiskEvent) -> Words:
    """A kind without words of its own: its name, what it is about, who, and why."""
    told = {name: value for name, value in vars(event).items() if name not in _COMMON}
    who = next((str(told.pop(name)) for name in _WHO if told.get(name)), "")
    why = next((str(told.pop(name)) for name in _WHY if told.get(name)), "")
    severity = told.pop("severity", None)
    about = [f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value]
    detail = "; ".join(part for part in (why, ", ".join(about[:_TOLD_FIELDS]), who) if part)
    return BY_SEVERITY.get(severity, "info"), spaced(type(event).__name__), detail


def spaced(name: str) -> str:
    """``FillRecorded`` as ``Fill recorded``."""
    return "".join(f" {c.lower()}" if c.isupper() and i else c for i, c in enumerate(name))


#: How each kind is told.
_SAY: Sayings = {
    **market.SAY,
    **orders.SAY,
    **rules.SAY,
    **breakers.SAY,
    **people.SAY,
}
