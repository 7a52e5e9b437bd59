"""What a run must reach for a build to pass: limits of figures, and no worse than a run before."""

import difflib
import math
from collections.abc import Iterator, Sequence

from eval.comparing import compare
from eval.differences import judge
from eval.runs import Run
from eval.summary import LOWER_IS_BETTER, METRICS, summarize
from eval.wording import name_some, say_count, say_errors
from rag.errors import RagError

LOOK_AT = 0.1
"""A figure that got worse and would be so likely by chance, alone, is named though it passes."""


class LimitError(RagError):
    """A limit names no figure, or no share."""


def parse_limit(text: str) -> tuple[str, float]:
    """``"held=0.80"`` -> the figure's name and its limit, in 0 to 1.

    Raises:
        LimitError: no figure has that name, or what follows is no share.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise LimitError(f"The limit {text!r} is not NAME=SHARE. Write for instance held=0.80.")
    if name not in METRICS:
        near = difflib.get_close_matches(name, METRICS, n=3, cutoff=0.5) or METRICS
        raise LimitError(f"No figure is named {name!r}. Did you mean {' or '.join(near)}?")
    try:
        limit = float(value)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= 1:
        raise LimitError(f"The limit {value!r} of {name} is not a share. Write one from 0 to 1.")
    return name, limit


def failed_limits(run: Run, limits: Sequence[tuple[str, float]]) -> list[str]:
    """A sentence for each limit that the run does not keep, and one for questions that ended in an error.

    Args:
        limits: the least a figure may be; the most, of those in ``LOWER_IS_BETTER``.
    """
    figures = summarize(run.results)
    failed = []
    for name, limit in limits:
        figure = figures[name]
        ceiling = name in LOWER_IS_BETTER
        if figure is None:
            failed.append(
                f"{name} cannot be told: no question of the set has what it needs."
                f" Add such questions, or take the limit away."
            )
        elif figure.value > limit if ceiling else figure.value < limit:
            failed.append(
                f"{name} is {figure.value:.4f} ({figure.low:.3f} to {figure.high:.3f} of"
                f" {say_count(figure.cases, 'question')}), {'above' if ceiling else 'below'} the limit {limit:g}."
                f" See which questions fail: wenfeng eval run … --html FILE."
            )
    return [*(_say_errors(run) if limits else ()), *failed]


def worse_than(run: Run, before: Run) -> list[str]:
    """A sentence for each figure that got worse by more than noise, as ``compare`` judges.

    Also one for questions that can no longer be compared, and for new errors.
    """
    compared = compare(before, run)
    told = [*_say_missing("The run lacks", "of the run before", compared.only_before)]
    told += _say_missing(
        "Other words, history, gold or filters than before:", "under the same id", compared.rewritten
    )
    if len(run.errors) > len(before.errors):
        told += _say_errors(run)
    if not compared.paired:
        told.append("No question is in both runs. Compare runs over the same set.")
    for each in compared.differences:
        if each.verdict == "worse":
            told.append(
                f"{each.name} got worse: {each.before:.4f} before, {each.after:.4f} now, a difference of"
                f" {each.difference:+.4f} ({each.low:+.3f} to {each.high:+.3f} of"
                f" {say_count(each.cases, 'question')}). See which questions: wenfeng eval compare BEFORE AFTER."
            )
    return told


def fell_as_noise(run: Run, before: Run) -> list[str]:
    """A sentence for the figures that got worse by no more than noise: they pass, and a person should know."""
    fell = [
        f"{each.name} {each.difference:+.3f}"
        for each in compare(before, run).differences
        if each.verdict == "noise" and each.p < LOOK_AT and judge(each.name, each.difference, 0.0) == "worse"
    ]
    if not fell:
        return []
    return [
        f"Worse, though among so many figures no more than noise: {', '.join(fell)}. See which questions: "
        "wenfeng eval compare BEFORE AFTER."
    ]


def nothing_answered(run: Run) -> list[str]:
    """A sentence where every question ended in an error."""
    return list(_say_errors(run)) if len(run.errors) == len(run.results) else []


def _say_errors(run: Run) -> Iterator[str]:
    if run.errors:
        yield f"{say_errors(run.errors)} Then run again."


def _say_missing(what: str, where: str, ids: tuple[str, ...]) -> Iterator[str]:
    if ids:
        yield (
            f"{what} {say_count(len(ids), 'question')} {where}: {name_some(ids)}. Run the same set, or make the run to"
            f" compare with anew."
        )
