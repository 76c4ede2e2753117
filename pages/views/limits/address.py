"""What the address of the Limits page may say."""

from collections.abc import Mapping

from pages.paths import LIMITS_PATH
from pages.query import Query, Word
from risk.domain.limits import LimitStatus
from risk.domain.scopes import ScopeKind
from risk.limits.types import LIMIT_TYPES

PATH = LIMITS_PATH
ALL = "all"
#: The card that tells one limit at length.
DETAIL = "limits-detail"

#: Kinds of scope under one heading each, in the order of the page.
GROUPS: Mapping[str, tuple[ScopeKind, ...]] = {
    "portfolio": (ScopeKind.PORTFOLIO,),
    "strategy": (ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY),
    "asset": (ScopeKind.ASSET,),
    "venue": (ScopeKind.VENUE,),
}
SCOPE = Word(
    "scope",
    ALL,
    "scope",
    {
        ALL: "All",
        "portfolio": "Book",
        "strategy": "Strategies",
        "asset": "Assets",
        "venue": "Venues",
    },
)
#: What may be asked for, and which statuses that takes; of ALL, every one.
STATUSES: Mapping[str, tuple[LimitStatus, ...]] = {
    ALL: tuple(LimitStatus),
    "attention": (LimitStatus.HARD, LimitStatus.UNKNOWN, LimitStatus.SOFT),
    "hard": (LimitStatus.HARD,),
    "soft": (LimitStatus.SOFT,),
    "unknown": (LimitStatus.UNKNOWN,),
    "inside": (LimitStatus.WITHIN,),
}
STATUS = Word(
    "status",
    ALL,
    "status",
    {
        ALL: "Every status",
        "attention": "Needs attention",
        "hard": "Hard breach",
        "soft": "Soft breach",
        "unknown": "Unknown",
        "inside": "Inside",
    },
)
KIND = Word(
    "kind",
    ALL,
    "kind",
    {ALL: "Every kind", **{name: kind.title for name, kind in LIMIT_TYPES.items()}},
)
FIND = Word("find", "", "text")
LIMIT = Word("limit", "", "limit")
FILTERS = (SCOPE, STATUS, KIND, FIND)
WORDS = (*FILTERS, LIMIT)


def unfiltered(query: Query) -> str:
    """The address of the same view without any filter."""
    return query.href(PATH, **{word.name: None for word in FILTERS})


def is_filtered(query: Query) -> bool:
    """Whether some limits may be left out."""
    return any(query.choice(word.name) != word.default for word in FILTERS)
