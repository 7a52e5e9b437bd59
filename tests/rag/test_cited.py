"""What was cited before: found again by its words, searched first, and asked as the question stands."""

from collections.abc import Sequence

import pytest

from rag import Assistant, Filters, Turn
from rag.cited import find_cited
from rag.filters import narrow
from rag.retrieve import CITED_BONUS, encode_question, search_passages

LIBRARY = "9月20日上午，青汀市图书馆新辟的“听澜”阅览室正式对读者开放。 [1]"


def said(*answers: str) -> list[Turn]:
    return [turn for answer in answers for turn in (Turn("user", "？"), Turn("assistant", answer))]


def paths(assistant: Assistant, history: Sequence[Turn]) -> list[str]:
    with assistant.use() as index:
        return [index.article(row).path for row in find_cited(index, history)]


def test_an_answer_is_traced_to_the_article_that_it_quotes(assistant: Assistant) -> None:
    answer = assistant.ask("第一场圆桌对话是谁主持的？")
    found = paths(assistant, said(LIBRARY, answer.text))
    assert found[0] == answer.citations[0].article.path
    assert "图书馆" in found[1]


@pytest.mark.parametrize(
    "text", ["文章中没有找到答案。", "图书馆是哪天开放的我不知道，也没有人知道。", "[1]", ""]
)
def test_what_quotes_nothing_is_traced_to_nothing(assistant: Assistant, text: str) -> None:
    assert paths(assistant, said(text)) == []


def test_only_the_last_answers_count(assistant: Assistant) -> None:
    assert paths(assistant, said(LIBRARY, "好的，谢谢你的回答。", "没有别的了，再见。")) == []


def test_a_cited_article_has_a_bonus_and_no_more(assistant: Assistant) -> None:
    question = "主持人是谁？"
    with assistant.use() as index:
        row = find_cited(index, said(LIBRARY))[0]
        vector = encode_question(assistant.encoder, question)
        plain = search_passages(index, vector, question, 10)
        after = search_passages(index, vector, question, 10, cited=(row,))
    scores = [
        {(each.hit.passage.article.path, each.hit.passage.start): each.hit.score for each in search.found}
        for search in (plain, after)
    ]
    ahead = {key: score - scores[0][key] for key, score in scores[1].items() if key in scores[0]}
    assert {round(score, 3) for (path, _), score in ahead.items() if "图书馆" in path} == {CITED_BONUS}
    assert {round(score, 3) for (path, _), score in ahead.items() if "图书馆" not in path} == {0}


def test_a_follow_up_without_a_subject_is_asked_of_what_was_cited(assistant: Assistant) -> None:
    answer = assistant.ask(
        "花了多少钱？", [Turn("user", "听澜阅览室是哪天开放的？"), Turn("assistant", LIBRARY)]
    )
    assert "860万元" in answer.text
    assert "图书馆" in answer.citations[0].article.path


def test_a_filter_is_narrowed_and_never_widened() -> None:
    assert narrow(None, ["a.md"]) == Filters(articles=("a.md",))
    assert narrow(Filters(outlets=("江报",)), ["a.md"]) == Filters(outlets=("江报",), articles=("a.md",))
    assert narrow(Filters(articles=("b.md", "a.md")), ["a.md", "c.md"]) == Filters(articles=("a.md",))
    assert narrow(Filters(articles=("b.md",)), ["a.md"]) is None
    assert narrow(None, []) is None
