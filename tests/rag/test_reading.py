"""What the reader saw, by sentence, and what an answer makes of it."""

from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.reading import MOST_READ, read_found
from rag.retrieve import Found, encode_question, find_passages

QUESTION = "第二场圆桌对话是谁主持的？"


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
        # A token may begin with the end of the sentence before.
        assert sentences[row].start - 3 <= start < end <= sentences[row].end + 3


def test_the_sentence_that_answers_is_seen(assistant: Assistant, found: list[Found]) -> None:
    assert assistant.reader is not None
    readings = read_found(assistant.reader, QUESTION, found)
    best = max(readings.values(), key=lambda reading: reading.evidence)
    texts = {each.hit.passage.article.text[slice(*best.span)] for each in found}
    assert "谢海麟" in texts


def test_the_answering_words_are_marked(assistant: Assistant) -> None:
    citation = assistant.ask(QUESTION).citations[0]
    assert [citation.article.text[start:end] for start, end in citation.spans] == ["谢海麟"]


def test_the_reader_can_be_turned_off(sample_index: Path) -> None:
    with Assistant.open(None, sample_index, Settings(reader={"enabled": False})) as plain:
        answer = plain.ask(QUESTION)
        assert plain.reader is None
        assert "read" not in answer.steps
        assert "谢海麟" in answer.text
