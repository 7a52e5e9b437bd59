"""What a browser may do with an answer of ours: headers on every response, and two pages made to fit them.

A page's own scripts carry a nonce that is new with every request, so that markup which slipped in cannot run.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Message, Send

from ui.strings import Language

Header = tuple[bytes, bytes]

PAGE = "/"
DOCS = "/api/docs"
"""The only paths that answer with a page."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Gradio's components write style attributes
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "media-src": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
_CHANGED = ("content-length", "content-encoding", "etag", "last-modified")
"""Headers that speak of the bytes as they were before a page was fitted."""

_SCRIPT = re.compile(r"<script(?=[\s>])", re.IGNORECASE)
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_LANGUAGE = re.compile(r'(<html\s[^>]*?\blang=)"en"', re.IGNORECASE)
_CARD = re.compile(r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>\s*", re.IGNORECASE)
_TAGS: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class Fitting:
    """How one page is made to fit the policy.

    Attributes:
        nonce: of this request alone.
        head: what comes first inside ``<head>``.
        language: what ``<html lang="en">`` becomes; None leaves it.
        evaluates: its scripts make functions of text.
    """

    nonce: str
    head: str = ""
    language: Language | None = None
    evaluates: bool = False


def fitting_for(path: str, head: str, language: Language) -> Fitting | None:
    """What the page at ``path`` needs, or None where there is no page."""
    nonce = secrets.token_urlsafe(18)
    if path == PAGE:
        # Gradio makes functions of the templates and handlers of its HTML component, which are texts.
        return Fitting(nonce, head, language, evaluates=True)
    return Fitting(nonce) if path == DOCS else None


def secure_headers(headers: Iterable[Header], fitting: Fitting | None = None) -> list[Header]:
    """Put our headers in place of those of the same name, and drop what lets other origins read.

    Args:
        fitting: of a page; its length and stamps are dropped too, for the text changes.
    """
    ours = {**_HEADERS, "Content-Security-Policy": content_security_policy(fitting)}
    dropped = {name.lower() for name in ours}
    if fitting:
        ours["Cache-Control"] = (
            "private, no-cache"  # the nonce is of one request, the language of one visitor
        )
        dropped |= {*_CHANGED, "cache-control"}
    kept = [
        (name, value)
        for name, value in headers
        if (lower := name.decode("latin-1").lower()) not in dropped
        and not lower.startswith("access-control-")
    ]
    return kept + [(name.lower().encode(), value.encode()) for name, value in ours.items()]


def content_security_policy(fitting: Fitting | None) -> str:
    """The policy; a page may also run the scripts with its nonce."""
    directives = dict(_DIRECTIVES)
    if fitting:
        directives["script-src"] += f" 'nonce-{fitting.nonce}'"
        if fitting.evaluates:
            directives["script-src"] += " 'unsafe-eval'"
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def fit_page(page: str, fitting: Fitting) -> str:
    """Insert the head, give every script the nonce, name the language, and drop the cards for other sites.

    Args:
        page: whose scripts are all our own or Gradio's: data in them has its ``<`` escaped.
    """
    page = _CARD.sub("", page)
    page = _HEAD.sub(lambda found: found[0] + fitting.head, page, count=1)
    page = _SCRIPT.sub(f'<script nonce="{fitting.nonce}"', page)
    if fitting.language:
        page = _LANGUAGE.sub(rf'\1"{_TAGS[fitting.language]}"', page, count=1)
    return page


class PolicySender:
    """Sends a response with our headers; a page is held back until it is whole, and fitted.

    Attributes:
        started: the response has begun.
    """

    def __init__(self, send: Send, fitting: Fitting | None = None) -> None:
        self._send = send
        self._fitting = fitting
        self._held: Message | None = None
        self._page = bytearray()
        self.started = False

    async def send(self, message: Message) -> None:
        """Pass a message of the application on."""
        if message["type"] == "http.response.start":
            self.started = True
            if self._fitting and _is_page(Headers(raw=message["headers"])):
                self._held = message
            else:
                await self._send({**message, "headers": secure_headers(message["headers"])})
        elif self._held and self._fitting:
            self._page += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._held, self._fitting)
        else:
            await self._send(message)

    async def _send_page(self, start: Message, fitting: Fitting) -> None:
        body = fit_page(self._page.decode(), fitting).encode()
        headers = secure_headers(start["headers"], fitting)
        if body:  # the answer to HEAD has none, and its length is not known
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _is_page(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
