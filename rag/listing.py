"""The articles that are wanted of a folder -> their number, a list of them, or an extract of one; computed, never guessed.

Every line that names an article cites its first sentence, so that the mark opens it. How many there are is said first,
and that line has no mark: no article tells how many there are, the folder does. Where there are none it is the whole
answer, and no refusal: that there are none is what was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.answer import Statement, render
from rag.catalogue import Catalogue, open_catalogue
from rag.dates import beijing_day, say_day
from rag.extract import extract
from rag.inquiry import Inquiry
from rag.inventory import (
    Allowed,
    allow_articles,
    choose_article,
    one_line,
    order_articles,
    select_articles,
)
from rag.passages import split_sentences
from rag.records import Article, Citation, Filters, Turn
from rag.retrieve import Found, group_articles
from rag.store import Index

LISTED = 10
"""Articles that an answer names; of more it says how many."""
NEAREST = 5
"""Articles that are named where none holds a foreign topic's words."""


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of the folder.

    Attributes:
        heading, ending: lines without a mark around those that cite; "" where there is none.
        statements: one for each line that cites.
    """

    heading: str
    statements: tuple[Statement, ...] = ()
    ending: str = ""

    def render(self) -> tuple[str, tuple[Citation, ...]]:
        """The text and its citations."""
        lines, citations = render(self.statements)
        around = (one_line(self.heading), lines, self.ending)
        return "\n".join(part for part in around if part), citations


def tell(
    index: Index, inquiry: Inquiry, filters: Filters, found: Sequence[Found], history: Sequence[Turn]
) -> Told | None:
    """Compute what is wanted.

    Args:
        found: what search finds for the topic, best first: it chooses the article of an extract.
        history: earlier turns, oldest first; 这篇 is an article of the last answer.

    Returns:
        None where it was no question about the folder after all: its topic, which no word marks as such, is in no
        article, its days are before all of them, or there is no article that 这篇 could be.

    Raises:
        FilterError: a filter names what no article has.
    """
    catalogue = open_catalogue(index)
    allowed = allow_articles(index, catalogue, inquiry, filters)
    if inquiry.aim == "extract":
        row = choose_article(index, catalogue, inquiry, filters, allowed, found, history)
        return _tell_extract(index, row, inquiry.english) if row is not None else None
    rows = order_articles(catalogue, inquiry, select_articles(index, catalogue, inquiry.topic, allowed))
    if not rows and inquiry.topic:
        if not inquiry.is_marked:
            return None
        if inquiry.english and inquiry.topic.isascii():
            return _tell_nearest(catalogue, index, inquiry, allowed, found)
    if not rows and _is_of_the_past(catalogue, inquiry):
        return None
    if inquiry.pick and rows:
        return _tell_first(index, catalogue, inquiry, rows)
    return _tell_list(index, catalogue, inquiry, rows, filters != Filters())


def _is_of_the_past(catalogue: Catalogue, inquiry: Inquiry) -> bool:
    """Whether nothing but days before all articles binds a list: 1937年发表了什么文章 asks what they tell of that year."""
    if inquiry.aim != "list" or inquiry.period is None or inquiry.outlet or inquiry.author or inquiry.topic:
        return False
    years = catalogue.names.years
    return bool(years) and all(last.year < years[0] for _, last in inquiry.period.spans)


# ---- What is said


def _tell_list(
    index: Index, catalogue: Catalogue, inquiry: Inquiry, rows: Sequence[int], filtered: bool
) -> Told:
    heading = _say_count(catalogue, inquiry, rows, filtered)
    more = len(rows) - LISTED
    ending = ""
    if more > 0:
        ending = (
            f"{more} more are not listed; name a day, an outlet or a topic to see fewer."
            if inquiry.english
            else f"另有{more}篇没有列出；可以加上日期、媒体或主题再问。"
        )
    return Told(heading, tuple(_cite(index, row, inquiry.english) for row in rows[:LISTED]), ending)


def _tell_first(index: Index, catalogue: Catalogue, inquiry: Inquiry, rows: Sequence[int]) -> Told:
    row = next((row for row in rows if catalogue.days[row]), rows[0])
    what = _say_what(inquiry)
    if inquiry.english:
        lead = f"The {'earliest' if inquiry.pick == 'earliest' else 'latest'} article{what} is "
    else:
        first = "最早" if inquiry.pick == "earliest" else "最新"
        lead = f"{what}{first}{'' if what else '的'}一篇是"
    return Told("", (_cite(index, row, inquiry.english, lead),))


def _tell_nearest(
    catalogue: Catalogue, index: Index, inquiry: Inquiry, allowed: Allowed, found: Sequence[Found]
) -> Told:
    """Where no article holds a foreign topic's words: so it is said, and what is nearest in meaning is named."""
    paths = catalogue.holders["article"]
    rows = [paths[group[0].hit.passage.article.path][0] for group in group_articles(found)]
    near = [row for row in rows if allowed[row]][: 1 if inquiry.pick else NEAREST]
    heading = f"No article holds the words “{inquiry.topic}”"
    if not near:
        return Told(f"{heading}.")
    return Told(f"{heading}; nearest in meaning:", tuple(_cite(index, row, english=True) for row in near))


