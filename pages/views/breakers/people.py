"""What people did about a trip: who let it go, overrode it or ended that, and why. Pure."""

from datetime import datetime

from pages.format import NONE
from pages.views.breakers.overridden import did_words
from pages.views.breakers.reading import BreakersData, Turn
from pages.views.breakers.wording import minute, moment_words
from risk.breakers.manual import is_manual
from risk.domain.breakers import Episode
from risk.domain.events import RULE, BreakerOverridden, BreakerStepped, OverrideEnded
from risk.domain.overrides import OverrideKind


def people_words(data: BreakersData, episode: Episode) -> str:
    """In a list: ``15:36 let go by ana; 15:40 held where it is by ola``; or ``none``."""
    told = [(w.at, _did(w)) for w in _about(data, episode)]
    if is_manual(episode.breaker):
        told = _of_latch(episode)
    zone, now = data.query.zone, data.now
    return "; ".join(f"{minute(zone, at, now)} {did}" for at, did in told) or NONE


def _of_latch(episode: Episode) -> list[tuple[datetime, str]]:
    """Of what people stopped: who did, as its cause begins, and who let it go."""
    told = [(episode.tripped_at, episode.cause.split(": ", 1)[0])]
    if episode.ended_at is not None:
        told.append((episode.ended_at, f"let go by {episode.ended_by}"))
    return told


def people_lines(data: BreakersData, episode: Episode) -> list[str]:
    """At length, the newest first: ``15:36:02 UTC: let go by ana. “The market is calm.”``"""
    zone, now = data.query.zone, data.now
    return [
        f"{moment_words(zone, word.at, now)}: {_did(word)}.{_why(word)}"
        for word in reversed(_about(data, episode))
    ]


def _about(data: BreakersData, episode: Episode) -> list[Turn]:
    return [word for word in data.words if word.episode == episode.id]


def _did(word: Turn) -> str:
    match word:
        case BreakerStepped():
            return f"let go by {word.by}"
        case BreakerOverridden():
            return f"{did_words(OverrideKind(word.kind), word.size)} by {word.by}"
        case OverrideEnded():
            did = did_words(OverrideKind(word.kind), word.size)
            whose = f"what {word.began_by} commanded ({did.split(' to ', 1)[0]})"
            return f"{whose} is over" if word.by == RULE else f"{whose} ended by {word.by}"


def _why(word: Turn) -> str:
    why = word.why if isinstance(word, OverrideEnded) else word.reason
    said = why.removeprefix(f"let go by {word.by}: ").rstrip(".")
    return f" “{said}.”" if said else ""
