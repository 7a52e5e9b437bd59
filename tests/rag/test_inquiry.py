"""Which questions are about the folder itself, and what they want of it."""

from datetime import date

import pytest

from rag.inquiry import Inquiry, Names
from rag.inquiry_chinese import read_chinese
from rag.inquiry_english import read_english
from rag.words import fold

NAMES = Names({"青汀日报": "青汀日报", "东港晚报": "东港晚报"}, {"朱晓波": "朱晓波"}, (2022, 2023, 2024))
TODAY = date(2024, 6, 15)


def read(question: str) -> Inquiry | None:
    read_it = read_english if question.isascii() else read_chinese
    return read_it(fold(question).strip(), NAMES, TODAY)


@pytest.mark.parametrize(
    ("question", "aim", "topic"),
    [
        ("有哪些关于氢能的报道", "list", "氢能"),
        ("关于氢能的报道有哪些？", "list", "氢能"),
        ("有没有关于动物园的报道", "list", "动物园"),
        ("列出关于氢能的报道", "list", "氢能"),
        ("哪些文章提到了鲁明远", "list", "鲁明远"),
        ("鲁明远出现在哪些报道里？", "list", "鲁明远"),
        ("讲氢能的文章有多少篇", "count", "氢能"),
        ("有幾篇文章提到魯明遠？", "count", "鲁明远"),
        ("多少篇文章里有鲁明远", "count", "鲁明远"),
        ("氢能报道有几篇", "count", "氢能"),
        ("文件夹里一共有多少篇文章", "count", ""),
        ("总结一下听潮大桥通车那篇", "extract", "听潮大桥通车"),
        ("听潮大桥合龙那篇主要讲了什么", "extract", "听潮大桥合龙"),
        ("How many articles are about hydrogen?", "count", "hydrogen"),
        ("Which articles mention Zhu Siqi?", "list", "zhu siqi"),
        ("Are there any articles about zoos?", "list", "zoos"),
        ("Summarise the article about the bridge opening", "extract", "bridge opening"),
    ],
)
def test_questions_about_articles_are_taken_with_their_topic(question: str, aim: str, topic: str) -> None:
    inquiry = read(question)
    assert inquiry is not None
    assert (inquiry.aim, inquiry.topic) == (aim, topic)


def test_outlets_authors_and_days_are_taken() -> None:
    inquiry = read("东港晚报2023年7月发过哪些稿子")
    assert inquiry is not None
    assert (inquiry.outlet, inquiry.period and inquiry.period.said) == ("东港晚报", "2023年7月")
    inquiry = read("朱晓波写了几篇文章")
    assert inquiry is not None
    assert (inquiry.aim, inquiry.author) == ("count", "朱晓波")
    inquiry = read("青汀日报登了什么？")
    assert inquiry is not None
    assert inquiry.outlet == "青汀日报"


@pytest.mark.parametrize(
    ("question", "pick"),
    [
        ("最早的一篇", "earliest"),
        ("关于氢能最近的一篇报道是哪篇", "latest"),
        ("最早报道氢能的是哪篇文章", "earliest"),
        ("六月最后一篇是什么", "latest"),
        ("听潮大桥最新的报道是哪篇", "latest"),
        ("What is the latest article?", "latest"),
        ("Which article is the earliest?", "earliest"),
        ("总结最新的一篇", "latest"),
    ],
)
def test_the_first_and_the_last_are_told_apart(question: str, pick: str) -> None:
    inquiry = read(question)
    assert inquiry is not None
    assert inquiry.pick == pick


@pytest.mark.parametrize(
    ("question", "place", "title"),
    [
        ("总结这篇", 0, ""),
        ("这篇文章讲了什么", 0, ""),
        ("总结第二篇", 2, ""),
        ("概括《听潮大桥正式开通》", 0, "听潮大桥正式开通"),
        ("summarize the second one", 2, ""),
        ("Please give me a brief summary of it", 0, ""),
    ],
)
def test_one_article_is_meant_by_its_place_or_its_title(question: str, place: int, title: str) -> None:
    inquiry = read(question)
    assert inquiry is not None
    assert (inquiry.aim, inquiry.place, inquiry.title) == ("extract", place, title)


@pytest.mark.parametrize(
    "question",
    [
        "有哪些嘉宾出席",
        "第一届有几场论坛",
        "征文收到多少篇稿件",
        "本次活动共收到多少篇文章",
        "李教授发表了几篇文章",
        "他写了哪些文章",
        "有哪些媒体报道了峰会",
        "新闻发布会有哪些嘉宾",
        "新闻联播报道了什么",
        "这篇报道的标题是什么",
        "谁写了这篇报道",
        "帮我看看写瓯江峰会的那篇文章标题是什么",
        "报道是哪天发的",
        "最新的报道说大桥花了多少钱",
        "最近的加氢站在哪",
        "第一篇论文是谁写的",
        "哪篇文章获得一等奖",
        "总结一下大会的成果",
        "总结会上谁发言了",
        "青汀日报社长是谁",
        "2023年发布了哪些政策",
        "How many reports did the commission publish?",
        "How many stories does the building have?",
        "What does the report say about inflation?",
        "Who wrote the article?",
        "Summarise the results of the summit",
    ],
)
def test_questions_that_the_articles_answer_are_left_to_them(question: str) -> None:
    assert read(question) is None


def test_an_order_that_is_asked_for_is_kept() -> None:
    inquiry = read("关于氢能的报道有哪些？从旧到新列出来")
    assert inquiry is not None
    assert inquiry.oldest_first
    inquiry = read("2024年的文章有哪些？从新到旧列出来")
    assert inquiry is not None
    assert not inquiry.oldest_first
