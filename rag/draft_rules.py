"""A clause -> questions that it answers, by rules; each shows a sentence and the question made of it.

Chinese leaves its question words in place, so a clause becomes a question when its answer gives way to 谁 or 哪天.
Knows neither the article nor which question is the better; numbers are in ``rag.draft_numbers``.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.clauses import DAY, HAN, QUOTE, YEAR, Clause
from rag.phrases import (
    OPEN,
    Token,
    is_name,
    is_nominal,
    is_noun_phrase,
    is_person,
    join,
    last_person,
    names_thing,
    tag,
)
from rag.question import rarity
from rag.vocabulary import ACTS, DEEDS, EVENTS, OFFICES, RANKS, SURNAMES
from rag.words import fold

Questions = Iterator[tuple[str, str, str]]
"""The form and the words of each question, and the words that answer it, "" where the rule cannot tell them."""

UNCOMMON = 0.8
"""Places at least this rare may be asked what they are: 罗布泊, not 北京."""

UNFINISHED = re.compile(
    r"(?:[后时的中下上来之为以和与于将道说悉问及等并而是在]|称|表示|消息|显示|指出|认为|强调|时候|期间|方面|以及|了解到|看到|发现|记者)$"
)
"""Ends of a clause that the next one finishes."""


# ---- Predicates whose answer gives way


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a predicate begins with, and the question made with its named groups; ``fits`` looks at the rest."""

    form: str
    predicate: re.Pattern[str]
    question: str
    fits: Callable[[Clause], bool] = lambda clause: True


_TABLE = (
    # 第三届中国国际博览会的主题是什么？ from 第三届中国国际博览会以“跃动”为主题
    _Rule(
        "theme",
        re.compile(rf"以{QUOTE}为(?:活动)?主题|的?(?:活动)?主题(?:是|定?为){QUOTE}"),
        "{subject}的主题是什么？",
        lambda clause: clause.subject.endswith(EVENTS),
    ),
    # 第三届中国国际博览会的主题是什么？ from 第三届中国国际博览会的主题是“跃动”
    _Rule(
        "theme",
        re.compile(rf"(?:是|定?为){QUOTE}"),
        "{subject}是什么？",
        lambda clause: clause.subject.endswith("主题"),
    ),
    # 第九届临江动漫节由谁主办？ from 第九届临江动漫节由南京市文化局主办
    _Rule(
        "host",
        re.compile(
            r"是?由(?P<answer>[^，。]{2,80}?)(?:共同|联合|倾力|负责|自主|独立)?"
            r"(?P<verb>主办|承办|执导|主演|主编|编著|创作|设计|研制|研发|建造|开发|出品|承建|修建|冠名)"
        ),
        "{subject}由谁{verb}？",
    ),
    # 南京市图书馆位于哪里？ from 南京市图书馆坐落于玄武湖东侧
    _Rule("place", re.compile(rf"(?:坐落[于在]|位于)(?P<answer>{HAN}{{2}}.*)"), "{subject}位于哪里？"),
    # 南京市图书馆始建于哪一年？ from 南京市图书馆始建于1954年
    _Rule(
        "year",
        re.compile(r"(?P<verb>成立|始建|建成|创立|创办|创建|建)于(?P<answer>(?:18|19|20)\d\d年)"),
        "{subject}{verb}于哪一年？",
    ),
    # 上海的“听雨书屋”被誉为什么？ from 上海的“听雨书屋”被誉为“城市客厅”
    _Rule(
        "name",
        re.compile(
            r"(?P<verb>也?(?:被称为|被誉为|被命名为|更名为|取名为?|命名为|名为|改名为|被评为|被授予|被认定为|被列为))"
            rf"[“《][^”》]+[”》]{HAN}{{0,6}}$"
        ),
        "{subject}{verb}什么？",
    ),
    # 南京市图书馆包括哪些？ from 南京市图书馆包括阅览室、书库和展厅
    _Rule(
        "list",
        re.compile(
            r"(?P<verb>(?:主要|共|将|具体)?(?:包括|包含|涵盖|分为))(?!.*\d)(?P<answer>[^，。]{2,40}、[^，。]{2,})"
        ),
        "{subject}{verb}哪些？",
        lambda clause: clause.own,
    ),
    # 江苏省文化厅印发了什么？ from 江苏省文化厅印发了《夜间开放指南》
    _Rule(
        "document",
        re.compile(
            r"(?P<verb>(?:正式|联合|共同|表决|审议|修订)*(?:印发|发布|公布|通过|出台|签署|推出|编制|制定))了?"
            rf"《[^》]+》{HAN}{{0,6}}$"
        ),
        "{subject}{day}{verb}了什么？",
        lambda clause: clause.own,
    ),
)


