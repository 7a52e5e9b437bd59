"""Refusals: whether nothing was said where nothing answers, and something where something does.

    refused             of an unanswerable question: 1 where it was refused
    over                of an answerable question: 1 where it was refused; lower is better
    refusal_precision   unanswerable and refused / refused
    refusal_recall      unanswerable and refused / unanswerable
    refusal_f1          2 · unanswerable and refused / (refused + unanswerable)

Refusing is the positive class, as "no answer" is in SQuAD 2.0 (Rajpurkar et al. 2018, arXiv:1806.03822); the
F1 is van Rijsbergen's (1979, "Information Retrieval", chapter 7).
"""

import numpy as np
import numpy.typing as npt

from eval.intervals import Ratio


def refused(answerable: bool, was_refused: bool) -> float | None:
    """Score a case; None where it is answerable."""
    return None if answerable else float(was_refused)


def over(answerable: bool, was_refused: bool) -> float | None:
    """Score a case; None where it is unanswerable."""
    return float(was_refused) if answerable else None


def refusal_ratios(answerable: npt.NDArray[np.bool_], was_refused: npt.NDArray[np.bool_]) -> dict[str, Ratio]:
    """The three figures of a set. They are of no case (0 / 0) where nothing in it is unanswerable.

    Args:
        answerable, was_refused: bool (n,).
    """
    positive = (~answerable).astype(np.float64)
    said_no = was_refused.astype(np.float64) * bool(positive.any())
    right = positive * said_no
    return {
        "refusal_precision": (right, said_no),
        "refusal_recall": (right, positive),
        "refusal_f1": (2 * right, said_no + positive),
    }
