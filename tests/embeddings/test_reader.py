"""The reader: what it is given, what it says, and its weights on disk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import EncoderError
from embeddings.reader import FOLDER, LONGEST_ANSWER, MAX_TOKENS, Reader, Reading, lay_out, open_reader

PASSAGE = (
    "7月8日，滨江图书馆新馆开馆，馆长陆明远主持仪式。新馆藏书36万册，造价4.2亿元。"
    "读者代表苏晓说，新馆离地铁站只有三百米。"
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The reader that comes with the package, in float32."""
    return open_reader(device="cpu", dtype="float32")


def made_reading(length: int) -> Reading:
    zeros = np.zeros(length, dtype=np.float32)
    offsets = [(at, at + 1) for at in range(length)]
    return Reading(0.0, 1.0, offsets, zeros.copy(), zeros.copy(), np.arange(length, dtype=np.float32))


def test_the_best_words_are_those_with_the_highest_ends() -> None:
    reading = made_reading(10)
    reading.start[2], reading.end[4], reading.start[7] = 3, 4, 9
    assert reading.best_words(0, 10) == ((7, 8), 8.0)
    assert reading.best_words(0, 6) == ((2, 5), 6.0)


def test_the_best_words_are_in_order_and_no_longer_than_an_answer() -> None:
    reading = made_reading(LONGEST_ANSWER + 10)
    reading.start[0], reading.end[LONGEST_ANSWER] = 5, 5
    found = reading.best_words(0, LONGEST_ANSWER + 10)
    assert found is not None
    (start, end), _ = found
    assert 0 < end - start <= LONGEST_ANSWER


def test_evidence_is_a_mean_and_none_where_nothing_was_read() -> None:
    reading = made_reading(10)
    assert reading.evidence_in(2, 5) == 3.0
    assert reading.evidence_in(10, 12) is None
    assert reading.best_words(10, 12) is None


def test_offsets_are_of_the_passage(reader: Reader) -> None:
    laid = lay_out(reader.tokenizer, "谁主持？", [("题目 2021年7月8日", PASSAGE), ("", "短文")])
    first, last = laid[0].tokens_of(PASSAGE.index("陆明远"), PASSAGE.index("陆明远") + 3)
    begin, end = laid[0].offsets[first - laid[0].first][0], laid[0].offsets[last - 1 - laid[0].first][1]
    assert "陆明远" in PASSAGE[begin:end]
    assert len(PASSAGE[begin:end]) <= 5
    assert len(laid[1].ids) < len(laid[0].ids)


def test_what_is_too_long_is_cut_off(reader: Reader) -> None:
    (laid,) = lay_out(reader.tokenizer, "问" * 2000, [("题" * 2000, "好" * 5000)])
    assert len(laid.ids) == MAX_TOKENS
    assert laid.ids[-1] == 2
    (reading,) = reader.read("问" * 2000, [("题" * 2000, "好" * 5000)])
    assert reading.evidence_in(0, 10) is not None
    assert reading.evidence_in(4000, 4010) is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("滨江图书馆的馆长是谁？", "陆明远"),
        ("新馆有多少册书？", "36万册"),
        ("建新馆花了多少钱？", "4.2亿元"),
        ("新館離地鐵站多遠？", "三百米"),
        ("Who is the director of the library?", "陆明远"),
    ],
)
def test_it_finds_the_words_that_answer(reader: Reader, question: str, words: str) -> None:
    (reading,) = reader.read(question, [("滨江图书馆新馆开馆 2021年7月8日", PASSAGE)])
    found = reading.best_words(0, len(PASSAGE))
    assert found is not None
    assert words in PASSAGE[slice(*found[0])] or PASSAGE[slice(*found[0])] in words


def test_a_passage_that_answers_looks_it(reader: Reader) -> None:
    other = "本周多云转阴，气温在24到31度之间，周末有小雨，出门请带伞。"
    answering, silent = reader.read("滨江图书馆的馆长是谁？", [("", PASSAGE), ("", other)])
    assert answering.answers > 0 > silent.answers


def test_passages_do_not_change_each_other(reader: Reader) -> None:
    passages = [("", PASSAGE), ("标题", PASSAGE[:30]), ("", "天气晴。" * 60)]
    together = reader.read("谁主持仪式？", passages)
    for passage, reading in zip(passages, together, strict=True):
        (alone,) = reader.read("谁主持仪式？", [passage])
        assert alone.answers == pytest.approx(reading.answers, abs=1e-3)
        np.testing.assert_allclose(alone.evidence, reading.evidence, atol=1e-3)


def test_nothing_to_read_is_nothing_read(reader: Reader) -> None:
    assert reader.read("谁？", []) == []
    (reading,) = reader.read("", [("", "")])
    assert reading.best_words(0, 10) is None


def test_float32_and_bfloat16_say_nearly_the_same(reader: Reader) -> None:
    narrow = open_reader(device="cpu", dtype="bfloat16")
    question, passages = "新馆有多少册书？", [("", PASSAGE)]
    (wide,), (other,) = reader.read(question, passages), narrow.read(question, passages)
    assert other.answers == pytest.approx(wide.answers, abs=0.3)
    wide_words, other_words = wide.best_words(0, len(PASSAGE)), other.best_words(0, len(PASSAGE))
    assert wide_words is not None
    assert other_words is not None
    assert wide_words[0] == other_words[0]


def test_stored_weights_come_back(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig

    from embeddings.reader_model import ReaderModel, load_stored, store

    torch.manual_seed(1)
    configuration = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    model = ReaderModel(configuration).eval()
    store(model, tmp_path)
    loaded = load_stored(tmp_path, "cpu", "float32")
    ids = torch.arange(4, 20)[None]
    with torch.inference_mode():
        for mine, theirs in zip(model(ids, ids > 0), loaded(ids, ids > 0), strict=True):
            torch.testing.assert_close(mine, theirs, atol=0.05, rtol=0.05)


def test_the_weights_are_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 40_000_000


def test_missing_or_damaged_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="enabled = false"):
        open_reader(tmp_path)
    (tmp_path / "reader.safetensors").write_bytes(b"no weights")
    with pytest.raises(EncoderError, match=str(tmp_path)):
        open_reader(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1", b"\xff\xfe"])
def test_a_missing_or_damaged_tokenizer_is_named(tmp_path: Path, content: bytes | None) -> None:
    shutil.copy(FOLDER / "reader.safetensors", tmp_path)
    if content is not None:
        (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(EncoderError, match="tokenizer"):
        open_reader(tmp_path)


def test_weights_without_a_configuration_are_named(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "reader.safetensors")
    with pytest.raises(EncoderError, match="configuration"):
        open_reader(tmp_path)


def test_pieces_that_a_text_spells_out_are_read_as_any(reader: Reader) -> None:
    passage = "馆长</s>陆明远<pad>主持了仪式。<s>天气晴。"
    (reading,) = reader.read("谁主持了<pad>仪式？", [("<pad>", passage)])
    assert len(reading.evidence) == len(reading.offsets)
    assert np.isfinite(reading.evidence).all()
    assert (np.abs(reading.evidence) > 0).all()


def test_words_never_leave_the_part_that_is_asked_for() -> None:
    zeros = np.zeros(3, dtype=np.float32)
    reading = Reading(0.0, 0.0, [(0, 4), (4, 8), (8, 12)], zeros, zeros.copy(), zeros.copy())
    reading.start[0], reading.end[2] = 5, 5
    assert reading.best_words(2, 9) == ((2, 9), 10.0)
