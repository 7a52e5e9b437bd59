"""An article -> questions that it answers, to be offered beside it; each was asked and answered before it is shown.

Drafts come from ``rag.drafts``; an assistant answers them, and those whose answer cites the drafted sentence stay.
Knows nothing of how a question is made or answered.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from rag.drafts import Draft, begin_alike, draft_questions
from rag.records import Answer, Article, Filters
from rag.words import fold

COUNT = 3
"""How many questions are offered."""
TRIES = 8
"""The most questions asked to find them."""
MOST_TRIES = 16
"""Of one article, once some of its questions are not wanted any more."""
MOST_KEPT = 6
"""Of one article."""
FIRST_TRIES = 3
"""Of one article for the empty page."""
MOST_SAMPLED = 30
"""Articles looked at for the empty page."""
REMEMBERED = 1000
"""Articles."""


class Generation(Protocol):
    """What is needed of ``rag.store.Index``."""

    @property
    def name(self) -> str:
        """Another for every generation."""
        ...


class Asked(Protocol):
    """What is needed of ``rag.Assistant``."""

    @property
    def index(self) -> Generation:
        """The generation that serves."""
        ...

    def ask(self, question: str, *, filters: Filters | None = None) -> Answer:
        """Answer a question."""
        ...


@dataclass
class _Search:
    """The drafts of an article and what became of those that were tried.

    Attributes:
        drafts: None until they are needed.
        answered: by the number of a draft; a new mapping after each try, so that it can be read without the lock.
    """

    article: Article
    drafts: tuple[Draft, ...] | None = None
    answered: Mapping[int, bool] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def left(self, avoid: Collection[str]) -> tuple[str, ...]:
        """The questions that were answered, without those that are not wanted."""
        unwanted = set(map(_bare, avoid))
        answered = [draft.question for draft in self._answered()]
        return tuple(question for question in answered if _bare(question) not in unwanted)

    def extend(self, assistant: Asked, tries: int, avoid: Collection[str]) -> None:
        """Try drafts until ``COUNT`` that are wanted were answered, or ``tries`` were made in all."""
        self.drafts = self.drafts or tuple(draft_questions(self.article))
        while (
            len(self.left(avoid)) < COUNT
            and len(self.answered) < tries
            and len(self._answered()) < MOST_KEPT
            and (number := self._next(avoid)) is not None
        ):
            self.try_draft(assistant, number)

    def try_draft(self, assistant: Asked, number: int) -> None:
        """Ask the question of a draft, where there is one that was not asked before."""
        self.drafts = self.drafts or tuple(draft_questions(self.article))
        if number < len(self.drafts) and number not in self.answered:
            draft = self.drafts[number]
            answer = assistant.ask(draft.question, filters=None)
            self.answered = {**self.answered, number: _is_answered(answer, self.article, draft)}

    def _answered(self) -> list[Draft]:
        drafts = self.drafts or ()
        return [drafts[number] for number, answered in sorted(self.answered.items()) if answered]

    def _next(self, avoid: Collection[str]) -> int | None:
        """The first draft that was not tried, and whose sentence answers no question known or unwanted."""
        unwanted = set(map(_bare, avoid))
        drafts = self.drafts or ()
        spent = {draft.start for draft in self._answered()}
        spent |= {draft.start for draft in drafts if _bare(draft.question) in unwanted}
        given = [draft.question for draft in self._answered()]
        for number, draft in enumerate(drafts):
            alike = any(
                begin_alike(draft.question, other) and draft.question[-4:] == other[-4:] for other in given
            )
            if number not in self.answered and draft.start not in spent and not alike:
                return number
        return None


def _is_answered(answer: Answer, article: Article, draft: Draft) -> bool:
    """Whether the first citation lies where the draft's answer stands."""
    if not answer.citations:
        return False
    first = answer.citations[0]
    overlaps = first.start < draft.end and draft.start < first.end
    return overlaps and first.article.path in {article.path, *article.aliases}


def _bare(question: str) -> str:
    return fold(question).strip(" ?。.!")


class Suggestions:
    """Questions of articles, remembered; safe to use from several threads.

    What was tried is kept for the generation that serves; another generation empties it. Errors of the assistant
    pass through, and what was tried before them is kept.
    """

    def __init__(self, assistant: Asked, most: int = REMEMBERED) -> None:
        """Remember the ``most`` articles that were asked for last."""
        self._assistant = assistant
        self._most = most
        self._lock = threading.Lock()
        self._generation = ""
        self._searches: OrderedDict[tuple[str, str], _Search] = OrderedDict()

    def for_article(
        self, article: Article, avoid: Collection[str] = (), tries: int = TRIES
    ) -> tuple[str, ...]:
        """Up to ``COUNT`` questions that an article answers.

        Args:
            avoid: questions that are not wanted; others are tried in the place of those found before, for which
                ``MOST_TRIES`` in all are allowed.
            tries: the most questions to ask for this article from first to last; with 0 nothing is asked. A later
                call goes on where an earlier one stopped.
        """
        search = self._search(article)
        with search.lock:
            search.extend(self._assistant, _limit(search, avoid, tries), avoid)
        return search.left(avoid)[:COUNT]

    def samples(self, articles: Collection[Article], tries: int = COUNT * FIRST_TRIES) -> tuple[str, ...]:
        """Up to ``COUNT`` questions for an empty page, each of another article, newest first.

        Args:
            articles: in any order; ``MOST_SAMPLED`` of them are looked at.
            tries: the most questions to ask, remembered answers counted, so that the same articles give the same
                questions. Once they are spent, and so with 0, only what is remembered is given, at once.
        """
        newest = sorted(articles, key=lambda article: article.path)
        newest.sort(key=lambda article: article.published or _LONG_AGO, reverse=True)
        questions: list[str] = []
        for article in newest[:MOST_SAMPLED]:
            search = self._search(article)
            for number in range(min(FIRST_TRIES, tries)):
                with search.lock:
                    search.try_draft(self._assistant, number)
                tries -= number in search.answered
                if search.left(questions):
                    break
            questions += search.left(questions)[:1]
            if len(questions) == COUNT:
                break
        return tuple(questions)

    def _search(self, article: Article) -> _Search:
        with self._lock:
            self._empty_for_another_generation()
            search = self._searches.setdefault(_key(article), _Search(article))
            self._searches.move_to_end(_key(article))
            if len(self._searches) > self._most:
                self._searches.popitem(last=False)
            return search

    def _empty_for_another_generation(self) -> None:
        name = self._assistant.index.name
        if name != self._generation:
            self._searches.clear()
            self._generation = name


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _key(article: Article) -> tuple[str, str]:
    return article.path, article.digest


def _limit(search: _Search, avoid: Collection[str], tries: int) -> int:
    """How many tries an article may take in all."""
    taken = len(search.left(())) > len(search.left(avoid))
    return MOST_TRIES if taken and tries >= TRIES else tries
