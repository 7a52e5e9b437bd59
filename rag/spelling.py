"""A question's words that no article holds -> the words of the articles that were meant.

People type names by their sound, and pick a wrong character: 南存晖 for 南存辉, 温洲 for 温州. A stretch of the
question that stands nowhere in the index is corrected where the change of one character, to one that sounds or looks
alike, gives a name or term that does stand there, and one such change is clearly the best. Nothing else is touched:
what the articles hold, what stands in quotes, digits and other scripts.

Knows the words of an index (``rag.lexical``) and no article. In pairs of neighbouring characters every name that the
articles hold is there already, so nothing is stored or laid out for this.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rag.alike import find_alike
from rag.lexical import LexicalIndex
from rag.question import find_names, rarity, tag_words
from rag.vocabulary import STOP_WORDS, SURNAMES
from rag.words import fold, search_words, to_simplified, tokenizer

MOST_CORRECTIONS = 2
"""In one question; one that needs more is in another folder's words."""
LONGEST = 6
"""Characters of a stretch."""
MOST_COUNTED = 20
"""Passages that are counted for a stretch; more make no difference."""
TELLING = 0.6
"""How rare a word is, at least, that tells what a passage is about."""
CLEARLY = 3
"""In how many times as many passages the best of several changes stands."""

_HAN = re.compile(r"[\u3400-\u9fff]+")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|‘[^’]*’|＂[^＂]*＂")
_COUNTS = frozenset("一二两三四五六七八九十百千万亿零几数第年月日号")
"""No pieces of a name."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A stretch of a question as it was typed, and as the articles have it; equally long."""

    typed: str
    meant: str


class _Token(NamedTuple):
    """A word of the dictionary in a run, or a character that is in none."""

    start: int
    end: int
    is_piece: bool
    is_idle: bool


class _Run(NamedTuple):
    """Chinese characters in a row, in simplified script.

    Attributes:
        text: simplified one by one.
        folded: simplified by whole phrases, as the articles are: that makes 沉默 of the 沈默 in a name.
        question: all of the folded question.
    """

    text: str
    folded: str
    question: str
    tokens: tuple[_Token, ...]


class _Change(NamedTuple):
    """One character changed in the stretch ``[start:end]`` of a run.

    Attributes:
        alike: how much the two characters are.
        passages: that hold the changed stretch, ``MOST_COUNTED`` at most.
    """

    start: int
    end: int
    place: int
    meant: str
    alike: int
    passages: int

    @property
    def worth(self) -> tuple[int, int]:
        return self.end - self.start, self.alike


def find_corrections(words: LexicalIndex, question: str) -> tuple[Correction, ...]:
    """Find the words of a question that are to be searched in another spelling, in order.

    Args:
        words: of the passages, as ``rag.words.search_words`` cuts them.
    """
    plain = "".join(map(_simplify, unicodedata.normalize("NFKC", question).lower()))
    folded = fold(question)
    if not len(question) == len(plain) == len(folded):
        return ()
    quoted = {place for found in _QUOTED.finditer(question) for place in range(*found.span())}
    found = []
    for stretch in _HAN.finditer(plain):
        first, last = stretch.span()
        if quoted.isdisjoint(range(first, last)):
            run = _Run(stretch[0], folded[first:last], folded, tuple(_cut(stretch[0])))
            for start, meant in _correct_run(words, run):
                typed = question[first + start : first + start + len(meant)]
                found.append(Correction(typed, meant))
    return tuple(found[:MOST_CORRECTIONS])


def apply_corrections(text: str, corrections: Sequence[Correction]) -> str:
    """A text with its words as the articles have them."""
    for each in corrections:
        text = text.replace(each.typed, each.meant)
    return text


def quote_typed(text: str, corrections: Sequence[Correction]) -> str:
    """A text with its words in quotes, so that they are searched as they were typed."""
    for each in corrections:
        text = text.replace(each.typed, f"“{each.typed}”")
    return text


