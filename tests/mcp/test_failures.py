"""Whatever goes wrong is told as a failure, and never reads like an approval."""

import asyncio
from typing import Any

import pytest

from risk.domain.keys import KeyAbility
from risk.mcp.callers import Callers
from risk.mcp.registry import TOOLS
from tests import doors
from tests.fakes_seawall import KEY, FakeSeawall, Fault, serving
from tests.mcp.conftest import NOBODY_THERE, House, Model
from tests.mcp.test_orders import order

GOOD: dict[str, dict[str, Any]] = {
    "validate_order": order(),
    "validate_signal": {"asset": "BTC/USDT", "side": "buy"},
    "report_fill": {"client_order_id": "o", "fill_id": "f", "quantity": 1.0, "price": 1.0},
    "cancel_order": {"client_order_id": "o"},
    "order_standing": {"client_order_id": "o"},
    "explain_decision": {"client_order_id": "o"},
    "status": {},
    "limits": {},
    "positions": {},
    "reductions": {},
    "acknowledge_reduction": {"reduction_id": "r"},
    "halt": {"reason": "a storm"},
}
RISKY = ("validate_order", "validate_signal")


@pytest.mark.parametrize("name", TOOLS)
def test_while_the_authority_is_away_nothing_is_approved(name: str):
    model = Model(NOBODY_THERE, "seawall_k", timeout=0.02, patience=0.02)

    told = model.call(name, **GOOD[name])

    assert (told.failed, told.data["error"], told.data["approved"]) == (True, "no_answer", False)
    assert told.result.structured_content is None
    if name in RISKY:
        assert "Nothing was approved: send nothing." in told.summary
    if name == "validate_order":
        assert told.data["client_order_id"].startswith("trend-")


@pytest.mark.parametrize("name", TOOLS)
def test_an_unknown_key_opens_nothing(house: House, name: str):
    told = Model(house.url, "seawall_unknown").call(name, **GOOD[name])

    assert (told.failed, told.data["error"]) == (True, "unknown_key")
    assert "unknown or revoked" in told.summary


@pytest.mark.parametrize("name", TOOLS)
def test_a_key_does_what_its_abilities_say_and_no_more(house: House, name: str):
    lacking = house.key(abilities=frozenset(KeyAbility) - doors.TOOLS[name])

    told = Model(house.url, lacking).call(name, **GOOD[name])

    assert (told.failed, told.data["error"]) == (True, "not_allowed")
    assert "ask a person" in told.summary


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "clé"])
def test_what_is_no_key_is_told_and_no_other_key_is_looked_for(
    house: House, key: str, monkeypatch, tmp_path
):
    (tmp_path / "service.key").write_text(house.key())
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    monkeypatch.setenv("SEAWALL_KEY", house.key())

    told = Model(house.url, key).call("status")

    assert (told.failed, told.data["error"]) == (True, "not_possible")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("validate_order", order(quantity=0.0)),
        ("validate_order", order(quantity=-1.0)),
        ("validate_order", order(quantity=1e300)),
        ("validate_order", order(quantity="1")),
        ("validate_order", order(side="hold")),
        ("validate_order", order(asset="")),
        ("validate_order", order(limit_price=0.0)),
        ("validate_order", order(client_order_id="x" * 501)),
        ("validate_order", order(override=True)),
        ("validate_order", {"asset": "BTC/USDT"}),
        ("validate_signal", {"asset": "BTC/USDT", "side": "buy", "quantity": -1.0}),
        ("report_fill", GOOD["report_fill"] | {"price": 0.0}),
        ("report_fill", GOOD["report_fill"] | {"at": "2027-01-31T12:00:00"}),
        ("cancel_order", {}),
        ("order_standing", {"client_order_id": ""}),
        ("explain_decision", {"client_order_id": 7}),
        ("status", {"portfolio": "other"}),
        ("acknowledge_reduction", {"reduction_id": "r" * 501}),
        ("halt", {"reason": ""}),
        ("halt", {"reason": "x" * 301}),
        ("halt", {"reason": "x", "scope": "portfolio:demo"}),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(name: str, wrong: dict[str, Any]):
    told = Model(NOBODY_THERE, "seawall_k").call(name, **wrong)

    assert (told.failed, told.data["error"]) == (True, "bad_arguments")
    assert f"the arguments of {name} do not fit" in told.data["detail"]


def test_a_number_that_is_none_is_refused(house: House):
    told = Model(house.url, house.key()).call("validate_order", **order(quantity=float("nan")))

    assert told.failed or told.data["verdict"] == "reject"


