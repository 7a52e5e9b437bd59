"""The promise of a calibration holds on questions that it has not seen, and what cannot be promised is not."""

import numpy as np
import pytest

from eval.calibrating import GRID, STARTS, find_threshold
from eval.intervals import clopper_pearson_upper

RISK, CONFIDENCE = 0.1, 0.9


def draw(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Certainties, and whether each answer is wrong: the surer the rarer."""
    certainties = generator.random(count)
    return certainties, generator.random(count) < wrong_share(certainties)


def wrong_share(certainties: np.ndarray) -> np.ndarray:
    return 0.5 * (1 - certainties)


def true_risk(threshold: float) -> float:
    """The mean of ``wrong_share`` over certainties spread evenly above the threshold."""
    return 0.25 * (1 - threshold)


@pytest.mark.parametrize("count", [150, 600])
def test_the_risk_is_kept_on_nearly_all_draws(count: int) -> None:
    generator = np.random.default_rng(7)
    found = [find_threshold(*draw(count, generator), RISK, CONFIDENCE) for _ in range(400)]
    broken = sum(threshold is not None and true_risk(threshold) > RISK for threshold in found)
    # At most a share of 0.1 may break the promise; 400 draws of 0.1 stay under 0.145 but once in a thousand.
    assert broken <= 0.145 * len(found)


def test_the_more_questions_the_more_are_answered() -> None:
    generator = np.random.default_rng(3)

    def mean_threshold(count: int) -> float:
        found = [find_threshold(*draw(count, generator), RISK, CONFIDENCE) for _ in range(50)]
        return float(np.mean([1.0 if each is None else each for each in found]))

    few, some, many = map(mean_threshold, (100, 500, 4000))
    assert many < some < few
    assert many - 0.6 < 0.08  # true_risk(0.6) == 0.1


def test_where_all_are_right_everything_is_answered() -> None:
    certainties = np.linspace(0, 1, 300)
    assert find_threshold(certainties, np.zeros(300, dtype=bool), 0.05, 0.95) == GRID[-1] == 0


def test_where_nothing_can_be_promised_there_is_no_threshold() -> None:
    certainties = np.linspace(0, 1, 300)
    assert find_threshold(certainties, np.ones(300, dtype=bool), 0.05, 0.95) is None
    # Without one wrong answer among n, the bound is 1 - (a STARTS-th of 1 - confidence)^(1/n).
    few = 20
    assert clopper_pearson_upper(0, few, 1 - 0.05 / STARTS) == pytest.approx(1 - (0.05 / STARTS) ** (1 / few))
    assert find_threshold(certainties[:few], np.zeros(few, dtype=bool), 0.05, 0.95) is None


def test_a_threshold_that_is_found_holds_its_bound() -> None:
    generator = np.random.default_rng(11)
    certainties, wrong = draw(2000, generator)
    threshold = find_threshold(certainties, wrong, RISK, CONFIDENCE)
    assert threshold in GRID
    answered = certainties >= threshold
    assert clopper_pearson_upper(int(wrong[answered].sum()), int(answered.sum()), CONFIDENCE) <= RISK


@pytest.mark.parametrize(("risk", "confidence"), [(0, 0.9), (1, 0.9), (0.1, 0), (0.1, 1)])
def test_shares_lie_between_0_and_1(risk: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        find_threshold(np.array([0.5]), np.array([False]), risk, confidence)
