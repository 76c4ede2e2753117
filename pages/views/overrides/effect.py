"""What an override would do: worked out by the code that does it, on the last complete cycle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from dash import html

from pages.components.basics import Component, glyph
from pages.components.notices import error_state
from pages.components.states import STATE_LOOKS
from pages.context import Book, DecisionBasis
from pages.format import UNKNOWN, Zone, amount, money, percent, sentence
from pages.readings import Readings
from pages.views.breakers.wording import share
from pages.views.holdings import coin
from pages.views.limits.writing import age_words, trimmed, writer
from pages.views.overrides.draft import Draft, wish_of
from pages.views.overrides.kinds import NAMES, RELEASE, loosens
from pages.views.overrides.situation import Asked, Situation
from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.orders import Side
from risk.domain.snapshot import Snapshot
from risk.domain.trading import TradingState
from risk.errors import SeawallError
from risk.limits.words import called_by_name, reason_words, scope_words, title_of
from risk.manager.previewing import Case, Filled, Preview, preview_override

#: Whose wish a preview is.
_NOBODY = "preview"
#: So many reasons are told.
_TOLD = 2


class Effect(NamedTuple):
    """A preview, and of which moment it is.

    Attributes
    ----------
    preview : Preview
    book : Book
    zone : Zone
    snapshot : Snapshot
        What it was worked out from.
    age : float
        Of that cycle by then, seconds by the wall clock.
    """

    preview: Preview
    book: Book
    zone: Zone
    snapshot: Snapshot
    age: float


# -- reading ---------------------------------------------------------------------------------


def effect_of(
    readings: Readings, situation: Situation | None, asked: Asked, draft: Draft
) -> list[Component]:
    """What stands in place of the effect: the table, or why there is none."""
    if situation is None or draft.kind not in NAMES:
        return []
    if not loosens(draft.kind, situation.row):
        # It takes no room but what it takes: nobody who tightens waits for figures.
        return []
    try:
        found = read_effect(readings, situation, asked, draft)
    except SeawallError as error:
        said = f"{sentence(str(error))}. Without it, judge by the limits."
        return [error_state("The effect could not be worked out", said, small=True)]
    if found is None:
        return [html.P("No cycle is complete yet: there is no effect to tell.", className="sw-dim")]
    return effect_parts(found)


def read_effect(
    readings: Readings, situation: Situation, asked: Asked, draft: Draft
) -> Effect | None:
    """The effect of a draft on the newest complete cycle; None before the first.

    Raises
    ------
    StoreUnavailable
    """
    book, pulse = situation.book, readings.newest.pulse(situation.book.name)
    if pulse is None:
        return None
    basis = readings.once(
        ("override basis", book.name, pulse.cycle),
        lambda: readings.reader.decision_basis(book.name),
    )
    if basis is None:
        return None
    wanted = draft.kind, draft.size, asked.episode, asked.action
    preview = readings.once(
        ("override preview", book.name, basis.snapshot.id, asked.breaker, wanted),
        lambda: _previewed(basis, asked, draft),
    )
    age = abs((readings.reader.wall() - pulse.saved).total_seconds())
    return Effect(preview, book, situation.zone, basis.snapshot, age)


def _previewed(basis: DecisionBasis, asked: Asked, draft: Draft) -> Preview:
    action = action_of(draft, asked, basis.snapshot)
    return preview_override(basis.state, basis.snapshot, action)


def action_of(draft: Draft, asked: Asked, snapshot: Snapshot) -> BreakerWord:
    """What would be asked of the engine, as if it were asked in that very moment."""
    seq, at = snapshot.action_seq + 1, snapshot.at
    reason = draft.reason or NAMES[draft.kind]
    if draft.kind == RELEASE:
        return ReleaseBreaker(
            seq=seq,
            at=at,
            who=_NOBODY,
            breaker=asked.breaker,
            episode=asked.episode,
            reason=reason,
        )
    wish = wish_of(draft, asked)
    return OverrideBreaker(
        seq=seq,
        at=at,
        who=_NOBODY,
        breaker=asked.breaker,
        kind=wish.kind,
        reason=reason,
        # What it does while it is on does not depend on when it ends.
        expires=at + timedelta(hours=1),
        seen_episode=asked.episode,
        seen_action=asked.action,
        size=wish.size,
    )


# -- words -----------------------------------------------------------------------------------


def effect_parts(effect: Effect) -> list[Component]:
    """Now, with the override, and what no override passes; and of which moment that is."""
    preview = effect.preview
    head = html.Thead(
        html.Tr(
            [
                html.Th(html.Span("Measure", className="sw-hidden")),
                *(html.Th(each, scope="col") for each in ("Now", "With override", "Hard cap")),
            ]
        )
    )
    rows = [_row(*each) for each in table_rows(effect)]
    return [
        html.H3("Effect if all of it is used"),
        html.Table([head, html.Tbody(rows)], className="sw-effect-table"),
        html.P(frees_words(effect), id="override-frees"),
        *([html.P(_refused(preview), className="sw-effect-refused")] if preview.refusal else []),
        html.P(moment_of_words(effect), className="sw-note"),
    ]


class Line(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    name, now, then, cap : str
    trouble : str
        ``soft`` or ``hard`` where what it would be with the override passes that.
    """

    name: str
    now: str
    then: str
    cap: str
    trouble: str = ""


