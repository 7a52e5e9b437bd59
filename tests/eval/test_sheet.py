"""A spreadsheet of questions, as people and their programs write them."""

from pathlib import Path

import pytest

from eval.sets import Case, Gold, QuestionSetError
from eval.sheet import read_sheet

ROWS = "问题,答案\n图书馆哪天开放？,6月5日|五日\n馆长是谁？,王建国\n"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_sheet_is_read_in_any_encoding_and_separator(
    tmp_path: Path, encoding: str, separator: str, end: str
) -> None:
    text = ROWS.replace(",", separator).replace("\n", end)
    assert read_sheet(written(tmp_path, text, encoding)) == [
        Case("row-2", "图书馆哪天开放？", answers=(("6月5日", "五日"),)),
        Case("row-3", "馆长是谁？", answers=(("王建国",),)),
    ]


def test_every_column_is_read_in_either_language(tmp_path: Path) -> None:
    expected = [
        Case("a", "q", answers=(("x",),), gold=(Gold("a.md", "x，y。"),), tags=("甲", "乙")),
        Case("row-3", "r", answerable=False),
    ]
    english = "tags,ID,question,answer,article,quote,answerable\n甲、乙,a,q,x,a.md,x，y。,yes\n,,r,,,,no\n"
    chinese = "标签,编号,问题,答案,文章,原文,可答\n甲;乙,a,q,x,a.md,x，y。,是\n,,r,,,,否\n"
    for text in (english, chinese):
        assert read_sheet(written(tmp_path, text)) == expected


def test_quoted_cells_hold_separators_and_line_ends_and_blank_rows_count(tmp_path: Path) -> None:
    text = 'question,answer,\n"一,二\n三？","他说""好"""\n,,\nq,\n'
    with pytest.raises(QuestionSetError, match="row 4: the answer is missing"):
        read_sheet(written(tmp_path, text))
    (case,) = read_sheet(written(tmp_path, text.removesuffix("q,\n")))
    assert (case.question, case.answers) == ("一,二\n三？", (('他说"好"',),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty. Its first row names the columns"),
        ("问题,答案\n", "holds no question"),
        ("问题,回答\nq,a\n", "row 1: no column is called answer. .*answer \\(答案\\)"),
        ("a,b\nq,a\n", "row 1: no column is called question or answer"),
        ("问题,答案,备注\nq,a,b\n", "row 1: unknown column '备注'"),
        ("问题,答案,question\nq,a,b\n", "row 1: two columns are the question"),
        ("问题,答案\nq,a\n,b\n", "row 3: the question is missing"),
        ("问题,答案\nq,|\n", "row 2: the answer is missing.*answerable"),
        ("问题,答案\nq,a,b\n", "row 2: 'b' stands in no column"),
        ("问题,答案,可答\nq,,也许\n", "row 2: answerable must be yes"),
        ("问题,答案,可答\nq,a,否\n", "row 2: answerable is no, yet there is an answer"),
        ("问题,答案,文章\nq,a,a.md\n", "row 1|row 2: article and quote go together"),
        ("问题,答案,id\nq,a,1\nr,b,1\n", "row 3: id '1' occurs twice, first in row 2"),
        ('问题,答案\nq,"a\nr,b\n', "row 2: .*quotation marks"),
    ],
)
def test_a_malformed_sheet_is_told_with_the_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(QuestionSetError, match=f"(?s){message}"):
        read_sheet(written(tmp_path, text))


def test_a_workbook_and_bytes_of_no_encoding_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(QuestionSetError, match="Save it as CSV"):
        read_sheet(path)
    path.write_bytes(b"\xff\x80\xff")
    with pytest.raises(QuestionSetError, match="neither UTF-8 nor GB18030"):
        read_sheet(path)
    with pytest.raises(QuestionSetError, match="Name another file"):
        read_sheet(tmp_path / "nothing.csv")
