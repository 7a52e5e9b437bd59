"""A sentence -> the numbers, days and hours in it, as values that can be compared: 一万二千 is 12,000, 3.2亿元 is 320,000,000元.

Two values are the same if they may be: 3.18亿 is 3.2亿 rounded, 约300 may be 310, 6月3日 of an article of 2023 is
2023年6月3日. Knows no question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["number", "date", "clock"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands.

    Attributes:
        unit: of a number, in its plainest form: 元, 米, 秒; "" for a day or an hour.
        low, high: of a number, in that unit; an hour in minutes. They differ where it is said roughly.
        slack: how much rounding may have taken off or added.
        day: year, month, day, as far as they are told.
        start, end: offsets in the sentence.
    """

    kind: Kind
    start: int
    end: int
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    slack: float = 0.0
    day: tuple[int | None, int | None, int | None] = (None, None, None)


def are_same(one: Value, other: Value) -> bool:
    """Whether two values of one kind and unit may be the same."""
    if one.kind == "date":
        return all(mine == theirs for mine, theirs in zip(one.day, other.day, strict=True) if mine and theirs)
    slack = max(one.slack, other.slack) * 1.0001
    return one.low <= other.high + slack and other.low <= one.high + slack


def to_unit(word: str) -> str:
    """The unit that values said in a unit have: 米 of 公里."""
    return _UNITS.get(word, (word, 1))[0]


def find_values(sentence: str, published: date | None) -> list[Value]:
    """The values of a folded sentence, in order, apart.

    Args:
        published: the day of the article, which 昨日 and a day without its year are counted from.
    """
    values = [*_find_days(sentence, published), *_find_clocks(sentence)]
    taken = [(value.start, value.end) for value in values]
    for value in _find_numbers(sentence):
        if not any(value.start < end and start < value.end for start, end in taken):
            values.append(value)
    return sorted(values, key=lambda value: value.start)


# ---- Numbers

_UNITS: dict[str, tuple[str, float]] = {
    "平方公里": ("平方米", 1e6),
    "平方千米": ("平方米", 1e6),
    "平方米": ("平方米", 1),
    "平米": ("平方米", 1),
    "公顷": ("平方米", 1e4),
    "亩": ("平方米", 10000 / 15),
    "立方米": ("立方米", 1),
    "公里": ("米", 1000),
    "千米": ("米", 1000),
    "米": ("米", 1),
    "厘米": ("米", 0.01),
    "毫米": ("米", 0.001),
    "吨": ("公斤", 1000),
    "公斤": ("公斤", 1),
    "千克": ("公斤", 1),
    "克": ("公斤", 0.001),
    "千瓦时": ("千瓦时", 1),
    "千瓦": ("千瓦", 1),
    "兆瓦": ("千瓦", 1000),
    "小时": ("秒", 3600),
    "个小时": ("秒", 3600),
    "分钟": ("秒", 60),
    "秒": ("秒", 1),
    "天": ("天", 1),
    "个月": ("月", 1),
    "年": ("月", 12),
    "人次": ("人次", 1),
    "人": ("人", 1),
    "名": ("人", 1),
    "位": ("人", 1),
    "美元": ("美元", 1),
    "港元": ("港元", 1),
    "欧元": ("欧元", 1),
    "日元": ("日元", 1),
    "元": ("元", 1),
    "块钱": ("元", 1),
    "块": ("元", 1),
    "个百分点": ("%", 1),
    "%": ("%", 1),
}
_COUNTED = (
    "家座辆台班趟站层间栋张件册本部首个项种条所处场次届岁倍度枚套艘架列节对股字户分轮棵株头只篇期集幅支"
)
UNIT = "|".join([*sorted(_UNITS, key=len, reverse=True), f"[{_COUNTED}]"])
_ABOUT = re.compile(
    r"(?:(?P<about>大约|约|大概|左右)|(?P<over>超过|超|逾|突破|至少|不少于|高达)|(?P<under>不到|不足|将近|近|最多|不超过))$"
)
_NUMERAL = r"\d[\d,]*(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+"
_NUMBER = re.compile(
    rf"(?<![\d.第a-z一二三四五六七八九十百千万亿])(?P<number>{_NUMERAL})(?P<scale>万亿|千亿|百亿|亿|千万|百万|十万|万|千|百)?"
    rf"(?:(?<=亿)(?P<rest>\d+)万|(?<=万)(?P<rest_thousand>[一二三四五六七八九])千)?(?P<more>[多余])?(?P<unit>{UNIT})(?P<after>左右|上下|以上|以下|多)?"
)
_SCALES = {
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "百亿": 1e10,
    "千亿": 1e11,
    "万亿": 1e12,
}
_TIME_TAKEN = re.compile(
    r"(?<!\d)(?:(?P<hours>\d{1,2})个?(?:小时|时))?(?P<minutes>\d{1,3})分(?P<seconds>\d{1,2}(?:\.\d+)?)秒"
)
_SHARE = re.compile(r"百分之(?P<number>\d+(?:\.\d+)?|[零一二两三四五六七八九十百]+)")
_ROUGHLY = 0.1
"""What 约 may take off or add."""
_ROUGHLY_OVER = 0.2
"""What 超过 may leave unsaid."""


