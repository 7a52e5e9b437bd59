"""One file -> Article: golden pairs, encodings, broken headers, files that are none, and fuzzed bytes.

Every article here is invented.
"""

import hashlib
import json
import logging
import os
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.articles import MAX_BYTES, PARSER_VERSION, parse_article, parse_time, read_article
from rag.errors import ArticleError
from rag.markup import clean_markup, is_furniture, strip_markdown
from rag.records import Article

GOLDEN = Path(__file__).parents[1] / "articles"
SIMPLIFIED = "---\ntitle: 短讯\n---\n<p>南湾港昨日恢复通航，首船载货三千吨。</p>"
TRADITIONAL = "---\ntitle: 短訊\n---\n<p>碼頭昨日恢復通航，首艘貨輪載貨三千噸。</p>"
REAL = {
    "助力_双碳_目标 实现绿色低碳发展 瓯江峰会在温州召开.md": (
        ("金融", "中证网", "资讯"),
        datetime(2021, 7, 10, 21, 41, 0, tzinfo=UTC),
        14,
        "6a719d1d9cd600708cba0c5571b4d864c670f539156520314ec33c9bb2bc0304",
    ),
    "财联社碳中和年度峰会顺利举行 行业大咖探讨碳中和议题.md": (
        ("金融", "财联社", "深度"),
        datetime(2021, 6, 5, 2, 20, 16, tzinfo=UTC),
        15,
        "13d2b48b25bd151807f22032fa340b9aac73d53f1c7c79c2be93bed495571357",
    ),
}


def parse(source: str) -> Article:
    return parse_article("a.md", source.encode())


def describe(article: Article) -> dict[str, object]:
    return {
        "title": article.title,
        "outlet": article.outlet,
        "author": article.author,
        "url": article.url,
        "categories": list(article.categories),
        "published": article.published and article.published.isoformat(),
        "text": article.text.split("\n"),
    }


# Golden pairs


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_an_article_reads_as_its_golden_pair_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert describe(read_article(GOLDEN, path.name)) == expected


@pytest.mark.parametrize("name", REAL)
def test_the_real_articles_read_as_checked_by_eye(shared: Path, name: str) -> None:
    categories, published, blocks, digest = REAL[name]
    article = read_article(shared / "articles", name)
    assert article.title == name.removesuffix(".md")
    assert (article.outlet, article.author, article.url) == (categories[1], categories[1], None)
    assert (article.categories, article.published) == (categories, published)
    assert (len(article.text.split("\n")), article.digest) == (blocks, digest)


def test_the_parser_version_is_raised_with_the_golden_pairs() -> None:
    expected = b"".join(path.read_bytes() for path in sorted(GOLDEN.glob("*.json")))
    pinned = {1: "fb5e145ad42a9397"}
    assert pinned[PARSER_VERSION] == hashlib.sha256(expected).hexdigest()[:16], (
        "golden pairs changed: raise PARSER_VERSION if the same bytes give another Article; pin the digest"
    )


