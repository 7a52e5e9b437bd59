"""A case and its answer -> scores, and where the gold was lost."""

from dataclasses import replace
from typing import Any

import pytest

from embeddings.encoder import Encoder
from eval.folders import index_articles
from eval.runs import Quote
from eval.scoring import (
    SCORES,
    STAGES,
    Scores,
    answering_words,
    copies_in,
    find_lost,
    find_places,
    is_right,
    score_case,
    strip_marks,
    to_quotes,
)
from eval.sets import Case, Gold
from rag import Answer, Article, Citation, Hit, Passage, Settings
from rag.assistant import load_encoder

TEXT = "图书馆六月五日开放。馆内有座位216个。读者可以预约。馆长是陈述之。"
HOUSE = Article("馆.md", TEXT, title="图书馆", aliases=("馆的拷贝.md",))
NEAR = Article("近.md", "本报讯 图书馆六月五日开放。馆内有座位216个。（完）")
OTHER = Article("雨.md", "周末有小雨。气温下降五度。")
ARTICLES = {each.path: each for each in (HOUSE, NEAR, OTHER)} | {"馆的拷贝.md": HOUSE}
SEATS, DAY = Gold("馆.md", "馆内有座位216个。"), Gold("馆.md", "图书馆六月五日开放。")
CASE = Case("a", "有多少座位？", answers=(("216个", "二百一十六"),), gold=(SEATS,))
NO_ANSWER = Answer("q", "q", "文章中没有找到答案。", refused=True)


def is_copy(path: str, article: Article) -> bool:
    """The house and the near copy are one story."""
    return {path, article.path} <= {"馆.md", "近.md"}


def find_article(path: str) -> Article | None:
    return ARTICLES.get(path)


def place(article: Article, quote: str) -> tuple[int, int]:
    start = article.text.index(quote)
    return start, start + len(quote)


def hit(article: Article, quote: str, score: float = 1.0) -> Hit:
    return Hit(Passage(article, *place(article, quote)), score)


def cite(article: Article, quote: str, words: str = "", number: int = 1) -> Citation:
    return Citation(number, article, *place(article, quote), (place(article, words),) if words else ())


def answer(*citations: Citation) -> Answer:
    text = "\n".join(f"{each.quote} [{number}]" for number, each in enumerate(citations, start=1))
    return Answer("q", "q", text, citations)


def score(case: Case, given: Answer, *hits: Hit) -> Scores:
    return score_case(case, given, hits, is_copy, find_article)


SEATS_CITED = answer(cite(HOUSE, SEATS.quote, "216个"))


def test_a_right_answer_has_every_score() -> None:
    hits = [hit(OTHER, "周末有小雨。"), hit(HOUSE, "有座位216个。读者")]
    expected: dict[str, Any] = {
        "recall@1": 0, "recall@5": 1, "recall@10": 1, "mrr@10": 1 / 2, "ndcg@10": pytest.approx(0.6309, abs=1e-4),
        "article_recall@5": 1, "article_mrr@10": 1 / 2, "exact": 1, "f1": 1, "held": 1, "brevity": 1, "cited": 1,
        "precise": 1, "verbatim": 1, "refused": None, "over": 0,
    }  # fmt: skip
    assert score(CASE, SEATS_CITED, *hits) == expected


def test_a_wrong_answer_loses_what_it_lacks() -> None:
    scores = score(CASE, answer(cite(HOUSE, DAY.quote, "六月五日")), hit(HOUSE, DAY.quote))
    names = ("recall@10", "mrr@10", "ndcg@10", "exact", "held", "cited", "precise", "over")
    assert [scores[name] for name in names] == [0] * len(names)
    assert scores["f1"] == pytest.approx(2 * 1 / (4 + 5))  # the 六 of 六月五日 and of 二百一十六
    assert scores["article_recall@5"] == scores["article_mrr@10"] == scores["verbatim"] == 1
    assert scores["brevity"] == len(SEATS.quote) / len(DAY.quote)


def test_a_refused_question_gets_nothing_for_words_and_is_not_brief() -> None:
    scores = score(replace(CASE, answers=(("没有",),)), NO_ANSWER, hit(HOUSE, SEATS.quote))
    assert [scores[name] for name in ("exact", "f1", "held", "cited", "over", "recall@1")] == [
        0,
        0,
        0,
        0,
        1,
        1,
    ]
    assert [scores[name] for name in ("precise", "verbatim", "brevity", "refused")] == [None] * 4


def test_an_unanswerable_question_is_scored_by_its_refusal_alone() -> None:
    case = Case("a", "q", gold=(SEATS,), answers=(("216",),), answerable=False)
    assert {name: value for name, value in score(case, NO_ANSWER).items() if value is not None} == {
        "refused": 1
    }
    scores = score(case, SEATS_CITED, hit(HOUSE, SEATS.quote))
    assert {name: value for name, value in scores.items() if value is not None} == {
        "refused": 0,
        "verbatim": 1,
    }


