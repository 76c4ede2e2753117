"""How far each asset may move before the account is liquidated, and which one is nearest.

One account: all cash backs all positions, as a venue's cross margin does, and one maintenance
margin holds for all of them. Money spread over several venues is nearer to it than this says.
"""

import math
from collections.abc import Mapping

from risk.domain.assessment import Exposure, Liquidation
from risk.measures.stops import liquidation_move


def liquidation_moves(
    by_asset: Mapping[str, Exposure], equity: float | None, *, maintenance: float
) -> dict[str, float | None]:
    """The move of each asset alone that leaves no more than the maintenance margin.

    Parameters
    ----------
    by_asset : mapping of asset to Exposure
        Everything that is held.
    equity : float or None
        None while unknown: then every move is.
    maintenance : float
        Part of gross exposure that must remain as equity.

    Returns
    -------
    dict of asset to float or None
        Fractions; see :func:`risk.measures.stops.liquidation_move`.
    """
    if equity is None:
        return dict.fromkeys(by_asset)
    whole = math.fsum(held.gross for held in by_asset.values())
    return {
        asset: liquidation_move(
            equity,
            net=held.net,
            gross=held.gross,
            others=max(0.0, whole - held.gross),
            maintenance=maintenance,
        )
        for asset, held in by_asset.items()
    }


def nearest_liquidation(moves: Mapping[str, float | None]) -> Liquidation | None:
    """The smallest of these moves, a fall to a half counting as much as a doubling.

    None where no asset can bring liquidation by itself, or equity is unknown.
    """
    known = [Liquidation(asset, move) for asset, move in moves.items() if move is not None]
    return min(known, key=lambda found: abs(math.log1p(found.move)), default=None)
