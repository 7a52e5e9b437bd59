"""held: 1 where an alternative of every group of expected words stands in the answer; else 0.

Our own rule, stricter than the "has answer" of open-domain question answering (Chen et al. 2017, arXiv:1704.00051) in
that a number, or a word in Latin letters, is held only as a whole: 18 stands neither in 118 nor in 18.5, and 12 not in
12.5 %, but in 12 %; US not in museum. Case, width, script, blanks and punctuation do not count but between two digits
or two Latin letters: 2019 stands in 2019—2021, and 3:2 not in 32.
"""

import re
from collections.abc import Sequence

from eval.metrics.exact_match import bare
from rag.words import fold

_BREAK = "ǀ"
"""A letter of no language here, which outlives the removal of punctuation."""
_BETWEEN = re.compile(
    r"(?<=[0-9])(?!\.[0-9]|,[0-9]{3}(?![0-9]))[\W_]+(?=[0-9])|(?<=[a-z])[\W_]+(?=[a-z])", re.IGNORECASE
)


def held(text: str, answers: Sequence[Sequence[str]]) -> float:
    """Score an answer.

    Args:
        text: without its marks, whose numbers are no words of it.
        answers: at least one group. An alternative without letters and digits is held by nothing.
    """
    words = _to_words(text)
    return float(
        all(any(_holds(words, _to_words(alternative)) for alternative in group) for group in answers)
    )


def _to_words(text: str) -> str:
    return bare(_BETWEEN.sub(_BREAK, fold(text)))


def _holds(words: str, alternative: str) -> bool:
    if not alternative:
        return False
    before = r"(?<![\d.])" if alternative[0].isdigit() else "(?<![a-z])" if _is_latin(alternative[0]) else ""
    after = r"(?!\.?\d)" if alternative[-1].isdigit() else "(?![a-z])" if _is_latin(alternative[-1]) else ""
    return re.search(f"{before}{re.escape(alternative)}{after}", words) is not None


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
