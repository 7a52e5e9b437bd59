"""A checkpoint -> the weights that come with the package: ``python -m eval.reader.publish CHECKPOINT``."""

import argparse
from pathlib import Path

from embeddings.reader import FOLDER
from embeddings.reader_model import store
from eval.reader.model import load_checkpoint


def main() -> None:
    """Write ``embeddings/weights`` anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--output", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    model, tokenizer = load_checkpoint(arguments.checkpoint)
    store(model, arguments.output)
    tokenizer.save(str(arguments.output / "tokenizer.json"), pretty=False)


if __name__ == "__main__":
    main()
