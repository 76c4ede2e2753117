r"""The correlation matrix nearest to one that is none.

Correlations measured pair by pair, or set by hand for a stress, need not fit together. Clipping
eigenvalues (:func:`risk.measures.correlation.nearest_psd`) is quick and near enough for every
bar; here is the nearest in the Frobenius norm, for what may take its time. Projections onto the
positive semidefinite matrices and onto those with a diagonal of ones take turns; the first is
corrected for what it took away before [1]_, [2]_, without which they would end at some matrix of
both kinds and not at the nearest.

References
----------
.. [1] Higham, N. (2002). "Computing the nearest correlation matrix: a problem from finance". IMA
   Journal of Numerical Analysis 22(3), algorithm 3.3.
.. [2] Dykstra, R. (1983). "An algorithm for restricted least squares regression". Journal of the
   American Statistical Association 78.
"""

import numpy as np

from risk.measures.checks import symmetric_matrix
from risk.measures.correlation import nearest_psd
from risk.measures.types import FloatArray

_TOLERANCE = 1e-9
_MAXIMUM_ROUNDS = 5_000


def nearest_correlation(matrix: FloatArray) -> FloatArray:
    """The correlation matrix with the least sum of squared differences to `matrix`.

    Parameters
    ----------
    matrix : ndarray of shape (assets, assets)
        Symmetric; its diagonal need not be ones.

    Returns
    -------
    ndarray of shape (assets, assets)
        Symmetric, ones on the diagonal, entries in [-1, 1], with a Cholesky factor: its smallest
        eigenvalue is raised to a floor that no measure notices.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and finite, or so far from a correlation matrix
        that the projections do not settle.
    """
    matrix = symmetric_matrix("matrix", matrix, rounding=1e-12)
    return nearest_psd(_alternated((matrix + matrix.T) / 2.0))


def _alternated(matrix: FloatArray) -> FloatArray:
    """Dykstra's projections in turn, until a round changes nothing."""
    present, taken = matrix, np.zeros_like(matrix)
    for _ in range(_MAXIMUM_ROUNDS):
        corrected = present - taken
        semidefinite = _semidefinite(corrected)
        taken = semidefinite - corrected
        after = semidefinite.copy()
        np.fill_diagonal(after, 1.0)
        moved = max(np.abs(after - present).max(), np.abs(after - semidefinite).max())
        present = after
        if moved <= _TOLERANCE:
            return present
    raise ValueError("matrix is too far from a correlation matrix: the projections do not settle")


def _semidefinite(matrix: FloatArray) -> FloatArray:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    projected = (vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T
    symmetric: FloatArray = (projected + projected.T) / 2.0
    return symmetric
