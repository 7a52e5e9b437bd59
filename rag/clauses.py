"""A sentence -> its clauses, each with a subject, a predicate and the day that it opens with.

Cut at commas and stops outside quotes and brackets; a clause without a subject may take over the one before. Knows
no article but the name of its event, and no question. Sentences are in simplified script.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.phrases import PAIRS, TIME_BETWEEN, Token, names_thing, split_subject, tag
from rag.vocabulary import EVENTS

HAN = r"[\u4e00-\u9fff]"
QUOTE = r"[“《「][^”》」]+[”》」]"
YEAR = r"(?:19|20)\d\d年"
DAY = rf"(?:{YEAR})?\d{{1,2}}月\d{{1,2}}日"

_BRACKETS = frozenset("（(【")
_STOPS = frozenset("，,；;。！？!?：:")
_AGENCY = re.compile(
    r"^[^，。；！？“《]{0,24}?(?:日电|报道(?=\d)|日讯|报讯|网讯|报消息|网消息|快讯|新闻讯)(?:[（(][^）)]*[）)])?[ \u3000：:]*|^【[^】]*】"
)
_PHOTOGRAPH = re.compile(rf"^[^，。；：]{{0,40}}?(?:供图|资料图|{HAN}摄(?![影像制入氏取]))片?")
_SPACE = re.compile(r"(?<=[\u4e00-\u9fff”）])[ \u3000]+(?=[\u4e00-\u9fff“《])")
_SPEECH_BEFORE = re.compile(r"^“[^”]*[。！？，；][^”]*”")
_HOURS = r"(?:上午|下午|晚间?上?|凌晨|中午|清晨|傍晚|\d{1,2}[时点](?:\d{1,2}分|许|左右)?)*"
_TIME = re.compile(
    rf"^(?:(?P<day>{DAY})(?:[至—-]\d{{1,2}}日)?|当地时间|北京时间|(?:{YEAR})?\d{{1,2}}月(?![-—至到])|\d{{1,2}}日|{YEAR}(?=[，,]))"
    rf"{_HOURS}[，,]?\s*"
)
_PERIOD = re.compile(
    rf"^(?:截至)?(?:今年|{YEAR})?(?:[上下]半年|[一二三四]季度|前[一二三]季度|全年|\d{{1,2}}[-—至到]\d{{1,2}}月份?|\d{{1,2}}月[末底份])$"
    rf"|^(?:截至)?{YEAR}底?$"
)
_CAUSE = re.compile(
    rf"^(?:为了?(?![期止例主首由此]){HAN}{{4}}|受[\u4e00-\u9fff“”《》]{{2,20}}影响$|由于[^，]{{5,}})"
)
_CARRIED = re.compile(
    r"(?:共|已|还|并|将|累计)*(?:占地|拥有|设有|设立|设置|建有|吸引|邀请|覆盖|惠及|服务|提供|获得|荣获|由|于|包括|分为|涵盖|总投资"
    r"|全长|为期|持续|位于|毕业于|来自|成立于|入选|更名)"
)
"""Beginnings of clauses that go on telling of the subject before."""
_DAY_IS_OVER = re.compile(r"[上中时后]$|获悉|了解到")
"""Ends of clauses after which the day may be another."""
_POINTED = re.compile(
    rf"(?:本次|本届|此次|这次|该)?(?P<kind>{'|'.join(EVENTS)})(?=[的共将以由于在为有分吸设]|主题)"
)
"""An event that the reader is taken to know: 本届博览会."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a sentence.

    Attributes:
        tokens: of all of it, but the time it opens with.
        subject: its first noun phrase, or that of a clause before.
        predicate: what follows.
        own: the subject stands in it, not in a clause before.
        day: 7月10日 where it or a clause before opens with it.
        period: 上半年 where a clause before is no more than that.
        caused: the clause before where it says why, else "".
        whole: the sentence says little more.
    """

    tokens: tuple[Token, ...]
    subject: str
    predicate: str
    own: bool
    day: str
    period: str
    caused: str
    whole: bool


def read_clauses(sentence: str, event: str = "") -> Iterator[Clause]:
    """The clauses of a sentence that say something of a subject.

    Args:
        event: what 本次大会 stands for, if it ends so.
    """
    subject = day = period = ""
    caused = ""
    sentence = _SPACE.sub("。", _PHOTOGRAPH.sub("", _AGENCY.sub("", sentence)))
    for text in _split_clauses(sentence):
        if _PERIOD.match(text):
            period, subject = text.removeprefix("今年"), ""
            continue
        bare, said_day = _cut_time(_TIME, _SPEECH_BEFORE.sub("", text))
        day = said_day or day
        bare = _name_event(bare, event)
        tokens = tag(bare)
        own, predicate = split_subject(tokens)
        if own:
            subject = own if predicate else ""
            predicate, said_day = _cut_time(TIME_BETWEEN, predicate)
            day = said_day or day
        elif not _CARRIED.match(bare):
            subject = ""
        if subject and predicate:
            whole = len(sentence) - len(text) < 8
            yield Clause(tokens, subject, predicate, bool(own), day, period, caused, whole)
        caused = text if _CAUSE.match(text) else ""
        if _DAY_IS_OVER.search(text):
            day = ""


def find_event(sentences: Sequence[str]) -> str:
    """The first event that the first sentences of an article tell of by its name, "" where there is none."""
    for sentence in sentences[:8]:
        for clause in read_clauses(sentence):
            name = clause.subject
            if len(name) >= 6 and name.endswith(EVENTS) and names_thing(name):
                return name
    return ""


def _name_event(clause: str, event: str) -> str:
    """A clause with the event's name where it only points at the event."""
    pointed = _POINTED.match(clause) if event else None
    if pointed and event.endswith((pointed["kind"], "活动")):
        return event + clause[pointed.end() :]
    return clause


def _cut_time(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """A text without the time that it opens with, and the day if it is one."""
    found = pattern.match(text)
    return (text[found.end() :], found["day"] or "") if found else (text, "")


def _split_clauses(sentence: str) -> list[str]:
    """Cut outside quotes and brackets; what is in brackets is left out. None where they do not pair."""
    clauses = [""]
    opened: list[str] = []
    for character in sentence:
        if opened and character == PAIRS[opened[-1]]:
            if opened.pop() in _BRACKETS:
                continue
        elif character in PAIRS:
            opened.append(character)
        elif character in PAIRS.values():
            return []
        if not opened and character in _STOPS:
            clauses.append("")
        elif _BRACKETS.isdisjoint(opened):
            clauses[-1] += character
    return [] if opened else [clause.strip() for clause in clauses if clause.strip()]
