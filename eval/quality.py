"""The quality table of the README, in Markdown, by one command: ``python -m eval.quality``.

Asks through the whole path, from posts on disk to cited answers:

    summits, fresh     our own questions on the sample articles: the half that is reported, and those of a reader who saw
                       nothing but the articles
    conversations      the turns after the first of ``eval.conversations``, on the sample articles and on the news; beside
                       them the same questions asked as if nothing had been said before
    town conflicts     questions that two articles of an invented town answer differently, or alike, or only seem to
    town typed         questions as people type them (wrong characters, traditional script, keywords, relative dates ...) about
                       the same articles
    XQuAD zh, en→zh    the report parts of the public sets (``eval.public``), a paragraph a post. One article in five is
    DRCD               left out of the folder, so that its questions are to be refused

and, in a line of its own, how many questions about the folder itself are listed and counted rightly (``eval.listings``).
"""

import argparse
import html
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from eval.conversations import SUMMITS as CONVERSATIONS
from eval.conversations import read_news_conversations, without_history
from eval.intervals import bootstrap, paired
from eval.listings import FOLDER, TOWN, ask_listings, read_listings
from eval.public import BENCH, PublicSet, read_drcd, read_xquad
from eval.running import run_sets
from eval.runs import Result, Run, write_run
from eval.sets import Case, Gold, read_set
from eval.squad import quote_around
from eval.summary import Figure, summarize
from rag import Article, Assistant

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "eval" / "questions"
SUMMITS = QUESTIONS / "summits.jsonl"
SAMPLES = ROOT / "data" / "articles"
ARTICLES = TOWN / "articles"
LEFT_OUT = 5
"""One article in so many."""
ALONE = ", alone"
"""What names a run of follow-ups that were asked as if nothing had been said before."""
PAIRED = ("recall@5", "held", "cited", "over")
COLUMNS = ("recall@5", "held", "cited", "f1", "refusal_f1", "refusal_recall", "over", "risk")


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--sample", type=int, help="questions of each public set; all of them by default")
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--runs", type=Path, help="a folder that keeps each run, for wenfeng eval compare")
    arguments = parser.parse_args()
    say = partial(Console().print, markup=False, highlight=False, soft_wrap=True)
    say(f"| | questions | {' | '.join(COLUMNS)} |")
    say(f"|---|---:|{'---|' * len(COLUMNS)}")
    told: dict[str, Sequence[Result]] = {}
    for name, results in ask_all(arguments.part, arguments.sample, arguments.bench, arguments.runs):
        told[name] = results
        say(to_line(name.removesuffix(f" {arguments.part}"), results))
    for name in told:
        if f"{name}{ALONE}" in told:
            say(f"{name} less{ALONE[1:]}: {to_differences(told[name], told[f'{name}{ALONE}'])}")
    say(ask_folder(arguments.part))


def ask_folder(part: str) -> str:
    """A line that says how many questions about the folder itself are answered rightly."""
    with tempfile.TemporaryDirectory() as place, Assistant.open(ARTICLES, Path(place) / "index") as assistant:
        right = ask_listings(assistant, read_listings(FOLDER, part))
    low, high = bootstrap([float(each) for each in right])
    return (
        f"\nQuestions about the folder itself: {sum(right)} of {len(right)} answered rightly, "
        f"{sum(right) / len(right):.3f} [{low:.2f}, {high:.2f}]"
    )


def to_line(name: str, results: Sequence[Result]) -> str:
    """A line of the table, in Markdown: each figure with its interval."""
    figures = summarize(results)
    cells = [name, str(len(results)), *(_to_cell(figures[column]) for column in COLUMNS)]
    return f"| {' | '.join(cells)} |"


def to_differences(told: Sequence[Result], alone: Sequence[Result]) -> str:
    """What it gains to know what was said before: paired over the same questions, with intervals."""
    said = []
    for name in PAIRED:
        scores = [(left.scores[name], right.scores[name]) for left, right in zip(told, alone, strict=True)]
        known = [(left, right) for left, right in scores if left is not None and right is not None]
        mean, low, high = paired([left for left, _ in known], [right for _, right in known])
        said.append(f"{name} {mean:+.3f} [{low:+.2f}, {high:+.2f}]")
    return ", ".join(said)


def ask_all(
    part: str, sample: int | None, bench: Path, runs: Path | None = None
) -> Iterator[tuple[str, Sequence[Result]]]:
    """The results of each set, by its name."""
    for run in _ask_each(part, sample, bench):
        _keep(run, runs)
        yield run.sets[0], run.results


