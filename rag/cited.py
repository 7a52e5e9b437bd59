"""Answers given before -> the articles that they quote, which the next question is likely about."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from rag.records import Turn
from rag.store import Index
from rag.words import search_words

ANSWERS = 2
"""How many of the last answers are looked at."""
LEAST = 8
"""Characters of a line that tell where it is from."""
NEAREST = 5
"""Passages that are compared with a line."""
_MARK = re.compile(r"\s*\[\d+\]")


def find_cited(index: Index, history: Sequence[Turn]) -> tuple[int, ...]:
    """Rows of the articles that the last answers quote word for word; the last answer's first."""
    answers = [turn.content for turn in history if turn.role == "assistant"][: -ANSWERS - 1 : -1]
    rows = (row for answer in answers for line in answer.splitlines() for row in _find_line(index, line))
    return tuple(dict.fromkeys(rows))


def _find_line(index: Index, line: str) -> Iterator[int]:
    """The articles that hold a line of an answer, by its words."""
    quoted = "".join(_MARK.sub("", line).split())
    if len(quoted) < LEAST:
        return
    coverage = index.words.coverage(search_words(quoted))
    for row in np.argsort(-coverage, kind="stable")[:NEAREST]:
        if coverage[row] > 0 and quoted in "".join(index.passage(int(row)).article.text.split()):
            yield int(index.passages[row, 0])
