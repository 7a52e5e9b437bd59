"""An article's body, be it HTML, Markdown, plain text or a mix, -> clean text, one block a line.

Every body is parsed as HTML; what stands outside every HTML block keeps its line breaks and loses its
Markdown marks. Hidden elements, scripts, forms and furniture (share bars, QR codes, editors' names) are left
out; a picture leaves the mark ``[图片]``. Cells of a table row are joined by ``" | "``.

This module does not know files, headers or articles. It reads no style sheets: what only a ``<style>`` hides
stays. The tree is walked without recursion, but time and memory are not bounded here: the caller does that.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

PICTURE = "[图片]"
_LOOSE, _PICTURE = "\x02", "\x03"  # while lines are put together: "outside every HTML block", and a picture

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Control, zero-width and bidi characters, blank fillers, variation selectors, tags and lone surrogates."""

_CJK = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—]"
_SOURCE_BREAK = re.compile(rf"(?<={_CJK})[ \t]*\n\s*(?={_CJK})")
_WRAPPED_LATIN = re.compile(r"([^\n]{40}[a-z,]) ?\n(?=[a-z])")
_BLANK_LINE = re.compile(r"\S[^\S\n]*\n[^\S\n]*\n(?=\s*\S)")
_WRAPPED_CHINESE = re.compile(r"(?<=[，、])\n(?=[\u4e00-\u9fff])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    "address article aside blockquote body br caption center dd details dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu ol"
    " p pre section summary table tbody td tfoot th thead tr ul xmp"
)
_LEFT_OUT = _words(
    "applet area audio base button canvas datalist dialog embed frame frameset head iframe input link"
    " meta nav noembed noframes noscript object optgroup option param progress rp rt rtc script select"
    " source style svg template textarea title track video"
)
_INLINE = _words(
    "a abbr acronym b bdi bdo big cite code data del dfn em font html i image img ins kbd label map"
    " mark marquee math nobr picture q rb ruby s samp small span strike strong sub sup time tt u var"
    " wbr"
)

