"""Refusals that measures share, each naming what it refuses.

They come before any ``min`` or comparison: ``min(nan, cap)`` is NaN and ``min(cap, nan)`` is
the cap, so that a NaN that slips in either spreads or vanishes, by chance of the order.
"""

import math

import numpy as np

from risk.errors import InsufficientData
from risk.measures.types import FloatArray


def finite(name: str, value: float) -> float:
    """`value`, or a ValueError that names it if it is NaN or infinite."""
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


def positive(name: str, value: float) -> float:
    """`value`, or a ValueError that names it unless it is finite and above zero."""
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be finite and positive, got {value}")
    return float(value)


def not_negative(name: str, value: float) -> float:
    """`value`, or a ValueError that names it unless it is finite and zero or more."""
    if not (math.isfinite(value) and value >= 0.0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return float(value)


def fraction(name: str, value: float) -> float:
    """`value`, or a ValueError that names it unless it lies in (0, 1]."""
    if not 0.0 < value <= 1.0:
        raise ValueError(f"{name} must lie in (0, 1], got {value}")
    return float(value)


def level(value: float) -> float:
    """`value`, a confidence, or a ValueError unless it lies in (0, 1)."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {value}")
    return float(value)


def no_infinity(name: str, values: FloatArray) -> None:
    """Raise a ValueError if one of `values` is infinite; NaN, which is unobserved, may be."""
    if np.isinf(values).any():
        raise ValueError(f"{name} contains infinity; mark it as unobserved before filtering")


def finite_vector(name: str, values: FloatArray, *, size: int | None = None) -> FloatArray:
    """`values` as a vector of floats, or a ValueError if one is not finite or the size is wrong."""
    vector = np.ascontiguousarray(values, dtype=np.float64)
    if vector.ndim != 1 or (size is not None and vector.size != size):
        wanted = "a vector" if size is None else f"{size} values"
        raise ValueError(f"{name} must be {wanted}, got shape {vector.shape}")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return vector


def positive_vector(name: str, values: FloatArray, *, size: int | None = None) -> FloatArray:
    """As :func:`finite_vector`, every value above zero."""
    vector = finite_vector(name, values, size=size)
    if (vector <= 0.0).any():
        raise ValueError(f"{name} must be positive, got {vector.min()}")
    return vector


def symmetric_matrix(name: str, matrix: FloatArray, *, rounding: float = 0.0) -> FloatArray:
    """`matrix`, or a ValueError unless it is square, finite and symmetric.

    Twins differ by 1e-9 of their size at most, or by `rounding` where they are next to zero.
    """
    matrix = np.ascontiguousarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name} must be square, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} contains NaN or infinity")
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=rounding):
        raise ValueError(f"{name} must be symmetric")
    return matrix


def covariance_matrix(name: str, matrix: FloatArray) -> FloatArray:
    """`matrix`, or a ValueError unless it is square, finite, symmetric and every asset varies."""
    matrix = symmetric_matrix(name, matrix)
    if (np.diagonal(matrix) <= 0.0).any():
        raise ValueError(f"{name} has an asset without variance")
    return matrix


def correlation_matrix(name: str, matrix: FloatArray, *, assets: int) -> FloatArray:
    """`matrix`, or a ValueError unless it is a correlation matrix of that many assets."""
    matrix = covariance_matrix(name, matrix)
    if len(matrix) != assets:
        raise ValueError(f"{name} is of {len(matrix)} assets, not {assets}")
    if not np.allclose(np.diagonal(matrix), 1.0) or np.abs(matrix).max() > 1.0 + 1e-9:
        raise ValueError(f"{name} needs ones on its diagonal and entries in [-1, 1]")
    return matrix


def enough(measure: str, *, needed: int, got: int) -> None:
    """Raise InsufficientData if `got` observations are fewer than `needed`."""
    if got < needed:
        raise InsufficientData(measure, needed=needed, got=got)
