"""A question -> its unanswerable twin; two questions -> a follow-up. By rules; knows no index.

A twin has one name, ordinal, year, day or place swapped, for one that its article does not state and that stands in
no article of the folder beside what else the question names. A follow-up leaves its subject out or points at it.
"""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.asking import Asked, is_person_name
from rag.phrases import tag
from rag.question import read_question
from rag.words import fold

# ---- Twins

_ORDINAL = re.compile(r"第([一二三四五六七八九十]{1,3}|\d{1,2})(?=[届期轮批])")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})日")
_DIGITS = "零一二三四五六七八九"
_PLACES = (
    """
    河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海
    """,
    """
    北京 上海 天津 重庆 广州 深圳 杭州 南京 武汉 成都 西安 长沙 郑州 合肥 福州 南昌 昆明 贵阳 兰州 太原 沈阳 哈尔滨
    石家庄 济南 青岛 宁波 厦门 大连 苏州 无锡 温州 佛山 东莞
    """,
)
_RANKS = tuple(tuple(places.split()) for places in _PLACES)
"""Provinces, and cities: one is swapped for another of its rank."""
_FAMILY = "陈林何郭罗高梁郑谢宋唐许韩冯邓曹彭曾肖田"
_GIVEN_NAMES = """
立言 望舒 承安 知远 明哲 景和 书恒 泽楷 思齐 文澜 砚秋 若谷 怀瑾 以宁 允中 敬之 清越 延年
"""
_GIVEN = tuple(_GIVEN_NAMES.split())
_BARE_PLACE = re.compile(r"(?:省|市)?(?:有|共有|累计|\d|[上下]半年|全省|全市)")
_BEFORE = {"ordinal": "第", "year": "", "day": "", "name": "", "place": ""}
_AFTER = {"ordinal": "", "year": "年", "day": "", "name": "", "place": ""}
TELLING = 0.5
"""Terms at least this rare tell what a question is about."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What all articles say, folded, in their order, and the people that questions ask about."""

    texts: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """An unanswerable question.

    Attributes:
        kind: what was swapped.
        follow_up: the words that ask it once the question that it is a twin of was answered, 那2015年呢？, or "".
    """

    kind: str
    question: str
    follow_up: str


def make_twin(asked: Asked, text: str, folder: Folder, generator: random.Random) -> Twin | None:
    """The twin of a question; None where nothing can be swapped safely.

    Args:
        text: of the article that is asked about, folded.
    """
    swaps = list(_swaps(asked, folder, generator))
    generator.shuffle(swaps)
    for kind, start, end, word in swaps:
        question = asked.question[:start] + word + asked.question[end:]
        if fold(word) not in text and not is_told(question, word, folder):
            unit = asked.question[end] if kind == "ordinal" else ""
            told = kind != "place" or (start == 0 and _BARE_PLACE.match(asked.question[end:]))
            follow_up = f"那{_BEFORE[kind]}{word}{unit or _AFTER[kind]}呢？" if told else ""
            return Twin(kind, question, follow_up)
    return None


def is_told(question: str, word: str, folder: Folder) -> bool:
    """Whether an article may answer a question that had a word swapped in: it holds the word and half of the rest.

    A question that tells nothing but the word is told by every article that holds it.
    """
    word = fold(word)
    rest = [
        term
        for term in read_question(question).terms
        if term.weight >= TELLING and term.text not in word and word not in term.text
    ]
    least = sum(term.weight for term in rest) / 2
    return any(
        sum(term.weight for term in rest if term.text in text) >= least
        for text in folder.texts
        if word in text
    )


def _swaps(asked: Asked, folder: Folder, generator: random.Random) -> Iterator[tuple[str, int, int, str]]:
    """Kind, place in the question, and the word to put there."""
    question = asked.question
    for found in _ORDINAL.finditer(question):
        yield "ordinal", found.start(1), found.end(1), _other_ordinal(found[1], generator)
    for found in _YEAR.finditer(question):
        # Years near to one another may be told as 去年.
        yield "year", *found.span(), str(int(found[0]) - generator.randrange(3, 9))
    for found in _DAY.finditer(question):
        month = (int(found[1]) + generator.randrange(2, 10)) % 12 + 1
        yield "day", *found.span(), f"{month}月{(int(found[2]) + generator.randrange(3, 20)) % 28 + 1}日"
    if asked.rule in {"post", "speech title"} and is_person_name(asked.subject):
        yield "name", 0, len(asked.subject), _other_person(asked.subject, folder, generator)
    yield from _swap_places(question, generator)


