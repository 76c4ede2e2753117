"""The panel "Override this trip": the form for whoever may, and for all others why not. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.format import sentence
from pages.views.breakers.address import PANEL
from pages.views.breakers.reading import BreakersData
from pages.views.breakers.rows import OFF, BreakerRow
from pages.views.overrides.draft import Draft
from pages.views.overrides.form import first_draft, form_parts
from pages.views.overrides.kinds import NAMES, offers_of
from pages.views.overrides.situation import Asked, Situation, asked_about, situation_of
from pages.views.overrides.warnings import must_read
from risk.domain.actors import Ability, Actor, require_all
from risk.errors import NotAllowed, ProofNeeded

ABOUT, NEWS, CONTENT, SAID = (
    f"{PANEL}-about",
    f"{PANEL}-news",
    f"{PANEL}-content",
    f"{PANEL}-said",
)
#: So often a form's figures are worked out anew though nothing that must be read is new.
_FRESH = timedelta(seconds=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# -- what all viewers share ------------------------------------------------------------------


def override_card(data: BreakersData) -> html.Section:
    """The panel's place; what stands in it depends on who asks, and is asked for by itself."""
    row = None if data.chosen is None else data.chosen.row
    return card(
        [
            heading(_title(row), actions=[help_mark("override")]),
            html.Div(id=CONTENT, className="sw-override"),
            html.Div(id=SAID, className="sw-override-said", role="status"),
            dcc.Store(id=ABOUT, data=about_of(data, row)),
            dcc.Store(id=NEWS, data=news_of(data, row)),
        ],
        label="Override",
        class_name="sw-breakers-override",
        id=PANEL,
    )


def _title(row: BreakerRow | None) -> str:
    return "Override this trip" if row is not None and row.is_on else "Override"


def about_of(data: BreakersData, row: BreakerRow | None) -> dict[str, Any]:
    """What the panel is about: when any of it changes, the form is another one."""
    idle = idle_words(data, row)
    if row is None or idle:
        return {"idle": idle}
    offers = offers_of(row, data.query.zone, data.now)
    asked = asked_about(data.book, row)
    # What it measures moves with each cycle; the form follows that, and stays the same one.
    return {
        **{name: told for name, told in asked._asdict().items() if name != "value"},
        "standing": row.standing,
        "size": row.size,
        "open": [each.kind for each in offers if not each.locked],
        "idle": "",
    }


def idle_words(data: BreakersData, row: BreakerRow | None) -> str:
    """Why there is nothing to override; empty where there is."""
    chosen = data.chosen
    if chosen is not None and chosen.story is not None and not chosen.is_on:
        return "This trip is over: there is nothing to override."
    if row is None:
        return "People stopped it. Only a person's word lets it go: “Let it go…” on the board."
    if row.standing == OFF and row.override is None:
        return f"{sentence(row.name)} is off: it stops nothing. The policy switches it on."
    return ""


def news_of(data: BreakersData, row: BreakerRow | None) -> dict[str, Any]:
    """What a form must follow at once, and now and then: warnings, and the moment."""
    if row is None:
        return {}
    rows = data.rows
    situation = situation_of(data.book, data.query.zone, data.cycle, row, rows)
    kinds = (kind for kind in NAMES if kind in {o.kind for o in _offered(situation)})
    seen = {each.id for kind in kinds for each in must_read(situation, kind)}
    asked = asked_about(data.book, row)
    return {"of": _named(asked), "warnings": sorted(seen), "moment": _stepped(data.now)}


def is_of_another(news: Any, asked: Asked) -> bool:
    """Whether the newest news are of another form than the one that was made for `asked`."""
    of = news.get("of") if isinstance(news, Mapping) else None
    return isinstance(of, list) and of != _named(asked)


def _named(asked: Asked) -> list[Any]:
    """What makes one form another: its breaker, its trip, what a person commands of it."""
    return [asked.book, asked.breaker, asked.episode, asked.action, asked.retrips]


def _offered(situation: Situation) -> Sequence[Any]:
    return offers_of(situation.row, situation.zone, situation.now)


def _stepped(now: datetime) -> str:
    return (now - (now - _EPOCH) % _FRESH).isoformat(timespec="seconds")


# -- what one viewer sees --------------------------------------------------------------------


def panel_parts(
    actor: Actor,
    situation: Situation | None,
    asked: Asked | None,
    *,
    idle: str = "",
    before: Draft | None = None,
    demo: bool = False,
) -> list[Component]:
    """The form for whoever may override, else who may.

    Parameters
    ----------
    actor : Actor
    situation : Situation or None
        None where there is nothing to override.
    asked : Asked or None
        What the form is for.
    idle : str
        Why there is nothing to override.
    before : Draft, optional
        What stood in the form until now.
    demo : bool
        Whether one may enter as somebody else.
    """
    if idle or situation is None or asked is None:
        return [html.P(idle or "It is not there any more.", className="sw-dim")]
    if Ability.OVERRIDE not in actor.abilities:
        return not_allowed(actor, demo=demo)
    who = html.P(["as ", html.Strong(actor.name), f", {role_words(actor)}"], className="sw-note")
    held = power_words(actor, situation)
    notes = [html.P(held, className="sw-note")] if held else []
    return [who, *notes, *form_parts(situation, asked, first_draft(situation, before), demo=demo)]


def role_words(actor: Actor) -> str:
    """What he is: ``officer``; of whoever has the machine itself, ``operator``."""
    return "operator" if actor.role is None else actor.role.value


def not_allowed(actor: Actor, *, demo: bool) -> list[Component]:
    """Who may override, and what the one in front of it can do."""
    parts: list[Component] = [html.P(html.Strong("Overriding is for an officer."))]
    if Ability.HALT in actor.abilities:
        parts.append(
            html.P(
                "You can pause entries or halt, under “Stop by scope” on the board: whoever "
                "tightens asks nobody."
            )
        )
    if demo:
        parts.append(
            html.P("Demonstration: enter as officer in the menu at the top right to try it.")
        )
    return parts


def power_words(actor: Actor, situation: Situation) -> str:
    """Why an officer cannot loosen yet; empty where he can, once he has proved who he is."""
    try:
        require_all(actor, Ability.OVERRIDE, at=situation.wall)
    except ProofNeeded:
        return ""
    except NotAllowed as refused:
        return f"{sentence(str(refused))}. You can tighten all the same."
    return ""
