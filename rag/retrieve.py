"""A question -> the passages that may answer it, each with what was seen in it.

Three lists name candidates: passages near the question, passages around sentences near the question, and
passages that hold its words; a fourth, after earlier turns, the passages of the articles that were cited there. All
candidates are then judged by the same two measures and ranked by ``fusion.fuse``, those of the fourth list with
``CITED_BONUS`` on top. A sentence has a vector of its own beside its passage's: an answer is a sentence, and a passage of
several hides it.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from embeddings.encoder import Encoder, FloatMatrix
from embeddings.index import VectorIndex
from rag.copies import share_held
from rag.filters import allowed_articles
from rag.fusion import fuse
from rag.records import Citation, Filters, Hit
from rag.store import Index
from rag.words import search_words, to_simplified

CANDIDATES = 100
"""How many passages each of the three lists names."""
SAME_PASSAGE = 0.5
"""The share of a passage's runs of characters that another holds, at which it tells nothing new."""
SAME_QUOTE = 0.6
CITED_BONUS = 2.0
"""What an article that was cited before has ahead of others, in standard deviations of the cosine."""
BLOCK = 16_384
"""Vectors that are compared at a time where all of them are."""

Rows = npt.NDArray[np.int64]
Coverage = npt.NDArray[np.float32]
Allowed = npt.NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class FoundSentence:
    """A sentence of a passage found: offsets in the article, its row, and its cosine with the question."""

    start: int
    end: int
    row: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found, with what fusion saw.

    Attributes:
        story: the lowest row of the near copies of its article.
        cosine: of question and passage, the mean of the passage's own and its best sentence's.
        coverage: the share of the question's words that the passage holds; see ``LexicalIndex.coverage``.
        sentences: in the order of the text.
    """

    hit: Hit
    story: int
    cosine: float
    coverage: float
    sentences: tuple[FoundSentence, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows of the passages that each of the three lists names.

    Attributes:
        passages: near the question.
        sentences: around sentences near the question.
        words: that hold its words.
        cited: of articles that were cited in earlier turns.
    """

    passages: Rows
    sentences: Rows
    words: Rows
    cited: Rows

    @property
    def rows(self) -> Rows:
        """Those of all, ascending."""
        return np.unique(np.concatenate([self.passages, self.sentences, self.words, self.cited]))

    def named_by(self, row: int) -> tuple[str, ...]:
        """The lists that name a passage."""
        names = ("passages", "sentences", "words", "cited")
        return tuple(name for name in names if row in getattr(self, name))


@dataclass(frozen=True, slots=True)
class Search:
    """What was seen while passages were searched.

    Attributes:
        vector: float32 (1, dimension): the question, encoded.
        coverage: (passages,), see ``LexicalIndex.coverage``.
        allowed: (articles,), see ``allowed_articles``.
        found: the best, best first.
    """

    vector: FloatMatrix
    coverage: Coverage
    allowed: Allowed
    candidates: Candidates
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """A place among others: ``rank`` 1 is the best ``of`` so many; ``score`` is what they are ordered by."""

    rank: int
    of: int
    score: float


def encode_question(encoder: Encoder, question: str) -> FloatMatrix:
    """Encode a question, float32 (1, dimension).

    One in traditional script is encoded in both scripts and the mean taken, since a model's vectors of the two
    differ and the folder may be in either.
    """
    scripts = list(dict.fromkeys([question, to_simplified(question)]))
    vector = encoder.encode_queries(scripts).mean(axis=0, keepdims=True)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def find_passages(
    index: Index, vector: FloatMatrix, question: str, k: int, filters: Filters | None = None
) -> list[Found]:
    """Find the k passages that fit a question best, best first. See ``search_passages``."""
    return [*search_passages(index, vector, question, k, filters).found]