def _find_numbers(sentence: str) -> Iterator[Value]:
    taken: list[tuple[int, int]] = []
    for found in _TIME_TAKEN.finditer(sentence):
        seconds = 3600 * float(found["hours"] or 0) + 60 * float(found["minutes"]) + float(found["seconds"])
        taken.append(found.span())
        yield Value("number", *found.span(), "秒", seconds, seconds, 0.5)
    for found in _SHARE.finditer(sentence):
        share = float(found["number"]) if found["number"][0].isdigit() else float(to_integer(found["number"]))
        taken.append(found.span())
        yield Value("number", *found.span(), "%", share, share, _precision(found["number"]) / 2)
    for found in _NUMBER.finditer(sentence):
        if not any(found.start() < end and start < found.end() for start, end in taken):
            yield _to_number(sentence, found)


def _to_number(sentence: str, found: re.Match[str]) -> Value:
    written = found["number"].replace(",", "")
    digits = written[0].isdigit()
    unit, factor = _UNITS.get(found["unit"], (found["unit"], 1))
    scale = _SCALES.get(found["scale"] or "", 1) * factor
    amount = (float(written) if digits else float(to_integer(written))) * scale
    amount += (
        float(found["rest"] or 0) * 1e4 * factor + to_integer(found["rest_thousand"] or "") * 1e3 * factor
    )
    step = (_step_of(written) if scale != factor and len(written) > 2 else _precision(written)) * scale
    step = 1e4 * factor if found["rest"] else 1e3 * factor if found["rest_thousand"] else step
    start = found.start()
    before = _ABOUT.search(sentence[max(0, start - 3) : start])
    low, high, slack = amount, amount, step / 2 if scale != factor or "." in written else 0.0
    if found["more"] or found["after"] == "多":
        high, slack = amount + _step_of(written) * scale, 0.0
    elif (before and before["about"]) or found["after"] in {"左右", "上下"}:
        low, high = amount * (1 - _ROUGHLY), amount * (1 + _ROUGHLY)
    elif (before and before["over"]) or found["after"] == "以上":
        high = amount * (1 + _ROUGHLY_OVER)
    elif (before and before["under"]) or found["after"] == "以下":
        low = amount * (1 - _ROUGHLY_OVER)
    return Value("number", start, found.end(), unit, low, high, slack)


def _precision(written: str) -> float:
    """The worth of the last digit written: 0.1 of 3.2."""
    _, _, decimals = written.partition(".")
    return float(10 ** -len(decimals)) if decimals else 1.0


def _step_of(written: str) -> float:
    """The worth of the last digit that is no zero: 100 of 300, which 300多 may be short of."""
    if not written[0].isdigit():
        written = str(to_integer(written))
    if "." in written:
        return _precision(written)
    return float(10 ** (len(written) - len(written.rstrip("0"))))


