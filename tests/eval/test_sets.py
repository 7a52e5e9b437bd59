import json
import random
from pathlib import Path
from zlib import crc32

import pytest

from eval.run import SUMMITS, holds_answers, interval, score
from eval.sets import Case, Gold, QuestionSetError, parse_case, read_set
from rag import Answer, Article, Citation, Hit, Passage
from rag.articles import read_article

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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"line 2: .*Mend that line"),
        ("[]", "not a JSON object"),
        ('{"id": "b", "question": " ", "answerable": true}', "question is missing"),
        ('{"id": "b", "question": "q"}', "one of answers, gold and answerable"),
        ('{"id": "b", "question": "q", "answerable": "yes"}', "answerable must be a bool"),
        ('{"id": "b", "question": "q", "answers": ["x"]}', "answers must hold strings"),
        ('{"id": "b", "question": "q", "answerable": true, "colour": 1}', "unknown field 'colour'"),
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


def test_answers_are_held_whatever_their_width_script_and_blanks() -> None:
    case = parse_case({"id": "a", "question": "q", "answers": [["２１６个", "216"], ["图书馆"]]})
    assert holds_answers(case, "圖書 館設座位 216 個")
    assert not holds_answers(case, "座位216个")


def test_a_number_is_held_only_as_a_whole() -> None:
    def holds(answer: str, text: str) -> bool:
        return holds_answers(Case("a", "q", answers=((answer,),)), text)

    assert holds("18个", "共18个项目")
    assert not holds("18个", "共118个项目")
    assert holds("3.6万册", "首批3.6万册")
    assert not holds("36万册", "首批3.6万册")
    assert not holds("12", "12.5%")


def test_scores_follow_their_definitions() -> None:
    article = Article("a.md", "第一句。第二句。第三句。")
    case = Case("a", "q", answers=(("第二",),), gold=(Gold("a.md", "第二句。"),))
    cited = Answer("q", "q", "第二句。 [1]", (Citation(1, article, 4, 8),))
    hits = [Hit(Passage(article, 0, 12), 1.0)]
    everything = {"gold@5": True, "held": True, "cited": True, "refused": None, "over": False}
    assert score(case, cited, hits) == everything
    missed = Answer("q", "q", "第一句。 [1]", (Citation(1, article, 0, 4),))
    assert score(case, missed, [Hit(Passage(article, 0, 4), 1.0)]) == {
        "gold@5": False, "held": False, "cited": False, "refused": None, "over": False,
    }  # fmt: skip
    refused = Answer("q", "q", "文章中没有找到答案。", refused=True)
    assert score(Case("b", "q", answerable=False), refused, hits)["refused"] is True
    assert score(case, refused, hits)["over"] is True


def test_an_interval_holds_the_mean_and_shrinks_with_cases() -> None:
    generator = random.Random(3)
    low, high = interval([1.0] * 30 + [0.0] * 10, generator)
    assert low < 30 / 40 < high
    wide = high - low
    low, high = interval([1.0] * 300 + [0.0] * 100, generator)
    assert high - low < wide
    assert interval([1.0] * 5, generator) == (1.0, 1.0)


def test_the_set_is_in_the_schema_field_by_field() -> None:
    for line in SUMMITS.read_text(encoding="utf-8").splitlines():
        assert list(json.loads(line)) == [
            "id", "question", "history", "answers", "gold", "answerable", "tags", "split", "filters",
        ]  # fmt: skip
