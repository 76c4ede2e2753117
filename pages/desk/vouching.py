"""Officers whose power has not begun: another officer says that they are who they say they are."""

from flask import Response, request

from pages.access import guarded, is_demo, running_actor, running_office
from pages.desk.drawing import DESK, Notice, drawn, said, status_of, take_proof, told_of
from pages.desk.words import moment_words
from pages.paths import VOUCHING_PATH
from risk.domain.actors import Ability
from risk.domain.people import Person, Waiting
from risk.errors import InvalidInput, LoginRefused, NotAllowed

_SEE_OTHER = 303
_DIGITS = 9


@DESK.get(VOUCHING_PATH)
@guarded(Ability.APPROVE)
def show_waiting() -> Response:
    """Who waits for another officer's word."""
    done = request.args.get("done") == "vouched"
    return _waiting(Notice("The power begins now.", "normal") if done else None)


@DESK.post(VOUCHING_PATH)
@guarded(Ability.APPROVE)
def vouch() -> Response:
    """Say that somebody is who he says he is, if he is still as he was seen."""
    try:
        name, seen = _chosen(said("who"))
        take_proof()
        running_office().vouch(running_actor(), name, reason=said("reason"), seen=seen)
    except (LoginRefused, InvalidInput, NotAllowed) as problem:
        return _waiting(Notice(told_of(problem)), status=status_of(problem))
    return Response(status=_SEE_OTHER, headers={"Location": f"{VOUCHING_PATH}?done=vouched"})


def _chosen(who: str) -> tuple[str, int]:
    """Of whom, and as he was seen: ``ana/3``."""
    name, _, seen = who.partition("/")
    if not (seen.isascii() and seen.isdecimal() and len(seen) <= _DIGITS):
        raise InvalidInput("choose first for whom")
    return name, int(seen)


def _waiting(notice: Notice | None = None, *, status: int = 200) -> Response:
    waiting = () if is_demo() else running_office().waiting()
    name = running_actor().name
    mine = [one for one in waiting if name in one.vouchers]
    return drawn(
        "vouching",
        status=status,
        notice=notice,
        mine=mine,
        others=[one for one in waiting if name not in one.vouchers],
        moment=moment_words,
        who=said("who") or (_as_seen(mine[0].person) if len(mine) == 1 else ""),
        as_seen=_as_seen,
        whom=_whom_it_waits_for,
        reason=said("reason"),
    )


def _as_seen(person: Person) -> str:
    return f"{person.name}/{person.version}"


def _whom_it_waits_for(one: Waiting) -> str:
    if not one.vouchers:
        return "nobody can vouch now, so that it begins then"
    return f"waits for {' or '.join(one.vouchers)}"