def ask_by_table(clause: Clause) -> Questions:
    """What ``_TABLE`` makes of it."""
    for rule in _TABLE:
        found = rule.predicate.match(clause.predicate)
        if found and rule.fits(clause):
            words = {"subject": clause.subject, "day": clause.day, **found.groupdict()}
            yield (
                rule.form,
                rule.question.format(**words),
                found.groupdict().get("answer") or _quoted(found[0]),
            )


def _quoted(text: str) -> str:
    """What the first quotes hold; of a document with its marks."""
    found = re.search(QUOTE, text)
    return "" if not found else found[0] if found[0][0] == "《" else found[0][1:-1]


# ---- Sentences that need no subject

_THEME_OF = re.compile(
    rf"以{QUOTE}为(?:活动|大会|年度)?主题的([^，；。：在于将由]*?(?:{'|'.join(EVENTS)}))(?=$|[，；。：在于将由、])"
)
_TITLED = re.compile(
    rf"则?(?:的(?:主旨|主题)?(?P<named>演讲|报告|讲座)(?:名为|题为|题目?[是为])[“《]"
    rf"|以{QUOTE}为题,?(?:作|发表|带来)了?(?:主旨|主题)?(?P<given>演讲|报告|讲座)"
    rf"|(?:作|发表|带来)了?(?:题为|主题为|以)?{QUOTE}(?:为题)?的?(?:主旨|主题)?(?P<made>演讲|报告|讲座)"
    rf"|在{QUOTE}的?(?:主旨|主题)?(?P<held>演讲|报告|讲座)中)"
)
_INTERVIEWED = re.compile(
    rf"(?P<office>{HAN}{{4,24}}?(?:{'|'.join((*OFFICES, *RANKS))})) ?(?P<name>{HAN}{{2,4}})：(?=.{{10}})"
)


def ask_sentence(sentence: str) -> Questions:
    """Themes, titles of speeches and speakers, wherever they stand.

    临江动漫节的主题是什么？ from 这是以“跃动”为主题的临江动漫节.
    王建国的演讲题目是什么？ from 王建国作了题为《风与电》的演讲.
    南京市图书馆馆长王建国说了什么？ from 南京市图书馆馆长王建国：我们会开放到夜里十点.
    """
    found = _THEME_OF.search(sentence)
    if found and names_thing(found[1]):
        yield "theme", f"{found[1]}的主题是什么？", _quoted(found[0])
    for found in _TITLED.finditer(sentence):
        person = last_person(sentence[: found.start()])
        if person:
            yield (
                "speech title",
                f"{person}的{found[found.lastgroup or 0]}题目是什么？",
                _quoted(sentence[found.start() :]),
            )
    found = _INTERVIEWED.match(sentence)
    if found and found["name"][0] in SURNAMES and names_thing(found["office"]):
        yield "speech", f"{found['office']}{found['name']}说了什么？", ""


# ---- When and where

_HELD = (
    r"(?:正式|成功|顺利|隆重|盛大|火热|圆满)?(?:举行|举办|召开|开幕|启幕|开赛|开播|落幕|闭幕|启动|开业|开馆|开园|成立|揭牌|揭幕|亮相|首演|上映|首映|上线|开工|竣工"
    r"|通车|开通|投产|投用|投入使用|投入运营|并网发电|发射|下水|首飞|拉开帷幕|拉开序幕|开班|开营|开讲|开展|开拍|杀青|奠基|开售|实施|施行|生效|签约|打响|收官|结束)"
)
_EVENT = re.compile(
    rf"[将已]?(?:[于自从在]?(?P<day>{DAY}|{YEAR}(?:\d{{1,2}}月)?|\d{{1,2}}月)起?)?(?:上午|下午|晚间?)?"
    rf"(?P<place>在(?=[^，]*{HAN})[^，。的]{{2,20}}?)?(?P<verb>{_HELD})了?$"
)


def ask_event(clause: Clause) -> Questions:
    """第九届临江动漫节是哪天开幕的？ and 第九届临江动漫节在哪里开幕？ from 8月1日，第九届临江动漫节在南京开幕."""
    found = _EVENT.match(clause.predicate)
    if not found:
        return
    subject, day, verb = clause.subject, found["day"] or clause.day, found["verb"]
    if day and clause.predicate.startswith("将"):
        yield "day", f"{subject}将在{'哪天' if '日' in day else '什么时候'}{verb}？", day
    elif day and "日" not in day:
        yield "day", f"{subject}是什么时候{verb}的？", day
    elif day and verb in {"施行", "实施", "生效"}:
        yield "day", f"{subject}从哪天起{verb}？", day
    elif day:
        yield "day", f"{subject}是哪天{verb}的？", day
    if found["place"]:
        yield "place", f"{subject}在哪里{verb}？", found["place"].removeprefix("在")


