"""A real server on a port of its own, and a real browser that tells of every request that leaves this machine."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from embeddings.encoder import Encoder, FloatMatrix
from rag import Assistant
from rag.assistant import index_folder
from rag.settings import ServeSettings
from rag.store import Index
from ui.conversations import Conversations
from ui.desk import Desk
from ui.server import make_app

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "articles"


@pytest.fixture
def desk(assistant: Assistant, tmp_path: Path) -> Iterator[Desk]:
    """A desk on the sample articles, with conversations of its own."""
    with Conversations(tmp_path / "conversations.sqlite") as conversations:
        yield Desk(assistant, conversations)


@contextmanager
def serving(desk: Desk, serve: ServeSettings) -> Iterator[str]:
    """The whole server in a thread; its address."""
    server = uvicorn.Server(
        uvicorn.Config(lambda: make_app(desk, serve), factory=True, port=0, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
            assert thread.is_alive(), "the server did not come up"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True  # pages of tests keep streams open
        thread.join()


@pytest.fixture(scope="session")
def own_index(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of a copy of the sample articles that tests may change."""
    place = tmp_path_factory.mktemp("page")
    shutil.copytree(SAMPLES, place / "articles")
    index_folder(place / "articles", place / "index", assistant.encoder, assistant.settings)
    return place / "index"


class GatedEncoder:
    """An encoder that waits while its gate is held, so that a question stays in its first step."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.gate = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        with self.gate:
            return self._encoder.encode_queries(texts)


@pytest.fixture(scope="session")
def gate(own_desk: Desk) -> threading.Lock:
    """Held, it keeps every question of ``own_desk`` from its answer."""
    return cast(GatedEncoder, own_desk.assistant.encoder).gate


@pytest.fixture(scope="session")
def own_desk(assistant: Assistant, own_index: Path) -> Iterator[Desk]:
    """A desk whose articles and conversations tests may change; the models are those of ``assistant``."""
    encoder = cast(Encoder, GatedEncoder(assistant.encoder))
    with ExitStack() as stack:
        opened = Index.open(own_index)
        own = stack.enter_context(Assistant(own_index, opened, encoder, assistant.reader, assistant.settings))
        conversations = stack.enter_context(Conversations(own_index / "page" / "conversations.sqlite"))
        yield Desk(own, conversations)


@pytest.fixture(scope="session")
def address(own_desk: Desk) -> Iterator[str]:
    """Where the page is served."""
    with serving(own_desk, ServeSettings()) as where:
        yield where


@pytest.fixture
def serve() -> Iterator[Callable[[Desk, ServeSettings], str]]:
    """Serves another desk until the test is over."""
    with ExitStack() as stack:
        yield lambda desk, settings: stack.enter_context(serving(desk, settings))


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens the page in a fresh browser; afterwards nothing may have left, failed or been stopped by the policy."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def note(text: str) -> None:
        if "AbortError" not in text and "errored out" not in text:  # Gradio's, when its page is left
            wrong.append(text)

    def open_page(where: str = address, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((where, "data:", "blob:")) else wrong.append(request.url)
            ),
        )
        page.on("pageerror", lambda error: note(str(error)))
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.goto(where)
        page.wait_for_selector("#transcript .turn")
        page.wait_for_selector("#composer .submit-button[aria-label]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
