"""What the page does, without a browser: asking, reading, voting, adding, for the visitor who asks."""

import json
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from eval.sets import parse_case
from rag import Filters
from rag.added import MOST_IN_ALL
from rag.errors import DiskError, QuestionError
from rag.settings import ServeSettings
from ui.conversations import ConversationMissingError
from ui.desk import DayError, Desk, ReadOnlyError, UnderWayError, Upload, Visitor, to_filters
from ui.places import AT_ONCE, MOST_WAITING, BusyError
from ui.records import Vote

HOST = "第一场圆桌对话是谁主持的？"
EVERYTHING = Filters()
LI, HAN = Visitor("李"), Visitor("韩", "en")


def ask(
    desk: Desk,
    question: str,
    visitor: Visitor = LI,
    conversation: str | None = None,
    filters: Filters = EVERYTHING,
) -> str:
    kept = desk.ask(visitor, conversation, question, filters)
    for _ in desk.follow(visitor, kept):
        pass
    return kept


def until_idle(desk: Desk) -> None:
    """Wait until nobody works, so that what was stopped could have been kept by now."""
    until = time.monotonic() + 60
    while not desk.places.are_idle and time.monotonic() < until:
        time.sleep(0.01)
    assert desk.places.are_idle
    for thread in threading.enumerate():
        if thread.name == "wenfeng-answers":
            thread.join(60)


def test_a_corrected_question_is_asked_as_typed_in_its_place(desk: Desk) -> None:
    kept = ask(desk, "南存晖在峰会上提到了哪些挑战？")
    (exchange,) = desk.conversations.open("李", kept).exchanges
    assert exchange.answer is not None
    desk.ask_again(LI, kept, exchange.id, exchange.answer.typed, EVERYTHING)
    for _ in desk.follow(LI, kept):
        pass
    (again,) = desk.conversations.open("李", kept).exchanges
    assert again.question == "“南存晖”在峰会上提到了哪些挑战？"
    assert again.answer is not None
    assert (again.answer.asked, again.answer.typed) == (again.question, "")


def test_an_answer_is_kept_and_its_mark_opens_the_cited_sentence(desk: Desk) -> None:
    kept = ask(desk, HOST)
    exchange = desk.conversations.open("李", kept).exchanges[0]
    assert exchange.answer is not None
    citation = exchange.answer.citations[0]
    shown = desk.cite(LI, kept, exchange.id, 1, None)
    assert '<mark id="cited">' in shown
    assert citation.article.title is not None
    assert citation.article.title in shown


def test_a_question_is_shown_before_its_answer_is_there_and_stays_when_it_is_stopped(
    own_desk: Desk, gate: threading.Lock
) -> None:
    with gate:
        kept = own_desk.ask(LI, None, HOST, EVERYTHING)
        shown = own_desk.turns(LI, kept)
        assert HOST in shown[-1]["html"]
        assert 'class="pending"' in shown[-1]["html"]
        with pytest.raises(UnderWayError, match="Wait, or stop it first"):
            own_desk.ask(LI, kept, HOST, EVERYTHING)
        own_desk.stop(HAN, kept)  # another's; nothing happens
        assert own_desk.is_under_way(kept)
        own_desk.stop(LI, kept)
    assert "已停止" in list(own_desk.follow(LI, kept))[-1][-1]["html"]
    until_idle(own_desk)
    exchange = own_desk.conversations.open("李", kept).exchanges[0]
    assert (exchange.question, exchange.answer) == (HOST, None)


def test_a_second_question_and_a_retry_wait_for_the_first_and_nothing_is_lost(
    own_desk: Desk, gate: threading.Lock
) -> None:
    kept = ask(own_desk, HOST)
    first = own_desk.conversations.open("李", kept).exchanges[0]
    with gate:
        own_desk.ask(LI, kept, "那第二场呢？", EVERYTHING)
        with pytest.raises(UnderWayError):
            own_desk.ask_again(LI, kept, first.id, None, EVERYTHING)
    for _ in own_desk.follow(LI, kept):
        pass
    assert [each.answer is not None for each in own_desk.conversations.open("李", kept).exchanges] == [
        True,
        True,
    ]


