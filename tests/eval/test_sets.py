import json
from collections import Counter
from datetime import date
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.listings import TOWN
from eval.quality import SUMMITS
from eval.sets import Case, Gold, QuestionSetError, parse_case, read_set, to_row, write_set
from rag import Filters, Turn
from rag.articles import read_article
from rag.errors import DiskError

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "articles"


def test_the_summits_set_is_whole() -> None:
    cases = read_set(SUMMITS)
    assert len(cases) >= 200
    assert sum(not case.answerable for case in cases) >= 70
    for case in cases:
        assert case.split == ("tune" if crc32(case.id.encode()) % 2 == 0 else "report")
        assert bool(case.answers) == case.answerable


def test_every_gold_quote_stands_in_its_article() -> None:
    texts = {path.name: read_article(SAMPLES, path.name).text for path in SAMPLES.glob("*.md")}
    for case in read_set(SUMMITS):
        for gold in case.gold:
            assert gold.quote in texts[gold.article], case.id


def test_the_typed_set_is_whole() -> None:
    cases = read_set(TOWN / "typed.jsonl")
    kinds = Counter(tag for case in cases for tag in case.tags)
    assert sum(kinds.values()) == len(cases)
    assert kinds.pop("no_typo") >= 6
    assert set(kinds) == {
        "typo", "traditional", "full_width", "bare", "keywords", "double", "relative_date", "latest",
    }  # fmt: skip
    assert min(kinds.values()) >= 15
    texts = {
        path.name: read_article(TOWN / "articles", path.name).text
        for path in (TOWN / "articles").glob("*.md")
    }
    assert len(texts) == 30
    for case in cases:
        assert case.split == ("tune" if crc32(case.id.encode()) % 2 == 0 else "report")
        assert case.today == date(2024, 6, 15)
        assert bool(case.answers) == bool(case.gold) == case.answerable
        for gold in case.gold:
            assert texts[gold.article].count(gold.quote) == 1, case.id
        for group in case.answers:
            assert any(answer in gold.quote for answer in group for gold in case.gold), case.id


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"line 2: .*Mend that line"),
        ("[]", "not a JSON object"),
        ('{"id": "b", "question": " ", "answerable": true}', "question is missing"),
        ('{"id": "b", "question": "q"}', "one of answers, gold and answerable"),
        ('{"id": "b", "question": "q", "answerable": "yes"}', 'answerable must be true or false, not "yes"'),
        ('{"id": "b", "question": "q", "answers": ["x"]}', "answers must hold strings"),
        ('{"id": "b", "question": "q", "answerable": true, "colour": 1}', "unknown field 'colour'"),
        ('{"id": "b", "question": "q", "answerable": true, "today": "soon"}', "today must be a day"),
        ('{"id": "b", "question": "q", "answerable": true, "filters": {"day": 1}}', "unknown filter 'day'"),
        ('{"id": "a", "question": "q", "answerable": true}', "id 'a' occurs twice"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"id": "a", "question": "q", "answerable": false}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(QuestionSetError, match=message):
        read_set(path)


def test_a_missing_or_empty_set_says_so(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="Name another file"):
        read_set(tmp_path / "nothing.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(QuestionSetError, match="holds no question"):
        read_set(tmp_path / "empty.jsonl")


def test_the_set_is_in_the_schema_field_by_field() -> None:
    for line in SUMMITS.read_text(encoding="utf-8").splitlines():
        assert list(json.loads(line)) == [
            "id", "question", "history", "answers", "gold", "answerable", "tags", "split", "filters",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('"answerable": true, "history": ["你好"]', r"history\[0\] must be an object of role and content, not \"你好\""),
        ('"answerable": true, "history": [{"role": "bot", "content": "a"}]', r"history\[0\]: role must be \"user\" or \"assistant\""),
        ('"answerable": true, "history": [{"role": "user", "content": 3}]', r"history\[0\]: content must be a string, not 3"),
        ('"answerable": true, "history": [{"role": "user"}]', r"history\[0\] must be an object of role and content"),
        ('"answers": [["a"], []]', r"answers\[1\] is empty"),
        ('"answers": [["a", " "]]', r"answers\[0\] holds a blank string"),
        ('"answers": [[1]]', r"answers\[0\] must hold strings"),
        ('"gold": ["a.md"]', r"gold\[0\] must be an object of article and quote"),
        ('"gold": [{"article": "a.md", "quote": ""}]', r"gold\[0\]: quote must be a string that is not blank"),
        ('"gold": [{"article": null, "quote": "b"}]', r"gold\[0\]: article .* not null"),
        ('"answerable": false, "answers": [["a"]]', "answerable is false, yet there are answers"),
        ('"answerable": true, "tags": "news"', "tags must be a list, not \"news\""),
        ('"answerable": true, "split": "test"', 'split must be "tune", "report" or ""'),
        ('"answerable": true, "filters": {"since": "2024-02-30"}', 'since must be a day such as "2024-01-31"'),
        ('"answerable": true, "filters": {"until": 2024}', "until must be a day .* not 2024"),
        ('"answerable": true, "filters": {"since": "2024-02-03", "until": "2024-02-01"}', "lies after until"),
        ('"answerable": true, "filters": {"outlets": "a"}', "outlets must hold strings, in a list"),
    ],
)  # fmt: skip
def test_what_a_field_holds_is_checked(tmp_path: Path, field: str, message: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f'\n{{"id": "b", "question": "q", {field}}}\n', encoding="utf-8")
    with pytest.raises(QuestionSetError, match=rf"line 2: .*{message}.*Mend that line"):
        read_set(path)


