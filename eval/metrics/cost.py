"""Cost: milliseconds by step, and the most memory held.

The median is the mean of the two middle values where their number is even. The 95th percentile is by nearest rank
(Hyndman & Fan 1996, doi:10.1080/00031305.1996.10473566, type 1): the smallest value that at least 95 % of them do not
exceed, which is a value that occurred.
"""

import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOTAL = "total"
HIGH = 0.95


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step costs, in milliseconds, over the questions that took it.

    Attributes:
        median, high: the 50th and the 95th percentile.
        questions: how many took it.
    """

    median: float
    high: float
    questions: int


def cost_by_step(steps: Sequence[Mapping[str, float]]) -> dict[str, Cost]:
    """The cost of each step in the order in which they occur, then of all of them together as ``TOTAL``.

    Args:
        steps: milliseconds by step of each question; those without any are left out.
    """
    taken = [each for each in steps if each]
    names = dict.fromkeys(name for each in taken for name in each)
    values = {name: [each[name] for each in taken if name in each] for name in names}
    if taken:
        values[TOTAL] = [sum(each.values()) for each in taken]
    return {
        name: Cost(statistics.median(every), nearest_rank(every, HIGH), len(every))
        for name, every in values.items()
    }


def nearest_rank(values: Sequence[float], share: float) -> float:
    """The smallest value that at least a share of all do not exceed.

    Args:
        values: at least one, in any order.
        share: above 0, at most 1.
    """
    return sorted(values)[math.ceil(round(share * len(values), 6)) - 1]  # 0.95 is not quite 19/20


def peak_memory() -> int:
    """The most bytes that this process has held in memory; Linux counts in kilobytes, macOS in bytes."""
    import resource  # which Windows has not

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
