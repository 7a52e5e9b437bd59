"""How the page bears many users, and whether it grows: ``python -m eval.bench.load [--minutes 3] [--chats 20000]``.

The real command serves the sample articles in a process of its own; Linux only, for what is read from /proc. Users are
simulated on the same machine, and only there: each opens the page, holds the values of its components and sends what its
script would send, as the page's own configuration says (which event calls what, with which values, and what follows).

Users: 50, who open the page within 20 s, then think for 20 s (exponential) between the end of an answer and the next
question, of the tune half of the summits set, and begin another conversation now and then. Seconds count from sending a
question until the whole answer has come, and until anything of it is seen. The baseline, in the same run, is one user
alone who does not think.

Growth: many short conversations, each of a session of its own with one question that nobody asked before, four at a time,
without the reader, which would take nearly all of the time. Resident memory once a sixth is done, against the end.
"""

import argparse
import asyncio
import json
import os
import random
import re
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
from gradio_client.utils import apply_diff  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from eval.quality import ROOT, SUMMITS
from eval.sets import read_set

USERS = 50
THINKING = 20.0
"""Seconds, the mean."""
ANEW = 0.25
"""How often a question begins another conversation."""
WARMING, ALONE = 12, 60
"""Questions that are not timed, and those of the user who is alone."""
AT_A_TIME = 4
EVERY = 250
"""Chats from one look at the memory to the next."""
SHOWN = 12
"""Looks that are printed."""
PATIENCE = 60.0
"""Seconds that a user waits for anything."""
ENDING = 10.0
"""Seconds that a server has to end."""
GOAL_SECONDS, GOAL_GROWTH = 3.0, 50.0

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3.0, help="of the users; 0 leaves them out")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--thinking", type=float, default=THINKING, help="seconds")
    parser.add_argument(
        "--chats", type=int, default=3000, help="20000 for the full figure; 0 leaves them out"
    )
    arguments = parser.parse_args()
    questions = tune_questions()
    console = Console()
    with tempfile.TemporaryDirectory() as place:
        index = make_index(Path(place) / "index")
        if arguments.minutes:
            seconds = arguments.minutes * 60
            _show_users(console, index, questions, arguments.users, arguments.thinking, seconds)
        if arguments.chats:
            _show_growth(console, index, questions, arguments.chats)


def tune_questions() -> list[str]:
    """The questions of the summits set that may be looked at."""
    return [case.question for case in read_set(SUMMITS) if case.split == "tune"]


def make_index(index: Path) -> Path:
    """Index the sample articles."""
    command = [sys.executable, "-m", "rag.cli", "index", "data/articles", "--index", str(index)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return index


# The server.


class Server:
    """The served page as a process: what it uses, and what it says on standard error.

    Attributes:
        address: such as ``http://127.0.0.1:7860``.
        said: lines since it was up; a good server says nothing.
        ended_in: seconds from SIGTERM to its end; infinite where it had to be killed.
    """

    def __init__(self, index: Path, **environment: str) -> None:
        """Start it and wait until it answers.

        Args:
            environment: variables beside those of this process.

        Raises:
            RuntimeError: it did not come up; the message has what it said.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rag.cli", "serve", "--index", str(index), "--port", "0"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self._process.stderr is not None
        self.said: list[str] = []
        self.ended_in = float("inf")
        for line in self._process.stderr:
            self.said.append(line)
            if found := _ADDRESS.search(line):
                break
        else:
            self._process.wait()
            self._process.stderr.close()
            raise RuntimeError("The server did not come up: " + "".join(self.said))
        self.address = found.group()
        self.said.clear()
        self._listening = threading.Thread(target=self.said.extend, args=[self._told()])
        self._listening.start()

    def _told(self) -> Iterator[str]:
        """What it says besides its address, which stands there in two languages and may take two lines."""
        assert self._process.stderr is not None
        return (line for line in self._process.stderr if not _ADDRESS.search(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        begun = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(ENDING)
            self.ended_in = time.perf_counter() - begun
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listening.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    @property
    def resident(self) -> float:
        """MiB of memory."""
        return int(self._read("statm").split()[1]) * resource.getpagesize() / 2**20

    @property
    def peak(self) -> float:
        """The most MiB of memory so far."""
        return self._status("VmHWM") / 1024

    @property
    def threads(self) -> int:
        """Those that run or wait."""
        return self._status("Threads")

    @property
    def open_files(self) -> int:
        """Files and connections."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))

    @property
    def processor(self) -> float:
        """Seconds that all processors together have worked for it."""
        user, system = self._read("stat").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s*(\d+)", self._read("status"), re.MULTILINE)
        assert found is not None, name
        return int(found[1])

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self._process.pid}/{name}").read_text(encoding="utf-8")


