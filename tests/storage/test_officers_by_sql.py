"""Whoever writes past the program lets nothing go and overrules nothing but as an officer."""

from datetime import timedelta
from typing import Any

import pytest

from risk.domain.actors import Ability, Role, who_can
from risk.domain.overrides import HOLDING, LOOSENING, OverrideKind
from risk.errors import StoreError
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import add_portfolio
from tests.builders import NOON, PORTFOLIO
from tests.storage.persons import hired
from tests.storage.rows import read, write

ACTION = (
    "INSERT INTO action (portfolio, seq, at_ms, who, kind, body) VALUES"
    " (:p, (SELECT COALESCE(max(seq), 0) + 1 FROM action), 0, :who, :kind, :body)"
)
REVIEW = (
    "INSERT INTO override_review (portfolio, action, author, reviewer, verdict, comment, at_ms)"
    " VALUES (:p, 1, 'olga', :who, 'right', 'c', 0)"
)
LET_GO = ("ReleaseBreaker", "ReleaseReservation", "ResumeTrading")
BODIES = {
    **{kind: f'{{"kind":"{kind}"}}' for kind in sorted(LOOSENING)},
    **{f"end of {kind}": f'{{"kind":"end","ends":"{kind}"}}' for kind in sorted(HOLDING)},
    "end of who knows what": '{"kind":"end"}',
    "said twice": '{"kind":"trip","kind":"disable"}',
    "said twice in other letters": r'{"kind":"trip","k\u0069nd":"dis\u0061ble"}',
    "nothing": "{}",
}
TIGHTER = {
    **{kind: f'{{"kind":"{kind}"}}' for kind in sorted(HOLDING)},
    **{f"end of {kind}": f'{{"kind":"end","ends":"{kind}"}}' for kind in sorted(LOOSENING)},
}


@pytest.fixture(autouse=True)
def portfolio(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)


@pytest.fixture
def staffed(engines: Engines) -> Engines:
    hired(engines, "olga")
    hired(engines, "otto")
    for role in Role:
        if role is not Role.OFFICER:
            hired(engines, role.value, role)
    hired(engines, "gone", disabled_ms=1)
    hired(engines, "new", power_in=timedelta(hours=1))
    return engines


def acts(engines: Engines, who: str, kind: str, body: str = "{}") -> None:
    write(engines, ACTION, p=PORTFOLIO, who=who, kind=kind, body=body)


def refused(said: str = "only an officer whose power has begun") -> Any:
    return pytest.raises(StoreError, match=said)


NOBODYS = ["viewer", "trader", "analyst", "admin", "gone", "new", "nobody", "Olga", "", "root"]


def test_the_matrix_says_so_too() -> None:
    """Else another migration is due."""
    for ability in (Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE):
        assert who_can(ability) == (Role.OFFICER,)
    assert {*HOLDING, *LOOSENING, OverrideKind.END} == {*OverrideKind}


@pytest.mark.parametrize("kind", LET_GO)
def test_only_an_officer_lets_go(staffed: Engines, kind: str) -> None:
    for who in NOBODYS:
        with refused():
            acts(staffed, who, kind)
    assert read(staffed, "SELECT count(*) FROM action") == [(0,)]
    acts(staffed, "olga", kind)


@pytest.mark.parametrize("body", BODIES)
def test_only_an_officer_loosens_a_breaker(staffed: Engines, body: str) -> None:
    for who in NOBODYS:
        with refused():
            acts(staffed, who, "OverrideBreaker", BODIES[body])
    assert read(staffed, "SELECT count(*) FROM action") == [(0,)]
    acts(staffed, "olga", "OverrideBreaker", BODIES[body])


@pytest.mark.parametrize("body", TIGHTER)
def test_whoever_tightens_is_not_asked(staffed: Engines, body: str) -> None:
    who = "olga (command line; role not checked: the database does not answer)"
    acts(staffed, who, "OverrideBreaker", TIGHTER[body])
    acts(staffed, who, "LatchTrading")


def test_while_nobody_has_a_login_there_is_no_officer_to_name(engines: Engines) -> None:
    for kind in LET_GO:
        acts(engines, "root (command line)", kind)
    acts(engines, "demo officer", "OverrideBreaker", BODIES["disable"])


def test_only_another_officer_judges(staffed: Engines) -> None:
    acts(staffed, "olga", "OverrideBreaker", BODIES["disable"])
    for who in NOBODYS:
        with refused("only an officer whose power has begun|nobody is his own second person"):
            write(staffed, REVIEW, p=PORTFOLIO, who=who)
    with refused("nobody is his own second person"):
        write(staffed, REVIEW, p=PORTFOLIO, who="olga")
    write(staffed, REVIEW, p=PORTFOLIO, who="otto")


@pytest.mark.parametrize(
    "himself", ["demo officer", "Demo Officer", "demoofficer", "demo\tofficer"]
)
def test_nobody_judges_or_approves_his_own_where_checks_are_switched_off(
    sqlite: Engines, himself: str
) -> None:
    with transaction(sqlite.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    acts(sqlite, "demo officer", "OverrideBreaker", BODIES["disable"])
    write(
        sqlite,
        "INSERT INTO proposal (portfolio, kind, body, seen, direction, what, loosens, author,"
        " reason, alone, at_ms, lapses_ms, status, decided_by, decision) VALUES (:p, 'AdoptPolicy',"
        " '{}', 1, 'loosens', '[]', '[]', 'demo officer', 'r', FALSE, 0, 4102444800000, 'open',"
        " '', '')",
        p=PORTFOLIO,
    )
    with sqlite.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.commit()
    with refused("nobody is his own second person"):
        write(sqlite, REVIEW.replace("'olga'", "'demo officer'"), p=PORTFOLIO, who=himself)
    with refused("nobody is his own second person"):
        write(
            sqlite,
            "INSERT INTO approval (proposal, author, person, reason, body, at_ms)"
            " VALUES (1, 'demo officer', :who, 'r', '{}', 0)",
            who=himself,
        )
