"""Answers, hits and reports -> what a person sees in a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rag.dates import beijing_day
from rag.doctor import Finding
from rag.indexing import IndexReport
from rag.records import Answer, Article, Citation, Hit
from rag.trace import Trace
from rag.why_words import say_chinese, say_lost, say_next, to_lines

SET_ASIDE_SHOWN = 20


def show_answer(console: Console, answer: Answer) -> None:
    """Print an answer with its citations, or a refusal with the nearest passages."""
    for note in answer.notes:
        console.print(note, style="dim", markup=False)
    console.print(answer.text, style="yellow" if answer.refused else "bold", markup=False)
    for citation in answer.citations:
        console.print(_cite(citation))
    if answer.nearest:
        console.print("最接近的内容，未必能回答：", style="dim")
        for hit in answer.nearest:
            console.print(f"· {describe(hit.passage.article)}", style="dim", markup=False)
            console.print(f"  {_shorten(hit.passage.text, 90)}", style="dim", markup=False)


def show_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Print passages, best first."""
    if not hits:
        console.print("没有符合条件的文章，请放宽筛选条件。", style="yellow")
    for number, hit in enumerate(hits, start=1):
        title = f"{number}. {describe(hit.passage.article)} · {hit.score:.2f}"
        console.print(
            Panel(Text(hit.passage.text), title=Text(title), title_align="left", border_style="dim")
        )


def show_trace(console: Console, trace: Trace) -> None:
    """Print where an expected passage was lost, what to do, and every step with its numbers."""
    console.print(say_lost(trace, say_chinese), style="bold yellow" if trace.lost else "bold", markup=False)
    console.print(say_next(trace, say_chinese), markup=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in to_lines(trace, say_chinese):
        table.add_row(label, Text(text))
    console.print()
    console.print(table)


def show_report(console: Console, report: IndexReport) -> None:
    """Print what a run of indexing did."""
    console.print(
        f"indexed {report.indexed}, unchanged {report.unchanged}, removed {report.removed}, "
        f"duplicates {report.duplicates}, set aside {len(report.set_aside)}; "
        f"{report.seconds:.1f} s, generation {report.generation}",
        markup=False,
        highlight=False,
    )
    for item in report.set_aside[:SET_ASIDE_SHOWN]:
        console.print(
            f"  set aside: {item.path} ({item.reason}): {item.detail}", style="yellow", markup=False
        )
    if len(report.set_aside) > SET_ASIDE_SHOWN:
        more = len(report.set_aside) - SET_ASIDE_SHOWN
        console.print(f"  and {more} more; all of them: wenfeng index ARTICLES --json", style="yellow")


def show_findings(console: Console, findings: Iterable[Finding]) -> int:
    """Print what the doctor found, as it is found; the exit code of the first fault, or 0."""
    exit_code = 0
    for finding in findings:
        mark = Text("✗ ", style="red") if finding.exit_code else Text("✓ ", style="green")
        console.print(mark + Text(f"{finding.subject}: {finding.text}"))
        exit_code = exit_code or finding.exit_code
    return exit_code


def describe(article: Article) -> str:
    """Title, outlet and day of an article, as far as its header tells."""
    day = beijing_day(article.published)
    parts = (article.title or article.path, article.outlet, day and day.isoformat())
    return " · ".join(part for part in parts if part)


def mark_spans(citation: Citation) -> Text:
    """The quote with its answering words marked."""
    text = Text(citation.quote)
    for start, end in citation.spans:
        text.stylize("bold black on yellow", start - citation.start, end - citation.start)
    return text


def _cite(citation: Citation) -> Panel:
    where = f"{citation.article.path} [{citation.start}:{citation.end}]"
    title = Text(f"[{citation.number}] {describe(citation.article)}")
    if citation.copies > 1:
        title.append(f" · {citation.copies} 篇报道 · {citation.sources} 个独立来源")
    return Panel(
        Group(mark_spans(citation), Text(where, style="dim")),
        title=title,
        title_align="left",
        border_style="cyan",
    )


def _shorten(text: str, longest: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"
