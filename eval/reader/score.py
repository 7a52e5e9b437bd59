"""How well the reader reads, given the passage that answers: ``python -m eval.reader.score``.

    EM, F1    the exact words, scored as CMRC 2018 does (Cui et al. 2019, doi:10.18653/v1/D19-1600): the longest
              common run of characters, English and numbers by the word, punctuation aside
    sentence  F1 of the sentence that holds most of the question's words, the baseline
    answers   area under the ROC curve of the passage's logit: passages that answer against passages with the answer
              cut out, unanswerable twins of the questions, and the wrong passages that our words find best, these
              three cut as for training

Passages that answer are as the chunker cuts them, under a neutral title and a day; our own questions keep their titles. Parts:
``choose`` (the default; none of its paragraphs was trained on, though DRCD's articles were, in other paragraphs)
or ``report``.
"""

import argparse
import random
import re
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from embeddings.reader import FOLDER, Reader, open_reader
from eval.intervals import bootstrap
from eval.metrics.overlap_f1 import longest_common_run
from eval.public import BENCH
from eval.reader.data import (
    Example,
    Paragraph,
    cut_example,
    make_examples,
    read_drcd_paragraphs,
    read_own_paragraphs,
    read_xquad_paragraphs,
)
from rag.passages import split_article, split_sentences
from rag.records import Article
from rag.settings import Settings
from rag.words import fold, search_words

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
    parser.add_argument("--bench", type=Path, default=BENCH, help="the folder of public sets and news")
    parser.add_argument("--all", action="store_true", help="all questions of each set")
    arguments = parser.parse_args()
    reader = open_reader(arguments.reader)
    table = Table(title=f"reader, gold passage given, {arguments.part} parts")
    for name in ("set", "questions", "EM", "F1", "sentence", "answers"):
        table.add_column(name, justify="left" if name == "set" else "right")
    try:
        for name, paragraphs in read_sets(arguments.part, arguments.bench):
            table.add_row(name, *score_set(reader, paragraphs, None if arguments.all else QUESTIONS))
    except FileNotFoundError as error:
        parser.error(f"{error.filename} is missing. Name the folder of public sets and news with --bench.")
    Console().print(table)


def read_sets(part: str, bench: Path = BENCH) -> list[tuple[str, Sequence[Paragraph]]]:
    """The sets of a part by name."""
    sets = [
        ("DRCD", read_drcd_paragraphs("tune" if part == "choose" else part, bench)),
        ("XQuAD zh", read_xquad_paragraphs(part, "zh", "zh", bench)),
        ("XQuAD en→zh", read_xquad_paragraphs(part, "en", "zh", bench)),
    ]
    neutral = [
        (
            name,
            [replace(each, header=f"{name} {number} 2021年6月5日") for number, each in enumerate(paragraphs)],
        )
        for name, paragraphs in sets
    ]
    own = [each for each in read_own_paragraphs(bench=bench) if each.is_held_back] if part == "choose" else []
    return [*neutral, *([("our own on news", own)] if own else [])]


def gold_examples(paragraphs: Sequence[Paragraph]) -> list[Example]:
    """Every question that is answered in words, with the passage that the chunker would cut around them."""
    settings = Settings().passages
    examples = []
    for paragraph in paragraphs:
        article = Article("a.md", paragraph.text)
        passages = [
            (each.start, each.end) for each in split_article(article, settings.size, settings.overlap)
        ]
        for asked in paragraph.asked:
            if asked.answer is None:
                continue
            first, last = asked.answer
            holding = [(start, end) for start, end in passages if start <= first and last <= end]
            examples += [cut_example(paragraph, asked, window) for window in holding[:1]]
    return examples


def score_set(reader: Reader, paragraphs: Sequence[Paragraph], most: int | None) -> list[str]:
    """The cells of a set's row."""
    generator = random.Random(SEED)
    gold = gold_examples(paragraphs)
    wrong = [each for each in make_examples(paragraphs, SEED) if not each.evidence]
    if most is not None:
        gold = generator.sample(gold, min(most, len(gold)))
        wrong = generator.sample(wrong, min(most, len(wrong)))
    exact, shared, baseline, logits = [], [], [], []
    for each in gold:
        words, logit = read_example(reader, each)
        logits.append(logit)
        answer = each.text[slice(*(each.answer or (0, 0)))]
        exact.append(float(to_units(words) == to_units(answer)))
        shared.append(f1(words, answer))
        baseline.append(f1(best_sentence(each), answer))
    logits += [read_example(reader, each)[1] for each in wrong]
    truth = [True] * len(gold) + [False] * len(wrong)
    return [
        str(len(gold)),
        f"{statistics.fmean(exact):.3f}",
        with_interval(shared),
        f"{statistics.fmean(baseline):.3f}",
        f"{roc_auc_score(truth, logits):.3f}",
    ]


def with_interval(scores: Sequence[float]) -> str:
    """A mean and its 95 % interval."""
    low, high = bootstrap(scores, SEED)
    return f"{statistics.fmean(scores):.3f} [{low:.3f}, {high:.3f}]"


def read_example(reader: Reader, example: Example) -> tuple[str, float]:
    """The words that answer best, and the logit that the passage answers."""
    reading = reader.read(example.question, [(example.header, example.text)])[0]
    best = reading.best_words(0, len(example.text))
    return example.text[slice(*best[0])] if best else "", reading.answers


def best_sentence(example: Example) -> str:
    """The sentence that holds most of the question's words."""
    asked = set(search_words(example.question))
    sentences = [example.text[start:end] for start, end in split_sentences(example.text)]
    return max(sentences, key=lambda sentence: len(asked & set(search_words(sentence))))


def f1(words: str, gold: str) -> float:
    """Harmonic mean of precision and recall of the longest common run of units."""
    mine, theirs = to_units(words), to_units(gold)
    common = longest_common_run(mine, theirs)
    return 2 * common / (len(mine) + len(theirs)) if common else 0.0


def to_units(text: str) -> list[str]:
    """Chinese by the character, the rest by the word; width, script and punctuation aside."""
    return re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", fold(text))


if __name__ == "__main__":
    main()
