"""Question and passages -> an answer made of the articles' own sentences, or a refusal; no language model.

The best sentence is quoted first. Another joins it when it scores almost as well, or when the question wants a
list or names things that the first does not hold. A quote is a whole sentence: clauses between semicolons, the
lines under a heading that announces them, and the picture that a sentence announces come with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.evidence import (
    FEATURES,
    Judged,
    answering_spans,
    folded_text,
    header_text,
    judge_sentences,
    paragraph,
)
from rag.markup import PICTURE
from rag.passages import split_sentences
from rag.question import Question, Term, read_question
from rag.reading import Readings
from rag.records import Article, Citation
from rag.refusal import FloatVector, judge_certainty, rank_sentences
from rag.retrieve import Found

REFUSAL = "文章中没有找到答案。"
ENGLISH_REFUSAL = "The articles do not answer this question."

LONGEST_QUOTE = 360
"""Characters beyond which a sentence is quoted by clauses."""
LONGEST_HEADING = 20
LONGEST_LINE = 60
"""Characters of a line that may belong to a list under a heading."""
CLOSE_SCORE = 2.0
"""How far under the best a sentence may score and still stand beside it."""
LIST_SCORE = 4.0
"""The same where the question wants several things."""
OTHER_SCORE = 4.0
"""The same where the sentence holds what the question names and the best one does not."""
NEW_TERMS = 0.8
"""The weight of the terms that it must add."""


_ORDINALS = FEATURES.index("ordinals")
_ANSWER = FEATURES.index("answer")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer and the slice of an article that proves it.

    Attributes:
        text: what is said, without its mark.
        spans: the answering words inside the slice, as offsets in the article.
    """

    text: str
    article: Article
    start: int
    end: int
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sentences of the passages found, weighed against each other.

    Attributes:
        judged: in the order they were found.
        scores: one per sentence; larger is better.
        certainty: that one of them answers, 0 to 1.
    """

    question: Question
    judged: Sequence[Judged]
    scores: FloatVector
    certainty: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What there is to say to one question, be it sure enough or not.

    Attributes:
        statements: best first; empty where nothing was found.
        certainty: that they answer, 0 to 1.
        notes: what the reader should know beside them.
    """

    statements: tuple[Statement, ...]
    certainty: float
    notes: tuple[str, ...] = ()


def weigh_sentences(question_text: str, found: Sequence[Found], readings: Readings | None = None) -> Weighed:
    """Weigh what the passages found have to say.

    Args:
        readings: what the reader saw in them; None where there is no reader.
    """
    question = read_question(question_text)
    judged = judge_sentences(question, found, readings)
    if not judged:
        return Weighed(question, (), np.zeros(0), 0.0)
    scores = rank_sentences(question, judged)
    certainty = judge_certainty(question, judged, scores, found[0].coverage, found[0].cosine)
    return Weighed(question, judged, scores, certainty)


def answer_from(weighed: Weighed, most: int) -> Reply:
    """Answer with the best sentences.

    Args:
        most: the most sentences.
    """
    if not weighed.judged:
        return Reply((), weighed.certainty)
    rows = choose_sentences(weighed.question, weighed.judged, weighed.scores, most)
    return Reply(tuple(widen(weighed.question, weighed.judged[row]) for row in rows), weighed.certainty)


def refusal_text(question: str) -> str:
    """The fixed sentence that says no, in the question's language."""
    english = re.search(r"[A-Za-z]", question) and not re.search(
        r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", question
    )
    return ENGLISH_REFUSAL if english else REFUSAL


def render(statements: Sequence[Statement]) -> tuple[str, tuple[Citation, ...]]:
    """Number the statements: one line each, ending in its mark, and one citation a mark.

    A statement whose slice overlaps an earlier one's is left out.
    """
    lines: list[str] = []
    citations: list[Citation] = []
    for each in statements:
        if not any(
            each.article == other.article and each.start < other.end and each.end > other.start
            for other in citations
        ):
            number = len(citations) + 1
            lines.append(f"{each.text} [{number}]")
            citations.append(Citation(number, each.article, each.start, each.end, each.spans))
    return "\n".join(lines), tuple(citations)


