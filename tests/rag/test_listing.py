"""Questions about the folder itself: what is counted, listed and extracted is computed from the articles."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from rag import Answer, Assistant, Filters, Turn
from rag.chain import make_chain
from rag.inventory import read_inquiry
from rag.terminal import show_answer
from rag.why import explain

POSTS = {
    "氢能公交上路": (
        "2023-06-03 08:00:00",
        "青汀日报",
        "全市首条氢能公交线昨日开通。车队有12辆车。队长是闻景晖。",
    ),
    "加氢站投用": (
        "2023-07-10 08:00:00",
        "东港晚报",
        "北麓镇加氢站昨日投用，为氢能公交加氢。站长裴砚清介绍，每天可加注500公斤。",
    ),
    "茶博会闭幕": ("2023-06-20 08:00:00", "青汀日报", "第九届茶博会闭幕，成交1.2亿元。参展企业有210家。"),
    "听潮大桥正式开通": (
        "2022-06-18 08:00:00",
        "东港晚报",
        "听潮大桥昨日正式开通。大桥全长3.6公里，总投资21亿元。"
        "闻景晖说，大桥把两岸的车程从一小时缩短到十分钟。"
        "开通首日有两万辆车通过大桥。"
        "市民祝思琪一早就来到桥头。"
        "天气晴朗，江面上有许多游船。"
        "从下月起，大桥对货车收费。",
    ),
    "图书馆新馆[1]开放": ("2024-01-05 08:00:00", "青汀日报", "市图书馆新馆今日开放，藏书80万册。"),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant on five articles of a town."""
    place = tmp_path_factory.mktemp("town")
    folder = place / "articles"
    folder.mkdir()
    for title, (day, outlet, text) in POSTS.items():
        head = f"---\ntitle: '{title}'\ndate: {day}\ncategories:\n - 新闻\n - {outlet}\n---\n"
        (folder / f"{title}.md").write_text(f"{head}<p>{text}</p>\n", encoding="utf-8")
    with Assistant.open(folder, place / "index") as opened:
        yield opened


def titles(answer: Answer) -> list[str | None]:
    return [citation.article.title for citation in answer.citations]


def test_a_count_says_how_many_and_cites_each(town: Assistant) -> None:
    answer = town.ask("有几篇关于氢能的报道？")
    heading, *lines = answer.text.splitlines()
    assert heading == "共2篇：提到“氢能”的文章。"
    assert lines == [
        "《加氢站投用》，东港晚报，2023年7月10日。 [1]",
        "《氢能公交上路》，青汀日报，2023年6月3日。 [2]",
    ]
    assert (answer.certainty, answer.refused) == (1.0, False)
    assert [citation.quote for citation in answer.citations] == [
        "北麓镇加氢站昨日投用，为氢能公交加氢。",
        "全市首条氢能公交线昨日开通。",
    ]


def test_a_month_without_a_year_is_counted_in_every_year(town: Assistant) -> None:
    answer = town.ask("六月有几篇")
    assert answer.text.startswith("共3篇：六月的文章（2022年1篇、2023年2篇）。")
    assert town.ask("2023年6月有几篇").text.startswith("共2篇：2023年6月的文章。")


def test_none_is_an_answer_and_no_refusal(town: Assistant) -> None:
    answer = town.ask("有没有关于动物园的报道")
    assert (answer.text, answer.citations, answer.refused) == ("没有提到“动物园”的文章。", (), False)
    assert (answer.certainty, answer.searched) == (1.0, len(POSTS))
    assert town.ask("2023年1月有几篇文章").text == "没有2023年1月的文章。"


def test_people_outlets_and_the_order_of_days(town: Assistant) -> None:
    assert titles(town.ask("闻景晖出现在哪些文章")) == ["氢能公交上路", "听潮大桥正式开通"]
    assert titles(town.ask("闻景晖出现在哪些文章？按时间顺序列出")) == ["听潮大桥正式开通", "氢能公交上路"]
    assert titles(town.ask("东港晚报发了几篇")) == ["加氢站投用", "听潮大桥正式开通"]
    assert town.ask("最早的一篇").text == "最早的一篇是《听潮大桥正式开通》，东港晚报，2022年6月18日。 [1]"
    assert titles(town.ask("青汀日报最新的报道是哪篇")) == ["图书馆新馆[1]开放"]


