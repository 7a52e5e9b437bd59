import threading
from collections.abc import Collection
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, Article, Assistant, Filters
from rag.drafts import LONGEST, SHORTEST, draft_questions
from rag.passages import split_sentences
from rag.records import Citation
from rag.suggest import TRIES, Suggestions

FAIR = (
    "5月12日，第三届云栖湖国际茶叶博览会在杭州举行。\n"
    "第三届云栖湖国际茶叶博览会的主题是“一叶知春”。\n"
    "本届博览会由浙江省茶叶学会主办，为期三天。\n"
    "浙江省茶叶学会会长李文波表示，春茶的产量比往年高，价格也更稳。\n"
    "李文波指出，茶园要少用农药，多用绿肥，才能走得更远。\n"
    "浙江省茶叶学会共有会员420名，最年长的八十岁。"
)


class Fake:
    """Answers every question but the unanswerable from the sentence it was drafted from."""

    def __init__(self, *articles: Article, unanswerable: Collection[str] = ()) -> None:
        self.index = SimpleNamespace(name="first")
        self.asked: list[str] = []
        self._unanswerable = unanswerable
        self._drafts = {
            draft.question: (article, draft) for article in articles for draft in draft_questions(article)
        }

    def ask(self, question: str, *, filters: Filters | None = None) -> Answer:
        self.asked.append(question)
        article, draft = self._drafts[question]
        citation = Citation(1, article, draft.start, draft.end)
        refused = question in self._unanswerable
        return Answer(question, question, "", () if refused else (citation,), refused=refused)


def fair(path: str = "fair.md", day: int = 1) -> Article:
    return Article(path, FAIR, published=datetime(2024, 6, day, tzinfo=UTC))


def drafted(text: str) -> dict[str, str]:
    """Each question and the sentence that answers it."""
    article = Article("a.md", text)
    return {draft.question: article.text[draft.start : draft.end] for draft in draft_questions(article)}


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("8月1日，第九届临江动漫节在南京开幕。", "第九届临江动漫节是哪天开幕的？"),
        ("8月1日，第九届临江动漫节在南京开幕。", "第九届临江动漫节在哪里开幕？"),
        ("临江大桥工程于2021年7月开工。", "临江大桥工程是什么时候开工的？"),
        ("临江大桥工程将于2031年7月开工。", "临江大桥工程将在什么时候开工？"),
        ("《北京市养老服务办法》自2024年1月1日起施行。", "《北京市养老服务办法》从哪天起施行？"),
        ("第九届临江动漫节的主题是“跃动”。", "第九届临江动漫节的主题是什么？"),
        ("这是以“跃动”为主题的第九届临江动漫节。", "第九届临江动漫节的主题是什么？"),
        ("清华大学教授王建国作了题为《风与电》的主旨演讲。", "王建国的演讲题目是什么？"),
        ("第九届临江动漫节由南京市文化局主办。", "第九届临江动漫节由谁主办？"),
        ("南京市图书馆馆长王建国出席了仪式。", "南京市图书馆馆长是谁？"),
        ("南京市图书馆馆长王建国表示，新馆明年开放，读者会更多。", "南京市图书馆馆长王建国说了什么？"),
        ("王建国认为，风电的成本还会下降，储能也一样。", "王建国有什么看法？"),
        ("南京市图书馆馆长王建国：我们会把开放的时间延长到夜里十点。", "南京市图书馆馆长王建国说了什么？"),
        ("南京市图书馆位于玄武湖东侧的小山上。", "南京市图书馆位于哪里？"),
        ("南京市图书馆共有志愿者320名。", "南京市图书馆共有多少名志愿者？"),
        ("上半年，江苏省工业增加值同比增长6.8%。", "上半年江苏省工业增加值同比增长多少？"),
        ("江苏省文化厅印发了《夜间开放指南》。", "江苏省文化厅印发了什么？"),
        ("为方便读者，南京市图书馆延长了夜间开放的时段。", "南京市图书馆为什么延长了夜间开放的时段？"),
        ("7月3日，南京市图书馆公布新的夜间借阅办法。", "南京市图书馆哪天公布新的夜间借阅办法？"),
        ("7月3日，南京市图书馆公布新的夜间借阅办法。", "南京市图书馆7月3日公布了什么办法？"),
        ("王建国当选南京市作家协会主席。", "谁当选南京市作家协会主席？"),
        ("“听雨计划”是南京市为盲人读者录制有声书的项目。", "“听雨计划”是什么？"),
        ("上海的“听雨书屋”被誉为“城市客厅”。", "上海的“听雨书屋”被誉为什么？"),
    ],
)
def test_a_clause_becomes_a_question_where_its_answer_gives_way(sentence: str, question: str) -> None:
    assert drafted(sentence).get(question) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "该公司位于南京市玄武湖东侧的小山上。",
        "他表示，南京市图书馆的新馆明年开放。",
        "本次活动由南京市文化局主办。",
        "记者获悉，有关部门共有志愿者320名。",
        "王先生表示，这条路早就该修了，大家都等着。",
        "专家表示，风电的成本还会下降，储能也一样。",
        "南京市图书馆称（见下文，新馆明年开放。",
        "沈阳日报社驻三台子街道工作室挂牌。",
        "据南京市图书馆消息，随后共有志愿者320名。",
        "责任编辑：王建国表示，新馆明年开放，读者会更多。",
        "The library opened on May 12. Its director is Wang Jianguo.",
    ],
)
def test_a_sentence_that_leaves_something_open_makes_no_question(sentence: str) -> None:
    assert drafted(sentence) == {}


