"""Why an expected article was not cited: the question is answered once more, and what became of the article told.

The steps are those of ``Assistant.ask`` itself, which gives what it saw on the way (``rag.parts``); only places among
all passages are counted here, since answering needs none.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import PurePosixPath
from typing import get_args

import numpy as np

from rag.added import ADDED, added_folder, is_added
from rag.assistant import Assistant, check_question, to_parts
from rag.catalogue import open_catalogue
from rag.copies import share_held
from rag.errors import ArticleError
from rag.evidence import FEATURES
from rag.filters import allowed_articles
from rag.parts import Group, Part
from rag.records import Answer, Article, Filters, Turn
from rag.retrieve import (
    SAME_QUOTE,
    Found,
    FoundSentence,
    Rank,
    Rows,
    Search,
    rank_candidates,
    rank_in_sentences,
    rank_in_vectors,
    rank_in_words,
    rank_passages,
)
from rag.store import Index
from rag.trace import PassageTrace, SentenceTrace, Sought, Stage, Trace

NEAR = 3
"""Paths that are offered in the place of one that is not there."""

Span = tuple[int, int]


def explain(
    assistant: Assistant,
    question: str,
    path: str,
    quote: str = "",
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
) -> Trace:
    """Find out where an expected passage was lost.

    Args:
        path: of the article that should have been cited, or of an exact copy.
        quote: the words of it that answer, white space aside; "" where any of it will do.
        history, filters: as of ``Assistant.ask``.

    Raises:
        QuestionError, FilterError, IndexCorruptError: as of ``Assistant.ask``.
        ArticleError: the article does not hold the quote.
    """
    check_question(question)
    filters = filters or Filters()
    asked, parts = to_parts(question, history)
    with assistant.use() as index:
        sought = _seek(assistant, index, path, filters)
        trace = Trace(
            question=question,
            asked=asked,
            parts=tuple(parts),
            part=parts[0],
            quote=quote.strip(),
            sought=sought,
            lost=_find_lost_before(sought),
            k=assistant.settings.search.k,
            calibration=assistant.calibration(),
        )
        if trace.lost:
            return trace
        row = open_catalogue(index).holders["article"][path][0]
        article = index.article(row)
        span = find_quote(article, quote) if trace.quote else None
        trace = replace(trace, quote=article.text[slice(*span)] if span else "")
        answer, answered = assistant.ask_openly(index, question, history, filters)
        trace = replace(
            trace,
            asked=answer.asked,
            parts=tuple(part.question for part in answered),
            calibration=answer.calibration,
        )
        traces = [_follow(index, trace, part, answer, row, span) for part in answered]
    return max(traces, key=_how_far)


def find_quote(article: Article, quote: str) -> Span:
    """Where an article holds a quote, whatever became of its white space.

    Raises:
        ArticleError: nowhere.
    """
    wanted = "".join(quote.split())
    at = "".join(article.text.split()).find(wanted)
    if not wanted or at < 0:
        raise ArticleError(
            article.path, "quote", f"it does not hold {quote!r}. Copy the words as they stand in the article."
        )
    places = [place for place, character in enumerate(article.text) if not character.isspace()]
    return places[at], places[at + len(wanted) - 1] + 1


# ---- The article


def _seek(assistant: Assistant, index: Index, path: str, filters: Filters) -> Sought:
    known = open_catalogue(index).holders["article"]
    if path in known:
        row = known[path][0]
        barred = tuple(_barring(index, row, filters))
        return Sought(path, index.article(row).path, is_file=True, barred_by=barred)
    aside = {each.path: each for each in index.set_aside()}
    if path in aside:
        return Sought(path, reason=aside[path].reason, detail=aside[path].detail, is_file=True)
    paths = [*known, *aside]
    near = [each for each in paths if path in each][:NEAR] or difflib.get_close_matches(
        path, paths, NEAR, cutoff=0.3
    )
    return Sought(path, is_file=_is_file(assistant, index, path), near=tuple(near))


def _barring(index: Index, row: int, filters: Filters) -> Iterator[str]:
    """The names of the filters that an article does not pass."""
    for each in fields(filters):
        value = getattr(filters, each.name)
        if value:
            allowed = allowed_articles(index, Filters(**{each.name: value}))
            if allowed is not None and not allowed[row]:
                yield each.name


def _is_file(assistant: Assistant, index: Index, path: str) -> bool:
    """Whether there is a file that was not indexed yet; of other folders nothing is told."""
    inside = PurePosixPath(path.removeprefix(f"{ADDED}/"))
    folder = added_folder(assistant.root) if is_added(path) else index.folder
    if folder is None or inside.is_absolute() or ".." in inside.parts or "\0" in path:
        return False
    try:
        return (folder / inside).is_file()
    except OSError:  # the name is too long for the disk
        return False


def _find_lost_before(sought: Sought) -> Stage:
    """Where an article was lost before anything was asked."""
    if sought.reason:
        return "set aside"
    if not sought.article:
        return "not indexed"
    return "filtered" if sought.barred_by else ""


# ---- The passage and the sentence


def _follow(
    index: Index, trace: Trace, part: Part, answer: Answer, article_row: int, span: Span | None
) -> Trace:
    """What became of the article in one part of the question."""
    rows = _choose_rows(index, article_row, span)
    found, passage = _trace_passage(index, part.search, rows, trace.k)
    groups = [group for group in part.groups if group.weighed is not None]
    sentence, group = _trace_sentence(found, groups, span)
    replies = [group.reply] if group else part.replies
    least = trace.calibration.threshold if trace.calibration else 0.0
    article = index.article(article_row)
    followed = replace(
        trace,
        part=part.question,
        passage=passage,
        sentence=sentence,
        certainty=max((reply.certainty for reply in replies), default=0.0),
        from_header=any(group.weighed is None for group in part.groups),
        is_answered=any(reply.statements and reply.certainty >= least for reply in replies),
        cited=tuple(dict.fromkeys(each.article.path for each in answer.citations)),
        is_cited=_is_cited(index, answer, article, span),
    )
    return replace(followed, lost=_find_lost(followed, passage))


def _choose_rows(index: Index, article_row: int, span: Span | None) -> Rows:
    """The passages of an article that may be the expected one: those that hold most of the quote."""
    first, last = np.searchsorted(index.passages[:, 0], [article_row, article_row + 1])
    rows = np.arange(first, last)
    if span is None:
        return rows
    held = np.minimum(index.passages[rows, 2], span[1]) - np.maximum(index.passages[rows, 1], span[0])
    best: Rows = rows[held == held.max()]
    return best


def _trace_passage(index: Index, search: Search, rows: Rows, k: int) -> tuple[Found, PassageTrace]:
    """The best of some passages, and what became of it."""
    row, found, fused, copied = _find_best(index, search, rows)
    nearest = max(found.sentences, key=lambda sentence: sentence.cosine)
    passage = found.hit.passage
    return found, PassageTrace(
        start=passage.start,
        end=passage.end,
        text=passage.text,
        words=rank_in_words(index, search, row),
        vectors=rank_in_vectors(index, search, row),
        sentences=rank_in_sentences(index, search, nearest.row),
        named_by=search.candidates.named_by(row),
        fused=fused,
        copied=copied.hit.passage.article.path if copied else "",
        is_copied_read=copied is not None and any(copied.hit == each.hit for each in search.found[:k]),
    )


def _find_best(index: Index, search: Search, rows: Rows) -> tuple[int, Found, Rank | None, Found | None]:
    """The row of the best, how it was judged, its place among the candidates, and of what it is a copy."""
    path = index.article(int(index.passages[rows[0], 0])).path
    by_start = {int(index.passages[row, 1]): int(row) for row in rows}
    before, total, best = 0, 0, None
    for found, copied in rank_candidates(index, search):
        row = by_start.get(found.hit.passage.start)
        if best is None and row is not None and found.hit.passage.article.path == path:
            best = (row, found, before + 1, copied)
        before += copied is None
        total += 1
    if best is not None:
        row, found, place, copied = best
        return row, found, Rank(place, total, found.hit.score), copied
    found = next(rank_passages(index, search.vector, search.coverage, rows))
    return by_start[found.hit.passage.start], found, None, None


def _trace_sentence(
    found: Found, groups: Sequence[Group], span: Span | None
) -> tuple[SentenceTrace, Group | None]:
    """The expected sentence of a passage, and the group that it was weighed in."""
    weighed = {
        judged.sentence.row: (group, place)
        for group in groups
        if group.weighed is not None
        for place, judged in enumerate(group.weighed.judged)
    }

    def fitness(sentence: FoundSentence) -> tuple[float, float, float]:
        held = 0 if span is None else min(sentence.end, span[1]) - max(sentence.start, span[0])
        group, place = weighed.get(sentence.row, (None, 0))
        score = float(group.weighed.scores[place]) if group and group.weighed else -np.inf
        return max(0, held), score, sentence.cosine

    best = max(found.sentences, key=fitness)
    group, place = weighed.get(best.row, (None, 0))
    readings = [group.readings for group in groups if group.readings is not None]
    traced = SentenceTrace(
        best.start,
        best.end,
        found.hit.passage.article.text[best.start : best.end],
        is_read=any(best.row in each for each in readings) if readings else None,
        weighed=None,
    )
    if group is None or group.weighed is None:
        return traced, None
    scores = group.weighed.scores
    rank = 1 + int(np.flatnonzero(np.argsort(-scores, kind="stable") == place)[0])
    numbers = (float(each) for each in group.weighed.judged[place].features)
    features = dict(zip(FEATURES, numbers, strict=True))
    return replace(traced, weighed=Rank(rank, len(scores), float(scores[place])), features=features), group


# ---- The answer


def _is_cited(index: Index, answer: Answer, article: Article, span: Span | None) -> bool:
    """Whether the answer cites a quote, or any words of the article; what near copies say counts."""
    story = {each.path for each in index.story(article.path)}
    for citation in answer.citations:
        if citation.article.path == article.path:
            if span is None or (citation.start < span[1] and citation.end > span[0]):
                return True
        elif citation.article.path in story:
            quote = article.text[slice(*span)] if span else ""
            if (
                span is None
                or max(share_held(quote, citation.quote), share_held(citation.quote, quote)) >= SAME_QUOTE
            ):
                return True
    return False


def _find_lost(trace: Trace, passage: PassageTrace) -> Stage:
    if trace.is_cited:
        return ""
    if passage.fused is None:
        return "not retrieved"
    if passage.copied and passage.is_copied_read:
        return "copy"
    if passage.copied or passage.fused.rank > trace.k:
        return "ranked low"
    if not trace.is_answered:
        return "refused"
    return "not extracted" if trace.sought.article in trace.cited else "not cited"


def _how_far(trace: Trace) -> tuple[int, float]:
    """How far the passage came; of two that came as far the one that ranks better."""
    fused = trace.passage.fused if trace.passage else None
    return get_args(Stage).index(trace.lost), -fused.rank if fused else -np.inf
