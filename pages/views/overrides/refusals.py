"""Refusals of the engine's rules, with breakers and times as the page names them. Pure."""

import re
from datetime import UTC, datetime

from pages.format import Zone
from pages.views.breakers.rows import BreakerRow
from pages.views.breakers.wording import moment_words
from risk.breakers.words import shown_name

#: As rules write a moment: ``2026-12-07 08:38 UTC``, also with seconds.
_MOMENT = re.compile(r"\b(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?) UTC")


def as_read(why: str, row: BreakerRow, zone: Zone, now: datetime) -> str:
    """``drawdown, dip does not step on before 7 Dec 08:38:00 UTC`` of what names it raw."""
    # Ids of episodes begin with the name, and stay what can be looked up.
    raw = re.compile(rf"(?<![\w/]){re.escape(row.name)}(?![\w/])")
    named = raw.sub(lambda _: shown_name(row.name, row.scope), why)
    return _MOMENT.sub(lambda found: _moment(found, zone, now), named)


def _moment(found: "re.Match[str]", zone: Zone, now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return found[0]
    return moment_words(zone, moment, now)
