"""A folder that changes -> its index follows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TypeVar

from watchfiles import Change, watch

from rag.errors import RagError
from rag.intake import could_be_article

QUIET = 1600
"""Milliseconds for which changes are gathered before the index follows."""

Outcome = TypeVar("Outcome")


def follow_folder(
    articles: Path, refresh: Callable[[], Outcome], stop: Event | None = None
) -> Iterator[Outcome | RagError]:
    """Refresh each time that articles have changed, until told to stop.

    Args:
        articles: the folder, which must be there.
        refresh: brings the index up to date; what it raises of ours is passed on, and the next change tries again.
        stop: ends the iteration; Ctrl-C does as well.

    Yields:
        What ``refresh`` gave or raised.
    """

    def concerns(change: Change, path: str) -> bool:
        parts = Path(path).relative_to(articles.resolve()).parts
        if any(part.startswith(".") for part in parts):
            return False  # hidden, such as the index itself
        is_folder = not Path(path).suffix and change is not Change.modified
        return is_folder or could_be_article(path)

    changes = watch(
        articles.resolve(), watch_filter=concerns, debounce=QUIET, stop_event=stop, raise_interrupt=False
    )
    for _ in changes:
        try:
            yield refresh()
        except RagError as error:
            yield error