# The page in a browser.


class PageFailedError(Exception):
    """The server refused something, or an answer did not come."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the page's configuration says.

    Attributes:
        numbers: of the components, by the id of their element.
        values: what the components hold at first.
        calls: inputs and outputs of what can be called.
        listeners: the call of an event, by component and name.
        followers: the calls that follow upon a call.
    """

    numbers: Mapping[str, int]
    values: Mapping[int, Any]
    calls: Mapping[int, tuple[list[int], list[int]]]
    listeners: Mapping[tuple[int, str], int]
    followers: Mapping[int, list[int]]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        """Of what ``/config`` gives."""
        components = {row["id"]: row["props"] for row in config["components"]}
        listeners: dict[tuple[int, str], int] = {}
        followers: dict[int, list[int]] = {}
        for row in config["dependencies"]:
            if row["trigger_after"] is not None:
                followers.setdefault(row["trigger_after"], []).append(row["id"])
            for component, event in row["targets"]:
                listeners[component, event] = row["id"]
        return cls(
            numbers={
                props["elem_id"]: number for number, props in components.items() if props.get("elem_id")
            },
            values={number: props.get("value") for number, props in components.items()},
            calls={row["id"]: (row["inputs"], row["outputs"]) for row in config["dependencies"]},
            listeners=listeners,
            followers=followers,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """Seconds from sending a question until something was seen, and until the answer was whole."""

    first: float
    whole: float


class Page:
    """One opened page: the values of its components, and the session that the server knows it by."""

    def __init__(self, client: httpx.AsyncClient, layout: Layout) -> None:
        self._client = client
        self._layout = layout
        self._values = dict(layout.values)
        self._session = secrets.token_hex(5)

    async def send(self, element: str, event: str, said: object = None) -> None:
        """Do what an event of an element does, and what follows upon it.

        Args:
            said: what the element says of itself.

        Raises:
            PageFailedError: the server refused it.
        """
        trigger = self._layout.numbers[element]
        call = self._layout.listeners[trigger, event]
        async for _ in self._call(call, trigger, said):
            pass
        await self._follow(call, trigger)

    async def ask(self, question: str) -> Reply:
        """Type a question and wait for its answer, and for what the page asks for after it.

        Raises:
            PageFailedError: no answer came.
        """
        composer, transcript = (self._layout.numbers[name] for name in ("composer", "transcript"))
        call = self._layout.listeners[composer, "submit"]
        self._values[composer] = question
        begun, seen, last = time.perf_counter(), [], ""
        async for changed in self._call(call, composer):
            if transcript in changed and self._values[transcript]["blocks"]:
                seen.append(time.perf_counter() - begun)
                last = self._values[transcript]["blocks"][-1]["html"]
        if not seen or 'class="pending"' in last or 'class="failed"' in last:
            raise PageFailedError(f"no answer to {question}: {last}")
        await self._follow(call, composer)
        return Reply(seen[0], seen[-1])

    async def _follow(self, call: int, trigger: int) -> None:
        for follower in self._layout.followers.get(call, ()):
            async for _ in self._call(follower, trigger):
                pass
            await self._follow(follower, trigger)

    async def _call(self, call: int, trigger: int, said: object = None) -> AsyncIterator[set[int]]:
        """Call the server as Gradio's script does.

        Yields:
            The components whose values have changed, each time that some have.
        """
        inputs, outputs = self._layout.calls[call]
        asked = {
            "data": [self._values[number] for number in inputs],
            "event_data": said,
            "fn_index": call,
            "trigger_id": trigger,
            "session_hash": self._session,
        }
        joined = await self._client.post("/gradio_api/queue/join", json=asked)
        if not joined.is_success:
            raise PageFailedError(f"{joined.status_code}: {joined.text}")
        given: list[Any] | None = None
        is_done = False
        async for message in self._messages():
            if message.get("success") is False:
                raise PageFailedError(str(message.get("output") or message))
            if "output" in message:
                given, changed = _take(given, message)
                for position in changed:
                    self._put(outputs[position], given[position])
                yield {outputs[position] for position in changed if _is_value(given[position])}
            is_done = is_done or message["msg"] == "process_completed"
        if not is_done:
            raise PageFailedError("the stream ended early")

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        """What the server tells of the session's calls until they are done."""
        asked = self._client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session})
        async with asked as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def _put(self, number: int, value: Any) -> None:  # noqa: ANN401
        if _is_value(value):
            self._values[number] = value
        elif "value" in value:
            self._values[number] = value["value"]


