"""The score of CMRC 2018, by hand."""

import pytest

from eval.metrics.overlap_f1 import longest_common_run
from eval.reader.score import f1, to_units


def test_units_are_characters_and_words() -> None:
    assert to_units("《碳中和》 in 2021年！") == ["碳", "中", "和", "in", "2021", "年"]


def test_the_longest_run_is_without_gaps() -> None:
    assert longest_common_run("abcxde", "abcyde") == 3
    assert longest_common_run("", "a") == 0


@pytest.mark.parametrize(
    ("words", "gold", "expected"),
    [("北京市", "北京市", 1.0), ("北京", "北京市", 0.8), ("上海", "北京", 0.0), ("", "北京", 0.0)],
)
def test_f1(words: str, gold: str, expected: float) -> None:
    assert f1(words, gold) == pytest.approx(expected)
