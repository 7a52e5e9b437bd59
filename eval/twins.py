"""Unanswerable twins: a question with one name, number or rare word taken from another question."""

import random
import re
from collections.abc import Sequence

from rag.question import read_question
from rag.words import fold

Words = tuple[tuple[str, ...], ...]
"""The names, numbers and rare words of a question, as it writes them."""


def swap_words(texts: Sequence[str], generator: random.Random) -> list[str | None]:
    """Make a twin of each question; None for one that holds nothing to swap.

    Args:
        texts: questions in one language and script, or a twin would be known by its look.
    """
    pools = [_swappable(text) for text in texts]
    everything = [[word for pool in pools for word in pool[kind]] for kind in range(3)]
    return [_swap(text, pool, everything, generator) for text, pool in zip(texts, pools, strict=True)]


def _swap(
    text: str, pool: Words, everything: Sequence[Sequence[str]], generator: random.Random
) -> str | None:
    # Names and numbers make the harder twins, so they are drawn twice as often.
    choices = [(word, kind) for kind in (0, 0, 1, 1, 2) for word in pool[kind]]
    if not choices:
        return None
    word, kind = generator.choice(choices)
    other = generator.choice(everything[kind])
    return None if fold(other) == fold(word) else text.replace(word, other)


def _swappable(text: str) -> Words:
    question = read_question(text)
    if question.foreign:
        names = tuple(re.findall(r"(?<!^)\b[A-Z][a-z]+(?: [A-Z][a-z]+)*", text))
        return names, tuple(re.findall(r"\b\d[\d,.]*\b", text)), ()
    folded = fold(text)
    if len(folded) != len(text):
        return (), (), ()
    rare = tuple(
        term.text
        for term in question.terms
        if term.weight > 0.45 and re.fullmatch(r"[\u3400-\u9fff]{2,}", term.text)
    )
    return tuple(
        tuple(text[at : at + len(word)] for word in words if (at := folded.find(word)) >= 0)
        for words in (question.names, question.numbers, rare)
    )