def _cut(text: str) -> Iterator[_Token]:
    start = 0
    for word in tokenizer().cut(text, HMM=False):
        is_idle = word in STOP_WORDS
        yield _Token(
            start, start + len(word), len(word) == 1 and not is_idle and word not in _COUNTS, is_idle
        )
        start += len(word)


# ---- Which changes there are


def _find_changes(words: LexicalIndex, run: _Run) -> Iterator[_Change]:
    """Every change of one character that makes a name or term of the articles out of what is in none."""
    absent: list[tuple[_Token, ...]] = []
    known: set[int] = set()
    for first, last in itertools.combinations(range(len(run.tokens) + 1), 2):
        tokens = run.tokens[first:last]
        if len(tokens) < 2 or tokens[-1].end - tokens[0].start > LONGEST or not _is_open(run, tokens):
            continue
        start, end = tokens[0].start, tokens[-1].end
        if not _stands(words, run.text[start:end]) and not _stands(words, run.folded[start:end]):
            absent.append(tokens)
        elif end - start > 2:
            known.update(range(start, end))
    for tokens in absent:
        for token in tokens:
            if token.end - token.start == 1 or not _stands(words, run.text[token.start : token.end]):
                for place in set(range(token.start, token.end)) - known:
                    yield from _change(words, run, tokens, place)


def _is_open(run: _Run, tokens: Sequence[_Token]) -> bool:
    """Whether some words may be pieces of one that the dictionary does not have."""
    idle = sum(token.is_idle for token in tokens)
    pieces = sum(token.is_piece for token in tokens)
    singles = sum(token.end - token.start == 1 for token in tokens)
    if pieces + idle < singles or not pieces:
        return False
    return idle == 0 or (idle == 1 and singles == len(tokens) == 3 and run.text[tokens[0].start] in SURNAMES)


def _change(words: LexicalIndex, run: _Run, tokens: Sequence[_Token], place: int) -> Iterator[_Change]:
    """The changes of one character of a stretch."""
    start, end = tokens[0].start, tokens[-1].end
    before, after = run.text[start:place], run.text[place + 1 : end]
    if any(pair not in words for pair in (*_pairs(before), *_pairs(after))):
        return
    for character, alike in find_alike(run.text[place]).items():
        meant = f"{before}{character}{after}"
        near = meant[max(0, place - start - 1) : place - start + 2]
        if all(pair in words for pair in _pairs(near)):
            change = _Change(start, end, place, meant, alike, _count(words, meant))
            if change.passages and _is_unit(words, run, tokens, change):
                yield change


def _is_unit(words: LexicalIndex, run: _Run, tokens: Sequence[_Token], change: _Change) -> bool:
    """Whether a changed stretch is one name or term, and no piece of one or of two."""
    at, meant = change.place - change.start, change.meant
    if len(meant) == 2:
        return _is_whole(run, tokens) and _is_name_among(run, change) and _stands_beside(words, run, change)
    is_inside = 0 < at < len(meant) - 1
    changed = next(token for token in tokens if token.start <= change.place < token.end)
    if any(token.is_idle for token in tokens):  # 佟书和 of 佟书禾, 贺人龙 of 贺仁龙
        return changed.is_idle and at > 0 and _is_name(meant) and (is_inside or _is_all(words, change))
    if _is_name(meant):
        return is_inside or _goes_on_so(words, meant, at, change.passages)
    if meant[at] in STOP_WORDS or not changed.is_piece:
        return False
    pieces = sum(token.is_piece for token in tokens)
    if is_inside:
        return pieces >= 2 and (len(meant) >= 4 or (pieces == 3 and meant[0] in SURNAMES))
    return pieces >= 2 and _goes_on_so(words, meant, at, change.passages)


def _is_whole(run: _Run, tokens: Sequence[_Token]) -> bool:
    """Whether no other piece of a word stands beside a stretch."""
    around = [token for token in run.tokens if tokens[0].start == token.end or tokens[-1].end == token.start]
    return all(token.is_piece for token in tokens) and not any(token.is_piece for token in around)


