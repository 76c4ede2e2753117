"""Every kind of limit and breaker has a form, drawn, read back and judged; so has a new one."""

import math
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import pytest

from pages.components.fields import field_control, form_fields, label_of, read_fields
from pages.components.typed import PER_CENT
from pages.format import UTC_ZONE
from pages.views.editing.forms import breaker_form, default_of, fault_of, form_of, limit_form
from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import BreakerDefinition, BreakerUnit
from risk.domain.fields import Shown
from risk.domain.limits import LimitDefinition, Unit
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import PolicyInvalid
from risk.limits.base import Limit
from risk.limits.types import LIMIT_TYPES
from risk.policy.rules import refuse_unsound

CURRENCY = "USD"
NAMES = {
    ScopeKind.PORTFOLIO: "demo",
    ScopeKind.STRATEGY_TYPE: "following",
    ScopeKind.STRATEGY: "trend",
    ScopeKind.ASSET: "BTC/USDT",
    ScopeKind.VENUE: "sim-a",
}
POLICY = Policy(instruments={"BTC/USDT": Instrument()}, strategies={"trend": "following"})
KINDS = [*LIMIT_TYPES.values(), *BREAKER_TYPES.values()]
#: A level in the middle of what a unit of breakers may say.
LEVELS = {BreakerUnit.FRACTION: 0.12, BreakerUnit.CORRELATION: 0.85}


def sample(kind):
    """A definition of the kind, and a policy that has it."""
    scope = Scope(kind.scopes[0], NAMES[kind.scopes[0]])
    if kind.kind in LIMIT_TYPES:
        made = LimitDefinition(name="one", kind=kind.kind, scope=scope, hard=0.07, soft=0.055)
        return made, replace(POLICY, limits=(made,))
    trip = LEVELS.get(kind.unit, 3.0)
    made = BreakerDefinition(name="one", kind=kind.kind, scope=scope, trip=trip, release=trip / 4)
    return made, replace(POLICY, breakers=(made,))


def names(kind):
    return kind.kind


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_a_definition_is_drawn_read_back_and_sound(kind):
    definition, policy = sample(kind)
    form = form_of(definition, CURRENCY)
    typed = form.typed(definition, UTC_ZONE)
    read = form.read(typed, UTC_ZONE)

    assert read.faults == {}
    assert form.applied(read.values, definition) == definition
    refuse_unsound(policy, "demo")


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_every_field_and_setting_has_a_control_a_label_and_help(kind):
    definition, _ = sample(kind)
    form = form_of(definition, CURRENCY)
    shown = {each.name for each in form.fields}
    wanted = set(definition.__dataclass_fields__) - {
        "name",
        "kind",
        "scope",
        "version",
        "parameters",
    }
    typed = form.typed(definition, UTC_ZONE)

    assert shown == wanted | set(form.settings)
    assert len(shown) == len(form.fields), "a setting is called like a field of every definition"
    for each in form.fields:
        control = field_control(each, typed[each.name], zone=UTC_ZONE)
        assert control.label
        assert control.description, f"the docstring says nothing of {each.name}"
        assert "`" not in control.description
        assert control.value == typed[each.name]


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_what_cannot_be_a_number_is_refused_at_its_field(kind):
    definition, _ = sample(kind)
    form = form_of(definition, CURRENCY)
    numbers = [each.name for each in form.fields if each.control in ("number", "whole")]

    for name in numbers:
        for text in ("nan", "inf", "", "1,5"):
            read = form.read({**form.typed(definition, UTC_ZONE), name: text}, UTC_ZONE)
            assert read.faults[name]
            assert name not in read.values


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_levels_in_the_wrong_order_are_refused_in_words(kind):
    definition, _ = sample(kind)
    form = form_of(definition, CURRENCY)
    upper, lower = ("hard", "soft") if kind.kind in LIMIT_TYPES else ("trip", "release")
    typed = form.typed(definition, UTC_ZONE)
    read = form.read({**typed, upper: typed[lower], lower: typed[upper]}, UTC_ZONE)

    assert set(read.faults) == {lower}
    assert read.faults[lower].startswith(f"Must not be above “{label_of(upper)}”, ")


@pytest.mark.parametrize("kind", KINDS, ids=names)
def test_a_setting_that_nobody_said_stays_unsaid_until_it_is_another(kind):
    definition, _ = sample(kind)
    form = form_of(definition, CURRENCY)
    read = form.read(form.typed(definition, UTC_ZONE), UTC_ZONE)
    said = {name: default_of(form.kind, name) for name in form.settings}

    assert form.applied(read.values, definition).parameters == {}
    assert form.applied(read.values, replace(definition, parameters=said)).parameters == said


