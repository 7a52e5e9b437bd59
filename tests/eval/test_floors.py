"""Quality does not fall: our own sets against floors some hundredths under what was last measured.

The figures themselves, with their intervals, are printed by ``make eval``; so few questions cannot tell 0.90 from 0.93.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from eval.calibrating import GRID, calibrate, count_answered
from eval.conversations import SUMMITS as CONVERSATIONS
from eval.gates import worse_than
from eval.quality import SUMMITS, ask_follow_ups
from eval.runs import Run, read_run
from eval.sets import read_set
from eval.summary import summarize
from rag import Assistant

FRESH_FLOORS = ("recall@5=0.93", "held=0.76", "cited=0.76", "refused=0.85", "over=0.14")
SUMMIT_FLOORS = ("recall@5=0.97", "held=0.80", "cited=0.82", "refused=0.80", "over=0.09")


def values(run: Run) -> dict[str, float]:
    return {name: figure.value for name, figure in summarize(run.results).items() if figure}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs over the summits are kept: ``run.json``, and ``without.json`` without the reader."""
    return tmp_path_factory.mktemp("floors")


def test_questions_of_a_fresh_reader(wenfeng: Any, sample_index: Path) -> None:
    """Of somebody who saw nothing but the articles."""
    limits = [part for limit in FRESH_FLOORS for part in ("--fail-under", limit)]
    done = wenfeng("eval", "run", SUMMITS.with_name("fresh.jsonl"), "--index", sample_index, *limits)
    assert done.returncode == 0, done.stderr


def test_answers_and_refusals_reach_their_floors_and_are_no_worse_than_without_the_reader(
    wenfeng: Any, sample_index: Path, kept: Path
) -> None:
    asked = ("eval", "run", SUMMITS, "--split", "report", "--index", sample_index, "--json")
    before = wenfeng(*asked, kept / "without.json", WENFENG_READER__ENABLED="false")
    assert before.returncode == 0, before.stderr
    limits = [part for limit in SUMMIT_FLOORS for part in ("--fail-under", limit)]
    done = wenfeng(*asked, kept / "run.json", "--no-worse-than", kept / "without.json", *limits)
    assert done.returncode == 0, done.stderr


def test_the_reader_helps_and_the_gate_sees_it(kept: Path) -> None:
    run, without = read_run(kept / "run.json"), read_run(kept / "without.json")
    right = [sum(result.right for result in each.results) for each in (run, without)]
    assert right[0] > right[1], right
    assert worse_than(without, run)
    assert worse_than(run, without) == []


def test_a_calibration_keeps_its_promise_on_sets_drawn_from_a_real_run(kept: Path) -> None:
    everything = read_run(kept / "run.json").results
    answered, wrong = count_answered(everything)
    generator, risk, broken, promised = random.Random(5), 0.2, 0, 0
    for _ in range(300):
        found = calibrate(generator.choices(everything, k=150), risk, 0.9, "a set")
        if found is not None:
            row = GRID.index(found.threshold)
            promised += 1
            broken += wrong[row] > risk * answered[row]
    assert promised > 100, "a promise that is hardly ever made is not tested"
    # At most a share of 0.1 of all draws may break it, and not all of them are promised anything.
    assert broken <= 0.1 * 300, broken


def test_follow_ups(assistant: Assistant) -> None:
    told, alone = (
        values(run) for run in ask_follow_ups(assistant, "conversations", read_set(CONVERSATIONS), "report")
    )
    assert told["recall@5"] >= 0.93
    assert told["recall@5"] > alone["recall@5"] + 0.05
    assert told["held"] >= 0.65
