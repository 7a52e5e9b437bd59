"""One case, its answer and what was searched -> every score by name, and where the gold was lost.

A gold quote is found wherever its characters stand in its article, be it at several places, and as well in an exact copy
of the article or in a near copy that holds the same characters. What is measured is said by ``eval.metrics``.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from eval.metrics.brevity import brevity
from eval.metrics.citations import cited, precise
from eval.metrics.exact_match import exact_match
from eval.metrics.held import held
from eval.metrics.ndcg import ndcg
from eval.metrics.overlap_f1 import overlap_f1
from eval.metrics.recall import recall
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.refusal import over, refused
from eval.metrics.verbatim import verbatim
from eval.runs import Quote
from eval.sets import Case, Gold
from rag import Answer, Article, Citation, Hit
from rag.store import Index

STAGES = ("not indexed", "not retrieved", "ranked low", "refused", "not extracted", "not cited")
"""Where gold is lost, in the order in which it passes them."""

SCORES = (
    "recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "article_recall@5", "article_mrr@10",
    "exact", "f1", "held", "brevity", "cited", "precise", "verbatim", "refused", "over",
)  # fmt: skip
"""The scores of a case, in the order of reports."""

IsCopy = Callable[[str, Article], bool]
"""Whether an article is a copy, exact or near, of the one at a path."""
FindArticle = Callable[[str], Article | None]
"""The article of a path, or of an exact copy's path; None where none is indexed. As ``Assistant.article``."""
Scores = dict[str, float | None]
_Found = frozenset[int]


class Quotes(NamedTuple):
    """What a ``Result`` shows of a case: gold as in the set, citations by number, passages best first."""

    gold: tuple[Quote, ...]
    citations: tuple[Quote, ...]
    passages: tuple[Quote, ...]


def copies_in(index: Index) -> IsCopy:
    """The copies that an index knows of."""
    stories = {
        path: int(index.stories[fact.row]) for fact in index.facts for path in (fact.path, *fact.aliases)
    }
    return lambda path, article: path in stories and stories[path] == stories.get(article.path)


def score_case(
    case: Case,
    answer: Answer,
    hits: Sequence[Hit],
    is_copy: IsCopy,
    find_article: FindArticle | None = None,
) -> Scores:
    """Every score of ``SCORES``, in their order; None where the case has not what a score needs.

    Args:
        hits: of a search for ``answer.asked``, best first.
        find_article: where quotes are compared with their sources; None trusts the articles that the citations hold.
    """
    scores: Scores = dict.fromkeys(SCORES)
    scores["refused"] = refused(case.answerable, answer.refused)
    scores["over"] = over(case.answerable, answer.refused)
    if answer.citations:
        scores["verbatim"] = verbatim(_with_source(each, find_article) for each in answer.citations)
    if case.answerable and case.gold:
        scores |= _score_search(case.gold, hits, is_copy)
        scores |= _score_citations(case.gold, answer, is_copy)
    if case.answerable and case.answers:
        scores |= _score_words(case, answer)
    if case.answerable and not answer.refused and (case.gold or case.answers):
        scores["brevity"] = brevity(strip_marks(answer.text), _needed(case))
    return scores


def is_right(case: Case, answer: Answer, is_copy: IsCopy) -> bool:
    """Whether an answer did right.

    Answerable: it was given and holds the answers; where the case has none, it cites all gold; where it has neither, it
    was given. Unanswerable: it was refused.
    """
    if answer.refused or not case.answerable:
        return answer.refused and not case.answerable
    if case.answers:
        return held(strip_marks(answer.text), case.answers) == 1
    return all(_is_cited(gold, answer, is_copy) for gold in case.gold)


def find_lost(
    case: Case, answer: Answer, hits: Sequence[Hit], is_copy: IsCopy, find_article: FindArticle, read: int
) -> str:
    """Where the first gold quote that is not cited was lost.

    Args:
        hits: as many as count for "not retrieved", best first.
        read: how many of them are read for answers: ``settings.search.k``.

    Returns:
        One of ``STAGES``; "" where all gold is cited, or there is none. A quote that its article does not hold counts as
        not indexed.
    """
    gold = next(
        (gold for gold in case.gold if case.answerable and not _is_cited(gold, answer, is_copy)), None
    )
    if gold is None:
        return ""
    article = find_article(gold.article)
    ranks = [rank for rank, hit in enumerate(hits) if _overlaps(gold, *_place(hit), is_copy)]
    if article is None or not find_places(gold, article, is_copy):
        return "not indexed"
    if not ranks:
        return "not retrieved"
    if ranks[0] >= read:
        return "ranked low"
    if answer.refused:
        return "refused"
    near = any(find_places(gold, citation.article, is_copy) for citation in answer.citations)
    return "not extracted" if near else "not cited"


def to_quotes(
    case: Case, answer: Answer, hits: Sequence[Hit], is_copy: IsCopy, find_article: FindArticle
) -> Quotes:
    """What a report shows beside the question; gold of unanswerable cases as well."""
    return Quotes(
        tuple(_to_gold(gold, find_article(gold.article)) for gold in case.gold),
        tuple(
            _to_quote(case, each.article, each.start, each.end, is_copy, None) for each in answer.citations
        ),
        tuple(_to_quote(case, *_place(hit), is_copy, hit.score) for hit in hits),
    )


