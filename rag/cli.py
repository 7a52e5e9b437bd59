"""``wenfeng index | ask | search | why | chat | serve | doctor``: arguments in, text or JSON out, an exit code for every error.

Heavy modules are imported inside the commands that need them, so that ``--help`` and a mistyped argument answer
at once.
"""

import hashlib
import json
import logging
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rag.errors import DiskError, FilterError, RagError
from rag.options import ConfigOption, IndexOption, VerboseOption, VersionOption
from rag.records import Filters, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.indexing import IndexReport
    from rag.settings import Settings
    from rag.trace import Trace

SET_ASIDE_EXIT = 3
UNEXPECTED_EXIT = 70
STEP_NAMES = {"read": "Reading articles", "embed": "Embedding", "words": "Cutting words"}

app = typer.Typer(
    name="wenfeng",
    help="Ask a folder of Chinese news articles; every sentence of the answer names its source.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
_output = Console(soft_wrap=False)
_errors = Console(stderr=True)
_log = logging.getLogger("wenfeng")


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Published on this day in Beijing or later."),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="Published on this day in Beijing or before."),
]
CategoryOption = Annotated[list[str] | None, typer.Option("--category", help="May be given again.")]
OutletOption = Annotated[list[str] | None, typer.Option("--outlet", help="May be given again.")]
AuthorOption = Annotated[list[str] | None, typer.Option("--author", help="May be given again.")]
ArticleOption = Annotated[
    list[str] | None, typer.Option("--article", metavar="PATH", help="May be given again.")
]
DEFAULT_INDEX = Path(".wenfeng")


@app.callback()
def _start(version: VersionOption = False) -> None:
    pass


