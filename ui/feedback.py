"""A vote and its exchange -> a row of a question set, so that a complaint becomes a test. Pure.

The form of a row is that of ``eval/sets.py``, which this package does not import.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from rag.records import Article, Turn
from ui.records import Exchange, Vote, filters_to_json, to_json_line
from ui.source import PICTURE
from ui.strings import CATALOGUE


def to_case(exchange: Exchange, history: Sequence[Turn], vote: Vote) -> dict[str, Any]:
    """A row of a question set.

    A thumb up says: this answer, or this refusal, is right. A thumb down says that it should have been a refusal, or
    which passage or answer was right; alone it says that the articles do answer, for else the reader could have said so.

    Args:
        history: the turns before it, oldest first.

    Raises:
        ValueError: the exchange has no answer, so there is nothing to vote on.
    """
    answer = exchange.answer
    if answer is None:
        raise ValueError(f"exchange {exchange.id!r} has no answer to vote on")
    row: dict[str, Any] = {"id": f"feedback-{exchange.id}", "question": exchange.question}
    if history:
        row["history"] = [{"role": turn.role, "content": turn.content} for turn in history]
    row["answerable"] = not (answer.refused if vote.up else vote.should_refuse)
    if row["answerable"]:
        quotes = [(each.article.path, each.quote) for each in answer.citations] if vote.up else []
        if not vote.up and vote.right_passage is not None:
            quotes = [vote.right_passage]
        if quotes:
            row["gold"] = [{"article": path, "quote": quote} for path, quote in dict.fromkeys(quotes)]
        if not vote.up and vote.right_answer.strip():
            row["answers"] = [[vote.right_answer.strip()]]
    row["tags"] = ["feedback", "up" if vote.up else "down"]
    filters = filters_to_json(exchange.filters)
    if filters:
        row["filters"] = filters
    return row


def to_jsonl(rated: Iterable[tuple[Exchange, Sequence[Turn], Vote]]) -> str:
    """The question set of all votes, a row a line; an exchange that lost its answer is left out."""
    return "".join(
        f"{to_json_line(to_case(exchange, history, vote))}\n"
        for exchange, history, vote in rated
        if exchange.answer is not None
    )


def find_passage(quote: str, articles: Iterable[Article]) -> tuple[str, str] | None:
    """Where a pasted quote stands, whatever became of its white space and its pictures on the way.

    Returns:
        (path of the article, the exact characters there) of the first place, or None where no article has it.
    """
    for shown in CATALOGUE["picture"]:
        quote = quote.replace(shown, PICTURE)
    wanted = "".join(quote.split())
    if not wanted:
        return None
    for article in articles:
        at = "".join(article.text.split()).find(wanted)
        if at >= 0:
            places = [place for place, character in enumerate(article.text) if not character.isspace()]
            return article.path, article.text[places[at] : places[at + len(wanted) - 1] + 1]
    return None
