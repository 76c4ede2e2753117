"""The same questions beside an event loop."""

import asyncio
import inspect

from risk.analyzer import AsyncPositionRiskAnalyzer, PositionRiskAnalyzer
from tests.analyzer.tables import analyzer


def test_every_question_can_be_asked_beside_a_loop_with_the_same_answer():
    book = analyzer(scenarios={"crash": {"BTC": -0.3}})
    beside = AsyncPositionRiskAnalyzer(book)
    questions = (
        "value_at_risk",
        "expected_shortfall",
        "maximum_drawdown",
        "performance",
        "volatility",
        "correlation",
        "stress",
        "positions",
        "figures",
    )

    async def ask():
        return await asyncio.gather(*(getattr(beside, name)() for name in questions))

    assert asyncio.run(ask()) == [getattr(book, name)() for name in questions]


def test_it_takes_the_same_arguments():
    for name, question in inspect.getmembers(AsyncPositionRiskAnalyzer, inspect.isfunction):
        if not name.startswith("_"):
            same = inspect.signature(getattr(PositionRiskAnalyzer, name))
            assert list(inspect.signature(question).parameters) == list(same.parameters)


def test_arguments_reach_the_analyzer():
    book = analyzer()
    beside = AsyncPositionRiskAnalyzer(book)

    assert asyncio.run(beside.value_at_risk(0.95, bars=5)) == book.value_at_risk(0.95, bars=5)
    assert asyncio.run(beside.expected_shortfall(0.9, bars=5)) == book.expected_shortfall(
        0.9, bars=5
    )
    assert asyncio.run(beside.performance("BTC", block=20)) == book.performance("BTC", block=20)
