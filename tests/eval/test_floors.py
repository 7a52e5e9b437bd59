"""Quality does not fall: a fixed sample of each set, against floors some hundredths under what was last measured.

The figures themselves, with their intervals, are printed by ``make eval``; so few questions cannot tell 0.90 from 0.93.
"""

import random
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from eval.bench.fusion import rank_gold, sample
from eval.folders import index_articles
from eval.public import PublicSet, read_drcd, read_xquad
from eval.reader.score import best_sentence, f1, gold_examples, read_example, read_sets
from eval.run import SUMMITS, Outcome, run_cases
from eval.sets import Case, read_set
from rag import Assistant, Settings
from rag.retrieve import encode_question
from rag.store import Index

QUESTIONS = 200


def recall(assistant: Assistant, index: Index, public: PublicSet) -> tuple[float, float, float]:
    """Recall@1 of fusion, and recall@5 of fusion and of vectors."""
    questions = sample(public, QUESTIONS)
    vectors = np.concatenate([encode_question(assistant.encoder, each.text) for each in questions])
    ranks = rank_gold(index, questions, vectors)
    fusion = ranks["fusion"]
    return float(np.mean(fusion <= 1)), float(np.mean(fusion <= 5)), float(np.mean(ranks["vectors"] <= 5))


def test_search_in_chinese_and_across_languages(shared: Path, assistant: Assistant) -> None:
    chinese, english = (read_xquad("report", questions, shared / "bench") for questions in ("zh", "en"))
    with index_articles(chinese.articles, assistant.encoder) as index:
        for public, floor in ((chinese, 0.92), (english, 0.74)):
            first, five, vectors_five = recall(assistant, index, public)
            assert first >= floor, (public.name, first)
            assert five >= vectors_five - 0.01, (public.name, five, vectors_five)


def test_search_in_traditional_script(shared: Path, assistant: Assistant) -> None:
    public = read_drcd("report", shared / "bench")
    with index_articles(public.articles, assistant.encoder) as index:
        first, _, _ = recall(assistant, index, public)
    assert first >= 0.95, first


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in read_set(SUMMITS) if case.split == "report"]


def mean(outcomes: Sequence[Outcome], name: str) -> float:
    return statistics.fmean(float(score) for each in outcomes if (score := each.scores[name]) is not None)


@pytest.fixture(scope="module")
def outcomes(assistant: Assistant, cases: list[Case]) -> list[Outcome]:
    return run_cases(assistant, cases)


def test_answers_and_refusals(outcomes: list[Outcome]) -> None:
    for name, floor in {"gold@5": 0.97, "held": 0.80, "cited": 0.82, "refused": 0.80}.items():
        assert mean(outcomes, name) >= floor, (name, mean(outcomes, name))
    assert mean(outcomes, "over") <= 0.09


def test_the_reader_helps(outcomes: list[Outcome], sample_index: Path, cases: list[Case]) -> None:
    with Assistant.open(None, sample_index, Settings(reader={"enabled": False})) as plain:
        without = run_cases(plain, cases)
    right = [mean(each, "held") + mean(each, "refused") - mean(each, "over") for each in (outcomes, without)]
    assert right[0] > right[1], right


@pytest.mark.parametrize(("name", "floor"), [("DRCD", 0.70), ("XQuAD zh", 0.68), ("XQuAD en→zh", 0.55)])
def test_the_reader_finds_the_words(shared: Path, assistant: Assistant, name: str, floor: float) -> None:
    assert assistant.reader is not None
    gold = gold_examples(dict(read_sets("report", shared / "bench"))[name])
    chosen = random.Random(1).sample(gold, QUESTIONS)
    answers = [each.text[slice(*(each.answer or (0, 0)))] for each in chosen]
    found = [read_example(assistant.reader, each)[0] for each in chosen]
    mine = statistics.fmean(map(f1, found, answers))
    baseline = statistics.fmean(map(f1, map(best_sentence, chosen), answers))
    assert mine >= floor, mine
    assert mine > baseline + 0.1, (mine, baseline)
