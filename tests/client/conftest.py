"""One Seawall for each module, and agents of both kinds that speak to it alike."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from risk.client import AsyncSeawall, Pauses, Seawall
from tests.fakes_seawall import KEY, FakeSeawall, serving

AT_ONCE = Pauses(poll=0.005, first=0.001, most=0.01, silence=5.0)


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it holds, and fail where it never does."""
    ticks = threading.Event()
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        ticks.wait(0.005)
    raise AssertionError("it never came about")


class Awaited:
    """An `AsyncSeawall` whose methods are awaited in a loop of their own."""

    def __init__(self, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._seawall = self._await(self._made(options))

    async def _made(self, options: Any) -> AsyncSeawall:
        return AsyncSeawall(**options)

    def _await(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60.0)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._seawall, name)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **kwargs: self._held(self._await(found(*args, **kwargs)))

    def _held(self, result: Any) -> Any:
        return Stopped(self, result) if hasattr(result, "running") else result

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._await(self._seawall.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()


class Stopped:
    """A background whose stopping is awaited."""

    def __init__(self, agent: Awaited, background: Any) -> None:
        self._agent = agent
        self._background = background

    @property
    def running(self) -> bool:
        return bool(self._background.running)

    def stop(self) -> None:
        self._agent._await(self._background.stop())


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeSeawall, str]]:
    seawall = FakeSeawall()
    with serving(seawall) as url:
        yield seawall, url


@pytest.fixture
def seawall(served: tuple[FakeSeawall, str]) -> FakeSeawall:
    served[0].reset()
    return served[0]


@pytest.fixture(scope="module", params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> type:
    return Seawall if request.param == "sync" else Awaited


@pytest.fixture
def make(kind: type, served: tuple[FakeSeawall, str]) -> Iterator[Callable[..., Any]]:
    """Makes agents of one kind; a patient one where nothing else is said."""
    made: list[Any] = []

    def make_agent(**options: Any) -> Any:
        usual = {"url": served[1], "key": KEY, "strategy": "trend", "pauses": AT_ONCE}
        made.append(kind(**{**usual, "timeout": 10.0, "patience": 10.0, **options}))
        return made[-1]

    yield make_agent
    for agent in made:
        agent.close()


@pytest.fixture
def agent(make: Callable[..., Any], seawall: FakeSeawall) -> Any:
    return make()
