"""Which sentence answers best, and whether it answers at all: the one place where that is decided.

Two rules over the numbers of ``rag.evidence``, each in four forms: with what the reader saw and without, for a
question in Chinese and for one in another script, where words tell nothing and vectors must do.

``rank``     orders sentences: a weighted sum, fitted to tell the sentence that holds the gold answer from its
             neighbours.
``certainty`` judges the best sentence, how far it stands above the next, and what it lacks: many small decision trees of
             two questions each, whose votes are added (gradient boosting, Friedman 2001,
             doi:10.1214/aos/1013203451), since a number often matters only beside another: a missing name counts
             for more where the reader is unsure. Fitted to tell answerable questions from unanswerable ones: the
             question whose article was taken away, the question with a name, number or word swapped, and the near
             misses of our own sets.

``threshold`` is set so that few answerable questions of our tuning sets lie under it (``eval.fit.FALSE_REFUSALS``),
which ask harder than people mostly do. Where a question is refused is said by ``rag.calibration``.
``rules.json`` holds the rules; ``python -m eval.fit`` made it, says from which data, and prints how well it does on
questions it has not seen.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from rag.evidence import FEATURES, READER_FEATURES, Judged
from rag.question import Question

RANK_FEATURES = tuple(
    name for name in FEATURES if name not in {"article", "names nearby", "missing", "passage answers"}
)
"""What compares sentences; the rest is about what stands around them."""

DEPTH = 2
"""How many questions a tree asks."""
BEST = 3
"""How many of the best sentences are looked at together, since two may share an answer."""

MOST_FEATURES = tuple(f"most {name}" for name in READER_FEATURES)
"""The highest that the reader saw in any sentence."""

CERTAINTY_FEATURES = (
    "score",
    "margin",
    *FEATURES,
    "closeness beyond 3",
    "together of the best",
    "focus of the best",
    "pairs of the best",
    "lacks in all the best",
    "coverage",
    "cosine",
    "closeness without terms",
    "missing without terms",
    "article squared",
    *MOST_FEATURES,
)

FloatVector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """A weighted sum."""

    weights: FloatVector
    bias: float

    def __call__(self, numbers: npt.NDArray[np.floating]) -> FloatVector:
        """Sum numbers (..., n) to (...)."""
        return np.asarray(numbers @ self.weights + self.bias, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Trees:
    """Decision trees whose votes are added: each asks its first node, and the node that the answer leads to.

    Attributes:
        column, threshold: (trees, nodes) a node goes left where that number is at most the threshold.
        left, right: (trees, nodes) the nodes that follow; a leaf follows itself.
        vote: (trees, nodes) of a leaf.
        bias: added to all votes.
    """

    column: npt.NDArray[np.int64]
    threshold: FloatVector
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    vote: FloatVector
    bias: float

    def __call__(self, numbers: npt.NDArray[np.floating]) -> float:
        """Judge one question by its numbers (n,)."""
        trees = np.arange(len(self.column))
        node = np.zeros(len(trees), dtype=np.int64)
        for _ in range(DEPTH):
            left = numbers[self.column[trees, node]] <= self.threshold[trees, node]
            node = np.where(left, self.left[trees, node], self.right[trees, node])
        return float(self.vote[trees, node].sum() + self.bias)


@dataclass(frozen=True, slots=True)
class Rules:
    """The two rules for one kind of question, and the certainty under which it is refused."""

    rank: Rule
    certainty: Trees
    threshold: float


@functools.cache
def load_rules(foreign: bool, with_reader: bool) -> Rules:
    """The fitted rules for questions in Chinese or in another script, with what our reader saw or without."""
    stored = json.loads((files("rag") / "rules.json").read_text(encoding="utf-8"))
    rules = stored["with reader" if with_reader else "without reader"]["foreign" if foreign else "chinese"]
    return Rules(
        _to_rule(rules["rank"], RANK_FEATURES),
        to_trees(rules["certainty"]["trees"], rules["certainty"]["bias"]),
        float(rules["threshold"]),
    )


def rank_sentences(question: Question, judged: Sequence[Judged]) -> FloatVector:
    """Score sentences (n,) as answers; larger is better."""
    return _rules_for(question, judged).rank(rank_numbers(judged))


def judge_certainty(
    question: Question, judged: Sequence[Judged], scores: FloatVector, coverage: float, cosine: float
) -> float:
    """How sure it is that something among the sentences answers, 0 to 1.

    It is the logistic of how far the certainty stands above the rule's threshold, so that 0.5 means the same for every
    kind of question.

    Args:
        scores: from ``rank_sentences``.
        coverage, cosine: of the best passage found, see ``retrieve.Found``.
    """
    rules = _rules_for(question, judged)
    above = rules.certainty(certainty_numbers(judged, scores, coverage, cosine)) - rules.threshold
    return 1 / (1 + math.exp(-above))


def rank_numbers(judged: Sequence[Judged]) -> npt.NDArray[np.float32]:
    """The numbers (sentences, len(RANK_FEATURES)) that ``rank`` weighs."""
    columns = [FEATURES.index(name) for name in RANK_FEATURES]
    return np.stack([each.features for each in judged])[:, columns]


def certainty_numbers(
    judged: Sequence[Judged], scores: FloatVector, coverage: float, cosine: float
) -> FloatVector:
    """The numbers (len(CERTAINTY_FEATURES),) that ``certainty`` asks about."""
    order = np.argsort(-scores, kind="stable")
    first = _best(judged, scores)
    best = first[0].astype(np.float64)
    margin = scores[order[0]] - scores[order[1]] if len(order) > 1 else 3.0
    column = {name: number for number, name in enumerate(FEATURES)}
    return np.array(
        [
            scores[order[0]],
            margin,
            *best,
            max(0.0, float(best[column["closeness"]]) - 3),
            first[:, column["together"]].max(),
            first[:, column["focus"]].max(),
            first[:, column["pairs"]].max(),
            first[:, column["lacks"]].min(),
            coverage,
            cosine,
            best[column["closeness"]] * (1 - best[column["article"]]),
            best[column["missing"]] * (1 - best[column["terms"]]),
            (1 - best[column["article"]]) ** 2,
            *(max(float(each.features[column[name]]) for each in judged) for name in READER_FEATURES),
        ],
        dtype=np.float64,
    )


def _rules_for(question: Question, judged: Sequence[Judged]) -> Rules:
    return load_rules(question.foreign, with_reader=judged[0].answer is not None)


def _best(judged: Sequence[Judged], scores: FloatVector) -> npt.NDArray[np.float32]:
    """The numbers of the best sentences, best first."""
    return np.stack([judged[row].features for row in np.argsort(-scores, kind="stable")[:BEST]])


def _to_rule(stored: Mapping[str, float], names: Sequence[str]) -> Rule:
    return Rule(np.array([stored[name] for name in names]), float(stored["bias"]))


def to_trees(stored: Sequence[Sequence[Mapping[str, float | str]]], bias: float) -> Trees:
    """Lay out trees given as lists of nodes: ``{"if", "at most", "then", "else"}`` or ``{"vote"}``."""
    nodes = max(len(tree) for tree in stored)
    shape = (len(stored), nodes)
    column, left, right = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    threshold, vote = np.zeros(shape), np.zeros(shape)
    for row, tree in enumerate(stored):
        for number, node in enumerate(tree):
            if "vote" in node:
                left[row, number] = right[row, number] = number
                vote[row, number] = node["vote"]
            else:
                column[row, number] = CERTAINTY_FEATURES.index(str(node["if"]))
                threshold[row, number] = node["at most"]
                left[row, number], right[row, number] = node["then"], node["else"]
    return Trees(column, threshold, left, right, vote, float(bias))