# Bytes


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"]
)
def test_a_simplified_article_reads_in_every_encoding(codec: str) -> None:
    assert describe(parse_article("a.md", SIMPLIFIED.encode(codec))) == describe(parse(SIMPLIFIED))


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "big5", "cp950", "gb18030"])
def test_a_traditional_article_reads_in_every_encoding(codec: str) -> None:
    assert describe(parse_article("a.md", TRADITIONAL.encode(codec))) == describe(parse(TRADITIONAL))


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028"])
def test_every_line_break_ends_a_header_line(line_break: str) -> None:
    assert describe(parse(SIMPLIFIED.replace("\n", line_break))) == describe(parse(SIMPLIFIED))


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        (b"", "empty", "nothing is left but header"),
        (b" \n\n ", "empty", "nothing is left"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary", "no text"),
        (b"abc\0def", "binary", "NUL bytes or many control characters"),
        (b"\x01\x02\x03abc", "binary", "many control characters"),
        (b"\xff\xfe\x00", "encoding", "begins as utf-16-le, but truncated data"),
        (b"\xef\xbb\xbf\xff", "encoding", "begins as utf-8, but invalid start byte"),
        ("港町の公園は開いた".encode("shift_jis"), "encoding", "save the file as UTF-8"),
        ("Le café a été fermé à Zürich".encode("latin-1"), "encoding", "neither UTF-8, GB18030 nor Big5"),
        ("南湾港昨日恢复通航".encode()[:-1], "encoding", "neither UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_set_aside_with_their_reason(
    data: bytes, reason: str, message: str
) -> None:
    with pytest.raises(ArticleError, match=message) as caught:
        parse_article("a.md", data)
    assert caught.value.reason == reason


# Header


@pytest.mark.parametrize(
    "title",
    [
        "快讯: 增长7.2%: 创新高",
        "[快讯] 南湾港通航",
        "*ST南湾复牌",
        "*ST",
        "@港口 通航",
        '"通航" 之后',
        "%通航",
        "`通航`",
    ],
)
def test_a_title_that_breaks_the_header_is_salvaged(title: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        article = parse(
            f"---\ntitle: {title}\ndate: 2024-01-05\ncategories:\n- 航运\n- 港口报\nkey: 1\n---\n正文"
        )
    assert (article.title, article.outlet, article.text) == (title, "港口报", "正文")
    assert article.published == datetime(2024, 1, 4, 16, tzinfo=UTC)
    assert "read by line: title, date, categories" in caplog.text


def test_an_unclosed_header_loses_no_paragraph() -> None:
    article = parse("---\ntitle: 港口\n　　第一段。\n# 小标题\n\n---\n\n第二段。\n")
    assert (article.title, article.text) == ("港口", "第一段。\n小标题\n第二段。")


@pytest.mark.parametrize("header", ["- 甲\n- 乙", "甲乙", "甲\n乙", "? [甲]\n: 乙"])
def test_a_header_that_is_no_mapping_is_text(header: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        article = parse(f"---\n{header}\n---\n正文")
    assert all(word in article.text for word in ("甲", "乙", "正文"))
    assert "the whole file is taken for text" in caplog.text


def test_rules_in_a_file_without_a_header_lose_no_paragraph() -> None:
    assert parse("第一段\n\n---\n\n第二段\n\n---\n\n第三段").text == "第一段\n第二段\n第三段"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a: &x 1\ntitle: *x", "defines the anchor &x"),
        ("title: !!python/object/apply:os.system [ls]", "uses the tag tag:yaml.org"),
        ("title: !secret x", "uses the tag !secret"),
        ("title: " + "[" * 50_000, "nests deeper than 10 levels"),
    ],
)
def test_a_header_that_uses_the_powers_of_yaml_is_refused(header: str, message: str) -> None:
    with pytest.raises(ArticleError, match=re.escape(message)) as caught:
        parse(f"---\n{header}\n---\n正文")
    assert caught.value.reason == "header"


@pytest.mark.parametrize("value", ["no", "010", "1e3", "2024-01-05", "true", "12:30:45", "0x1F"])
def test_a_header_value_stays_the_string_it_is(value: str) -> None:
    article = parse(f"---\ntitle: {value}\nauthor: {value}\n---\n正文")
    assert (article.title, article.author) == (value, value)


@pytest.mark.parametrize("value", ["", "~", "null", "''", "[]", "{a: b}"])
def test_a_header_value_that_says_nothing_is_none(value: str) -> None:
    article = parse(
        f"---\ntitle: {value}\nauthor: {value}\ncategories: {value}\ndate: {value}\n---\n首行\n次行"
    )
    assert article == Article(path="a.md", text="首行\n次行", title="首行")


def test_an_article_without_a_title_is_titled_by_its_first_line_of_text_cut_at_80() -> None:
    assert parse("<p><img src=a.png></p><p>" + "港" * 100).title == "港" * 80


@pytest.mark.parametrize(
    ("header", "categories"),
    [
        ("categories: [甲, 乙]", ("甲", "乙")),
        ("categories:\n- [甲, 乙]\n- 甲", ("甲", "乙")),
        ("categories: 甲, 乙，丙、丁", ("甲", "乙", "丙", "丁")),
        ("categories: 甲 乙", ("甲", "乙")),
        ("categories: 甲/乙", ("甲", "乙")),
        ("categories: World News", ("World News",)),
        ("category: 甲", ("甲",)),
    ],
)
def test_categories_are_a_list_or_a_string(header: str, categories: tuple[str, ...]) -> None:
    assert parse(f"---\n{header}\n---\n正文").categories == categories


@pytest.mark.parametrize(
    ("header", "outlet"),
    [
        ("outlet: 一\nmedia: 二\ncategories: [三, 四]\nauthor: 五", "一"),
        ("media: 二\ncategories: [三, 四]\nauthor: 五", "二"),
        ("categories: [三, 四]\nauthor: 五", "四"),
        ("categories: [三]\nauthor: 五", "五"),
        ("categories: [三]", None),
    ],
)
def test_the_outlet_is_named_or_the_second_category_or_the_author(header: str, outlet: str | None) -> None:
    assert parse(f"---\n{header}\n---\n正文").outlet == outlet


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ("url: https://b.example/2\nlink: https://a.example/1", "https://a.example/1"),
        ("link: /relative\nurl: http://b.example", "http://b.example"),
        ("source: 港口报\noriginal: HTTPS://c.example/路", "HTTPS://c.example/路"),
        ("link: javascript:alert(1)", None),
        ("link: //a.example", None),
        ("link: 'https://a.example/\" onclick=x'", None),
        ("link: 'http://[::1'", None),
        ("link: 'https:///path'", None),
    ],
)
def test_only_a_whole_http_address_is_a_url(header: str, url: str | None) -> None:
    assert parse(f"---\n{header}\n---\n正文").url == url


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Sat, 05 Jun 2021 02:20:16 GMT", datetime(2021, 6, 5, 2, 20, 16, tzinfo=UTC)),
        ("Sat, 05 Jun 2021 02:20:16 +0800", datetime(2021, 6, 4, 18, 20, 16, tzinfo=UTC)),
        ("Sat, 05 Jun 2021 02:20:16 CST", datetime(2021, 6, 4, 18, 20, 16, tzinfo=UTC)),
        ("Sat, 05 Jun 2021 02:20:16", datetime(2021, 6, 4, 18, 20, 16, tzinfo=UTC)),
        ("2024-01-05 08:00:00", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024-01-05 08:00:00 +0800", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024-01-05", datetime(2024, 1, 4, 16, tzinfo=UTC)),
        ("2024-01-05T08:00:00Z", datetime(2024, 1, 5, 8, tzinfo=UTC)),
        ("2024-01-05T08:00:00.123+09:00", datetime(2024, 1, 4, 23, tzinfo=UTC)),
        ("2024/01/05 08:00", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024年1月5日", datetime(2024, 1, 4, 16, tzinfo=UTC)),
        ("2024年1月5日 8时30分", datetime(2024, 1, 5, 0, 30, tzinfo=UTC)),
        ("2024-13-05", None),
        ("2024-01-05 25:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31 23:59:59 -1200", None),
        ("昨天", None),
        ("010", None),
        ("", None),
    ],
)
def test_a_time_without_a_zone_is_beijing_time(value: str, expected: datetime | None) -> None:
    assert parse_time(value) == expected


