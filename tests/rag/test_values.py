"""Numbers, days and hours as values that can be compared."""

from datetime import date

import pytest

from rag.values import Value, are_same, find_values

PUBLISHED = date(2023, 7, 2)


def only(text: str, published: date = PUBLISHED) -> Value:
    (value,) = find_values(text, published)
    return value


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("一万二千人", "人", 12_000),
        ("12,000名", "人", 12_000),
        ("3.2亿元", "元", 320_000_000),
        ("3亿5000万元", "元", 350_000_000),
        ("14.8平方公里", "平方米", 14_800_000),
        ("百分之十二", "%", 12),
        ("2小时14分32秒", "秒", 2 * 3600 + 14 * 60 + 32),
        ("三百二十户", "户", 320),
        ("4260万吨", "公斤", 42_600_000 * 1000),
    ],
)
def test_numbers_are_read_in_their_plainest_unit(text: str, unit: str, amount: float) -> None:
    value = only(text)
    assert (value.unit, value.low, value.high) == (unit, amount, amount)
    assert text[value.start : value.end] == text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022年6月18日", (2022, 6, 18)),
        ("6月18日", (2023, 6, 18)),
        ("昨日", (2023, 7, 1)),
        ("上月28日", (2023, 6, 28)),
        ("28日", (2023, 6, 28)),
        ("去年6月", (2022, 6, None)),
        ("12月30日", (2023, 12, 30)),
    ],
)
def test_days_are_counted_from_the_articles_day(text: str, day: tuple[int | None, ...]) -> None:
    assert only(text).day == day


def test_a_december_told_of_in_january_is_the_last_one() -> None:
    assert only("12月30日", date(2024, 1, 2)).day == (2023, 12, 30)


def test_hours_are_read_in_minutes() -> None:
    assert [value.low for value in find_values("下午3点半到晚上8:05", PUBLISHED)] == [
        15 * 60 + 30,
        20 * 60 + 5,
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3.2亿元", "3.18亿元", True),
        ("3.2亿元", "3.12亿元", False),
        ("24.3公里", "24.8公里", False),
        ("24.3公里", "24300米", True),
        ("约300家", "310家", True),
        ("约300家", "400家", False),
        ("1亿多元", "1.36亿元", True),
        ("120余人", "127人", True),
        ("超过2万人", "2.1万人", True),
        ("不到40公里", "38公里", True),
        ("136户", "136户", True),
        ("2006年8月", "2006年", True),
        ("2006年8月", "2007年1月", False),
        ("昨日", "2023年7月1日", True),
        ("昨日", "7月2日", False),
    ],
)
def test_values_are_the_same_where_they_may_be(one: str, other: str, same: bool) -> None:
    assert are_same(only(one), only(other)) is same
    assert are_same(only(other), only(one)) is same


def test_a_number_in_a_name_is_no_value() -> None:
    assert find_values("2号线第3期H1路", PUBLISHED) == []
