"""How long a question takes on the sample articles: ``python -m eval.bench.latency``.

Warm: the median and 95th percentile of ``Assistant.ask`` over the questions of the summits set, asked once to warm
and once to time, with the share of each step; the ratio is against encoding the question alone, the least that any vector
search must do. Cold: the whole process of ``wenfeng ask`` on a built index, its seconds and its peak memory.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.quality import ROOT, SUMMITS
from eval.sets import read_set
from rag import Assistant

COLD_RUNS = 3


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        index = Path(place) / "index"
        table = Table(title="one question on data/articles")
        for name in ("", "median", "95th percentile", "times encoding alone"):
            table.add_column(name, justify="right" if name else "left")
        for row in _warm(index):
            table.add_row(*row)
        console = Console()
        console.print(table)
        seconds = [_cold(index) for _ in range(COLD_RUNS)]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        console.print(
            f"cold `wenfeng ask`: median {statistics.median(seconds):.1f} s, peak memory {peak:.0f} MiB"
        )


def _warm(index: Path) -> list[tuple[str, str, str, str]]:
    steps: dict[str, list[float]] = {}
    with Assistant.open(ROOT / "data" / "articles", index) as assistant:
        cases = [case for case in read_set(SUMMITS) if not case.filters.articles]
        for timed in (False, True):
            for case in cases:
                answer = assistant.ask(case.question, case.history, case.filters)
                if timed:
                    for name, milliseconds in (*answer.steps.items(), ("ask", sum(answer.steps.values()))):
                        steps.setdefault(name, []).append(milliseconds)
    baseline = statistics.median(steps["encode"])
    return [
        (
            name,
            f"{statistics.median(times):.1f} ms",
            f"{sorted(times)[int(0.95 * len(times))]:.1f} ms",
            f"{statistics.median(times) / baseline:.2f}",
        )
        for name, times in steps.items()
    ]


def _cold(index: Path) -> float:
    started = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "rag.cli",
        "ask",
        "第二场圆桌对话是谁主持的？",
        "--json",
        "--index",
        str(index),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
