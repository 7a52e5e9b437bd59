"""Public question sets as folders of posts: one paragraph a post, a neutral title, a fixed date.

Nothing of them is part of the project: the texts are read from a folder given at run time, which holds
``xquad/xquad.{zh,en}.json``, ``drcd/DRCD_{dev,test}.json`` and ``cmrc2018/cmrc2018_trial.json`` in SQuAD form. Sets are split by article:

    tune      XQuAD articles 1 to 24; DRCD dev, titles that also occur in test
    report    XQuAD articles 25 to 48; DRCD dev, titles that do not
    train     XQuAD articles 1 to 22; DRCD test without the titles of the report part; all of CMRC's trial
    choose    XQuAD articles 23 and 24
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.records import Article

BENCH = Path(__file__).resolve().parents[1].parent / "shared" / "bench"
"""Where the sets lie beside a checkout."""

_PARTS = {
    "drcd": ("train", "tune", "report"),
    "cmrc": ("train",),
    "xquad": ("train", "choose", "tune", "report"),
}
_XQUAD_PARTS = {"tune": slice(24), "train": slice(22), "choose": slice(22, 24), "report": slice(24, None)}
_PUBLISHED = datetime(2021, 6, 5, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PublicQuestion:
    """A question and where its answer stands: ``article.text[start:end]``."""

    text: str
    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Articles and the questions on them."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[PublicQuestion, ...]


def read_xquad(part: str, questions: str, bench: Path = BENCH) -> PublicSet:
    """XQuAD's Chinese paragraphs with the questions in ``questions``, ``"zh"`` or ``"en"``.

    Args:
        part: as the module says.
    """
    asked = {
        question["id"]: question["question"]
        for _, paragraph in read_squad(f"xquad.{questions}", part, bench)
        for question in paragraph["qas"]
    }
    name = "XQuAD zh" if questions == "zh" else "XQuAD en→zh"
    return _make_set(f"{name} {part}", "XQuAD", read_squad("xquad.zh", part, bench), asked)


def read_drcd(part: str, bench: Path = BENCH) -> PublicSet:
    """DRCD's paragraphs, in traditional script; ``part`` is ``"train"``, ``"tune"`` or ``"report"``."""
    return _make_set(f"DRCD {part}", "DRCD", read_squad("drcd", part, bench), {})


def read_news(bench: Path = BENCH) -> list[str]:
    """The texts of the news sample without their headers."""
    parts = sorted((bench / "news").glob("part-*.txt"))
    lines = [line for part in parts for line in part.read_text(encoding="utf-8").split("\n")]
    return [split_header(line)[1] for line in lines if line.strip()]


def split_header(line: str) -> tuple[str, str]:
    """A line of the news sample -> what stands before ``正文：``, and the text."""
    found = re.match(r"(.{0,40}?)正文：", line)
    return (found[1], line[found.end() :].rstrip("\r")) if found else ("", line.rstrip("\r"))


def read_squad(name: str, part: str, bench: Path = BENCH) -> list[tuple[str, Any]]:
    """The paragraphs of a part, each with its article's title, as the files have them.

    Args:
        name: ``"drcd"``, ``"cmrc"``, ``"xquad.zh"`` or ``"xquad.en"``.
        part: as the module says.

    Raises:
        ValueError: the set has no such part.
    """
    if part not in _PARTS[name.partition(".")[0]]:
        raise ValueError(f"{name} has no part {part!r}")
    if name == "drcd":
        chosen = _drcd_articles(part, bench)
    elif name == "cmrc":
        chosen = _read(bench / "cmrc2018" / "cmrc2018_trial.json")
    else:
        chosen = _read(bench / "xquad" / f"{name}.json")[_XQUAD_PARTS[part]]
    return [(str(article.get("title", "")), row) for article in chosen for row in article["paragraphs"]]


def _drcd_articles(part: str, bench: Path) -> list[Any]:
    dev, test = _read(bench / "drcd" / "DRCD_dev.json"), _read(bench / "drcd" / "DRCD_test.json")
    tested = {article["title"] for article in test}
    reported = {article["title"] for article in dev} - tested
    return {
        "train": [article for article in test if article["title"] not in reported],
        "tune": [article for article in dev if article["title"] in tested],
        "report": [article for article in dev if article["title"] in reported],
    }[part]


def _read(path: Path) -> list[Any]:
    data: list[Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return data


def _make_set(
    name: str, title: str, paragraphs: Iterable[tuple[str, Any]], asked: dict[str, str]
) -> PublicSet:
    articles, questions = [], []
    for number, (_, paragraph) in enumerate(paragraphs, start=1):
        path = f"{title}/{number:04d}.md"
        articles.append(Article(path, paragraph["context"], title=f"{title} {number}", published=_PUBLISHED))
        for row in paragraph["qas"]:
            answer = row["answers"][0]
            start = int(answer["answer_start"])
            text = asked.get(row["id"], row["question"])
            questions.append(PublicQuestion(text, path, start, start + len(answer["text"])))
    return PublicSet(name, tuple(articles), tuple(questions))
