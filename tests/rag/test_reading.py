"""What the reader saw, by sentence, and what an answer makes of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embeddings.reader import Reader, Reading
from rag import Article, Assistant, Hit, Passage, Settings
from rag.answer import widen
from rag.errors import ModelError
from rag.evidence import FEATURES, READER_FEATURES, Judged, judge_sentences
from rag.passages import split_sentences
from rag.question import read_question
from rag.reading import MOST_READ, WINDOW, read_found, reading_header
from rag.refusal import CERTAINTY_FEATURES, MOST_FEATURES, RANK_FEATURES, load_rules, to_trees
from rag.retrieve import Found, FoundSentence, encode_question, find_passages

QUESTION = "第二场圆桌对话是谁主持的？"
TEXT = "新馆昨日开馆。 馆长陆明远主持了仪式！" + "读者说馆里很安静，座位也多。" * 60


class CharacterReader(Reader):
    """Reads as the real one does, one token a character; evidence is the place in the window."""

    def __init__(self) -> None:
        self.passages: list[tuple[str, str]] = []

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]:
        self.passages += passages
        return [_reading(len(text)) for _, text in passages]


def _reading(length: int) -> Reading:
    zeros = np.zeros(length, dtype=np.float32)
    places = np.arange(length, dtype=np.float32)
    return Reading(1.0, 0.0, [(at, at + 1) for at in range(length)], zeros, zeros, places)


def found_in(article: Article) -> Found:
    """The whole article as one passage found."""
    sentences = tuple(
        FoundSentence(start, end, row, 0.5) for row, (start, end) in enumerate(split_sentences(article.text))
    )
    return Found(Hit(Passage(article, 0, len(article.text)), 1.0), 0, 0.8, 0.5, sentences)


@pytest.fixture(scope="module")
def found(assistant: Assistant) -> list[Found]:
    """The passages for ``QUESTION``."""
    return find_passages(assistant.index, encode_question(assistant.encoder, QUESTION), QUESTION, 10)


def test_words_lie_in_their_sentence(assistant: Assistant, found: list[Found]) -> None:
    assert assistant.reader is not None
    readings = read_found(assistant.reader, QUESTION, found)
    sentences = {each.row: each for passage in found[:MOST_READ] for each in passage.sentences}
    assert set(readings) == set(sentences)
    for row, reading in readings.items():
        start, end = reading.span
        assert sentences[row].start <= start < end <= sentences[row].end


def test_a_long_passage_is_read_in_windows_of_whole_sentences() -> None:
    reader = CharacterReader()
    each = found_in(Article("a.md", TEXT))
    readings = read_found(reader, "谁主持？", [each])
    assert all(len(text) <= WINDOW for _, text in reader.passages)
    assert len(reader.passages) > 1
    assert set(readings) == {sentence.row for sentence in each.sentences}


def test_no_more_is_read_than_there_is_time_for() -> None:
    reader = CharacterReader()
    articles = [Article(f"{number}.md", TEXT) for number in range(9)]
    read_found(reader, "谁主持？", [found_in(article) for article in articles])
    assert len(reader.passages) == MOST_READ


def test_what_was_not_read_is_not_judged() -> None:
    each = found_in(Article("a.md", TEXT))
    question = read_question("谁主持了仪式？")
    readings = read_found(CharacterReader(), "谁主持了仪式？", [each])
    some = {row: reading for row, reading in readings.items() if row < 3}
    assert len(judge_sentences(question, [each], some)) == 3
    assert judge_sentences(question, [each], {}) == []
    assert all(judged.answer is None for judged in judge_sentences(question, [each]))


def test_a_header_is_title_and_day_as_far_as_they_are_known(assistant: Assistant) -> None:
    assert reading_header(Article("a.md", "文")) == ""
    article = next(each for each in assistant.index.articles() if "云峰会" in (each.title or ""))
    assert reading_header(article) == f"{article.title} 2021年6月5日".replace("_", " ")


@pytest.mark.parametrize(
    ("question", "logit", "marked"),
    [
        ("谁主持了仪式？", 2.0, ["陆明远"]),
        ("谁主持了仪式？", -2.0, None),
        ("有哪些人主持了仪式？", 2.0, None),
        ("为什么是陆明远主持仪式？", 2.0, None),
    ],
)
def test_words_are_marked_where_the_reader_is_sure(
    question: str, logit: float, marked: list[str] | None
) -> None:
    article = Article("a.md", TEXT)
    start = TEXT.index("陆明远")
    sentence = found_in(article).sentences[1]
    features = np.zeros(len(FEATURES), dtype=np.float32)
    features[FEATURES.index("answer")] = logit
    plain = widen(read_question(question), Judged(article, sentence, features))
    said = widen(read_question(question), Judged(article, sentence, features, (start, start + 3)))
    words = [article.text[slice(*span)] for span in said.spans]
    assert words == marked if marked else said.spans == plain.spans


def test_the_answering_words_are_marked(assistant: Assistant) -> None:
    citation = assistant.ask(QUESTION).citations[0]
    assert any("谢海麟" in citation.article.text[start:end] for start, end in citation.spans)
    assert all(citation.start <= start < end <= citation.end for start, end in citation.spans)


def test_the_rules_weigh_what_the_reader_saw() -> None:
    for foreign in (False, True):
        rules, plain = load_rules(foreign, with_reader=True), load_rules(foreign, with_reader=False)
        columns = [row for row, name in enumerate(RANK_FEATURES) if name in READER_FEATURES]
        assert np.abs(rules.rank.weights[columns]).max() > 0.01
        assert not plain.rank.weights[columns].any()
        asked = {CERTAINTY_FEATURES[column] for column in rules.certainty.column.ravel()}
        assert asked & {*READER_FEATURES, *MOST_FEATURES}
        without = {CERTAINTY_FEATURES[column] for column in plain.certainty.column.ravel()}
        assert not without & {*READER_FEATURES, *MOST_FEATURES}


def test_trees_vote() -> None:
    score, margin = (CERTAINTY_FEATURES.index(name) for name in ("score", "margin"))
    deep: list[dict[str, float | str]] = [
        {"if": "score", "at most": 1.0, "then": 1, "else": 2},
        {"vote": -1.0},
        {"if": "margin", "at most": 0.5, "then": 3, "else": 4},
        {"vote": 0.25},
        {"vote": 2.0},
    ]
    trees = to_trees([deep, [{"vote": 0.5}]], bias=10.0)
    for numbers, expected in (((1.0, 9.0), 9.5), ((1.1, 0.5), 10.75), ((1.1, 0.6), 12.5)):
        row = np.zeros(len(CERTAINTY_FEATURES))
        row[[score, margin]] = numbers
        assert trees(row) == pytest.approx(expected)


def test_the_reader_can_be_turned_off(sample_index: Path) -> None:
    with Assistant.open(None, sample_index, Settings(reader={"enabled": False})) as plain:
        answer = plain.ask(QUESTION)
        assert plain.reader is None
        assert "read" not in answer.steps
        assert "谢海麟" in answer.text


def test_a_question_answered_from_the_header_is_not_read(assistant: Assistant) -> None:
    answer = assistant.ask("财联社碳中和云峰会的这篇报道是哪一天发布的？")
    assert not answer.refused
    assert "read" not in answer.steps


def test_a_damaged_reader_is_a_model_error(
    sample_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.reader.open_reader.__defaults__", (tmp_path, None, None))
    with pytest.raises(ModelError, match=r"enabled = false"):
        Assistant.open(None, sample_index)
