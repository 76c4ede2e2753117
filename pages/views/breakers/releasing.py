"""What becomes of a person's wish to let a breaker go."""

from typing import Any, NamedTuple

from pages.components.toasts import toast
from pages.format import sentence
from pages.views.breakers.release import LONGEST_REASON, phrase_of
from risk.domain.actors import Actor
from risk.engine.actions import Actions
from risk.errors import NotAllowed, SeawallError, StoreUnavailable

_SAME = "Nothing was changed"
#: Messages that say something else must not be taken for one.
_KEY = "breaker-let-go"


class Outcome(NamedTuple):
    """What became of a wish.

    Attributes
    ----------
    done : bool
    toast : dict
        A message for `sendNotifications`.
    reason, typed : str
        What is wrong with that field, for a reader at the field; empty where nothing is.
    """

    done: bool
    toast: dict[str, Any]
    reason: str = ""
    typed: str = ""


class Asked(NamedTuple):
    """What the panel offered when it was confirmed.

    Attributes
    ----------
    book, breaker, episode : str
    """

    book: str
    breaker: str
    episode: str


def asked_of(data: Any) -> Asked | None:
    """What a page sends back of its panel; None if it is nothing that a panel held."""
    if not isinstance(data, dict):
        return None
    book, breaker, episode = (data.get(name) for name in Asked._fields)
    if isinstance(book, str) and isinstance(breaker, str) and isinstance(episode, str):
        return Asked(book, breaker, episode)
    return None


def release(
    actions: Actions,
    actor: Actor,
    asked: Asked | None,
    *,
    reason: str | None,
    typed: str | None,
    own: bool,
) -> Outcome:
    """Write down that a breaker shall be let go, and say what became of it.

    Parameters
    ----------
    actions : Actions
    actor : Actor
        Whose wish it is.
    asked : Asked or None
        None if the page sent nothing that its panel held.
    reason, typed : str or None
        What the person wrote.
    own : bool
        Whether a page of this server asks; nobody else may.

    Raises
    ------
    NotAllowed
        If he may not.
    """
    if asked is None:
        return _refused("The breaker", f"this page is not up to date: load it again. {_SAME}")
    if not own:
        return _refused(asked.breaker, f"only Seawall's own page may let a breaker go. {_SAME}")
    wrong_reason, wrong_phrase = reason_fault(reason), phrase_fault(asked.breaker, typed)
    if wrong_reason or wrong_phrase:
        refused = _refused(asked.breaker, f"{wrong_reason or wrong_phrase}. {_SAME}")
        return refused._replace(reason=sentence(wrong_reason), typed=sentence(wrong_phrase))
    try:
        why = " ".join((reason or "").split())
        actions.release_breaker(actor, asked.book, asked.breaker, episode=asked.episode, reason=why)
    except NotAllowed:
        raise
    except StoreUnavailable as problem:
        # An answer that got lost may have been a yes.
        return _refused(asked.breaker, f"{problem}. It may be let go all the same: look again")
    except SeawallError as problem:
        return _refused(asked.breaker, f"{problem}. {_SAME}")
    text = "The engine takes it in with its next cycle; this page then shows it re-opening."
    return Outcome(True, toast("caution", f"{asked.breaker} is let go", text, key=_KEY))


def reason_fault(reason: str | None) -> str:
    """What a reason lacks; empty once it is one."""
    said = (reason or "").strip()
    if not said:
        return "write a reason first"
    if len(said) > LONGEST_REASON:
        return f"a reason has {LONGEST_REASON} letters at most, this one {len(said)}"
    return ""


def phrase_fault(breaker: str, typed: str | None) -> str:
    """What the typed confirmation lacks; empty once it is the phrase."""
    phrase = phrase_of(breaker)
    said = " ".join((typed or "").upper().split())
    return "" if said == phrase else f"type {phrase} to confirm"


def _refused(breaker: str, why: str) -> Outcome:
    text = f"{sentence(why)}."
    return Outcome(False, toast("caution", f"{breaker} is not let go", text, key=f"{_KEY}-{text}"))
