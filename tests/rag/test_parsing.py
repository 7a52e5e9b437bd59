"""One hostile file stops nothing but itself: real processes, real bombs."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rag.articles import read_article
from rag.errors import ArticleError
from rag.intake import read_folder
from rag.parsing import Outcome, read_articles
from rag.records import Article

BOMB = "<div>" * 400_000 + "文字" + "</div>" * 400_000
"""Lexbor needs minutes for it."""


def write(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return [f"{name}.html" for name in files]


def read(folder: Path, paths: list[str], **limits: float) -> dict[str, Outcome]:
    outcomes = list(read_articles(folder, paths, **limits))  # type: ignore[arg-type]
    assert sorted(path for path, _ in outcomes) == sorted(paths)
    return dict(outcomes)


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, ArticleError)
    return outcome.reason


def test_articles_come_back_as_they_are_read_here(tmp_path: Path) -> None:
    header = (
        "---\ntitle: 题目\ndate: 2021-06-05\ncategories: [金融, 财联社]\nlink: https://a.example/1\n---\n"
    )
    paths = write(tmp_path, a=f"{header}<p>甲。</p>", b="<p>乙\U0001f600。</p>")
    assert read(tmp_path, paths) == {path: read_article(tmp_path, path) for path in paths}


def test_a_bomb_is_set_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    paths = write(tmp_path, a="<p>甲。</p>", bomb=BOMB, c="<p>丙。</p>")
    outcomes = read(tmp_path, paths, seconds=2)
    assert reason(outcomes["bomb.html"]) == "timeout"
    assert [path for path in paths if isinstance(outcomes[path], Article)] == ["a.html", "c.html"]


def test_a_file_that_eats_memory_is_set_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    paths = write(tmp_path, a="<p>甲。</p>", large="<p>中文。</p>" * 300_000, c="<p>丙。</p>")
    outcomes = read(tmp_path, paths, memory=160 * 2**20)
    assert reason(outcomes["large.html"]) in {
        "memory",
        "crash",
        "markup",
    }  # the parser says it in its own way
    assert [path for path in paths if isinstance(outcomes[path], Article)] == ["a.html", "c.html"]
    assert isinstance(read(tmp_path, ["large.html"])["large.html"], Article)


def test_a_file_that_vanished_is_set_aside(tmp_path: Path) -> None:
    assert reason(read(tmp_path, ["gone.md"])["gone.md"]) == "missing"


def test_many_files_are_shared_out(tmp_path: Path) -> None:
    paths = write(tmp_path, **{f"n{number}": f"<p>第{number}篇。</p>" for number in range(450)})
    outcomes = read(tmp_path, paths)
    assert all(isinstance(outcome, Article) for outcome in outcomes.values())


def test_what_a_worker_logs_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = write(tmp_path, a="---\ntitle: a: b: c\n---\n<p>甲。</p>")
    with caplog.at_level(logging.WARNING, logger="rag"):
        read(tmp_path, paths)
    assert "read by line: title" in caplog.text


def test_a_plain_script_without_a_main_guard_can_read(tmp_path: Path) -> None:
    write(tmp_path, a="<p>甲。</p>")
    (tmp_path / "yaml.py").write_text("raise SystemExit('the folder took the place of a library')")
    program = """
import pathlib, sys
from rag.parsing import read_articles
print(list(read_articles(pathlib.Path(sys.argv[1]), ["a.html"])))
"""
    home = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": home},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Article(path='a.html'" in done.stdout


def test_a_linked_folder_is_named_and_not_entered(tmp_path: Path) -> None:
    folder, other = tmp_path / "posts", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    write(folder, a="<p>甲。</p>")
    write(other, b="<p>乙。</p>")
    (folder / "linked").symlink_to(other)
    (folder / "loop").symlink_to(folder)
    intake = read_folder(folder)
    assert [article.path for article in intake.articles] == ["a.html"]
    assert [(each.path, each.reason) for each in intake.set_aside] == [
        ("linked", "folder"),
        ("loop", "folder"),
    ]
