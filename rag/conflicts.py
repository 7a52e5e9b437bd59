"""The sentences weighed for a question after one value -> whether articles tell it differently, or alike. Never in silence.

    各方说法不一   the best sentences of different articles tell other values of the kind asked: both are said, newest first
    说法相同      another outlet tells the same value, and its article is no near copy: it is cited as well

Rather too few than too many: figures of two years, a plan and what came of it, and a figure that was changed since are no
conflict, and neither are 3.2亿 and 3.18亿 (``rag.values``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.answer import Reply, Statement, Weighed, widen
from rag.dates import beijing_day, say_day
from rag.evidence import FEATURES, Judged, folded_text, share_of_terms
from rag.question import Question
from rag.records import Article
from rag.retrieve import Found
from rag.values import UNIT, Kind, Value, are_same, find_values, to_unit

REACH = 2.5
"""How far under the best a sentence may score and still be heard."""
FEWER_TERMS = 0.3
"""How much less of the question's terms its article may hold."""
LEAST_TERMS = 0.5
"""Of the question's terms that each article must hold."""
FOREIGN_ANSWERS = -2.0
"""What the reader must see in a passage, where the question's words cannot be looked up in it."""
MOST = 3
"""Accounts that are told."""
POINTED_AT = 0.15
"""What it counts that the reader points at a value, beside the share of the question's terms in its clause."""

_ONE_VALUE = frozenset({"date", "number", "money", "clock", "duration", "people"})
_TIME_UNITS = frozenset({"秒", "天", "月"})
_MONEY_UNITS = frozenset({"元", "美元", "港元", "欧元", "日元"})
_ASKED_UNIT = re.compile(rf"(?:几|多少)[万亿百千]?(?P<unit>{UNIT})(?!气)")
_CHANGED = re.compile(
    r"(?:[增升涨提降减缩扩调延压][^，。；]{0,6}[到至为]|[上下]调|改为|提前|延后|推迟|延长|缩短|压缩|更新为|突破|由[^，。；]{1,12}(?:增|升|降|减|提|缩|扩|延|变|改))"
)
_PLANNED = re.compile(r"计划|预计|预期|将于|将在|有望|拟|目标|力争|到20\d\d年|届时|规划到|争取")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|[^\d年])")
_ORDINAL = re.compile(r"第[一二三四五六七八九十百\d]+(?:届|次|期|季|轮|场|批)")
_CLAUSE = re.compile(r"[，。；！？,;]")


@dataclass(frozen=True, slots=True)
class Account:
    """What one article tells.

    Attributes:
        row: of the sentence among those weighed.
    """

    row: int
    judged: Judged
    value: Value

    @property
    def article(self) -> Article:
        """Whose account it is."""
        return self.judged.article

    @property
    def span(self) -> tuple[int, int]:
        """Where the value stands in the article."""
        start = self.judged.sentence.start
        return start + self.value.start, start + self.value.end

    @property
    def said(self) -> str:
        """The value as the article writes it."""
        return self.judged.text[self.value.start : self.value.end]


def compare_accounts(weighed: Weighed, found: Sequence[Found], reply: Reply, most: int) -> Reply:
    """Say what other articles tell of the same, where they tell it as well as the best.

    Args:
        found: the passages that were weighed, which know what is a near copy of what.
        reply: what the best sentences say.
        most: the most sentences, of which two accounts are always kept.
    """
    question = weighed.question
    if not reply.statements or question.wants_list or not question.kinds & _ONE_VALUE:
        return reply
    accounts = list(_hear(weighed, {each.hit.passage.article.path: each.story for each in found}))
    if len(accounts) < 2:
        return reply
    first, *others = accounts
    differing = [each for each in others if not are_same(each.value, first.value)]
    agreeing = [each for each in others if are_same(each.value, first.value)]
    told = _newest_first([first, *differing[: MOST - 1]]) if differing else [first, *agreeing[: MOST - 1]]
    notes = []
    if differing:
        notes.append(_say_differing(told, question.foreign))
    if agreeing:
        notes.append(_say_agreeing(first, agreeing, question.foreign))
    if not notes:
        return reply
    statements = _put_first(question, told, reply.statements)
    return replace(reply, statements=statements[: max(most, len(told))], notes=tuple(notes))


def _hear(weighed: Weighed, stories: dict[str, int]) -> Iterator[Account]:
    """The account of each article that tells a value of the kind asked as well as the best, the best first."""
    question = weighed.question
    order = [int(row) for row in np.argsort(-weighed.scores, kind="stable")]
    best: Account | None = None
    heard: set[int] = set()
    for row in order:
        judged = weighed.judged[row]
        story = stories.get(judged.article.path, -1)
        if weighed.scores[order[0]] - weighed.scores[row] > REACH:
            return
        if story in heard:
            continue
        value = _choose_value(question, judged, best.value if best else None)
        if value is None:
            if best is None:
                return  # the best sentence tells no such value
            continue
        account = Account(row, judged, value)
        if best is None:
            if not _tells_the_same_thing(account, account, question.foreign):
                return
            best = account
        elif not _tells_the_same_thing(best, account, question.foreign):
            continue
        heard.add(story)
        yield account


# ---- The value that a sentence tells


def _choose_value(question: Question, judged: Judged, like: Value | None) -> Value | None:
    """The value in a sentence that answers, of the unit of another where that is given."""
    kind = _kind_asked(question)
    text = folded_text(judged.text)
    if len(text) != len(judged.text):
        return None
    values = [
        value
        for value in find_values(text, beijing_day(judged.article.published))
        if value.kind == kind and _is_wanted(question, value) and (like is None or value.unit == like.unit)
    ]
    if like is not None:  # a sentence that holds the same value beside another is no account against it
        values = [value for value in values if are_same(value, like)] or values
    return max(values, key=lambda value: _fitness(question, judged, text, value), default=None)