def _is_value(value: object) -> bool:
    """Whether it is a component's value, and no change to its properties."""
    return not (isinstance(value, dict) and value.get("__type__") == "update")


def _take(before: list[Any] | None, message: Mapping[str, Any]) -> tuple[list[Any], list[int]]:
    """The outputs after a message, and the positions of those that it changes.

    After the first message of a call that goes on, each output comes as a list of edits; the last says it all again.
    """
    data = message["output"]["data"]
    if message["msg"] == "process_generating" and before is not None:
        after = [apply_diff(old, edits) for old, edits in zip(before, data, strict=True)]
    else:
        after = data
    if before is None:
        return after, [*range(len(after))]
    return after, [position for position, value in enumerate(after) if value != before[position]]


@asynccontextmanager
async def _opened(address: str, layout: Layout | None = None) -> AsyncIterator[Page]:
    """A page as a browser opens it; closed, it tells the server nothing."""
    # A proxy of the environment is for other hosts, and so are the certificates, whose reading takes a while.
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE, trust_env=False, verify=False) as client:
        (await client.get("/")).raise_for_status()
        page = Page(client, layout or await _read_layout(client))
        await page.send("transcript", "start", {"conversation": None})
        yield page


async def _read_layout(client: httpx.AsyncClient) -> Layout:
    return Layout.read((await client.get("/config")).raise_for_status().json())


# Users.


