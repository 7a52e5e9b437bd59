"""How large the numbers inside the packaged encoder get: ``python -m eval.limits``.

Writes ``embeddings/weights/encoder-limits.safetensors``, which products in 8 bits need (see ``embeddings.layers``), from
news, English paragraphs and the same in traditional script, then says how near the vectors of other texts come to
those in float32.
"""

import argparse
from pathlib import Path

import numpy as np
import opencc

from embeddings.convert import SOURCE_DIGEST
from embeddings.layers import measure_limits, save_limits
from embeddings.sentence import LIMITS, SentenceEncoder, open_encoder
from eval.public import BENCH, read_news, read_squad

TEXTS = 200
CHARACTERS = 400


def main() -> None:
    """Measure, write, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, default=BENCH)
    bench = parser.parse_args().bench
    news = [text[:CHARACTERS] for text in read_news(bench)]
    english = [row["context"][:CHARACTERS] for _, row in read_squad("xquad.en", "train", bench)]
    traditional = [opencc.OpenCC("s2t").convert(text) for text in news[TEXTS : 2 * TEXTS]]
    seen = [*news[:TEXTS], *traditional, *english[: TEXTS // 2], *(text[:20] for text in news[:TEXTS])]
    plain = open_encoder(dtype="float32", compiled=False)
    assert isinstance(plain, SentenceEncoder)

    def run() -> None:
        plain.encode_passages(seen)
        plain.encode_queries([text[:30] for text in seen])

    save_limits(LIMITS, measure_limits(plain.transformer, run), SOURCE_DIGEST)
    unseen = [*news[-TEXTS:], *english[-TEXTS // 2 :], *(text[:25] for text in news[-TEXTS:])]
    cosines = np.sum(
        plain.encode_passages(unseen) * open_encoder(dtype="int8").encode_passages(unseen), axis=1
    )
    print(
        f"{len(unseen)} other texts, cosine with float32: mean {cosines.mean():.5f}, least {cosines.min():.5f}"
    )


if __name__ == "__main__":
    main()
