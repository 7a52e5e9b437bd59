"""A file in another form -> a question set and, where it holds texts, posts. The form is told by what it holds."""

import json
from pathlib import Path

from eval.sets import QuestionSetError, read_list
from eval.sheet import read_sheet
from eval.squad import Converted, convert_squad

_SEEN = 64
"""Bytes that tell JSON from a table."""


def convert_file(path: Path) -> Converted:
    """Convert SQuAD form, CMRC's own form, a JSON list of cases, or a spreadsheet.

    Raises:
        QuestionSetError: the file cannot be read, is a question set already, or is malformed.
    """
    try:
        with path.open("rb") as stream:
            first = stream.read(_SEEN).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    except OSError as error:
        raise QuestionSetError(f"Cannot read {path}: {error}. Name another file.") from None
    if first not in (b"{", b"["):
        return Converted((), tuple(read_sheet(path)), {})
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        data = None
    if data is None and first == b"{":
        raise QuestionSetError(
            f"{path} is not one JSON value. If it is a question set already, use it as it is: wenfeng eval run {path}"
        )
    row = data[0] if isinstance(data, list) and data else data
    if isinstance(row, dict) and "question" in row:
        return Converted((), tuple(read_list(path)), {})
    return convert_squad(path)
