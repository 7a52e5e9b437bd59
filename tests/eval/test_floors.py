"""Quality does not fall: a fixed sample of each set, against floors some hundredths under what was last measured.

The figures themselves, with their intervals, are printed by ``make eval``; 200 questions cannot tell 0.90 from 0.93.
"""

import statistics
from pathlib import Path

import numpy as np
import pytest

from eval.bench.fusion import rank_gold, sample
from eval.folders import index_articles
from eval.public import read_drcd, read_xquad
from eval.reader.data import make_examples, read_drcd_paragraphs, read_xquad_paragraphs
from eval.reader.score import f1, read_example
from eval.run import SUMMITS, run_cases
from eval.sets import read_set
from rag import Assistant
from rag.retrieve import encode_question

QUESTIONS = 200


def test_search_in_chinese_and_across_languages(shared: Path, assistant: Assistant) -> None:
    chinese, english = (read_xquad("report", questions, shared / "bench") for questions in ("zh", "en"))
    with index_articles(chinese.articles, assistant.encoder) as index:
        for public, floor in ((chinese, 0.92), (english, 0.74)):
            questions = sample(public, QUESTIONS)
            vectors = np.concatenate([encode_question(assistant.encoder, each.text) for each in questions])
            ranks = rank_gold(index, questions, vectors)
            assert np.mean(ranks["fusion"] <= 1) >= floor, public.name
            assert np.mean(ranks["fusion"] <= 5) >= np.mean(ranks["vectors"] <= 5) - 0.01, public.name


def test_search_in_traditional_script(shared: Path, assistant: Assistant) -> None:
    public = read_drcd("report", shared / "bench")
    questions = sample(public, QUESTIONS)
    with index_articles(public.articles, assistant.encoder) as index:
        vectors = np.concatenate([encode_question(assistant.encoder, each.text) for each in questions])
        ranks = rank_gold(index, questions, vectors)
    assert np.mean(ranks["fusion"] <= 1) >= 0.95


def test_answers_and_refusals(assistant: Assistant) -> None:
    outcomes = run_cases(assistant, [case for case in read_set(SUMMITS) if case.split == "report"])
    for name, floor in {"gold@5": 0.97, "held": 0.76, "cited": 0.76, "refused": 0.45}.items():
        known = [each.scores[name] for each in outcomes if each.scores[name] is not None]
        assert statistics.fmean(known) >= floor, name  # type: ignore[arg-type]
    over = [each.scores["over"] for each in outcomes if each.scores["over"] is not None]
    assert statistics.fmean(over) <= 0.13  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "floor"), [("DRCD", 0.60), ("XQuAD zh", 0.65), ("XQuAD en→zh", 0.55)])
def test_the_reader_finds_the_words(shared: Path, assistant: Assistant, name: str, floor: float) -> None:
    assert assistant.reader is not None
    bench = shared / "bench"
    paragraphs = {
        "DRCD": lambda: read_drcd_paragraphs("report", bench),
        "XQuAD zh": lambda: read_xquad_paragraphs("report", "zh", "zh", bench),
        "XQuAD en→zh": lambda: read_xquad_paragraphs("report", "en", "zh", bench),
    }[name]()
    gold = [each for each in make_examples(paragraphs, seed=5) if each.answer][:QUESTIONS]
    scores = [
        f1(read_example(assistant.reader, each)[0], each.text[slice(*each.answer or (0, 0))]) for each in gold
    ]
    assert statistics.fmean(scores) >= floor