def test_this_event_is_called_by_its_name() -> None:
    questions = drafted(FAIR)
    assert questions["第三届云栖湖国际茶叶博览会由谁主办？"] == "本届博览会由浙江省茶叶学会主办，为期三天。"


def test_a_speaker_is_called_by_the_office_named_before() -> None:
    assert "浙江省茶叶学会会长李文波指出了什么？" in drafted(FAIR)


def test_the_first_questions_are_of_different_forms_and_sentences() -> None:
    first = list(draft_questions(fair()))[:4]
    assert len({draft.start for draft in first}) == 4
    assert len({draft.question[-4:] for draft in first}) == 4


def test_a_traditional_article_is_asked_in_simplified_script() -> None:
    sentence = "第九屆臨江動漫節由南京市文化局主辦。"
    assert drafted(sentence) == {"第九届临江动漫节由谁主办？": sentence}


PIECES = [
    "南京市图书馆",
    "王建国",
    "表示",
    "，",
    "。",
    "5月12日",
    "在",
    "举行",
    "“跃动”",
    "的主题是",
    "320名",
    "由",
    "主办",
    "该",
    "他",
    "（",
    "\n",
    "A1",
    "是",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80))
def test_a_draft_is_a_question_on_a_sentence_of_the_article(text: str) -> None:
    article = Article("a.md", text)
    drafts = list(draft_questions(article))
    for draft in drafts:
        assert (draft.start, draft.end) in split_sentences(text)
        assert SHORTEST <= len(draft.question) <= LONGEST
        assert draft.question.endswith("？")
        assert draft.question[0] not in "他她它其该此这那的"
    assert len({draft.question for draft in drafts}) == len(drafts)
    assert drafts == list(draft_questions(article))


def test_every_suggestion_is_answered_from_its_own_sentence(assistant: Assistant) -> None:
    for article in assistant.index.articles():
        drafts = {draft.question: draft for draft in draft_questions(article)}
        questions = Suggestions(assistant).for_article(article)[:2]
        assert questions
        for question in questions:
            quoted = [
                citation for citation in assistant.ask(question).citations if citation.article == article
            ]
            assert any(
                citation.start < drafts[question].end and drafts[question].start < citation.end
                for citation in quoted
            )


def test_what_is_not_answered_from_its_sentence_is_left_out() -> None:
    best = next(draft_questions(fair())).question
    assistant = Fake(fair(), unanswerable=[best])
    questions = Suggestions(assistant).for_article(fair())
    assert assistant.asked[0] == best
    assert best not in questions
    assert len(questions) == 3


def test_an_answer_from_another_article_does_not_count() -> None:
    elsewhere = Fake(fair("elsewhere.md"))
    assert Suggestions(elsewhere).for_article(fair()) == ()
    assert len(Suggestions(elsewhere).for_article(Article("fair.md", FAIR, aliases=("elsewhere.md",)))) == 3


def test_no_more_is_asked_than_allowed() -> None:
    text = "\n".join(f"江苏省第{number}医院院长王建国出席了仪式。" for number in range(2, 30))
    article = Article("a.md", text)
    questions = [draft.question for draft in draft_questions(article)]
    assistant = Fake(article, unanswerable=questions)
    assert Suggestions(assistant).for_article(article) == ()
    assert assistant.asked == questions[:TRIES]


def test_an_avoided_question_is_not_suggested_in_any_width() -> None:
    first = Suggestions(Fake(fair())).for_article(fair())
    again = Suggestions(Fake(fair())).for_article(fair(), avoid=[first[0].replace("？", "?"), first[1]])
    assert len(again) == 3
    assert not {first[0], first[1]} & set(again)


