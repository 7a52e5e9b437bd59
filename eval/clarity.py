"""Whether a drafted question is clear to somebody who has not its article at hand, and its answer is one.

Each rule was made on drafts that a reader refused: figures without their time, offices without their place, documents
called by their short names. Knows one draft and its sentence at a time.
"""

import re
from collections.abc import Callable

from rag.drafts import Draft
from rag.phrases import OPEN, tag
from rag.vocabulary import EVENTS
from rag.words import to_simplified

LEAST_TOLD = 8
"""Characters of what was done on the day that is asked for; shorter ones are done on many days."""
_UNTOLD = re.compile(
    r"客户端|[日网报]讯|依法哪|\d年全[市省县区]|[\dA-Z](?:公司|集团)|台风[^？]*位于|^(?:新城区|中心城区|城区|市区|县城|流域|项目|工程|园区|份|公司|集团|企业|本|全[市县省区国球镇村乡])|[年月季度期](?:公司|集团|企业)|下次|此次|首次|报告期|见下表|如下|多少年|多少个(?:首次|月)"
    r"|生效从|元(?:协议|合同)|《(?:情况|实施|工作|若干|联合|处罚)?(?:说明|声明|通告|公示|公开信|倡议书|方案|办法|意见|通知|条例|规定|措施|报告|公告|决定|规划|计划|纲要|指南|通报|细则|协议)》"
)
"""What only the article explains, and questions that do not read well."""
_TIMELY = re.compile(
    r"占(?!地)|PMI|净[流卖买]|累计完成|收入|营收|利润|总[值额量]|产[量值]|销[量售]|进出口|GDP|生产总值|增加值|余额|规模|市值|占比|比重|比例|[率价幅]|通胀|通货膨胀|指数|人数"
    r"|金牌|奖牌|[用发]电|[阵大]风|预警|水资源|降[雨雪]|死亡|遇难|受伤|失联|感染|水[量位]|雨量|气温|温度|同比|环比|增[长速]|下降|上涨|[涨跌]|均价|贸易额|投资|贷款|存款"
)
"""Figures that change from one time to another."""
TIME = re.compile(r"\d{4}年|\d{1,2}月|[上下]半年|季度|全年|“十[一二三四五]五”")
_COMMON_ACT = re.compile(
    r"(?:发布会|吹风会|座谈会|通气会|通报会|会议|通报|活动|公告|消息|声明|通知|预警|信息|数据)$"
)
_TOLD_ACT = re.compile(
    r"(?:签署|收购|批准|公布|发布|推出|出台|召开|举办|举行|启动|成立)了什么|开展了什么活动"
)
_DATED_ACT = re.compile(
    r"哪天(?:正式|联合)?(?:发布|公布|推出|出台|印发|转发|启动|成立|签署|批准|上线|开通|关闭|上调|下调|召开|举行|举办)"
)
_COMMON_DEALS = frozenset(
    ("合作协议", "战略合作协议", "框架协议", "战略合作框架协议", "合作备忘录", "协议书")
)
_CLAUSE = re.compile(r"^[由在将已被]|[了着过]|[是有]|计划|进行")
_COUNTED_IN_PASSING = re.compile(
    r"以来|^[A-Z]{2,}(?:录得|[为是])|年CAGR|\d日？$|多少[^？]{9,}？|[几多少]+[^？]*(?:上榜|刚刚|的[^？]*)？|^[A-Za-z\d]+(?:[为是]|达)"
)
_AFTER_NAME = re.compile(
    r"[，。：；、！？\s（“《]|[在说称与和及等率带对向为曾也还则就将已]|介绍|表示|认为|指出|告诉|强调|透露|建议|坦言|分析|出席|参加|致辞"
    r"|讲话|公布|宣布|主持|接受|发言|发表|直言|补充|回应|解释|一行|一边|女士|先生|周[一二三四五六日]|\d|$"
)
OPEN_POST = re.compile(
    r"^(?:街道|公司|集团|学校|学院|医院|中心|[省市县区校院局厅]|[^省市县区]{1,2}(?:主任|书记|院长|校长|局长)$)|[副原前时]任|^[原前]|^(?:据|由|与|和|对|向|在|以及|其中|同时|来自|并|是)"
)
"""Posts without the place where they are held."""


