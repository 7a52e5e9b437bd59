"""A question -> what it asks for: its terms by rarity, its names and numbers, and the kind of thing wanted.

By rules and jieba's dictionary, without a model and without looking at any article. Everything is folded
(``words.fold``), so that it meets folded text.
"""

import functools
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import jieba.posseg
import pypinyin

from rag.words import fold, tokenizer

KINDS: dict[str, re.Pattern[str]] = {
    "person": re.compile(r"谁|哪一?位|哪个人|什么人|姓名|\bwho\b|\bwhom\b|\bwhose\b"),
    "date": re.compile(
        r"哪[一]?[天日年月]|几月|几号|几点|什么时候|啥时候|何时|日期|什么时间|什么日子|\bwhen\b|\b(?:what|which) (?:day|date|year|time|month)\b"
    ),
    "number": re.compile(
        r"多少|几[个场名位家项种天台次人座层本份类期届倍条句]|第几|多[大长久高远快重宽]|占比|百分之几|\bhow (?:many|much|long|old|large|big|far|high)\b|\bwhat (?:percent|number|share|age|amount)"
    ),
    "place": re.compile(
        r"哪里|哪儿|何处|何地|什么地[方区点]|哪[一]?[个座]?(?:地方|地区|城市|国家|省|市|县|区域?|洲|州|岛|镇|村)|\bwhere\b|\b(?:which|what) (?:city|country|place|province|town|state)\b"
    ),
    "organisation": re.compile(
        r"哪[一几]?[个家所间]?(?:公司|单位|机构|部门|学校|大学|企业|集团|媒体|银行|学院|部委|委|组织|电信商)|哪[一]?[家所]|什么(?:公司|单位|机构|组织|学校)|\b(?:which|what) (?:company|organi[sz]ation|university|school|firm|ministry|outlet|institution)\b"
    ),
    "title": re.compile(
        r"题目|标题|主题|题为|叫什么|什么名|名称|名字|称号|书名|什么奖|话题|\b(?:title|titled|theme|topic|called|name of)\b"
    ),
    "money": re.compile(
        r"多少(?:个)?[亿万]?(?:元|块|钱|美元|亿)|[金额资产收入费价薪酬奖投]+(?:是|有|为)?多少|几块|多少亿|总?金额|票价|奖金|预算|价格|收入|\bhow much (?:money|did|does|was|is)\b|\b(?:price|cost|value in|salary|budget)\b"
    ),
    "clock": re.compile(r"几点|几时|\bwhat time\b"),
    "duration": re.compile(r"多久|多长时间|几年[？?]?$|几天[？?]?$|\bhow long\b"),
    "people": re.compile(r"多少[^，。？]{0,3}(?:人|嘉宾|观众|读者|学生)|人数|人次|\bhow many (?:people|guests|visitors|readers|students)\b"),
    "contact": re.compile(r"电话|邮箱|邮件|网址|微信|地址|门牌|手机|\b(?:phone|e-?mail|address|website)\b"),
    "opinion": re.compile(r"怎么看|看法|观点|建议|评价|原话|怎么评|如何看|有何感|说了什么|说过什么|讲了什么"),
    "reason": re.compile(r"为什么|为何|为啥|何以|原因|缘故|\bwhy\b"),
}
"""What a question may ask for, and the folded words that say so; a question may ask for several."""

LIST = re.compile(
    r"哪些|哪几|分别|各是|各自|各有|有哪|都有谁|有谁|几点(?!开|钟|关|到)|哪[两二三四五六七八九十]|名单|列[出举]|几样"
    r"|\bwhat are\b|\bwhich \w+s\b|\blist\b|\bwho are\b|\bnames of\b|\bwhat \w+s were\b"
)

