import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag import Answer, Article, Citation, Filters, Hit, Passage
from ui.export import to_html, to_markdown
from ui.markdown import escape_line, escape_lines, to_comment, to_link
from ui.markup import escape, link, mark_quote, mark_spans, to_web_address
from ui.records import Conversation, Exchange
from ui.reference import to_reference

TODAY = date(2026, 5, 1)
ASKED = datetime(2026, 4, 30, 20, 0, tzinfo=UTC)
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "助力_双碳_目标",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "# x",
    "a\n# x",
    "a\n\n---\n\n- b",
    "---",
    "===",
    "1. a",
    "12) a",
    "- a",
    "+ a",
    "> a",
    "    code",
    "\tcode",
    "```\ncode",
    "~~~",
    "~~gone~~",
    "`code`",
    "**b** __b__ *i* _i_",
    "a | b\n--- | ---\nc | d",
    "&lt;b&gt; &amp; &#60;",
    "[x]: javascript:alert(1)",
    "[^1] [^1]: x",
    "--> <!-- <b>",
    '" onmouseover="alert(1)',
    "'><b>",
    "<https://evil.example>",
    "https://evil.example www.evil.example",
    "a\\",
    "\\[1\\]",
    "a  ",
    "\u3000\u3000缩进",
    "a\r\nb\rc",
    "a\u2028b\x85c",
    "\u202eevil",
    "</style></main>",
    "$x$ {#id} a@b.example",
]

ARTICLE = Article(
    "金融/峰会.md",
    "峰会在上海举行。\n主持人是李明。",
    title="助力_双碳_目标",
    outlet="财联社",
    url="https://example.com/a?b=1&c=<2>",
    published=datetime(2021, 6, 4, 18, 20, tzinfo=UTC),
)
OTHER = Article("b.md", "别的文章，没有链接。", title="别的")
FIRST = Answer(
    "谁主持？",
    "谁主持？",
    "主持人是李明。 [1]\n峰会在上海举行。 [2][1] 见注[7]",
    (Citation(1, ARTICLE, 9, 16, spans=((13, 15),), copies=3, sources=2), Citation(2, ARTICLE, 0, 8)),
    generation="g-1",
)
SECOND = Answer(
    "别的？", "别的？", "别的文章。 [1]", (Citation(1, OTHER, 0, 10),), mode="model", generation="g-2"
)
REFUSAL = Answer(
    "天气？",
    "天气？",
    "文章中没有找到答案。",
    refused=True,
    nearest=(Hit(Passage(OTHER, 0, 5), 0.5),),
    generation="g-2",
)


def talk(*exchanges: Exchange, title: str = "峰会") -> Conversation:
    return Conversation("c", "", title, ASKED, ASKED, exchanges)


WHOLE = talk(
    Exchange(
        "e1", "谁主持？", FIRST, filters=Filters(since=date(2021, 1, 1), outlets=("财联社",)), asked_at=ASKED
    ),
    Exchange("e2", "别的？", SECOND, asked_at=ASKED),
    Exchange("e3", "天气？", REFUSAL, asked_at=ASKED),
    Exchange("e4", "坏了？", None, "模型没有回应。", asked_at=ASKED),
    Exchange("e5", "停下", None, asked_at=ASKED),
)


def hostile(text: str) -> Conversation:
    """A conversation with one text in every field that a stranger fills."""
    article = Article(
        text, text, title=text, outlet=text, author=text, url="javascript:alert(1)", categories=(text,)
    )
    quote = Citation(1, article, 0, len(text), spans=((0, len(text)),))
    answer = Answer(text, text, f"{text} [1]", (quote,), notes=(text,), generation=text)
    refusal = Answer(
        text, text, text, refused=True, nearest=(Hit(Passage(article, 0, len(text)), 1),), notes=(text,)
    )
    filters = Filters(outlets=(text,))
    return talk(
        Exchange("e1", text, answer, filters=filters),
        Exchange("e2", text, refusal),
        Exchange("e3", text, None, text),
        title=text,
    )


def held(text: str) -> str:
    """What of a text a file holds."""
    return "".join(
        "\ufffd" if (each < " " and each not in "\t\n\r") or each == "\x7f" else each for each in text
    )


