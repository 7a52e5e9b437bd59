"""Words of passages -> how much of a question's words each passage holds (BM25). Knows no text and no vector."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import bm25s
import numpy as np
import numpy.typing as npt

FloatVector = npt.NDArray[np.float32]

NO_WORD = "\x00"
"""A word that no question has."""


class LexicalIndex:
    """BM25 over the words of passages, built once and stored.

    Robertson and Zaragoza 2009, doi:10.1561/1500000019, in Lucene's form; ``k1`` 1.2, ``b`` 0.75.
    """

    def __init__(self, ranker: bm25s.BM25) -> None:
        self._ranker = ranker
        frequencies = np.diff(ranker.scores["indptr"])
        self._count = int(ranker.scores["num_docs"])
        self._idf = _idf(frequencies, self._count)
        self._unknown_idf = float(_idf(np.zeros(1), self._count)[0])

    def __len__(self) -> int:
        """How many passages there are."""
        return self._count

    @classmethod
    def build(cls, words: Sequence[Sequence[str]]) -> Self:
        """Index passages by their words, one sequence a passage.

        Raises:
            ValueError: there is no passage.
        """
        if not words:
            raise ValueError("there is no passage to index")
        ranker = bm25s.BM25(k1=1.2, b=0.75)
        rows = [list(row) for row in words]
        if not any(rows):
            rows[0] = [NO_WORD]  # bm25s cannot index a collection without words
        ranker.index(rows, show_progress=False)
        return cls(ranker)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what ``save`` wrote, memory-mapped."""
        return cls(bm25s.BM25.load(folder, mmap=True, load_vocab=True))

    def save(self, folder: Path) -> None:
        """Write the index into ``folder``, which is made."""
        self._ranker.save(folder, show_progress=False)

    def coverage(self, words: Sequence[str]) -> FloatVector:
        """Score every passage by the share of the question's words that it holds.

        Args:
            words: of the question; a word that is repeated counts again.

        Returns:
            float32 (passages,) in [0, 1): the passage's BM25 score over the highest that any passage could
            reach with all of the words, those the index does not know included. So a question in a language that the
            passages are not written in scores near 0 everywhere.
        """
        known = [self._ranker.vocab_dict[word] for word in words if word in self._ranker.vocab_dict]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        highest = self._idf[known].sum() + self._unknown_idf * (len(words) - len(known))
        scores = self._ranker.get_scores_from_ids(np.asarray(known))
        return np.asarray(scores / highest, dtype=np.float32)


def _idf(frequencies: npt.NDArray[np.generic], count: int) -> npt.NDArray[np.float64]:
    held = frequencies.astype(np.float64)
    return np.asarray(np.log1p((count - held + 0.5) / (held + 0.5)))
