"""Fit the rules of ``rag.refusal``: ``python -m eval.fit`` writes ``rag/rules.json`` and prints how well they do.

    rank       the sentence with the gold answer against its neighbours
    certainty  answerable questions against unanswerable ones: the same question with its article taken away, the
               question with a name, number or word swapped for one of another question, and the near misses of
               our own set

Data: DRCD train part, XQuAD tune part (Chinese and English questions) and the tuning halves of
our own sets in ``eval/questions``, which count more, being in the form that people ask. Nothing of the parts
that are reported is read.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from embeddings.encoder import Encoder
from embeddings.sentence import open_encoder
from eval.folders import index_articles
from eval.public import BENCH, PublicQuestion, PublicSet, read_drcd, read_xquad
from eval.sets import Case, read_set
from rag.evidence import Judged, judge_sentences
from rag.intake import read_folder
from rag.question import Question, read_question
from rag.records import Filters
from rag.refusal import (
    CERTAINTY_FEATURES,
    RANK_FEATURES,
    Rule,
    certainty_numbers,
    misses,
    rank_numbers,
)
from rag.retrieve import Found, encode_question, find_passages
from rag.settings import Settings
from rag.store import Index

ROOT = Path(__file__).resolve().parents[1]
OWN_SETS = ("summits.jsonl", "practice.jsonl")
DRCD_QUESTIONS = 900
OWN_WEIGHT = 6.0
"""What a question of our own counts beside a public one."""
FALSE_REFUSALS = 0.10
"""The share of answerable questions of our own that the threshold may refuse."""
CERTAINLY_NOT = -1000.0
ENOUGH_OWN = 50
"""With fewer questions of our own of a kind, the threshold is set on all of that kind."""
SEED = 7

Matrix = npt.NDArray[np.float64]
FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A question as the rules see it; ``gold`` marks the sentences that answer, none where nothing does."""

    own: bool
    question: Question
    found: Found
    judged: Sequence[Judged]
    gold: npt.NDArray[np.bool_]
    answerable: bool


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--output", type=Path, default=ROOT / "rag" / "rules.json")
    arguments = parser.parse_args()
    encoder = open_encoder()
    examples = [*_own_examples(encoder)]
    for public, count in (
        (read_drcd("train", arguments.bench), DRCD_QUESTIONS),
        (read_xquad("tune", "zh", arguments.bench), None),
        (read_xquad("tune", "en", arguments.bench), None),
    ):
        examples += _public_examples(public, encoder, count)
    rules = {
        name: _fit([example for example in examples if example.question.foreign == foreign], name)
        for name, foreign in (("chinese", False), ("foreign", True))
    }
    arguments.output.write_text(json.dumps(rules, indent=1) + "\n", encoding="utf-8")


def _fit(examples: Sequence[Example], name: str) -> dict[str, object]:
    rank = _fit_rank(examples)
    numbers = np.stack([_certainty(example, rank) for example in examples])
    labels = np.array([example.answerable for example in examples])
    weights = np.array([OWN_WEIGHT if example.own else 1.0 for example in examples])
    held_out = np.zeros(len(examples))
    folds = StratifiedKFold(3 if name == "foreign" else 10, shuffle=True, random_state=SEED)
    own = np.array([example.own for example in examples])
    for train, test in folds.split(numbers, labels * 2 + own):
        rule = _logistic(numbers[train], labels[train], weights[train], strength=0.3)
        held_out[test] = rule(numbers[test])
    held_out[[_misses(example, rank) for example in examples]] = CERTAINLY_NOT
    judging = labels & own if np.sum(labels & own) >= ENOUGH_OWN else labels
    threshold = float(np.quantile(held_out[judging], FALSE_REFUSALS, method="lower"))
    certainty = _logistic(numbers, labels, weights, strength=0.3)
    _print_fit(name, examples, rank, held_out, labels, own, threshold)
    return {
        "rank": _to_json(rank, RANK_FEATURES),
        "certainty": _to_json(certainty, CERTAINTY_FEATURES),
        "threshold": round(threshold, 4),
    }


def _print_fit(
    name: str,
    examples: Sequence[Example],
    rank: Rule,
    held_out: Matrix,
    labels: npt.NDArray[np.bool_],
    own: npt.NDArray[np.bool_],
    threshold: float,
) -> None:
    """What the rules reach on questions that were held out (rank: on the questions it was fitted on)."""
    for kind, chosen in (("own", own), ("public", ~own)):
        answered = [
            each for each, is_chosen in zip(examples, chosen, strict=True) if is_chosen and each.gold.any()
        ]
        first = [bool(each.gold[np.argmax(rank(rank_numbers(each.judged)))]) for each in answered]
        scores, truth = held_out[chosen], labels[chosen]
        curve = [np.quantile(scores[truth], rate, method="lower") for rate in (0.03, 0.05, 0.08, 0.1, 0.15)]
        print(
            "  refused at 3, 5, 8, 10, 15 % over:", *(f"{np.mean(scores[~truth] < at):.3f}" for at in curve)
        )
        print(
            f"{name:8} {kind:7} best sentence right {np.mean(first):.3f} of {len(first)};"
            f" certainty AUC {roc_auc_score(truth, scores):.3f},"
            f" refused {np.mean(scores[~truth] < threshold):.3f} of {np.sum(~truth)} unanswerable"
            f" and {np.mean(scores[truth] < threshold):.3f} of {np.sum(truth)} answerable"
        )


