"""What the editor is about, read from its address and the policy in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pages.context import Book, CompleteCycle
from pages.query import Query
from pages.readings import Readings
from pages.views.editing.address import (
    ADD,
    BREAKER,
    CHANGE,
    DO,
    END,
    KIND,
    LIMIT,
    OF_LIMIT,
    REMOVE,
    VERSION,
    WHILE,
)
from pages.views.editing.subjects import (
    BringBack,
    Define,
    EndLoan,
    Lend,
    Redefine,
    Remove,
    Subject,
    breaker_template,
    limit_template,
    name_of,
    scopes_for,
)
from pages.views.proposals.differences import Reader
from risk.breakers.types import BREAKER_TYPES
from risk.domain.actors import Actor
from risk.domain.policy import Policy
from risk.limits.types import LIMIT_TYPES


@dataclass(frozen=True, kw_only=True)
class EditorData:
    """Everything that the editor shows before anybody has typed.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    policy : Policy or None
        In force; None while nobody adopted one.
    subject : Subject or None
        What is to be different; None where `problem` or `kinds` stand in its place.
    problem : str
        Why there is nothing to edit, a sentence.
    kinds : mapping of str to str
        Of what is to be added, the kinds that there are with their titles.
    actor : Actor
    demo : bool
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    policy: Policy | None
    subject: Subject | None
    problem: str
    kinds: Mapping[str, str]
    actor: Actor
    demo: bool

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market

    @property
    def reader(self) -> Reader:
        """In which words differences are told."""
        return Reader(self.book.currency, self.query.zone, self.now, self.cycle.state.limits)


def read_editor(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    *,
    actor: Actor,
    demo: bool,
) -> EditorData:
    """What the address asks to be different."""
    policy = cycle.state.policy
    found: Subject | str | Mapping[str, str] = (
        "Nobody has adopted a policy yet: write one into a file and import it with “seawall policy "
        "import FILE”."
    )
    if policy is not None:
        found = _asked(readings, query, book, cycle, policy)
    return EditorData(
        book=book,
        query=query,
        cycle=cycle,
        policy=policy,
        subject=found if isinstance(found, Subject) else None,
        problem=found if isinstance(found, str) else "",
        kinds=found if isinstance(found, Mapping) else {},
        actor=actor,
        demo=demo,
    )


def _asked(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, policy: Policy
) -> Subject | str | Mapping[str, str]:
    if query.choice(ADD.name):
        return _addition(query, book, cycle, policy)
    if query.choice(LIMIT.name):
        return _of_limit(query, book, policy, cycle)
    if query.choice(BREAKER.name):
        return _of_breaker(query, book, policy)
    if query.choice(VERSION.name):
        return _of_version(readings, query, book, policy, cycle.pulse.market)
    return "The address names nothing: choose a limit on the page Limits, and “Change…” there."


def _addition(
    query: Query, book: Book, cycle: CompleteCycle, policy: Policy
) -> Subject | str | Mapping[str, str]:
    of_limit, kind = query.choice(ADD.name) == OF_LIMIT, query.choice(KIND.name)
    if of_limit:
        titles = {name: each.title for name, each in LIMIT_TYPES.items()}
        kinds = {name: each.scopes for name, each in LIMIT_TYPES.items()}
    else:
        titles = {name: each.title for name, each in BREAKER_TYPES.items()}
        kinds = {name: each.scopes for name, each in BREAKER_TYPES.items()}
    if not kind:
        return titles
    if kind not in kinds:
        return f"There is no kind {kind!r}."
    venues = tuple(cycle.assessment.held.by_venue)
    return Define(
        template=(limit_template if of_limit else breaker_template)(kind, book.name),
        scopes=scopes_for(kinds[kind], policy, book.name, venues),
        currency=book.currency,
    )


def _of_limit(query: Query, book: Book, policy: Policy, cycle: CompleteCycle) -> Subject | str:
    now, stands = cycle.pulse.market, cycle.state.limits.get(query.choice(LIMIT.name))
    name, do = query.choice(LIMIT.name), query.choice(DO.name)
    limit = policy.limit(name)
    if limit is None:
        return f"This policy has no limit {name!r}."
    if do == WHILE:
        return Lend(definition=limit, currency=book.currency, now=now, stands=stands)
    if do == END:
        lent = any(each.limit == name and now < each.expires for each in policy.temporary)
        if not lent:
            return f"{name_of(limit)} has no temporary limit."
        return EndLoan(definition=limit, currency=book.currency, stands=stands)
    if do == REMOVE:
        return Remove(definition=limit)
    return Redefine(definition=limit, currency=book.currency)


def _of_breaker(query: Query, book: Book, policy: Policy) -> Subject | str:
    name, do = query.choice(BREAKER.name), query.choice(DO.name)
    breaker = policy.breaker(name)
    if breaker is None:
        return f"This policy has no breaker {name!r}."
    if do == REMOVE:
        return Remove(definition=breaker)
    if do != CHANGE:
        return "Only limits are lent for a while; a breaker is overridden on the page Breakers."
    return Redefine(definition=breaker, currency=book.currency)


def _of_version(
    readings: Readings, query: Query, book: Book, policy: Policy, now: datetime
) -> Subject | str:
    asked = query.choice(VERSION.name)
    if asked == str(policy.version):
        return f"Version {asked} is in force."
    versions = readings.policy_versions(book, policy.version)
    found = next((each for each in versions if str(each.policy.version) == asked), None)
    if found is None:
        return f"There was no version {asked!r} of the policy of {book.name}."
    return BringBack(policy=found.policy, now=now)
