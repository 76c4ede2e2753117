"""What the address of the editor may say: what is to be different."""

from urllib.parse import urlencode

from pages.paths import EDIT_PATH
from pages.query import Query, Word

PATH = EDIT_PATH
CHANGE, WHILE, END, REMOVE = "change", "while", "end", "remove"
OF_LIMIT, OF_BREAKER = "limit", "breaker"

LIMIT = Word("limit", "", "limit", longest=200)
BREAKER = Word("breaker", "", "breaker", longest=200)
VERSION = Word("version", "", "version")
DO = Word(
    "do",
    CHANGE,
    "change",
    {
        CHANGE: "Change",
        WHILE: "Other thresholds for a while",
        END: "End the temporary limit",
        REMOVE: "Take away",
    },
)
ADD = Word("add", "", "addition", {"": "Nothing", OF_LIMIT: "A limit", OF_BREAKER: "A breaker"})
KIND = Word("kind", "", "kind")
WORDS = (LIMIT, BREAKER, VERSION, DO, ADD, KIND)


def edit_href(query: Query, **words: str) -> str:
    """The address of the editor, in the book and zone of a view."""
    kept = {w: v for w, v in query.as_words().items() if w in ("book", "tz")}
    return f"{PATH}?{urlencode({**kept, **words}, safe=':/')}"
