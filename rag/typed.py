"""A question as it was typed -> the ways to search it: with wrong characters corrected, with its dates read.

A way is only taken where it leads further than the plain one: a name that was corrected must stand in what is found,
and a search bound to the days that a question speaks of must answer about as surely as one among all articles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rag.catalogue import open_catalogue
from rag.dates import say_day
from rag.evidence import folded_text, header_text, share_of_terms
from rag.parts import Part
from rag.question import read_question
from rag.records import Filters
from rag.spelling import Correction, apply_corrections, find_corrections, quote_typed
from rag.store import Index
from rag.times import Day, Time, find_times, in_year, write_out
from rag.words import fold

BOUND_BONUS = 0.05
"""How much less sure an answer may be that comes from the days that the question speaks of."""
HARDLY = 0.2
"""How far under the threshold the surest answer among all articles may be."""
LESS_NAMED = 0.1
"""How much less of the question's terms its article may hold."""
MOST_YEARS = 2
"""That are tried for a day without a year, the latest first."""

_FINAL_PARTICLES = re.compile(r"(?:来着|來著|[啊呀嘛哈哦噢诶欸])+(?=[?？!！。…~～]*$)")
"""What people chat with; the reader knows questions as they are written."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to search a question.

    Attributes:
        asked: the question as it is searched.
        parts: the questions that it is made of.
        notes: what the reader is told of it.
        typed: the question with what was corrected in quotes, so that it is searched as it was typed; "" where nothing was.
        is_bound: to the articles of days that the question speaks of.
    """

    asked: str
    parts: tuple[str, ...]
    filters: Filters | None
    notes: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    typed: str = ""
    is_bound: bool = False


def find_ways(
    index: Index, question: str, asked: str, parts: Sequence[str], filters: Filters | None, today: date
) -> list[Way]:
    """The ways to search a question, the likeliest first; the last one takes the words as they stand.

    Args:
        question: as it was typed.
        asked: completed from the conversation.
        parts: the questions that ``asked`` is made of.
        today: the day on which it is asked.
    """
    parts = [_FINAL_PARTICLES.sub("", part) or part for part in parts]
    plain = Way(asked, tuple(parts), filters)
    corrections = find_corrections(index.words, asked)
    if not corrections:
        return [*_date(index, plain, today)]
    corrected = Way(
        apply_corrections(asked, corrections),
        tuple(apply_corrections(part, corrections) for part in parts),
        filters,
        (_say_corrected(corrections),),
        corrections,
        quote_typed(question if all(each.typed in question for each in corrections) else asked, corrections),
    )
    return [*_date(index, corrected, today), *_date(index, plain, today)]


def choose_way(answered: Sequence[tuple[Way, list[Part]]], threshold: float) -> tuple[Way, list[Part]]:
    """The way whose answers are the surest; of equal ones the first. Where none answers, one among all articles.

    Args:
        threshold: the certainty under which nothing is answered.
    """
    unbound = answered[-1][1]
    # Days alone make no answer where all articles have none: they only take the nearer passages away.
    may_bind = _certainty(unbound) >= threshold - HARDLY
    sound = [
        (way, parts)
        for way, parts in answered
        if _is_borne_out(way, parts) and (not way.is_bound or (may_bind and not _names_less(parts, unbound)))
    ]
    answering = [each for each in sound if _certainty(each[1]) >= threshold]
    among = answering or [each for each in sound if not each[0].is_bound]
    return max(among, key=lambda each: _certainty(each[1]) + BOUND_BONUS * each[0].is_bound)


def _certainty(parts: Sequence[Part]) -> float:
    """Of all parts together."""
    return sum(max((reply.certainty for reply in part.replies), default=0.0) for part in parts) / len(parts)


def _is_borne_out(way: Way, parts: Sequence[Part]) -> bool:
    """Whether what was corrected stands in the passages found."""
    found = [each.hit.passage for part in parts for each in part.search.found]
    texts = [fold(f"{passage.article.title}\n{passage.text}") for passage in found] if way.corrections else []
    return all(any(each.meant in text for text in texts) for each in way.corrections)


