"""A conversation -> one file to keep: Markdown, or HTML that needs nothing else. Pure.

Each citation becomes a footnote with a number that runs through the whole file. Each footnote also says, for machines,
where its quote stands and the digest of the text that it stands in, so that the file can be checked later.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rag.dates import BEIJING, beijing_day
from rag.records import Answer, Article, Citation, Filters
from ui.markdown import escape_line, escape_lines, to_comment, to_link
from ui.markup import escape, link, mark_quote, to_web_address
from ui.records import Conversation, Exchange
from ui.reference import to_reference
from ui.strings import Language, say

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ground: #fbfaf7; --ink: #1f2328; --quiet: #585d64; --line: #dcd8cf;
  --link: #0b57a4; --mark: #ffe48a; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --ink: #e6e3dc; --quiet: #a9adb3; --line: #3a3d42;
  --link: #8dbaf2; --mark: #665200; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.75 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.35; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; line-height: 1.5; margin: 0 0 .25rem; white-space: pre-wrap; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
.exchange, .notes { margin-top: 2rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.answer, .refusal, .stopped { white-space: pre-wrap; margin: .75rem 0; }
.refusal, .stopped { border-left: 3px solid var(--line); padding-left: .9rem; color: var(--quiet); }
.facts { margin: .15rem 0; color: var(--quiet); font-size: .875rem; }
blockquote { margin: .4rem 0; padding-left: .9rem; border-left: 3px solid var(--line); white-space: pre-wrap;
  font-family: Georgia, "Songti SC", SimSun, "Noto Serif CJK SC", serif; }
cite { font-style: normal; font-weight: 600; }
cite, a { unicode-bidi: isolate; }
a { color: var(--link); text-underline-offset: .15em; }
.mark { font-size: .8em; vertical-align: .25em; text-decoration: none; padding: 0 .1em; }
.mark:hover, .mark:focus { text-decoration: underline; }
mark { background: var(--mark); color: inherit; }
ol, .nearest { padding-left: 1.75rem; }
li { margin-bottom: 1.25rem; }
li > p { margin: 0; }
li:target { outline: 2px solid var(--link); outline-offset: .4rem; }
.back { text-decoration: none; padding: 0 .25rem; }
@media print { :root { --ground: #fff; --ink: #000; --quiet: #444; --line: #bbb; --link: #000; --mark: #ddd; }
  main { max-width: none; padding: 0; } .back { display: none; } li { break-inside: avoid; } h2 { break-after: avoid; } }
"""
_MARK = re.compile(r"\[([0-9]{1,6})\]")
_ESCAPED_MARK = re.compile(r"\\\[([0-9]{1,6})\\\]")


@dataclass(frozen=True, slots=True)
class Footnote:
    """A citation under the number that it has in the whole file."""

    number: int
    citation: Citation


def number_footnotes(exchanges: Sequence[Exchange]) -> list[tuple[Exchange, tuple[Footnote, ...]]]:
    """Each exchange with its citations, numbered through from 1."""
    numbered: list[tuple[Exchange, tuple[Footnote, ...]]] = []
    number = 0
    for exchange in exchanges:
        citations = exchange.answer.citations if exchange.answer else ()
        numbered.append(
            (exchange, tuple(Footnote(number + at, each) for at, each in enumerate(citations, start=1)))
        )
        number += len(citations)
    return numbered


def to_markdown(conversation: Conversation, language: Language, today: date) -> str:
    """The conversation as Markdown with footnotes.

    Every character of the data stays literal. White space at the ends of a line and blank lines inside a quote may go,
    as Markdown knows neither.

    Args:
        today: the day of the export, and of access in the references.
    """
    numbered = number_footnotes(conversation.exchanges)
    blocks = [
        f"# {escape_line(conversation.title or say(language, 'untitled'))}",
        escape_line(_say_when(conversation, language, today)),
    ]
    for exchange, footnotes in numbered:
        blocks += _exchange_to_markdown(exchange, footnotes, language)
    for _, footnotes in numbered:
        for footnote in footnotes:
            first, *rest = _footnote_to_markdown(footnote.citation, language, today)
            blocks.append(f"[^{footnote.number}]: {first}")
            blocks += [_indent(block, "    ") for block in rest]
    return "\n\n".join(blocks) + "\n"


