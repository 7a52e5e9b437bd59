from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.passages import split_article, split_sentences
from rag.records import Article

PIECES = [
    "今天开会。",
    "你好！",
    "3.5%",
    "《碳。中和》",
    "“走。”他说",
    "\n",
    "，",
    "A. B. Smith",
    "；",
    "……",
    " ",
    "（见。图）",
]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一。二！三？四；五…六", ["一。", "二！", "三？", "四；", "五…", "六"]),
        ("真的吗？！是的。", ["真的吗？！", "是的。"]),
        ("他说：“去。都去。”会散了。", ["他说：“去。都去。”", "会散了。"]),
        ("“独行快。”他表示，同行。", ["“独行快。”他表示，同行。"]),
        ("增长3.5%，共2.8亿元。", ["增长3.5%，共2.8亿元。"]),
        (
            "Dr. Smith left the U.S. market. It grew 3.5 percent.",
            ["Dr. Smith left the U.S. market.", "It grew 3.5 percent."],
        ),
        ("《来了！春天。》出版。", ["《来了！春天。》出版。"]),
        ("签约（含两个。意向）完成。", ["签约（含两个。意向）完成。"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("没有合上的“引号。还有一句。", ["没有合上的“引号。", "还有一句。"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_quote_that_never_closes_does_not_swallow_the_text() -> None:
    assert len(sentences("“" + "很长的一句话。" * 60)) == 60


def test_a_long_sentence_is_cut_at_commas() -> None:
    text = "，".join(["二十个字左右的一个分句放在这里作试验"] * 20) + "。"
    pieces = [text[start:end] for start, end in split_sentences(text, longest=100)]
    assert max(map(len, pieces)) <= 100
    assert all(piece.endswith("，") for piece in pieces[:-1])
    assert "".join(pieces) == text


def test_a_sentence_without_commas_is_cut_anywhere() -> None:
    text = "碳" * 250
    assert [end - start for start, end in split_sentences(text, longest=100)] == [100, 100, 50]


def test_a_short_post_is_one_passage() -> None:
    passages = split_article(Article("a.md", "青汀市图书馆周一闭馆，请读者提前安排。"), size=500)
    assert [passage.text for passage in passages] == ["青汀市图书馆周一闭馆，请读者提前安排。"]


def test_a_digest_is_packed_line_by_line() -> None:
    text = "\n".join(f"第{number}条：这是一条互不相干的短消息" for number in range(30))
    passages = split_article(Article("a.md", text), size=120)
    assert all(passage.text.startswith("第") and passage.text.endswith("消息") for passage in passages)


def test_one_sentence_is_repeated_between_passages() -> None:
    text = "".join(f"这是文章里的第{number:02d}个句子。" for number in range(40))
    passages = split_article(Article("a.md", text), size=100, overlap=1)
    for before, after in pairwise(passages):
        repeated = after.article.text[after.start : before.end]
        assert repeated.count("。") == 1


@pytest.mark.parametrize(("size", "overlap"), [(19, 1), (100, -1)])
def test_a_size_that_makes_no_sense_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        split_article(Article("a.md", "字"), size, overlap)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.integers(20, 80), st.integers(0, 2))
def test_passages_in_order_cover_every_sentence(text: str, size: int, overlap: int) -> None:
    article = Article("a.md", text)
    passages = split_article(article, size, overlap)
    covered: set[int] = set()
    for passage in passages:
        assert len(passage.text) <= size
        covered |= set(range(passage.start, passage.end))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= covered
    starts = [passage.start for passage in passages]
    assert starts == sorted(set(starts))
    spans = split_sentences(text, size)
    for passage in passages:
        assert any(passage.start == start for start, _ in spans)
        assert any(passage.end == end for _, end in spans)
