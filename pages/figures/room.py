"""How much room words need in a chart, whichever sans the machine has."""

from collections.abc import Sequence

#: A letter of 11 pixels in the widest of the usual fonts: of words, and of figures with their
#: units, which plotly cannot measure before it draws.
LETTER_PX = 7.2
#: Between the end of a line and its name, and between that and the edge.
_GAP_PX = 8.0


def bare(label: str) -> str:
    """`label` without plotly's tags, as long as it is drawn."""
    return label.replace("<b>", "").replace("</b>", "")


def end_room(labels: Sequence[str]) -> int:
    """Pixels beside a plot for the names at the ends of its lines."""
    longest = max((len(bare(label)) for label in labels), default=0)
    return round(LETTER_PX * longest + 2.0 * _GAP_PX) if longest else round(_GAP_PX)
