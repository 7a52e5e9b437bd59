"""Work on questions while the client waits: replies as JSON or as events, and what goes wrong in a sentence.

A client that goes away gives its place up. Knows nothing of what is worked on.
"""

import asyncio
import json
import logging
import math
import secrets
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectSendStream
from fastapi import HTTPException
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import Receive, Scope, Send

from rag.errors import FilterError, QuestionError, RagError
from ui.places import BUSY_SECONDS, BusyError, Places

logger = logging.getLogger(__name__)

_EVENT_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]

Found = TypeVar("Found")
Event = tuple[str, Any]
"""A name and what becomes JSON."""


class _Reply(Response):
    """Works while it is sent, and gives its place up when the client goes away."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places = places
        self._thread = anyio.CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
            await self._reply(scope, receive, send)
            group.cancel_scope.cancel()

    async def _reply(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Wait for a place and keep it.

        Raises:
            BusyError: too many wait already.
        """
        turn, loop = asyncio.Event(), asyncio.get_running_loop()

        def begin() -> None:
            loop.call_soon_threadsafe(turn.set)

        self._places.line_up(begin)
        try:
            await turn.wait()
            yield
        finally:
            self._places.leave(begin)

    async def _run(self, work: Callable[[], Found]) -> Found:
        """Run something in a thread, which goes on to its end whatever happens here."""
        return await anyio.to_thread.run_sync(work, limiter=self._thread)


class JsonReply(_Reply):
    """What the work returns, as JSON; or what went wrong, with its status."""

    def __init__(self, places: Places, work: Callable[[], Any]) -> None:
        super().__init__(places)
        self._work = work

    async def _reply(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._place():
                response = JSONResponse(await self._run(self._work))
        except Exception as error:  # noqa: BLE001  (the outermost edge)
            response = to_response(_to_problem(error))
        await response(scope, receive, send)


class EventReply(_Reply):
    """Server-sent events. What goes wrong is a status until there is an event, and then the last event.

    They are made without waiting for the client, who might not read and would hold the place.
    """

    def __init__(self, places: Places, work: Callable[[], Generator[Event, None, None]]) -> None:
        super().__init__(places)
        self._work = work

    async def _reply(self, scope: Scope, receive: Receive, send: Send) -> None:
        made, events = anyio.create_memory_object_stream[bytes | HTTPException](math.inf)
        async with events, anyio.create_task_group() as group:
            group.start_soon(self._make_events, made)
            started = False
            async for event in events:
                if not started and isinstance(event, HTTPException):
                    await to_response(event)(scope, receive, send)
                    return
                if not started:
                    await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
                    started = True
                body = event if isinstance(event, bytes) else _to_bytes("error", {"detail": event.detail})
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _make_events(self, made: MemoryObjectSendStream[bytes | HTTPException]) -> None:
        with made:
            try:
                async with self._place():
                    await self._run_through(made)
            except Exception as error:  # noqa: BLE001  (the outermost edge)
                made.send_nowait(_to_problem(error))

    async def _run_through(self, made: MemoryObjectSendStream[bytes | HTTPException]) -> None:
        events = self._work()
        try:
            while (event := await self._run(lambda: next(events, None))) is not None:
                made.send_nowait(_to_bytes(*event))
        finally:
            with anyio.CancelScope(shield=True):
                await self._run(events.close)


def _to_bytes(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _to_problem(error: Exception) -> HTTPException:
    """What a client is told: the sentence of an error of ours; of another one, which is logged, only an id."""
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, BusyError):
        return HTTPException(503, str(error), {"Retry-After": str(BUSY_SECONDS)})
    if isinstance(error, RagError):
        return HTTPException(
            422 if isinstance(error, QuestionError | FilterError) else 503, writable(str(error))
        )
    number = secrets.token_hex(4)
    logger.error("Fault %s", number, exc_info=error)
    return HTTPException(500, f"Something went wrong here. Tell who runs this server the number {number}.")


def to_response(problem: AnyHTTPException) -> JSONResponse:
    """The sentence as ``{"detail": …}``."""
    return JSONResponse({"detail": problem.detail}, problem.status_code, problem.headers)


def writable(text: str) -> str:
    """Without half characters, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
