"""Intervals: their values where they are known, and their ways where they are not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.intervals import (
    bootstrap,
    bootstrap_ratios,
    clopper_pearson_upper,
    mcnemar,
    paired,
)

HALF = [1.0] * 50 + [0.0] * 50


def test_an_interval_of_a_share_is_about_as_wide_as_the_normal_one() -> None:
    low, high = bootstrap(HALF)
    spread = 1.96 * math.sqrt(0.5 * 0.5 / 100)
    assert low == pytest.approx(0.5 - spread, abs=0.015)
    assert high == pytest.approx(0.5 + spread, abs=0.015)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        low, high = bootstrap((generator.random(60) < 0.7).astype(float).tolist())
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 200 <= 0.99


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_an_interval_lies_within_the_values_and_is_the_same_again(values: list[float]) -> None:
    low, high = bootstrap(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert bootstrap(values) == (low, high)


def test_another_seed_draws_others() -> None:
    values = [number / 97 for number in range(97)]
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_more_cases_make_an_interval_narrower() -> None:
    few, many = bootstrap(HALF), bootstrap(HALF * 4)
    assert many[1] - many[0] == pytest.approx((few[1] - few[0]) / 2, rel=0.15)


def test_without_cases_there_is_no_interval() -> None:
    with pytest.raises(ValueError, match="needs cases"):
        bootstrap([])
    with pytest.raises(ValueError, match="something to divide by"):
        bootstrap_ratios(np.ones((3, 1)), np.zeros((3, 1)))


def test_a_resample_without_the_figure_is_left_out() -> None:
    above = below = np.array([[0.0], [0.0], [0.0], [1.0]])
    low, high = bootstrap_ratios(above, below)
    assert (low.tolist(), high.tolist()) == ([1.0], [1.0])


def test_ratios_over_the_same_cases_have_the_intervals_that_each_has_alone() -> None:
    generator = np.random.default_rng(1)
    above, below = generator.random((30, 2)), np.ones((30, 2))
    low, high = bootstrap_ratios(above, below)
    for column in range(2):
        assert (low[column], high[column]) == pytest.approx(bootstrap(above[:, column].tolist()))


def test_a_paired_difference_is_left_less_right() -> None:
    left, right = [1.0] * 20, [1.0] * 15 + [0.0] * 5
    difference, low, high = paired(left, right)
    assert difference == 5 / 20
    assert 0 < low < 5 / 20 < high
    assert paired(right, left)[0] == -5 / 20
    with pytest.raises(ValueError, match="zip"):
        paired([1.0], [])


def test_a_paired_interval_is_that_of_the_cases_and_not_of_the_sides() -> None:
    """Two systems that differ by the same on every case differ for sure, however much the cases vary."""
    left = [number / 10 for number in range(10)]
    _, low, high = paired([value + 0.01 for value in left], left)
    assert low == pytest.approx(0.01)
    assert high == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("only_left", "only_right", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (0, 5, 2 * 1 / 2**5),
        (5, 0, 2 * 1 / 2**5),
        (1, 7, 2 * (1 + 8) / 2**8),
        (2, 10, 2 * (1 + 12 + 66) / 2**12),
    ],
)
def test_mcnemar_is_twice_the_binomial_tail(only_left: int, only_right: int, p: float) -> None:
    assert mcnemar(only_left, only_right) == pytest.approx(p)


def test_no_error_bounds_the_share_as_a_power_says() -> None:
    # With share p, no error in 50 has the chance (1 - p) ** 50, which is 0.05 at the bound.
    assert clopper_pearson_upper(0, 50, 0.95) == pytest.approx(1 - 0.05 ** (1 / 50))
    assert clopper_pearson_upper(1, 1, 0.95) == 1.0
    assert clopper_pearson_upper(0, 0, 0.95) == 1.0


@given(st.integers(1, 60), st.floats(0.5, 0.99), st.data())
def test_at_the_bound_so_few_errors_have_the_chance_that_is_left(
    of: int, confidence: float, data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(0, of - 1))
    bound = clopper_pearson_upper(wrong, of, confidence)
    chance = sum(
        math.comb(of, errors) * bound**errors * (1 - bound) ** (of - errors) for errors in range(wrong + 1)
    )
    assert chance == pytest.approx(1 - confidence)
    assert wrong / of < bound <= 1


@pytest.mark.parametrize(("wrong", "of", "confidence"), [(3, 2, 0.9), (-1, 2, 0.9), (1, 2, 0.0), (1, 2, 1.0)])
def test_a_bound_of_nothing_is_refused(wrong: int, of: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="has no bound"):
        clopper_pearson_upper(wrong, of, confidence)
