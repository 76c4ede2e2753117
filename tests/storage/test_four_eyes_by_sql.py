"""Whoever writes past the program meets the second person in the database itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from risk.domain.actions import AdoptPolicy, LatchTrading
from risk.domain.actors import Role
from risk.domain.proposals import ProposalStatus
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import StoreError
from risk.storage import codec
from risk.storage.actions import SqlActions, next_seq, put_action, take_turn
from risk.storage.engines import Engines, open_engines, transaction
from tests.builders import NOON, PORTFOLIO
from tests.storage.persons import hired
from tests.storage.rows import read, write
from tests.storage.test_proposals import ANNA, LOOSER, OLGA, TIGHTER, Office

PROPOSAL = (
    "INSERT INTO proposal (portfolio, kind, body, seen, direction, what, loosens, author, reason,"
    " alone, at_ms, lapses_ms, status, decided_by, decision)"
    " VALUES (:portfolio, :kind, :body, 1, :direction, '[]', '[]', :author, 'r', :alone, 0,"
    " 4102444800000, :status, '', '')"
)
APPROVAL = (
    "INSERT INTO approval (proposal, author, person, reason, body, at_ms)"
    " VALUES (:proposal, :author, :person, 'r', :body, 0)"
)
DECISION = (
    "UPDATE proposal SET status = :status, decided_by = :by, decision = 'd', decided_ms = 0,"
    " action = :action WHERE id = :proposal"
)
ACTION = (
    "INSERT INTO action (portfolio, seq, at_ms, who, kind, body, proposal)"
    " VALUES (:portfolio, :seq, 0, :who, :kind, :body, :proposal)"
)


class Forger:
    """Somebody with the right to write into the database, and no wish to ask anybody."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.engines = office.engines
        self.body = codec.encode_action(office.adopting(LOOSER))

    def propose(self, **changes: Any) -> int:
        values = {
            "portfolio": PORTFOLIO, "kind": "AdoptPolicy", "body": self.body,
            "direction": "loosens", "author": "olga", "alone": False, "status": "open",
        }  # fmt: skip
        write(self.engines, PROPOSAL, **{**values, **changes})
        ((number,),) = read(self.engines, "SELECT max(id) FROM proposal")
        return int(number)

    def approve(self, proposal: int, person: str = "otto", **changes: Any) -> None:
        values = {"proposal": proposal, "author": "olga", "person": person, "body": self.body}
        write(self.engines, APPROVAL, **{**values, **changes})

    def decide(self, proposal: int, by: str = "otto", status: str = "approved", action: Any = 2):
        write(self.engines, DECISION, proposal=proposal, by=by, status=status, action=action)

    def act(self, proposal: int | None, **changes: Any) -> None:
        values = {
            "portfolio": PORTFOLIO, "seq": 2, "who": "olga", "kind": "AdoptPolicy",
            "body": self.body, "proposal": proposal,
        }  # fmt: skip
        write(self.engines, ACTION, **{**values, **changes})


@pytest.fixture
def forger(engines: Engines) -> Forger:
    office = Office(engines)
    office.begin()
    for name in ("olga", "otto"):
        hired(engines, name)
    hired(engines, "anna", Role.ANALYST)
    return Forger(office)


def refused(match: str) -> Any:
    return pytest.raises(StoreError, match=match)


def test_what_the_program_writes_can_be_written_by_hand_too(forger: Forger) -> None:
    """So that what follows is refused for its reason, and not for its form."""
    made = forger.propose()
    forger.approve(made)
    forger.decide(made)
    forger.act(made)

    (action,) = SqlActions(forger.engines, PORTFOLIO).after(1)
    assert isinstance(action, AdoptPolicy)
    assert forger.office.turn().state.policy.version == 2


# --- the author approves -------------------------------------------------------------------


@pytest.mark.parametrize(
    "himself", ["olga", "OLGA", "Olga ", " o l g a", "olga\t", "ol\u00a0ga", "olga\u200b", " "]
)
def test_nobody_approves_his_own(forger: Forger, himself: str) -> None:
    made = forger.propose()
    with refused("approval_by_another|only an officer"):
        forger.approve(made, himself)
    assert forger.office.all()[0].status is ProposalStatus.OPEN