def search_passages(
    index: Index,
    vector: FloatMatrix,
    question: str,
    k: int,
    filters: Filters | None = None,
    cited: Sequence[int] = (),
) -> Search:
    """Find the k passages that fit a question best.

    Args:
        vector: float32 (1, dimension): the question, encoded.
        cited: rows of the articles that were cited in earlier turns.
        k: at least 1; fewer are found only where fewer passages pass the filters.

    Raises:
        ValueError: ``k`` is below 1.
        FilterError: a filter names what no article has.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    allowed = allowed_articles(index, filters or Filters())
    coverage = index.words.coverage(search_words(question))
    count, before = max(k, CANDIDATES), 0
    while True:
        candidates = _name_candidates(index, vector, coverage, count, allowed, cited)
        rows = candidates.rows
        ranked = rank_passages(index, vector, coverage, rows, candidates.cited)
        originals = (found for found, copied in _find_copies(ranked) if copied is None)
        chosen = tuple(itertools.islice(originals, k))
        if len(chosen) == k or len(rows) in (before, len(index.passages)):
            return Search(vector, coverage, allowed, candidates, chosen)
        count, before = 4 * count, len(rows)  # copies took the places of others


def rank_candidates(index: Index, search: Search) -> Iterator[tuple[Found, Found | None]]:
    """Every candidate of a search, best first; with one that says what a better one says already, the better one."""
    candidates = search.candidates
    return _find_copies(
        rank_passages(index, search.vector, search.coverage, candidates.rows, candidates.cited)
    )


def rank_in_words(index: Index, search: Search, row: int) -> Rank:
    """The place of a passage by the question's words, among those that pass the filters."""
    scores = search.coverage if search.allowed is None else search.coverage[_counted(search, index.passages)]
    score = search.coverage[row]
    return Rank(1 + int((scores > score).sum()), len(scores), float(score))


def rank_in_vectors(index: Index, search: Search, row: int) -> Rank:
    """The place of a passage by the cosine of its own vector, among those that pass the filters."""
    return _rank_by_cosine(index.passage_vectors, search, index.passages, row)


def rank_in_sentences(index: Index, search: Search, row: int) -> Rank:
    """The place of a sentence by the cosine of its vector, among those that pass the filters."""
    return _rank_by_cosine(index.sentence_vectors, search, index.sentences, row)


def rank_passages(
    index: Index, vector: FloatMatrix, coverage: Coverage, rows: Rows, cited: Rows | tuple[()] = ()
) -> Iterator[Found]:
    """Judge passages beside each other; the best comes first.

    Args:
        cited: those among them that have ``CITED_BONUS``.
    """
    if not len(rows):
        return
    sentence_rows, sentence_cosines = _score_sentences(index, vector, rows)
    best = np.array([cosines.max() for cosines in sentence_cosines], dtype=np.float32)
    cosines = (index.passage_vectors.vectors(rows) @ vector[0] + best) / 2
    scores = fuse(cosines, coverage[rows]) + CITED_BONUS * np.isin(rows, cited)
    for n in np.argsort(-scores, kind="stable"):
        yield Found(
            Hit(index.passage(int(rows[n])), float(scores[n])),
            int(index.stories[index.passages[rows[n], 0]]),
            float(cosines[n]),
            float(coverage[rows[n]]),
            tuple(
                FoundSentence(
                    int(index.sentences[row, 1]), int(index.sentences[row, 2]), int(row), float(cosine)
                )
                for row, cosine in zip(sentence_rows[n], sentence_cosines[n], strict=True)
            ),
        )


def _find_copies(found: Iterable[Found]) -> Iterator[tuple[Found, Found | None]]:
    """With each passage the better one, of a near copy of its article, that says already what it says, or None."""
    originals: list[Found] = []
    for each in found:
        passage = each.hit.passage
        copied = next(
            (
                other
                for other in originals
                if other.story == each.story
                and other.hit.passage.article.path != passage.article.path
                and share_held(passage.text, other.hit.passage.text) >= SAME_PASSAGE
            ),
            None,
        )
        if copied is None:
            originals.append(each)
        yield each, copied


