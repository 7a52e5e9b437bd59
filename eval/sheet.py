"""A plain spreadsheet -> a question set: CSV or TSV, a question a row.

    column                 holds
    question    问题       the question; needed in every row
    answer      答案       what the answer must say, alternatives separated by ``|``; needed as a column
    id          编号       unique; ``row-2`` where it is left out
    article     文章       path in the folder of the article that answers; with a quote
    quote       原文       exact characters of that article; with an article
    answerable  可答       no / 否: the right answer is a refusal; then the answer stays empty
    tags        标签       free words, separated by ``、`` or ``;``

Read are UTF-8 with or without its mark, UTF-16 with it, and GB18030, as Excel writes them. The first row names the
columns, in any order and either language.
"""

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.sets import Case, Gold, QuestionSetError

_COLUMNS = {
    "question": ("question", "问题", "問題", "提问"),
    "answer": ("answer", "答案", "answers"),
    "id": ("id", "编号", "編號"),
    "article": ("article", "文章"),
    "quote": ("quote", "原文"),
    "answerable": ("answerable", "可答", "可回答", "能否回答"),
    "tags": ("tags", "标签", "標籤", "tag"),
}
_NAMES = {name: column for column, names in _COLUMNS.items() for name in names}
_YES = frozenset(("yes", "y", "true", "1", "是", "可", "能"))
_NO = frozenset(("no", "n", "false", "0", "否", "不可", "不能"))
_SEPARATORS = (",", "\t", ";", "，", "；")
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What .xlsx and .xls begin with."""


def read_sheet(path: Path) -> list[Case]:
    """Read a spreadsheet.

    Raises:
        QuestionSetError: the file cannot be read, or a row of it is malformed; the message has the row's number as
            the spreadsheet shows it.
    """
    rows = _read_rows(path, _read_text(path))
    columns = _read_header(path, rows[0])
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            case = _parse_row(_to_cells(columns, row), number)
            if case.id in seen:
                raise ValueError(f"id {case.id!r} occurs twice, first in row {seen[case.id]}")
        except ValueError as error:
            raise QuestionSetError(f"{path}, row {number}: {error}. Mend that row.") from None
        seen[case.id] = number
        cases.append(case)
    if not cases:
        raise QuestionSetError(
            f"{path} holds no question. Write one in each row below the names of the columns."
        )
    return cases


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QuestionSetError(f"Cannot read the spreadsheet {path}: {error}. Name another file.") from None
    if data.startswith(_BOOKS):
        raise QuestionSetError(f"{path} is an Excel workbook. Save it as CSV (UTF-8) and name that file.")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise QuestionSetError(f"{path} is neither UTF-8 nor GB18030. Save it as CSV (UTF-8) and name that file.")


def _read_rows(path: Path, text: str) -> list[list[str]]:
    """The rows, cut by the separator whose first row names a question and an answer, blank ones included."""
    if not text.strip():
        raise QuestionSetError(f"{path} is empty. Its first row names the columns: question, answer.")
    first = text.splitlines()[0]
    separator = max(_SEPARATORS, key=lambda each: len(_columns_of(first.split(each))))
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows.extend(reader)
    except csv.Error as error:
        raise QuestionSetError(
            f"{path}, row {len(rows) + 1}: {error}. A cell that holds quotation marks stands in quotation marks "
            'and doubles its own: "他说""好""". Mend that row.'
        ) from None
    return rows


def _columns_of(cells: Sequence[str]) -> list[str]:
    """The known columns among the cells of a first row."""
    return [column for cell in cells if (column := _NAMES.get(_bare(cell)))]


def _bare(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _read_header(path: Path, cells: Sequence[str]) -> list[str]:
    """The column of each cell of the first row, "" for one without a name."""
    known = ", ".join(f"{column} ({names[1]})" for column, names in _COLUMNS.items())
    unknown = [cell for cell in cells if cell.strip() and _bare(cell) not in _NAMES]
    columns = _columns_of(cells)
    missing = [column for column in ("question", "answer") if column not in columns]
    if missing:
        raise QuestionSetError(
            f"{path}, row 1: no column is called {' or '.join(missing)}. Name the columns there; they are {known}."
        )
    if unknown:
        raise QuestionSetError(
            f"{path}, row 1: unknown column {unknown[0]!r}. Delete it, or name it one of {known}."
        )
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice:
        raise QuestionSetError(f"{path}, row 1: two columns are the {twice}. Delete one.")
    return [_NAMES.get(_bare(cell), "") for cell in cells]


def _to_cells(columns: Sequence[str], row: Sequence[str]) -> Mapping[str, str]:
    """The cells of a row by their column."""
    beyond = [cell for cell, column in zip(row, [*columns, *[""] * len(row)], strict=False) if not column]
    stray = next((cell for cell in beyond if cell.strip()), None)
    if stray is not None:
        raise ValueError(
            f"{stray!r} stands in no column; a cell that holds the separator needs quotation marks"
        )
    return {column: cell.strip() for column, cell in zip(columns, row, strict=False) if column}


def _parse_row(cells: Mapping[str, str], number: int) -> Case:
    question, article, quote = (cells.get(name, "") for name in ("question", "article", "quote"))
    answers = tuple(
        dict.fromkeys(filter(None, (each.strip() for each in re.split("[|｜]", cells.get("answer", "")))))
    )
    answerable = _to_bool(cells.get("answerable", ""))
    if not question:
        raise ValueError("the question is missing")
    if bool(article) != bool(quote):
        raise ValueError("article and quote go together; give both or neither")
    if not answerable and (answers or quote):
        raise ValueError("answerable is no, yet there is an answer or a quote; delete one or the other")
    if answerable and not answers and not quote:
        raise ValueError(
            "the answer is missing; if a refusal is right, write no (否) in the column answerable (可答)"
        )
    return Case(
        id=cells.get("id") or f"row-{number}",
        question=question,
        answers=(answers,) if answers else (),
        gold=(Gold(article, quote),) if quote else (),
        answerable=answerable,
        tags=tuple(filter(None, (tag.strip() for tag in re.split("[,，、;；|]", cells.get("tags", ""))))),
    )


def _to_bool(cell: str) -> bool:
    if not cell or cell.lower() in _YES:
        return True
    if cell.lower() in _NO:
        return False
    raise ValueError(f"answerable must be yes (是) or no (否), not {cell!r}")
