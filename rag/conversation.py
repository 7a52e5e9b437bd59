"""Earlier turns and a question -> what the question may mean by itself. By rules, from the words already said.

    青汀市图书馆是哪天开放的？  花了多少钱？     青汀市图书馆花了多少钱？    what it was about is put before it
    馆长是谁？ 馆长是温砚棠。   他怎么介绍？     温砚棠怎么介绍？           a pronoun is what it stands for
    第一场是谁主持的？         那第二场呢？     第二场是谁主持的？         the same is asked of another

Rules cannot always tell, so there may be several readings; which of them the articles answer best is tried by whoever
has the articles (``rag.assistant``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.phrases import Token, join, tag
from rag.question import ASKING, find_names, names_something, read_question
from rag.records import Turn
from rag.words import fold, to_simplified

MOST_TURNS = 20
"""Older turns are not read."""
MOST_READINGS = 2
"""Each is searched and read."""
RECENT = 600
"""Characters said last, in which a pronoun's name is looked for."""

_MARK = re.compile(r"\s*\[\d+\]")
_PERSON = re.compile(r"(?<![其吉])[他她](?!们|人|国|乡)")
_THING = re.compile(r"它(?!们)|(?<![极尤与])其(?![中他余实次它间])")
_POINTED = re.compile(
    r"(?:这|那|该|此)(?:家|个|位|场|项|座|所|次|届|篇|条)?([\u4e00-\u9fff]{1,4}?)(?=的|是|有|在|由|呢|了|会|还|，|,|$)"
)
_NEXT = re.compile(r"那?(下|上)一(场|届|个|位|次|期)")
_THIS = re.compile(r"(?:这|那|该)一?(场|届|期|次)(?![\u4e00-\u9fff]{0,3}(?:第|最))")
_ORDINAL = re.compile(
    r"第([一二三四五六七八九十])(场|届|期|次)([\u4e00-\u9fff]{0,4}(?:对话|论坛|会议|大会|峰会|讲座))?"
)
_COUNTED = re.compile(r"第[一二三四五六七八九十](?:场|届|期|次)")
_WHAT_ABOUT = re.compile(r"^(?:那么?|还有)?[,，]?([^,，?？]{2,16})呢[,，?？]?(.*)$")
_WHAT_ABOUT_ENGLISH = re.compile(r"^(?:and|what about|how about)\s+(?=[^?]{2,40}\?*$)", re.I)
_ASKED = re.compile(
    r"是?(?:在|由|从|被|接进)?(?:什么|啥|哪一?[\u4e00-\u9fff]?|谁|多少|几[\u4e00-\u9fff]|第几|怎么|怎样|如何|为什么|为何|多[大久长高远快重])"
    r"|是(?=[^，]{0,8}(?:什么|哪|谁|几|多少|怎么|为了?什么))"
)
"""Where what is asked begins."""
_LOOSE_AT_END, _LOOSE_AT_BEGIN = frozenset("vdupcrymx"), frozenset("upcyx")
"""Tags of the words that a subject does not end or begin with."""
_IN_ALL = frozenset(("总共", "一共", "最后", "最先", "重新", "到底", "究竟", "其中", "目前", "以后"))
_DIGITS = "一二三四五六七八九十"
_OPENING = re.compile(r"^(?:那么?|还有|另外|然后|而且|再问)[，, ]?|呢[？?]?$")
_POINTING = re.compile(
    r"[他她它]|他们|她们|它们|(?<!的)[这那]|该|(?<![极尤与])其(?!实)|前者|后者|上述|刚才"
    r"|\b(?:he|she|it|they|his|her|its|their|him|them|this|that|those|these|there)\b",
    re.I,
)
_PROPER = re.compile(
    r"(?:[A-Z0-9][\w'’&.-]*|[\u4e00-\u9fff·]+)(?:[ ()]+(?:[A-Z0-9][\w'’&.-]*|[\u4e00-\u9fff·]+))*"
)
"""Names in a text of Latin letters."""
_ENGLISH_ASKING = re.compile(
    r"\b(?:what|who|whom|whose|when|where|which|why|how|any|and|is|are|was|were|did|do|does|can|in|on|at)\b(?:['’]s)?",
    re.I,
)
_PROPER_TAGS = frozenset(("nr", "nrt", "nrfg", "ns", "nt", "nz", "eng", "quote"))
_ORGANISATION = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9（）()]{2,24}?(?:公司|集团|大学|学院|研究院|研究所|交易所|联合会|协会|银行|医院|报社|基金会|委员会|中心|局|厅|馆)"
)

ENOUGH, HALF = 2.25, 1.25
"""The terms of a question that stands alone weigh at least so much together, of one that may stand alone half of it: of 300
public questions 28 and 3 weigh less, of 26 follow-ups without a pronoun 24 and 13."""
TELLING = 0.6
"""Terms at least this rare are carried over from the question before."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a question may mean after what was said.

    Attributes:
        readings: questions that stand alone, likeliest first, at most ``MOST_READINGS``; only the question itself where it
            stands alone, or nothing was said before that could complete it.
        goes_on: it needs what was said before.
    """

    readings: tuple[str, ...]
    goes_on: bool


