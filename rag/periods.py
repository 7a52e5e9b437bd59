"""Words of a folded question -> the days they speak of: 2023年6月, 六月, 去年, 3月到5月, 近一周, in June 2023.

A month without a year is that month of every year, since a folder of several years has several Junes. Knows no
article; what a question wants of those days is read elsewhere.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

Days = tuple[date, date]
"""The first and the last, both included."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days that a question speaks of.

    Attributes:
        spans: one, or one a year for a month without a year.
        said: the words that said so.
        start, end: where those stand in the question.
    """

    spans: tuple[Days, ...]
    said: str
    start: int
    end: int


_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_YEAR = r"(?:(?:19|20)\d\d)"
_YEAR_WORDS = {"今年": 0, "本年": 0, "去年": -1, "上年": -1, "前年": -2, "大前年": -3}


def _point(name: str) -> str:
    """A year, a month, a day or several of them, its groups numbered by ``name``."""
    year = rf"(?P<year{name}>{_YEAR})年度?|(?P<ago{name}>大前年|今年|本年|去年|上年|前年)"
    alone = rf"(?<![\d一二三四五六七八九十第])(?P<month{name}>{_MONTH})月份?"
    month = rf"{alone}(?:(?P<day{name}>{_DAY})(?:[日号]|(?![\d个月年天])))?"
    part = r"[上下]半年|第?[一二三四1-4]季度"
    begins = rf"(?={_YEAR}年|大前年|今年|本年|去年|上年|前年|{_MONTH}月|{part})"
    return rf"{begins}(?:(?:{year})(?:的(?={_MONTH}月|{part}))?)?(?:{month}|(?P<part{name}>{part}))?"


_RANGE = re.compile(
    rf"(?:从|自)?(?:{_point('1')}|(?:(?P<bare_year>{_YEAR})年)?(?P<bare>(?<![\d一二三四五六七八九十]){_MONTH}))(?:到|至|[-~—–]+){_point('2')}"
)
_SINGLE = re.compile(rf"{_point('1')}(?P<since>以来|以后|之后|后|起|至今|开始)?(?P<until>以前|之前|前)?")
_COUNTED = re.compile(
    r"(?:最近|过去|近)的?(?:这)?(?P<count>\d+|[一二两三四五六七八九十半]+)个?(?P<unit>天|日|周|星期|礼拜|月|年)(?:以?来|之?内|里)?"
)
_WRITTEN = re.compile(
    rf"(?P<year>{_YEAR})[-/.](?P<month>1[0-2]|0?[1-9])(?:[-/.](?P<day>3[01]|[12]\d|0?[1-9]))?(?!\d)"
)
_NAMED = re.compile(
    r"(?P<month>上个?月|这个?月|本月|当月)|(?P<week>上个?(?:周|星期|礼拜)|[这本]个?(?:周|星期|礼拜)(?![一二三四五六日天]))"
    r"|(?P<day>今天|今日|昨天|昨日|前天)"
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_ENGLISH_MONTH = rf"(?P<name>{'|'.join(rf'{name[:3]}(?:{name[3:]})?' if name != 'may' else name for name in _MONTHS)}|sept)\.?"
_ENGLISH = re.compile(
    rf"\b(?:in|of|during|from|on|since)\s+{_ENGLISH_MONTH}(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?)?(?:\s*,?\s*(?P<year>{_YEAR}))?\b"
    rf"|\b(?:in|of|during|from)\s+(?P<only>{_YEAR})\b|\b(?P<ago>last|this)\s+(?P<unit>year|month|week)\b|\b(?P<near>today|yesterday)\b"
)
_NUMERALS = {character: number for number, character in enumerate("一二三四五六七八九十", start=1)} | {
    "两": 2
}


def find_period(folded: str, today: date, years: Sequence[int]) -> Period | None:
    """The first days that a folded question speaks of; None where it speaks of none.

    Args:
        years: those that a month without a year may lie in.
    """
    text = re.sub(r"[〇零一二三四五六七八九]{4}(?=年)", lambda found: found[0].translate(_DIGITS), folded)
    for find in (_find_counted, _find_written, _find_range, _find_single, _find_named, _find_english):
        found = find(text, today, years)
        if found:
            spans, start, end = found
            if spans:
                return Period(spans, folded[start:end], start, end)
    return None


Found = tuple[tuple[Days, ...], int, int] | None


def _find_counted(text: str, today: date, years: Sequence[int]) -> Found:
    found = _COUNTED.search(text)
    if not found:
        return None
    many = 1 if found["count"] == "半" else to_number(found["count"])
    length = {"天": 1, "日": 1, "月": 30, "年": 365}.get(found["unit"], 7) * many
    if found["count"] == "半":
        length //= 2
    return ((today - timedelta(days=length - 1), today),), *found.span()


def _find_written(text: str, today: date, years: Sequence[int]) -> Found:
    found = _WRITTEN.search(text)
    if not found:
        return None
    year, month = int(found["year"]), int(found["month"])
    days = _day(year, month, int(found["day"])) if found["day"] else _month(year, month)
    return ((days,) if days else ()), *found.span()


def _find_range(text: str, today: date, years: Sequence[int]) -> Found:
    found = _RANGE.search(text)
    if not found:
        return None
    last_year = _year_of(found, "2", today)
    first_year = int(found["bare_year"]) if found["bare_year"] else _year_of(found, "1", today)
    spans = []
    for year in _candidate_years(last_year or first_year, years):
        last = _days_of(found, "2", year)
        first = (
            _month(first_year or year, to_number(found["bare"]))
            if found["bare"]
            else _days_of(found, "1", first_year or year)
        )
        if first and last and first[0] <= last[1]:
            spans.append((first[0], last[1]))
    return tuple(spans), *found.span()


def _find_single(text: str, today: date, years: Sequence[int]) -> Found:
    found = _SINGLE.search(text)
    if not found:
        return None
    spans = [
        days
        for year in _candidate_years(_year_of(found, "1", today), years)
        if (days := _days_of(found, "1", year))
    ]
    if found["since"]:
        # 之后 leaves the named days out; 以来 and 起 do not.
        out = found["since"] in {"之后", "后", "以后"}
        spans = [(last + timedelta(days=1) if out else first, date.max) for first, last in spans[-1:]]
    elif found["until"]:
        spans = [(date.min, first - timedelta(days=1)) for first, _ in spans[-1:]]
    return tuple(spans), *found.span()


def _find_named(text: str, today: date, years: Sequence[int]) -> Found:
    found = _NAMED.search(text)
    if not found:
        return None
    word, back = found[0], found[0].startswith("上")
    if found["month"]:
        days = _month_before(today) if back else _month(today.year, today.month)
    elif found["week"]:
        monday = today - timedelta(days=today.weekday() + (7 if back else 0))
        days = (monday, monday + timedelta(days=6))
    else:
        day = today - timedelta(days={"昨": 1, "前": 2}.get(word[0], 0))
        days = (day, day)
    return ((days,) if days else ()), *found.span()


def _find_english(text: str, today: date, years: Sequence[int]) -> Found:
    found = _ENGLISH.search(text)
    if not found:
        return None
    if found["name"]:
        month = [name[:3] for name in _MONTHS].index(found["name"][:3]) + 1
        day = found["day"]
        wanted = _candidate_years(int(found["year"]) if found["year"] else None, years)
        spans = [_day(year, month, int(day)) if day else _month(year, month) for year in wanted]
        return tuple(days for days in spans if days), *found.span()
    if found["only"]:
        return (_year(int(found["only"])),), *found.span()
    if found["near"]:
        day_meant = today - timedelta(days=found["near"] == "yesterday")
        return ((day_meant, day_meant),), *found.span()
    return (_english_span(found["ago"] == "last", found["unit"], today),), *found.span()


def _english_span(back: bool, unit: str, today: date) -> Days:
    if unit == "year":
        return _year(today.year - back)
    if unit == "month":
        return _month_before(today) if back else _month(today.year, today.month) or (today, today)
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return monday, monday + timedelta(days=6)


def to_number(numeral: str) -> int:
    """十二, 二十三 or 12 as a number under a hundred."""
    if numeral.isdigit():
        return int(numeral)
    tens, ten, ones = numeral.rpartition("十")
    return (_NUMERALS.get(tens, 1) * 10 if ten else 0) + _NUMERALS.get(ones, 0)


def _year_of(found: re.Match[str], name: str, today: date) -> int | None:
    if found[f"year{name}"]:
        return int(found[f"year{name}"])
    ago = found[f"ago{name}"]
    return today.year + _YEAR_WORDS[ago] if ago else None


def _candidate_years(year: int | None, years: Sequence[int]) -> Iterator[int]:
    yield from [year] if year is not None else sorted(years)


def _days_of(found: re.Match[str], name: str, year: int) -> Days | None:
    month, day, part = (found[f"{each}{name}"] for each in ("month", "day", "part"))
    if month:
        return _day(year, to_number(month), to_number(day)) if day else _month(year, to_number(month))
    return _part(year, part) if part else _year(year)


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


def _month(year: int, month: int) -> Days | None:
    if not 1 <= month <= 12:
        return None
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _month_before(today: date) -> Days:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _day(year: int, month: int, day: int) -> Days | None:
    try:
        only = date(year, month, day)
    except ValueError:
        return None
    return only, only


def _part(year: int, part: str) -> Days:
    if part.endswith("半年"):
        return (
            (date(year, 1, 1), date(year, 6, 30))
            if part[0] == "上"
            else (date(year, 7, 1), date(year, 12, 31))
        )
    quarter = to_number(part.removeprefix("第")[0])
    first = date(year, 3 * quarter - 2, 1)
    last_month = 3 * quarter
    return first, date(year, last_month, calendar.monthrange(year, last_month)[1])