def count_copies(index: Index, citation: Citation) -> Citation:
    """Say how many reports stand behind a quote, and from how many outlets.

    Counts the near copies of its article that hold the quote, itself and exact copies included; reports whose
    header names no outlet count as one.
    """
    holding = [
        article
        for article in index.story(citation.article.path)
        if article.path == citation.article.path or share_held(citation.quote, article.text) >= SAME_QUOTE
    ]
    paths = [path for article in holding for path in (article.path, *article.aliases)]
    return replace(citation, copies=len(paths), sources=len(set(index.outlets(paths))))


def group_articles(found: Sequence[Found]) -> list[list[Found]]:
    """The passages found, by article; the article of the best passage first."""
    groups: dict[str, list[Found]] = {}
    for each in found:
        groups.setdefault(each.hit.passage.article.path, []).append(each)
    return list(groups.values())


def _name_candidates(
    index: Index,
    vector: FloatMatrix,
    coverage: Coverage,
    count: int,
    allowed: Allowed,
    cited: Sequence[int],
) -> Candidates:
    near = _nearest(index.passage_vectors, vector, count, index.passages[:, 0], allowed)
    near_sentences = _nearest(index.sentence_vectors, vector, count, index.sentences[:, 0], allowed)
    # Passages overlap, so the one that begins last before a sentence holds it, and perhaps the one before that.
    around = np.searchsorted(index.passages[:, 3], near_sentences, side="right") - 1
    earlier = np.maximum(around - 1, 0)
    earlier = earlier[index.passages[earlier, 4] > near_sentences]
    worded = coverage if allowed is None else np.where(allowed[index.passages[:, 0]], coverage, 0)
    return Candidates(
        near,
        np.concatenate([around, earlier]),
        _highest(worded, count),
        _passages_of(index, [row for row in cited if allowed is None or allowed[row]]),
    )


def _passages_of(index: Index, articles: Sequence[int]) -> Rows:
    """The rows of the passages of some articles."""
    bounds = np.searchsorted(index.passages[:, 0], [[row, row + 1] for row in articles] or [[0, 0]])
    return np.concatenate([np.arange(first, last) for first, last in bounds])


def _highest(scores: npt.NDArray[np.float32], count: int) -> Rows:
    """The rows of the highest scores above zero; of equal ones the lower rows."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > count:
        least = np.partition(scores[rows], -count)[-count]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:count]


def _nearest(
    vectors: VectorIndex,
    query: FloatMatrix,
    count: int,
    articles: Rows,
    allowed: Allowed,
) -> Rows:
    rows = None if allowed is None else np.flatnonzero(allowed[articles])
    if rows is not None and not len(rows):
        return rows
    found, _ = vectors.search(query, count, allowed=rows)
    return np.asarray(found[0])


def _rank_by_cosine(vectors: VectorIndex, search: Search, places: Rows, row: int) -> Rank:
    """The place of a row; ``places`` are ``Index.passages`` or ``Index.sentences``."""
    counted = np.arange(len(vectors)) if search.allowed is None else np.flatnonzero(_counted(search, places))
    score = float(vectors.vectors(np.array([row]))[0] @ search.vector[0])
    better = 0
    for start in range(0, len(counted), BLOCK):
        rows = counted[start : start + BLOCK]
        # Sums of other lengths differ in their last digit, so a row is not compared with itself.
        better += int(((vectors.vectors(rows) @ search.vector[0] > score) & (rows != row)).sum())
    return Rank(1 + better, len(counted), score)


def _counted(search: Search, places: Rows) -> npt.NDArray[np.bool_]:
    """Which passages or sentences pass the filters of a search that has some."""
    assert search.allowed is not None
    return np.asarray(search.allowed[places[:, 0]])


def _score_sentences(
    index: Index, vector: FloatMatrix, rows: Rows
) -> tuple[list[Rows], list[npt.NDArray[np.float32]]]:
    """For each passage, the rows of its sentences and their cosines with the question."""
    ranges = [np.arange(first, last) for first, last in index.passages[rows, 3:5]]
    cosines = index.sentence_vectors.vectors(np.concatenate(ranges)) @ vector[0]
    return ranges, np.split(cosines, np.cumsum([len(each) for each in ranges])[:-1])
