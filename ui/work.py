"""A question being answered in a thread of its own, whoever looks on and whether anybody does."""

import threading
from collections.abc import Callable, Iterator

from rag import Answer
from ui.places import Places

Outcome = Answer | Exception


class Work:
    """One question under way; any number may follow it, and any thread may stop it.

    A step that is being computed cannot be broken off; it ends, keeps its place until then, and nothing follows it.
    """

    def __init__(self, stream: Callable[[], Iterator[str | Answer]], places: Places) -> None:
        """Line up; ``begin`` or ``stop`` must follow.

        Args:
            stream: gives the pieces, such as ``Assistant.stream``.
            places: one of them is taken for the work, once it is free.

        Raises:
            BusyError: too many wait for a place already.
        """
        self._stream = stream
        self._places = places
        self._turn = threading.Event()
        self._has_begun = False
        self._changed = threading.Condition()
        self._text = ""
        self._ended = False
        self._stopped = False
        self._take_turn = self._turn.set
        places.line_up(self._take_turn)

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return self._text

    def follow(self) -> Iterator[str]:
        """The text so far, each time that it has grown; ends with the work."""
        seen = ""
        while True:
            with self._changed:
                while self._text == seen and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                seen = self._text
            yield seen

    def begin(self, keep: Callable[[Outcome], None]) -> None:
        """Work once there is a place.

        Args:
            keep: called in the thread with what came of it, before those who follow are told; not if it was stopped.
        """
        self._has_begun = True
        threading.Thread(target=self._run, args=[keep], name="wenfeng-answers", daemon=True).start()

    def stop(self) -> None:
        """End it; what comes of the step under way is let go."""
        with self._changed:
            self._stopped = True
        if not self._has_begun:
            self._places.leave(self._take_turn)
        self._turn.set()  # it need not wait any longer
        self._end()

    def _run(self, keep: Callable[[Outcome], None]) -> None:
        self._turn.wait()
        try:
            outcome = None if self._stopped else self._answer()
        finally:
            self._places.leave(self._take_turn)
        try:
            if outcome is not None and not self._stopped:
                keep(outcome)
        finally:
            self._end()

    def _answer(self) -> Outcome | None:
        try:
            for piece in self._stream():
                if self._stopped:
                    return None
                if isinstance(piece, Answer):
                    return piece
                with self._changed:
                    self._text += piece
                    self._changed.notify_all()
        except Exception as error:  # noqa: BLE001  (the edge of a thread; it is kept in the answer's place)
            return error
        return None

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
