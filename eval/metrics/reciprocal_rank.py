"""mrr@k: 1 / the rank of the first thing that holds any gold, ranks from 1; 0 where none of the first k does.

Its mean over cases is the mean reciprocal rank of Voorhees 1999, "The TREC-8 Question Answering Track Report".
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


def reciprocal_rank(found: Sequence[AbstractSet[int]], k: int) -> float:
    """Score a list.

    Args:
        found: the numbers of the gold that each thing holds, best first.
        k: how many of the list count.
    """
    return next((1 / rank for rank, numbers in enumerate(found[:k], start=1) if numbers), 0.0)
