"""Everything that the Breakers page shows of one cycle, read and brought into shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pages.context import (
    CHART_POINTS,
    NO_HISTORY,
    Book,
    CompleteCycle,
    EpisodeStory,
    MetricHistory,
)
from pages.figures.breakers import BreakerPlot, Level, breaker_figure, timeline_figure
from pages.format import Zone
from pages.query import Query
from pages.readings import FINEST_STEP, Readings
from pages.views.breakers.address import BREAKER, EPISODE
from pages.views.breakers.rows import BreakerRow, rows_of
from pages.views.breakers.trips import on_now, periods_of, ramp_began
from pages.views.breakers.wording import ends_without_level, figure_of, minute, unit_of_kind
from pages.views.holdings import coin
from risk.breakers.manual import is_manual
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.events import RULE, BreakerOverridden, BreakerStepped, OverrideEnded
from risk.domain.state import RiskState

#: What a person did to a breaker.
Turn = BreakerOverridden | OverrideEnded | BreakerStepped

#: Cycles for which trips that are over are not asked for again.
_REUSE = 5
#: So many of the newest trips of a range are told.
MOST_TRIPS = 200
#: How far back a disabled breaker is asked what it would have done, and trips are counted.
LOOK_BACK = timedelta(days=30)
#: A trip is drawn with as much before it as it lasted, within bounds.
_BEFORE, _AFTER = timedelta(hours=2), timedelta(minutes=30)
_LONGEST_BEFORE = timedelta(days=3)
#: The present value is drawn to this part of the axis.
_STEPS = 150
#: Longer ranges have a daily close for each pixel or two.
_DAILY_FROM = timedelta(days=25)
_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the card tells at length: a trip, or a breaker that is not tripped.

    Attributes
    ----------
    row : BreakerRow or None
        None of a trip whose breaker the policy does not have any more.
    story : EpisodeStory or None
        None of a breaker that watches.
    figure : dict or None
        What it measured, of plotly; None while nothing is known of it.
    is_on : bool
        Whether it is the trip that its breaker is in now.
    """

    row: BreakerRow | None
    story: EpisodeStory | None
    figure: dict[str, Any] | None
    is_on: bool = False


@dataclass(frozen=True, kw_only=True)
class BreakersData:
    """Everything the Breakers page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    rows : tuple of BreakerRow
        Every breaker, the one that most needs a look first.
    chosen : Chosen or None
        None of a policy without breakers.
    episodes : tuple of Episode
        Of the range, the newest first.
    lately : tuple of Episode
        Of the last 30 days.
    timeline : dict or None
        Trips over equity and price, of plotly; None while nothing is known of the range.
    words : tuple of BreakerOverridden, OverrideEnded and BreakerStepped
        What people did to breakers in the range, oldest first.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    rows: tuple[BreakerRow, ...]
    chosen: Chosen | None
    episodes: tuple[Episode, ...]
    lately: tuple[Episode, ...]
    timeline: dict[str, Any] | None
    words: tuple[Turn, ...] = ()

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market

    @property
    def state(self) -> RiskState:
        """What the engine remembers after the cycle."""
        return self.cycle.state


def read_breakers(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> BreakersData:
    """Everything that the Breakers page shows of one cycle."""
    now = cycle.pulse.market
    lately = trips_between(readings, book, cycle, now - LOOK_BACK, now)
    rows = rows_of(cycle, _would_have(lately))
    episodes = trips_of_chart(readings, query, book, cycle)
    chosen = _chosen(readings, query, book, cycle, rows)
    story = None if chosen is None else chosen.story
    told = [*episodes, *([] if story is None else [story.episode])]
    return BreakersData(
        book=book,
        query=query,
        cycle=cycle,
        rows=tuple(rows),
        chosen=chosen,
        episodes=episodes,
        lately=lately,
        timeline=_timeline(readings, query, book, cycle, episodes),
        words=tuple(turn for turn in turns_of(readings, book, cycle, told) if _by_person(turn)),
    )


def turns_of(
    readings: Readings, book: Book, cycle: CompleteCycle, episodes: Sequence[Episode]
) -> tuple[Turn, ...]:
    """What happened to these trips, by rule or by people, oldest first.

    Asked for anew as soon as something does, and at times.
    """
    if not episodes:
        return ()
    since = min(each.tripped_at for each in episodes).replace(second=0, microsecond=0)
    stands = cycle.state.breakers.states.items()
    shown = tuple((name, each.override, each.phase, each.rung) for name, each in stands)
    return readings.once(
        ("breaker turns", book.name, since, cycle.pulse.cycle // _REUSE, shown),
        lambda: tuple(
            readings.reader.breaker_turns(book.name, since=since, until=cycle.pulse.market)
        ),
    )


def _by_person(turn: Turn) -> bool:
    """Steps are mostly a rule's own; of an override the end is told too, whoever ended it."""
    return not (isinstance(turn, BreakerStepped) and turn.by == RULE)


