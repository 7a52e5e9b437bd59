"""A question -> what it asks for: its terms by rarity, its names and numbers, and the kind of thing wanted.

By rules and jieba's dictionary, without a model and without looking at any article. Everything is folded
(``words.fold``), so that it meets folded text.
"""

import functools
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import jieba.posseg

from rag.vocabulary import STOP_WORDS, SURNAMES
from rag.words import fold, tokenizer


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


KINDS: dict[str, re.Pattern[str]] = {
    "person": _any_of(r"谁|哪一?位|哪个人|什么人|姓名", r"\b(?:who|whom|whose)\b"),
    "date": _any_of(
        r"哪一?[天日年月]|几月|几号|几点|什么时候|啥时候|何时|日期|什么时间|什么日子",
        r"\bwhen\b|\b(?:what|which) (?:day|date|year|time|month)\b",
    ),
    "number": _any_of(
        r"多少|几[个场名位家项种天台次人座层本份类期届倍条句]|第几|多[大长久高远快重宽]|占比|百分之几",
        r"\bhow (?:many|much|long|old|large|big|far|high)\b",
        r"\bwhat (?:percent|number|share|age|amount)",
    ),
    "money": _any_of(
        r"多少个?[亿万]?(?:元|块|钱|美元|亿)|几块|总?金额|票价|奖金|预算|价格|收入",
        r"[资产费价薪酬奖投]+[是有为]?多少",
        r"\bhow much (?:money|did|does|was|is)\b|\b(?:price|cost|value in|salary|budget)\b",
    ),
    "clock": _any_of(r"几点|几时", r"\bwhat time\b"),
    "duration": _any_of(r"多久|多长时间|几[年天][?]?$", r"\bhow long\b"),
    "people": _any_of(
        r"多少[^,。?]{0,3}(?:人|嘉宾|观众|读者|学生)|人数|人次",
        r"\bhow many (?:people|guests|visitors|readers|students)\b",
    ),
    "place": _any_of(
        r"哪里|哪儿|何处|何地|什么地[方区点]",
        r"哪一?[个座]?(?:地方|地区|城市|国家|省|市|县|区域?|洲|州|岛|镇|村)",
        r"\bwhere\b|\b(?:which|what) (?:city|country|place|province|town|state)\b",
    ),
    "organisation": _any_of(
        r"哪一?[家所]|哪几?[个间]?(?:公司|单位|机构|部门|学校|大学|企业|集团|媒体|银行|学院|部?委|组织)",
        r"什么(?:公司|单位|机构|组织|学校)",
        r"\b(?:which|what) (?:company|organi[sz]ation|university|school|firm|ministry|outlet|institution)\b",
    ),
    "title": _any_of(
        r"题目|标题|主题|题为|叫什么|什么名|名称|名字|称号|书名|什么奖|话题",
        r"\b(?:title|titled|theme|topic|called|name of)\b",
    ),
    "contact": _any_of(r"电话|邮箱|邮件|网址|微信|地址|门牌|手机", r"\b(?:phone|e-?mail|address|website)\b"),
    "opinion": _any_of(r"怎么看|看法|观点|建议|评价|原话|怎么评|如何看|有何感|说了什么|说过什么|讲了什么"),
    "reason": _any_of(r"为什么|为何|为啥|何以|原因|缘故", r"\bwhy\b"),
}
"""What a question may ask for, and the folded words that say so; a question may ask for several."""

LIST = re.compile(
    r"哪些|哪几|分别|各是|各自|各有|有哪|都有谁|有谁|几点(?!开|钟|关|到)|哪[两二三四五六七八九十]|名单|列[出举]|几样"
    r"|\bwhat are\b|\bwhich \w+s\b|\blist\b|\bwho are\b|\bnames of\b|\bwhat \w+s were\b"
)

_HAN = re.compile(r"[\u3400-\u9fff]")
ASKING = re.compile(
    r"什么|啥|哪|谁|多少|几[个场名位家项种天台次人座层本份类点月]?$|怎么|怎样|如何|何|\bwhat\b|\bwhich\b|\bmany\b"
)
_INITIALS = [
    "b",
    "p",
    "m",
    "f",
    "d",
    "t",
    "n",
    "l",
    "g",
    "k",
    "h",
    "j",
    "q",
    "x",
    "zh",
    "ch",
    "sh",
    "r",
    "z",
    "c",
    "s",
    "y",
    "w",
]
_FINALS = [
    "a",
    "o",
    "e",
    "ai",
    "ei",
    "ao",
    "ou",
    "an",
    "en",
    "ang",
    "eng",
    "ong",
    "i",
    "ia",
    "ie",
    "iao",
    "iu",
    "ian",
    "in",
    "iang",
    "ing",
    "iong",
    "u",
    "ua",
    "uo",
    "uai",
    "ui",
    "uan",
    "un",
    "uang",
    "ue",
    "v",
    "ve",
]
_SYLLABLES = frozenset(
    [
        *(initial + final for initial in _INITIALS for final in _FINALS),
        "a",
        "ai",
        "an",
        "ang",
        "ao",
        "e",
        "en",
        "er",
        "ou",
    ]
)
_NUMBER = re.compile(r"\d[\d.,:]*%?|第[一二三四五六七八九十百\d]+")
_ORDINAL = re.compile(
    r"第[一二三四五六七八九十百\d]+(?:场|届|期|季度|轮|批|集|章)|(?<!\d)(?:19|20)\d\d(?!\d)"
)


