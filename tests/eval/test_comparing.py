"""Two runs: what changed, and whether it is more than noise."""

import io
import json
import math
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from eval.comparing import Comparison, compare, print_comparison
from eval.differences import Difference, adjust, judge
from eval.runs import Result, Run
from tests.eval.made_runs import RIGHT, make_run, scored


def run_of(*held: float | None) -> Run:
    return make_run(*(scored(f"q{number}", each) for number, each in enumerate(held)))


def found(comparison: Comparison, name: str) -> Difference:
    return next(each for each in comparison.differences if each.name == name)


def printed(comparison: Comparison) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_comparison(console, comparison)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_run_does_not_differ_from_itself() -> None:
    comparison = compare(run_of(1, 0, 1), run_of(1, 0, 1))
    assert {each.verdict for each in comparison.differences} == {"same"}
    assert {each.p for each in comparison.differences} == {1.0}
    assert not comparison.broken + comparison.fixed
    held = found(comparison, "held")
    assert (held.before, held.difference, held.low, held.high) == (2 / 3, 0, 0, 0)


def test_a_yes_or_no_figure_has_the_exact_p_of_mcnemar() -> None:
    comparison = compare(run_of(*[0] * 8, 1, 1), run_of(*[1] * 7, 0, 0, 1))
    held = found(comparison, "held")
    # 7 fixed and 1 broken: 2 · (C(8,0) + C(8,1)) / 2⁸
    assert held.p == pytest.approx(2 * (math.comb(8, 0) + math.comb(8, 1)) / 2**8)
    assert (held.before, held.after, held.difference) == pytest.approx((0.2, 0.8, 0.6))
    assert held.low < 0.6 < held.high


def test_few_questions_cannot_tell_and_many_can() -> None:
    few = found(compare(run_of(0, 0, 1), run_of(1, 0, 1)), "held")
    assert (few.verdict, few.words) == ("noise", "no difference that 3 questions can tell")
    many = found(compare(run_of(*[0, 0, 1] * 30), run_of(*[1, 0, 1] * 30)), "held")
    assert (many.verdict, many.words) == ("better", "better")
    assert many.low > 0
    assert found(compare(run_of(*[1] * 30), run_of(*[0] * 30)), "held").verdict == "worse"


def test_what_counts_alone_may_not_count_among_many() -> None:
    held = found(compare(run_of(*[0] * 6, 1), run_of(*[1] * 7)), "held")
    assert held.p == pytest.approx(2 / 2**6)
    assert held.adjusted > 0.05
    assert held.words.startswith("likely noise: alone it would count, among ")


def test_holm_multiplies_the_smallest_by_all() -> None:
    assert adjust([0.01, 0.04, 0.03]) == pytest.approx([3 * 0.01, 2 * 0.03, 2 * 0.03])
    assert adjust([0.6, 0.7]) == [1.0, 1.0]
    assert adjust([]) == []


def test_less_is_better_where_it_is_and_neither_for_coverage() -> None:
    assert judge("over", -0.1, 0.01) == judge("held", 0.1, 0.01) == "better"
    assert judge("over", 0.1, 0.01) == judge("held", -0.1, 0.01) == "worse"
    assert judge("coverage", 0.1, 0.01) == "higher"
    assert judge("held", 0.1, 0.06) == "noise"


def test_a_graded_figure_is_tested_by_swapping() -> None:
    def graded(values: list[float]) -> Run:
        return make_run(*(replace(RIGHT, id=f"q{n}", scores={"f1": value}) for n, value in enumerate(values)))

    # Of the 2³ ways to swap, all in one direction are as large: 2 / 8.
    f1 = found(compare(graded([0.1, 0.2, 0.3]), graded([0.2, 0.4, 0.6])), "f1")
    assert f1.difference == pytest.approx(0.6 / 3)
    assert f1.p == pytest.approx(2 / 8, abs=0.02)


def test_a_figure_of_a_set_is_taken_over_both_runs_answers() -> None:
    def risky(*wrong: bool) -> Run:
        results = (scored(f"q{number}", float(not each)) for number, each in enumerate(wrong))
        return make_run(*results)

    risk = found(compare(risky(True, True, False, False), risky(True, False, False, False)), "risk")
    assert (risk.before, risk.after) == (2 / 4, 1 / 4)
    assert (risk.cases, risk.verdict) == (4, "noise")


