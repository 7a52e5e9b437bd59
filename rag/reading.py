"""A question and the passages found -> what the reader saw in each sentence of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embeddings.reader import Reader
from rag.dates import beijing_day
from rag.records import Article
from rag.retrieve import Found

MOST_READ = 6
"""Passages; reading is most of the time that an answer takes, and search puts the right one among five."""


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What the reader saw in one sentence; the numbers are logits.

    Attributes:
        evidence: that it must be read to know the answer.
        words: that ``span`` answers, against no words of the passage doing so.
        passage: that its passage answers.
        span: (start, end) in the article of the words in it that answer best.
    """

    evidence: float
    words: float
    passage: float
    span: tuple[int, int]


Readings = Mapping[int, SentenceReading]
"""By the row of the sentence in the index; a sentence beyond what the reader reads at once is missing."""


def read_found(reader: Reader, question: str, found: Sequence[Found]) -> Readings:
    """Read the best ``MOST_READ`` passages found. A sentence that two of them hold counts where it looks better."""
    found = found[:MOST_READ]
    passages = [each.hit.passage for each in found]
    headers = [reading_header(passage.article) for passage in passages]
    texts = [passage.text for passage in passages]
    readings: dict[int, SentenceReading] = {}
    for each, reading in zip(
        found, reader.read(question, list(zip(headers, texts, strict=True))), strict=True
    ):
        begin = each.hit.passage.start
        for sentence in each.sentences:
            start, end = sentence.start - begin, sentence.end - begin
            evidence, best = reading.evidence_in(start, end), reading.best_words(start, end)
            if evidence is None or best is None:
                continue
            (first, last), words = best
            before = readings.get(sentence.row)
            if before is None or evidence > before.evidence:
                readings[sentence.row] = SentenceReading(
                    evidence, words, reading.answers, (begin + first, begin + last)
                )
    return readings


def reading_header(article: Article) -> str:
    """Title and day, as the reader was trained to see them."""
    day = beijing_day(article.published)
    when = f"{day.year}年{day.month}月{day.day}日" if day else ""
    return f"{article.title} {when}".replace("_", " ").strip()
