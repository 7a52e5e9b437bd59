"""A small floor of ``eval.bench.load``: many users at once, and chats whose sessions leave nothing behind."""

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from eval.bench.load import Server, Tally, chat_often, tune_questions, use_together

Result = TypeVar("Result")

USERS, THINKING, SECONDS = 10, 2.0, 10.0
CHATS, EVERY = 30, 10
SETTLING = 15.0
"""Seconds that a server has to let go of what was closed."""


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run in a thread, for the browser's driver keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real command; it must end when told to, and have nothing to complain of."""
    index = tmp_path_factory.mktemp("load") / "index"
    shutil.copytree(sample_index, index)
    with Server(index) as started:
        yield started
    assert started.ended_in < 10
    assert started.said == []


def test_every_question_of_many_users_is_answered(server: Server) -> None:
    run(chat_often(server, tune_questions(), 1, 1, Tally()))  # what is made at the first visit is made
    tally = run(use_together(server.address, tune_questions(), USERS, THINKING, SECONDS))
    assert tally.errors == []
    assert tally.asked == len(tally.replies) > 0
    assert all(0 < reply.first <= reply.whole for reply in tally.replies)


def test_chats_leave_no_threads_and_no_connections_behind(server: Server) -> None:
    idle = server.open_files
    tally = Tally()
    looks = run(chat_often(server, tune_questions(), CHATS, EVERY, tally))
    assert tally.errors == []
    assert tally.asked == len(tally.replies) == CHATS
    first, last = looks[0], looks[-1]
    held_by_chats = (last.chats - first.chats) / 2
    assert last.threads - first.threads < held_by_chats
    deadline = time.monotonic() + SETTLING
    while server.open_files > idle + 2 and time.monotonic() < deadline:
        time.sleep(0.1)  # nothing tells when another process has closed a connection
    assert server.open_files <= idle + 2


def test_a_server_that_cannot_come_up_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No index at"):
        Server(tmp_path / "missing")
