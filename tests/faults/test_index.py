"""Kills, full disks and flipped bits while an index is written: the old one or the new one, never a mix.

CI runs a floor of each; ``make faults`` runs the full figures (``FAULTS=full``).
"""

import builtins
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddings.encoder import Encoder
from rag import Assistant, Settings
from rag.assistant import index_folder, load_encoder
from rag.errors import DiskError, IndexBusyError
from rag.store import Index

FULL = os.environ.get("FAULTS") == "full"
KILLS = 1000 if FULL else 25
CORRUPTIONS = 10_000 if FULL else 300
FAILURES_EVERY = 1 if FULL else 5
INDEXERS = 8
READERS = 32 if FULL else 8

OLD = {f"旧{number}.md": f"第{number}号馆在二〇一九年开放，展品有{number + 3}百件。" for number in range(6)}
NEW = {f"新{number}.md": f"第{number}条线路在二〇二一年通车，全长{number + 7}公里。" for number in range(6)}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    import torch

    torch.set_num_threads(1)  # a forked process has no other threads
    loaded = load_encoder(Settings())
    loaded.encode_passages(["热身"])
    return loaded


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> tuple[Path, Path]:
    """A folder and its index."""
    place = tmp_path_factory.mktemp("before")
    write(place / "posts", OLD)
    index_folder(place / "posts", place / "index", encoder, Settings())
    return place / "posts", place / "index"


