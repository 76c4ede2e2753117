"""One suite over what people ask as the engine reads it: the fake, SQLite and Postgres."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from risk.domain.ports import AskedActions
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines, transaction
from risk.storage.portfolios import add_portfolio
from tests.builders import NOON, PORTFOLIO
from tests.fakes_store import FakeActions
from tests.storage.adopting import asked, choosing


@dataclass
class Desk:
    """AskedActions of one book, and a way to ask for another model."""

    actions: AskedActions
    choose: Callable[[str], object]


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    if request.param == "fake":
        fake = FakeActions()
        yield Desk(fake, fake.choose)
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)

    def choose(model: str) -> None:
        with transaction(engines.writer) as connection:
            asked(connection, PORTFOLIO, choosing(model))

    yield Desk(SqlActions(engines, PORTFOLIO), choose)
    engines.dispose()


def test_nobody_has_asked_for_anything(desk: Desk):
    assert list(desk.actions.after(0)) == []


def test_actions_come_in_their_order_and_are_numbered_without_a_hole(desk: Desk):
    for model in ("adaptive", "historical_250", "adaptive"):
        desk.choose(model)
    found = desk.actions.after(0)

    assert [action.seq for action in found] == [1, 2, 3]
    assert [action.model for action in found] == ["adaptive", "historical_250", "adaptive"]
    assert {action.who for action in found} == {"anna"}


def test_only_later_ones_are_told_and_asking_takes_nothing_away(desk: Desk):
    for model in ("adaptive", "historical_250"):
        desk.choose(model)

    for _ in range(2):
        assert [action.seq for action in desk.actions.after(1)] == [2]
    assert list(desk.actions.after(2)) == []
