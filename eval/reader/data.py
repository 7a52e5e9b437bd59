"""Question sets -> what the reader learns from: a question, a passage, and where the passage answers, if it does.

Each question of a training paragraph gives one example in which the passage answers, and several in which it does
not: the passages that our own words find best and that are wrong, the same passage with the answering sentence
taken out, and the same question with one name or number changed. A reader that only ever saw passages that
answer is as sure of the wrong ones.
"""

import hashlib
import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import opencc

from eval.public import BENCH, read_squad, split_header
from eval.twins import swap_words
from rag.lexical import LexicalIndex
from rag.passages import split_sentences
from rag.words import search_words, to_simplified

QUESTIONS = Path(__file__).with_name("questions.jsonl")
"""Our own questions on the news sample: offsets, no text of it."""

SIZES = (120, 180, 250, 320, 500)
"""Characters of a passage, drawn for each example: readers of short passages learn faster."""
NEGATIVES = 1
"""Wrong passages a question, drawn from the ``NEAREST`` that our words find."""
NEAREST = 6
OWN_WINDOWS = 2
"""Passages of its own paragraph that a question is put to which the paragraph does not answer."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a paragraph.

    Attributes:
        answer: the exact words, or None where only sentences answer.
        evidence: what must be read to know the answer; empty where the paragraph does not answer.
    """

    text: str
    answer: Span | None
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text, the header it would have as an article, and the questions on it."""

    source: str
    header: str
    text: str
    asked: tuple[Asked, ...]
    name: str = ""

    @property
    def is_held_back(self) -> bool:
        """Whether a text of the news sample is kept for choosing, one in eight."""
        return zlib.crc32(self.name.encode()) % 8 == 0


@dataclass(frozen=True, slots=True)
class Example:
    """What the reader sees, and what it should find there; offsets are in ``text``."""

    source: str
    question: str
    header: str
    text: str
    answer: Span | None = None
    evidence: tuple[Span, ...] = ()


# Paragraphs.


def read_drcd_paragraphs(part: str, bench: Path = BENCH) -> list[Paragraph]:
    """DRCD, traditional script; ``part`` as in ``eval.public``."""
    return [_from_squad("DRCD", title, row) for title, row in read_squad("drcd", part, bench)]


def read_cmrc_paragraphs(bench: Path = BENCH) -> list[Paragraph]:
    """CMRC's trial part, simplified script; training only."""
    return [_from_squad("CMRC", title, row) for title, row in read_squad("cmrc", "train", bench)]


def read_xquad_paragraphs(part: str, questions: str, passages: str, bench: Path = BENCH) -> list[Paragraph]:
    """XQuAD with questions in one language over passages in the same or the other (``"zh"``, ``"en"``)."""
    asked = {
        question["id"]: question["question"]
        for _, row in read_squad(f"xquad.{questions}", part, bench)
        for question in row["qas"]
    }
    name = f"XQuAD {questions}→{passages}"
    return [_from_squad(name, "", row, asked) for _, row in read_squad(f"xquad.{passages}", part, bench)]


def _from_squad(
    source: str, title: str, row: dict[str, object], asked: dict[str, str] | None = None
) -> Paragraph:
    text = str(row["context"])
    sentences = split_sentences(text)
    questions = []
    for question in row["qas"]:  # type: ignore[attr-defined]
        answer = question["answers"][0]
        start = int(answer["answer_start"])
        span = (start, start + len(answer["text"]))
        if text[slice(*span)] == answer["text"] and answer["text"]:
            wording = question["question"] if asked is None else asked[question["id"]]
            questions.append(Asked(wording, span, _sentences_around(sentences, span)))
    return Paragraph(source, title, text, tuple(questions))


def read_own_paragraphs(path: Path = QUESTIONS, bench: Path = BENCH) -> list[Paragraph]:
    """Our own questions, the texts filled in from the news sample.

    Raises:
        ValueError: a text is not the one the questions were written on.
    """
    texts: dict[str, list[str]] = {}
    paragraphs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        part, number = row["doc"].split(":")
        if part not in texts:
            texts[part] = (bench / "news" / f"{part}.txt").read_text(encoding="utf-8").split("\n")
        header, text = split_header(texts[part][int(number) - 1])
        if hashlib.sha256(text.encode()).hexdigest()[:16] != row["sha256"]:
            raise ValueError(
                f"{row['doc']} of the news sample is another text than the questions were written on"
            )
        day = re.search(r"(\d{4})[-年/](\d{1,2})[-月/](\d{1,2})", header)
        when = f" {int(day[1])}年{int(day[2])}月{int(day[3])}日" if day else ""
        asked = tuple(
            Asked(
                each["question"],
                tuple(each["answer"]) if each["answer"] else None,
                tuple((start, end) for start, end in each["evidence"]),
            )
            for each in row["questions"]
        )
        paragraphs.append(Paragraph("own", row["title"] + when, text, asked, row["doc"]))
    return paragraphs


# Examples.


