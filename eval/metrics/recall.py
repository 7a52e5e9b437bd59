"""recall@k: the share of the gold that something among the first k holds.

    |F1 ∪ … ∪ Fk| / gold

Manning, Raghavan & Schütze 2008, "Introduction to Information Retrieval", section 8.3, with gold quotes in the place of
relevant documents: passages overlap, and two that hold the same quote are one find.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


def recall(found: Sequence[AbstractSet[int]], gold: int, k: int | None = None) -> float:
    """Score a list.

    Args:
        found: the numbers of the gold that each thing holds, best first.
        gold: how much there is, at least 1.
        k: how many of the list count; None for all.
    """
    return len(set[int]().union(*found[:k])) / gold
