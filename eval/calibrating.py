"""The least certainty that keeps the share of wrong answers under a bound: fixed sequence testing.

Of Angelopoulos et al. 2021, "Learn then Test" (arXiv:2110.01052, section 5), with the exact bound of Clopper and Pearson
1934 (doi:10.1093/biomet/26.4.404) for the share of the answered that are wrong. Thresholds are tried from the strictest
down, and each is kept while its bound holds; the first that fails ends the sequence. The sequence begins where enough
questions are answered for a bound to hold at all, and again where twice, four times … as many are, since one wrong answer
among the surest would end it before it began; the ``STARTS`` sequences share what may go wrong. Where they lie depends on how sure
the answers are and never on which are wrong.

A question whose parts are not equally sure is judged at each threshold by what would be said there.

The promise: of all sets of questions drawn like this one, at most a share of ``1 - confidence`` gives a threshold with
which more than ``risk`` of the answers are wrong. It assumes that questions are drawn one by one: many questions on one
paragraph tell less than as many on different ones. And since sequences begin where the set's own certainties say, it holds
strictly for the risk among questions as sure as these, which differs from that of all questions by how sure questions
happen to be; the tests draw sets anew from a real run, and count. It says nothing of questions of another kind.
"""

import math
from collections.abc import Sequence
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from eval.intervals import clopper_pearson_upper
from eval.runs import Result
from rag.records import Calibration

GRID = tuple(step / 200 for step in range(199, -1, -1))
"""Thresholds, strictest first; they are the same for every set."""
STARTS = 4

Counts = npt.NDArray[np.int64]
"""(thresholds,): questions, by threshold of ``GRID``."""


def calibrate(results: Sequence[Result], risk: float, confidence: float, name: str) -> Calibration | None:
    """Find the least threshold that is certified.

    Args:
        results: of the set's questions.
        risk: the largest share of the answered that may be wrong, between 0 and 1.
        confidence: between 0 and 1.
        name: what the set is, in words.

    Returns:
        None where no threshold can be certified.

    Raises:
        ValueError: ``risk`` or ``confidence`` is not between 0 and 1.
    """
    answered, wrong = count_answered(results)
    row = find_row(answered, wrong, risk, confidence)
    if row is None:
        return None
    return Calibration(GRID[row], risk, confidence, name, len(results), int(answered[row]), int(wrong[row]))


def fewest_answered(risk: float, confidence: float) -> int:
    """How many answers, all of them right, certify a risk."""
    return math.ceil(math.log(1 - _confidence_of_each(confidence)) / math.log(1 - risk))


def _confidence_of_each(confidence: float) -> float:
    """With which each of the sequences must hold, so that all of them do."""
    return 1 - (1 - confidence) / STARTS


def count_answered(results: Sequence[Result]) -> tuple[Counts, Counts]:
    """How many questions would be answered at each threshold of ``GRID``, and how many of them wrongly."""
    grid = np.array(GRID)
    answered, wrong = np.zeros(len(GRID), dtype=np.int64), np.zeros(len(GRID), dtype=np.int64)
    for result in results:
        is_wrong = np.zeros(len(GRID), dtype=np.int64)
        # Surest first: what is said at a bound holds below it until more is said.
        for attempt in result.attempts:
            is_wrong[grid <= attempt.certainty] = not attempt.right
        answered += grid <= max((attempt.certainty for attempt in result.attempts), default=-1)
        wrong += is_wrong
    return answered, wrong


def find_row(answered: Counts, wrong: Counts, risk: float, confidence: float) -> int | None:
    """The row of ``GRID`` of the least threshold that is certified, or None. See ``calibrate``.

    Args:
        answered, wrong: of ``count_answered``.
    """
    if not 0 < risk < 1 or not 0 < confidence < 1:
        raise ValueError(f"risk and confidence must lie between 0 and 1, not {risk} and {confidence}")
    each_confidence = _confidence_of_each(confidence)
    enough = fewest_answered(risk, confidence)
    starts = {
        next((row for row, count in enumerate(answered) if count >= enough * 2**doubled), None)
        for doubled in range(STARTS)
    }

    def holds(row: int) -> bool:
        return clopper_pearson_upper(int(wrong[row]), int(answered[row]), each_confidence) <= risk

    chains = [takewhile(holds, range(start, len(GRID))) for start in starts if start is not None]
    certified = [row for chain in chains for row in chain]
    return max(certified) if certified else None
