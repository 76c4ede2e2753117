"""A store and a lease office in memory; one suite runs over them and over the real ones."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from risk.domain.actions import Action, AdoptPolicy, ChooseBookModel
from risk.domain.cards import CardHistory, Counterfactual
from risk.domain.market import Bar, BarClose, Period
from risk.domain.notices import Notice
from risk.domain.orders import Reservation
from risk.domain.policy import Policy
from risk.domain.ports import Carried, CycleRecord, Lease
from risk.errors import LeaseLost, StoreError
from risk.storage.episodes import EpisodeStory
from tests.fakes_journal import FakeGateJournal
from tests.sanctions import AGREED


class FakeLeaseOffice:
    """Leases that end by a clock of the test's.

    Parameters
    ----------
    now : callable
        Gives the time.
    life : timedelta
    """

    def __init__(
        self, now: Callable[[], datetime], *, life: timedelta = timedelta(seconds=5)
    ) -> None:
        self._now = now
        self._life = life
        self._leases: dict[str, Lease] = {}

    def acquire(self, portfolio: str, holder: str) -> Lease | None:
        last = self._leases.get(portfolio)
        if last is not None and last.expires_at > self._now():
            return None
        token = 1 if last is None else last.token + 1
        lease = Lease(
            portfolio=portfolio, holder=holder, token=token, expires_at=self._now() + self._life
        )
        self._leases[portfolio] = lease
        return lease

    def renew(self, lease: Lease) -> Lease:
        self.require(lease.portfolio, lease.token)
        renewed = replace(lease, expires_at=self._now() + self._life)
        self._leases[lease.portfolio] = renewed
        return renewed

    def release(self, lease: Lease) -> None:
        if self._leases[lease.portfolio].token == lease.token:
            self._leases[lease.portfolio] = replace(lease, expires_at=self._now())

    def require(self, portfolio: str, token: int) -> None:
        held = self._leases.get(portfolio)
        if held is None or held.token != token:
            raise LeaseLost(f"{portfolio} is not held with token {token}")


class FakeActions:
    """What people ask of a book, in a list.

    Attributes
    ----------
    fail_with : Exception or None
        Raised by the next reading.
    """

    def __init__(self) -> None:
        self.asked: list[Action] = []
        self.fail_with: Exception | None = None

    def choose(self, model: str, *, who: str = "anna") -> None:
        seq = len(self.asked) + 1
        at = datetime(2024, 3, 10, 7, tzinfo=UTC)
        self.asked.append(ChooseBookModel(seq=seq, at=at, who=who, model=model, sanction=AGREED))

    def adopt(self, policy: Policy, *, seen: int = 0, who: str = "anna") -> None:
        seq = len(self.asked) + 1
        at = datetime(2024, 3, 10, 7, tzinfo=UTC)
        self.asked.append(
            AdoptPolicy(seq=seq, at=at, who=who, policy=policy, seen=seen, sanction=AGREED)
        )

    def after(self, seq: int) -> Sequence[Action]:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure
        return [action for action in self.asked if action.seq > seq]


class FakeStore:
    """Keeps records in lists.

    Parameters
    ----------
    office : FakeLeaseOffice or None
        Judges tokens; None believes every token.
    journal : FakeGateJournal or None
        Where entries are booked that come between two cycles.
    post : callable
        Takes the notices of each cycle saved.

    Attributes
    ----------
    records : list of CycleRecord
        Everything saved, in order.
    stories : dict of (str, str) to EpisodeStory
        Episodes of breakers, by portfolio and id.
    fail_with : Exception or None
        Raised by the next save instead of saving.
    """

    def __init__(
        self,
        office: FakeLeaseOffice | None = None,
        journal: FakeGateJournal | None = None,
        post: Callable[[Iterable[Notice]], None] = lambda _notices: None,
    ) -> None:
        self._office = office
        self._post = post
        self._journal = journal
        self.records: list[CycleRecord] = []
        self.stories: dict[tuple[str, str], EpisodeStory] = {}
        self.fail_with: Exception | None = None
        self._bars: dict[tuple[Period, datetime], dict[str, Bar]] = defaultdict(dict)
        self._breaks: dict[tuple[Period, datetime], set[str]] = defaultdict(set)

    def load(self, portfolio: str) -> Carried | None:
        last = self._last(portfolio)
        if last is None:
            return None
        snapshot, ledger = last.snapshot, last.snapshot.ledger
        booked = [] if self._journal is None else self._journal.entries
        later = [entry for seq, entry in booked if seq > ledger.seq]
        for entry in later:
            ledger = ledger.after(entry)
        untold = tuple(entry for entry in later if not isinstance(entry, Reservation))
        return Carried(
            state=last.state,
            ledger=ledger,
            models=snapshot.models,
            untold=untold,
            told=snapshot.ledger.positions if untold else None,
        )

    def save(self, record: CycleRecord, *, token: int) -> None:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure
        if self._office is not None:
            self._office.require(record.snapshot.portfolio, token)
        last = self._last(record.snapshot.portfolio)
        if last is not None and record.number <= last.number:
            if (record.number, record.wall) != (last.number, last.wall):
                raise StoreError(f"cycle {record.number} is not the next one")
            return
        self.records.append(record)
        self._keep_episodes(record)
        self.record_closes(record.closes)
        self._post(record.notices)

    def _keep_episodes(self, record: CycleRecord) -> None:
        on = [state.episode for state in record.state.breakers.states.values()]
        for episode in (*record.episodes, *on):
            if episode is not None:
                key = record.snapshot.portfolio, episode.id
                told = self.stories.get(key, EpisodeStory(episode, None, None, None))
                card = record.cards.get(episode.id, told.card)
                self.stories[key] = told._replace(episode=episode, card=card)

    def find_out(self, portfolio: str, episode: str, found: CardHistory | Counterfactual) -> None:
        told = self.stories[portfolio, episode]
        if isinstance(found, CardHistory):
            self.stories[portfolio, episode] = told._replace(history=found)
        else:
            self.stories[portfolio, episode] = told._replace(counterfactual=found)

    def save_history(self, records: Sequence[CycleRecord], *, token: int) -> int:
        kept = list(records)
        for record in kept:
            self.save(replace(record, notices=()), token=token)
        return len(kept)

    def record_closes(self, closes: Iterable[BarClose]) -> int:
        return sum(
            self._keep(bar, breaks=asset in close.breaks)
            for close in closes
            for asset, bar in close.bars.items()
        )

    def bars(
        self, period: Period, *, assets: Sequence[str] | None = None, last: int | None = None
    ) -> list[BarClose]:
        moments = sorted(opened for kept, opened in self._bars if kept is period)
        closes = [self._close(period, opened, assets) for opened in moments]
        found = [close for close in closes if close.bars]
        return found if last is None else found[-last:] if last else []

    def _keep(self, bar: Bar, *, breaks: bool) -> bool:
        moment = bar.period, bar.opened
        if bar.asset in self._bars[moment]:
            return False
        self._bars[moment][bar.asset] = bar
        self._breaks[moment] |= {bar.asset} if breaks else set()
        return True

    def _close(self, period: Period, opened: datetime, assets: Sequence[str] | None) -> BarClose:
        bars = {
            asset: bar
            for asset, bar in self._bars[period, opened].items()
            if assets is None or asset in assets
        }
        breaks = frozenset(self._breaks[period, opened] & bars.keys())
        return BarClose(period=period, opened=opened, bars=bars, breaks=breaks)

    def _last(self, portfolio: str) -> CycleRecord | None:
        newest_first = itertools.filterfalse(
            lambda record: record.snapshot.portfolio != portfolio, reversed(self.records)
        )
        return next(newest_first, None)
