import pytest

from rag.question import find_names, rarity, read_question, romanised_names


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("峰会是谁主持的？", "person"),
        ("活动是哪天办的", "date"),
        ("一共有多少个座位", "number"),
        ("大会在哪个城市召开？", "place"),
        ("他来自哪家公司", "organisation"),
        ("演讲的题目是什么", "title"),
        ("为什么要改造？", "reason"),
        ("总金额是多少亿", "money"),
        ("几点开门", "clock"),
        ("改造用了多长时间", "duration"),
        ("来了多少观众", "people"),
        ("馆长的邮箱是什么", "contact"),
        ("他怎么看这件事", "opinion"),
        ("When was it held?", "date"),
        ("How many books are there?", "number"),
        ("Who is the mayor?", "person"),
    ],
)
def test_the_kind_of_thing_asked_is_recognised(question: str, kind: str) -> None:
    assert kind in read_question(question).kinds


@pytest.mark.parametrize(
    ("question", "focus"),
    [
        ("大会的主题是什么", "主题"),
        ("发布了哪些产品？", "产品"),
        ("拿到了什么称号", "称号"),
        ("主办单位", "主办单位"),
    ],
)
def test_the_focus_stands_beside_the_question_word(question: str, focus: str) -> None:
    assert read_question(question).focus == focus


@pytest.mark.parametrize(
    "question", ["有哪些嘉宾？", "题目分别是什么", "哪四个方面", "which companies took part?"]
)
def test_a_list_is_recognised(question: str) -> None:
    assert read_question(question).wants_list


def test_a_single_fact_wants_no_list() -> None:
    assert not read_question("峰会是哪天开的？").wants_list


def test_question_words_are_no_terms() -> None:
    assert [term.text for term in read_question("图书馆是什么时候开放的？").terms] == ["图书馆", "开放"]


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    assert 0.05 <= rarity("的") < rarity("发展") < rarity("瓯江") == 1


def test_names_of_three_characters_are_kept_whole() -> None:
    assert find_names("李俊峰和温砚棠出席") == ("李俊峰", "温砚棠")


def test_a_traditional_question_reads_like_a_simplified_one() -> None:
    assert read_question("圖書館館長是誰？").terms == read_question("图书馆馆长是谁？").terms


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who is Gong Yeming?", ("gongyeming",)),
        ("Is it in Wenzhou or in London?", ("wenzhou",)),
        ("What is it?", ()),
    ],
)
def test_pinyin_names_are_read_from_a_foreign_question(question: str, names: tuple[str, ...]) -> None:
    assert romanised_names(question) == names
    assert read_question(question).foreign