def test_an_answer_is_kept_when_nobody_looks_on(own_desk: Desk, gate: threading.Lock) -> None:
    with gate:
        kept = own_desk.ask(LI, None, HOST, EVERYTHING)
        looking = own_desk.follow(LI, kept)
        next(looking)
        del looking  # the page was closed
    for _ in own_desk.follow(LI, kept):
        pass
    answer = own_desk.conversations.open("李", kept).exchanges[0].answer
    assert answer is not None
    assert "盛雪锋" in answer.text


def test_a_conversation_that_is_deleted_while_it_is_answered_stays_deleted(
    own_desk: Desk, gate: threading.Lock
) -> None:
    with gate:
        kept = own_desk.ask(LI, None, HOST, EVERYTHING)
        own_desk.delete(LI, kept)
    until_idle(own_desk)
    assert own_desk.find(LI, kept) is None
    assert not own_desk.is_under_way(kept)


@pytest.mark.parametrize("blank", ["", "  \n", "长" * 2001])
def test_a_question_that_cannot_be_one_takes_the_place_of_none(desk: Desk, blank: str) -> None:
    kept = ask(desk, HOST)
    first = desk.conversations.open("李", kept).exchanges[0]
    with pytest.raises(QuestionError):
        desk.ask_again(LI, kept, first.id, blank, EVERYTHING)
    with pytest.raises(QuestionError):
        desk.ask(LI, kept, blank, EVERYTHING)
    assert [each.question for each in desk.conversations.open("李", kept).exchanges] == [HOST]


def test_a_follow_up_is_completed_from_the_conversation(desk: Desk) -> None:
    kept = ask(desk, HOST)
    ask(desk, "那第二场呢？", conversation=kept)
    second = desk.conversations.open("李", kept).exchanges[1]
    assert second.answer is not None
    assert "第二场" in second.answer.asked
    assert second.answer.asked != second.question


def test_an_edited_question_takes_the_place_of_what_came_from_there_on(desk: Desk) -> None:
    kept = ask(desk, HOST)
    ask(desk, "那第二场呢？", conversation=kept)
    first = desk.conversations.open("李", kept).exchanges[0]
    desk.ask_again(LI, kept, first.id, "第三场圆桌对话是谁主持的？", EVERYTHING)
    for _ in desk.follow(LI, kept):
        pass
    asked = [exchange.question for exchange in desk.conversations.open("李", kept).exchanges]
    assert asked == ["第三场圆桌对话是谁主持的？"]


def test_filters_bind_the_question(desk: Desk) -> None:
    filters = Filters(outlets=("中证网",))
    kept = ask(desk, HOST, filters=filters)
    exchange = desk.conversations.open("李", kept).exchanges[0]
    assert exchange.filters == filters
    assert exchange.answer is not None
    assert exchange.answer.searched == 1
    assert {citation.article.outlet for citation in exchange.answer.citations} <= {"中证网"}


def test_an_error_is_the_sentence_that_is_shown_in_the_page_s_language(desk: Desk) -> None:
    filters = Filters(outlets=("没有这家",))
    chinese = desk.turns(LI, ask(desk, HOST, filters=filters))
    english = desk.turns(HAN, ask(desk, HOST, HAN, filters=filters))
    assert "没有文章符合所选的来源" in chinese[-1]["html"]
    assert "No article has the outlet" in english[-1]["html"]


def test_conversations_are_their_owner_s(desk: Desk) -> None:
    kept = ask(desk, HOST)
    exchange = desk.conversations.open("李", kept).exchanges[0]
    assert desk.find(HAN, kept) is None
    assert HOST not in desk.entries(HAN, "", None)
    assert "cited" not in desk.cite(HAN, kept, exchange.id, 1, None)
    with pytest.raises(ConversationMissingError):
        desk.ask_again(HAN, kept, exchange.id, None, EVERYTHING)
    with pytest.raises(ConversationMissingError):
        desk.vote(HAN, exchange.id, Vote(True))


def test_votes_become_rows_of_a_question_set(desk: Desk) -> None:
    kept = ask(desk, HOST)
    exchange = desk.conversations.open("李", kept).exchanges[0]
    desk.vote(LI, exchange.id, Vote(True))
    case = parse_case(json.loads(desk.cases(LI)))
    assert case.question == HOST
    assert exchange.answer is not None
    assert [gold.quote for gold in case.gold] == [citation.quote for citation in exchange.answer.citations]
    desk.vote(LI, exchange.id, None)
    assert desk.cases(LI) == ""


