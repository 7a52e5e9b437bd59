"""ndcg@k: how near the order comes to the best one.

    DCG@k  = Σ gain(i) / log2(i + 1) over the ranks i = 1 … k
    nDCG@k = DCG@k / the DCG@k of the ideal order

Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418, discounted from the first rank on. The gain is binary: 1 for a
thing that holds gold that no better one held, so that a second passage around the same quote earns nothing. The ideal
order has the things with a gain first, wherever in the whole list they stood, then one thing for each gold quote that the
list does not hold.
"""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet


def ndcg(found: Sequence[AbstractSet[int]], gold: int, k: int) -> float:
    """Score a list.

    Args:
        found: the numbers of the gold that each thing holds, best first; the whole list, beyond ``k`` as well.
        gold: how much there is, at least 1.
        k: how many of the list count.
    """
    seen: set[int] = set()
    gains = []
    for numbers in found:
        gains.append(not numbers <= seen)
        seen |= numbers
    ideal = [True] * (sum(gains) + gold - len(seen))
    return _discount(gains[:k]) / _discount(ideal[:k])


def _discount(gains: Sequence[bool]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