def test_the_first_readable_date_counts() -> None:
    article = parse("---\ndate: 昨天\npubDate: 2024-01-05 08:00\n---\n正文")
    assert article.published == datetime(2024, 1, 5, tzinfo=UTC)


# Body


def test_a_picture_without_a_title_or_text_is_no_article() -> None:
    with pytest.raises(ArticleError, match="nothing is left but header, markup or page furniture"):
        parse("<p><img src=a.png></p>")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("温度<5度，x<y，a<b 且 c>d，<三>", "温度<5度，x<y，a<b 且 c>d，<三>"),
        ("<p>a<b</p>", "a<b"),
        ("<o:p>甲</o:p><mpvoice name=乙>丙</mpvoice>", "甲丙"),
        ('<img alt="a<b>c" src="x">', "[图片]"),
        ("甲\u200b乙\u202e丙\ufeff\x07丁&#8203;戊\u00ad", "甲乙丙丁戊"),
        ("e\u0301 ｅ　①", "é ｅ ①"),
        ("<body hidden>甲", "甲"),
        ("<frameset><p>甲", "甲"),
        ("<p>甲</p>联系 [email protected] 谢谢", "甲\n联系 谢谢"),
        ("<p>바닷가\n마을</p>", "바닷가 마을"),
        ("<div>甲\n\n- 乙\n- 丙</div>", "甲\n乙\n丙"),
        ("<p style='white-space: pre-line'>甲\n乙</p>", "甲\n乙"),
        ("<form><p>甲</p><button>乙</button></form>", "甲"),
        ("<div class='share'>" + "甲" * 101 + "</div>", "甲" * 101),
        ("<div style='height:0;overflow:hidden'>甲</div><p style='font-size:1rem'>乙</p>", "乙"),
        (
            "<table><tr><td>甲</td><td></td><td>乙<br>丙</td></tr><tr><td></td><td></td></tr></table>",
            "甲 | | 乙 丙",
        ),
        ("<table><tr><td><table><tr><td>甲<td>乙</table><td>丙</table>", "甲 | 乙\n| 丙"),
        (f"<table><tr><td>{'甲' * 500}</td><td>乙</td></tr></table>", "甲" * 500 + "\n乙"),
    ],
)
def test_a_body_becomes_clean_text(body: str, text: str) -> None:
    assert clean_markup(body) == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("### 甲 ###", "甲"),
        ("##甲", "甲"),
        ("#话题#", "#话题#"),
        ("- [ ] 甲", "甲"),
        ("-5度", "-5度"),
        ("2024. 甲", "2024. 甲"),
        (">5度", ">5度"),
        ("> > 甲", "甲"),
        ("3*4*5", "3*4*5"),
        ("*ST甲、*ST乙", "*ST甲、*ST乙"),
        ("**甲**和__乙__和~~丙~~", "甲和乙和丙"),
        ("助力_双碳_目标", "助力_双碳_目标"),
        ('[甲](https://a.example/(1) "题")和[注](见下文)', "甲和[注](见下文)"),
        ("[1]: https://a.example", ""),
        ("\\*甲\\*", "*甲*"),
    ],
)
def test_only_marks_of_markdown_are_dropped(line: str, text: str) -> None:
    assert strip_markdown(line) == text


