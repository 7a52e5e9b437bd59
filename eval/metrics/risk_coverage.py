"""Risk and coverage: the share of the answers that are wrong, against the share of the questions that are answered.

    coverage = answered / questions
    risk     = wrong / answered

El-Yaniv & Wiener 2010, JMLR 11:1605-1641; Geifman & El-Yaniv 2017, arXiv:1705.08500. The curve has a point for each
certainty that occurs, at which all that are at least as sure are answered: questions that are equally sure are answered
together, and their order does not matter. Its area is the mean over the questions of the risk at which each comes in
(Geifman, Uziel & El-Yaniv 2019, arXiv:1805.08206); lower is better.

What is said to one question may grow as the threshold falls, by its less sure parts; it is judged anew at each.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from eval.intervals import Ratio

Point = tuple[float, float, float]
"""Threshold, coverage and risk."""


def risk_coverage(judged: Iterable[Sequence[tuple[float, bool]]]) -> list[Point]:
    """Draw the curve, from the surest question down to all of them.

    Args:
        judged: of each question the thresholds at which something else is said, falling, and whether that is wrong; at
            the first it is answered.
    """
    questions = [*judged]
    changes = sorted((change for steps in questions for change in _to_changes(steps)), reverse=True)
    points: list[Point] = []
    answered = wrong = 0
    for threshold, group in itertools.groupby(changes, key=itemgetter(0)):
        for _, more_answered, more_wrong in group:
            answered += more_answered
            wrong += more_wrong
        points.append((threshold, answered / len(questions), wrong / answered))
    return points


def _to_changes(steps: Sequence[tuple[float, bool]]) -> Iterator[tuple[float, int, int]]:
    """Threshold, and how many more are answered and wrong from there down."""
    before = False
    for number, (threshold, is_wrong) in enumerate(steps):
        yield threshold, int(number == 0), is_wrong - before
        before = is_wrong


def area_under(points: Sequence[Point]) -> float:
    """The area under a curve, 0 to 1; 0 of one without points."""
    coverages = [0.0, *(coverage for _, coverage, _ in points)]
    return sum(
        risk * (after - before)
        for (_, _, risk), (before, after) in zip(points, itertools.pairwise(coverages), strict=True)
    )


def answered_ratios(was_refused: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> dict[str, Ratio]:
    """Risk and coverage of a set as it was answered.

    Args:
        was_refused, right: bool (n,); ``right`` of a refusal does not matter.
    """
    answered = (~was_refused).astype(np.float64)
    return {"risk": (answered * ~right, answered), "coverage": (answered, np.ones_like(answered))}
