"""The server: the page, the same answers over HTTP, what can be downloaded, and the guard before them all."""

import ipaddress
import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from gradio.routes import App as GradioApp
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

from rag import Assistant, RagError, __version__
from rag.dates import BEIJING
from rag.errors import SettingsError
from rag.settings import ServeSettings, Settings
from rag.watch import follow_folder
from ui.api import add_docs, make_api
from ui.conversations import ConversationMissingError, Conversations
from ui.desk import UNDO, Desk, Visitor, say_fault
from ui.events import to_visitor
from ui.export import to_html, to_markdown
from ui.guard import Access, Guard
from ui.page import I18N, THEME, build_page

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
HEAD = '<link rel="stylesheet" href="/page/static/page.css"><script src="/page/static/page.js"></script>'
CONVERSATIONS = Path("page") / "conversations.sqlite"
"""In the folder of the index."""
DRAIN = 5
"""Seconds that answers under way have once the server is told to stop."""


def make_app(desk: Desk, serve: ServeSettings) -> FastAPI:
    """The whole server as an ASGI application."""
    app = FastAPI(
        title="Wenfeng 问峰",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(make_api(desk.assistant, desk.places))
    add_docs(app)
    _add_downloads(app, desk)
    app.mount("/page/static", StaticFiles(directory=STATIC), name="page")
    access = Access(
        users=serve.users(),
        local_only=is_loopback(serve.host) and not serve.auth,
        host=serve.host,
        read_only=desk.read_only,
    )
    app.add_middleware(Guard, access=access, head=HEAD)
    page = build_page(desk)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        i18n=I18N,
        ssr_mode=False,
        show_error=False,  # what is not ours may hold anything, and would be shown as HTML
        theme=THEME,
        max_file_size="20mb",
    )
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, GradioApp):
            route.app.state_holder = _Sessions()  # type: ignore[no-untyped-call]
            route.app.state_holder.set_blocks(page)
    return app


class _Sessions(StateHolder):
    """Lets go of what the panels of each session showed, which Gradio keeps for links whose route is closed here."""

    def __getitem__(self, session_id: str) -> SessionState:
        session = super().__getitem__(session_id)
        session.config_values.clear()  # what an event shows is put there again, until the next one
        return session


def run_server(
    index: Path,
    settings: Settings,
    watch: bool = False,
    open_browser: bool = False,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve an index until told to stop (Ctrl-C, SIGTERM).

    Args:
        watch: follow the folder of articles.
        open_browser: show the page where there is a browser with a window.
        tell: called with what a person at the terminal should know.

    Raises:
        SettingsError: the address cannot be used, or needs ``auth``.
        IndexMissingError, IndexMismatchError, IndexCorruptError, ModelError: as of ``Assistant.open``.
    """
    serve = settings.serve
    if not is_loopback(serve.host) and not serve.auth:
        raise SettingsError(
            f"Others can reach {serve.host}, so somebody must sign in. Name users in wenfeng.toml: "
            '[serve] auth = ["name:password"], or serve on 127.0.0.1.'
        )
    with ExitStack() as stack:
        listening = stack.enter_context(_bind(serve.host, serve.port))
        assistant = stack.enter_context(Assistant.open(None, index, settings))
        conversations = stack.enter_context(Conversations(index / CONVERSATIONS))
        conversations.purge(datetime.now(UTC) - UNDO)
        desk = Desk(assistant, conversations, serve.read_only)
        if watch:
            stack.enter_context(_following(assistant, tell))
        # The first questions compile what the later ones use; an empty page finds its samples made.
        threading.Thread(target=desk.suggest, args=[Visitor(), None], daemon=True).start()
        address = _to_address(serve.host, listening.getsockname()[1])
        server = _Server(
            uvicorn.Config(
                lambda: make_app(desk, serve),
                factory=True,  # Gradio wants to be made where an event loop runs
                log_level="warning",
                timeout_graceful_shutdown=DRAIN,
                server_header=False,
            ),
            when_up=lambda: _show(address, open_browser, tell),
        )
        server.run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_up()


def _add_downloads(app: FastAPI, desk: Desk) -> None:
    """Conversations as files, and votes as a question set."""

    @app.get("/page/export/{conversation}.{kind}", include_in_schema=False)
    def export(conversation: str, kind: Literal["md", "html"], request: Request) -> Response:
        visitor = to_visitor(request)
        try:
            opened = desk.conversations.open(visitor.owner, conversation)
        except ConversationMissingError as error:
            raise HTTPException(404, str(error)) from None
        write, media = (to_markdown, "text/markdown") if kind == "md" else (to_html, "text/html")
        return _download(
            write(opened, visitor.language, datetime.now(BEIJING).date()),
            f"wenfeng-{conversation[:8]}.{kind}",
            media,
        )

    @app.get("/page/cases.jsonl", include_in_schema=False)
    def cases(request: Request) -> Response:
        return _download(desk.cases(to_visitor(request)), "wenfeng-cases.jsonl", "application/x-ndjson")


def _download(text: str, name: str, media: str) -> Response:
    return Response(
        text.encode(),
        media_type=f"{media}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves its delay on: 40 ms a request.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"Cannot serve on {host}:{port}: {error.strerror}. Choose another with --port or --host; "
            "--port 0 takes any that is free."
        ) from None
    return listening


@contextmanager
def _following(assistant: Assistant, tell: Callable[[str], None]) -> Iterator[None]:
    """Follow the folder of articles in a thread of its own."""
    folder = assistant.index.folder
    if folder is None:
        raise SettingsError(
            "This index does not know its folder. Run: wenfeng index ARTICLES, then serve again."
        )
    stop = threading.Event()

    def follow() -> None:
        try:
            for outcome in follow_folder(folder, assistant.refresh, stop):
                if isinstance(outcome, RagError):
                    tell(str(outcome))
        except Exception as error:  # noqa: BLE001  (the edge of a thread)
            tell(f"{say_fault(error, 'en')} The folder is followed no longer; serve again.")

    thread = threading.Thread(target=follow, name="wenfeng-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _to_address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _show(address: str, open_browser: bool, tell: Callable[[str], None]) -> None:
    tell(f"问峰在 {address} ，用 Ctrl-C 停止。 Wenfeng is at {address}, stop it with Ctrl-C.")
    has_window = (
        sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if open_browser and has_window:
        # A browser in the terminal would take it from the server.
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
