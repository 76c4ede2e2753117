"""The fake book's journal: an afternoon as a story, with what people did beside it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from pages.context import ChainView, EntriesPage, EntriesWanted, EntryProof, KeptEntry, Place
from risk.domain.checkpoints import Checkpoint
from risk.domain.events import (
    PEOPLE_STREAM,
    RULE,
    ActionDenied,
    BreakerActivated,
    BreakerStepped,
    ForecastScored,
    OrderValidation,
    PersonChanged,
    PersonSignedIn,
    PolicyChanged,
    ProposalDecided,
    ProposalMade,
    RiskEvent,
    Severity,
    SignInRefused,
    TradingLatched,
    TradingResumed,
    Verdict,
)
from risk.storage import codec, journal
from risk.storage.entries import PERSON_FIELDS
from risk.storage.tables import from_ms, to_ms
from tests.fakes_book import AFTERNOON

BOOK = "demo"
MINUTE = timedelta(minutes=1)
#: Orders that were answered in the last minutes: more than one page has.
ORDERS = 120


def build_story(at: datetime = AFTERNOON) -> list[RiskEvent]:
    """What happened to the book, in the order in which it was written."""

    def stamp(minutes: float) -> dict:
        return {"at": at - minutes * MINUTE, "portfolio": BOOK, "cycle": f"demo-{minutes:g}"}

    trip = {
        "breaker": "market volatility",
        "episode": "market volatility/47100",
        "scope_kind": "portfolio",
        "scope": BOOK,
    }
    whole = {"scope_kind": "portfolio", "scope": BOOK, "state": "HALTED"}
    return [
        PolicyChanged(
            **stamp(2_900.0),
            number=4,
            action=3,
            by="otto",
            what=("limit VaR: hard 0.04 -> 0.03 (tighter)", "clusters: added"),
        ),
        _scored(stamp(1_440.0), beyond=False),
        TradingLatched(**stamp(600.0), **whole, asked="HALTED", who="ana", reason="exchange down"),
        TradingResumed(**stamp(560.0), **whole, who="otto", reason="it is back"),
        BreakerActivated(
            **stamp(95.0),
            **trip,
            value=2.31,
            threshold=2.0,
            state="REDUCE_ONLY",
            cause="volatility is 2.31 times normal",
            severity=Severity.CRITICAL,
            market="The market fell.",
            works="Proven reductions pass.",
            until=at - 35.0 * MINUTE,
        ),
        _scored(stamp(60.0), beyond=False, period="1h"),
        BreakerStepped(
            **stamp(34.0),
            **trip,
            phase="probation",
            size=0.25,
            until=at - 14.0 * MINUTE,
            reason="it has eased",
            by="rule",
            severity=Severity.INFO,
        ),
        *(_order(stamp(30.0 - number / 5.0), number) for number in range(ORDERS)),
        _scored(stamp(0.0), beyond=True, period="1h"),
    ]


def _scored(stamp: dict, *, beyond: bool, period: str = "1d") -> ForecastScored:
    return ForecastScored(
        **stamp,
        period=period,
        loss=120_000.0 if beyond else -200.0,
        var_95=60_000.0,
        var_975=80_000.0,
        var_99=100_000.0,
        es_975=110_000.0,
        exceeded_95=beyond,
        exceeded_975=beyond,
        exceeded_99=beyond,
    )


def _order(stamp: dict, number: int) -> OrderValidation:
    return OrderValidation(
        **stamp,
        client_order_id=f"trend-{number:04d}",
        strategy="trend",
        asset="BTC/USDT",
        verdict=Verdict.APPROVE,
        requested_quantity=0.1,
        allowed_quantity=0.1,
        reasons=(),
        sender="bot-1",
    )


def build_people(at: datetime = AFTERNOON) -> list[RiskEvent]:
    """What people did about logins and changes."""

    def stamp(minutes: float) -> dict:
        return {"at": at - minutes * MINUTE, "portfolio": PEOPLE_STREAM, "cycle": ""}

    return [
        PersonChanged(
            **stamp(3_000.0),
            person="ana",
            what="was given the role officer",
            by="ada",
            reason="she joins the desk",
            severity=Severity.CRITICAL,
        ),
        PersonSignedIn(**stamp(610.0), person="ana", via="web", place="10.0.0.7"),
        SignInRefused(**stamp(608.0), tried="otto", place="10.0.0.9", why="a wrong password"),
        PersonSignedIn(**stamp(607.0), person="otto", via="web", place="10.0.0.9"),
        ActionDenied(
            **stamp(90.0),
            asked="override market volatility",
            by="tim",
            role="trader",
            reason="Overriding a breaker is not for a trader. An officer can.",
        ),
        ProposalMade(
            **stamp(50.0),
            proposal=7,
            direction="looser",
            what=("limit VaR: hard 0.03 -> 0.035 (looser)",),
            by="lea",
            reason='=HYPERLINK("x"), she says',
        ),
        ProposalDecided(
            **stamp(20.0),
            proposal=7,
            status="approved",
            by="otto",
            reason="the calm held",
            author="lea",
            action=4,
        ),
    ]


@cache
def kept(stream: str) -> tuple[KeptEntry, ...]:
    """A stream as it is kept, oldest first."""
    events = build_people() if stream == PEOPLE_STREAM else build_story()
    return tuple(chained(stream, events))


def chained(stream: str, events: Sequence[RiskEvent]) -> list[KeptEntry]:
    """These events as entries, each with its hash."""
    link, found = b"", []
    for seq, entry in enumerate(journal.entries_of(events), start=1):
        link = journal._hash(link, stream, seq, *entry)
        found.append(KeptEntry(stream, seq, from_ms(entry.at_ms), entry.kind, entry.body, link))
    return found


def all_kept(portfolio: str = BOOK) -> list[KeptEntry]:
    return [*kept(portfolio), *kept(PEOPLE_STREAM)]


# --- what a store says of them --------------------------------------------------------------


def page_of(
    entries: Sequence[KeptEntry], wanted: EntriesWanted, before: Place | None, limit: int
) -> EntriesPage:
    found = sorted(
        (
            entry
            for entry in entries
            if _is_wanted(entry, wanted) and (before is None or entry.place < before)
        ),
        key=lambda entry: entry.place,
        reverse=True,
    )
    page = tuple(found[:limit])
    return EntriesPage(page, page[-1].place if len(found) > limit else None)


def _is_wanted(entry: KeptEntry, wanted: EntriesWanted) -> bool:
    stretch = {each.stream: each for each in wanted.stretches}.get(entry.stream)
    return (
        stretch is not None
        and to_ms(stretch.since) <= to_ms(entry.at) <= to_ms(stretch.until)
        and (wanted.kinds is None or entry.kind in wanted.kinds)
        and (not wanted.person or _names(entry, wanted.person))
        and codec.encode_text(wanted.text)[1:-1].lower() in entry.body.lower()
        and not (wanted.news_only and _is_routine(entry))
        and not (wanted.people_only and f'by":"{RULE}"' in entry.body)
    )


def _names(entry: KeptEntry, person: str) -> bool:
    said = (f'"{field}":"{person}' for field in PERSON_FIELDS)
    return any(f"{each}{end}" in entry.body for each in said for end in ('"', " ("))


def _is_routine(entry: KeptEntry) -> bool:
    inside = '"exceeded_99":false' in entry.body and '"period":"1h"' in entry.body
    return entry.kind == ForecastScored.__name__ and inside


def proof_of(entries: Sequence[KeptEntry], stream: str, seq: int) -> EntryProof | None:
    found = next((e for e in entries if (e.stream, e.seq) == (stream, seq)), None)
    return None if found is None else EntryProof(found, checkpoint_of(found))


def checkpoint_of(entry: KeptEntry) -> Checkpoint | None:
    """Of the people's stream none was signed yet."""
    if entry.stream == PEOPLE_STREAM:
        return None
    last = kept(entry.stream)[-1]
    return Checkpoint(last.stream, last.seq, last.hash, AFTERNOON, "0123456789abcdef", b"signed")


def chains_of(portfolio: str) -> list[ChainView]:
    """Both followed to their ends."""
    found = []
    for stream in (portfolio, PEOPLE_STREAM):
        last = kept(stream)[-1]
        signed = checkpoint_of(last)
        found.append(
            ChainView(
                stream,
                entries=last.seq,
                length=last.seq,
                checked=AFTERNOON,
                whole=AFTERNOON,
                signed=signed,
                unsigned=None if signed else "no checkpoint was made yet",
            )
        )
    return found