@pytest.mark.parametrize(
    "line",
    [
        "责任编辑：周某",
        "（责任编辑：周某、吴某）",
        "编辑：周某 校对：吴某",
        "責任編輯：周某",
        "点击查看原文",
        "阅读原文 >>",
        "原文链接：https://a.example/1",
        "扫描二维码关注我们",
        "长按识别下方二维码",
        "微信扫一扫，分享到朋友圈",
        "扫码下载APP",
        "分享到：微信 新浪微博 QQ空间",
        "点赞 收藏 分享",
    ],
)
def test_a_line_of_page_furniture_is_dropped(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "编辑：你怎么看这件事？",
        "读者可扫描二维码领取座位。",
        "分享到各地的经验",
        "本文来源：枫桥发布",
        "查看原文后，记者发现三处不同。",
        "责任编辑：" + "周" * 60,
        "扫描二维码登记成为进店的必经一步",
        "收藏",
    ],
)
def test_a_line_that_says_something_is_kept(line: str) -> None:
    assert not is_furniture(line)


@pytest.mark.parametrize("tag", ["div", "b", "span style='font-size:1em'", "blockquote", "div class=share"])
def test_five_thousand_nested_tags_are_read(tag: str) -> None:
    assert clean_markup(f"<{tag}>" * 5000 + "深处" * 100) == "深处" * 100


