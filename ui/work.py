"""An answer under way in a thread of its own, so that whoever waits for it can stop waiting at once."""

import queue
import threading
from collections.abc import Callable, Iterator

from rag import Answer

Piece = str | Answer | Exception


class Work:
    """Pieces of an answer as they come; safe to stop from another thread.

    A step that is being computed cannot be broken off; it ends, and nothing is begun after it.
    """

    def __init__(self, stream: Callable[[], Iterator[str | Answer]]) -> None:
        """Begin.

        Args:
            stream: gives the pieces, such as ``Assistant.stream``.
        """
        self._pieces: queue.Queue[Piece | None] = queue.Queue()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, args=[stream], name="wenfeng-answers", daemon=True).start()

    def __iter__(self) -> Iterator[Piece]:
        """The pieces, and an error in the place of what it kept from coming; ends when stopped."""
        while (piece := self._pieces.get()) is not None:
            if self._stopped.is_set():
                return
            yield piece

    def stop(self) -> None:
        """Let whoever iterates go on at once."""
        self._stopped.set()
        self._pieces.put(None)

    def _run(self, stream: Callable[[], Iterator[str | Answer]]) -> None:
        try:
            for piece in stream():
                if self._stopped.is_set():
                    return
                self._pieces.put(piece)
        except Exception as error:  # noqa: BLE001  (the edge of a thread; whoever iterates is told)
            self._pieces.put(error)
        finally:
            self._pieces.put(None)
