"""What reaches the server, what does not, and that Gradio's page works under the policy in a real browser."""

import asyncio
import base64
import re
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio
import gradio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from gradio.routes import App
from playwright.sync_api import Browser, ConsoleMessage
from starlette.types import ASGIApp

from rag import Assistant
from ui.api import add_docs, make_api
from ui.guard import Access, Guard
from ui.limits import MEBIBYTE, Buckets
from ui.places import Places
from ui.policy import content_security_policy, fit_page, fitting_for

PASSWORD = "密码 correct: horse"
USERS = {"alice": PASSWORD, "李雷": "another one"}
LOCAL = "http://127.0.0.1:7860"
LOCAL_ONLY = Access()
Result = TypeVar("Result")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make_app() -> FastAPI:
    """Answers anything: with who asks and how much came, with a page, with events."""
    app = FastAPI(openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        script = f"<script>window.asked={request.headers['accept-encoding']!r}</script><SCRIPT src='a.js'></SCRIPT>"
        card = '<meta\n property="og:image"\n content="https://elsewhere.example/a.png"\n/><meta name="twitter:card" content="x">'
        return HTMLResponse(
            f'<!doctype html><html\n\tlang="en"><head><meta charset="utf-8">{card}{script}</head></html>',
            headers={"X-Content-Type-Options": "perhaps", "Cache-Control": "max-age=9", "ETag": "x"},
        )

    @app.get("/api/docs", response_class=HTMLResponse)
    async def docs() -> str:
        return '<html lang="en"><head></head><script>1</script></html>'

    @app.get("/other", response_class=HTMLResponse)
    async def other() -> str:
        return "<script>1</script>"

    @app.get("/events")
    async def events() -> StreamingResponse:
        async def forever() -> AsyncIterator[str]:
            yield "data: one\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(forever(), media_type="text/event-stream")

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def anything(request: Request) -> PlainTextResponse:
        body = await request.body()
        headers = {"Access-Control-Allow-Origin": "*"}
        return PlainTextResponse(f"{request.state.user} {len(body)}", headers=headers)

    return app


def run(function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Result:
    """Run in a thread, for the browser's driver keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, function, *arguments).result()


Ask = Callable[..., httpx.Response]


@contextmanager
def guarded(
    access: Access = LOCAL_ONLY, app: ASGIApp | None = None, clock: Clock | None = None, head: str = ""
) -> Iterator[Ask]:
    """Asks a guarded application over ASGI."""
    guard = Guard(app or make_app(), access, head, clock or Clock())

    def ask(
        path: str, method: str = "GET", client: str = "192.0.2.1", language: str = "en", **options: Any
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(guard, client=(client, 1))
            async with httpx.AsyncClient(
                transport=transport, base_url=LOCAL, cookies={"wenfeng_language": language}
            ) as http:
                return await http.request(method, path, **options)

        return run(send)

    yield ask


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """A real server on a free port of loopback; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    ready = threading.Event()

    async def run() -> None:
        await server.startup()
        ready.set()
        await server.main_loop()
        await server.shutdown()

    def work() -> None:
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        asyncio.run(run())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(60)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


# Host and Origin


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:7860", "[::1]:80", "LOCALHOST"])
def test_loopback_answers_to_its_own_names(host: str) -> None:
    with guarded() as ask:
        assert ask("/x", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.example", "127.0.0.1:7860:1", "0.0.0.0", ""])
def test_loopback_refuses_other_names(host: str) -> None:
    with guarded() as ask:
        response = ask("/healthz", headers={"Host": host})
    assert (response.status_code, response.text) == (
        421,
        "This server answers on this machine only. Open it as http://127.0.0.1, with its port.",
    )


def test_another_address_of_loopback_answers_to_itself() -> None:
    with guarded(Access(host="127.0.0.2")) as ask:
        assert ask("/x", headers={"Host": "127.0.0.2:7860"}).status_code == 200
        assert ask("/x", headers={"Host": "127.0.0.3"}).status_code == 421


# Events of the page


@pytest.mark.parametrize(
    "data",
    [
        [{"path": "http://elsewhere.example/a", "meta": {"_type": "gradio.FileData"}}],
        ["ok", [{"path": "/etc/passwd"}]],
        ["ok", [[{"url": "http://elsewhere.example"}]]],
        {"path": "x"},
    ],
)
def test_an_event_whose_values_hold_an_object_is_refused(data: object) -> None:
    """Gradio would take it for a file and fetch it."""
    with guarded() as ask:
        response = ask("/gradio_api/queue/join", "POST", json={"data": data, "fn_index": 0})
    assert (response.status_code, response.json()) == (
        422,
        {"detail": "This is no event of the page. Reload it."},
    )


@pytest.mark.parametrize("body", [b"", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_an_event_that_is_none_is_refused(body: bytes) -> None:
    with guarded() as ask:
        assert ask("/gradio_api/queue/join", "POST", content=body).status_code == 422


def test_a_plain_event_passes_whole() -> None:
    event = {"data": ["问", None, 3, ["甲", "乙"]], "event_data": {"files": [{"name": "a"}]}, "fn_index": 1}
    with guarded() as ask:
        response = ask("/gradio_api/queue/join", "POST", json=event)
        sent = ask("/elsewhere", "POST", json=event)
    assert response.status_code == 200
    assert response.text == sent.text


def test_any_name_does_where_users_sign_in() -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        assert ask("/healthz", headers={"Host": "news.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://rebound.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:7861"},
        {"Origin": "ftp://127.0.0.1:7860"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": LOCAL},
    ],
)
def test_what_another_site_makes_a_browser_send_is_refused(headers: dict[str, str]) -> None:
    with guarded() as ask:
        response = ask("/api/ask", "POST", headers=headers)
        assert ask("/x", headers=headers).status_code == 200
    assert response.status_code == 403
    assert response.json() == {
        "detail": "This request comes from another site. Open the page of this server and ask there."
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": LOCAL},
        {"Origin": "https://127.0.0.1:7860"},
        {"Origin": LOCAL, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_page_and_programs_may_send(headers: dict[str, str]) -> None:
    with guarded() as ask:
        assert ask("/api/ask", "POST", headers=headers).status_code == 200


# Sign-in


@pytest.mark.parametrize("user", USERS)
def test_a_user_signs_in_and_is_known_to_the_application(user: str) -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        assert ask("/x", headers=basic(user, USERS[user])).text == f"{user} 0"


def test_nobody_is_named_where_there_are_no_users() -> None:
    with guarded() as ask:
        assert ask("/x", headers=basic("alice", PASSWORD)).text == " 0"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("alice", "wrong password"),
        basic("nobody", PASSWORD),
        basic("", ""),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
        {"Authorization": "Bearer " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/ask", "/gradio_api/config", "/monitoring"])
def test_everything_needs_a_password(path: str, headers: dict[str, str]) -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        response = ask(path, headers=headers)
    assert response.status_code == 401
    assert "Sign in with your name and password." in response.text
    assert response.headers["www-authenticate"] == 'Basic realm="Wenfeng", charset="UTF-8"'


def test_health_needs_no_password() -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        assert ask("/healthz").status_code == 200
        assert ask("/healthz/").status_code == 401


def test_ten_wrong_passwords_a_minute_are_an_address_s_last() -> None:
    clock = Clock()
    with guarded(Access(USERS, local_only=False), clock=clock) as ask:
        for _ in range(10):
            assert ask("/x", headers=basic("alice", "a wrong one")).status_code == 401
        refused = ask("/x", headers=basic("alice", PASSWORD))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
        assert refused.text == "Too many wrong passwords. Wait 6 seconds."
        assert ask("/x").status_code == 401  # no guess
        assert ask("/x", headers=basic("alice", PASSWORD), client="192.0.2.2").status_code == 200
        clock.now += 6
        assert ask("/x", headers=basic("alice", PASSWORD)).status_code == 200


def test_the_addresses_of_one_ipv6_network_count_together() -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        for number in range(10):
            ask("/x", headers=basic("alice", "a wrong one"), client=f"2001:db8::{number:x}")
        right = basic("alice", PASSWORD)
        assert ask("/x", headers=right, client="2001:db8::ffff").status_code == 429
        assert ask("/x", headers=right, client="2001:db8:0:1::1").status_code == 200


def test_the_password_is_in_no_representation() -> None:
    assert PASSWORD not in repr(Access(USERS))


# How much and how often


@pytest.mark.parametrize(
    ("path", "most"), [("/api/ask", 1), ("/gradio_api/upload", 200), ("/gradio_api/queue/join", 4), ("/x", 4)]
)
def test_a_body_that_says_it_is_too_large_is_not_read(path: str, most: int) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Length": str(most * MEBIBYTE + 1)}
    with guarded() as ask:
        response = ask(path, "POST", headers=headers, content=unread())
    assert response.status_code == 413
    assert f"The request is larger than {most} MiB. Send less at a time." in response.text
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize(("path", "most"), [("/api/ask", 1), ("/x", 4)])
def test_a_body_is_counted_while_it_is_read(path: str, most: int) -> None:
    async def body(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, MEBIBYTE):
            yield bytes(min(MEBIBYTE, size - start))

    with guarded() as ask:
        assert ask(path, "POST", content=body(most * MEBIBYTE)).text == f" {most * MEBIBYTE}"
        response = ask(path, "POST", content=body(most * MEBIBYTE + 1))
    assert response.status_code == 413
    assert f"The request is larger than {most} MiB" in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_an_application_that_knows_no_such_error_is_stopped_too() -> None:
    async def reads_on(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    with guarded(app=reads_on) as ask:
        response = ask("/x", "POST", content=bytes(4 * MEBIBYTE + 1), headers={"Content-Length": "1"})
    assert (response.status_code, response.text) == (
        413,
        "The request is larger than 4 MiB. Send less at a time.",
    )


def test_a_user_may_ask_120_questions_a_minute() -> None:
    clock = Clock()
    alice, other = (basic(user, USERS[user]) for user in USERS)
    with guarded(Access(USERS, local_only=False), clock=clock) as ask:
        for number in range(120):
            path = "/api/ask" if number % 2 else "/api/search"
            assert ask(path, "POST", headers=alice).status_code == 200
        refused = ask("/api/ask", "POST", headers=alice)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json() == {"detail": "More than 120 questions a minute. Wait 1 seconds."}
        assert ask("/api/ask", "POST", headers=other).status_code == 200
        assert ask("/x", headers=alice).status_code == 200
        clock.now += 0.5
        assert ask("/api/ask", "POST", headers=alice).status_code == 200


def test_loopback_asks_as_often_as_it_likes() -> None:
    with guarded() as ask:
        assert {ask("/api/ask", "POST").status_code for _ in range(130)} == {200}


def test_buckets_forget_the_keys_used_longest_ago() -> None:
    buckets = Buckets(1, Clock(), most_keys=3)
    for key in "abcad":
        buckets.take(key)
    assert len(buckets) == 3
    assert [buckets.seconds_to_wait(key) for key in "abcd"] == [60, 0, 60, 60]


def test_buckets_fill_up_to_the_brim_only() -> None:
    clock = Clock()
    buckets = Buckets(2, clock)
    buckets.take("a")
    clock.now += 3600
    for _ in range(2):
        assert buckets.seconds_to_wait("a") == 0
        buckets.take("a")
    assert buckets.seconds_to_wait("a") == 30


# Routes


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/upload/x"])
def test_a_read_only_server_takes_no_upload(path: str) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with guarded(Access(read_only=True)) as ask:
        response = ask(path, "POST", content=unread(), headers={"Content-Length": "9"})
        form = ask("/gradio_api/cancel", "POST", files={"a": b"a"})
    assert (response.status_code, form.status_code) == (403, 403)
    assert response.json() == {"detail": "This server is read-only. Ask who runs it to add the articles."}
    with guarded() as ask:
        assert ask(path, "POST").status_code == 200


OPEN_ROUTES = {
    "/",
    "/config",
    "/config/",
    "/static/{path:path}",
    "/assets/{path:path}",
    "/favicon.ico",
    "/theme.css",
    "/robots.txt",
    "/manifest.json",
    "/gradio_api/app_id",
    "/gradio_api/app_id/",
    "/gradio_api/info",
    "/gradio_api/info/",
    "/gradio_api/file={path_or_url:path}",
    "/gradio_api/reset",
    "/gradio_api/reset/",
    "/gradio_api/heartbeat/{session_hash}",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/queue/status",
    "/gradio_api/cancel",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/startup-events",
}
"""What Gradio has and the page needs; a route that a later Gradio adds has to be judged first."""


def test_only_the_routes_of_gradio_that_the_page_needs_are_open() -> None:
    async def make() -> set[str]:
        with gradio.Blocks() as blocks:
            pass
        blocks.config = blocks.get_config_file()
        return set(paths_of(App.create_app(blocks).routes))

    paths = run(make)
    with guarded() as ask:
        found = {path for path in paths if ask(re.sub(r"{[^}]+}", "x", path)).status_code != 404}
    assert found == OPEN_ROUTES


def paths_of(routes: Any) -> Iterator[str]:
    for route in routes:
        if router := getattr(route, "original_router", None):
            yield from paths_of(router.routes)
        else:
            yield route.path


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=https://elsewhere.example/a",
        "/gradio_api/file=https://elsewhere.example/a",
        "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/call/v2/ask",
        "/gradio_api/vibe-edit/",
        "/gradio_api",
        "/monitoring/summary",
        "/login",
        "/openapi.json",
    ],
)
def test_closed_routes_say_where_to_go(path: str) -> None:
    with guarded() as ask:
        response = ask(path, "POST")
    assert response.status_code == 404
    assert "There is nothing here. Open / for the page." in response.text


def test_files_of_the_cache_are_open() -> None:
    with guarded() as ask:
        assert ask("/gradio_api/file=/cache/a b.md").status_code == 200


# Headers and pages


@pytest.mark.parametrize(("path", "status"), [("/x", 200), ("/login", 404), ("/", 200), ("/api/docs", 200)])
def test_every_response_carries_the_policy(path: str, status: int) -> None:
    with guarded() as ask:
        response = ask(path)
    assert response.status_code == status
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"] == "camera=(), microphone=(), geolocation=()"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert policy.endswith(
        "; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; media-src 'none'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; "
        "form-action 'self'"
    )
    assert not any(name.startswith("access-control-") for name in headers)


def test_only_gradio_s_page_may_make_code_of_text() -> None:
    assert "'unsafe-eval'" in content_security_policy(fitting_for("/", "", "zh"))
    assert "'unsafe-eval'" not in content_security_policy(fitting_for("/api/docs", "", "zh"))
    assert fitting_for("/other", "", "zh") is None


def test_a_page_gets_its_head_its_nonces_and_no_cards() -> None:
    head = '<script src="/page/page.js"></script>'
    with guarded(head=head) as ask:
        first = ask("/", language="")
        second = ask("/", language="", headers={"Accept-Encoding": "gzip, br"})
    found = re.search(r"'nonce-([\w-]{24})'", first.headers["content-security-policy"])
    assert found
    nonce = found[1]
    assert first.text == (
        f'<!doctype html><html\n\tlang="zh-CN"><head><script nonce="{nonce}" src="/page/page.js"></script>'
        f'<meta charset="utf-8"><script nonce="{nonce}">window.asked=\'identity\'</script>'
        f"<script nonce=\"{nonce}\" src='a.js'></SCRIPT></head></html>"
    )
    assert int(first.headers["content-length"]) == len(first.content)
    assert first.headers["cache-control"] == "private, no-cache"
    assert "etag" not in first.headers
    assert nonce not in second.text
    assert "window.asked='identity'" in second.text


@pytest.mark.parametrize(
    ("cookie", "language"),
    [
        ("wenfeng_language=en", "en"),
        ("a=b; wenfeng_language=zh", "zh-CN"),
        ("wenfeng_language=\"'>", "zh-CN"),
        ("", "zh-CN"),
    ],
)
def test_the_page_names_the_language_of_the_visitor(cookie: str, language: str) -> None:
    with guarded() as ask:
        assert f'lang="{language}"' in ask("/", headers={"Cookie": cookie}).text


def test_the_page_of_the_docs_keeps_its_language_and_has_no_head_of_ours() -> None:
    with guarded(head="<b></b>") as ask:
        response = ask("/api/docs")
    assert re.fullmatch(
        r'<html lang="en"><head></head><script nonce="[\w-]{24}">1</script></html>', response.text
    )


def test_other_pages_get_no_nonce() -> None:
    with guarded() as ask:
        response = ask("/other")
    assert response.text == "<script>1</script>"
    assert "nonce" not in response.headers["content-security-policy"]


def test_the_cards_go_and_nothing_else() -> None:
    fitting = fitting_for("/", "", "zh")
    assert fitting
    kept = '<meta name="viewport" content="a"><meta property="article:tag" content="og:">'
    assert fit_page(f'{kept}<meta name="twitter:title" content="x" />', fitting) == kept


def test_web_sockets_are_closed() -> None:
    sent: list[Any] = []

    async def collect(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        return {"type": "websocket.connect"}

    run(Guard(make_app(), Access()), {"type": "websocket", "path": "/"}, nothing, collect)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_events_stream_through() -> None:
    with serve(Guard(make_app(), Access())) as address, httpx.stream("GET", f"{address}/events") as response:
        assert next(response.iter_text()) == "data: one\n\n"


# The page in a browser


async def make_page() -> FastAPI:
    """Gradio opens event loops that it does not close wherever it is made outside of one."""
    with gradio.Blocks(title="page") as blocks:
        question = gradio.Textbox(label="question")
        answer = gradio.HTML(
            "<p>nothing yet</p>",
            html_template="<p>${value}</p>",
            js_on_load="element.dataset.loaded = 'yes'",
            elem_id="answer",
        )
        gradio.Button("ask").click(lambda text: f"heard {text}", question, answer)
        gradio.File(label="files", file_count="multiple")
    app = FastAPI(openapi_url=None)
    gradio.mount_gradio_app(app, blocks, "/", run_history=False, footer_links=[])
    return app


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # Gradio's statistics of its queue
def test_gradio_works_under_the_policy(browser: Browser) -> None:
    told: list[str] = []
    asked: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            told.append(message.text)

    head = "<script>window.early = !window.gradio_config</script>"
    with serve(Guard(run(make_page), Access(), head)) as address:
        page = browser.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.get_by_label("question").fill("问峰")
        page.get_by_role("button", name="ask", exact=True).click()
        page.get_by_text("heard 问峰").wait_for()
        page.locator("#answer [data-loaded=yes], #answer[data-loaded=yes]").first.wait_for(state="attached")
        page.locator("input[type=file]").set_input_files(
            {"name": "a.md", "mimeType": "text/plain", "buffer": b"a"}
        )
        page.locator(".file-preview").wait_for()
        assert page.evaluate("window.early")
        # What slips into the page does not run.
        page.evaluate("""() => {
            document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.ran = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.ran = 2";
            document.body.append(script);
        }""")
        page.wait_for_function("document.querySelector('img[onerror]').complete")
        assert page.evaluate("window.ran === undefined")
        page.close()
    refused = [text for text in told if "Content Security Policy" in text]
    assert told == refused
    assert len(refused) == 2  # the two above
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


def test_the_docs_work_under_the_policy(browser: Browser, assistant: Assistant) -> None:
    app = FastAPI(title="Wenfeng", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.include_router(make_api(assistant, Places()))
    add_docs(app)
    told: list[str] = []
    asked: list[str] = []
    with serve(Guard(app, Access())) as address:
        page = browser.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/api/docs")
        page.locator("#operations-default-healthz_healthz_get").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.get_by_text(f'"generation": "{assistant.index.name}"').first.wait_for()
        page.close()
    assert told == []
    assert not [url for url in asked if not url.startswith((address, "data:"))]


def test_a_person_is_refused_in_the_language_of_the_page_and_a_program_in_english() -> None:
    with guarded(Access(USERS, local_only=False)) as ask:
        assert ask("/", language="").text == "请用你的名字和密码登录。"
        assert ask("/", language="en").text == "Sign in with your name and password."
        assert ask("/api/ask", "POST", language="").json() == {
            "detail": "Sign in with your name and password."
        }