def test_an_order_of_no_strategy_is_told_to_name_one(house: House):
    told = Model(house.url, house.key(), strategy="").call("validate_order", **order())

    assert (told.failed, told.data["error"]) == (True, "bad_arguments")
    assert "name a strategy" in told.data["detail"]


def test_a_standby_approves_nothing(house: House, model: Model):
    house.gate = None
    quick = Model(house.url, house.key(), timeout=0.9, patience=0.9)

    told = quick.call("validate_order", **order())

    assert (told.failed, told.data["error"]) == (True, "no_answer")
    assert "no authority" in told.data["detail"]


def test_an_order_whose_answer_was_lost_is_to_be_asked_for_again():
    """It was let through, and the model does not know."""
    seawall = FakeSeawall()
    with serving(seawall) as url:
        seawall.always = Fault.RESET
        wanted = {"asset": "BTC/USDT", "side": "buy", "quantity": 1.0}
        lost = Model(url, KEY, timeout=2.0).call("validate_order", **wanted)
        held = dict(seawall.held)
        seawall.always = None
        name = lost.data["client_order_id"]
        found = Model(url, KEY).call("validate_order", **wanted, client_order_id=name)

    assert (lost.failed, lost.data["approved"]) == (True, False)
    assert lost.data["may_have_been_done"]
    assert "Seawall may hold room for it: ask again" in lost.summary
    assert held == {name: 1.0}
    assert (found.data["verdict"], found.data["client_order_id"]) == ("approve", name)


def test_a_report_that_was_lost_is_to_be_told_again():
    seawall = FakeSeawall()
    with serving(seawall) as url:
        wanted = {"asset": "BTC/USDT", "side": "buy", "quantity": 1.0, "client_order_id": "o"}
        Model(url, KEY).call("validate_order", **wanted)
        seawall.always = Fault.ERROR
        lost = Model(url, KEY, patience=0.05).call("cancel_order", client_order_id="o")

    assert "It may have been heard: call it again" in lost.summary


def test_a_book_that_is_not_measured_or_has_no_limits_takes_no_new_risk():
    seawall = FakeSeawall()
    with serving(seawall) as url:
        seawall.status = {**seawall.status, "fresh": False}
        seawall.limits = {"limits_version": 0, "limits": []}
        status, limits = (Model(url, KEY).call(name) for name in ("status", "limits"))

    assert not status.data["new_risk"]
    assert "measured too long ago" in status.summary
    assert limits.summary == "Nobody has adopted limits: nothing may be traded."


def test_a_fill_that_contradicts_another_is_refused(model: Model):
    name = model.call("validate_order", **order()).data["client_order_id"]
    fill = {"client_order_id": name, "fill_id": "f", "quantity": 1e-6, "price": 60_000.0}
    model.call("report_fill", **fill)

    told = model.call("report_fill", **fill | {"quantity": 2e-6})

    assert (told.failed, told.data["error"]) == (True, "fill_refused")
    assert "contradicts" in told.summary


def test_a_fault_of_ours_says_nothing_of_itself_and_approves_nothing(model: Model, monkeypatch):
    async def break_down(*_given: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("risk.client.AsyncSeawall.validate", break_down)

    told = model.call("validate_order", **order())

    assert (told.failed, told.data["error"]) == (True, "internal")
    assert told.summary.startswith("Something went wrong in Seawall. Nothing was approved")
    assert "secret" not in str(told.data)


@pytest.mark.parametrize("name", ["resume", "release", "policy", "keys", "lease", ""])
def test_there_is_no_tool_that_loosens_anything(model: Model, name: str):
    told = model.call(name)

    assert (told.failed, told.data["error"]) == (True, "unknown_tool")


def test_no_more_clients_are_kept_than_may_be():
    closed: list[str] = []

    class Client:
        def __init__(self, key: str) -> None:
            self.key = key

        async def close(self) -> None:
            closed.append(self.key)

    async def main() -> None:
        callers = Callers(Client, most=2)  # type: ignore[arg-type]
        async with callers.asking("a") as first:
            for key in ("b", "c", "b"):
                async with callers.asking(key):
                    pass
            async with callers.asking("c"), callers.asking("b"), callers.asking("a") as again:
                assert len(callers) == 3
                assert again is first, "who is asking is not forgotten"
        assert (len(callers), closed) == (2, ["b", "c", "b"])
        await callers.close()
        assert sorted(closed) == ["a", "b", "b", "c", "c"]

    asyncio.run(main())
