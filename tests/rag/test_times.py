"""Times that a question says relatively, read on 15 June 2024."""

from datetime import date

import pytest

from rag.times import Day, Time, find_times, in_year, write_out

TODAY = date(2024, 6, 15)


def read(question: str, today: date = TODAY) -> list[tuple[str, date, date]]:
    times = [time for time in find_times(question, today) if isinstance(time, Time)]
    return [(time.meant, time.since, time.until) for time in times]


@pytest.mark.parametrize(
    ("question", "meant", "since", "until"),
    [
        ("去年谁是冠军", "2023年", date(2023, 1, 1), date(2023, 12, 31)),
        ("前年亏了多少", "2022年", date(2022, 1, 1), date(2022, 12, 31)),
        ("今年3月开了哪几站", "2024年3月", date(2024, 3, 1), date(2024, 3, 31)),
        ("去年二月的事", "2023年2月", date(2023, 2, 1), date(2023, 2, 28)),
        ("去年6月26号的预警", "2023年6月26日", date(2023, 6, 26), date(2023, 6, 26)),
        ("去年年底的电影节", "2023年", date(2023, 11, 1), date(2023, 12, 31)),
        ("去年底的电影节", "2023年", date(2023, 11, 1), date(2023, 12, 31)),
        ("今年上半年的产量", "2024年", date(2024, 1, 1), date(2024, 6, 30)),
        ("上个月谁夺冠", "2024年5月", date(2024, 5, 1), date(2024, 5, 31)),
        ("上個月誰奪冠", "2024年5月", date(2024, 5, 1), date(2024, 5, 31)),
        ("上月15日的会", "2024年5月15日", date(2024, 5, 15), date(2024, 5, 15)),
        ("昨天谁来了", "2024年6月14日", date(2024, 6, 14), date(2024, 6, 14)),
        ("今日的香港", "今日", TODAY, TODAY),
        ("上周谁来了", "上周", date(2024, 6, 3), date(2024, 6, 9)),
    ],
)
def test_a_relative_time_is_read_by_the_day_of_the_question(
    question: str, meant: str, since: date, until: date
) -> None:
    assert read(question) == [(meant, since, until)]


def test_a_month_before_january_is_in_the_year_before() -> None:
    assert read("上个月谁夺冠", date(2024, 1, 31)) == [("2023年12月", date(2023, 12, 1), date(2023, 12, 31))]


@pytest.mark.parametrize(
    "question",
    ["比去年增长了多少", "“去年”是谁唱的", "《昨天》的作者", "2023年谁是冠军", "2023年6月3日的会", "产量有几月几日公布", "13月40日"],
)  # fmt: skip
def test_a_time_that_is_compared_with_quoted_or_dated_is_none(question: str) -> None:
    assert find_times(question, TODAY) == []


def test_a_time_that_only_bounds_another_is_marked() -> None:
    (time,) = find_times("去年以来开了哪些站", TODAY)
    assert isinstance(time, Time)
    assert not time.is_bound


def test_a_day_without_a_year_is_left_open() -> None:
    assert find_times("６月３日的会", TODAY) == [Day(0, 4, 6, 3)]
    assert find_times("会是十二月二十三号开的吗", TODAY) == [Day(2, 9, 12, 23)]
    assert in_year(Day(0, 4, 2, 29), 2023) is None
    leap = in_year(Day(0, 5, 2, 29), 2024)
    assert leap is not None
    assert leap.since == date(2024, 2, 29)


def test_times_are_written_out_in_their_places() -> None:
    times = [time for time in find_times("去年和今年谁是冠军", TODAY) if isinstance(time, Time)]
    assert write_out("去年和今年谁是冠军", times) == "2023年和今年谁是冠军"
