"""Asks every question of question sets, and keeps what came back: ``Case -> Answer, hits -> Result``."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from eval.metrics.cost import peak_memory
from eval.runs import Attempt, Result, Run
from eval.scoring import SCORES, IsCopy, copies_in, find_lost, is_right, score_case, to_quotes
from eval.sets import Case, to_row
from rag import Answer, Assistant, Hit, RagError, __version__
from rag.answer import render
from rag.calibration import judged_with
from rag.parts import Part, certainties_of, statements_of
from rag.retrieve import rank_candidates
from rag.store import Index

DEPTH = 50
"""Passages searched, to say where the gold was lost."""

Told = Callable[[int, int], None]
"""Told how many questions are done, and of how many."""


def run_sets(
    assistant: Assistant,
    sets: Sequence[tuple[str, Sequence[Case]]],
    tell: Told = lambda done, total: None,
    shown: int = 10,
) -> Run:
    """Ask every question of some sets.

    Args:
        sets: names and cases. An id that occurs in several sets gets the set's name before it.
        shown: passages that are kept of each search.
    """
    started, begun = datetime.now(UTC), time.perf_counter()
    cases = _with_plain_ids(sets)
    is_copy = copies_in(assistant.index)
    results = []
    for number, case in enumerate(cases, start=1):
        results.append(run_case(assistant, case, is_copy, shown))
        tell(number, len(cases))
    return Run(
        wenfeng=__version__,
        sets=tuple(name for name, _ in sets),
        articles=len(assistant.index.stories),
        generation=assistant.index.name,
        models=judged_with(assistant.encoder, assistant.reader, assistant.settings),
        threshold=assistant.calibration().threshold,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - begun, 3),
        memory=peak_memory(),
        results=tuple(results),
    )


def run_case(assistant: Assistant, case: Case, is_copy: IsCopy, shown: int = 10) -> Result:
    """Ask one question; what goes wrong is kept in the answer's place."""
    try:
        with assistant.use() as index:
            answer, parts = assistant.ask_openly(index, case.question, case.history, case.filters, case.today)
            hits = _hits_of(index, parts)
        if hits is None:
            hits = assistant.search(answer.asked, DEPTH, case.filters)
    except RagError as error:
        return replace(_unanswered(case), text=str(error), error=True)
    attempts = tuple(_attempt_all(case, answer, parts, is_copy))
    read = assistant.settings.search.k
    quotes = to_quotes(case, answer, hits[:shown], is_copy, assistant.article)
    return replace(
        _unanswered(case),
        asked=answer.asked,
        text=answer.text,
        refused=answer.refused,
        attempts=attempts,
        right=is_right(case, answer, is_copy),
        gold=quotes.gold,
        citations=quotes.citations,
        passages=quotes.passages,
        scores=score_case(case, answer, hits, is_copy, assistant.article),
        lost=find_lost(case, answer, hits, is_copy, assistant.article, read),
        steps={name: round(milliseconds, 3) for name, milliseconds in answer.steps.items()},
    )


def _hits_of(index: Index, parts: Sequence[Part]) -> list[Hit] | None:
    """What was searched for the answer, deeper than it was read; None where a question was searched in parts."""
    if len(parts) != 1:
        return None
    ranked = (found.hit for found, copied in rank_candidates(index, parts[0].search) if copied is None)
    return list(itertools.islice(ranked, DEPTH))


def _attempt_all(case: Case, answer: Answer, parts: Sequence[Part], is_copy: IsCopy) -> Iterator[Attempt]:
    """What would be said at every bound of the certainty, surest first."""
    for certainty in certainties_of(parts):
        text, citations = render(statements_of(parts, certainty))
        said = replace(answer, text=text, citations=citations, refused=False)
        yield Attempt(certainty, is_right(case, said, is_copy))


def _unanswered(case: Case) -> Result:
    """What is known of a case before it is asked."""
    return Result(
        id=case.id,
        question=case.question,
        history=tuple((turn.role, turn.content) for turn in case.history),
        answers=case.answers,
        answerable=case.answerable,
        tags=case.tags,
        filters=to_row(case).get("filters", {}),
        asked=case.question,
        text="",
        refused=False,
        attempts=(),
        right=False,
        gold=(),
        citations=(),
        passages=(),
        scores=dict.fromkeys(SCORES),
        lost="",
        steps={},
    )


def _with_plain_ids(sets: Sequence[tuple[str, Sequence[Case]]]) -> list[Case]:
    counts = Counter(case.id for _, cases in sets for case in cases)
    return [
        case if counts[case.id] == 1 else replace(case, id=f"{name}/{case.id}")
        for name, cases in sets
        for case in cases
    ]
