"""What programs send over HTTP and what they get, as shapes that are checked and published. Pure."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from rag import Filters
from rag.assistant import LONGEST_QUESTION

_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_TEXT = rf"^[^{_CONTROLS}]*$"
_WRITTEN = rf"^[^{_CONTROLS}]*[^\s\ufeff{_CONTROLS}][^{_CONTROLS}]*$"


def _read_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    if value is None:
        return None
    raise ValueError("write a day as YYYY-MM-DD")


def _read_whole(value: object) -> object:
    """JSON has one kind of number: 10.0 is 10."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Question = Annotated[str, StringConstraints(max_length=LONGEST_QUESTION, pattern=_WRITTEN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_TEXT)]
Names = Annotated[list[Name], Field(max_length=100)]
Day = Annotated[date | None, BeforeValidator(_read_day)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FiltersAsked(_Asked):
    """Which articles may answer: OR inside a field, AND across fields; an empty field allows everything."""

    since: Day = Field(default=None, description="first day, in Beijing time")
    until: Day = Field(default=None, description="last day, in Beijing time")
    categories: Names = []
    outlets: Names = []
    authors: Names = []
    articles: Names = Field(default=[], description="paths, as in an article's `path`")

    def to_filters(self) -> Filters:
        """The same as the assistant takes it."""
        return Filters(
            self.since,
            self.until,
            tuple(self.categories),
            tuple(self.outlets),
            tuple(self.authors),
            tuple(self.articles),
        )


class TurnAsked(_Asked):
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=20_000, pattern=_TEXT)]


class QuestionAsked(_Asked):
    """A question, and what was said before it, oldest first."""

    question: Question
    history: Annotated[list[TurnAsked], Field(max_length=100)] = []
    filters: FiltersAsked = FiltersAsked()


class SearchAsked(_Asked):
    """Words to look for."""

    query: Question
    k: Annotated[int, Field(ge=1, le=100), BeforeValidator(_read_whole)] = 10
    filters: FiltersAsked = FiltersAsked()


class ArticleFound(BaseModel):
    """An article without its text; `digest` is the SHA-256 of it."""

    id: str
    path: str
    title: str | None
    outlet: str | None
    author: str | None
    published: datetime | None
    url: str | None
    digest: str


class HitFound(BaseModel):
    """A passage: `text` is characters `start` to `end` of the article's text."""

    score: float
    start: int
    end: int
    text: str
    article: ArticleFound


class CitationFound(BaseModel):
    """What stands behind the mark `[number]`; `spans` are the answering words, as offsets in the article."""

    number: int
    article: ArticleFound
    start: int
    end: int
    quote: str
    spans: list[tuple[int, int]]
    copies: int
    sources: int


class CalibrationFound(BaseModel):
    """How sure an answer must be to be given, and what was measured with that on `set`."""

    threshold: float
    risk: float
    confidence: float
    set: str
    questions: int
    answered: int
    wrong: int


class AnswerFound(BaseModel):
    """Sentences with marks, and the quotes behind them; or a refusal and the nearest passages."""

    question: str
    asked: str
    text: str
    citations: list[CitationFound]
    refused: bool
    nearest: list[HitFound]
    notes: list[str]
    mode: Literal["extractive", "model"]
    steps: dict[str, float]
    generation: str
    searched: int
    certainty: float | None
    calibration: CalibrationFound | None
    typed: str


class Health(BaseModel):
    """`degraded`: an older generation of the index stands in for a damaged one."""

    status: Literal["ok", "degraded"]
    generation: str
    version: str


class Problem(BaseModel):
    """What is wrong and what to do, in a sentence."""

    detail: str