def find_places(gold: Gold, article: Article, is_copy: IsCopy) -> list[tuple[int, int]]:
    """Where a gold quote stands in an article: (start, end) each; nowhere if that is another article."""
    if not gold.quote.strip() or not (_is_at(gold.article, article) or is_copy(gold.article, article)):
        return []
    starts = re.finditer(f"(?={re.escape(gold.quote)})", article.text)
    return [(each.start(), each.start() + len(gold.quote)) for each in starts]


def answering_words(answer: Answer) -> str:
    """The words that an answer points at: those of the first citation that has any, or its whole text."""
    pointed = (
        " ".join(each.article.text[start:end] for start, end in each.spans) for each in answer.citations
    )
    return next((words for words in pointed if words.strip()), strip_marks(answer.text))


def strip_marks(text: str) -> str:
    """An answer's text without its marks; an article's own numbers in brackets stand there as ［1］."""
    return re.sub(r"[ \t]*\[\d+\]", "", text)


def _score_search(gold: Sequence[Gold], hits: Sequence[Hit], is_copy: IsCopy) -> Scores:
    found = [_numbers_overlapped(gold, *_place(hit), is_copy) for hit in hits]
    wanted = list(dict.fromkeys(each.article for each in gold))
    articles = {hit.passage.article.path: hit.passage.article for hit in hits}
    by_article = [_numbers_of_article(gold, wanted, each, is_copy) for each in articles.values()]
    return {
        **{f"recall@{k}": recall(found, len(gold), k) for k in (1, 5, 10)},
        "mrr@10": reciprocal_rank(found, 10),
        "ndcg@10": ndcg(found, len(gold), 10),
        "article_recall@5": recall(by_article, len(wanted), 5),
        "article_mrr@10": reciprocal_rank(by_article, 10),
    }


def _score_citations(gold: Sequence[Gold], answer: Answer, is_copy: IsCopy) -> Scores:
    inside = [
        frozenset(number for number, each in enumerate(gold) if _is_inside(each, citation, is_copy))
        for citation in answer.citations
    ]
    overlapped = [
        _numbers_overlapped(gold, each.article, each.start, each.end, is_copy) for each in answer.citations
    ]
    return {
        "cited": cited(inside, len(gold)),
        "precise": precise(overlapped) if overlapped else None,
    }


def _score_words(case: Case, answer: Answer) -> Scores:
    if answer.refused:
        return {"exact": 0.0, "f1": 0.0, "held": 0.0}
    words = answering_words(answer)
    return {
        "exact": exact_match(words, case.answers),
        "f1": overlap_f1(words, case.answers),
        "held": held(strip_marks(answer.text), case.answers),
    }


def _needed(case: Case) -> Iterator[str]:
    """What would have been enough to say."""
    if case.gold:
        yield from dict.fromkeys(gold.quote for gold in case.gold)
    else:
        yield from (min(group, key=len) for group in case.answers if group)


def _with_source(citation: Citation, find_article: FindArticle | None) -> tuple[str, str, int]:
    source = find_article(citation.article.path) if find_article else citation.article
    return citation.quote, source.text if source else "", citation.start


def _place(hit: Hit) -> tuple[Article, int, int]:
    return hit.passage.article, hit.passage.start, hit.passage.end


def _is_at(path: str, article: Article) -> bool:
    return path == article.path or path in article.aliases


def _overlaps(gold: Gold, article: Article, start: int, end: int, is_copy: IsCopy) -> bool:
    return any(first < end and last > start for first, last in find_places(gold, article, is_copy))


def _is_inside(gold: Gold, citation: Citation, is_copy: IsCopy) -> bool:
    places = find_places(gold, citation.article, is_copy)
    return any(citation.start <= first and last <= citation.end for first, last in places)


def _is_cited(gold: Gold, answer: Answer, is_copy: IsCopy) -> bool:
    return any(_is_inside(gold, citation, is_copy) for citation in answer.citations)


def _numbers_overlapped(
    gold: Sequence[Gold], article: Article, start: int, end: int, is_copy: IsCopy
) -> _Found:
    return frozenset(
        number for number, each in enumerate(gold) if _overlaps(each, article, start, end, is_copy)
    )


def _numbers_of_article(
    gold: Sequence[Gold], wanted: Sequence[str], article: Article, is_copy: IsCopy
) -> _Found:
    """Which of the gold articles an article is, or is a copy of that holds a gold quote."""
    holds = {each.article for each in gold if find_places(each, article, is_copy)}
    return frozenset(number for number, path in enumerate(wanted) if _is_at(path, article) or path in holds)


def _to_gold(gold: Gold, article: Article | None) -> Quote:
    start = article.text.find(gold.quote) if article else -1
    end = start + len(gold.quote) if start >= 0 else -1
    return Quote(gold.article, (article and article.title) or "", start, end, gold.quote)


def _to_quote(
    case: Case, article: Article, start: int, end: int, is_copy: IsCopy, score: float | None
) -> Quote:
    found = tuple(sorted(_numbers_overlapped(case.gold, article, start, end, is_copy)))
    return Quote(article.path, article.title or "", start, end, article.text[start:end], found, score)
