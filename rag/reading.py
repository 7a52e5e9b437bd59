"""A question and the passages found -> what the reader saw in each sentence of them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from embeddings.reader import Reader
from rag.dates import beijing_day, say_day
from rag.records import Article
from rag.retrieve import Found, FoundSentence

MOST_READ = 6
"""Windows; reading is most of the time that an answer takes, and search puts the right passage among five."""
WINDOW = 500
"""Characters that are read at once: with a question and a header of ordinary length they fit
``embeddings.reader.MAX_TOKENS``. A sentence that does not is not read, and then not judged."""


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What the reader saw in one sentence; the numbers are logits.

    Attributes:
        evidence: that it must be read to know the answer.
        answer: that ``span`` answers, against nothing around it doing so.
        passage: that what was read with it answers.
        span: (start, end) in the article of the words in it that answer best.
    """

    evidence: float
    answer: float
    passage: float
    span: tuple[int, int]


Readings = Mapping[int, SentenceReading]
"""By the row of the sentence in the index; what the reader did not get to is missing."""

Window = tuple[Article, Sequence[FoundSentence]]


def read_found(reader: Reader, question: str, found: Sequence[Found]) -> Readings:
    """Read the best passages found, ``MOST_READ`` windows of them.

    A sentence that stands in two of them counts where it looks better.
    """
    windows = list(itertools.islice(_cut_windows(found), MOST_READ))
    passages = [
        (reading_header(article), article.text[sentences[0].start : sentences[-1].end])
        for article, sentences in windows
    ]
    readings: dict[int, SentenceReading] = {}
    for (article, sentences), reading in zip(windows, reader.read(question, passages), strict=True):
        begin = sentences[0].start
        for sentence in sentences:
            start, end = sentence.start - begin, sentence.end - begin
            evidence, best = reading.evidence_in(start, end), reading.best_words(start, end)
            if evidence is None or best is None:
                continue
            (first, last), answer = best
            before = readings.get(sentence.row)
            if before is None or evidence > before.evidence:
                span = _trim(article, begin + first, begin + last)
                readings[sentence.row] = SentenceReading(evidence, answer, reading.answers, span)
    return readings


def reading_header(article: Article) -> str:
    """Title and day, as the reader was trained to see them."""
    parts = (article.title, say_day(beijing_day(article.published)))
    return " ".join(part for part in parts if part).replace("_", " ")


def _cut_windows(found: Sequence[Found]) -> Iterator[Window]:
    """Runs of whole sentences of the passages found; a passage of up to ``WINDOW`` characters is one."""
    for each in found:
        article = each.hit.passage.article
        window: list[FoundSentence] = []
        for sentence in each.sentences:
            if window and sentence.end - window[0].start > WINDOW:
                yield article, window
                window = []
            window.append(sentence)
        if window:
            yield article, window


def _trim(article: Article, start: int, end: int) -> tuple[int, int]:
    words = article.text[start:end]
    if not words.strip():
        return start, end
    return start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