def test_an_id_that_occurs_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    row = '{"id": "a", "question": "q", "answerable": true}\n'
    path.write_text(f"{row}\n\n{row}", encoding="utf-8")
    with pytest.raises(QuestionSetError, match="line 4: id 'a' occurs twice, first in line 1"):
        read_set(path)


def test_a_mark_of_utf8_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b'\xef\xbb\xbf\r\n{"id": "a", "question": "q\xe2\x80\xa8r", "answerable": true}\r\n\r\n')
    assert [case.question for case in read_set(path)] == ["q\u2028r"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"id": "a", "question": "q", "answerable": true}]', "is a JSON list"),
        (b'[\n  {"id": "a",\n "question": "q"}\n]', "is a JSON list"),
        (b'{\n "id": "a"\n}', "is one JSON object over several lines"),
        (b'{"data": [], "version": "1.1"}', "is a file in SQuAD form"),
        (b"question,answer\nq,a\n", r"is a table \(CSV\)"),
        ("问题\t答案\nq\ta\n".encode(), r"is a table \(CSV\)"),
        (b"PK\x03\x04\xff\xff", "is a spreadsheet"),
        ("问题,答案".encode("gb18030"), "if it is a spreadsheet, convert it"),
    ],
)
def test_a_file_in_another_form_names_the_converter(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(content)
    with pytest.raises(QuestionSetError, match=f"{message}.*wenfeng eval convert"):
        read_set(path)


words = st.text(min_size=1, max_size=8).filter(str.strip)
several = st.lists(words, max_size=3).map(tuple)
days = st.none() | st.dates()
filters = st.builds(
    lambda pair, **lists: Filters(*pair, **lists),
    st.tuples(days, days).map(lambda pair: tuple(sorted(pair)) if all(pair) else pair),
    categories=several, outlets=several, authors=several, articles=several,
)  # fmt: skip
cases = st.builds(
    Case,
    id=words,
    question=words,
    history=st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=8))).map(tuple),
    answers=st.lists(st.lists(words, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
    gold=st.lists(st.builds(Gold, words, words), max_size=2).map(tuple),
    tags=several,
    split=st.sampled_from(["", "tune", "report"]),
    filters=filters,
    today=days,
) | st.builds(Case, id=words, question=words, answerable=st.just(False), tags=several)


@given(cases)
def test_a_case_comes_back_from_its_row(case: Case) -> None:
    assert parse_case(json.loads(json.dumps(to_row(case)))) == case


@given(st.lists(cases, min_size=1, max_size=4, unique_by=lambda case: case.id))
def test_a_set_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, several: list[Case]
) -> None:
    path = tmp_path_factory.mktemp("set") / "set.jsonl"
    write_set(several, path)
    assert read_set(path) == several


def test_a_row_has_only_what_says_something() -> None:
    assert to_row(Case("a", "q", answers=(("x",),))) == {"id": "a", "question": "q", "answers": [["x"]]}
    assert to_row(Case("a", "q")) == {"id": "a", "question": "q", "answerable": True}
    assert to_row(Case("a", "q", answerable=False)) == {"id": "a", "question": "q", "answerable": False}


def test_a_set_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="Name another file"):
        write_set([Case("a", "q")], tmp_path)


def test_every_set_of_ours_is_in_the_schema() -> None:
    for path in sorted(SUMMITS.parent.glob("*.jsonl")):
        assert read_set(path), path
