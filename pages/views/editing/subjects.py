"""What the editor may be about, each with its form and the action that comes of it. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pages.components.fields import FormField, as_typed, form_fields
from pages.components.typed import with_unit
from pages.format import Zone, sentence
from pages.views.editing.forms import Definition, Group, form_of, level_fields
from risk.breakers.words import shown_name
from risk.domain.actions import AdoptPolicy, Change, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.actors import Ability
from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, LimitState, suffixed
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.dynamics import own_levels
from risk.limits.types import LIMIT_TYPES
from risk.limits.words import called, scope_words
from risk.policy.adoption import LONGEST_LENT, without_expired

#: How long a temporary limit is offered for at first.
_OFFERED = timedelta(hours=4)
_QUARTER = timedelta(minutes=15)
#: The number of an action that is none yet.
NO_NUMBER = 0


def own_words(limit: LimitDefinition, stands: LimitState | None, currency: str) -> str:
    """What holds where nothing is lent: ``its own again: hard 54 % and soft 48.6 % now, …``"""
    fields, own = level_fields(limit.kind, currency), own_levels(limit, stands)
    if own is None:
        return "its own again, as performance and regime have it then"
    hard, soft = (with_unit(each, of.scale) for each, of in zip(own, fields, strict=True))
    if not limit.dynamic:
        return f"hard {hard} and soft {soft} again, as defined"
    return (
        f"its own again: hard {hard} and soft {soft} as performance and regime have it now, which "
        "may be others by then"
    )


def without_dust(value: float) -> float:
    """A threshold as people write it: what floats leave over of a product is no digit of it."""
    return float(f"{value:.10g}")


class Stamp(NamedTuple):
    """What every wish carries.

    Attributes
    ----------
    who : str
    at : datetime
        Wall time. UTC.
    seen : int
        Version of the policy that is in force.
    reason : str
    """

    who: str
    at: datetime
    seen: int
    reason: str


class Subject(ABC):
    """Something that may be made different."""

    #: What whoever proposes it must be able to do.
    ability: Ability = Ability.PROPOSE

    @property
    @abstractmethod
    def title(self) -> str:
        """What is to be done, as a heading."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Fields that somebody fills in; none where there is nothing to say but why."""
        return ()

    def typed(self, zone: Zone) -> dict[str, Any]:  # noqa: ARG002
        """What stands in the fields at first."""
        return {}

    @property
    def lead(self) -> str:
        """What that does, a sentence or two; empty where the title says it."""
        return ""

    @abstractmethod
    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:
        """What somebody would ask for.

        Parameters
        ----------
        values : mapping of name to value
            Of the fields.
        policy : Policy
            In force.
        stamp : Stamp
        """

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Those of all groups."""
        return tuple(each for group in self.groups for each in group.fields)


def name_of(definition: Definition) -> str:
    """What screens call a limit or breaker."""
    if isinstance(definition, LimitDefinition):
        return called(definition.kind, definition.name, definition.scope)
    return sentence(shown_name(definition.name, definition.scope))


def _scope_label(scope: Scope) -> str:
    # Of an asset all of its name: BTC may be quoted twice.
    return scope.name if scope.kind is ScopeKind.ASSET else sentence(scope_words(scope))


# -- definitions -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Redefine(Subject):
    """A limit or breaker as defined from now on.

    Attributes
    ----------
    definition : LimitDefinition or BreakerDefinition
        In force.
    currency : str
    """

    definition: Definition
    currency: str

    @property
    def title(self) -> str:
        """See the base."""
        return f"Change {name_of(self.definition)}"

    @property
    def groups(self) -> tuple[Group, ...]:
        """See the base."""
        return form_of(self.definition, self.currency).groups

    def typed(self, zone: Zone) -> dict[str, Any]:
        """See the base."""
        return form_of(self.definition, self.currency).typed(self.definition, zone)

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:
        """See the base."""
        wanted = form_of(self.definition, self.currency).applied(values, self.definition)
        return _adopting(_with(policy, wanted), stamp)


@dataclass(frozen=True, kw_only=True)
class Define(Subject):
    """A limit or breaker that is new.

    Attributes
    ----------
    template : LimitDefinition or BreakerDefinition
        Of its kind; name, scope and levels are still to be said.
    scopes : tuple of Scope
        What it may be set on.
    currency : str
    """

    template: Definition
    scopes: tuple[Scope, ...]
    currency: str

    @property
    def title(self) -> str:
        """See the base."""
        what = "limit" if isinstance(self.template, LimitDefinition) else "breaker"
        return f"Add a {what}: {form_of(self.template, self.currency).kind.title}"

    @property
    def groups(self) -> tuple[Group, ...]:
        """See the base."""
        return (Group("What and where", self._place), *form_of(self.template, self.currency).groups)

    @property
    def _place(self) -> tuple[FormField, ...]:
        (name,) = form_fields(type(self.template), ["name"])
        helped = replace(name, help="Unique in the policy; empty takes kind and scope for a name.")
        options = {_scope_label(scope): scope for scope in self.scopes}
        scope = FormField(name="scope", label="Set on", help="", control="choice", options=options)
        return helped, scope

    def typed(self, zone: Zone) -> dict[str, Any]:
        """See the base: levels are for somebody to say."""
        form = form_of(self.template, self.currency)
        levels = dict.fromkeys((each.name for each in form.groups[0].fields), "")
        only = self.fields[1].options if len(self.scopes) == 1 else {}
        return {
            **form.typed(self.template, zone),
            **levels,
            "name": "",
            "scope": next(iter(only), None),
        }

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:
        """See the base."""
        scope = values["scope"]
        name = values["name"] or suffixed(self.template.kind, scope)
        form = form_of(self.template, self.currency)
        said = {key: value for key, value in values.items() if key not in ("name", "scope")}
        made = form.applied(said, replace(self.template, name=name, scope=scope))
        return _adopting(_and(policy, made), stamp)


@dataclass(frozen=True, kw_only=True)
class Remove(Subject):
    """A limit or breaker that is to be no more."""

    definition: Definition

    @property
    def title(self) -> str:
        """See the base."""
        return f"Take away {name_of(self.definition)}"

    @property
    def lead(self) -> str:
        """See the base."""
        if isinstance(self.definition, LimitDefinition):
            return (
                "What it caps is capped by it no more, and its temporary limits end. Its past "
                "stays, and an earlier version of the policy brings it back."
            )
        return (
            "It trips no more, and a trip that is on ends with it. Its past stays, and an earlier "
            "version of the policy brings it back."
        )

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:  # noqa: ARG002
        """See the base."""
        return _adopting(_without(policy, self.definition), stamp)


# -- temporary limits ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lend(Subject):
    """Other thresholds of a limit until a time.

    Attributes
    ----------
    definition : LimitDefinition
    currency : str
    now : datetime
        The market's. UTC.
    stands : LimitState or None
        How it stands now; None where nobody has measured it.
    """

    definition: LimitDefinition
    currency: str
    now: datetime
    stands: LimitState | None = None
    ability = Ability.REQUEST_LIMIT

    @property
    def title(self) -> str:
        """See the base."""
        return f"Other thresholds of {name_of(self.definition)} for a while"

    @property
    def lead(self) -> str:
        """See the base."""
        return (
            "They take the place of its own at once, whatever performance and regime say, and end "
            f"by themselves, after {LONGEST_LENT.days} days at the most: nobody needs to put "
            "anything back."
        )

    @property
    def groups(self) -> tuple[Group, ...]:
        """See the base."""
        levels = level_fields(self.definition.kind, self.currency)
        again = own_words(self.definition, self.stands, self.currency)
        until = replace(
            form_fields(SetTemporaryLimit, ["expires"])[0],
            help=f"From then on, by itself, {again}. The market's time.",
        )
        return (Group("Levels until then", (*levels, until)),)

    @property
    def in_force(self) -> tuple[float, float]:
        """Hard and soft threshold as they hold now."""
        if self.stands is None:
            return self.definition.hard, self.definition.soft
        hard, soft, *_ = self.stands.thresholds
        return without_dust(hard), without_dust(soft)

    def typed(self, zone: Zone) -> dict[str, Any]:
        """See the base."""
        until = self.now + _OFFERED
        rounded = until - (until - datetime.min.replace(tzinfo=until.tzinfo)) % _QUARTER
        hard, soft = self.in_force
        values = {"hard": hard, "soft": soft, "expires": rounded}
        return {each.name: as_typed(each, values[each.name], zone) for each in self.fields}

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:  # noqa: ARG002
        """See the base."""
        return SetTemporaryLimit(
            **_stamped(stamp),
            limit=self.definition.name,
            hard=values["hard"],
            soft=values["soft"],
            starts=None,
            expires=values["expires"],
            reason=stamp.reason,
        )


@dataclass(frozen=True, kw_only=True)
class EndLoan(Subject):
    """A temporary limit that is to end before its time.

    Attributes
    ----------
    definition : LimitDefinition
    currency : str
    stands : LimitState or None
        How it stands now; None where nobody has measured it.
    """

    definition: LimitDefinition
    currency: str
    stands: LimitState | None = None
    ability = Ability.REQUEST_LIMIT

    @property
    def title(self) -> str:
        """See the base."""
        return f"End the temporary limit of {name_of(self.definition)}"

    @property
    def lead(self) -> str:
        """See the base."""
        again = own_words(self.definition, self.stands, self.currency)
        return f"With the next cycle, {again}; and nothing that was lent for later comes."

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:  # noqa: ARG002
        """See the base."""
        return EndTemporaryLimit(**_stamped(stamp), limit=self.definition.name)


# -- versions --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BringBack(Subject):
    """An earlier version of the policy in the place of the one in force.

    Attributes
    ----------
    policy : Policy
        The earlier one.
    now : datetime
        The market's: temporary limits that are over do not come back. UTC.
    """

    policy: Policy
    now: datetime

    @property
    def title(self) -> str:
        """See the base."""
        return f"Bring back version {self.policy.version} of the policy"

    @property
    def lead(self) -> str:
        """See the base."""
        return "All that was changed since is undone; temporary limits that are over stay over."

    def action(self, values: Mapping[str, Any], policy: Policy, stamp: Stamp) -> Change:  # noqa: ARG002
        """See the base."""
        earlier = without_expired(self.policy, self.now)
        assert earlier is not None, "there is one"
        return _adopting(earlier, stamp)


# -- parts of a policy -----------------------------------------------------------------------


def _adopting(policy: Policy, stamp: Stamp) -> AdoptPolicy:
    return AdoptPolicy(**_stamped(stamp), policy=policy, seen=stamp.seen)


def _stamped(stamp: Stamp) -> dict[str, Any]:
    return {"seq": NO_NUMBER, "at": stamp.at, "who": stamp.who}


def _with(policy: Policy, wanted: Definition) -> Policy:
    """The policy with another definition of that name."""
    if isinstance(wanted, LimitDefinition):
        kept = (wanted if each.name == wanted.name else each for each in policy.limits)
        return replace(policy, limits=tuple(kept))
    rules = (wanted if each.name == wanted.name else each for each in policy.breakers)
    return replace(policy, breakers=tuple(rules))


def _and(policy: Policy, made: Definition) -> Policy:
    """The policy with one definition more."""
    if isinstance(made, LimitDefinition):
        return replace(policy, limits=(*policy.limits, made))
    return replace(policy, breakers=(*policy.breakers, made))


def _without(policy: Policy, gone: Definition) -> Policy:
    """The policy without a definition, and without what hangs on it."""
    if isinstance(gone, BreakerDefinition):
        kept = tuple(each for each in policy.breakers if each.name != gone.name)
        return replace(policy, breakers=kept)
    return replace(
        policy,
        limits=tuple(each for each in policy.limits if each.name != gone.name),
        temporary=tuple(each for each in policy.temporary if each.limit != gone.name),
    )


def scopes_for(
    kinds: Sequence[ScopeKind], policy: Policy, portfolio: str, venues: Sequence[str]
) -> tuple[Scope, ...]:
    """What may be named of those kinds of scopes: the policy's parts, and the venues in use."""
    known: Mapping[ScopeKind, Sequence[str]] = {
        ScopeKind.PORTFOLIO: (portfolio,),
        ScopeKind.STRATEGY_TYPE: sorted(set(policy.strategies.values())),
        ScopeKind.STRATEGY: sorted(policy.strategies),
        ScopeKind.ASSET: sorted(policy.instruments),
        ScopeKind.VENUE: sorted(set(venues)),
    }
    return tuple(Scope(kind, name) for kind in kinds for name in known[kind])


def limit_template(kind: str, portfolio: str) -> LimitDefinition:
    """A limit of that kind of which nothing was said yet."""
    book = Scope(ScopeKind.PORTFOLIO, portfolio)
    assert kind in LIMIT_TYPES, "whoever asks has looked"
    return LimitDefinition(name="", kind=kind, scope=book, hard=0.0, soft=0.0)


def breaker_template(kind: str, portfolio: str) -> BreakerDefinition:
    """A breaker of that kind of which nothing was said yet."""
    book = Scope(ScopeKind.PORTFOLIO, portfolio)
    return BreakerDefinition(name="", kind=kind, scope=book, trip=0.0, release=0.0)
