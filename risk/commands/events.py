"""``seawall events``: what the risk engine tells the world."""

import click

from risk.commands.output import print_json
from risk.storage.codec import event_schema


@click.group()
def events() -> None:
    """Describe the events that Seawall publishes and journals."""


@events.command()
def schema() -> None:
    """Print the JSON Schema of every event, for programs that read them."""
    print_json(event_schema())
