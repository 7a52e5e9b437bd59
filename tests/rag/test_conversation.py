import pytest

from rag.conversation import complete_question, find_subject, read_follow_up
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


@pytest.mark.parametrize(
    ("topic", "subject"),
    [
        ("青汀市图书馆的听澜阅览室是哪天对外开放的", "青汀市图书馆的听澜阅览室"),
        ("第十四届东北亚博览会开在哪个城市？", "第十四届东北亚博览会"),
        ("成都大运会总共有多少个体育场馆", "成都大运会"),
        ("Which Danish port did Torbjorn Pedersen arrive in?", "Danish Torbjorn Pedersen"),
    ],
)
def test_what_a_question_is_about_is_taken_in_its_own_words(topic: str, subject: str) -> None:
    assert find_subject(topic, "") == subject


@pytest.mark.parametrize("question", ["花了多少钱？", "主题是啥", "谁打的", "那承办方呢？", "它有几层"])
def test_what_tells_too_little_goes_on(question: str) -> None:
    follow_up = read_follow_up(question, turns("听澜阅览室是哪天开放的？", "9月20日上午开放。[1]"))
    assert follow_up.goes_on
    assert any("听澜阅览室" in reading for reading in follow_up.readings)


def test_a_rare_word_without_a_name_may_stand_alone_or_not() -> None:
    follow_up = read_follow_up("当时用的什么凶器？", turns("曾某成是在哪里落网的？", "在株洲。[1]"))
    assert follow_up.readings[0] == "当时用的什么凶器？"
    assert len(follow_up.readings) == 2


def test_a_clause_that_points_at_its_own_noun_is_no_pronoun() -> None:
    question = "北京园林绿化局公开的那批森林防火处罚案例，一共几起"
    assert not read_follow_up(question, turns("馆长是谁？", "馆长是乔栖梧。[1]")).goes_on


def test_a_first_question_is_left_alone() -> None:
    assert complete_question("他是谁？", []) == "他是谁？"


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = turns("听澜阅览室有多少座位？", "设座位216个。[1]", "面积多大？", "面积1280平方米。[1]")
    assert "阅览室" in complete_question("投入了多少资金？", history)
