"""Words of passages -> how much of a question's words each passage holds (BM25). Knows no text and no vector."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import bm25s
import numpy as np
import numpy.typing as npt

FloatVector = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64] | npt.NDArray[np.int32]

TOKENS, STARTS = "tokens.npy", "starts.npy"

NO_WORD = "\x00"
"""A word that no question has."""


class LexicalIndex:
    """BM25 over the words of passages, built once and stored.

    Robertson and Zaragoza 2009, doi:10.1561/1500000019, in Lucene's form; ``k1`` 1.2, ``b`` 0.75.
    """

    def __init__(self, ranker: bm25s.BM25, tokens: Rows, starts: Rows) -> None:
        """Wrap a ranker, the numbers of the words of all passages, and where each passage begins among them."""
        self._ranker = ranker
        self._tokens = tokens
        self._starts = starts
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
        vocabulary: dict[str, int] = {}
        rows = [[vocabulary.setdefault(word, len(vocabulary)) for word in row] for row in words]
        lengths = [len(row) for row in rows]
        tokens = np.fromiter(itertools.chain.from_iterable(rows), dtype=np.int32, count=sum(lengths))
        if not vocabulary:
            rows[0] = [vocabulary.setdefault(NO_WORD, 0)]  # bm25s cannot index a collection without words
        ranker = bm25s.BM25(k1=1.2, b=0.75)
        ranker.index((rows, vocabulary), show_progress=False)
        return cls(ranker, tokens, np.cumsum([0, *lengths]))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what ``save`` wrote, memory-mapped."""
        ranker = bm25s.BM25.load(folder, mmap=True, load_vocab=True)
        tokens, starts = (
            np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in (TOKENS, STARTS)
        )
        return cls(ranker, tokens, starts)

    def save(self, folder: Path) -> None:
        """Write the index into ``folder``, which is made."""
        self._ranker.save(folder, show_progress=False)
        np.save(folder / TOKENS, self._tokens)
        np.save(folder / STARTS, self._starts)

    def words(self, row: int) -> list[str]:
        """The words of a passage, as they were given."""
        names = self._names
        return [names[token] for token in self._tokens[self._starts[row] : self._starts[row + 1]]]

    @functools.cached_property
    def _names(self) -> dict[int, str]:
        return {number: word for word, number in self._ranker.vocab_dict.items()}

    def __contains__(self, word: str) -> bool:
        """Whether any passage holds a word."""
        return word in self._ranker.vocab_dict

    def rows_of(self, word: str) -> Rows:
        """The rows of the passages that hold a word, each once, in no order."""
        number = self._ranker.vocab_dict.get(word)
        if number is None:
            return np.zeros(0, dtype=np.int64)
        first, last = self._ranker.scores["indptr"][number : number + 2]
        return np.asarray(self._ranker.scores["indices"][first:last])

    def rows_with(self, words: Sequence[str]) -> Iterator[int]:
        """The passages that hold some words, at least one, one right after the other; found one by one."""
        holders = sorted(map(self.rows_of, words), key=len)
        rows = functools.reduce(lambda rows, others: rows[np.isin(rows, others)], holders)
        numbers = [self._ranker.vocab_dict[word] for word in words] if len(rows) else []
        for row in rows:
            tokens = self._tokens[self._starts[row] : self._starts[row + 1]]
            runs = np.lib.stride_tricks.sliding_window_view(tokens, len(numbers))
            if (runs == numbers).all(axis=1).any():
                yield int(row)

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
