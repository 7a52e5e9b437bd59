"""Drafted sets: gold that holds the answer, twins that nothing answers, follow-ups that their history completes."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.altering import Folder, is_told, make_follow_ups, make_twin
from eval.asking import Asked, ask_article
from eval.making import draft_set
from eval.sets import Case, read_set, write_set
from rag import Article
from rag.passages import split_sentences
from rag.words import fold

FAIR = (
    "5月12日，第九届临江国际博览会在杭州举行。\n"
    "第九届临江国际博览会的主题是“一叶知春”。\n"
    "本届博览会由浙江省茶叶学会主办，为期三天。\n"
    "浙江省茶叶学会会长李文波表示，春茶的产量比往年高，价格也更稳。\n"
    "临江大学教授王建国介绍，茶园的土要好好养。\n"
    "浙江省茶叶学会共有会员420名，最年长的八十岁。"
)
LIBRARY = (
    "南京市图书馆成立于1954年。\n"
    "7月3日，南京市图书馆公布《少年读者夜间借阅办法（试行）》。\n"
    "南京市图书馆馆长赵明远表示，读者会更多。\n"
    "江苏省文化厅印发了《夜间开放指南》。\n"
    "上半年，江苏省文化产业营业收入同比增长6.8%。"
)


def asked(text: str, title: str | None = None) -> dict[str, tuple[tuple[str, ...], ...]]:
    return {each.question: each.answers for each in ask_article(Article("a.md", text, title=title))}


@pytest.mark.parametrize(
    ("text", "question", "answers"),
    [
        (FAIR, "第九届临江国际博览会是哪天举行的？", (("5月12日",),)),
        (FAIR, "第九届临江国际博览会在哪里举行？", (("杭州",),)),
        (FAIR, "第九届临江国际博览会的主题是什么？", (("一叶知春",),)),
        (FAIR, "第九届临江国际博览会由谁主办？", (("浙江省茶叶学会",),)),
        (FAIR, "浙江省茶叶学会会长是谁？", (("李文波",),)),
        (FAIR, "李文波担任什么职务？", (("浙江省茶叶学会会长",),)),
        (FAIR, "王建国担任什么职务？", (("临江大学教授",),)),
        (FAIR, "浙江省茶叶学会共有多少名会员？", (("420名",),)),
        (LIBRARY, "南京市图书馆成立于哪一年？", (("1954年",),)),
        (LIBRARY, "《夜间开放指南》由谁印发？", (("江苏省文化厅",),)),
        (LIBRARY, "上半年江苏省文化产业营业收入同比增长多少？", (("6.8%",),)),
        (
            "电影《雨巷》于2021年7月3日上映。",
            "电影《雨巷》是哪天上映的？",
            (("2021年7月3日", "7月3日"),),
        ),
        (
            "第九届临江动漫节由南京市文化局、临江大学主办。",
            "第九届临江动漫节由谁主办？",
            (("南京市文化局",), ("临江大学",)),
        ),
        ("“听雨”行动包括送书、送影和送戏等。", "“听雨”行动包括哪些？", (("送书",), ("送影",), ("送戏",))),
    ],
)
def test_a_question_has_the_words_that_answer_it(
    text: str, question: str, answers: tuple[tuple[str, ...], ...]
) -> None:
    assert asked(text).get(question) == answers


@pytest.mark.parametrize(
    "text",
    [
        "南京市图书馆馆长王建国表示，新馆明年开放，读者会更多。王建国认为，雨会停。",
        "江苏省水利厅营业收入达320万元。",
        "公司总经理王建国表示，新馆明年开放。",
        "街道党工委书记王建国表示，新馆明年开放。",
        "据《通知》，《实施方案》由南京市图书馆印发了《办法》。",
        "7月3日，南京市图书馆召开新闻发布会。",
    ],
)
def test_what_only_the_article_explains_is_not_asked(text: str) -> None:
    questions = asked(text)
    assert not {question for question in questions if "说了什么" in question or "看法" in question}
    assert not {question for question in questions if "营业收入" in question or "《办法》" in question}
    assert not {question for question in questions if "新闻发布会" in question or "召开" in question}
    assert questions.keys() <= {"南京市图书馆馆长是谁？", "王建国担任什么职务？"}
    assert questions.get("王建国担任什么职务？", (("南京市图书馆馆长",),)) == (("南京市图书馆馆长",),)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("南京市图书馆馆长王建曾回应称，雨会停。", "南京市图书馆馆长是谁？"),
        ("“快办窗口”开设以来日均办件22件。", "“快办窗口”开设多少件以来日均办件？"),
        ("ADR录得207美元。", "ADR录得多少美元？"),
        ("新建馆舍将包括书库、展厅、茶室。", "新建馆舍将包括哪些？"),
        ("苏州银行8月14日发布关于执行董事辞任的公告称，雨会停。", "苏州银行8月14日发布了什么？"),
    ],
)
def test_what_a_fresh_reader_refused_is_not_asked(text: str, question: str) -> None:
    assert question not in asked(text)


def test_somebody_with_two_posts_is_not_asked_for_one() -> None:
    text = "南京市图书馆馆长王建国表示，雨会停。\n临江大学教授王建国表示，雨会停。"
    assert "王建国担任什么职务？" not in asked(text)


def test_a_name_keeps_its_own_letters() -> None:
    assert "王建乾担任什么职务？" in asked("南京市图书馆馆长王建乾表示，雨会停。")


def test_a_headline_is_asked_for_its_day_where_the_lead_tells_it() -> None:
    lead = "8月1日上午，备受关注的临江大桥在南京正式通车，市民步行过江。"
    question = "“临江大桥在南京通车”是哪天的事？"
    assert asked(lead, "临江大桥在南京通车")[question] == (("8月1日",),)
    assert question not in asked(lead)
    for title in ("南京财经早报：临江大桥通车", "上海老街迎来新客人", "临江大桥通车了吗？"):
        assert not [each for each in asked(lead, title) if "是哪天的事" in each]
    assert question not in asked("8月1日和8月3日，临江大桥在南京试通车。", "临江大桥在南京通车")


# ---- Twins


def twin_of(question: str, rule: str, subject: str, text: str, *others: str) -> set[tuple[str, str]]:
    """Every twin that some seed gives."""
    folder = Folder(tuple(map(fold, (text, *others))), ("李文波", "王建国"))
    one = Asked(question, 0, len(text), rule, (("x",),), subject)
    made = [make_twin(one, fold(text), folder, random.Random(seed)) for seed in range(60)]
    return {(twin.kind, twin.question) for twin in made if twin}


def test_a_twin_swaps_an_ordinal_year_day_name_or_place() -> None:
    question = "2021年第九届江苏动漫节8月1日公布了什么？"
    twins = twin_of(question, "act", "", "2021年第九届江苏动漫节8月1日公布了名单。")
    assert {kind for kind, _ in twins} == {"ordinal", "year", "day", "place"}
    for kind, twin in twins:
        assert twin != question
        unchanged = {
            "ordinal": "江苏动漫节8月1日",
            "year": "年第九届",
            "day": "2021年第九届江苏",
            "place": "2021年第九届",
        }
        assert unchanged[kind] in twin
    names = twin_of("王建国担任什么职务？", "post", "王建国", "南京市图书馆馆长王建国")
    assert {kind for kind, _ in names} == {"name"}
    assert all("王建国" not in twin for _, twin in names)


def test_a_later_fair_keeps_its_digits() -> None:
    twins = twin_of("第十九届临江动漫节由谁主办？", "host", "", "第十九届临江动漫节")
    assert {twin for _, twin in twins} == {f"第二十{each}届临江动漫节由谁主办？" for each in "一二三四"}
    assert twin_of("第2届临江动漫节由谁主办？", "host", "", "第2届临江动漫节") <= {
        ("ordinal", f"第{number}届临江动漫节由谁主办？") for number in range(4, 8)
    }


def test_no_twin_is_made_of_what_an_article_tells() -> None:
    text = "第三届临江动漫节由文化局主办。"
    every = "第" + "届第".join("四五六七八") + "届"
    assert twin_of("第三届临江动漫节由谁主办？", "host", "", text + every) == set()
    assert twin_of("第三届临江动漫节由谁主办？", "host", "", text, f"临江动漫节：{every}") == set()
    assert twin_of("第三届临江动漫节由谁主办？", "host", "", text, f"运动会：{every}")


def test_a_word_that_stands_elsewhere_counts_only_beside_the_rest() -> None:
    folder = Folder((fold("赵明远表示，茶要慢慢喝。"), fold("临江大桥的设计者很多。")), ())
    assert not is_told("赵明远的临江大桥是哪天通车的？", "赵明远", folder)
    assert is_told("赵明远担任什么职务？", "赵明远", folder)
    assert not is_told("钱明远担任什么职务？", "钱明远", folder)


def test_a_place_beside_another_is_not_swapped() -> None:
    assert twin_of("江苏省南京市图书馆位于哪里？", "place", "", "x") == set()
    assert twin_of("苏州大道在哪里开工？", "place", "", "x") == set()


# ---- Follow-ups


def follow_ups(text: str) -> set[tuple[str, str]]:
    """The first question and the words of the second, of every seed."""
    several = ask_article(Article("a.md", text))
    return {
        (first.question, words)
        for seed in range(20)
        for first, _, words in make_follow_ups(several, text, random.Random(seed))
    }


def test_a_follow_up_leaves_its_subject_out_or_points_at_it() -> None:
    chains = follow_ups(FAIR)
    first = "第九届临江国际博览会的主题是什么？"
    assert {"那由谁主办？", "它由谁主办？", "那是哪天举行的？", "它在哪里举行？"} <= {
        words for before, words in chains if before == first
    }
    assert ("李文波担任什么职务？", "那王建国呢？") in chains


def test_a_follow_up_on_a_person_says_he_or_she() -> None:
    text = "南京市图书馆馆长王建国表示，雨会停。\n王建国作了题为《风与电》的演讲。"
    assert ("南京市图书馆馆长是谁？", "他的演讲题目是什么？") in follow_ups(text)
    assert ("南京市图书馆馆长是谁？", "她的演讲题目是什么？") in follow_ups(text + "\n她还谈了潮汐。")


def test_what_was_told_already_is_not_asked_again() -> None:
    assert not {words for before, words in follow_ups(FAIR) if "哪天" in before and "哪里" in words}


# ---- Sets


def drafted(most: int = 12, seed: int = 1) -> list[Case]:
    return draft_set([Article("fair.md", FAIR), Article("library.md", LIBRARY)], most, seed)


def test_a_set_has_every_kind_and_comes_back_from_its_file(tmp_path: Path) -> None:
    cases = drafted()
    assert {case.tags[0] for case in cases} == {"question", "twin", "follow-up"}
    write_set(cases, tmp_path / "set.jsonl")
    assert read_set(tmp_path / "set.jsonl") == cases


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_no_article_gives_more_than_its_share_and_the_same_seed_gives_the_same(most: int) -> None:
    cases = drafted(most)
    assert cases == drafted(most)
    assert len({case.id for case in cases}) == len(cases)
    for path in ("fair.md", "library.md"):
        assert 0 < sum(case.id.startswith(Article(path, "x").id) for case in cases) <= most


def test_another_seed_gives_other_twins() -> None:
    twins = [{case.question for case in drafted(seed=seed) if "twin" in case.tags} for seed in range(6)]
    assert any(twins[0] != other for other in twins[1:])


def test_fewer_than_one_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        drafted(0)


def test_what_two_articles_answer_differently_is_not_asked() -> None:
    one = Article("1.md", "南京市图书馆成立于1954年。")
    other = Article("2.md", "南京市图书馆成立于1956年。")
    assert [case.question for case in draft_set([one], 3, 1) if case.answerable]
    assert not [case for case in draft_set([one, other], 3, 1) if case.answerable]


def test_english_articles_give_nothing() -> None:
    assert draft_set([Article("a.md", "The library opened on May 12. Its head is Wang.")], 3, 1) == []


PIECES = [
    "南京市图书馆", "馆长", "王建国", "李文波", "表示", "，", "。", "5月12日", "在", "举行", "“跃动”", "的主题是", "320名", "由",
    "主办", "该", "（", "）", "\n", "第三届", "博览会", "成立于", "1954年", "《办法》", "印发了", "是", "圖書館", "共有",
]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), min_size=1, max_size=3))
def test_a_draft_keeps_its_promises(texts: list[str]) -> None:
    articles = {f"{number}.md": Article(f"{number}.md", text) for number, text in enumerate(texts)}
    for case in draft_set(list(articles.values()), 6, 1):
        assert case.answerable == bool(case.gold) == bool(case.answers)
        for gold in case.gold:
            text = articles[gold.article].text
            assert gold.quote in [text[start:end] for start, end in split_sentences(text)]
            assert all(group[0] in gold.quote for group in case.answers)
        if case.history:
            assert [turn.role for turn in case.history] == ["user", "assistant"]
            assert any(case.history[1].content in article.text for article in articles.values())
