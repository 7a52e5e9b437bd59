"""A question that asks two things -> the questions it is made of; each is searched and answered by itself.

A sentence that answers one half holds little of the other's words, so a compound question asked whole finds the
half with the louder words and misses the rest. By rules, for the forms that people use:

    承办峰会的是哪家，支持云峰会的又是哪家？     clauses that each ask and each name something
    李俊峰和李毅中的演讲题目分别是什么？         two subjects that share one predicate
    两个峰会的主办方各是谁？                     the same question of the two best articles
"""

import itertools
import re

from rag.question import ASKING, names_something, read_question, tag_words
from rag.vocabulary import STOP_WORDS
from rag.words import fold, is_word

MOST_PARTS = 3

_CLAUSE = re.compile(r"[,，;；。?？!！]+\s*")
_ASKS = re.compile(rf"{ASKING.pattern}|几|多[大久长高远]")
_LINKS = re.compile(r"^(?:而|那么?|另外|还有|以及|并且|又|and|while)\s*")
_AGAIN = re.compile(r"又(?=[是有在])")
_CONJUNCTIONS = frozenset({"和", "与", "與", "跟", "及", "以及", "、"})
_SECOND = re.compile(
    r"^(?P<second>[^,，;；?？、]{2,24}?)(?P<rest>(?:的|在|是|分别|分別|各|哪一?[个個]|谁先|都).*)$"
)
_EACH = re.compile(r"分别|分別|各自|各(?![位种項项个個方界地类類国國])")
_WHICH_FIRST = re.compile(r"(?:哪一?个|谁)[^,，?？]{0,6}(?:先|早|晚|后)[^?？]*")
_SHARED = re.compile(rf"{_EACH.pattern}|哪一?个[^,，?？]{{0,6}}[先早晚后]|谁[先早]")
_ALL = re.compile(r"(?<![首成古帝京])都(?=[是有在由会能])")
_BOTH = re.compile(
    r"[这那]?(?:两|(?<!第)(?<!十)二)[个场篇次届家份条边]|[这那]俩|\bboth\b|\bthe two\b|\beach of the\b"
)


def split_question(question: str) -> list[str]:
    """The questions that a question is made of; the question alone where it is one."""
    return _split_clauses(question) or _split_pair(question) or [question]


def asks_about_both(question: str) -> bool:
    """Whether a question wants the same of two articles."""
    return _BOTH.search(question) is not None


def about_one(question: str) -> str:
    """A question about two articles as it is asked of one of them."""
    return _ALL.sub("", _EACH.sub("", _BOTH.sub("", question))).strip() or question


def _split_clauses(question: str) -> list[str]:
    clauses = [_LINKS.sub("", clause).strip() for clause in _CLAUSE.split(question) if clause.strip()]
    asking = [clause for clause in clauses if _ASKS.search(clause) and _names_something(clause)]
    if not 2 <= len(asking) == len(clauses) <= MOST_PARTS:
        return []
    return [_AGAIN.sub("", clause) for clause in asking]


def _names_something(clause: str) -> bool:
    """Whether a clause names what it is about, perhaps in pieces of a name that the dictionary does not have."""
    words = [word for word, _ in tag_words(fold(clause))]
    is_piece = [len(word) == 1 and "\u4e00" <= word <= "\u9fff" and word not in STOP_WORDS for word in words]
    return names_something(read_question(clause)) or any(
        left and right for left, right in itertools.pairwise(is_piece)
    )


def _split_pair(question: str) -> list[str]:
    position = 0
    for word, _ in tag_words(question):
        first, tail = question[:position], question[position + len(word) :]
        position += len(word)
        found = _SECOND.match(tail)
        if word not in _CONJUNCTIONS or not found or not _SHARED.search(found["rest"]):
            continue
        if is_word(f"{first[-1:]}{word}") or is_word(f"{word}{tail[:1]}"):
            continue  # 碳中和 is newer than the dictionary, which cuts 和 off it
        if 2 <= len(first) <= 24 and not _CLAUSE.search(first):
            return _share_out(first, found["second"], found["rest"])
    return []


def _share_out(first: str, second: str, rest: str) -> list[str]:
    """Two subjects, each with the predicate; 瓯江峰会的主办方 and 承办方 are both of 瓯江峰会."""
    owner, _, _ = first.rpartition("的")
    if owner and "的" not in second and not read_question(second).names:
        second = f"{owner}的{second}"
    rest = _EACH.sub("", _WHICH_FIRST.sub("是哪天举办的", rest))
    return [f"{first}{rest}", f"{second}{rest}"]