# ---- Who and what

_WHO_DID = re.compile(
    r"(?:率先|成功|首次|连续|先后)?(?:当选|担任|出任|获得|夺得|荣获|摘得|主持|执导|创办|发明|获评|任|赢得|击败|战胜|接任|饰演)"
)
_IS = re.compile(r"(?:就|正)?是(?!否|在|因|为|指|由于|不是|如何|怎|从|要|非常|很|“)")


def ask_office(clause: Clause) -> Questions:
    """南京市图书馆馆长是谁？ from 南京市图书馆馆长王建国出席了仪式."""
    for at, (token, following) in enumerate(itertools.pairwise(clause.tokens)):
        if token.word.endswith(OFFICES) and following.flag.startswith("nr"):
            office = _office_before(clause.tokens[: at + 1])
            if names_thing(office):
                yield "office", f"{office}是谁？", _name_at(clause.tokens, at + 1)


def _name_at(tokens: Sequence[Token], at: int) -> str:
    """The name that begins with a token: 李俊峰 is cut after 李俊."""
    name = tokens[at].word
    longer = join(tokens[at : at + 2])
    return longer if len(name) == 2 and len(longer) == 3 and last_person(longer) == longer else name


def _office_before(tokens: Sequence[Token]) -> str:
    """The noun phrase that ends in an office with the place where it is served; "" where it is cut or one of many."""
    first = len(tokens) - 1
    while first and tokens[first - 1].flag != "m" and is_nominal(tokens[first - 1], tokens[first]):
        first -= 1
    if first and tokens[first - 1].flag != "x" and tokens[first - 1].word not in set("是由向对与和"):
        return ""
    office = join(tokens[first:])
    place = office.removesuffix(next(each for each in OFFICES if office.endswith(each)))
    return office if len(place) >= 4 and not re.search(r"[、和与及原前]|副$", place) else ""


def ask_who(clause: Clause) -> Questions:
    """谁当选南京市作家协会主席？ from 王建国当选南京市作家协会主席."""
    did = clause.predicate
    somebody = clause.own and last_person(clause.subject)
    if somebody and _WHO_DID.match(did) and _is_whole(did) and any(map(is_name, tag(did))):
        yield "who", f"谁{did}？", somebody


def ask_what(clause: Clause) -> Questions:
    """“听雨计划”是什么？ from “听雨计划”是南京市为盲人录制有声书的项目."""
    subject = clause.subject
    if not clause.own or not _IS.match(clause.predicate) or len(clause.predicate) < 8 or len(subject) > 14:
        return
    tokens = tag(subject)
    last = tokens[-1]
    if len(tokens) == 1 and is_person(last):
        yield "what", f"{subject}是谁？", _IS.sub("", clause.predicate, count=1)
        return
    named = last.flag.startswith("nr") or (subject.isascii() and not subject.isupper())
    known = last.flag == "ns" and rarity(fold(last.word)) < UNCOMMON
    if not named and not known and not re.search(r"[的与和、]", subject):
        yield "what", f"{subject}是什么？", _IS.sub("", clause.predicate, count=1)


def _is_whole(predicate: str) -> bool:
    """Whether what follows a subject can close a question."""
    return (
        5 <= len(predicate) <= 26 and not UNFINISHED.search(predicate) and not re.search("[？！]", predicate)
    )


# ---- What was done

_ASKED_ACTS = {
    **{verb: f"{verb}了什么" for verb in ACTS},
    **{verb: f"{verb}了什么活动" for verb in ("举办", "举行", "开展")},
    **{verb: f"{verb}了谁" for verb in ("战胜", "击败", "任命")},
    **{verb: f"{verb}做什么" for verb in ("决定", "计划")},
    **{verb: f"{verb}什么" for verb in ("要求", "呼吁", "调查")},
    "召开": "召开了什么会议",
}
_OFTEN = frozenset(("公布", "发布", "出台", "举办", "举行", "开展", "召开"))
"""Acts that one does so often that they need a day or the kind of thing."""
_ACT = re.compile(
    rf"(?:正式|还|已)?(?P<verb>{'|'.join(_ASKED_ACTS)})了?(?P<answer>(?![的会])(?=.{{4}})[\u4e00-\u9fff“《\d][^，。]*?"
    r"(?P<kind>预警|公告|通知|报告|意见|办法|措施|政策|规划|方案|声明|倡议书|产品|标准|名单|协议|平台|基金|机构|中心)?)$"
)
_DEEDS = DEEDS | _ASKED_ACTS.keys()
_NO_DEED = re.compile(rf"\d|在.*{_HELD}$|的.*(?:对|向|在|正式)|(?:参加|开展|举行|举办)活动$")


