"""Conversations as question sets: a turn is a case whose history are the turns before it, answered with their gold.

    eval/questions/conversations.jsonl        about the sample articles, in the schema of ``eval.sets``
    eval/questions/news_conversations.json    about articles of the news sample: our questions, and where the answers stand

Both were written by readers who saw nothing but the articles, and are split by the checksum of the conversation's id. No
text of the news is part of the project: it is filled in from a folder given at run time, see ``eval.public``.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from eval.public import BENCH, read_news
from eval.sets import Case, Gold
from rag import Article, Turn
from rag.answer import refusal_text

QUESTIONS = Path(__file__).resolve().parent / "questions"
SUMMITS = QUESTIONS / "conversations.jsonl"
NEWS = QUESTIONS / "news_conversations.json"
OTHERS = 400
"""Articles of the news sample that nobody asks about, among those that are asked about."""
_PUBLISHED = datetime(2023, 8, 1, 2, 0, tzinfo=UTC)
_DIGITS = 16
"""Of an article's sha256, in hex, by which it is known."""


@dataclass(frozen=True, slots=True)
class NewsConversations:
    """Articles and the conversations about some of them, a case a turn."""

    articles: tuple[Article, ...]
    cases: tuple[Case, ...]


def read_news_conversations(bench: Path = BENCH, others: int = OTHERS) -> NewsConversations:
    """The conversations about the news, with the texts filled in.

    Args:
        others: how many articles stand among those that are asked about.

    Raises:
        ValueError: an article that is asked about is not in the news sample.
    """
    rows: list[Any] = json.loads(NEWS.read_text(encoding="utf-8"))
    texts = {hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]: text for text in read_news(bench)}
    asked = {turn["article"] for row in rows for turn in row["turns"] if "article" in turn}
    if missing := asked - set(texts):
        raise ValueError(
            f"The news sample under {bench} lacks articles that are asked about: {sorted(missing)}"
        )
    rest = random.Random(1).sample(sorted(set(texts) - asked), others)
    articles = [
        Article(_path_of(name), texts[name], title=f"新闻 {number}", published=_PUBLISHED)
        for number, name in enumerate(sorted({*asked, *rest}), start=1)
    ]
    cases = [case for row in rows for case in _to_cases(row["id"], row["turns"], texts)]
    return NewsConversations(tuple(articles), tuple(cases))


def split_of(conversation: str) -> str:
    """The split that a conversation's turns belong to, by its id."""
    return "tune" if crc32(conversation.encode()) % 2 == 0 else "report"


def without_history(cases: Sequence[Case]) -> list[Case]:
    """The same questions, asked as if nothing had been said before them."""
    return [replace(case, history=()) for case in cases]


def _to_cases(name: str, turns: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> Iterator[Case]:
    history: tuple[Turn, ...] = ()
    for number, turn in enumerate(turns, start=1):
        case = Case(
            f"{name}-{number}",
            turn["question"],
            history,
            answerable=turn.get("answerable", True),
            tags=(turn["kind"],),
            split=split_of(name),
        )
        if case.answerable:
            text = texts[turn["article"]]
            case = replace(
                case,
                answers=tuple(tuple(_fill_in(text, each) for each in group) for group in turn["answers"]),
                gold=(Gold(_path_of(turn["article"]), _fill_in(text, turn["quote"])),),
            )
        yield case
        said = f"{case.gold[0].quote} [1]" if case.gold else refusal_text(case.question)
        history = (*history, Turn("user", case.question), Turn("assistant", said))


def _fill_in(text: str, told: str | Sequence[int]) -> str:
    """Words of ours, or those between two offsets."""
    return told if isinstance(told, str) else text[told[0] : told[1]]


def _path_of(digest: str) -> str:
    return f"新闻/{digest}.md"
