"""The figures of a run: every metric's mean over the cases that have it, and what only a whole set has.

Every figure is a ratio of two sums over cases, so that one bootstrap of the cases gives all their intervals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.intervals import FloatMatrix, Ratio, bootstrap_ratios
from eval.metrics.refusal import refusal_ratios
from eval.metrics.risk_coverage import Point, answered_ratios, risk_coverage
from eval.runs import Result
from eval.scoring import SCORES, STAGES

SET_FIGURES = ("refusal_precision", "refusal_recall", "refusal_f1", "risk", "coverage")
"""Figures of a set that no case has alone."""
METRICS = (*SCORES, *SET_FIGURES)
"""In the order of reports."""
LOWER_IS_BETTER = frozenset({"over", "risk"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric over cases.

    Attributes:
        value: 0 to 1.
        low, high: the 95 % bootstrap interval over cases.
        cases: how many count; of a ratio such as risk, those that are divided by.
        left_out: the other cases, errors among them.
    """

    value: float
    low: float
    high: float
    cases: int
    left_out: int


def summarize(results: Sequence[Result]) -> dict[str, Figure | None]:
    """Every metric of ``METRICS``, in their order; None where no case has it."""
    return _to_figures(*tabulate(results))


def by_tag(results: Sequence[Result]) -> dict[str, dict[str, Figure | None]]:
    """The same of the cases of each tag, tags in alphabetical order."""
    above, below = tabulate(results)
    rows: dict[str, list[int]] = {}
    for row, result in enumerate(results):
        for tag in dict.fromkeys(result.tags):
            rows.setdefault(tag, []).append(row)
    return {tag: _to_figures(above[rows[tag]], below[rows[tag]]) for tag in sorted(rows)}


def summarize_follow_ups(results: Sequence[Result]) -> dict[str, Figure | None]:
    """The same of the cases that go on from an earlier turn."""
    return summarize([result for result in results if result.history])


def curve(results: Sequence[Result]) -> list[Point]:
    """Threshold, coverage and risk at each certainty that occurs, from the surest down.

    At each, a question counts as answered with what would be said there, whatever was said in the run. Results with
    nothing to say are left out.
    """
    return risk_coverage(
        [(each.certainty, not each.right) for each in result.attempts]
        for result in results
        if result.attempts
    )


def count_lost(results: Sequence[Result]) -> dict[str, int]:
    """How many cases lost gold at each stage, in the order of ``STAGES``."""
    counts = Counter(result.lost for result in results)
    return {stage: counts[stage] for stage in STAGES}


def tabulate(results: Sequence[Result]) -> tuple[FloatMatrix, FloatMatrix]:
    """What each case adds above and below the line of each metric of ``METRICS``: float64 (cases, metrics)."""
    ratios = {**_means(results), **_set_ratios(results)}
    above, below = (np.stack([ratios[name][side] for name in METRICS], axis=1) for side in (0, 1))
    return above, below


def _means(results: Sequence[Result]) -> dict[str, Ratio]:
    """A mean is the sum of the scores divided by how many there are."""
    ratios: dict[str, Ratio] = {}
    for name in SCORES:
        scores = [result.scores.get(name) for result in results]
        known = np.array([score is not None for score in scores], dtype=np.float64)
        ratios[name] = (np.array([score or 0.0 for score in scores], dtype=np.float64), known)
    return ratios


def _set_ratios(results: Sequence[Result]) -> dict[str, Ratio]:
    flags = np.array(
        [(each.error, each.answerable, each.refused, each.right) for each in results], dtype=bool
    ).reshape(-1, 4)
    error, answerable, refused, right = flags.T
    ratios = {**refusal_ratios(answerable | error, refused & ~error), **answered_ratios(refused, right)}
    return {name: (above * ~error, below * ~error) for name, (above, below) in ratios.items()}


def _to_figures(above: FloatMatrix, below: FloatMatrix) -> dict[str, Figure | None]:
    figures: dict[str, Figure | None] = dict.fromkeys(METRICS)
    columns = np.flatnonzero(below.any(axis=0))
    if not len(columns):
        return figures
    low, high = bootstrap_ratios(above[:, columns], below[:, columns])
    values = above[:, columns].sum(axis=0) / below[:, columns].sum(axis=0)
    cases = np.count_nonzero(below[:, columns], axis=0)
    for number, column in enumerate(columns):
        figures[METRICS[column]] = Figure(
            float(values[number]),
            float(low[number]),
            float(high[number]),
            int(cases[number]),
            len(below) - int(cases[number]),
        )
    return figures
