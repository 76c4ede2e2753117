"""Writes the reference pages from the code, so that they cannot say anything else.

``make docs`` writes them; a test fails while a committed page differs.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import EnumType
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import click
import numpy as np
from click.testing import CliRunner
from msgspec import Struct

from pages.glossary import GLOSSARY, Term
from risk.api.openapi import openapi
from risk.api.operations import Operation
from risk.api.resources import OPERATIONS
from risk.breakers import types as breaker_types
from risk.breakers.base import Breaker
from risk.breakers.standard import standard_breakers
from risk.breakers.types import BREAKER_TYPES, SHOWN_TYPES
from risk.commands.group import seawall
from risk.config import declarations, default_of, key_of
from risk.domain.breakers import BreakerDefinition
from risk.domain.events import RiskEvent
from risk.domain.fields import meanings_of
from risk.domain.model import LEVELS
from risk.domain.reasons import REASONS
from risk.domain.trading import TradingState
from risk.limits.base import Limit, LimitBase
from risk.limits.types import LIMIT_TYPES, own_settings
from risk.mcp.limits import LimitTold
from risk.mcp.positions import PositionTold
from risk.mcp.reductions import ReductionTold
from risk.mcp.registry import TOOLS
from risk.mcp.status import HoldTold
from risk.mcp.tools import Tool, schema_of
from risk.mcp.words import Explanation
from risk.stress.matrix import RULES
from risk.stress.scenarios import LONGEST_EVENT, SCENARIOS, STABLECOINS, Horizon, Scenario

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Written by `make docs` from the code; changes here are lost. -->\n"

_SCALARS = {str: "text", float: "number", int: "whole number", bool: "true or false"}
_SCALARS[datetime] = "time (UTC)"


# Settings ----------------------------------------------------------------------------------


def settings_page() -> str:
    rows = "\n".join(
        f"| `{key_of(name)}` | `{default_of(name)}` | {_cell(declared.meaning)} |"
        for name, declared in declarations().items()
    )
    return f"""{NOTICE}
# Settings

Set them in the environment, or in a file `seawall.toml` in the folder that Seawall is started
from: there the same names without `SEAWALL_`, in lower or upper case. The environment wins.
An unknown name and a value that cannot be used are refused with a sentence that names them.

`seawall settings` lists what is in force and where each value came from.

| setting | default | meaning |
|---|---|---|
{rows}
"""


# Commands ----------------------------------------------------------------------------------


def commands_page() -> str:
    parts = "\n".join(_command_part(ctx) for ctx in _contexts(seawall, None, "seawall"))
    return f"""{NOTICE}
# Commands

`seawall` is the same as `python -m risk`. An error is one sentence on standard error; the exit
code is 2 when the input was wrong and 1 when Seawall could not answer. With `--json` a command
prints one document on standard output and nothing else.

{parts}"""


def _contexts(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[click.Context]:
    ctx = click.Context(command, parent=parent, info_name=name, terminal_width=90)
    yield ctx
    if isinstance(command, click.Group):
        for inner in command.list_commands(ctx):
            found = command.get_command(ctx, inner)
            assert found is not None
            yield from _contexts(found, ctx, inner)


def _command_part(ctx: click.Context) -> str:
    return f"## {ctx.command_path}\n\n```text\n{ctx.command.get_help(ctx)}\n```\n"


# Events ------------------------------------------------------------------------------------


def events_page() -> str:
    kinds = RiskEvent.kinds()
    index = "\n".join(
        f"| [{name}](#{name.lower()}) | {_cell(_summary(kind))} |" for name, kind in kinds.items()
    )
    return f"""{NOTICE}
# Events

What the engine tells the world: immutable, validated, versioned. As JSON each one stands in an
envelope `{{"kind", "version", "body"}}`; `seawall events schema` prints the JSON Schema of all.
A version rises when a field changes its meaning or goes; a new field comes with a default.

Every event carries these:

{_field_table(RiskEvent, [spec.name for spec in fields(RiskEvent)])}

| event | says |
|---|---|
{index}

{"".join(_event_part(name, kind) for name, kind in kinds.items())}"""


def _event_part(name: str, kind: type[RiskEvent]) -> str:
    common = {spec.name for spec in fields(RiskEvent)}
    own = [spec.name for spec in fields(kind) if spec.name not in common]
    kept = "kept in the journal" if kind.journalled else "stored as metrics, not in the journal"
    return f"""## {name}