def _tell_extract(index: Index, row: int, english: bool) -> Told:
    article = index.article(row)
    heading = f"From {_name(article, english)}:" if english else f"{_name(article, english)}的要点："
    return Told(heading, tuple(extract(index, row)))


def _say_count(catalogue: Catalogue, inquiry: Inquiry, rows: Sequence[int], filtered: bool) -> str:
    what, count = _say_what(inquiry), len(rows)
    if inquiry.english:
        within = " within the filters" if filtered else ""
        said = f"{count or 'No'} article{'s' * (count != 1)}{what}{within}"
        return f"{said}:" if count else f"{said}."
    within = "所选范围内" if filtered else ""
    if not count:
        return f"{within}没有{what}文章。" if what else f"{within}没有文章。"
    if not what:
        return f"{within}共{count}篇文章。"
    return f"共{count}篇：{within}{what}文章{_say_years(catalogue, inquiry, rows)}。"


def _say_what(inquiry: Inquiry) -> str:
    """The conditions in words: 2023年6月东港晚报提到“氢能”的; " from 东港晚报 in June 2023 that hold “氢能”"."""
    who = inquiry.outlet or inquiry.author or ""
    if inquiry.english:
        holds = f" that hold{'s' * bool(inquiry.pick)} “{inquiry.topic}”" if inquiry.topic else ""
        by = f" by {who}" if who else ""
        return f"{by}{f' {_say_period(inquiry)}' if inquiry.period else ''}{holds}"
    holds = f"提到“{inquiry.topic}”" if inquiry.topic else ""
    said = f"{inquiry.period.said if inquiry.period else ''}{who}{holds}"
    return f"{said}的" if said else ""


def _say_period(inquiry: Inquiry) -> str:
    return " ".join(
        word.capitalize()
        if word.isalpha() and len(word) > 3 and word not in {"from", "during", "last", "this"}
        else word
        for word in (inquiry.period.said if inquiry.period else "").split()
    )


def _say_years(catalogue: Catalogue, inquiry: Inquiry, rows: Sequence[int]) -> str:
    """How many of each year, where a month of no year was asked for and several have one."""
    if not inquiry.period or len(inquiry.period.spans) < 2:
        return ""
    years = [date.fromordinal(int(catalogue.days[row])).year for row in rows]
    counts = [f"{year}年{years.count(year)}篇" for year in sorted(set(years))]
    return f"（{'、'.join(counts)}）"


def _cite(index: Index, row: int, english: bool, lead: str = "") -> Statement:
    """A line that names an article, with its first sentence behind it."""
    article = index.article(row)
    start, end = next(iter(split_sentences(article.text[:2000])), (0, len(article.text)))
    return Statement(f"{lead}{_name(article, english)}{'.' if english else '。'}", article, start, end)


def _name(article: Article, english: bool) -> str:
    """《听潮大桥正式开通》，青汀日报，2023年6月18日."""
    title = one_line(article.title or article.path)
    quoted = f"“{title}”" if english or "《" in title else f"《{title}》"
    day = beijing_day(article.published)
    parts = (quoted, article.outlet, (day.isoformat() if english else say_day(day)) if day else None)
    return (", " if english else "，").join(part for part in parts if part)