_ONES = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_POWERS = {"十": 10, "百": 100, "千": 1000}


def to_integer(numeral: str) -> int:
    """A Chinese numeral under ten thousand: 三百二十 -> 320, 十二 -> 12, 二〇二三 -> 2023."""
    if not any(power in numeral for power in _POWERS):
        return int("".join(str(_ONES[character]) for character in numeral) or 0)
    total = ones = 0
    for character in numeral:
        if character in _POWERS:
            total, ones = total + (ones or 1) * _POWERS[character], 0
        else:
            ones = _ONES[character]
    return total + ones


# ---- Days and hours

_DAY = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)年|(?P<ago>去年|前年|今年|明年|本年))?(?:(?P<month>1[0-2]|0?[1-9])月(?:份)?)?(?:(?P<day>3[01]|[12]\d|0?[1-9])[日号](?![线楼院]))?"
)
_RELATIVE = re.compile(
    r"(?P<word>昨日|昨天|昨晚|今日|今天|今晨|前天|前日|明天|明日)|(?P<month>上月|上个月|本月|这个月|下月|下个月)(?P<day>3[01]|[12]\d|[1-9])[日号]"
)
_SHIFTS = {"昨": -1, "今": 0, "前": -2, "明": 1}
_AGO = {"去年": -1, "前年": -2, "今年": 0, "本年": 0, "明年": 1}
_CLOCK = re.compile(
    r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|晚|夜间)?(?P<hour>[01]?\d|2[0-4])(?:[:：](?P<minute>[0-5]\d)|(?:时|点)(?!间)(?:(?P<minutes>[0-5]?\d)分|(?P<half>半))?)"
)


def _find_days(sentence: str, published: date | None) -> Iterator[Value]:
    for found in _RELATIVE.finditer(sentence):
        day = _relative_day(found, published) if published else None
        if day:
            yield Value("date", *found.span(), day=(day.year, day.month, day.day))
    relative = [found.span() for found in _RELATIVE.finditer(sentence)]
    for found in _DAY.finditer(sentence):
        if not found[0] or any(found.start() < end and start < found.end() for start, end in relative):
            continue
        year = int(found["year"]) if found["year"] else None
        if found["ago"]:
            year = published.year + _AGO[found["ago"]] if published else None
        month, day_of_month = (int(found[name]) if found[name] else None for name in ("month", "day"))
        if year is None and published:
            year, month = _nearest(published, month, day_of_month)
        if month is None and day_of_month:
            continue
        yield Value("date", *found.span(), day=(year, month, day_of_month))


def _relative_day(found: re.Match[str], published: date) -> date | None:
    if found["word"]:
        return published + timedelta(days=_SHIFTS[found["word"][0]])
    shift = {"上": -1, "下": 1}.get(found["month"][0], 0)
    at = published.year * 12 + published.month - 1 + shift
    try:
        return date(at // 12, at % 12 + 1, int(found["day"]))
    except ValueError:
        return None


def _nearest(published: date, month: int | None, day: int | None) -> tuple[int | None, int | None]:
    """The year, and the month, of a day that an article tells without them: the nearest to its own."""
    if month is None:
        if day is None:
            return None, None
        before = published.replace(day=1) - timedelta(days=1)
        near = published if day <= published.day + 7 else before
        return near.year, near.month
    years = (published.year - 1, published.year, published.year + 1)
    return min(years, key=lambda year: abs((year - published.year) * 12 + month - published.month)), month


def _find_clocks(sentence: str) -> Iterator[Value]:
    for found in _CLOCK.finditer(sentence):
        hour = int(found["hour"])
        if found["part"] in {"下午", "傍晚", "晚上", "晚间", "晚", "夜间"} and hour < 12:
            hour += 12
        minute = int(found["minute"] or found["minutes"] or 0) + 30 * bool(found["half"])
        yield Value("clock", *found.span(), "", 60 * hour + minute, 60 * hour + minute)
