"""Which move would have the account liquidated first, in words."""

from pages.format import percent
from pages.views.holdings import coin
from risk.domain.assessment import Assessment


def nearest_liquidation_words(assessment: Assessment) -> str:
    """One sentence; empty while nothing is held."""
    if not assessment.held.by_asset:
        return ""
    nearest = assessment.nearest_liquidation
    if nearest is not None and not nearest.move:
        return "Equity is down to what the venue asks for: positions may be liquidated now."
    if nearest is not None:
        move = percent(nearest.move, 0, signed=True)
        return f"Nearest liquidation: {coin(nearest.asset)} {move}, everything else standing still."
    if assessment.equity is None:
        return "How far liquidation is away is unknown while equity is."
    return "No move of one asset alone has this book liquidated."
