"""The index follows its folder."""

import os
import threading
import time
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
    stop, queue = threading.Event(), Queue[IndexReport | RagError]()

    def follow() -> None:
        for outcome in follow_folder(posts, lambda: index_folder(posts, root, encoder, Settings()), stop):
            queue.put(outcome)

    thread = threading.Thread(target=follow)
    thread.start()
    first = queue.get(timeout=SECONDS)  # the folder is watched from now on
    assert isinstance(first, IndexReport)
    assert (first.indexed, first.unchanged) == (0, 1)
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
    time.sleep(2)
    assert outcomes.empty()  # what the index itself writes is no change


def test_a_folder_that_is_moved_away_is_followed(
    outcomes: "Queue[IndexReport | RagError]", posts: Path
) -> None:
    (posts / "2021.06").mkdir()
    (posts / "2021.06" / "乙.md").write_text("博物馆的夜场开放到晚上十点。", encoding="utf-8")
    assert isinstance(outcomes.get(timeout=SECONDS), IndexReport)
    (posts / "2021.06").rename(posts.parent / "elsewhere")
    report = outcomes.get(timeout=SECONDS)
    assert isinstance(report, IndexReport)
    assert report.removed == 1


def test_a_name_that_is_no_text_does_not_end_it(
    outcomes: "Queue[IndexReport | RagError]", posts: Path
) -> None:
    (Path(os.fsdecode(os.fsencode(posts) + b"/\xff\xfe.md"))).write_text("名字不是文字。", encoding="utf-8")
    (posts / "乙.md").write_text("博物馆的夜场开放到晚上十点。", encoding="utf-8")
    reports = [outcomes.get(timeout=SECONDS)]
    while not (isinstance(reports[-1], IndexReport) and reports[-1].unchanged + reports[-1].indexed == 2):
        reports.append(outcomes.get(timeout=SECONDS))
    assert reports[-1].set_aside
