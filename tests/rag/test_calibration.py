"""What is kept with an index decides what is refused, until the file goes or the models change."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.reader import FOLDER, open_reader
from rag import Assistant, Settings
from rag.assistant import index_folder
from rag.calibration import FILE, CalibrationFile, judged_with, shipped_calibration, write_calibration
from rag.errors import IndexCorruptError, IndexMismatchError
from rag.parts import certainties_of, statements_of
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


def test_what_would_be_said_is_seen_where_it_is_refused(own: Assistant) -> None:
    with own.use() as index:
        refusal, parts = own.ask_openly(index, "碳中和先锋奖的奖金是多少钱？")
    assert refusal.refused
    assert certainties_of(parts) == [refusal.certainty]
    assert statements_of(parts, refusal.certainty or 0)
    assert not statements_of(parts, 0.5)


def test_of_two_parts_the_surer_is_said_alone_under_a_bound_between_them(own: Assistant) -> None:
    question = "第一场圆桌对话是谁主持的，瓯江峰会的门票是多少钱？"
    with own.use() as index:
        answer, parts = own.ask_openly(index, question)
    sure, unsure = certainties_of(parts)
    assert (len(parts), answer.certainty) == (2, sure)
    assert unsure < 0.5 <= sure
    said, all_said = statements_of(parts, sure), statements_of(parts, unsure)
    assert 0 < len(said) < len(all_said)
    assert len(answer.citations) <= len(said)


def test_a_risk_in_the_settings_is_promised_or_nothing_is_answered(own: Assistant) -> None:
    made_with = judged_with(own.encoder, own.reader, own.settings)
    with pytest.raises(IndexMismatchError, match=r"wenfeng eval calibrate SET --risk 0\.06"):
        CalibrationFile(own.root, made_with, 0.06).current()
    write_calibration(own.root, STRICT, made_with)
    try:
        assert CalibrationFile(own.root, made_with, 0.06).current() == STRICT
    finally:
        (own.root / FILE).unlink()


def test_another_reader_is_another_judge(own: Assistant, tmp_path: Path) -> None:
    assert own.reader is not None
    shutil.copytree(FOLDER, tmp_path / "weights")
    file = tmp_path / "weights" / "reader.safetensors"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :: 4099] = bytes(len(content[len(content) // 2 :: 4099]))
    file.write_bytes(bytes(content))
    other = open_reader(tmp_path / "weights")
    assert judged_with(own.encoder, other, own.settings) != judged_with(own.encoder, own.reader, own.settings)
    again = open_reader()
    assert judged_with(own.encoder, again, own.settings) == judged_with(own.encoder, own.reader, own.settings)


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
