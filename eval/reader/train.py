"""Train the reader: ``python -m eval.reader.train --output FOLDER`` leaves a checkpoint there.

The packaged encoder learns from the public sets and our own questions on news, its word embeddings as they are, with
AdamW and a learning rate that rises for a twentieth of the time and then falls to 0. It runs for a set time and
not for a number of steps, since machines differ and the rate must have fallen when time is up. Every epoch cuts its
passages and draws its wrong ones anew. On two processor cores it does 10 to 14 pairs a second; a GPU is used
where there is one.
"""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from embeddings.reader_model import ReaderModel
from eval.public import BENCH
from eval.reader.data import (
    Example,
    make_examples,
    mix_scripts,
    read_cmrc_paragraphs,
    read_drcd_paragraphs,
    read_own_paragraphs,
    read_xquad_paragraphs,
)
from eval.reader.encode import Encoded, batches, encode, pad
from eval.reader.model import load_checkpoint, save_checkpoint, start_model

MINUTES = 150
BATCH_TOKENS = 3600
RATE = 1e-4
WARM_UP = 0.05
WEIGHT_DECAY = 0.01
LOSSES = {"span": 1.0, "answers": 1.0, "evidence": 0.5}
"""What each loss counts."""
PUBLIC_SHARE = 0.5
"""Of the public sets' examples, in each epoch: our own questions are nearer to what people ask."""
STEPS_A_LINE = 50
SECONDS_A_CHECKPOINT = 300
SEED = 11


def main() -> None:
    """Train and leave a checkpoint."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from, not the packaged encoder")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--bench", type=Path, default=BENCH, help="the folder of public sets and news")
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    model, tokenizer = load_checkpoint(arguments.start) if arguments.start else start_model()
    if torch.cuda.is_available():
        model.to("cuda").encoder.set_attn_implementation("sdpa")
    try:
        train(model, tokenizer, arguments.minutes * 60, arguments.output, arguments.bench)
    except FileNotFoundError as error:
        parser.error(f"{error.filename} is missing. Name the folder of public sets and news with --bench.")


def train(model: ReaderModel, tokenizer: Tokenizer, seconds: float, output: Path, bench: Path) -> None:
    """Train for so many seconds, with a checkpoint every few minutes and at the end."""
    model.train()
    model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    parameters = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=WEIGHT_DECAY, fused=True)
    sums = torch.zeros(len(LOSSES))
    pairs = 0
    started = saved = time.monotonic()
    for step, batch in enumerate(endless_batches(tokenizer, bench), start=1):
        done = (time.monotonic() - started) / seconds
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(done / WARM_UP, 1 - done)
        losses = step_losses(model, batch)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        sums += losses.detach().cpu()
        pairs += len(batch)
        if step % STEPS_A_LINE == 0:
            means = " ".join(
                f"{name} {loss / STEPS_A_LINE:.3f}" for name, loss in zip(LOSSES, sums, strict=True)
            )
            print(
                f"step {step} pairs {pairs} {pairs / (time.monotonic() - started):.1f}/s {means}", flush=True
            )
            sums.zero_()
        if time.monotonic() - saved > SECONDS_A_CHECKPOINT:
            save_checkpoint(model, tokenizer, output)
            saved = time.monotonic()
    save_checkpoint(model, tokenizer, output)


def endless_batches(tokenizer: Tokenizer, bench: Path) -> Iterator[list[Encoded]]:
    """Batches of epoch after epoch."""
    epoch = 0
    while True:
        encoded = [
            row for row in (encode(each, tokenizer) for each in training_examples(SEED + epoch, bench)) if row
        ]
        answered = sum(row.answers for row in encoded)
        print(f"epoch {epoch}: {len(encoded)} examples, {answered} of them answered", flush=True)
        yield from batches(encoded, BATCH_TOKENS, random.Random(SEED + epoch))
        epoch += 1


def training_examples(seed: int, bench: Path = BENCH) -> Iterator[Example]:
    """Our own questions on news, and a share of the public sets in both scripts and across two languages."""
    own = [each for each in read_own_paragraphs(bench=bench) if not each.is_held_back]
    yield from mix_scripts(make_examples(own, seed), 0.1, "s2t", seed)
    generator = random.Random(seed)
    yield from (each for each in public_examples(seed, bench) if generator.random() < PUBLIC_SHARE)


def public_examples(seed: int, bench: Path) -> Iterator[Example]:
    """The public sets."""
    yield from mix_scripts(make_examples(read_drcd_paragraphs("train", bench), seed), 0.5, "t2s", seed)
    yield from mix_scripts(make_examples(read_cmrc_paragraphs(bench), seed), 0.2, "s2t", seed)
    for questions, passages in (("zh", "zh"), ("en", "zh"), ("en", "en"), ("zh", "en")):
        yield from make_examples(read_xquad_paragraphs("train", questions, passages, bench), seed)


def step_losses(model: ReaderModel, batch: list[Encoded]) -> torch.Tensor:
    """The weighted losses (3,) of a batch, in the order of ``LOSSES``.

    span      cross entropy of the answer's first and last token, or of the first of all tokens where the passage does
              not answer; left out where only sentences are known
    answers   binary cross entropy of whether the passage answers
    evidence  binary cross entropy of each of the passage's tokens
    """
    tensors = {name: tensor.to(model.device) for name, tensor in pad(batch).items()}
    with torch.autocast(model.device.type, torch.bfloat16):
        tokens, answers = model(tensors["ids"], tensors["mask"])
    tokens, answers = tokens.float(), answers.float()
    allowed = tensors["inside"].clone()
    allowed[:, 0] = True
    ends = tokens[..., :2].masked_fill(~allowed[..., None], -1e4)
    known = tensors["start"] >= 0
    span = tokens.new_zeros(())
    if known.any():
        first = F.cross_entropy(ends[known, :, 0], tensors["start"][known])
        span = (first + F.cross_entropy(ends[known, :, 1], tensors["end"][known])) / 2
    labelled = tensors["evidence"] >= 0
    evidence = F.binary_cross_entropy_with_logits(
        tokens[..., 2][labelled], tensors["evidence"][labelled].float()
    )
    answered = F.binary_cross_entropy_with_logits(answers, tensors["answers"])
    weighted: torch.Tensor = torch.stack([span, answered, evidence]) * tokens.new_tensor(
        list(LOSSES.values())
    )
    return weighted


if __name__ == "__main__":
    main()
