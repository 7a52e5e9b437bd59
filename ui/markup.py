"""Text -> safe HTML: the one place where data is escaped. Pure; knows no page.

Everything that comes from an article, a question, a name or a model is data, and data becomes HTML here only.
"""

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from rag.records import Citation

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What HTML does not allow, a terminal would obey, or UTF-8 cannot write."""


def to_text(text: str) -> str:
    """The text with U+FFFD for what no file should hold: control characters and half surrogates."""
    return _NOT_TEXT.sub("\ufffd", text)


def escape(text: str) -> str:
    """Data as HTML text or as the value of a quoted attribute."""
    return html.escape(to_text(text), quote=True)


def to_web_address(url: str | None) -> str | None:
    """The address if a browser may be sent there: http or https with a host, without white space; else None."""
    if url is None or re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def link(url: str | None, text: str) -> str:
    """A link that opens beside the page and tells nothing about it; just the text where the address is not http(s).

    Args:
        text: data; it is escaped here.
    """
    address = to_web_address(url)
    if address is None:
        return escape(text)
    return (
        f'<a href="{escape(address)}" rel="noopener noreferrer nofollow" target="_blank">{escape(text)}</a>'
    )


def mark_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text as HTML with ``<mark>`` around the spans.

    Args:
        spans: (start, end) in ``text``, in any order; they may overlap and reach beyond the text.
    """
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, len(text))
        if start < end:
            pieces += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
            at = end
    return "".join([*pieces, escape(text[at:])])


def mark_quote(citation: Citation) -> str:
    """The quote of a citation as HTML with ``<mark>`` around its answering words."""
    return mark_spans(
        citation.quote, [(start - citation.start, end - citation.start) for start, end in citation.spans]
    )