def _names_less(parts: Sequence[Part], others: Sequence[Part]) -> bool:
    """Whether the articles that answer hold less of what the question names than others do."""
    return _share_named(parts) < _share_named(others) - LESS_NAMED


def _share_named(parts: Sequence[Part]) -> float:
    """The share of the terms of the questions that the articles answering them hold."""
    shares = [
        share_of_terms(
            read_question(part.question),
            folded_text(header_text(article)) + folded_text(article.text),
        )
        for part in parts
        for reply in part.replies[:1]
        for article in [statement.article for statement in reply.statements[:1]]
    ]
    return sum(shares) / len(parts)


def _say_corrected(corrections: Sequence[Correction]) -> str:
    meant, typed = (
        "、".join(f"“{getattr(each, name)}”" for each in corrections) for name in ("meant", "typed")
    )
    return f"按{meant}搜索（原为{typed}）；要按原字搜索，请给它加上引号。"


# ---- Dates


def _date(index: Index, way: Way, today: date) -> Iterator[Way]:
    """A way with its dates read: bound to the days that it speaks of, if there are articles of them, and unbound."""
    times = find_times(way.asked, today)
    known = [time for time in times if isinstance(time, Time)]
    if known and not any(_is_told(index, time) for time in known):
        yield replace(way, notes=(*way.notes, _say_untold(way, known, today)))
        return
    for reading in _read_years(index, times, today):
        yield from _bind(index, _write_out(way, reading, today), reading)
    # A day without a year is of any year, as long as no article says which.
    yield _write_out(way, known, today) if known == times else way


def _is_told(index: Index, time: Time) -> bool:
    """Whether there are articles of a time, or articles that name its year."""
    return time.meant[:4] in index.words or _has_articles(index, _span(time))


def _read_years(index: Index, times: Sequence[Time | Day], today: date) -> Iterator[list[Time]]:
    """The times with the years that their days may mean."""
    known = [time for time in times if isinstance(time, Time)]
    days = [time for time in times if isinstance(time, Day)]
    if not days:
        yield known
        return
    if len(days) > 1:
        return
    count = 0
    for year in range(today.year, today.year - 30, -1):
        time = in_year(days[0], year)
        if time and time.since <= today and _has_articles(index, _span(time)):
            yield sorted([*known, time], key=lambda time: time.start)
            count += 1
        if count == MOST_YEARS:
            return


def _write_out(way: Way, times: Sequence[Time], today: date) -> Way:
    """A way with its times written out, in its parts as well."""
    said = {way.asked[time.start : time.end]: time.meant for time in times}
    parts = way.parts
    for typed, meant in said.items():
        parts = tuple(part.replace(typed, meant) for part in parts)
    told = "，".join(f"“{typed}”按{meant}理解" for typed, meant in said.items() if typed != meant)
    note = f"今天是{say_day(today)}，{told}。"
    return replace(
        way,
        asked=write_out(way.asked, times),
        parts=parts,
        notes=(*way.notes, note) if told else way.notes,
    )


def _say_untold(way: Way, times: Sequence[Time], today: date) -> str:
    told = "、".join(f"“{way.asked[time.start : time.end]}”" for time in times)
    return f"今天是{say_day(today)}，没有{told}的文章，这里不按日期查找。"


def _bind(index: Index, way: Way, times: Sequence[Time]) -> Iterator[Way]:
    """The way among the articles of the days that are meant; none where that is not clear, or there are none."""
    filters = way.filters or Filters()
    if len(times) != 1 or not times[0].is_bound or filters.since or filters.until:
        return
    since, until = _span(times[0])
    if _has_articles(index, (since, until)):
        note = f"只看了{say_day(since)}至{say_day(until)}的文章。"
        yield replace(
            way,
            filters=replace(filters, since=since, until=until),
            notes=(*way.notes, note),
            is_bound=True,
        )


def _span(time: Time) -> tuple[date, date]:
    return time.since, time.until + timedelta(days=time.slack)


def _has_articles(index: Index, span: tuple[date, date]) -> bool:
    catalogue = open_catalogue(index)
    days = catalogue.days[catalogue.shown]
    return bool(((days >= span[0].toordinal()) & (days <= span[1].toordinal())).any())
