"""Question sets: one JSON object a line, checked field by field.

    id          unique in the set
    question    as a user would ask it
    history     earlier turns: [{"role": "user" | "assistant", "content": ...}]
    answers     groups that must all be held, each a list of alternatives
    gold        [{"article": path, "quote": exact characters of its clean text}]
    answerable  false: the right answer is a refusal
    tags        free words to report by
    split       "tune" or "report"
    filters     {"since", "until", "categories", "outlets", "authors", "articles"}

Only ``id``, ``question`` and one of ``answers``, ``gold`` and ``answerable`` are needed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rag import Filters, Turn
from rag.errors import RagError

_FIELDS = {
    "id": str,
    "question": str,
    "history": list,
    "answers": list,
    "gold": list,
    "answerable": bool,
    "tags": list,
    "split": str,
    "filters": dict,
}
_FILTERS = ("since", "until", "categories", "outlets", "authors", "articles")


class QuestionSetError(RagError):
    """A line of a question set is malformed."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A quote that answers: exact characters of the clean text of the article at ``article``."""

    article: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a set; see the module for the fields."""

    id: str
    question: str
    history: tuple[Turn, ...] = ()
    answers: tuple[tuple[str, ...], ...] = ()
    gold: tuple[Gold, ...] = ()
    answerable: bool = True
    tags: tuple[str, ...] = ()
    split: str = ""
    filters: Filters = field(default_factory=Filters)


def read_set(path: Path) -> list[Case]:
    """Read a question set.

    Raises:
        QuestionSetError: the file cannot be read, or a line of it is malformed; the message has its number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"Cannot read the question set {path}: {error}. Name another file.") from None
    cases = list(_parse_lines(path, lines))
    if not cases:
        raise QuestionSetError(f"{path} holds no question. Write one JSON object a line.")
    return cases


def _parse_lines(path: Path, lines: list[str]) -> Iterator[Case]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = parse_case(json.loads(line))
            if case.id in seen:
                raise ValueError(f"id {case.id!r} occurs twice")
        except (ValueError, TypeError, KeyError) as error:
            raise QuestionSetError(f"{path}, line {number}: {error}. Mend that line.") from None
        seen.add(case.id)
        yield case


def parse_case(row: Mapping[str, Any]) -> Case:
    """Check one object and make a case of it.

    Raises:
        ValueError: a field is missing, unknown or of the wrong type.
    """
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for name, value in row.items():
        if name not in _FIELDS:
            raise ValueError(f"unknown field {name!r}; the fields are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]):
            raise ValueError(f"{name} must be a {_FIELDS[name].__name__}")
    for name in ("id", "question"):
        if not row.get(name, "").strip():
            raise ValueError(f"{name} is missing")
    if not any(name in row for name in ("answers", "gold", "answerable")):
        raise ValueError("one of answers, gold and answerable is needed")
    return Case(
        id=row["id"],
        question=row["question"],
        history=tuple(Turn(turn["role"], turn["content"]) for turn in row.get("history", ())),
        answers=tuple(_to_strings("answers", group) for group in row.get("answers", ())),
        gold=tuple(Gold(quote["article"], quote["quote"]) for quote in row.get("gold", ())),
        answerable=row.get("answerable", True),
        tags=_to_strings("tags", row.get("tags", [])),
        split=row.get("split", ""),
        filters=_to_filters(row.get("filters", {})),
    )


def _to_strings(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} must hold strings")
    return tuple(values)


def _to_filters(row: Mapping[str, Any]) -> Filters:
    for name in row:
        if name not in _FILTERS:
            raise ValueError(f"unknown filter {name!r}; the filters are {', '.join(_FILTERS)}")
    days = {name: date.fromisoformat(row[name]) if name in row else None for name in _FILTERS[:2]}
    lists = {name: _to_strings(name, row.get(name, [])) for name in _FILTERS[2:]}
    return Filters(days["since"], days["until"], **lists)