def is_clear(draft: Draft, sentence: str) -> bool:
    """Whether a person who has not the article at hand understands a question, and its answer is one."""
    question, answer = draft.question, draft.answer
    if _UNTOLD.search(question) or _UNTOLD.search(answer) or OPEN.search(answer):
        return False
    if draft.form in {"number", "place", "year"} and not _stands_together(draft, to_simplified(sentence)):
        return False
    return _FITS[draft.form](question, answer, to_simplified(sentence)) if draft.form in _FITS else True


def _stands_together(draft: Draft, sentence: str) -> bool:
    """Whether what is said of a subject follows it at once, not in a later clause that may speak of another."""
    said = draft.question.removeprefix(draft.subject)[0]
    bare = re.sub(r"[（(][^）)]*[）)]", "", sentence)
    return not draft.subject or said in "是在由" or draft.subject + said in bare


def _fits_number(question: str, answer: str, sentence: str) -> bool:
    timeless = _TIMELY.search(question) and not TIME.search(question)
    few = re.match("[一二两三四五六七八九十]+[^万亿百千]", answer)
    many = "几" in question and re.search(r"[3-9]\d|\d{3}", answer)
    before = tag(re.split("多少|几", question)[0])
    asks = bool(before) and (before[-1].flag[0] == "v" or before[-1].word in {"为", "达", "了", "过", "到"})
    return asks and not (timeless or few or many or "/" in question or _COUNTED_IN_PASSING.search(question))


def _fits_act(question: str, answer: str, sentence: str) -> bool:
    told = _TOLD_ACT.search(question) and (TIME.search(question) or "签署" in question)
    common = (
        answer in _COMMON_DEALS or (len(answer) < 9 and _COMMON_ACT.search(answer)) or answer.endswith("称")
    )
    other = "开展了什么活动" in question and not answer.endswith(("活动", "行动"))
    return bool(told) and not (common or other or _CLAUSE.search(answer))


def _fits_day_of_act(question: str, answer: str, sentence: str) -> bool:
    done = _DATED_ACT.search(question)
    told = question[done.end() :].rstrip("？") if done else ""
    return (
        len(told) >= LEAST_TOLD
        and told[0] != "的"
        and not told.endswith(("预计", "显示", "称"))
        and not _COMMON_ACT.search(told)
    )


def _fits_what(question: str, answer: str, sentence: str) -> bool:
    return question[0] in "“《" and not _CLAUSE.search(answer)


def _fits_place(question: str, answer: str, sentence: str) -> bool:
    tokens = tag(answer)
    return bool(tokens) and tokens[-1].flag[0] in "nfjs" and "时间" not in answer


def _fits_host(question: str, answer: str, sentence: str) -> bool:
    subject = question.partition("由谁")[0]
    return subject.endswith((*EVENTS, "》", "”")) or not question.endswith(("主办？", "承办？"))


def _fits_office(question: str, answer: str, sentence: str) -> bool:
    """Whether the name is whole: 王建|新 is one that was cut."""
    after = sentence[sentence.find(answer) + len(answer) :]
    whole = _AFTER_NAME.match(after) or (len(answer) > 2 and after[0] not in "·—-")
    return (
        len(answer) > 1
        and bool(whole)
        and _fits_who(question, answer, sentence)
        and not OPEN_POST.search(question.removesuffix("是谁？"))
    )


def _fits_who(question: str, answer: str, sentence: str) -> bool:
    """Whether the name took nothing along: 王建|曾任."""
    return len(answer) < 3 or answer[-1] not in "曾将已"


def _fits_list(question: str, answer: str, sentence: str) -> bool:
    return not re.match(r"新建|新增|改建|该|本", question)


def _fits_nothing(question: str, answer: str, sentence: str) -> bool:
    return False


_FITS: dict[str, Callable[[str, str, str], bool]] = {
    "number": _fits_number,
    "act": _fits_act,
    "day of act": _fits_day_of_act,
    "what": _fits_what,
    "place": _fits_place,
    "host": _fits_host,
    "office": _fits_office,
    "who": _fits_who,
    "list": _fits_list,
    "reason": _fits_nothing,
}
"""What more is asked of a question, its answer and its sentence, by form. Two causes in three were no causes."""
