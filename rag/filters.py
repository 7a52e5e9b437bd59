"""Filters -> the articles of an index that may answer."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.dates import beijing_day
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
    facts = index.facts
    values: dict[str, tuple[Sequence[str], Callable[[tuple[Any, ...]], Iterable[str | None]]]] = {
        "article": (filters.articles, lambda row: (row[1], *row[2])),
        "outlet": (filters.outlets, lambda row: (row[3],)),
        "author": (filters.authors, lambda row: (row[4],)),
        "category": (filters.categories, lambda row: row[5]),
    }
    allowed = np.array([_in_days(row[6], filters) for row in facts], dtype=bool)
    for name, (wanted, held) in values.items():
        if wanted:
            shown = facts if index.serving is None else [row for row in facts if index.serving[row[0]]]
            _check_known(name, wanted, {value for row in shown for value in held(row) if value})
            chosen = set(wanted)
            allowed &= np.array([not chosen.isdisjoint(held(row)) for row in facts], dtype=bool)
    return allowed if index.serving is None else allowed & index.serving


def _in_days(published: datetime | None, filters: Filters) -> bool:
    if filters.since is None and filters.until is None:
        return True
    day = beijing_day(published)
    if day is None:
        return False
    return (filters.since is None or filters.since <= day) and (filters.until is None or day <= filters.until)


def _check_known(name: str, wanted: Sequence[str], known: set[str]) -> None:
    for value in wanted:
        if value not in known:
            near = difflib.get_close_matches(value, known, n=3, cutoff=0.3) or sorted(known)[:5]
            raise FilterError(f"No article has the {name} {value!r}. Did you mean {' or '.join(near)}?")
