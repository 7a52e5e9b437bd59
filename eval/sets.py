"""Question sets: one JSON object a line, in UTF-8, checked field by field. Blank lines are allowed.

    {"id": "f1", "question": "图书馆哪天开放？", "answers": [["6月5日", "五日"]],
     "gold": [{"article": "本地/图书馆.md", "quote": "图书馆6月5日开放。"}]}

    field       type            means                                                        left out
    id          string          unique in the set, not blank                                 needed
    question    string          as a user would ask it, not blank                            needed
    history     list            earlier turns, oldest first:                                 none
                                {"role": "user" | "assistant", "content": string}
    answers     list of lists   groups that must all be held; each is a list of              not measured
                                alternatives of which one is enough, not blank
    gold        list            quotes that answer:                                          not measured
                                {"article": path in the folder, "quote": exact characters
                                of the article's clean text}, not blank
    answerable  true | false    false: the right answer is a refusal, so there are           true
                                neither answers nor gold
    tags        list            free words to report by, not blank                           none
    split       string          "tune": looked at while rules were made; "report": not       ""
    today       string          the day on which it is asked, "2024-01-31", for 去年        the day of the run
                                and 昨天
    filters     object          the articles that are asked:                                 all
                                since, until       days, "2024-01-31", Beijing time, inclusive
                                categories, outlets, authors, articles (paths)
                                                   lists of strings

Needed are ``id``, ``question`` and one of ``answers``, ``gold`` and ``answerable``. Other fields are an error.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from eval.outputs import write_text
from rag import Filters, Turn
from rag.errors import RagError

T = TypeVar("T")

_TYPES = {str: "a string", list: "a list", bool: "true or false", dict: "an object"}
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
    "today": str,
}
_DAYS = ("since", "until")
_LISTS = ("categories", "outlets", "authors", "articles")
_CONVERT = "Convert it: wenfeng eval convert"
_HEADER_OF_A_SHEET = re.compile(r'"?\s*\w+\s*"?\s*[,;\t，；]')
"""``question,answer``"""


class QuestionSetError(RagError):
    """A question set, or a file that one is made from, is malformed."""


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
    today: date | None = None


# ---- Files


def read_set(path: Path) -> list[Case]:
    """Read a question set.

    Raises:
        QuestionSetError: the file cannot be read, is in another form, or a line of it is malformed; the message has
            the line's number.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QuestionSetError(f"Cannot read the question set {path}: {error}. Name another file.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")):
            raise QuestionSetError(
                f"{path} is a spreadsheet, not a question set. {_CONVERT} {path}"
            ) from None
        raise QuestionSetError(
            f"Cannot read the question set {path}: {error}. Save it as UTF-8; if it is a spreadsheet, "
            f"{_CONVERT[0].lower()}{_CONVERT[1:]} {path}"
        ) from None
    form = _find_other_form(text)
    if form:
        raise QuestionSetError(
            f"{path} is {form}, not a question set of one JSON object a line. {_CONVERT} {path}"
        )
    # Only at line feeds: a string may hold the other line ends that ``splitlines`` knows.
    cases = list(_parse_lines(path, text.split("\n")))
    if not cases:
        raise QuestionSetError(f"{path} holds no question. Write one JSON object a line.")
    return cases


