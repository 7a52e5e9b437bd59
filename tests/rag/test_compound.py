import pytest

from rag.compound import about_one, asks_about_both, split_question


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("温砚棠和乔栖梧的职务分别是什么？", ["温砚棠的职务是什么？", "乔栖梧的职务是什么？"]),
        ("瓯江峰会的主办方和承办方分别是谁", ["瓯江峰会的主办方是谁", "瓯江峰会的承办方是谁"]),
        ("听澜阅览室和瓯江峰会哪个先开？", ["听澜阅览室是哪天举办的？", "瓯江峰会是哪天举办的？"]),
        (
            "听澜阅览室有多少座位，而瓯江峰会的主办方又是谁？",
            ["听澜阅览室有多少座位", "瓯江峰会的主办方是谁"],
        ),
        ("听潮大桥贷款利率多少，合龙段有多长", ["听潮大桥贷款利率多少", "合龙段有多长"]),
        (
            "碳中和云峰会的主办方和承办方分别是谁？",
            ["碳中和云峰会的主办方是谁？", "碳中和云峰会的承办方是谁？"],
        ),
    ],
)
def test_a_question_that_asks_two_things_is_taken_apart(question: str, parts: list[str]) -> None:
    assert split_question(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "瓯江峰会的主题是什么？",
        "刘亚芳是哪个单位的，什么职务？",
        "碳达峰和碳中和是什么意思",
        "四个功能区分别是什么？",
        "碳达峰碳中和目标分别是哪一年？",
        "参与碳中和行动的企业分别有哪些？",
        "碳中和先锋奖的获奖者分别有谁？",
        "",
        "，，，",
    ],
)
def test_a_question_that_asks_one_thing_stays_whole(question: str) -> None:
    assert split_question(question) == [question]


def test_a_question_about_both_is_asked_of_each() -> None:
    assert asks_about_both("两个峰会的主办方各是谁？")
    assert about_one("两个峰会的主办方各是谁？") == "峰会的主办方是谁？"
    assert about_one("这两个在首都举办的峰会都是谁主办的？") == "在首都举办的峰会是谁主办的？"
    assert not asks_about_both("峰会的主办方是谁？")
    assert not asks_about_both("第二场圆桌对话是谁主持的？")
