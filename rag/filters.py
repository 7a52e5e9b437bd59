"""Filters -> the articles of an index that may answer."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from rag.catalogue import open_catalogue
from rag.errors import FilterError
from rag.records import Filters
from rag.store import Index


def allowed_articles(index: Index, filters: Filters) -> npt.NDArray[np.bool_] | None:
    """Find the articles that pass every filter and may be shown.

    Returns:
        bool (articles,), or None where everything passes. All False is an empty result, not an error.

    Raises:
        FilterError: a category, outlet, author or path is in no article of the index.
    """
    if filters == Filters():
        return index.serving
    catalogue = open_catalogue(index)
    allowed = catalogue.shown.copy()
    if filters.since or filters.until:
        first, last = filters.since or date.min, filters.until or date.max
        allowed &= (catalogue.days >= first.toordinal()) & (catalogue.days <= last.toordinal())
    for name, wanted in (
        ("article", filters.articles),
        ("outlet", filters.outlets),
        ("author", filters.authors),
        ("category", filters.categories),
    ):
        if wanted:
            holders = catalogue.holders[name]
            _check_known(name, wanted, holders)
            chosen = np.zeros(len(allowed), dtype=bool)
            for value in wanted:
                chosen[holders[value]] = True
            allowed &= chosen
    return allowed


def narrow(filters: Filters | None, articles: Sequence[str]) -> Filters | None:
    """Filters that let only some articles pass, of those that passed before; None where none is left.

    Args:
        articles: paths that the index has.
    """
    filters = filters or Filters()
    left = tuple(path for path in articles if not filters.articles or path in filters.articles)
    return replace(filters, articles=left) if left else None


def _check_known(name: str, wanted: Sequence[str], known: Collection[str]) -> None:
    for value in wanted:
        if value not in known:
            near = difflib.get_close_matches(value, known, n=3, cutoff=0.3) or sorted(known)[:5]
            raise FilterError(f"No article has the {name} {value!r}. Did you mean {' or '.join(near)}?")
