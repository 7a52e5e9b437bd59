"""Kills, full disks and flipped bits while an index is written: the old one or the new one, never a mix.

CI runs a floor of each; ``make faults`` runs the full figures.
"""

import builtins
import errno
import io
import os
import random
import resource
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

from embeddings.encoder import Encoder
from rag import Assistant, Settings
from rag.assistant import index_folder, load_encoder
from rag.errors import DiskError, IndexBusyError, IndexCorruptError
from rag.generations import writing
from rag.store import Index
from tests.faults.conftest import at_full

KILLS = at_full(1000, 25)
CORRUPTIONS = at_full(10_000, 300)
EVERY = at_full(1, 6)
SIZES = at_full(200, 10)
INDEXERS = 8
READERS = at_full(32, 8)
ROUNDS = at_full(20, 4)
DISK_REFUSED = 4

Say = Callable[[str], None]
Renewed = Callable[[], tuple[Path, Path]]

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
def renewed(before: tuple[Path, Path], tmp_path: Path) -> Renewed:
    """Makes a copy of both in which the folder has changed, in the place of the copy before."""
    return lambda: renew(before, tmp_path)


def renew(before: tuple[Path, Path], place: Path) -> tuple[Path, Path]:
    posts, root = place / "posts", place / "index"
    for source, copy in zip(before, (posts, root), strict=True):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
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


