"""Everything that the page Changes shows, read and brought into shape."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pages.context import Book, CompleteCycle, PolicyVersion
from pages.later import Awaited
from pages.query import Query
from pages.readings import Readings
from pages.views.health.judged import ModelHealth
from pages.views.health.reading import ask_models
from pages.views.proposals.address import ALL, FIND, PROPOSAL, STATUS
from pages.views.proposals.differences import EntryRows, Reader, entries_for
from pages.views.proposals.preview import LOOK_BACK
from risk.domain.actions import (
    AdoptPolicy,
    Change,
    ChooseBookModel,
    EndTemporaryLimit,
    SetTemporaryLimit,
)
from risk.domain.actors import Actor
from risk.domain.people import is_same_person
from risk.domain.policy import Policy
from risk.domain.proposals import Proposal, ProposalStatus
from risk.errors import PolicyInvalid
from risk.limits.words import called_by_name
from risk.policy.adoption import made_of, without_expired
from risk.policy.rebasing import upon
from risk.policy.tuning import TuningPreview
from risk.portfolio.book_models import BOOK_MODELS, title_of

#: Cycles for which what a waiting change would have meant is reused.
_REUSE = 600
#: Decided proposals that are told.
MOST_DECIDED = 50


@dataclass(frozen=True, kw_only=True)
class ShownProposal:
    """One proposal, brought into shape.

    Attributes
    ----------
    proposal : Proposal
    title : str
    entries : tuple of EntryRows
        What is different, with units; empty where `lines` tell it.
    lines : tuple of str
        As it was told when it was made, where the policies of then are not known.
    problem : str
        Why it could not be adopted as things stand; empty where nothing is against it.
    newer : PolicyVersion or None
        The version in force, where that is another than the one it was compared with.
    outdated : bool
        Whether others have changed the same since: it cannot be adopted upon what they made.
    preview : Awaited of TuningPreview or None
        What it would have meant; None of one that does not wait, and of another model.
    compared : Awaited of tuple of ModelHealth or None
        How all models did in hindsight, where another one is wanted and waits.
    """

    proposal: Proposal
    title: str
    entries: tuple[EntryRows, ...] = ()
    lines: tuple[str, ...] = ()
    problem: str = ""
    newer: PolicyVersion | None = None
    outdated: bool = False
    preview: Awaited[TuningPreview] | None = None
    compared: Awaited[tuple[ModelHealth, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class ProposalsData:
    """Everything the page Changes shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    actor : Actor
    demo : bool
    wall : datetime
        Wall time, by which proposals are made and lapse. UTC.
    cycle_seconds : float
        Between two cycles.
    waiting : tuple of ShownProposal
        The newest first.
    decided : tuple of ShownProposal
        Those that the filters let through, the newest first.
    more : int
        Further decided ones that are not told.
    chosen : str
        The proposal that the address names; empty if none.
    versions : tuple of PolicyVersion
        The newest first.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    actor: Actor
    demo: bool
    wall: datetime
    cycle_seconds: float
    waiting: tuple[ShownProposal, ...]
    decided: tuple[ShownProposal, ...]
    more: int
    chosen: str
    versions: tuple[PolicyVersion, ...]

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market

    @property
    def policy(self) -> Policy | None:
        """In force."""
        return self.cycle.state.policy

    @property
    def reader(self) -> Reader:
        """In which words differences are told."""
        return Reader(self.book.currency, self.query.zone, self.now, self.cycle.state.limits)

    @property
    def mine(self) -> tuple[ShownProposal, ...]:
        """Those that wait and are of whoever looks."""
        return tuple(each for each in self.waiting if self._is_mine(each.proposal))

    @property
    def others(self) -> tuple[ShownProposal, ...]:
        """Those that wait and are of somebody else."""
        return tuple(each for each in self.waiting if not self._is_mine(each.proposal))

    def _is_mine(self, proposal: Proposal) -> bool:
        return is_same_person(proposal.author, self.actor.name)


def read_proposals(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    kept: Sequence[Proposal],
    *,
    demo: bool,
) -> ProposalsData:
    """Everything that the page shows of one cycle.

    Parameters
    ----------
    readings : Readings
    query : Query
        With who looks.
    book : Book
    cycle : CompleteCycle
    kept : sequence of Proposal
        All of the book, the newest first.
    demo : bool
    """
    assert query.viewer is not None, "the page is another for each"
    policy = cycle.state.policy
    versions = tuple(readings.policy_versions(book, 0 if policy is None else policy.version))
    shaping = _Shaping(readings, query, book, cycle, versions)
    asked = (each for each in kept if _is_asked(each, query))
    matching = sorted(asked, key=decided_at, reverse=True)
    return ProposalsData(
        book=book,
        query=query,
        cycle=cycle,
        actor=query.viewer,
        demo=demo,
        wall=readings.reader.wall(),
        cycle_seconds=readings.reader.cycle_seconds,
        waiting=tuple(shaping.waiting(p) for p in kept if p.status is ProposalStatus.OPEN),
        decided=tuple(shaping.decided(each) for each in matching[:MOST_DECIDED]),
        more=max(0, len(matching) - MOST_DECIDED),
        chosen=query.choice(PROPOSAL.name),
        versions=versions,
    )


def decided_at(proposal: Proposal) -> datetime:
    """When it was decided, or had waited long enough."""
    if proposal.decided_at is not None:
        return proposal.decided_at
    return proposal.lapses if proposal.status is ProposalStatus.LAPSED else proposal.at


