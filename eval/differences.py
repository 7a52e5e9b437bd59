"""The figures of two runs over the same questions, and whether their difference is more than noise.

    interval    95 % percentile bootstrap of the difference, over questions (Efron 1979, doi:10.1214/aos/1176344552)
    p           McNemar's exact test where every score is 0 or 1 (McNemar 1947, doi:10.1007/BF02295996), else a
                randomization test, which swaps the two runs question by question (Fisher 1935; for search:
                Smucker et al. 2007, doi:10.1145/1321440.1321528)
    adjusted    p for so many figures at once (Holm 1979, jstor.org/stable/4615733)

In words a figure is better or worse where its adjusted p is under 0.05. Every figure is a sum over a sum, so that
many resamples are one product of matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.intervals import ENDS, RESAMPLES, mcnemar
from eval.runs import Result
from eval.scoring import SCORES
from eval.summary import LOWER_IS_BETTER, METRICS, tabulate
from eval.wording import NEUTRAL, say_count

SWAPS = 9999
LEVEL = 0.05
SEED = 1
ABOVE, BELOW = [0, 2], [1, 3]
_ROUNDING = 1e-12

Matrix = npt.NDArray[np.float64]
Sums = npt.NDArray[np.float64]
"""(questions, 4): what each adds above and below the line, before and after."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in both runs.

    Attributes:
        before, after: its values, over the questions that have it in both runs.
        difference: ``after - before``, with its 95 % interval from ``low`` to ``high``.
        p, adjusted: as the module says.
        cases: the questions that have it in both runs.
        verdict: ``"better"``, ``"worse"``, ``"noise"``, ``"same"`` where no question scores otherwise than before, or
            ``"higher"`` and ``"lower"`` where neither is better.
        words: the verdict as a person would say it.
    """

    name: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    adjusted: float
    cases: int
    verdict: str
    words: str


def find_differences(pairs: Sequence[tuple[Result, Result]]) -> list[Difference]:
    """Every figure that both runs have, in the order of reports.

    Args:
        pairs: the same question before and after.
    """
    table = {name: sums for name, sums in _to_sums(pairs).items() if sums[:, BELOW].any(axis=0).all()}
    if not table:
        return []
    stacked = np.stack(list(table.values()), axis=1)
    values = _quotients(stacked.sum(axis=0))
    resampled, swapped = _resample(stacked), _swap(stacked)
    chances = [_chance(*each) for each in zip(table.values(), values, swapped.T, strict=True)]
    told = zip(table.items(), values, resampled.T, chances, adjust(chances), strict=True)
    return [_to_difference(*each, figures=len(table)) for each in told]


def _to_difference(
    row: tuple[str, Sums], values: Matrix, resampled: Matrix, p: float, adjusted: float, figures: int
) -> Difference:
    name, sums = row
    before, after = map(float, values)
    low, high = map(float, np.nanquantile(resampled, ENDS))
    cases = int(np.count_nonzero(sums[:, BELOW].any(axis=1)))
    same = bool((sums[:, :2] == sums[:, 2:]).all())
    verdict = "same" if same else judge(name, after - before, adjusted)
    words = verdict
    if verdict == "same":
        words = "the same in every question"
    elif verdict == "noise" and p < LEVEL:
        words = f"likely noise: alone it would count, among {figures} figures it does not"
    elif verdict == "noise":
        words = f"no difference that {say_count(cases, 'question')} can tell"
    return Difference(name, before, after, after - before, low, high, p, adjusted, cases, verdict, words)


def judge(name: str, difference: float, adjusted: float) -> str:
    """The verdict on a figure that is not the same in every question."""
    if adjusted >= LEVEL:
        return "noise"
    if name in NEUTRAL:
        return "higher" if difference > 0 else "lower"
    return "better" if (difference > 0) != (name in LOWER_IS_BETTER) else "worse"


def adjust(chances: Sequence[float]) -> list[float]:
    """Holm's adjusted p: the smallest of m is multiplied by m, the next by m - 1 and so on; none is under one before."""
    adjusted, highest = [0.0] * len(chances), 0.0
    for place, at in enumerate(np.argsort(chances, kind="stable")):
        highest = max(highest, min(1.0, chances[at] * (len(chances) - place)))
        adjusted[at] = highest
    return adjusted


def _to_sums(pairs: Sequence[tuple[Result, Result]]) -> dict[str, Sums]:
    """By figure, what each question adds before and after; to a mean of scores, nothing where one run has no score."""
    tables = [tabulate([pair[side] for pair in pairs]) for side in (0, 1)]
    sums = {
        name: np.stack([table[:, column] for sides in tables for table in sides], axis=1)
        for column, name in enumerate(METRICS)
    }
    for name in SCORES:
        sums[name] = sums[name] * sums[name][:, BELOW].all(axis=1, keepdims=True)
    right = np.array([[old.right, 1, new.right, 1] for old, new in pairs], dtype=np.float64).reshape(-1, 4)
    return {"right": right, **sums}


def _quotients(sums: Matrix) -> Matrix:
    """(…, 4) -> (…, 2): the figure before and after; NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., ABOVE] / sums[..., BELOW])


def _resample(stacked: Matrix) -> Matrix:
    """The difference of each figure of questions drawn again with replacement: (resamples, figures)."""
    generator = np.random.default_rng(SEED)
    cases = len(stacked)
    flat = stacked.reshape(cases, -1)
    drawn = (generator.integers(cases, size=cases) for _ in range(RESAMPLES))
    sums = np.stack([np.bincount(each, minlength=cases) @ flat for each in drawn])
    return _differ(sums.reshape(RESAMPLES, -1, 4))


def _swap(stacked: Matrix) -> Matrix:
    """The difference of each figure with before and after swapped in about half of the questions: (swaps, figures)."""
    generator = np.random.default_rng(SEED)
    cases = len(stacked)
    flat, turned = stacked.reshape(cases, -1), stacked[..., [2, 3, 0, 1]].reshape(cases, -1)
    # A question of which all is the same stays the same.
    differing = (flat != turned).any(axis=1)
    moved = (turned - flat)[differing]
    chosen = (generator.integers(2, size=len(moved)).astype(np.float64) for _ in range(SWAPS))
    sums = flat.sum(axis=0) + np.stack([each @ moved for each in chosen])
    return _differ(sums.reshape(SWAPS, -1, 4))


def _differ(sums: Matrix) -> Matrix:
    values = _quotients(sums)
    return np.asarray(values[..., 1] - values[..., 0])


def _chance(sums: Sums, values: Matrix, swapped: Matrix) -> float:
    """How likely so large a difference is if neither run is better."""
    before, below, after, below_after = sums.T
    if np.isin(sums, (0, 1)).all() and (below == below_after).all():
        return mcnemar(int(np.sum(before > after)), int(np.sum(after > before)))
    as_large = np.abs(swapped) >= abs(values[1] - values[0]) - _ROUNDING
    return float((1 + np.sum(as_large | np.isnan(swapped))) / (1 + SWAPS))
