"""A clause with one number -> the question of how many or how much.

上半年江苏省工业增加值同比增长多少？ from 上半年，江苏省工业增加值同比增长6.8%. Knows only the clause.
"""

import itertools
import re
from collections.abc import Sequence

from rag.clauses import YEAR, Clause
from rag.draft_rules import SAID, UNFINISHED, Questions
from rag.phrases import Token, join, tag
from rag.vocabulary import NOUN_VERBS

MOST_AFTER = 12
"""Characters behind a number that is asked for."""

_NUMBER = re.compile(
    r"(?P<about>大约|约|(?<!接)近|逾|超|将近)?(?<![\d.第年月日\-—至到A-Za-z])(?P<number>\d[\d,.]*|[两三四五六七八九十]|[二三四五六七八九]?十[一二三四五六七八九]?)(?P<scale>[百千]?万亿?|亿|百|千)?[余多]?"
    r"(?P<unit>%|个百分点|个|名|位|家|场|座|项|件|台|辆|架|艘|只|条|种|类|年(?!代)|天|人次|人|户|亩|吨|公里|平方公里|平方米|立方米|米|厘米|毫米|公斤"
    r"|美元|欧元|港元|日元|元|千瓦时|千瓦|兆瓦|例|起|枚|款|幅|部|头|棵|株|岁|所|倍|篇|套|支|匹|颗|处|间|层|次|小时|分钟|级)(?![\d\-—至到])"
)
_DATES = re.compile(
    rf"[“《「][^”》」]+[”》」]|{YEAR}(?:\d{{1,2}}月)?(?:\d{{1,2}}日)?|\d{{1,2}}月(?:\d{{1,2}}日)?|\d{{1,2}}日|第\d+"
)
"""Numbers that are not asked for."""
_COUNTED = frozenset("亩吨里斤个名位家场座项件台辆架艘只条种类支例枚款幅部头棵株所篇套颗处间层")
_SMALL = re.compile(r"[一二两三四五六七八九十]+[^个位名家场座项件台辆天种类条百千万亿余多支所]")
"""Words that begin with a number and count nothing: 三者, 一线."""
_CHANGED = re.compile("[上下]跌|上涨|下降|增长|[涨跌]|报收|收于|收报|提高|降低|减少")
_DATED = re.compile(r"\d年|\d月|季度|半年|全年")
_GOES_ON = re.compile(r"^(?:[来的之多半]|左右|目标|规定|正在|以[上下内外])|[就都也却才是]|因为")
_INSIDE = re.compile(r"的|一度|[亦也又则仅再]|[跌涨]超")
"""What stands before a number that belongs to something described, or is not the whole truth."""
_QUANTITY = re.compile(
    r"(?:[额量率数值价幅]|面积|规模|收入|利润|里程|人口|价格|费用|比例|占比|成本|投资|合计|共计|总计|长度|高度)$"
)
_HAVING = re.compile(
    r"(?:共|已|还|将|累计|先后|总共|共计)*(?:有|拥有|设有|建有|配备|新增|建成|开工|派出|出动|投入|转移|接到|收到|发放|招募|吸引|培训|发布|开设|提供|种植|治理|推出)了?$"
)
"""Verbs whose object can be counted: 共有救援队伍31支."""


def ask_number(clause: Clause) -> Questions:
    """南京市图书馆共有多少名志愿者？ from 南京市图书馆共有志愿者320名."""
    said, subject = clause.predicate, clause.subject
    masked = _DATES.sub(lambda found: "“" * len(found[0]), said)
    found = _NUMBER.search(masked)
    if not found or len(re.findall(r"\d[\d,.]*", masked)) > 1 or _NUMBER.search(masked, found.end()):
        return
    before, after = said[: found.start()], said[found.end() :]
    if "、" in subject + said or _INSIDE.search(before) or SAID.match(said):
        return
    if len(after) > MOST_AFTER or _GOES_ON.search(after) or UNFINISHED.search(after):
        return
    few = found["unit"] in {"天", "届", "级"} and not found["scale"]
    asked = ("几" if few else "多少") + found["unit"].removeprefix("%")
    question = _put_number(tag(before), asked, after) if _is_number(said, found) else ""
    if not question or (question.startswith("是") and not _QUANTITY.search(subject)):
        return
    dated, changed = _DATED.search(subject + before), _CHANGED.search(before)
    end = len(said) if after.startswith("每") else found.end()  # 320立方米每秒
    when = clause.period or (clause.day if changed and not dated else "")
    if when or dated or not changed:
        yield "number", f"{when}{subject}{question}？", said[found.start("number") : end]


def _is_number(text: str, found: re.Match[str]) -> bool:
    """Whether a word begins with the number: 三台 in 三台子街道 is none, nor is 2023年."""
    if found["unit"] == "年" and re.match(r"(?:19|20)\d\d$", found["number"]):
        return False
    starts = list(itertools.accumulate((len(token.word) for token in tag(text)), initial=0))
    words = dict(zip(starts, tag(text), strict=False))
    word = words.get(found.start("number")) if found.end() in starts else None
    return word is not None and word.flag in {"m", "mq", "eng", "t"} and not _SMALL.match(word.word)


def _put_number(before: Sequence[Token], asked: str, after: str) -> str:
    """The predicate with the question word; "" where it would not read well.

    共有 | 救援队伍 | 31支 becomes 共有多少支救援队伍, and 总蓄水量 without a verb 总蓄水量是多少.
    """
    verbs = [
        at
        for at, token in enumerate(before)
        if token.flag[0] in "vp" and (not at or token.word not in NOUN_VERBS)
    ]
    verb = verbs[-1] if verbs else -1
    head, noun = join(before[: verb + 1]), join(before[verb + 1 :])
    if noun.endswith(("”", "》")) or (after and head.endswith("是")):
        return ""
    if verbs and before[verb].flag == "p" and before[verb].word not in {"为", "达", "到"}:
        return ""
    if not noun and not head and (not after or after.startswith("每")):
        return f"是{asked}{after}"
    if not noun or (after and head):
        return f"{head}{noun}{asked}{after}"
    if asked in {"多少", "多少个百分点"} or after:
        return ""
    if not head:
        return f"{noun}是{asked}" if _QUANTITY.search(noun) else ""
    countable = asked[-1] in _COUNTED and not any(token.flag == "v" for token in before[verb + 1 :])
    return f"{head}{asked}{noun}" if countable and _HAVING.match(head) else ""
