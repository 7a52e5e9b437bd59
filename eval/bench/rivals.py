"""Wenfeng's search beside what people would use instead: ``python -m eval.bench.rivals``.

The report parts of XQuAD and DRCD as posts, the same embedding model for all, each system as its own documentation sets up
hybrid search (``eval.bench.others``, which is installed into an environment of its own first). One after the other in
processes of their own. Prints recall@1, @5, @10 and MRR@10, the difference in MRR with its paired 95 % interval
(bootstrap over questions), seconds to load the model and index, milliseconds a query, and peak memory. A hit is right
when it overlaps the gold span.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from embeddings.bundled import bundled_model_folder
from embeddings.sentence import open_encoder
from eval.bench.fusion import Ranks, first_rank, paired, sample
from eval.bench.size import alone
from eval.folders import index_articles
from eval.public import BENCH, PublicQuestion, PublicSet, read_drcd, read_xquad
from rag.retrieve import encode_question, find_passages

OTHERS = Path(__file__).with_name("others.py")
SYSTEMS = ("LangChain", "LangChain ensemble", "LlamaIndex", "txtai", "Haystack")
K = 10

Place = tuple[str, int, int]
"""Path, start, end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system did with one set.

    Attributes:
        ranked: for each question the places found, (path, start, end), best first.
        indexing: seconds.
        times: milliseconds of each question.
        peak: MiB of memory.
    """

    ranked: Sequence[Sequence[Place]]
    indexing: float
    times: Sequence[float]
    peak: float


def main() -> None:
    """Measure every set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="questions a set; all of them by default")
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--environment", type=Path, default=Path(".wenfeng-rivals"))
    arguments = parser.parse_args()
    python = _install(arguments.environment)
    console = Console()
    for public in (
        read_xquad("report", "zh", arguments.bench),
        read_xquad("report", "en", arguments.bench),
        read_drcd("report", arguments.bench),
    ):
        questions = sample(public, arguments.sample)
        outcomes = {"Wenfeng": alone(_search_ourselves, public, questions)}
        for name in SYSTEMS:
            outcomes[name] = _run_other(python, name, public, questions)
        _print_outcomes(console, public, questions, outcomes)


def _install(environment: Path) -> Path:
    """Make the environment of the others; the path of its Python."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    requirements = OTHERS.with_suffix(".txt")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    return python


def _run_other(python: Path, name: str, public: PublicSet, questions: Sequence[PublicQuestion]) -> Outcome:
    with tempfile.TemporaryDirectory() as place:
        given, out = Path(place) / "set.json", Path(place) / "out.json"
        posts = [{"path": article.path, "text": article.text} for article in public.articles]
        content = {"posts": posts, "questions": [question.text for question in questions]}
        given.write_text(json.dumps(content), encoding="utf-8")
        model = bundled_model_folder("float32")
        command = [str(each) for each in (python.absolute(), OTHERS.absolute(), name, given, model, out)]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
        return Outcome(**json.loads(out.read_text(encoding="utf-8")))


def _search_ourselves(public: PublicSet, questions: Sequence[PublicQuestion]) -> Outcome:
    with index_articles(public.articles[:K], open_encoder()):
        pass  # what is imported is not counted
    begun = time.perf_counter()
    encoder = open_encoder()
    with index_articles(public.articles, encoder) as index:
        indexing = time.perf_counter() - begun

        def search(question: str) -> list[Place]:
            found = find_passages(index, encode_question(encoder, question), question, K)
            passages = [each.hit.passage for each in found]
            return [(passage.article.path, passage.start, passage.end) for passage in passages]

        search(questions[0].text)
        ranked, times = [], []
        for question in questions:
            begun = time.perf_counter()
            ranked.append(search(question.text))
            times.append((time.perf_counter() - begun) * 1000)
    return Outcome(ranked, indexing, times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _ranks(outcome: Outcome, questions: Sequence[PublicQuestion]) -> Ranks:
    """The rank of the first hit on each question's gold, infinite where there is none."""

    def rank(question: PublicQuestion, places: Sequence[Place]) -> float:
        return first_rank(
            places,
            lambda place: place[0] == question.path and place[1] < question.end and question.start < place[2],
        )

    return np.array([rank(*each) for each in zip(questions, outcome.ranked, strict=True)])


def _print_outcomes(
    console: Console, public: PublicSet, questions: Sequence[PublicQuestion], outcomes: dict[str, Outcome]
) -> None:
    table = Table(title=f"{public.name}: {len(public.articles)} posts, {len(questions)} questions")
    table.add_column("")
    for name in ("R@1", "R@5", "R@10", "MRR@10", "Wenfeng's MRR less its", "index, s", "ms a query", "MiB"):
        table.add_column(name, justify="right")
    ours = 1 / _ranks(outcomes["Wenfeng"], questions)
    for name, outcome in outcomes.items():
        ranks = _ranks(outcome, questions)
        cells: list[Any] = [f"{np.mean(ranks <= depth):.3f}" for depth in (1, 5, 10)]
        cells += [f"{np.mean(1 / ranks):.3f}", "" if name == "Wenfeng" else paired(ours, 1 / ranks)]
        cells += [f"{outcome.indexing:.1f}", f"{np.median(outcome.times):.1f}", f"{outcome.peak:.0f}"]
        table.add_row(name, *cells)
    console.print(table)


if __name__ == "__main__":
    main()
