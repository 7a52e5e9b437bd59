"""Questions about the folder itself: one JSON object a line, and whether the answer lists and counts what it should.

    {"id": "f1", "question": "2023年6月有几篇？", "tags": ["count"], "articles": [], "count": 3, "split": "tune"}

    field       means
    articles    paths that must be listed, no other one; none where any list will do. A question after an order
                (从新到旧) wants them in that order
    count       how many there are, or null where no number is asked for
    split       "tune": looked at while rules were made; "report": not

An answer is right if it lists and counts what it should. Asked are the articles of a small invented town.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rag import Answer, Assistant

TOWN = Path(__file__).resolve().parent / "questions" / "town"
FOLDER = TOWN / "folder.jsonl"
TODAY = date(2024, 6, 15)
"""The day on which they are asked."""

_COUNT = re.compile(r"共(\d+)篇|^(\d+) articles?\b")
_NONE = re.compile(r"^(?:没有|No articles?\b)")
_IN_ORDER = re.compile(r"从[新旧]到[新旧]|按时间")


@dataclass(frozen=True, slots=True)
class Listing:
    """A question about the folder; see the module for the fields."""

    id: str
    question: str
    tags: tuple[str, ...]
    articles: tuple[str, ...]
    count: int | None
    split: str


def read_listings(path: Path, part: str) -> list[Listing]:
    """The questions of one part, "tune" or "report"."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    every = [
        Listing(
            row["id"],
            row["question"],
            tuple(row["tags"]),
            tuple(row["articles"]),
            row["count"],
            row["split"],
        )
        for row in rows
    ]
    return [each for each in every if each.split == part]


def is_right(listing: Listing, answer: Answer) -> bool:
    """Whether an answer lists the articles, in the order asked for, and tells how many there are."""
    listed = list(dict.fromkeys(citation.article.path for citation in answer.citations))
    if listing.articles:
        in_order = _IN_ORDER.search(listing.question) is not None
        wanted = list(listing.articles)
        if (listed if in_order else sorted(listed)) != (wanted if in_order else sorted(wanted)):
            return False
    elif not listing.count and (listed or answer.refused):
        return False
    return listing.count is None or count_told(answer) == listing.count


def count_told(answer: Answer) -> int | None:
    """How many articles an answer says there are; None where it does not."""
    found = _COUNT.search(answer.text)
    if found:
        return int(found[1] or found[2])
    return 0 if _NONE.match(answer.text) and not answer.refused else None


def ask_listings(assistant: Assistant, listings: Sequence[Listing]) -> list[bool]:
    """Whether each is answered rightly."""
    right = []
    with assistant.use() as index:
        for each in listings:
            answer, _ = assistant.ask_openly(index, each.question, today=TODAY)
            right.append(is_right(each, answer))
    return right
