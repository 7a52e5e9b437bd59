"""Every metric by hand, and what holds of it whatever it is given."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics.brevity import brevity
from eval.metrics.citations import cited, precise
from eval.metrics.cost import Cost, cost_by_step, nearest_rank, peak_memory
from eval.metrics.exact_match import bare, exact_match
from eval.metrics.held import held
from eval.metrics.ndcg import ndcg
from eval.metrics.overlap_f1 import longest_common_run, overlap_f1, to_tokens
from eval.metrics.recall import recall
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.refusal import over, refusal_ratios, refused
from eval.metrics.risk_coverage import answered_ratios, area_under, risk_coverage
from eval.metrics.verbatim import verbatim

NOTHING: frozenset[int] = frozenset()
GOLD = 4
LISTS = st.lists(st.frozensets(st.integers(0, GOLD - 1), max_size=2), max_size=12)
TEXTS = st.text("一二三甲乙 ab1.5%，。", max_size=12)
WORDS = TEXTS.filter(lambda text: bool(bare(text)))


# Search


def test_recall_counts_each_gold_quote_once() -> None:
    found = [NOTHING, frozenset({0}), frozenset({0, 1}), frozenset({2})]
    assert recall(found, 4, 1) == 0 / 4
    assert recall(found, 4, 2) == 1 / 4
    assert recall(found, 4, 3) == 2 / 4
    assert recall(found, 4) == 3 / 4
    assert recall([], 4, 5) == 0


def test_reciprocal_rank_is_that_of_the_first_find_within_k() -> None:
    found = [NOTHING, NOTHING, frozenset({1}), frozenset({0})]
    assert reciprocal_rank(found, 10) == 1 / 3
    assert reciprocal_rank(found, 3) == 1 / 3
    assert reciprocal_rank(found, 2) == 0
    assert reciprocal_rank([], 10) == 0


def test_ndcg_discounts_by_rank_and_counts_new_gold_alone() -> None:
    found = [NOTHING, frozenset({0}), frozenset({0}), frozenset({1})]
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    assert ndcg(found, 2, 10) == pytest.approx(gained / (1 / math.log2(2) + 1 / math.log2(3)))


def test_ndcg_of_a_list_that_lacks_gold_is_measured_against_one_that_has_it() -> None:
    assert ndcg([frozenset({0})], 2, 10) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert ndcg([NOTHING], 2, 10) == 0
    assert ndcg([], 1, 10) == 0


def test_ndcg_does_not_blame_a_passage_for_holding_two_quotes() -> None:
    assert ndcg([frozenset({0, 1})], 2, 10) == 1


def test_ndcg_blames_gold_that_came_too_late_to_count() -> None:
    late = [frozenset({0}), NOTHING, NOTHING, frozenset({1})]
    assert ndcg(late, 2, 2) == pytest.approx(1 / (1 + 1 / math.log2(3)))


@given(LISTS, st.integers(1, 12))
def test_scores_of_a_list_lie_between_none_and_all(found: list[frozenset[int]], k: int) -> None:
    for score in (recall(found, GOLD, k), reciprocal_rank(found, k), ndcg(found, GOLD, k)):
        assert 0 <= score <= 1 + 1e-9
    assert (reciprocal_rank(found, k) > 0) == (recall(found, GOLD, k) > 0) == (ndcg(found, GOLD, k) > 0)


@given(st.permutations(range(GOLD)), st.lists(st.just(NOTHING), max_size=5))
def test_gold_first_is_perfect(order: list[int], rest: list[frozenset[int]]) -> None:
    found = [frozenset({number}) for number in order] + rest
    assert (recall(found, GOLD, GOLD), reciprocal_rank(found, 1), ndcg(found, GOLD, 10)) == (1, 1, 1)


@given(LISTS, st.integers(1, 12), st.data())
def test_a_right_passage_that_passes_a_wrong_one_lowers_nothing(
    found: list[frozenset[int]], k: int, data: st.DataObject
) -> None:
    ranks = [rank for rank in range(len(found) - 1) if found[rank] == NOTHING and found[rank + 1] != NOTHING]
    if not ranks:
        return
    rank = data.draw(st.sampled_from(ranks))
    better = [*found[:rank], found[rank + 1], found[rank], *found[rank + 2 :]]
    assert recall(better, GOLD, k) >= recall(found, GOLD, k)
    assert reciprocal_rank(better, k) >= reciprocal_rank(found, k)
    assert ndcg(better, GOLD, k) >= ndcg(found, GOLD, k) - 1e-12


# Words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("《人民日报》报道。", list("人民日报报道")),
        ("苹果iPhone 12 Pro发布", ["苹", "果", "iphone", "12", "pro", "发", "布"]),
        ("ＣＯ２減排３．６％", ["co2", "减", "排", "3.6", "%"]),
        ("1,000万元，约20%。", ["1000", "万", "元", "约", "20", "%"]),
        ("2021-07-10", ["20210710"]),
        ("100.", ["100"]),
        ("a.b % _c_", ["ab", "c"]),
        ("……！？", []),
    ],
)
def test_chinese_is_cut_by_character_and_the_rest_by_word(text: str, tokens: list[str]) -> None:
    assert to_tokens(text) == tokens


def test_exact_match_looks_past_script_width_case_blanks_and_marks() -> None:
    assert exact_match("「臺灣 ＩＢＭ」。", [["台湾ibm"]]) == 1
    assert exact_match("台湾IBM公司", [["台湾ibm"]]) == 0
    assert exact_match("3.6", [["36"]]) == 0
    assert exact_match("12%", [["12"]]) == 0
    assert exact_match("", [["温州"]]) == 0


def test_the_best_alternative_of_each_group_counts() -> None:
    assert exact_match("七月十日", [["7月10日", "七月十日"]]) == 1
    assert exact_match("七月十日", [["7月10日", "七月十日"], ["温州"]]) == 1 / 2
    assert exact_match("温州", [[]]) == overlap_f1("温州", [[]]) == 0
    # 7月10日 is 7, 月, 10, 日: five tokens were said, of which four are a run.
    f1 = 2 * (4 / 5) * (4 / 4) / (4 / 5 + 4 / 4)
    assert overlap_f1("7月10日在", [["七月", "7月10日"]]) == pytest.approx(f1)
    assert overlap_f1("7月10日在", [["七月", "7月10日"], ["温州"]]) == pytest.approx((f1 + 0) / 2)


def test_f1_is_that_of_the_longest_common_substring() -> None:
    # 北京大学 against 北京的大学: the longest run is of two, though four characters are common.
    precision, expected = 2 / 5, 2 / 4
    f1 = 2 * precision * expected / (precision + expected)
    assert overlap_f1("北京的大学", [["北京大学"]]) == pytest.approx(f1)
    assert overlap_f1("学大京北", [["北京大学"]]) == pytest.approx(1 / 4)
    assert overlap_f1("the New York Times", [["New York"]]) == pytest.approx(2 * 2 / (4 + 2))
    assert overlap_f1("上海", [["北京"]]) == 0
    assert overlap_f1("", [["北京"]]) == 0


@given(st.lists(st.sampled_from("ab"), max_size=8), st.lists(st.sampled_from("ab"), max_size=8))
def test_the_longest_common_run_is_the_longest_of_all_runs(left: list[str], right: list[str]) -> None:
    runs = [left[start:end] for start in range(len(left)) for end in range(start + 1, len(left) + 1)]
    other = "".join(right)
    assert longest_common_run(left, right) == max(
        (len(run) for run in runs if "".join(run) in other), default=0
    )


@given(TEXTS, st.lists(st.lists(TEXTS, max_size=3), min_size=1, max_size=3))
def test_word_scores_lie_between_0_and_1_and_exact_is_the_hardest(
    said: str, answers: list[list[str]]
) -> None:
    exact, f1 = exact_match(said, answers), overlap_f1(said, answers)
    assert 0 <= exact <= 1
    assert 0 <= f1 <= 1
    if exact == 1 and all(all(map(bare, group)) for group in answers):
        assert held(said, answers) == 1


@given(WORDS)
def test_the_same_words_are_perfect(words: str) -> None:
    assert exact_match(f"《{words}》", [[words]]) == 1
    assert overlap_f1(words, [[words]]) == 1
    assert held(words, [[words]]) == 1


@given(WORDS, st.lists(st.lists(TEXTS, min_size=1, max_size=2), min_size=1, max_size=3), TEXTS)
def test_one_more_alternative_lowers_nothing(said: str, answers: list[list[str]], more: str) -> None:
    wider = [[*group, more] for group in answers]
    assert exact_match(said, wider) >= exact_match(said, answers)
    assert overlap_f1(said, wider) >= overlap_f1(said, answers)
    assert held(said, wider) >= held(said, answers)


def test_answers_are_held_whatever_their_width_script_and_blanks() -> None:
    answers = [["２１６个", "216"], ["图书馆"]]
    assert held("圖書 館設座位 216 個", answers) == 1
    assert held("座位216个", answers) == 0


@pytest.mark.parametrize(
    ("answer", "text", "is_held"),
    [
        ("18个", "共18个项目", True),
        ("18个", "共118个项目", False),
        ("18", "共18.5亿元", False),
        ("18", "共 3.18 亿元", False),
        ("18", "编号18。", True),
        ("3.6万册", "首批3.6万册", True),
        ("36万册", "首批3.6万册", False),
        ("12", "12.5%", False),
        ("12%", "增长１２％", True),
        ("1000", "共1,000人", True),
        ("2021年7月10日", "2021 年 7 月 10 日", True),
        ("…", "什么都没有", False),
    ],
)
def test_a_number_is_held_only_as_a_whole(answer: str, text: str, is_held: bool) -> None:
    assert held(text, [[answer]]) == is_held


def test_brevity_is_the_share_of_what_was_said_that_was_needed() -> None:
    assert brevity("会议在温州 举行。", ["温州"]) == 2 / 8
    assert brevity("一二三四", ["一 二", "三"]) == 3 / 4
    assert brevity("一", ["一二三"]) == 1


@given(WORDS, st.lists(TEXTS, max_size=3))
def test_brevity_lies_between_0_and_1(text: str, needed: list[str]) -> None:
    assert 0 <= brevity(text, needed) <= 1


# Citations


def test_citations_have_recall_and_precision() -> None:
    first, none = frozenset({0}), NOTHING
    assert cited([first, none], 2) == 1 / 2
    assert cited([], 2) == 0
    assert precise([first, none, first]) == 2 / 3


def test_a_quote_is_verbatim_only_at_its_own_place() -> None:
    source = "甲乙丙甲乙"
    assert verbatim([("甲乙", source, 0), ("甲乙", source, 3)]) == 1
    assert verbatim([("甲乙", source, 0), ("甲乙", source, 1)]) == 0
    assert verbatim([("甲，乙", "甲,乙", 0)]) == 0
    assert verbatim([("乙", "甲", 5)]) == 0
    assert verbatim([("", "", 0)]) == 0


@given(st.text(min_size=1), st.data())
def test_a_slice_is_verbatim(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    assert verbatim([(source[start:end], source, start)]) == 1


# Refusal


def test_refusals_are_scored_where_they_are_right_and_where_they_are_not() -> None:
    assert (refused(False, True), refused(False, False), refused(True, True)) == (1, 0, None)
    assert (over(True, True), over(True, False), over(False, True)) == (1, 0, None)


def test_refusal_has_precision_recall_and_f1() -> None:
    answerable = np.array([True, True, True, False, False, False])
    said_no = np.array([True, True, False, True, False, False])
    values = {
        name: above.sum() / below.sum()
        for name, (above, below) in refusal_ratios(answerable, said_no).items()
    }
    precision, sensitivity = 1 / 3, 1 / 3
    assert values["refusal_precision"] == precision
    assert values["refusal_recall"] == sensitivity
    assert values["refusal_f1"] == pytest.approx(2 * precision * sensitivity / (precision + sensitivity))


def test_without_unanswerable_questions_refusals_have_no_figure() -> None:
    ratios = refusal_ratios(np.array([True, True]), np.array([True, False]))
    assert all(below.sum() == 0 for _, below in ratios.values())


def test_risk_is_among_the_answered_and_coverage_among_all() -> None:
    ratios = answered_ratios(np.array([True, False, False, False]), np.array([True, True, False, True]))
    assert {name: above.sum() / below.sum() for name, (above, below) in ratios.items()} == {
        "risk": 1 / 3,
        "coverage": 3 / 4,
    }


def test_the_curve_goes_from_the_surest_down_and_ties_come_together() -> None:
    points = risk_coverage([[(0.5, True)], [(0.9, False)], [(0.5, False)], [(0.2, True)]])
    assert points == [(0.9, 1 / 4, 0 / 1), (0.5, 3 / 4, 1 / 3), (0.2, 4 / 4, 2 / 4)]
    assert area_under(points) == pytest.approx(1 / 4 * 0 + 2 / 4 * 1 / 3 + 1 / 4 * 2 / 4)
    assert risk_coverage([]) == []
    assert area_under([]) == 0


def test_what_is_said_to_a_question_is_judged_anew_as_its_parts_come_in() -> None:
    # Alone the first part is not enough; with the second it is; with the third it is not.
    points = risk_coverage([[(0.9, True), (0.6, False), (0.3, True)], [(0.6, True)]])
    assert points == [(0.9, 1 / 2, 1 / 1), (0.6, 2 / 2, 1 / 2), (0.3, 2 / 2, 2 / 2)]


JUDGED = st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1)


@given(JUDGED)
def test_a_curve_ends_with_everything_answered(judged: list[tuple[float, bool]]) -> None:
    points = risk_coverage([each] for each in judged)
    assert points[-1][1] == 1
    assert points[-1][2] == pytest.approx(sum(wrong for _, wrong in judged) / len(judged))
    assert [threshold for threshold, _, _ in points] == sorted({certainty for certainty, _ in judged})[::-1]
    assert 0 <= area_under(points) <= 1 + 1e-9


@given(JUDGED)
def test_no_certainty_does_better_than_one_that_knows(judged: list[tuple[float, bool]]) -> None:
    wrong = sorted(is_wrong for _, is_wrong in judged)
    ideal = [[(-float(rank), is_wrong)] for rank, is_wrong in enumerate(wrong)]
    assert area_under(risk_coverage(ideal)) <= area_under(risk_coverage([each] for each in judged)) + 1e-9


# Cost


def test_a_percentile_is_a_value_that_occurred() -> None:
    twenty = [float(value) for value in range(20, 0, -1)]
    assert nearest_rank(twenty, 0.95) == 19  # 19 of 20 are 95 %
    assert nearest_rank([*twenty, 21.0], 0.95) == 20  # 20 of 21 are the first that are as many
    assert nearest_rank([7.0], 0.95) == 7
    assert nearest_rank([1.0, 2.0, 3.0], 1) == 3


def test_steps_cost_their_median_and_their_95th_percentile() -> None:
    steps = [{"search": 1.0, "read": 10.0}, {"search": 3.0}, {}, {"search": 2.0, "read": 20.0}]
    assert cost_by_step(steps) == {
        "search": Cost(2.0, 3.0, 3),
        "read": Cost((10 + 20) / 2, 20.0, 2),
        "total": Cost(1 + 10, 2 + 20, 3),
    }
    assert list(cost_by_step(steps)) == ["search", "read", "total"]
    assert cost_by_step([{}]) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts otherwise")
def test_peak_memory_is_in_bytes() -> None:
    held_bytes = bytearray(64 * 2**20)
    assert 64 * 2**20 < peak_memory() < 2**40
    assert len(held_bytes) == 64 * 2**20


@pytest.mark.parametrize(
    ("text", "expected", "is_held"),
    [
        ("2019—2021年", "2019", True),
        ("2019-2021年", "2021年", True),
        ("得分为3、5、8", "5", True),
        ("比分32分", "3:2", False),
        ("比分3:2", "3：2", True),
        ("共1,000人", "1000人", True),
        ("the museum said", "US", False),
        ("the museum said", "AI", False),
        ("in the US, they", "us", True),
        ("iPhone 15发布", "iPhone15", True),
        ("in New York", "new york", True),
    ],
)
def test_numbers_and_latin_words_are_held_as_they_are_told_apart(
    text: str, expected: str, is_held: bool
) -> None:
    assert held(text, [[expected]]) == is_held
