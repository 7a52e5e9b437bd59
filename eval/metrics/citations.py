"""cited and precise: whether the citations are those that were wanted.

    cited   = gold quotes that lie whole inside a citation / gold quotes
    precise = citations that overlap a gold quote / citations

Recall and precision of citations as in Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations"
(arXiv:2305.14627), with known gold quotes in the place of a model that judges entailment.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from eval.metrics.recall import recall


def cited(inside: Sequence[AbstractSet[int]], gold: int) -> float:
    """Score the citations of an answer, of which there may be none.

    Args:
        inside: the numbers of the gold quotes that lie inside each citation.
        gold: how many there are, at least 1.
    """
    return recall(inside, gold)


def precise(overlapped: Sequence[AbstractSet[int]]) -> float:
    """Score the citations of an answer.

    Args:
        overlapped: the numbers of the gold quotes that each citation overlaps; at least one citation.
    """
    return sum(bool(numbers) for numbers in overlapped) / len(overlapped)
