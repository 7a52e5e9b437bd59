"""Question and passages -> an answer made of the articles' own sentences, or a refusal; no language model.

The best sentence is quoted first. Another joins it when it scores almost as well, or when the question wants a
list or names things that the first does not hold. A quote is a whole sentence: clauses between semicolons, the
lines under a heading that announces them, and the picture that a sentence announces come with it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag.evidence import Judged, folded_text, header_text, judge_sentences, paragraph
from rag.evidence import answering_spans as find_spans
from rag.question import Question, Term, read_question
from rag.records import Article, Citation
from rag.refusal import FloatVector, is_refused, rank_sentences
from rag.retrieve import Found

REFUSAL = "文章中没有找到答案。"
ENGLISH_REFUSAL = "The articles do not answer this question."
PICTURE = "[图片]"

LONGEST_QUOTE = 360
"""Characters beyond which a sentence is quoted by clauses."""
LONGEST_LINE = 60
"""Characters of a line that may belong to a list under a heading."""
CLOSE_SCORE = 1.0
"""How far under the best a sentence may score and still stand beside it."""
LIST_SCORE = 3.0
"""The same where the question wants several things."""
OTHER_SCORE = 4.0
"""The same where the sentence holds what the question names and the best one does not."""
NEW_TERMS = 0.8
"""The weight of the terms that it must add."""
_BOTH = re.compile(r"两[个场篇次届家]|两者|\bboth\b|\btwo (?:summits|articles|reports)\b")


@dataclass(frozen=True, slots=True)
class Quote:
    """A slice of an article."""

    article: Article
    start: int
    end: int

    @property
    def text(self) -> str:
        """The exact characters of the article."""
        return self.article.text[self.start : self.end]


def answer_from(question_text: str, found: Sequence[Found], most: int) -> tuple[str, tuple[Citation, ...]]:
    """Answer from the passages found.

    Args:
        most: the most sentences.

    Returns:
        The text, each sentence ending in its mark, and one citation a mark; the refusal and no citation where
        nothing answers.
    """
    question = read_question(question_text)
    judged = judge_sentences(question, found)
    if not judged:
        return refusal_text(question_text), ()
    scores = rank_sentences(question, judged)
    if is_refused(question, judged, scores, found[0].coverage, found[0].cosine):
        return refusal_text(question_text), ()
    quotes = [widen(question, judged[row]) for row in choose_sentences(question, judged, scores, most)]
    return render(question, list(_without_overlaps(quotes)))


def refusal_text(question: str) -> str:
    """The fixed sentence that says no, in the question's language."""
    english = re.search(r"[A-Za-z]", question) and not re.search(
        r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", question
    )
    return ENGLISH_REFUSAL if english else REFUSAL


def render(question: Question, quotes: Sequence[Quote]) -> tuple[str, tuple[Citation, ...]]:
    """Quotes -> sentences with marks, and their citations."""
    lines, citations = [], []
    for number, quote in enumerate(quotes, start=1):
        lines.append(f"{' '.join(quote.text.split())} [{number}]")
        spans = tuple(find_spans(question, quote.article, quote.start, quote.end))
        citations.append(Citation(number, quote.article, quote.start, quote.end, spans))
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
        elsewhere = all(judged[row].article.path != judged[each].article.path for each in chosen)
        if behind < reach or adds >= NEW_TERMS or (elsewhere and _BOTH.search(question.folded)):
            chosen.append(row)
            uncovered = left
    return chosen


def widen(question: Question, judged: Judged) -> Quote:
    """A sentence -> the stretch of its article that is worth quoting."""
    article, sentence = judged.article, judged.sentence
    start, end = _whole_sentence(article, sentence.start, sentence.end)
    if question.wants_list or question.kinds & {"number"}:
        end = _with_list(article, start, end)
    return Quote(article, start, _with_pictures(article, _with_announcement(article, end)))


def _whole_sentence(article: Article, start: int, end: int) -> tuple[int, int]:
    """Undo the cuts at semicolons, unless that grows too long."""
    first, last = paragraph(article, start)
    wide_start, wide_end = start, end
    while wide_start > first and article.text[first:wide_start].rstrip()[-1:] in "；;":
        before = article.text[first:wide_start].rstrip()[:-1]
        wide_start = first + max((before.rfind(stop) + 1 for stop in "。！？；"), default=0)
    while wide_end < last and article.text[wide_end - 1] in "；;":
        stops = [at + 1 for stop in "。！？；" if (at := article.text.find(stop, wide_end, last)) >= 0]
        wide_end = min(stops, default=last)
    if wide_end - wide_start > LONGEST_QUOTE:
        return start, end
    while article.text[wide_start].isspace():
        wide_start += 1
    return wide_start, wide_end


def _with_list(article: Article, start: int, end: int) -> int:
    """The end of the lines under a short heading, or the same end where this is none."""
    first, last = paragraph(article, start)
    if (
        (first, last) != (start, end)
        or end - start > 20
        or re.search(r"[。！？：|]", article.text[start:end])
    ):
        return end
    while last < len(article.text):
        following = paragraph(article, last + 1)
        line = article.text[slice(*following)]
        if len(line) > LONGEST_LINE or not re.search(r"[：:|]", line):
            break
        last = following[1]
    return last


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


def _without_overlaps(quotes: Sequence[Quote]) -> Iterator[Quote]:
    """Drop a quote that an earlier one holds, in part or whole."""
    kept: list[Quote] = []
    for quote in quotes:
        if not any(
            quote.article == other.article and quote.start < other.end and quote.end > other.start
            for other in kept
        ):
            kept.append(quote)
            yield quote


def _not_held(terms: Sequence[Term], judged: Judged) -> list[Term]:
    text = folded_text(judged.text) + folded_text(header_text(judged.article))
    return [term for term in terms if term.text not in text]
