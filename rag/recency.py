"""Sentences that answer a question about how things are now (最新, 最近, 目前) -> the same, the newest report first."""

import re
from dataclasses import replace
from datetime import date

from rag.answer import Weighed
from rag.dates import beijing_day
from rag.evidence import FEATURES

_LATEST = re.compile(
    r"最新|(?<![离距離])最近(?!的?(?:地方|车站|路))|目前|眼下|如今|当前|现任|现在|\b(?:latest|newest|currently|current)\b"
)
ABOUT_EQUAL = 1.5
"""How far under the best a sentence may score to answer about as well, by its words alone."""
ABOUT_EQUAL_READ = {"score": 3.5, "evidence": 2.0, "answer": 4.0}
"""The same where the reader saw it, with how far under the best's may be what it saw."""
AHEAD = 0.01


def asks_latest(folded: str) -> bool:
    """Whether a question asks how things are now."""
    return _LATEST.search(folded) is not None


def prefer_newest(weighed: Weighed) -> Weighed:
    """Put the newest article's best sentence first, if it answers about as well as the best one."""
    if not weighed.judged or not asks_latest(weighed.question.folded):
        return weighed
    scores = weighed.scores.copy()
    best = int(scores.argmax())
    near = [row for row in range(len(scores)) if _answers_as_well(weighed, row, best)]
    newest = max(near, key=lambda row: (_day(weighed, row), scores[row]))
    scores[newest] = scores[best] + AHEAD
    return replace(weighed, scores=scores)


def _answers_as_well(weighed: Weighed, row: int, best: int) -> bool:
    each, other = weighed.judged[row], weighed.judged[best]
    behind = weighed.scores[best] - weighed.scores[row]
    if each.answer is None or other.answer is None:
        return bool(behind <= ABOUT_EQUAL)
    seen = (other.features - each.features)[[FEATURES.index(name) for name in ("evidence", "answer")]]
    return bool(
        behind <= ABOUT_EQUAL_READ["score"]
        and seen[0] <= ABOUT_EQUAL_READ["evidence"]
        and seen[1] <= ABOUT_EQUAL_READ["answer"]
    )


def _day(weighed: Weighed, row: int) -> date:
    return beijing_day(weighed.judged[row].article.published) or date.min
