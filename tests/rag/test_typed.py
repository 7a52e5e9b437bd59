"""Questions as people type them, asked of the articles of an invented town on 15 June 2024."""

from collections.abc import Iterator
from datetime import date

import pytest

from eval.listings import TOWN
from rag import Answer, Assistant, Filters

TODAY = date(2024, 6, 15)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(TOWN / "articles", tmp_path_factory.mktemp("town") / "index") as opened:
        yield opened


def ask(town: Assistant, question: str, filters: Filters | None = None, today: date = TODAY) -> Answer:
    return town.ask_openly(town.index, question, filters=filters, today=today)[0]


def test_a_relative_date_binds_the_search_and_is_told(town: Assistant) -> None:
    answer = ask(town, "前年11月开的那条公交一共多少站？")
    assert answer.asked == "2022年11月开的那条公交一共多少站？"
    assert "22座" in answer.text
    assert answer.notes == (
        "今天是2024年6月15日，“前年11月”按2022年11月理解。",
        "只看了2022年11月1日至2022年12月7日的文章。",
    )
    assert answer.searched < 30


def test_the_same_words_mean_another_year_on_another_day(town: Assistant) -> None:
    asked = [ask(town, "去年的马拉松谁拿了冠军？", today=date(year, 6, 15)).asked for year in (2023, 2024)]
    assert asked == ["2022年的马拉松谁拿了冠军？", "2023年的马拉松谁拿了冠军？"]


def test_a_time_without_articles_changes_nothing_and_is_told(town: Assistant) -> None:
    answer = ask(town, "去年的马拉松谁拿了冠军？", today=date(2030, 1, 1))
    assert answer.asked == answer.question
    assert answer.notes == ("今天是2030年1月1日，没有“去年”的文章，这里不按日期查找。",)


def test_a_date_that_is_not_the_articles_binds_nothing(town: Assistant) -> None:
    answer = ask(town, "望澜家居前年亏了多少钱")
    assert "8600万" in answer.text
    assert answer.searched == 30
    assert answer.notes == ("今天是2024年6月15日，“前年”按2022年理解。",)


def test_a_day_without_a_year_is_read_in_a_year_with_articles(town: Assistant) -> None:
    answer = ask(town, "12月14号大桥合龙，误差有几毫米")
    assert answer.asked in {"12月14号大桥合龙，误差有几毫米", "2022年12月14日大桥合龙，误差有几毫米"}
    assert "3毫米" in answer.text


def test_the_days_that_the_user_chose_win(town: Assistant) -> None:
    chosen = Filters(since=date(2024, 1, 1))
    answer = ask(town, "前年11月开的那条公交一共多少站？", chosen)
    cited = [citation.article.published for citation in answer.citations]
    assert all(day and day.year == 2024 for day in cited)
    assert not any(note.startswith("只看了") for note in answer.notes)


@pytest.mark.parametrize("asked", ["前年11月开的那条公交叫什么", "大桥去年几月通车"])
def test_a_date_in_quotes_is_left_alone(town: Assistant, asked: str) -> None:
    quoted = asked.replace("前年11月", "“前年11月”").replace("去年", "“去年”")
    assert ask(town, quoted).asked == quoted


def test_a_refusal_is_of_all_articles(town: Assistant) -> None:
    answer = ask(town, "去年的足球联赛谁进球最多？")
    assert answer.refused
    assert answer.searched == 30


def test_the_newest_article_answers_how_things_are_now(town: Assistant) -> None:
    answer = ask(town, "澜汐能源最近有多少员工？")
    first = answer.citations[0]
    assert "420人" in first.quote
    days = [citation.article.published for citation in answer.citations]
    assert days[0] == max(day for day in days if day)


def test_an_older_article_answers_where_the_newest_does_not(town: Assistant) -> None:
    assert "180" in ask(town, "澜汐能源2023年3月有多少员工？").text


def test_particles_of_a_chat_are_not_searched(town: Assistant) -> None:
    _, parts = town.ask_openly(town.index, "电影节里头演哑巴的那个男的叫啥来着？")
    assert [part.question for part in parts] == ["电影节里头演哑巴的那个男的叫啥？"]


def test_a_question_in_traditional_script_is_read_in_the_script_of_the_articles(town: Assistant) -> None:
    assert "40台" in ask(town, "港口三期打算買多少台無人駕駛的集裝箱卡車？").text


def test_a_corrected_question_must_lead_further(town: Assistant) -> None:
    answer = ask(town, "陆汀周今年多大岁数了？")
    assert answer.refused
