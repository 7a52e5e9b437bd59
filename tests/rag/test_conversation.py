import pytest

from rag.conversation import complete_question
from rag.records import Turn


def turns(*contents: str) -> list[Turn]:
    return [
        Turn("user" if number % 2 == 0 else "assistant", content) for number, content in enumerate(contents)
    ]


@pytest.mark.parametrize(
    ("history", "question", "holds"),
    [
        (("馆长是谁？", "图书馆馆长是温砚棠。[1]"), "他是怎么介绍新阅览室的？", ["温砚棠"]),
        (("第二场讲座谁主讲？", "第二场讲座由乔栖梧主讲。[1]"), "那下一场呢，讲什么？", ["第三场"]),
        (("第二场讲座谁主讲？", "第二场讲座由乔栖梧主讲。[1]"), "这一场的主题是什么？", ["第二场"]),
        (("听澜阅览室什么时候开放？", "9月20日上午开放。[1]"), "投入了多少钱？", ["阅览室"]),
        (("乔栖梧在哪里工作？", "乔栖梧是青汀市图书馆的记者。[1]"), "这家图书馆有几层？", ["青汀市图书馆"]),
    ],
)
def test_a_follow_up_gets_what_it_leaves_out(
    history: tuple[str, ...], question: str, holds: list[str]
) -> None:
    asked = complete_question(question, turns(*history))
    assert asked != question
    assert all(word in asked for word in holds)


@pytest.mark.parametrize(
    "question", ["瓯江峰会的主题是什么？", "温砚棠在会上说了什么", "Who is the chairman of Chint Group?"]
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert complete_question(question, turns("馆长是谁？", "馆长是乔栖梧。[1]")) == question


@pytest.mark.parametrize(
    ("question", "asked"),
    [("那第二场呢？", "第二场讲座是谁主讲的？"), ("那第三場呢", "第三场讲座是谁主讲的？")],
)
def test_the_same_is_asked_of_another(question: str, asked: str) -> None:
    history = turns("第一场讲座是谁主讲的？", "由乔栖梧主讲。[1]")
    assert complete_question(question, history) == asked


def test_a_follow_up_in_traditional_script_is_completed() -> None:
    history = turns("第二场讲座谁主讲？", "第二场讲座由乔栖梧主讲。[1]")
    assert "第三场讲座" in complete_question("那下一場呢？", history)


def test_a_first_question_is_left_alone() -> None:
    assert complete_question("他是谁？", []) == "他是谁？"


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = turns("听澜阅览室有多少座位？", "设座位216个。[1]", "面积多大？", "面积1280平方米。[1]")
    assert "阅览室" in complete_question("投入了多少资金？", history)