class Page(HTMLParser):
    """The elements of a page, with their attributes and the text inside them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.comments: list[str] = []
        self.marked: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["mark"]:
            self.marked.append(data)
        if self.open[-1:] != ["style"]:
            self.texts[-1:] = ["".join(self.texts[-1:]) + data]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]


TAGS = re.compile(
    "html|head|meta|title|style|body|main|header|section|h1|h2|h3|p|a|ol|ul|li|blockquote|cite|mark"
)
ATTRIBUTES = re.compile(
    "lang|charset|http-equiv|content|name|class|id|value|href|rel|target|aria-label"
    "|data-(generation|article|path|start|end|digest)"
)


def check_harmless(page: Page) -> None:
    for tag, attributes in page.elements:
        assert TAGS.fullmatch(tag)
        assert all(ATTRIBUTES.fullmatch(name) for name in attributes)
        href = attributes.get("href")
        assert href is None or href.startswith(("#", "http://", "https://"))
    assert page.open == []
    assert page.comments == []


# Escaping for HTML.


@given(st.text())
def test_escaped_text_is_read_back_as_it_was(text: str) -> None:
    page = Page(f'<p class="{escape(text)}">{escape(text)}</p>')
    assert len(page.elements) == 1
    assert page.elements[0] == ("p", {"class": held(text)})
    assert "".join(page.texts) == held(text)


def test_what_no_file_should_hold_is_replaced() -> None:
    assert escape("a\x00b\ud800c\x1bd\n").encode() == "a\ufffdb\ufffdc\ufffdd\n".encode()


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        " https://example.com",
        "data:text/html,x",
        "//example.com",
        "/path",
        "https:",
        "https://",
        "http://[",
        "https://exam ple.com",
        "ftp://example.com",
        "https://example.com/\ud800",
    ],
)
def test_what_is_no_web_address_becomes_no_link(url: str | None) -> None:
    assert to_web_address(url) is None
    assert link(url, "<原文>") == "&lt;原文&gt;"
    assert to_link(url, "原文") == ""


def test_a_link_opens_beside_the_page_and_tells_nothing() -> None:
    page = Page(link('HTTPS://example.com/?a=1&copy;"<', "<原文>"))
    assert page.elements == [
        (
            "a",
            {
                "href": 'HTTPS://example.com/?a=1&copy;"<',
                "rel": "noopener noreferrer nofollow",
                "target": "_blank",
            },
        )
    ]
    assert "".join(page.texts) == "<原文>"


@given(st.text(), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=5))
def test_marking_keeps_the_text_and_marks_just_the_spans(text: str, spans: Sequence[tuple[int, int]]) -> None:
    text = held(text)
    page = Page(mark_spans(text, spans))
    covered = [
        character for place, character in enumerate(text) if any(start <= place < end for start, end in spans)
    ]
    assert "".join(page.texts) == text
    assert "".join(page.marked) == "".join(covered)


def test_the_answering_words_of_a_quote_are_marked() -> None:
    assert mark_quote(FIRST.citations[0]) == "主持人是<mark>李明</mark>。"


# Escaping for Markdown.


def read_markdown(text: str) -> tuple[list[str], str]:
    """The blocks of a text, and what its one paragraph says."""
    tokens = COMMONMARK.parse(text)
    said = ""
    for token in tokens[1].children or () if len(tokens) > 1 else ():
        assert token.type in ("text", "hardbreak"), token
        said += "\n" if token.type == "hardbreak" else token.content
    return [token.type for token in tokens], said


@given(st.text() | st.text(alphabet="ab1 .)-+*_=#>`~|[]()<&:\\\n\t!\u3000"))
def test_a_paragraph_of_data_says_just_the_data(text: str) -> None:
    lines = [line for line in held(text).splitlines() if line.strip()]
    blocks, said = read_markdown(escape_lines(text))
    assert blocks == (["paragraph_open", "inline", "paragraph_close"] if lines else [])
    assert said == "\n".join(lines)


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_line_of_data_stays_one_line_and_says_just_the_data(text: str) -> None:
    escaped = escape_line(text)
    assert len(escaped.splitlines()) <= 1
    _, said = read_markdown(f"题 {escaped}。")
    assert said == "题 " + "\n".join(held(text).splitlines()) + "。"


@pytest.mark.parametrize("text", ["https://evil.example", "WWW.evil.example", "mailto:a@b.example"])
def test_bare_addresses_do_not_become_links(text: str) -> None:
    escaped = escape_line(text)
    assert not re.search(r"(?i)://|www\.|mailto:|(?<!\\)@", escaped)
    assert read_markdown(escaped)[1] == text


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://example.com/a_b*c(d)?e=1&copy;=2", "https://example.com/a_b*c(d)?e=1&copy;=2"),
        ("https://example.com/>)<b>`x`\\", "https://example.com/%3E)%3Cb%3E%60x%60%5C"),
    ],
)
def test_a_markdown_link_leads_where_the_header_says(url: str, href: str) -> None:
    children = COMMONMARK.parse(to_link(url, "原[文]"))[1].children or []
    assert [token.type for token in children] == ["link_open", "text", "link_close"]
    assert children[0].attrs["href"] == href
    assert children[1].content == "原[文]"


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_data_ends_a_comment(text: str) -> None:
    comment = to_comment({"path": text, "start": 3})
    inside = comment.removeprefix("<!-- wenfeng ").removesuffix(" -->")
    assert not set(inside) & set("<>-\n\r")
    assert json.loads(inside) == {"path": text, "start": 3}
    assert len(comment.splitlines()) == 1


# The whole file as HTML.


def test_footnotes_run_through_the_html_file_and_lead_back() -> None:
    page = Page(to_html(WHOLE, "zh", TODAY))
    check_harmless(page)
    notes = [each for each in page.all("li") if "id" in each]
    assert [each["id"] for each in notes] == ["note-1", "note-2", "note-3"]
    assert [each["value"] for each in notes] == ["1", "2", "3"]
    marks = page.all("a", **{"class": "mark"})
    assert [each["href"] for each in marks] == ["#note-1", "#note-2", "#note-1", "#note-3"]
    ids = [each["id"] for each in marks]
    assert len(set(ids)) == 4
    assert sorted(f"#{each}" for each in ids) == sorted(
        str(each["href"]) for each in page.all("a", **{"class": "back"})
    )
    assert [text for text in page.texts if re.fullmatch(r"\[\d\]", text)] == ["[1]", "[2]", "[1]", "[3]"]
    assert " 见注[7]" in page.texts, "what only looks like a mark stays"


def test_a_footnote_in_html_holds_what_it_takes_to_check_it() -> None:
    page = Page(to_html(WHOLE, "zh", TODAY))
    note = page.all("li", id="note-1")[0]
    assert note["data-article"] == ARTICLE.id
    assert note["data-path"] == ARTICLE.path
    assert (note["data-start"], note["data-end"]) == ("9", "16")
    assert note["data-digest"] == ARTICLE.digest
    assert [each["data-generation"] for each in page.all("section") if "data-generation" in each] == [
        "g-1",
        "g-2",
        "g-2",
    ]


def test_the_html_file_says_everything_about_a_source() -> None:
    page = Page(to_html(WHOLE, "zh", TODAY))
    assert page.marked == ["李明"]
    for text in (
        "峰会",
        "助力_双碳_目标 · 财联社 · 2021-06-05",
        "金融/峰会.md，第 10–16 字",
        to_reference(ARTICLE, TODAY),
        "别的",
        "最接近的内容，未必能回答",
        "文章中没有找到答案。",
        "别的文章，",
        "b.md，第 1–5 字",
        "（没有得到回答：模型没有回应。）",
        "（已停止，没有回答。）",
        "2026-05-01 04:00 提问",
        "只问：2021-01-01 – · 财联社",
    ):
        assert text in page.texts, text
    assert [each["href"] for each in page.all("a", rel="noopener noreferrer nofollow")] == [ARTICLE.url] * 2


def test_the_html_file_needs_and_runs_nothing_else() -> None:
    text = to_html(WHOLE, "zh", TODAY)
    page = Page(text)
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert [each["content"] for each in policy] == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not re.search(r"url\(|@import|@font-face|src=", text)


@pytest.mark.parametrize(("language", "name"), [("zh", "zh-CN"), ("en", "en")])
def test_the_html_file_names_its_language(language: str, name: str) -> None:
    page = Page(to_html(WHOLE, "en" if language == "en" else "zh", TODAY))
    assert page.all("html") == [{"lang": name}]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_data_is_just_text_in_the_html_file(text: str) -> None:
    page = Page(to_html(hostile(text), "zh", TODAY))
    check_harmless(page)
    assert page.texts.count(text) >= 8, "title twice, three questions, notes, refusal, quote, passage"
    assert [each["data-path"] for each in page.all("li") if "id" in each] == [text]
    assert page.all("section", **{"data-generation": text})
    assert not page.all("a", rel="noopener noreferrer nofollow")


# The whole file as Markdown.


def flatten(tokens: Sequence[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *flatten(token.children or ()))]


def comments(text: str) -> list[dict[str, object]]:
    return [json.loads(found) for found in re.findall(r"<!-- wenfeng (.*?) -->", text)]


def test_footnotes_run_through_the_markdown_file() -> None:
    text = to_markdown(WHOLE, "zh", TODAY)
    assert re.findall(r"\[\^(\d+)\](?!:)", text) == ["1", "2", "1", "3"]
    assert re.findall(r"^\[\^(\d+)\]:", text, re.MULTILINE) == ["1", "2", "3"]
    assert "主持人是李明。 [^1]  \n峰会在上海举行。 [^2][^1] 见注\\[7\\]" in text


def test_a_footnote_in_markdown_holds_what_it_takes_to_check_it() -> None:
    found = comments(to_markdown(WHOLE, "zh", TODAY))
    assert found[:3] == [{"generation": "g-1"}, {"generation": "g-2"}, {"generation": "g-2"}]
    assert found[3] == {
        "article": ARTICLE.id,
        "path": ARTICLE.path,
        "start": 9,
        "end": 16,
        "digest": ARTICLE.digest,
    }
    assert len(found) == 6


def test_the_markdown_file_reads_as_it_should() -> None:
    text = to_markdown(talk(WHOLE.exchanges[1], WHOLE.exchanges[2]), "zh", TODAY)
    row = f'{{"article":"{OTHER.id}","path":"b.md","start":0,"end":10,"digest":"{OTHER.digest}"}}'
    assert text == (
        "# 峰会\n\n"
        "2026-05-01 04:00 至 2026-05-01 04:00（北京时间），2026-05-01 导出\n\n"
        "## 别的？\n\n2026-05-01 04:00 提问\n\n别的文章。 [^1]\n\n语言模型撰写，逐句核对\n\n"
        '<!-- wenfeng {"generation":"g\\u002d2"} -->\n\n'
        "## 天气？\n\n2026-05-01 04:00 提问\n\n文章中没有找到答案。\n\n**最接近的内容，未必能回答**\n\n"
        "- 别的  \n  b.md，第 1–5 字\n\n  > 别的文章，\n\n"
        '<!-- wenfeng {"generation":"g\\u002d2"} -->\n\n'
        "[^1]: 原文 · 别的\n\n    > 别的文章，没有链接。\n\n"
        "    b.md，第 1–10 字  \n    别的\\[EB\\].\n\n"
        f"    <!-- wenfeng {row} -->\n"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_data_is_just_text_in_the_markdown_file(text: str) -> None:
    written = to_markdown(hostile(text), "zh", TODAY)
    # What stands in a footnote is read as text of its own here, as a reader does that knows footnotes.
    body, note = written.split("\n[^1]: ")
    for part in (body, re.sub("^    ", "", note, flags=re.MULTILINE)):
        tokens = flatten(COMMONMARK.parse(part))
        kinds = {token.type for token in tokens if token.type != "html_block"}
        assert kinds <= {
            f"{name}_{side}"
            for name in ("heading", "paragraph", "blockquote", "bullet_list", "list_item", "strong")
            for side in ("open", "close")
        } | {"inline", "text", "hardbreak"}
        for token in tokens:
            if token.type == "html_block":
                assert re.fullmatch(r"<!-- wenfeng \{[^<>\n-]*\} -->\n*", token.content)
    headings = [token for token in COMMONMARK.parse(body) if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h1", "h2", "h2", "h2"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_reader_of_markdown_makes_a_foreign_link(text: str) -> None:
    tokens = flatten(COMMONMARK.parse(to_markdown(hostile(text), "zh", TODAY)))
    addresses = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    assert addresses <= {"%E5%8E%9F%E6%96%87"}, "at most the first word of a footnote, which is ours"
    assert not [token for token in tokens if token.type == "image"]


@given(
    st.lists(
        st.integers(0, 3).map(
            lambda count: Answer(
                "问",
                "问",
                "".join(f"句。 [{number}]" for number in range(1, count + 1)),
                tuple(Citation(number, OTHER, 0, number) for number in range(1, count + 1)),
            )
        ),
        max_size=6,
    )
)
def test_there_are_as_many_footnotes_as_citations(found: Sequence[Answer]) -> None:
    conversation = talk(*(Exchange(f"e{number}", "问", answer) for number, answer in enumerate(found)))
    total = sum(len(answer.citations) for answer in found)
    numbers = [str(number) for number in range(1, total + 1)]
    markdown, page = to_markdown(conversation, "en", TODAY), Page(to_html(conversation, "en", TODAY))
    assert re.findall(r"^\[\^(\d+)\]: ", markdown, re.MULTILINE) == numbers
    assert re.findall(r"\[\^(\d+)\](?!:)", markdown) == numbers
    assert [each["value"] for each in page.all("li")] == numbers
    assert [each["href"] for each in page.all("a", **{"class": "mark"})] == [
        f"#note-{each}" for each in numbers
    ]


def test_a_conversation_without_a_name_is_called_untitled() -> None:
    assert to_markdown(talk(title=""), "zh", TODAY).startswith("# （无标题）\n")
    assert "<h1>(untitled)</h1>" in to_html(talk(title=""), "en", TODAY)
