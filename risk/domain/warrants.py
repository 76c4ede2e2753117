"""By what right something is changed, and whether it still holds at the moment of writing.

Whoever asks was looked up when he asked. Until it is written an admin can take away his role, his
login or his power: so that is asked once more where it is written, in the same transaction, while
nobody changes people. One rule for all who write: the store of changes and the office of people.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from risk.domain.actors import Ability, Actor, require_all
from risk.domain.people_store import Account, PeopleView
from risk.errors import NotAllowed


class Warrant(NamedTuple):
    """By what right somebody changes something.

    Attributes
    ----------
    actor : Actor
        As he was when he asked.
    ability : Ability
        That he needs for it.
    tightens : bool
        Whether it only makes trading tighter: then it is written whatever is known of people.
    """

    actor: Actor
    ability: Ability
    tightens: bool = False


def require_still(view: PeopleView, warrant: Warrant, *, at: datetime) -> None:
    """Refuse whoever asked unless he still is what he was, and may still do it.

    What only tightens is never asked about: it must work where people cannot be read and wait for
    nobody who changes them, and it is as if it had been done a moment before.

    Parameters
    ----------
    view : PeopleView
        While nobody else changes people.
    warrant : Warrant
    at : datetime
        Wall time. UTC.

    Raises
    ------
    NotAllowed
        If he is disabled, has another role or login, his power has not begun, or he has no login
        and somebody has.
    ProofNeeded
        If it is too long ago by now that he proved who he is.
    """
    actor, ability, tightens = warrant
    if tightens:
        return
    if not actor.has_login:
        if view.anybody():
            raise NotAllowed(
                "people have logins here, so that only who is signed in is known: sign in first",
                ability=ability,
            )
        require_all(actor, ability, at=at)
        return
    account = view.account(actor.name)
    if account is None or not _is_what_he_was(account, actor) or not _is_in(view, actor):
        raise NotAllowed("your login is not what it was: sign in again", ability=ability)
    require_all(replace(actor, power_from=account.person.power_from), ability, at=at)


def _is_what_he_was(account: Account, actor: Actor) -> bool:
    person = account.person
    return person.disabled is None and person.role is actor.role and not person.setup


def _is_in(view: PeopleView, actor: Actor) -> bool:
    """Whether the login by which he asked has not ended."""
    return not actor.login or any(each.id == actor.login for each in view.logins(actor.name))
