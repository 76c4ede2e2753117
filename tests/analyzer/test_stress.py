"""What given shocks would do to a book."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzer.tables import LONG_SHORT, analyzer


def test_stress_is_exact_and_names_what_it_does_not_shock():
    told = analyzer().stress({"crash": {"BTC": -0.3, "SOL": -0.5}})["crash"]

    assert told == {
        "loss": pytest.approx(0.10),
        "by_asset": {"BTC": -15_000.0, "ETH": 0.0, "SOL": 5_000.0},
        "unshocked": ["ETH"],
    }


@settings(max_examples=20)
@given(st.lists(st.floats(-1.0, 2.0), min_size=3, max_size=3), st.floats(0.1, 5.0))
def test_stress_is_linear(shocks, scale):
    def loss(book):
        scenario = dict(zip(("BTC", "ETH", "SOL"), shocks, strict=True))
        return analyzer(book).stress({"any": scenario})["any"]["loss"]

    scaled = {asset: scale * value for asset, value in LONG_SHORT.items()}
    assert loss(scaled) == pytest.approx(scale * loss(LONG_SHORT), abs=1e-12)
