"""What is wanted of the folder -> which of its articles are meant.

An article is about a topic if its headline or its text holds the words: that can be computed, and looked up by anybody.
"""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from rag.catalogue import Catalogue, open_catalogue
from rag.dates import beijing_day, say_day
from rag.filters import allowed_articles
from rag.inquiry import Inquiry
from rag.inquiry_chinese import read_chinese
from rag.inquiry_english import read_english
from rag.question import is_meaningful, tag_words
from rag.records import Filters, Turn
from rag.retrieve import Found, group_articles
from rag.store import Index
from rag.words import fold, search_words

LONGEST = 120
"""Characters of a question about the folder."""
WHOLE = 4
"""Characters of a topic that must stand together in an article; of a longer one each word must stand in it."""
READ = 20
"""Passages that are looked through for a line of an answer."""

Allowed = npt.NDArray[np.bool_]

_MAY_ASK = re.compile(
    r"报道|文章|新闻|稿|帖子|篇|总结|概括|概述|归纳|简述|小结|梳理|提炼|[登发刊][^,，。]{0,3}(?:什么|啥)"
    r"|\b(?:articles?|reports?|stor(?:y|ies)|pieces?|posts?|coverage|news|summar\w+|sum up|outline|gist)\b"
)
_LISTED_LINE = re.compile(r"^(?:\d+[.、]\s*)?[^《“]{0,60}[《“](?P<title>.+)[》”](?:[，,。]|$)")
_MARK = re.compile(r"\s*((?:\[\d+\])+)\s*$")


def read_inquiry(index: Index, question: str, today: date) -> Inquiry | None:
    """Read a question about the folder itself; None where it is none.

    Args:
        today: the day in Beijing that 去年 and "last month" are counted from.
    """
    folded = fold(question).strip()
    if len(folded) > LONGEST or not _MAY_ASK.search(folded):
        return None
    names = open_catalogue(index).names
    words = folded
    for outlet in names.outlets:
        words = words.replace(outlet, "") if outlet in words else words
    is_english = re.search(r"[a-z]{3}", words) and not re.search(r"[几多哪有篇总最的]", words)
    return read_english(folded, names, today) if is_english else read_chinese(folded, names, today)


# ---- Which articles


def allow_articles(index: Index, catalogue: Catalogue, inquiry: Inquiry, filters: Filters) -> Allowed:
    """The articles that pass the filters, and the outlet, author and days that the question names."""
    passed = allowed_articles(index, filters)
    allowed = catalogue.shown.copy() if passed is None else passed.copy()
    for name, value in (("outlet", inquiry.outlet), ("author", inquiry.author)):
        if value:
            held = np.zeros(len(allowed), dtype=bool)
            held[catalogue.holders[name][value]] = True
            allowed &= held
    if inquiry.period:
        within = np.zeros(len(allowed), dtype=bool)
        for first, last in inquiry.period.spans:
            within |= (catalogue.days >= max(1, first.toordinal())) & (catalogue.days <= last.toordinal())
        allowed &= within
    return allowed


def select_articles(index: Index, catalogue: Catalogue, topic: str, allowed: Allowed) -> set[int]:
    """The rows of the allowed articles that hold a topic, or of all of them."""
    rows = set(np.flatnonzero(allowed).tolist())
    for term in _to_terms(topic):
        rows &= _rows_holding(index, catalogue, term)
    return rows


def _to_terms(topic: str) -> list[str]:
    """The words that must each stand in an article; single characters in a row are one, as jieba cuts names it misses."""
    if len(topic) <= WHOLE or topic.isascii():
        return [topic] if topic else []
    terms, run = list[str](), ""
    for word in [*(word for word, _ in tag_words(topic)), ""]:
        if len(word) == 1:
            run += word
            continue
        terms += [each for each in (run, word) if len(each) > 1 and is_meaningful(each)]
        run = ""
    return list(dict.fromkeys(terms)) or [topic]


def _rows_holding(index: Index, catalogue: Catalogue, term: str) -> set[int]:
    """The rows of the articles whose headline or text holds a folded term."""
    titled = {row for row, title in catalogue.titles.items() if _holds(title, term)}
    words = [word for word in search_words(term) if len(word) == 2 or word.isascii()]
    if not words:
        return titled
    passages = index.words.rows_of(words[0])
    for word in words[1:]:
        passages = np.intersect1d(passages, index.words.rows_of(word), assume_unique=True)
    rows = set(np.unique(index.passages[passages, 0]).tolist())
    if len(term) > 2:  # its pairs may stand apart
        rows = {row for row in rows if _holds(fold(index.article(row).text), term)}
    return titled | rows