def test_a_corrected_passage_must_stand_in_an_article(desk: Desk) -> None:
    kept = ask(desk, HOST)
    exchange = desk.conversations.open("李", kept).exchanges[0]
    assert not desk.correct(LI, exchange.id, False, "", "这句话哪里都没有写过。")
    assert desk.cases(LI) == ""
    assert exchange.answer is not None
    quote = exchange.answer.citations[0].quote
    assert desk.correct(LI, exchange.id, False, "", f" {quote}\n")
    assert quote in desk.cases(LI)


def test_follow_ups_come_from_the_cited_article_and_were_not_asked(desk: Desk) -> None:
    kept = ask(desk, HOST)
    shown = desk.suggest(LI, kept)
    assert shown.count('data-send="ask"') >= 1
    assert HOST not in shown
    assert desk.suggest(LI, ask(desk, "火星上有多少人？")) == ""


def test_a_welcome_and_samples_greet_an_empty_page(desk: Desk) -> None:
    assert "3 篇文章" in desk.turns(LI, None)[0]["html"]
    assert desk.suggest(LI, None).count('data-send="ask"') == 3


def test_days_are_written_as_days() -> None:
    assert to_filters(" 2021-06-01 ", "", ["财联社"], [], "zh") == Filters(
        since=date(2021, 6, 1), outlets=("财联社",)
    )
    with pytest.raises(DayError, match="日期“6月”看不懂"):
        to_filters("6月", "", [], [], "zh")
    with pytest.raises(DayError, match="is no date"):
        to_filters("", "yesterday", [], [], "en")


def test_programs_and_the_page_wait_in_one_line(
    desk: Desk, serve: Callable[[Desk, ServeSettings], str]
) -> None:
    address = serve(desk, ServeSettings())
    search = {"query": "碳中和"}
    others = [lambda number=number: None for number in range(AT_ONCE)]
    for other in others:
        desk.places.line_up(other)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/api/search", json=search, timeout=2)
    desk.places.leave(others[0])
    assert httpx.post(f"{address}/api/search", json=search, timeout=30).status_code == 200
    desk.places.leave(others[1])


def test_a_line_that_is_full_takes_no_question(desk: Desk) -> None:
    others = [lambda number=number: None for number in range(AT_ONCE + MOST_WAITING)]
    for other in others:
        desk.places.line_up(other)
    with pytest.raises(BusyError, match="Ask again in 5 seconds"):
        desk.ask(LI, None, HOST, EVERYTHING)
    assert desk.conversations.count("李", "") == 0
    for other in others:
        desk.places.leave(other)
    assert desk.places.are_idle
    ask(desk, HOST)


def test_a_retry_that_finds_the_line_full_leaves_the_answer_it_was_to_replace(desk: Desk) -> None:
    kept = ask(desk, HOST)
    first = desk.conversations.open("李", kept).exchanges[0]
    others = [lambda number=number: None for number in range(AT_ONCE + MOST_WAITING)]
    for other in others:
        desk.places.line_up(other)
    with pytest.raises(BusyError):
        desk.ask_again(LI, kept, first.id, None, EVERYTHING)
    assert desk.conversations.open("李", kept).exchanges == (first,)
    assert not desk.is_under_way(kept)


def test_an_answer_that_the_disk_refuses_is_told_and_the_conversation_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*values: object) -> None:
        raise DiskError("The disk is full. Make room.")

    monkeypatch.setattr(desk.conversations, "update", refuse)
    kept = ask(desk, HOST)
    assert "磁盘已满" in desk.turns(LI, kept)[-1]["html"]
    monkeypatch.undo()
    ask(desk, "第二场圆桌对话是谁主持的？", conversation=kept)
    assert "谢海麟" in desk.turns(LI, kept)[-1]["html"]


