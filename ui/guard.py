"""Who may ask the server what: stands before everything it serves, and knows nothing of what that is.

Plain ASGI, so that events stream and a client that goes away is noticed. A request passes these, in order: Host,
Origin, sign-in, the routes that are closed, uploads, the rate of questions; its body is counted as it is read.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.limits import UPLOAD, BodyTooLargeError, Buckets, CountedBody, longest_body, replayed
from ui.policy import PolicySender, fitting_for
from ui.strings import Language, say, to_language

HEALTH = "/healthz"
QUESTIONS = ("/api/ask", "/api/search")
LANGUAGE_COOKIE = "wenfeng_language"
FAILURES_A_MINUTE = 10
QUESTIONS_A_MINUTE = 120
EVENTS = "/gradio_api/queue/join"
"""What is done on the page; a question brings three of them."""
EVENTS_A_MINUTE = 600

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PORT = re.compile(r":\d{1,5}$")

_OPEN = frozenset(
    {
        "app_id",
        "cancel",
        "heartbeat",
        "info",
        "queue",
        "reset",
        "startup-events",
        "upload",
        "upload_progress",
    }
)
"""The routes under /gradio_api/ that the page uses, by their first step; ``file=`` beside.

Every other one is closed: ``proxy=`` and ``file=http…`` fetch from foreign hosts; ``deep_link`` keeps one visitor's
state for others; ``run-history``, ``runs`` and ``profiling`` tell of others' calls; ``vibe-…`` and ``dev`` are the
developer's mode and run code; ``process_recording`` starts ffmpeg; ``custom_component`` reads files of modules;
``stream`` is for media, of which there is none; ``login``, ``token`` and ``user`` are a second sign-in; ``mcp``,
``openapi.json``, ``api``, ``call``, ``run`` and ``component_server`` are other doors to what ``queue`` does.
"""
_CLOSED = frozenset({"docs", "login", "logout", "monitoring", "openapi.json", "pwa_icon", "redoc", "svelte"})
"""Routes of Gradio beside /gradio_api/, by their first step: a second sign-in, figures about everyone's calls, an
icon scaled to any size asked for, and descriptions of the page's inner calls."""


@dataclass(frozen=True, slots=True)
class Access:
    """Whom the server answers.

    Attributes:
        users: passwords by name; where there are none nobody signs in.
        local_only: bound to loopback without users, so that only pages of this very server may ask.
        host: the address it is bound to.
        read_only: nothing may be uploaded.
    """

    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    local_only: bool = True
    host: str = "127.0.0.1"
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A status and a sentence: its name in the catalogue, and what fills it in."""

    status: int
    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Guard:
    """Refuses what should not reach ``app``, and fits what it answers to the policy of ``ui.policy``.

    The name that signed in is left in ``scope["state"]["user"]``; it is empty where there are no users.

    Args:
        head: HTML that comes first in the head of the page at ``/``, before Gradio's own scripts.
        clock: seconds, for what is allowed in a minute.
    """

    def __init__(
        self, app: ASGIApp, access: Access, head: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._access = access
        self._head = head
        self._failures = Buckets(FAILURES_A_MINUTE, clock=clock)
        self._questions = Buckets(QUESTIONS_A_MINUTE, clock=clock)
        self._events = Buckets(EVENTS_A_MINUTE, clock=clock)
        self._nobody = secrets.token_urlsafe()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; there are no web sockets."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refuse(scope, headers)
        if refusal:
            await _respond(scope, receive, PolicySender(send).send, refusal)
            return
        fitting = fitting_for(scope["path"], self._head, _language(headers))
        if fitting:
            scope = {**scope, "headers": _without_compression(scope["headers"])}
        sender = PolicySender(send, fitting)
        body = CountedBody(receive, longest_body(scope["path"]))
        try:
            if scope["path"] == EVENTS:
                await self._pass_event(scope, body, sender)
            else:
                await self._app(scope, body.receive, sender.send)
        except BodyTooLargeError as error:
            if not sender.started:
                await _respond(scope, receive, sender.send, _too_large(error))

    async def _pass_event(self, scope: Scope, body: CountedBody, sender: PolicySender) -> None:
        """Pass an event of the page on if its values are plain.

        Gradio takes an object among them for a file, and fetches it from wherever it says.
        """
        content = await body.read()
        if _is_plain_event(content):
            await self._app(scope, replayed(content, body.receive), sender.send)
        else:
            await _respond(scope, body.receive, sender.send, _Refusal(422, "guard_event"))

    def _refuse(self, scope: Scope, headers: Headers) -> _Refusal | None:
        return (
            self._check_host(headers)
            or _check_origin(scope["method"], headers)
            or self._sign_in(scope, headers)
            or _check_route(scope["path"])
            or self._check_upload(scope["path"], headers)
            or self._check_rate(scope)
            or _check_length(scope["path"], headers)
        )

    def _check_host(self, headers: Headers) -> _Refusal | None:
        """Refuse another name for this machine: a foreign page may point its own name at loopback."""
        if not self._access.local_only:
            return None
        bound = f"[{self._access.host}]" if ":" in self._access.host else self._access.host
        hosts = [_PORT.sub("", host).lower() for host in headers.getlist("host")]
        if len(hosts) == 1 and hosts[0] in (*_LOOPBACK, bound.lower()):
            return None
        return _Refusal(421, "guard_host", {"address": f"http://{bound}"})

    def _sign_in(self, scope: Scope, headers: Headers) -> _Refusal | None:
        scope.setdefault("state", {})["user"] = ""
        if not self._access.users or scope["path"] == HEALTH:
            return None
        given = headers.get("authorization")
        address = _network(scope.get("client"))
        if given and (seconds := self._failures.seconds_to_wait(address)):
            return _wait(seconds, "guard_passwords")
        name, password = _read_basic(given) if given else ("", "")
        expected = self._access.users.get(name, self._nobody)
        if _same(password, expected) and name in self._access.users:
            scope["state"]["user"] = name
            return None
        if given:
            self._failures.take(address)
        return _Refusal(
            401, "guard_sign_in", headers={"WWW-Authenticate": 'Basic realm="Wenfeng", charset="UTF-8"'}
        )

    def _check_upload(self, path: str, headers: Headers) -> _Refusal | None:
        is_upload = path == UPLOAD or path.startswith(f"{UPLOAD}/")
        is_form = headers.get("content-type", "").lower().startswith("multipart/")  # of any other route
        if self._access.read_only and (is_upload or is_form):
            return _Refusal(403, "guard_read_only")
        return None

    def _check_rate(self, scope: Scope) -> _Refusal | None:
        user, path = scope["state"]["user"], scope["path"]
        if self._access.local_only or not user or path not in (*QUESTIONS, EVENTS):
            return None
        buckets, name, most = (
            (self._events, "guard_clicks", EVENTS_A_MINUTE)
            if path == EVENTS
            else (self._questions, "guard_questions", QUESTIONS_A_MINUTE)
        )
        if seconds := buckets.seconds_to_wait(user):
            return _wait(seconds, name, most=most)
        buckets.take(user)
        return None


def _check_origin(method: str, headers: Headers) -> _Refusal | None:
    """Refuse what a page of another origin makes a browser send: it would come with the visitor's password."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return None
    host = headers.get("host", "")
    ours = {f"http://{host}".lower(), f"https://{host}".lower()}
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    if (origin is None or origin.lower() in ours) and site in (None, "same-origin", "none"):
        return None
    return _Refusal(403, "guard_origin")


