"""Attention for training on ordinary processors: one text at a time, without padding, in the inputs' own dtype.

torch's own attention is made for wide heads; the twelve heads of 32 of a small BERT leave most of a processor idle in it.
Over a whole batch at once the scores of all its texts outgrow the caches, and the system hands out and takes back
their memory at every layer. One text's scores do neither.
"""

import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

BY_TEXT = "by_text"
"""The name to give to ``set_attn_implementation``. Padding must be on the right."""


def attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None = None,
    **_options: object,
) -> tuple[torch.Tensor, None]:
    """Attend over (batch, heads, tokens, width).

    Args:
        mask: (batch, tokens), true where a text has a token; None where none has padding.

    Returns:
        (batch, tokens, heads, width), zeros in the padding, and no attention weights.
    """
    batch, heads, tokens, width = query.shape
    lengths = [tokens] * batch if mask is None else mask.sum(dim=1).tolist()
    attended = query.new_zeros(batch, tokens, heads, width)
    query = query * (width**-0.5 if scaling is None else scaling)
    for row, length in enumerate(lengths):
        scores = torch.matmul(query[row, :, :length], key[row, :, :length].transpose(-1, -2))
        found = torch.matmul(torch.softmax(scores, -1), value[row, :, :length])
        attended[row, :length] = found.transpose(0, 1)
    return attended, None


def _keep_padding(attention_mask: torch.Tensor | None = None, **_options: object) -> torch.Tensor | None:
    return None if attention_mask is None or bool(attention_mask.all()) else attention_mask.bool()


AttentionInterface.register(BY_TEXT, attend)
AttentionMaskInterface.register(BY_TEXT, _keep_padding)
