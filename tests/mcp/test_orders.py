"""Orders by way of tools, before the real gate."""

from time import monotonic
from typing import Any

import pytest

from risk.client import AsyncSeawall
from risk.mcp.callers import Asking
from tests.books import BTC, PRICES
from tests.engine.gates import VENUE
from tests.mcp.conftest import Model

#: Units that fill the only limit.
FULL = 10_000.0 / PRICES[BTC]


def order(share: float = 0.5, **changes: Any) -> dict[str, Any]:
    """An order that takes a share of the limit."""
    return {"asset": BTC, "side": "buy", "quantity": share * FULL, "venue": VENUE, **changes}


def test_an_approved_order_may_be_sent_under_the_id_that_is_said_back(model: Model):
    told = model.call("validate_order", **order())

    assert not told.failed
    assert (told.data["verdict"], told.data["may_send"]) == ("approve", True)
    assert told.data["quantity"] == 0.5 * FULL
    assert told.data["client_order_id"].startswith("trend-")
    assert told.data["seconds_left"] > 0.0
    assert told.data["reasons"][0]["title"] == "Gross exposure"
    assert told.summary.startswith("Approved: all")
    assert "report_fill" in told.data["what_to_do"]


def test_an_order_that_does_not_fit_is_made_smaller(model: Model):
    told = model.call("validate_order", **order(2.0))

    assert (told.data["verdict"], told.data["may_send"]) == ("resize", True)
    assert told.data["quantity"] == pytest.approx(FULL, rel=1e-3)
    assert told.summary.startswith("Made smaller:")
    assert "Gross exposure would be" in told.summary
    assert "at most" in told.data["what_to_do"]


def test_a_rejection_says_why_and_not_to_ask_again(model: Model):
    model.call("validate_order", **order(1.0))
    told = model.call("validate_order", **order(1.0))

    assert not told.failed, "a rejection is an answer"
    assert (told.data["verdict"], told.data["may_send"], told.data["quantity"]) == (
        "reject",
        False,
        0.0,
    )
    assert told.summary.startswith("Rejected: send nothing. Gross exposure would be")
    assert told.data["what_to_do"].startswith("Do not ask for the same again.")
    failure = told.data["reasons"][0]
    assert (failure["code"], failure["outcome"]) == ("gross_exposure", "failed")
    assert failure["threshold"] == 0.01


def test_the_same_id_and_fields_have_the_same_answer_and_take_no_more_room(
    model: Model, world: Any
):
    first = model.call("validate_order", **order(client_order_id="o-1"))
    again = model.call("validate_order", **order(client_order_id="o-1"))
    other = model.call("validate_order", **order(0.4, client_order_id="o-1"))

    assert again.data["expires_at"] == first.data["expires_at"]
    assert len(world.gate.view().open_reservations) == 1
    assert (other.data["verdict"], other.data["reasons"][0]["code"]) == (
        "reject",
        "duplicate_order",
    )


def test_an_order_is_followed_until_it_is_filled(model: Model):
    told = model.call("validate_order", **order())
    name, units = told.data["client_order_id"], told.data["quantity"]
    part = {"client_order_id": name, "quantity": 0.5 * units, "price": PRICES[BTC]}

    first = model.call("report_fill", **part, fill_id="f-1")
    again = model.call("report_fill", **part, fill_id="f-1")
    last = model.call("report_fill", **part, fill_id="f-2", fee=1.0)

    assert (first.data["status"], first.data["open"]) == ("partly_filled", True)
    assert again.data == first.data
    assert (last.data["status"], last.data["open"]) == ("filled", False)
    standing = model.call("order_standing", client_order_id=name)
    assert standing.data["filled"] == units
    (position,) = model.call("positions").data["positions"]
    assert (position["asset"], position["quantity"]) == (BTC, units)


def test_a_dead_order_gives_its_room_back(model: Model):
    name = model.call("validate_order", **order(1.0)).data["client_order_id"]
    assert model.call("validate_order", **order(1.0)).data["verdict"] == "reject"

    told = model.call("cancel_order", client_order_id=name)

    assert (told.data["status"], told.data["open"]) == ("voided", False)
    assert "no room is held" in told.summary
    assert model.call("validate_order", **order(1.0)).data["verdict"] == "approve"


def test_a_reduction_that_is_none_is_told_so(model: Model):
    told = model.call("validate_order", **order(side="sell", reduce_only=True))

    assert told.data["reasons"][0]["code"] == "reduction_not_proven"
    assert "Check the position" in told.data["what_to_do"]


def test_a_signal_is_advised_and_holds_nothing(model: Model, world: Any):
    advice = model.call("validate_signal", asset=BTC, side="buy", venue=VENUE)
    wanted = model.call("validate_signal", asset=BTC, side="buy", venue=VENUE, quantity=9 * FULL)

    assert advice.data["quantity"] == pytest.approx(FULL, rel=1e-3)
    assert wanted.data["verdict"] == "resize"
    assert "nothing is held" in advice.summary
    assert not world.gate.view().open_reservations
    model.call("validate_order", **order(1.0))
    refused = model.call("validate_signal", asset=BTC, side="buy", venue=VENUE, quantity=FULL)
    assert refused.summary.startswith("This would be rejected now.")


@pytest.mark.parametrize(("share", "word"), [(0.5, "approved"), (2.0, "made smaller")])
def test_a_decision_is_explained_later(model: Model, share: float, word: str):
    told = model.call("validate_order", **order(share))

    why = model.call("explain_decision", client_order_id=told.data["client_order_id"])

    assert word in why.summary
    assert why.data["reasons"] == told.data["reasons"]
    assert (why.data["verdict"], why.data["quantity"]) == (
        told.data["verdict"],
        told.data["quantity"],
    )
    assert all(each["says"] and each["what_to_do"] for each in why.data["reasons"])


def test_a_rejection_is_explained_though_the_order_never_was(model: Model):
    told = model.call("validate_order", **order(asset="NONE/USDT"))
    name = told.data["client_order_id"]

    why = model.call("explain_decision", client_order_id=name)

    assert why.data["reasons"][0]["code"] in ("asset_unknown", "asset_not_allowed")
    assert why.summary.startswith("The order was rejected.")
    unknown = model.call("order_standing", client_order_id=name)
    assert (unknown.failed, unknown.data["error"]) == (True, "unknown_order")
    assert "explain_decision" in unknown.summary


def test_an_answer_that_is_too_old_may_not_be_sent(model: Model, monkeypatch):
    def long_ago(self: Asking, key: str) -> AsyncSeawall:
        asked = {"strategy": "trend", "environment": {}}
        return AsyncSeawall(self.url, key, clock=lambda: monotonic() - 1e6, **asked)

    monkeypatch.setattr(Asking, "client", long_ago)

    told = model.call("validate_order", **order())

    assert (told.data["verdict"], told.data["may_send"]) == ("approve", False)
    assert told.data["seconds_left"] == 0.0
    assert "too old: send nothing" in told.summary
    assert "cancel_order" in told.data["what_to_do"]