def test_a_score_without_what_it_needs_is_none() -> None:
    without_gold = score(replace(CASE, gold=()), SEATS_CITED)
    assert [name for name in SCORES if without_gold[name] is None] == [
        "recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "article_recall@5", "article_mrr@10",
        "cited", "precise", "refused",
    ]  # fmt: skip
    without_answers = score(replace(CASE, answers=()), SEATS_CITED)
    assert [name for name in SCORES if without_answers[name] is None] == ["exact", "f1", "held", "refused"]
    assert list(without_gold) == list(SCORES)


def test_brevity_without_gold_needs_the_shortest_alternatives() -> None:
    case = Case("a", "q", answers=(("216个", "216"), ("二百", "两百零一")))
    assert score(case, SEATS_CITED)["brevity"] == (3 + 2) / len(SEATS.quote)


# Copies and places


def test_gold_is_found_in_exact_copies_and_in_near_copies_that_hold_it() -> None:
    assert find_places(SEATS, HOUSE, is_copy) == [place(HOUSE, SEATS.quote)]
    assert find_places(replace(SEATS, article="馆的拷贝.md"), HOUSE, is_copy) == [place(HOUSE, SEATS.quote)]
    assert find_places(SEATS, NEAR, is_copy) == [place(NEAR, SEATS.quote)]
    assert find_places(Gold("馆.md", "馆长是陈述之。"), NEAR, is_copy) == []
    assert find_places(Gold("馆.md", "小雨"), OTHER, is_copy) == []
    assert find_places(Gold("馆.md", " "), HOUSE, is_copy) == []


def test_gold_that_stands_several_times_is_found_at_each_place() -> None:
    article = Article("a.md", "开会。开会。")
    assert find_places(Gold("a.md", "开会。"), article, is_copy) == [(0, 3), (3, 6)]
    scores = score(
        Case("a", "q", gold=(Gold("a.md", "开会。"),)), NO_ANSWER, Hit(Passage(article, 3, 6), 1.0)
    )
    assert scores["recall@1"] == 1


def test_a_near_copy_counts_as_the_article() -> None:
    scores = score(CASE, answer(cite(NEAR, SEATS.quote, "216个")), hit(NEAR, SEATS.quote))
    assert [scores[name] for name in ("recall@1", "article_mrr@10", "cited", "precise")] == [1] * 4


def test_a_near_copy_without_the_quote_does_not_count() -> None:
    case = Case("a", "谁是馆长？", gold=(Gold("馆.md", "馆长是陈述之。"),))
    scores = score(case, answer(cite(NEAR, DAY.quote)), hit(NEAR, DAY.quote))
    assert [scores[name] for name in ("recall@10", "article_recall@5", "cited", "precise")] == [0] * 4


def test_articles_stand_in_the_order_of_their_first_passage() -> None:
    case = Case("a", "q", gold=(SEATS, DAY, Gold("雨.md", "周末有小雨。")))
    hits = [hit(HOUSE, "读者可以预约。"), hit(HOUSE, DAY.quote), hit(OTHER, "气温下降五度。")]
    scores = score(case, NO_ANSWER, *hits)
    assert (scores["article_mrr@10"], scores["article_recall@5"]) == (1, 2 / 2)
    assert (scores["mrr@10"], scores["recall@5"]) == (1 / 2, 1 / 3)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(Settings())


def test_an_index_knows_its_copies(encoder: Encoder) -> None:
    report = (
        "青汀市图书馆三月二日新开了一间临江阅览室，设有座位216个。馆长陈述之表示，阅览室每天早上八点半开门，晚上九点半关门，周一闭馆。"
        "读者可以凭身份证入内，也可以在网上预约座位，一次最多预约四小时。阅览室的书架上有新书一万两千册，其中一半是近三年出版的。"
    )
    articles = (
        Article("一.md", report, aliases=("一之拷贝.md",)),
        Article("二.md", f"本报讯 {report}（完）"),
        OTHER,
    )
    with index_articles(articles, encoder) as index:
        judge = copies_in(index)
    assert judge("一.md", articles[1])
    assert judge("一之拷贝.md", articles[1])
    assert judge("二.md", articles[0])
    assert not judge("一.md", OTHER)
    assert not judge("没有.md", articles[0])
    assert not judge("没有.md", Article("也没有.md", "无"))


# Words


def test_the_answering_words_are_those_of_the_first_citation_that_has_any() -> None:
    given = answer(
        cite(HOUSE, DAY.quote), cite(HOUSE, SEATS.quote, "216个"), cite(HOUSE, TEXT[-7:], "陈述之")
    )
    assert answering_words(given) == "216个"
    assert answering_words(answer(cite(HOUSE, DAY.quote))) == DAY.quote
    two = Citation(1, HOUSE, *place(HOUSE, SEATS.quote), (place(HOUSE, "216"), place(HOUSE, "座位")))
    assert answering_words(answer(two)) == "216 座位"


