"""What a question may want of the folder itself, and the names and days in it. Pure values.

How such a question is put in Chinese and in English is known to ``rag.inquiry_chinese`` and ``rag.inquiry_english``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag.periods import Period, find_period

Aim = Literal["list", "count", "extract"]
Pick = Literal["", "earliest", "latest"]

OUTLET, AUTHOR, PERIOD, ASK, FIRST = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
"""Stand for what was understood, so that the rest of a question can be looked at."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is wanted of the folder.

    Attributes:
        aim: the articles, their number, or the sentences that carry one of them.
        pick: only the first or the last of them by day.
        topic: words that the articles hold, folded; "" where any will do.
        is_marked: the question says in so many words that the articles are about the topic (关于) or name it.
        outlet, author: as the headers write it.
        period: when they were published.
        title: of the one article that is meant, folded.
        place: the one that is meant among those of the answer before, from 1; 0 where the question counts none.
        oldest_first: the order of a list.
        english: the question is in English.
    """

    aim: Aim
    pick: Pick = ""
    topic: str = ""
    is_marked: bool = False
    outlet: str | None = None
    author: str | None = None
    period: Period | None = None
    title: str = ""
    place: int = 0
    oldest_first: bool = False
    english: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether it says which articles are meant."""
        return bool(self.topic or self.outlet or self.author or self.period)


@dataclass(frozen=True, slots=True)
class Names:
    """What the articles of a folder go by.

    Attributes:
        outlets, authors: what their headers write, by the folded form.
        years: in which they were published.
    """

    outlets: Mapping[str, str]
    authors: Mapping[str, str]
    years: Sequence[int]


@dataclass(frozen=True, slots=True)
class Known:
    """A folded question, its names and days replaced by the signs that stand for them."""

    text: str
    outlet: str | None
    author: str | None
    period: Period | None


_WRITES = r"(?:(?:都|一共|总共|共)*(?:写|撰写|采写|撰|发表)|的(?:文章|报道|稿))"


def take_known(folded: str, names: Names, today: date) -> Known:
    """Find the outlet, the author and the days that a folded question names."""
    period = find_period(folded, today, names.years)
    text = f"{folded[: period.start]}{PERIOD}{folded[period.end :]}" if period else folded
    outlet = _longest(text, names.outlets)
    if outlet and re.search(rf"(?:关于|有关|提到|提及|介绍|about|on|mention\w*) ?{re.escape(outlet)}", text):
        outlet = None  # it is what the articles are about
    if outlet:
        text = text.replace(outlet, OUTLET, 1)
    author = _longest(text, names.authors) if not outlet else None
    if author and not re.search(
        rf"{re.escape(author)}{_WRITES}|(?:作者[是为]?|\bby |\bdid ){re.escape(author)}", text
    ):
        author = None
    if author:
        text = text.replace(author, AUTHOR, 1)
    return Known(
        text, names.outlets[outlet] if outlet else None, names.authors[author] if author else None, period
    )


def _longest(text: str, names: Mapping[str, str]) -> str | None:
    """The longest name of two letters or more that stands in a text."""
    return max((name for name in names if len(name) > 1 and name in text), key=len, default=None)
