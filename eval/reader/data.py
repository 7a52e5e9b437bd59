"""Question sets -> what the reader learns from: a question, a passage, and where the passage answers, if it does.

Each question of a training paragraph gives one example in which the passage answers, and several in which it does
not: the passages that our own words find best and that are wrong, the same passage with the answering sentence
taken out, and the same question with one name or number changed. A reader that only ever saw passages that
answer is as sure of the wrong ones.
"""

import hashlib
import itertools
import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import opencc

from eval.public import BENCH, read_squad, split_header
from eval.twins import swap_words
from rag.articles import parse_time
from rag.dates import beijing_day, say_day
from rag.lexical import LexicalIndex
from rag.passages import split_sentences
from rag.question import read_question
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

_DAY = re.compile(r"\d{4}[-年/]\d{1,2}[-月/]\d{1,2}")

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


@dataclass(frozen=True, slots=True, eq=False)
class Paragraph:
    """A text, the header it would have as an article, and the questions on it."""

    header: str
    text: str
    asked: tuple[Asked, ...]
    name: str = ""

    @property
    def is_held_back(self) -> bool:
        """Whether a text of the news sample is kept for choosing, one in eight."""
        return bool(self.name) and zlib.crc32(self.name.encode()) % 8 == 0


@dataclass(frozen=True, slots=True)
class Example:
    """What the reader sees, and what it should find there; offsets are in ``text``."""

    question: str
    header: str
    text: str
    answer: Span | None = None
    evidence: tuple[Span, ...] = ()


# Paragraphs.


def read_drcd_paragraphs(part: str, bench: Path = BENCH) -> list[Paragraph]:
    """DRCD, traditional script; ``part`` as in ``eval.public``."""
    return [_from_squad(title, row) for title, row in read_squad("drcd", part, bench)]


def read_cmrc_paragraphs(bench: Path = BENCH) -> list[Paragraph]:
    """CMRC's trial part, simplified script; training only."""
    return [_from_squad(title, row) for title, row in read_squad("cmrc", "train", bench)]


def read_xquad_paragraphs(part: str, questions: str, passages: str, bench: Path = BENCH) -> list[Paragraph]:
    """XQuAD with questions in one language over passages in the same or the other (``"zh"``, ``"en"``)."""
    asked = {
        question["id"]: question["question"]
        for _, row in read_squad(f"xquad.{questions}", part, bench)
        for question in row["qas"]
    }
    return [_from_squad("", row, asked) for _, row in read_squad(f"xquad.{passages}", part, bench)]


def _from_squad(title: str, row: dict[str, object], asked: dict[str, str] | None = None) -> Paragraph:
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
    return Paragraph(title, text, tuple(questions))


def read_own_paragraphs(path: Path = QUESTIONS, bench: Path = BENCH) -> list[Paragraph]:
    """Our own questions, the texts filled in from the news sample.

    Raises:
        OSError: the sample is not there.
        ValueError: a text is not the one the questions were written on.
    """
    texts: dict[str, list[str]] = {}
    paragraphs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        part, number = row["doc"].split(":")
        if part not in texts:
            texts[part] = (bench / "news" / f"{part}.txt").read_text(encoding="utf-8").split("\n")
        when, text = split_header("".join(texts[part][int(number) - 1 : int(number)]))
        if hashlib.sha256(text.encode()).hexdigest()[:16] != row["sha256"]:
            raise ValueError(
                f"{row['doc']} of the news sample in {bench} is another text than the questions were written on; "
                "take the sample that eval/reader/questions.jsonl was made from, or mend its line"
            )
        day = _DAY.search(when)
        parts = (row["title"], say_day(beijing_day(parse_time(day[0]))) if day else "")
        header = " ".join(part for part in parts if part)
        asked = tuple(
            Asked(
                each["question"],
                tuple(each["answer"]) if each["answer"] else None,
                tuple((start, end) for start, end in each["evidence"]),
            )
            for each in row["questions"]
        )
        paragraphs.append(Paragraph(header, text, asked, row["doc"]))
    return paragraphs


# Examples.


