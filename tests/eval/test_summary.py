"""Results -> figures: values by hand, and none of a case that has not what it needs."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eval.runs import Attempt, Result
from eval.scoring import SCORES, STAGES
from eval.summary import (
    LOWER_IS_BETTER,
    METRICS,
    SET_FIGURES,
    Figure,
    by_tag,
    count_lost,
    curve,
    summarize,
    summarize_follow_ups,
)

PLAIN = Result(
    id="a", question="q", history=(), answers=(), answerable=True, tags=(), asked="q", text="", refused=False,
    filters={}, attempts=(), right=True, gold=(), citations=(), passages=(), scores={}, lost="", steps={},
)  # fmt: skip


def result(**scores: float | None) -> Result:
    return replace(PLAIN, scores=scores)


def asked(answerable: bool, refused: bool, right: bool = True, **fields: Any) -> Result:
    return replace(PLAIN, answerable=answerable, refused=refused, right=right, **fields)


def figure(results: list[Result], name: str) -> Figure:
    found = summarize(results)[name]
    assert found is not None
    return found


def test_a_metric_is_its_mean_over_the_cases_that_have_it() -> None:
    held = figure([result(held=1.0), result(held=0.0), result(held=1.0), result(held=None), result()], "held")
    assert held.value == pytest.approx((1 + 0 + 1) / 3)
    assert (held.cases, held.left_out) == (3, 2)
    assert 0 <= held.low < held.value < held.high <= 1


def test_a_metric_that_no_case_has_is_none() -> None:
    figures = summarize([result(held=1.0)])
    assert figures["cited"] is None
    assert figures["refusal_f1"] is None
    assert list(figures) == list(METRICS)
    assert summarize([]) == dict.fromkeys(METRICS)


def test_metrics_are_the_scores_and_the_figures_of_a_set() -> None:
    assert (*SCORES, *SET_FIGURES) == METRICS
    assert set(METRICS) >= LOWER_IS_BETTER


ASKED = [
    *[asked(False, True)] * 3,
    *[asked(False, False, False)] * 2,
    *[asked(True, True, False)],
    *[asked(True, False, False)],
    *[asked(True, False)] * 3,
]


def test_refusals_have_precision_recall_and_f1_over_the_set() -> None:
    precision, recall = 3 / 4, 3 / 5
    assert figure(ASKED, "refusal_precision").value == pytest.approx(precision)
    assert figure(ASKED, "refusal_recall").value == pytest.approx(recall)
    assert figure(ASKED, "refusal_f1").value == pytest.approx(2 * precision * recall / (precision + recall))
    counts = [
        (figure(ASKED, name).cases, figure(ASKED, name).left_out)
        for name in ("refusal_precision", "refusal_recall", "refusal_f1")
    ]
    assert counts == [(4, 6), (5, 5), (6, 4)]


def test_risk_is_the_share_of_the_answered_that_are_wrong() -> None:
    assert figure(ASKED, "risk").value == pytest.approx(3 / 6)
    assert figure(ASKED, "coverage").value == pytest.approx(6 / 10)


def test_nothing_refused_has_recall_and_f1_of_0_and_no_precision() -> None:
    figures = summarize([asked(False, False, False), asked(True, False)])
    assert figures["refusal_precision"] is None
    assert figure([asked(False, False, False)], "refusal_recall").value == 0
    assert figure([asked(False, False, False)], "refusal_f1").value == 0


def resampled(rows: list[Result], statistic: Callable[[list[Result]], float | None]) -> tuple[float, float]:
    """The interval of any figure, computed anew on every resample."""
    generator = np.random.default_rng(1)
    draws = (generator.integers(len(rows), size=len(rows)) for _ in range(2000))
    found = [statistic([rows[row] for row in draw]) for draw in draws]
    low, high = np.quantile([value for value in found if value is not None], (0.025, 0.975))
    return float(low), float(high)


def test_an_interval_of_a_ratio_is_that_of_the_cases() -> None:
    def f1(rows: Any) -> float | None:
        both = sum(row.refused and not row.answerable for row in rows)
        either = sum(row.refused for row in rows) + sum(not row.answerable for row in rows)
        return 2 * both / either if either else None

    found = figure(ASKED * 5, "refusal_f1")
    assert (found.low, found.high) == pytest.approx(resampled(ASKED * 5, f1), abs=0.02)


def test_an_error_is_left_out_of_every_figure() -> None:
    failed = asked(False, True, False, error=True)
    figures, before = summarize([*ASKED, failed]), summarize(ASKED)
    for name in SET_FIGURES:
        with_error, without = figures[name], before[name]
        assert with_error is not None
        assert without is not None
        assert (with_error.value, with_error.cases) == (without.value, without.cases)
        assert with_error.left_out == without.left_out + 1
    assert curve([failed]) == []


def test_an_error_is_no_unanswerable_question() -> None:
    assert summarize([asked(False, True, error=True), asked(True, True, False)])["refusal_precision"] is None


def test_tags_are_summed_up_like_sets_of_their_own() -> None:
    rows = [
        replace(result(held=float(number % 3 == 0)), tags=("b", "a")[: number % 3]) for number in range(30)
    ]
    tags = by_tag(rows)
    assert list(tags) == ["a", "b"]
    for tag, figures in tags.items():
        assert figures == summarize([row for row in rows if tag in row.tags])
    assert by_tag([PLAIN]) == {}


def test_follow_ups_are_the_cases_with_a_history() -> None:
    follow_up = replace(result(held=0.0), history=(("user", "q"),))
    found = summarize_follow_ups([follow_up, result(held=1.0)])["held"]
    assert found == Figure(0.0, 0.0, 0.0, 1, 0)


def test_the_curve_answers_the_refused_once_it_is_sure_enough_of_them() -> None:
    rows = [
        asked(True, False, attempts=(Attempt(0.9, right=True),)),
        asked(True, False, False, attempts=(Attempt(0.7, right=False),)),
        asked(True, True, False, attempts=(Attempt(0.4, right=True),)),
        asked(False, True, True, attempts=(Attempt(0.2, right=False),)),
        asked(False, True, True, attempts=(Attempt(0.2, right=False),)),
        asked(False, True),
    ]
    assert curve(rows) == [
        (0.9, 1 / 5, 0 / 1),
        (0.7, 2 / 5, 1 / 2),
        (0.4, 3 / 5, 1 / 3),
        (0.2, 5 / 5, 3 / 5),
    ]


def test_lost_gold_is_counted_by_stage() -> None:
    counts = count_lost([replace(PLAIN, lost="refused"), replace(PLAIN, lost="refused"), PLAIN])
    assert list(counts) == list(STAGES)
    assert counts["refused"] == sum(counts.values()) == 2


def test_a_large_run_is_summed_up_in_seconds() -> None:
    generator = np.random.default_rng(1)
    scores = generator.random((5000, len(SCORES)))
    rows = [
        replace(
            PLAIN,
            scores=dict(zip(SCORES, values, strict=True)),
            tags=tuple(f"tag {number}" for number in range(30) if (row + number) % 3),
        )
        for row, values in enumerate(scores.tolist())
    ]
    started = time.perf_counter()
    assert len(by_tag(rows)) == 30
    assert summarize(rows) == summarize(rows)
    assert time.perf_counter() - started < 20  # about 5 s on two cores
