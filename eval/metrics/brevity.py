"""brevity: how little the answer says beyond what was asked for.

    min(1, characters needed / characters said)

Blanks do not count. Our own measure, the precision of a summary's length: 0.25 is an answer four times as long as it
would have to be. It says nothing of whether the answer is right.
"""

from collections.abc import Iterable


def brevity(text: str, needed: Iterable[str]) -> float:
    """Score an answer.

    Args:
        text: without its marks; more than blanks.
        needed: what would have been enough.
    """
    return min(1.0, sum(map(_count, needed)) / _count(text))


def _count(text: str) -> int:
    return len("".join(text.split()))
