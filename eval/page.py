"""A run as one HTML page that needs nothing else: figures, plots, and every question with what came of it.

The page asks no host for anything, and its policy says so: the one style and the one script are let in by their digests.
The questions lie in it as JSON, from which the script makes text, never markup.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from eval.plots import to_curve, to_stages, to_survey, to_whisker
from eval.runs import Quote, Result, Run
from eval.summary import LOWER_IS_BETTER, by_tag, curve, summarize, summarize_follow_ups
from eval.wording import EXPLAINED, MAIN, say_bytes, say_count, say_milliseconds, to_groups

TILES = ("recall@5", "held", "cited", "refused", "over", "risk")
LONGEST = 2000
"""Characters of an answer or a quote; what is beyond is counted."""
LONGEST_PASSAGE = 100
PASSAGES = 5
"""Passages of a question; the first that overlaps its gold is shown beside them wherever it stands."""
LEAST_COPIED = 4
"""Characters in a row that a copy must share with a gold quote to be marked."""
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def to_html(run: Run) -> str:
    """The whole page; UTF-8 can hold it whatever the run holds."""
    style, script = _read("page.css"), _read("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters["milliseconds"] = say_milliseconds
    environment.filters["bytes"] = say_bytes
    environment.filters["count"] = say_count
    page = environment.from_string(_read("page.html.j2")).render(
        run=run,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)};"
        " base-uri 'none'; form-action 'none'",
        data=_to_data(run.results),
        **_to_plots(run),
    )
    return _NOT_TEXT.sub("\ufffd", page)


def _read(name: str) -> str:
    return (files("eval") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _to_plots(run: Run) -> dict[str, Any]:
    figures = summarize(run.results)
    tags = by_tag(run.results)
    sections: dict[str, Any] = {"all questions": figures}
    if any(result.history for result in run.results):
        sections["follow-ups alone"] = summarize_follow_ups(run.results)
    return {
        "figures": figures,
        "groups": to_groups(figures),
        "tiles": [name for name in TILES if figures.get(name)],
        "main": [name for name in MAIN if figures.get(name)],
        "sections": {**sections, **tags},
        "tags": set(tags),
        "explained": EXPLAINED,
        "lower": LOWER_IS_BETTER,
        "whisker": to_whisker,
        "stages": to_stages(run.results),
        "survey": to_survey(run.results),
        "curve": to_curve(curve(run.results), run.threshold),
        "errors": len(run.errors),
        "failed": sum(not result.right for result in run.results),
    }


# ---- the questions


def _to_data(results: Sequence[Result]) -> dict[str, Any]:
    names = [
        name
        for group in to_groups(name for each in results for name in each.scores).values()
        for name in group
    ]
    ordered = sorted(results, key=lambda result: (not result.error, result.right, not result.lost))
    return {
        "metrics": names,
        "lower": sorted(LOWER_IS_BETTER),
        "cases": [_to_case(each, names) for each in ordered],
    }


def _to_case(result: Result, names: Sequence[str]) -> dict[str, Any]:
    row = {
        "id": result.id,
        "question": result.question,
        "outcome": say_outcome(result),
        "failed": not result.right,
        "answerable": result.answerable,
        "history": result.history,
        "asked": "" if result.asked == result.question else result.asked,
        "answers": result.answers,
        "tags": result.tags,
        "text": _shorten(result.text),
        "refused": result.refused,
        "certainty": result.certainty,
        "attempt": result.refused and bool(result.attempts) and result.attempts[0].right,
        "gold": [_to_gold(number, result) for number in range(len(result.gold))],
        "citations": [_to_quote(each, result.gold, LONGEST) for each in result.citations],
        "passages": list(_to_passages(result)),
        "searched": len(result.passages),
        "scores": [_round(result.scores.get(name)) for name in names],
        "lost": result.lost,
        "steps": {step: round(milliseconds, 1) for step, milliseconds in result.steps.items()},
    }
    return {name: value for name, value in row.items() if not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return value is None or value is False or (isinstance(value, str | list | tuple) and not value)


def say_outcome(result: Result) -> str:
    """What came of a question, in two words."""
    if result.error:
        return "error"
    if result.refused:
        return "rightly refused" if result.right else "wrongly refused"
    if result.right:
        return "right"
    return "wrong answer" if result.answerable else "not refused"


def _to_gold(number: int, result: Result) -> dict[str, Any]:
    gold = result.gold[number]
    ranks = [rank for rank, passage in enumerate(result.passages, start=1) if number in passage.found]
    return {
        "article": gold.article,
        "title": gold.title,
        "text": _shorten(gold.text),
        "standing": gold.start >= 0,
        "cited": any(number in citation.found for citation in result.citations),
        "rank": ranks[0] if ranks else 0,
    }


def _to_passages(result: Result) -> Iterator[dict[str, Any]]:
    first = next((rank for rank, passage in enumerate(result.passages) if passage.found), 0)
    for rank, passage in enumerate(result.passages):
        if rank < PASSAGES or rank == first:
            yield {"rank": rank + 1, **_to_quote(passage, result.gold, LONGEST_PASSAGE)}


def _to_quote(quote: Quote, gold: Sequence[Quote], longest: int) -> dict[str, Any]:
    """A quote as far as it is shown: from its beginning, or from a little before its gold."""
    marks = mark_gold(quote, gold)
    begin = 0
    if marks and marks[0][1] > longest:
        begin = max(0, min(marks[0][0] - longest // 4, len(quote.text) - longest))
    end = min(len(quote.text), begin + longest)
    row: dict[str, Any] = {
        "article": quote.article,
        "title": quote.title,
        "start": quote.start,
        "end": quote.end,
    }
    row["text"] = quote.text[begin:end]
    row["marks"] = [
        (max(0, low - begin), min(high, end) - begin) for low, high in marks if low < end and high > begin
    ]
    row["cut"] = len(quote.text) - (end - begin)
    if begin:
        row["begin"] = begin
    if quote.score is not None:
        row["score"] = round(quote.score, 4)
    return row


def mark_gold(quote: Quote, gold: Sequence[Quote]) -> list[tuple[int, int]]:
    """Where gold stands in a quote's text: spans in order that do not overlap.

    In the gold's own article that is told by offsets; at another place of it, or in a copy, by the characters.
    """
    spans = sorted(
        span for number in quote.found if number < len(gold) if (span := _find(quote, gold[number]))
    )
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            first, last = merged.pop()
            start, end = first, max(end, last)
        merged.append((start, end))
    return merged


def _find(quote: Quote, gold: Quote) -> tuple[int, int] | None:
    if quote.article == gold.article and gold.start >= 0:
        start, end = max(gold.start, quote.start) - quote.start, min(gold.end, quote.end) - quote.start
        if start < end:
            return start, end
    at = quote.text.find(gold.text)
    if at >= 0:
        return at, at + len(gold.text)
    matcher = SequenceMatcher(None, gold.text[:LONGEST], quote.text[:LONGEST], autojunk=False)
    same = matcher.find_longest_match()
    return (same.b, same.b + same.size) if same.size >= LEAST_COPIED else None


def _shorten(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]}… ({more:,} more characters)" if more > 0 else text


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
