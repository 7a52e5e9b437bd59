"""Earlier turns and a follow-up -> a question that stands alone. By rules, from the words already said.

A pronoun is replaced by what it stands for (他 by the last person named, 这家交易所 by the exchange's name, 下一场
by the next ordinal). A question that names nothing gets the names of the question before it.
"""

import re
from collections.abc import Sequence

from rag.question import ASKING, find_names, names_something, read_question
from rag.records import Turn
from rag.words import fold, to_simplified

MOST_TURNS = 20
"""Older turns are not read."""

_MARK = re.compile(r"\s*\[\d+\]")
_PERSON = re.compile(r"(?<![其吉])[他她](?!们|人|国|乡)")
_POINTED = re.compile(
    r"(?:这|那|该|此)(?:家|个|位|场|项|座|所|次|届|篇|条)?([\u4e00-\u9fff]{1,4}?)(?=的|是|有|在|由|呢|了|会|还|，|,|$)"
)
_NEXT = re.compile(r"那?(下|上)一(场|届|个|位|次|期)")
_THIS = re.compile(r"(?:这|那|该)一?(场|届|期|次)(?![\u4e00-\u9fff]{0,3}(?:第|最))")
_ORDINAL = re.compile(
    r"第([一二三四五六七八九十])(场|届|期|次)([\u4e00-\u9fff]{0,4}(?:对话|论坛|会议|大会|峰会|讲座))?"
)
_COUNTED = re.compile(r"第[一二三四五六七八九十](?:场|届|期|次)")
_WHAT_ABOUT = re.compile(r"^(?:那么?|还有)?[,，]?([^,，?？]{2,16})呢[?？]?$")
_DIGITS = "一二三四五六七八九十"
_OPENING = re.compile(r"^(?:那么?|还有|另外|然后|而且|再问)[，, ]?|呢[？?]?$")
_POINTING = re.compile(
    r"[他她它]|他们|她们|它们|这|那|该|其中|前者|后者|上述|\b(?:he|she|it|they|his|her|its|their|him|them|this|that|there)\b",
    re.I,
)

TELLING = 0.6
"""Terms at least this rare are carried over from the question before."""


def complete_question(question: str, history: Sequence[Turn]) -> str:
    """Complete a follow-up.

    Args:
        history: earlier turns, oldest first; the question itself is not among them.

    Returns:
        The question as it is to be searched: unchanged where it stands alone or nothing was said before.
    """
    said, topic = "", ""
    for turn in history[-MOST_TURNS:]:
        if turn.role == "user":
            topic = _complete(turn.content, said, topic)
            said = topic
        else:
            said = f"{said}\n{_MARK.sub('', turn.content)}"
    return _complete(question, said, topic)


def _complete(question: str, said: str, topic: str) -> str:
    if not said:
        return question
    same = _ask_again(to_simplified(question), topic)
    if same is not None:
        return same
    completed = _replace_pointers(question, said)
    if completed != to_simplified(question) and names_something(read_question(completed)):
        return completed
    reading = read_question(question)
    if names_something(reading) and not _POINTING.search(_OPENING.sub("", question)):
        return question
    lead = _topic_words(topic, completed)
    return f"{lead} {completed}" if lead else completed


def _ask_again(question: str, topic: str) -> str | None:
    """那第二场呢？ after 第一场是谁主持的？ -> 第二场是谁主持的？; None where it is no such question."""
    found = _WHAT_ABOUT.match(question)
    if not found:
        return None
    simple = to_simplified(topic)
    for pattern in (_COUNTED.findall, lambda text: find_names(fold(text))):
        new, old = list(pattern(found[1])), list(pattern(simple))
        if len(new) == 1 and len(old) == 1:
            return simple.replace(old[0], new[0])
    return None


def _replace_pointers(question: str, said: str) -> str:
    """Put in the words that pronouns stand for, as far as rules can tell."""
    replaced = to_simplified(question)
    names = find_names(fold(said)[-600:])
    if names:
        replaced = _PERSON.sub(names[-1], replaced)
    ordinals = list(_ORDINAL.finditer(said))
    if ordinals:
        last = ordinals[-1]
        replaced = _NEXT.sub(lambda match: _step(last, match[1]), replaced)
        replaced = _THIS.sub(last[0], replaced)
    return _POINTED.sub(lambda match: _last_mention(match[1], said) or match[0], replaced)


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


def _topic_words(topic: str, completed: str) -> str:
    """What the question before was about: from its first telling word to its last, without what it asked."""
    reading, folded = read_question(topic), fold(completed)
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