def read_follow_up(question: str, history: Sequence[Turn]) -> FollowUp:
    """Read a question after earlier turns.

    Args:
        history: oldest first; the question itself is not among them.
    """
    said = topic = ""
    for turn in history[-MOST_TURNS:]:
        if turn.role == "user":
            topic = said = _read(turn.content, said, topic).readings[0]
        else:
            said = f"{said}\n{_MARK.sub('', turn.content)}"
    return _read(question, said, topic)


def complete_question(question: str, history: Sequence[Turn]) -> str:
    """The likeliest reading of a question; unchanged where it stands alone or nothing was said before."""
    return read_follow_up(question, history).readings[0]


def _read(question: str, said: str, topic: str) -> FollowUp:
    if not said:
        return FollowUp((question,), goes_on=False)
    same_of_another = bool(_WHAT_ABOUT_ENGLISH.match(question) or _WHAT_ABOUT.match(question))
    points = same_of_another or bool(_POINTING.search(_OPENING.sub("", question)))
    told = 0.0 if same_of_another else _how_much_it_tells(question)
    if told >= ENOUGH and not points:
        return FollowUp((question,), goes_on=False)
    readings = [question] if told >= (ENOUGH if points else HALF) else []
    readings += _readings(question, said, topic)
    return FollowUp(tuple(dict.fromkeys(readings))[:MOST_READINGS] or (question,), goes_on=True)


def _how_much_it_tells(question: str) -> float:
    """The weights of a question's terms together; a proper name alone is ``ENOUGH``."""
    reading = read_question(question)
    if reading.foreign:
        return ENOUGH if names_something(reading) else 0.0
    named = reading.names or reading.ordinals
    if named or any(
        token.flag in _PROPER_TAGS and len(token.word) > 1 for token in tag(to_simplified(question))
    ):
        return ENOUGH
    return sum(term.weight for term in reading.terms)


def _readings(question: str, said: str, topic: str) -> Iterator[str]:
    """Ways to ask a question that goes on, likeliest first."""
    simple = _replace_ordinals(to_simplified(question), said)
    yield from _ask_again(simple, topic)
    pointed = [each for each in _replace_pointers(simple, said, topic) if each != simple]
    yield from (each for each in pointed if names_something(read_question(each)))
    rest = _OPENING.sub("", pointed[0] if pointed else simple).strip("，, ")
    subject = find_subject(topic, rest)
    if subject:
        yield f"{subject} {rest}" if _is_latin(rest) or _is_latin(subject) else f"{subject}{rest}"
    yield from pointed[:1]


# ---- What a question was about


def find_subject(topic: str, question: str) -> str:
    """What an earlier question was about, in its own words; "" where the later one says it, or nothing is left.

    青汀市图书馆的听澜阅览室 of 青汀市图书馆的听澜阅览室是哪天开放的？
    """
    if _is_latin(topic):
        return _find_proper_names(topic, question)
    simple = _OPENING.sub("", to_simplified(topic)).rstrip("？?。 ")
    before, after = _ASKED.split(simple, maxsplit=1) if _ASKED.search(simple) else (simple, "")
    for stretch in (_trim(before), _trim(after)):
        telling = any(term.weight >= TELLING for term in read_question(stretch).terms)
        if telling and fold(stretch) not in fold(question):
            return stretch
    return _find_telling_words(topic, question)


def _trim(stretch: str) -> str:
    """A stretch of a question without the verbs, adverbs and particles at its ends: 大运会 of 大运会总共有."""
    stretch = stretch.strip("，, ")
    tokens = [*tag(stretch)]
    if not tokens:
        return stretch
    end = len(tokens)
    while end and (tokens[end - 1].flag[0] in _LOOSE_AT_END or tokens[end - 1].word in _IN_ALL):
        end -= 1
    # 缴费的指引 ends in a verb by its tag alone; 办的 does not end in a noun.
    if not any(token.word == "的" for token in tokens[end:-1]):
        tokens = tokens[:end]
    while tokens and tokens[0].flag[0] in _LOOSE_AT_BEGIN:
        tokens.pop(0)
    return join(tokens)


def _find_proper_names(topic: str, question: str) -> str:
    names = [
        name
        for found in _PROPER.finditer(topic)
        if (name := " ".join(_ENGLISH_ASKING.sub("", found[0].replace("(", " ").replace(")", " ")).split()))
        and name.lower() not in question.lower()
    ]
    return " ".join(dict.fromkeys(names))