def _fit_rank(examples: Sequence[Example]) -> Rule:
    chosen = [example for example in examples if example.gold.any()]
    numbers = np.concatenate([rank_numbers(example.judged) for example in chosen])
    labels = np.concatenate([example.gold for example in chosen])
    weights = np.concatenate(
        [np.full(len(each.gold), (OWN_WEIGHT / 3 if each.own else 1) / len(each.gold)) for each in chosen]
    )
    return _logistic(numbers.astype(np.float64), labels, weights * 5, strength=1.0)


def _certainty(example: Example, rank: Rule) -> Matrix:
    scores = rank(rank_numbers(example.judged))
    return certainty_numbers(example.judged, scores, example.found.coverage, example.found.cosine)


def _misses(example: Example, rank: Rule) -> bool:
    return misses(example.question, example.judged, rank(rank_numbers(example.judged)))


def _logistic(numbers: Matrix, labels: npt.NDArray[np.bool_], weights: Matrix, strength: float) -> Rule:
    """Fit on standardised numbers, and fold the standardisation into the weights."""
    scaler = StandardScaler().fit(numbers)
    model = LogisticRegression(C=strength, max_iter=5000)
    model.fit(scaler.transform(numbers), labels, sample_weight=weights)
    slopes = model.coef_[0] / scaler.scale_
    return Rule(slopes, float(model.intercept_[0] - slopes @ scaler.mean_))


def _own_examples(encoder: Encoder) -> Iterator[Example]:
    with index_articles(read_folder(ROOT / "data" / "articles").articles, encoder) as index:
        for case in [case for name in OWN_SETS for case in read_set(ROOT / "eval" / "questions" / name)]:
            if case.split == "tune" and not case.history and "metadata" not in case.tags:
                vector = encode_question(encoder, case.question)
                found = find_passages(index, vector, case.question, Settings().search.k, case.filters)
                yield from _own_example(case, found)


def _own_example(case: Case, found: Sequence[Found]) -> Iterator[Example]:
    question = read_question(case.question)
    judged = judge_sentences(question, found)
    if judged:
        gold = np.array([_holds_gold(each, case) for each in judged])
        yield Example(True, question, found[0], judged, gold, case.answerable)


def _holds_gold(judged: Judged, case: Case) -> bool:
    sentence = judged.sentence
    for gold in case.gold:
        start = judged.article.text.find(gold.quote) if gold.article == judged.article.path else -1
        if start >= 0 and start < sentence.end and start + len(gold.quote) > sentence.start:
            return True
    return False


def _public_examples(public: PublicSet, encoder: Encoder, count: int | None) -> Iterator[Example]:
    generator = random.Random(SEED)
    questions = generator.sample(public.questions, count) if count else list(public.questions)
    paths = [article.path for article in public.articles]
    swapped = list(_swap_words([question.text for question in questions], generator))
    vectors = [encode_question(encoder, text)[0] for text in (*(each.text for each in questions), *swapped)]
    with index_articles(public.articles, encoder) as index:
        for question, vector in zip(questions, vectors, strict=False):
            others = Filters(articles=tuple(path for path in paths if path != question.path))
            yield _public_example(index, vector, question, question.text, Filters())
            yield _public_example(index, vector, None, question.text, others)
        for text, vector in zip(swapped, vectors[len(questions) :], strict=True):
            yield _public_example(index, vector, None, text, Filters())


def _public_example(
    index: Index, vector: FloatVector, gold: PublicQuestion | None, text: str, filters: Filters
) -> Example:
    found = find_passages(index, vector[None], text, Settings().search.k, filters)
    question = read_question(text)
    judged = judge_sentences(question, found)
    marks = np.array(
        [
            gold is not None
            and each.article.path == gold.path
            and each.sentence.start < gold.end
            and each.sentence.end > gold.start
            for each in judged
        ]
    )
    return Example(False, question, found[0], judged, marks, gold is not None)


def _swap_words(texts: Sequence[str], generator: random.Random) -> Iterator[str]:
    """Chinese questions with one name, number or rare word taken from another question."""
    questions = [question for question in map(read_question, texts) if not question.foreign]
    pools = [_swappable(question) for question in questions]
    everything = [[word for pool in pools for word in pool[kind]] for kind in range(3)]
    for question, pool in zip(questions, pools, strict=True):
        # Names and numbers make the harder twins, so they are drawn twice as often.
        choices = [(word, kind) for kind in (0, 0, 1, 1, 2) for word in pool[kind]]
        if choices:
            word, kind = generator.choice(choices)
            other = generator.choice(everything[kind])
            if other != word:
                yield question.folded.replace(word, other)


def _swappable(question: Question) -> tuple[tuple[str, ...], ...]:
    rare = tuple(term.text for term in question.terms if term.weight > 0.45 and len(term.text) > 1)
    return question.names, question.numbers, rare


def _to_json(rule: Rule, names: Sequence[str]) -> dict[str, float]:
    pairs = zip(names, rule.weights, strict=True)
    return {**{name: round(float(weight), 4) for name, weight in pairs}, "bias": round(rule.bias, 4)}


if __name__ == "__main__":
    main()
