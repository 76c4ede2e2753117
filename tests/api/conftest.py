"""An application over fakes, and agents that ask it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette

from risk.api.app import create_api
from risk.api.hub import Pace
from risk.auth.keys import KeyRing
from risk.domain.keys import ApiKey, KeyAbility
from tests.api.asking import Agent
from tests.engine.gates import GateWorld
from tests.fakes_gate import ALL, FakeGate, FakeTelling, make_desk, make_key

#: Of a test in a hurry.
QUICK = Pace(every=0.005, heartbeat=0.05, patience=0.2)


@dataclass
class House:
    """An authority over fakes."""

    gate: FakeGate = field(default_factory=FakeGate)
    reader: FakeTelling = field(default_factory=FakeTelling)
    ring: KeyRing = field(default_factory=KeyRing)
    open: bool = True
    options: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys: list[ApiKey] = []

    def app(self) -> Starlette:
        desk = make_desk(
            lambda: self.gate if self.open else None, self.reader, self.ring, **self.options
        )
        return create_api(desk, pace=QUICK)

    def key(self, **options: object) -> tuple[ApiKey, str]:
        key, secret = make_key(**options)
        self.keys.append(key)
        self.ring.replace(self.keys)
        return key, secret

    def revoke(self, key: ApiKey) -> None:
        self.keys = [each for each in self.keys if each != key]
        self.ring.replace(self.keys)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def app(house: House) -> Starlette:
    return house.app()


@pytest.fixture
def agent(house: House, app: Starlette) -> Agent:
    """With all abilities."""
    return Agent(app, house.key()[1])


@pytest.fixture
def agent_with(house: House, app: Starlette) -> Callable[..., Agent]:
    """An agent whose key is as told."""

    def make(
        *,
        abilities: frozenset[KeyAbility] = ALL,
        strategies: Sequence[str] | None = None,
        portfolios: Sequence[str] = ("demo",),
    ) -> Agent:
        _, secret = house.key(abilities=abilities, strategies=strategies, portfolios=portfolios)
        return Agent(app, secret)

    return make


# --- the real gate -------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[GateWorld]:
    """At work, over a journal in memory."""
    world = GateWorld()
    world.gate.start()
    yield world
    world.gate.stop()


@pytest.fixture
def trader(world: GateWorld) -> Agent:
    """Asks it, with all abilities."""
    key, secret = make_key()
    desk = make_desk(lambda: world.gate, FakeTelling(), KeyRing([key]))
    return Agent(create_api(desk), secret)