def _is_all(words: LexicalIndex, change: _Change) -> bool:
    """Whether the articles never go on otherwise after what stands before the last character."""
    return change.passages >= _count(words, change.meant[:-1])


def _goes_on_so(words: LexicalIndex, meant: str, at: int, passages: int) -> bool:
    """Whether the articles mostly go on like this where the rest of a stretch stands.

    汐能源 is mostly 澜汐能源; but 海霞 is many people's name, and 王海霞 need not be 汪海霞.
    """
    rest = meant[1:] if at == 0 else meant[:-1] if at == len(meant) - 1 else meant[:at]
    return len(rest) >= 2 and 2 * passages >= _count(words, rest)


def _is_name(meant: str) -> bool:
    """Whether a stretch by itself is a name of a person, a place or a body."""
    tagged = tag_words(meant)
    return find_names(meant) == (meant,) or (len(tagged) == 1 and tagged[0][1] in {"ns", "nt"})


def _is_name_among(run: _Run, change: _Change) -> bool:
    """The same of a short one among the words around it."""
    changed = f"{run.text[: change.start]}{change.meant}{run.text[change.end :]}"
    return _is_name(change.meant) and any(
        word == change.meant and (flag.startswith("nr") or flag in {"ns", "nt"})
        for word, flag in tag_words(changed)
    )


def _stands_beside(words: LexicalIndex, run: _Run, change: _Change) -> bool:
    """Whether a place's name is meant, or a passage that holds the person's has something else of the question.

    Two characters of a person's name are soon another person's.
    """
    if tag_words(change.meant)[0][1] in {"ns", "nt"}:
        return True
    rows = [*itertools.islice(words.rows_with(_pairs(change.meant)), MOST_COUNTED)]
    rest = run.question.replace(run.folded[change.start : change.end], " ")
    telling = {word for word in search_words(rest) if len(word) > 1 and rarity(word) >= TELLING}
    return any(np.isin(rows, words.rows_of(word)).any() for word in telling)


# ---- Which of them are made


def _correct_run(words: LexicalIndex, run: _Run) -> Iterator[tuple[int, str]]:
    """Where to put what, in order."""
    changes = sorted(
        _find_changes(words, run), key=lambda change: (change.worth, change.passages), reverse=True
    )
    taken: list[_Change] = []
    made: list[tuple[int, str]] = []
    for change in changes:
        if any(_overlap(change, other) for other in taken):
            continue
        taken.append(change)
        rivals = [other for other in changes if other.worth == change.worth and other.meant != change.meant]
        if all(change.passages >= CLEARLY * other.passages for other in rivals if _overlap(change, other)):
            made.append(_trim(change))
    yield from sorted(made)


def _overlap(one: _Change, other: _Change) -> bool:
    return one.start < other.end and other.start < one.end


def _trim(change: _Change) -> tuple[int, str]:
    """Where to put the name in a changed stretch, without words before it: 严拓 of 长严拓."""
    at, whole = change.place - change.start, change.meant
    if whole[0] not in SURNAMES:
        for first in range(1, min(at, len(whole) - 2) + 1):
            if _is_name(whole[first:]):
                return change.start + first, whole[first:]
    return change.start, whole


# ---- What the articles hold


def _stands(words: LexicalIndex, stretch: str) -> bool:
    return _count(words, stretch, most=1) > 0


def _count(words: LexicalIndex, stretch: str, most: int = MOST_COUNTED) -> int:
    """In how many passages a stretch of two characters or more stands, ``most`` at most."""
    return sum(1 for _ in itertools.islice(words.rows_with(_pairs(stretch)), most))


def _pairs(stretch: str) -> list[str]:
    return [left + right for left, right in itertools.pairwise(stretch)]


@functools.lru_cache(maxsize=16384)
def _simplify(character: str) -> str:
    return to_simplified(character)
