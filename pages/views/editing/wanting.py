"""From what was typed to what somebody wants: an action, or what is wrong with it. Pure.

The engine applies and refuses by the same functions; whatever passes here can only be outrun by
somebody else's change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pages.components.fields import read_fields
from pages.format import Zone
from pages.views.editing.forms import Definition, Saying, fault_of
from pages.views.editing.subjects import Stamp, Subject, name_of
from risk.domain.actions import Change
from risk.domain.policy import Policy
from risk.errors import PolicyInvalid
from risk.policy.adoption import made_of, refuse_long_lent, without_expired
from risk.policy.diff import Difference, diff
from risk.policy.rules import refuse_unsound

#: Of faults, the one of the form as a whole.
WHOLE = ""
#: What stands for a reason that is still to be written.
UNSAID = "not said yet"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a form comes to.

    Attributes
    ----------
    before : Policy
        In force now.
    change : Change or None
        None where something is wrong.
    after : Policy or None
        What would be in force.
    differences : tuple of Difference
        Empty where nothing would change.
    faults : mapping of name to str
        What is wrong at a field, or under ``WHOLE``; sentences without their full stop.
    """

    before: Policy
    change: Change | None = None
    after: Policy | None = None
    differences: tuple[Difference, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether it could be asked for."""
        return self.change is not None and bool(self.differences)


def wanted_of(
    subject: Subject,
    typed: Mapping[str, Any],
    policy: Policy,
    *,
    portfolio: str,
    stamp: Stamp,
    now: datetime,
    zone: Zone,
) -> Wanted:
    """What a form comes to.

    Parameters
    ----------
    subject : Subject
    typed : mapping of name to object
        As a browser sent it, which may be anything.
    policy : Policy
        In force.
    portfolio : str
    stamp : Stamp
    now : datetime
        The market's. UTC.
    zone : Zone
        Of times that were typed.
    """
    read = read_fields(subject.fields, typed, zone)
    before = without_expired(policy, now)
    assert before is not None, "there is one"
    if read.faults:
        return Wanted(before=before, faults=read.faults)
    said = stamp._replace(reason=stamp.reason or UNSAID)
    change = subject.action(read.values, before, said)
    try:
        after = made_of(before, change, at=now)
        refuse_unsound(after, portfolio)
        refuse_long_lent(before, after)
    except PolicyInvalid as invalid:
        name, fault = fault_of(invalid, subject.fields, _saying(subject, before, now, zone))
        return Wanted(before=before, faults={name: fault})
    differences = diff(before, after)
    return Wanted(before=before, change=change, after=after, differences=differences)


def _saying(subject: Subject, policy: Policy, now: datetime, zone: Zone) -> Saying:
    definition: Definition | None = getattr(subject, "definition", None)
    defined: list[Definition] = [*policy.limits, *policy.breakers]
    names = {each.name: name_of(each) for each in defined}
    about = "" if definition is None else definition.name
    return Saying(about, names, zone.date_and_clock(now, now=now))