def in_a_fork(work: Callable[[], object]) -> int:
    """Start a process that does the work; its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except DiskError:
        os._exit(DISK_REFUSED)
    except BaseException:  # noqa: BLE001
        os._exit(1)


def end_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process")
def test_a_kill_at_any_moment_leaves_the_old_index_or_the_new_one(
    renewed: Renewed, encoder: Encoder, say: Say
) -> None:
    generator = random.Random(1)
    seen: Counter[str] = Counter()
    longest = 1.5
    for _ in range(KILLS):
        posts, root = renewed()
        child = in_a_fork(partial(index_folder, posts, root, encoder, Settings()))
        begun, delay = time.monotonic(), generator.random() * longest
        while (
            time.monotonic() < begun + delay
            and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        ):
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        if end_of(child) == 0:
            longest = max(0.2, 1.2 * (time.monotonic() - begun))
        seen[state(root)] += 1
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"
    assert set(seen) == {"old", "new"}
    say(f"{KILLS} kills, 0 lost, 0 mixed; {seen['old']} left the old index and {seen['new']} the new one")


class Disk:
    """Counts what is opened for writing, flushed, renamed and removed below a folder, and meddles with the n-th."""

    STEPS = (
        (os, "fsync"),
        (os, "rename"),
        (os, "replace"),
        (os, "mkdir"),
        (os, "unlink"),
        (os, "rmdir"),
        (os, "truncate"),
        (builtins, "open"),
        (io, "open"),  # pathlib's
    )

    def __init__(
        self, root: Path, number: int = 0, meddle: Callable[[str], None] = lambda path: None
    ) -> None:
        self.count = 0
        self._number = number
        self._meddle = meddle
        self._root = str(root)
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        for owner, name in self.STEPS:
            self._patch.setattr(owner, name, self._wrap(getattr(owner, name), name))
        return self

    def __exit__(self, *raised: object) -> None:
        self._patch.undo()

    def _wrap(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            mode = options.get("mode", arguments[1] if name == "open" and len(arguments) > 1 else "r")
            ours = name == "fsync" or "dir_fd" in options or self._root in str(arguments[0])
            if ours and (name != "open" or set(str(mode)) & set("wax+")):
                self.count += 1
                if self.count == self._number:
                    self._meddle(str(arguments[0]))
            return real(*arguments, **options)

        return call


@pytest.fixture(scope="module")
def steps(before: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> int:
    """How many steps an index run takes on the disk."""
    posts, root = renew(before, tmp_path_factory.mktemp("steps"))
    with Disk(root) as disk:
        index_folder(posts, root, encoder, Settings())
    assert disk.count > 40
    return disk.count


def chosen(steps: int) -> range:
    """The steps to meddle with, the last among them."""
    return range(1 + (steps - 1) % EVERY, steps + 1, EVERY)


@pytest.mark.filterwarnings("ignore:This process")
def test_a_kill_at_any_step_leaves_the_old_index_or_the_new_one(
    renewed: Renewed, encoder: Encoder, steps: int, say: Say
) -> None:
    def run_until(number: int, posts: Path, root: Path) -> None:
        with Disk(root, number, lambda path: os.kill(os.getpid(), signal.SIGKILL)):
            index_folder(posts, root, encoder, Settings())

    seen = []
    for number in chosen(steps):
        posts, root = renewed()
        assert end_of(in_a_fork(partial(run_until, number, posts, root))) == -signal.SIGKILL
        seen.append(state(root))
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"
    assert seen == sorted(seen, reverse=True)  # once new, it stays new
    assert set(seen) == {"old", "new"}
    say(f"killed before {len(seen)} of its {steps} steps on the disk, 0 lost, 0 mixed")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_a_step_that_the_disk_refuses_leaves_a_whole_index(
    renewed: Renewed, encoder: Encoder, error: int, steps: int, say: Say
) -> None:
    def refuse(path: str) -> None:
        raise OSError(error, os.strerror(error), path)

    seen = []
    tried = chosen(steps)
    for number in tried:
        posts, root = renewed()
        with Disk(root, number, refuse), suppress(DiskError):  # some steps only tidy up
            index_folder(posts, root, encoder, Settings())
        seen.append(state(root))
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"
    assert set(seen) == {"old", "new"}
    say(f"{len(tried)} of {steps} steps refused, 0 lost, 0 mixed")


@pytest.mark.filterwarnings("ignore:This process")
def test_a_file_that_cannot_grow_leaves_the_old_index(renewed: Renewed, encoder: Encoder, say: Say) -> None:
    """Other than the steps above, this reaches what is written by libraries in C."""

    def run_within(size: int, posts: Path, root: Path) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        index_folder(posts, root, encoder, Settings())

    sizes = range(0, 40_000, 40_000 // SIZES)
    for size in sizes:
        posts, root = renewed()
        code = end_of(in_a_fork(partial(run_within, size, posts, root)))
        assert (code, state(root)) in {(DISK_REFUSED, "old"), (0, "new")}
        index_folder(posts, root, encoder, Settings())
        assert state(root) == "new"
    say(f"{len(sizes)} limits of a file's size, 0 lost, 0 mixed")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """An index of two generations."""
    place = tmp_path_factory.mktemp("two")
    write(place / "posts", OLD)
    index_folder(place / "posts", place / "index", encoder, Settings())
    change(place / "posts")
    index_folder(place / "posts", place / "index", encoder, Settings())
    return place / "index"


def test_every_corruption_is_found(two: Path, tmp_path: Path, say: Say) -> None:
    generator = random.Random(3)
    root = tmp_path / "index"
    shutil.copytree(two, root)
    served = root / "generations" / "000002"
    files = sorted(path for path in served.rglob("*") if path.is_file() and path.name != "manifest.sha256")
    gone = set(list(OLD)[:3])
    for _ in range(CORRUPTIONS):
        path = generator.choice(files)
        data = path.read_bytes()
        damaged = data
        while damaged == data:
            damaged = _corrupt(data, generator, [each.read_bytes() for each in files if each != path])
        path.write_bytes(damaged)
        index = Index.open(root)
        held = {article.path for row, article in enumerate(index.articles()) if _serves(index, row)}
        index.close()
        assert index.name == "000001", path
        assert index.stands_in is not None
        assert not held & gone
        path.write_bytes(data)
    assert state(root) == "new"
    say(f"{CORRUPTIONS} corruptions of {len(files)} files, all found")


def test_damage_to_both_generations_is_no_answer(two: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    shutil.copytree(two, root)
    for file in root.rglob("passages.npy"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(IndexCorruptError, match="--rebuild"):
        Index.open(root)


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
def test_many_indexers_at_once(renewed: Renewed, encoder: Encoder, say: Say) -> None:
    posts, root = renewed()
    children = [
        in_a_fork(lambda: index_folder(posts, root, encoder, Settings(), wait=120)) for _ in range(INDEXERS)
    ]
    assert [end_of(child) for child in children] == [0] * INDEXERS
    assert state(root) == "new"
    assert (root / "current").read_text().startswith("000002 ")  # the others found nothing to do
    say(f"{INDEXERS} indexers at once, 0 errors, one generation written")


def test_readers_see_no_error_while_it_is_indexed_again(renewed: Renewed, encoder: Encoder, say: Say) -> None:
    posts, root = renewed()
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
        for number in range(ROUNDS):
            write(posts, {f"又{number}.md": f"又一条消息，编号是{number}，说的是水库放水的事情。"})
            index_folder(posts, root, encoder, Settings())
        last = assistant.search(f"编号是{ROUNDS - 1}的消息", 3)
        done.set()
        for thread in threads:
            thread.join()
        assert assistant.index.name == f"{ROUNDS + 1:06d}"
        assert f"又{ROUNDS - 1}.md" in {hit.passage.article.path for hit in last}
    assert errors == []
    assert asked[0] > READERS
    say(f"{READERS} readers, {ROUNDS} generations meanwhile, {asked[0]} searches, 0 errors")


def test_a_second_writer_is_told_to_wait(renewed: Renewed, encoder: Encoder) -> None:
    posts, root = renewed()
    with writing(root), pytest.raises(IndexBusyError, match="--wait SECONDS"):
        index_folder(posts, root, encoder, Settings())