_STOP_WORDS = frozenset(
    "什么 哪 哪个 哪些 哪家 哪天 哪里 哪儿 哪位 哪几 哪所 哪种 哪一 哪年 谁 多少 多 几 几个 几月 几号 几点 怎么 怎样 如何 为什么 为何 为啥 何 何时 何处 啥 "
    "是 的 了 吗 呢 啊 吧 呀 嘛 么 在 有 和 与 及 或 被 把 对 从 到 由 以 为 于 向 给 跟 让 就 也 又 还 都 才 只 很 最 更 不 没 没有 要 会 能 可以 应该 "
    "这 那 这个 那个 这些 那些 这场 那场 这次 此次 该 其 其中 之 者 所 而 则 并 且 但 你 我 他 她 它 他们 她们 它们 大家 自己 本人 "
    "分别 具体 到底 究竟 请问 请 一下 告诉 知道 说说 问 叫 叫做 是否 可 得 地 着 过 来 去 上 中 里 内 下 时 后 前 个 位 场 家 名 些 点 次 种 一 "
    "什么时间 多少钱 多少人 几场 几届 职务 职位 身份 来头 任职 单位 机构 部门 学校 城市 地方 地点 企业 公司 名字 名称 姓名 原因 日期 时间 人 哪一位 东西 事 事情 情况 内容 多长时间 几样 "
    "哪家媒体 干 做 谈 讲 说 看 用 办 开 搞 拿 有何 何 本次 "
    "时候 什么样 哪样 那么 这么 呗 哈 嗯 想 觉得 主要 一共 总共 共 起 当 "
    "the a an of in on at to for by with from as is are was were be been do does did has have had what which who whom whose when where why how "
    "many much and or that this these those it its they their he his she her according say said says about into than there s".split()
)
_HAN = re.compile(r"[\u3400-\u9fff]")
ASKING = re.compile(r"什么|啥|哪|谁|多少|几[个场名位家项种天台次人座层本份类点月]?$|怎么|怎样|如何|何|\bwhat\b|\bwhich\b|\bmany\b")
_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w".split()
_FINALS = (
    "a o e ai ei ao ou an en ang eng ong i ia ie iao iu ian in iang ing iong u ua uo uai ui uan un uang ue v ve"
).split()
_SYLLABLES = frozenset([*(initial + final for initial in _INITIALS for final in _FINALS), "a", "ai", "an", "ang", "ao", "e", "en", "er", "ou"])
_NUMBER = re.compile(r"\d[\d.,:]*%?|第[一二三四五六七八九十百\d]+")
_ORDINAL = re.compile(r"第[一二三四五六七八九十百\d]+(?:场|届|期|季度|轮|批|集|章)|(?<!\d)(?:19|20)\d\d(?!\d)")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question and its weight in (0, 1]: how rare it is in general Chinese."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks.

    Attributes:
        folded: the question, folded.
        terms: its words that carry meaning, each once, in order.
        names: terms that look like people's names.
        numbers: its numbers and ordinals.
        ordinals: those that single one out of many: 第三场, 2022.
        kinds: names of ``KINDS`` that it asks for.
        focus: the term beside the question word: 主题 in 主题是什么, 产品 in 哪些产品; without one the last term.
        wants_list: it asks for several things.
        foreign: it has no Chinese character.
    """

    folded: str
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    ordinals: tuple[str, ...]
    kinds: frozenset[str]
    focus: str | None
    wants_list: bool
    foreign: bool


def read_question(text: str) -> Question:
    """Read a question."""
    folded = fold(text)
    foreign = _HAN.search(folded) is None
    words = [word for word in _split_words(folded) if is_meaningful(word)]
    return Question(
        folded=folded,
        terms=tuple(Term(word, rarity(word)) for word in dict.fromkeys(words)),
        names=romanised_names(text) if foreign else tuple(dict.fromkeys(find_names(folded))),
        numbers=tuple(dict.fromkeys(_NUMBER.findall(folded))),
        ordinals=tuple(dict.fromkeys(_ORDINAL.findall(folded))),
        kinds=frozenset(kind for kind, pattern in KINDS.items() if pattern.search(folded)),
        focus=_find_focus(_split_words(folded)),
        wants_list=LIST.search(folded) is not None,
        foreign=foreign,
    )


@functools.lru_cache(maxsize=65536)
def rarity(word: str) -> float:
    """How rare a folded word is in general Chinese, in [0.05, 1], by the counts of jieba's dictionary."""
    cutter = tokenizer()
    count = cutter.FREQ.get(word, 0)
    return min(1.0, max(0.05, (math.log10(cutter.total / (count + 1)) - 2) / 4))


@functools.lru_cache(maxsize=4096)
def find_names(folded: str) -> tuple[str, ...]:
    """Words of a folded text that look like a Chinese person's name, in order, by jieba's tags."""
    pairs = [*tag_words(folded), ("", "")]
    names = []
    for (word, flag), (following, following_flag) in itertools.pairwise(pairs):
        # Jieba knows 李俊 and so cuts 李俊峰 after it.
        longer = len(word) == 2 and len(following) == 1 and following_flag.startswith("n")
        if flag.startswith("nr") and _is_name(word + following if longer else word):
            names.append(word + following if longer else word)
    return tuple(names)


@functools.lru_cache(maxsize=4096)
def tag_words(folded: str) -> tuple[tuple[str, str], ...]:
    """Cut a folded text into (word, part of speech), names and unknown words guessed.

    Time grows with the square of a run of unknown characters, so the text is cut at 600 characters.
    """
    return tuple((pair.word, pair.flag) for pair in _tagger().cut(folded[:600]))


@functools.cache
def _tagger() -> jieba.posseg.POSTokenizer:
    return jieba.posseg.POSTokenizer(tokenizer())


def _is_name(word: str) -> bool:
    return 2 <= len(word) <= 4 and word[0] in _SURNAMES and tokenizer().FREQ.get(word, 0) < 100


def romanised_names(text: str) -> tuple[str, ...]:
    """Capitalised words of a foreign question that could be pinyin of two syllables or more, joined and folded.

    ``Who is Gong Yeming?`` gives ``gongyeming``.
    """
    names = []
    for run in re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*", text):
        words = [word.lower() for word in run.split() if word.lower() not in _STOP_WORDS]
        syllables = [_count_syllables(word) for word in words]
        if words and all(syllables) and sum(syllables) >= 2:
            names.append("".join(words))
    return tuple(dict.fromkeys(names))


@functools.lru_cache(maxsize=16384)
def to_pinyin(folded: str) -> str:
    """A folded text in pinyin without tones, a blank before each syllable; other characters stay."""
    return "".join(f" {syllable}" for syllable in pypinyin.lazy_pinyin(folded))


def is_meaningful(word: str) -> bool:
    """Whether a folded word tells what is asked."""
    return word not in _STOP_WORDS and re.search(r"\w", word) is not None


def _split_words(folded: str) -> list[str]:
    return [word.strip() for word, flag in tag_words(folded) if word.strip() and flag not in {"uj", "ul", "y"}]


def _find_focus(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        if not ASKING.search(word):
            continue
        after = [each for each in words[at + 1 : at + 3] if is_meaningful(each)]
        before = [each for each in words[:at] if is_meaningful(each)]
        if after and is_meaningful(words[at + 1]):
            return after[0]
        if before:
            return before[-1]
    meaningful = [word for word in words if is_meaningful(word)]
    return meaningful[-1] if meaningful else None


def _count_syllables(word: str) -> int:
    """How many pinyin syllables a word can be cut into, fewest first; 0 where it cannot."""
    fewest = [0] + [99] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            if word[start:end] in _SYLLABLES:
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1] if fewest[-1] < 99 else 0