def choose_sentences(
    question: Question, judged: Sequence[Judged], scores: FloatVector, most: int
) -> list[int]:
    """Rows of the sentences to quote, best first.

    Args:
        scores: one per sentence; larger is better.
        most: the most rows.
    """
    order = [int(row) for row in np.argsort(-scores, kind="stable")]
    chosen = order[:1]
    uncovered = _not_held(question.terms, judged[order[0]])
    reach = LIST_SCORE if question.wants_list else CLOSE_SCORE
    for row in order[1:]:
        behind = scores[order[0]] - scores[row]
        if len(chosen) == most or behind > OTHER_SCORE:
            break
        left = _not_held(uncovered, judged[row])
        adds = sum(term.weight for term in uncovered) - sum(term.weight for term in left)
        if judged[row].features[_ORDINALS] < judged[order[0]].features[_ORDINALS]:
            continue  # 第一场 is no answer to 第二场
        if behind < reach or adds >= NEW_TERMS:
            chosen.append(row)
            uncovered = left
    return chosen


def widen(question: Question, judged: Judged) -> Statement:
    """A sentence -> the stretch of its article that is worth quoting, said as it stands."""
    article, sentence = judged.article, judged.sentence
    start, end = whole_sentence(article, sentence.start, sentence.end)
    if question.wants_list or "number" in question.kinds:
        start, end = _with_list(article, start, end)
    end = _with_pictures(article, _with_announcement(article, end))
    return Statement(
        say_quote(article, start, end), article, start, end, _spans(question, judged, start, end)
    )


def say_quote(article: Article, start: int, end: int) -> str:
    """A stretch of an article on one line; a number in brackets that it has itself must not look like a mark."""
    return re.sub(r"\[(\d+)\]", r"［\1］", " ".join(article.text[start:end].split()))


def _spans(question: Question, judged: Judged, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The words that the reader points at, where it is sure; else those of the kind asked for.

    A list or an explanation is whole sentences.
    """
    explains = bool(question.kinds & {"reason", "opinion"})
    if judged.answer is not None and judged.features[_ANSWER] > 0 and not (question.wants_list or explains):
        return (judged.answer,)
    return tuple(answering_spans(question, judged.article, start, end))


def whole_sentence(article: Article, start: int, end: int) -> tuple[int, int]:
    """Undo the cuts at semicolons, unless that grows too long."""
    first, last = paragraph(article, start)
    spans = [(first + begin, first + stop) for begin, stop in split_sentences(article.text[first:last])]
    at = next((number for number, span in enumerate(spans) if span[0] <= start < span[1]), None)
    if at is None:
        return start, end
    left = right = at
    while left > 0 and article.text[spans[left - 1][1] - 1] in "；;":
        left -= 1
    while right + 1 < len(spans) and article.text[spans[right][1] - 1] in "；;":
        right += 1
    whole = spans[left][0], spans[right][1]
    return whole if whole[1] - whole[0] <= LONGEST_QUOTE else (start, end)


def _with_list(article: Article, start: int, end: int) -> tuple[int, int]:
    """A short heading with the lines under it, from the heading or from any of the lines; else the same stretch."""
    if paragraph(article, start) != (start, end):
        return start, end
    first = start
    while _is_item(article.text[slice(*paragraph(article, first))]) and first > 0:
        first = paragraph(article, first - 1)[0]
    heading = paragraph(article, first)
    if not _is_heading(article.text[slice(*heading)]):
        return start, end
    last = heading[1]
    while last < len(article.text):
        following = paragraph(article, last + 1)
        if not _is_item(article.text[slice(*following)]):
            break
        last = following[1]
    return (first, last) if last - first <= LONGEST_QUOTE else (start, end)


def _is_heading(line: str) -> bool:
    return 0 < len(line) <= LONGEST_HEADING and not re.search(r"[。！？：|]", line)


def _is_item(line: str) -> bool:
    return len(line) <= LONGEST_LINE and re.search(r"[：:|]", line) is not None


def _with_announcement(article: Article, end: int) -> int:
    """The end of a short sentence that follows and announces pictures, or the same end."""
    last = paragraph(article, end - 1)[1]
    rest = article.text[end:last].strip()
    announces = (
        rest.endswith(("：", ":")) and len(rest) <= 20 and article.text.startswith(f"\n{PICTURE}", last)
    )
    return last if announces else end


def _with_pictures(article: Article, end: int) -> int:
    """The end of the pictures that follow a sentence that announces them."""
    if article.text[end - 1] not in "：:":
        return end
    pictures = re.compile(rf"(?:\s*{re.escape(PICTURE)})+").match(article.text, end)
    return pictures.end() if pictures else end


def _not_held(terms: Sequence[Term], judged: Judged) -> list[Term]:
    text = folded_text(judged.text) + folded_text(header_text(judged.article))
    return [term for term in terms if term.text not in text]
