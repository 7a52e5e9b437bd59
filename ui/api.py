"""The assistant over HTTP, and a page that describes it. Knows nothing of the chat page, nor of who asks."""

import html
import json
from collections.abc import Callable, Coroutine, Generator, Iterator
from importlib import resources
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException as AnyHTTPException

from rag import Answer, Assistant, Turn, __version__
from rag.export import answer_to_json, hit_to_json
from rag.generations import REBUILD_ADVICE
from ui.places import Places
from ui.replies import Event, EventReply, JsonReply, to_response, writable
from ui.shapes import AnswerFound, Health, HitFound, Problem, QuestionAsked, SearchAsked

_NOT_JSON = "The body is not JSON in UTF-8. /api/docs tells what to send."
_DOCS_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/api/docs/static/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/static/swagger-ui.css">
</head>
<body>
<main id="docs"></main>
<script src="/api/docs/static/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({{dom_id: "#docs", url: {address}, validatorUrl: null}});</script>
</body>
</html>
"""


def make_api(assistant: Assistant, places: Places) -> APIRouter:
    """The routes /api/ask, /api/search and /healthz; what they ask is worked on in ``places``."""
    router = APIRouter(route_class=_Route)

    @router.post(
        "/api/ask",
        response_model=AnswerFound,
        responses=_described(
            "The answer; with `Accept: text/event-stream` events: `piece`s whose texts join to the answer's, then "
            "`answer` with what is otherwise the body, or `error` with a `detail`.",
            'event: piece\ndata: {"text": "…… [1]"}\n\nevent: answer\ndata: {"question": "……", …}\n\n',
        ),
    )
    async def ask(asked: QuestionAsked, request: Request) -> Response:
        """Answer a question from the articles."""
        history = tuple(Turn(turn.role, turn.content) for turn in asked.history)
        filters = asked.filters.to_filters()
        if _wants_events(request):
            return EventReply(
                places, lambda: _answer_events(assistant.stream(asked.question, history, filters))
            )
        return JsonReply(places, lambda: answer_to_json(assistant.ask(asked.question, history, filters)))

    @router.post(
        "/api/search",
        response_model=list[HitFound],
        responses=_described(
            "The passages, best first; with `Accept: text/event-stream` events: a `hit` each, then `done` with their "
            "`count`, or `error` with a `detail`.",
            'event: hit\ndata: {"score": 0.9, …}\n\nevent: done\ndata: {"count": 1}\n\n',
        ),
    )
    async def search(asked: SearchAsked, request: Request) -> Response:
        """Find passages."""

        def find() -> list[dict[str, Any]]:
            hits = assistant.search(asked.query, asked.k, asked.filters.to_filters())
            return [hit_to_json(hit) for hit in hits]

        return (
            EventReply(places, lambda: _hit_events(find))
            if _wants_events(request)
            else JsonReply(places, find)
        )

    @router.get("/healthz", responses=_problems(421, 503))
    async def healthz() -> Health:
        """Tell whether questions can be answered; needs no password."""
        index = assistant.index
        if index.damage:
            raise HTTPException(503, f"The index is damaged. {REBUILD_ADVICE}")
        status: Literal["ok", "degraded"] = "degraded" if index.stands_in else "ok"
        return Health(status=status, generation=index.name, version=__version__)

    return router


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "").lower()


def _answer_events(pieces: Iterator[str | Answer]) -> Generator[Event, None, None]:
    for piece in pieces:
        if isinstance(piece, Answer):
            yield "answer", answer_to_json(piece)
        else:
            yield "piece", {"text": piece}


def _hit_events(find: Callable[[], list[dict[str, Any]]]) -> Generator[Event, None, None]:
    hits = find()
    for hit in hits:
        yield "hit", hit
    yield "done", {"count": len(hits)}


def add_docs(app: FastAPI) -> None:
    """Add the page /api/docs, which describes and tries what ``app`` answers, and loads nothing foreign."""
    page = _DOCS_PAGE.format(title=html.escape(app.title), address=json.dumps(app.openapi_url))

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/api/docs/static/{name}", include_in_schema=False)
    async def docs_file(name: str) -> FileResponse:
        if name not in _DOCS_FILES:
            raise HTTPException(404, "There is nothing here. Open /api/docs.")
        return FileResponse(str(resources.files("swagger_ui") / "static" / name))


class _Route(APIRoute):
    """Tells what is wrong with a request in a sentence, without repeating what was sent."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_told(request: Request) -> Response:
            if request.method == "POST" and not _is_json(request.headers.get("content-type", "")):
                return to_response(
                    HTTPException(415, "Send the body as JSON, with Content-Type: application/json.")
                )
            try:
                return await handle(request)
            except RequestValidationError as error:
                return to_response(HTTPException(422, _explain(error)))
            except AnyHTTPException as error:
                if error.status_code == 400:  # FastAPI's, for bytes that are no text and numbers without end
                    error = HTTPException(422, _NOT_JSON)
                return to_response(error)

        return handle_told


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _explain(error: RequestValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _NOT_JSON
    field = ".".join(str(part) for part in first["loc"][1:]) or "The body"
    is_pattern = first["type"] == "string_pattern_mismatch"
    told = (
        "write text, without control characters and not only blanks"
        if is_pattern
        else first["msg"].removeprefix("Value error, ")
    )
    return writable(f"{field[:100]}: {told}. /api/docs tells what to send.")


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    told = {
        401: "Where the server has users: sign in with HTTP Basic.",
        403: "The request comes from a page of another site.",
        413: "The body is larger than 1 MiB.",
        415: "The body is not sent as application/json.",
        421: "The server answers on its own machine only, under its own name.",
        422: "The body is not as described, or a filter names what no article has.",
        429: "Too many questions a minute, or too many wrong passwords.",
        500: "A fault of ours; the sentence has an id that the log has too.",
        503: "Too many questions wait, or the index or the model is not usable.",
    }
    wait = {"headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}}
    return {
        status: {"model": Problem, "description": told[status], **(wait if status in (429, 503) else {})}
        for status in statuses
    }


_REFUSALS = _problems(401, 403, 413, 415, 421, 422, 429, 500, 503)


def _described(description: str, events: str) -> dict[int | str, dict[str, Any]]:
    streamed = {"text/event-stream": {"schema": {"type": "string"}, "example": events}}
    return {**_REFUSALS, 200: {"description": description, "content": streamed}}
