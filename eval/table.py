"""A run as tables in the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from eval.metrics.cost import TOTAL, cost_by_step
from eval.plots import with_gold
from eval.runs import Result, Run
from eval.summary import LOWER_IS_BETTER, Figure, by_tag, count_lost, summarize, summarize_follow_ups
from eval.wording import EXPLAINED, MAIN, say_bytes, say_count, say_errors, say_milliseconds, to_groups

FOLLOW_UPS = "follow-ups"


def print_run(console: Console, run: Run) -> None:
    """Print every figure, the main ones by tag and for follow-ups alone, where gold was lost, and the cost."""
    for line in _say_run(run):
        console.print(line, markup=False, highlight=False)
    tables = (_figures(run.results), _tags(run.results), _lost(run.results), _costs(run.results))
    for table in tables:
        if table is not None:
            console.print()
            console.print(table)


def _say_run(run: Run) -> Iterator[str]:
    yield f"{', '.join(run.sets)}: {say_count(len(run.results), 'question')} over {say_count(run.articles, 'article')}"
    yield f"Refused under a certainty of {run.threshold:.3f}"
    yield f"{run.started[:16].replace('T', ' ')} UTC, wenfeng {run.wenfeng}, {run.seconds:.0f} s, at most {say_bytes(run.memory)} of memory"
    if errors := say_errors(run.errors):
        yield errors


def _new_table(title: str, *headings: str) -> Table:
    """A table whose first column is words and whose others are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1))
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _figures(results: Sequence[Result]) -> Table:
    figures = summarize(results)
    table = _new_table(
        "Figures, with 95 % intervals (bootstrap over questions)", "value", "95 %", "cases", "left out"
    )
    table.add_column("", style="dim")
    for heading, names in to_groups(figures).items():
        table.add_row(heading, style="bold")
        for name in names:
            arrow = " ↓" if name in LOWER_IS_BETTER else ""
            table.add_row(
                f"  {name}{arrow}", *_to_cells(figures[name], len(results)), EXPLAINED.get(name, "")
            )
    table.caption = "↓ less is better. Left out: questions without what the figure needs."
    table.caption_justify = "left"
    return table


def _to_cells(figure: Figure | None, cases: int) -> tuple[str, str, str, str]:
    if figure is None:
        return "–", "", "0", f"{cases:,}"
    return (
        f"{figure.value:.3f}",
        f"{figure.low:.3f}–{figure.high:.3f}",
        f"{figure.cases:,}",
        f"{figure.left_out:,}",
    )


def _tags(results: Sequence[Result]) -> Table | None:
    follow_ups = [result for result in results if result.history]
    rows = {**({FOLLOW_UPS: summarize_follow_ups(results)} if follow_ups else {}), **by_tag(results)}
    if not rows:
        return None
    counts = {tag: sum(tag in result.tags for result in results) for tag in rows}
    table = _new_table("By tag", "cases", *MAIN)
    table.columns[0].overflow, table.columns[0].max_width = "ellipsis", 24
    for tag, figures in rows.items():
        count = len(follow_ups) if tag == FOLLOW_UPS and follow_ups else counts[tag]
        values = (figures.get(name) for name in MAIN)
        table.add_row(tag, f"{count:,}", *("–" if each is None else f"{each.value:.2f}" for each in values))
    return table


def _lost(results: Sequence[Result]) -> Table | None:
    chosen = with_gold(results)
    if not chosen:
        return None
    asked, lost = len(chosen), count_lost(chosen)
    table = _new_table("Where the gold was lost", "questions", "share")
    for stage, count in lost.items():
        table.add_row(stage, f"{count:,}", f"{count / asked:.3f}")
    cited = asked - sum(lost.values())
    table.add_row("cited", f"{cited:,}", f"{cited / asked:.3f}", style="bold")
    return table


def _costs(results: Sequence[Result]) -> Table:
    table = _new_table("Time", "median", "95th percentile", "questions")
    for step, cost in cost_by_step([result.steps for result in results]).items():
        table.add_row(
            "all steps" if step == TOTAL else step,
            say_milliseconds(cost.median),
            say_milliseconds(cost.high),
            f"{cost.questions:,}",
            style="bold" if step == TOTAL else "",
        )
    return table
