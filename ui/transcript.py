"""A conversation -> the HTML of the chat. Pure.

Every turn is one block with an id, so that the page replaces only what changed. A button names what it does in
``data-send`` and tells of what in further ``data-`` attributes; ``static/page.js`` passes them on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from rag import Answer, Citation, Filters, Hit
from rag.terminal import describe
from ui.markup import escape, mark_quote, mark_spans
from ui.records import Exchange, Vote
from ui.strings import Language, say

Block = dict[str, str]
"""``id`` and ``html`` of one turn."""

MOST_SHOWN = 50
"""Turns of a conversation that the page holds; the rest is in the export."""

_MARK = re.compile(r"\[([0-9]{1,6})\]")
_STEPS = ("complete", "encode", "search", "read", "answer")
_NEAREST_SHOWN = 160
"""Characters."""


def to_blocks(
    exchanges: Sequence[Exchange],
    votes: Mapping[str, Vote],
    language: Language,
    pending: Mapping[str, str] | None = None,
) -> list[Block]:
    """The turns of a conversation, oldest first.

    Args:
        votes: by the id of the exchange.
        pending: the text so far of each exchange that is being answered, by its id.
    """
    shown = exchanges[-MOST_SHOWN:]
    hidden = len(exchanges) - len(shown)
    blocks = [
        {
            "id": each.id,
            "html": render_exchange(each, votes.get(each.id), language, (pending or {}).get(each.id)),
        }
        for each in shown
    ]
    if hidden:
        told = escape(say(language, "earlier_hidden", count=hidden))
        blocks.insert(0, {"id": "earlier", "html": f'<p class="hint">{told}</p>'})
    return blocks


def render_exchange(
    exchange: Exchange, vote: Vote | None, language: Language, pending: str | None = None
) -> str:
    """One question and what it got.

    Args:
        pending: the answer's text so far while it is being made.
    """
    question = (
        f'<section class="question" aria-label="{escape(say(language, "you"))}">'
        f"<p>{escape(exchange.question)}</p>"
        f"{_edit(exchange, language)}</section>"
    )
    if pending is not None:
        return f'{question}<p class="pending">{escape(pending or say(language, "searching"))}</p>'
    if exchange.answer is not None:
        reply = _render_answer(exchange, exchange.answer, language)
    elif exchange.error:
        reply = render_error(exchange.error)
    else:
        reply = f'<p class="hint">{escape(say(language, "stopped"))}</p>'
    return f"{question}{reply}{_render_tools(exchange, vote, language)}"


def render_error(message: str) -> str:
    """A sentence in the place of what cannot be shown."""
    return f'<p class="failed" role="alert">{escape(message)}</p>'


def render_welcome(articles: int, language: Language) -> str:
    """What an empty conversation shows."""
    return (
        f'<section class="welcome"><h2>{escape(say(language, "welcome"))}</h2>'
        f"<p>{escape(say(language, 'welcome_detail', articles=f'{articles:,}'))}</p></section>"
    )


def render_suggestions(questions: Sequence[str], heading: str) -> str:
    """Questions to click; nothing where there are none."""
    if not questions:
        return ""
    items = "".join(
        f'<li><button type="button" class="suggestion" data-send="ask" data-question="{escape(each)}">'
        f"{escape(each)}</button></li>"
        for each in questions
    )
    return f'<section class="suggestions"><h3>{escape(heading)}</h3><ul>{items}</ul></section>'


def render_filters(filters: Filters, language: Language) -> str:
    """The line above the question that says what it is bound to; nothing where it is bound to nothing."""
    if filters == Filters():
        return ""
    days = f"{filters.since or ''} – {filters.until or ''}" if filters.since or filters.until else ""
    parts = [part for part in (days, *filters.outlets, *filters.categories, *filters.articles) if part]
    told = escape(say(language, "filters_on", filters=" · ".join(parts)))
    clear = escape(say(language, "filters_clear"))
    return (
        f'<p class="bound">{told} <button type="button" class="plain" data-send="clear">{clear}</button></p>'
    )


def render_text(answer: Answer, exchange_id: str, language: Language) -> str:
    """The answer's sentences as paragraphs, each mark a link with a card that shows its quote."""
    cited = {citation.number: citation for citation in answer.citations}
    paragraphs = []
    for line in answer.text.splitlines():
        numbers = [int(number) for number in _MARK.findall(line)]
        quoted = [cited[number] for number in numbers if number in cited]
        pieces, at = [], 0
        for mark in _MARK.finditer(line):
            pieces.append(_with_words(line[at : mark.start()], quoted))
            citation = cited.get(int(mark[1]))
            pieces.append(_render_mark(citation, exchange_id, language) if citation else escape(mark.group()))
            at = mark.end()
        pieces.append(_with_words(line[at:], quoted))
        paragraphs.append(f"<p>{''.join(pieces)}</p>")
    return "".join(paragraphs)


