"""A folded Chinese question -> what it wants of the folder itself, or nothing.

By rules, and rather too few than too many: the whole question must be understood, piece by piece, as one about
articles. 有哪些嘉宾出席 asks the articles, and so does 征文收到多少篇稿件; 有哪些关于氢能的报道 asks about them.
Its shapes are those of whole questions, with signs for what was understood already: who published, when, what is
asked (ASK: 一共有几篇) and which one (FIRST: 最新的一篇).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from rag.inquiry import ASK, AUTHOR, FIRST, OUTLET, PERIOD, Aim, Inquiry, Known, Names, Pick, take_known
from rag.periods import to_number
from rag.question import tag_words

_PIECE = (
    r"(?:(?:新闻|媒体|相关|有关)?(?:报道|文章)|新闻稿|新闻(?!发布|中心|联播|学|界|社|记者|媒体|工作|办|出版|人|奖|周|部|局|处)"
    r"|稿件|稿子|稿(?![费纸酬])|帖子)"
)
_UNIT = rf"(?:篇(?:{_PIECE})?|[条则]{_PIECE})"
_WHICH = rf"(?:哪一?{_UNIT}|哪一?个{_PIECE})"
_PUBLISH = r"(?:发布|发表|刊发|刊登|登载|登|发|报道|推出|撰写|采写|写)"
_MENTION = r"(?:提到|提及|涉及|谈到|谈及|说到|说起|讲到|写到|聊到|出现|包含|含有)[了过]?"
_ABOUT = r"(?:关于|有关|讲述|讲|谈论|谈|写|介绍|报道|讨论|聊)[了过]?"
_MARK = rf"(?:{_MENTION}|{_ABOUT})"
_X = rf"[^{OUTLET}-{FIRST}]+?"
_MARKED, _PLAIN = rf"(?P<marked>{_X})", rf"(?P<plain>{_X})"
_OF = r"(?P<of>的|相关的?|方面的?|有关的?)?"
_INSIDE = r"(?:里面?|中|当中|之中|上)?"
_ON_TOPIC = (
    rf"(?:{_MARK}{_MARKED}(?:的|方面的?|相关的?|有关的?|题材的?|话题的?)?"
    rf"|[跟和与同](?P<with>{_X})(?:有关系?|相关|沾边|有联系)的?)"
)
_APPEARS = r"(?:被?提到|被?提及|出现|露面|亮相|现身|登场)[过了]?"

_FILLER = r"(?:一共|总共|总计|共计|合计|共|都|还|到底|究竟|大概|分别|曾经?|全)*"
_ASKING = re.compile(
    rf"{_FILLER}(?P<verb>有|收录|收|{_PUBLISH})?[了过]?[是有]?"
    rf"(?:(?P<count>(?:几|多少){_UNIT}|(?:几|多少)个?{_PIECE})"
    rf"|(?P<list>(?:哪些|什么|啥)(?:{_PIECE})?|哪几?{_UNIT})|(?P<exist>有没有|有无|是否有|是不是有))"
)
_PUBLISHES = re.compile(rf"{_FILLER}{_PUBLISH}")
_COUNT = re.compile(r"(?<!哪)几|多少")
_ANY_PIECE = re.compile(rf"{_PIECE}|篇")
_COMMAND = re.compile(
    r"^(?:列出来?|列举|列一?下|罗列|找出来?|找到|找一?下|找找|找|搜索?一?下?|查找|查询|查一?下|看看?)(?:所有|全部|一下)?的?"
)
_TOPIC_FIRST = re.compile(rf"{_PLAIN}{ASK}")
_LIST_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"(?:{_PIECE}{_INSIDE}的?)?{ASK}的?(?:{_PIECE})?",
        rf"{ASK}的?{_ON_TOPIC}(?:{_PIECE})?",
        rf"{ASK}{_PLAIN}{_OF}{_PIECE}",
        rf"(?:{_PIECE}{_INSIDE})?{_ON_TOPIC}(?:{_PIECE})?的?{ASK}的?",
        rf"{_PLAIN}{_OF}{_PIECE}{ASK}",
        rf"{_MARKED}[都曾还]?{_APPEARS}[在于到]?{ASK}{_INSIDE}",
        rf"{_MARKED}[都曾还]?在{ASK}{_INSIDE}[都曾还]?{_APPEARS}",
        rf"(?:{_PIECE}{_INSIDE})?{ASK}{_INSIDE}[都曾还是]?{_MARK}到?{_MARKED}的?",
        rf"{ASK}(?:里面?|中|当中)[有含][了过]?{_MARKED}",
    )
)
_NOUN_PHRASE = re.compile(rf"有?(?:关于|有关){_MARKED}的?{_PIECE}有?")

_SUPERLATIVE = rf"(?:(?P<earliest>最[早先初老旧]|第一|头一)|(?P<latest>最[新近晚后]))(?P<published>{_PUBLISH})?(?:出来)?的?"
_FIRST_PIECE = re.compile(rf"{_SUPERLATIVE}(?:[那这一]*{_UNIT}|{_PIECE})")
_FIRST_WORD = re.compile(_SUPERLATIVE)
_TAIL = (
    rf"(?:的?[是叫为在]?(?:{_WHICH}|{_PIECE}|什么(?:{_PIECE}|标题|题目)?|啥|什么时候的?|何时的?|哪一?天的?)?"
    rf"|{_PUBLISH}的?是?(?:什么|啥|{_WHICH}))"
)
_FIRST_PIECE_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{FIRST}{_TAIL}",
        rf"{_ON_TOPIC}{FIRST}{_TAIL}",
        rf"{_PLAIN}{_OF}{FIRST}{_TAIL}",
        rf"{FIRST}的?{_MARK}{_MARKED}的?{_TAIL}",
    )
)
_FIRST_WORD_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{FIRST}(?:{_MARK})?{_MARKED}的(?:{_PIECE}是?(?:{_WHICH})?|是?{_WHICH})",
        rf"{_WHICH}(?:是)?{FIRST}(?:{_MARK})?到?{_MARKED}的?",
        rf"是?{_WHICH}是?{FIRST}",
    )
)

_SUM_UP = r"(?:总结|概括|概述|归纳|简述|小结|梳理|提炼)"
_TELL = rf"(?:{_SUM_UP}|说一?说|讲一?讲|介绍|谈谈)"
_BRIEFLY = (
    r"(?:用?(?:几|两|三|一|[2-5])[句段]话?|简单地?|简要地?|简短地?|大致|大概|快速|主要|一下|下|出来?|来)*"
)
_THIS = rf"(?:[这那该本上前][一面]?{_UNIT}|[这那]个{_PIECE}|[该本上]文)"
_TARGET = (
    rf"(?:(?P<this>{_THIS})|第(?P<place>[一二三四五六七八九十\d]+){_UNIT}|《(?P<title>[^》]+)》的?[这那]?(?:{_UNIT}|{_PIECE})?"
    rf"|(?P<first>{FIRST})|(?P<topic>.+?)的?[这那该]一?(?:{_UNIT}|个?{_PIECE}))"
)
_CONTENT = r"的?(?:主要|核心|大概)?(?:内容|大意|要点|意思|情况|梗概|主旨)?"
_SAYS = (
    r"的?(?:都|主要|大概|大致|到底|究竟)*(?:[讲说写][了的]?是?些?(?:什么|啥)(?:内容|事情?)?"
    r"|(?:内容|大意|要点|梗概|主旨)[是有]?(?:什么|啥|哪些)?)"
)
_EXTRACT_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{_BRIEFLY}{_TELL}{_BRIEFLY}{_TARGET}{_CONTENT}",
        rf"{_TARGET}{_SAYS}",
        rf"把{_TARGET}{_CONTENT}{_BRIEFLY}{_TELL}{_BRIEFLY}",
        rf"[给为对]{_TARGET}[做写作来]?一?个?{_BRIEFLY}(?:总结|摘要|小结|概括)",
        rf"{_BRIEFLY}{_SUM_UP}{_BRIEFLY}(?:(?:关于|有关)?(?P<topic>.+?)的{_PIECE})?",
    )
)

_POLITE = re.compile(
    r"^(?:请问|请教|请|麻烦|劳驾|你好|您好|帮我|帮忙|给我|替我|我想|想要|想|我要|知道|了解|告诉我|查一?下|查查|看一?下|看看|数一?下|数数|算一?下|你|您|能不能|能否|可以|可否|能|那么|[,，、\s])+"
)
_FOLDER = re.compile(
    r"[在从]?(?:这个|这些|这批|这|你的|我的|咱们的?)?(?:文件夹|资料库|知识库|数据库|语料库|文章库|新闻库|库|目录|资料|材料)"
    r"(?:里面|里头|里|中|内)的?(?:所有|全部)?"
)
_ENDING = re.compile(r"(?:[?？!！。.~…,，;；\s]|[呢吗啊呀吧呗哈哦嘛呐]|(?<![什怎多那这])么|来着|谢谢)+$")
_ORDER = re.compile(
    r"[,，。;；?？\s]*(?:请|并)?(?:(?P<oldest>[从由][旧早老远]到[新晚近]|按时间(?:先后|顺序|正序)?(?!倒))|[从由][新晚近]到[旧早老远]|(?:按时间)?倒序)"
    r"(?:顺序)?地?(?:列出来|列出|列一下|排列|排序|排好|排)?"
)
_LISTED = re.compile(r"[,，。;；?？\s]+[请都]?(?:全部)?(?:列出来|列一下|列举一下|列出)$")
_QUOTES = re.compile("[“”\"'「」『』]")
_AROUND_PERIOD = re.compile(rf"[在于]?{PERIOD}(?:里面?|中|内|期间|以内|之内|这天|那天|当天|当月|份)?的?")
_AROUND_WHO = re.compile(
    rf"在?[{OUTLET}{AUTHOR}](?:上|里|中)?(?:的|{_PUBLISH}[了过]?的)?|作者[是为]?{AUTHOR}的?"
)
_NEWS = re.compile(r"报道|文章|新闻")
_RECENT = re.compile(r"^(?:最近|近期|近来)(?:都)?")
_NO_TOPIC = frozenset(
    {"所有", "全部", "全", "相关", "有关", "新", "最新", "最近", "近期", "近来", "目前", "现在", "哪些"}
)
_PRONOUN = re.compile(
    r"^(?:[他她它我你您这那该其此本]|谁|哪|什么|媒体|记者|作者|机构|网站|报纸|电视|报社|大家|头条|[一几两共都还是有又也就不被把])"
)
_STOPS_INSIDE = re.compile(
    r"[,，。;；?？!！:：]|文章|报道|标题|题目|作者|[这那][个篇]|什么|哪|谁|多少|几[个家位项名次篇]|怎么|为何|是不是|如何"
)
_JOINING = re.compile(r"^(?:[updcr]|v(?!n))")
"""Tags of words that are in no name, but for verbs of one character: jieba knows no 听潮大桥."""


def read_chinese(folded: str, names: Names, today: date) -> Inquiry | None:
    """Read a question about the folder itself; None where it is none, or not wholly understood.

    Args:
        today: the day in Beijing that 去年 and 上个月 are counted from.
    """
    text, order = _cut_order(re.sub(r"(?<![!-~])\s+|\s+(?![!-~])", "", folded))
    text = _FOLDER.sub("", _POLITE.sub("", _ENDING.sub("", _LISTED.sub("", text))))
    known = take_known(text, names, today)
    rest = _AROUND_WHO.sub("", _AROUND_PERIOD.sub("", known.text))
    rest = _POLITE.sub("", _ENDING.sub("", _QUOTES.sub("", rest)))
    for read in (_read_extract, _read_first, _read_list):
        inquiry = read(rest, known)
        if inquiry:
            return replace(
                inquiry,
                outlet=known.outlet,
                author=known.author,
                period=known.period,
                oldest_first=order == "oldest",
            )
    return None


def _cut_order(text: str) -> tuple[str, str]:
    found = _ORDER.search(text)
    if not found:
        return text, ""
    return text[: found.start()] + text[found.end() :], "oldest" if found["oldest"] else "newest"


# ---- The sentences that carry an article


def _read_extract(rest: str, known: Known) -> Inquiry | None:
    first = _FIRST_PIECE.search(rest)
    if first and not first[0].startswith("最"):
        first = None  # 第一篇 is the first of those listed before
    text = f"{rest[: first.start()]}{FIRST}{rest[first.end() :]}" if first else rest
    for shape in _EXTRACT_SHAPES:
        found = shape.fullmatch(text)
        if not found:
            continue
        parts = found.groupdict()
        topic = parts["topic"] or ""
        on = re.fullmatch(_ON_TOPIC, topic)
        topic = (on["marked"] or on["with"]) if on else topic
        if topic and not _is_topic(topic):
            continue
        return Inquiry(
            "extract",
            pick=_pick_of(first) if parts.get("first") else "",
            topic=topic,
            is_marked=bool(topic),
            title=parts.get("title") or "",
            place=to_number(parts["place"]) if parts.get("place") else 0,
        )
    return None


# ---- The first and the last


def _read_first(rest: str, known: Known) -> Inquiry | None:
    for pattern, shapes in ((_FIRST_PIECE, _FIRST_PIECE_SHAPES), (_FIRST_WORD, _FIRST_WORD_SHAPES)):
        first = pattern.search(rest)
        if not first:
            continue
        text = f"{rest[: first.start()]}{FIRST}{rest[first.end() :]}"
        for shape in shapes:
            found = shape.fullmatch(text)
            inquiry = found and _with_topic(Inquiry("list", pick=_pick_of(first)), found)
            if inquiry:
                return inquiry
    return None


def _pick_of(first: re.Match[str] | None) -> Pick:
    return "earliest" if first and first["earliest"] else "latest"


# ---- Lists and numbers


def _read_list(rest: str, known: Known) -> Inquiry | None:
    rest = _RECENT.sub("", rest)  # the newest come first anyway
    for text, asking in _ask_places(rest):
        if asking is not None and not _asks_for_articles(asking, text, known):
            continue
        for shape in (*_LIST_SHAPES, _TOPIC_FIRST):
            found = shape.fullmatch(text)
            if not found or (shape is _TOPIC_FIRST and not (asking and _NEWS.search(asking))):
                continue  # 征文有几篇 is no question about articles, and 氢能有几篇报道 is
            aim: Aim = "count" if asking and _COUNT.search(asking) else "list"
            inquiry = _with_topic(Inquiry(aim), found)
            if inquiry and (
                inquiry.topic or known.outlet or known.author or known.period or _NEWS.search(rest)
            ):
                return inquiry
    found = _NOUN_PHRASE.fullmatch(rest)
    return _with_topic(Inquiry("list"), found) if found else None


def _ask_places(rest: str) -> Iterator[tuple[str, str | None]]:
    """The question with each stretch that may be what is asked replaced by its sign, and that stretch."""
    for asking in _ASKING.finditer(rest):
        starts = [asking.start()]
        if asking["verb"] == "报道" and rest[asking.end("verb")] not in "了过":
            starts.append(asking.end("verb"))  # it may be the noun: 关于氢能的报道有哪些
        for start in starts:
            before, after = rest[:start].rstrip(",，"), rest[asking.end() :].lstrip(",，")
            yield f"{before}{ASK}{after}", rest[start : asking.end()]
    command = _COMMAND.match(rest)
    if command:
        yield f"{ASK}{rest[command.end() :]}", None


def _asks_for_articles(asking: str, text: str, known: Known) -> bool:
    publishes = _PUBLISHES.match(asking)
    if publishes and not (known.outlet or known.author or known.period):
        return False  # somebody's essays, not our articles
    if _COUNT.search(asking) or _ANY_PIECE.search(asking[publishes.end() if publishes else 0 :] + text):
        return True
    return bool(publishes and (known.outlet or known.author) and text == ASK)  # 青汀日报登了什么


def _with_topic(inquiry: Inquiry, found: re.Match[str]) -> Inquiry | None:
    """An inquiry with the topic of the shape that it fits; None where that cannot be a topic."""
    parts = found.groupdict()
    marked, plain = parts.get("marked") or parts.get("with"), parts.get("plain")
    if marked:
        return replace(inquiry, topic=marked, is_marked=True) if _is_topic(marked) else None
    if plain is None or plain.removesuffix("的") in _NO_TOPIC:
        return inquiry
    if not _is_topic(plain) or not (parts.get("of") or _is_noun_phrase(plain)):
        return None
    return replace(inquiry, topic=plain)


def _is_topic(words: str) -> bool:
    return (
        2 <= len(words) <= 24
        and words not in _NO_TOPIC
        and not _PRONOUN.match(words)
        and not _STOPS_INSIDE.search(words)
    )


def _is_noun_phrase(words: str) -> bool:
    return len(words) <= 12 and not any(
        _JOINING.match(flag) and (len(word) > 1 or flag[0] != "v") for word, flag in tag_words(words)
    )