def _check_route(path: str) -> _Refusal | None:
    first, _, rest = path.removeprefix("/").partition("/")
    step = rest.partition("/")[0]
    if first != "gradio_api":
        is_open = first not in _CLOSED
    elif step.startswith("file="):
        is_open = "://" not in rest
    else:
        is_open = step in _OPEN
    return None if is_open else _Refusal(404, "guard_nothing")


def _is_plain_event(content: bytes) -> bool:
    try:
        event = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(event, dict) and _is_plain(event.get("data"))


def _is_plain(value: object) -> bool:
    """Whether there is no object in a value, at any depth that the page needs."""
    if isinstance(value, list):
        return all(
            _is_plain(each)
            if not isinstance(each, list)
            else all(not isinstance(one, dict | list) for one in each)
            for each in value
        )
    return not isinstance(value, dict)


def _check_length(path: str, headers: Headers) -> _Refusal | None:
    length, longest = headers.get("content-length", ""), longest_body(path)
    is_too_large = length.isdecimal() and int(length[:20]) > longest
    return _too_large(BodyTooLargeError(longest)) if is_too_large else None


def _too_large(error: BodyTooLargeError) -> _Refusal:
    return _Refusal(413, "guard_too_large", {"size": error.mebibytes}, dict(error.headers or {}))


def _wait(seconds: int, name: str, **values: object) -> _Refusal:
    return _Refusal(429, name, {**values, "seconds": seconds}, {"Retry-After": str(seconds)})


def _read_basic(header: str) -> tuple[str, str]:
    """Name and password of RFC 7617; both empty where the header is malformed."""
    scheme, _, encoded = header.partition(" ")
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return (name, password) if scheme.lower() == "basic" else ("", "")


def _same(given: str, expected: str) -> bool:
    """Compare in a time that tells neither content nor length."""
    return hmac.compare_digest(
        hashlib.sha256(given.encode()).digest(), hashlib.sha256(expected.encode()).digest()
    )


def _network(client: tuple[str, int] | None) -> str:
    """The address that asks; of IPv6 the network, for one machine has as many addresses as it likes."""
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _language(headers: Headers) -> Language:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
    except CookieError:
        cookie = None
    return to_language(cookie.value if cookie else None)


def _without_compression(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name != b"accept-encoding"]
    return [*kept, (b"accept-encoding", b"identity")]


async def _respond(scope: Scope, receive: Receive, send: Send, refusal: _Refusal) -> None:
    headers = dict(refusal.headers)
    is_program = scope["path"].startswith("/api/")
    language = "en" if is_program else _language(Headers(scope=scope))
    sentence = say(language, refusal.name, **refusal.values)
    response: Response = PlainTextResponse(sentence, refusal.status, headers)
    if is_program or scope["path"].startswith("/gradio_api/"):  # whose scripts read JSON
        response = JSONResponse({"detail": sentence}, refusal.status, headers)
    await response(scope, receive, send)
