"""Pages that the server draws itself: signing in, one's own login, everybody's.

They need no script, so that they work where nothing else does, and no password ever passes through
a callback. `DESK` holds their routes; its look is the dashboard's, by the same style sheets.
"""

from pages.desk import account, people, signing_in, single_sign_on, vouching
from pages.desk.drawing import DESK, WAYS_EXTENSION, Way

__all__ = [
    "DESK",
    "WAYS_EXTENSION",
    "Way",
    "account",
    "people",
    "signing_in",
    "single_sign_on",
    "vouching",
]
