"""Attention text by text is attention."""

import pytest
import torch
from transformers import BertConfig, BertModel

from embeddings.attention import BY_TEXT


@pytest.mark.parametrize("lengths", [(7, 7), (9, 4, 1)])
def test_it_gives_what_torchs_own_attention_gives(lengths: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    configuration = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    model = BertModel(configuration, add_pooling_layer=False)
    model.train(False)
    ids = torch.randint(4, 50, (len(lengths), max(lengths)))
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    found = {}
    with torch.inference_mode():
        for name in ("eager", BY_TEXT):
            model.set_attn_implementation(name)
            found[name] = model(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(found[BY_TEXT][mask], found["eager"][mask], atol=1e-5, rtol=1e-4)
    assert not torch.allclose(found[BY_TEXT][0, 0], found[BY_TEXT][1, 0])
