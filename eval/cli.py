"""``wenfeng eval run | compare | make | convert | calibrate``: arguments in, tables and files out, an exit code for a check that failed.

Heavy modules are imported inside the commands that need them, as in ``rag.cli``, which carries these.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from rag.errors import RagError, SettingsError
from rag.options import ConfigOption, VerboseOption, VersionOption

if TYPE_CHECKING:
    from eval.runs import Run
    from eval.sets import Case
    from rag.settings import Settings

FAILED_EXIT = 1
FOLDER_INDEX = Path(".wenfeng-eval")
"""Where the index of ``--articles`` is kept, apart from the one that answers."""

app = typer.Typer(
    help="Measure answers on question sets.", no_args_is_help=True, pretty_exceptions_enable=False
)
_output = Console()
_errors = Console(stderr=True)

ArticlesOption = Annotated[
    Path | None,
    typer.Option("--articles", metavar="FOLDER", help="Index this folder first, into .wenfeng-eval."),
]
IndexOption = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="The index; .wenfeng unless said otherwise.")
]
SplitOption = Annotated[
    str, typer.Option("--split", help="Ask only the cases of this split, and those of none.")
]
WithoutOption = Annotated[
    list[str] | None, typer.Option("--without", metavar="TAG", help="Leave out cases with this tag.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over what is there.")]
SetArguments = Annotated[list[Path], typer.Argument(metavar="SET...", help="Question sets, JSON Lines.")]


@app.command()
def run(
    sets: SetArguments,
    articles: ArticlesOption = None,
    index: IndexOption = None,
    split: SplitOption = "",
    without: WithoutOption = None,
    no_gold: Annotated[
        bool,
        typer.Option(
            "--no-gold",
            help="Leave gold quotes out where a case has answers: for a folder that says the same in other words.",
        ),
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the run, for machines and compare.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under", metavar="NAME=VALUE", help="Exit with 1 where a figure is worse than this."
        ),
    ] = None,
    no_worse_than: Annotated[
        Path | None,
        typer.Option(
            "--no-worse-than",
            metavar="RUN.json",
            help="Exit with 1 where a figure got worse by more than noise, as compare judges.",
        ),
    ] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Ask every question of sets and say how well they were answered."""
    from eval.gates import failed_limits, fell_as_noise, nothing_answered, parse_limit, worse_than
    from eval.outputs import check_output, write_text
    from eval.page import to_html
    from eval.runs import read_run, write_run
    from eval.table import print_run
    from rag.settings import Settings

    limits = [parse_limit(text) for text in fail_under or ()]
    before = read_run(no_worse_than) if no_worse_than else None
    cases = _read_sets(sets, split, without or (), no_gold)
    for path in (as_json, html):
        if path:
            check_output(path)
    made = _run(cases, articles, index, Settings.load(config))
    print_run(_output, made)
    if as_json:
        write_run(made, as_json)
    if html:
        write_text(to_html(made), html)
    failures = failed_limits(made, limits) or nothing_answered(made)
    failures += worse_than(made, before) if before else []
    for warning in fell_as_noise(made, before) if before else ():
        _errors.print(warning, style="yellow", markup=False, soft_wrap=True)
    for failure in failures:
        _errors.print(failure, style="red", markup=False, soft_wrap=True)
    if failures:
        raise typer.Exit(FAILED_EXIT)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json")],
    after: Annotated[Path, typer.Argument(metavar="B.json")],
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the comparison, for machines.")
    ] = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Say what changed from one run to another, case by case, and whether it is more than noise."""
    from eval.comparing import compare as compare_runs
    from eval.comparing import print_comparison
    from eval.outputs import check_output, write_text
    from eval.runs import read_run

    if as_json:
        check_output(as_json)
    comparison = compare_runs(read_run(before), read_run(after))
    print_comparison(_output, comparison)
    if as_json:
        write_text(json.dumps(asdict(comparison), ensure_ascii=False, indent=1), as_json)


@app.command()
def calibrate(
    sets: SetArguments,
    risk: Annotated[
        float | None,
        typer.Option(
            "--risk",
            min=0.0001,
            max=0.9999,
            help="The share of answers that may be wrong; that of the settings unless said.",
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.9999, help="How sure that must be.")
    ] = 0.95,
    split: SplitOption = "",
    without: WithoutOption = None,
    index: IndexOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Find how sure answers must be so that few are wrong, and keep that with the index."""
    from eval.calibrating import calibrate as find_calibration
    from eval.calibrating import fewest_answered
    from eval.sets import QuestionSetError
    from eval.wording import say_errors
    from rag.assistant import DEFAULT_INDEX
    from rag.calibration import write_calibration
    from rag.settings import Settings

    settings = Settings.load(config)
    wanted = settings.answer.risk
    risk = risk or wanted
    if risk is None:
        raise SettingsError(
            "How many answers may be wrong? Say it with --risk 0.1, or as risk under [answer]."
        )
    if wanted is not None and risk > wanted:
        raise SettingsError(
            f"With --risk {risk:g} nothing would be answered: the settings bear {wanted:g} ([answer] risk). "
            "Ask for no more than that, or change the setting."
        )
    cases = _read_sets(sets, split, without or ())
    name = ", ".join(path.stem for path in sets)
    root = index or DEFAULT_INDEX
    made = _run(cases, None, index, settings, as_shipped=True)
    if made.errors:
        raise QuestionSetError(f"{say_errors(made.errors)} Mend or drop them first.")
    found = find_calibration(made.results, risk, confidence, name)
    if found is None:
        _errors.print(
            f"No threshold keeps wrong answers at {risk:.1%} or less with a confidence of {confidence:.0%} on these "
            f"{len(made.results)} questions; nothing was stored. Allow a larger --risk, or bring more questions: even "
            f"if no answer is wrong, {fewest_answered(risk, confidence)} must be answered.",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(FAILED_EXIT)
    write_calibration(root, found, made.models)
    _output.print(
        f"Answers that are less sure than {found.threshold:.3f} are refused from now on. {found.answered} of "
        f"{found.questions} questions were answered with that, {found.wrong} of them wrongly: with a confidence of "
        f"{confidence:.0%}, at most {risk:.1%} of the answers to such questions are wrong. Kept in "
        f"{root / 'calibration.json'}; remove that file to answer as shipped.",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Articles.")],
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the set is written.")
    ] = Path("questions.jsonl"),
    most: Annotated[int, typer.Option("--most", min=1, help="Questions an article at most.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Another one swaps other names.")] = 1,
    force: ForceOption = False,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Draft a question set from articles; read it before you trust it."""
    from eval.making import draft_set
    from eval.outputs import check_new, check_output
    from eval.sets import write_set
    from rag.intake import read_folder

    if not force:
        check_new(output)
    articles = read_folder(folder).articles
    check_output(output)
    cases = draft_set(articles, most, seed)
    if not cases:
        raise RagError(f"No question could be drafted from {folder}. Are its articles in Chinese?")
    write_set(cases, output)
    _output.print(
        f"{len(cases)} questions in {output}. Read them, and drop what you would not ask.", markup=False
    )


@app.command()
def convert(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="SQuAD form (.json), or a spreadsheet (.csv, .tsv).")
    ],
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the set is written.")
    ] = Path("questions.jsonl"),
    articles: Annotated[
        Path,
        typer.Option(
            "--articles", metavar="FOLDER", help="Where the texts of SQuAD form are written as posts."
        ),
    ] = Path("articles"),
    force: ForceOption = False,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Make a question set of SQuAD form or of a spreadsheet."""
    from eval.converting import convert_file
    from eval.outputs import check_folder, check_new, check_output
    from eval.sets import write_set
    from eval.squad import write_posts

    made = convert_file(file)
    check_output(output)
    if made.posts:
        check_folder(articles)
    for path in (output, articles) if made.posts else (output,):
        if not force:
            check_new(path)
    told = f"{len(made.cases)} questions in {output}"
    if made.posts:
        write_posts(made.posts, articles)
        told += f", {len(made.posts)} posts in {articles}"
    write_set(made.cases, output)
    left_out = "".join(f" Left out: {count} ({reason})." for reason, count in made.left_out.items())
    _output.print(f"{told}.{left_out}", markup=False, soft_wrap=True)


def _read_sets(
    paths: list[Path], split: str = "", without: Collection[str] = (), no_gold: bool = False
) -> "list[tuple[str, list[Case]]]":
    from eval.sets import QuestionSetError, read_set

    sets = [
        (
            path.stem,
            [
                replace(case, gold=()) if no_gold and case.answers else case
                for case in read_set(path)
                if (not split or case.split in ("", split)) and not {*without} & {*case.tags}
            ],
        )
        for path in paths
    ]
    if not any(cases for _, cases in sets):
        raise QuestionSetError("No case is left. Choose another --split, or fewer --without.")
    return sets


def _root(articles: Path | None, index: Path | None) -> Path:
    from rag.assistant import DEFAULT_INDEX

    return index or (FOLDER_INDEX if articles else DEFAULT_INDEX)


def _run(
    sets: "list[tuple[str, list[Case]]]",
    articles: Path | None,
    index: Path | None,
    settings: "Settings",
    as_shipped: bool = False,
) -> "Run":
    """Ask.

    Args:
        as_shipped: whatever calibration is kept with the index, readable or not.
    """
    from eval.running import run_sets
    from rag.assistant import Assistant

    with _errors.status("Opening the index …"):
        assistant = Assistant.open(articles, _root(articles, index), settings)
    with assistant, Progress(console=_errors, disable=not _errors.is_terminal) as bars:
        task = bars.add_task("asking", total=None)
        if as_shipped:
            assistant.forget_calibration()
        assistant.calibration()  # what is wrong with it is said before anything is asked
        return run_sets(assistant, sets, lambda done, total: bars.update(task, completed=done, total=total))
