"""Times that a question says relatively (去年, 上个月, 昨天, 6月3日 without a year) -> days, by the day of the question. Pure.

A time in quotes is left as it is, and so is one that something is compared with (比去年): that is the article's.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rag.dates import say_day

_YEARS = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2, "後年": 2}
_MONTHS = {
    "上上个月": -2,
    "上上個月": -2,
    "上个月": -1,
    "上個月": -1,
    "上月": -1,
    "这个月": 0,
    "這個月": 0,
    "本月": 0,
}
_DAYS = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨日": -1,
    "昨晚": -1,
    "今天": 0,
    "今日": 0,
    "今早": 0,
    "今晚": 0,
}
_WEEKS = {
    "上个星期": -1,
    "上個星期": -1,
    "上星期": -1,
    "上周": -1,
    "上週": -1,
    "这周": 0,
    "這週": 0,
    "本周": 0,
}
_SEASONS = {
    "年初": (1, 1, 0),
    "上半年": (1, 6, 0),
    "年中": (5, 8, 0),
    "下半年": (7, 12, 0),
    "年底": (11, 12, 31),
    "年末": (11, 12, 31),
}
"""First and last month, and days after."""
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_TIME = re.compile(
    rf"(?P<year>{'|'.join(_YEARS)})度?(?:的?(?:(?P<season>上半年|下半年|年?[初中底末])|"
    rf"(?P<month>{_NUMBER})月份?(?:(?P<day>{_NUMBER})[日号號])?))?"
    rf"|(?P<months>{'|'.join(_MONTHS)})(?:的?(?P<monthday>{_NUMBER})[日号號])?"
    rf"|(?P<weeks>{'|'.join(_WEEKS)})|(?P<days>{'|'.join(_DAYS)})"
    rf"|(?<![年\d])(?<!年的)(?P<baremonth>{_NUMBER})月(?P<bareday>{_NUMBER})[日号號]"
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》")
_COMPARED = re.compile(r"[比较較与與和同跟]$")
_OPEN = re.compile(r"(?:之|以)?[前后後]|以[来來]|至今|[起到至]")
"""What follows a time that only bounds another."""
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九十", start=1)}


@dataclass(frozen=True, slots=True)
class Time:
    """A time in a question.

    Attributes:
        start, end: where it is said.
        meant: the same written out, such as 2023年6月.
        since, until: the days of it, inclusive.
        slack: days after it in which it may still be reported.
        is_bound: it says when something was, and does not only bound another time.
    """

    start: int
    end: int
    meant: str
    since: date
    until: date
    slack: int
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day without a year, and where it is said."""

    start: int
    end: int
    month: int
    day: int


def find_times(question: str, today: date) -> list[Time | Day]:
    """Find the times that a question says relatively, in order."""
    plain = unicodedata.normalize("NFKC", question)
    if len(plain) != len(question):
        return []
    quoted = {place for found in _QUOTED.finditer(question) for place in range(*found.span())}
    times: list[Time | Day] = []
    for found in _TIME.finditer(plain):
        if found.start() in quoted or _COMPARED.search(plain[: found.start()]):
            continue
        time = _read(found, today, _OPEN.match(plain, found.end()) is None)
        if time is not None:
            times.append(time)
    return times


def in_year(day: Day, year: int) -> Time | None:
    """A day in a year; None where that year has no such day."""
    try:
        when = date(year, day.month, day.day)
    except ValueError:
        return None
    return Time(day.start, day.end, say_day(when), when, when, 3, is_bound=True)


def write_out(question: str, times: Sequence[Time]) -> str:
    """A question with its times written out."""
    for time in reversed(times):
        question = f"{question[: time.start]}{time.meant}{question[time.end :]}"
    return question


def _read(found: re.Match[str], today: date, is_bound: bool) -> Time | Day | None:
    start, end = found.span()
    if found["baremonth"]:
        month, day = _to_number(found["baremonth"]), _to_number(found["bareday"])
        return Day(start, end, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
    if found["days"]:
        when = today + timedelta(days=_DAYS[found["days"]])
        meant = found[0] if when == today else say_day(when)  # 今日的香港 is of no one day
        return Time(start, end, meant, when, when, 3, is_bound)
    if found["weeks"]:
        monday = today + timedelta(days=7 * _WEEKS[found["weeks"]] - today.weekday())
        return Time(start, end, found[0], monday, monday + timedelta(days=6), 3, is_bound)
    number: str | None
    if found["months"]:
        months = 12 * today.year + today.month - 1 + _MONTHS[found["months"]]
        year, month = divmod(months, 12)
        month, number = month + 1, found["monthday"]
    else:
        year, number = today.year + _YEARS[found["year"]], found["day"]
        if found["season"]:
            first, last, slack = _SEASONS[_whole(found["season"])]
            return Time(start, end, f"{year}年", date(year, first, 1), _last_day(year, last), slack, is_bound)
        if not found["month"]:
            return Time(start, end, f"{year}年", date(year, 1, 1), date(year, 12, 31), 15, is_bound)
        month = _to_number(found["month"])
    if not 1 <= month <= 12:
        return None
    if number:
        return in_year(Day(start, end, month, _to_number(number)), year)
    return Time(start, end, f"{year}年{month}月", date(year, month, 1), _last_day(year, month), 7, is_bound)


def _whole(season: str) -> str:
    return season if season in _SEASONS else f"年{season}"


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _to_number(text: str) -> int:
    """``12``, 十二, 二十三; 0 where it is no number."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return 10 * (_DIGITS.get(tens, 0) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)
