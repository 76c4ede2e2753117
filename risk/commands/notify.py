"""``seawall notify``: whether people would be told, and what has not reached them."""

import sys
from collections.abc import Sequence
from uuid import uuid4

import click

from risk.channels import channels_of
from risk.commands.doors import needs
from risk.commands.logs import configure_logs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.store import reading
from risk.config import load_settings
from risk.domain.actors import Ability
from risk.domain.events import Severity
from risk.domain.notices import Letter, Notice
from risk.domain.ports import Channel
from risk.engine.clock import wall_time
from risk.engine.couriers import Carrier
from risk.storage.outbox import undelivered

_HEADINGS = ("at", "severity", "channel", "attempts", "state", "subject")


@click.group()
def notify() -> None:
    """Try the channels by which people are told, and list what has not reached them.

    The log is always one of them; SEAWALL_NOTIFY_URLS adds others.
    """


@notify.command()
@as_json
def test(as_json: bool) -> None:
    """Send a test notice through every channel and say what worked.

    Ends with 1 if a channel failed. Needs neither the engine nor the database.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    channels = channels_of(settings.notify_urls, settings.notify_hosts)
    outcomes = _tried(channels, _test_notice(settings.portfolio))
    if as_json:
        print_json({"channels": outcomes})
    else:
        for outcome in outcomes:
            click.echo(f"{outcome['channel']}: {outcome['problem'] or 'delivered'}")
    if any(outcome["problem"] for outcome in outcomes):
        sys.exit(1)


def _tried(channels: Sequence[Channel], notice: Notice) -> list[dict[str, str | None]]:
    return [
        {"channel": channel.name, "problem": Carrier(channel).carry(notice)} for channel in channels
    ]


def _test_notice(portfolio: str) -> Notice:
    return Notice(
        id=f"test-{uuid4().hex}",
        at=wall_time(),
        portfolio=portfolio,
        severity=Severity.INFO,
        subject=f"Test of Seawall: portfolio {portfolio}",
        body="Nothing happened: somebody tried whether notices arrive here.\n"
        "What to do next: nothing. Where this arrived, trips and halts will too.",
    )


@notify.command("list")
@of_portfolio
@as_json
@needs(Ability.VIEW)
def list_(portfolio: str | None, as_json: bool) -> None:
    """List notices that wait, and those that nobody tries to deliver any more."""
    with reading() as connection:
        letters = undelivered(connection, book_of(portfolio))
    if as_json:
        print_json({"notices": [_document(letter) for letter in letters]})
    elif letters:
        print_table(_HEADINGS, [_row(letter) for letter in letters])
    else:
        click.echo("Every notice has been delivered.")


def _document(letter: Letter) -> dict[str, object]:
    notice = letter.notice
    return {
        "id": notice.id,
        "at": notice.at.isoformat(timespec="seconds"),
        "severity": notice.severity.value,
        "channel": letter.channel,
        "subject": notice.subject,
        "body": notice.body,
        "episode": notice.episode,
        "attempts": letter.attempts,
        "retry_at": letter.retry_at and letter.retry_at.isoformat(timespec="seconds"),
        "dead": letter.dead,
    }


def _row(letter: Letter) -> list[object]:
    told = _document(letter) | {"state": _state(letter)}
    return [told[heading] for heading in _HEADINGS]


def _state(letter: Letter) -> str:
    if letter.dead is not None:
        return f"dead: {letter.dead}"
    if letter.retry_at is None:
        return "waits"
    return f"tried again at {letter.retry_at:%H:%M:%S} UTC"
