"""Two articles that answer alike or differently: both are said, and nothing that is no conflict is called one."""

from collections.abc import Iterator

import pytest

from rag import Answer, Assistant

POSTS = {
    "听潮大桥正式开通": (
        "2022-06-18 08:00:00",
        "东港晚报",
        "听潮大桥6月17日正式开通。听潮大桥全长3.6公里，总投资21.6亿元。",
    ),
    "一座桥的经济账": (
        "2022-09-02 08:00:00",
        "临江财经",
        "听潮大桥总投资26.1亿元，每天有两万辆车通过。听潮大桥的主塔高188米。",
    ),
    "听潮大桥的灯光": (
        "2023-02-02 08:00:00",
        "青汀日报",
        "今晚，听潮大桥亮灯。听潮大桥的主塔高188米，比老桥的主塔高出60米。",
    ),
    "2022青汀马拉松落幕": (
        "2022-11-21 08:00:00",
        "青汀日报",
        "2022青汀马拉松昨日落幕，共有1.5万名选手参加青汀马拉松。",
    ),
    "2023青汀马拉松鸣枪": (
        "2023-11-20 08:00:00",
        "东港晚报",
        "2023青汀马拉松昨日鸣枪，共有2万名选手参加青汀马拉松。",
    ),
    "博物馆扩建": (
        "2022-03-01 08:00:00",
        "青汀日报",
        "青汀博物馆展厅面积为8000平方米。博物馆的藏品约3.2万件。",
    ),
    "博物馆开放夜场": ("2023-05-01 08:00:00", "东港晚报", "青汀博物馆昨日开放夜场。博物馆的藏品有3.18万件。"),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant on articles of which some tell the same differently."""
    place = tmp_path_factory.mktemp("accounts")
    folder = place / "articles"
    folder.mkdir()
    for title, (day, outlet, text) in POSTS.items():
        head = f"---\ntitle: {title}\ndate: {day}\ncategories:\n - 新闻\n - {outlet}\n---\n"
        (folder / f"{title}.md").write_text(f"{head}<p>{text}</p>\n", encoding="utf-8")
    with Assistant.open(folder, place / "index") as opened:
        yield opened


def accounts(answer: Answer) -> list[str]:
    return [note for note in answer.notes if "说法" in note or "ccounts" in note or "the same" in note]


def test_two_figures_are_both_said_newest_first(town: Assistant) -> None:
    answer = town.ask("听潮大桥总投资多少钱？")
    assert accounts(answer) == [
        "各方说法不一，新的在前：26.1亿元（临江财经，2022年9月2日）；21.6亿元（东港晚报，2022年6月18日）。"
    ]
    first, second = answer.citations[:2]
    assert [first.article.outlet, second.article.outlet] == ["临江财经", "东港晚报"]
    assert [each.article.text[slice(*each.spans[0])] for each in (first, second)] == ["26.1亿元", "21.6亿元"]
    assert answer.text.splitlines()[0].endswith("[1]")


def test_the_same_figure_of_another_outlet_is_told_and_cited(town: Assistant) -> None:
    answer = town.ask("听潮大桥的主塔有多高？")
    (note,) = accounts(answer)
    assert note.startswith("另有1篇独立报道说法相同：《")
    assert {each.article.title for each in answer.citations[:2]} == {"一座桥的经济账", "听潮大桥的灯光"}


def test_two_years_of_an_event_are_no_conflict(town: Assistant) -> None:
    assert accounts(town.ask("青汀马拉松有多少名选手参加？")) == []


def test_a_rounded_figure_is_no_conflict(town: Assistant) -> None:
    assert not any("不一" in note for note in accounts(town.ask("青汀博物馆有多少件藏品？")))


def test_only_questions_after_one_value_are_compared(town: Assistant) -> None:
    assert accounts(town.ask("谁参加了青汀马拉松？")) == []
    assert accounts(town.ask("听潮大桥有哪些数字？")) == []


def test_a_question_in_english_is_told_so_in_english(town: Assistant) -> None:
    (note,) = accounts(town.ask("How high is the main tower of the Tingchao bridge?"))
    assert note.startswith("1 more independent report says the same: “")
