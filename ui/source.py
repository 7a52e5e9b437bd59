"""An article and what was cited of it -> the HTML of the source panel; a list of articles -> HTML. Pure."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Literal

from rag import Article
from rag.browse import Listing
from rag.dates import beijing_day
from ui.markup import escape, link
from ui.reference import to_reference
from ui.strings import Language, say

Freshness = Literal["current", "changed", "gone"]
"""Whether the folder still holds the article as it was cited."""

PICTURE = "[图片]"
PAGE = 20
"""Articles of a list that are shown at once."""

Span = tuple[int, int]


def render_source(
    article: Article,
    quote: Span | None,
    spans: Sequence[Span],
    language: Language,
    today: date,
    freshness: Freshness = "current",
) -> str:
    """The whole article, the quote and its answering words marked.

    Args:
        quote: (start, end) in ``article.text``, or None where the article is only being read.
        spans: the answering words inside the quote, as of ``Citation.spans``.
        today: the day of access in the reference.
    """
    title = escape(article.title or article.path)
    warning = (
        ""
        if freshness == "current"
        else f'<p class="note" role="status">{escape(say(language, f"source_{freshness}"))}</p>'
    )
    return (
        f'<article class="source" lang="zh" data-path="{escape(article.path)}" tabindex="-1">'
        f"{_render_bar(article, quote, language, today)}{warning}"
        f"<h2>{title}</h2>{_render_facts(article, language)}"
        f'<div class="body">{_render_body(article.text, quote, spans, language)}</div></article>'
    )


def render_empty(language: Language) -> str:
    """What the panel shows before anything was opened."""
    return f'<p class="hint">{escape(say(language, "source_empty"))}</p>'


def render_listing(listing: Listing, start: int, language: Language) -> str:
    """A page of the list of articles.

    Args:
        start: the number of articles before the first shown.
    """
    if not listing.total:
        return f'<p class="hint" role="status">{escape(say(language, "listed_none"))}</p>'
    first, last = start + 1, start + len(listing.articles)
    told = escape(say(language, "listed", total=f"{listing.total:,}", first=f"{first:,}", last=f"{last:,}"))
    items = "".join(
        f'<li><button type="button" class="entry" data-send="read" data-article="{escape(article.path)}">'
        f"<b>{escape(article.title or article.path)}</b><span>{escape(_say_facts(article, language))}</span></button></li>"
        for article in listing.articles
    )
    before = _page_button("page_before", start - PAGE, start > 0, language)
    after = _page_button("page_after", start + PAGE, last < listing.total, language)
    return f'<p class="hint" role="status">{told}</p><ul class="entries">{items}</ul><p class="pager">{before}{after}</p>'


def quote_with_reference(citation_quote: str, article: Article, today: date) -> str:
    """What "copy the quote" puts on the clipboard."""
    return f"“{citation_quote}”\n{to_reference(article, today)}"


def _render_bar(article: Article, quote: Span | None, language: Language, today: date) -> str:
    words = {name: escape(say(language, name)) for name in ("previous", "next", "copy_quote", "keys_hint")}
    moves = (
        f'<button type="button" class="tool" data-move="-1" title="K" aria-label="{words["previous"]}">↑</button>'
        f'<button type="button" class="tool" data-move="1" title="J" aria-label="{words["next"]}">↓</button>'
    )
    copy = ""
    if quote is not None:
        copied = quote_with_reference(article.text[slice(*quote)], article, today)
        copy = (
            f'<button type="button" class="tool" data-copy="text" data-text="{escape(copied)}" '
            f'data-done="{escape(say(language, "copied"))}">{words["copy_quote"]}</button>'
        )
    original = link(article.url, say(language, "original")) if article.url else ""
    return f'<div class="bar" title="{words["keys_hint"]}">{moves}{copy}{original}</div>'


def _render_facts(article: Article, language: Language) -> str:
    return f'<p class="facts">{escape(_say_facts(article, language))}</p>'


def _say_facts(article: Article, language: Language) -> str:
    day = beijing_day(article.published)
    author = article.author if article.author != article.outlet else None
    parts = [article.outlet, author, day.isoformat() if day else say(language, "no_date")]
    return " · ".join(
        [part for part in parts if part] + [" / ".join(article.categories)] * bool(article.categories)
    )


def _render_body(text: str, quote: Span | None, spans: Sequence[Span], language: Language) -> str:
    """The text as paragraphs; the quote in ``mark`` elements, its answering words in ``b`` inside them."""
    cuts = {0, len(text), *(quote or ()), *(edge for span in spans for edge in span)}
    edges = sorted(edge for edge in cuts if 0 <= edge <= len(text))
    paragraphs, at = [], 0
    is_first = True
    for line in text.split("\n"):
        stop = at + len(line)
        inner = [at, *(edge for edge in edges if at < edge < stop), stop]
        pieces = []
        for start, end in itertools.pairwise(inner):
            piece = _with_pictures(text[start:end], language)
            if any(low <= start and end <= high for low, high in spans):
                piece = f"<b>{piece}</b>"
            if quote and quote[0] <= start and end <= quote[1] and start < end:
                place = ' id="cited"' if is_first else ""
                is_first = False
                piece = f"<mark{place}>{piece}</mark>"
            pieces.append(piece)
        paragraphs.append(f"<p>{''.join(pieces)}</p>")
        at = stop + 1
    return "".join(paragraphs)


def _with_pictures(text: str, language: Language) -> str:
    chip = f'<span class="picture">{escape(say(language, "picture"))}</span>'
    return chip.join(escape(part) for part in text.split(PICTURE))


def _page_button(name: str, start: int, is_possible: bool, language: Language) -> str:
    if not is_possible:
        return ""
    return (
        f'<button type="button" class="tool" data-send="turn" data-start="{start}">'
        f"{escape(say(language, name))}</button>"
    )