def _render_answer(exchange: Exchange, answer: Answer, language: Language) -> str:
    kind = "refusal" if answer.refused else "answer"
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in answer.notes)
    nearest = ""
    if answer.nearest:
        items = "".join(
            _render_hit(exchange.id, number, hit, language) for number, hit in enumerate(answer.nearest)
        )
        nearest = f'<h3 class="nearest">{escape(say(language, "nearest"))}</h3><ul class="hits">{items}</ul>'
    return (
        f'<section class="{kind}" aria-label="{escape(say(language, kind))}">{notes}{_as_typed(exchange, answer, language)}'
        f'<div class="text">{render_text(answer, exchange.id, language)}</div>{nearest}'
        f"{_render_how(answer, language)}</section>"
    )


def _as_typed(exchange: Exchange, answer: Answer, language: Language) -> str:
    """The button that asks again without corrections; nothing where none were made."""
    if not answer.typed:
        return ""
    return (
        f'<p class="note"><button type="button" class="plain" data-send="retry" '
        f'data-exchange="{escape(exchange.id)}" data-question="{escape(answer.typed)}">'
        f"{escape(say(language, 'as_typed', question=answer.typed))}</button></p>"
    )


def _render_mark(citation: Citation, exchange_id: str, language: Language) -> str:
    card = f"card-{escape(exchange_id)}-{citation.number}"
    title = citation.article.title or citation.article.path
    label = escape(say(language, "mark", number=citation.number, title=title))
    reports = _count_reports([citation], language) if citation.copies > 1 else ""
    return (
        f'<span class="cite"><a class="mark" href="#source" role="button" data-send="cite" '
        f'data-exchange="{escape(exchange_id)}" data-number="{citation.number}" aria-label="{label}" '
        f'aria-describedby="{card}">[{citation.number}]</a>'
        f'<span class="card" role="tooltip" id="{card}"><b>{escape(describe(citation.article))}</b>'
        f"<q>{mark_quote(citation)}</q>{f'<small>{reports}</small>' if reports else ''}</span></span>"
    )


def _with_words(text: str, quoted: Sequence[Citation]) -> str:
    """Text as HTML, the answering words of the quotes that it holds marked."""
    words: list[tuple[int, int]] = []
    for citation in quoted:
        at = text.find(citation.quote)
        if at >= 0:
            shift = at - citation.start
            words += [(start + shift, end + shift) for start, end in citation.spans]
    return mark_spans(text, words)


def _render_hit(exchange_id: str, number: int, hit: Hit, language: Language) -> str:
    flat = " ".join(hit.passage.text.split())
    shown = flat if len(flat) <= _NEAREST_SHOWN else f"{flat[:_NEAREST_SHOWN]}…"
    return (
        f'<li><button type="button" class="hit" data-send="cite" data-exchange="{escape(exchange_id)}" '
        f'data-nearest="{number}"><b>{escape(describe(hit.passage.article))}</b>'
        f"<span>{escape(shown)}</span></button></li>"
    )


def _render_how(answer: Answer, language: Language) -> str:
    total = sum(answer.steps.values())
    told = [
        say(language, "how_articles", count=f"{answer.searched:,}"),
        _count_reports(answer.citations, language) if answer.citations else "",
        say(language, f"how_{answer.mode}"),
        say(language, "how_time", milliseconds=f"{total:,.0f}"),
    ]
    steps = "".join(
        f"<li>{escape(say(language, f'step_{name}') if name in _STEPS else name)} "
        f"{escape(say(language, 'how_time', milliseconds=f'{milliseconds:,.0f}'))}</li>"
        for name, milliseconds in answer.steps.items()
    )
    facts = [
        (say(language, "how_asked"), escape(answer.asked)),
        (say(language, "how_steps"), f"<ul>{steps}</ul>"),
        (say(language, "how_generation"), escape(answer.generation)),
        *((name, escape(value)) for name, value in _say_certainty(answer, language)),
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts)
    summary = " · ".join(escape(part) for part in told if part)
    return f'<details class="how"><summary>{summary}</summary><dl>{rows}</dl></details>'


