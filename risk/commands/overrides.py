"""``seawall breakers override | reviews | review``: overruling a breaker for a while, and after."""

from datetime import datetime, timedelta
from typing import NamedTuple

import click

from risk.breakers.board import OnBoard
from risk.breakers.foreseeing import once_wished, then_in_words
from risk.breakers.overriding import effect_of
from risk.breakers.words import is_phrase, loosening_phrase
from risk.commands.breakers_told import HEADINGS, command_line, iso, row_of
from risk.commands.changing import changed, tightened
from risk.commands.doors import needs
from risk.commands.must_read import show_must_read
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import (
    actor,
    actor_who_stops,
    book_of,
    by_whom,
    for_a_reason,
    of_portfolio,
)
from risk.commands.store import reading
from risk.commands.times import time_of
from risk.domain.actors import Ability, Actor, Role
from risk.domain.overrides import (
    HOLDING,
    LOOSENING,
    OverrideKind,
    OverrideOutcome,
    OverrideWish,
    Review,
    Verdict,
    review_due,
)
from risk.engine.clock import wall_time
from risk.errors import InvalidInput, StoreError
from risk.storage.breakers import BreakerStanding, breaker_standing, known_breaker
from risk.storage.overrides import refuse_override
from risk.storage.overrides import reviews as reviews_of

_KINDS = {kind.value.replace("_", "-"): kind for kind in OverrideKind}
_REVIEWED = (
    "number",
    "breaker",
    "override",
    "by",
    "since",
    "stood",
    "worst",
    "book moved",
    "orders passed",
    "refused",
    "due",
    "verdict",
)
#: What is typed for an episode that there was none of.
_ARMED = "armed"


class _Seen(NamedTuple):
    """What somebody saw of a breaker before he overruled it."""

    episode: str
    action: int
    retrips: int | None
    value: float | None


def _who_overrules() -> Actor:
    """Who asks; whoever only tightens need not be known for that.

    What an override is that is to be ended is not known yet; whoever loosens by ending it is asked
    again who he is.
    """
    kind = _KINDS[click.get_current_context().params["kind"]]
    return actor() if kind in LOOSENING else actor_who_stops(Role.OFFICER)


@click.command()
@click.argument("name")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.option("--until", metavar="TIME", help="When it ends by itself; the market's time.")
@click.option("--for", "hours", type=float, metavar="HOURS", help="The same, from now.")
@click.option(
    "--size", type=float, metavar="PART", help="Of step-down: what part of new risk passes, as 0.5."
)
@of_portfolio
@for_a_reason
@by_whom
@click.option(
    "--seen",
    metavar="EPISODE",
    help="The episode that was seen, or `armed`; asked for unless given.",
)
@click.option(
    "--over",
    type=int,
    metavar="NUMBER",
    help="With --seen: the override that was seen, whose place this one takes.",
)
@click.option(
    "--retrips",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="With --seen: how often that episode had tripped again; 0 unless given.",
)
@click.option(
    "--confirm",
    metavar="PHRASE",
    help="Of what loosens: what is to be typed, name and size; asked for unless given.",
)
@needs(Ability.OVERRIDE, by=_who_overrules)
def override(
    name: str,
    kind: str,
    until: str | None,
    hours: float | None,
    size: float | None,
    portfolio: str | None,
    reason: str,
    who: str | None,
    seen: str | None,
    over: int | None,
    retrips: int | None,
    confirm: str | None,
) -> None:
    """Overrule the breaker called NAME for a while: docs/overrides.md says what each KIND does.

    Shows how it stands and what will come of it, and asks; with --seen it does not ask. Before what
    loosens it always shows that and what must be read, which the journal keeps, and name and size
    are to be typed, such as MARKET FALL 50. A TIME
    is the market's, such as 2027-01-31T12:00; without a zone it is UTC. What people, limits and
    other breakers hold stays held. If the database does not answer, TRIP, HOLD and EXTEND stop the
    breaker's scope by the brake instead.
    """
    book, wanted = book_of(portfolio), _KINDS[kind]
    standing = _standing(book, wanted)
    one = None if standing is None else known_breaker(standing.breakers, name)
    if confirm is not None and wanted not in LOOSENING:
        raise InvalidInput("only what loosens takes --confirm")
    saw = _seen(one, seen, over, retrips)
    wish = OverrideWish(
        breaker=name,
        kind=wanted,
        reason=reason,
        expires=_expiry(wanted, until, hours, standing),
        seen_episode=saw.episode,
        seen_action=saw.action,
        size=_size(wanted, size),
        seen_retrips=saw.retrips,
        seen_value=saw.value,
        ends=_ended(one, saw) if wanted is OverrideKind.END else None,
    )
    if standing is not None and one is not None:
        refuse_override(standing, wish)
        if wanted in LOOSENING:
            _show(one, standing, wish)
            wish = wish._replace(read=show_must_read(book, name, wanted.value))
            _require_phrase(loosening_phrase(one.definition, wanted, size), confirm)
        elif seen is None:
            _show(one, standing, wish)
            click.confirm(f"{_verb(wanted)} {name}?", abort=True)
    elif seen is None:
        click.confirm(
            f"{name} cannot be looked at now. {_verb(wanted)} it all the same?", abort=True
        )
    number = _asked(book, wish, who)
    click.echo(f"A running engine obeys within a quarter of a second. It is number {number}.")
    if wanted in LOOSENING:
        due = review_due(wall_time() if standing is None or standing.at is None else standing.at)
        click.echo(f"What came of it is to be judged by somebody else from {_minute(due)} on.")
    click.echo(f"`{command_line('show', book, name)}` says how it stands.")


