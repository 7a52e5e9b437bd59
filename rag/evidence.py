"""A question and the passages found -> what each sentence has to say for itself as the answer.

Every sentence is judged by the same few numbers, each in a range that does not depend on the embedding model or
the size of the folder. How much each number counts is fitted elsewhere (``rag.refusal``); nothing here decides.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.dates import beijing_day, say_day
from rag.markup import PICTURE
from rag.question import Question, find_names, to_pinyin
from rag.reading import Readings
from rag.records import Article
from rag.retrieve import Found, FoundSentence
from rag.words import fold

WORD_FEATURES = (
    "closeness",  # cosine of sentence and question, centred and scaled over all the sentences found
    "passage",  # score of its passage under the best one's
    "terms",  # share of the question's terms, by rarity, in the sentence
    "together",  # the same in the sentence and what stands before it in its paragraph
    "article",  # the same in its whole article and header
    "focus",  # 1 the term beside the question word stands in the sentence
    "pairs",  # share of the question's neighbouring characters in the sentence
    "kind",  # 1 holds the kind of thing asked, 0 does not, 0.5 nothing told
    "lacks",  # share of the strict kinds asked for (money, hours, people ...) that the sentence does not hold
    "names",  # share of the question's names in the sentence, 1 where it has none
    "names nearby",  # the same in its paragraph and header
    "numbers",  # share of the question's numbers in its paragraph or header, 1 where it has none
    "ordinals",  # the same of its ordinals and years
    "missing",  # weight of the rarest term that is nowhere in the article
    "length",  # characters, as a logarithm
)
READER_FEATURES = (
    "evidence",  # what the reader saw in the sentence, see ``rag.reading``; all 0 where there is no reader
    "answer",
    "passage answers",
)
FEATURES = (*WORD_FEATURES, *READER_FEATURES)
BEFORE = 120
"""Characters before a sentence, in its paragraph, that may name what it speaks of."""

_NUMERAL = r"(?:\d[\d.,]*|[一二两三四五六七八九十百千万亿零数几半]+)"
_ANSWERS: dict[str, re.Pattern[str]] = {
    "date": re.compile(
        rf"{_NUMERAL}\s*(?:年|月|日|号|时|点|世纪|周)|周[一二三四五六日末]|星期[一二三四五六日天]|[今去明前]年|\d{{1,2}}:\d\d|\d{{4}}"
    ),
    "number": re.compile(rf"{_NUMERAL}\s*(?:%|[\u4e00-\u9fff])|\d"),
    "organisation": re.compile(
        r"公司|集团|大学|学院|学校|研究院|研究所|中心|交易所|联合会|协会|工商联|银行|[局部委厅署院社网报馆厂队党会军]|政府|基金|组织|机构|联通|移动|电信"
    ),
    "title": re.compile(r"[“《「『\"][^”》」』\"]{2,}[”》」』\"]"),
    "place": re.compile(r"[省市县区镇乡村国州岛洲路街楼层馆港湾山河海]|在[\u4e00-\u9fff]{2}"),
    "money": re.compile(r"[元币]|美金|[\d万亿]块|人民币|[$￥¥€]"),
    "clock": re.compile(rf"{_NUMERAL}\s*[时点]|\d{{1,2}}:\d\d"),
    "duration": re.compile(rf"{_NUMERAL}\s*(?:个月|年|天|日|小时|分钟|周|星期|载|秒)"),
    "people": re.compile(rf"(?:{_NUMERAL}|数[十百千万]+)[余多几]?\s*(?:人|位|名)"),
    "contact": re.compile(r"@|https?:|www\.|\d{3,4}-?\d{7,8}|1\d{10}|[路街道巷]\d+号"),
    "opinion": re.compile(r"[说称谈讲]|表示|认为|指出|强调|看来|提出|归纳|介绍|希望|建议|透露|坦言|直言"),
    "reason": re.compile(r"因为|由于|因此|所以|为了|为[\u4e00-\u9fff]|以便|导致|使得|原因|缘于|促|从而|迎接"),
}


STRICT_KINDS = frozenset({"date", "money", "clock", "duration", "people", "contact", "opinion"})
"""Kinds that an answer shows plainly or does not give."""


_CHINESE_DIGITS = str.maketrans("123456789", "一二三四五六七八九")


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence and its numbers, in the order of ``FEATURES``.

    Attributes:
        answer: (start, end) in the article of the words in it that answer best; None where there is no reader.
    """

    article: Article
    sentence: FoundSentence
    features: npt.NDArray[np.float32]
    answer: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The exact characters of the article."""
        return self.article.text[self.sentence.start : self.sentence.end]


def judge_sentences(
    question: Question, found: Sequence[Found], readings: Readings | None = None
) -> list[Judged]:
    """Judge every sentence of the passages found, each once, in the order they were found.

    Args:
        readings: of ``rag.reading``; what the reader did not get to is not judged. None where there is no reader.
    """
    if not found:
        return []
    best = found[0].hit.score
    seen: dict[int, tuple[Article, FoundSentence, float]] = {}
    for each in found:
        article = each.hit.passage.article
        for sentence in each.sentences:
            if article.text[sentence.start : sentence.end].replace(PICTURE, "").strip() == "":
                continue
            seen.setdefault(sentence.row, (article, sentence, each.hit.score - best))
    if not seen:
        return []
    cosines = np.array([sentence.cosine for _, sentence, _ in seen.values()])
    spread = float(cosines.std()) or 1.0
    wholes = {article.path: _read_article(question, article) for article, _, _ in seen.values()}
    judged = []
    for article, sentence, behind in seen.values():
        reading = None if readings is None else readings.get(sentence.row)
        if readings is not None and reading is None:
            continue
        closeness = (sentence.cosine - cosines.mean()) / spread
        words = _judge_words(question, article, sentence, wholes[article.path])
        read = (reading.evidence, reading.answer, reading.passage) if reading else (0.0, 0.0, 0.0)
        features = np.array([closeness, behind, *words, *read], dtype=np.float32)
        judged.append(Judged(article, sentence, features, reading.span if reading else None))
    return judged


def _read_article(question: Question, article: Article) -> tuple[str, float, float]:
    """What all sentences of an article share: its folded header, and the numbers ``article`` and ``missing``."""
    header = folded_text(header_text(article))
    whole = f"{header}\n{folded_text(article.text)}"
    missing = max((term.weight for term in question.terms if not _holds(whole, term.text)), default=0.0)
    return header, share_of_terms(question, whole), missing


def _judge_words(
    question: Question, article: Article, sentence: FoundSentence, whole: tuple[str, float, float]
) -> list[float]:
    """What the words tell: ``WORD_FEATURES`` but the first two; ``whole`` is of ``_read_article``."""
    header, share_in_article, missing = whole
    start, end = paragraph(article, sentence.start)
    here = folded_text(article.text[sentence.start : sentence.end])
    before = folded_text(article.text[max(start, sentence.start - BEFORE) : sentence.start])
    nearby = f"{header}\n{folded_text(article.text[start:end])}"
    return [
        share_of_terms(question, here),
        share_of_terms(question, before + here),
        share_in_article,
        1.0 if question.focus is None else _hold_share(here, question.focus),
        _share_of_pairs(question, here),
        _holds_kind(question, here),
        _lacks_kind(question, here),
        _share_of_names(question, here),
        _share_of_names(question, nearby),
        _share(question.numbers, nearby),
        _share_of_ordinals(question.ordinals, nearby),
        missing,
        float(np.log10(len(here) + 1)),
    ]


def header_text(article: Article) -> str:
    """What the header says, as one line: a question may name the outlet or the year, which the text leaves out."""
    when = say_day(beijing_day(article.published))
    parts = (article.title, article.outlet, article.author, *article.categories, when)
    return " ".join(part for part in parts if part).replace("_", " ")


def paragraph(article: Article, position: int) -> tuple[int, int]:
    """The start and end of the line of the article's text around a position."""
    start = article.text.rfind("\n", 0, position) + 1
    end = article.text.find("\n", position)
    return start, end if end >= 0 else len(article.text)