def trips_of_chart(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> tuple[Episode, ...]:
    """Trips over the range of a chart, the newest first."""
    now = cycle.pulse.market
    since, until, _step = readings.chart_span(book, query, now)
    # A chart ends on a whole step; a trip since then is no less true.
    return trips_between(readings, book, cycle, since, until if query.stands_still(now) else now)


def trips_between(
    readings: Readings, book: Book, cycle: CompleteCycle, since: datetime, until: datetime
) -> tuple[Episode, ...]:
    """Trips of a range, the newest first; those that are on as the newest state has them.

    Asked for anew as soon as one begins or ends, and else now and then.
    """
    current = on_now(cycle.state)
    rounded = since.replace(second=0, microsecond=0), _next_minute(until)
    key = (*rounded, cycle.pulse.cycle // _REUSE, tuple(current))
    told = readings.once(
        ("breaker episodes", book.name, *key),
        lambda: tuple(
            readings.reader.episodes(
                book.name, since=rounded[0], until=rounded[1], at_most=MOST_TRIPS
            )
        ),
    )
    kept = [current.get(episode.id, episode) for episode in told]
    missing = [e for e in current.values() if e.id not in {k.id for k in kept}]
    begun = [e for e in missing if e.tripped_at <= rounded[1]]
    return tuple(sorted([*begun, *kept], key=lambda each: each.tripped_at, reverse=True))


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _would_have(episodes: Sequence[Episode]) -> dict[str, datetime]:
    """When each breaker that imposes nothing would have tripped last."""
    found: dict[str, datetime] = {}
    for episode in episodes:
        if not episode.imposed:
            found.setdefault(episode.breaker, episode.tripped_at)
    return found


# -- what the card tells ---------------------------------------------------------------------


def _chosen(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    rows: Sequence[BreakerRow],
) -> Chosen | None:
    story = _asked_story(readings, query, book, cycle)
    if story is None:
        row = _asked_row(query, rows)
        if row is None:
            return None
        story = _story(readings, book, cycle, row.episode.id) if row.episode else None
        if story is None and row.episode is not None:
            story = EpisodeStory(row.episode, None, None, None)
    else:
        row = next((r for r in rows if r.name == story.episode.breaker), None)
    is_on = story is not None and story.episode.id in on_now(cycle.state)
    figure = _measured(readings, query, book, cycle, row, story, is_on=is_on)
    return Chosen(row=row, story=story, figure=figure, is_on=is_on)


def _asked_row(query: Query, rows: Sequence[BreakerRow]) -> BreakerRow | None:
    """The breaker asked for, or the one that most needs a look."""
    asked = query.choice(BREAKER.name)
    return next((row for row in rows if row.name == asked), rows[0] if rows else None)


def _asked_story(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> EpisodeStory | None:
    asked = query.choice(EPISODE.name)
    return _story(readings, book, cycle, asked) if asked else None


def _story(
    readings: Readings, book: Book, cycle: CompleteCycle, episode: str
) -> EpisodeStory | None:
    current = on_now(cycle.state).get(episode)
    told = readings.once(
        ("breaker episode", book.name, episode, cycle.pulse.cycle // _REUSE, current is not None),
        lambda: readings.reader.episode(book.name, episode),
    )
    if told is None:
        return None if current is None else EpisodeStory(current, None, None, None)
    return told if current is None else told._replace(episode=current)


def unit_of(row: BreakerRow | None, story: EpisodeStory | None) -> BreakerUnit:
    """In which unit a trip or a breaker is told; a plain number of what nobody knows any more."""
    if row is not None:
        return row.unit
    if story is not None and story.card is not None:
        return story.card.unit
    return BreakerUnit.CORRELATION if story is None else unit_of_kind(story.episode.kind)


def _measured(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    row: BreakerRow | None,
    story: EpisodeStory | None,
    *,
    is_on: bool,
) -> dict[str, Any] | None:
    """The plot of what was measured: around a trip, or over the range."""
    name = story.episode.breaker if story is not None else row.name if row is not None else ""
    if is_manual(name):
        return None
    since, until, _step = _plot_span(readings, query, book, cycle, story)
    history = readings.once(
        ("breaker course", book.name, name, since, until),
        lambda: readings.reader.breaker_course(book.name, name, since=since, until=until),
    )
    if not history.ts_ms.size:
        return None
    unit, state = unit_of(row, story), cycle.state
    periods = periods_of([story.episode], state) if story is not None else []
    periods = [period._replace(part=False) for period in periods]
    present = row if is_on or story is None else None
    levels = _levels(row, story, unit, present)
    shown = None if present is None else _present(present, unit)
    look = (query.zone.name, query.scheme, levels, tuple(periods), shown)
    return readings.once(
        ("breaker figure", book.name, name, since, until, is_on, look),
        lambda: breaker_figure(
            BreakerPlot(
                history=_scaled(history, unit),
                levels=levels,
                periods=tuple(periods),
                trip=_trip_mark(story, unit, query.zone, cycle.pulse.market),
                span_ms=(_ms(since), _ms(until)),
                suffix=_suffix(unit),
                decimals=0 if unit is BreakerUnit.COUNT else 2,
                now=shown,
            ),
            zone=query.zone,
            scheme=query.scheme,
        ),
    )


def _present(row: BreakerRow, unit: BreakerUnit) -> float | None:
    """The present value in steps of about a pixel: a chart is sent whole when it changes."""
    if row.reading is None:
        return None
    value, step = row.reading.value, max(row.level, row.reading.value) / _STEPS
    return _scale(unit) * step * round(value / step) if step > 0.0 else 0.0


def _plot_span(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    story: EpisodeStory | None,
) -> tuple[datetime, datetime, timedelta]:
    now = cycle.pulse.market
    if story is None:
        return readings.chart_span(book, query, now)
    episode = story.episode
    lasted = (episode.ended_at or now) - episode.tripped_at
    since = episode.tripped_at - min(_LONGEST_BEFORE, max(_BEFORE, lasted))
    until = (
        now if episode.ended_at is None else min(now, episode.ended_at + max(_AFTER, lasted / 4))
    )
    step = max(FINEST_STEP, (until - since) / CHART_POINTS)
    return _floored(since, step), _floored(until, step), step


def _floored(moment: datetime, step: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=moment.tzinfo)
    return moment - (moment - epoch) % step


def _levels(
    row: BreakerRow | None,
    story: EpisodeStory | None,
    unit: BreakerUnit,
    present: BreakerRow | None,
) -> tuple[Level, ...]:
    """Trip and release, of the card if there is one: the policy may have changed since."""
    card = None if story is None else story.card
    if card is not None:
        trip, release = card.trip, card.release
    elif row is not None:
        trip, release = row.breaker.trip, row.breaker.release
    else:
        return ()
    scale = _scale(unit)
    if present is None or present.level == present.breaker.trip:
        levels = [Level("trip", scale * trip, figure_of(trip, unit), hard=True)]
    else:
        level, since = present.level, _level_moved_at(present)
        before = None if since is None else (_ms(since), scale * trip)
        levels = [Level("trip", scale * level, figure_of(level, unit), hard=True, before=before)]
    kind = row.definition.kind if row is not None else story.episode.kind if story else ""
    if release < trip and not ends_without_level(kind):
        levels.append(Level("eases at", scale * release, figure_of(release, unit), hard=False))
    return tuple(levels)


def _level_moved_at(row: BreakerRow) -> datetime | None:
    """Since when it trips at another level than the policy's; None if that is not kept any more."""
    if row.state is None:
        return None
    if row.state.pardoned is not None and row.episode is not None:
        return row.episode.looked_at
    return ramp_began(row.state, row.definition)


def _trip_mark(
    story: EpisodeStory | None, unit: BreakerUnit, zone: Zone, now: datetime
) -> tuple[int, float, str] | None:
    if story is None:
        return None
    episode = story.episode
    text = f"{minute(zone, episode.tripped_at, now)}, {figure_of(episode.value, unit)}"
    return _ms(episode.tripped_at), _scale(unit) * episode.value, text


def _scale(unit: BreakerUnit) -> float:
    return 100.0 if unit is BreakerUnit.FRACTION else 1.0


def _scaled(history: MetricHistory, unit: BreakerUnit) -> MetricHistory:
    return MetricHistory(history.ts_ms, _scale(unit) * history.values)


def _suffix(unit: BreakerUnit) -> str:
    return {
        BreakerUnit.RATIO: "\N{NO-BREAK SPACE}×",
        BreakerUnit.FRACTION: "\N{NO-BREAK SPACE}%",
    }.get(unit, "")


# -- the timeline ----------------------------------------------------------------------------


def _timeline(
    readings: Readings,
    query: Query,
    book: Book,
    cycle: CompleteCycle,
    episodes: Sequence[Episode],
) -> dict[str, Any] | None:
    now = cycle.pulse.market
    since, until, _step = readings.chart_span(book, query, now)
    equity = readings.course(book, "equity", query, now)
    asset, price = price_course(readings, query, book, cycle)
    if not equity.ts_ms.size:
        return None
    periods = tuple(periods_of(episodes, cycle.state))
    shown = tuple(period._replace(end_ms=period.end_ms or _ms(until)) for period in periods)
    look = (query.zone.name, query.scheme, shown)
    return readings.once(
        ("breaker timeline", book.name, since, until, asset, len(price.ts_ms), look),
        lambda: timeline_figure(
            equity,
            price,
            shown,
            titles=(f"Equity, {book.currency}", f"{coin(asset)} price" if asset else ""),
            span_ms=(_ms(since), _ms(until)),
            zone=query.zone,
            scheme=query.scheme,
        ),
    )


def price_course(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> tuple[str, MetricHistory]:
    """The leading asset and its price over the range: daily closes, or marks of what is held."""
    benchmark = cycle.assessment.benchmark
    if benchmark is None:
        return "", NO_HISTORY
    asset, now = benchmark.asset, cycle.pulse.market
    since, until, step = readings.chart_span(book, query, now)
    if until - since >= _DAILY_FROM:
        return asset, readings.once(
            ("breaker closes", book.name, asset, since, until),
            lambda: _closes(readings, book, asset, since, until),
        )
    points = max(2, round((until - since) / step))
    return asset, readings.once(
        ("breaker marks", book.name, asset, since, until),
        lambda: _marks(readings, book, asset, (since, until), points),
    )


def _closes(
    readings: Readings, book: Book, asset: str, since: datetime, until: datetime
) -> MetricHistory:
    closes = readings.reader.daily_closes(book.name, since=since, assets=[asset])
    if asset not in closes.assets:
        return NO_HISTORY
    values = closes.close[:, closes.assets.index(asset)]
    # A bar is named by its opening; its close is known a day later.
    times = closes.days_ms + _DAY_MS
    known = np.isfinite(values) & (times <= _ms(until))
    return MetricHistory(times[known], values[known])


def _marks(
    readings: Readings, book: Book, asset: str, span: tuple[datetime, datetime], points: int
) -> MetricHistory:
    """What one unit was worth: exposure over quantity, of any position in the asset."""
    wanted: Mapping[str, Any] = {
        metric: readings.reader.position_history(
            book.name, metric, since=span[0], until=span[1], max_points=points
        )
        for metric in ("exposure", "quantity")
    }
    found: dict[int, float] = {}
    for key, exposure in wanted["exposure"].items():
        quantity = wanted["quantity"].get(key)
        if key.asset != asset or quantity is None:
            continue
        units = dict(zip(quantity.ts_ms.tolist(), quantity.values.tolist(), strict=True))
        for at_ms, value in zip(exposure.ts_ms.tolist(), exposure.values.tolist(), strict=True):
            held = units.get(at_ms, 0.0)
            if held:
                found[at_ms] = value / held
    times = sorted(found)
    return MetricHistory(
        np.array(times, dtype=np.int64), np.array([found[at] for at in times], dtype=np.float64)
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)