@pytest.mark.parametrize(
    "himself", ["demo officer", "Demo Officer", "demoofficer", "DEMO  OFFICER"]
)
def test_nor_where_nobody_has_a_login(engines: Engines, himself: str) -> None:
    office = Office(engines)
    office.begin()
    forger = Forger(office)
    made = forger.propose(author="demo officer")
    with refused("approval_by_another"):
        forger.approve(made, himself, author="demo officer")


def test_the_author_of_a_proposal_is_not_another_one_in_its_approval(forger: Forger) -> None:
    made = forger.propose()
    with refused("no such open proposal of that author"):
        forger.approve(made, "olga", author="otto")
    with refused("no such open proposal"):
        forger.approve(made + 1)


@pytest.mark.parametrize("column", ["author", "body", "direction", "kind", "portfolio", "what"])
def test_a_proposal_is_not_another_one_afterwards(forger: Forger, column: str) -> None:
    made = forger.propose()
    with refused("only the decision is written, once"):
        write(forger.engines, f"UPDATE proposal SET {column} = 'otto' WHERE id = :p", p=made)


# --- who cannot approve --------------------------------------------------------------------


@pytest.mark.parametrize(
    "hire",
    [
        lambda engines: hired(engines, "ivo", Role.ANALYST),
        lambda engines: hired(engines, "ivo", Role.ADMIN),
        lambda engines: hired(engines, "ivo", disabled_ms=1),
        lambda engines: hired(engines, "ivo", power_in=timedelta(hours=1)),
        lambda engines: None,
    ],
)
def test_only_an_officer_whose_power_has_begun(
    forger: Forger, hire: Callable[[Engines], object]
) -> None:
    hire(forger.engines)
    made = forger.propose()
    with refused("only an officer whose power has begun"):
        forger.approve(made, "ivo")


def test_power_begins_by_the_databases_own_clock(forger: Forger) -> None:
    hired(forger.engines, "ivo", power_in=timedelta(seconds=-1))
    forger.approve(forger.propose(), "ivo")


# --- around the approval -------------------------------------------------------------------


def test_without_anothers_word_nothing_that_loosens_is_approved(forger: Forger) -> None:
    made = forger.propose()
    for by in ("olga", "otto", ""):
        with refused("needs the word of another officer"):
            forger.decide(made, by=by)
    forger.approve(made, "otto")
    with refused("needs the word of another officer"):
        forger.decide(made, by="anna")


def test_what_only_tightens_needs_an_officer_all_the_same(forger: Forger) -> None:
    made = forger.propose(author="anna", direction="tightens")
    with refused("needs the word of another officer"):
        forger.decide(made, by="anna")


def test_a_proposal_is_not_written_as_approved(forger: Forger) -> None:
    with refused("begins open"):
        forger.propose(status="approved")
    with refused("proposal_direction"):
        forger.propose(direction="sideways")
    with refused("proposal_kind"):
        forger.propose(kind="LatchTrading")


def test_nobody_is_alone_once_somebody_has_a_login(forger: Forger) -> None:
    with refused("nobody is alone"):
        forger.propose(alone=True)


def test_whoever_was_alone_is_not_any_more(engines: Engines) -> None:
    office = Office(engines)
    office.begin()
    forger = Forger(office)
    made = forger.propose(alone=True, author="root")
    hired(engines, "olga")
    with refused("needs the word of another officer"):
        forger.decide(made, by="root")


# --- the action ----------------------------------------------------------------------------


def test_an_action_needs_its_proposal(forger: Forger) -> None:
    for proposal in (None, 99, 1):  # none, one that there is not, and another one's
        with refused("needs a proposal that was approved"):
            forger.act(proposal)
    made = forger.propose()
    with refused("needs a proposal that was approved"):
        forger.act(made)


@pytest.mark.parametrize(
    "change",
    [
        {"who": "otto"},
        {"body": "{}"},
        {"kind": "ChooseBookModel"},
        {"seq": 3},
        {"portfolio": "other"},
        {"kind": "LatchTrading"},
    ],
)
def test_an_action_is_what_was_approved(forger: Forger, change: dict[str, Any]) -> None:
    made = forger.propose()
    forger.approve(made)
    forger.decide(made)
    with refused("needs a proposal that was approved"):
        forger.act(made, **change)