@pytest.fixture
def changed(before: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of both in which the folder has changed."""
    posts, root = tmp_path / "posts", tmp_path / "index"
    shutil.copytree(before[0], posts)
    shutil.copytree(before[1], root)
    change(posts)
    return posts, root


def write(posts: Path, texts: dict[str, str]) -> None:
    posts.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (posts / name).write_text(text, encoding="utf-8")


def change(posts: Path) -> None:
    for name in list(OLD)[:3]:
        (posts / name).unlink()
    write(posts, NEW)


def state(root: Path) -> str:
    """Which of both the index holds; anything else fails."""
    index = Index.open(root)
    try:
        assert index.stands_in is None
        held = {article.path: article.text for article in index.articles()}
        assert len(index.passage_vectors) == len(index.passages)
        assert len(index.sentence_vectors) == len(index.sentences)
    finally:
        index.close()
    if held == OLD:
        return "old"
    assert held == {**dict(list(OLD.items())[3:]), **NEW}
    return "new"


def in_a_fork(work: Callable[[], None]) -> int:
    """Start a process that does the work; its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001
        os._exit(1)


@pytest.mark.filterwarnings("ignore:This process")
def test_a_kill_leaves_the_old_index_or_the_new_one(
    before: tuple[Path, Path], tmp_path: Path, encoder: Encoder
) -> None:
    generator = random.Random(1)
    posts, root = tmp_path / "posts", tmp_path / "index"
    seen = []
    longest = 1.5
    for _ in range(KILLS):
        shutil.rmtree(posts, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(before[0], posts)
        shutil.copytree(before[1], root)
        change(posts)
        child = in_a_fork(lambda: index_folder(posts, root, encoder, Settings()) and None)
        begun = time.monotonic()
        delay = generator.random() * longest
        while time.monotonic() < begun + delay and os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.002)
        with_kill = _kill(child)
        if not with_kill:
            longest = max(0.2, 1.2 * (time.monotonic() - begun))
        seen.append(state(root))
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"
    assert set(seen) == {"old", "new"} or KILLS < 10, seen


def _kill(child: int) -> bool:
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return False
    return True


class Failing:
    """Makes the n-th write, flush or rename below a folder fail, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path, number: int, error: int) -> None:
        self.count = 0
        self._number = number
        self._error = error
        self._root = str(root)
        for owner, name in (
            (os, "fsync"),
            (os, "rename"),
            (os, "replace"),
            (os, "mkdir"),
            (builtins, "open"),
        ):
            monkeypatch.setattr(owner, name, self._wrap(getattr(owner, name), name))

    def _wrap(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            mode = options.get("mode", arguments[1] if name == "open" and len(arguments) > 1 else "r")
            ours = name == "fsync" or self._root in str(arguments[0])
            if ours and (name != "open" or set(str(mode)) & set("wax+")):
                self.count += 1
                if self.count == self._number:
                    raise OSError(self._error, os.strerror(self._error), str(arguments[0]))
            return real(*arguments, **options)

        return call


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_disk_that_refuses_leaves_the_old_index(
    changed: tuple[Path, Path], encoder: Encoder, error: str, tmp_path: Path
) -> None:
    import errno

    posts, root = changed
    kept = tmp_path / "kept"
    shutil.copytree(root, kept)
    with pytest.MonkeyPatch.context() as patch:
        counting = Failing(patch, root, -1, errno.EIO)
        index_folder(posts, root, encoder, Settings())
    assert counting.count > 20
    for number in range(1, counting.count + 1, FAILURES_EVERY):
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        with pytest.MonkeyPatch.context() as patch:
            Failing(patch, root, number, getattr(errno, error))
            try:
                index_folder(posts, root, encoder, Settings())
            except DiskError as refused:
                assert "--index DIR" in str(refused)
        assert state(root) in {"old", "new"}
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """An index of two generations."""
    place = tmp_path_factory.mktemp("two")
    write(place / "posts", OLD)
    index_folder(place / "posts", place / "index", encoder, Settings())
    change(place / "posts")
    index_folder(place / "posts", place / "index", encoder, Settings())
    return place / "index"


def test_every_corruption_is_found(two: Path, tmp_path: Path) -> None:
    generator = random.Random(3)
    root = tmp_path / "index"
    shutil.copytree(two, root)
    served = root / "generations" / "000002"
    files = sorted(path for path in served.rglob("*") if path.is_file() and path.name != "manifest.sha256")
    gone = set(list(OLD)[:3])
    for _ in range(CORRUPTIONS):
        path = generator.choice(files)
        data = path.read_bytes()
        path.write_bytes(_corrupt(data, generator, [each.read_bytes() for each in files if each != path]))
        if path.read_bytes() == data:
            continue
        index = Index.open(root)
        held = {article.path for row, article in enumerate(index.articles()) if _serves(index, row)}
        index.close()
        assert index.name == "000001", path
        assert index.stands_in is not None
        assert not held & gone
        path.write_bytes(data)
    assert state(root) == "new"


def _serves(index: Index, row: int) -> bool:
    return index.serving is None or bool(index.serving[row])


def _corrupt(data: bytes, generator: random.Random, others: list[bytes]) -> bytes:
    kind = generator.choice(("flip", "cut", "swap", "zeros"))
    place = generator.randrange(max(1, len(data)))
    if kind == "flip" and data:
        return data[:place] + bytes([data[place] ^ (1 << generator.randrange(8))]) + data[place + 1 :]
    if kind == "cut":
        return data[:place]
    if kind == "swap":
        return generator.choice(others)
    return data[:place] + bytes(min(512, len(data) - place)) + data[place + 512 :]


@pytest.mark.filterwarnings("ignore:This process")
def test_many_indexers_at_once(changed: tuple[Path, Path], encoder: Encoder) -> None:
    posts, root = changed
    children = [
        in_a_fork(lambda: index_folder(posts, root, encoder, Settings(), wait=120) and None)
        for _ in range(INDEXERS)
    ]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * INDEXERS
    assert state(root) == "new"
    index_name = Index.open(root).name
    assert index_name == "000002"  # the others found nothing to do


def test_readers_of_all_kinds_while_it_is_indexed_again(changed: tuple[Path, Path], encoder: Encoder) -> None:
    posts, root = changed
    errors: list[BaseException] = []
    asked = [0]
    done = threading.Event()

    def read(assistant: Assistant) -> None:
        while not done.is_set():
            try:
                assert assistant.search("展品有多少件", 3)
                asked[0] += 1
            except BaseException as error:  # noqa: BLE001
                errors.append(error)
                return

    with Assistant.open(None, root, Settings(reader={"enabled": False})) as assistant:
        threads = [threading.Thread(target=read, args=(assistant,)) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for number in range(20 if FULL else 4):
            write(posts, {f"又{number}.md": f"又一条消息，编号是{number}，说的是水库放水的事情。"})
            index_folder(posts, root, encoder, Settings())
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert asked[0] > READERS


def test_a_second_writer_is_told_to_wait(changed: tuple[Path, Path], encoder: Encoder) -> None:
    from rag.generations import writing

    posts, root = changed
    with writing(root), pytest.raises(IndexBusyError, match="--wait SECONDS"):
        index_folder(posts, root, encoder, Settings())