def make_examples(paragraphs: Sequence[Paragraph], seed: int) -> Iterator[Example]:
    """Every question with its passage, with wrong passages, and its unanswerable twins.

    Args:
        paragraphs: of one language and script; wrong passages are looked for among them.
    """
    generator = random.Random(seed)
    windows = Windows(paragraphs, generator)
    asked = [(paragraph, each) for paragraph in paragraphs for each in paragraph.asked]
    twins = swap_words([each.text for _, each in asked], generator)
    for (paragraph, each), twin in zip(asked, twins, strict=True):
        if each.evidence:
            gold = cut_gold(paragraph, each, generator.choice(SIZES), generator)
            yield gold
            removed = _without_evidence(gold)
            if removed is not None and generator.random() < 0.5:
                yield removed
            if twin is not None and generator.random() < 0.5:
                yield replace(gold, question=twin, answer=None, evidence=())
            wrong = windows.nearest(paragraph, each)
            chosen = generator.sample(wrong, min(NEGATIVES, len(wrong)))
        else:
            chosen = windows.of(paragraph, each.text)[:OWN_WINDOWS]
        for header, text in chosen:
            yield Example(each.text, header, text)


class Windows:
    """All passages of some paragraphs, and which of them look most like answering a question."""

    def __init__(self, paragraphs: Sequence[Paragraph], generator: random.Random) -> None:
        self._cut = [
            (paragraph, span)
            for paragraph in paragraphs
            for span in cut_windows(paragraph.text, generator.choice(SIZES[2:]))
        ]
        self._words = LexicalIndex.build(
            [search_words(paragraph.text[slice(*span)]) for paragraph, span in self._cut]
        )
        self._generator = np.random.default_rng(generator.randrange(2**32))

    def of(self, paragraph: Paragraph, question: str) -> list[tuple[str, str]]:
        """Header and text of the windows of one paragraph, nearest to the question first."""
        return [_shown(each) for each in self._order(question) if each[0] is paragraph]

    def nearest(self, paragraph: Paragraph, asked: Asked) -> list[tuple[str, str]]:
        """Header and text of the ``NEAREST`` windows that do not answer, nearest first.

        Where words tell nothing, those of the paragraph itself come first: they speak of the same things.
        """
        order = self._order(asked.text)
        if read_question(asked.text).foreign:
            order.sort(key=lambda each: each[0] is not paragraph)
        wrong = (each for each in order[: 4 * NEAREST] if not _answers(each, paragraph, asked))
        return [_shown(each) for each in itertools.islice(wrong, NEAREST)]

    def _order(self, question: str) -> list[tuple[Paragraph, Span]]:
        scores = self._words.coverage(search_words(question))
        # Of equals any may come first: a question in another language has no words in common with any of them.
        order = np.lexsort((self._generator.random(len(scores)), -scores))
        return [self._cut[row] for row in order]


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
    for start, end in split_sentences(text, max(SIZES)):
        if windows and end - windows[-1][0] <= size:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def window_around(text: str, spans: Sequence[Span], size: int, generator: random.Random) -> Span:
    """A run of whole sentences that holds ``spans``, of about ``size`` characters, they anywhere in it."""
    sentences = split_sentences(text)
    start, end = min(first for first, _ in spans), max(last for _, last in spans)
    held = [row for row, (first, last) in enumerate(sentences) if first < end and last > start]
    if not held:
        raise ValueError(f"no sentence of the text holds {spans}")
    first, last = held[0], held[-1]
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


def cut_gold(paragraph: Paragraph, asked: Asked, size: int, generator: random.Random) -> Example:
    """A question with a passage of about ``size`` characters that answers it."""
    return cut_example(paragraph, asked, window_around(paragraph.text, asked.evidence, size, generator))


def cut_example(paragraph: Paragraph, asked: Asked, window: Span) -> Example:
    """A question with the stretch of its paragraph that holds what answers it."""
    start, end = window
    return Example(
        asked.text,
        paragraph.header,
        paragraph.text[start:end],
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


def _shown(window: tuple[Paragraph, Span]) -> tuple[str, str]:
    paragraph, span = window
    return paragraph.header, paragraph.text[slice(*span)]


def _answers(window: tuple[Paragraph, Span], paragraph: Paragraph, asked: Asked) -> bool:
    """Whether a window may answer: it holds the evidence or the answer's words."""
    owner, (start, end) = window
    if owner is paragraph and any(first < end and last > start for first, last in asked.evidence):
        return True
    answer = paragraph.text[slice(*asked.answer)] if asked.answer else None
    return answer is not None and to_simplified(answer) in to_simplified(owner.text[start:end])


def _sentences_around(sentences: Sequence[Span], span: Span) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in sentences if start < span[1] and end > span[0])