def test_numbers_are_shown_as_people_read_them():
    var = LimitDefinition(
        name="VaR",
        kind="value_at_risk",
        scope=Scope(ScopeKind.PORTFOLIO, "demo"),
        hard=0.0625,
        soft=0.05,
        parameters={"confidence": 0.99},
    )
    form = limit_form("value_at_risk", CURRENCY)
    typed = form.typed(var, UTC_ZONE)

    assert (typed["hard"], typed["soft"]) == ("6.25", "5")
    assert typed["confidence"] == "99\u00a0%"
    assert limit_form("order_notional", CURRENCY).fields[0].scale.suffix == "USD"
    assert limit_form("order_rate", CURRENCY).groups[1].fields[0].scale.suffix == "s"
    assert limit_form("concentration", CURRENCY).fields[0].scale.suffix == "", (
        "an index is a number"
    )


def test_a_state_is_chosen_by_its_word_among_those_that_a_breaker_may_impose():
    fields = {each.name: each for each in breaker_form("drawdown", CURRENCY).fields}

    assert list(fields["state"].options) == ["THROTTLED", "REDUCE ONLY", "HALTED"]
    assert fields["state"].options["HALTED"] is TradingState.HALTED
    assert fields["size"].scale == PER_CENT


def test_a_rule_refuses_at_the_field_that_it_names_in_the_unit_of_the_form():
    fields = breaker_form("drawdown", CURRENCY).fields

    told = fault_of(PolicyInvalid("one", "has size 1.2, which must be above 0 and below 1"), fields)
    assert told == (
        "size",
        "Must be above 0\u00a0% and below 100\u00a0%",
    )
    hint = "needs a trip below 1, or it would never trip, got 15; 0.15 is 15 %"
    assert fault_of(PolicyInvalid("one", hint), fields) == (
        "trip",
        "Needs a trip below 100\u00a0%, or it would never trip, got 1500\u00a0%",
    )


def test_a_rule_that_names_no_field_refuses_the_form():
    fields = limit_form("gross_exposure", CURRENCY).fields
    rule = PolicyInvalid(
        "trend exposure", "allows 0.6 where Following, of which it is a part, allows 0.5"
    )

    assert fault_of(rule, fields) == (
        "",
        "trend exposure allows 0.6 where Following, of which it is a part, allows 0.5",
    )


def test_help_names_the_unit_of_the_form():
    def said(form, name):
        return next(each.help for each in form.fields if each.name == name).replace("\u00a0", " ")

    assert said(limit_form("gross_exposure", CURRENCY), "hard") == (
        "What may not be passed, in %; 0 or more."
    )
    assert "in USDT" in said(limit_form("order_notional", "USDT"), "hard")
    assert "as a multiple (×)" in said(breaker_form("market_volatility", CURRENCY), "trip")
    assert said(breaker_form("market_volatility", CURRENCY), "size").endswith(
        "above 0 % and below 100 %."
    )


# -- what nobody has thought of yet -----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _TomorrowsLimit(Limit):
    """What will be capped tomorrow.

    Attributes
    ----------
    patience_hours : float
        How long it waits; above 0.
    share_of : float
        Part of the volume.
    mode : str
        ``fast`` or ``slow``.
    """

    kind: ClassVar = "tomorrow"
    title: ClassVar = "Tomorrow"
    unit: ClassVar = Unit.SHARE

    patience_hours: float = 2.0
    share_of: Annotated[float, Shown(unit=Unit.FRACTION)] = 0.1
    mode: Annotated[str, Shown(one_of=("fast", "slow"))] = "fast"

    def measure(self, book):
        return None


def test_a_new_kind_has_its_form_without_another_line(monkeypatch):
    monkeypatch.setitem(LIMIT_TYPES, "tomorrow", _TomorrowsLimit)
    fields = {each.name: each for each in limit_form("tomorrow", CURRENCY).fields}

    assert fields["patience_hours"].label == "Patience"
    assert fields["patience_hours"].help == "How long it waits; above 0."
    assert fields["patience_hours"].scale.suffix == "h"
    assert fields["share_of"].scale == PER_CENT
    assert list(fields["mode"].options) == ["fast", "slow"]


def test_a_field_of_a_type_without_a_control_is_left_out():
    assert form_fields(LimitDefinition, ["scope", "parameters", "hard"])[0].name == "hard"


def test_values_with_a_fault_are_not_handed_on():
    fields = form_fields(LimitDefinition, ["hard", "soft"], of_kind=PER_CENT)
    read = read_fields(fields, {"hard": "5", "soft": "6"}, UTC_ZONE)

    assert read.values == {"hard": 0.05}
    assert math.isfinite(read.values["hard"])
