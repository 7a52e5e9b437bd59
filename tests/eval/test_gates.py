"""What stops a build, and the sentence that says why."""

from dataclasses import replace

import pytest

from eval.comparing import compare
from eval.gates import LimitError, failed_limits, fell_as_noise, nothing_answered, parse_limit, worse_than
from eval.runs import Run
from rag.errors import RagError
from tests.eval.made_runs import ERROR, RIGHT, make_run, scored


def run_of(*held: float | None) -> Run:
    return make_run(*(scored(f"q{number}", each) for number, each in enumerate(held)))


def over_run(*over: float) -> Run:
    return make_run(*(replace(RIGHT, id=f"q{n}", scores={"over": each}) for n, each in enumerate(over)))


def test_a_limit_is_a_name_and_a_share() -> None:
    assert parse_limit("held=0.80") == ("held", 0.8)
    assert parse_limit(" recall@5 = 1 ") == ("recall@5", 1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("held", r"The limit 'held' is not NAME=SHARE\. Write for instance held=0\.80\."),
        ("hold=0.8", r"No figure is named 'hold'\. Did you mean held"),
        ("recal@5=0.8", r"Did you mean recall@5"),
        ("=0.8", r"No figure is named ''\. Did you mean recall@1 or "),
        ("held=80", r"The limit '80' of held is not a share\. Write one from 0 to 1\."),
        ("held=high", r"The limit 'high' of held is not a share"),
        ("held=nan", r"The limit 'nan' of held is not a share"),
        ("held=-0.1", r"is not a share"),
    ],
)
def test_a_limit_that_cannot_be_read_says_what_would(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        parse_limit(text)
    assert issubclass(LimitError, RagError)


def test_a_figure_under_its_limit_fails_and_one_at_it_does_not() -> None:
    run = run_of(1, 1, 1, 0)
    assert failed_limits(run, [("held", 0.75)]) == []
    (told,) = failed_limits(run, [("held", 0.76)])
    assert told.startswith("held is 0.7500 (")
    assert "of 4 questions), below the limit 0.76." in told
    assert "--html" in told


def test_a_limit_is_a_ceiling_where_less_is_better() -> None:
    run = over_run(1, 0, 0, 0)
    assert failed_limits(run, [("over", 0.25)]) == []
    (told,) = failed_limits(run, [("over", 0.2)])
    assert "above the limit 0.2." in told


def test_a_figure_that_cannot_be_told_fails() -> None:
    (told,) = failed_limits(run_of(1), [("refused", 0.5)])
    assert told.startswith("refused cannot be told: no question of the set has what it needs.")


def test_an_error_fails_whatever_the_figures() -> None:
    (told,) = failed_limits(make_run(RIGHT, ERROR), [("held", 0.5)])
    assert told.startswith("1 question ended in an error and is in no figure: error.")
    assert failed_limits(make_run(RIGHT, ERROR), []) == []


def test_the_same_run_is_no_worse() -> None:
    assert worse_than(run_of(1, 0, 1), run_of(1, 0, 1)) == []


def test_a_figure_is_worse_only_where_that_is_more_than_noise() -> None:
    assert worse_than(run_of(0, 1, 1), run_of(1, 0, 1)) == []
    told = worse_than(run_of(*[0] * 20), run_of(*[1] * 20))
    assert any(each.startswith("held got worse: 1.0000 before, 0.0000 now") for each in told)
    assert worse_than(run_of(*[1] * 20), run_of(*[0] * 20)) == []


def test_the_gate_and_the_comparison_agree_on_every_figure() -> None:
    seen = set()
    for worse in range(12):
        before, after = run_of(*[1] * 20), run_of(*[0] * worse, *[1] * (20 - worse))
        verdicts = {each.name: each.verdict for each in compare(before, after).differences}
        told = {sentence.split()[0] for sentence in worse_than(after, before)}
        assert told == {name for name, verdict in verdicts.items() if verdict == "worse"}
        seen.add(bool(told))
    assert seen == {True, False}


def test_what_fell_and_passes_as_noise_is_named() -> None:
    before, after = run_of(*[1] * 20), run_of(*[0] * 5, *[1] * 15)
    assert worse_than(after, before) == []
    (told,) = fell_as_noise(after, before)
    assert "held -0.250" in told
    assert fell_as_noise(before, after) == fell_as_noise(before, before) == []


def test_questions_that_all_ended_in_errors_fail_without_a_limit() -> None:
    (told,) = nothing_answered(make_run(ERROR))
    assert "1 question ended in an error and is in no figure: error. The first: The model is gone." in told
    assert nothing_answered(make_run(ERROR, RIGHT)) == []


def test_a_ceiling_is_worse_when_it_rises() -> None:
    (told,) = [each for each in worse_than(over_run(*[1] * 9), over_run(*[0] * 9)) if each.startswith("over")]
    assert "a difference of +1.0000 (+1.000 to +1.000 of 9 questions)" in told
    assert worse_than(over_run(*[0] * 9), over_run(*[1] * 9)) == []


def test_less_coverage_alone_is_not_worse() -> None:
    refused = [scored(f"q{n}", None, answerable=False, refused=True) for n in range(9)]
    answered = [replace(each, refused=False) for each in refused]
    told = worse_than(
        make_run(*(replace(each, right=True) for each in refused)),
        make_run(*(replace(each, right=False) for each in answered)),
    )
    assert told == []


def test_missing_and_changed_cases_and_new_errors_are_named() -> None:
    before = make_run(*(scored(f"q{n}", 1) for n in range(8)))
    after = make_run(scored("q0", 1), scored("q1", 1, question="别的？"), replace(ERROR, id="q2"))
    told = " ".join(worse_than(after, before))
    assert "The run lacks 5 questions of the run before: q3, q4, q5, q6, q7. Run the same set" in told
    assert "Other words, history, gold or filters than before: 1 question under the same id: q1." in told
    assert "1 question ended in an error and is in no figure: q2." in told


def test_runs_that_share_no_question_cannot_pass() -> None:
    told = worse_than(make_run(scored("a", 1)), make_run(scored("b", 1)))
    assert "No question is in both runs. Compare runs over the same set." in told
