"""How well the reader reads, given the passage that answers: ``python -m eval.reader.score``.

    EM, F1    the exact words, scored as CMRC 2018 does (Cui et al. 2019, doi:10.18653/v1/D19-1600): the longest
              common run of characters, English and numbers by the word, punctuation aside; the best of the
              gold answers counts
    answers   area under the ROC curve of the passage's logit: passages that answer against unanswerable twins of the
              same questions and against the wrong passages that our words find best

Parts: ``choose`` (the default; nothing of it was trained on) or ``report``.
"""

import argparse
import random
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from embeddings.reader import FOLDER, Reader, open_reader
from eval.reader.data import (
    Example,
    Paragraph,
    make_examples,
    read_drcd_paragraphs,
    read_own_paragraphs,
    read_xquad_paragraphs,
)
from eval.run import interval
from rag.words import fold

QUESTIONS = 300
"""The most questions of a set, drawn by a fixed seed, unless all are asked for."""
SEED = 5


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reader", type=Path, default=FOLDER)
    parser.add_argument("--part", choices=("choose", "report"), default="choose")
    parser.add_argument("--all", action="store_true", help="all questions of each set")
    arguments = parser.parse_args()
    reader = open_reader(arguments.reader)
    table = Table(title=f"reader, gold passage given, {arguments.part} parts")
    for name in ("set", "questions", "EM", "F1", "answers"):
        table.add_column(name, justify="left" if name == "set" else "right")
    for name, paragraphs in read_sets(arguments.part):
        table.add_row(name, *score_set(reader, paragraphs, None if arguments.all else QUESTIONS))
    Console().print(table)


def read_sets(part: str) -> list[tuple[str, Sequence[Paragraph]]]:
    """The sets of a part by name."""
    own = [each for each in read_own_paragraphs() if each.is_held_back]
    return [
        ("DRCD", read_drcd_paragraphs("tune" if part == "choose" else "report")),
        ("XQuAD zh", read_xquad_paragraphs(part, "zh", "zh")),
        ("XQuAD en→zh", read_xquad_paragraphs(part, "en", "zh")),
        *([("our own on news", own)] if part == "choose" else []),
    ]


def score_set(reader: Reader, paragraphs: Sequence[Paragraph], most: int | None) -> list[str]:
    """The cells of a set's row."""
    examples = list(make_examples(paragraphs, SEED))
    gold = [each for each in examples if each.evidence]
    wrong = [each for each in examples if not each.evidence]
    generator = random.Random(SEED)
    if most is not None:
        gold = generator.sample(gold, min(most, len(gold)))
        wrong = generator.sample(wrong, min(most, len(wrong)))
    exact, shared, logits = [], [], []
    for each in gold:
        words, logit = read_example(reader, each)
        logits.append(logit)
        if each.answer is not None:
            answer = each.text[slice(*each.answer)]
            exact.append(float(to_units(words) == to_units(answer)))
            shared.append(f1(words, answer))
    logits += [read_example(reader, each)[1] for each in wrong]
    truth = [True] * len(gold) + [False] * len(wrong)
    low, high = interval(shared, generator)
    return [
        str(len(gold)),
        f"{statistics.fmean(exact):.3f}",
        f"{statistics.fmean(shared):.3f} [{low:.3f}, {high:.3f}]",
        f"{roc_auc_score(truth, logits):.3f}",
    ]


def read_example(reader: Reader, example: Example) -> tuple[str, float]:
    """The words that answer best, and the logit that the passage answers."""
    reading = reader.read(example.question, [(example.header, example.text)])[0]
    best = reading.best_words(0, len(example.text))
    return example.text[slice(*best[0])] if best else "", reading.answers


def f1(words: str, gold: str) -> float:
    """Harmonic mean of precision and recall of the longest common run of units."""
    mine, theirs = to_units(words), to_units(gold)
    common = longest_common_run(mine, theirs)
    return 2 * common / (len(mine) + len(theirs)) if common else 0.0


def to_units(text: str) -> list[str]:
    """Chinese by the character, the rest by the word; width, script and punctuation aside."""
    return re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", fold(text))


def longest_common_run(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest run of units that both hold."""
    best = 0
    row = [0] * (len(right) + 1)
    for unit in left:
        row = [0, *(row[at] + 1 if unit == other else 0 for at, other in enumerate(right))]
        best = max(best, *row)
    return best


if __name__ == "__main__":
    main()