def test_a_score_that_one_run_lacks_is_left_out_of_both() -> None:
    held = found(compare(run_of(1, None, 0), run_of(0, 1, 0)), "held")
    assert (held.before, held.after, held.cases) == (1 / 2, 0, 2)


def test_broken_and_fixed_questions_are_told_with_both_answers() -> None:
    old = make_run(
        scored("a", 1, text="旧甲"), scored("b", 0, text="旧乙", lost="refused"), scored("c", 1, text="旧")
    )
    new = make_run(
        scored("a", 0, text="新甲", lost="not cited"), scored("b", 1, text="新乙"), scored("c", 1, text="新")
    )
    comparison = compare(old, new)
    (broken,), (fixed,) = comparison.broken, comparison.fixed
    assert (broken.id, broken.before, broken.after, broken.lost_after) == ("a", "旧甲", "新甲", "not cited")
    assert (fixed.id, fixed.lost_before, fixed.scores) == ("b", "refused", {"held": (0.0, 1.0)})
    assert comparison.reworded == 1
    text = printed(comparison)
    assert (
        text.index("Broken: 1 question")
        < text.index("旧甲")
        < text.index("Fixed: 1 question")
        < text.index("新乙")
    )
    assert "(not cited)" in text
    assert "In 1 other question the answer reads otherwise" in text


def test_questions_of_one_run_only_and_changed_ones_are_named_and_not_compared() -> None:
    old = make_run(scored("a", 1), scored("b", 1), scored("c", 1), scored("e", 1))
    narrowed = scored("e", 0, filters={"since": "2021-06-01"})
    new = make_run(scored("a", 1), scored("b", 0, question="别的问题？"), scored("d", 1), narrowed)
    comparison = compare(old, new)
    assert (comparison.paired, comparison.rewritten) == (1, ("b", "e"))
    assert (comparison.only_before, comparison.only_after) == (("c",), ("d",))
    assert not comparison.broken
    text = printed(comparison)
    assert "1 question in both runs." in text
    assert "1 question only before: c" in text
    assert "1 question only after: d" in text
    assert "other words, history, gold or filters under the same id, not compared: b, e" in text


@pytest.mark.parametrize(
    "change",
    [{"answers": (("217个",),)}, {"gold": ()}, {"answerable": False}, {"history": (("user", "嗯"),)}],
)
def test_a_case_that_asks_or_expects_something_else_is_another(change: dict[str, object]) -> None:
    other: Result = replace(RIGHT, **change)  # type: ignore[arg-type]
    assert compare(make_run(RIGHT), make_run(other)).rewritten == ("right",)


def test_what_the_runs_do_not_share_is_told() -> None:
    new = make_run(RIGHT, models={"reader": False}, threshold=0.6, sets=("other.jsonl",))
    comparison = compare(make_run(RIGHT), new)
    assert comparison.conditions == (
        ("sets", "set.jsonl", "other.jsonl"),
        ("threshold", "0.5", "0.6"),
        ("reader", "True", "False"),
    )
    assert "Not the same: threshold: 0.5 → 0.6" in printed(comparison)


def test_runs_that_share_nothing_say_so() -> None:
    comparison = compare(make_run(scored("a", 1)), make_run(scored("b", 1)))
    assert comparison.differences == ()
    assert "0 questions in both runs." in printed(comparison)


def test_a_comparison_is_json() -> None:
    row = json.loads(json.dumps(asdict(compare(run_of(0, 1), run_of(1, 1)))))
    held = next(each for each in row["differences"] if each["name"] == "held")
    assert (held["difference"], held["words"]) == (0.5, "no difference that 2 questions can tell")


def test_the_printed_comparison_fits_a_hundred_columns() -> None:
    text = printed(compare(run_of(*[0] * 6, 1), run_of(*[1] * 7)))
    assert max(map(len, text.splitlines())) <= 100
    assert "Holm 1979" in " ".join(text.split())
