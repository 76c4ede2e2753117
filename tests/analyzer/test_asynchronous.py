"""The same questions beside an event loop."""

import asyncio

from risk.analyzer import AsyncPositionRiskAnalyzer
from tests.analyzer.tables import analyzer


def test_every_question_can_be_asked_beside_a_loop_with_the_same_answer():
    book = analyzer(scenarios={"crash": {"BTC": -0.3}})
    beside = AsyncPositionRiskAnalyzer(book)
    questions = (
        "value_at_risk",
        "expected_shortfall",
        "maximum_drawdown",
        "volatility",
        "correlation",
        "stress",
        "positions",
        "figures",
    )

    async def ask():
        return await asyncio.gather(*(getattr(beside, name)() for name in questions))

    assert asyncio.run(ask()) == [getattr(book, name)() for name in questions]
