"""Days that a question speaks of."""

from datetime import date

import pytest

from rag.periods import find_period

TODAY = date(2024, 6, 15)
YEARS = (2022, 2023)


@pytest.mark.parametrize(
    ("question", "said", "first", "last"),
    [
        ("2023年6月有几篇", "2023年6月", date(2023, 6, 1), date(2023, 6, 30)),
        ("二〇二三年六月有几篇", "二〇二三年六月", date(2023, 6, 1), date(2023, 6, 30)),
        ("2023-02的文章", "2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2023年6月3日的报道", "2023年6月3日", date(2023, 6, 3), date(2023, 6, 3)),
        ("2023年的文章", "2023年", date(2023, 1, 1), date(2023, 12, 31)),
        ("去年6月的文章", "去年6月", date(2023, 6, 1), date(2023, 6, 30)),
        ("上个月有几篇", "上个月", date(2024, 5, 1), date(2024, 5, 31)),
        ("近一周有几篇", "近一周", date(2024, 6, 9), date(2024, 6, 15)),
        ("2022年11月至2023年1月", "2022年11月至2023年1月", date(2022, 11, 1), date(2023, 1, 31)),
        ("2023年3到5月", "2023年3到5月", date(2023, 3, 1), date(2023, 5, 31)),
        ("2023年下半年", "2023年下半年", date(2023, 7, 1), date(2023, 12, 31)),
        ("2023年第一季度", "2023年第一季度", date(2023, 1, 1), date(2023, 3, 31)),
        ("2023年以后的", "2023年以后", date(2024, 1, 1), date.max),
        ("how many articles in june 2023", "in june 2023", date(2023, 6, 1), date(2023, 6, 30)),
        ("articles from 2022", "from 2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("articles of last month", "last month", date(2024, 5, 1), date(2024, 5, 31)),
    ],
)
def test_words_are_read_as_days(question: str, said: str, first: date, last: date) -> None:
    period = find_period(question, TODAY, YEARS)
    assert period is not None
    assert (period.said, period.spans) == (said, ((first, last),))
    assert question[period.start : period.end] == said


def test_a_month_without_a_year_is_that_month_of_every_year() -> None:
    period = find_period("六月有几篇", TODAY, YEARS)
    assert period is not None
    assert period.spans == tuple((date(year, 6, 1), date(year, 6, 30)) for year in YEARS)


@pytest.mark.parametrize(
    "question", ["第一届有几场论坛", "开了三个月", "2号线有几站", "第三季的节目", "十五的月亮"]
)
def test_numbers_that_are_no_days_are_none(question: str) -> None:
    assert find_period(question, TODAY, YEARS) is None


def test_a_day_that_is_not_in_the_calendar_is_none() -> None:
    assert find_period("2023年2月30日的报道", TODAY, YEARS) is None
