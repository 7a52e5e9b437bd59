"""An article's text -> sentences -> passages, as offsets into the text; nothing is rewritten.

A sentence ends at a line's end and at 。！？；… ! ? and the English full stop, together with the quotes and
brackets that close behind it. It does not end inside 《》 or brackets, at the point of a number or an
abbreviation, nor between a quoted sentence and its speaker (“独行快，众行远。”他说。). Passages are runs of whole
sentences up to ``size`` characters, the last sentences of one repeated at the head of the next.
"""

import re
from collections.abc import Iterator

from rag.records import Article, Passage

CHUNKER_VERSION = 1

Span = tuple[int, int]

_STOPS = "。！？；!?…"
_QUOTES = "“「『"
_PAIRS = {"《": "》", "（": "）", "(": ")", "【": "】", "「": "」", "『": "』", "“": "”"}
_CLOSERS = re.escape("”’」』）)】〕］]》〉\"'")
_EVENT = re.compile(
    rf"(?P<open>[{re.escape(''.join(_PAIRS))}])"
    rf"|(?P<stop>(?:[{_STOPS}]|\.(?![\w.]))[{_STOPS}]*[{_CLOSERS}]*)"
)
# A bracket that is not closed within this many characters was never meant to be closed.
_LONGEST_PAIR = 120
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|Vol|Fig|Inc|Ltd|Co|Corp|vs|etc|approx|e\.g|i\.e|a\.m|p\.m"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)|\b[A-Za-z](?:\.[A-Za-z])*)$"
)
# Where a sentence longer than a passage may be cut, best first.
_SOFT_STOPS = ("；;", "，,", "、：:", " \t")


def split_sentences(text: str, longest: int | None = None) -> list[Span]:
    """Find the sentences of a text.

    Args:
        longest: a sentence of more characters is cut, at commas where there are any.

    Returns:
        Half-open (start, end) in order, without the white space around them; together they hold every
        character that is not white space.
    """
    spans: list[Span] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in [*_sentence_ends(text, line.start(), line.end()), line.end()]:
            span = _trim(text, start, end)
            if span is not None:
                spans.extend(_cut(text, span, longest) if longest else [span])
            start = end
    return spans


def split_article(article: Article, size: int, overlap: int = 1) -> list[Passage]:
    """Pack an article's sentences into passages.

    Args:
        size: the most characters of a passage, at least 20; only a sentence that is longer is cut.
        overlap: how many sentences are repeated from one passage to the next; they are left out where they
            would take more than half of ``size``.

    Returns:
        Passages in order; every sentence of ``split_sentences(article.text, size)`` lies in at least one.

    Raises:
        ValueError: ``size`` is below 20 or ``overlap`` below 0.
    """
    if size < 20 or overlap < 0:
        raise ValueError(f"size must be at least 20 and overlap at least 0, not {size} and {overlap}")
    sentences = split_sentences(article.text, size)
    passages = []
    first = 0
    while first < len(sentences):
        last = first
        while last + 1 < len(sentences) and sentences[last + 1][1] - sentences[first][0] <= size:
            last += 1
        passages.append(Passage(article, sentences[first][0], sentences[last][1]))
        if last + 1 == len(sentences):
            break
        first = max(_overlap_start(sentences, last + 1, overlap, size), first + 1)
    return passages


def _overlap_start(sentences: list[Span], following: int, overlap: int, size: int) -> int:
    """The first piece of the next passage: ``overlap`` before ``following``, if they leave room for more."""
    for start in range(max(0, following - overlap), following):
        repeated = sentences[following - 1][1] - sentences[start][0]
        fits = sentences[following][1] - sentences[start][0] <= size
        if fits and repeated <= size // 2:
            return start
    return following


def _sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Ends of sentences inside one line; the line's own end may be missing."""
    begin = position = start
    while event := _EVENT.search(text, position, end):
        position = event.end()
        if event["open"] is None:
            ends = not (event["stop"].startswith(".") and _ABBREVIATION.search(text, begin, event.start()))
        else:
            close = text.find(_PAIRS[event["open"]], position, min(end, position + _LONGEST_PAIR))
            if close < 0:
                continue
            position = close + 1
            # A quote that opens its sentence is followed by who said it.
            ends = (
                event["open"] in _QUOTES
                and text[close - 1] in _STOPS
                and bool(text[begin : event.start()].strip())
            )
        if ends:
            yield position
            begin = position


def _cut(text: str, span: Span, size: int) -> Iterator[Span]:
    """Cut a sentence that is longer than a passage at its last comma or blank that fits, else anywhere."""
    start, end = span
    while end - start > size:
        at = start + size
        for stops in _SOFT_STOPS:
            found = max(text.rfind(stop, start + size // 2, start + size) for stop in stops)
            if found >= 0:
                at = found + 1
                break
        piece = _trim(text, start, at)
        if piece is not None:
            yield piece
        start = at
    piece = _trim(text, start, end)
    if piece is not None:
        yield piece


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