def _exchange_to_markdown(
    exchange: Exchange, footnotes: Sequence[Footnote], language: Language
) -> Iterator[str]:
    yield f"## {escape_line(exchange.question)}"
    yield escape_lines("\n".join(_say_asked(exchange, language)))
    answer = exchange.answer
    if answer is None:
        yield escape_lines(_say_failed(exchange, language))
        return
    numbers = _to_numbers(footnotes)
    yield _ESCAPED_MARK.sub(
        lambda mark: f"[^{numbers[int(mark[1])]}]" if int(mark[1]) in numbers else mark.group(),
        escape_lines(answer.text),
    )
    for note in _say_notes(answer, language):
        yield escape_lines(note)
    if answer.nearest:
        yield f"**{escape_line(say(language, 'nearest'))}**"
    for hit in answer.nearest:
        passage = hit.passage
        place = _say_place(passage.article, passage.start, passage.end, language)
        facts = escape_lines(f"{_say_facts(passage.article)}\n{place}")
        yield f"- {_indent(facts, '  ').lstrip()}"
        yield _indent(escape_lines(passage.text), "  > ")
        yield from (_indent(block, "  ") for block in _original_to_markdown(passage.article, language))
    yield to_comment({"generation": answer.generation})


def _footnote_to_markdown(citation: Citation, language: Language, today: date) -> Iterator[str]:
    article = citation.article
    # A reader of Markdown that knows no footnotes takes the first word for the address of a link: it must be ours.
    yield f"{escape_line(say(language, 'source'))} · {escape_line(_say_facts(article))}"
    yield _indent(escape_lines(citation.quote), "> ")
    yield escape_lines("\n".join(_say_source(citation, language, today)))
    yield from _original_to_markdown(article, language)
    yield to_comment(_to_row(citation))


def _original_to_markdown(article: Article, language: Language) -> Iterator[str]:
    linked = to_link(article.url, say(language, "original"))
    if linked:
        yield linked