def _say_certainty(answer: Answer, language: Language) -> Iterator[tuple[str, str]]:
    """How sure it was, and how often answers that were as sure are wrong."""
    measured = answer.calibration
    if answer.certainty is None or measured is None:
        return
    value = {"certainty": f"{answer.certainty:.2f}", "threshold": f"{measured.threshold:.2f}"}
    yield say(language, "how_certainty"), say(language, "how_certainty_value", **value)
    if measured.is_measured:
        risk = {
            "set": measured.set,
            "risk": f"{measured.risk:.1%}",
            "confidence": f"{measured.confidence:.0%}",
        }
        yield say(language, "how_risk"), say(language, "how_risk_value", **risk)


def _count_reports(citations: Sequence[Citation], language: Language) -> str:
    """How many reports stand behind citations, near copies of one counted with it."""
    by_article = {citation.article.path: citation for citation in citations}
    reports = sum(citation.copies for citation in by_article.values())
    outlets = {citation.article.outlet for citation in by_article.values()}
    sources = max(len(outlets), *(citation.sources for citation in by_article.values()))
    return say(language, "how_reports", reports=reports, sources=sources)


def _render_tools(exchange: Exchange, vote: Vote | None, language: Language) -> str:
    return f'<div class="tools">{"".join(_tools(exchange, vote, language))}</div>{_correction(exchange, vote, language)}'


def _tools(exchange: Exchange, vote: Vote | None, language: Language) -> Iterator[str]:
    if exchange.answer is not None:
        yield (
            f'<button type="button" class="tool" data-copy="answer" data-done="{escape(say(language, "copied"))}">'
            f"{escape(say(language, 'copy_answer'))}</button>"
        )
    yield (
        f'<button type="button" class="tool" data-send="retry" data-exchange="{escape(exchange.id)}">'
        f"{escape(say(language, 'retry'))}</button>"
    )
    if exchange.answer is not None:
        yield _vote_button("up", "good", exchange, vote is not None and vote.up, language)
        yield _vote_button("down", "bad", exchange, vote is not None and not vote.up, language)
    if exchange.answer is not None and (exchange.answer.refused or (vote is not None and not vote.up)):
        yield (
            f'<button type="button" class="tool" data-send="why" data-with-article="" '
            f'data-exchange="{escape(exchange.id)}">{escape(say(language, "why"))}</button>'
        )


def _vote_button(vote: str, name: str, exchange: Exchange, is_pressed: bool, language: Language) -> str:
    pressed = str(is_pressed).lower()
    return (
        f'<button type="button" class="tool" data-send="vote" data-exchange="{escape(exchange.id)}" '
        f'data-vote="{vote}" data-pressed="{pressed}" aria-pressed="{pressed}">{escape(say(language, name))}</button>'
    )


def _edit(exchange: Exchange, language: Language) -> str:
    """The button that opens the question for editing, and the form that it opens."""
    words = {name: escape(say(language, name)) for name in ("edit", "edit_label", "cancel", "send")}
    field = f"edit-{escape(exchange.id)}"
    return (
        f'<button type="button" class="tool" data-toggle="{field}" aria-expanded="false">{words["edit"]}</button>'
        f'<form class="edit" id="{field}" hidden data-send="edit" data-exchange="{escape(exchange.id)}">'
        f'<textarea name="question" rows="2" maxlength="2000" required aria-label="{words["edit_label"]}">'
        f"{escape(exchange.question)}</textarea>"
        f'<button type="submit">{words["send"]}</button>'
        f'<button type="button" class="plain" data-toggle="{field}">{words["cancel"]}</button></form>'
    )


def _correction(exchange: Exchange, vote: Vote | None, language: Language) -> str:
    """The form under an answer that was said to be wrong."""
    if vote is None or vote.up:
        return ""
    words = {
        name: escape(say(language, f"correction{name}"))
        for name in ("", "_refuse", "_answer", "_passage", "_send")
    }
    checked = " checked" if vote.should_refuse else ""
    passage = vote.right_passage[1] if vote.right_passage else ""
    return (
        f'<form class="correction" data-send="correct" data-exchange="{escape(exchange.id)}">'
        f"<p>{words['']}</p>"
        f'<label><input type="checkbox" name="should_refuse"{checked}> {words["_refuse"]}</label>'
        f'<label>{words["_answer"]}<input type="text" name="right_answer" maxlength="2000" '
        f'value="{escape(vote.right_answer)}"></label>'
        f'<label>{words["_passage"]}<textarea name="right_passage" rows="2" maxlength="4000">{escape(passage)}'
        f'</textarea></label><button type="submit">{words["_send"]}</button></form>'
    )
