"""The real encoders, loaded once, and a second model small enough to make in a test."""

import json
from pathlib import Path

import pytest

from embeddings.encoder import Encoder
from embeddings.sentence import open_encoder


@pytest.fixture(scope="session")
def bundled() -> Encoder:
    """The packaged model in float32."""
    return open_encoder("bundled", device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer and eight dimensions with its own words and prompts, in a folder."""
    return _write_tiny_model(tmp_path_factory.mktemp("models") / "tiny", seed=0)


@pytest.fixture(scope="session")
def retrained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with other weights, file for file of the same size."""
    return _write_tiny_model(tmp_path_factory.mktemp("models") / "retrained", seed=1)


def _write_tiny_model(folder: Path, seed: int) -> Path:
    # Imported here: the package sets how torch's threads wait, and must be imported before torch.
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ask", "tell", ":", "carbon", "neutral", "summit", "cloud"]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in _sentence_files().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def _sentence_files() -> dict[str, object]:
    modules = [("Transformer", ""), ("Pooling", "1_Pooling")]
    return {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
        },
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{name}"}
            for place, (name, path) in enumerate(modules)
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": {"query": "ask : ", "passage": "tell : "}},
    }
