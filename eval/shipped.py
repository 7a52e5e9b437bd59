"""Measures how often the answers of what is shipped are wrong: ``python -m eval.shipped`` writes ``rag/calibration.json``.

The threshold stays where it is (0.5, where the rule of ``rag.refusal`` was fitted to draw the line). One question is drawn
of each paragraph of DRCD's tuning part that no rule was fitted on. One paragraph in five is left out of the folder, so that
its question has no answer; in one question in five a name, number or rare word is swapped, so that nothing answers it. The
figure is one of questions in Chinese that stand alone: others were not measured here, and the README shows that English
questions over Chinese articles, and follow-ups, are answered wrongly more often. The bound is that of Clopper and Pearson
1934 (doi:10.1093/biomet/26.4.404), which holds for one threshold fixed beforehand and questions drawn one by one.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from eval.fit import DRCD_QUESTIONS, SEED
from eval.intervals import clopper_pearson_upper
from eval.public import BENCH, PublicQuestion, PublicSet, read_drcd
from eval.quality import ROOT, ask_on, to_cases
from eval.sets import Case
from eval.twins import swap_words
from rag.records import Calibration

THRESHOLD, CONFIDENCE = 0.5, 0.95
NAME = "DRCD, 1/5 left out, 1/5 swapped"
SWAPPED = 5
"""One question in so many."""


def main() -> None:
    """Ask, count, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--output", type=Path, default=ROOT / "rag" / "calibration.json")
    arguments = parser.parse_args()
    articles, cases = to_cases(_one_each(read_drcd("tune", arguments.bench)))
    run = ask_on(articles, NAME, _swap_some(cases))
    results = run.results
    answered = [result for result in results if not result.refused]
    wrong = sum(not result.right for result in answered)
    bound = clopper_pearson_upper(wrong, len(answered), CONFIDENCE)
    made = Calibration(THRESHOLD, round(bound, 4), CONFIDENCE, NAME, len(results), len(answered), wrong)
    row = {**asdict(made), "made_with": run.models}
    arguments.output.write_text(json.dumps(row, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    Console().print(
        f"{wrong} of {len(answered)} answers to {len(results)} questions were wrong: at most {bound:.3f}"
    )


def _swap_some(cases: Sequence[Case]) -> list[Case]:
    """One answerable question in ``SWAPPED`` as its twin, which nothing answers."""
    generator = random.Random(SEED)
    twins = dict(zip(cases, swap_words([case.question for case in cases], generator), strict=True))
    can = [case for case in cases if case.answerable and twins[case]]
    swapped = set(generator.sample(can, len(cases) // SWAPPED))
    return [Case(case.id, twins[case] or "", answerable=False) if case in swapped else case for case in cases]


def _one_each(public: PublicSet) -> PublicSet:
    """One question of each paragraph of which ``eval.fit`` draws none."""
    fitted = {each.path for each in random.Random(SEED).sample(public.questions, DRCD_QUESTIONS)}
    by_path: dict[str, list[PublicQuestion]] = {}
    for question in public.questions:
        if question.path not in fitted:
            by_path.setdefault(question.path, []).append(question)
    generator = random.Random(SEED)
    return replace(public, questions=tuple(generator.choice(each) for each in by_path.values()))


if __name__ == "__main__":
    main()
