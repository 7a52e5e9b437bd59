"""Which generation of an index serves: newer ones are taken up, old ones closed once nobody uses them."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embeddings.encoder import Encoder
from rag.errors import IndexCorruptError, IndexMismatchError, IndexMissingError, RagError
from rag.generations import REBUILD_ADVICE, read_pointer
from rag.indexing import made_with
from rag.settings import Settings
from rag.store import Index

logger = logging.getLogger(__name__)

PAUSE = 10.0
"""Seconds until a generation that could not be taken up is tried again."""


def open_fitting(root: Path, encoder: Encoder, settings: Settings, check_all: bool = False) -> Index | None:
    """The current generation, or None where there is no index.

    Args:
        check_all: as of ``Index.open``.

    Raises:
        IndexMismatchError: it was made with other settings or another model.
        IndexCorruptError: a file is damaged.
    """
    try:
        index = Index.open(root, check_all)
    except IndexMissingError:
        return None
    expected = made_with(encoder, settings)
    if index.made_with != expected:
        found = index.made_with
        index.close()
        differing = [name for name in expected if expected[name] != found.get(name)]
        told = "; ".join(
            f"{name} is {found.get(name)}, the settings ask for {expected[name]}" for name in differing
        )
        raise IndexMismatchError(
            f"The index at {root} does not fit the settings: {told}. {REBUILD_ADVICE}", expected, found
        )
    return index


class Serving:
    """The generation that serves. Safe to use from several threads.

    Attributes:
        index: that generation, open.
    """

    def __init__(self, root: Path, index: Index, encoder: Encoder, settings: Settings) -> None:
        self.index = index
        self._root = root
        self._encoder = encoder
        self._settings = settings
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._next_try = 0.0
        self._users: Counter[Index] = Counter()
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[Index]:
        """The newest generation, kept open as long as it is used.

        Raises:
            IndexCorruptError: it has been found damaged since it was opened.
        """
        self.renew()
        with self._lock:
            index = self.index
            self._users[index] += 1
        try:
            if index.damage:
                raise IndexCorruptError(f"{index.damage}. {REBUILD_ADVICE}")
            yield index
        finally:
            with self._lock:
                self._users[index] -= 1
                self._close_unused()

    def renew(self, now: bool = False) -> None:
        """Take up a generation that was written meanwhile, or what stands in for one that was found damaged.

        Args:
            now: wait for a thread that does so already, and try again what failed a moment ago; else go on with the old.
        """
        if not now and time.monotonic() < self._next_try:
            return
        if not self._renewing.acquire(blocking=now):
            return
        try:
            is_damaged = self.index.damage is not None
            if not is_damaged and read_pointer(self._root) == self.index.pointer:
                return
            newer = open_fitting(self._root, self._encoder, self._settings, check_all=is_damaged)
            if newer is not None:
                with self._lock:
                    self._users.setdefault(self.index, 0)
                    self.index = newer
                    self._close_unused()
        except RagError as error:
            self._next_try = time.monotonic() + PAUSE
            logger.warning(
                "The newest generation cannot be taken up, %s serves on: %s", self.index.name, error
            )
        finally:
            self._renewing.release()

    def close(self) -> None:
        """Let the files go, once nobody uses them."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._users.setdefault(self.index, 0)
                self._close_unused()

    def _close_unused(self) -> None:
        for index in [index for index, users in self._users.items() if not users]:
            if index is not self.index or self._closed:
                del self._users[index]
                index.close()
