"""What the page keeps of a conversation, and the JSON that it is kept as. Pure.

Articles stand apart from the exchanges that quote them: an exchange names each by its key, so an article that many
answers cite is kept once.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from rag.records import Answer, Article, Calibration, Citation, Filters, Hit, Passage, Turn


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what it got.

    Attributes:
        id: unique among all conversations.
        answer: None where there is none: with ``error`` it failed, without it was stopped.
        error: one sentence for the reader.
        asked_at: aware, in UTC.
    """

    id: str
    question: str
    answer: Answer | None
    error: str = ""
    filters: Filters = field(default_factory=Filters)
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Vote:
    """A thumb up or down, and what would have been right.

    Attributes:
        right_passage: (path of the article, exact characters of its clean text).
    """

    up: bool
    should_refuse: bool = False
    right_answer: str = ""
    right_passage: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges in the order in which they were asked.

    Attributes:
        changed: when an exchange was last added, replaced or dropped.
        votes: by the id of the exchange.
    """

    id: str
    owner: str
    title: str
    created: datetime
    changed: datetime
    exchanges: tuple[Exchange, ...] = ()
    votes: Mapping[str, Vote] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list of conversations."""

    id: str
    title: str
    changed: datetime
    deleted: bool = False


def to_history(exchanges: Iterable[Exchange]) -> tuple[Turn, ...]:
    """The turns that a following question is asked with; what got no answer is left out."""
    turns: list[Turn] = []
    for exchange in exchanges:
        if exchange.answer is not None:
            turns += [Turn("user", exchange.question), Turn("assistant", exchange.answer.text)]
    return tuple(turns)


def to_json_line(value: object) -> str:
    """JSON that any reader takes for one line and that UTF-8 can write; Chinese stays readable."""
    return re.sub(
        "[\x85\u2028\u2029\ud800-\udfff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    )


def filters_to_json(filters: Filters) -> dict[str, Any]:
    """The filters that are set; days in ISO form."""
    values = ((each.name, getattr(filters, each.name)) for each in fields(filters))
    return {
        name: value.isoformat() if isinstance(value, date) else list(value) for name, value in values if value
    }


def filters_from_json(row: Mapping[str, Any]) -> Filters:
    """The filters that ``filters_to_json`` made a row of."""
    since, until = (date.fromisoformat(row[name]) if name in row else None for name in ("since", "until"))
    lists = {
        name: tuple(row[name]) for name in ("categories", "outlets", "authors", "articles") if name in row
    }
    return Filters(since, until, **lists)


def article_to_json(article: Article) -> str:
    """A whole article, its text included; its own id and digest follow from the rest."""
    row = {each.name: getattr(article, each.name) for each in fields(article) if each.init}
    row["published"] = article.published.isoformat() if article.published else None
    return to_json_line(row)


def article_from_json(text: str) -> Article:
    """The article that ``article_to_json`` wrote."""
    row = _known(Article, json.loads(text))
    published = row["published"]
    return Article(**{**row, "published": datetime.fromisoformat(published) if published else None})


def to_key(text: str) -> str:
    """The name of an article among those kept: the sha256 of its JSON, thus of all its fields."""
    return hashlib.sha256(text.encode()).hexdigest()


def exchange_to_json(exchange: Exchange) -> tuple[str, dict[str, str]]:
    """An exchange, and the JSON of the articles that it names, by key."""
    articles: dict[str, str] = {}

    def keep(article: Article) -> str:
        text = article_to_json(article)
        key = to_key(text)
        articles[key] = text
        return key

    row = {
        "id": exchange.id,
        "question": exchange.question,
        "answer": None if exchange.answer is None else _answer_to_row(exchange.answer, keep),
        "error": exchange.error,
        "filters": filters_to_json(exchange.filters),
        "asked_at": exchange.asked_at.isoformat(),
    }
    return to_json_line(row), articles


def exchange_from_json(text: str, articles: Mapping[str, Article]) -> Exchange:
    """The exchange that ``exchange_to_json`` wrote.

    Args:
        articles: by key; at least those that it names.

    Raises:
        ValueError, TypeError, LookupError: the text is none that it wrote, or an article is missing.
    """
    row = json.loads(text)
    return Exchange(
        id=row["id"],
        question=row["question"],
        answer=None if row["answer"] is None else _answer_from_row(row["answer"], articles),
        error=row["error"],
        filters=filters_from_json(row["filters"]),
        asked_at=datetime.fromisoformat(row["asked_at"]),
    )


def vote_to_json(vote: Vote) -> str:
    """A vote."""
    return to_json_line({each.name: getattr(vote, each.name) for each in fields(vote)})


def vote_from_json(text: str) -> Vote:
    """The vote that ``vote_to_json`` wrote."""
    return Vote(**_known(Vote, json.loads(text)))


def _answer_to_row(answer: Answer, keep: Callable[[Article], str]) -> dict[str, Any]:
    row = {each.name: getattr(answer, each.name) for each in fields(answer)}
    row["steps"] = dict(answer.steps)
    row["calibration"] = answer.calibration and asdict(answer.calibration)
    row["citations"] = [
        {each.name: getattr(citation, each.name) for each in fields(citation)}
        | {"article": keep(citation.article)}
        for citation in answer.citations
    ]
    row["nearest"] = [
        {
            "article": keep(hit.passage.article),
            "start": hit.passage.start,
            "end": hit.passage.end,
            "score": float(hit.score),
        }
        for hit in answer.nearest
    ]
    return row


def _answer_from_row(row: Mapping[str, Any], articles: Mapping[str, Article]) -> Answer:
    citations = tuple(
        Citation(**{**_known(Citation, each), "article": articles[each["article"]]})
        for each in row["citations"]
    )
    nearest = tuple(
        Hit(Passage(articles[each["article"]], each["start"], each["end"]), each["score"])
        for each in row["nearest"]
    )
    measured = row.get("calibration")
    calibration = measured and Calibration(**_known(Calibration, measured))
    return Answer(
        **{
            **_known(Answer, row),
            "citations": citations,
            "nearest": nearest,
            "calibration": calibration,
        }
    )


def _known(kind: type, row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a value has today, lists as tuples; what a later Wenfeng added is left out."""
    names = {each.name for each in fields(kind) if each.init}
    return {name: _to_tuple(value) for name, value in row.items() if name in names}


def _to_tuple(value: object) -> object:
    return tuple(_to_tuple(each) for each in value) if isinstance(value, list) else value
