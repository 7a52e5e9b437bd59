"""An article -> questions with the words that answer them, by rules, without a language model.

The questions of ``rag.drafts`` whose rule tells the answering words, and two rules more: what post somebody holds,
and what day a headline tells of. Knows one article at a time; twins and follow-ups are in ``eval.altering``.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from eval.clarity import OPEN_POST, TIME, is_clear
from rag.clauses import DAY, HAN
from rag.drafts import LONGEST, SHORTEST, draft_questions
from rag.passages import split_sentences
from rag.phrases import OPEN, PAIRS, is_name, is_person, names_thing, split_noun_phrase, tag
from rag.records import Article
from rag.vocabulary import OFFICES, RANKS
from rag.words import to_simplified

LONGEST_ANSWER = 40
"""Characters; a longer one tells several things."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the sentence ``article.text[start:end]`` that answers it and the words in it that do.

    Attributes:
        rule: what made it.
        answers: groups that must all be held, each a list of alternatives; the first stands in the sentence.
        subject: what it asks about, if it begins with that.
    """

    question: str
    start: int
    end: int
    rule: str
    answers: tuple[tuple[str, ...], ...]
    subject: str = ""


def ask_article(article: Article) -> list[Asked]:
    """The questions of an article, best first, each once."""
    every = [*_ask_drafts(article), *_ask_posts(article), *_ask_headline(article)]
    return list({asked.question: asked for asked in reversed(every)}.values())[::-1]


# ---- Questions of ``rag.drafts``

_ISSUED = re.compile(
    r"(?:正式|联合|共同|表决|审议|修订)*(?:印发|发布|公布|通过|出台|签署|推出|编制|制定)(?=了什么？$)"
)


def _ask_drafts(article: Article) -> Iterator[Asked]:
    for draft in draft_questions(article):
        sentence = article.text[draft.start : draft.end]
        answers = find_answers(draft.form, draft.answer, sentence)
        if answers and is_clear(draft, sentence):
            subject = draft.subject.removesuffix("的主题")
            if draft.form == "speech title":
                subject = draft.question.partition("的")[0]
            asked = Asked(draft.question, draft.start, draft.end, draft.form, answers, subject)
            issued = draft.form == "document" and not TIME.search(draft.question)
            turned = _ask_issuer(asked, sentence) if issued else asked
            if turned:
                yield turned


def _ask_issuer(asked: Asked, sentence: str) -> Asked | None:
    """《夜间开放指南》由谁印发？ instead of 江苏省文化厅印发了什么？, for it issues much."""
    verb = _ISSUED.search(asked.question)
    question = f"{to_simplified(asked.answers[0][0])}由谁{verb[0] if verb else ''}？"
    answers = find_answers("host", asked.subject, sentence)
    if not verb or not answers or len(question) > LONGEST:
        return None
    return Asked(question, asked.start, asked.end, "issuer", answers)


# ---- The answering words


def find_answers(form: str, answer: str, sentence: str) -> tuple[tuple[str, ...], ...]:
    """The groups of an answer, in the sentence's own characters; none where they do not stand in it.

    Args:
        form: as of ``rag.drafts``.
        answer: in simplified script.
    """
    pieces = [answer]
    if form in {"list", "host"}:
        pieces = re.split(r"、|(?<=.{3})(?:和|以及|与)(?=.{3})" if form == "list" else "、", answer)
    groups = tuple(_find_piece(form, _tidy(piece), sentence) for piece in pieces)
    return groups if all(groups) else ()


def _find_piece(form: str, piece: str, sentence: str) -> tuple[str, ...]:
    simple = to_simplified(sentence)
    at = simple.find(piece)
    if (
        not piece
        or at < 0
        or len(simple) != len(sentence)
        or len(piece) > LONGEST_ANSWER
        or not _pairs(piece)
    ):
        return ()
    own = sentence[at : at + len(piece)]
    shorter = re.sub(r"^(?:19|20)\d\d年(?=\d)", "", own) if form in {"day", "day of act"} else own
    return tuple(dict.fromkeys((own, shorter)))


def _tidy(answer: str) -> str:
    """Without what hangs on at its ends."""
    return re.sub(r"(?:等[\u4e00-\u9fff]{0,6}|[，。；：、\s])+$", "", answer).strip()


def _pairs(text: str) -> bool:
    return all(text.count(opening) == text.count(closing) for opening, closing in PAIRS.items())


# ---- What post somebody holds

_TITLES = "|".join((*OFFICES, *RANKS))
_POST = re.compile(
    rf"(?:^|(?<=[，。；：、“”！？\s]))(?P<post>{HAN}{{2,20}}?(?:{_TITLES}))(?P<name>{HAN}{{2,4}}?)"
    r"(?=，|：|在[^，。]{2,20}[上中时]|介绍|表示|说[，：“]|认为|指出|告诉|强调|称[，：“]|透露|建议|坦言|分析|出席|致辞|向记者)"
)


def _ask_posts(article: Article) -> Iterator[Asked]:
    """王建国担任什么职务？ from 南京市图书馆馆长王建国表示，……."""
    text = to_simplified(article.text)
    if len(text) != len(article.text):
        return
    spans = split_sentences(article.text)
    told = [
        (found, span)
        for span in spans
        for found in _POST.finditer(text[span[0] : span[1]])
        if _is_post(found)
    ]
    posts = Counter(found["name"] for found, _ in told)
    for found, (start, end) in told:
        # In the article's own letters: 乾 in a name is no 干.
        name = article.text[start + found.start("name") : start + found.end("name")]
        # Somebody of whom two posts are told has two right answers.
        if posts[found["name"]] == 1:
            answers = find_answers("post", found["post"], article.text[start:end])
            if answers:
                yield Asked(f"{name}担任什么职务？", start, end, "post", answers, name)


def _is_post(found: re.Match[str]) -> bool:
    post, name = found["post"], found["name"]
    tokens, named = tag(post), tag(name)
    if post.endswith("经理") and not post.endswith("总经理"):
        return False
    if len(name) > 3 or not is_person_name(name) or not named or OPEN.search(post) or OPEN_POST.search(post):
        return False
    phrase, rest = split_noun_phrase(tokens)
    return not rest and names_thing(phrase) and any(map(is_name, tokens))


def is_person_name(name: str) -> bool:
    """Whether a text is one Chinese person's name of two or three characters."""
    tokens = tag(name)
    return (
        2 <= len(name) <= 3
        and bool(tokens)
        and is_person(tokens[0])
        and sum(map(len, (t.word for t in tokens))) <= 3
    )


