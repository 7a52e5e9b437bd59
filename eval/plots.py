"""Results -> the numbers of the plots: plain values in per cent of the plot's width and height. Draws nothing itself."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics.cost import TOTAL, Cost, cost_by_step
from eval.runs import Result
from eval.summary import Figure, count_lost

_BINS = 44
_POINTS = 400


@dataclass(frozen=True, slots=True)
class Whisker:
    """A figure as a bar with its interval; all in per cent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often a step took how long.

    Attributes:
        bars: (x, width, height), in per cent.
        median, high: where those of the cost stand, in per cent.
    """

    name: str
    cost: Cost
    bars: tuple[tuple[float, float, float], ...]
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Survey:
    """All histograms on one logarithmic axis; ``ticks`` are (x in per cent, milliseconds)."""

    histograms: tuple[Histogram, ...]
    ticks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """How many questions still had all their gold after a stage, and how many lost it there; widths in per cent."""

    name: str
    passed: str
    lost: int
    left: int
    left_width: float
    lost_width: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The risk–coverage curve.

    Attributes:
        path: points of a polyline, in per cent from the upper left corner.
        top: the risk at the upper edge.
        at: (x, y) of the threshold in per cent, and its coverage and risk; None where nothing was answered.
        told: (coverage, risk, threshold) at some coverages.
    """

    path: str
    top: float
    at: tuple[float, float, float, float] | None
    told: tuple[tuple[float, float, float], ...]


PASSED = (
    "in the index",
    "in the first 50 passages",
    "read for answers",
    "answered",
    "that article quoted",
    "cited",
)
"""What a question has reached that did not lose its gold at the stage of the same place in ``STAGES``."""


def with_gold(results: Iterable[Result]) -> list[Result]:
    """The answerable questions that have gold and ended in no error."""
    return [result for result in results if result.answerable and result.gold and not result.error]


def to_whisker(figure: Figure) -> Whisker:
    """A share in 0 to 1 as per cent of the width."""
    return Whisker(*(round(100 * value, 2) for value in (figure.value, figure.low, figure.high)))


def to_stages(results: Sequence[Result]) -> list[Stage]:
    """The stages in order, from all questions with gold down to those whose gold is cited."""
    chosen = with_gold(results)
    lost = count_lost(chosen)
    stages, asked, left = [], len(chosen), len(chosen)
    for (name, count), passed in zip(lost.items(), PASSED, strict=True):
        left -= count
        stages.append(
            Stage(
                name, passed, count, left, *(round(100 * each / max(asked, 1), 2) for each in (left, count))
            )
        )
    return stages


def to_survey(results: Sequence[Result]) -> Survey:
    """A histogram of each step, and of all of them together."""
    taken = [{**result.steps, TOTAL: result.milliseconds} for result in results if result.steps]
    costs = cost_by_step([result.steps for result in results])
    if not taken:
        return Survey((), ())
    every = np.array([milliseconds for each in taken for milliseconds in each.values()])
    low = max(0.1, float(np.percentile(every, 1)))
    high = max(float(every.max()), low * 10)

    def place(milliseconds: float) -> float:
        share = math.log(max(milliseconds, low) / low) / math.log(high / low)
        return round(100 * min(1.0, share), 2)

    edges = np.geomspace(low, high, _BINS + 1)
    histograms = []
    for name, cost in costs.items():
        counts, _ = np.histogram(np.clip([each[name] for each in taken if name in each], low, high), edges)
        bars = tuple(
            (
                round(100 * at / _BINS, 2),
                round(100 / _BINS - 0.3, 2),
                round(100 * float(count / counts.max()), 1),
            )
            for at, count in enumerate(counts)
            if count
        )
        histograms.append(Histogram(name, cost, bars, place(cost.median), place(cost.high)))
    ticks = [10.0**power for power in range(-1, 7) if low <= 10.0**power <= high]
    return Survey(tuple(histograms), tuple((place(tick), tick) for tick in ticks))


def to_curve(points: Sequence[tuple[float, float, float]], threshold: float) -> Curve | None:
    """The curve of ``summary.curve``.

    Args:
        points: (threshold, coverage, risk), from the surest down.
        threshold: that the run answered by.
    """
    if not points:
        return None
    chosen = sorted({*np.linspace(0, len(points) - 1, min(_POINTS, len(points))).astype(int)})
    top = max(0.1, float(np.ceil(10 * max(risk for _, _, risk in points)) / 10))
    drawn = [(100 * points[at][1], 100 - 100 * points[at][2] / top) for at in chosen]
    answered = [point for point in points if point[0] >= threshold]
    at = None
    if answered:
        _, coverage, risk = answered[-1]
        at = (round(100 * coverage, 2), round(100 - 100 * risk / top, 2), coverage, risk)
    told = []
    for wanted in (0.25, 0.5, 0.75, 0.9, 1.0):
        reached = next((point for point in points if point[1] >= wanted - 1e-9), None)
        if reached is not None:
            told.append((reached[1], reached[2], reached[0]))
    return Curve(" ".join(f"{x:.2f},{y:.2f}" for x, y in drawn), top, at, tuple(told))
