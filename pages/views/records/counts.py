"""How many exceptions there were, how many are usual, and what the traffic light says of them."""

from dataclasses import dataclass
from functools import cache

from dash import html

from pages.components.basics import glyph
from pages.format import percent
from pages.views.records.scored import ScoredBars
from risk.measures.backtest import chance_inside_region, kupiec_region, traffic_light_zones


@dataclass(frozen=True)
class Count:
    """Exceptions at one level, and how many are usual.

    Attributes
    ----------
    level : float
    days, exceptions : int
    low, high : int
        The normal range.
    """

    level: float
    days: int
    exceptions: int
    low: int
    high: int

    @property
    def verdict(self) -> str:
        """``normal``, ``many`` or ``few``."""
        if self.exceptions > self.high:
            return "many"
        return "few" if self.exceptions < self.low else "normal"

    @property
    def normal_words(self) -> str:
        """``normal 7 to 20``."""
        return f"normal {self.low} to {self.high}"


@cache
def normal_range(days: int, level: float) -> tuple[int, int]:
    """Fewest and most exceptions that Kupiec's test at 5 % does not reject."""
    return kupiec_region(days, level)


def count_at(level: float, bars: ScoredBars) -> Count:
    """The exceptions of some scored bars; there must be one bar."""
    beyond = bars.beyond_99 if level == 0.99 else bars.beyond_95
    return Count(level, len(bars), int(beyond.sum()), *normal_range(len(bars), level))


@dataclass(frozen=True)
class Light:
    """Basel's traffic light.

    Attributes
    ----------
    exceptions, days : int
    amber_from, red_from : int
        Fewest exceptions of these zones.
    """

    exceptions: int
    days: int
    amber_from: int
    red_from: int

    @property
    def zone(self) -> int:
        """0 green, 1 amber, 2 red."""
        return int(self.exceptions >= self.amber_from) + int(self.exceptions >= self.red_from)

    @property
    def word(self) -> str:
        """As it is called."""
        return ("GREEN", "AMBER", "RED")[self.zone]

    @property
    def shape(self) -> str:
        """Its glyph, which is also its colour."""
        return LIGHT_SHAPES[self.zone]

    @property
    def place(self) -> float:
        """Where it stands on a track of three zones of one width, 0 to 1."""
        edges = (0, self.amber_from, self.red_from, 2 * self.red_from - self.amber_from)
        begin, end = edges[self.zone], edges[self.zone + 1]
        inside = (self.exceptions - begin + 0.5) / (end - begin)
        return (self.zone + min(inside, 0.97)) / 3.0


#: Of green, amber and red: a glyph, which is also a colour.
LIGHT_SHAPES = ("normal", "throttled", "halted")


def light_of(bars: ScoredBars) -> Light:
    """The light of some scored days; there must be one."""
    zones = traffic_light_zones(len(bars))
    return Light(int(bars.beyond_99.sum()), len(bars), *zones)


def light_for(hits: int, days: int) -> Light:
    """The light of that many exceptions at 99 % in so many days, not 0."""
    return Light(hits, days, *traffic_light_zones(days))


def light_badge(hits: int, days: int) -> html.Span:
    """The traffic light's word and shape, for that many exceptions at 99 %; `days` not 0."""
    light = light_for(hits, days)
    return html.Span(
        [glyph(light.shape, state=light.shape), light.word],
        className="sw-verdict-word",
        **{"data-state": light.shape},
    )


def unnoticed_words(judged: ScoredBars) -> str:
    """How often a VaR that is much too low would pass all the same; empty without a day."""
    days = len(judged)
    if not days:
        return ""
    outer, inner = (percent(_unnoticed(days, level), 0) for level in (0.99, 0.95))
    return (
        f"A VaR exceeded twice as often as it should be would still be inside the normal range of "
        f"{days} days {outer} of the time at 99 %, {inner} at 95 %."
    )


@cache
def _unnoticed(days: int, level: float) -> float:
    return chance_inside_region(days, level, times=2.0)
