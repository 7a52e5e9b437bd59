"""Days as the articles speak of them: in Beijing."""

from datetime import date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept no summer time since 1991, so a fixed offset serves."""


def beijing_day(moment: datetime | None) -> date | None:
    """The day in Beijing of an aware moment."""
    return moment.astimezone(BEIJING).date() if moment else None


def say_day(day: date | None) -> str:
    """A day as the articles write it, ``2021年6月5日``; nothing for None."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
