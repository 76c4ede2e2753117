"""For a client that starts the server itself, and speaks to it by standard input and output."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server import ServerRequestContext
from mcp.server.stdio import stdio_server

from risk.client import AsyncSeawall
from risk.mcp.callers import Asking, Callers
from risk.mcp.server import create_server


async def serve(asking: Asking, key: str) -> None:
    """Serve whoever started this program, until it closes standard input.

    Parameters
    ----------
    asking : Asking
    key : str
        With which every tool asks.
    """
    callers = Callers(asking.client)

    def caller(_ctx: ServerRequestContext[Any, Any]) -> AbstractAsyncContextManager[AsyncSeawall]:
        return callers.asking(key)

    server = create_server(caller)
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        await callers.close()
