"""The terminal report: every figure stands in it, with what it was measured on."""

import io

import pytest
from rich.console import Console

from eval.summary import METRICS
from eval.table import print_run
from eval.wording import EXPLAINED, say_bytes, say_count, say_milliseconds, to_groups
from tests.eval.made_runs import ERROR, REFUSED, RIGHT, WRONG, make_run


def printed(*results: object, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_run(console, make_run(*results))  # type: ignore[arg-type]
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def cells(text: str, start: str) -> list[str]:
    """The line that begins with a word, cut at white space."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [start])


def test_every_figure_is_printed_with_interval_cases_and_left_out() -> None:
    text = printed(RIGHT, WRONG, REFUSED)
    assert cells(text, "held")[1:5] == ["0.500", "0.000–1.000", "2", "1"]
    assert cells(text, "refused")[1:5] == ["1.000", "1.000–1.000", "1", "2"]
    assert cells(text, "exact")[1:4] == ["–", "0", "3"]
    assert all(cells(text, name) for name in METRICS if name not in {"over", "risk"})
    assert cells(text, "risk")[1:3] == ["↓", "0.500"]


def test_the_head_says_what_was_run_and_the_threshold() -> None:
    text = printed(RIGHT, ERROR)
    assert "set.jsonl: 2 questions over 2 articles" in text
    assert "Refused under a certainty of 0.500" in text
    assert "at most 700 MiB of memory" in text
    assert "1 question ended in an error and is in no figure" in text


def test_tags_and_follow_ups_have_rows_of_their_own() -> None:
    text = printed(RIGHT, WRONG, REFUSED)
    assert cells(text, "number")[1:4] == ["2", "1.00", "–"]
    assert cells(text, "person")[1] == "1"
    assert cells(text, "follow-ups")[1] == "1"
    assert "follow-ups" not in printed(RIGHT)


def test_gold_that_was_lost_is_counted_by_stage() -> None:
    text = printed(RIGHT, WRONG, REFUSED, ERROR)
    assert "not extracted 1 0.500" in " ".join(text.split())
    assert " cited 1 0.500" in " ".join(text.split())


def test_times_are_told_by_step_and_of_all() -> None:
    text = printed(RIGHT, WRONG)
    assert "encode     9.0 ms" in text
    assert "all steps   30 ms            40 ms" in text


def test_no_line_is_cut_at_a_hundred_columns() -> None:
    text = printed(RIGHT, WRONG, REFUSED)
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert all(f"{EXPLAINED[name]}" in text for name in METRICS)


def test_a_run_without_anything_can_be_printed() -> None:
    assert "0 questions" in printed()


def test_markup_in_names_is_printed_as_it_stands() -> None:
    console = Console(file=io.StringIO(), width=100)
    print_run(console, make_run(RIGHT, sets=("[bold]a[/bold].jsonl",)))
    assert isinstance(console.file, io.StringIO)
    assert "[bold]a[/bold].jsonl" in console.file.getvalue()


def test_names_without_a_heading_come_last() -> None:
    assert to_groups(["risk", "new", "held"]) == {"Answers": ["held"], "Refusal": ["risk"], "Other": ["new"]}
    assert [name for group in to_groups(METRICS).values() for name in group] == list(METRICS)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (say_bytes(700 * 2**20), "700 MiB"),
        (say_bytes(3 * 2**29), "1.5 GiB"),
        (say_milliseconds(9.94), "9.9 ms"),
        (say_milliseconds(120.4), "120 ms"),
        (say_milliseconds(1500), "1.5 s"),
        (say_count(1, "case"), "1 case"),
        (say_count(1234, "case"), "1,234 cases"),
    ],
)
def test_numbers_are_said_for_people(said: str, text: str) -> None:
    assert said == text
