"""Values -> what the page shows; every text of others as the text it is."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import ui.desk
from rag import Answer, Article, Citation, Filters, Hit, Passage
from rag.browse import Listing
from rag.errors import RagError
from rag.indexing import IndexReport
from rag.intake import SetAside
from ui.records import Entry, Exchange, Vote
from ui.sidebar import render_added, render_entries, render_report
from ui.source import render_listing, render_source
from ui.strings import CATALOGUE, LANGUAGES, say, say_error
from ui.transcript import (
    MOST_SHOWN,
    render_exchange,
    render_filters,
    render_suggestions,
    to_blocks,
)

TODAY = date(2026, 11, 21)
ARTICLE = Article(
    path="湖.md",
    text="平湖镇的镇长是林一苇。\n镇上有三座桥。[图片]",
    title="平湖镇_三桥_记",
    outlet="湖报",
    author="记者甲",
    url="https://example.com/a?b=1&c=2",
    categories=("地方", "湖报"),
    published=datetime(2021, 6, 4, 23, 30, tzinfo=UTC),
)
CITATION = Citation(1, ARTICLE, 0, 11, spans=((7, 10),), copies=3, sources=2)
ANSWER = Answer(
    question="镇长是谁？",
    asked="平湖镇的镇长是谁？",
    text="平湖镇的镇长是林一苇。 [1]",
    citations=(CITATION,),
    notes=("按对话补全后的问题：平湖镇的镇长是谁？",),
    steps={"search": 12.4, "read": 200.0},
    searched=1234,
    generation="000007",
)
REFUSAL = Answer(
    question="镇长几岁？",
    asked="镇长几岁？",
    text="文章中没有找到答案。",
    refused=True,
    nearest=(Hit(Passage(ARTICLE, 0, 11), 0.5),),
)
ASKED = Exchange("e1", "镇长是谁？", ANSWER)
hostile = st.text(min_size=1, max_size=30) | st.sampled_from(
    [
        "<script>x</script>",
        '"><img src=x onerror=y>',
        "</textarea><b>",
        "&lt;",
        "' autofocus onfocus='x",
        "${1}{{2}}",
    ]
)

printable = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n"), min_size=25, max_size=40)


class Reader(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_mark_is_a_link_with_a_card_that_shows_title_outlet_day_and_quote() -> None:
    read = Reader(render_exchange(ASKED, None, "zh"))
    marks = [values for tag, values in read.elements if values.get("class") == "mark"]
    assert [(mark["data-number"], mark["data-exchange"]) for mark in marks] == [("1", "e1")]
    cards = [values for _, values in read.elements if values.get("role") == "tooltip"]
    assert [card["id"] for card in cards] == [marks[0]["aria-describedby"]]
    assert "平湖镇_三桥_记 · 湖报 · 2021-06-05平湖镇的镇长是林一苇。" in read.text
    assert "引自 3 篇报道，2 个来源" in read.text


def test_the_answering_words_are_marked_in_the_answer_and_in_the_quote() -> None:
    assert render_exchange(ASKED, None, "zh").count("<mark>林一苇</mark>") == 2


def test_a_mark_without_a_citation_is_plain_text() -> None:
    shown = render_exchange(replace(ASKED, answer=replace(ANSWER, text="不实。 [7]")), None, "zh")
    assert "不实。 [7]" in Reader(shown).text
    assert 'class="mark"' not in shown


def test_how_an_answer_came_to_be_is_told_under_it() -> None:
    told = Reader(render_exchange(ASKED, None, "zh")).text
    assert "查找了 1,234 篇文章 · 引自 3 篇报道，2 个来源 · 摘录原句 · 212 毫秒" in told
    assert "平湖镇的镇长是谁？" in told
    assert "检索 12 毫秒阅读 200 毫秒" in told
    assert "000007" in told


def test_a_corrected_question_is_asked_again_as_typed_by_one_click() -> None:
    typed = "“平糊镇”的镇长是谁？"
    read = Reader(render_exchange(replace(ASKED, answer=replace(ANSWER, typed=typed)), None, "zh"))
    (button,) = [values for tag, values in read.elements if tag == "button" and "data-question" in values]
    assert (button["data-send"], button["data-exchange"], button["data-question"]) == ("retry", "e1", typed)
    assert f"按原字搜索：{typed}" in read.text
    assert "data-question" not in render_exchange(ASKED, None, "zh")


def test_a_refusal_looks_different_and_offers_the_nearest_passages() -> None:
    shown = render_exchange(Exchange("e2", REFUSAL.question, REFUSAL), None, "zh")
    assert '<section class="refusal"' in shown
    assert 'class="answer"' not in shown
    assert "最接近的内容，未必能回答" in shown
    assert 'data-nearest="0"' in shown


def test_what_failed_and_what_was_stopped_say_what_to_do() -> None:
    assert "磁盘满了。请腾出空间。" in render_exchange(
        Exchange("e", "问", None, "磁盘满了。请腾出空间。"), None, "zh"
    )
    assert "重试" in render_exchange(Exchange("e", "问", None), None, "zh")
    assert "retry" in render_exchange(Exchange("e", "问", None), None, "en").lower()


def test_while_an_answer_is_made_its_text_so_far_is_shown_without_tools() -> None:
    assert "正在查找" in render_exchange(ASKED, None, "zh", pending="")
    shown = render_exchange(ASKED, None, "zh", pending="平湖镇")
    assert ">平湖镇</p>" in shown
    assert 'class="tools"' not in shown


def test_a_vote_shows_as_pressed_and_a_down_opens_the_correction() -> None:
    up = render_exchange(ASKED, Vote(True), "zh")
    assert re.findall(r'data-vote="(\w+)" data-pressed="(\w+)"', up) == [("up", "true"), ("down", "false")]
    assert 'class="correction"' not in up
    down = render_exchange(ASKED, Vote(False, True, "林二", ("湖.md", "三座桥")), "zh")
    assert 'name="should_refuse" checked' in down
    assert 'value="林二"' in down
    assert ">三座桥</textarea>" in down


def test_of_a_long_conversation_the_last_turns_are_shown_and_the_others_counted() -> None:
    exchanges = [replace(ASKED, id=f"e{number}") for number in range(MOST_SHOWN + 3)]
    blocks = to_blocks(exchanges, {}, "zh")
    assert [block["id"] for block in blocks[:2]] == ["earlier", "e3"]
    assert "3 轮" in blocks[0]["html"]
    assert len(blocks) == MOST_SHOWN + 1


def test_the_source_is_the_whole_article_with_quote_and_words_marked_by_offset() -> None:
    shown = render_source(ARTICLE, (0, 11), ((7, 10),), "zh", TODAY)
    assert '<mark id="cited">平湖镇的镇长是</mark><mark><b>林一苇</b></mark><mark>。</mark>' in shown
    assert "<p>镇上有三座桥。" in shown
    assert "[图片]" not in shown
    assert 'href="https://example.com/a?b=1&amp;c=2"' in shown
    assert "湖报 · 记者甲 · 2021-06-05 · 地方 / 湖报" in shown


def test_a_quote_over_two_lines_is_marked_in_both() -> None:
    shown = render_source(ARTICLE, (8, 16), (), "zh", TODAY)
    assert shown.count('id="cited"') == 1
    assert '<mark id="cited">一苇。</mark></p><p><mark>镇上有三</mark>' in shown


def test_the_copied_quote_carries_its_reference() -> None:
    read = Reader(render_source(ARTICLE, (0, 11), (), "zh", TODAY))
    copied = next(values["data-text"] for _, values in read.elements if values.get("data-copy") == "text")
    assert copied is not None
    assert copied.startswith("“平湖镇的镇长是林一苇。”\n记者甲. 平湖镇_三桥_记[EB/OL].")


def test_an_article_that_is_only_read_has_nothing_marked() -> None:
    shown = render_source(ARTICLE, None, (), "en", TODAY)
    assert "<mark" not in shown
    assert "data-copy" not in shown


@given(start=st.integers(0, 24), length=st.integers(1, 24), text=printable)
def test_the_panel_holds_every_character_of_the_article(start: int, length: int, text: str) -> None:
    shown = render_source(Article("a.md", text), (start, min(start + length, len(text))), (), "zh", TODAY)
    body = Reader(shown[shown.index('<div class="body">') :].removesuffix("</article>")).text
    expected = text.replace("\n", "").replace("[图片]", say("zh", "picture"))
    assert body == expected


@given(title=hostile, words=hostile, name=hostile)
def test_texts_of_others_stay_texts(title: str, words: str, name: str) -> None:
    article = Article(
        f"{name}.md",
        words,
        title=title,
        outlet=name,
        author=words,
        categories=(title, name),
        url=f"javascript:{name}",
    )
    citation = Citation(1, article, 0, len(words), spans=((0, 1),))
    answer = Answer(words, title, f"{words} [1]", (citation,), notes=(name,), generation=name)
    refusal = Answer(words, title, words, refused=True, nearest=(Hit(Passage(article, 0, len(words)), 1.0),))
    pages = [
        render_exchange(Exchange("e", words, answer), Vote(False, False, title, (name, words)), "zh"),
        render_exchange(Exchange("e", words, refusal), None, "en"),
        render_exchange(Exchange("e", words, None, title), None, "zh"),
        render_source(article, (0, len(words)), ((0, 1),), "zh", TODAY, "changed"),
        render_listing(Listing((article,), 1), 0, "zh"),
        render_entries(
            [Entry("c", title, datetime.now(UTC), False), Entry("d", words, datetime.now(UTC), True)],
            "c",
            "zh",
            False,
            3,
        ),
        render_added([f".added/{name}"], "zh"),
        render_report(IndexReport(1, 0, 0, 0, (SetAside(name, "empty", words),), 1.0, "1"), [], "zh"),
        render_suggestions([words], title),
        render_filters(Filters(outlets=(name,), categories=(title,)), "zh"),
    ]
    plain = {
        "article", "b", "br", "button", "dd", "details", "div", "dl", "dt", "form", "h2", "h3", "input", "label", "li",
        "mark", "p", "q", "section", "small", "span", "summary", "textarea", "ul", "a",
    }  # fmt: skip
    for page in pages:
        read = Reader(page)
        assert {tag for tag, _ in read.elements} <= plain
        assert not any(name.startswith("on") for _, values in read.elements for name in values)
        assert not any((values.get("href") or "#").startswith("javascript") for _, values in read.elements)
        assert read.open == []


def test_every_string_is_there_in_both_languages() -> None:
    for name, texts in CATALOGUE.items():
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in texts]
        assert len(texts) == len(LANGUAGES)
        assert all(text.strip() for text in texts), name
        assert fields[0] == fields[1], name


def test_every_error_of_ours_has_a_chinese_sentence() -> None:
    def kinds(of: type[Exception]) -> set[type[Exception]]:
        return {of}.union(*map(kinds, of.__subclasses__()))

    ours = {each for each in kinds(RagError) if each.__module__.split(".")[0] in {"rag", "ui"}}
    # The base is never raised; a day's sentence is made in the page's language.
    assert {each.__name__ for each in ours} - set(CATALOGUE) == {"RagError", "DayError"}


def test_every_string_is_used() -> None:
    families = ("how_", "step_", "aside_", "source_", "add_", "correction", "why_")  # named by a value
    errors = [name for name in CATALOGUE if name.endswith("Error")]
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in Path(ui.__file__).parent.glob("*.py")
        if path.name != "strings.py"
    )
    unused = {name for name in CATALOGUE if not re.search(f"[\"']{name}[\"']", sources)}
    assert {name for name in unused if not name.startswith(families)} <= set(errors)


def test_an_error_that_the_catalogue_does_not_know_speaks_for_itself() -> None:
    assert say_error("zh", ValueError("what it says")) == "what it says"


def test_both_languages_advise_the_same_command() -> None:
    for name, (chinese, english) in CATALOGUE.items():
        commands = [
            [
                words[0].replace("文章文件夹", "ARTICLES")
                for words in re.findall(
                    r"(wenfeng (?:index|doctor)(?: ARTICLES| 文章文件夹)?(?: --rebuild)?)()", text
                )
            ]
            for text in (chinese, english)
        ]
        assert commands[0] == commands[1], name