def test_a_title_cannot_look_like_a_mark(town: Assistant) -> None:
    assert town.ask("最新的一篇").text == "最新的一篇是《图书馆新馆［1］开放》，青汀日报，2024年1月5日。 [1]"


def test_the_users_filters_bind(town: Assistant) -> None:
    answer = town.ask("一共有多少篇文章", filters=Filters(since=date(2023, 1, 1), outlets=("东港晚报",)))
    assert answer.text.startswith("所选范围内共1篇文章。")
    assert titles(answer) == ["加氢站投用"]
    assert answer.searched == 1


def test_an_extract_keeps_the_order_of_the_text_and_cites_each_sentence(town: Assistant) -> None:
    answer = town.ask("总结一下大桥开通那篇")
    heading, *lines = answer.text.splitlines()
    assert heading == "《听潮大桥正式开通》，东港晚报，2022年6月18日的要点："
    assert 3 <= len(lines) <= 5
    assert set(titles(answer)) == {"听潮大桥正式开通"}
    starts = [citation.start for citation in answer.citations]
    assert starts == sorted(starts)
    assert [line.rpartition(" [")[0] for line in lines] == [each.quote for each in answer.citations]
    assert answer.citations[0].start == 0
    assert not any("天气晴朗" in line for line in lines)


def test_this_article_is_the_one_of_the_answer_before(town: Assistant) -> None:
    asked = "茶博会成交了多少钱？"
    told = town.ask(asked)
    history = [Turn("user", asked), Turn("assistant", told.text)]
    assert set(titles(town.ask("总结这篇", history))) == {"茶博会闭幕"}
    listed = town.ask("有哪些关于氢能的报道")
    history = [Turn("user", "有哪些关于氢能的报道"), Turn("assistant", listed.text)]
    assert set(titles(town.ask("总结第二篇", history))) == {"氢能公交上路"}


def test_without_an_article_before_there_is_none_to_sum_up(town: Assistant) -> None:
    assert town.ask("总结这篇").certainty != 1.0
    answer = town.ask("总结这篇", filters=Filters(articles=("茶博会闭幕.md",)))
    assert set(titles(answer)) == {"茶博会闭幕"}


def test_english_questions_are_told_in_english(town: Assistant) -> None:
    assert town.ask("How many articles are there?").text.startswith("5 articles:\n“图书馆新馆")
    assert town.ask("How many articles in June 2023?").text.startswith("2 articles in June 2023:")
    answer = town.ask("Which articles mention 闻景晖?")
    assert titles(answer) == ["氢能公交上路", "听潮大桥正式开通"]
    assert answer.text.endswith("“听潮大桥正式开通”, 东港晚报, 2022-06-18. [2]")
    nearest = town.ask("List the articles about hydrogen")
    assert nearest.text.startswith("No article holds the words “hydrogen”; nearest in meaning:")
    assert {"氢能公交上路", "加氢站投用"} <= set(titles(nearest)[:3])


def test_more_than_ten_are_counted_but_not_listed(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(1, 14):
        head = f"---\ntitle: 快讯{number}\ndate: 2023-06-{number:02} 08:00:00\n---\n"
        (folder / f"{number}.md").write_text(
            f"{head}<p>第{number}号消息说江上有{number}条船。</p>\n", encoding="utf-8"
        )
    with Assistant.open(folder, tmp_path / "index") as assistant:
        answer = assistant.ask("一共有几篇文章")
        assert answer.text.splitlines()[0] == "共13篇文章。"
        assert len(answer.citations) == 10
        assert answer.text.splitlines()[-1].startswith("另有3篇没有列出")


def test_a_topic_that_no_word_marks_is_left_to_the_articles_where_none_holds_it(town: Assistant) -> None:
    assert town.ask("北极熊新闻有几篇").refused
    assert town.ask("1937年发表了什么文章？").certainty != 1.0
    assert town.ask("1937年有几篇文章？").text == "没有1937年的文章。"
    with town.use() as index:
        assert read_inquiry(index, "有哪些嘉宾出席", date(2024, 1, 1)) is None


def test_the_chain_the_terminal_and_why_take_such_answers_as_they_are(
    town: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = make_chain(town).invoke("六月有几篇")
    assert answer.text == town.ask("六月有几篇").text
    show_answer(Console(width=100), answer)
    assert "共3篇" in capsys.readouterr().out
    assert explain(town, "六月有几篇", "茶博会闭幕.md").is_cited
    assert not explain(town, "有没有关于动物园的报道", "茶博会闭幕.md").is_cited