def _kind_asked(question: Question) -> Kind:
    if "clock" in question.kinds:
        return "clock"
    if "date" in question.kinds and not question.kinds & {"duration", "money", "people"}:
        return "date"
    return "number"


def _is_wanted(question: Question, value: Value) -> bool:
    asked = _ASKED_UNIT.search(question.folded) if value.kind == "number" else None
    if asked and to_unit(asked["unit"]) != value.unit:
        return False
    if value.kind == "date":
        asks_day = re.search(r"哪一?天|几号|几日|几月|哪月|\bday\b|\bwhen\b|什么时候|何时", question.folded)
        return not asks_day or value.day[1] is not None
    if value.kind == "clock":
        return True
    if "money" in question.kinds:
        return value.unit in _MONEY_UNITS
    if "duration" in question.kinds:
        return value.unit in _TIME_UNITS
    if "people" in question.kinds:
        return value.unit in {"人", "人次"}
    return True


def _fitness(question: Question, judged: Judged, text: str, value: Value) -> float:
    """How well a value answers: by the question's terms in its clause, and by whether the reader points at it."""
    start = max((found.end() for found in _CLAUSE.finditer(text, 0, value.start)), default=0)
    stop = _CLAUSE.search(text, value.end)
    terms = share_of_terms(question, text[start : stop.start() if stop else len(text)])
    shift = judged.sentence.start
    pointed = judged.answer is not None and (
        judged.answer[0] < shift + value.end and shift + value.start < judged.answer[1]
    )
    return terms + POINTED_AT * pointed


# ---- Whether two sentences speak of the same


def _tells_the_same_thing(best: Account, other: Account, is_foreign: bool) -> bool:
    """Whether an account is of what the best one is of, as far as can be told."""
    mine, theirs = (dict(zip(FEATURES, each.judged.features, strict=True)) for each in (best, other))
    if any(theirs[name] < mine[name] for name in ("names nearby", "ordinals")):
        return False
    if is_foreign and theirs["passage answers"] < FOREIGN_ANSWERS:
        return False
    if not is_foreign and theirs["article"] < max(LEAST_TERMS, mine["article"] - FEWER_TERMS):
        return False
    one, another = best.judged.text, other.judged.text
    if bool(_PLANNED.search(one)) != bool(_PLANNED.search(another)):
        return False
    if any(_CHANGED.search(_clause(each)) for each in (best, other)):
        return False
    return all(
        not mine_marked or not theirs_marked or bool(mine_marked & theirs_marked)
        for mine_marked, theirs_marked in (
            (_event(best, _YEAR), _event(other, _YEAR)),
            (_event(best, _ORDINAL), _event(other, _ORDINAL)),
        )
    )


def _clause(account: Account) -> str:
    """What stands before the value in its clause."""
    return _CLAUSE.split(account.judged.text[: account.value.start])[-1] + account.said


def _event(account: Account, pattern: re.Pattern[str]) -> frozenset[str]:
    """Years or ordinals in a headline and in the sentence before the value: of two runs of an event they differ."""
    title = account.article.title or ""
    return frozenset(pattern.findall(f"{title}\n{account.judged.text[: account.value.start]}"))


# ---- What is said


def _newest_first(accounts: Sequence[Account]) -> list[Account]:
    dated = [each for each in accounts if each.article.published]
    dated.sort(
        key=lambda each: each.article.published.timestamp() if each.article.published else 0, reverse=True
    )
    return [*dated, *(each for each in accounts if not each.article.published)]


def _put_first(
    question: Question, told: Sequence[Account], statements: Sequence[Statement]
) -> tuple[Statement, ...]:
    """The sentences of the accounts, then those of the reply that are none of them."""
    first = [replace(widen(question, each.judged), spans=(each.span,)) for each in told]
    rest = [
        each
        for each in statements
        if not any(
            each.article == other.article and each.start < other.end and other.start < each.end
            for other in first
        )
    ]
    return (*first, *rest)


def _say_differing(told: Sequence[Account], english: bool) -> str:
    said = [f"{each.said}{_source(each.article, english)}" for each in told]
    if english:
        return f"Accounts differ, newest first: {'; '.join(said)}."
    return f"各方说法不一，新的在前：{'；'.join(said)}。"


def _say_agreeing(first: Account, agreeing: Sequence[Account], english: bool) -> str:
    count = len(agreeing)
    outlets = {each.article.outlet for each in (first, *agreeing)}
    apart = None not in outlets and len(outlets) == count + 1
    said = [_source(each.article, english, titled=True) for each in agreeing]
    if english:
        reports = f"{'independent ' * apart}report{'s' * (count > 1)}"
        return f"{count} more {reports} say{'s' * (count == 1)} the same: {'; '.join(said)}."
    return f"另有{count}篇{'独立' * apart}报道说法相同：{'；'.join(said)}。"


def _source(article: Article, english: bool, titled: bool = False) -> str:
    day = beijing_day(article.published)
    parts = (article.outlet, (day.isoformat() if english else say_day(day)) if day else None)
    told = (", " if english else "，").join(part for part in parts if part) or article.path
    around = f" ({told})" if english else f"（{told}）"
    if not titled:
        return around
    title = article.title or article.path
    return f"“{title}”{around}" if english else f"《{title}》{around}"