_REST_OF_TAG = r"""(?:"[^"]*"|'[^']*'|=\s*[^\s"'<>]+|[^"'<>\x80-\U0010ffff])*+>"""
_NO_TAG = re.compile(
    rf"""<(?!!--|!doctype\b|!\[CDATA\[|\?xml\b
        |/[a-z][^<>]*>                                                      # any end tag
        |(?:{"|".join(sorted(_BLOCKS | _LEFT_OUT | _INLINE))})(?=[\s/>]){_REST_OF_TAG}
        |[a-z]\w*[:-][a-z][\w:.-]*(?=[\s/>]){_REST_OF_TAG}                  # <o:p>, <amp-img>
        |[a-z]\w*(?=\s+[a-z][\w:-]*\s*=){_REST_OF_TAG}                      # <mpvoice src="...">
    )""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
"""A ``<`` that begins no tag: ``温度<5度``, ``a<b 且 c>d``. An HTML parser would swallow some of them."""

_UNDISPLAYED = re.compile(
    r"(?<![-\w])(?:display\s*:\s*none|text-indent\s*:\s*-\d{3}|(?:left|top)\s*:\s*-\d{4}"
    r"|height\s*:\s*0(?:px)?\s*;(?=.*overflow\s*:\s*hidden))"
)
_FADED = re.compile(r"(?<![-\w])opacity\s*:\s*(?:0+(?:\.0*)?|\.0+)%?\s*(?:[;!]|$)")
_VISIBILITY = re.compile(r"(?<![-\w])visibility\s*:\s*(hidden|collapse|visible)")
_FONT_SIZE = re.compile(r"(?<![-\w])font-size\s*:\s*(\d*\.?\d+)([a-z]*|%)")
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)")
_ONE_PIXEL = re.compile(r"(?<![-\w])(?:width|height)\s*:\s*[01](?:px)?\s*(?:[;!]|$)")
_BLANK_PICTURE = re.compile(
    r"data:image/gif;base64,R0lGODlhAQAB|.*/(?:blank|spacer|pixel|transparent|1x1)\.(?:gif|png)"
)

_FURNITURE_CLASS = re.compile(
    r"(?:(?:article|bd|page|post|social|wx)?[-_]?share[-_]?(?:bar|box|btns?|buttons?|icons?|links?|list|tools?|wrap)?"
    r"|bdsharebuttonbox|jiathis_style|(?:wx|wechat|weixin)?[-_]?qr[-_]?code[-_]?(?:box|img|wrap)?|sr-only|visually-hidden)",
    re.IGNORECASE,
)
_LONGEST_FURNITURE = (
    100  # characters; a longer element of such a class is taken for text ("share" is also a stock)
)
_LONGEST_FORM = 300  # characters; a longer form is taken for a page, only its controls are dropped
_LONGEST_ROW = 500  # characters; a longer table row is taken for layout, its cells for blocks

_FURNITURE_LINE = re.compile(
    "|".join(
        (
            # 责任编辑：某某 / （责编：某某、某某）/ 编辑：某某 校对：某某
            r"[（(【\[]?\s*(?:[责責]任|[网網][络絡]|值班|[实實][习習]|美[术術])?(?:[编編][辑輯]|[责責][编編]|校[对對])"
            r"\s*[:：丨|/][^。！？!?，,；;“”]{1,30}",
            # 点击查看原文 / 阅读全文 >> / 原文链接：https://...
            r"(?:[点點][击擊]|[点點]此)?[这這]?[里裡]?(?:查看|[阅閱][读讀]|[浏瀏][览覽])(?:原文|全文|更多)[>»→…\s]*",
            r"原文(?:[链鏈鍊]接|地址)\s*[:：]?\s*(?:https?://\S+)?",
            # 扫描二维码关注我们 / 长按识别下方二维码 / 微信扫一扫，分享到朋友圈 / 点击上方蓝字关注
            r"(?:[请請])?(?:打[开開])?(?:微信|QQ)?[，,]?(?:[扫掃]描|[扫掃][码碼]|[扫掃]一[扫掃]|[长長]按|[识識][别別])[^。]{0,12}"
            r"(?:二[维維][码碼]|[关關]注|公[众眾][号號]|小程序|下[载載]|朋友圈|[阅閱][读讀])(?:APP|客[户戶]端|[^。]{0,3}(?:[关關]注|下[载載]|添加|加入)[^。]{0,12})?",
            r"(?:[点點][击擊])(?:上方|下方)?(?:[蓝藍]字|[蓝藍]色字[体體]|名片)[^。]{0,6}[关關]注[^。]{0,8}",
            # 分享到：微信 新浪微博 QQ空间 / 点赞 收藏 分享
            r"分享(?:到|至)\s*[:：]?(?:\s*(?:微信|朋友圈|好友|新浪|微博|QQ|空[间間]|豆瓣|人人[网網]|Facebook|Twitter|LINE|\[图片\]|[、/|,，]))*",
            r"(?:[点點][赞讚]|收藏|[转轉][发發]|在看|[评評][论論]|分享|打[赏賞]|[举舉][报報])"
            r"(?:[\s\d|·/]*(?:[点點][赞讚]|收藏|[转轉][发發]|在看|[评評][论論]|分享|打[赏賞]|[举舉][报報]))+[\s\d]*",
        )
    )
)
_LONGEST_FURNITURE_LINE = 40  # characters; "本文来源：" is not furniture: it is a fact that may be asked for
_MAIL_PLACEHOLDER = re.compile(r"\[email\s*protected\]", re.IGNORECASE)

_URL = r"(?:https?://|mailto:|www\.|[./#?])(?:[^()\s]|\([^()\s]*\))*"
_MARKDOWN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^\s*(?:([-*_=])(?:\s*\1){2,}|(?:```|~~~)[\w+-]*)\s*$", ""),  # rules, fences
        (r"^[\s|:]*-{2,}[\s|:-]*$", ""),  # | --- | :-: |
        (rf"^\s*\[[^\]]+\]:\s*<?{_URL}.*$", ""),  # [1]: https://...
        (r"^\s*(?:>\s+|>(?=>))+", ""),
        (r"^\s*(?:#{1,6}\s+|#{2,6}(?=[^\s#]))(.*?)(?:\s+#+)?\s*$", r"\1"),
        (r"^\s*(?:[-*+]|\d{1,2}[.)])\s+(?:\[[ xX]\]\s+)?", ""),
        (r"^\s*\|(.*)\|\s*$", r"\1"),
        (r"!\[[^\[\]]{0,300}\](?:\([^()]{0,2000}\)|\[[^\[\]]{0,300}\])", _PICTURE),
        (rf"\[([^\[\]]*)\]\(\s*<?{_URL}>?(?:\s+[\"'][^\"']*[\"'])?\s*\)", r"\1"),
        (r"<((?:https?://|mailto:)[^<>\s]*)>", r"\1"),
        (r"(\*\*|__|~~|``)(?=\S)(.{1,500}?)(?<=\S)\1", r"\2"),
        (
            r"(?<![0-9A-Za-z*\\])\*(?!ST|[\s*])([^*]+?)(?<!\s)\*(?![0-9A-Za-z*])",
            r"\1",
        ),  # but not *ST, a stock's prefix
        (r"`([^`]+)`", r"\1"),
        (r"\\(?=[\\`*_{}\[\]()#+.!|>~-])|\\$", ""),
    )
)
"""What is done to a line outside every HTML block, in this order."""


class MarkupError(ValueError):
    """The HTML parser gave a body up."""


class _Around(NamedTuple):
    """What an element takes over from the elements around it.

    Attributes:
        mode: "loose" outside every block, "pre" where line breaks count, else "flow".
        edge: what a block begins and ends with: a line break, or a space inside a table row.
        no_size: the font size is zero.
        unseen: the visibility is hidden.
    """

    mode: Literal["loose", "pre", "flow"] = "loose"
    edge: Literal["\n", " "] = "\n"
    no_size: bool = False
    unseen: bool = False


def clean_markup(body: str) -> str:
    r"""Turn a body into clean text.

    Args:
        body: HTML, Markdown or plain text, line breaks as ``"\n"``.

    Returns:
        One block a line, without empty lines, control, zero-width and bidi characters, in NFC; may be empty.

    Raises:
        MarkupError: the HTML parser gave up.
    """
    try:
        # With <body> in front, style, noscript and frameset cannot move what follows out of the body.
        tree = LexborHTMLParser("<body>" + _NO_TAG.sub("&lt;", body))
    except (SelectolaxError, ValueError, RuntimeError) as error:
        raise MarkupError(f"the HTML parser gave up: {error}") from error
    if tree.body is None:
        return ""
    lines = (_finish_line(line) for line in "".join(_walk(tree.body)).split("\n"))
    return "\n".join(line for line in lines if line.strip(" |") and not is_furniture(line))


def tidy_line(line: str) -> str:
    """Drop characters nobody sees, make every run of white space one space, and normalise to NFC."""
    return unicodedata.normalize("NFC", " ".join(_INVISIBLE.sub("", line).split()))


def is_furniture(line: str) -> bool:
    """Whether a line is furniture: an editor's name, a link to the original, a QR caption, a share bar."""
    return len(line) <= _LONGEST_FURNITURE_LINE and _FURNITURE_LINE.fullmatch(line) is not None


def strip_markdown(line: str) -> str:
    """Drop the Markdown marks of one line; links keep their words."""
    for pattern, replacement in _MARKDOWN:
        line = pattern.sub(replacement, line)
    return line


def _finish_line(line: str) -> str:
    if _LOOSE in line:
        line = strip_markdown(line.replace(_LOOSE, ""))
    return tidy_line(_MAIL_PLACEHOLDER.sub("", line.replace(_PICTURE, PICTURE)))


def _walk(root: LexborNode) -> Iterator[str]:
    """Yield the pieces of text under ``root``, in order; their join is lines that are not finished yet."""
    stack: list[tuple[LexborNode | str, _Around]] = [(root, _Around())]
    while stack:
        node, around = stack.pop()
        if isinstance(node, str):
            yield node
        elif node.is_text_node:
            yield _read_text(node.text_content or "", around)
        elif node.is_element_node:
            tag, attributes = node.tag or "", node.attributes
            if _is_left_out(node, tag, attributes):
                continue
            inside = _step_into(around, node, tag, attributes)
            if tag in ("img", "amp-img"):
                yield _PICTURE if _is_picture(attributes) and not inside.unseen else ""
                continue
            edge = around.edge if tag in _BLOCKS else ""
            stack.append((edge, around))
            stack.extend((child, inside) for child in reversed(_list_children(node, inside)))
            yield edge


def _list_children(node: LexborNode, inside: _Around) -> list[LexborNode | str]:
    """The children of an element, with a separator between the cells of a table row."""
    children: list[LexborNode | str] = []
    for child in node.iter(include_text=True):
        if child.tag in ("td", "th") and inside.edge == " " and children:
            children.append(" | ")
        if not (node.tag == "tr" and child.is_text_node):
            children.append(child)
    return children


def _read_text(text: str, around: _Around) -> str:
    if around.no_size or around.unseen:
        return ""
    text = _INVISIBLE.sub("", text)
    if around.edge == " ":
        return text.replace("\n", " ")
    if around.mode == "pre":
        return text
    if around.mode == "loose" or _BLANK_LINE.search(text):  # Markdown in HTML begins after a blank line
        text = _WRAPPED_CHINESE.sub("", _WRAPPED_LATIN.sub(r"\1 ", text))
        return _LOOSE + text.replace("\n", "\n" + _LOOSE)
    return _SOURCE_BREAK.sub("", text).replace("\n", " ")


def _step_into(around: _Around, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> _Around:
    """What the children of an element take over from it."""
    mode, edge, no_size, unseen = around
    style = (attributes.get("style") or "").lower()
    if tag in ("pre", "listing", "xmp") or _KEEPS_LINES.search(style):
        mode = "pre"
    elif tag in _BLOCKS and tag != "body" and mode == "loose":
        mode = "flow"
    if tag == "table":
        edge = "\n"
    elif tag == "tr" and _is_row_of_cells(node):
        edge = " "
    for number, unit in _FONT_SIZE.findall(style):
        relative = unit in ("em", "ex", "ch", "%")
        no_size = (relative and no_size) or float(number) < (2 if unit in ("px", "pt") else 0.05)
    # WeChat hides the whole article (js_content), and lazy pictures themselves, until a script shows them.
    if tag not in ("img", "amp-img") and attributes.get("id") != "js_content":
        for value in _VISIBILITY.findall(style):
            unseen = value != "visible"
    return _Around(mode, edge, no_size, unseen)


def _is_row_of_cells(row: LexborNode) -> bool:
    cells = sum(child.tag in ("td", "th") for child in row.iter())
    return cells > 1 and len(row.text()) <= _LONGEST_ROW


def _is_left_out(node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether an element is invisible, not text, or page furniture."""
    if tag == "body":
        return False
    if tag in _LEFT_OUT or "hidden" in attributes or "data-cfemail" in attributes:
        return True
    style = (attributes.get("style") or "").lower()
    if _UNDISPLAYED.search(style):
        return True
    if _FADED.search(style) and tag not in ("img", "amp-img") and attributes.get("id") != "js_content":
        return True
    if attributes.get("aria-hidden") == "true" and tag in _INLINE and tag != "img":
        return True
    if tag == "form" and node.css_first("p") is None and len(node.text()) <= _LONGEST_FORM:
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".split()
    return any(map(_FURNITURE_CLASS.fullmatch, names)) and len(node.text()) <= _LONGEST_FURNITURE


def _is_picture(attributes: Mapping[str, str | None]) -> bool:
    """Whether an image element shows something: it has a source, lazy or not, and is no tracking pixel."""
    sizes = {(attributes.get(side) or "").strip().removesuffix("px") for side in ("width", "height")}
    if sizes & {"0", "1"} or _ONE_PIXEL.search((attributes.get("style") or "").lower()):
        return False
    sources = [value for name, value in attributes.items() if value and ("src" in name or "original" in name)]
    return any(not _BLANK_PICTURE.match(source) for source in sources)