def _standing(portfolio: str, kind: OverrideKind) -> BreakerStanding | None:
    """How breakers stand; None where nobody can tell, and it is to be tightened all the same."""
    try:
        with reading() as connection:
            return breaker_standing(connection, portfolio)
    except StoreError as silence:
        if kind not in HOLDING:
            raise
        click.echo(f"{silence}.", err=True)
        return None


def _seen(one: OnBoard | None, seen: str | None, over: int | None, retrips: int | None) -> _Seen:
    # Before what loosens it is shown in any case, and what is shown is seen.
    value = None if one is None else one.value
    if seen is not None:
        return _Seen("" if seen == _ARMED else seen, over or 0, retrips or 0, value)
    if over is not None or retrips is not None:
        option = "--retrips" if over is None else "--over"
        raise InvalidInput(f"{option} says what was seen, and so needs --seen")
    if one is None:
        return _Seen("", 0, None, None)
    episode, on = one.episode, one.override
    return _Seen(
        episode="" if episode is None else episode.id,
        action=0 if on is None else on.action,
        retrips=0 if episode is None else episode.retrips,
        value=value,
    )


def _ended(one: OnBoard | None, saw: _Seen) -> OverrideKind | None:
    """What the override is that is to be ended, where it is the one that was seen."""
    on = None if one is None else one.override
    return None if on is None or on.action != saw.action else on.kind


def _expiry(
    kind: OverrideKind, until: str | None, hours: float | None, standing: BreakerStanding | None
) -> datetime | None:
    if until is not None and hours is not None:
        raise InvalidInput("give --until or --for, not both")
    if kind is OverrideKind.END:
        if until is not None or hours is not None:
            raise InvalidInput("the end of an override comes at once: it takes neither time")
        return None
    if until is not None:
        return time_of(until, "--until")
    if hours is None:
        raise InvalidInput("an override needs an expiry: --until TIME or --for HOURS")
    try:
        now = None if standing is None else standing.at
        return (wall_time() if now is None else now) + timedelta(hours=hours)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"--for {hours} is no number of hours") from error


def _size(kind: OverrideKind, size: float | None) -> float:
    if kind is OverrideKind.STEP_DOWN and size is None:
        raise InvalidInput("a step down needs --size, what part of new risk passes, as 0.5")
    if kind is not OverrideKind.STEP_DOWN and size is not None:
        raise InvalidInput("only a step down takes --size")
    return 1.0 if size is None else size


def _show(one: OnBoard, standing: BreakerStanding, wish: OverrideWish) -> None:
    print_table(HEADINGS, [row_of(one, standing)])
    if one.cause:
        click.echo(f"{one.cause}.")
    click.echo(effect_of(one.definition, wish))
    then = _then(one, standing, wish)
    if then:
        click.echo(then)


def _then(one: OnBoard, standing: BreakerStanding, wish: OverrideWish) -> str:
    """What comes once it is over, were the market to stand still; empty where nobody can tell."""
    if one.state is None or standing.at is None:
        return ""
    over = once_wished(one.definition, one.state, wish, standing.at)
    if over is None:
        return ""
    then = then_in_words(one.definition, over, _minute)
    if wish.expires is not None and over.at < wish.expires:
        return f"As things stand it is over at {_minute(over.at)} already, and then it {then}."
    return f"As things stand it then {then}."


