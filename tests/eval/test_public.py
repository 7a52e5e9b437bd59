"""The public sets are split by article, and what is reported is in no other part."""

from pathlib import Path

import pytest

from eval.public import read_drcd, read_news, read_squad, read_xquad, split_header

PARTS = {
    "drcd": ("train", "tune", "report"),
    "xquad.zh": ("train", "choose", "report"),
    "xquad.en": ("train", "choose", "report"),
}


@pytest.mark.parametrize("name", PARTS)
def test_no_paragraph_is_in_the_reported_part_and_another(shared: Path, name: str) -> None:
    parts = [{row["context"] for _, row in read_squad(name, part, shared / "bench")} for part in PARTS[name]]
    assert all(parts)
    *others, report = parts
    assert not report & set.union(*others)


def test_no_drcd_article_is_reported_and_in_another_part(shared: Path) -> None:
    titles = [{title for title, _ in read_squad("drcd", part, shared / "bench")} for part in PARTS["drcd"]]
    train, tune, report = titles
    assert not report & (train | tune)
    assert len(report) == 128


@pytest.mark.parametrize("questions", ["zh", "en"])
def test_a_span_is_an_answer(shared: Path, questions: str) -> None:
    public = read_xquad("report", questions, shared / "bench")
    texts = {article.path: article.text for article in public.articles}
    assert all(texts[each.path][each.start : each.end].strip() for each in public.questions)
    assert len({each.text for each in public.questions}) > 500


def test_drcd_has_the_questions_it_should(shared: Path) -> None:
    public = read_drcd("report", shared / "bench")
    assert (len(public.articles), len(public.questions)) == (172, 621)


def test_news_is_read_without_its_headers(shared: Path) -> None:
    texts = read_news(shared / "bench")
    assert len(texts) > 1000
    assert not any(text.startswith("正文：") for text in texts)


def test_a_header_stands_before_the_text() -> None:
    assert split_header("2023-08-04 00:00正文：甲说正文：乙\r") == ("2023-08-04 00:00", "甲说正文：乙")
    assert split_header("没有页眉") == ("", "没有页眉")