@app.command("index")
def index_command(
    articles: Annotated[Path, typer.Argument(help="The folder of articles.")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read every file anew and write a generation.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Files set aside are an error (exit 3).")] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="Wait for another writer.")
    ] = 0,
    follow: Annotated[
        bool, typer.Option("--watch", help="Go on, and index what changes; --strict is for the first run.")
    ] = False,
    as_json: JsonOption = False,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Build or refresh the index of a folder."""
    from rag.added import added_source
    from rag.assistant import index_folder, load_encoder
    from rag.intake import list_files

    def refresh() -> "IndexReport":
        with _progress(hidden=as_json) as progress:
            return index_folder(articles, index, encoder, settings, wait=wait, progress=progress)

    settings = _load_settings(config)
    list_files(articles, [added_source(index)])  # an empty folder is reported before a model is loaded
    with _progress(hidden=as_json) as progress:
        encoder = load_encoder(settings)
        report = index_folder(articles, index, encoder, settings, rebuild, wait, progress)
    _tell(report, as_json)
    if strict and report.set_aside:
        raise typer.Exit(SET_ASIDE_EXIT)
    if follow:
        from rag.watch import follow_folder

        stop = _stop_at_interrupt()
        _errors.print(f"Watching {articles}. Stop with Ctrl-C.", markup=False)
        told = report.generation
        for outcome in follow_folder(articles, refresh, stop):
            if isinstance(outcome, RagError):
                _errors.print(str(outcome), style="red", markup=False)
            elif outcome.generation != told:
                told = outcome.generation
                _tell(outcome, as_json)


def _stop_at_interrupt() -> Event:
    """What the first Ctrl-C sets, so that the change under way ends well; the second interrupts.

    An exception instead would be lost where Python has nobody to raise it to, as in a destructor.
    """
    stop = Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()

    signal.signal(signal.SIGINT, interrupt)
    return stop


def _tell(report: "IndexReport", as_json: bool) -> None:
    from rag.export import report_to_json
    from rag.terminal import show_report

    if as_json:
        _print_json(report_to_json(report))
    else:
        show_report(_output, report)


@app.command()
def ask(
    question: str,
    as_json: JsonOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    category: CategoryOption = None,
    outlet: OutletOption = None,
    author: AuthorOption = None,
    article: ArticleOption = None,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Ask one question."""
    from rag.assistant import check_question
    from rag.export import answer_to_json
    from rag.terminal import show_answer

    check_question(question)
    filters = _to_filters(since, until, category, outlet, author, article)
    with _open(index, config) as assistant:
        answer = assistant.ask(question, filters=filters)
    if as_json:
        _print_json(answer_to_json(answer))
    else:
        show_answer(_output, answer)


@app.command()
def search(
    query: str,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages.")] = 10,
    as_json: JsonOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    category: CategoryOption = None,
    outlet: OutletOption = None,
    author: AuthorOption = None,
    article: ArticleOption = None,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Find passages."""
    from rag.assistant import check_question
    from rag.export import hit_to_json
    from rag.terminal import show_hits

    check_question(query)
    filters = _to_filters(since, until, category, outlet, author, article)
    with _open(index, config) as assistant:
        hits = assistant.search(query, k, filters)
    if as_json:
        _print_json([hit_to_json(hit) for hit in hits])
    else:
        show_hits(_output, hits)


@app.command()
def why(
    question: str,
    article: Annotated[
        str, typer.Option("--article", metavar="PATH", help="The article that should have been cited.")
    ],
    quote: Annotated[
        str, typer.Option("--quote", metavar="TEXT", help="The words of it that answer, as they stand in it.")
    ] = "",
    as_json: JsonOption = False,
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="FILE", help="Add the question to this question set, as a test."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    category: CategoryOption = None,
    outlet: OutletOption = None,
    author: AuthorOption = None,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Say where an article that should have been cited was lost."""
    from rag.assistant import check_question
    from rag.export import trace_to_json
    from rag.terminal import show_trace
    from rag.why import explain

    check_question(question)
    if case is not None and not quote.strip():
        raise typer.BadParameter("a case needs the words that answer: add --quote TEXT", param_hint="--case")
    filters = _to_filters(since, until, category, outlet, author, None)
    with _open(index, config) as assistant:
        trace = explain(assistant, question, article, quote, filters=filters)
    if trace.lost == "not indexed" and not trace.sought.is_file:
        near = " or ".join(trace.sought.near)
        advice = f"Did you mean {near}?" if near else "Give its path in the folder of articles."
        raise FilterError(f"No article has the path {article!r}. {advice}")
    if as_json:
        _print_json(trace_to_json(trace))
    else:
        show_trace(_output, trace)
    if case is not None:
        told = f"Kept as {_add_case(case, trace, filters)} in {case}."
        _errors.print(told, style="dim", markup=False, soft_wrap=True)


def _add_case(file: Path, trace: "Trace", filters: Filters) -> str:
    """Add a traced question to a question set, once; its id.

    Raises:
        QuestionSetError: the file is there and is no question set.
        DiskError: it cannot be written.
    """
    from eval.sets import Case, Gold, read_set, to_row

    path = trace.sought.article or trace.sought.path
    told = "\0".join((trace.question, path, trace.quote, repr(filters)))
    made = Case(
        id=f"why-{hashlib.sha256(told.encode()).hexdigest()[:12]}",
        question=trace.question,
        gold=(Gold(path, trace.quote),) if trace.quote else (),
        tags=("why",),
        filters=filters,
    )
    try:
        before = file.read_bytes() if file.exists() else b""
        if before.strip() and made.id in {each.id for each in read_set(file)}:
            return made.id
        line = f"{json.dumps(to_row(made), ensure_ascii=False)}\n".encode()
        with file.open("ab") as out:
            out.write(line if not before or before.endswith(b"\n") else b"\n" + line)
    except OSError as error:
        raise DiskError(f"Cannot write {file}: {error}. Name another file with --case FILE.") from error
    return made.id


@app.command()
def chat(
    since: SinceOption = None,
    until: UntilOption = None,
    category: CategoryOption = None,
    outlet: OutletOption = None,
    author: AuthorOption = None,
    article: ArticleOption = None,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Talk with the articles in the terminal."""
    from rag.terminal import show_answer

    filters = _to_filters(since, until, category, outlet, author, article)
    with _open(index, config) as assistant:
        _output.print("问峰：请提问。/new 开始新对话，/quit 或 Ctrl-D 退出。", style="dim")
        history: list[Turn] = []
        for question in _questions():
            if question == "/new":
                history.clear()
                _output.print("新对话。", style="dim")
                continue
            try:
                answer = assistant.ask(question, history, filters)
            except RagError as error:
                _errors.print(str(error), style="red", markup=False)
                continue
            show_answer(_output, answer)
            history += [Turn("user", question), Turn("assistant", answer.text)]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="Where to listen; 127.0.0.1 unless set.")] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="7860 unless set; 0 takes any that is free."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Articles cannot be added or removed in the page.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--watch", help="Follow the folder that was indexed, and index what changes.")
    ] = False,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser, where there is one.")
    ] = False,
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Serve the chat page, and the same answers over HTTP."""
    from rag.generations import read_pointer

    given = {"host": host, "port": port, "read_only": read_only or None}
    settings = _load_settings(
        config, serve={name: value for name, value in given.items() if value is not None}
    )
    read_pointer(index)  # a missing index is reported before anything is loaded
    with _errors.status("Opening the index …"):
        from ui.server import run_server
    run_server(index, settings, follow, open_browser, tell=lambda text: _errors.print(text, markup=False))


@app.command()
def doctor(
    index: IndexOption = DEFAULT_INDEX,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Say what is installed, which model and index there are, whether they fit, and try one question."""
    from rag.doctor import examine
    from rag.terminal import show_findings

    exit_code = show_findings(_output, examine(index, config))
    raise typer.Exit(exit_code)


def main() -> None:
    """Run the command line; every error ends in one sentence and its exit code."""
    from eval.cli import app as evaluation

    app.add_typer(evaluation, name="eval")
    try:
        app()
    except RagError as error:
        _errors.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        number = uuid.uuid4().hex[:8]
        _log.info("unexpected error %s", number, exc_info=error)
        _errors.print(
            f"Something unexpected happened ({type(error).__name__}, error {number}). "
            "Run the command again with -v and report what it prints.",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        sys.exit(UNEXPECTED_EXIT)


def _load_settings(config: Path | None, **values: Any) -> "Settings":  # noqa: ANN401  (sections of settings)
    from rag.settings import Settings

    return Settings.load(config, **values)


@contextmanager
def _open(index: Path, config: Path | None) -> "Iterator[Assistant]":
    from rag.assistant import Assistant

    settings = _load_settings(config)
    with _errors.status("Opening the index …"):
        assistant = Assistant.open(None, index, settings)
    with assistant:
        yield assistant


def _to_filters(
    since: datetime | None,
    until: datetime | None,
    category: list[str] | None,
    outlet: list[str] | None,
    author: list[str] | None,
    article: list[str] | None,
) -> Filters:
    return Filters(
        since=since and since.date(),
        until=until and until.date(),
        categories=tuple(category or ()),
        outlets=tuple(outlet or ()),
        authors=tuple(author or ()),
        articles=tuple(article or ()),
    )


def _questions() -> Iterator[str]:
    """What the user types, until the end of input or ``/quit``."""
    while True:
        try:
            question = _output.input("[bold]问：[/]").strip()
        except (EOFError, KeyboardInterrupt):
            _output.print()
            return
        if question in {"/quit", "/exit", "/q"}:
            return
        if question:
            yield question


def _print_json(value: Any) -> None:  # noqa: ANN401
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def _progress(hidden: bool) -> Iterator[Any]:
    """A callback that draws the steps of indexing on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_errors, disable=hidden or not _errors.is_terminal) as bars:
        tasks = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(STEP_NAMES.get(step, step), total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell


if __name__ == "__main__":
    main()
