"""A table's figures as events."""

import pytest

from risk.domain.events import PositionRisk
from risk.storage.codec import decode_event, encode_event
from tests.analyzer.tables import NOON, analyzer


@pytest.mark.parametrize("period", ["1d", "1h"])
def test_events_say_what_the_figures_say_and_nothing_of_other_bars(period):
    book = analyzer(period=period, scenarios={"crash": {"BTC": -0.3}, "rally": {"BTC": 0.3}})
    heard = []
    book.subscribe(heard.append)

    published = book.publish(at=NOON, portfolio="mine", cycle="7")

    *positions, portfolio = published
    assert tuple(heard) == published
    assert [event.asset for event in positions] == ["BTC", "ETH", "SOL"]
    assert all(isinstance(event, PositionRisk) for event in positions)
    other = "1h" if period == "1d" else "1d"
    assert getattr(portfolio, f"var_{period}_99") == book.value_at_risk(0.99)
    assert getattr(portfolio, f"es_{period}_975") == book.expected_shortfall(0.975)
    assert getattr(portfolio, f"var_{other}_99") is None
    assert portfolio.stress_loss == pytest.approx(0.15)
    assert (portfolio.gross, portfolio.net, portfolio.leverage) == (90_000.0, 70_000.0, 0.9)
    assert portfolio.profit_today is portfolio.drawdown is portfolio.unit_value is None
    if period == "1d":
        parts = sum(event.component_var_1d_99 for event in positions)
        assert parts == pytest.approx(100_000.0 * portfolio.var_1d_99)
    else:
        assert positions[0].var_1d_99 is None
    assert [decode_event(encode_event(event)) for event in published] == list(published)
