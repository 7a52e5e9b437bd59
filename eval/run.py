"""Ask every question of a set and score the answers: ``python -m eval.run SET --articles FOLDER``.

    gold@5      a gold quote lies in one of the first five passages searched
    held        the answer holds an alternative of every group of ``answers``
    cited       every gold quote lies inside a citation
    refused     unanswerable questions that were refused
    over        answerable questions that were refused

Each with its 95 % interval (bootstrap over questions). A case without what a score needs is left out of it.
"""

import argparse
import json
import random
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.sets import Case, Gold, QuestionSetError, read_set
from rag import Answer, Assistant, Hit
from rag.words import fold

ROOT = Path(__file__).resolve().parents[1]
SUMMITS = ROOT / "eval" / "questions" / "summits.jsonl"
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, what came back, and its scores; None where a score does not apply."""

    case: Case
    answer: Answer
    scores: dict[str, bool | None]
    milliseconds: float


def run_cases(assistant: Assistant, cases: Sequence[Case], quotes: bool = True) -> list[Outcome]:
    """Ask every question.

    Args:
        quotes: score gold quotes; switch it off where the folder holds the same facts in other words.
    """
    return [_run_case(assistant, case, quotes) for case in cases]


def _run_case(assistant: Assistant, case: Case, quotes: bool) -> Outcome:
    answer = assistant.ask(case.question, case.history, case.filters)
    hits = assistant.search(answer.asked, 5, case.filters)
    return Outcome(case, answer, score(case, answer, hits, quotes), sum(answer.steps.values()))


def score(case: Case, answer: Answer, hits: Sequence[Hit], quotes: bool = True) -> dict[str, bool | None]:
    """The scores of one answer by name."""
    gold = case.gold if quotes and case.answerable else ()
    return {
        "gold@5": all(_is_found(each, hits) for each in gold) if gold else None,
        "held": holds_answers(case, answer.text) if case.answerable and case.answers else None,
        "cited": all(_is_cited(each, answer) for each in gold) if gold else None,
        "refused": None if case.answerable else answer.refused,
        "over": answer.refused if case.answerable else None,
    }


def holds_answers(case: Case, text: str) -> bool:
    """Whether a text holds an alternative of every group; width, script, blanks and punctuation aside.

    A number is held only as a whole: 18 does not stand in 118 or in 18.5.
    """
    bare = _bare(text)
    return all(any(_holds(bare, _bare(alternative)) for alternative in group) for group in case.answers)


def interval(values: Sequence[float], generator: random.Random) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean (Efron 1979, doi:10.1214/aos/1176344552)."""
    means = sorted(statistics.fmean(generator.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]


def _is_found(gold: Gold, hits: Sequence[Hit]) -> bool:
    return any(
        _overlaps(
            gold, hit.passage.article.path, hit.passage.article.text, hit.passage.start, hit.passage.end
        )
        for hit in hits
    )


def _is_cited(gold: Gold, answer: Answer) -> bool:
    return any(gold.article == each.article.path and gold.quote in each.quote for each in answer.citations)


def _overlaps(gold: Gold, path: str, text: str, start: int, end: int) -> bool:
    at = text.find(gold.quote) if path == gold.article else -1
    return at >= 0 and at < end and at + len(gold.quote) > start


def _bare(text: str) -> str:
    return re.sub(r"(?!(?<=\d)[.](?=\d)|(?<=\d)%)[\W_]+", "", fold(text))


def _holds(bare: str, alternative: str) -> bool:
    before = r"(?<![\d.])" if alternative[:1].isdigit() else ""
    after = r"(?!\.?\d)" if alternative[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(alternative)}{after}", bare) is not None


def print_table(console: Console, outcomes: Sequence[Outcome], title: str) -> None:
    """Print the scores, over all cases and by tag."""
    table = Table(title=title)
    names = ["gold@5", "held", "cited", "refused", "over"]
    for name in ["", "cases", *names]:
        table.add_column(name, justify="left" if not name else "right")
    tags = sorted({tag for outcome in outcomes for tag in outcome.case.tags})
    groups: list[tuple[str, Callable[[Outcome], bool]]] = [("all", lambda outcome: True)]
    groups += [(tag, lambda outcome, tag=tag: tag in outcome.case.tags) for tag in tags]  # type: ignore[misc]
    for name, belongs in groups:
        chosen = [outcome for outcome in outcomes if belongs(outcome)]
        cells = [_cell([outcome.scores[each] for outcome in chosen]) for each in names]
        table.add_row(name, str(len(chosen)), *cells)
    console.print(table)
    times = sorted(outcome.milliseconds for outcome in outcomes)
    sentences = [len(outcome.answer.citations) for outcome in outcomes if outcome.answer.citations]
    console.print(
        f"milliseconds: median {statistics.median(times):.0f}, 95th percentile {times[int(0.95 * len(times))]:.0f};"
        f" sentences an answer: {statistics.fmean(sentences):.2f}"
    )


def _cell(values: Sequence[bool | None]) -> str:
    known = [float(value) for value in values if value is not None]
    if not known:
        return "–"
    low, high = interval(known, random.Random(1))
    return f"{statistics.fmean(known):.3f} [{low:.2f}, {high:.2f}] n={len(known)}"


def main() -> None:
    """Ask, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path, nargs="?", default=SUMMITS)
    parser.add_argument("--articles", type=Path, default=ROOT / "data" / "articles")
    parser.add_argument("--index", type=Path, default=Path(".wenfeng-eval"))
    parser.add_argument("--split", choices=("tune", "report"), default="report")
    parser.add_argument("--without", action="append", default=[], help="leave out cases with this tag")
    parser.add_argument("--no-quotes", action="store_true", help="the folder holds the facts in other words")
    parser.add_argument("--failures", action="store_true", help="print every case that failed (tuning only)")
    arguments = parser.parse_args()
    console = Console()
    try:
        cases = [
            case
            for case in read_set(arguments.set)
            if case.split in ("", arguments.split) and not set(arguments.without) & set(case.tags)
        ]
    except QuestionSetError as error:
        parser.error(str(error))
    if not cases:
        parser.error(f"{arguments.set} holds no such question. Choose the other --split, or fewer --without.")
    if arguments.failures and any(case.split != "tune" for case in cases):
        parser.error("--failures shows questions to tune on, and no others: add --split tune.")
    with Assistant.open(arguments.articles, arguments.index) as assistant:
        outcomes = run_cases(assistant, cases, quotes=not arguments.no_quotes)
    if arguments.failures:
        print_failures(console, outcomes)
    part = f"{arguments.split} half" if any(case.split for case in cases) else "whole"
    print_table(console, outcomes, f"{arguments.set.name}, {part}, {arguments.articles.name}")


def print_failures(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print every case with a score that is not what it should be."""
    for outcome in outcomes:
        wrong = [
            name for name, value in outcome.scores.items() if value is not None and value is (name == "over")
        ]
        if wrong:
            console.print(
                json.dumps(
                    {
                        "id": outcome.case.id,
                        "wrong": wrong,
                        "question": outcome.case.question,
                        "asked": outcome.answer.asked,
                        "answer": outcome.answer.text,
                        "answers": outcome.case.answers,
                    },
                    ensure_ascii=False,
                ),
                markup=False,
                soft_wrap=True,
            )


if __name__ == "__main__":
    main()
