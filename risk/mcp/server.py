"""The server of the Model Context Protocol: lists the tools, and calls them with the caller's key.

A tool that cannot answer says so in the result, with `isError`: a model reads it and can act on
it. The first part of every result is Seawall's own sentence; the second is JSON with the data.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

import mcp_types as protocol
import msgspec
import structlog
from mcp.server import Server, ServerRequestContext

from risk.client import AsyncSeawall
from risk.errors import SeawallError
from risk.mcp.failures import Failure, failure_of
from risk.mcp.registry import INSTRUCTIONS, TOOLS
from risk.mcp.tools import Tool

_LOG = structlog.get_logger(__name__)

#: Who asks Seawall for the sender of a request.
Caller = Callable[[ServerRequestContext[Any, Any]], AbstractAsyncContextManager[AsyncSeawall]]
Lifespan = Callable[[Server[Any]], AbstractAsyncContextManager[dict[str, Any]]]


@asynccontextmanager
async def _nothing(_server: Server[Any]) -> AsyncIterator[dict[str, Any]]:
    yield {}


def create_server(caller: Caller, *, lifespan: Lifespan = _nothing) -> Server[Any]:
    """A server whose tools ask Seawall.

    Parameters
    ----------
    caller : callable
        Gives the client that asks with the key of whoever sent the request; raises SeawallError
        where there is none.
    lifespan : callable
        What is to be begun and ended with the server.
    """

    async def list_tools(
        _ctx: ServerRequestContext[Any, Any], _params: protocol.PaginatedRequestParams | None
    ) -> protocol.ListToolsResult:
        return protocol.ListToolsResult(tools=[_described(tool) for tool in TOOLS.values()])

    async def call_tool(
        ctx: ServerRequestContext[Any, Any], params: protocol.CallToolRequestParams
    ) -> protocol.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            return _failed(Failure.unknown_tool(TOOLS))
        try:
            arguments = tool.read(params.arguments)
            async with caller(ctx) as seawall:
                told = await tool.handle(seawall, arguments)
        except (SeawallError, ValueError) as error:
            return _failed(failure_of(error, tool))
        except Exception:  # noqa: BLE001 - logged, and told as a fault of ours
            # The protocol would answer with an error that says nothing of the order.
            _LOG.exception("tool_failed", tool=tool.name)
            return _failed(Failure.broken(tool))
        return _result(told.summary, msgspec.to_builtins(told), structured=True)

    return Server(
        "seawall",
        version=version("seawall"),
        title="Seawall",
        description="Asks before each order, and tells how the book stands.",
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(tool: Tool) -> protocol.Tool:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=protocol.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.repeatable,
            # It speaks with one authority, whose answers have a known shape.
            open_world_hint=False,
        ),
    )


def _failed(failure: Failure) -> protocol.CallToolResult:
    return _result(failure.summary, msgspec.to_builtins(failure), structured=False)


def _result(summary: str, data: dict[str, Any], *, structured: bool) -> protocol.CallToolResult:
    parts: list[protocol.ContentBlock] = [
        protocol.TextContent(type="text", text=summary),
        # Not every client shows a model the structured part.
        protocol.TextContent(type="text", text=msgspec.json.encode(data).decode()),
    ]
    return protocol.CallToolResult(
        content=parts,
        structured_content=data if structured else None,
        is_error=not structured,
    )