def ask_act(clause: Clause) -> Questions:
    """南京市图书馆7月3日公布了什么办法？ from 7月3日，南京市图书馆公布借阅办法."""
    found = _ACT.match(clause.predicate)
    if not found or not clause.own or len(clause.subject) < 3:
        return
    verb, kind, day = found["verb"], "", ""
    asked = _ASKED_ACTS[verb]
    if asked.startswith(f"{verb}了"):
        kind = (found["kind"] or "") if verb in ACTS else ""
        day = clause.day
    if day or (len(clause.subject) >= 5 and (kind or verb not in _OFTEN)):
        yield "act", f"{clause.subject}{day}{asked}{kind}？", found["answer"]


def ask_cause(clause: Clause) -> Questions:
    """南京市图书馆为什么延长了开放时段？ from 为方便读者，南京市图书馆延长了开放时段."""
    if clause.caused and clause.own and _is_deed(clause.predicate):
        yield "reason", f"{clause.subject}为什么{clause.predicate}？", clause.caused


def ask_day(clause: Clause) -> Questions:
    """南京市图书馆哪天公布借阅办法？ from 7月3日，南京市图书馆公布借阅办法."""
    done = clause.predicate.removeprefix("将").removeprefix("正式")
    if (
        clause.day
        and clause.own
        and len(clause.subject) >= 3
        and _is_deed(done)
        and not _NO_DEED.search(done)
    ):
        yield "day of act", f"{clause.subject}哪天{done}？", clause.day


def _is_deed(predicate: str) -> bool:
    """Whether a predicate tells what was done once, and can close a question."""
    tokens = tag(predicate)
    if len(tokens) < 3 or not _is_whole(predicate):
        return False
    if tokens[0].flag not in {"v", "p"} and tokens[0].word not in _ASKED_ACTS:
        return False
    handed = tokens[0].word in set("与向对为") and not predicate.startswith("为了")
    return handed or tokens[1].word == "了" or any(token.word in _DEEDS for token in tokens[:2])


# ---- What was said

_SAYINGS = {
    **dict.fromkeys(("表示", "说", "称", "告诉"), "说了什么"),
    **dict.fromkeys(("认为", "看来"), "有什么看法"),
    "指出": "指出了什么",
    "强调": "强调了什么",
    "提出": "提出了什么",
    "建议": "有什么建议",
    "介绍": "介绍了什么情况",
    "透露": "透露了什么",
    "呼吁": "呼吁什么",
}
_WITH_WHAT = frozenset(("说", "称", "看来", "提出", "呼吁", "建议"))
"""Sayings that are mostly something else where what is said follows at once: 称重, 提出申请."""
SAID = re.compile(
    rf"(?P<where>在[^，。]{{2,24}}[上中时])?(?:还|也|同时|进一步|接受[^，。]{{2,16}}采访时|发文|发帖|回应|通报|发布声明|分析|解释|补充|[向对][^，。]{{2,8}})*"
    rf"(?P<verb>{'|'.join(_SAYINGS)})(?:道|记者)?(?P<rest>.*)$"
)
_ANYBODY = re.compile(r"(?:学家|专家|学者|官员|人士|居民|市民|游客|业主|村民|网民|客服|员工)$")
_SAID_BY = re.compile(
    r"(?:经?审理|特别|警告|呼吁|分析|解释|补充|回应|介绍|总结|发文|坦言|致辞|讲话|声明|公告|通报|通告|报道|消息|发表|发布|转述|表示)+$"
)


def ask_speech(clause: Clause) -> Questions:
    """王建国有什么看法？ from 王建国认为，风电的成本还会下降."""
    found = SAID.match(clause.predicate)
    if not found or clause.whole or (found["rest"] and found["verb"] in _WITH_WHAT):
        return
    speaker = _SAID_BY.sub("", clause.subject)
    tokens = tag(speaker)
    if not tokens or _ANYBODY.search(speaker) or not is_noun_phrase(tokens):
        return
    where = found["where"] or ""
    if OPEN.search(where) or not re.search(r"[会坛式展]上$", where):
        where = ""
    flag = tokens[0].flag if len(tokens) == 1 else ""
    if not flag or flag.startswith(("nr", "ns", "nt")):
        form = "bare speech" if flag.startswith("nr") else "speech"
        yield form, f"{speaker}{where}{_SAYINGS[found['verb']]}？", ""
