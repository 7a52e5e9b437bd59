"""How indexing and searching grow with the folder: ``python -m eval.bench.size [--posts 2000 8000 16000]``.

Posts are made of the news sample by ``eval.posts``, planted copies and broken files included. Each number of posts is
indexed from nothing in a process of its own; what was embedded for a smaller number is taken from there (its seconds
are counted again), since embedding is all that would be repeated. Then the folder is indexed again as it is, and
with ten posts changed, and questions are put to it: our own on the news sample.

``--rows 1000000`` measures the search of ``Assistant.search`` alone over made-up passages, and what the vector index finds
of the ten nearest, against comparing every vector in float32.

Baselines, all in the same run: the smallest number of posts; the encoder alone on the texts that were embedded; the
exact search.
"""

import argparse
import json
import logging
import multiprocessing
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from embeddings.cache import Halves
from embeddings.encoder import Encoder, FloatMatrix
from embeddings.index import VectorIndex
from eval.posts import Planted, make_posts
from eval.public import BENCH, read_news
from eval.reader.data import QUESTIONS
from rag import Assistant, Settings
from rag.assistant import index_folder, load_encoder
from rag.generations import writing
from rag.indexing import IndexReport
from rag.intake import list_files
from rag.lexical import LexicalIndex
from rag.parsing import read_articles
from rag.records import Article
from rag.retrieve import find_passages
from rag.store import Contents, Index, write_index

CHANGED = 10
SEARCHES = 200
ASKED = 40
ALONE = 2000
"""Texts that the encoder encodes by itself."""
VOCABULARY = 60_000
WORDS = 40
"""Words of a made-up passage."""

Row = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, nargs="*", default=[2000, 8000, 16_000])
    parser.add_argument("--rows", type=int, default=0, help="made-up passages to search")
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--place", type=Path, help="keep posts and indexes here")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as temporary:
        place = arguments.place or Path(temporary)
        if arguments.posts:
            counts = sorted(arguments.posts)
            rows = []
            for fewer, count in zip([None, *counts], counts, strict=False):
                rows.append(_measure(place, fewer, count, arguments.bench))
                console.print(count, rows[-1])
            _print_rows(console, counts, rows)
        if arguments.rows:
            for line in alone(_search_rows, place, arguments.rows, arguments.bench):
                console.print(line)


def _measure(place: Path, fewer: int | None, count: int, bench: Path) -> Row:
    """Everything about one number of posts; what was embedded for fewer is taken from there."""
    posts, root = place / f"posts-{count}", place / f"index-{count}"
    for folder in (posts, root):
        shutil.rmtree(folder, ignore_errors=True)
    if fewer:
        shutil.copytree(place / f"index-{fewer}" / "vectors", root / "vectors")
    planted = make_posts(posts, count, read_news(bench))
    row: Row = alone(_index, posts, root)
    row |= alone(_find_planted, root, planted)
    row |= alone(_index_again, posts, root)
    row |= alone(_ask, root, bench)
    return row


def alone(work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Do the work in a process of its own, whose memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


@dataclass
class Watch:
    """Told of the progress of an index run; the seconds at which each step was last heard of."""

    begun: float = field(default_factory=time.perf_counter)
    last: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)

    def __call__(self, step: str, done: int, total: int) -> None:
        """As ``indexing.Progress``."""
        self.first.setdefault(step, time.perf_counter() - self.begun)
        self.last[step] = time.perf_counter() - self.begun


