"""``seawall mcp``: tools for agents that are language models."""

import asyncio
import os
from importlib.util import find_spec

import click

from risk.client.place import checked_url, find_place
from risk.commands.logs import configure_logs
from risk.commands.people import of_portfolio
from risk.config import Settings, key_of, load_settings
from risk.errors import ExtraMissing
from risk.mcp.callers import Asking


@click.command()
@click.option(
    "--http",
    "address",
    metavar="HOST:PORT",
    help="Listen there, on this machine only; every request carries its own key.",
)
@of_portfolio
@click.option("--strategy", metavar="NAME", default="", help="Of orders that name none.")
def mcp(address: str | None, portfolio: str | None, strategy: str) -> None:
    """Serve tools for language models by the Model Context Protocol.

    By standard input and output unless told otherwise, for a client that starts this command
    itself: it then asks with the key in SEAWALL_KEY, or with this machine's own. The engine is
    asked at SEAWALL_URL, or on this machine. docs/mcp.md says how to connect a client.
    """
    if find_spec("mcp_types") is None:
        raise ExtraMissing("seawall mcp", package="mcp", extra="mcp")
    settings = load_settings()
    configure_logs(settings.log_level)
    asking = Asking(
        url=checked_url(os.environ.get(key_of("url")) or settings.api_url),
        portfolio=portfolio or settings.portfolio,
        strategy=strategy,
    )
    if address is None:
        _serve_by_stdio(asking, settings)
    else:
        _serve_over_http(asking, settings, address)


def _serve_by_stdio(asking: Asking, settings: Settings) -> None:
    # Not at the top, as below: only where the package is there, and whoever asks for help need
    # not wait for it.
    from risk.mcp.stdio import serve  # noqa: PLC0415

    home = {key_of("home"): str(settings.home)}
    asyncio.run(serve(asking, find_place(asking.url, None, {**os.environ, **home}).key))


def _serve_over_http(asking: Asking, settings: Settings, address: str) -> None:
    from risk.mcp.http import PATH, create_app, listening_on, server_of  # noqa: PLC0415

    listening = listening_on(address)
    click.echo(f"Tools for language models are at http://{address}{PATH}.", err=True)
    server_of(create_app(asking, hosts=settings.api_hosts)).run(sockets=[listening])