def _is_asked(proposal: Proposal, query: Query) -> bool:
    status, text = query.choice(STATUS.name), query.choice(FIND.name).casefold()
    if proposal.status is ProposalStatus.OPEN or status not in (ALL, proposal.status.value):
        return False
    said = (str(proposal.id), proposal.author, proposal.decided_by, proposal.reason, *proposal.what)
    return text in " ".join(said).casefold()


# -- one proposal ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shaping:
    """What all proposals of one reading are brought into shape with."""

    readings: Readings
    query: Query
    book: Book
    cycle: CompleteCycle
    versions: Sequence[PolicyVersion]

    @property
    def _policy(self) -> Policy | None:
        return self.cycle.state.policy

    @property
    def _reader(self) -> Reader:
        cycle = self.cycle
        return Reader(self.book.currency, self.query.zone, cycle.pulse.market, cycle.state.limits)

    def waiting(self, proposal: Proposal) -> ShownProposal:
        """One that waits: as it would be adopted now, or as it was where that cannot be."""
        policy, newer = self._policy, self._newer(proposal)
        change: Change | None = proposal.change
        if newer is not None:
            change = self._upon(proposal, newer.policy)
        if change is None:
            base = self._version(proposal.seen)
            told = self._shaped(proposal, proposal.change, base, self._reader)
            return replace(told, newer=newer, outdated=True)
        shown = replace(self._shaped(proposal, change, policy, self._reader), newer=newer)
        if isinstance(change, ChooseBookModel):
            return replace(shown, compared=ask_models(self.readings, self.book, self.cycle))
        return shown if shown.problem else replace(shown, preview=self._preview(proposal, change))

    def _upon(self, proposal: Proposal, present: Policy) -> Change | None:
        """What it comes to upon what others have adopted since; None if they changed the same."""
        base, change = self._version(proposal.seen), proposal.change
        if base is None:
            return None
        assert not isinstance(change, ChooseBookModel), "a model has no version"
        return upon(change, base, present, at=self.cycle.pulse.market)

    def decided(self, proposal: Proposal) -> ShownProposal:
        """One that was decided: against the policy that it was held against last."""
        change = proposal.change
        # What was approved is what was adopted, upon whatever others had changed by then.
        seen = change.seen if isinstance(change, AdoptPolicy) else proposal.seen
        # How its limits stood then is not known.
        then = self._reader._replace(at=proposal.at, stands={})
        return self._shaped(proposal, change, self._version(seen), then)

    def _shaped(
        self, proposal: Proposal, change: Change, before: Policy | None, reader: Reader
    ) -> ShownProposal:
        if isinstance(change, ChooseBookModel):
            title = f"Measure the book by {title_of(change.model)}"
            return ShownProposal(proposal=proposal, title=title, lines=self._model_lines(proposal))
        title = title_words(change, (), self._reader)
        told = ShownProposal(proposal=proposal, title=title, lines=proposal.what)
        before = without_expired(before, reader.judged_at)
        if before is None:
            return told
        try:
            after = made_of(before, change, at=reader.judged_at)
        except PolicyInvalid as invalid:
            return replace(told, problem=str(invalid))
        entries = entries_for(change, before, after, reader)
        title = title_words(change, entries, self._reader)
        return ShownProposal(proposal=proposal, title=title, entries=entries)

    def _model_lines(self, proposal: Proposal) -> tuple[str, ...]:
        """Both models, as the proposal has them: *model of the book: one -> other*."""
        return tuple(_with_titles(line) for line in proposal.what)

    def _newer(self, proposal: Proposal) -> PolicyVersion | None:
        """The version in force, if it is another than the one that was compared with."""
        policy = self._policy
        if policy is None or policy.version == proposal.seen:
            return None
        if isinstance(proposal.change, ChooseBookModel):
            return None  # no version of the policy has a say in it
        return next((v for v in self.versions if v.policy.version == policy.version), None)

    def _version(self, number: int) -> Policy | None:
        return next((v.policy for v in self.versions if v.policy.version == number), None)

    def _preview(self, proposal: Proposal, change: Change) -> Awaited[TuningPreview]:
        now, version = self.cycle.pulse.market, 0 if self._policy is None else self._policy.version
        epoch = self.cycle.pulse.cycle // _REUSE
        return self.readings.later.ask(
            ("proposal preview", self.book.name, proposal.id, version, epoch),
            lambda: self.readings.reader.tuning(self.book.name, change, since=now - LOOK_BACK),
            epoch=epoch,
        )


_NAMED = re.compile("|".join(sorted(BOOK_MODELS, key=len, reverse=True)))


def _with_titles(line: str) -> str:
    """Names of models as people read them."""
    titled = _NAMED.sub(lambda found: title_of(found.group()), line)
    return titled.replace("->", "\N{RIGHTWARDS ARROW}")


def title_words(change: Change, entries: Sequence[EntryRows], reader: Reader) -> str:
    """What a proposal is called in a list."""
    match change:
        case SetTemporaryLimit(limit=limit, expires=expires):
            until = reader.zone.date_and_clock(expires, now=reader.now)
            return f"{called_by_name(limit)}: other thresholds until {until}"
        case EndTemporaryLimit(limit=limit):
            return f"End the temporary limit of {called_by_name(limit)}"
        case ChooseBookModel(model=model):
            return f"Measure the book by {title_of(model)}"
        case AdoptPolicy(seen=0):
            return "The first policy"
    if len(entries) == 1:
        return entries[0].title
    return f"{len(entries)} entries of the policy" if entries else "Another policy"
