"""Where the reader starts from, the packaged encoder with a smaller vocabulary, and its checkpoints."""

import json
import re
import unicodedata
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from embeddings.bundled import bundled_model_folder
from embeddings.reader_model import ReaderModel

LATIN_PIECES = 16_000
"""How many of the commonest pieces of ASCII letters are kept."""

_CHINESE = re.compile(
    r"[▁\u3400-\u9fff\u3000-\u303f\uff00-\uffef\u2010-\u203f\u00b7\u2103\u2460-\u2473%0-9]+"
)
_ASCII = re.compile(r"[▁\x21-\x7e]+")


def start_model() -> tuple[ReaderModel, Tokenizer]:
    """The packaged encoder with a pruned vocabulary and fresh heads, and its tokenizer."""
    folder = bundled_model_folder("float32")
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = tokenizer["model"]["vocab"]
    kept = kept_pieces(pieces)
    tokenizer["model"]["vocab"] = [pieces[row] for row in kept]
    # The pattern that keeps unknown characters apart costs more than it is worth here.
    tokenizer["pre_tokenizer"] = tokenizer["pre_tokenizer"]["pretokenizers"][0]
    tokenizer["added_tokens"] = [each for each in tokenizer["added_tokens"] if each["id"] < 4]
    tokenizer["post_processor"] = None
    whole = BertModel.from_pretrained(str(folder), add_pooling_layer=False, dtype=torch.float32)
    configuration = BertConfig.from_pretrained(
        str(folder), vocab_size=len(kept), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    model = ReaderModel(configuration)
    weights = whole.state_dict()
    word = "embeddings.word_embeddings.weight"
    weights[word] = weights[word][torch.tensor(kept)]
    model.encoder.load_state_dict(weights)
    return model, Tokenizer.from_str(json.dumps(tokenizer))


def kept_pieces(pieces: list[tuple[str, float]]) -> list[int]:
    """Rows of the special pieces, of all Chinese ones, and of the commonest of ASCII, in their order."""
    latin = 0
    kept = []
    for row, (piece, _) in enumerate(pieces):
        if row < 4 or _CHINESE.fullmatch(piece) or (len(piece) == 1 and _is_sign(piece)):
            kept.append(row)
        elif _ASCII.fullmatch(piece) and latin < LATIN_PIECES:  # pieces are in the order of their scores
            kept.append(row)
            latin += 1
    return kept


def _is_sign(piece: str) -> bool:
    return piece.isascii() or unicodedata.category(piece)[0] in "SP"


def save_checkpoint(model: ReaderModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write what ``load_checkpoint`` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "weights.tmp")
    (folder / "weights.tmp").replace(folder / "weights.pt")
    model.encoder.config.save_pretrained(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))


def load_checkpoint(folder: Path) -> tuple[ReaderModel, Tokenizer]:
    """A model in training as ``save_checkpoint`` wrote it."""
    model = ReaderModel(BertConfig.from_pretrained(str(folder)))
    model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True, map_location="cpu"))
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))
