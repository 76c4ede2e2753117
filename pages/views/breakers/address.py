"""What the address of the Breakers page may say."""

from pages.paths import BREAKERS_PATH
from pages.query import Query, Word

PATH = BREAKERS_PATH
#: The card that tells one breaker or one trip at length.
CARD = "breakers-card"
#: Where a breaker is overridden.
PANEL = "breakers-override"

BREAKER = Word("breaker", "", "breaker", longest=200)
EPISODE = Word("episode", "", "trip", longest=500)
WORDS = (BREAKER, EPISODE)


def of_breaker(query: Query, name: str) -> str:
    """The address of the same view with one breaker at length."""
    return query.href(PATH, **{BREAKER.name: name, EPISODE.name: None})


def of_episode(query: Query, episode: str) -> str:
    """The address of the same view with one trip at length."""
    return query.href(PATH, **{BREAKER.name: None, EPISODE.name: episode})


def from_elsewhere(query: Query, **words: str) -> str:
    """The address of the page from another one, whose own words mean nothing here."""
    own: dict[str, str | None] = {word.name: None for word in query.words}
    return query.href(PATH, **{**own, **words})
