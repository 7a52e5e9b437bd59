"""The reader as a torch module, and its weights on disk: eight bits a weight, one scale a row."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from transformers import BertConfig, BertModel

from embeddings.attention import BY_TEXT
from embeddings.layers import compile_layers
from embeddings.sentence import default_dtype

WEIGHTS = "reader.safetensors"
HEAD_ROWS = 4
"""A matrix of fewer rows is one of the heads, a thousandth of the weights and all of the answer: kept as it is."""
SCALE = ".scale"
"""Added to the name of an eight-bit tensor for the name of its rows' scales."""


class ReaderModel(nn.Module):
    """Token ids (batch, tokens) and their mask -> token logits (batch, tokens, 3), passage logits (batch,)."""

    def __init__(self, configuration: BertConfig) -> None:
        super().__init__()
        self.encoder = BertModel(configuration, add_pooling_layer=False)
        self.encoder.set_attn_implementation(BY_TEXT)
        width = configuration.hidden_size
        self.tokens = nn.Linear(width, 3)
        self.passage = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.tokens.weight.device

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read token ids of questions and passages; see the class."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.tokens(hidden), self.passage(hidden[:, 0]).squeeze(-1)


def store(model: ReaderModel, folder: Path) -> None:
    """Write the weights in eight bits and the configuration into ``folder``."""
    tensors: dict[str, torch.Tensor] = {}
    for name, weight in model.state_dict().items():
        values = weight.detach().float().cpu()
        if values.ndim < 2 or values.shape[0] < HEAD_ROWS:
            tensors[name] = values
            continue
        scale = values.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
        tensors[name] = (values / scale).round().to(torch.int8)
        tensors[name + SCALE] = scale
    folder.mkdir(parents=True, exist_ok=True)
    configuration = json.dumps(model.encoder.config.to_diff_dict())
    save_file(tensors, folder / WEIGHTS, metadata={"configuration": configuration})
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for the owner alone


def load_stored(folder: Path, device: str, dtype: str) -> ReaderModel:
    """A model for reading, as ``store`` wrote it.

    Raises:
        OSError, KeyError, SafetensorError: a file is missing or not what it should be.
    """
    chosen = getattr(torch, dtype)
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        configuration = BertConfig(**json.loads((file.metadata() or {})["configuration"]))
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    weights = {
        name: (tensor.float() * stored[name + SCALE] if name + SCALE in stored else tensor).to(chosen)
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }
    with torch.device("meta"):
        model = ReaderModel(configuration)
    model.load_state_dict(weights, assign=True)
    # Not among the weights, and so not laid out yet.
    positions = torch.arange(configuration.max_position_embeddings)[None]
    model.encoder.embeddings.register_buffer("position_ids", positions, persistent=False)
    model.encoder.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    model.eval().to(device)
    if device != "cpu":
        model.encoder.set_attn_implementation("sdpa")
    elif dtype in ("float32", default_dtype("cpu")):
        compile_layers(model.encoder, dtype)
        model.tokens.float()  # what comes out of the layers is in float32
        model.passage.float()
    return model
