"""The words of a clause -> its first noun phrase, and whether that phrase names something.

By jieba's tags, word lists and plain signs of where a predicate begins. Knows no sentence, article or question.
Texts are in simplified script.
"""

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.question import tag_words
from rag.vocabulary import ADVERBS, BODIES, EVENTS, IDLE_VERBS, NOUN_VERBS, PREDICATES, SURNAMES
from rag.words import fold

PAIRS = dict(zip("“《（(【「『〈‘", "”》）)】」』〉’", strict=True))
"""What opens and what closes it."""
TIME_BETWEEN = re.compile(
    r"^(?:(?P<day>\d{1,2}月\d{1,2}日)|\d{1,2}日|近日|日前|当日|当天|昨[天日]|今[天日]|随后|此前|最近|周[一二三四五六日]|则|也|曾)+"
    r"(?:上午|下午|晚间?|凌晨)?(?=[\u4e00-\u9fff])(?!起|至)"
)
"""A time between a subject and what is said of it."""
OPEN = re.compile(
    r"[他她它你您咱]|我(?!国)|[该此这那]|(?<!土耳)其|自己|某|[上下]述|前者|后者|双方|各方|时任|当事人|相关|有关|业内|现场|事发"
    r"|本(?:[次届场报市省县区期月周赛案文院校站轮]|公司|年度)|一(?:机构|工作|[名位家个男女些])"
    r"|当[天日地晚时年前]|今[天日年晚后早晨夏]|昨|明[天日年]|[日近]前|近[日期年]|(?<![月\d])\d{1,2}日|去年|[上下]个?月|[上下]周|目前"
    r"|同期|同时|随后|记者|笔者|小编|网友|媒体|图[片为]|视频|先生|女士|老师|同学|师傅|大爷|阿姨|老人|男子|女子"
)
"""What only a reader of the article understands, or nobody who reads it later."""

_SPLITTING = ADVERBS | PREDICATES
"""Words that end a subject, whatever they are taken for."""
_NOMINAL = frozenset({"vn", "b", "j", "eng", "s", "an", "zg", "g", "k", "h", "q", "quote", "l"})
_JOINING = frozenset("与和及、·-—")
_ANCHOR = re.compile(
    r"(?:[将已]|正式)?(?:[于在自](?=(?:19|20)?\d)|在(?=[\u4e00-\u9fff“]{2,20}(?:举行|举办|召开|开幕|启动|开赛)))"
    r"|由(?=[^，]+(?:主办|承办|执导|主演|研发|建造))"
    r"|位于|来自|表示|指出|介绍|强调|认为|告诉记者|宣布|总?[约达为]?\d[\d.,]*\D{1,4}$|达到?|超过|突破|增长|下降"
    r"|(?:正式|成功)?(?:启动|开幕|落幕|开赛|举行|召开|投运|投产|开工|通车|开业)$"
)
"""Plain signs that a predicate begins, even where a name before them holds a verb."""
_NO_SUBJECT = re.compile(
    r"距离?|最[大高多低小]|全[省市县区国]|各|部分|[以由从对在经让使与和及请如若即且根涨一的、·”》]"
    r"|[市省县区](?![\u4e00-\u9fff]?[市省县区场块])|.*[。！？；，]|.*(?P<said>.{3,})(?P=said)|.*[上中里内下时后前已将也仍均共]$"
)
_NUMBERED = re.compile(r"第.{1,3}届|20\d\d")
"""Events that are told from others of the kind."""
_NO_PLACE = re.compile(r"[度量率额值比店长高麦约]$|^(?:音乐会|城市|农村|市区)$")
"""Words that are taken for places."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word and what jieba takes it for: n a noun, v a verb, nr a person, ns a place; quote for what is in quotes."""

    word: str
    flag: str


@functools.lru_cache(maxsize=4096)
def tag(text: str) -> tuple[Token, ...]:
    """The words of a text with its own letters; what stands in quotes is one noun. None where folding moves letters."""
    folded = fold(text)
    if len(folded) != len(text):
        return ()
    tokens: list[Token] = []
    position = depth = 0
    for word, flag in tag_words(folded):
        original = text[position : position + len(word)]
        position += len(word)
        opening = sum(character in PAIRS for character in original)
        if depth:
            tokens[-1] = Token(tokens[-1].word + original, "quote")
        else:
            tokens.append(Token(original, "quote" if opening else flag))
        depth = max(0, depth + opening - sum(character in PAIRS.values() for character in original))
    return tuple(tokens)


def join(tokens: Sequence[Token]) -> str:
    """The text of some words."""
    return "".join(token.word for token in tokens)


def split_subject(tokens: Sequence[Token]) -> tuple[str, str]:
    """The noun phrase that opens a clause, "" where there is none, and the rest."""
    subject, rest = split_noun_phrase(tokens)
    if names_thing(subject):
        return subject, rest
    anchored = _split_at_anchor(tokens)
    return anchored if names_thing(anchored[0]) else (subject, rest)


