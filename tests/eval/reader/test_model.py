"""The model that training starts from, its checkpoints, and what is published of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from embeddings.bundled import bundled_model_folder
from embeddings.reader import open_reader, pad
from embeddings.reader_model import ReaderModel
from eval.reader import publish
from eval.reader.model import kept_pieces, load_checkpoint, save_checkpoint, start_model

TEXT = "7月8日，滨江图书馆新馆开馆，馆长陆明远（IPCC）主持仪式，造价四亿元。"


@pytest.fixture(scope="module")
def started() -> tuple[ReaderModel, Tokenizer]:
    return start_model()


def test_special_pieces_and_chinese_are_kept_and_other_scripts_are_not() -> None:
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(piece, -1.0) for piece in ("▁", "碳中和", "▁the", "при", "한국", "。", "é", "…", "3%")]
    kept = [pieces[row][0] for row in kept_pieces(pieces)]
    assert kept == ["<s>", "<pad>", "</s>", "<unk>", "▁", "碳中和", "▁the", "。", "…", "3%"]


def test_it_starts_as_the_packaged_encoder(started: tuple[ReaderModel, Tokenizer]) -> None:
    model, tokenizer = started
    folder = bundled_model_folder("float32")
    whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
    mine, theirs = (each.encode(TEXT, add_special_tokens=False) for each in (tokenizer, whole))
    assert mine.tokens == theirs.tokens
    assert mine.offsets == theirs.offsets
    encoder = BertModel.from_pretrained(str(folder), add_pooling_layer=False, dtype=torch.float32)
    encoder.train(False)
    model.train(False)
    with torch.inference_mode():
        hidden = [
            each(input_ids=torch.tensor([ids])).last_hidden_state
            for each, ids in ((model.encoder, mine.ids), (encoder, theirs.ids))
        ]
    torch.testing.assert_close(*hidden, atol=1e-4, rtol=1e-3)


def test_what_is_published_reads_as_its_checkpoint(
    started: tuple[ReaderModel, Tokenizer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = started
    checkpoint, published = tmp_path / "checkpoint", tmp_path / "published"
    save_checkpoint(model, tokenizer, checkpoint)
    loaded, _ = load_checkpoint(checkpoint)
    loaded.train(False)
    ids, mask = pad([tokenizer.encode(TEXT).ids, tokenizer.encode(TEXT[:20]).ids])
    with torch.inference_mode():
        model.train(False)
        for mine, theirs in zip(model(ids, mask), loaded(ids, mask), strict=True):
            torch.testing.assert_close(mine, theirs)
    monkeypatch.setattr("sys.argv", ["publish", str(checkpoint), "--output", str(published)])
    publish.main()
    reader = open_reader(published, "cpu", "float32")
    assert json.loads((published / "tokenizer.json").read_text(encoding="utf-8"))
    question, passages = "馆长是谁？", [("", TEXT)]
    (reading,) = reader.read(question, passages)
    laid = tokenizer.encode_batch([question, TEXT], add_special_tokens=False)
    row = [0, *laid[0].ids, 2, 2, *laid[1].ids, 2]
    ids, mask = pad([row])
    with torch.inference_mode():
        tokens, answers = loaded(ids, mask)
    assert reading.answers == pytest.approx(float(answers[0]), abs=0.1)
    np.testing.assert_allclose(reading.evidence, tokens[0, -len(laid[1].ids) - 1 : -1, 2], atol=0.2)
