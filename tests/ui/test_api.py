"""The assistant over HTTP: what it answers, what it refuses, and how many at once."""

import json
import re
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import anyio
import httpx
import pytest
from fastapi import FastAPI

from rag import Answer, Assistant, Filters, Hit, Turn, __version__
from rag.errors import (
    DiskError,
    FilterError,
    IndexBusyError,
    IndexCorruptError,
    IndexMismatchError,
    IndexMissingError,
    ModelError,
    QuestionError,
)
from rag.export import answer_to_json, hit_to_json
from ui.api import add_docs, make_api
from ui.places import AT_ONCE, MOST_WAITING, Places
from ui.shapes import AnswerFound

QUESTION = "第二场圆桌对话是谁主持的？"
EVENTS = {"Accept": "text/event-stream"}
Result = TypeVar("Result")


def run(function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Result:
    """Run in a thread, for a browser's driver may keep an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, function, *arguments).result()


@dataclass
class Toy:
    """An assistant of two lines: each question takes until it is let go, or fails as it is told to."""

    error: Exception | None = None
    after: int = 0
    """How many pieces come before the error."""
    go: threading.Event = field(default_factory=threading.Event)
    started: "threading.Semaphore" = field(default_factory=lambda: threading.Semaphore(0))
    asked: list[tuple[str, tuple[Turn, ...], Filters | None]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    index: Any = field(default_factory=lambda: SimpleNamespace(damage=None, stands_in=None, name="g1"))

    def __post_init__(self) -> None:
        self.go.set()

    def ask(self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None) -> Answer:
        self.asked.append((question, tuple(history), filters))
        self.started.release()
        assert self.go.wait(60)
        if self.error:
            raise self.error
        return Answer(question, question, "一。\n二。")

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterator[str | Answer]:
        try:
            error, self.error = (self.error, None) if self.after else (None, self.error)
            answer = self.ask(question, history, filters)
            yield from answer.text.splitlines(keepends=True)[: self.after or None]
            if error:
                raise error
            yield answer
        finally:
            self.closed.set()

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        self.ask(query, (), filters)
        return []


def make_app(assistant: Any) -> FastAPI:
    app = FastAPI(title="Wenfeng", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.include_router(make_api(cast(Assistant, assistant), Places()))
    add_docs(app)
    return app


def send(assistant: Any, path: str, method: str = "POST", **options: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(make_app(assistant))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.request(method, path, **options)

    return run(ask)


def events_of(response: httpx.Response) -> list[tuple[str, Any]]:
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", response.text)
    assert "".join(f"event: {name}\ndata: {data}\n\n" for name, data in found) == response.text
    return [(name, json.loads(data)) for name, data in found]


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "steps": sorted(answer["steps"])}


# Answers


def test_an_answer_is_what_the_command_line_prints(assistant: Assistant) -> None:
    response = send(assistant, "/api/ask", json={"question": QUESTION})
    assert response.status_code == 200
    assert without_times(response.json()) == without_times(answer_to_json(assistant.ask(QUESTION)))
    assert "谢海麟" in response.json()["text"]


def test_the_shape_that_is_published_names_every_field_of_an_answer(assistant: Assistant) -> None:
    found = answer_to_json(assistant.ask(QUESTION))
    fields = set(AnswerFound.model_fields)
    assert set(found) == fields
    AnswerFound.model_validate(found)


def test_the_pieces_join_to_the_text_of_the_answer(assistant: Assistant) -> None:
    events = events_of(send(assistant, "/api/ask", json={"question": QUESTION}, headers=EVENTS))
    *pieces, (name, answer) = events
    assert {kind for kind, _ in pieces} == {"piece"}
    assert name == "answer"
    assert "".join(data["text"] for _, data in pieces) == answer["text"]
    assert answer["citations"]


def test_history_and_filters_reach_the_assistant(assistant: Assistant) -> None:
    history = [
        {"role": "user", "content": "第一场圆桌对话是谁主持的？"},
        {"role": "assistant", "content": "……"},
    ]
    body = {"question": "那第二场呢？", "history": history}
    assert "第二场" in send(assistant, "/api/ask", json=body).json()["asked"]
    toy = Toy()
    filters = {
        "since": "2021-06-01",
        "until": "2021-06-30",
        "categories": ["c"],
        "outlets": ["o"],
        "authors": ["a"],
        "articles": ["p"],
    }
    send(toy, "/api/ask", json={**body, "filters": filters})
    ((_, turns, found),) = toy.asked
    assert turns == (Turn("user", "第一场圆桌对话是谁主持的？"), Turn("assistant", "……"))
    assert found is not None
    assert (str(found.since), str(found.until)) == ("2021-06-01", "2021-06-30")
    assert (found.categories, found.outlets, found.authors, found.articles) == (
        ("c",),
        ("o",),
        ("a",),
        ("p",),
    )


def test_a_search_finds_what_the_assistant_finds(assistant: Assistant) -> None:
    expected = [hit_to_json(hit) for hit in assistant.search("碳普惠平台", 3)]
    body = {"query": "碳普惠平台", "k": 3}
    assert send(assistant, "/api/search", json=body).json() == expected
    events = events_of(send(assistant, "/api/search", json=body, headers=EVENTS))
    assert events == [*(("hit", hit) for hit in expected), ("done", {"count": 3})]


def test_a_name_that_no_article_has_is_named(assistant: Assistant) -> None:
    body = {"query": "碳", "filters": {"outlets": ["财联"]}}
    for headers in ({}, EVENTS):
        response = send(assistant, "/api/search", json=body, headers=headers)
        assert response.status_code == 422
        assert response.json()["detail"].startswith("No article has the outlet '财联'. Did you mean 财联社")


# Refusals


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "question: Field required"),
        ([], "The body: Input should be a valid dictionary"),
        (None, "The body: Input should be a valid dictionary"),
        ({"question": 3}, "question: Input should be a valid string"),
        ({"question": " \n"}, "question: write text, without control characters and not only blanks"),
        ({"question": "\ufeff"}, "question: write text, without control characters and not only blanks"),
        ({"question": "a\x00b"}, "question: write text, without control characters and not only blanks"),
        ({"question": "a\x85b"}, "question: write text, without control characters and not only blanks"),
        ({"question": "字" * 2001}, "question: String should have at most 2000 characters"),
        ({"question": "a", "k": 3}, "k: Extra inputs are not permitted"),
        (
            {"question": "a", "history": [{"role": "system", "content": "a"}]},
            "history.0.role: Input should be",
        ),
        (
            {"question": "a", "history": [{"role": "user", "content": "a" * 20_001}]},
            "history.0.content: String should",
        ),
        (
            {"question": "a", "history": [{"role": "user", "content": "a"}] * 101},
            "history: List should have at most 100",
        ),
        ({"question": "a", "filters": {"since": "2021-6-1"}}, "filters.since: write a day as YYYY-MM-DD"),
        ({"question": "a", "filters": {"since": "2021-02-30"}}, "filters.since: day is out of range"),
        ({"question": "a", "filters": {"until": 0}}, "filters.until: write a day as YYYY-MM-DD"),
        ({"question": "a", "filters": {"outlet": ["a"]}}, "filters.outlet: Extra inputs are not permitted"),
        ({"question": "a", "filters": {"outlets": "a"}}, "filters.outlets: Input should be a valid list"),
        (
            {"question": "a", "filters": {"outlets": ["a"] * 101}},
            "filters.outlets: List should have at most 100",
        ),
        (
            {"question": "a", "filters": {"outlets": ["a" * 501]}},
            "filters.outlets.0: String should have at most 500",
        ),
    ],
)
def test_a_body_that_does_not_fit_says_where(body: object, told: str) -> None:
    response = send(Toy(), "/api/ask", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["detail"].startswith(told)
    assert response.json()["detail"].endswith(". /api/docs tells what to send.")


@pytest.mark.parametrize("k", [0, 101, "5", True, 1.5, None])
def test_a_search_finds_one_to_a_hundred(k: object) -> None:
    response = send(Toy(), "/api/search", json={"query": "a", "k": k})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("k: Input should be")
    assert send(Toy(), "/api/search", json={"query": "a", "k": 100.0}).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"question": ' + b"1" * 5000 + b"}",
        b'{"question": "\\ud800"}',
        b'{"\\ud800": "a"}',
        b'{"question": "a", "history": [{"role": "user", "content": "\\udfff"}]}',
        b'{"question": "a", "filters": {"outlets": ["\\udc00"]}}',
        b'{"question": NaN}',
        b'{"question": "\\u0000"}',
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_bytes_that_mean_nothing_are_refused_with_a_sentence(content: bytes, accept: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": accept}
    response = send(Toy(), "/api/ask", content=content, headers=headers)
    assert response.status_code == 422
    assert response.json()["detail"].endswith(". /api/docs tells what to send.")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_only_json_is_read(kind: str) -> None:
    response = send(Toy(), "/api/ask", content=b'{"question": "a"}', headers={"Content-Type": kind})
    assert response.status_code == 415
    assert response.json() == {"detail": "Send the body as JSON, with Content-Type: application/json."}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QuestionError("Write a question."), 422),
        (FilterError("No such outlet."), 422),
        (IndexBusyError("Wait."), 503),
        (IndexMissingError("Build it."), 503),
        (IndexCorruptError("Renew it."), 503),
        (IndexMismatchError("Renew it.", {}, {}), 503),
        (ModelError("Load it."), 503),
        (DiskError("Free the disk. \ud800"), 503),
    ],
)
@pytest.mark.parametrize("path", ["/api/ask", "/api/search"])
@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_errors_of_ours_are_told(error: Exception, status: int, path: str, headers: dict[str, str]) -> None:
    field_name = "question" if path == "/api/ask" else "query"
    response = send(Toy(error), path, json={field_name: "a"}, headers=headers)
    assert response.status_code == status
    assert response.json() == {"detail": str(error).replace("\ud800", "?")}


@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_a_fault_is_logged_under_the_number_that_the_client_is_told(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    response = send(Toy(KeyError("a secret")), "/api/ask", json={"question": "a"}, headers=headers)
    assert response.status_code == 500
    found = re.fullmatch(
        r"Something went wrong here\. Tell who runs this server the number (\w{8})\.",
        response.json()["detail"],
    )
    assert found
    (record,) = (record for record in caplog.records if record.name == "ui.replies")
    assert record.getMessage() == f"Fault {found[1]}"
    assert "a secret" in caplog.text


def test_what_goes_wrong_under_way_is_the_last_event() -> None:
    response = send(
        Toy(ModelError("The model fell silent."), after=1), "/api/ask", json={"question": "a"}, headers=EVENTS
    )
    assert response.status_code == 200
    assert events_of(response) == [
        ("piece", {"text": "一。\n"}),
        ("error", {"detail": "The model fell silent."}),
    ]


# Health


def test_health_names_the_generation_and_the_version(assistant: Assistant) -> None:
    response = send(assistant, "/healthz", "GET")
    expected = {"status": "ok", "generation": assistant.index.name, "version": __version__}
    assert (response.status_code, response.json()) == (200, expected)


def test_a_generation_that_stands_in_is_degraded_and_a_damaged_one_unusable() -> None:
    toy = Toy()
    toy.index.stands_in = "g2 is damaged"
    assert send(toy, "/healthz", "GET").json() == {
        "status": "degraded",
        "generation": "g1",
        "version": __version__,
    }
    toy.index.damage = "/srv/secret/index is damaged"
    response = send(toy, "/healthz", "GET")
    assert response.status_code == 503
    assert response.json() == {
        "detail": "The index is damaged. Renew it with: wenfeng index ARTICLES --rebuild"
    }


# Places


class Client:
    """One request over ASGI, whose client can go away."""

    def __init__(self, app: FastAPI, accept: str = "application/json") -> None:
        self._app = app
        self._messages = [{"type": "http.request", "body": b'{"question": "a"}'}]
        self._gone = anyio.Event()
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/ask",
            "raw_path": b"/api/ask",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"content-type", b"application/json"), (b"accept", accept.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.done = anyio.Event()

    async def ask(self) -> None:
        await self._app(self._scope, self._receive, self._send)
        self.done.set()

    def leave(self) -> None:
        self._gone.set()

    async def _receive(self) -> Any:
        if self._messages:
            return self._messages.pop()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message["body"]


async def until_started(toy: Toy) -> None:
    assert await anyio.to_thread.run_sync(toy.started.acquire, True, 60)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_two_are_worked_on_a_hundred_wait_and_one_more_is_sent_away(accept: str) -> None:
    async def crowd() -> None:
        toy = Toy()
        toy.go.clear()
        app = make_app(toy)
        clients = [Client(app, accept) for _ in range(AT_ONCE + MOST_WAITING)]
        try:
            with anyio.fail_after(60):
                async with anyio.create_task_group() as group:
                    for client in clients:
                        group.start_soon(client.ask)
                    for _ in range(AT_ONCE):
                        await until_started(toy)
                    await anyio.wait_all_tasks_blocked()
                    late = Client(app, accept)
                    await late.ask()
                    assert (late.status, late.headers[b"retry-after"]) == (503, b"5")
                    assert json.loads(late.body) == {
                        "detail": "Too many questions are waiting. Ask again in 5 seconds."
                    }
                    assert len(toy.asked) == AT_ONCE
                    clients[-1].leave()  # one that waits frees its place
                    await clients[-1].done.wait()
                    last = Client(app, accept)
                    group.start_soon(last.ask)
                    await anyio.wait_all_tasks_blocked()
                    assert last.status == 0
                    toy.go.set()
        finally:
            toy.go.set()
        assert [client.status for client in [*clients[:-1], last]] == [200] * len(clients)
        assert clients[-1].status == 0
        assert len(toy.asked) == len(clients)

    run(crowd)


def test_a_stream_whose_client_goes_away_is_closed() -> None:
    async def leave() -> None:
        toy = Toy()
        toy.go.clear()
        client = Client(make_app(toy), "text/event-stream")
        try:
            with anyio.fail_after(60):
                async with anyio.create_task_group() as group:
                    group.start_soon(client.ask)
                    await until_started(toy)
                    client.leave()
                    await anyio.wait_all_tasks_blocked()
                    toy.go.set()
        finally:
            toy.go.set()
        assert client.done.is_set()
        assert toy.closed.is_set()
        assert client.body == b""

    run(leave)


# Description


def test_the_description_names_every_status_and_both_forms() -> None:
    description = make_app(Toy()).openapi()
    for path in ("/api/ask", "/api/search"):
        responses = description["paths"][path]["post"]["responses"]
        assert set(responses) == {"200", "401", "403", "413", "415", "421", "422", "429", "500", "503"}
        assert set(responses["200"]["content"]) == {"application/json", "text/event-stream"}
        problem = {"$ref": "#/components/schemas/Problem"}
        assert all(
            response["content"]["application/json"]["schema"] == problem
            for status, response in responses.items()
            if status != "200"
        )
        assert "Retry-After" in responses["429"]["headers"]
    assert set(description["paths"]) == {"/api/ask", "/api/search", "/healthz"}
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_the_docs_load_only_what_is_ours() -> None:
    page = send(Toy(), "/api/docs", "GET").text
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(loaded) == 3
    for address in loaded:
        assert send(Toy(), address, "GET").status_code == 200
    assert send(Toy(), "/api/docs/static/swagger-editor.js", "GET").status_code == 404
    assert send(Toy(), "/api/docs/static/..%2f__init__.py", "GET").status_code == 404
