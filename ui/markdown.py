"""Text -> Markdown that says just that text: the one place where data is escaped for Markdown. Pure.

Made for CommonMark and its GitHub dialect, where a backslash before any punctuation means that punctuation. What HTML
could read becomes a character reference, which is no markup in either.
"""

import json
import re
from collections.abc import Mapping

from ui.markup import to_text, to_web_address

_INLINE = re.compile(r"[\\`*_{}\[\]|~$^#=@]")
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BLOCK = re.compile(r"^([+\-:]|[0-9]{1,9}(?=[.)]))")
"""What begins a list or a definition, or underlines a heading, at the start of a line."""
_BARE_LINK = re.compile(r"(?i)(:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.)")
"""What makes a link of bare text in the GitHub dialect."""
_NO_ADDRESS = re.compile(r"[<>\"\\^`{|}]")


def escape_line(text: str) -> str:
    """Data as one line; a line break in it becomes a character reference."""
    return "&#10;".join(_escape(line) for line in to_text(text).splitlines())


def escape_lines(text: str) -> str:
    """Data as a paragraph that breaks where the data does; blank lines are left out."""
    return "  \n".join(_escape(line) for line in to_text(text).splitlines() if line.strip())


def to_link(url: str | None, text: str) -> str:
    """A link, or nothing where the address is not http(s)."""
    address = to_web_address(url)
    if address is None:
        return ""
    safe = _NO_ADDRESS.sub(lambda match: f"%{ord(match[0]):02X}", address).replace("&", "&amp;")
    return f"[{escape_line(text)}](<{safe}>)"


def to_comment(row: Mapping[str, str | int]) -> str:
    """A comment with compact JSON, which no character of the data can end."""
    text = json.dumps(row, separators=(",", ":"))
    for character in "<>&-":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"<!-- wenfeng {text} -->"


def _escape(line: str) -> str:
    escaped = re.sub(r"[&<>]", lambda match: _REFERENCES[match[0]], _INLINE.sub(r"\\\g<0>", line))
    escaped = _BARE_LINK.sub(lambda match: f"&#{ord(match[0])};", escaped)
    escaped = _BLOCK.sub(lambda match: match[0] + "\\" if match[0][0].isdigit() else f"\\{match[0]}", escaped)
    # White space at an end of a line would be dropped, or taken for the indent of code or for a line break.
    if escaped[:1].isspace():
        escaped = f"&#{ord(escaped[0])};{escaped[1:]}"
    if escaped[-1:].isspace():
        escaped = f"{escaped[:-1]}&#{ord(escaped[-1])};"
    return escaped
