"""Compiled layers are the layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from embeddings.layers import (
    can_compile,
    compile_layers,
    load_limits,
    measure_limits,
    save_limits,
)

SHAPE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


def make(kind: str = "bert") -> torch.nn.Module:
    torch.manual_seed(1)
    model = BertModel(BertConfig(**SHAPE)) if kind == "bert" else XLMRobertaModel(XLMRobertaConfig(**SHAPE))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    model.train(False)
    return model


def batch(*lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(4, 50, (len(lengths), max(lengths)), generator=generator)
    return ids, torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


def run(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return found


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("lengths", [(7,), (7, 7), (9, 4, 1)])
def test_they_give_what_torch_gives(kind: str, lengths: tuple[int, ...]) -> None:
    ids, mask = batch(*lengths)
    expected = run(make(kind), ids, mask)
    model = make(kind)
    compile_layers(model, "float32")
    found = run(model, ids, mask)
    torch.testing.assert_close(found[mask], expected[mask], atol=1e-4, rtol=1e-3)


def test_padding_changes_nothing() -> None:
    model = make()
    compile_layers(model, "float32")
    ids, mask = batch(9, 4)
    together = run(model, ids, mask)
    alone = run(model, ids[1:, :4], mask[1:, :4])
    torch.testing.assert_close(together[1:, :4], alone, atol=1e-5, rtol=1e-4)


def test_products_in_8_bits_are_near(tmp_path: Path) -> None:
    ids, mask = batch(9, 9, 9, 4)
    model = make()
    expected = run(model, ids, mask)
    limits = measure_limits(model, lambda: run(model, ids, mask))
    assert len(limits) == 8
    save_limits(tmp_path / "limits", limits, "of these weights")
    read = load_limits(tmp_path / "limits", "of these weights")
    for name, limit in limits.items():
        np.testing.assert_array_equal(limit.scale, read[name].scale)
        assert (limit.low, limit.high) == (read[name].low, read[name].high)
    compile_layers(model, "float32", read)
    cosines = torch.nn.functional.cosine_similarity(run(model, ids, mask)[mask], expected[mask], dim=-1)
    assert 0.98 < cosines.min() < 0.999999


def test_limits_of_other_weights_are_not_taken(tmp_path: Path) -> None:
    model = make()
    ids, mask = batch(3)
    save_limits(tmp_path / "limits", measure_limits(model, lambda: run(model, ids, mask)), "of these weights")
    with pytest.raises(ValueError, match="limits was made for other weights"):
        load_limits(tmp_path / "limits", "of others")


def test_another_family_is_left_alone() -> None:
    assert can_compile(make())
    assert not can_compile(torch.nn.Linear(2, 2))
    assert not can_compile(BertModel(BertConfig(**SHAPE, hidden_act="relu")))
    assert not can_compile(BertModel(BertConfig(**SHAPE, is_decoder=True)))
