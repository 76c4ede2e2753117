"""What only one kind of agent can do: threads here, tasks there."""

import asyncio
import threading

from risk.client import AsyncSeawall, Seawall
from tests.client.conftest import AT_ONCE, eventually
from tests.fakes_seawall import KEY, FakeSeawall, Fault

BTC = "BTC/USDT"
USUAL = {"strategy": "trend", "timeout": 10.0, "patience": 10.0, "pauses": AT_ONCE}


def test_an_agent_that_waits_ends_with_its_block(served, seawall: FakeSeawall):
    with Seawall(served[1], KEY, **USUAL) as agent:
        background = agent.on_reduction(print)
        assert agent.validate(BTC, "buy", 1.0).approved

    assert not background.running


def test_a_callback_in_a_thread_may_end_its_own_background(served, seawall: FakeSeawall):
    ended: list[bool] = []
    with Seawall(served[1], KEY, **USUAL) as agent:

        def enough(_asked):
            background.stop()
            ended.append(True)

        background = agent.on_reduction(enough)
        seawall.request(id="r1")
        eventually(lambda: ended and not background.running)


def test_threads_share_a_client(served, seawall: FakeSeawall):
    answers = []
    with Seawall(served[1], KEY, **USUAL) as agent:
        threads = [
            threading.Thread(target=lambda: answers.append(agent.validate(BTC, "buy", 0.5)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20.0)

    assert [answer.verdict for answer in answers] == ["approve"] * 8
    assert len(seawall.held) == 8


def test_a_task_awaits_its_callback_and_ends_with_its_block(served, seawall: FakeSeawall):
    async def main() -> tuple[list[str], bool]:
        told: list[str] = []
        done = asyncio.Event()

        async def reduce(asked):
            told.append(asked.id)
            done.set()

        async with AsyncSeawall(served[1], KEY, **USUAL) as agent:
            background = await agent.on_reduction(reduce)
            seawall.request(id="r1")
            await asyncio.wait_for(done.wait(), 20.0)
        return told, background.running

    assert asyncio.run(main()) == (["r1"], False)


def test_a_callback_in_a_task_may_end_its_own_background(served, seawall: FakeSeawall):
    async def main() -> bool:
        async with AsyncSeawall(served[1], KEY, **USUAL) as agent:

            async def enough(_asked):
                await background.stop()

            background = await agent.on_reduction(enough)
            seawall.request(id="r1")
            async with asyncio.timeout(20.0):
                while background.running:
                    await asyncio.sleep(0)
            return background.running

    assert asyncio.run(main()) is False


def test_a_task_that_is_cancelled_leaves_its_order_in_doubt(served, seawall: FakeSeawall):
    seawall.always = Fault.SILENT

    async def main() -> tuple[str, ...]:
        async with AsyncSeawall(served[1], KEY, **USUAL) as agent:
            asking = asyncio.create_task(agent.validate(BTC, "buy", 1.0, client_order_id="a-1"))
            async with asyncio.timeout(20.0):
                while not seawall.held:
                    await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled()
            seawall.always = None
            seawall.released.set()
            in_doubt = agent.in_doubt
            await agent.settle()
            return in_doubt

    assert asyncio.run(main()) == ("a-1",)
    assert seawall.held == {}


def test_many_orders_are_asked_about_at_once(served, seawall: FakeSeawall):
    async def main():
        async with AsyncSeawall(served[1], KEY, **USUAL) as agent:
            return await asyncio.gather(*(agent.validate(BTC, "buy", 0.1) for _ in range(30)))

    assert all(answer.approved for answer in asyncio.run(main()))
    assert len(seawall.held) == 30
