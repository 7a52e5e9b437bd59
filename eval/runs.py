"""What came of one run over question sets: plain values, kept as JSON, from which every report is made.

{"wenfeng": version, "sets": [...], …, "results": [{"id": …, "scores": {…}, …}]}
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.outputs import write_text
from eval.sets import QuestionSetError


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of an article: gold, cited or found.

    Attributes:
        article: its path.
        title: of the article, or "".
        start, end: offsets in its clean text; both -1 where a gold quote does not stand in it.
        text: the exact characters.
        found: of a citation or a passage: the numbers of the gold quotes that it overlaps, from 0.
        score: of a passage found.
    """

    article: str
    title: str
    start: int
    end: int
    text: str
    found: tuple[int, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What would be said if an answer needed no more than this certainty.

    Attributes:
        certainty: of the least sure part that is said.
        right: as ``Result.right`` of an answer that is given.
    """

    certainty: float
    right: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One case and what came back.

    Attributes:
        id, question, history, answers, answerable, tags, filters: of the case; history as (role, content), filters as in
            the set.
        asked: as searched.
        text: the answer, marks included; the sentence of an error where there was one.
        refused: nothing was answered.
        attempts: what would be said at every bound of the certainty, surest first: one where the question is one, more
            where its parts are not equally sure; none where there is nothing to say.
        right: whether it did right: answered so that it holds the answers, or the gold where there are none; or refused
            where nothing answers.
        gold, citations, passages: quotes; passages best first, as searched.
        scores: by metric; None where the case has not what the metric needs.
        lost: where the gold was lost, one of ``eval.scoring.STAGES``, or "".
        steps: milliseconds by step.
        error: the question ended in an error; every score is None.
    """

    id: str
    question: str
    history: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, ...], ...]
    answerable: bool
    tags: tuple[str, ...]
    filters: Mapping[str, Any]
    asked: str
    text: str
    refused: bool
    attempts: tuple[Attempt, ...]
    right: bool
    gold: tuple[Quote, ...]
    citations: tuple[Quote, ...]
    passages: tuple[Quote, ...]
    scores: Mapping[str, float | None]
    lost: str
    steps: Mapping[str, float]
    error: bool = False

    @property
    def certainty(self) -> float | None:
        """Of the answer, or of what would have been answered; None where there is nothing to say."""
        return self.attempts[0].certainty if self.attempts else None

    @property
    def milliseconds(self) -> float:
        """Of all steps."""
        return sum(self.steps.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A run over sets.

    Attributes:
        wenfeng: the version.
        sets: names of the files.
        articles: how many were indexed.
        generation: the index generation's name.
        models: what the index and the certainty depend on, by name.
        threshold: the certainty under which questions were refused.
        started: ISO 8601, UTC.
        seconds: it took.
        memory: the most that the process held, bytes.
    """

    wenfeng: str
    sets: tuple[str, ...]
    articles: int
    generation: str
    models: Mapping[str, Any]
    threshold: float
    started: str
    seconds: float
    memory: int
    results: tuple[Result, ...]

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by the question's id."""
        return {result.id: result.text for result in self.results if result.error}


def write_run(run: Run, path: Path) -> None:
    """Keep a run as JSON.

    Raises:
        DiskError: the file cannot be written.
    """
    write_text(json.dumps(asdict(run), ensure_ascii=False, indent=1), path)


def read_run(path: Path) -> Run:
    """Read what ``write_run`` kept.

    Raises:
        QuestionSetError: the file cannot be read, or is no run.
    """
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return Run(
            **{
                **row,
                "sets": tuple(row["sets"]),
                "results": tuple(_to_result(result) for result in row["results"]),
            }
        )
    except (OSError, ValueError) as error:
        raise QuestionSetError(
            f"{path} is no run of wenfeng eval: {error}. Make one with wenfeng eval run SET --json FILE."
        ) from error
    except (TypeError, KeyError, AttributeError) as error:
        raise QuestionSetError(
            f"{path} is no run of this version of wenfeng eval ({error}). Make it anew with wenfeng eval run SET --json FILE."
        ) from error


def _to_result(row: Mapping[str, Any]) -> Result:
    return Result(
        **{
            **row,
            "history": tuple((role, content) for role, content in row["history"]),
            "answers": tuple(tuple(group) for group in row["answers"]),
            "tags": tuple(row["tags"]),
            "attempts": tuple(Attempt(**attempt) for attempt in row["attempts"]),
            **{
                name: tuple(Quote(**{**quote, "found": tuple(quote["found"])}) for quote in row[name])
                for name in ("gold", "citations", "passages")
            },
        }
    )