def _other_ordinal(ordinal: str, generator: random.Random) -> str:
    """A later one, in the same digits; a later fair is the less likely to be told of."""
    if ordinal.isdecimal():
        return str(int(ordinal) + generator.randrange(2, 6))
    number = _to_number(ordinal) + generator.randrange(2, 6)
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")


def _to_number(ordinal: str) -> int:
    tens, ten, ones = ordinal.rpartition("十")
    return (10 * (_DIGITS.index(tens) if tens else 1) if ten else 0) + (_DIGITS.index(ones) if ones else 0)


def _other_person(name: str, folder: Folder, generator: random.Random) -> str:
    """Somebody of another article, or nobody."""
    others = [person for person in folder.people if person != name and len(person) == len(name)]
    nobody = generator.choice(_FAMILY) + generator.choice(_GIVEN)
    return generator.choice(others) if others and generator.random() < 0.5 else nobody


def _swap_places(question: str, generator: random.Random) -> Iterator[tuple[str, int, int, str]]:
    """One place for another of its rank, unless there is a second: 武汉市 lies in no other 省."""
    tokens = tag(question)
    starts = itertools.accumulate((len(token.word) for token in tokens), initial=0)
    places = [token for token in tokens if token.flag == "ns"]
    for at, (token, start) in enumerate(zip(tokens, starts, strict=False)):
        place = token.word.removesuffix("省").removesuffix("市")
        after = "".join(each.word for each in tokens[at + 1 : at + 3])
        joined = any(
            tokens[near].word in "—-·和与及、至到" for near in (at - 1, at + 1) if 0 <= near < len(tokens)
        )
        rank = next((each for each in _RANKS if place in each), ())
        if token.flag == "ns" and rank and len(places) == 1 and not joined and not _ROAD.match(after):
            other = generator.choice(
                [each for each in rank if each != place and len(each) == len(place)] or [place]
            )
            yield "place", start, start + len(place), other


_ROAD = re.compile(r"大道|[东南西北中]?路|街|大街|高速|机场|[—-]")
"""What makes a name of the place before it that no other place has."""

# ---- Follow-ups

_BARE = re.compile(r"^的?(?=主题|是哪|是什么时候|将在|在哪里|由谁|位于|从哪天)")
"""Remainders that ask without a subject: 在哪里举行."""
_SEVERAL = re.compile(r"[、和与及]")


def make_follow_ups(
    asked: Sequence[Asked], text: str, generator: random.Random
) -> Iterator[tuple[Asked, Asked, str]]:
    """The first question, the second, and the words that ask the second after the first was answered.

    Args:
        text: of the article.
    """
    for first, second in itertools.permutations(asked, 2):
        if _is_told(second, text[first.start : first.end]):
            continue
        words = _ask_same(first, second) or _ask_on(first, second, text, generator)
        if words:
            yield first, second, words


def _is_told(asked: Asked, sentence: str) -> bool:
    return all(any(answer in sentence for answer in group) for group in asked.answers)


def _ask_same(first: Asked, second: Asked) -> str:
    """那李文波呢？ after the same was asked of somebody else; "" where it was not."""
    pairs = [(each.subject, each.question.removeprefix(each.subject)) for each in (first, second)]
    (left, asked), (right, again) = pairs
    if left and right and left != right and asked == again and not _SEVERAL.search(right):
        return f"那{right}呢？"
    return ""


def _ask_on(first: Asked, second: Asked, text: str, generator: random.Random) -> str:
    """What else is asked of what was asked about, or of the person who was the answer."""
    subject = second.subject
    about_answer = (subject,) in first.answers and is_person_name(subject)
    if not subject or _SEVERAL.search(subject) or not (first.subject == subject or about_answer):
        return ""
    rest = second.question.removeprefix(subject)
    if is_person_name(subject):
        return ("她" if "她" in text and "他" not in text else "他") + rest
    bare = _BARE.match(rest)
    if bare and generator.random() < 0.5:
        return f"那{rest[bare.end() :]}"
    return f"它{rest}"
