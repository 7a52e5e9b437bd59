from datetime import UTC, date, datetime

import pytest

from rag import Article
from ui.reference import to_reference

TODAY = date(2026, 5, 1)
EVENING = datetime(2021, 6, 4, 18, 20, tzinfo=UTC)
"""The morning of the fifth in Beijing."""
URL = "https://example.com/a?b=1"


@pytest.mark.parametrize(
    ("article", "reference"),
    [
        (
            Article("a.md", "文", title="题名", outlet="财联社", author="张三", url=URL, published=EVENING),
            f"张三. 题名[EB/OL]. 财联社, 2021(2021-06-05)[2026-05-01]. {URL}",
        ),
        (
            Article("a.md", "文", title="题名", outlet="财联社", author="财联社", url=URL, published=EVENING),
            f"财联社. 题名[EB/OL]. (2021-06-05)[2026-05-01]. {URL}",
        ),
        (
            Article("a.md", "文", title="题名", outlet="财联社", url=URL, published=EVENING),
            f"财联社. 题名[EB/OL]. (2021-06-05)[2026-05-01]. {URL}",
        ),
        (
            Article("a.md", "文", title="题名", outlet="财联社", published=EVENING),
            "财联社. 题名[EB]. (2021-06-05).",
        ),
        (Article("a.md", "文", title="题名", author="张三", outlet="财联社"), "张三. 题名[EB]. 财联社."),
        (
            Article("a.md", "文", title="题名", author="张三", outlet="财联社", url=URL),
            f"张三. 题名[EB/OL]. 财联社[2026-05-01]. {URL}",
        ),
        (Article("a.md", "文", title="题名", url=URL), f"题名[EB/OL]. [2026-05-01]. {URL}"),
        (Article("a.md", "文", title="题名"), "题名[EB]."),
        (Article("a.md", "文", author="张三"), "张三. [EB]."),
        (
            Article(
                "a.md",
                "text",
                title="Carbon",
                author="Jane Roe",
                outlet="Reuters",
                url=URL,
                published=EVENING,
            ),
            f"Jane Roe. Carbon[EB/OL]. Reuters, 2021(2021-06-05)[2026-05-01]. {URL}",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_reference_tells_what_the_header_tells_and_no_more(article: Article, reference: str) -> None:
    assert to_reference(article, TODAY) == reference


def test_a_reference_is_one_line() -> None:
    article = Article("a.md", "文", title="一\n二", outlet=" 财联社\t", author="张\r\n三")
    assert to_reference(article, TODAY) == "张 三. 一 二[EB]. 财联社."


def test_names_that_differ_in_case_only_are_told_once() -> None:
    article = Article("a.md", "text", title="Carbon", author="REUTERS", outlet="Reuters")
    assert to_reference(article, TODAY) == "REUTERS. Carbon[EB]."