def _holds(folded: str, term: str) -> bool:
    if term.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", folded) is not None
    return term in folded


def order_articles(catalogue: Catalogue, inquiry: Inquiry, rows: set[int], many: int = 10) -> list[int]:
    """The newest first, undated ones last; of a topic those first whose headlines hold it, where no order is asked for."""
    newest = [row for row in catalogue.newest if row in rows]
    if inquiry.oldest_first or inquiry.pick == "earliest":
        dated = [row for row in newest if catalogue.days[row]]
        return [*reversed(dated), *newest[len(dated) :]]
    if inquiry.topic and not inquiry.pick and len(newest) > many:
        terms = _to_terms(inquiry.topic)
        newest.sort(key=lambda row: not all(term in catalogue.titles[row] for term in terms))
    return newest


# ---- One article


def choose_article(
    index: Index,
    catalogue: Catalogue,
    inquiry: Inquiry,
    filters: Filters,
    allowed: Allowed,
    found: Sequence[Found],
    history: Sequence[Turn],
) -> int | None:
    """The row of the article that is meant."""
    if inquiry.title:
        bare = inquiry.title.replace("_", "")
        return next((row for row in catalogue.newest if allowed[row] and bare in catalogue.titles[row]), None)
    if inquiry.topic and not inquiry.pick:
        return _choose_by_topic(catalogue, inquiry.topic, allowed, found)
    if inquiry.pick or inquiry.outlet or inquiry.author or inquiry.period:
        rows = order_articles(catalogue, inquiry, select_articles(index, catalogue, inquiry.topic, allowed))
        return rows[0] if rows else None
    cited = [row for row in _cited_before(index, catalogue, history) if allowed[row]]
    if cited:
        return cited[max(0, inquiry.place - 1)] if inquiry.place <= len(cited) else None
    return catalogue.holders["article"][filters.articles[0]][0] if len(filters.articles) == 1 else None


def _choose_by_topic(
    catalogue: Catalogue, topic: str, allowed: Allowed, found: Sequence[Found]
) -> int | None:
    """Of the articles found the one that is nearest, and whose headline holds most of the topic's characters."""
    best, chosen = -np.inf, None
    characters = set(re.sub(r"[\W_]", "", topic))
    for group in group_articles(found):
        row = catalogue.holders["article"][group[0].hit.passage.article.path][0]
        if not allowed[row]:
            continue
        titled = sum(each in catalogue.titles[row] for each in characters) / max(1, len(characters))
        score = max(each.hit.score for each in group) + titled
        if score > best:
            best, chosen = score, row
    return chosen


def _cited_before(index: Index, catalogue: Catalogue, history: Sequence[Turn]) -> list[int]:
    """The rows of the articles that the last answer cites, in the order of its lines."""
    for turn in reversed(history):
        if turn.role != "assistant":
            continue
        lines = [_MARK.sub("", line) for line in turn.content.splitlines() if _MARK.search(line)]
        rows = [_find_line(index, catalogue, line) for line in lines]
        cited = list(dict.fromkeys(row for row in rows if row is not None))
        if cited:
            return cited
    return []


def _find_line(index: Index, catalogue: Catalogue, line: str) -> int | None:
    """The row of the article that a line of an answer names or quotes."""
    listed = _LISTED_LINE.match(line)
    title = fold(listed["title"]) if listed else ""
    rows = [row for row in catalogue.newest if title and one_line(catalogue.titles[row]) == title]
    if rows:
        dated = (
            row for row in rows if (day := beijing_day(index.facts[row].published)) and _has_day(line, day)
        )
        return next(dated, rows[0])
    wanted = "".join(line.replace("［", "[").replace("］", "]").split())
    coverage = index.words.coverage(search_words(line))
    for passage in np.argsort(-coverage, kind="stable")[:READ]:
        row = int(index.passages[passage, 0])
        if catalogue.shown[row] and wanted in "".join(index.article(row).text.split()):
            return row
    return None


def _has_day(line: str, day: date) -> bool:
    return say_day(day) in line or day.isoformat() in line


def one_line(text: str) -> str:
    """Text on one line, in which nothing looks like a mark."""
    return re.sub(r"\[(\d+)\]", r"［\1］", " ".join(text.split()))
