"""A small extractive reader: a question and passages -> where each passage answers, and whether it does.

A BERT encoder of 12 layers with two heads: three logits a token (the answer starts here, it ends here, this must
be read to know the answer) and one a passage (it answers). The weights are ours, trained from
multilingual-e5-small; ``eval/reader`` says how and on what.
"""

import hashlib
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from embeddings.encoder import EncoderError
from embeddings.sentence import default_device, default_dtype, split_batches

if TYPE_CHECKING:
    import torch

    from embeddings.reader_model import ReaderModel

FOLDER = Path(__file__).parent / "weights"
"""The weights that come with the package, their tokenizer, and the words about where they come from."""

MAX_TOKENS = 448
"""Of question, header and passage together; what is beyond is not read."""
QUESTION_TOKENS = 96
HEADER_TOKENS = 48
BATCH_TOKENS = 4096
LONGEST_ANSWER = 30
"""Tokens of an answer."""

BEGIN, PAD, END = 0, 1, 2
"""Ids of the pieces ``<s>``, ``<pad>`` and ``</s>``; a text that spells one out may hold its id as well."""

Span = tuple[int, int]
FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen in one passage; all numbers are logits.

    Attributes:
        answers: that the passage answers.
        nothing: that no words of it do: the start's and the end's logit of "nowhere", added.
        offsets: (start, end) in the passage of each token.
        start, end: (tokens,) that the answer's words start and end there.
        evidence: (tokens,) that this must be read to know the answer.
    """

    answers: float
    nothing: float
    offsets: list[Span]
    start: FloatVector
    end: FloatVector
    evidence: FloatVector

    def evidence_in(self, start: int, end: int) -> float | None:
        """The mean logit that ``passage[start:end]`` must be read; None where it was cut off."""
        first, last = _tokens_of(self.offsets, start, end)
        return float(self.evidence[first:last].mean()) if last > first else None

    def best_words(self, start: int, end: int) -> tuple[Span, float] | None:
        """The words inside ``passage[start:end]`` that answer best.

        Returns:
            Their (start, end) in the passage, never outside the part, and the logit by which they beat "nowhere";
            None where that part of the passage was cut off.
        """
        first, last = _tokens_of(self.offsets, start, end)
        if last <= first:
            return None
        sums = self.start[first:last, None] + self.end[None, first:last]
        count = last - first
        length = np.arange(count)[None, :] - np.arange(count)[:, None]
        sums = np.where((length >= 0) & (length < LONGEST_ANSWER), sums, -np.inf)
        begin, stop = np.unravel_index(int(sums.argmax()), sums.shape)
        # The first and last token may reach beyond the part.
        words = (
            max(start, self.offsets[first + int(begin)][0]),
            min(end, self.offsets[first + int(stop)][1]),
        )
        return words, float(sums[begin, stop]) - self.nothing


class Reader:
    """A loaded reader. Made by ``open_reader``. One call reads at a time.

    Attributes:
        dtype: what it computes in.
        digest: sha256 of its weights.
    """

    def __init__(self, model: "ReaderModel", tokenizer: Tokenizer, digest: str) -> None:
        self._model = model
        self.digest = digest
        self.dtype = str(model.encoder.dtype).removeprefix("torch.")
        self.tokenizer = tokenizer
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]:
        """Read passages, each given as its header (title and date) and its text, for one question."""
        import torch

        laid = lay_out(self.tokenizer, question, passages)
        readings: dict[int, Reading] = {}
        with self._lock, torch.inference_mode():
            for rows in split_batches([len(each.ids) for each in laid], BATCH_TOKENS):
                ids, mask = pad([laid[row].ids for row in rows])
                tokens, answers = self._model(ids.to(self._model.device), mask.to(self._model.device))
                tokens, answers = tokens.float().cpu().numpy(), answers.float().cpu().numpy()
                for row, logits, answer in zip(rows, tokens, answers, strict=True):
                    readings[row] = _to_reading(laid[row], logits, float(answer))
        return [readings[row] for row in range(len(laid))]


def open_reader(folder: Path = FOLDER, device: str | None = None, dtype: str | None = None) -> Reader:
    """Open the reader that comes with the package, or another of the same form.

    Args:
        device, dtype: as of ``open_encoder``; our reader does not compute in 8 bits.

    Raises:
        EncoderError: its files are missing or damaged.
    """
    from safetensors import SafetensorError

    from embeddings.reader_model import WEIGHTS, load_stored

    device = device or default_device()
    try:
        model = load_stored(folder, device, default_dtype(device) if dtype in (None, "int8") else dtype)
        tokenizer = _load_tokenizer(folder / "tokenizer.json")
        digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    except (
        OSError,
        ImportError,
        KeyError,
        ValueError,
        TypeError,
        RuntimeError,
        SafetensorError,
    ) as error:
        raise EncoderError(
            f"Cannot load the reader in {folder}: {error}. Install the package again, or do without the reader: "
            "enabled = false under [reader] in wenfeng.toml."
        ) from error
    return Reader(model, tokenizer, digest)


def _load_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except OSError:
        raise
    except Exception as error:  # tokenizers raises nothing narrower
        raise ValueError(f"{path.name} is no tokenizer: {error}") from error


@dataclass(frozen=True, slots=True)
class LaidOut:
    """``<s> question </s> header </s> passage </s>`` as token ids.

    Attributes:
        ids: all of them.
        first: the position of the passage's first token.
        offsets: (start, end) in the passage's text of each of its tokens; the last ``</s>`` has none.
    """

    ids: list[int]
    first: int
    offsets: list[Span]

    def tokens_of(self, start: int, end: int) -> Span:
        """The half-open run of positions whose characters overlap ``text[start:end]``; empty where none do."""
        first, last = _tokens_of(self.offsets, start, end)
        return self.first + first, self.first + last


def lay_out(tokenizer: Tokenizer, question: str, passages: Sequence[tuple[str, str]]) -> list[LaidOut]:
    """Tokenize a question with each of several (header, text); what is beyond ``MAX_TOKENS`` is cut off."""
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
    headers = tokenizer.encode_batch([header for header, _ in passages], add_special_tokens=False)
    texts = tokenizer.encode_batch([text for _, text in passages], add_special_tokens=False)
    laid = []
    for header, text in zip(headers, texts, strict=True):
        before = [BEGIN, *asked, END, *header.ids[:HEADER_TOKENS], END]
        room = MAX_TOKENS - len(before) - 1
        laid.append(LaidOut([*before, *text.ids[:room], END], len(before), text.offsets[:room]))
    return laid


def _to_reading(laid: LaidOut, logits: FloatVector, answers: float) -> Reading:
    inside = logits[laid.first : laid.first + len(laid.offsets)]
    return Reading(
        answers, float(logits[0, 0] + logits[0, 1]), laid.offsets, inside[:, 0], inside[:, 1], inside[:, 2]
    )


def _tokens_of(offsets: Sequence[Span], start: int, end: int) -> Span:
    first = bisect_right(offsets, start, key=lambda span: span[1])
    last = bisect_left(offsets, end, key=lambda span: span[0])
    return (first, last) if first < last else (0, 0)


def pad(rows: Sequence[Sequence[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Token ids (rows, longest), padded on the right, and which of them are a row's own."""
    import torch

    ids = torch.full((len(rows), max(map(len, rows))), PAD, dtype=torch.long)
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = True
    return ids, mask
