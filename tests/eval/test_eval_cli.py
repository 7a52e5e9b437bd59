"""``wenfeng eval`` as people run it: sets in, tables and files out, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.quality import SUMMITS
from eval.runs import read_run
from eval.sets import read_set

SET = """\
{"id": "host", "question": "第一场圆桌对话是谁主持的？", "answers": [["盛雪锋"]], "tags": ["person"]}
{"id": "next", "question": "那第二场呢？", "history": [{"role": "user", "content": "第一场圆桌对话是谁主持的？"}], "answers": [["谢海麟"]]}
{"id": "none", "question": "红烧肉怎么做才不腻？", "answerable": false}
{"id": "wrong", "question": "第三场圆桌对话是谁主持的？", "answers": [["张三"]], "tags": ["person"]}
"""


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text(SET, encoding="utf-8")
    return path


def test_a_set_is_asked_reported_gated_and_compared(
    wenfeng: Any, sample_index: Path, questions: Path, tmp_path: Path
) -> None:
    run, page = tmp_path / "run.json", tmp_path / "run.html"
    done = wenfeng(
        "eval",
        "run",
        questions,
        "--index",
        sample_index,
        "--json",
        run,
        "--html",
        page,
        "--fail-under",
        "held=0.9",
    )
    assert done.returncode == 1
    assert "held" in done.stderr
    assert "0.667" in done.stdout  # two of the three that have answers
    made = read_run(run)
    assert [(each.id, each.right) for each in made.results] == [
        ("host", True),
        ("next", True),
        ("none", True),
        ("wrong", False),
    ]
    assert made.results[1].scores["held"] == 1
    assert "那第二场呢？" in page.read_text(encoding="utf-8")
    again = wenfeng("eval", "run", questions, "--index", sample_index, "--no-worse-than", run)
    assert (again.returncode, again.stderr) == (0, "")
    compared = wenfeng("eval", "compare", run, run)
    assert compared.returncode == 0
    assert "The same in every question" in compared.stdout


def test_what_cannot_be_certified_is_said_and_nothing_is_kept(
    wenfeng: Any, sample_index: Path, questions: Path
) -> None:
    done = wenfeng("eval", "calibrate", questions, "--risk", 0.05, "--index", sample_index)
    assert done.returncode == 1
    assert "nothing was stored" in " ".join(done.stderr.split())
    assert not (sample_index / "calibration.json").exists()


def test_what_can_be_certified_is_kept_with_the_index(
    wenfeng: Any, sample_index: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many.jsonl"
    row = json.loads(SET.splitlines()[0])
    many.write_text(
        "".join(f"{json.dumps({**row, 'id': str(number)}, ensure_ascii=False)}\n" for number in range(12)),
        encoding="utf-8",
    )
    try:
        done = wenfeng("eval", "calibrate", many, "--risk", 0.5, "--confidence", 0.9, "--index", sample_index)
        assert done.returncode == 0, done.stderr
        kept = json.loads((sample_index / "calibration.json").read_text(encoding="utf-8"))
        assert (kept["set"], kept["questions"], kept["wrong"], kept["risk"]) == ("many", 12, 0, 0.5)
        answer = json.loads(
            wenfeng("ask", "第一场圆桌对话是谁主持的？", "--json", "--index", sample_index).stdout
        )
        assert answer["calibration"]["set"] == "many"
    finally:
        (sample_index / "calibration.json").unlink(missing_ok=True)


def test_a_set_is_drafted_from_articles_and_can_be_asked(wenfeng: Any, tmp_path: Path) -> None:
    samples = Path(__file__).resolve().parents[2] / "data" / "articles"
    made = wenfeng("eval", "make", samples, "--output", tmp_path / "made.jsonl")
    assert made.returncode == 0, made.stderr
    cases = read_set(tmp_path / "made.jsonl")
    assert len(cases) >= 5
    assert all(case.gold or not case.answerable for case in cases)


def test_a_spreadsheet_becomes_a_set(wenfeng: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "题.csv"
    sheet.write_text("问题,答案\n谁主持？,盛雪锋\n", encoding="utf-8")
    done = wenfeng("eval", "convert", sheet, "--output", tmp_path / "made.jsonl")
    assert done.returncode == 0, done.stderr
    assert [case.answers for case in read_set(tmp_path / "made.jsonl")] == [(("盛雪锋",),)]


def test_nothing_is_written_over_unless_it_is_meant(wenfeng: Any, tmp_path: Path) -> None:
    samples = Path(__file__).resolve().parents[2] / "data" / "articles"
    made = tmp_path / "made.jsonl"
    made.write_text("hours of work\n", encoding="utf-8")
    done = wenfeng("eval", "make", samples, "--output", made)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert made.read_text(encoding="utf-8") == "hours of work\n"
    assert wenfeng("eval", "make", samples, "--output", made, "--force").returncode == 0
    assert read_set(made)
    sheet = tmp_path / "题.csv"
    sheet.write_text("问题,答案\n谁主持？,盛雪锋\n", encoding="utf-8")
    assert wenfeng("eval", "convert", sheet, "--output", made).returncode == 2
    assert len(read_set(made)) > 1


def test_a_report_that_cannot_be_written_is_known_before_anything_is_asked(
    wenfeng: Any, sample_index: Path, tmp_path: Path
) -> None:
    tmp_path.joinpath("file").write_text("", encoding="utf-8")
    for option, path in (("--json", tmp_path), ("--html", tmp_path / "file" / "report.html")):
        done = wenfeng("eval", "run", SUMMITS, "--index", sample_index, option, path)
        assert done.returncode == 4, done.stderr
        assert "Name another file" in done.stderr
        assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "missing.jsonl"), ("missing.jsonl", "Name another file")),
        (("compare", "a.json", "b.json"), ("a.json", "wenfeng eval run SET --json FILE")),
        (("make", "missing"), ("missing",)),
        (("convert", "missing.csv"), ("missing.csv",)),
    ],
)
def test_a_mistake_is_one_sentence(wenfeng: Any, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = wenfeng("eval", *arguments)
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert all(word in said for word in words), said
    assert "Traceback" not in said