# ---- What day a headline tells of

_DIGEST = re.compile(
    r"[|｜丨]|早报|晚报|周报|快讯|一览|盘点|要闻|汇总|速览|\d{1,2}月\d{1,2}日|[？！?!]|[：:]|_"
)


def _ask_headline(article: Article) -> Iterator[Asked]:
    """“临江大桥通车”是哪天的事？ where the first sentence tells what the headline says, with one day."""
    title = to_simplified((article.title or "").strip())
    spans = split_sentences(article.text)
    if not spans or _DIGEST.search(title) or not names_thing_somewhere(title):
        return
    lead = next(span for span in spans)
    sentence = to_simplified(article.text[lead[0] : lead[1]])
    days = re.findall(DAY, sentence)
    words = [token.word for token in tag(title) if len(token.word) > 1]
    shared = sum(len(word) for word in words if word in sentence)
    question = f"“{title}”是哪天的事？"
    if len(days) == 1 and title not in sentence and len(question) <= LONGEST and shared >= 0.6 * len(title):
        answers = find_answers("day", days[0], article.text[lead[0] : lead[1]])
        if answers and len(question) >= SHORTEST:
            yield Asked(question, *lead, "headline", answers)


def names_thing_somewhere(text: str) -> bool:
    """Whether a text holds a name."""
    return not OPEN.search(text) and any(map(is_name, tag(text)))
