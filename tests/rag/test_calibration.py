"""What is kept with an index decides what is refused, until the file goes or the models change."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.assistant import index_folder
from rag.calibration import FILE, judged_with, shipped_calibration, write_calibration
from rag.errors import IndexCorruptError, IndexMismatchError
from rag.records import Calibration
from rag.store import Index

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "articles"
HOST = "第一场圆桌对话是谁主持的？"
STRICT = Calibration(1.0, 0.05, 0.95, "a set", 100, 60, 0)


@pytest.fixture(scope="module")
def own(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant whose index may be changed; the models are those of ``assistant``."""
    root = tmp_path_factory.mktemp("calibration") / "index"
    index_folder(SAMPLES, root, assistant.encoder, assistant.settings)
    with Assistant(root, Index.open(root), assistant.encoder, assistant.reader, assistant.settings) as opened:
        yield opened


@pytest.fixture
def calibrated(own: Assistant) -> Iterator[Assistant]:
    write_calibration(own.root, STRICT, judged_with(own.encoder, own.reader, own.settings))
    yield own
    (own.root / FILE).unlink()


def test_what_is_shipped_says_what_it_was_measured_on(own: Assistant) -> None:
    shipped = shipped_calibration(judged_with(own.encoder, own.reader, own.settings))
    assert shipped.threshold == 0.5
    assert 0 < shipped.wrong < shipped.answered < shipped.questions
    assert shipped.wrong / shipped.answered < shipped.risk < 1
    assert shipped.set


def test_of_other_models_nothing_is_known(own: Assistant) -> None:
    other = shipped_calibration(judged_with(own.encoder, None, own.settings))
    assert (other.threshold, other.is_measured, other.risk) == (0.5, False, 1.0)


def test_an_answer_says_how_sure_it_is_and_what_is_known_of_that(own: Assistant) -> None:
    answer, refusal = own.ask(HOST), own.ask("红烧肉怎么做才不腻？")
    assert answer.calibration == refusal.calibration == own.calibration()
    assert answer.certainty is not None
    assert refusal.certainty is not None
    assert refusal.certainty < 0.5 <= answer.certainty < 1


def test_an_attempt_answers_what_is_refused_and_is_as_sure(own: Assistant) -> None:
    refusal = own.ask("碳中和先锋奖的奖金是多少钱？")
    attempt = own.attempt("碳中和先锋奖的奖金是多少钱？")
    assert (refusal.refused, attempt.refused) == (True, False)
    assert attempt.citations
    assert attempt.certainty == refusal.certainty


def test_a_stricter_threshold_refuses_from_the_next_question_on(calibrated: Assistant) -> None:
    answer = calibrated.ask(HOST)
    assert answer.refused
    assert answer.calibration == STRICT


def test_without_its_file_the_shipped_rule_answers_again(own: Assistant) -> None:
    write_calibration(own.root, STRICT, judged_with(own.encoder, own.reader, own.settings))
    assert own.ask(HOST).refused
    (own.root / FILE).unlink()
    assert not own.ask(HOST).refused


def test_other_models_do_not_answer_with_it(calibrated: Assistant) -> None:
    other = Settings(reader={"enabled": False})
    with (
        Assistant(calibrated.root, Index.open(calibrated.root), calibrated.encoder, None, other) as plain,
        pytest.raises(IndexMismatchError, match="wenfeng eval calibrate"),
    ):
        plain.ask(HOST)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"threshold": 2}', "\x00"])
def test_a_damaged_file_refuses_to_answer(own: Assistant, text: str) -> None:
    (own.root / FILE).write_text(text, encoding="utf-8")
    try:
        with pytest.raises(IndexCorruptError, match="remove the file"):
            own.ask(HOST)
    finally:
        (own.root / FILE).unlink()


def test_a_threshold_that_is_none_is_damage(calibrated: Assistant) -> None:
    row = json.loads((calibrated.root / FILE).read_text(encoding="utf-8"))
    (calibrated.root / FILE).write_text(json.dumps({**row, "threshold": 1.5}), encoding="utf-8")
    with pytest.raises(IndexCorruptError, match="not between 0 and 1"):
        calibrated.ask(HOST)