def test_marks_are_no_words_of_the_answer() -> None:
    assert strip_marks("甲 [1]\n乙［1］[2][3]") == "甲\n乙［1］"
    given = Answer("q", "q", "座位有216 [1]", (cite(HOUSE, SEATS.quote),))
    assert score(replace(CASE, answers=(("216",),)), given)["held"] == 1
    assert score(replace(CASE, answers=(("1",),)), given)["held"] == 0


def test_a_quote_that_is_not_its_source_is_not_verbatim() -> None:
    stale = Article("馆.md", f"前{TEXT}")
    given = answer(cite(HOUSE, SEATS.quote))
    assert score_case(CASE, given, [], is_copy)["verbatim"] == 1
    assert score_case(CASE, given, [], is_copy, {"馆.md": stale}.get)["verbatim"] == 0
    assert score_case(CASE, given, [], is_copy, {"馆.md": None}.get)["verbatim"] == 0


# Right or wrong


@pytest.mark.parametrize(
    ("case", "given", "right"),
    [
        (CASE, SEATS_CITED, True),
        (CASE, answer(cite(HOUSE, DAY.quote)), False),
        (CASE, NO_ANSWER, False),
        (replace(CASE, gold=(DAY,)), SEATS_CITED, True),
        (replace(CASE, answers=()), SEATS_CITED, True),
        (replace(CASE, answers=(), gold=(SEATS, DAY)), SEATS_CITED, False),
        (Case("a", "q"), SEATS_CITED, True),
        (Case("a", "q"), NO_ANSWER, False),
        (Case("a", "q", answerable=False), NO_ANSWER, True),
        (Case("a", "q", answerable=False), SEATS_CITED, False),
    ],
)
def test_right_is_holding_the_answers_else_citing_the_gold_else_saying_no(
    case: Case, given: Answer, right: bool
) -> None:
    assert is_right(case, given, is_copy) is right


# Where gold is lost

RAIN, SEATS_HIT = hit(OTHER, "周末有小雨。"), hit(HOUSE, SEATS.quote)


@pytest.mark.parametrize(
    ("gold", "given", "hits", "stage"),
    [
        ((Gold("没有.md", "无"),), NO_ANSWER, [RAIN], "not indexed"),
        ((Gold("馆.md", "有座位217个"),), NO_ANSWER, [SEATS_HIT], "not indexed"),
        ((SEATS,), NO_ANSWER, [RAIN], "not retrieved"),
        ((SEATS,), NO_ANSWER, [RAIN, RAIN, SEATS_HIT], "ranked low"),
        ((SEATS,), NO_ANSWER, [RAIN, SEATS_HIT], "refused"),
        ((SEATS,), answer(cite(HOUSE, DAY.quote)), [SEATS_HIT], "not extracted"),
        ((SEATS,), answer(cite(NEAR, DAY.quote)), [SEATS_HIT], "not extracted"),
        ((SEATS,), answer(cite(OTHER, "周末有小雨。")), [SEATS_HIT], "not cited"),
        ((SEATS,), SEATS_CITED, [], ""),
        ((SEATS, DAY), SEATS_CITED, [SEATS_HIT], "not retrieved"),
        ((), NO_ANSWER, [], ""),
    ],
)
def test_the_first_gold_that_is_not_cited_says_where_it_was_lost(
    gold: tuple[Gold, ...], given: Answer, hits: list[Hit], stage: str
) -> None:
    assert stage in ("", *STAGES)
    assert find_lost(replace(CASE, gold=gold), given, hits, is_copy, find_article, read=2) == stage


def test_an_unanswerable_case_loses_nothing() -> None:
    case = replace(CASE, answerable=False)
    assert find_lost(case, NO_ANSWER, [], is_copy, find_article, read=2) == ""


# What a report shows


def test_a_report_shows_gold_citations_and_passages_with_what_they_hold() -> None:
    case = replace(CASE, gold=(DAY, SEATS, Gold("馆.md", "不在"), Gold("没有.md", "无")))
    given = answer(cite(HOUSE, DAY.quote + SEATS.quote), cite(OTHER, "周末有小雨。", number=2))
    gold, citations, passages = to_quotes(case, given, [hit(NEAR, "有座位216个", 0.5)], is_copy, find_article)
    assert gold == (
        Quote("馆.md", "图书馆", *place(HOUSE, DAY.quote), DAY.quote),
        Quote("馆.md", "图书馆", *place(HOUSE, SEATS.quote), SEATS.quote),
        Quote("馆.md", "图书馆", -1, -1, "不在"),
        Quote("没有.md", "", -1, -1, "无"),
    )
    both = DAY.quote + SEATS.quote
    assert citations == (
        Quote("馆.md", "图书馆", *place(HOUSE, both), both, (0, 1)),
        Quote("雨.md", "", *place(OTHER, "周末有小雨。"), "周末有小雨。", ()),
    )
    assert passages == (Quote("近.md", "", *place(NEAR, "有座位216个"), "有座位216个", (1,), 0.5),)
