"""Questions about an article rather than its text: who published it, when, by whom, under which title.

They are answered from the header; the citation opens the article at its first sentence, or at the line that
names the reporter.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.answer import Statement
from rag.dates import BEIJING
from rag.evidence import folded_text, header_text, share_of_terms
from rag.passages import split_sentences
from rag.question import Question, read_question
from rag.records import Article
from rag.retrieve import Found

_PIECE = r"(?:报道|文章|稿子|稿件|稿|新闻|消息|帖子|讯|article|report|story|piece|news)"
_WHEN = r"(?:哪一?[天年]|何时|什么时候|啥时候|几号|几月几号|日期|时间)"
_ISSUED = r"(?:发布|刊登|刊发|发表|登出来)"
_ASKED: dict[str, re.Pattern[str]] = {
    "author": re.compile(
        rf"作者|撰稿|(?:记者|编辑)[是叫]|写[^,。?]{{0,20}}的人?是谁|{_PIECE}[^,。?]{{0,6}}谁写|谁写"
        r"|\bwho wrote\b|\bauthor\b|\bwritten by\b"
    ),
    "outlet": re.compile(
        rf"哪一?[家个](?:媒体|报纸|报社|网站|网|通讯社)|什么媒体|{_PIECE}[^,。?]{{0,8}}(?:出自|来自|来源|谁[发报刊])"
        rf"|(?:出自|来源于)[哪谁]|谁(?:报道|{_ISSUED})的"
        r"|\bwho published\b|\b(?:which|what) (?:outlet|media|newspaper|website|news)|\bpublished by\b"
    ),
    "published": re.compile(
        rf"{_PIECE}[^,。?]{{0,8}}{_WHEN}[^,。?]{{0,4}}(?:{_ISSUED}|[发登]|$|[?])|{_PIECE}[^,。?]{{0,4}}{_ISSUED}(?:日期|时间|于)|{_WHEN}{_ISSUED}的?[^,。?]*{_PIECE}"
        rf"|\bwhen was [^?]*{_PIECE}[^?]*(?:published|posted|released)|\bpublication date\b"
    ),
    "title": re.compile(rf"{_PIECE}[^,。?]{{0,4}}(?:标题|题目)|\bheadline\b|\btitle of the {_PIECE}"),
    "categories": re.compile(
        rf"{_PIECE}[^,。?]{{0,12}}(?:分类|栏目|版块|归在|归到|归为)|(?:分类|栏目|版块)[^,。?]{{0,6}}{_PIECE}|\bcategor(?:y|ies)\b|\bsection\b"
    ),
}
_ABOUT_ARTICLES = re.compile(
    rf"^(?:{_PIECE}|{_ISSUED}|标题|题目|作者|媒体|报道|记者|出自|来源|分类|栏目|归|写|发|[那这]?[篇条]|哪家|下面|日期"
    r"|published?|wrote|written|headline|title|author|outlet|date|newspaper|media|category|posted)$"
)
_BYLINE = re.compile(
    r"[讯电]\s*[（(]\s*(?:记者|通讯员|文)?\s*[:：]?\s*[\u4e00-\u9fff·、 ]{2,20}[）)]"
    r"|[（(]\s*(?:记者|通讯员)\s*[:：]?\s*[\u4e00-\u9fff·、 ]{2,20}[）)]"
)
ENOUGH_TERMS = 0.4
"""The share of a question's other terms that an article must hold to be the one that is meant."""


def answer_from_header(question_text: str, found: Sequence[Found]) -> list[Statement]:
    """Answer a question about an article's header.

    Returns:
        One statement, or none where the question asks for nothing in a header, no article found is the one that
        is meant, or its header does not say.
    """
    question = read_question(question_text)
    asked = [name for name, pattern in _ASKED.items() if pattern.search(question.folded)]
    if not asked or not found:
        return []
    article = found[0].hit.passage.article
    if _share_of_others(question, article) < ENOUGH_TERMS:
        return []
    facts = {name: fact for name in asked if (fact := _say(name, article, question.foreign))}
    if not facts:
        return []
    start, end = _lead(article, byline="author" in asked)
    if "author" in asked and _BYLINE.search(article.text[start:end]):
        facts.pop("author", None)
        text = " ".join([article.text[start:end], *facts.values()])
    else:
        text = (", " if question.foreign else "，").join(facts.values()) + ("." if question.foreign else "。")
    return [Statement(text, article, start, end)]


def _share_of_others(question: Question, article: Article) -> float:
    """The share of the terms that are not about articles as such that the article or its header holds."""
    others = tuple(term for term in question.terms if not _ABOUT_ARTICLES.match(term.text))
    if question.foreign:
        # Its words cannot be looked up, so it must at least say that it asks about an article.
        return 1.0 if re.search(_PIECE, question.folded) else 0.0
    if not others:
        return 1.0
    return share_of_terms(
        replace(question, terms=others), folded_text(header_text(article)) + folded_text(article.text)
    )


def _say(name: str, article: Article, english: bool) -> str | None:
    """One fact of the header as a clause, or None where the header does not say."""
    moment = article.published.astimezone(BEIJING) if article.published else None
    values = {
        "author": article.author,
        "outlet": article.outlet,
        "published": moment
        and (
            f"{moment:%Y-%m-%d %H:%M} (Beijing time)"
            if english
            else f"{moment.year}年{moment.month}月{moment.day}日{moment:%H:%M}（北京时间）"
        ),
        "title": article.title,
        "categories": " / ".join(article.categories),
    }
    names = {
        "author": ("文章署名作者是", "The author given is "),
        "outlet": ("报道出自", "The article was published by "),
        "published": ("发布时间是", "The time of publication is "),
        "title": ("文章标题是", "The title is "),
        "categories": ("文章的分类是", "The categories are "),
    }
    return f"{names[name][english]}{values[name]}" if values[name] else None


def _lead(article: Article, byline: bool) -> tuple[int, int]:
    """The article's first sentence, or the first that names a reporter."""
    spans = split_sentences(article.text[:2000])
    named = [span for span in spans if _BYLINE.search(article.text[slice(*span)])] if byline else []
    return (named or spans)[0]
