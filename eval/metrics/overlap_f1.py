"""f1: how far the answering words and the expected ones are the same stretch, by the rules of CMRC 2018.

    precision = L / tokens said,  recall = L / tokens expected,  F1 = 2 · precision · recall / (precision + recall)

L is the length of the longest common *substring* of the two token lists, as in the evaluation script of CMRC 2018 (Cui et
al. 2019, arXiv:1810.07366); SQuAD counts common tokens in any order instead, which Chinese by the character would make
far too easy. Tokens are single Chinese characters, and words and numbers of other scripts whole; lower case,
punctuation removed.

Where this goes beyond the script: width and script (simplified, traditional) are folded first; all punctuation goes, not
only the script's list of mostly Chinese marks; English is cut at blanks instead of by NLTK's tokenizer; a decimal point
between digits stays, as in NLTK's numbers, and a percent sign after one is a token, as in NLTK's.
"""

import re
from collections.abc import Sequence

from rag.words import fold

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_PUNCTUATION = re.compile(r"(?!(?<=\d)\.(?=\d)|(?<=\d)%)(?:[^\w\s]|_)")
_TOKEN = re.compile(rf"[{_HAN}]|%|[^\W_{_HAN}]+(?:\.\d+)*")


def overlap_f1(said: str, answers: Sequence[Sequence[str]]) -> float:
    """Score the answering words: the mean over the groups of the best of each one's alternatives.

    Args:
        answers: at least one group; one without alternatives scores 0.
    """
    tokens = to_tokens(said)
    best = [
        max((_f1(tokens, to_tokens(alternative)) for alternative in group), default=0.0) for group in answers
    ]
    return sum(best) / len(best)


def to_tokens(text: str) -> list[str]:
    """Chinese by the character, the rest by the word; case, width, script and punctuation aside."""
    return _TOKEN.findall(_PUNCTUATION.sub("", fold(text)))


def longest_common_run(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest stretch of tokens that both hold."""
    best = 0
    row = [0] * (len(right) + 1)
    for token in left:
        row = [0, *(row[at] + 1 if token == other else 0 for at, other in enumerate(right))]
        best = max(best, *row)
    return best


def _f1(said: Sequence[str], expected: Sequence[str]) -> float:
    common = longest_common_run(said, expected)
    return 2 * common / (len(said) + len(expected)) if common else 0.0