@dataclass
class Tally:
    """What users met with."""

    asked: int = 0
    replies: list[Reply] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what fails as an error, and go on."""
        try:
            yield
        except (PageFailedError, httpx.HTTPError, TimeoutError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")


async def use(
    address: str, questions: Sequence[str], chance: random.Random, thinking: float, until: float, tally: Tally
) -> None:
    """One user, from opening the page on; after an error the page is opened again.

    Args:
        thinking: the mean of the seconds before each question.
        until: of ``time.perf_counter``; no question is begun after it.
    """
    while (left := until - time.perf_counter()) > 0:
        await asyncio.sleep(chance.uniform(0, min(thinking, left)))
        with tally.noting():
            async with _opened(address) as page:
                while await _think(chance, thinking, until):
                    if chance.random() < ANEW:
                        await page.send("new", "click")
                    tally.asked += 1
                    async with asyncio.timeout(PATIENCE):
                        tally.replies.append(await page.ask(chance.choice(questions)))


async def _think(chance: random.Random, thinking: float, until: float) -> bool:
    """Wait; whether there is time for another question."""
    left = until - time.perf_counter()
    seconds = chance.expovariate(1 / thinking) if thinking else 0.0
    await asyncio.sleep(max(0.0, min(seconds, left)))
    return seconds < left


async def use_alone(address: str, questions: Sequence[str], tally: Tally) -> None:
    """One user who asks all questions, one after the other, in conversations of four."""
    with tally.noting():
        async with _opened(address) as page:
            for number, question in enumerate(questions):
                if number % round(1 / ANEW) == 0:
                    await page.send("new", "click")
                tally.asked += 1
                tally.replies.append(await page.ask(question))


async def use_together(
    address: str, questions: Sequence[str], users: int, thinking: float, seconds: float
) -> Tally:
    """Many users for some time."""
    tally, until = Tally(), time.perf_counter() + seconds
    chances = [random.Random(number) for number in range(users)]
    await asyncio.gather(
        *(use(address, questions, chance, thinking, until, tally) for chance in chances),
    )
    return tally


def _show_users(
    console: Console, index: Path, questions: Sequence[str], users: int, thinking: float, seconds: float
) -> None:
    chosen = random.Random(0).choices(questions, k=WARMING + ALONE)
    alone = Tally()
    with Server(index) as server:
        asyncio.run(use_alone(server.address, chosen[:WARMING], Tally()))
        asyncio.run(use_alone(server.address, chosen[WARMING:], alone))
        before, mine, resident = server.processor, time.process_time(), server.resident
        begun = time.perf_counter()
        together = asyncio.run(use_together(server.address, questions, users, thinking, seconds))
        wall = time.perf_counter() - begun
        worked, resident_after, peak = server.processor - before, server.resident, server.peak
        mine = time.process_time() - mine
    table = Table(title=f"{users} users who think for {thinking:g} s, {seconds / 60:g} minutes")
    for name in ("", "asked", "errors", "median", "95th", "99th", "seen: median", "seen: 95th"):
        table.add_column(name, justify="right" if name else "left")
    rows = {"one user alone": alone, f"{users} users": together}
    figures = {name: _figures(tally) for name, tally in rows.items()}
    for name, tally in rows.items():
        table.add_row(
            name,
            f"{tally.asked:,}",
            f"{len(tally.errors)}",
            *(f"{seconds:.2f} s" for seconds in figures[name]),
        )
    first, last = figures.values()
    table.add_row(
        "times alone", "", "", *(f"{after / before:.1f}" for before, after in zip(first, last, strict=True))
    )
    console.print(table)
    console.print(
        f"goal: no errors, 95th percentile under {GOAL_SECONDS:g} s. {len(together.replies) / wall:.2f} answers a second; "
        f"the server worked {worked:.0f} s in {wall:.0f} s ({worked / wall / (os.cpu_count() or 1):.0%} of "
        f"{os.cpu_count()} processors), the users {mine:.0f} s; resident {resident:.0f} MiB before them, "
        f"{resident_after:.0f} MiB after, {peak:.0f} MiB at most"
    )
    _show_end(console, server, [*alone.errors, *together.errors])


def _figures(tally: Tally) -> list[float]:
    """Median, 95th and 99th percentile of the whole answers; median and 95th until something was seen; in seconds."""
    whole, first = (
        [getattr(reply, name) for reply in tally.replies] or [float("nan")] for name in ("whole", "first")
    )
    return [*np.percentile(whole, [50, 95, 99]), *np.percentile(first, [50, 95])]


# Growth.


@dataclass(frozen=True, slots=True)
class Look:
    """What a server holds after some chats; ``resident`` in MiB."""

    chats: int
    resident: float
    threads: int
    open_files: int


async def chat_often(
    server: Server, questions: Sequence[str], chats: int, every: int, tally: Tally
) -> list[Look]:
    """Hold short conversations, each of a session that is closed after one question.

    Returns:
        A look after each ``every`` chats.
    """
    looks: list[Look] = []
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        layout = await _read_layout(client)
    numbers = iter(range(chats))
    done = 0

    async def go_on() -> None:
        nonlocal done
        for number in numbers:
            tally.asked += 1
            with tally.noting():
                async with asyncio.timeout(PATIENCE), _opened(server.address, layout) as page:
                    # Another question every time: what is remembered by the question would grow.
                    tally.replies.append(await page.ask(f"{questions[number % len(questions)]} {number}"))
            done += 1
            if done % every == 0:
                looks.append(Look(done, server.resident, server.threads, server.open_files))

    await asyncio.gather(*(go_on() for _ in range(AT_A_TIME)))
    return looks


def _show_growth(console: Console, index: Path, questions: Sequence[str], chats: int) -> None:
    tally = Tally()
    begun = time.perf_counter()
    with Server(index, WENFENG_READER__ENABLED="false") as server:
        every = max(1, min(EVERY, chats // SHOWN))
        looks = asyncio.run(chat_often(server, questions, chats, every, tally))
        wall = time.perf_counter() - begun
    early = next(look for look in looks if look.chats >= chats / 6)
    table = Table(title=f"{chats:,} short chats, without the reader, {AT_A_TIME} at a time")
    for name in ("chats", "resident, MiB", f"since {early.chats:,}", "threads", "open files"):
        table.add_column(name, justify="right")
    step = -(-len(looks) // SHOWN)
    for look in [*looks[step - 1 : -1 : step], looks[-1]]:
        since = f"{look.resident - early.resident:+.1f}" if look.chats >= early.chats else ""
        table.add_row(
            f"{look.chats:,}", f"{look.resident:.1f}", since, f"{look.threads}", f"{look.open_files}"
        )
    console.print(table)
    console.print(
        f"goal: under {GOAL_GROWTH:g} MiB; from {early.chats:,} to {looks[-1].chats:,} chats it grew by "
        f"{looks[-1].resident - early.resident:.1f} MiB. {len(tally.replies):,} answers, {len(tally.errors)} errors, "
        f"{wall / chats * 1000:.0f} ms a chat"
    )
    _show_end(console, server, tally.errors)


def _show_end(console: Console, server: Server, errors: Sequence[str]) -> None:
    for error in errors[:5]:
        console.print(f"  {error}", markup=False)
    for line in server.said[:20]:
        console.print(f"  the server said: {line.rstrip()}", markup=False)
    if server.ended_in <= ENDING:
        console.print(f"the server ended {server.ended_in:.1f} s after it was told to")
    else:
        console.print(f"the server did not end within {ENDING:g} s and was killed")


if __name__ == "__main__":
    main()
