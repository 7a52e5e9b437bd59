"""Looking through the articles: pages, filters, queries and counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rag import Assistant, Filters
from rag.assistant import index_folder
from rag.browse import Facets, list_articles
from rag.errors import FilterError, QuestionError
from rag.store import Index

POSTS = {
    # name: title, outlet, day, text
    "a.md": ("青汀市博物馆开放夜场", "晚报", "2022-01-03", "夜场从本月起每周五开放到晚上十点。"),
    "b.md": ("临江阅览室迎客", "晚报", "2022-01-01", "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。"),
    "c.md": ("圖書館二期動工", "日报", "2022-01-05", "二期工程预计两年后完工，造价三亿元。"),
    "d.md": ("周末小雨", "日报", "2022-01-04", "气象台说，周末将有小雨，气温下降五度。"),
    "e.md": ("无日期的通知", "", "", "剧院推出了儿童专场，票价三十元。"),
}
NEWEST = ["c.md", "d.md", "a.md", "b.md", "e.md"]


def write(folder: Path, name: str, title: str, outlet: str, day: str, text: str) -> None:
    header = [f"title: {title}", *([f"outlet: {outlet}", "categories: [新闻, 本地]"] if outlet else [])]
    header += [f"date: {day} 00:30:00"] if day else []
    (folder / name).write_text("\n".join(["---", *header, "---", f"<p>{text}</p>"]), encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, assistant: Assistant) -> Path:
    """A folder of posts and its index."""
    folder = tmp_path_factory.mktemp("browse")
    (folder / "posts" / "子").mkdir(parents=True)
    for name, post in POSTS.items():
        write(folder / "posts", name, *post)
    write(folder / "posts", "子/抄.md", "转载", *POSTS["b.md"][1:])  # an exact copy, not older
    index_folder(folder / "posts", folder / "index", assistant.encoder, assistant.settings)
    return folder


@pytest.fixture(scope="module")
def own(place: Path, assistant: Assistant) -> Iterator[Assistant]:
    with open_own(place / "index", assistant) as opened:
        yield opened


def open_own(root: Path, assistant: Assistant) -> Assistant:
    return Assistant(root, Index.open(root), assistant.encoder, assistant.reader, assistant.settings)


def paths(assistant: Assistant, filters: Filters | None = None, query: str = "") -> list[str]:
    return [article.path for article in assistant.browse(filters, query).articles]


def test_the_newest_come_first_and_undated_ones_last(own: Assistant) -> None:
    assert paths(own) == NEWEST


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_pages_hold_every_article_once(own: Assistant, count: int) -> None:
    pages = [own.browse(start=start, count=count) for start in range(0, 9, count)]
    assert [article.path for page in pages for article in page.articles] == NEWEST
    assert {page.total for page in pages} == {5}
    assert all(len(page.articles) <= count for page in pages)


@pytest.mark.parametrize(("start", "count"), [(-1, 20), (0, 0)])
def test_a_page_that_cannot_be_is_the_callers_mistake(own: Assistant, start: int, count: int) -> None:
    with pytest.raises(ValueError, match="start must be at least 0 and count at least 1"):
        own.browse(start=start, count=count)


def test_filters_bind_the_list(own: Assistant) -> None:
    assert paths(own, Filters(outlets=("晚报",))) == ["a.md", "b.md"]
    assert paths(own, Filters(since=date(2022, 1, 3), until=date(2022, 1, 4))) == ["d.md", "a.md"]
    assert paths(own, Filters(until=date(2022, 1, 3))) == ["a.md", "b.md"]  # an undated one is of no day
    assert paths(own, Filters(articles=("子/抄.md", "e.md"))) == ["b.md", "e.md"]
    assert own.browse(Filters(outlets=("晚报",), articles=("e.md",))).total == 0
    with pytest.raises(FilterError, match="No article has the outlet '早报'"):
        own.browse(Filters(outlets=("早报",)))


def test_an_article_is_found_by_its_path_and_by_a_copys(own: Assistant) -> None:
    article = own.article("b.md")
    assert article is not None
    assert (article.title, article.aliases) == ("临江阅览室迎客", ("子/抄.md",))
    assert own.article("子/抄.md") == article
    assert own.article("无.md") is None


def test_titles_that_hold_a_query_come_before_what_search_finds(own: Assistant) -> None:
    listed = paths(own, query="图书馆")
    assert listed[:2] == ["c.md", "b.md"]  # its title is in the other script; only its text says it
    assert sorted(listed) == sorted(POSTS)
    assert paths(own, query="夜场 青汀")[0] == "a.md"
    assert paths(own, Filters(outlets=("晚报",)), "图书馆") == ["b.md", "a.md"]


def test_a_query_is_paged_as_one_list(own: Assistant) -> None:
    whole = own.browse(query="阅览室")
    pages = [own.browse(query="阅览室", start=start, count=2) for start in range(0, 6, 2)]
    assert tuple(article for page in pages for article in page.articles) == whole.articles
    assert {page.total for page in pages} == {whole.total} == {5}


def test_a_blank_query_lists_all_and_one_too_long_is_refused(own: Assistant) -> None:
    assert own.browse(query=" \u3000\n") == own.browse()
    with pytest.raises(QuestionError, match=r"the most is 2,000\. Shorten it"):
        own.browse(query="雨" * 2001)


def test_facets_count_the_articles(own: Assistant) -> None:
    assert own.facets() == Facets(
        outlets=(("日报", 2), ("晚报", 2)),
        categories=(("新闻", 4), ("本地", 4)),
        first=date(2022, 1, 1),
        last=date(2022, 1, 5),
        articles=5,
    )


def test_the_answer_says_how_many_articles_were_searched(own: Assistant) -> None:
    assert own.ask("阅览室有多少座位？").searched == 5
    assert own.ask("阅览室有多少座位？", filters=Filters(outlets=("晚报",))).searched == 2
    assert own.ask("阅览室有多少座位？", filters=Filters(outlets=("晚报",), articles=("e.md",))).searched == 0


def test_a_page_reads_no_text_but_its_own_articles(place: Path) -> None:
    index = Index.open(place / "index")
    assert len(list_articles(index, Filters(), 1, 2, "图书馆").articles) == 0
    assert len(list_articles(index, Filters(since=date(2022, 1, 1)), 1, 2).articles) == 2
    assert index.article.cache_info().misses == 2
    index.close()


def test_what_was_removed_is_in_no_list_when_another_generation_stands_in(
    tmp_path: Path, assistant: Assistant
) -> None:
    folder, root = tmp_path / "posts", tmp_path / "index"
    folder.mkdir()
    for name, post in POSTS.items():
        write(folder, name, *post)
    index_folder(folder, root, assistant.encoder, assistant.settings)
    (folder / "c.md").unlink()
    index_folder(folder, root, assistant.encoder, assistant.settings)
    (root / "generations" / "000002" / "passages.npy").write_bytes(b"")
    with open_own(root, assistant) as opened:
        assert paths(opened) == NEWEST[1:]
        assert "c.md" not in paths(opened, query="图书馆")
        assert opened.article("c.md") is None
        facets = opened.facets()
        assert (facets.articles, facets.last) == (4, date(2022, 1, 4))
        assert opened.ask("阅览室有多少座位？").searched == 4
        with pytest.raises(FilterError, match=r"No article has the article 'c\.md'"):
            opened.browse(Filters(articles=("c.md",)))


def test_a_new_generation_is_listed_by_the_next_call(tmp_path: Path, assistant: Assistant) -> None:
    folder, root = tmp_path / "posts", tmp_path / "index"
    folder.mkdir()
    write(folder, "a.md", *POSTS["a.md"])
    index_folder(folder, root, assistant.encoder, assistant.settings)
    with open_own(root, assistant) as opened:
        before = opened.facets()
        write(folder, "c.md", *POSTS["c.md"])
        index_folder(folder, root, assistant.encoder, assistant.settings)
        assert paths(opened) == ["c.md", "a.md"]
        assert opened.facets() == replace(
            before,
            outlets=(("日报", 1), ("晚报", 1)),
            categories=(("新闻", 2), ("本地", 2)),
            last=date(2022, 1, 5),
            articles=2,
        )
