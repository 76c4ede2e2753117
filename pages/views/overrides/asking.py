"""What becomes of a person's wish to override a breaker."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dash import html

from pages.components.basics import Component, glyph
from pages.components.toasts import toast
from pages.format import sentence
from pages.views.breakers.wording import moment_words
from pages.views.overrides.draft import (
    Draft,
    Faults,
    faults_of,
    faults_unseen,
    missing_words,
    moment_of,
    then_of,
    wish_of,
)
from pages.views.overrides.kinds import RELEASE, did, does_words, longest_of
from pages.views.overrides.refusals import as_read
from pages.views.overrides.situation import Asked, Situation
from pages.views.overrides.warnings import MustRead, must_read
from risk.breakers.words import shown_name
from risk.domain.actors import Actor
from risk.domain.overrides import tightens
from risk.engine.actions import Actions
from risk.errors import (
    BrakedInstead,
    Conflict,
    GateClosed,
    NotAllowed,
    SeawallError,
    StoreError,
    StoreUnavailable,
)

_SAME = "Nothing was changed"
#: Messages that say something else must not be taken for one.
_KEY = "override"


class Outcome(NamedTuple):
    """What became of a wish.

    Attributes
    ----------
    done : bool
    title, text : str
        What happened, and what follows; sentences.
    state : str
        The shape that stands beside it.
    faults : Faults
        What is wrong with a field, for a reader at that field.
    """

    done: bool
    title: str
    text: str
    state: str = "caution"
    faults: Faults = Faults()

    @property
    def toast(self) -> dict[str, Any]:
        """A message for `sendNotifications`."""
        return toast(self.state, self.title, self.text, key=f"{_KEY}-{self.title}-{self.text}")

    @property
    def parts(self) -> list[Component]:
        """The same where the person looks: a message at the corner is gone before he has read."""
        return [
            glyph(self.state, state=self.state),
            html.P(
                [html.Strong(f"{self.title}."), f" {self.text}"],
                **{"data-done": str(self.done).lower()},
            ),
        ]


#: Of a second press on the same button before the engine's next cycle.
ASKED_ALREADY = Outcome(
    False, "It is asked for already", "The engine takes it in with its next cycle: wait for that."
)


def was_done(said: Any) -> bool:
    """Whether what stands in a panel says that something was done."""
    return '"data-done": "true"' in json.dumps(said, default=str)


def override(
    actions: Actions,
    actor: Actor,
    asked: Asked | None,
    draft: Draft,
    read: Callable[[Asked, bool], Situation | None],
) -> Outcome:
    """Ask for an override if nothing is amiss, and say what became of it.

    Parameters
    ----------
    actions : Actions
    actor : Actor
    asked : Asked or None
        What the form was made for; None if the page sent nothing that a form held.
    draft : Draft
    read : callable
        The present situation, and whether with what the breaker measured: nobody who tightens waits
        for that. May raise `StoreError`.

    Raises
    ------
    NotAllowed
        If he may not, or must prove first who he is.
    """
    if asked is None:
        return Outcome(False, "Nothing was asked", "This page is not up to date: load it again.")
    warnings: Sequence[MustRead] = ()
    situation: Situation | None = None
    loosens = not tightens(draft.kind, asked.ends)
    try:
        situation = read(asked, loosens)
    except StoreError as problem:
        if loosens:
            return _refused(asked, f"{problem}. {_SAME}: without numbers nothing is loosened")
        # Nobody who tightens needs a database, whatever is the matter with it.
        faults = faults_unseen(draft, asked)
    else:
        if situation is None:
            return _refused(asked, f"there is no such breaker any more. {_SAME}")
        warnings = must_read(situation, draft.kind)
        faults = faults_of(draft, asked, situation, [each.id for each in warnings])
    if any(faults):
        told = missing_words(faults)
        refused = _refused(asked, f"{told.rstrip('.')}. {_SAME}", situation)
        return refused._replace(faults=faults)
    # None is missing: all of them were opened.
    titles = [each.title for each in warnings]
    return _asked(actions, actor, asked, draft, titles, situation)


def holds_words(situation: Situation, asked: Asked, draft: Draft) -> str:
    """What holds from now on, until when, and what comes then; whole sentences."""
    row, until = situation.row, moment_of(draft.until)
    does = does_words(situation.state, row, draft.kind, draft.size)
    then = then_of(situation, asked, draft)
    told = f"{does} {then} " if then else f"{does} "
    if longest_of(draft.kind) is None or until is None:
        return told
    return f"It holds until {moment_words(situation.zone, until, situation.now)}. {told}"


def _asked(
    actions: Actions,
    actor: Actor,
    asked: Asked,
    draft: Draft,
    warnings: Sequence[str],
    situation: Situation | None,
) -> Outcome:
    # What it does is told of how things stood before.
    holds = "" if situation is None else holds_words(situation, asked, draft)
    try:
        if draft.kind == RELEASE:
            actions.release_breaker(
                actor,
                asked.book,
                asked.breaker,
                episode=asked.episode,
                reason=draft.reason,
                read=tuple(warnings),
            )
        else:
            actions.override_breaker(actor, asked.book, wish_of(draft, asked, warnings))
    except NotAllowed:
        raise
    except Conflict as problem:
        why = sentence(_read(str(problem), situation))
        return Outcome(False, "Somebody was quicker", f"{why}. {_SAME} by you.")
    except BrakedInstead as problem:
        return Outcome(True, "Stopped instead", f"{sentence(str(problem))}.", "halted")
    except GateClosed as problem:
        return Outcome(False, "NOTHING is stopped", f"{sentence(str(problem))}.", "halted")
    except StoreUnavailable as problem:
        # An answer that got lost may have been a yes.
        why = f"{problem}. It may be asked for all the same: look again"
        return _refused(asked, why, situation)
    except SeawallError as problem:
        return _refused(asked, f"{_read(str(problem), situation)}. {_SAME}", situation)
    return Outcome(
        True,
        f"Applied: {_name(asked, situation)} {did(draft.kind, draft.size)}",
        f"The engine takes it in with its next cycle; then the card says so. {holds}".rstrip(),
        "normal",
    )


def _refused(asked: Asked, why: str, situation: Situation | None = None) -> Outcome:
    name = sentence(_name(asked, situation))
    return Outcome(False, f"{name} stays as it is", f"{sentence(why)}.")


def _name(asked: Asked, situation: Situation | None) -> str:
    """As people read it; raw where nobody can read what it is set on."""
    if situation is None:
        return asked.breaker
    return shown_name(situation.row.name, situation.row.scope)


def _read(why: str, situation: Situation | None) -> str:
    if situation is None:
        return why
    return as_read(why, situation.row, situation.zone, situation.now)