{_summary(kind)}

Version {kind.version}; {kept}.

{_field_table(kind, own)}

"""


def _field_table(kind: type[RiskEvent], names: list[str]) -> str:
    hints, said = get_type_hints(kind), meanings_of(kind)
    missing = [name for name in names if name not in said]
    if missing:
        raise LookupError(f"{kind.__name__} does not document {', '.join(missing)}")
    rows = [
        f"| `{name}` | {_cell(in_words(hints[name]))} | {_cell(said[name])} |" for name in names
    ]
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])


def in_words(hint: Any) -> str:
    """A type as a reader of the JSON knows it."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, EnumType):
        return "one of " + ", ".join(f"`{member.value}`" for member in hint)
    inner = [argument for argument in get_args(hint) if argument not in (NoneType, Ellipsis)]
    if isinstance(hint, UnionType):
        return f"{' or '.join(in_words(one) for one in inner)} or null"
    if get_origin(hint) is tuple:
        return f"list of {in_words(inner[0])}"
    if get_origin(hint) is Mapping:
        return f"object: name to {in_words(inner[1])}"
    raise LookupError(f"no words for the type {hint}")


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _cell(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", text).replace("|", r"\|")


# Glossary ----------------------------------------------------------------------------------


def glossary_page() -> str:
    terms = "\n".join(_term_part(term) for term in _by_name(GLOSSARY.values()))
    return f"""{NOTICE}
# Glossary

What the numbers on the screens mean. The question mark beside a number shows the same words.

{terms}"""


def _by_name(terms: Iterable[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: term.name.casefold())


def _term_part(term: Term) -> str:
    return f"""## {term.name}

{term.definition}

    {term.formula}

{term.reading} *{term.source}*
"""


# Stress scenarios --------------------------------------------------------------------------


def scenarios_page() -> str:
    of = {h: [s for s in SCENARIOS.values() if s.horizon is h] for h in Horizon}
    events = of[Horizon.LOWEST] + of[Horizon.SLOW]
    coins = list(dict.fromkeys(coin for scenario in events for coin in _moved(scenario)))
    rules = "\n".join(f"| `{source.name.lower()}` | {rule} |" for source, rule in RULES.items())
    return f"""{NOTICE}
# Stress scenarios

{len(SCENARIOS)} scenarios of {len(events)} events; how they are made: [stress](../stress.md).
Returns in percent; an empty cell is a coin that was not recorded, for which a proxy stands in.

| proxy rule | the shock is |
|---|---|
{rules}

## Lowest closes

From the close of the first day to each coin's lowest close up to the last.

{_scenario_table(of[Horizon.LOWEST], coins)}

## Bear markets

The same over more than {LONGEST_EVENT} days. A running book is not measured by these.

{_scenario_table(of[Horizon.SLOW], coins)}

## Worst days

Each coin's worst return from one close to the next within the event.

{_scenario_table(of[Horizon.DAY], coins)}

Stablecoins are {", ".join(sorted(STABLECOINS))}.
"""


def _scenario_table(scenarios: list[Scenario], coins: list[str]) -> str:
    head = f"| id | what it was | first and last day | {' | '.join(coins)} |"
    rule = f"|---|---|---|{'---:|' * len(coins)}"
    rows = [
        f"| `{s.id}` | {_cell(s.title)}: {_cell(s.cause)} | {s.base} to {s.end} | "
        + " | ".join(_percent(_moved(s).get(coin)) for coin in coins)
        + " |"
        for s in scenarios
    ]
    return "\n".join([head, rule, *rows])


def _moved(scenario: Scenario) -> Mapping[str, float]:
    return {**scenario.returns, **scenario.pegged}


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:+.1f}".replace("-", "−")


# Limits ------------------------------------------------------------------------------------


def limits_page() -> str:
    index = "\n".join(_limit_row(kind) for kind in LIMIT_TYPES.values())
    return f"""{NOTICE}
# Kinds of limits

What a policy may cap ([how to write one](../policy.md)). A kind's name is also the reason code of
an order that it refused. *Follows equity*: its verdict stays when all sizes and the equity double.
`LEVELS` are {", ".join(map(str, LEVELS))}.

| kind | caps | unit | may be set on | follows equity |
|---|---|---|---|---|
{index}

{"".join(map(_limit_part, LIMIT_TYPES.values()))}"""


def _limit_row(kind: type[LimitBase]) -> str:
    scopes = ", ".join(f"`{scope.value}`" for scope in kind.scopes)
    follows = "yes" if kind.equity_relative else "no"
    link = f"[`{kind.kind}`](#{kind.title.lower().replace(' ', '-')})"
    return f"| {link} | {_cell(_summary(kind))} | {kind.unit.value} | {scopes} | {follows} |"


def _limit_part(kind: type[LimitBase]) -> str:
    paragraphs = (inspect.getdoc(kind) or "").partition("Attributes\n---")[0].strip()
    return f"""## {kind.title}

`{kind.kind}`, in {kind.unit.value}.

{_cell(paragraphs)}

{" ".join(_manners(kind))}
{_settings_of(kind, own_settings(kind))}
"""


def _manners(kind: type[LimitBase]) -> Iterator[str]:
    """What a reader must know of how it is judged."""
    if not issubclass(kind, Limit):
        yield "It looks at single orders: the book has no value of it."
        return
    yield "It looks at the book after the order."
    if kind.stops:
        yield "No order can mend it: a breach stops all new risk in the scope."
    if not kind.monotone:
        yield (
            "It is fitted, not monotone: of what pending orders may lead to it judges the worst of "
            "a few outcomes, which need not bound every one."
        )


def _settings_of(kind: type[LimitBase | Breaker], names: Iterable[str]) -> str:
    if not names:
        return ""
    said = meanings_of(kind)
    rows = [
        f"| `{name}` | {_default(kind.__dataclass_fields__[name].default)} | {_cell(said[name])} |"
        for name in names
    ]
    return "\n".join(["", "| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _default(value: Any) -> str:
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"


# Breakers ----------------------------------------------------------------------------------


def breakers_page() -> str:
    index = "\n".join(map(_breaker_row, SHOWN_TYPES.values()))
    standard = standard_breakers("BOOK", ["STRATEGY"], ("A", "B", "C"))
    rows = "\n".join(map(_standard_row, standard))
    return f"""{NOTICE}
# Kinds of breakers

What may stop trading by itself ([how to set one](../policy.md#breakers)). All trip above their
level, so that values grow with trouble, and a value that is unknown trips nothing and lets nothing
go.

| kind | measures | unit | may be set on |
|---|---|---|---|
{index}

{"".join(map(_breaker_part, SHOWN_TYPES.values()))}## The standard set

What `seawall replay` uses where no policy names breakers, and a good set to begin one's own
with; those of a strategy are there for each one. A policy has only the breakers that it names.

| name | kind | trips above | is left at | imposes | least and greatest pause, hours | why |
|---|---|---|---|---|---|---|
{rows}
"""


def _breaker_row(kind: type[Breaker]) -> str:
    scopes = ", ".join(f"`{scope.value}`" for scope in kind.scopes)
    link = f"[`{kind.kind}`](#{kind.title.lower().replace(' ', '-')})"
    settable = scopes if kind.kind in BREAKER_TYPES else "nothing: it is there while a scope is"
    return f"| {link} | {_cell(_summary(kind))} | {kind.unit.value} | {settable} |"


def _breaker_part(kind: type[Breaker]) -> str:
    text = (inspect.getdoc(kind) or "").partition("Attributes\n---")[0].strip()
    settings = _settings_of(kind, breaker_types.own_settings(kind))
    return f"""## {kind.title}

`{kind.kind}`, in {kind.unit.value}.

{_cell(_without_markup(text))}

{" ".join(_endings(kind))}
{settings}
"""


def _without_markup(text: str) -> str:
    """A docstring's formulas as Markdown shows them."""
    text = re.sub(r":math:`(.+?)`", r"$\1$", text)
    return re.sub(r"\.\. math::\n\n\s*(.+)", r"$$\1$$", text)


def _endings(kind: type[Breaker]) -> Iterator[str]:
    """What a reader must know of how its pause ends."""
    if kind.kind not in BREAKER_TYPES:
        yield "No policy sets it, and it imposes nothing beside the latch."
    elif kind.needs_person:
        yield "Only a person lets it go."
    elif kind.ends_by_time:
        yield "A pause ends by time alone."
    else:
        yield "A pause ends once its least time is over and the value is at the release level."
    if kind.probation_trip != 1.0:
        yield f"In probation it trips at {kind.probation_trip:g} times its level."


def _standard_row(each: BreakerDefinition) -> str:
    throttled = each.state is TradingState.THROTTLED
    imposes = each.state.name + (f", {100.0 * each.size:g} %" if throttled else "")
    kind = BREAKER_TYPES[each.kind]
    by_level = not (kind.ends_by_time or kind.needs_person)
    parts = (
        each.name,
        f"`{each.kind}`",
        f"{each.trip:g}",
        f"{each.release:g}" if by_level else "",
        imposes,
        f"{each.least_hours:g} to {each.greatest_hours:g}",
        _cell(each.rationale),
    )
    return f"| {' | '.join(parts)} |"


# Reasons -----------------------------------------------------------------------------------


def reasons_page() -> str:
    rows = "\n".join(
        f"| `{code.value}` | {_cell(told.says)} | {_cell(told.advice)} |"
        for code, told in REASONS.items()
    )
    return f"""{NOTICE}
# Reason codes

Why an order was answered as it was. Beside these, the kind of a limit is a code: the order would
have broken that limit ([kinds of limits](limits.md)).

| code | says | what to do |
|---|---|---|
{rows}
"""


# HTTP --------------------------------------------------------------------------------------


def http_page() -> str:
    document = openapi(OPERATIONS, "")
    rows = "\n".join(_endpoint_row(each, document) for each in OPERATIONS)
    shapes = "".join(
        _shape_part(name, schema) for name, schema in document["components"]["schemas"].items()
    )
    return f"""{NOTICE}
# The HTTP interface

How to use it: [asking over HTTP](../api.md). `seawall openapi` prints the same for programs,
which the authority also tells at `/api/v1/openapi.json`. A key needs one of the abilities named.
Refusals are a [Problem](#problem), whatever went wrong.

| method | path | says | ability | body | answer | refusals |
|---|---|---|---|---|---|---|
{rows}

{shapes}"""


def _endpoint_row(operation: Operation, document: Mapping[str, Any]) -> str:
    described = document["paths"][operation.path][operation.method.lower()]
    if operation.abilities is None:
        needed = "no key"
    else:
        needed = ", ".join(f"`{each}`" for each in sorted(operation.abilities)) or "any key"
    sent = described.get("requestBody")
    responses = described["responses"]
    refusals = ", ".join(status for status in responses if status != "200")
    answer = _content_words(responses["200"]["content"]) if "200" in responses else "none"
    body = "" if sent is None else _content_words(sent["content"])
    parts = (
        operation.method,
        f"`{operation.path}`",
        _cell(operation.summary),
        needed,
        body,
        answer,
        refusals,
    )
    return f"| {' | '.join(parts)} |"


def _content_words(content: Mapping[str, Any]) -> str:
    ((media, described),) = content.items()
    if "$ref" in described["schema"]:
        return _schema_words(described["schema"])
    return f"`{media}`"


def _shape_part(name: str, schema: Mapping[str, Any]) -> str:
    says = _cell(schema.get("description", ""))
    if "enum" in schema:
        values = ", ".join(f"`{value}`" for value in schema["enum"])
        return f"## {name}\n\n{says} One of {values}.\n\n"
    needed = schema.get("required", ())
    rows = "\n".join(
        f"| `{field}` | {_schema_words(described)} | {'yes' if field in needed else 'no'} "
        f"| {_cell(described.get('description', ''))} |"
        for field, described in schema["properties"].items()
    )
    return f"""## {name}

{says}

| field | type | always there | meaning |
|---|---|---|---|
{rows}

"""


_JSON_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "null": "null",
}


def _schema_words(schema: Mapping[str, Any]) -> str:
    """A JSON schema as a reader knows it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_schema_words, schema["anyOf"]))
    kind = schema.get("type", "object")
    if kind == "array":
        inner = schema.get("items") or {"anyOf": schema.get("prefixItems", [])}
        return f"list of {_schema_words(inner) if inner else 'anything'}"
    if kind == "object":
        more = schema.get("additionalProperties")
        return f"object: name to {_schema_words(more)}" if isinstance(more, dict) else "object"
    return "time" if schema.get("format") == "date-time" else _JSON_WORDS[kind]


# Tools for language models -----------------------------------------------------------------


_PARTS = (Explanation, HoldTold, LimitTold, PositionTold, ReductionTold)


def tools_page() -> str:
    rows = "\n".join(
        f"| [`{tool.name}`](#{tool.name}) | {tool.title} | {_hints(tool)} |"
        for tool in TOOLS.values()
    )
    return f"""{NOTICE}
# Tools for language models

How to connect a client: [tools for language models](../mcp.md). Every answer is a sentence
(`summary`) and the data below it; what could not be done is a result with `isError`. What a tool
may do is up to the key ([abilities](../api.md#a-key)).

| tool | does | changes something |
|---|---|---|
{rows}

{"".join(map(_tool_part, TOOLS.values()))}{"".join(map(_told_part, _PARTS))}"""


def _hints(tool: Tool) -> str:
    if tool.reads_only:
        return "no"
    harm = "yes, and may do harm where it is wrong" if tool.destructive else "yes"
    return harm if tool.repeatable else f"{harm}; again without an id it is another order"


def _tool_part(tool: Tool) -> str:
    schema = tool.input_schema
    needed = schema.get("required", ())
    arguments = "\n".join(
        f"| `{field}` | {_argument_words(described)} | {'yes' if field in needed else 'no'} "
        f"| {_cell(_argument_meaning(described))} |"
        for field, described in schema["properties"].items()
    )
    table = f"| argument | type | needed | meaning |\n|---|---|---|---|\n{arguments}"
    return f"""## {tool.name}

{tool.description.replace(chr(10), chr(10) * 2)}

{table if arguments else "No arguments."}

{_told_table(tool.answer)}

"""


def _told_part(kind: type[Struct]) -> str:
    return f"## {kind.__name__}\n\n{_summary(kind)}\n\n{_told_table(kind)}\n\n"


def _told_table(kind: type[Struct]) -> str:
    meanings = meanings_of(kind)
    fields = schema_of(kind)["properties"]
    rows = "\n".join(
        f"| `{name}` | {_told_words(fields[name])} | {_cell(meanings[name])} |"
        for name in fields
        if name != "summary"
    )
    return f"| answer | type | meaning |\n|---|---|---|\n{rows}"


def _told_words(schema: Mapping[str, Any]) -> str:
    return _schema_words(schema).replace("[Verdict](#verdict)", "text")


def _argument_words(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(map(_argument_words, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return _schema_words(schema)


def _argument_meaning(schema: Mapping[str, Any]) -> str:
    inner = (each.get("description", "") for each in schema.get("anyOf", ()))
    return schema.get("description") or next(filter(None, inner), "")


# A price file with faults ------------------------------------------------------------------


def price_check_page() -> str:
    with TemporaryDirectory() as folder:
        file = Path(folder, "faulty.csv")
        file.write_text(faulty_prices())
        told = CliRunner().invoke(seawall, ["prices", "check", str(file)]).stdout
    return f"""{NOTICE}
# A price check, by example

`faulty.csv` holds ten days of hourly closes of two invented coins, with one fault of most kinds put
in by hand. `seawall prices check faulty.csv` says:

```text
{told}```
"""


def faulty_prices() -> str:
    """An invented price file, always the same, in which several things are wrong."""
    rng = np.random.default_rng(7)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    times = [f"{begin + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}" for hour in range(240)]
    lines = [
        f"{at},{asset},{price:.2f}"
        for asset, start in (("BTC/USDT", 42_000.0), ("ETH/USDT", 2_300.0))
        for at, price in zip(times, start * np.exp(rng.normal(0, 0.005, 240).cumsum()), strict=True)
    ]
    lines[20] = f"{times[20]},BTC/USDT,NaN"
    lines[50] = f"{times[50]},BTC/USDT,-41822.10"
    lines[80] = f"{times[80]},BTC/USDT,41822100.00"
    lines[300] = lines[299]
    lines[400], lines[401] = lines[401], lines[400]
    del lines[420:425]
    return "\n".join(["timestamp,asset,close", *lines, ""])


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "limits.md": limits_page,
    "breakers.md": breakers_page,
    "reasons.md": reasons_page,
    "http.md": http_page,
    "tools.md": tools_page,
    "price-check.md": price_check_page,
    "glossary.md": glossary_page,
    "scenarios.md": scenarios_page,
}


def main() -> None:
    REFERENCE.mkdir(exist_ok=True)
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
