"""Where questions are worked on: so many at a time, the others in one line, whether the page asks or a program."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import RagError

AT_ONCE = 2
"""Questions that are worked on at a time; the processor has no more to give."""
MOST_WAITING = 100
BUSY_SECONDS = 5
"""When one who found the line full may come again."""

Begin = Callable[[], None]
"""Called once it is one's turn, from whatever thread; neither waits nor fails, and is nobody else's."""


class BusyError(RagError):
    """The line is full."""


class Places:
    """So many work at a time; the others come in turn, which a semaphore does not promise. Safe for threads."""

    def __init__(self, count: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._count = count
        self._most_waiting = most_waiting
        self._working: set[Begin] = set()
        self._waiting: deque[Begin] = deque()
        self._lock = threading.Lock()

    @property
    def are_idle(self) -> bool:
        """Whether nobody works."""
        return not self._working

    def check_room(self) -> None:
        """See that one more may come.

        Raises:
            BusyError: too many wait already.
        """
        if len(self._working) >= self._count and len(self._waiting) >= self._most_waiting:
            raise BusyError(f"Too many questions are waiting. Ask again in {BUSY_SECONDS} seconds.")

    def line_up(self, begin: Begin) -> None:
        """Have ``begin`` called once there is a place, perhaps at once; then ``leave`` must follow.

        Raises:
            BusyError: too many wait already.
        """
        with self._lock:
            self.check_room()
            if len(self._working) >= self._count:
                self._waiting.append(begin)
                return
            self._working.add(begin)
        begin()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place, once there is one; until then this thread waits.

        Raises:
            BusyError: too many wait already.
        """
        turn = threading.Event()
        begin = turn.set
        self.line_up(begin)
        try:
            turn.wait()
            yield
        finally:
            self.leave(begin)

    def leave(self, begin: Begin) -> None:
        """Give up the place, or the wait for one; once is enough."""
        with self._lock:
            if begin in self._waiting:
                self._waiting.remove(begin)
            if begin not in self._working:
                return
            self._working.remove(begin)
            if not self._waiting:
                return
            following = self._waiting.popleft()
            self._working.add(following)
        following()
