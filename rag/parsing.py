"""Files -> articles in worker processes, so that one hostile file stops nothing but itself.

A page of 100,000 nested tags keeps a parser in C busy for hours or eats all memory, and nothing inside the same
process can stop it. So files are read by processes of their own (``python -m rag.parsing``) under a limit of memory.
One that takes too long is killed and one that dies is replaced; the file it had is set aside, the rest go on.

``multiprocessing`` starts its processes by importing the caller's main program once more, which a plain script or
a notebook does not survive; ours know nothing of the caller. Messages are JSON and not pickles, since what wrote
them has seen hostile bytes.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from rag.articles import read_article
from rag.errors import ArticleError
from rag.records import Article

SECONDS = 20.0
"""For one file; a post takes milliseconds, 20 MB of plain HTML two seconds."""
MEMORY = 1024**3
"""Bytes of address space of a worker."""
START_SECONDS = 120.0
FILES_A_WORKER = 200
"""A worker takes 0.3 s to start: fewer files than this do not pay for another."""

logger = logging.getLogger(__name__)

Outcome = Article | ArticleError


def read_articles(
    folder: Path, paths: Sequence[str], seconds: float = SECONDS, memory: int = MEMORY
) -> Iterator[tuple[str, Outcome]]:
    """Read articles of a folder, each once, as they are done and not in order.

    Args:
        folder: the folder of articles.
        paths: relative to it, POSIX.
        seconds: for one file.
        memory: bytes of address space of a worker.

    Yields:
        A path and its article, or the error for which it is set aside: those of ``rag.articles``, and the reasons
        ``timeout``, ``memory`` and ``crash``.
    """
    waiting = deque(paths)
    count = min(os.cpu_count() or 1, -(-len(waiting) // FILES_A_WORKER))
    workers = [_Worker(folder, memory) for _ in range(count)]
    try:
        while waiting or any(worker.path is not None for worker in workers):
            for worker in workers:
                if worker.path is None and waiting:
                    worker.begin(waiting.popleft())
            busy = {worker.connection: worker for worker in workers if worker.path is not None}
            first = min(worker.begun for worker in busy.values()) + seconds
            ready = wait(list(busy), timeout=max(0.0, first - time.monotonic()))
            for connection, worker in busy.items():
                path, outcome = worker.path or "", None
                if connection in ready:
                    outcome = worker.finish()
                elif time.monotonic() > worker.begun + seconds:
                    outcome = ArticleError(path, "timeout", f"reading it took more than {seconds:g} seconds")
                if outcome is None:
                    continue
                if worker.path is not None:  # it did not finish
                    worker.stop()
                    workers[workers.index(worker)] = _Worker(folder, memory)
                yield path, outcome
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that reads one file at a time.

    Attributes:
        path: the file it has, or None.
        begun: when it got it, on the monotonic clock.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self.connection, theirs = Pipe()
        self.path: str | None = None
        self.begun = 0.0
        home = str(Path(__file__).resolve().parents[1])
        known = os.environ.get("PYTHONPATH")
        with theirs:
            self._process = subprocess.Popen(
                # -P: no module of the folder it is started in takes the place of a library's.
                [sys.executable, "-P", "-m", "rag.parsing", str(theirs.fileno()), str(folder), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{known}" if known else home},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        if not (self.connection.poll(START_SECONDS) and self._receive() == {"ready": True}):
            self.stop()
            raise RuntimeError(f"A process that reads articles did not start: {self._process.args!r}")

    def begin(self, path: str) -> None:
        """Hand it a file."""
        self.path = path
        self.begun = time.monotonic()
        self.connection.send_bytes(json.dumps(path).encode())

    def finish(self) -> Outcome:
        """What became of its file; ``path`` stays where it died of it."""
        path = self.path or ""
        try:
            message = self._receive()
        except (EOFError, OSError):
            code = self._process.wait()
            return ArticleError(path, "crash", f"the process that read it died (exit status {code})")
        if message.get("reason") != "memory":
            self.path = None
        for line in message.pop("log", []):
            logger.warning("%s", line)
        if "reason" in message:
            return ArticleError(path, message["reason"], message["detail"])
        published = message.pop("published")
        categories = tuple(message.pop("categories"))
        return Article(
            **message, categories=categories, published=published and datetime.fromisoformat(published)
        )

    def stop(self) -> None:
        """Kill it, if it lives, and let go of it."""
        self.connection.close()
        self._process.kill()
        self._process.wait()

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv_bytes())
        return message


# Inside the worker.


def serve(connection: Connection, folder: Path) -> None:
    """Read file after file until the other side is gone."""
    log: list[str] = []
    logging.getLogger("rag").addHandler(_Collector(log))
    _send(connection, {"ready": True})
    while True:
        try:
            path = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        log.clear()
        try:
            message = _read(folder, path)
        except MemoryError:
            message = {"reason": "memory", "detail": "reading it takes too much memory"}
        _send(connection, {**message, "log": log})


def _read(folder: Path, path: str) -> dict[str, Any]:
    try:
        article = read_article(folder, path)
    except ArticleError as error:
        return {"reason": error.reason, "detail": error.detail}
    return {
        "path": article.path,
        "text": article.text,
        "title": article.title,
        "outlet": article.outlet,
        "author": article.author,
        "url": article.url,
        "categories": article.categories,
        "published": article.published and article.published.isoformat(),
    }


def _send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


class _Collector(logging.Handler):
    """Keeps what is logged, for the other side to log."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def main() -> None:
    """Serve on the file descriptor, of the folder and with the bytes of memory that the arguments name."""
    descriptor, folder, memory = sys.argv[1:]
    _limit_memory(int(memory))
    serve(Connection(int(descriptor)), Path(folder))


def _limit_memory(size: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ImportError, ValueError, OSError):
        logger.warning("this system sets no limit on the memory of a process")


if __name__ == "__main__":
    main()
