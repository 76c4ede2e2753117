"""People add books and money; the authority alone books what they entered."""

from datetime import timedelta

import pytest

from risk.domain.ledger import Ledger
from risk.domain.market import Period
from risk.domain.ports import AccountReading, MarketReading
from risk.errors import FeedUnavailable, InvalidInput, StoreError, UnknownPortfolio
from risk.storage import portfolios, tables
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.ledger import InboxAccount
from risk.storage.portfolios import PortfolioListing
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_fill, build_flow, build_record
from tests.storage.rows import count, lease_token, write

NOTHING = MarketReading(at=NOON, marks={})


@pytest.fixture
def demo(engines: Engines) -> Engines:
    with transaction(engines.writer) as connection:
        assert portfolios.add_portfolio(connection, PORTFOLIO, at=NOON)
    return engines


def run(engines: Engines, do, *args, **options):
    with transaction(engines.writer) as connection:
        return do(connection, *args, **options)


def waiting(engines: Engines):
    return InboxAccount(engines, PORTFOLIO).read(NOTHING, Ledger())


# ---------------------------------------------------------------- adding and listing


@pytest.mark.parametrize("name", ["demo", "a", "0", "main-book_2", "x" * 64])
def test_a_plain_name_is_accepted(engines: Engines, name: str):
    assert run(engines, portfolios.add_portfolio, name, at=NOON)


@pytest.mark.parametrize("name", ["", "Demo", "-a", "_a", "a b", "a/b", "é", "x" * 65, "a\n"])
def test_another_name_is_refused(engines: Engines, name: str):
    with pytest.raises(InvalidInput, match="cannot name a portfolio"):
        run(engines, portfolios.add_portfolio, name, at=NOON)


def test_adding_twice_adds_once(demo: Engines):
    assert not run(demo, portfolios.add_portfolio, PORTFOLIO, at=NOON + timedelta(days=1))

    assert [listing.created for listing in run(demo, portfolios.list_portfolios)] == [NOON]


def test_a_new_portfolio_is_listed_without_cycle(demo: Engines):
    assert run(demo, portfolios.list_portfolios) == [
        PortfolioListing(
            name=PORTFOLIO,
            currency="USD",
            created=NOON,
            cycle=None,
            saved=None,
            trading_state=None,
            waiting=0,
        )
    ]


def test_a_running_portfolio_is_listed_with_its_state(demo: Engines):
    record = build_record(7)
    SqlStore(demo).save(record, token=lease_token(demo, PORTFOLIO))
    run(demo, portfolios.fund, PORTFOLIO, build_flow())

    (listing,) = run(demo, portfolios.list_portfolios)

    assert (listing.cycle, listing.saved) == (7, record.wall)
    assert (listing.trading_state, listing.waiting) == ("NORMAL", 1)


def test_portfolios_are_listed_by_name(engines: Engines):
    for name in ("zeta", "alpha"):
        run(engines, portfolios.add_portfolio, name, at=NOON)

    assert [one.name for one in run(engines, portfolios.list_portfolios)] == ["alpha", "zeta"]


@pytest.mark.parametrize(("name", "hint"), [("dmo", "did you mean demo"), ("x", "there are demo")])
def test_an_unknown_portfolio_is_refused_with_a_hint(demo: Engines, name: str, hint: str):
    with pytest.raises(UnknownPortfolio, match=hint):
        run(demo, portfolios.fund, name, build_flow())


def test_an_unknown_portfolio_among_none_is_refused(engines: Engines):
    with pytest.raises(UnknownPortfolio, match="there are none yet"):
        run(engines, portfolios.require_portfolio, "demo")


# ---------------------------------------------------------------- entering


def test_what_people_entered_waits_for_the_authority(demo: Engines):
    flow, fill = build_flow(), build_fill()
    assert run(demo, portfolios.fund, PORTFOLIO, flow)
    assert run(demo, portfolios.import_entries, PORTFOLIO, [fill]) == 1

    reading = waiting(demo)

    assert (reading.flows, reading.fills) == ((flow,), (fill,))
    assert reading.working_orders == {}
    assert count(demo, tables.ledger_entry) == 0


def test_what_was_booked_waits_no_longer(demo: Engines):
    flow, fill = build_flow(), build_fill()
    run(demo, portfolios.import_entries, PORTFOLIO, [flow, fill, build_flow(2)])
    record = build_record(1, flows=(flow,), fills=(fill,))

    SqlStore(demo).save(record, token=lease_token(demo, PORTFOLIO))

    assert waiting(demo).flows == (build_flow(2),)
    assert waiting(demo).fills == ()


def test_what_was_not_saved_still_waits(demo: Engines):
    """The cycle that read it was lost: the next one must read it again."""
    run(demo, portfolios.fund, PORTFOLIO, build_flow())

    with pytest.raises(StoreError):
        SqlStore(demo).save(build_record(1, flows=(build_flow(),)), token=99)

    assert waiting(demo).flows == (build_flow(),)


