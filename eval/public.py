"""Public question sets as folders of posts: one paragraph a post, a neutral title, a fixed date.

Nothing of them is part of the project: the texts are read from a folder given at run time, which holds
``xquad/xquad.{zh,en}.json`` and ``drcd/DRCD_{dev,test}.json`` in SQuAD form. Sets are split by article:

    tune      XQuAD articles 1 to 24; DRCD dev, titles that also occur in test
    report    XQuAD articles 25 to 48; DRCD dev, titles that do not
    train     DRCD test without the titles of the report part
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.records import Article

BENCH = Path(__file__).resolve().parents[1].parent / "shared" / "bench"
"""Where the sets lie beside a checkout."""

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
        part: ``"tune"`` or ``"report"``.
    """
    chinese = _read(bench / "xquad" / "xquad.zh.json")
    asked = {
        question["id"]: question["question"]
        for article in _read(bench / "xquad" / f"xquad.{questions}.json")
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    }
    chosen = chinese[:24] if part == "tune" else chinese[24:]
    paragraphs = [paragraph for article in chosen for paragraph in article["paragraphs"]]
    name = "XQuAD zh" if questions == "zh" else "XQuAD en→zh"
    return _make_set(f"{name} {part}", "XQuAD", paragraphs, asked)


def read_drcd(part: str, bench: Path = BENCH) -> PublicSet:
    """DRCD's paragraphs, in traditional script; ``part`` is ``"train"``, ``"tune"`` or ``"report"``."""
    dev, test = _read(bench / "drcd" / "DRCD_dev.json"), _read(bench / "drcd" / "DRCD_test.json")
    tested = {article["title"] for article in test}
    reported = {article["title"] for article in dev} - tested
    chosen = {
        "train": [article for article in test if article["title"] not in reported],
        "tune": [article for article in dev if article["title"] in tested],
        "report": [article for article in dev if article["title"] in reported],
    }[part]
    paragraphs = [paragraph for article in chosen for paragraph in article["paragraphs"]]
    return _make_set(f"DRCD {part}", "DRCD", paragraphs, {})


def _read(path: Path) -> list[Any]:
    data: list[Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return data


def _make_set(name: str, title: str, paragraphs: Iterable[Any], asked: dict[str, str]) -> PublicSet:
    articles, questions = [], []
    for number, paragraph in enumerate(paragraphs, start=1):
        path = f"{title}/{number:04d}.md"
        articles.append(Article(path, paragraph["context"], title=f"{title} {number}", published=_PUBLISHED))
        for row in paragraph["qas"]:
            answer = row["answers"][0]
            start = int(answer["answer_start"])
            text = asked.get(row["id"], row["question"])
            questions.append(PublicQuestion(text, path, start, start + len(answer["text"])))
    return PublicSet(name, tuple(articles), tuple(questions))
