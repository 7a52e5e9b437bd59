"""The values that every step passes on. Nothing here reads a file, loads a model or knows a library.

``Article -> Passage -> Hit -> Answer(citations)``: a passage's text *is* a slice of its article's text, so a
citation cannot drift from its source. Offsets are code points, half open: ``text[start:end]``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Article:
    """One post: its header facts and its clean text.

    Attributes:
        path: relative POSIX path in the folder of articles.
        text: the clean text, one block (paragraph, heading, list item, table row) a line, joined by line feeds.
        title, outlet, author, url: from the header, or None; ``url`` is http(s).
        categories: broad to narrow.
        published: aware, in UTC, or None.
        aliases: paths of exact copies.
        id: the first 16 hex digits of the sha256 of ``path``.
        digest: the sha256 of ``text`` in hex.
    """

    path: str
    text: str = field(repr=False)
    title: str | None = None
    outlet: str | None = None
    author: str | None = None
    url: str | None = None
    categories: tuple[str, ...] = ()
    published: datetime | None = None
    aliases: tuple[str, ...] = ()
    id: str = field(init=False)
    digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", hashlib.sha256(self.path.encode()).hexdigest()[:16])
        object.__setattr__(self, "digest", hashlib.sha256(self.text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of an article, on sentence ends: what is searched."""

    article: Article
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.article.text):
            raise ValueError(
                f"passage [{self.start}:{self.end}] lies outside {self.article.path} ({len(self.article.text)} characters)"
            )

    @property
    def text(self) -> str:
        """The exact characters of the article."""
        return self.article.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with a score that is comparable within one list only; larger is better."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote behind the mark ``[number]`` of an answer.

    Attributes:
        spans: (start, end) in ``article.text`` of the answering words inside the quote; may be empty.
        copies: how many near copies stand behind the quote, itself included.
        sources: from how many outlets they come.
    """

    number: int
    article: Article
    start: int
    end: int
    spans: tuple[tuple[int, int], ...] = ()
    copies: int = 1
    sources: int = 1

    @property
    def quote(self) -> str:
        """The exact characters of the article."""
        return self.article.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure an answer must be to be given, and what was measured with that.

    Attributes:
        threshold: the least ``Answer.certainty`` that is answered, 0 to 1.
        risk: with ``confidence``, at most this share of the answers given to questions like those of the set is wrong.
        confidence: that the bound holds, 0 to 1.
        set: what it was measured on, in words.
        questions, answered, wrong: how many the set held, how many of those were answered, and wrongly so.
    """

    threshold: float
    risk: float
    confidence: float
    set: str
    questions: int
    answered: int
    wrong: int

    @property
    def is_measured(self) -> bool:
        """Whether there is anything that the risk rests on."""
        return self.answered > 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets: sentences with marks, the quotes behind them, and how it came to be.

    Attributes:
        question: as asked.
        asked: as searched (completed from the conversation, corrected).
        text: plain sentences, each ending in its marks: ``…… [1]``. A line that says how many articles there are, or
            which one an extract is of, has none.
        citations: one per mark, in the order of their numbers; empty when refused, and where the answer is that there
            is no such article.
        refused: the folder does not hold the answer.
        nearest: the nearest passages; only when refused.
        notes: sentences for the reader: completions, corrections, fallbacks.
        mode: who wrote the text.
        steps: milliseconds by step.
        generation: name of the index generation that answered.
        searched: how many articles were searched: those that pass the filters and may be shown.
        certainty: how sure it is that the folder answers, 0 to 1, refused or not; comparable between questions. None
            where it was not judged.
        calibration: what the certainty was compared with.
        typed: where words were corrected, the question with them in quotes, so that it is searched as it was typed;
            else "".
    """

    question: str
    asked: str
    text: str
    citations: tuple[Citation, ...] = ()
    refused: bool = False
    nearest: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()
    mode: Literal["extractive", "model"] = "extractive"
    steps: Mapping[str, float] = field(default_factory=dict)
    generation: str = ""
    searched: int = 0
    certainty: float | None = None
    calibration: Calibration | None = None
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may answer: OR inside a field, AND across fields; an empty field allows everything.

    Attributes:
        since, until: days in Beijing time, inclusive.
        articles: paths as in ``Article.path``.
    """

    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