NAMING = 0.9
"""Terms at least this rare name something."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question and its weight in (0, 1]: how rare it is in general Chinese."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks.

    Attributes:
        folded: the question, folded.
        terms: its words that carry meaning, each once, in order.
        names: terms that look like people's names.
        numbers: its numbers and ordinals.
        ordinals: those that single one out of many: 第三场, 2022.
        kinds: names of ``KINDS`` that it asks for.
        focus: the term beside the question word: 主题 in 主题是什么, 产品 in 哪些产品; without one the last term.
        wants_list: it asks for several things.
        foreign: it has no Chinese character.
    """

    folded: str
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    ordinals: tuple[str, ...]
    kinds: frozenset[str]
    focus: str | None
    wants_list: bool
    foreign: bool


def read_question(text: str) -> Question:
    """Read a question."""
    folded = fold(text)
    foreign = _HAN.search(folded) is None
    words = [word for word in _split_words(folded) if is_meaningful(word)]
    return Question(
        folded=folded,
        terms=tuple(Term(word, rarity(word)) for word in dict.fromkeys(words)),
        names=romanised_names(text) if foreign else tuple(dict.fromkeys(find_names(folded))),
        numbers=tuple(dict.fromkeys(_NUMBER.findall(folded))),
        ordinals=tuple(dict.fromkeys(_ORDINAL.findall(folded))),
        kinds=frozenset(kind for kind, pattern in KINDS.items() if pattern.search(folded)),
        focus=_find_focus(_split_words(folded)),
        wants_list=LIST.search(folded) is not None,
        foreign=foreign,
    )


@functools.lru_cache(maxsize=65536)
def rarity(word: str) -> float:
    """How rare a folded word is in general Chinese, in [0.05, 1], by the counts of jieba's dictionary."""
    cutter = tokenizer()
    count = cutter.FREQ.get(word, 0)
    return min(1.0, max(0.05, (math.log10(cutter.total / (count + 1)) - 2) / 4))


@functools.lru_cache(maxsize=4096)
def find_names(folded: str) -> tuple[str, ...]:
    """Words of a folded text that look like a Chinese person's name, in order, by jieba's tags."""
    pairs = [*tag_words(folded), ("", "")]
    names = []
    for (word, flag), (following, following_flag) in itertools.pairwise(pairs):
        # Jieba knows 李俊 and so cuts 李俊峰 after it.
        longer = len(word) == 2 and len(following) == 1 and following_flag.startswith("n")
        if flag.startswith("nr") and _is_name(word + following if longer else word):
            names.append(word + following if longer else word)
    return tuple(names)


@functools.lru_cache(maxsize=4096)
def tag_words(folded: str) -> tuple[tuple[str, str], ...]:
    """Cut a folded text into (word, part of speech), names and unknown words guessed.

    Time grows with the square of a run of unknown characters, so the text is cut at 600 characters.
    """
    return tuple((pair.word, pair.flag) for pair in _tagger().cut(folded[:600]))


@functools.cache
def _tagger() -> jieba.posseg.POSTokenizer:
    return jieba.posseg.POSTokenizer(tokenizer())


def _is_name(word: str) -> bool:
    return 2 <= len(word) <= 4 and word[0] in SURNAMES and tokenizer().FREQ.get(word, 0) < 100


def names_something(question: Question) -> bool:
    """Whether a question names what it is about; one that does not leaves its subject out."""
    return bool(question.names or question.ordinals) or any(term.weight >= NAMING for term in question.terms)


def romanised_names(text: str) -> tuple[str, ...]:
    """Capitalised words of a foreign question that could be pinyin of two syllables or more, joined and folded.

    ``Who is Gong Yeming?`` gives ``gongyeming``.
    """
    names = []
    for run in re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*", text):
        words = [word.lower() for word in run.split() if word.lower() not in STOP_WORDS]
        syllables = [_count_syllables(word) for word in words]
        if words and all(syllables) and sum(syllables) >= 2:
            names.append("".join(words))
    return tuple(dict.fromkeys(names))


@functools.lru_cache(maxsize=16384)
def to_pinyin(folded: str) -> str:
    """A folded text in pinyin without tones, a blank before each syllable; other characters stay."""
    import pypinyin  # a quarter of a second, for questions in other scripts only

    return "".join(f" {syllable}" for syllable in pypinyin.lazy_pinyin(folded))


def is_meaningful(word: str) -> bool:
    """Whether a folded word tells what is asked."""
    return word not in STOP_WORDS and re.search(r"\w", word) is not None


def _split_words(folded: str) -> list[str]:
    return [
        word.strip() for word, flag in tag_words(folded) if word.strip() and flag not in {"uj", "ul", "y"}
    ]


def _find_focus(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        if not ASKING.search(word):
            continue
        after = [each for each in words[at + 1 : at + 3] if is_meaningful(each)]
        before = [each for each in words[:at] if is_meaningful(each)]
        if after and is_meaningful(words[at + 1]):
            return after[0]
        if before:
            return before[-1]
    meaningful = [word for word in words if is_meaningful(word)]
    return meaningful[-1] if meaningful else None


def _count_syllables(word: str) -> int:
    """How many pinyin syllables a word can be cut into, fewest first; 0 where it cannot."""
    fewest = [0] + [99] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            if word[start:end] in _SYLLABLES:
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1] if fewest[-1] < 99 else 0