def test_a_second_call_asks_nothing() -> None:
    assistant = Fake(fair())
    suggestions = Suggestions(assistant)
    first = suggestions.for_article(fair())
    asked = len(assistant.asked)
    assert suggestions.for_article(fair()) == suggestions.for_article(fair(), tries=0) == first
    assert len(first) == 3
    assert len(assistant.asked) == asked


def test_an_article_without_a_question_has_none() -> None:
    assistant = Fake()
    assert Suggestions(assistant).for_article(Article("english.md", "The library opened on May 12.")) == ()
    assert assistant.asked == []


def test_asked_questions_make_room_for_others() -> None:
    suggestions = Suggestions(Fake(fair()))
    first = suggestions.for_article(fair())
    others = suggestions.for_article(fair(), avoid=first[:1])
    assert set(first[1:]) < set(others)
    assert first[0] not in others
    assert suggestions.for_article(fair()) == first


def test_tries_can_be_bounded_and_gone_on_with() -> None:
    assistant = Fake(fair())
    suggestions = Suggestions(assistant)
    assert suggestions.for_article(fair(), tries=0) == ()
    assert assistant.asked == []
    assert len(suggestions.for_article(fair(), tries=1)) == 1
    assert len(suggestions.for_article(fair())) == 3
    assert len(set(assistant.asked)) == len(assistant.asked)


def test_another_generation_is_asked_anew() -> None:
    assistant = Fake(fair())
    suggestions = Suggestions(assistant)
    suggestions.for_article(fair())
    assistant.index.name = "second"
    assert suggestions.for_article(fair(), tries=0) == ()


def test_the_articles_asked_for_last_are_remembered() -> None:
    articles = [fair("a.md"), fair("b.md"), fair("c.md")]
    assistant = Fake(*articles)
    suggestions = Suggestions(assistant, most=2)
    asked = []
    for article in (*articles, *reversed(articles)):
        suggestions.for_article(article)
        asked.append(len(assistant.asked))
    assert asked[2] == asked[3] == asked[4] < asked[5]


def test_samples_are_of_different_articles_newest_first() -> None:
    older = Article("older.md", "临江大桥工程于2021年7月开工。", published=datetime(2021, 1, 1, tzinfo=UTC))
    undated = Article("undated.md", "第九届临江动漫节由南京市文化局主办。")
    empty = Article("empty.md", "The library opened on May 12.", published=datetime(2025, 1, 1, tzinfo=UTC))
    assistant = Fake(fair(), older, undated)
    suggestions = Suggestions(assistant)
    samples = suggestions.samples([undated, older, empty, fair()])
    assert samples[0] == next(draft_questions(fair())).question
    assert samples[1:] == ("临江大桥工程是什么时候开工的？", "第九届临江动漫节由谁主办？")
    assert suggestions.samples([older, fair(), undated, empty]) == samples
    assert len(assistant.asked) == 3


def test_samples_stop_when_their_tries_are_spent() -> None:
    articles = [fair(f"{day}.md", day) for day in range(1, 9)]
    questions = [draft.question for draft in draft_questions(fair())]
    assistant = Fake(*articles, unanswerable=questions)
    assert Suggestions(assistant).samples(articles, tries=5) == ()
    assert len(assistant.asked) == 5


def test_samples_without_a_try_are_what_is_remembered() -> None:
    newer = Article(
        "newer.md", "第九届临江动漫节由南京市文化局主办。", published=datetime(2025, 1, 1, tzinfo=UTC)
    )
    drafts = [draft.question for draft in draft_questions(fair())]
    assistant = Fake(fair(), newer, unanswerable=drafts[:3])
    suggestions = Suggestions(assistant)
    assert suggestions.samples([fair(), newer], tries=0) == ()
    assert assistant.asked == []
    found = suggestions.for_article(fair())
    asked = list(assistant.asked)
    assert suggestions.samples([fair(), newer], tries=0) == found[:1]
    assert assistant.asked == asked
    assert suggestions.samples([fair(), newer], tries=1) == ("第九届临江动漫节由谁主办？", found[0])


def test_two_who_ask_at_once_share_the_work() -> None:
    assistant = Fake(fair())
    suggestions = Suggestions(assistant)
    results: list[tuple[str, ...]] = []
    threads = [
        threading.Thread(target=lambda: results.append(suggestions.for_article(fair()))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    assert len(set(assistant.asked)) == len(assistant.asked)
