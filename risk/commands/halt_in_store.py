"""A halt that no engine has heard: written into the database, or said not to be."""

import click

from risk.commands.authority import NotHeard
from risk.commands.group import Failed, Refused
from risk.commands.store import writing
from risk.domain.actions import LatchTrading
from risk.domain.scopes import Scope
from risk.errors import InvalidInput, SeawallError, SettingInvalid, StoreError, UnknownPortfolio
from risk.storage.latches import latch


def written(portfolio: str, asked: LatchTrading, silence: NotHeard) -> LatchTrading:
    """What was asked, as it stands in the database under the same id.

    Parameters
    ----------
    portfolio : str
    asked : LatchTrading
    silence : NotHeard
        Why the engine did not do it.

    Raises
    ------
    click.ClickException
        If it could not be written: says what is halted then.
    """
    try:
        with writing() as connection:
            return latch(
                connection,
                portfolio,
                asked.scope,
                asked.state,
                who=asked.who,
                reason=asked.reason,
                latch_id=asked.id,
                at=asked.at,
            )
    except SeawallError as error:
        raise _failure(error)(_nothing_done(asked.scope, silence, error)) from error


def _failure(error: SeawallError) -> type[click.ClickException]:
    """Wrong input is wrong again the next time; a folder that cannot be made is not."""
    wrong = isinstance(error, InvalidInput | UnknownPortfolio)
    return Refused if wrong and not isinstance(error, SettingInvalid) else Failed


def _nothing_done(scope: Scope, silence: NotHeard, error: SeawallError) -> str:
    if silence.unsure:
        begin = f"whether {scope.label} is halted is not known"
    else:
        begin = "nothing is halted"
    also = "the database cannot be written: " if isinstance(error, StoreError) else ""
    # Engine and database know names by the same rules, and refuse them in the same words.
    more = "" if str(error) in silence.why else f"; {also}{error}"
    return f"{begin}. The engine {silence.why}{more}"
