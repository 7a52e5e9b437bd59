"""How much and how often: bodies counted while they are read, and how many of a thing in a minute."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from ui.strings import say

UPLOAD = "/gradio_api/upload"
MEBIBYTE = 2**20


class BodyTooLargeError(HTTPException):
    """Of Starlette's kind, which the applications behind the guard turn into a response of this status."""

    def __init__(self, longest: int) -> None:
        self.mebibytes = longest // MEBIBYTE
        sentence = say("en", "guard_too_large", size=self.mebibytes)
        # What is left of the body is not read, so the connection cannot carry another request.
        super().__init__(413, sentence, {"Connection": "close"})


def longest_body(path: str) -> int:
    """The most bytes of a request to this path."""
    if path == UPLOAD:
        return 200 * MEBIBYTE
    return MEBIBYTE if path.startswith("/api/") else 4 * MEBIBYTE


class CountedBody:
    """A request's body, counted while it is read.

    Raises:
        BodyTooLargeError: by ``receive``, once more than ``longest`` bytes have come.
    """

    def __init__(self, receive: Receive, longest: int) -> None:
        self._receive = receive
        self._longest = longest
        self._read = 0

    async def receive(self) -> Message:
        """The next message of the server."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._longest:
            raise BodyTooLargeError(self._longest)
        return message

    async def read(self) -> bytes:
        """The whole body."""
        parts = []
        while True:
            message = await self.receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)


def replayed(content: bytes, receive: Receive) -> Receive:
    """A body that was read already, then whatever comes after it."""
    first: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


class Buckets:
    """Token buckets by key: each holds ``burst`` tokens and fills up in a minute. Forgets the keys used longest ago.

    Args:
        clock: seconds.
    """

    def __init__(
        self, burst: int, clock: Callable[[], float] = time.monotonic, most_keys: int = 10_000
    ) -> None:
        self._burst = burst
        self._clock = clock
        self._most_keys = most_keys
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def seconds_to_wait(self, key: str) -> int:
        """0 where a token can be taken, else whole seconds until one can."""
        return math.ceil(max(0.0, 1 - self._tokens(key)) * 60 / self._burst)

    def take(self, key: str) -> None:
        """Take a token, if there is one."""
        self._held[key] = (max(0.0, self._tokens(key) - 1), self._clock())
        self._held.move_to_end(key)
        if len(self._held) > self._most_keys:
            self._held.popitem(last=False)

    def _tokens(self, key: str) -> float:
        if key not in self._held:
            return self._burst
        tokens, at = self._held[key]
        return min(self._burst, tokens + (self._clock() - at) * self._burst / 60)
