"""Public sets go the whole way, from posts on disk, and what was left out of the folder has no answer."""

from datetime import UTC, datetime
from pathlib import Path

from eval.public import PublicQuestion, PublicSet
from eval.quality import LEFT_OUT, to_cases, write_articles
from eval.squad import quote_around
from rag import Article
from rag.articles import read_article

DAY = datetime(2021, 6, 5, 2, tzinfo=UTC)


def made(count: int) -> PublicSet:
    articles = tuple(
        Article(f"题/{n:04d}.md", f"青汀市第{n}小学在临江路。它有{n}个<班>。", title=f"题 {n}", published=DAY)
        for n in range(count)
    )
    questions = tuple(PublicQuestion("在哪里？", each.path, 8, 11) for each in articles)
    return PublicSet("题", articles, questions)


def test_one_article_in_five_is_left_out_and_its_questions_have_no_answer() -> None:
    public = made(20)
    articles, cases = to_cases(public)
    assert len(articles) == 20 - 20 // LEFT_OUT
    assert len(cases) == 20
    kept = {article.path for article in articles}
    for case, question in zip(cases, public.questions, strict=True):
        assert case.answerable == bool(case.gold) == bool(case.answers) == (question.path in kept)
    assert to_cases(public) == (articles, cases)


def test_posts_read_back_as_the_articles_they_are_of(tmp_path: Path) -> None:
    articles = made(3).articles
    write_articles(articles, tmp_path)
    for article in articles:
        read = read_article(tmp_path, article.path)
        assert (read.text, read.title, read.published) == (article.text, article.title, article.published)


def test_a_quote_is_the_whole_sentences_that_hold_the_answer() -> None:
    text = "甲在上海。乙在北京。丙在天津。"
    assert quote_around(text, 7, 8) == "乙在北京。"
    assert quote_around(text, 3, 7) == "甲在上海。乙在北京。"
