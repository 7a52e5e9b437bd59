"""What is known of a generation's articles without their texts, laid out once for whoever chooses among them."""

import functools
from collections.abc import Iterator
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np

from rag.dates import beijing_day
from rag.inquiry import Names
from rag.store import Fact, Index
from rag.words import fold


class Catalogue:
    """The articles of a generation that may be shown.

    Attributes:
        shown: bool (articles,).
        days: int64 (articles,): the ordinal of the day in Beijing on which each was published, 0 where none is known.
        newest: rows of those shown, the newest first, undated ones last.
        holders: rows of those shown by ``article`` (its path or an exact copy's), ``outlet``, ``author`` or ``category``,
            then by value.
    """

    def __init__(self, index: Index) -> None:
        facts = index.facts
        self.shown = np.ones(len(facts), dtype=bool) if index.serving is None else index.serving
        days = (beijing_day(fact.published) for fact in facts)
        self.days = np.array([day.toordinal() if day else 0 for day in days], dtype=np.int64)
        self._facts = [fact for fact in facts if self.shown[fact.row]]
        times = [fact.published.timestamp() if fact.published else -np.inf for fact in self._facts]
        order = np.argsort(-np.array(times), kind="stable")
        self.newest: list[int] = [self._facts[place].row for place in order]
        self.holders: dict[str, dict[str, list[int]]] = {
            name: {} for name in ("article", "outlet", "author", "category")
        }
        for fact in self._facts:
            for name, value in _values(fact):
                self.holders[name].setdefault(value, []).append(fact.row)

    @functools.cached_property
    def titles(self) -> dict[int, str]:
        """The folded title of each that is shown, by row."""
        return {fact.row: fold(fact.title or "") for fact in self._facts}

    @functools.cached_property
    def names(self) -> Names:
        """The outlets, authors and years of those that are shown."""
        years = {date.fromordinal(int(day)).year for day in np.unique(self.days[self.shown]) if day}
        return Names(
            outlets={fold(name): name for name in self.holders["outlet"]},
            authors={fold(name): name for name in self.holders["author"]},
            years=sorted(years),
        )


def open_catalogue(index: Index) -> Catalogue:
    """The catalogue of a generation, kept as long as that is."""
    catalogue = _catalogues.get(index)
    if catalogue is None:
        catalogue = _catalogues[index] = Catalogue(index)
    return catalogue


_catalogues: WeakKeyDictionary[Index, Catalogue] = WeakKeyDictionary()


def _values(fact: Fact) -> Iterator[tuple[str, str]]:
    for path in (fact.path, *fact.aliases):
        yield "article", path
    if fact.outlet:
        yield "outlet", fact.outlet
    if fact.author:
        yield "author", fact.author
    for category in set(fact.categories):
        if category:
            yield "category", category
