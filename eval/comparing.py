"""Two runs over the same questions: what changed, question by question and figure by figure.

Questions are paired by id. What tells a difference from noise is in ``eval.differences``.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.differences import Difference, find_differences
from eval.runs import Result, Run
from eval.wording import name_some, say_count, say_milliseconds


@dataclass(frozen=True, slots=True)
class Change:
    """A question that one run does right and the other does not.

    Attributes:
        before, after: the answers; ``lost_before`` and ``lost_after`` say where the gold was lost.
        scores: those that differ, before and after.
    """

    id: str
    question: str
    before: str
    after: str
    lost_before: str
    lost_after: str
    scores: Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that there is to say of two runs.

    Attributes:
        conditions: what the runs do not share, as (name, before, after): sets, models, threshold and the like.
        paired: how many questions are compared.
        only_before, only_after: ids that one run alone has.
        rewritten: ids whose question, history, answers or gold are not the same in both; they are not compared.
        differences: of every figure, in the order of reports.
        broken, fixed: questions done right before only, and after only.
        reworded: how many answers read otherwise and are as right as before.
        milliseconds: the median of all steps, before and after.
    """

    conditions: tuple[tuple[str, str, str], ...]
    paired: int
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    rewritten: tuple[str, ...]
    differences: tuple[Difference, ...]
    broken: tuple[Change, ...]
    fixed: tuple[Change, ...]
    reworded: int
    milliseconds: tuple[float, float]


def compare(before: Run, after: Run) -> Comparison:
    """Pair the questions of two runs and tell what changed."""
    left, right = ({result.id: result for result in run.results} for run in (before, after))
    shared = [(left[name], right[name]) for name in left if name in right]
    pairs = [(old, new) for old, new in shared if _asks(old) == _asks(new)]
    turned = [(old, new) for old, new in pairs if old.right != new.right]
    return Comparison(
        conditions=tuple(_conditions(before, after)),
        paired=len(pairs),
        only_before=tuple(name for name in left if name not in right),
        only_after=tuple(name for name in right if name not in left),
        rewritten=tuple(old.id for old, new in shared if _asks(old) != _asks(new)),
        differences=tuple(find_differences(pairs)),
        broken=tuple(_to_change(*pair) for pair in turned if pair[0].right),
        fixed=tuple(_to_change(*pair) for pair in turned if pair[1].right),
        reworded=sum(old.right == new.right and old.text != new.text for old, new in pairs),
        milliseconds=(_median([old for old, _ in pairs]), _median([new for _, new in pairs])),
    )


def _asks(result: Result) -> tuple[object, ...]:
    gold = tuple((quote.article, quote.text) for quote in result.gold)
    return result.question, result.history, result.answers, result.answerable, gold, result.filters


def _conditions(before: Run, after: Run) -> Iterator[tuple[str, str, str]]:
    def told(run: Run) -> dict[str, str]:
        models = {name: str(value) for name, value in run.models.items()}
        return {
            "sets": ", ".join(run.sets),
            "articles": f"{run.articles:,}",
            "wenfeng": run.wenfeng,
            "threshold": f"{run.threshold:.4g}",
            **models,
        }

    old, new = told(before), told(after)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield name, old.get(name, "none"), new.get(name, "none")


def _to_change(old: Result, new: Result) -> Change:
    names = dict.fromkeys([*old.scores, *new.scores])
    scores = {name: (old.scores.get(name), new.scores.get(name)) for name in names}
    return Change(
        id=new.id,
        question=new.question,
        before=old.text,
        after=new.text,
        lost_before=old.lost,
        lost_after=new.lost,
        scores={name: both for name, both in scores.items() if both[0] != both[1]},
    )


def _median(results: Sequence[Result]) -> float:
    return statistics.median(result.milliseconds for result in results) if results else 0.0


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print what is compared, every figure, and the questions that were broken and fixed."""
    for sentence in _say_paired(comparison):
        console.print(sentence, markup=False, highlight=False)
    if not comparison.paired:
        return
    if any(each.verdict != "same" for each in comparison.differences):
        console.print()
        console.print(_to_table(comparison))
    for sentence in _say_how(comparison):
        console.print(sentence, style="dim", markup=False, highlight=False)
    _print_changes(console, "Broken", "red", comparison.broken)
    _print_changes(console, "Fixed", "green", comparison.fixed)


def _say_how(comparison: Comparison) -> Iterator[str]:
    same = [each.name for each in comparison.differences if each.verdict == "same"]
    if same:
        yield f"The same in every question: {', '.join(same)}."
    yield (
        "Intervals are 95 % (bootstrap over questions). p is McNemar's where a question scores 0 or 1, else of a"
        " randomization test, and corrected for so many figures at once (Holm 1979); the words go by it."
    )
    old, new = comparison.milliseconds
    yield f"Median time {say_milliseconds(old)} before, {say_milliseconds(new)} after; other machines take other times."
    if comparison.reworded:
        others = say_count(comparison.reworded, "other question")
        yield f"In {others} the answer reads otherwise and is as right as before."


def _say_paired(comparison: Comparison) -> Iterator[str]:
    yield f"{say_count(comparison.paired, 'question')} in both runs."
    if comparison.only_before:
        yield f"{say_count(len(comparison.only_before), 'question')} only before: {name_some(comparison.only_before)}"
    if comparison.only_after:
        yield f"{say_count(len(comparison.only_after), 'question')} only after: {name_some(comparison.only_after)}"
    if comparison.rewritten:
        yield (
            f"{say_count(len(comparison.rewritten), 'question')} with other words, history, gold or filters under the same id,"
            f" not compared: {name_some(comparison.rewritten)}"
        )
    for name, old, new in comparison.conditions:
        yield f"Not the same: {name}: {old} → {new}"


def _to_table(comparison: Comparison) -> Table:
    table = Table(box=None, padding=(0, 1), title_justify="left", header_style="bold")
    table.add_column("")
    for heading in ("before", "after", "difference", "95 %", "p", "questions"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    styles = {"better": "green", "worse": "red", "noise": "dim"}
    for each in comparison.differences:
        if each.verdict == "same":
            continue
        table.add_row(
            each.name,
            f"{each.before:.3f}",
            f"{each.after:.3f}",
            f"{each.difference:+.3f}",
            f"{each.low:+.3f} {each.high:+.3f}",
            f"{each.adjusted:.3f}" if each.adjusted >= 0.001 else "<0.001",
            f"{each.cases:,}",
            Text(each.words, style=styles.get(each.verdict, "")),
        )
    return table


def _print_changes(console: Console, heading: str, style: str, changes: Sequence[Change]) -> None:
    console.print()
    console.print(f"{heading}: {say_count(len(changes), 'question')}", style=f"bold {style}", highlight=False)
    for change in changes:
        console.print(Text.assemble((change.id, "bold"), "  ", change.question))
        answers = Table.grid(padding=(0, 2))
        answers.add_column(no_wrap=True)
        answers.add_column(overflow="fold")
        answers.add_row(Text("  before", "dim"), _shorten(change.before) + _say_lost(change.lost_before))
        answers.add_row(Text("  after", "dim"), _shorten(change.after) + _say_lost(change.lost_after))
        console.print(answers)


def _say_lost(stage: str) -> Text:
    return Text(f"  ({stage})" if stage else "", style="dim")


def _shorten(text: str, longest: int = 160) -> Text:
    flat = " ".join(text.split())
    return Text(flat if len(flat) <= longest else f"{flat[:longest]}…")
