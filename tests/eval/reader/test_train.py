"""Labels, batches and losses; a tiny model learns four examples by heart."""

import random

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig

from embeddings.reader import FOLDER
from embeddings.reader_model import ReaderModel
from eval.reader.data import Example
from eval.reader.encode import Encoded, batches, encode, pad
from eval.reader.train import step_losses

TEXT = "甲公司在上海成立。乙公司迁到北京！丙公司有三百人。"


def span(words: str) -> tuple[int, int]:
    return TEXT.index(words), TEXT.index(words) + len(words)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(FOLDER / "tokenizer.json"))


@pytest.fixture(scope="module")
def encoded(tokenizer: Tokenizer) -> list[Encoded]:
    examples = [
        Example("乙公司在哪里？", "", TEXT, span("北京"), (span("乙公司迁到北京！"),)),
        Example("丙公司有多少人？", "题目", TEXT, span("三百人"), (span("丙公司有三百人。"),)),
        Example("丁公司在哪里？", "题目", TEXT),
        Example("为什么迁走？", "", TEXT, None, (span("乙公司迁到北京！"),)),
    ]
    rows = [encode(example, tokenizer) for example in examples]
    return [row for row in rows if row is not None]


def test_labels_mark_the_words_and_the_sentence(encoded: list[Encoded], tokenizer: Tokenizer) -> None:
    first, _, silent, sentence = encoded
    assert "北京" in tokenizer.decode(first.ids[first.start : first.end + 1].tolist())
    assert "乙" in tokenizer.decode(first.ids[first.evidence == 1].tolist())
    assert "丙" not in tokenizer.decode(first.ids[first.evidence == 1].tolist())
    assert (first.evidence[: first.offset] == -1).all()
    assert (silent.start, silent.end, silent.answers) == (0, 0, False)
    assert not (silent.evidence == 1).any()
    assert (sentence.start, sentence.end, sentence.answers) == (-1, -1, True)


def test_an_answer_beyond_what_is_read_is_left_out(tokenizer: Tokenizer) -> None:
    text = "好。" * 800 + TEXT
    start = 1600 + TEXT.index("北京")
    assert encode(Example("哪里？", "", text, (start, start + 2), ((1600, 1610),)), tokenizer) is None


def test_every_example_is_in_one_batch(encoded: list[Encoded]) -> None:
    many = encoded * 50
    made = list(batches(many, 200, random.Random(1)))
    assert sum(map(len, made)) == len(many)
    assert all(len(batch) * max(len(each.ids) for each in batch) <= 200 for batch in made)


def test_padding_is_masked(encoded: list[Encoded]) -> None:
    tensors = pad(encoded)
    for row, each in enumerate(encoded):
        assert int(tensors["mask"][row].sum()) == len(each.ids)
        assert not tensors["inside"][row, len(each.ids) :].any()
        assert (tensors["evidence"][row, len(each.ids) :] == -1).all()


def test_a_tiny_model_learns_by_heart(encoded: list[Encoded], tokenizer: Tokenizer) -> None:
    torch.manual_seed(3)
    model = ReaderModel(
        BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(80):
        loss = step_losses(model, encoded)
        losses.append(loss.detach().numpy())
        loss.sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    assert np.all(losses[-1] < 0.25 * losses[0])
