import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.sets import Gold, parse_case
from rag import Answer, Article, Citation, Filters, Turn
from ui.feedback import find_passage, to_case, to_jsonl
from ui.records import Exchange, Vote

ARTICLE = Article("金融/峰会.md", "峰会在上海举行。\n主持人是李明。\n奖项见图。")
CITATION = Citation(1, ARTICLE, 9, 16)
ANSWER = Answer("谁主持？", "谁主持？", "主持人是李明。 [1]", (CITATION,))
REFUSAL = Answer("谁主持？", "谁主持？", "文章中没有找到答案。", refused=True)
HISTORY = (Turn("user", "峰会在哪里举行？"), Turn("assistant", "峰会在上海举行。 [1]"))


def exchange(answer: Answer | None = ANSWER, filters: Filters | None = None) -> Exchange:
    return Exchange("e1", "谁主持？", answer, filters=filters or Filters())


def test_a_thumb_up_asks_for_the_quotes_of_the_answer() -> None:
    case = parse_case(to_case(exchange(), HISTORY, Vote(up=True)))
    assert case.id == "feedback-e1"
    assert case.question == "谁主持？"
    assert case.history == HISTORY
    assert case.answerable
    assert case.gold == (Gold("金融/峰会.md", "主持人是李明。"),)
    assert case.tags == ("feedback", "up")


def test_a_quote_that_is_cited_twice_is_asked_for_once() -> None:
    twice = Answer("问", "问", "甲。 [1]\n甲。 [2]", (CITATION, Citation(2, ARTICLE, 9, 16)))
    assert len(to_case(exchange(twice), (), Vote(up=True))["gold"]) == 1


def test_a_thumb_up_on_a_refusal_asks_for_a_refusal() -> None:
    case = parse_case(to_case(exchange(REFUSAL), (), Vote(up=True)))
    assert not case.answerable
    assert not case.gold


@pytest.mark.parametrize("answer", [ANSWER, REFUSAL], ids=["answer", "refusal"])
def test_a_thumb_down_alone_says_that_the_articles_answer(answer: Answer) -> None:
    case = parse_case(to_case(exchange(answer), (), Vote(up=False)))
    assert case.answerable
    assert not case.gold
    assert case.tags == ("feedback", "down")


def test_should_have_refused_asks_for_a_refusal_and_nothing_else() -> None:
    vote = Vote(up=False, should_refuse=True, right_answer="张三", right_passage=("a.md", "张三"))
    case = parse_case(to_case(exchange(), (), vote))
    assert not case.answerable
    assert not case.gold
    assert not case.answers


def test_the_right_passage_and_the_right_answer_are_both_asked_for() -> None:
    vote = Vote(up=False, right_answer=" 李明 ", right_passage=("金融/峰会.md", "主持人是李明。"))
    case = parse_case(to_case(exchange(), (), vote))
    assert case.answerable
    assert case.gold == (Gold("金融/峰会.md", "主持人是李明。"),)
    assert case.answers == (("李明",),)


def test_only_the_filters_that_are_set_are_written() -> None:
    filters = Filters(since=date(2021, 6, 1), outlets=("财联社",))
    row = to_case(exchange(filters=filters), (), Vote(up=True))
    assert row["filters"] == {"since": "2021-06-01", "outlets": ["财联社"]}
    assert parse_case(row).filters == filters
    assert "filters" not in to_case(exchange(), (), Vote(up=True))


def test_what_got_no_answer_cannot_be_voted_on() -> None:
    with pytest.raises(ValueError, match="exchange 'e1' has no answer"):
        to_case(exchange(None), (), Vote(up=True))
    assert to_jsonl([(exchange(None), (), Vote(up=True))]) == ""


@given(question=st.text(min_size=1).filter(str.strip), right=st.text())
def test_every_row_is_one_line_whatever_it_holds(question: str, right: str) -> None:
    rated = Exchange("e1", question, ANSWER)
    lines = to_jsonl([(rated, HISTORY, Vote(up=False, right_answer=right))]).splitlines()
    assert len(lines) == 1
    case = parse_case(json.loads(lines[0]))
    assert case.question == question
    assert case.answers == (((right.strip(),),) if right.strip() else ())


def test_a_half_character_can_still_be_written() -> None:
    rated = Exchange("e1", "问\ud800？", ANSWER)
    assert b"\\ud800" in to_jsonl([(rated, (), Vote(up=True))]).encode()


@pytest.mark.parametrize(
    "pasted",
    ["主持人是李明。\n奖项见图。", "主持人是李明。 奖项见图。", "  主持人 是李明。奖项\u3000见图。\n"],
)
def test_a_pasted_passage_is_found_whatever_its_white_space(pasted: str) -> None:
    other = Article("b.md", "别的文章。")
    assert find_passage(pasted, [other, ARTICLE]) == ("金融/峰会.md", "主持人是李明。\n奖项见图。")


@pytest.mark.parametrize("pasted", ["", " \n", "主持人是张三。", "主持人是李明。！"])
def test_a_passage_that_no_article_holds_is_not_found(pasted: str) -> None:
    assert find_passage(pasted, [ARTICLE]) is None


@given(text=st.text(alphabet="甲乙 \n\u3000", min_size=1), data=st.data())
def test_a_found_passage_is_a_slice_of_its_article(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    found = find_passage("\t".join(quote), [Article("a.md", text)])
    if not quote.strip():
        assert found is None
    else:
        assert found is not None
        assert found[1] in text
        assert "".join(found[1].split()) == "".join(quote.split())
