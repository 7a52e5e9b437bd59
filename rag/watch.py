"""A folder that changes -> its index follows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TypeVar

from watchfiles import Change, watch

from rag.errors import DiskError, RagError
from rag.intake import could_be_article

QUIET = 500
"""Milliseconds without a change after which the index follows."""
LONGEST = 10_000
"""Milliseconds of changes after which it follows all the same."""
FIRST = 1000
"""Milliseconds until the first refresh where nothing changes."""

Outcome = TypeVar("Outcome")


def follow_folder(
    articles: Path, refresh: Callable[[], Outcome], stop: Event
) -> Iterator[Outcome | RagError]:
    """Refresh once the folder is watched, and each time that articles have changed, until told to stop.

    Args:
        articles: the folder, which must be there.
        refresh: brings the index up to date; what it raises of ours is passed on, and the next change tries again.
        stop: ends the iteration within a second.

    Yields:
        What ``refresh`` gave or raised.

    Raises:
        DiskError: the system cannot watch the folder.
    """
    for _ in _changes(articles, stop):
        try:
            yield refresh()
        except RagError as error:
            yield error


def _changes(articles: Path, stop: Event) -> Iterator[None]:
    """Once the folder is watched, and each time that articles have changed."""
    folder = articles.resolve()

    def concerns(change: Change, path: str) -> bool:
        if not Path(path).is_relative_to(folder):
            return False
        if any(part.startswith(".") for part in Path(path).relative_to(folder).parts):
            return False  # hidden, such as the index itself
        return change is not Change.modified or could_be_article(path)  # a folder that comes or goes, too

    while not stop.is_set():
        is_first = True
        try:
            for changes in watch(
                folder,
                watch_filter=concerns,
                debounce=LONGEST,
                step=QUIET,
                rust_timeout=FIRST,
                yield_on_timeout=True,
                stop_event=stop,
                ignore_permission_denied=True,
            ):
                if changes or is_first:
                    is_first = False
                    yield
            return
        except OSError as error:
            raise DiskError(
                f"The folder {articles} cannot be watched: {error}. Index it without --watch, or try again."
            ) from error
        except RuntimeError:
            continue  # a file's name is no text: it is watched anew, and what is there is read
