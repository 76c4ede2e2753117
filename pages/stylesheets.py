"""Writes the generated part of ``assets/``: ``python -m pages.stylesheets``.

A test asserts that the committed file equals what the tokens render, so that a colour
changed in one place only is noticed.
"""

from pathlib import Path

from pages.glyphs import css_shapes
from pages.theme import css_variables

ASSETS = Path(__file__).parent.parent / "assets"
GENERATED = ASSETS / "00-tokens.css"

_HEADER = "/* Written by `python -m pages.stylesheets` from its theme and glyphs. */\n"


def render() -> str:
    """The text of the generated style sheet."""
    return f"{_HEADER}\n{css_variables()}\n{css_shapes()}\n"


if __name__ == "__main__":
    GENERATED.write_text(render(), encoding="utf-8")