def _row(name: str, now: str, then: str, cap: str, trouble: str) -> html.Tr:
    mark = [glyph("throttled", state="throttled")] if trouble == "soft" else []
    mark = [glyph("halted", state="halted")] if trouble == "hard" else mark
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(now),
            html.Td([*mark, html.Strong(then)], **{"data-trouble": trouble}),
            html.Td(cap),
        ]
    )


def table_rows(effect: Effect) -> Iterator[Line]:
    """State, room, and the limits that matter."""
    preview = effect.preview
    now, then, cap = preview.now, preview.then, preview.cap
    yield Line(_place_words(preview), *map(held_words, (now, then, cap)))
    if preview.place is not None:
        asset = coin(preview.place.key.asset)
        rooms = (_room(each) for each in (now, then, cap))
        verb = "buy" if preview.place.side is Side.BUY else "sell"
        yield Line(f"Room to {verb} {asset}, {effect.book.currency}", *rooms)
    for limit in preview.limits:
        yield _of_limit(limit, effect.book.currency)


def _place_words(preview: Preview) -> str:
    if preview.place is None:
        return sentence(scope_words(preview.scope))
    return f"New risk of {preview.place.key.strategy}"


def held_words(case: Case) -> str:
    """``50 %``, ``REDUCE ONLY``: what new risk there is scaled by, or why none passes."""
    if case.state > TradingState.THROTTLED:
        return STATE_LOOKS[case.state].word
    return share(case.size)


def _room(case: Case) -> str:
    return UNKNOWN if case.value is None else amount(case.value)


def _of_limit(limit: Filled, currency: str) -> Line:
    write, figures = writer(currency), (limit.now, limit.then, limit.hard)
    if limit.kind == "value_at_risk" and limit.hard > 0.0:
        name = f"{_called(limit)} used"
        shown = [UNKNOWN if each is None else percent(each / limit.hard, 1) for each in figures]
    else:
        name = _called(limit)
        shown = [UNKNOWN if each is None else write(each, limit.unit) for each in figures]
    now, then, hard = shown
    return Line(name, now, then, hard, _trouble(limit))


def _called(limit: Filled) -> str:
    """Its name, or its kind's where nobody has named it."""
    shown = called_by_name(limit.name)
    return title_of(limit.kind) if shown != limit.name else shown


def _trouble(limit: Filled) -> str:
    if limit.then is None or limit.then <= limit.soft:
        return ""
    return "hard" if limit.then > limit.hard else "soft"


def frees_words(effect: Effect) -> str:
    """``Frees 38.7 k USD. Hard caps stay.``, and what binds at the hard cap."""
    preview, currency = effect.preview, effect.book.currency
    more = _cap_words(effect)
    if preview.frees is None:
        return f"What it frees is not known: nothing may be traded there now.{more}"
    if preview.frees <= 0.0:
        held = "what else holds it is as tight" if preview.cap.value else "nothing passes anyway"
        return f"Frees nothing: {held}. Hard caps stay.{more}"
    return f"Frees {money(preview.frees, currency)}. Hard caps stay.{more}"


def _cap_words(effect: Effect) -> str:
    """What stops an order beyond the hard cap: with the override less may pass than that."""
    preview, currency = effect.preview, effect.book.currency
    write = trimmed(writer(currency))
    binds = "; ".join(reason_words(each, write) for each in preview.binding[:_TOLD]).rstrip(".")
    if not binds:
        return ""
    if not preview.cap.value:
        return f" Also without any breaker nothing passes: {binds}."
    most = money(preview.cap.value, currency)
    return f" Also without any breaker no order above {most} passes: {binds}."


def _refused(preview: Preview) -> str:
    return f"The engine would refuse it now: {preview.refusal}."


def moment_of_words(effect: Effect) -> str:
    """Of which moment it is, and how old that was when it was worked out."""
    return (
        f"Of one order as large as the limits leave, on the cycle of "
        f"{effect.zone.stamp(effect.snapshot.at)}, {age_words(effect.age)} old when worked out."
    )
