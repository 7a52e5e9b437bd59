"""``wenfeng serve`` as a process of its own: how it begins, answers, follows a folder, refuses and ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag import Assistant

ROOT = Path(__file__).resolve().parents[2]
HOST = "第一场圆桌对话是谁主持的？"

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., tuple[str, "subprocess.Popen[str]"]]


@contextmanager
def served(*arguments: object) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The server's address and process."""
    command = [sys.executable, "-m", "rag.cli", "serve", "--port", "0", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"http://\S+", line):
                yield found[0], process
                break
        else:
            pytest.fail("the server ended without an address")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(served(*arguments))


def test_it_prints_its_address_answers_and_ends_when_told(start: Start, sample_index: Path) -> None:
    address, process = start("--index", sample_index)
    assert httpx.get(f"{address}/healthz").json()["status"] == "ok"
    answer = httpx.post(f"{address}/api/ask", json={"question": HOST}, timeout=30).json()
    assert "盛雪锋" in answer["text"]
    assert answer["searched"] == 3
    page = httpx.get(address)
    assert page.status_code == 200
    assert "script-src 'self' 'nonce-" in page.headers["content-security-policy"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) in (0, -signal.SIGTERM)


def test_it_follows_the_folder_that_was_indexed(start: Start, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    shutil.copytree(ROOT / "data" / "articles", articles)
    Assistant.open(articles, tmp_path / "index").close()
    address, _ = start("--index", tmp_path / "index", "--watch")
    question = {"question": "鹿鸣湖灯会的导演是谁？"}
    assert httpx.post(f"{address}/api/ask", json=question, timeout=30).json()["refused"]
    (articles / "灯会.md").write_text(
        "---\ntitle: 鹿鸣湖灯会\n---\n<p>鹿鸣湖灯会的导演是闻人雪。</p>", encoding="utf-8"
    )
    until = time.monotonic() + 60
    answer: dict[str, Any] = {"refused": True, "text": ""}
    while answer["refused"] and time.monotonic() < until:
        answer = httpx.post(f"{address}/api/ask", json=question, timeout=30).json()
    assert "闻人雪" in answer["text"]


def test_an_address_that_others_reach_needs_somebody_to_sign_in(wenfeng: Run, sample_index: Path) -> None:
    done = wenfeng("serve", "--index", sample_index, "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "somebody must sign in" in done.stderr
    assert 'auth = ["name:password"]' in done.stderr


def test_a_port_that_is_taken_is_said_to_be(wenfeng: Run, sample_index: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = wenfeng("serve", "--index", sample_index, "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "Choose another with --port" in done.stderr


def test_a_missing_index_is_reported_before_anything_is_loaded(wenfeng: Run, tmp_path: Path) -> None:
    done = wenfeng("serve", "--index", tmp_path / "none")
    assert done.returncode == 7
    assert "wenfeng index ARTICLES" in done.stderr
