"""An article -> the sentences that carry it, in order: an extract, with no word that the article does not have.

A sentence carries the more, the nearer its vector lies to the middle of the article's (centrality as in Radev et al.
2004, doi:10.1016/j.ipm.2003.10.006), the more of the headline it says, and the nearer it stands to the beginning,
where news tells the most. A sentence that says what a chosen one says already is passed over.
"""

import numpy as np
import numpy.typing as npt

from rag.answer import Statement, say_quote, whole_sentence
from rag.markup import PICTURE
from rag.question import is_meaningful, tag_words
from rag.records import Article
from rag.store import Index
from rag.words import fold

FEWEST, MOST = 3, 5
"""Sentences of an extract; an article of fewer is quoted whole."""
SHARE = 0.35
"""Of the article's sentences, between those."""
SHORTEST = 10
"""Characters; a shorter sentence carries nothing."""
HEADLINE, LEAD = 1.5, 1.5
"""How much the headline and the beginning count beside centrality, in its standard deviations."""
FALL = 3.0
"""Sentences after which a place counts a third of the first's."""
SAME = 0.8
"""The share of a sentence's pairs of characters that a chosen one holds, at which it tells nothing new."""


def extract(index: Index, row: int) -> list[Statement]:
    """The sentences that carry an article, in the order of its text.

    Args:
        row: of the article.
    """
    article = index.article(row)
    first, last = np.searchsorted(index.sentences[:, 0], [row, row + 1])
    rows = [
        int(each)
        for each in range(first, last)
        if len(_bare(article, *index.sentences[each, 1:3])) >= SHORTEST
    ]
    if not rows:
        rows = list(range(first, last))[:FEWEST]
    vectors = index.sentence_vectors.vectors(np.array(rows))
    scores = _centrality(vectors) + HEADLINE * _headline_share(article, index, rows) + LEAD * _lead(len(rows))
    spans: list[tuple[int, int]] = []
    most = min(MOST, max(FEWEST, round(SHARE * len(rows))))
    for place in np.argsort(-scores, kind="stable"):
        start, end = whole_sentence(article, *(int(each) for each in index.sentences[rows[place], 1:3]))
        apart = all(end <= other_start or start >= other_end for other_start, other_end in spans)
        if apart and not any(_says(article.text[slice(*span)], article.text[start:end]) for span in spans):
            spans.append((start, end))
        if len(spans) == most:
            break
    return [Statement(say_quote(article, start, end), article, start, end) for start, end in sorted(spans)]


def _centrality(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The cosine of each with the mean, in standard deviations."""
    middle = vectors.mean(axis=0)
    cosines = (vectors @ middle).astype(np.float64)
    spread = float(cosines.std()) or 1.0
    centred: npt.NDArray[np.float64] = (cosines - cosines.mean()) / spread
    return centred


def _headline_share(article: Article, index: Index, rows: list[int]) -> npt.NDArray[np.float64]:
    """The share of the headline's words that each sentence holds."""
    words = {word for word, _ in tag_words(fold(article.title or "")) if is_meaningful(word)}
    if not words:
        return np.zeros(len(rows))
    texts = [fold(article.text[slice(*index.sentences[row, 1:3])]) for row in rows]
    return np.array([sum(word in text for word in words) / len(words) for text in texts])


def _lead(count: int) -> npt.NDArray[np.float64]:
    return np.asarray(np.exp(-np.arange(count) / FALL), dtype=np.float64)


def _bare(article: Article, start: int, end: int) -> str:
    return article.text[start:end].replace(PICTURE, "").strip()


def _says(one: str, other: str) -> bool:
    """Whether one sentence holds nearly all the pairs of characters of another."""
    pairs = {other[at : at + 2] for at in range(len(other) - 1)}
    return bool(pairs) and sum(pair in one for pair in pairs) / len(pairs) >= SAME