def answering_spans(question: Question, article: Article, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Find the words of a quote that are of the kind asked for and do not stand in the question.

    Yields:
        (start, end) in ``article.text``, in order, apart; none where folding moves the characters.
    """
    quote = article.text[start:end]
    folded = fold(quote)
    if len(folded) != len(quote):
        return
    patterns = [
        _ANSWERS[kind] for kind in _plain_kinds(question.kinds) - {"opinion", "reason", "place", "person"}
    ]
    spans = [match.span() for pattern in patterns for match in pattern.finditer(folded)]
    if "person" in question.kinds:
        spans += [
            match.span() for name in find_names(folded) for match in re.finditer(re.escape(name), folded)
        ]
    last = 0
    for first, behind in sorted(set(spans)):
        if first >= last and folded[first:behind] not in question.folded:
            yield start + first, start + behind
            last = behind


def share_of_terms(question: Question, folded: str) -> float:
    """The share of the question's terms, weighed by rarity, that a folded text holds."""
    total = sum(term.weight for term in question.terms)
    held = sum(term.weight * _hold_share(folded, term.text) for term in question.terms)
    return held / total if total else 0.0


def _hold_share(folded: str, term: str) -> float:
    """1 where the term stands in the text, else the share of its neighbouring characters that do, halved."""
    if _holds(folded, term):
        return 1.0
    pairs = [term[at : at + 2] for at in range(len(term) - 1)]
    if len(term) < 3 or term.isascii():
        return 0.0
    return 0.5 * sum(pair in folded for pair in pairs) / len(pairs)


def _holds(folded: str, term: str) -> bool:
    if term.isascii() and term.isalnum():
        return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", folded) is not None
    return term in folded


def _share(wanted: Sequence[str], folded: str) -> float:
    return sum(_holds(folded, each) for each in wanted) / len(wanted) if wanted else 1.0


def _plain_kinds(kinds: frozenset[str]) -> frozenset[str]:
    """Money, hours, spans and people are numbers, but not any number will do."""
    return kinds - {"number", "date"} if kinds & {"money", "clock", "duration", "people"} else kinds


def _lacks_kind(question: Question, folded: str) -> float:
    strict = _plain_kinds(question.kinds) & STRICT_KINDS
    return sum(not _ANSWERS[kind].search(folded) for kind in strict) / len(strict) if strict else 0.0


def _share_of_names(question: Question, folded: str) -> float:
    if not question.names:
        # A foreign question's names are guesses, so that finding one tells more than having none to find.
        return 0.5 if question.foreign else 1.0
    if not question.foreign:
        return _share(question.names, folded)
    spoken = to_pinyin(folded)
    return sum(_sounds_in(name, spoken) for name in question.names) / len(question.names)


def _sounds_in(name: str, spoken: str) -> bool:
    """Whether the syllables of a joined pinyin name follow each other in a text's pinyin."""
    pattern = "".join(f"{re.escape(letter)} ?" for letter in name)
    return re.search(rf" {pattern.removesuffix(' ?')}(?![a-z])", spoken) is not None


def _share_of_ordinals(ordinals: Sequence[str], folded: str) -> float:
    if not ordinals:
        return 1.0
    held = [_holds(folded, each) or _holds(folded, each.translate(_CHINESE_DIGITS)) for each in ordinals]
    return sum(held) / len(held)


def _share_of_pairs(question: Question, folded: str) -> float:
    runs = re.findall(r"[\u3400-\u9fff]{2,}", "".join(term.text for term in question.terms))
    pairs = {run[at : at + 2] for run in runs for at in range(len(run) - 1)}
    return sum(pair in folded for pair in pairs) / len(pairs) if pairs else 0.0


def _holds_kind(question: Question, folded: str) -> float:
    """Whether a text holds something of a kind asked for that the question does not hold itself."""
    kinds = question.kinds
    if not kinds:
        return 0.5
    rest = folded
    for term in question.terms:
        rest = rest.replace(term.text, " ")
    kinds = _plain_kinds(kinds)
    found = [
        bool(set(find_names(folded)) - set(question.names))
        if kind == "person"
        else _ANSWERS[kind].search(rest if kind != "title" else folded) is not None
        for kind in kinds
    ]
    return sum(found) / len(found)


@functools.lru_cache(maxsize=16384)
def folded_text(text: str) -> str:
    """``fold``, remembered: the same sentences come up again and again."""
    return fold(text)