def test_a_correction_that_is_being_made_stays_while_the_next_question_is_answered(
    own_desk: Desk, gate: threading.Lock
) -> None:
    kept = ask(own_desk, HOST)
    first = own_desk.conversations.open("李", kept).exchanges[0]
    with gate:
        own_desk.ask(LI, kept, "第二场圆桌对话是谁主持的？", EVERYTHING)
        following = own_desk.follow(LI, kept)
        next(following)
        own_desk.vote(LI, first.id, Vote(False))
        voted = own_desk.turns(LI, kept)[0]
    assert all(blocks[0] == voted for blocks in following)


def test_articles_are_added_asked_about_and_removed(own_desk: Desk, tmp_path: Path) -> None:
    good, bad, wrong = tmp_path / "会.md", tmp_path / "坏.md", tmp_path / "表.xlsx"
    good.write_text(
        "---\ntitle: 潮生镇渔业大会\n---\n<p>潮生镇渔业大会的会长是段青禾。</p>", encoding="utf-8"
    )
    bad.write_bytes(b"\xff\xfe\x00\xd8bad")
    wrong.write_bytes(b"PK")
    report, refused = own_desk.add([Upload(path.name, path) for path in (good, bad, wrong)])
    assert report.indexed == 1
    assert [each.path for each in refused] == ["表.xlsx"]
    assert [each.path for each in report.set_aside] == [".added/坏.md"]
    assert "段青禾" in own_desk.assistant.ask("潮生镇渔业大会的会长是谁？").text
    assert "会.md" in own_desk.added(LI)
    kept = ask(own_desk, "潮生镇渔业大会的会长是谁？")
    own_desk.remove(".added/坏.md")
    own_desk.remove(".added/会.md")
    assert own_desk.assistant.ask("潮生镇渔业大会的会长是谁？").refused
    exchange = own_desk.conversations.open("李", kept).exchanges[0]
    source = own_desk.cite(LI, kept, exchange.id, 1, None)
    assert "段青禾" in source, "an answer shows its citations as they were"
    assert "已不在文件夹里" in source


def test_what_was_added_has_a_bound_in_all(own_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "小.md").write_text("图书馆新开了一间阅览室。", encoding="utf-8")
    large = own_desk.assistant.root / "added" / "大.md"
    large.parent.mkdir(exist_ok=True)
    with large.open("wb") as stream:
        stream.truncate(MOST_IN_ALL)  # takes no room on the disk
    report, refused = own_desk.add([Upload("小.md", tmp_path / "小.md")])
    assert [(each.path, each.reason) for each in refused] == [("小.md", "full")]
    own_desk.remove(".added/大.md")
    report, refused = own_desk.add([Upload("小.md", tmp_path / "小.md")])
    assert (report.indexed, refused) == (1, [])
    own_desk.remove(".added/小.md")


def test_a_read_only_desk_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    closed = Desk(desk.assistant, desk.conversations, read_only=True)
    with pytest.raises(ReadOnlyError, match="read-only"):
        closed.add([Upload("a.md", tmp_path / "a.md")])
    with pytest.raises(ReadOnlyError, match="read-only"):
        closed.remove(".added/a.md")


def test_an_article_that_was_edited_is_shown_as_it_was_cited(own_desk: Desk, own_index: Path) -> None:
    path = next((own_index.parent / "articles").glob("瓯江*"))
    before = path.read_text(encoding="utf-8")
    kept = ask(own_desk, "乐清市市长是谁？")
    exchange = own_desk.conversations.open("李", kept).exchanges[0]
    try:
        path.write_text(before.replace("徐建兵", "徐建国"), encoding="utf-8")
        own_desk.assistant.refresh()
        shown = own_desk.cite(LI, kept, exchange.id, 1, None)
        assert "徐建兵" in shown
        assert "后来改过" in shown
    finally:
        path.write_text(before, encoding="utf-8")
        own_desk.assistant.refresh()


def test_many_visitors_ask_at_once(desk: Desk) -> None:
    kept: dict[int, str] = {}

    def go(number: int) -> None:
        kept[number] = ask(desk, HOST, Visitor(f"读者{number}"))

    threads = [threading.Thread(target=go, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(6):
        exchange = desk.conversations.open(f"读者{number}", kept[number]).exchanges[0]
        assert exchange.answer is not None
        assert "盛雪锋" in exchange.answer.text
