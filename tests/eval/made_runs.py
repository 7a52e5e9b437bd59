"""Runs made by hand, for tests of what is made from runs."""

from dataclasses import replace
from typing import Any

from eval.runs import Attempt, Quote, Result, Run
from eval.scoring import SCORES

ARTICLE = "新馆今天开放。新馆有216个座位。馆长是王建国。"
GOLD = Quote("a.md", "新馆开放", 7, 17, "新馆有216个座位。")
CITED = Quote("a.md", "新馆开放", 0, 17, ARTICLE[:17], found=(0,))
OTHER = Quote("b.md", "", 3, 12, "别的文章里的一句话。")

RIGHT = Result(
    id="right",
    question="新馆有多少个座位？",
    history=(),
    answers=(("216个",),),
    answerable=True,
    tags=("number",),
    filters={},
    asked="新馆有多少个座位？",
    text="新馆今天开放。新馆有216个座位。 [1]",
    refused=False,
    attempts=(Attempt(0.9, right=True),),
    right=True,
    gold=(GOLD,),
    citations=(CITED,),
    passages=(replace(CITED, score=0.5), replace(OTHER, score=0.25)),
    scores={**dict.fromkeys(SCORES), "recall@5": 1.0, "held": 1.0, "cited": 1.0, "f1": 0.5, "over": 0.0},
    lost="",
    steps={"encode": 8.0, "search": 12.0},
)
WRONG = replace(
    RIGHT,
    id="wrong",
    question="馆长是谁？",
    answers=(("王建国",),),
    tags=("person", "number"),
    text="别的文章里的一句话。 [1]",
    attempts=(Attempt(0.6, right=False),),
    right=False,
    citations=(OTHER,),
    scores={**dict.fromkeys(SCORES), "recall@5": 1.0, "held": 0.0, "cited": 0.0, "f1": 0.0, "over": 0.0},
    lost="not extracted",
    steps={"encode": 10.0, "search": 30.0},
)
REFUSED = replace(
    RIGHT,
    id="refused",
    question="它的门票多少钱？",
    history=(("user", "新馆有多少个座位？"), ("assistant", "216个。")),
    answers=(),
    answerable=False,
    tags=(),
    asked="新馆的门票多少钱？",
    text="文章中没有找到答案。",
    refused=True,
    attempts=(Attempt(0.2, right=False),),
    gold=(),
    citations=(),
    passages=(OTHER,),
    scores={**dict.fromkeys(SCORES), "refused": 1.0},
)
ERROR = replace(
    RIGHT,
    id="error",
    text="The model is gone.",
    attempts=(),
    right=False,
    citations=(),
    passages=(),
    scores=dict.fromkeys(SCORES),
    steps={},
    error=True,
)


def make_run(*results: Result, **fields: Any) -> Run:
    """A run of some results."""
    run = Run(
        wenfeng="0.1.0",
        sets=("set.jsonl",),
        articles=2,
        generation="1",
        models={"reader": True},
        threshold=0.5,
        started="2026-11-22T02:10:00+00:00",
        seconds=3.2,
        memory=700 * 2**20,
        results=results,
    )
    return replace(run, **fields)


def scored(name: str, held: float | None, **fields: Any) -> Result:
    """A question of one score, done right where that is 1."""
    scores = {**dict.fromkeys(SCORES), "held": held}
    return replace(RIGHT, id=name, right=held == 1, scores=scores, **fields)
