"""What became of an expected article on the way to an answer: each step with its numbers. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rag.records import Calibration
from rag.retrieve import Rank

Stage = Literal[
    "not indexed",
    "set aside",
    "filtered",
    "not retrieved",
    "ranked low",
    "copy",
    "refused",
    "not extracted",
    "not cited",
    "",
]
"""Where it was lost, from the first step to the last; "" where nothing was lost."""


@dataclass(frozen=True, slots=True)
class Sought:
    """The expected article.

    Attributes:
        path: as asked.
        article: the path that is followed: another one where ``path`` is an exact copy; "" where none is indexed.
        reason, detail: why its file was set aside; "" where it was not.
        is_file: its file lies in the folder, indexed or not.
        near: paths that look like it, where it is not indexed.
        barred_by: the names of the filters that it does not pass.
    """

    path: str
    article: str = ""
    reason: str = ""
    detail: str = ""
    is_file: bool = False
    near: tuple[str, ...] = ()
    barred_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageTrace:
    """The expected passage, [start:end] of the article's text.

    Attributes:
        words: its place by the share of the question's words that it holds.
        vectors: its place by the cosine of its own vector.
        sentences: the place of its nearest sentence, among all sentences, by the cosine of that one's.
        named_by: which lists of candidates name it: "passages", "sentences", "words".
        fused: its place among the candidates, copies aside; None where it is none.
        copied: path of the article whose better passage says the same, so that this one is left out; or "".
        is_copied_read: that better passage is among those that are read.
    """

    start: int
    end: int
    text: str
    words: Rank
    vectors: Rank
    sentences: Rank
    named_by: tuple[str, ...]
    fused: Rank | None
    copied: str = ""
    is_copied_read: bool = False


@dataclass(frozen=True, slots=True)
class SentenceTrace:
    """The expected sentence, [start:end] of the article's text.

    Attributes:
        is_read: whether the reader got to it; None where nothing was read.
        weighed: its place among the sentences judged; None where it is not among them.
        features: its numbers by their names in ``evidence.FEATURES``; empty where it was not judged.
    """

    start: int
    end: int
    text: str
    is_read: bool | None
    weighed: Rank | None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an expected passage was lost.

    Attributes:
        question, asked: as of ``Answer``.
        parts: the questions that ``asked`` is made of.
        part: the one of them that is followed here, since the passage fares best in it.
        quote: the expected words, exactly as they stand in the article; "" where only the article is expected.
        passage, sentence: None where the article is not searched.
        k: how many passages are read for an answer.
        certainty: that the part is answered; None where it was not asked.
        calibration: what the certainty is compared with.
        from_header: the part was answered from the header of an article.
        is_answered: whether there was anything to say to the part that was sure enough.
        cited: paths of the articles that the answer cites.
        is_cited: the answer cites the quote, or, without one, the article; a near copy of it counts.
    """

    question: str
    asked: str
    parts: tuple[str, ...]
    part: str
    quote: str
    sought: Sought
    lost: Stage
    k: int
    passage: PassageTrace | None = None
    sentence: SentenceTrace | None = None
    certainty: float | None = None
    calibration: Calibration | None = None
    from_header: bool = False
    is_answered: bool = False
    cited: tuple[str, ...] = ()
    is_cited: bool = False
