"""For whom which officer may vouch. Pure, over what is kept."""

from collections.abc import Sequence
from datetime import datetime

from risk.domain.actors import Ability, Role
from risk.domain.people import Waiting
from risk.domain.people_store import Account
from risk.errors import InvalidInput, NotAllowed


def waiting_among(accounts: Sequence[Account], now: datetime) -> tuple[Waiting, ...]:
    """Officers in force whose power has not begun, each with those who may vouch for him."""
    officers = [one for one in accounts if _is_officer(one)]
    return tuple(
        Waiting(
            account.person,
            account.power_by,
            tuple(
                other.person.name
                for other in officers
                if other.person.power_from <= now
                and not other.person.setup
                and other.person.name not in (account.person.name, account.power_by)
            ),
        )
        for account in officers
        if now < account.person.power_from
    )


def require_may_vouch(by: str, account: Account, now: datetime) -> None:
    """Refuse whoever gave the power, and where there is none that could begin.

    That `by` is an officer whose own has begun, and somebody else, is asked where he comes from.

    Raises
    ------
    NotAllowed, InvalidInput
    """
    name = account.person.name
    if by == account.power_by:
        raise NotAllowed(
            f"you gave {name} this power yourself, so that another officer must vouch",
            ability=Ability.APPROVE,
        )
    if not _is_officer(account):
        raise InvalidInput(f"{name} has no power over limits and breakers that could begin")
    if account.person.power_from <= now:
        raise InvalidInput(f"the power of {name} has begun already")


def _is_officer(account: Account) -> bool:
    return account.person.role is Role.OFFICER and account.person.disabled is None
