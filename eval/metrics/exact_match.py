"""exact: 1 where the answering words are the expected ones and nothing else, by the rules of CMRC 2018.

Both are compared without case, blanks and punctuation, as in its evaluation script (Cui et al. 2019, arXiv:1810.07366).
What goes beyond the script is said in ``eval.metrics.overlap_f1``; blanks are the one more thing that it keeps.
"""

from collections.abc import Sequence

from eval.metrics.overlap_f1 import to_tokens


def exact_match(said: str, answers: Sequence[Sequence[str]]) -> float:
    """Score the answering words: the share of the groups of which an alternative is what was said.

    Args:
        answers: at least one group.
    """
    words = bare(said)
    return sum(any(words == bare(alternative) for alternative in group) for group in answers) / len(answers)


def bare(text: str) -> str:
    """A text without case, width, script, blanks and punctuation; a point or percent sign of a number stays."""
    return "".join(to_tokens(text))