def make_examples(paragraphs: Sequence[Paragraph], seed: int) -> Iterator[Example]:
    """Every question with its passage, with wrong passages, and its unanswerable twins.

    Args:
        paragraphs: of one language and script; wrong passages are looked for among them.
    """
    generator = random.Random(seed)
    windows = [
        (number, span)
        for number, paragraph in enumerate(paragraphs)
        for span in cut_windows(paragraph.text, generator.choice(SIZES[2:]))
    ]
    texts = [paragraphs[number].text[slice(*span)] for number, span in windows]
    words = LexicalIndex.build([search_words(text) for text in texts])
    asked = [(number, each) for number, paragraph in enumerate(paragraphs) for each in paragraph.asked]
    twins = swap_words([each.text for _, each in asked], generator)
    for (number, each), twin in zip(asked, twins, strict=True):
        paragraph = paragraphs[number]
        if each.evidence:
            around = window_around(paragraph.text, each.evidence, generator.choice(SIZES), generator)
            gold = _cut_example(paragraph, each, around)
            yield gold
            removed = _without_evidence(gold)
            if removed is not None and generator.random() < 0.5:
                yield removed
            if twin is not None and generator.random() < 0.5:
                yield replace(gold, question=twin, answer=None, evidence=())
        scores = words.coverage(search_words(each.text))
        for row in _wrong_rows(each, number, windows, texts, scores, paragraph, generator):
            yield Example(paragraph.source, each.text, paragraphs[windows[row][0]].header, texts[row])


def _wrong_rows(
    asked: Asked,
    number: int,
    windows: Sequence[tuple[int, Span]],
    texts: Sequence[str],
    scores: npt.NDArray[np.float32],
    paragraph: Paragraph,
    generator: random.Random,
) -> list[int]:
    """Rows of passages that do not answer: the nearest of all, or where the paragraph itself does not, its own."""
    order = (-scores).argsort(kind="stable")
    if not asked.evidence:
        own = [row for row in order if windows[row][0] == number]
        return own[:OWN_WINDOWS]
    answer = paragraph.text[slice(*asked.answer)] if asked.answer else None
    best = [
        row for row in order[: 2 * NEAREST] if not _answers(windows[row], number, asked, texts[row], answer)
    ][:NEAREST]
    return generator.sample(best, min(NEGATIVES, len(best)))


def to_script(example: Example, converter: opencc.OpenCC) -> Example:
    """The example in the other script, or as it is where that would move its characters."""
    text = str(converter.convert(example.text))
    if len(text) != len(example.text):
        return example
    return replace(
        example,
        text=text,
        question=str(converter.convert(example.question)),
        header=str(converter.convert(example.header)),
    )


def mix_scripts(
    examples: Iterable[Example], share: float, configuration: str, seed: int
) -> Iterator[Example]:
    """Convert a share of the examples by an OpenCC configuration (``t2s``, ``s2t``)."""
    generator = random.Random(seed)
    converter = opencc.OpenCC(configuration)
    for example in examples:
        yield to_script(example, converter) if generator.random() < share else example


def cut_windows(text: str, size: int) -> list[Span]:
    """Runs of whole sentences of up to about ``size`` characters, one after another."""
    windows: list[Span] = []
    for start, end in split_sentences(text, 500):
        if windows and end - windows[-1][0] <= size:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def window_around(text: str, spans: Sequence[Span], size: int, generator: random.Random) -> Span:
    """A run of whole sentences that holds ``spans``, of about ``size`` characters, they anywhere in it."""
    sentences = split_sentences(text)
    first = next(row for row, (_, end) in enumerate(sentences) if end > spans[0][0])
    last = next(row for row in reversed(range(len(sentences))) if sentences[row][0] < spans[-1][1])
    while True:
        grown = [
            (new_first, new_last)
            for new_first, new_last in ((first - 1, last), (first, last + 1))
            if new_first >= 0
            and new_last < len(sentences)
            and sentences[new_last][1] - sentences[new_first][0] <= size
        ]
        if not grown:
            return sentences[first][0], sentences[last][1]
        first, last = generator.choice(grown)


def _cut_example(paragraph: Paragraph, asked: Asked, window: Span) -> Example:
    start = window[0]
    return Example(
        paragraph.source,
        asked.text,
        paragraph.header,
        paragraph.text[slice(*window)],
        None if asked.answer is None else (asked.answer[0] - start, asked.answer[1] - start),
        tuple((first - start, last - start) for first, last in asked.evidence),
    )


def _without_evidence(example: Example) -> Example | None:
    """The example with the answering sentences cut out, or None where the answer still stands or nothing is left."""
    text = example.text
    answer = text[slice(*example.answer)] if example.answer else None
    for start, end in reversed(example.evidence):
        text = text[:start] + text[end:]
    if len(text) < 40 or (answer is not None and answer in text):
        return None
    return replace(example, text=text, answer=None, evidence=())


def _answers(window: tuple[int, Span], number: int, asked: Asked, text: str, answer: str | None) -> bool:
    """Whether a passage may answer: it holds the evidence or the answer's words."""
    at, (start, end) = window
    if at == number and any(first < end and last > start for first, last in asked.evidence):
        return True
    return answer is not None and to_simplified(answer) in to_simplified(text)


def _sentences_around(sentences: Sequence[Span], span: Span) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in sentences if start < span[1] and end > span[0])
