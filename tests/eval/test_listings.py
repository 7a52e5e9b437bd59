"""An answer about the folder is right if it lists and counts what it should, in the order asked for."""

import pytest

from eval.listings import FOLDER, TOWN, Listing, count_told, is_right, read_listings
from eval.sets import read_set
from rag import Answer, Article, Citation


def told(text: str, *paths: str, refused: bool = False) -> Answer:
    cited = tuple(Citation(n, Article(path, "字"), 0, 1) for n, path in enumerate(paths, start=1))
    return Answer("问", "问", text, cited, refused)


def wanted(question: str, articles: tuple[str, ...], count: int | None) -> Listing:
    return Listing("x", question, ("list",), articles, count, "tune")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("共6篇：提到“氢能”的文章。", 6),
        ("文件夹共13篇文章。", 13),
        ("没有提到“动物园”的文章。", 0),
        ("3 articles by 青汀日报:", 3),
        ("No articles in June 2023.", 0),
        ("大桥全长3.6公里。", None),
    ],
)
def test_the_number_is_read_from_the_text(text: str, count: int | None) -> None:
    assert count_told(told(text)) == count


def test_just_the_wanted_articles_are_right() -> None:
    two = wanted("有哪些", ("a.md", "b.md"), 2)
    assert is_right(two, told("共2篇：……", "b.md", "a.md"))
    assert not is_right(two, told("共2篇：……", "b.md"))
    assert not is_right(two, told("共2篇：……", "b.md", "a.md", "c.md"))
    assert not is_right(two, told("共3篇：……", "b.md", "a.md"))


def test_an_order_counts_where_it_is_asked_for() -> None:
    two = wanted("有哪些？从新到旧列出来", ("a.md", "b.md"), None)
    assert is_right(two, told("", "a.md", "b.md"))
    assert not is_right(two, told("", "b.md", "a.md"))


def test_none_is_right_only_where_it_is_said() -> None:
    none = wanted("有没有", (), 0)
    assert is_right(none, told("没有提到“动物园”的文章。"))
    assert not is_right(none, told("文章中没有找到答案。", refused=True))
    assert not is_right(none, told("共1篇：……", "a.md"))


def test_the_towns_questions_are_about_its_articles() -> None:
    paths = {path.name for path in (TOWN / "articles").glob("*.md")}
    listings = [*read_listings(FOLDER, "tune"), *read_listings(FOLDER, "report")]
    assert {path for each in listings for path in each.articles} <= paths
    assert {gold.article for case in read_set(TOWN / "conflicts.jsonl") for gold in case.gold} <= paths
