"""A question -> the passages that may answer it, each with what was seen in it.

Three lists name candidates: passages near the question, passages around sentences near the question, and
passages that hold its words. All candidates are then judged by the same two measures and ranked by
``fusion.fuse``. A sentence has a vector of its own beside its passage's: an answer is a sentence, and a passage of
several hides it.
"""

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

Rows = npt.NDArray[np.int64]


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
    """Find the k passages that fit a question best.

    Args:
        vector: float32 (1, dimension): the question, encoded.
        k: at least 1; fewer come back only where fewer passages pass the filters.

    Returns:
        Best first.

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
        rows = _candidates(index, vector, coverage, count, allowed)
        chosen = _without_copies(_rank(index, vector, coverage, rows), k)
        if len(chosen) == k or len(rows) in (before, len(index.passages)):
            return chosen
        count, before = 4 * count, len(rows)  # copies took the places of others


def _rank(
    index: Index, vector: FloatMatrix, coverage: npt.NDArray[np.float32], rows: Rows
) -> Iterator[Found]:
    """Judge passages; the best comes first."""
    if not len(rows):
        return
    sentence_rows, sentence_cosines = _score_sentences(index, vector, rows)
    best = np.array([cosines.max() for cosines in sentence_cosines], dtype=np.float32)
    cosines = (index.passage_vectors.vectors(rows) @ vector[0] + best) / 2
    scores = fuse(cosines, coverage[rows])
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


def _without_copies(found: Iterable[Found], k: int) -> list[Found]:
    """The first k that do not say what a better one of a near copy of their article says already."""
    chosen: list[Found] = []
    for each in found:
        passage = each.hit.passage
        if not any(
            other.story == each.story
            and other.hit.passage.article.path != passage.article.path
            and share_held(passage.text, other.hit.passage.text) >= SAME_PASSAGE
            for other in chosen
        ):
            chosen.append(each)
        if len(chosen) == k:
            break
    return chosen


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


def _candidates(
    index: Index,
    vector: FloatMatrix,
    coverage: npt.NDArray[np.float32],
    count: int,
    allowed: npt.NDArray[np.bool_] | None,
) -> Rows:
    """Rows of the passages that any of the three lists names, ascending."""
    near = _nearest(index.passage_vectors, vector, count, index.passages[:, 0], allowed)
    near_sentences = _nearest(index.sentence_vectors, vector, count, index.sentences[:, 0], allowed)
    # Passages overlap, so the one that begins last before a sentence holds it, and perhaps the one before that.
    around = np.searchsorted(index.passages[:, 3], near_sentences, side="right") - 1
    earlier = np.maximum(around - 1, 0)
    earlier = earlier[index.passages[earlier, 4] > near_sentences]
    worded = coverage if allowed is None else np.where(allowed[index.passages[:, 0]], coverage, 0)
    return np.unique(np.concatenate([near, around, earlier, _highest(worded, count)]))


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
    allowed: npt.NDArray[np.bool_] | None,
) -> Rows:
    rows = None if allowed is None else np.flatnonzero(allowed[articles])
    if rows is not None and not len(rows):
        return rows
    found, _ = vectors.search(query, count, allowed=rows)
    return np.asarray(found[0])


def _score_sentences(
    index: Index, vector: FloatMatrix, rows: Rows
) -> tuple[list[Rows], list[npt.NDArray[np.float32]]]:
    """For each passage, the rows of its sentences and their cosines with the question."""
    ranges = [np.arange(first, last) for first, last in index.passages[rows, 3:5]]
    cosines = index.sentence_vectors.vectors(np.concatenate(ranges)) @ vector[0]
    return ranges, np.split(cosines, np.cumsum([len(each) for each in ranges])[:-1])
