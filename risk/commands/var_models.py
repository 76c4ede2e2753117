"""``seawall var models`` and ``seawall var use``: which model measures a book."""

import click

from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.proposing import print_outcome, propose, with_a_reason
from risk.commands.store import reading
from risk.config import load_settings
from risk.domain.actions import BookModelInUse, ChooseBookModel
from risk.domain.actors import Ability
from risk.engine.clock import wall_time
from risk.portfolio.book_models import BOOK_MODELS
from risk.storage.actions import ModelStanding, model_standing


@click.command()
@of_portfolio
@as_json
@needs(Ability.VIEW)
def models(portfolio: str | None, as_json: bool) -> None:
    """List the models that can measure a book, and which one does."""
    name = book_of(portfolio)
    with reading() as connection:
        standing = model_standing(connection, name)
    if as_json:
        print_json(_document(name, standing))
        return
    print_table(
        ("model", "title", "how it measures", ""),
        [
            (model.name, model.title, model.how, _mark(model.name, standing))
            for model in BOOK_MODELS.values()
        ],
    )
    click.echo()
    click.echo(_in_words(name, standing, load_settings().var_model))


@click.command()
@click.argument("model")
@of_portfolio
@with_a_reason
@needs(Ability.PROPOSE)
def use(model: str, portfolio: str | None, reason: str | None) -> None:
    """Propose to measure a book's day by MODEL.

    Nobody can say that another model only tightens: once anybody has a login, it waits for an
    officer other than its author. Adopted, it outlasts restarts and wins over SEAWALL_VAR_MODEL.
    The running forecast is still scored as what it was.
    """
    name = book_of(portfolio)
    made = propose(
        name,
        lambda by: ChooseBookModel(seq=0, at=wall_time(), who=by.name, model=model),
        reason=reason,
        otherwise="chosen on the command line",
    )
    print_outcome(made, f"{name} will be measured by {model} from the engine's next cycle on.")


def _mark(name: str, standing: ModelStanding) -> str:
    if standing.waiting is not None and standing.waiting.model == name:
        return "waits for the engine"
    return "in use" if standing.in_use is not None and standing.in_use.name == name else ""


def _in_words(portfolio: str, standing: ModelStanding, setting: str) -> str:
    if standing.in_use is None:
        told = f"No cycle of {portfolio} has told its model yet; the setting says {setting}."
    else:
        told = f"{portfolio} is measured by {standing.in_use.name}, {_why(standing.in_use)}."
    waiting = standing.waiting
    if waiting is None:
        return told
    return f"{told}\n{waiting.model}, chosen by {waiting.who}, waits for the engine."


def _why(in_use: BookModelInUse) -> str:
    if in_use.since is None:
        return f"by {in_use.by}"
    return f"since {in_use.since.isoformat(timespec='seconds')}, by {in_use.by}"


def _document(portfolio: str, standing: ModelStanding) -> dict[str, object]:
    in_use, waiting = standing
    return {
        "portfolio": portfolio,
        "in_use": None if in_use is None else in_use.name,
        "by": None if in_use is None else in_use.by,
        "since": None
        if in_use is None or in_use.since is None
        else in_use.since.isoformat(timespec="seconds"),
        "waiting": None if waiting is None else waiting.model,
        "models": [
            {"name": model.name, "title": model.title, "how": model.how, "tracks": model.tracks}
            for model in BOOK_MODELS.values()
        ],
    }
