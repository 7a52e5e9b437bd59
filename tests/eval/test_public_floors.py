"""Quality on the public sets does not fall: a fixed sample of each, against floors some hundredths under what was measured.

The figures themselves, with their intervals, are printed by ``make eval``.
"""

import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.public import PublicSet, read_drcd, read_xquad
from eval.quality import ask_public
from eval.reader.score import best_sentence, f1, gold_examples, read_example, read_sets
from eval.summary import summarize
from rag import Assistant

QUESTIONS = 200
READ = 100
"""Passages that the reader alone is given, a set."""


@pytest.mark.parametrize(
    ("read", "floors"),
    [
        (
            lambda bench: read_xquad("report", "zh", bench),
            {
                "recall@1": 0.90,
                "recall@5": 0.95,
                "held": 0.80,
                "cited": 0.79,
                "refusal_f1": 0.60,
                "over": 0.15,
            },
        ),
        (
            lambda bench: read_xquad("report", "en", bench),
            {"recall@1": 0.76, "recall@5": 0.90, "held": 0.77, "cited": 0.76, "refused": 0.08, "over": 0.08},
        ),
        (
            lambda bench: read_drcd("report", bench),
            {
                "recall@1": 0.93,
                "recall@5": 0.97,
                "held": 0.88,
                "cited": 0.86,
                "refusal_f1": 0.78,
                "over": 0.08,
            },
        ),
    ],
    ids=["XQuAD zh", "XQuAD en→zh", "DRCD"],
)
def test_public_questions(shared: Path, read: Callable[[Path], PublicSet], floors: dict[str, float]) -> None:
    """From posts on disk to cited answers, one article in five left out."""
    figures = summarize(ask_public(read(shared / "bench"), QUESTIONS).results)
    found = {name: figure.value for name, figure in figures.items() if figure}
    assert found["verbatim"] == 1
    for name, floor in floors.items():
        assert found[name] <= floor if name == "over" else found[name] >= floor, (name, found[name])


@pytest.mark.parametrize(("name", "floor"), [("DRCD", 0.70), ("XQuAD zh", 0.68), ("XQuAD en→zh", 0.55)])
def test_the_reader_finds_the_words(shared: Path, assistant: Assistant, name: str, floor: float) -> None:
    assert assistant.reader is not None
    gold = gold_examples(dict(read_sets("report", shared / "bench"))[name])
    chosen = random.Random(1).sample(gold, READ)
    answers = [each.text[slice(*(each.answer or (0, 0)))] for each in chosen]
    found = [read_example(assistant.reader, each)[0] for each in chosen]
    mine = statistics.fmean(map(f1, found, answers))
    baseline = statistics.fmean(map(f1, map(best_sentence, chosen), answers))
    assert mine >= floor, mine
    assert mine > baseline + 0.1, (mine, baseline)
