"""What the address of the correlation screen may say."""

from collections.abc import Mapping

from pages.query import Word

VIEWS: Mapping[str, str] = {
    "now": "Now",
    "calm": "Calm",
    "recent": "Recent",
    "stressed": "Stressed",
    "difference": "Difference",
}

VIEW = Word("view", "now", "view", VIEWS)
OF = Word("of", "positions", "sign", {"positions": "As held", "assets": "As assets"})
ASSETS = Word("assets", "held", "choice of assets", {"held": "Held", "all": "All"})
ORDER = Word("order", "cluster", "order", {"cluster": "Alike", "name": "Name"})
#: Two assets with a comma between them; empty for the two largest.
PAIR = Word("pair", "", "pair")

WORDS = (VIEW, OF, ASSETS, ORDER, PAIR)
