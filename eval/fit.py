"""Fit the rules of ``rag.refusal``: ``python -m eval.fit`` writes ``rag/rules.json`` and prints how well they do.

Two sets of rules: ``with reader``, and ``without reader`` for when it is turned off.

    rank       the sentence with the gold answer against its neighbours
    certainty  answerable questions against unanswerable ones: the same question with its article taken away, the
               question with a name, number or word swapped for one of another question, and the near misses of
               our own sets

Data: the tuning halves of our own sets in ``eval/questions``, our questions on those texts of the news sample that
the reader was not trained on, DRCD tune part (other paragraphs of articles that it was trained on), and for the rules
without a reader XQuAD tune part (Chinese and English questions), most of which it was trained on. Our own count
more, being in the form that people ask. Nothing of the parts that are reported is read.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from embeddings.encoder import Encoder, FloatMatrix
from embeddings.reader import FOLDER, Reader, open_reader
from embeddings.sentence import open_encoder
from eval.folders import index_articles
from eval.public import BENCH, PublicSet, read_drcd, read_news, read_xquad
from eval.reader.data import read_own_paragraphs
from eval.sets import Case, read_set
from eval.twins import swap_words
from rag.evidence import READER_FEATURES, Judged, judge_sentences
from rag.intake import read_folder
from rag.question import Question, read_question
from rag.reading import read_found
from rag.records import Article, Filters
from rag.refusal import (
    CERTAINTY_FEATURES,
    DEPTH,
    MOST_FEATURES,
    RANK_FEATURES,
    Rule,
    Trees,
    certainty_numbers,
    rank_numbers,
    to_trees,
)
from rag.retrieve import Found, encode_question, find_passages
from rag.settings import Settings
from rag.store import Index

ROOT = Path(__file__).resolve().parents[1]
OWN_SETS = ("summits.jsonl", "practice.jsonl")
DRCD_QUESTIONS = 400
NEWS_BESIDE = 150
"""Texts of the news sample that nothing is asked about, indexed beside those that are."""
OWN_WEIGHT = 4.0
"""What a question of our own counts beside a public one."""
FALSE_REFUSALS = {"chinese": 0.08, "foreign": 0.10}
"""The share of answerable questions of our own that the threshold may refuse. Questions in another script are told
apart less well: at the rate of the Chinese ones nearly none would be refused."""
TREES = 150
RATE = 0.06
"""What each tree's vote counts."""
LEAST_IN_A_LEAF = 20
ENOUGH_OWN = 50
"""With fewer questions of our own of a kind, the threshold is set on all of that kind."""
SEED = 7

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question as the rules see it.

    Attributes:
        group: shared with what must not be judged by a rule fitted on this: other forms of the question, other
            questions on the text.
        own: it is ours.
        gold: marks the sentences that answer; none where nothing does.
    """

    group: str
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
    parser.add_argument("--reader", type=Path, default=FOLDER, help="folder of the reader's weights")
    arguments = parser.parse_args()
    encoder = open_encoder()
    reader = open_reader(arguments.reader)
    read = list(_examples(encoder, reader, arguments.bench))
    unread = list(_examples(encoder, None, arguments.bench))
    rules = {
        "with reader": _fit_both(read, "with reader", RANK_FEATURES, CERTAINTY_FEATURES),
        "without reader": _fit_both(
            unread, "without reader", *map(_without_reader, (RANK_FEATURES, CERTAINTY_FEATURES))
        ),
    }
    arguments.output.write_text(_dump(rules), encoding="utf-8")


def _dump(rules: Mapping[str, object]) -> str:
    """JSON with a tree a line."""
    text = json.dumps(rules, indent=1)
    return re.sub(r"\[\s*\{[^\[\]]*\}\s*\]", lambda tree: " ".join(tree[0].split()), text) + "\n"


def _examples(encoder: Encoder, reader: Reader | None, bench: Path) -> Iterator[Example]:
    """All that the rules are fitted on; XQuAD only where no reader reads it that was trained on it."""
    yield from _own_examples(encoder, reader)
    yield from _news_examples(encoder, reader, bench)
    yield from _public_examples(read_drcd("tune", bench), encoder, reader, DRCD_QUESTIONS)
    if reader is None:
        for language in ("zh", "en"):
            yield from _public_examples(read_xquad("tune", language, bench), encoder, None, None)


def _without_reader(names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in {*READER_FEATURES, *MOST_FEATURES}]


def _fit_both(
    examples: Sequence[Example], name: str, rank: Sequence[str], certainty: Sequence[str]
) -> dict[str, object]:
    return {
        script: _fit(
            [example for example in examples if example.question.foreign == foreign],
            f"{name} {script}",
            FALSE_REFUSALS[script],
            [RANK_FEATURES.index(each) for each in rank],
            [CERTAINTY_FEATURES.index(each) for each in certainty],
        )
        for script, foreign in (("chinese", False), ("foreign", True))
    }


def _fit(
    examples: Sequence[Example],
    name: str,
    false_refusals: float,
    rank_columns: Sequence[int],
    certainty_columns: Sequence[int],
) -> dict[str, object]:
    rank = _fit_rank(examples, rank_columns)
    numbers = np.stack([_certainty(example, rank) for example in examples])
    labels = np.array([example.answerable for example in examples])
    weights = np.array([OWN_WEIGHT if example.own else 1.0 for example in examples])
    held_out = np.zeros(len(examples))
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=SEED)
    groups = [example.group for example in examples]
    own = np.array([example.own for example in examples])
    for train, test in folds.split(numbers, labels * 2 + own, groups):
        trees = _boost(numbers[train], labels[train], weights[train], certainty_columns)
        held_out[test] = [trees(row) for row in numbers[test]]
    judging = labels & own if np.sum(labels & own) >= ENOUGH_OWN else labels
    threshold = float(np.quantile(held_out[judging], false_refusals, method="lower"))
    stored = _boosted_trees(numbers, labels, weights, certainty_columns)
    _print_fit(name, examples, rank, held_out, labels, own, threshold)
    return {
        "rank": _to_json(rank, RANK_FEATURES),
        "certainty": stored,
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
        if not chosen.any():
            continue
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
            f"{name} {kind}: best sentence right {np.mean(first):.3f} of {len(first)};"
            f" certainty AUC {roc_auc_score(truth, scores):.3f},"
            f" refused {np.mean(scores[~truth] < threshold):.3f} of {np.sum(~truth)} unanswerable"
            f" and {np.mean(scores[truth] < threshold):.3f} of {np.sum(truth)} answerable"
        )


def _fit_rank(examples: Sequence[Example], columns: Sequence[int]) -> Rule:
    chosen = [example for example in examples if example.gold.any()]
    numbers = np.concatenate([rank_numbers(example.judged) for example in chosen])
    labels = np.concatenate([example.gold for example in chosen])
    weights = np.concatenate(
        [np.full(len(each.gold), (OWN_WEIGHT / 3 if each.own else 1) / len(each.gold)) for each in chosen]
    )
    return _logistic(numbers.astype(np.float64), labels, weights * 5, columns)


def _certainty(example: Example, rank: Rule) -> Matrix:
    scores = rank(rank_numbers(example.judged))
    return certainty_numbers(example.judged, scores, example.found.coverage, example.found.cosine)


def _boost(numbers: Matrix, labels: npt.NDArray[np.bool_], weights: Matrix, columns: Sequence[int]) -> Trees:
    stored = _boosted_trees(numbers, labels, weights, columns)
    return to_trees(stored["trees"], stored["bias"])


def _boosted_trees(
    numbers: Matrix, labels: npt.NDArray[np.bool_], weights: Matrix, columns: Sequence[int]
) -> dict[str, Any]:
    """Fit on some columns; the trees as ``refusal.to_trees`` reads them."""
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=RATE,
        max_depth=DEPTH,
        min_samples_leaf=LEAST_IN_A_LEAF,
        random_state=SEED,
    )
    model.fit(numbers[:, columns], labels, sample_weight=weights)
    share = float(np.average(labels, weights=weights))
    trees = [_nodes(estimator.tree_, columns) for estimator in model.estimators_[:, 0]]
    return {"bias": round(float(np.log(share / (1 - share))), 4), "trees": trees}


def _nodes(tree: Any, columns: Sequence[int]) -> list[dict[str, float | str]]:  # noqa: ANN401  (sklearn has no types)
    return [
        {"vote": round(RATE * float(tree.value[node, 0, 0]), 4)}
        if tree.children_left[node] < 0
        else {
            "if": CERTAINTY_FEATURES[columns[tree.feature[node]]],
            "at most": round(float(tree.threshold[node]), 4),
            "then": int(tree.children_left[node]),
            "else": int(tree.children_right[node]),
        }
        for node in range(tree.node_count)
    ]


def _logistic(
    numbers: Matrix,
    labels: npt.NDArray[np.bool_],
    weights: Matrix,
    columns: Sequence[int],
) -> Rule:
    """Fit on some columns, standardised, and fold the standardisation into the weights; the rest weigh nothing."""
    scaler = StandardScaler().fit(numbers[:, columns])
    model = LogisticRegression(max_iter=5000)
    model.fit(scaler.transform(numbers[:, columns]), labels, sample_weight=weights)
    slopes = np.zeros(numbers.shape[1])
    slopes[columns] = model.coef_[0] / scaler.scale_
    return Rule(slopes, float(model.intercept_[0] - slopes[columns] @ scaler.mean_))


def _own_examples(encoder: Encoder, reader: Reader | None) -> Iterator[Example]:
    cases = [case for name in OWN_SETS for case in read_set(ROOT / "eval" / "questions" / name)]
    with index_articles(read_folder(ROOT / "data" / "articles").articles, encoder) as index:
        for case in cases:
            if case.split == "tune" and not case.history and "metadata" not in case.tags:
                vector = encode_question(encoder, case.question)
                yield _judge(
                    index,
                    vector,
                    reader,
                    case.question,
                    partial(_holds_gold, case),
                    case.answerable,
                    group=case.id,
                    own=True,
                    filters=case.filters,
                )


def _news_examples(encoder: Encoder, reader: Reader | None, bench: Path) -> Iterator[Example]:
    paragraphs = [each for each in read_own_paragraphs(bench=bench) if each.is_held_back]
    articles = [Article(f"{each.name}.md", each.text, title=each.header) for each in paragraphs]
    asked = {paragraph.text for paragraph in paragraphs}
    others = [text for text in read_news(bench) if text not in asked]
    beside = random.Random(SEED).sample(others, NEWS_BESIDE)
    articles += [Article(f"beside/{number}.md", text) for number, text in enumerate(beside)]
    with index_articles(articles, encoder) as index:
        for paragraph in paragraphs:
            for each in paragraph.asked:
                gold = partial(_overlaps, f"{paragraph.name}.md", each.evidence)
                vector = encode_question(encoder, each.text)
                answerable = bool(each.evidence)
                yield _judge(
                    index, vector, reader, each.text, gold, answerable, group=paragraph.name, own=True
                )


def _judge(
    index: Index,
    vector: FloatMatrix,
    reader: Reader | None,
    text: str,
    is_gold: Callable[[Judged], bool],
    answerable: bool,
    *,
    group: str,
    own: bool,
    filters: Filters = Filters(),  # noqa: B008  frozen
) -> Example:
    found = find_passages(index, vector, text, Settings().search.k, filters)
    question = read_question(text)
    readings = None if reader is None else read_found(reader, text, found)
    judged = judge_sentences(question, found, readings)
    gold = np.array([answerable and is_gold(each) for each in judged])
    return Example(group, own, question, found[0], judged, gold, answerable)


def _holds_gold(case: Case, judged: Judged) -> bool:
    for gold in case.gold:
        start = judged.article.text.find(gold.quote) if gold.article == judged.article.path else -1
        if start >= 0 and _overlaps(gold.article, [(start, start + len(gold.quote))], judged):
            return True
    return False


def _overlaps(path: str, spans: Sequence[tuple[int, int]], judged: Judged) -> bool:
    sentence = judged.sentence
    return judged.article.path == path and any(
        sentence.start < end and sentence.end > start for start, end in spans
    )


def _public_examples(
    public: PublicSet, encoder: Encoder, reader: Reader | None, count: int | None
) -> Iterator[Example]:
    generator = random.Random(SEED)
    questions = generator.sample(public.questions, count) if count else list(public.questions)
    paths = [article.path for article in public.articles]
    twins = swap_words([question.text for question in questions], generator)
    with index_articles(public.articles, encoder) as index:
        for question, twin in zip(questions, twins, strict=True):
            vector = encode_question(encoder, question.text)
            gold = partial(_overlaps, question.path, [(question.start, question.end)])
            others = Filters(articles=tuple(path for path in paths if path != question.path))
            judge = partial(_judge, index, reader=reader, is_gold=gold, group=question.path, own=False)
            yield judge(vector, text=question.text, answerable=True)
            yield judge(vector, text=question.text, answerable=False, filters=others)
            if twin is not None:
                yield judge(encode_question(encoder, twin), text=twin, answerable=False)


def _to_json(rule: Rule, names: Sequence[str]) -> dict[str, float]:
    weights = {name: round(float(weight), 4) for name, weight in zip(names, rule.weights, strict=True)}
    return {**weights, "bias": round(rule.bias, 4)}


if __name__ == "__main__":
    main()