def test_one_approval_is_of_one_action(forger: Forger) -> None:
    made = forger.propose()
    forger.approve(made)
    forger.decide(made)
    forger.act(made)
    for seq in (2, 3):
        with refused("needs a proposal that was approved|an action is never changed"):
            forger.act(made, seq=seq)
    with refused("only the decision is written, once"):
        forger.decide(made, status="rejected", action=None)
    again = forger.propose()
    forger.approve(again)
    with refused("only the decision is written, once"):
        forger.decide(again, action=2)


def test_other_kinds_of_actions_need_none(forger: Forger) -> None:
    latch = LatchTrading(
        seq=2, at=NOON, who="theo", scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        state=TradingState.HALTED, reason="a fall", id="x",
    )  # fmt: skip
    with transaction(forger.engines.writer) as connection:
        take_turn(connection, PORTFOLIO)
        put_action(connection, PORTFOLIO, replace(latch, seq=next_seq(connection, PORTFOLIO)))
    assert len(SqlActions(forger.engines, PORTFOLIO).after(1)) == 1


# --- what is kept --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM proposal",
        "DELETE FROM approval",
        "DELETE FROM action",
        "DELETE FROM person",
        "UPDATE approval SET person = 'anna'",
        "UPDATE action SET body = '{}'",
        "UPDATE action SET kind = 'AdoptPolicy'",
        "UPDATE person SET name = 'olga2' WHERE name = 'olga'",
        "UPDATE proposal SET status = 'open'",
    ],
)
def test_nothing_of_it_is_changed_or_removed(forger: Forger, statement: str) -> None:
    made = forger.office.propose(forger.office.adopting(LOOSER), ANNA)
    forger.office.approve(made, OLGA)
    with refused("the database refused"):
        write(forger.engines, statement)


@pytest.mark.parametrize("table", ["proposal", "approval", "action"])
def test_no_row_takes_anothers_place_on_sqlite(sqlite: Engines, table: str) -> None:
    """`INSERT OR REPLACE` would remove the row that is there, and ask no trigger."""
    office = Office(sqlite)
    office.begin()
    for name in ("olga", "otto"):
        hired(sqlite, name)
    hired(sqlite, "anna", Role.ANALYST)
    office.approve(office.propose(office.adopting(LOOSER), ANNA), OLGA)
    before = read(sqlite, f"SELECT * FROM {table}")
    with refused("the database refused"):
        write(sqlite, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert read(sqlite, f"SELECT * FROM {table}") == before


# --- the engine ----------------------------------------------------------------------------


def test_the_engine_works_out_itself_which_way_a_change_goes(forger: Forger) -> None:
    """What the database cannot know: that this one loosens."""
    made = forger.propose(direction="tightens")
    forger.decide(made, by="olga")
    forger.act(made)
    record = forger.office.turn()

    assert record.state.policy.version == 1
    (refusal,) = record.snapshot.refusals
    assert refusal.by == "olga"
    assert refusal.reason == (
        "it loosens, and nobody but olga has agreed to it: it needs another person"
    )


def test_what_was_asked_before_any_second_person_was_needed_stays_history_and_nothing_more(
    engines: Engines,
) -> None:
    """Rows of an older program, taken in and not."""
    office = Office(engines)
    office.begin()
    with transaction(engines.writer) as connection:
        _without_guards(connection)
    body = codec.encode_action(office.adopting(LOOSER))
    write(engines, ACTION, portfolio=PORTFOLIO, seq=2, who="anna", kind="AdoptPolicy",
          body=body, proposal=None)  # fmt: skip
    record = office.turn()

    assert record.state.policy.version == 1
    (refusal,) = record.snapshot.refusals
    assert "no second person has agreed to it: propose it" in refusal.reason
    tighter = codec.encode_action(office.adopting(TIGHTER))
    write(engines, ACTION, portfolio=PORTFOLIO, seq=3, who="anna", kind="AdoptPolicy",
          body=tighter, proposal=None)  # fmt: skip
    assert office.turn().state.policy.version == 2, "what tightens holds as it always did"


def _without_guards(connection: Any) -> None:
    on = " ON action" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP TRIGGER action_of_proposal{on}")


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["person", "proposal", "approval"])
def test_nobody_empties_what_a_second_persons_word_rests_on(postgres_url: str, table: str):
    engines = open_engines(postgres_url)
    with pytest.raises(StoreError, match="the database refused"):
        write(engines, f"TRUNCATE {table} CASCADE")
    engines.dispose()
