"""Examples -> token ids and labels, in batches of like length."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from embeddings import reader
from eval.reader.data import Example


@dataclass(frozen=True, slots=True)
class Encoded:
    """One example as the model sees it.

    Attributes:
        ids: (tokens,).
        offset: the first token of the passage.
        start, end: tokens of the answer, both 0 where the passage does not answer, -1 where no words are known.
        evidence: (tokens,) 1 in the sentences that answer, 0 elsewhere in the passage, -1 outside it.
        answers: whether the passage answers.
    """

    ids: npt.NDArray[np.int32]
    offset: int
    start: int
    end: int
    evidence: npt.NDArray[np.int8]
    answers: bool


def encode(example: Example, tokenizer: Tokenizer) -> Encoded | None:
    """None where the answer lies beyond ``reader.MAX_TOKENS``."""
    laid = reader.lay_out(tokenizer, example.question, [(example.header, example.text)])[0]
    evidence = np.full(len(laid.ids), -1, dtype=np.int8)
    evidence[laid.first :] = 0
    for span in example.evidence:
        first, last = laid.tokens_of(*span)
        evidence[first:last] = 1
    start = end = 0 if not example.evidence else -1
    if example.answer is not None:
        first, last = laid.tokens_of(*example.answer)
        if last <= first:
            return None
        start, end = first, last - 1
    if example.evidence and not (evidence == 1).any():
        return None
    return Encoded(
        np.asarray(laid.ids, dtype=np.int32), laid.first, start, end, evidence, bool(example.evidence)
    )


def batches(examples: Sequence[Encoded], tokens: int, generator: random.Random) -> Iterator[list[Encoded]]:
    """Batches of up to ``tokens`` tokens with padding, of examples of like length, shuffled."""
    order = list(range(len(examples)))
    generator.shuffle(order)
    pools = [order[at : at + 2048] for at in range(0, len(order), 2048)]
    made: list[list[Encoded]] = []
    for pool in pools:
        pool.sort(key=lambda row: len(examples[row].ids))
        batch: list[Encoded] = []
        for row in pool:
            if batch and len(examples[row].ids) * (len(batch) + 1) > tokens:
                made.append(batch)
                batch = []
            batch.append(examples[row])
        made.append(batch)
    generator.shuffle(made)
    yield from made


def pad(batch: Sequence[Encoded]) -> dict[str, torch.Tensor]:
    """Tensors (batch, longest) and (batch,)."""
    ids, mask = reader.pad([each.ids.tolist() for each in batch])
    inside = torch.zeros_like(mask)
    evidence = torch.full(ids.shape, -1, dtype=torch.int8)
    for row, each in enumerate(batch):
        inside[row, each.offset : len(each.ids)] = True
        evidence[row, : len(each.ids)] = torch.from_numpy(each.evidence)
    return {
        "ids": ids,
        "mask": mask,
        "inside": inside,
        "evidence": evidence,
        "start": torch.tensor([each.start for each in batch]),
        "end": torch.tensor([each.end for each in batch]),
        "answers": torch.tensor([each.answers for each in batch], dtype=torch.float32),
    }
