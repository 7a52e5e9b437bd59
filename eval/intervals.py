"""How far a figure of some cases may be from that of all cases like them.

Intervals are 95 % bootstrap intervals over cases by the percentile method (Efron 1979, doi:10.1214/aos/1176344552): the
cases are drawn again with replacement, 2,000 times, and the interval spans the figures of the draws from the 2.5th to
the 97.5th percentile, interpolated linearly. Seeds are fixed: the same cases in the same order give the same interval.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, betaincinv  # type: ignore[import-untyped]

RESAMPLES = 2000
ENDS = (0.025, 0.975)
_AT_ONCE = 200
"""Resamples drawn at once; 5,000 cases are then 8 MB."""

FloatVector = npt.NDArray[np.float64]
FloatMatrix = npt.NDArray[np.float64]
Ratio = tuple[FloatVector, FloatVector]
"""A figure of a set, by its cases: the sum of the first (n,) divided by the sum of the second (n,)."""


def bootstrap(values: Sequence[float], seed: int = 1) -> tuple[float, float]:
    """The interval of a mean.

    Raises:
        ValueError: there are no values.
    """
    column = np.asarray(values, dtype=np.float64)[:, None]
    low, high = bootstrap_ratios(column, np.ones_like(column), seed)
    return float(low[0]), float(high[0])


def bootstrap_ratios(
    above: FloatMatrix, below: FloatMatrix, seed: int = 1
) -> tuple[FloatVector, FloatVector]:
    """The intervals of several ratios of sums over the same cases.

    A resample that leaves nothing to divide by is left out.

    Args:
        above, below: (n, m), a case a row and a ratio a column: what the case adds to either sum; not changed.

    Returns:
        Lower and upper ends, each (m,).

    Raises:
        ValueError: there are no cases, or a column of ``below`` is all 0.
    """
    if not len(below) or not below.any(axis=0).all():
        raise ValueError("An interval needs cases, and something to divide by.")
    both = np.concatenate([above, below], axis=1)
    sums = np.concatenate([counts @ both for counts in _draw(len(both), seed)])
    over, under = sums[:, : above.shape[1]], sums[:, above.shape[1] :]
    ratios = np.divide(over, under, out=np.full_like(over, np.nan), where=under != 0)
    low, high = np.nanquantile(ratios, ENDS, axis=0)
    return low, high


def paired(left: Sequence[float], right: Sequence[float], seed: int = 1) -> tuple[float, float, float]:
    """The mean of left less right over the same cases, with its interval; cases are drawn, never sides.

    Raises:
        ValueError: the two differ in length, or are empty.
    """
    differences = [first - second for first, second in zip(left, right, strict=True)]
    low, high = bootstrap(differences, seed)
    return float(np.mean(differences)), low, high


def mcnemar(only_left: int, only_right: int) -> float:
    """How likely so uneven a split is if neither side is better: McNemar's test, exact and two-sided.

    Twice the tail of the binomial distribution of ``only_left + only_right`` fair throws, at most 1 (McNemar 1947,
    doi:10.1007/BF02295996).

    Args:
        only_left, only_right: the cases that only the one or only the other got right.
    """
    throws = only_left + only_right
    return min(1.0, 2 * float(bdtr(min(only_left, only_right), throws, 0.5))) if throws else 1.0


def clopper_pearson_upper(wrong: int, of: int, confidence: float) -> float:
    """The largest share that ``wrong`` of ``of`` still allows, one-sided and exact.

    The share with which so few would be wrong with a chance of ``1 - confidence`` (Clopper & Pearson 1934,
    doi:10.1093/biomet/26.4.404): the ``confidence`` quantile of Beta(wrong + 1, of - wrong). 1 where all are wrong.

    Raises:
        ValueError: ``wrong`` does not lie in 0 to ``of``, or ``confidence`` not between 0 and 1.
    """
    if not 0 <= wrong <= of or not 0 < confidence < 1:
        raise ValueError(f"{wrong} of {of} with a confidence of {confidence} has no bound")
    return 1.0 if wrong == of else float(betaincinv(wrong + 1, of - wrong, confidence))


def _draw(cases: int, seed: int) -> Iterator[FloatMatrix]:
    """How often each case is drawn: (resamples, cases), some resamples at a time."""
    generator = np.random.default_rng(seed)
    offsets = np.arange(_AT_ONCE)[:, None] * cases
    for _ in range(0, RESAMPLES, _AT_ONCE):
        drawn = generator.integers(cases, size=(_AT_ONCE, cases)) + offsets
        counts = np.bincount(drawn.ravel(), minlength=_AT_ONCE * cases)
        yield counts.reshape(_AT_ONCE, cases).astype(np.float64)
