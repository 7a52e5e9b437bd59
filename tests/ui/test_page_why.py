"""Where an expected article was lost, on the page: rendered without a browser, and asked for in one."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from playwright.sync_api import Page, expect

from rag import Assistant, Filters, Hit, Passage
from rag.records import Calibration
from rag.retrieve import Rank
from rag.trace import PassageTrace, SentenceTrace, Sought, Trace
from rag.why import explain
from rag.why_words import WORDS
from tests.ui.test_transcript import ANSWER, ARTICLE, ASKED, REFUSAL, Reader, hostile
from ui.conversations import ConversationMissingError
from ui.desk import Desk, Visitor
from ui.places import BusyError, Places
from ui.records import Vote
from ui.strings import CATALOGUE, Language
from ui.transcript import render_exchange
from ui.why import render_trace

LI = Visitor("李")
SUMMIT = "财联社顺利办成碳中和年度云峰会 行业大咖线上共话碳中和.md"
NONE = "峰会的门票多少钱一张？"
HOST = "第一场圆桌对话是谁主持的？"

Visit = Callable[..., Page]


def traced(text: str) -> Trace:
    """A trace that holds a text wherever there is one."""
    rank = Rank(12, 3456, 0.25)
    return Trace(
        question=text,
        asked=text,
        parts=(text, text),
        part=text,
        quote=text,
        sought=Sought(text, f"{text}2", reason=text, detail=text, near=(text,), barred_by=("since",)),
        lost="ranked low",
        k=10,
        passage=PassageTrace(0, 9, text, rank, rank, rank, ("words",), rank, copied=text),
        sentence=SentenceTrace(0, 9, text, True, rank, {"terms": 0.5}),
        certainty=0.4,
        calibration=Calibration(0.5, 0.05, 0.95, text, 100, 80, 2),
        cited=(text,),
    )


# ---- rendered


@pytest.mark.parametrize(("language", "label"), [("zh", "第 12 / 3,456"), ("en", "12 of 3,456")])
def test_a_trace_has_a_headline_what_to_do_and_every_step(language: Language, label: str) -> None:
    read = Reader(render_trace(traced("港口"), language))
    assert read.open == []
    assert [tag for tag, _ in read.elements[:3]] == ["section", "h3", "p"]
    assert CATALOGUE["why_lost_ranked_low"][language == "en"] in read.text
    assert label in read.text
    assert sum(tag == "dt" for tag, _ in read.elements) == 15


@given(hostile)
def test_a_trace_is_shown_as_text_whatever_it_holds(text: str) -> None:
    shown = Reader(render_trace(traced(text), "zh"))
    plain = Reader(render_trace(traced("港口"), "zh"))
    assert [tag for tag, _ in shown.elements] == [tag for tag, _ in plain.elements]
    assert shown.open == []


def test_the_words_of_a_trace_are_in_the_catalogue() -> None:
    assert {f"why_{name}": words for name, words in WORDS.items()}.items() <= dict(CATALOGUE).items()


def test_a_refusal_and_an_answer_that_was_wrong_offer_to_say_why() -> None:
    def offers(exchange: object, vote: Vote | None) -> bool:
        return 'data-send="why"' in render_exchange(exchange, vote, "zh")  # type: ignore[arg-type]

    assert offers(replace(ASKED, answer=REFUSAL), None)
    assert offers(ASKED, Vote(False))
    assert not offers(ASKED, None)
    assert not offers(ASKED, Vote(True))
    assert not offers(replace(ASKED, answer=None), None)
    assert not offers(
        replace(ASKED, answer=replace(ANSWER, nearest=(Hit(Passage(ARTICLE, 0, 3), 1.0),))), None
    )


# ---- at the desk


def ask(desk: Desk, question: str) -> tuple[str, str]:
    """The ids of the conversation and its exchange."""
    kept = desk.ask(LI, None, question, Filters())
    for _ in desk.follow(LI, kept):
        pass
    return kept, desk.conversations.open("李", kept).exchanges[-1].id


def test_the_desk_traces_the_question_as_it_was_asked(desk: Desk, assistant: Assistant) -> None:
    kept, exchange = ask(desk, HOST)
    desk.ask(LI, kept, "那第二场呢？", Filters(outlets=("财联社",)))
    for _ in desk.follow(LI, kept):
        pass
    second = desk.conversations.open("李", kept).exchanges[-1]
    assert second.answer is not None
    blocks = desk.why(LI, kept, second.id, SUMMIT)
    assert [block["id"] for block in blocks] == [exchange, second.id]
    assert 'class="why"' not in blocks[0]["html"]
    assert second.answer.asked in Reader(blocks[1]["html"]).text.split("每一步的数字")[1]
    assert "没有丢" in blocks[1]["html"]
    assert explain(assistant, HOST, SUMMIT).lost == ""


def test_without_an_article_the_desk_says_to_open_one(desk: Desk) -> None:
    kept, exchange = ask(desk, NONE)
    assert "请先打开应该引用的那篇文章" in desk.why(LI, kept, exchange, "")[0]["html"]
    assert "没有 没有.md" in desk.why(LI, kept, exchange, "没有.md")[0]["html"]
    with pytest.raises(ConversationMissingError):
        desk.why(Visitor("韩"), kept, exchange, SUMMIT)


def test_a_trace_waits_for_a_place_and_gives_it_back() -> None:
    places = Places(count=1, most_waiting=1)
    entered = threading.Event()

    def wait() -> None:
        with places.taken():
            entered.set()

    with places.taken():
        waiting = threading.Thread(target=wait)
        waiting.start()
        while True:  # until it waits
            try:
                places.check_room()
            except BusyError:
                break
        assert not entered.is_set()
        with pytest.raises(BusyError), places.taken():
            pass
    waiting.join(10)
    assert entered.is_set()
    assert places.are_idle


# ---- in a browser


def send(page: Page, question: str) -> None:
    page.fill("#composer textarea", question)
    page.press("#composer textarea", "Enter")
    expect(page.locator("#transcript .turn").last.locator(".tools")).to_be_visible(timeout=20_000)


def test_a_refusal_says_why_the_open_article_was_not_cited(visit: Visit) -> None:
    page = visit()
    send(page, NONE)
    why = page.get_by_role("button", name="为什么没找到？")
    why.click()
    expect(page.locator(".why")).to_contain_text("请先打开应该引用的那篇文章")
    page.locator(".hit").first.click()
    expect(page.locator("#cited")).to_be_in_viewport()
    path = page.locator("article.source").get_attribute("data-path")
    why.click()
    expect(page.locator(".why h3")).to_have_text("丢在拒答：把握不够", timeout=20_000)
    expect(page.locator(".why dl")).to_be_hidden()
    page.locator(".why summary").click()
    expect(page.locator(".why dl")).to_contain_text(path or "?")
    expect(page.locator(".why dl")).to_contain_text("门槛")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert [each["id"] for each in found.response["violations"]] == []
