"""Values -> the JSON that the command line prints and other programs read."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from rag.indexing import IndexReport
from rag.records import Answer, Article, Citation, Hit
from rag.trace import Trace
from rag.why_words import say_chinese, say_next


def article_to_json(article: Article) -> dict[str, Any]:
    """An article without its text."""
    return {
        "id": article.id,
        "path": article.path,
        "title": article.title,
        "outlet": article.outlet,
        "author": article.author,
        "published": _to_text(article.published),
        "url": article.url,
        "digest": article.digest,
    }


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """A hit with its text."""
    passage = hit.passage
    return {
        "score": round(hit.score, 6),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "article": article_to_json(passage.article),
    }


def citation_to_json(citation: Citation) -> dict[str, Any]:
    """A citation with its quote."""
    return {
        "number": citation.number,
        "article": article_to_json(citation.article),
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "spans": [list(span) for span in citation.spans],
        "copies": citation.copies,
        "sources": citation.sources,
    }


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer with ``Answer``'s field names."""
    return {
        "question": answer.question,
        "asked": answer.asked,
        "text": answer.text,
        "citations": [citation_to_json(citation) for citation in answer.citations],
        "refused": answer.refused,
        "nearest": [hit_to_json(hit) for hit in answer.nearest],
        "notes": list(answer.notes),
        "mode": answer.mode,
        "steps": {name: round(milliseconds, 2) for name, milliseconds in answer.steps.items()},
        "generation": answer.generation,
        "searched": answer.searched,
        "certainty": None if answer.certainty is None else round(answer.certainty, 4),
        "calibration": answer.calibration and asdict(answer.calibration),
        "typed": answer.typed,
    }


def trace_to_json(trace: Trace) -> dict[str, Any]:
    """A trace with ``Trace``'s field names, and ``next``: what to do, as a sentence."""
    row = asdict(trace)
    places = list((row["passage"] or {}).values()) + list((row["sentence"] or {}).values())
    for place in places:
        if isinstance(place, dict) and "score" in place:
            place["score"] = round(place["score"], 6)
    if row["sentence"]:
        row["sentence"]["features"] = {
            name: round(number, 4) for name, number in row["sentence"]["features"].items()
        }
    if trace.certainty is not None:
        row["certainty"] = round(trace.certainty, 4)
    return {"lost": row.pop("lost"), "next": say_next(trace, say_chinese), **row}


def report_to_json(report: IndexReport) -> dict[str, Any]:
    """The report of one run of indexing."""
    return {
        "indexed": report.indexed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "duplicates": report.duplicates,
        "set_aside": [
            {"path": item.path, "reason": item.reason, "detail": item.detail} for item in report.set_aside
        ],
        "seconds": round(report.seconds, 3),
        "generation": report.generation,
    }


def _to_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
