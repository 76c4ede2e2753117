"""``seawall openapi``: what can be asked over HTTP."""

import click

from risk.api.app import document


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the authority's HTTP interface, for programs."""
    click.echo(document())