def _find_telling_words(topic: str, question: str) -> str:
    """From the first telling word to the last, without what was asked."""
    reading, folded = read_question(topic), fold(question)
    kept = [
        term.text
        for term in reading.terms
        if term.weight >= TELLING and term.text not in folded and term.text in reading.folded
    ]
    if not kept:
        return ""
    start = min(reading.folded.index(word) for word in kept)
    end = max(reading.folded.index(word) + len(word) for word in kept)
    stretch = reading.folded[start:end]
    return " ".join(kept) if ASKING.search(stretch) or reading.foreign else stretch


# ---- The same of another


def _ask_again(question: str, topic: str) -> Iterator[str]:
    """那第二场呢？ after 第一场是谁主持的？ -> 第二场是谁主持的？; nothing where it is no such question."""
    found = _WHAT_ABOUT.match(question)
    if not found or _POINTING.search(found[1]):
        return
    other, rest = found[1], found[2].strip("？? ")
    if ASKING.search(rest):
        yield f"{other}{rest}"
        return
    simple = to_simplified(topic)
    for pattern in (_COUNTED.findall, lambda text: find_names(fold(text))):
        new, old = list(pattern(other)), list(pattern(simple))
        if len(new) == 1 and len(old) == 1:
            yield simple.replace(old[0], new[0])
            return
    owned = re.search(rf"[\u4e00-\u9fff]{{{len(other) - 1}}}的(?=几|多少|是|有|在|哪|谁|什么|$)", simple)
    if other.endswith("的") and owned:
        yield simple.replace(owned[0], other, 1)
        return
    replaced = _find_counterpart(tag(other), tag(simple))
    if replaced:
        yield simple.replace(replaced, other, 1)


def _find_counterpart(other: Sequence[Token], topic: Sequence[Token]) -> str:
    """What of an earlier question another thing takes the place of: 主办 of 承办, 上午场 of 下午场; "" where nothing does."""
    if not other:
        return ""
    name = join(other)
    alike = [
        token
        for token in topic
        if len(token.word) > 1 and set(token.word) & set(name) and token.word not in name
    ]
    same = [token for token in alike if token.flag[0] == other[-1].flag[0] and not ASKING.search(token.word)]
    return max(same, key=lambda token: len(set(token.word) & set(name)), default=Token("", "")).word


# ---- What pronouns stand for


def _replace_pointers(question: str, said: str, topic: str) -> Iterator[str]:
    """The question with the words that its pronouns stand for, as far as rules can tell, likeliest first."""
    plain = _POINTED.sub(lambda match: _last_mention(match[1], said) or match[0], question)
    if _PERSON.search(plain):
        for name in _persons(said, topic):
            yield _PERSON.sub(name, plain)
    elif _THING.search(plain):
        for thing in _things(said, topic, plain):
            yield plain.replace("它", thing) if "它" in plain else _THING.sub(f"{thing}的", plain)
    yield plain


def _persons(said: str, topic: str) -> Iterable[str]:
    """Who 他 may be: the last named; before that, of a question that asks for no person, whom it names."""
    last = find_names(fold(said)[-RECENT:])[-1:]
    asked = find_names(fold(to_simplified(topic)))[-1:]
    return dict.fromkeys([*last, *asked] if "person" in read_question(topic).kinds else [*asked, *last])


def _things(said: str, topic: str, question: str) -> Iterable[str]:
    """What 它 may be: an organisation that was asked for, else what the question before was about."""
    _, _, answer = said.rpartition("\n")
    named = [found[0] for found in _ORGANISATION.finditer(answer)][:1]
    subject = [found] if (found := find_subject(topic, question)) else []
    asked_for = "organisation" in read_question(topic).kinds
    return dict.fromkeys([*named, *subject] if asked_for else subject)


def _replace_ordinals(question: str, said: str) -> str:
    """第三场 for 下一场, 第二场 for 这一场, after 第二场."""
    ordinals = list(_ORDINAL.finditer(said))
    if not ordinals:
        return question
    last = ordinals[-1]
    return _THIS.sub(last[0], _NEXT.sub(lambda match: _step(last, match[1]), question))


def _step(ordinal: re.Match[str], direction: str) -> str:
    """第二场圆桌对话, 下 -> 第三场圆桌对话."""
    at = _DIGITS.index(ordinal[1]) + (1 if direction == "下" else -1)
    digit = _DIGITS[min(max(at, 0), len(_DIGITS) - 1)]
    return f"第{digit}{ordinal[2]}{ordinal[3] or ''}"


def _last_mention(noun: str, said: str) -> str | None:
    """The longest name that ends in a noun and was said last: 交易所 -> 上海环境能源交易所."""
    mentions = re.findall(rf"[\u4e00-\u9fff]{{1,14}}{re.escape(noun)}", said)
    if not mentions:
        return None
    # What stands before the name belongs to the sentence, not to it.
    return str(re.split(r"[是在由为和与及的了于]", mentions[-1])[-1]) or None


def _is_latin(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]", text)) > 2 * len(re.findall(r"[\u3400-\u9fff]", text))