def read_list(path: Path) -> list[Case]:
    """Read cases that stand in a JSON list, or one over several lines, as ``read_set`` reads them a line.

    Raises:
        QuestionSetError: the file cannot be read, or a case of it is malformed; the message has its place.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise QuestionSetError(f"Cannot read {path}: {error}. Name another file.") from None
    except (ValueError, RecursionError) as error:
        raise QuestionSetError(f"{path} is not JSON ({error}). Mend it.") from None
    rows = rows if isinstance(rows, list) else [rows]
    return list(
        _parse_rows(path, ((f"case {at}", partial(_same, row)) for at, row in enumerate(rows, start=1)))
    )


def write_set(cases: Iterable[Case], path: Path) -> None:
    """Write a question set that ``read_set`` reads as the same cases.

    Raises:
        DiskError: the file cannot be written.
    """
    write_text("".join(json.dumps(to_row(case), ensure_ascii=False) + "\n" for case in cases), path)


def _find_other_form(text: str) -> str:
    """What a file is that was taken for a question set; "" where it may be one."""
    first = text.lstrip().partition("\n")[0].strip()
    if first.startswith(("[", "{")):
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            pass
        else:
            if first.startswith("{"):
                return "a file in SQuAD form" if re.match(r'\{\s*"(?:data|version)"', first) else ""
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        if isinstance(whole, list):
            return "a JSON list" if whole and first != "[]" else ""
        return "a file in SQuAD form" if "data" in whole else "one JSON object over several lines"
    return "a table (CSV)" if _HEADER_OF_A_SHEET.match(first) else ""


def _parse_lines(path: Path, lines: list[str]) -> Iterator[Case]:
    told = [(f"line {number}", line) for number, line in enumerate(lines, start=1) if line.strip()]
    yield from _parse_rows(path, ((place, partial(_read_json, line)) for place, line in told))


def _parse_rows(path: Path, rows: Iterable[tuple[str, Callable[[], Any]]]) -> Iterator[Case]:
    """The cases of rows, each with its place, that are read one after the other."""
    seen: dict[str, str] = {}
    for place, read in rows:
        try:
            case = parse_case(read())
            if case.id in seen:
                raise ValueError(f"id {case.id!r} occurs twice, first in {seen[case.id]}")
        except ValueError as error:
            raise QuestionSetError(f"{path}, {place}: {error}. Mend that {place.split()[0]}.") from None
        seen[case.id] = place
        yield case


def _read_json(line: str) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)  # parse_case checks that it is one
        return row
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON: it nests too deep") from None


def _same(row: Any) -> Any:  # noqa: ANN401
    return row


# ---- A row -> a case


def parse_case(row: Mapping[str, Any]) -> Case:
    """Check one object and make a case of it.

    Raises:
        ValueError: a field is missing, unknown, of the wrong type or contradicts another.
    """
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for name, value in row.items():
        if name not in _FIELDS:
            raise ValueError(f"unknown field {name!r}; the fields are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]):
            raise ValueError(f"{name} must be {_TYPES[_FIELDS[name]]}, not {_show(value)}")
    for name in ("id", "question"):
        if not row.get(name, "").strip():
            raise ValueError(f"{name} is missing")
    if not any(name in row for name in ("answers", "gold", "answerable")):
        raise ValueError("one of answers, gold and answerable is needed")
    case = Case(
        id=row["id"],
        question=row["question"],
        history=_parse_each("history", row.get("history", []), _parse_turn),
        answers=_parse_each("answers", row.get("answers", []), _parse_group),
        gold=_parse_each("gold", row.get("gold", []), _parse_gold),
        answerable=row.get("answerable", True),
        tags=_to_strings("tags", row.get("tags", [])),
        split=row.get("split", ""),
        filters=_to_filters(row.get("filters", {})),
        today=_to_day("today", row["today"]) if "today" in row else None,
    )
    if case.split not in {"", "tune", "report"}:
        raise ValueError(f'split must be "tune", "report" or "", not {_show(case.split)}')
    if not case.answerable and (case.answers or case.gold):
        raise ValueError("answerable is false, yet there are answers or gold; leave out one or the other")
    return case


def _parse_each(name: str, values: list[Any], parse: Callable[[str, Any], T]) -> tuple[T, ...]:
    return tuple(parse(f"{name}[{number}]", value) for number, value in enumerate(values))


def _parse_turn(place: str, value: object) -> Turn:
    turn = _to_object(place, value, ("role", "content"))
    if turn["role"] not in ("user", "assistant"):
        raise ValueError(f'{place}: role must be "user" or "assistant", not {_show(turn["role"])}')
    if not isinstance(turn["content"], str):
        raise ValueError(f"{place}: content must be a string, not {_show(turn['content'])}")
    return Turn(turn["role"], turn["content"])


def _parse_group(place: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f"answers must hold strings in groups; write [[{_show(value)}]]")
    group = _to_strings(place, value)
    if not group:
        raise ValueError(f"{place} is empty; a group needs an alternative")
    return group


def _parse_gold(place: str, value: object) -> Gold:
    gold = _to_object(place, value, ("article", "quote"))
    for name, each in gold.items():
        if not isinstance(each, str) or not each.strip():
            raise ValueError(f"{place}: {name} must be a string that is not blank, not {_show(each)}")
    return Gold(**gold)


def _to_object(place: str, value: object, names: tuple[str, str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError(f"{place} must be an object of {' and '.join(names)}, not {_show(value)}")
    return value


def _to_strings(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} must hold strings, in a list")
    if not all(value.strip() for value in values):
        raise ValueError(f"{name} holds a blank string; leave it out")
    return tuple(values)


def _to_filters(row: Mapping[str, Any]) -> Filters:
    for name in row:
        if name not in _DAYS + _LISTS:
            raise ValueError(f"unknown filter {name!r}; the filters are {', '.join(_DAYS + _LISTS)}")
    since, until = (_to_day(f"filters: {name}", row[name]) if name in row else None for name in _DAYS)
    if since and until and since > until:
        raise ValueError(f"filters: since ({since}) lies after until ({until})")
    return Filters(since, until, **{name: _to_strings(name, row.get(name, [])) for name in _LISTS})


def _to_day(name: str, value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # 2024-02-31
    raise ValueError(f'{name} must be a day such as "2024-01-31", not {_show(value)}')


def _show(value: object) -> str:
    """A value as JSON, cut short."""
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


# ---- A case -> a row


def to_row(case: Case) -> dict[str, Any]:
    """The object that ``parse_case`` makes the same case of; fields are left out where they say nothing."""
    filters = {name: day.isoformat() for name in _DAYS if (day := getattr(case.filters, name))}
    filters |= {name: list(values) for name in _LISTS if (values := getattr(case.filters, name))}
    row = {
        "id": case.id,
        "question": case.question,
        "history": [{"role": turn.role, "content": turn.content} for turn in case.history],
        "answers": [list(group) for group in case.answers],
        "gold": [{"article": gold.article, "quote": gold.quote} for gold in case.gold],
        "answerable": case.answerable,
        "tags": list(case.tags),
        "split": case.split,
        "filters": filters,
        "today": case.today and case.today.isoformat(),
    }
    if case.answerable and (case.answers or case.gold):
        row["answerable"] = None
    return {name: value for name, value in row.items() if value or value is False}
