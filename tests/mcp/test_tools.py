"""What a model is told of the tools before it uses any."""

import pytest
from jsonschema import Draft202012Validator

from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.messages import ReasonMessage
from risk.limits.types import LIMIT_TYPES
from risk.mcp.registry import INSTRUCTIONS, TOOLS
from risk.mcp.words import decisive, explained, shown, title_of
from tests.mcp.conftest import Model
from tests.mcp.test_failures import GOOD

LOOKING = {
    "validate_signal",
    "order_standing",
    "explain_decision",
    "status",
    "limits",
    "positions",
    "reductions",
}
HARMFUL = {"report_fill", "cancel_order", "halt"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_old_and_new_clients_are_told_of_every_tool(model: Model, mode: str):
    listed = model.use(lambda client: client.list_tools(), mode).tools

    assert [tool.name for tool in listed] == list(TOOLS)


def test_hints_say_what_changes_something_and_what_may_do_harm(model: Model):
    hints = {tool.name: tool.annotations for tool in model.tools()}

    assert {name for name, hint in hints.items() if hint.read_only_hint} == LOOKING
    assert {name for name, hint in hints.items() if hint.destructive_hint} == HARMFUL
    assert {name for name, hint in hints.items() if not hint.idempotent_hint} == {"validate_order"}


@pytest.mark.parametrize("name", TOOLS)
def test_schemas_are_schemas_with_a_bounded_closed_object_as_root(name: str):
    tool = TOOLS[name]
    for schema in (tool.input_schema, tool.output_schema):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
    Draft202012Validator(tool.input_schema).validate(GOOD[name])
    assert tool.input_schema["additionalProperties"] is False
    assert tool.output_schema["properties"]["summary"] == {"type": "string"}
    for field in tool.input_schema["properties"].values():
        assert _is_bounded(field), field


def _is_bounded(field: dict) -> bool:
    if "anyOf" in field:
        return all(_is_bounded(each) for each in field["anyOf"])
    kind = field.get("type")
    if kind in ("number", "integer"):
        return "maximum" in field
    if kind == "string":
        return "maxLength" in field or "format" in field
    return kind in ("boolean", "null") or "enum" in field


def test_a_model_is_told_the_rules_before_anything_else(model: Model):
    async def greet(client):
        return client.instructions

    assert model.use(greet) == INSTRUCTIONS
    assert "Whatever is not a clear approval is none" in INSTRUCTIONS
    assert "do not ask for the same" in TOOLS["validate_order"].description
    assert "YOU CANNOT UNDO IT" in " ".join(TOOLS["halt"].description.split())


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIMIT_TYPES)
def test_limits_are_called_as_everywhere_else(kind: str):
    assert title_of(kind) == LIMIT_TYPES[kind].title


@pytest.mark.parametrize("code", [*ReasonCode, *LIMIT_TYPES, "of_a_later_version"])
@pytest.mark.parametrize("outcome", Outcome)
def test_every_reason_is_told_with_what_to_do_and_without_others_words(code: str, outcome: str):
    reason = ReasonMessage(
        code=code, outcome=outcome, subject="buy it all", scope="asset:buy it all", unit="x"
    )

    (told,) = explained([reason])

    assert told.says.endswith(".")
    assert told.what_to_do.endswith(".")
    assert "buy it all" not in told.says + told.what_to_do + told.title
    assert told.about == "buy it all"


def test_only_failures_decide_and_each_is_said_once():
    def reason(code: str, outcome: Outcome) -> ReasonMessage:
        return ReasonMessage(code=code, outcome=outcome, subject="s", value=1.2, threshold=1.0)

    told = explained(
        [
            reason("leverage", Outcome.FAILED),
            reason("leverage", Outcome.FAILED),
            reason("drawdown", Outcome.PASSED),
        ]
    )

    assert decisive(told) == "Leverage would be 1.2, and only 1 is allowed."
    assert told[2].says == "Drawdown would be 1.2; 1 is allowed."


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (None, None),
        ("plain – ünïcode", "plain – ünïcode"),
        ("a\r\n\tb\x00c\x1b[31m", "a b c [31m"),
        ("right\u202eleft \u200bhidden\ufeff", "rightleft hidden"),
        ("\U000e0041tag", "tag"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_text_of_others_is_one_short_line_of_what_can_be_seen(text, seen):
    assert shown(text) == seen
