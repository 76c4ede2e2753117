"""The journal without a browser: a story in sentences, proofs that were looked at, and ways on."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import ChainView, EntriesPage, KeptEntry
from pages.later import Awaited
from pages.query import parse
from pages.screens import Screen, Screens
from pages.views.journal.address import WORDS, before, before_text, entry_named
from pages.views.journal.file import read_file
from pages.views.journal.groups import GROUPS, ROUTINE, group_of, kinds_of_group
from pages.views.journal.reading import JournalData, journal_news, read_journal
from pages.views.journal.telling import told_of
from pages.views.journal.view import journal_view
from risk.domain.events import PEOPLE_STREAM, ActionDenied, PersonSignedIn, RiskEvent
from risk.errors import StoreUnavailable
from risk.storage.entries import PAGE, Place
from tests import fakes_entries
from tests.fakes_book import AFTERNOON
from tests.fakes_entries import BOOK, kept
from tests.fakes_web import FakeBookReader
from tests.pages.trees import part, parts, words

SCREEN = Screen("journal", words=WORDS, read=read_journal, view=journal_view, news=journal_news)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def screens(reader: FakeBookReader) -> Screens:
    return Screens(reader)


@pytest.fixture
def show(screens):
    """The page as it stands at an address."""

    def show(**address: str):
        return screens.view(SCREEN, parse(address, SCREEN.words))[1]

    return show


def sentences(tree) -> list[str]:
    """What the list tells, newest first."""
    content = part(tree, "journal-content")["children"]
    return [words(p["children"]) for p in items(content)]


def items(content) -> list[dict]:
    lists = [p for p in parts(content) if "sw-journal-list" in str(p.get("className"))]
    return [li["props"] for each in lists for li in each["children"]]


def links_in(tree) -> dict[str, str]:
    """Where each link leads, by its text."""
    return {words(p["children"]): p["href"] for p in parts(tree) if "href" in p}


def text_of(tree, component_id: str) -> str:
    return words(part(tree, component_id)["children"])


# --- the story -----------------------------------------------------------------------------


def test_the_story_tells_who_did_what_and_why_newest_first_and_no_order(show):
    told = sentences(show())

    assert [line.split(" #")[0] for line in told] == STORY


STORY = """\
15:42:18 The hour's loss went beyond VaR 99 % , loss 120.0 k USD, VaR 100.0 k USD
15:22:18 Proposal 7 of lea was approved , “the calm held”; by otto people
15:08:18 market volatility re-opens at 25 % of size , it has eased; next step from 15:28:18 UTC
14:52:18 lea proposes: limit VaR: hard 0.03 → 0.035 (looser) , “=HYPERLINK("x"), she says”; \
proposal 7, looser people
14:12:18 Refused: override market volatility , overriding a breaker is not for a trader. \
An officer can; asked by tim (trader) people
14:07:18 market volatility tripped: the book is REDUCE ONLY , volatility is 2.31 times normal; \
at least until 15:07:18 UTC
06:22:18 otto resumed the book , “it is back”
05:42:18 ana halted the book , “exchange down”
05:35:18 otto signed in , by web, from 10.0.0.9 people
05:34:18 Signing in as otto was refused , a wrong password, from 10.0.0.9 people
05:32:18 ana signed in , by web, from 10.0.0.7 people
15:42:18 11 Nov stayed inside VaR 99 % , gain 200 USD, VaR 100.0 k USD""".splitlines()


def test_days_are_told_apart(show):
    tree = show(range="7d")

    days = [p["children"] for p in parts(tree) if p.get("className") == "sw-timeline-day"]
    assert [day.replace("\u00a0", " ") for day in days] == ["Today, 12 Nov", "11 Nov", "10 Nov"]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("people", 8),
        ("changes", 2),
        ("breakers", 4),
        ("orders", fakes_entries.ORDERS),
        ("data", 3),
        ("story", 12),
        ("everything", 13 + fakes_entries.ORDERS),
    ],
)
def test_a_filter_shows_its_kind_of_entries_only(show, screens, kind, count):
    told = sentences(show(kind=kind))

    assert len(told) == min(count, PAGE)


def test_every_kind_stands_in_one_group_and_what_nobody_knows_among_changes():
    kinds = RiskEvent.kinds()

    assert {group_of(kind) for kind in kinds} <= GROUPS.keys()
    assert group_of("NeverHeardOf") == "changes"
    assert kinds_of_group("story", ["NeverHeardOf", *ROUTINE]) == {"NeverHeardOf"}
    assert kinds_of_group("everything", kinds) is None
    assert kinds_of_group("orders", kinds) >= ROUTINE


def test_a_person_and_a_text_are_looked_for(show):
    assert [line[:14] for line in sentences(show(person="ana"))] == [
        "05:42:18 ana h",
        "05:32:18 ana s",
    ]
    assert len(sentences(show(text="exchange"))) == 1


def test_people_have_what_they_did_in_whichever_stream_and_nothing_that_a_rule_did(show):
    told = "\n".join(sentences(show(kind="people")))

    for did in ("ana halted", "otto resumed", "lea proposes", "Proposal 7", "otto signed in"):
        assert did in told
    assert "re-opens" not in told
    assert len(sentences(show(kind="people", person="otto"))) == 4


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        (
            {"person": "nobody", "range": "all", "kind": "everything"},
            "Choose nobody in particular.",
        ),
        (
            {"person": "nobody", "kind": "data"},
            "Choose nobody in particular, Everything or a longer range.",
        ),
    ],
)
def test_only_what_can_help_is_advised(show, address, advice):
    assert advice in words(show(**address))


def test_nothing_that_fits_says_so_and_leads_back(show):
    tree = show(person="nobody")

    assert "No entry matches" in words(tree)
    assert links_in(tree)["Show the whole story"] == "/journal"


def test_more_goes_on_where_a_page_ended_and_leads_back(show):
    first = show(kind="everything")
    more = links_in(first)[f"More: the {PAGE} before"]
    place = more.split("before=")[1].split("&")[0]

    second = show(kind="everything", before=place)

    assert len(sentences(first)) == PAGE
    assert len(sentences(second)) == 13 + fakes_entries.ORDERS - PAGE
    assert set(sentences(first)).isdisjoint(sentences(second))
    assert "Back to the newest" in words(second)


def test_an_address_that_means_no_place_is_told(show):
    assert "'yesterday' is no place in the journal" in words(show(before="yesterday"))


def test_what_happens_meanwhile_appears_with_the_next_cycle(show, reader: FakeBookReader):
    before = len(sentences(show()))
    halted = replace(fakes_entries.build_story()[2], at=AFTERNOON)
    reader.kept += fakes_entries.chained("demo", [*fakes_entries.build_story(), halted])[-1:]
    reader.advance()

    assert len(sentences(show())) == before + 1


def test_a_kind_that_only_a_newer_program_knows_is_told_by_its_name():
    entry = kept(BOOK)[0]._replace(
        kind="MoonLanded", body='{"body":{"at":"x"},"kind":"MoonLanded","version":1}'
    )

    assert told_of(entry, "USD") == ("info", "Moon landed", "written by a newer version of Seawall")


def test_two_clocks_are_told_apart(show, reader: FakeBookReader):
    assert "Two clocks" not in words(show())
    reader._saved = AFTERNOON + timedelta(days=3)
    reader.number += 1

    told = words(show())

    assert "Two clocks. The book's entries tell the market's time, 12 Nov 15:42:18 UTC now" in told


# --- while no engine runs ------------------------------------------------------------------


@pytest.fixture
def dead(show, reader: FakeBookReader):
    """Lets time pass, without another cycle, after the page was looked at."""
    show()

    def wait(**time: float) -> None:
        reader.clock.step_wall(timedelta(**time))

    return wait


def test_what_people_do_while_no_engine_runs_appears(show, dead, reader: FakeBookReader):
    came = PersonSignedIn(
        at=AFTERNOON + timedelta(days=2),
        portfolio=PEOPLE_STREAM,
        cycle="",
        person="mallory",
        via="web",
        place="10.6.6.6",
    )
    dead(days=2, hours=1)
    people = [*fakes_entries.build_people(), came]
    reader.kept = [*kept(BOOK), *fakes_entries.chained(PEOPLE_STREAM, people)]

    for address in ({}, {"person": "mallory"}):
        told = sentences(show(range="7d", **address))
        assert any("mallory signed in" in line for line in told)


def test_a_kind_of_entry_that_came_while_no_engine_runs_appears(show, dead, reader: FakeBookReader):
    people = [e for e in fakes_entries.build_people() if not isinstance(e, ActionDenied)]
    reader.kept = [*kept(BOOK), *fakes_entries.chained(PEOPLE_STREAM, people)]
    dead(minutes=1)
    assert not any("Refused" in line for line in sentences(show()))
    reader.kept = fakes_entries.all_kept()
    dead(seconds=5)

    assert any("Refused" in line for line in sentences(show()))


def test_a_break_that_is_found_while_no_engine_runs_is_told(show, dead, reader: FakeBookReader):
    reader.chain_views = [
        view._replace(broken="entry 3 of the journal of demo was changed", entries=2)
        for view in reader.chain_views
    ]
    dead(seconds=5)
    tree = show()

    assert "Chain of demo is broken after entry 2" in text_of(tree, "journal-chains")
    assert "does not hold. Entry 3" in text_of(tree, "journal-notices")


def test_a_look_grows_old_by_the_wall_while_no_engine_runs(show, dead):
    dead(minutes=7)
    line = part(show(), "journal-chains")["children"]

    assert "Chain of demo held up to entry" in words(line)
    assert "7 min ago" in words(line)
    assert [p["data-state"] for p in parts(line) if "data-state" in p] == ["stale", "stale"]
    assert "Two clocks" not in words(show())


def test_a_checkpoint_that_came_while_no_engine_runs_covers_the_entry(
    show, dead, reader: FakeBookReader
):
    number = len(kept(BOOK))
    covered = reader.journal_entry(BOOK, number)
    reader.journal_entry = lambda *_named: covered._replace(covered_by=None)
    assert "No checkpoint covers it yet" in words(show(entry=f"demo:{number}"))
    reader.journal_entry = lambda *_named: covered
    dead(seconds=5)

    assert f"The checkpoint of entry {number} covers it" in words(show(entry=f"demo:{number}"))


def test_whoever_asks_in_between_is_given_what_was_drawn(show, dead, reader, monkeypatch):
    drawn = []
    read = reader.chains
    monkeypatch.setattr(reader, "chains", lambda book: drawn.append(book) or read(book))
    dead(seconds=60)
    for _ in range(40):
        dead(seconds=0.5)
        show()

    assert 4 <= len(drawn) <= 5


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(0, 3)), min_size=1, max_size=12))
def test_its_news_never_shrinks_and_grows_with_each_entry_within_a_second(steps):
    reader = FakeBookReader()
    readings, (book,) = Screens(reader).readings, reader.book_list
    for passes, written in steps:
        before = journal_news(readings, book)
        reader.kept += reader.kept[:1] * written
        reader.clock.step_wall(timedelta(seconds=passes))
        after = journal_news(readings, book)
        assert after >= before
        if passes >= 5.0 or (written and passes >= 1.0):
            assert after > before


def test_a_shorter_journal_is_not_taken_for_an_earlier_one(reader: FakeBookReader):
    readings, (book,) = Screens(reader).readings, reader.book_list
    seen = set()
    for _ in range(20):
        reader.clock.step_wall(timedelta(seconds=5))
        seen.add(journal_news(readings, book))
        del reader.kept[-1]

    assert len(seen) == 20
    assert max(seen) < 2**53, "browsers count no further"


# --- searches ------------------------------------------------------------------------------


def data_of(listed: Awaited[EntriesPage], reader: FakeBookReader) -> JournalData:
    screens = Screens(reader)
    (book,) = reader.book_list
    cycle = screens.readings.cycle(book)
    assert cycle is not None
    return JournalData(
        book=book,
        query=parse({"text": "x"}, WORDS),
        cycle=cycle,
        wall=reader.wall(),
        listed=listed,
        chains=(),
        chosen=None,
    )


def test_a_search_that_goes_on_says_so(reader: FakeBookReader):
    told = words(journal_view(data_of(Awaited(), reader)))

    assert "Loading what the search finds, usually a few seconds" in told


def test_a_search_that_came_to_no_end_says_why_and_what_to_do(reader: FakeBookReader):
    told = words(journal_view(data_of(Awaited(problem="the database did not answer"), reader)))

    assert "The search came to no end" in told
    assert "The database did not answer. Choose a shorter range" in told


def test_a_search_is_not_repeated_with_each_cycle(show, reader: FakeBookReader, monkeypatch):
    asked = []
    read = reader.journal_page

    def counted(*arguments, **named):
        asked.append(arguments)
        return read(*arguments, **named)

    monkeypatch.setattr(reader, "journal_page", counted)
    for _ in range(5):
        show(text="exchange")
        reader.advance()

    assert len(asked) == 1


# --- the chain -----------------------------------------------------------------------------


def test_the_chain_is_told_with_the_time_of_looking_and_its_last_checkpoint(show):
    told = text_of(show(), "journal-chains")

    last = len(kept(BOOK))
    assert f"Chain of demo holds up to entry {last} , checked 15:42:18 UTC; last checkpoint" in told
    assert f"at entry {last}, signed 15:42:18 UTC" in told
    assert "Chain of people holds up to entry 7" in told
    assert "no checkpoint was made yet" in told


def test_a_look_that_is_minutes_old_is_told_as_old_and_is_not_green(show, reader: FakeBookReader):
    reader.chain_views = [
        view._replace(checked=AFTERNOON - 26 * MINUTE) for view in fakes_entries.chains_of(BOOK)
    ]
    line = part(show(), "journal-chains")["children"]

    assert "Chain of demo held up to entry" in words(line)
    assert "checked 15:16:18 UTC , 26 min ago: what was written or changed since" in words(line)
    shapes = [p.get("data-state") for p in parts(line) if "data-state" in p]
    assert shapes == ["stale", "stale"]


def test_nothing_is_claimed_of_what_nobody_looked_at(show, reader: FakeBookReader):
    reader.chain_views = [ChainView(BOOK), ChainView(PEOPLE_STREAM, entries=3, length=9)]

    told = text_of(show(), "journal-chains")

    assert "holds" not in told
    assert "Chain of demo is being followed : nothing is claimed yet" in told
    assert "Chain of people is being followed : 3 of 9 entries so far" in told


def test_a_broken_chain_stands_above_everything(show, reader: FakeBookReader):
    broken = ChainView(
        BOOK,
        entries=4,
        length=9,
        checked=AFTERNOON,
        broken="entry 5 of the journal of demo was changed (RiskStatus), or put in",
    )
    reader.chain_views = [broken]

    tree = show()

    assert "Chain of demo is broken after entry 4" in text_of(tree, "journal-chains")
    assert (
        "The journal of demo does not hold. Entry 5 of the journal of demo was changed"
        in text_of(tree, "journal-notices")
    )


def test_an_empty_stream_is_told_as_one(show, reader: FakeBookReader):
    reader.chain_views = [ChainView(PEOPLE_STREAM, checked=AFTERNOON, whole=AFTERNOON)]

    assert "Chain of people is empty , checked 15:42:18 UTC" in text_of(show(), "journal-chains")


# --- one entry -----------------------------------------------------------------------------


def test_an_entry_opens_to_all_its_fields_its_hash_and_what_covers_it(show):
    number = next(e.seq for e in kept(BOOK) if e.kind == "BreakerActivated")

    tree = show(entry=f"demo:{number}")

    told = text_of(tree, "journal-entry")
    assert f"Entry {number} of demo Breaker activated, 14:07:18 UTC Close" in told
    assert "cause volatility is 2.31 times normal" in told
    assert kept(BOOK)[number - 1].hash.hex() in told
    assert "was followed from the first entry beyond this one, and holds" in told
    assert f"The checkpoint of entry {len(kept(BOOK))} covers it, signed 15:42:18 UTC" in told
    assert 'seawall journal recompute trip "market volatility/47100"' in told
    links = links_in(part(tree, "journal-entry-links")["children"])
    assert links["The trip's card: market volatility/47100"].startswith("/breakers?episode=")
    assert links["The entry before"].endswith(f"entry=demo:{number - 1}")


def test_an_order_leads_to_its_story_and_a_proposal_to_its_page(show):
    order = next(e.seq for e in kept(BOOK) if e.kind == "OrderValidation")

    of_order = show(entry=f"demo:{order}", kind="orders")

    assert links_in(of_order)["The order: trend-0000"] == "/orders?order=trend-0000"
    assert "seawall journal recompute order" in text_of(of_order, "journal-entry")
    proposal = show(entry="/people:6")
    assert links_in(proposal)["The proposal: 7"] == "/changes?proposal=7"
    assert "No checkpoint covers it yet" in text_of(proposal, "journal-entry")


def test_what_was_not_followed_as_far_is_not_vouched_for(show, reader: FakeBookReader):
    reader.chain_views = [ChainView(BOOK, entries=1, length=9)]

    assert "was not followed as far as here yet" in words(show(entry="demo:2"))
    reader.chain_views = [ChainView(BOOK, entries=1, length=9, broken="it broke")]
    reader.advance()
    assert "The chain does not hold as far as here" in words(show(entry="demo:2"))


@pytest.mark.parametrize(
    "entry", ["demo:999999", "other:1", "nonsense", "demo:-1", "demo:1e3", f"demo:{10**30}"]
)
def test_an_entry_that_there_is_not_is_told(show, entry):
    assert "There is no entry" in words(show(entry=entry))


def test_places_and_entries_come_back_from_the_address():
    place = Place(1_795_910_400_000, PEOPLE_STREAM, 12)

    assert before(parse({"before": before_text(place)}, WORDS)) == place
    assert before(parse({"before": "1/2"}, WORDS)) is None
    assert entry_named(parse({"entry": "/people:12"}, WORDS)) == (PEOPLE_STREAM, 12)
    assert entry_named(parse({"entry": "12"}, WORDS)) is None


# --- the file ------------------------------------------------------------------------------


def rows_of(screens: Screens, **address: str) -> list[list[str]]:
    found = read_file(screens.readings, parse(address, WORDS))
    assert found is not None
    assert found[0] == "seawall-demo-journal-20261112T154218Z.csv"
    return list(csv.reader(io.StringIO(found[1])))


def test_the_file_has_what_the_filters_leave_beyond_one_page(screens):
    head, *rows = rows_of(screens, kind="everything")

    assert head == ["At", "Journal", "Entry", "Kind", "What happened", "Fields", "Hash"]
    assert len(rows) == 13 + fakes_entries.ORDERS
    assert rows[1][0] == "2026-11-12T15:36:06.000+00:00"
    assert json.loads(rows[1][5])["client_order_id"] == "trend-0119"
    assert rows[1][6] == kept(BOOK)[-2].hash.hex()
    assert len(rows_of(screens)) == 13


def test_no_text_of_the_file_is_run_as_a_formula(screens, reader: FakeBookReader):
    bad = '=HYPERLINK("http://x")'
    body = '{"body":{"at":"2026-11-12T15:00:00Z"},"kind":"X","version":1}'
    reader.kept.append(KeptEntry(BOOK, 999, AFTERNOON - MINUTE, bad, body, b""))

    cells = [cell for row in rows_of(screens)[1:] for cell in row]

    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert f"'{bad}" in cells


def test_before_the_first_cycle_there_is_no_file(screens, reader: FakeBookReader):
    reader.started = False

    assert read_file(screens.readings, parse({}, WORDS)) is None


def test_a_store_that_does_not_answer_is_told(show, reader: FakeBookReader):
    reader.failing = True

    with pytest.raises(StoreUnavailable):
        show()


def test_what_would_fill_the_screen_is_folded_and_all_there(show, reader: FakeBookReader):
    lines = tuple(f"limit {number}: hard 0.4 -> 0.3 (tighter)" for number in range(104))
    long = replace(fakes_entries.build_story()[0], what=lines)
    reader.kept = fakes_entries.chained(BOOK, [long])

    tree = show(entry="demo:1")

    fields = part(tree, "journal-entry-fields")["children"]
    (said,) = [p["children"] for p in parts(fields) if str(p.get("children")).startswith("104 ")]
    assert said.startswith("104 lines: limit 0: hard 0.4")
    assert len(said) < 200
    assert all(line in words(fields) for line in lines)
