"""The command as people run it: text, exit codes, one sentence for every mistake."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from eval.sets import read_set

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "articles"


def assert_one_sentence(done: Any, exit_code: int, *words: str) -> None:
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    said = " ".join(done.stderr.split())
    assert all(word in said for word in words), said


def test_an_answer_shows_its_citations(process: Any, sample_index: Path) -> None:
    done = process("ask", "第二场圆桌对话是谁主持的？", "--index", sample_index)
    assert done.returncode == 0
    assert "谢海麟" in done.stdout
    assert "[1]" in done.stdout
    # The quote is shown whole, however the terminal breaks it.
    shown = "".join(character for character in done.stdout if character not in "│ \n")
    assert shown.count("上海通盛时富股权投资管理有限公司合伙人谢海麟。") == 2
    assert "财联社 · 2021-06-05" in done.stdout.replace("\n", "")


def test_a_refusal_is_done_and_shows_the_nearest(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("ask", "红烧肉怎么做才不腻", "--index", sample_index)
    assert done.returncode == 0
    assert "文章中没有找到答案。" in done.stdout
    assert "最接近的内容" in done.stdout


def test_a_chat_keeps_its_turns(wenfeng: Any, sample_index: Path) -> None:
    said = "第一场圆桌对话是谁主持的？\n那第二场呢？\n\n/new\n/quit\n"
    done = wenfeng("chat", "--index", sample_index, input=said)
    assert done.returncode == 0
    assert "盛雪锋" in done.stdout
    assert "谢海麟" in done.stdout
    assert "新对话" in done.stdout


HOST = "第一场圆桌对话是谁主持的？"
SUMMIT = "财联社顺利办成碳中和年度云峰会 行业大咖线上共话碳中和.md"
HOSTED = "主持人为上海智慧城市发展研究院院长盛雪锋"


def test_why_says_where_an_article_was_lost(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("why", "峰会的门票多少钱一张？", "--article", SUMMIT, "--index", sample_index)
    assert done.returncode == 0
    shown = "".join(done.stdout.split())
    assert shown.startswith("丢在拒答：把握不够")
    assert all(word in shown for word in ("按词语", "按段落语义", "综合排名", "句子排名", "作答的把握"))
    done = wenfeng("why", HOST, "--article", SUMMIT, "--until", "2020-01-01", "--index", sample_index)
    assert "截止日期" in done.stdout


def test_why_makes_a_test_of_a_question_once(wenfeng: Any, sample_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "题.jsonl"
    file.write_text('{"id": "a", "question": "问", "answerable": false}', encoding="utf-8")
    given = ("why", HOST, "--article", SUMMIT, "--case", file, "--index", sample_index)
    for more in (("--quote", HOSTED), ("--quote", HOSTED), ("--quote", HOSTED, "--outlet", "财联社")):
        done = wenfeng(*given, *more)
        assert (done.returncode, "Kept as why-" in done.stderr) == (0, True)
    before, quoted, filtered = read_set(file)
    assert before.id == "a"
    assert [(gold.article, gold.quote) for gold in quoted.gold] == [(SUMMIT, HOSTED)]
    assert (filtered.gold, filtered.answerable) == (quoted.gold, True)
    assert filtered.filters.outlets == ("财联社",)
    done = wenfeng(*given)
    assert_one_sentence(done, 2, "add --quote TEXT")


def test_why_adds_to_no_file_that_is_no_question_set(
    wenfeng: Any, sample_index: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("not a set", encoding="utf-8")
    for name, exit_code, words in (("a.txt", 2, "line 1"), ("none/b.jsonl", 4, "--case FILE")):
        done = wenfeng(
            "why", HOST, "--article", SUMMIT, "--quote", HOSTED, "--case", tmp_path / name, "--index", sample_index
        )  # fmt: skip
        assert_one_sentence(done, exit_code, words)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "not a set"


def test_why_of_an_article_or_a_quote_that_is_not_there_says_so(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("why", HOST, "--article", "瓯江峰会.md", "--index", sample_index)
    assert_one_sentence(done, 2, "No article has the path '瓯江峰会.md'", "Did you mean 瓯江峰会在温州开幕")
    assert done.stdout == ""
    done = wenfeng("why", HOST, "--article", SUMMIT, "--quote", "没有的话", "--index", sample_index)
    assert_one_sentence(done, 2, "does not hold '没有的话'")


def test_the_doctor_finds_everything_well(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("doctor", "--index", sample_index)
    assert done.returncode == 0, done.stdout
    assert "self-test" in done.stdout
    assert "✗" not in done.stdout


def test_the_doctor_names_what_is_missing(wenfeng: Any, tmp_path: Path) -> None:
    done = wenfeng("doctor", "--index", tmp_path / "nothing")
    assert done.returncode == 7
    assert "No index at" in done.stdout


def test_strict_makes_files_set_aside_an_error(wenfeng: Any, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "posts")
    (tmp_path / "posts" / "空.md").write_text("")
    done = wenfeng("index", tmp_path / "posts", "--strict", "--json", "--index", tmp_path / "index")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["indexed"] == 3
    assert [item["path"] for item in report["set_aside"]] == ["空.md"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("index", "nowhere"), 2, ("No folder at nowhere",)),
        (("index", "."), 2, ("holds no articles",)),
        (("ask", "   "), 2, ("blank",)),
        (("ask", "问" * 30_000), 2, ("30,000 characters",)),
        (("ask", "峰会？", "--index", "nothing"), 7, ("No index at nothing", "wenfeng index ARTICLES")),
        (("why", "   ", "--article", "a.md"), 2, ("blank",)),
        (("why", "峰会？"), 2, ("--article",)),
        (("why", "峰会？", "--article", "a.md", "--index", "nothing"), 7, ("No index at nothing",)),
        (("search", "峰会", "-k", "0"), 2, ("-k", "equal to 1")),
        (("ask", "峰会？", "--since", "yesterday"), 2, ("yesterday",)),
        (("ask", "峰会？", "--config", "nothing.toml"), 2, ("nothing.toml", "--config FILE")),
        (("nonsense",), 2, ("nonsense",)),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    wenfeng: Any, arguments: tuple[str, ...], exit_code: int, words: tuple[str, ...]
) -> None:
    assert_one_sentence(wenfeng(*arguments), exit_code, *words)


def test_a_filter_that_no_article_has_names_near_ones(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("ask", "峰会是哪天？", "--category", "金溶", "--index", sample_index)
    assert_one_sentence(done, 2, "No article has the category '金溶'", "金融")


def test_an_index_of_other_settings_does_not_fit(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("ask", "峰会是哪天？", "--index", sample_index, WENFENG_PASSAGES__SIZE="300")
    assert_one_sentence(done, 5, "passage size is 500", "--rebuild")


def test_a_damaged_index_says_how_to_renew_it(wenfeng: Any, sample_index: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_index, tmp_path / "index")
    (tmp_path / "index" / "generations" / "000001" / "passage_vectors" / "rows.faiss").write_bytes(
        b"not an index"
    )
    done = wenfeng("ask", "峰会是哪天？", "--index", tmp_path / "index")
    assert_one_sentence(done, 7, "damaged", "--rebuild")


def test_a_missing_model_says_so(wenfeng: Any, sample_index: Path) -> None:
    done = wenfeng("ask", "峰会是哪天？", "--index", sample_index, WENFENG_EMBEDDING__MODEL="./no-model")
    assert_one_sentence(done, 8, "no-model")


def test_watching_reports_each_change_until_it_is_interrupted(tmp_path: Path) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "甲.md").write_text("青汀市图书馆新开了一间临江阅览室。", encoding="utf-8")
    command = [sys.executable, "-m", "rag.cli", "index", str(posts), "--watch", "--json"]
    environment = os.environ | {"PYTHONPATH": str(SAMPLES.parents[1]), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert read_json(process.stdout)["indexed"] == 1
            assert process.stderr.readline().startswith("Watching ")
            (posts / "乙.md").write_text("博物馆的夜场开放到晚上十点。", encoding="utf-8")
            assert read_json(process.stdout)["unchanged"] == 1
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0, process.stderr.read()
        finally:
            process.kill()


def read_json(stream: IO[str]) -> Any:
    """One object, printed over several lines."""
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(stream.readline())
        assert lines[-1], "the command has ended"
    return json.loads("".join(lines))