def _ask_each(part: str, sample: int | None, bench: Path) -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as place, Assistant.open(SAMPLES, Path(place) / "index") as assistant:
        for name in ("summits", "fresh") if part == "report" else ("summits", "practice"):
            cases = read_set(QUESTIONS / f"{name}.jsonl")
            yield run_sets(assistant, [(name, [case for case in cases if case.split in ("", part)])])
        yield from ask_follow_ups(assistant, "conversations", read_set(CONVERSATIONS), part)
    with tempfile.TemporaryDirectory() as place, Assistant.open(ARTICLES, Path(place) / "index") as assistant:
        for name in ("conflicts", "typed"):
            cases = [case for case in read_set(TOWN / f"{name}.jsonl") if case.split == part]
            yield run_sets(assistant, [(f"town {name}", cases)])
    news = read_news_conversations(bench)
    with _open_on(news.articles) as assistant:
        yield from ask_follow_ups(assistant, "conversations on news", news.cases, part)
    for public in (read_xquad(part, "zh", bench), read_xquad(part, "en", bench), read_drcd(part, bench)):
        yield ask_public(public, sample)


def ask_follow_ups(assistant: Assistant, name: str, cases: Sequence[Case], part: str) -> tuple[Run, Run]:
    """Ask the turns of a part that go on from an earlier one: with what was said before, and without."""
    chosen = [case for case in cases if case.split == part and case.history]
    alone = without_history(chosen)
    return run_sets(assistant, [(name, chosen)]), run_sets(assistant, [(f"{name}{ALONE}", alone)])


def ask_public(public: PublicSet, sample: int | None = None) -> Run:
    """Write a public set's articles as posts but for those left out, index the folder, and ask.

    Args:
        sample: how many of its questions, at random but always the same; all of them where None.
    """
    articles, cases = to_cases(public)
    if sample is not None and sample < len(cases):
        cases = random.Random(1).sample(cases, sample)
    return ask_on(articles, public.name, cases)


def ask_on(articles: Sequence[Article], name: str, cases: Sequence[Case]) -> Run:
    """Write articles as posts, index the folder, and ask."""
    with _open_on(articles) as assistant:
        return run_sets(assistant, [(name, cases)])


@contextmanager
def _open_on(articles: Sequence[Article]) -> Iterator[Assistant]:
    """An assistant for articles that are written as posts and indexed for the while."""
    with tempfile.TemporaryDirectory() as place:
        write_articles(articles, Path(place) / "articles")
        with Assistant.open(Path(place) / "articles", Path(place) / "index") as assistant:
            yield assistant


def to_cases(public: PublicSet, seed: int = 1) -> tuple[list[Article], list[Case]]:
    """The articles of a public set without one in ``LEFT_OUT``, and all its questions; those on the others have no answer."""
    out = random.Random(seed).sample(public.articles, len(public.articles) // LEFT_OUT)
    texts = {article.path: article.text for article in public.articles}
    missing = {article.path for article in out}
    cases = [
        Case(f"{public.name} {number}", each.text, answerable=False)
        if each.path in missing
        else Case(
            f"{public.name} {number}",
            each.text,
            answers=((texts[each.path][each.start : each.end],),),
            gold=(Gold(each.path, quote_around(texts[each.path], each.start, each.end).strip()),),
        )
        for number, each in enumerate(public.questions, start=1)
    ]
    return [article for article in public.articles if article.path not in missing], cases


def write_articles(articles: Sequence[Article], folder: Path) -> None:
    """Write articles as posts that our own reader reads back, text for text where it has nothing to clean."""
    for article in articles:
        path = folder / article.path
        path.parent.mkdir(parents=True, exist_ok=True)
        day = article.published.isoformat() if article.published else ""
        body = "".join(f"<p>{html.escape(line, quote=False)}</p>\n" for line in article.text.split("\n"))
        path.write_text(f"---\ntitle: '{article.title}'\ndate: {day}\n---\n{body}", encoding="utf-8")


def _keep(run: Run, folder: Path | None) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_run(run, folder / f"{run.sets[0]}.json")


def _to_cell(figure: Figure | None) -> str:
    return f"{figure.value:.3f} [{figure.low:.2f}, {figure.high:.2f}]" if figure else "–"


if __name__ == "__main__":
    main()
