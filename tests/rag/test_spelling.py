"""Wrong characters in names: what is corrected, and what stays as it was typed."""

import pytest

from rag import Assistant, Turn
from rag.alike import NEAR, SAME_SOUND, find_alike
from rag.lexical import LexicalIndex
from rag.spelling import Correction, apply_corrections, find_corrections, quote_typed
from rag.words import search_words

TEXTS = [
    "听潮大桥昨日通车，闻景晖到场剪彩。",
    "闻景晖表示，听潮大桥由澜汐能源供电。",
    "温州的游客最多，队长严拓说当天有六万人过江，沈墨棠也在其中。",
    "贺佟书禾当选，佟书禾说不负众望。",
    "大桥投资三十亿元，王小兰与王小岚是姐妹。",
]
WORDS = LexicalIndex.build([search_words(text) for text in TEXTS])


@pytest.mark.parametrize(
    ("question", "typed", "meant"),
    [
        ("闻景辉说了什么？", "闻景辉", "闻景晖"),
        ("听朝大桥哪天通车", "听朝大桥", "听潮大桥"),
        ("聽朝大橋哪天通車", "聽朝大橋", "听潮大桥"),
        ("蓝汐能源在哪里", "蓝汐能源", "澜汐能源"),
        ("温洲来了多少游客", "温洲", "温州"),
        ("游客的事队长严托怎么说", "严托", "严拓"),
        ("佟书和说了什么", "佟书和", "佟书禾"),
        ("沈默棠在哪里", "沈默棠", "沈墨棠"),
    ],
)
def test_a_name_with_one_wrong_character_is_corrected(question: str, typed: str, meant: str) -> None:
    assert find_corrections(WORDS, question) == (Correction(typed, meant),)


@pytest.mark.parametrize(
    "question",
    [
        "闻景晖说了什么？",
        "“闻景辉”说了什么？",
        "「听朝大桥」哪天通车",
        "《温洲》是谁写的",
        "大桥头在哪里",
        "王小蓝是谁",
        "裴砚清是谁",
        "严托是谁",
        "Wen Jinghui 2022 说了什么",
        "",
        "，。？",
    ],
)
def test_what_is_right_quoted_or_open_to_doubt_stays(question: str) -> None:
    assert find_corrections(WORDS, question) == ()


def test_at_most_two_are_corrected_in_order() -> None:
    found = find_corrections(WORDS, "闻景辉和佟书和在听朝大桥说了什么")
    assert [each.meant for each in found] == ["闻景晖", "佟书禾"]


def test_a_correction_is_put_in_and_taken_back() -> None:
    corrections = (Correction("温洲", "温州"),)
    assert apply_corrections("温洲在哪里", corrections) == "温州在哪里"
    assert quote_typed("温洲在哪里", corrections) == "“温洲”在哪里"
    assert find_corrections(WORDS, quote_typed("温洲在哪里", corrections)) == ()


def test_characters_are_alike_by_sound_and_by_look() -> None:
    assert find_alike("潮")["朝"] == SAME_SOUND
    assert find_alike("森")["生"] == NEAR
    assert find_alike("兰")["南"] == NEAR
    assert find_alike("未")["末"] == NEAR
    assert "桥" not in find_alike("听")
    assert "听" not in find_alike("听")


def test_a_corrected_question_is_answered_and_the_reader_is_told(assistant: Assistant) -> None:
    answer = assistant.ask("南存晖在峰会上提到了哪些挑战？")
    assert answer.question == "南存晖在峰会上提到了哪些挑战？"
    assert answer.asked == "南存辉在峰会上提到了哪些挑战？"
    assert answer.notes == ("按“南存辉”搜索（原为“南存晖”）；要按原字搜索，请给它加上引号。",)
    assert answer.typed == "“南存晖”在峰会上提到了哪些挑战？"
    literal = assistant.ask(answer.typed)
    assert literal.asked == answer.typed
    assert (literal.notes, literal.typed) == ((), "")


def test_a_wrong_character_from_the_conversation_is_corrected_too(assistant: Assistant) -> None:
    history = [Turn("user", "南存晖是谁？"), Turn("assistant", "文章中没有找到答案。")]
    answer = assistant.ask("他是哪家公司的？", history)
    assert "南存辉" in answer.asked
    assert any("南存晖" in note for note in answer.notes)


def test_a_question_without_a_wrong_character_keeps_its_words(assistant: Assistant) -> None:
    answer = assistant.ask("第二场圆桌对话是谁主持的？")
    assert answer.asked == answer.question
    assert (answer.notes, answer.typed) == ((), "")