@pytest.mark.parametrize("piece", ["**甲 ", '<b "', "[甲](", "![", "*甲", "`甲", "<", "| ", "[[", "<p '\""])
def test_a_mark_repeated_ten_thousand_times_is_read_in_time(piece: str) -> None:
    clean_markup(piece * 10_000)


# Files


def test_an_article_is_read_from_a_folder_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "金融").mkdir()
    (tmp_path / "金融" / "港口.md").write_text("港口通航", encoding="utf-8")
    assert read_article(tmp_path, "金融/港口.md") == Article(
        path="金融/港口.md", text="港口通航", title="港口通航"
    )


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("港口通航", encoding="utf-8")
    (tmp_path / "b.md").symlink_to("a.md")
    assert read_article(tmp_path, "b.md").text == "港口通航"


def make_odd_files(folder: Path) -> None:
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "fifo.md")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "out.md").symlink_to("/etc/hostname")
    (folder / "device.md").symlink_to("/dev/zero")
    with (folder / "huge.md").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
@pytest.mark.parametrize(
    ("path", "reason", "message"),
    [
        ("gone.md", "missing", "the file is gone"),
        ("gone/a.md", "missing", "the file is gone"),
        ("folder.md", "not a file", "this is a folder"),
        ("fifo.md", "not a file", "this is a pipe or a device"),
        ("loop.md", "unreadable", "the file cannot be opened"),
        ("out.md", "outside", "leads out of the folder of articles"),
        ("device.md", "outside", "leads out of the folder"),
        ("../a.md", "outside", "leads out of the folder"),
        ("/etc/hostname", "outside", "leads out of the folder"),
        ("huge.md", "too large", "over 20 MB"),
        ("a\n.md", "name", "control characters; rename the file"),
        ("a\0.md", "name", "control characters"),
        ("", "name", "the name is empty"),
        ("a\udcff.md", "name", "the name is not UTF-8"),
    ],
)
def test_what_is_no_readable_file_is_set_aside_with_its_reason(
    tmp_path: Path, path: str, reason: str, message: str
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (tmp_path / "a.md").write_text("外面的文章", encoding="utf-8")
    make_odd_files(folder)
    with pytest.raises(ArticleError, match=message) as caught:
        read_article(folder, path)
    assert (caught.value.path, caught.value.reason) == (path, reason)


# Properties

HEADERS = st.sampled_from(["", "---\n", "---\ntitle: 港口\n---\n", "---\ntitle: a: b\n", "---\n- a\n---\n"])
PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<br>",
        "<b>",
        "<table><tr><td>",
        "<td>",
        "<pre>",
        "<img src=a>",
        "&#0;",
        "&#x200b;",
        "&#xd800;",
        "\n",
        "\n\n",
        "- ",
        "# ",
        "**",
        "[a](",
        "|",
        "<",
        "<!--",
        "-->",
        "́",
        "가",
        "\u202e",
        "\x85",
        "\u2028",
    ]
)
BODIES = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)


def check(path: str, data: bytes) -> None:
    """Either an article whose text is clean, or an ``ArticleError``."""
    try:
        article = parse_article(path, data)
    except ArticleError as error:
        reason = error.reason
    else:
        check_article(article)
        return
    assert reason in {"binary", "encoding", "header", "empty"}


def check_article(article: Article) -> None:
    for value in (article.text, article.title or "", article.author or "", *article.categories):
        assert unicodedata.is_normalized("NFC", value)
        assert not any(unicodedata.category(mark) in ("Cc", "Cs") for mark in value.replace("\n", ""))
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\xad]", value)
    assert article.title
    assert all(line == " ".join(line.split()) != "" for line in article.text.split("\n"))


@given(st.binary(max_size=300))
@example(b"\x00")
@example(b"---\n---\n")
def test_any_bytes_are_an_article_or_an_article_error(data: bytes) -> None:
    check("a.md", data)


@given(HEADERS, BODIES)
def test_any_text_is_an_article_with_clean_text_or_an_article_error(header: str, body: str) -> None:
    check("a.md", (header + body).encode("utf-8", "ignore"))
