"""``seawall reservations``: room set aside for orders, and giving it back by hand."""

from datetime import datetime
from typing import NamedTuple

import click

from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, by_whom, for_a_reason, of_portfolio
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.ages import age_in_words
from risk.domain.leases import is_lease_id
from risk.domain.orders import Reservation
from risk.engine.clock import wall_time
from risk.storage import reservations as storage

_HEADINGS = ("order", "strategy", "asset", "side", "set aside", "filled", "age", "")


@click.group()
def reservations() -> None:
    """List room that is set aside for orders, and give it back.

    Room stays set aside until the agent reports fills or a cancelled order, also after it is
    overdue: nobody knows whether the order still stands at the exchange.
    """


class _Open(NamedTuple):
    """One open reservation, as of a moment of the wall's time: orders live by that."""

    held: Reservation
    now: datetime
    releases: bool

    @property
    def overdue(self) -> bool:
        return self.held.expires_at < self.now


@reservations.command(name="list")
@of_portfolio
@as_json
@needs(Ability.VIEW)
def list_open(portfolio: str | None, as_json: bool) -> None:
    """List the room that is set aside for orders, the oldest first, with its age."""
    name = book_of(portfolio)
    with reading() as connection:
        held = storage.open_reservations(connection, name)
        waiting = storage.waiting_releases(connection, name)
    now = wall_time()
    listed = [_Open(each, now, each.order.client_order_id in waiting) for each in held]
    if as_json:
        print_json({"portfolio": name, "reservations": [_document(each) for each in listed]})
    elif listed:
        print_table(_HEADINGS, [_row(each) for each in listed])
    else:
        click.echo(f"No room is set aside in {name}: no order is open.")


@reservations.command()
@click.argument("client_order_id")
@of_portfolio
@for_a_reason
@by_whom
@as_json
@needs(Ability.RESUME)
def release(
    client_order_id: str, portfolio: str | None, reason: str, who: str | None, as_json: bool
) -> None:
    """Give back the room of an order that is known to be dead.

    Look at the exchange first: an order that still stands there may be filled after its room is
    gone. Refused if no room is set aside for it.
    """
    name = book_of(portfolio)
    asked, by = changed(
        lambda actions, by: (
            actions.release_reservation(by, name, client_order_id, reason=reason),
            by,
        ),
        who=who,
    )
    if as_json:
        print_json(
            {
                "portfolio": name,
                "client_order_id": client_order_id,
                "action": asked,
                "who": by.name,
                "reason": reason.strip(),
            }
        )
        return
    click.echo(f"The room of {client_order_id} in {name} is given back as soon as an engine runs.")


def _document(each: _Open) -> dict[str, object]:
    order = each.held.order
    return {
        "client_order_id": order.client_order_id,
        "lease": is_lease_id(order.client_order_id),
        "id": each.held.id,
        "strategy": order.strategy,
        "asset": order.asset,
        "venue": order.venue,
        "side": order.side.value,
        "quantity": order.quantity,
        "filled": each.held.filled,
        "placed_at": each.held.placed_at.isoformat(),
        "expires_at": each.held.expires_at.isoformat(),
        "age_seconds": max(0.0, (each.now - each.held.placed_at).total_seconds()),
        "overdue": each.overdue,
        "release_waits": each.releases,
    }


def _row(each: _Open) -> tuple[object, ...]:
    order = each.held.order
    return (
        order.client_order_id,
        order.strategy,
        order.asset,
        order.side.value,
        order.quantity,
        each.held.filled,
        age_in_words(each.now - each.held.placed_at),
        _standing(each),
    )


def _standing(each: _Open) -> str:
    if each.releases:
        return "its release waits for the engine"
    slice_ = ", a slice of room" if is_lease_id(each.held.order.client_order_id) else ""
    return f"overdue{slice_}: nobody told what became of it" if each.overdue else f"open{slice_}"