def test_the_same_file_twice_is_one_file(demo: Engines):
    entries = [build_flow(), build_fill()]
    assert run(demo, portfolios.import_entries, PORTFOLIO, entries, opens=True) == 2

    assert run(demo, portfolios.import_entries, PORTFOLIO, entries, opens=True) == 0
    assert len(waiting(demo).fills) == 1


def test_a_file_that_was_booked_is_recognised_too(demo: Engines):
    flow = build_flow()
    run(demo, portfolios.fund, PORTFOLIO, flow)
    SqlStore(demo).save(build_record(1, flows=(flow,)), token=lease_token(demo, PORTFOLIO))

    assert not run(demo, portfolios.fund, PORTFOLIO, flow)
    assert waiting(demo).flows == ()


def test_an_opening_balance_is_for_an_empty_book_only(demo: Engines):
    run(demo, portfolios.fund, PORTFOLIO, build_flow(1))

    with pytest.raises(InvalidInput, match="demo has 1 entries already"):
        run(demo, portfolios.import_entries, PORTFOLIO, [build_flow(2)], opens=True)


def test_money_that_does_not_move_is_refused(demo: Engines):
    with pytest.raises(InvalidInput, match="moves nothing"):
        run(demo, portfolios.fund, PORTFOLIO, build_flow(amount=0.0))


def test_a_book_s_entries_do_not_wait_for_another(demo: Engines):
    run(demo, portfolios.add_portfolio, "other", at=NOON)
    run(demo, portfolios.fund, "other", build_flow())

    assert waiting(demo).flows == ()


def test_what_an_agent_reported_while_it_was_entered_does_not_wait(demo: Engines):
    """Booked twice it would end the engine, and every one that is started after it."""
    flow, fill = build_flow(), build_fill()
    run(demo, portfolios.import_entries, PORTFOLIO, [fill])
    run(demo, portfolios.fund, PORTFOLIO, flow)
    columns = "portfolio, kind, external_id, at_ms, body"
    write(demo, f"INSERT INTO ledger_entry (seq, {columns})"
                f" SELECT 1, {columns} FROM ledger_inbox WHERE kind = 'fill'")  # fmt: skip

    assert waiting(demo) == AccountReading(flows=(flow,))


def test_an_account_whose_database_is_gone_cannot_be_read(tmp_path):
    engines = open_engines(f"sqlite:///{tmp_path}/gone/seawall.db")
    (tmp_path / "gone").rmdir()

    with pytest.raises(FeedUnavailable):
        InboxAccount(engines, PORTFOLIO).read(NOTHING, Ledger())


def test_an_entry_of_an_unknown_kind_is_refused(demo: Engines):
    write(demo, "INSERT INTO ledger_inbox (portfolio, kind, external_id, at_ms, body)"
                " VALUES ('demo', 'gift', 'x', 0, '{}')")  # fmt: skip

    with pytest.raises(StoreError, match="its kind 'gift' is unknown"):
        waiting(demo)


# ---------------------------------------------------------------- facts


def test_a_fact_once_noted_stays(engines: Engines):
    run(engines, portfolios.keep_facts, PORTFOLIO, {"seed": 42, "origin": NOON.isoformat()})

    kept = run(engines, portfolios.keep_facts, PORTFOLIO, {"seed": 7, "speed": 1.5})

    assert kept == {"seed": 42, "origin": NOON.isoformat(), "speed": 1.5}
    assert run(engines, portfolios.facts_of, PORTFOLIO) == kept
    assert run(engines, portfolios.facts_of, "other") == {}


def test_periods_of_the_domain_fit_their_column():
    assert max(len(period.value) for period in Period) <= tables.bar.c.period.type.length


def test_facts_may_change_until_a_portfolio_has_lived_with_them(engines: Engines):
    run(engines, portfolios.add_portfolio, PORTFOLIO, at=NOON)
    run(engines, portfolios.keep_facts, PORTFOLIO, {"feed": "files"})

    assert run(engines, portfolios.replace_facts, PORTFOLIO, {"feed": "simulated"})
    SqlStore(engines).save(build_record(), token=lease_token(engines, PORTFOLIO))
    assert not run(engines, portfolios.replace_facts, PORTFOLIO, {"feed": "files"})
    assert run(engines, portfolios.facts_of, PORTFOLIO) == {"feed": "simulated"}


@pytest.mark.parametrize("amount", [1e13, -1e300])
def test_an_amount_that_cannot_be_meant_is_refused(demo: Engines, amount: float):
    with pytest.raises(InvalidInput, match="cannot be meant"):
        run(demo, portfolios.fund, PORTFOLIO, build_flow(amount=amount))
