"""What an index holds, for a person who looks through it: one article, pages of a list, and what there is to choose.

Only the articles of the page that is shown are read. What a query lists is in two parts: the articles whose titles
hold it, then those of the passages that search finds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rag.catalogue import open_catalogue
from rag.filters import allowed_articles
from rag.records import Article, Filters
from rag.store import Index
from rag.words import fold


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list of articles.

    Attributes:
        total: articles in the whole list.
    """

    articles: tuple[Article, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What the articles can be filtered by, each with how many articles have it, the most frequent first.

    Attributes:
        first, last: the days in Beijing of the oldest and the newest; None where no article is dated.
        articles: how many there are.
    """

    outlets: tuple[tuple[str, int], ...]
    categories: tuple[tuple[str, int], ...]
    first: date | None
    last: date | None
    articles: int


def find_article(index: Index, path: str) -> Article | None:
    """The article of a path, or of an exact copy's path; None where none may be shown."""
    rows = open_catalogue(index).holders["article"].get(path)
    return index.article(rows[0]) if rows else None


def list_articles(
    index: Index,
    filters: Filters,
    start: int,
    count: int,
    query: str = "",
    found: Sequence[Article] = (),
) -> Listing:
    """A page of the articles that pass the filters, the newest first and undated ones last.

    Args:
        start: the place of the page's first article in the list, from 0.
        count: the most that a page holds.
        query: lists those whose titles hold each of its parts between blanks; a blank one lists all.
        found: what search found for the query, best first, an article perhaps more than once; listed after them.

    Raises:
        ValueError: ``start`` is below 0 or ``count`` below 1.
        FilterError: a filter names what no article has.
    """
    if start < 0 or count < 1:
        raise ValueError(f"start must be at least 0 and count at least 1, not {start} and {count}")
    catalogue = open_catalogue(index)
    allowed = allowed_articles(index, filters)
    rows = catalogue.newest if allowed is None else [row for row in catalogue.newest if allowed[row]]
    if parts := fold(query).split():
        titled = [row for row in rows if all(part in catalogue.titles[row] for part in parts)]
        paths = catalogue.holders["article"]
        rows = list(dict.fromkeys([*titled, *(paths[article.path][0] for article in found)]))
    return Listing(tuple(index.article(row) for row in rows[start : start + count]), len(rows))


def count_facets(index: Index) -> Facets:
    """What the articles that may be shown can be filtered by."""
    catalogue = open_catalogue(index)
    days = catalogue.days[catalogue.shown & (catalogue.days > 0)]
    return Facets(
        outlets=_count(catalogue.holders["outlet"]),
        categories=_count(catalogue.holders["category"]),
        first=date.fromordinal(int(days.min())) if len(days) else None,
        last=date.fromordinal(int(days.max())) if len(days) else None,
        articles=len(catalogue.newest),
    )


def _count(holders: Mapping[str, Sequence[int]]) -> tuple[tuple[str, int], ...]:
    counts = ((value, len(rows)) for value, rows in holders.items())
    return tuple(sorted(counts, key=lambda item: (-item[1], item[0])))