def split_noun_phrase(tokens: Sequence[Token]) -> tuple[str, str]:
    """As ``split_subject``, by the tags alone."""
    count = 0
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if not is_nominal(token, following) or (not count and token.flag[0] in "cpuv"):
            break
        count += 1
    while count and tokens[count - 1].flag in {"m", "q", "uj", "c", "p", "x"}:
        count -= 1
    if count < len(tokens) and not _begins_predicate(tokens[count:]):
        return "", join(tokens)
    return join(tokens[:count]), join(tokens[count:])


def is_noun_phrase(tokens: Sequence[Token]) -> bool:
    """Whether every word may stand in a noun phrase before the next."""
    return all(itertools.starmap(is_nominal, itertools.zip_longest(tokens, tokens[1:])))


def is_nominal(token: Token, following: Token | None) -> bool:
    """Whether a word may go on a noun phrase."""
    word, flag = token.word, token.flag
    if flag.startswith("nr"):
        return len(word) <= 4 and not _begins_with_verb(word)
    if flag in _NOMINAL or flag.startswith("n"):
        return word not in _SPLITTING
    if following is None:
        return False
    if flag == "m" or (flag == "r" and word[0] in "各全") or (flag == "v" and following.word in BODIES):
        return True
    if flag in {"v", "a", "uj", "c"} or word in _JOINING:
        return following.flag[0] in "nbjeqv" and (flag != "v" or word in NOUN_VERBS)
    return False


def _begins_predicate(tokens: Sequence[Token]) -> bool:
    first, text = tokens[0], join(tokens)
    if first.word in BODIES:
        return False  # 口岸|办 is cut in the middle of a name
    if first.word in _SPLITTING or first.flag[0] in "vdp":
        return True
    return re.match(r"\d|[的了]|主题", text) is not None or TIME_BETWEEN.match(text) is not None


def _split_at_anchor(tokens: Sequence[Token]) -> tuple[str, str]:
    """As ``split_noun_phrase`` for names that hold verbs: 绍兴换流站配套调相机工程 | 于2021年7月开工."""
    text = join(tokens)
    found = _ANCHOR.search(text, 3)
    if not found or not tokens or tokens[0].flag[0] in "vcpudrfx" or tokens[0].word in _SPLITTING:
        return "", text
    cut, position = found.start(), 0
    for token in tokens:
        if position >= cut:
            break
        if token.word in IDLE_VERBS or (token.flag[0] in "ducpr" and token.word not in set("的与和及")):
            return "", text
        position += len(token.word)
    between_words = position == cut or (
        position == cut + 1 and text[cut] in "在于由自"
    )  # 节在 is taken for one
    return (text[:cut], text[cut:]) if between_words else ("", text)


@functools.lru_cache(maxsize=4096)
def names_thing(phrase: str) -> bool:
    """Whether a noun phrase tells a stranger what it is: it holds a name and points at nothing said before."""
    if not 2 <= len(phrase) <= 32 or _NO_SUBJECT.match(phrase) or OPEN.search(phrase):
        return False
    tokens, is_event = tag(phrase), phrase.endswith(EVENTS)
    if not tokens or (phrase[:2] not in NOUN_VERBS and _begins_with_verb(phrase)):
        return False
    if is_event and _NUMBERED.search(phrase):
        return True
    if not is_event and tokens[-1].flag in {"f", "t", "m"}:
        return False
    return any(map(is_name, tokens)) or is_person(tokens[-1])


def _begins_with_verb(phrase: str) -> bool:
    return tag_words(fold(phrase[:2]))[0][1] == "v"


def is_name(token: Token) -> bool:
    """Whether a word names a place, a body or a thing; a person's name tells so only at the end of a phrase."""
    if token.flag == "quote":
        return len(token.word) >= 4
    if token.flag in {"ns", "nt", "eng"}:
        return len(token.word) >= 2 and not _NO_PLACE.search(token.word)
    return token.word in {"我国", "全国", "全球"} or (token.flag == "nrt" and len(token.word) > 2)


def is_person(token: Token) -> bool:
    """Whether a word is a Chinese person's name."""
    return token.flag.startswith("nr") and 2 <= len(token.word) <= 4 and token.word[0] in SURNAMES


def last_person(phrase: str) -> str:
    """The name that a phrase ends in, "" where it ends in none."""
    tokens = tag(phrase)
    if len(tokens) > 1 and len(tokens[-1].word) == 1 and len(tokens[-2].word) == 2 and is_person(tokens[-2]):
        return join(tokens[-2:]) if tokens[-1].flag.startswith("n") else ""  # 李俊峰 is cut after 李俊
    return tokens[-1].word if tokens and is_person(tokens[-1]) else ""
