"""The index follows its folder."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from rag import Assistant, Settings
from rag.assistant import index_folder, load_encoder
from rag.errors import NothingToIndexError, RagError
from rag.indexing import IndexReport
from rag.watch import follow_folder

SECONDS = 30


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    (folder / "甲.md").write_text("青汀市图书馆新开了一间临江阅览室，座位二百一十六个。", encoding="utf-8")
    return folder


@pytest.fixture
def outcomes(posts: Path, tmp_path: Path) -> Iterator["Queue[IndexReport | RagError]"]:
    """What becomes of each change; the index lies inside the folder, hidden, as in a folder indexed from within."""
    encoder, root = load_encoder(Settings()), posts / ".wenfeng"
    index_folder(posts, root, encoder, Settings())
    stop, queue, ready = threading.Event(), Queue[IndexReport | RagError](), threading.Event()

    def follow() -> None:
        ready.set()
        for outcome in follow_folder(posts, lambda: index_folder(posts, root, encoder, Settings()), stop):
            queue.put(outcome)

    thread = threading.Thread(target=follow)
    thread.start()
    ready.wait()
    stop.wait(1)  # until the system watches
    yield queue
    stop.set()
    thread.join()


def test_the_index_follows_what_is_added_and_removed(
    outcomes: "Queue[IndexReport | RagError]", posts: Path
) -> None:
    with Assistant.open(None, posts / ".wenfeng") as assistant:
        (posts / "子").mkdir()
        (posts / "子" / "乙.md").write_text("博物馆的夜场开放到晚上十点。", encoding="utf-8")
        report = outcomes.get(timeout=SECONDS)
        assert isinstance(report, IndexReport)
        assert (report.indexed, report.unchanged) == (1, 1)
        assert "子/乙.md" in {hit.passage.article.path for hit in assistant.search("博物馆夜场", 5)}
        (posts / "子" / "乙.md").unlink()
        report = outcomes.get(timeout=SECONDS)
        assert isinstance(report, IndexReport)
        assert (report.removed, report.unchanged) == (1, 1)
        assert "子/乙.md" not in {hit.passage.article.path for hit in assistant.search("博物馆夜场", 5)}


def test_an_error_does_not_end_it(outcomes: "Queue[IndexReport | RagError]", posts: Path) -> None:
    (posts / ".草稿.md").write_text("没有人看的。", encoding="utf-8")
    text = (posts / "甲.md").read_text(encoding="utf-8")
    (posts / "甲.md").unlink()
    assert isinstance(outcomes.get(timeout=SECONDS), NothingToIndexError)
    (posts / "甲.md").write_text(text, encoding="utf-8")
    assert isinstance(outcomes.get(timeout=SECONDS), IndexReport)
    assert outcomes.empty()