def to_html(conversation: Conversation, language: Language, today: date) -> str:
    """The conversation as one HTML file: no script, no media, no host but those of the articles' own links.

    Args:
        today: the day of the export, and of access in the references.
    """
    title = escape(conversation.title or say(language, "untitled"))
    numbered = number_footnotes(conversation.exchanges)
    shown = "\n".join(_exchange_to_html(*each, language) for each in numbered)
    notes = "\n".join(
        _footnote_to_html(footnote, _count_marks(exchange, footnotes, footnote), language, today)
        for exchange, footnotes in numbered
        for footnote in footnotes
    )
    heading = escape(say(language, "export_sources"))
    sources = f'<section class="notes"><h2>{heading}</h2>\n<ol>\n{notes}\n</ol></section>' if notes else ""
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header><h1>{title}</h1>
<p class="facts">{escape(_say_when(conversation, language, today))}</p></header>
{shown}
{sources}
</main>
</body>
</html>
"""


def _exchange_to_html(exchange: Exchange, footnotes: Sequence[Footnote], language: Language) -> str:
    asked = _paragraphs("facts", _say_asked(exchange, language))
    question = f"<h2>{escape(exchange.question)}</h2>{asked}"
    answer = exchange.answer
    if answer is None:
        return f'<section class="exchange">{question}{_paragraphs("stopped", [_say_failed(exchange, language)])}</section>'
    kind = "refusal" if answer.refused else "answer"
    text = f'<p class="{kind}">{_link_marks(answer.text, _to_numbers(footnotes))}</p>'
    notes = _paragraphs("facts", _say_notes(answer, language))
    nearest = ""
    if answer.nearest:
        items = "".join(
            f"<li>{_source_to_html(hit.passage.article, escape(hit.passage.text), language)}"
            + _paragraphs(
                "facts", [_say_place(hit.passage.article, hit.passage.start, hit.passage.end, language)]
            )
            + "</li>"
            for hit in answer.nearest
        )
        nearest = f'<h3>{escape(say(language, "nearest"))}</h3><ul class="nearest">{items}</ul>'
    return (
        f'<section class="exchange" data-generation="{escape(answer.generation)}">'
        f"{question}{text}{notes}{nearest}</section>"
    )


def _footnote_to_html(footnote: Footnote, marks: int, language: Language, today: date) -> str:
    citation, number = footnote.citation, footnote.number
    data = "".join(f' data-{name}="{escape(str(value))}"' for name, value in _to_row(citation).items())
    label = escape(say(language, "export_back"))
    back = " ".join(
        f'<a class="back" href="#mark-{number}-{time}" aria-label="{label}">↩</a>'
        for time in range(1, marks + 1)
    )
    source = _source_to_html(citation.article, mark_quote(citation), language)
    told = _paragraphs("facts", _say_source(citation, language, today))
    return f'<li id="note-{number}" value="{number}"{data}>{source}{told}{back}</li>'


def _source_to_html(article: Article, quote: str, language: Language) -> str:
    original = f" {link(article.url, say(language, 'original'))}" if to_web_address(article.url) else ""
    return f"<p><cite>{escape(_say_facts(article))}</cite>{original}</p><blockquote>{quote}</blockquote>"


def _link_marks(text: str, numbers: Mapping[int, int]) -> str:
    """The text as HTML, its marks links to their footnotes; what only looks like a mark stays as it is."""
    pieces: list[str] = []
    seen: dict[int, int] = {}
    at = 0
    for mark in _MARK.finditer(text):
        number = numbers.get(int(mark[1]))
        if number is None:
            continue
        seen[number] = seen.get(number, 0) + 1
        pieces += [
            escape(text[at : mark.start()]),
            f'<a class="mark" id="mark-{number}-{seen[number]}" href="#note-{number}">[{number}]</a>',
        ]
        at = mark.end()
    return "".join([*pieces, escape(text[at:])])


def _count_marks(exchange: Exchange, footnotes: Sequence[Footnote], footnote: Footnote) -> int:
    """How many marks of the answer lead to a footnote."""
    numbers = _to_numbers(footnotes)
    text = exchange.answer.text if exchange.answer else ""
    return sum(numbers.get(int(mark[1])) == footnote.number for mark in _MARK.finditer(text))


def _to_numbers(footnotes: Sequence[Footnote]) -> dict[int, int]:
    """The number in the file by the number in the answer."""
    return {footnote.citation.number: footnote.number for footnote in footnotes}


def _to_row(citation: Citation) -> dict[str, str | int]:
    """What it takes to find the quote again and to see whether its article has changed."""
    article = citation.article
    return {
        "article": article.id,
        "path": article.path,
        "start": citation.start,
        "end": citation.end,
        "digest": article.digest,
    }


def _say_when(conversation: Conversation, language: Language, today: date) -> str:
    created, changed = _say_moment(conversation.created), _say_moment(conversation.changed)
    return say(language, "export_when", created=created, changed=changed, today=today.isoformat())


def _say_asked(exchange: Exchange, language: Language) -> Iterator[str]:
    yield say(language, "export_asked", moment=_say_moment(exchange.asked_at))
    bounds = " · ".join(_say_filters(exchange.filters))
    if bounds:
        yield say(language, "filters_on", filters=bounds)


def _say_filters(filters: Filters) -> Iterator[str]:
    if filters.since or filters.until:
        yield f"{filters.since or ''} – {filters.until or ''}".strip()
    yield from (*filters.outlets, *filters.categories, *filters.authors, *filters.articles)


def _say_failed(exchange: Exchange, language: Language) -> str:
    if exchange.error:
        return say(language, "export_failed", error=exchange.error)
    return say(language, "export_stopped")


def _say_notes(answer: Answer, language: Language) -> Iterator[str]:
    yield from answer.notes
    if not answer.refused:
        yield say(language, f"how_{answer.mode}")


def _say_source(citation: Citation, language: Language, today: date) -> Iterator[str]:
    yield _say_place(citation.article, citation.start, citation.end, language)
    if citation.copies > 1:
        yield say(language, "how_reports", reports=citation.copies, sources=citation.sources)
    yield to_reference(citation.article, today)


def _say_facts(article: Article) -> str:
    day = beijing_day(article.published)
    parts = (article.title or article.path, article.outlet, day.isoformat() if day else "")
    return " · ".join(" ".join(part.split()) for part in parts if part)


def _say_place(article: Article, start: int, end: int, language: Language) -> str:
    """The offsets as a person counts: from 1, the last one included."""
    return say(language, "export_place", path=article.path, start=start + 1, end=end)


def _say_moment(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def _paragraphs(kind: str, texts: Iterable[str]) -> str:
    return "".join(f'<p class="{kind}">{escape(text)}</p>' for text in texts)


def _indent(text: str, by: str) -> str:
    return "\n".join(f"{by}{line}" for line in text.split("\n"))
