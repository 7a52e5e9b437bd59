"""What people get: cited sentences, lists, pictures, header facts, follow-ups, refusals."""

import re
from datetime import date

import numpy as np
import pytest

from rag import Answer, Article, Assistant, Filters, Turn
from rag.answer import widen
from rag.errors import QuestionError
from rag.evidence import FEATURES, Judged
from rag.question import read_question
from rag.retrieve import FoundSentence


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("碳中和云峰会是哪天办的？", ["6月3日"]),
        ("第二场圆桌对话是谁主持的？", ["谢海麟"]),
        ("瓯江峰会 主办单位", ["中国国际经济交流中心", "温州市人民政府"]),
        ("龔業明認為第三次能源革命的媒介是什麼", ["氢能"]),
        ("刘亚芳提到的四个方面举措分别是什么", ["第一", "第二", "第三", "第四"]),
        ("财联社云峰会和瓯江峰会分别是哪天开的？", ["6月3日", "7月10日"]),
        ("阅览室有哪四个功能区？", ["江岸静读区", "无障碍阅读区"]),
        ("最佳解决方案奖的获奖名单", ["获奖名单如下", "[图片]"]),
        ("瓯江峰会那篇报道是哪家媒体发布的？", ["中证网"]),
        ("瓯江峰会的报道什么时候发布的", ["2021年7月11日"]),
        ("Who is the director of the Qingting library, Wen Yantang?", ["温砚棠"]),
    ],
)
def test_a_question_is_answered_in_the_articles_words(
    assistant: Assistant, question: str, held: list[str]
) -> None:
    answer = assistant.ask(question)
    assert not answer.refused
    assert all(word in answer.text for word in held)
    check_citations(answer)


def check_citations(answer: Answer) -> None:
    """Every line ends in its marks, every mark has its quote, every quote is the article's."""
    marks = [int(number) for number in re.findall(r"\[(\d+)\]", answer.text)]
    assert marks == [citation.number for citation in answer.citations] == list(range(1, len(marks) + 1))
    for line in answer.text.splitlines():
        assert re.search(r" \[\d+\]$", line)
    for citation in answer.citations:
        assert citation.quote == citation.article.text[citation.start : citation.end]
        for start, end in citation.spans:
            assert citation.start <= start < end <= citation.end


def test_an_extractive_answer_says_what_it_quotes(assistant: Assistant) -> None:
    answer = assistant.ask("贺仁龙的演讲题目是什么？")
    for line, citation in zip(answer.text.splitlines(), answer.citations, strict=True):
        assert line == f"{' '.join(citation.quote.split())} [{citation.number}]"


def test_the_answering_words_are_marked(assistant: Assistant) -> None:
    citation = assistant.ask("听澜阅览室面积多少平方米？").citations[0]
    assert any("1280" in citation.article.text[start:end] for start, end in citation.spans)


@pytest.mark.parametrize(
    "question",
    [
        "红烧肉怎么做才不腻",
        "明天北京会下雨吗？",
        "正泰那18个签约项目总金额是多少亿？",
        "刘杰的电子邮箱是什么",
        "鲁迅的原名叫什么？",
    ],
)
def test_what_the_articles_do_not_say_is_refused(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.refused
    assert answer.text in {"文章中没有找到答案。", "The articles do not answer this question."}
    assert 0 < len(answer.nearest) <= 3


def test_a_follow_up_is_completed_and_says_so(assistant: Assistant) -> None:
    history = [Turn("user", "第一场圆桌对话是谁主持的？"), Turn("assistant", "主持人为盛雪锋。[1]")]
    answer = assistant.ask("那第二场呢？", history)
    assert answer.question == "那第二场呢？"
    assert answer.asked == "第二场圆桌对话是谁主持的？"
    assert any(answer.asked in note for note in answer.notes)
    assert "谢海麟" in answer.text


def test_filters_bind_the_answer(assistant: Assistant) -> None:
    question = "南存辉是哪家公司的董事长？"
    assert "正泰" in assistant.ask(question).text
    assert assistant.ask(question, filters=Filters(until=date(2021, 6, 30))).refused


def test_an_empty_filter_result_is_said_out_loud(assistant: Assistant) -> None:
    answer = assistant.ask("峰会是哪天？", filters=Filters(since=date(2030, 1, 1)))
    assert answer.refused
    assert answer.nearest == ()
    assert any("筛选" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("question", "message"),
    [(" \n\t", "blank"), ("\udcff你好", "not text"), ("问" * 100_000, "100,000 characters")],
)
def test_a_question_that_cannot_be_one_is_an_error(assistant: Assistant, question: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        assistant.ask(question)
    with pytest.raises(QuestionError, match=message):
        assistant.search(question)


@pytest.mark.parametrize("question", ["？？？", "。", "a", "😀😀", "的" * 2000, "[1] [2]", "\\d+(", "你好"])
def test_odd_questions_get_an_answer_or_a_refusal(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    if not answer.refused:
        check_citations(answer)


def test_k_below_one_is_a_mistake_of_the_caller(assistant: Assistant) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        assistant.search("峰会", 0)


def test_search_gives_k_hits_best_first(assistant: Assistant) -> None:
    hits = assistant.search("碳普惠平台", 4)
    assert len(hits) == 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert "碳普惠" in hits[0].passage.text


LISTED = "开放时间如下文。\n四个功能区\n静读区：座位120个\n文献区：收藏2400种\n共读区：每周六上午\n馆长介绍了阅览室的情况。"


@pytest.mark.parametrize("line", ["四个功能区", "静读区：座位120个", "共读区：每周六上午"])
def test_a_line_of_a_list_brings_the_list_with_its_heading(line: str) -> None:
    said = widen(read_question("有哪些功能区？"), judged_in(LISTED, line))
    assert (
        LISTED[said.start : said.end]
        == "四个功能区\n静读区：座位120个\n文献区：收藏2400种\n共读区：每周六上午"
    )


def test_what_is_no_list_or_too_long_stays_as_it_is() -> None:
    talk = "对话实录\n" + "\n".join(
        f"主持人：这是第{number}个问题，请问您怎么看待它？" for number in range(30)
    )
    for text, line in ((LISTED, "馆长介绍了阅览室的情况。"), (talk, talk.split("\n")[4])):
        said = widen(read_question("有哪些功能区？"), judged_in(text, line))
        assert text[said.start : said.end] == line


def judged_in(text: str, line: str) -> Judged:
    start = text.index(line)
    sentence = FoundSentence(start, start + len(line), 0, 0.5)
    return Judged(Article("a.md", text), sentence, np.zeros(len(FEATURES), dtype=np.float32))
