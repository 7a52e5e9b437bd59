"""Articles -> stories: the same report in several outlets, with small edits, is one story.

Two articles are near copies when they share half of their runs of five characters, of those in either (so that a
digest is no copy of the items it holds), and one has nearly all the numbers of the other: market reports of two
days that differ in nothing but figures are two stories. Candidates come from MinHash with banding (Broder 1997,
doi:10.1109/SEQUEN.1997.666900), and each is checked exactly.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rag.words import fold

COPIES_VERSION = 1
"""Changes when the same text would have another signature; the index manifest keeps it."""
SIGNATURE = 64
"""Numbers of a signature."""
RUN = 5
"""Characters."""
LEAST_SHARED = 0.5
"""Of the runs of either text. On news copied with one clause in eight changed it is over 0.6, on unlike texts under 0.1."""
LEAST_NUMBERS = 0.9
"""Of the numbers of the text that has fewer."""
CANDIDATE_SHARED = 0.4
"""Texts that share this much are mostly found by banding."""

Signatures = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?|[零〇一二两三四五六七八九十百千万亿]{2,}")


def sign(text: str) -> Signatures:
    """The signature (``SIGNATURE``,) of a text: the least of its runs' hashes under each of as many orders."""
    from datasketch import MinHash  # for indexing only: every question pays for what is imported above

    signature = MinHash(num_perm=SIGNATURE, hashfunc=int, scheme="affine32")
    signature.update_batch(runs(text).tolist())
    values: Signatures = signature.hashvalues
    return values


def find_stories(texts: Sequence[str], signatures: Signatures) -> Rows:
    """Group near copies.

    Args:
        texts: of the articles, in the order of their rows.
        signatures: uint32 (articles, ``SIGNATURE``), see ``sign``.

    Returns:
        int64 (articles,): for each article the lowest row of its story, its own where it stands alone. An article
        belongs to a story by being a near copy of its first article, so that stories do not grow by steps.
    """
    from datasketch import MinHash, MinHashLSH

    banding = MinHashLSH(threshold=CANDIDATE_SHARED, num_perm=SIGNATURE, weights=(0.2, 0.8))
    stories = np.arange(len(texts), dtype=np.int64)
    for row, values in enumerate(signatures):
        signature = MinHash(num_perm=SIGNATURE, hashvalues=values, scheme="affine32")
        for first in sorted(banding.query(signature)):
            if are_copies(texts[first], texts[row]):
                stories[row] = first
                break
        else:
            banding.insert(row, signature, check_duplication=False)
    return stories


def are_copies(left: str, right: str) -> bool:
    """Whether one text is a near copy of the other."""
    return shared(runs(left), runs(right)) >= LEAST_SHARED and _share_numbers(left, right)


def share_held(part: str, whole: str) -> float:
    """The share of a text's runs that another holds."""
    mine = runs(part)
    return len(np.intersect1d(mine, runs(whole), assume_unique=True)) / len(mine) if len(mine) else 0.0


def shared(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> float:
    """The share of the runs of either that are in both (Jaccard)."""
    both = len(np.intersect1d(left, right, assume_unique=True))
    either = len(left) + len(right) - both
    return both / either if either else 0.0


def runs(text: str) -> npt.NDArray[np.uint32]:
    """The distinct runs of ``RUN`` letters and digits of a text, hashed; the whole of a shorter one."""
    bare = re.sub(r"[\W_]+", "", fold(text))
    codes = np.frombuffer(bare.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    size = max(1, min(RUN, len(codes)))
    hashes = np.zeros(max(0, len(codes) - size + 1), dtype=np.uint64)
    for offset in range(size):
        hashes = hashes * np.uint64(1_000_003) + codes[offset : offset + len(hashes)]
    return np.unique((hashes ^ (hashes >> np.uint64(29))).astype(np.uint32))


def _share_numbers(left: str, right: str) -> bool:
    mine, theirs = (Counter(_NUMBER.findall(fold(text))) for text in (left, right))
    fewer = min(mine.total(), theirs.total())
    return not fewer or (mine & theirs).total() / fewer >= LEAST_NUMBERS