class Timed:
    """An encoder that counts its texts and seconds."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.texts: list[str] = []
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._encoder, name)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> FloatMatrix:
        """As ``Encoder``."""
        begun = time.perf_counter()
        vectors = self._encoder.encode_passages(texts, progress)
        self.seconds += time.perf_counter() - begun
        self.texts += texts
        return vectors


def _index(posts: Path, root: Path) -> Row:
    logging.disable()
    begun = time.perf_counter()
    read = sum(1 for _ in read_articles(posts, list_files(posts)[0]))
    reading = time.perf_counter() - begun
    encoder, watch = Timed(load_encoder(Settings())), Watch()
    base = _peak()
    report = index_folder(posts, root, encoder, Settings(), progress=watch)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    # The peak is taken before the encoder works alone.
    return {
        "files": read,
        "files read a second": read / reading,
        "texts embedded": len(encoder.texts),
        "seconds embedding": encoder.seconds,
        "seconds besides": report.seconds - encoder.seconds,
        "seconds to cut words": watch.last["words"] - watch.first["words"],
        "peak memory, MiB": _peak(),
        "of it before indexing, MiB": base,
        "index on disk, MiB": size / 2**20,
        "embedding over the encoder alone": _over_encoder(encoder),
        **_counted(report),
    }


def _over_encoder(encoder: Timed) -> float:
    """Seconds a text in the index run over those of the encoder on a sample of the same texts."""
    if not encoder.texts:
        return float("nan")
    sample = random.Random(1).sample(encoder.texts, min(ALONE, len(encoder.texts)))
    whole, seconds, count = sum(map(len, encoder.texts)), encoder.seconds, sum(map(len, sample))
    begun = time.perf_counter()
    encoder.encode_passages(sample)
    alone = (time.perf_counter() - begun) / count
    return seconds / whole / alone


def _counted(report: IndexReport) -> Row:
    return {
        "articles": report.indexed + report.unchanged,
        "exact copies": report.duplicates,
        "set aside": len(report.set_aside),
    }


def _find_planted(root: Path, planted: Planted) -> Row:
    index = Index.open(root)
    stories = {}
    for row, path, aliases, *_ in index.facts:
        for name in (path, *aliases):
            stories[name] = (row, int(index.stories[row]))
    aside = {item.path for item in index.set_aside()}
    index.close()
    together = [stories[copy][1] == stories[of][1] for copy, of in planted.near_copies.items()]
    merged = [stories[copy][1] == stories[of][1] for copy, of in planted.copies.items()]
    alone = [stories[path][0] == stories[path][1] for path in planted.digests]
    return {
        "planted copies found": float(np.mean(merged)),
        "planted near copies found": float(np.mean(together)),
        "digests left alone": float(np.mean(alone)),
        "broken files named": float(np.mean([path in aside for path in planted.broken])),
    }


def _index_again(posts: Path, root: Path) -> Row:
    logging.disable()
    encoder = Timed(load_encoder(Settings()))
    begun = time.perf_counter()
    index_folder(posts, root, encoder, Settings())
    unchanged = time.perf_counter() - begun
    for number, path in enumerate(
        sorted(path for path in posts.rglob("*.md") if path.parent.name != "其他")[:CHANGED]
    ):
        text = f"{posts.name}的第{number}篇改过了，说的是另一件事情。"
        path.write_text(f"---\ntitle: 改过的第{number}篇\n---\n<p>{text}</p>", encoding="utf-8")
    encoder.texts.clear()
    begun = time.perf_counter()
    index_folder(posts, root, encoder, Settings())
    return {
        "seconds, nothing changed": unchanged,
        "seconds, ten posts changed": time.perf_counter() - begun,
        "texts embedded then": len(encoder.texts),
    }


def _ask(root: Path, bench: Path) -> Row:
    logging.disable()
    questions = [
        question["question"]
        for line in QUESTIONS.read_text(encoding="utf-8").splitlines()
        for question in json.loads(line)["questions"]
    ]
    questions = random.Random(2).sample(questions, SEARCHES)
    encoder = load_encoder(Settings())
    before = _resident()
    begun = time.perf_counter()
    index = Index.open(root)
    opening = time.perf_counter() - begun
    index.close()
    row = {"seconds to open": opening}
    with Assistant.open(None, root) as assistant:
        row |= _times("search", lambda question: assistant.search(question, 10), questions)
        row |= _times("ask", assistant.ask, questions[:ASKED])
        assistant.reader = None
        row |= _times("ask without reader", assistant.ask, questions[:ASKED])
        row |= _times("encode alone", lambda question: encoder.encode_queries([question]), questions)
    return {**row, "resident while serving, MiB": _resident() - before}


def _times(name: str, work: Callable[[str], object], questions: Sequence[str]) -> Row:
    """Median and 95th percentile in milliseconds; each question is asked once to warm and once to time."""
    times = []
    for question in questions:
        work(question)
        begun = time.perf_counter()
        work(question)
        times.append((time.perf_counter() - begun) * 1000)
    return {f"{name}, ms": float(np.median(times)), f"{name}, ms, 95th": float(np.percentile(times, 95))}


def _print_rows(console: Console, counts: Sequence[int], rows: Sequence[Row]) -> None:
    for number, row in enumerate(rows[1:], start=1):  # what was embedded for fewer posts was taken from there
        row["texts embedded"] += rows[number - 1]["texts embedded"]
        row["seconds embedding"] += rows[number - 1]["seconds embedding"]
    table = Table(title="posts")
    table.add_column("")
    for count in counts:
        table.add_column(f"{count:,}", justify="right")
    table.add_column("growth", justify="right")
    for name in rows[0]:
        values = [row[name] for row in rows]
        growth = f"{values[-1] / values[0]:.2f}" if values[0] else "-"
        table.add_row(
            name, *(f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values), growth
        )
    console.print(table)
    console.print(f"growth: the last column over the first; posts grow {counts[-1] / counts[0]:.2f} times")


# Made-up passages.


def _search_rows(place: Path, count: int, bench: Path) -> list[str]:
    generator = np.random.default_rng(1)
    vectors = _make_vectors(count, generator, bench)
    queries = vectors[generator.integers(0, count, SEARCHES)].astype(np.float32)
    queries += 0.02 * generator.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    lines = list(_compare_with_exact(vectors, queries))
    root = place / f"rows-{count}"
    shutil.rmtree(root, ignore_errors=True)
    words = _make_words(count, generator)
    with writing(root):
        begun = time.perf_counter()
        write_index(root, _make_contents(vectors, words), {})
        lines.append(f"built and written in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    index = Index.open(root)
    lines.append(f"opened in {time.perf_counter() - begun:.2f} s")
    del vectors
    asked = [" ".join(words[int(row)][:12]) for row in generator.integers(0, count, SEARCHES)]
    times = []
    for number, question in enumerate(asked):
        vector = queries[number : number + 1]
        find_passages(index, vector, question, 10)
        begun = time.perf_counter()
        find_passages(index, vector, question, 10)
        times.append((time.perf_counter() - begun) * 1000)
    lines.append(
        f"a warm search over {count:,} passages, the question encoded: median {np.median(times):.1f} ms, "
        f"95th percentile {np.percentile(times, 95):.1f} ms"
    )
    return lines


def _make_vectors(count: int, generator: np.random.Generator, bench: Path) -> Halves:
    """Vectors that lie as those of sentences do: between two real ones, with noise. float16 (count, dimension)."""
    sentences = [text[:60] for text in read_news(bench)[:4000]]
    real = load_encoder(Settings()).encode_passages(sentences)
    made = np.empty((count, real.shape[1]), dtype=np.float16)
    for start in range(0, count, 50_000):
        rows = min(50_000, count - start)
        left, right = (real[generator.integers(0, len(real), rows)] for _ in range(2))
        share = generator.random((rows, 1), dtype=np.float32)
        block = share * left + (1 - share) * right
        block += 0.01 * generator.standard_normal(block.shape, dtype=np.float32)
        made[start : start + rows] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return made


def _compare_with_exact(vectors: Halves, queries: FloatMatrix) -> Iterator[str]:
    begun = time.perf_counter()
    index = VectorIndex.build(vectors)
    yield f"{len(vectors):,} vectors indexed in {time.perf_counter() - begun:.1f} s"
    exact = VectorIndex.build(vectors, exact=len(vectors))
    whole = vectors.astype(np.float32)
    for k in (10, 100):
        nearest = [np.argpartition(-(whole @ query), k)[:k] for query in queries]
        for name, searched in (("as chosen", index), ("every row, half precision", exact)):
            times, found = [], []
            for query, expected in zip(queries, nearest, strict=True):
                begun = time.perf_counter()
                rows, _ = searched.search(query[None], k)
                times.append((time.perf_counter() - begun) * 1000)
                found.append(len(np.intersect1d(rows[0], expected)) / k)
            yield f"  the {k} nearest, {name}: recall {np.mean(found):.4f}, median {np.median(times):.1f} ms"
        times = []
        for query in queries[:30]:
            begun = time.perf_counter()
            np.argpartition(-(whole @ query), k)[:k]
            times.append((time.perf_counter() - begun) * 1000)
        yield f"  the {k} nearest, every row, float32 by numpy: recall 1, median {np.median(times):.1f} ms"


def _make_words(count: int, generator: np.random.Generator) -> list[list[str]]:
    """Words a passage, as frequent as Zipf has them."""
    names = [f"词{number}" for number in range(VOCABULARY)]
    chances = 1 / np.arange(1, VOCABULARY + 1)
    drawn = generator.choice(VOCABULARY, size=(count, WORDS), p=chances / chances.sum())
    return [[names[number] for number in row] for row in drawn.tolist()]


def _make_contents(vectors: Halves, words: list[list[str]]) -> Contents:
    """One article, one passage and one sentence a vector."""
    count = len(vectors)
    rows = np.arange(count)
    starts, ends = np.zeros(count, np.int64), np.full(count, 10)
    index = VectorIndex.build(vectors)
    return Contents(
        articles=[Article(f"{row}.md", f"第{row:08d}篇") for row in range(count)],
        stamps={},
        outlets={},
        set_aside=(),
        passages=np.stack([rows, starts, ends, rows, rows + 1], axis=1),
        sentences=np.stack([rows, starts, ends], axis=1),
        stories=rows,
        signatures=np.zeros((count, 1), np.uint32),
        passage_vectors=index,
        sentence_vectors=index,
        words=LexicalIndex.build(words),
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
