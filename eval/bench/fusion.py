"""Words, vectors and their fusion on public sets: ``python -m eval.bench.fusion [--part report]``.

Prints recall@1, @5, @10 and MRR@10 of each, and recall@1 of fusion less the better leg's with its paired 95 %
interval (bootstrap over questions). ``passage vectors`` are one vector a passage, as most systems have;
``vectors`` adds the best sentence's; ``fusion`` is what ``Assistant.search`` does.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from embeddings.encoder import FloatMatrix
from embeddings.sentence import open_encoder
from eval.folders import index_articles
from eval.intervals import paired as paired_interval
from eval.public import BENCH, PublicQuestion, PublicSet, read_drcd, read_xquad
from rag.retrieve import encode_question, find_passages
from rag.store import Index
from rag.words import search_words

DEPTH = 10
BASELINES = ("words", "passage vectors", "vectors")

Ranks = npt.NDArray[np.float64]
Row = TypeVar("Row")


def main() -> None:
    """Measure every set of a part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--sample", type=int, help="questions a set; all of them by default")
    parser.add_argument("--bench", type=Path, default=BENCH)
    arguments = parser.parse_args()
    console = Console()
    encoder = open_encoder()
    for public in (
        read_xquad(arguments.part, "zh", arguments.bench),
        read_xquad(arguments.part, "en", arguments.bench),
        read_drcd(arguments.part, arguments.bench),
    ):
        questions = sample(public, arguments.sample)
        with index_articles(public.articles, encoder) as index:
            vectors = np.concatenate([encode_question(encoder, question.text) for question in questions])
            ranks = rank_gold(index, questions, vectors)
        print_ranks(
            console, f"{public.name}: {len(public.articles)} posts, {len(questions)} questions", ranks
        )


def sample(public: PublicSet, count: int | None) -> list[PublicQuestion]:
    """All questions of a set, or a fixed random sample."""
    if count is None or count >= len(public.questions):
        return list(public.questions)
    return random.Random(1).sample(public.questions, count)


def rank_gold(index: Index, questions: Sequence[PublicQuestion], vectors: FloatMatrix) -> dict[str, Ranks]:
    """The rank of the first passage that overlaps the gold span, from 1, or infinity beyond ``DEPTH``."""
    passages = [index.passage(row) for row in range(len(index.passages))]
    own = index.passage_vectors.vectors(np.arange(len(passages)))
    sentences = index.sentence_vectors.vectors(np.arange(len(index.sentences)))
    ranks: dict[str, list[float]] = {name: [] for name in (*BASELINES, "fusion")}
    for question, vector in zip(questions, vectors, strict=True):
        gold = {
            row
            for row, passage in enumerate(passages)
            if passage.article.path == question.path
            and passage.start < question.end
            and passage.end > question.start
        }
        near = sentences @ vector
        best = np.array([near[first:last].max() for first, last in index.passages[:, 3:5]])
        scores = {
            "words": index.words.coverage(search_words(question.text)),
            "passage vectors": own @ vector,
            "vectors": (own @ vector + best) / 2,
        }
        for name, values in scores.items():
            ranks[name].append(
                first_rank(list(np.argsort(-values, kind="stable")[:DEPTH]), gold.__contains__)
            )
        found = find_passages(index, vector[None], question.text, DEPTH)
        spans = [(each.hit.passage.article.path, each.hit.passage.start) for each in found]
        wanted = {(passages[row].article.path, passages[row].start) for row in gold}
        ranks["fusion"].append(first_rank(spans, wanted.__contains__))
    return {name: np.array(values) for name, values in ranks.items()}


def print_ranks(console: Console, title: str, ranks: dict[str, Ranks]) -> None:
    """Print one set's table, and fusion's difference from each leg."""
    table = Table(title=title)
    for name in ("", "recall@1", "recall@5", "recall@10", "MRR@10", "fusion less this, recall@1"):
        table.add_column(name, justify="right" if name else "left")
    for name, values in ranks.items():
        cells = [f"{np.mean(values <= k):.3f}" for k in (1, 5, 10)]
        cells.append(f"{np.mean(1 / values):.3f}")
        table.add_row(name, *cells, "" if name == "fusion" else paired(ranks["fusion"] <= 1, values <= 1))
    console.print(table)


def paired(system: npt.NDArray[np.generic], baseline: npt.NDArray[np.generic]) -> str:
    """The mean difference with its 95 % bootstrap interval over questions."""
    difference, low, high = paired_interval(system.astype(float).tolist(), baseline.astype(float).tolist())
    return f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def first_rank(ordered: Sequence[Row], is_gold: Callable[[Row], bool]) -> float:
    """The rank of the first that is right, from 1; infinite where none is."""
    return next((float(rank) for rank, row in enumerate(ordered, start=1) if is_gold(row)), float("inf"))


if __name__ == "__main__":
    main()
