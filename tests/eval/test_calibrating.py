"""The promise of a calibration holds on questions that it has not seen, and what cannot be promised is not."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval.calibrating import GRID, calibrate, count_answered, fewest_answered, find_row
from eval.intervals import clopper_pearson_upper
from eval.runs import Attempt, Result
from tests.eval.made_runs import RIGHT

RISK, CONFIDENCE = 0.1, 0.9


def draw(count: int, generator: np.random.Generator) -> list[Result]:
    """Questions of which the surer are the rarer wrong."""
    certainties = generator.random(count)
    wrong = generator.random(count) < 0.5 * (1 - certainties)
    return make_results(certainties, wrong)


def make_results(certainties: Iterable[float], wrong: Iterable[bool]) -> list[Result]:
    pairs = zip(certainties, wrong, strict=True)
    return [replace(RIGHT, attempts=(Attempt(float(sure), right=not is_wrong),)) for sure, is_wrong in pairs]


def true_risk(threshold: float) -> float:
    """The mean share of ``draw`` that is wrong, over certainties spread evenly above the threshold."""
    return 0.25 * (1 - threshold)


def find_threshold(results: Sequence[Result], risk: float = RISK, confidence: float = CONFIDENCE) -> float:
    """The threshold that is certified; 1 where there is none."""
    found = calibrate(results, risk, confidence, "a set")
    return found.threshold if found else 1.0


@pytest.mark.parametrize("count", [150, 600])
def test_the_risk_is_kept_on_nearly_all_draws(count: int) -> None:
    generator = np.random.default_rng(7)
    found = [find_threshold(draw(count, generator)) for _ in range(400)]
    promised = [threshold for threshold in found if threshold < 1]
    broken = sum(true_risk(threshold) > RISK for threshold in promised)
    # At most a share of 0.1 of all draws may break the promise, and these promises are made in far fewer.
    assert len(promised) >= 50
    assert broken <= 0.1 * 400
    assert count < 600 or len(promised) >= 300


def test_the_more_questions_the_more_are_answered() -> None:
    generator = np.random.default_rng(3)

    def mean_threshold(count: int) -> float:
        return float(np.mean([find_threshold(draw(count, generator)) for _ in range(50)]))

    few, some, many = map(mean_threshold, (100, 500, 4000))
    assert many < some < few
    assert many - 0.6 < 0.08  # true_risk(0.6) == 0.1


def test_where_all_are_right_everything_is_answered() -> None:
    right = make_results(np.linspace(0, 1, 300), [False] * 300)
    assert find_threshold(right, 0.05, 0.95) == GRID[-1] == 0


def test_where_nothing_can_be_promised_there_is_no_threshold() -> None:
    assert calibrate(make_results(np.linspace(0, 1, 300), [True] * 300), 0.05, 0.95, "a set") is None
    assert calibrate([], 0.05, 0.95, "a set") is None


def test_so_many_right_answers_are_enough_and_one_fewer_are_not() -> None:
    # Without one wrong answer among n, the bound is 1 - (a fourth of 0.05)^(1/n), there being four sequences.
    enough = fewest_answered(0.05, 0.95)
    assert 1 - (0.05 / 4) ** (1 / enough) <= 0.05 < 1 - (0.05 / 4) ** (1 / (enough - 1))
    assert calibrate(make_results([0.9] * enough, [False] * enough), 0.05, 0.95, "a set")
    assert calibrate(make_results([0.9] * (enough - 1), [False] * (enough - 1)), 0.05, 0.95, "a set") is None


def test_a_threshold_that_is_found_holds_its_bound() -> None:
    results = draw(2000, np.random.default_rng(11))
    found = calibrate(results, RISK, CONFIDENCE, "a set")
    assert found is not None
    assert found.threshold in GRID
    answered = [each for each in results if each.attempts[0].certainty >= found.threshold]
    assert (found.questions, found.answered) == (2000, len(answered))
    assert found.wrong == sum(not each.attempts[0].right for each in answered)
    assert clopper_pearson_upper(found.wrong, found.answered, CONFIDENCE) <= RISK


def test_one_wrong_answer_among_the_surest_does_not_end_it() -> None:
    # The first start fails at once; the second, with twice as many, holds.
    certainties = np.linspace(1, 0, 400)
    wrong = certainties == 1
    assert find_threshold(make_results(certainties, wrong)) < 0.05


def test_between_equally_sure_answers_no_threshold_cuts() -> None:
    tied = make_results([0.7] * 200, [number < 30 for number in range(200)])
    assert calibrate(tied, RISK, CONFIDENCE, "a set") is None
    assert find_threshold(tied, 0.3) == 0


def test_what_is_wrong_further_down_does_not_take_back_what_was_certified() -> None:
    # Right above 0.6, all wrong from 0.5 to 0.6, right again below: risk is not a falling line.
    certainties = np.linspace(1, 0, 2000)
    wrong = (certainties > 0.5) & (certainties < 0.6)
    assert 0.5 < find_threshold(make_results(certainties, wrong)) < 0.61


def test_a_question_of_two_parts_is_judged_by_what_is_said_at_each_threshold() -> None:
    # The sure part alone is not enough; both are; a third part makes it wrong again.
    parts = (Attempt(0.9, right=False), Attempt(0.6, right=True), Attempt(0.2, right=False))
    answered, wrong = count_answered([replace(RIGHT, attempts=parts), replace(RIGHT, attempts=())])
    told = {GRID[row]: (int(answered[row]), int(wrong[row])) for row in range(len(GRID))}
    assert (told[0.95], told[0.9], told[0.6], told[0.3], told[0.2]) == (
        (0, 0),
        (1, 1),
        (1, 0),
        (1, 0),
        (1, 1),
    )


@pytest.mark.parametrize(("risk", "confidence"), [(0, 0.9), (1, 0.9), (0.1, 0), (0.1, 1)])
def test_shares_lie_between_0_and_1(risk: float, confidence: float) -> None:
    counts = np.ones(len(GRID), dtype=np.int64)
    with pytest.raises(ValueError, match="between 0 and 1"):
        find_row(counts, counts, risk, confidence)
