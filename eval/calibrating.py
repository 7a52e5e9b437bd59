"""The least certainty that keeps the share of wrong answers under a bound: fixed sequence testing.

Of Angelopoulos et al. 2021, "Learn then Test" (arXiv:2110.01052, section 5), with the exact bound of Clopper and Pearson
1934 (doi:10.1093/biomet/26.4.404) for the share of the answered that are wrong. Thresholds are tried from the strictest
down, and each is kept while its bound holds; the first that fails ends the sequence. The sequence begins where enough
questions are answered for a bound to hold at all, and again where twice, four times … as many are, since one wrong answer
among the surest would end it before it began; the ``STARTS`` sequences share what may go wrong. Where they lie depends on how sure
the answers are and never on which are wrong, as the proof demands.

The promise: of all sets of questions drawn like this one, at most a share of ``1 - confidence`` gives a threshold with
which more than ``risk`` of the answers are wrong. It says nothing of questions of another kind.
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
    judged = [(each.certainty, is_wrong(each)) for each in results if each.certainty is not None]
    certainties = np.array([certainty for certainty, _ in judged])
    wrong = np.array([is_wrong for _, is_wrong in judged], dtype=bool)
    threshold = find_threshold(certainties, wrong, risk, confidence)
    if threshold is None:
        return None
    answered = certainties >= threshold
    return Calibration(
        threshold, risk, confidence, name, len(judged), int(answered.sum()), int((wrong & answered).sum())
    )


def is_wrong(result: Result) -> bool:
    """Whether an answer is wrong, or would be where it was refused."""
    return not (result.attempt_right if result.refused else result.right)


def find_threshold(
    certainties: npt.NDArray[np.float64], wrong: npt.NDArray[np.bool_], risk: float, confidence: float
) -> float | None:
    """The least threshold of ``GRID`` that is certified, or None. See ``calibrate``.

    Args:
        certainties: float64 (n,), 0 to 1.
        wrong: bool (n,).
    """
    if not 0 < risk < 1 or not 0 < confidence < 1:
        raise ValueError(f"risk and confidence must lie between 0 and 1, not {risk} and {confidence}")
    answered = [int(np.sum(certainties >= threshold)) for threshold in GRID]
    each_confidence = 1 - (1 - confidence) / STARTS
    enough = math.ceil(math.log(1 - each_confidence) / math.log(1 - risk))
    starts = {
        next((row for row, count in enumerate(answered) if count >= enough * 2**doubled), None)
        for doubled in range(STARTS)
    }

    def holds(row: int) -> bool:
        errors = int(np.sum(wrong[certainties >= GRID[row]]))
        return clopper_pearson_upper(errors, answered[row], each_confidence) <= risk

    chains = [takewhile(holds, range(start, len(GRID))) for start in starts if start is not None]
    certified = [row for chain in chains for row in chain]
    return GRID[max(certified)] if certified else None