def _require_phrase(phrase: str, typed: str | None) -> None:
    """As on the page: whoever loosens types what he does."""
    said = click.prompt(f"Type {phrase} to confirm") if typed is None else typed
    if not is_phrase(phrase, said):
        raise InvalidInput(f"nothing was changed: {phrase!r} was to be typed, not {said!r}")


def _asked(portfolio: str, wish: OverrideWish, who: str | None) -> int:
    do = tightened if wish.tightens else changed
    return do(lambda actions, by: actions.override_breaker(by, portfolio, wish), who=who)


def _verb(kind: OverrideKind) -> str:
    return kind.value.replace("_", " ").capitalize()


# --- reviews -------------------------------------------------------------------------------


@click.command()
@of_portfolio
@click.option("--due", is_flag=True, help="Only those that nobody has judged.")
@as_json
@needs(Ability.VIEW)
def reviews(portfolio: str | None, due: bool, as_json: bool) -> None:
    """List overrides that loosened, what came of each, and what was said of it."""
    name = book_of(portfolio)
    with reading() as connection:
        found = [
            each
            for each in reviews_of(connection, name)
            if not due or (each.verdict is None and each.ended is not None)
        ]
    if as_json:
        print_json({"portfolio": name, "reviews": [_document(each) for each in found]})
    elif found:
        print_table(_REVIEWED, [_row(each) for each in found])
    else:
        left = " that nobody has judged" if due else ""
        click.echo(f"No override of {name} has loosened anything{left}.")


@click.command()
@click.argument("action", type=int)
@click.option(
    "--verdict",
    type=click.Choice([each.value for each in Verdict]),
    required=True,
    help="Whether it was right.",
)
@click.option("--comment", metavar="TEXT", required=True, help="Why, in one sentence.")
@of_portfolio
@by_whom
@needs(Ability.OVERRIDE)
def review(action: int, verdict: str, comment: str, portfolio: str | None, who: str | None) -> None:
    """Judge what came of override number ACTION; whoever overrode does not.

    `seawall breakers reviews` lists them.
    """
    book = book_of(portfolio)
    judged = Verdict(verdict)
    changed(
        lambda actions, by: actions.review_override(by, book, action, judged, comment=comment),
        who=who,
    )
    click.echo(f"Override {action} is judged {verdict}. It stands in the journal of people.")


def _row(each: Review) -> tuple[object, ...]:
    size = f" to {each.size:.0%}" if each.kind is OverrideKind.STEP_DOWN else ""
    came = each.outcome
    return (
        each.action,
        each.breaker,
        f"{each.kind.value.replace('_', ' ')}{size}",
        each.by,
        iso(each.since),
        "" if came is None else _stood(came),
        "" if came is None or came.worst is None else f"{came.worst:.3g}",
        "" if came is None or came.moved is None else f"{came.moved:+.2%}",
        None if came is None else came.passed,
        None if came is None else came.refused,
        _minute(each.due),
        "still on" if each.ended is None else each.verdict or "to be judged",
    )


def _document(each: Review) -> dict[str, object]:
    came = each.outcome
    return {
        "action": each.action,
        "breaker": each.breaker,
        "kind": each.kind.value,
        "size": each.size,
        "by": each.by,
        "reason": each.reason,
        "since": iso(each.since),
        "expires": iso(each.expires),
        "ended": iso(each.ended),
        "ended_by": each.ended_by or None,
        "ended_why": each.ended_why or None,
        "due": iso(each.due),
        "verdict": each.verdict,
        "reviewer": each.reviewer or None,
        "comment": each.comment or None,
        "reviewed": iso(each.reviewed),
        "outcome": None if came is None else _outcome(came),
    }


def _outcome(came: OverrideOutcome) -> dict[str, object]:
    return {
        "hours": came.stood / timedelta(hours=1),
        "worst": came.worst,
        "threshold": came.threshold,
        "equity_before": came.equity_before,
        "equity_after": came.equity_after,
        "moved": came.moved,
        "passed": came.passed,
        "refused": came.refused,
    }


def _stood(came: OverrideOutcome) -> str:
    minutes = round(came.stood / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
