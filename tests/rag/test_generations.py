"""An index cannot be lost: what stands in for a damaged generation, and what it must not show."""

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from embeddings.encoder import Encoder, FloatMatrix
from rag import Assistant, Settings
from rag.assistant import index_folder, load_encoder
from rag.errors import IndexCorruptError
from rag.generations import find_generation
from rag.indexing import BATCH
from rag.store import CHECKING, Index

TEXTS = {
    "甲": "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。",
    "乙": "新能源汽车的销量在第三季度增长了一倍。",
    "丙": "气象台说，周末将有小雨，气温下降五度。",
}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(Settings())


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def refresh(posts: Path, root: Path, encoder: Encoder) -> Callable[[], str]:
    return lambda: index_folder(posts, root, encoder, Settings()).generation


def damage(root: Path, name: str, file: str = "passages.npy") -> None:
    path = root / "generations" / name / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def searched(root: Path) -> set[str]:
    with Assistant.open(None, root) as assistant:
        return {hit.passage.article.path for hit in assistant.search("图书馆的销量和天气", 10)}


def test_the_generation_before_stands_in_without_what_was_removed(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    (posts / "乙.md").unlink()
    (posts / "丙.md").write_text("气象台改口说，周末天晴。", encoding="utf-8")
    assert refresh() == "000002"
    damage(root, "000002")
    opened = Index.open(root)
    assert (opened.name, opened.stands_in is not None) == ("000001", True)
    opened.close()
    assert searched(root) == {"甲.md"}
    with Assistant.open(None, root) as assistant:
        assert any("wenfeng index" in note for note in assistant.ask("阅览室有多少座位？").notes)


def test_a_lone_damaged_generation_asks_for_a_rebuild(
    refresh: Callable[[], str], posts: Path, root: Path, encoder: Encoder
) -> None:
    refresh()
    damage(root, "000001")
    with pytest.raises(IndexCorruptError, match="--rebuild"):
        refresh()
    assert index_folder(posts, root, encoder, Settings(), rebuild=True).generation == "000002"
    assert searched(root) == {"甲.md", "乙.md", "丙.md"}


def test_an_index_run_renews_what_another_stands_in_for(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    (posts / "乙.md").unlink()
    refresh()
    damage(root, "000002")
    assert refresh() == "000003"
    assert searched(root) == {"甲.md", "丙.md"}
    assert sorted(path.name for path in (root / "generations").iterdir()) == ["000001", "000003"]
    damage(root, "000003", "articles.sqlite")
    assert searched(root) == {"甲.md", "丙.md"}


def test_nothing_stands_in_where_it_is_not_known_what_was_removed(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    (posts / "乙.md").unlink()
    refresh()
    damage(root, "000002")
    removed = root / "removed" / "000001.json"
    content = removed.read_text()
    for broken in ("", content[:-9], content.replace("[", "[ ", 1)):
        removed.write_text(broken)
        with pytest.raises(IndexCorruptError):
            Index.open(root)
    removed.write_text(content)
    assert searched(root) == {"甲.md", "丙.md"}


@pytest.mark.parametrize("pointer", ["", "000009 0", "\x00\xff", "000001 " + "0" * 64])
def test_a_damaged_pointer_hides_nothing(
    refresh: Callable[[], str], posts: Path, root: Path, pointer: str
) -> None:
    refresh()
    (posts / "乙.md").unlink()
    refresh()
    (root / "current").write_text(pointer, encoding="latin-1")
    assert find_generation(root).name == "000002"
    assert searched(root) == {"甲.md", "丙.md"}


def test_a_large_generation_is_hashed_while_it_serves(
    refresh: Callable[[], str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    monkeypatch.setattr("rag.generations.CHECKED_AT_OPEN", 1)
    damage(root, "000001", "articles.sqlite")
    with Assistant.open(None, root) as assistant:
        wait_for_threads()
        with pytest.raises(IndexCorruptError, match=r"articles\.sqlite has changed"):
            assistant.search("图书馆")
    with pytest.raises(IndexCorruptError):
        Index.open(root, check_all=True)


def test_what_stands_in_for_a_large_generation_is_taken_up(
    refresh: Callable[[], str], posts: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    (posts / "乙.md").unlink()
    refresh()
    monkeypatch.setattr("rag.generations.CHECKED_AT_OPEN", 1)
    damage(root, "000002", "articles.sqlite")
    with Assistant.open(None, root) as assistant:
        wait_for_threads()
        assert {hit.passage.article.path for hit in assistant.search("图书馆", 9)} == {"甲.md", "丙.md"}
        assert assistant.ask("阅览室有多少座位？").generation == "000001"


def test_an_index_made_anew_under_the_same_name_is_taken_up(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    with Assistant.open(None, root) as assistant:
        (posts / "乙.md").unlink()
        shutil.rmtree(root)
        assert refresh() == "000001"
        assert {hit.passage.article.path for hit in assistant.search("销量", 9)} == {"甲.md", "丙.md"}


def test_a_corrected_header_is_not_served_by_what_stands_in(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    text = "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。"
    (posts / "甲.md").write_text(f"---\ntitle: 旧\ndate: 2021-01-01\n---\n{text}", encoding="utf-8")
    refresh()
    (posts / "甲.md").write_text(f"---\ntitle: 旧\ndate: 2022-02-02\n---\n{text}", encoding="utf-8")
    refresh()
    damage(root, "000002")
    assert searched(root) == {"乙.md", "丙.md"}


def test_a_generation_that_never_became_current_is_dropped(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    pointer = (root / "current").read_text()
    (posts / "丁.md").write_text("博物馆的夜场从本月起每周五开放到晚上十点。", encoding="utf-8")
    refresh()
    (root / "current").write_text(pointer)  # as if killed just before
    (posts / "丁.md").unlink()
    damage(root, "000001")
    with pytest.raises(IndexCorruptError):
        Index.open(root)
    damage(root, "000001")  # flipped back
    assert refresh() == "000001"
    assert find_names(root) == ["000001"]


def test_a_file_renamed_over_another_of_its_size_is_read(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    for name, text in (("子", "馆长姓王。"), ("丑", "馆长姓李。")):
        (posts / f"{name}.md").write_text(text, encoding="utf-8")
        os.utime(posts / f"{name}.md", (1_600_000_000, 1_600_000_000))
    refresh()
    (posts / "丑.md").replace(posts / "子.md")
    refresh()
    index = Index.open(root)
    assert {article.path: article.text for article in index.articles()}["子.md"] == "馆长姓李。"
    index.close()


def test_a_file_set_aside_is_not_read_again(posts: Path, root: Path, encoder: Encoder) -> None:
    (posts / "坏.md").write_bytes(b"\x00\x01")
    first = index_folder(posts, root, encoder, Settings())
    known: list[int] = []
    again = index_folder(
        posts, root, encoder, Settings(), progress=lambda step, done, total: known.append(done)
    )
    assert known == [4]  # nothing was left to read
    assert again.set_aside == first.set_aside
    assert again.set_aside[0].reason == "binary"
    (posts / "坏.md").write_text("这回是文字了。", encoding="utf-8")
    assert index_folder(posts, root, encoder, Settings()).set_aside == ()


def wait_for_threads() -> None:
    """Until what is checked in the background has been."""
    for thread in threading.enumerate():
        if thread.name == CHECKING:
            thread.join(30)


def test_a_new_generation_is_taken_up_without_a_restart(
    refresh: Callable[[], str], posts: Path, root: Path
) -> None:
    refresh()
    with Assistant.open(None, root) as assistant:
        assert assistant.ask("阅览室有多少座位？").generation == "000001"
        (posts / "丁.md").write_text("博物馆的夜场从本月起每周五开放到晚上十点。", encoding="utf-8")
        refresh()
        assert "丁.md" in {hit.passage.article.path for hit in assistant.search("博物馆夜场", 1)}
        assert assistant.ask("博物馆的夜场开放到几点？").generation == "000002"
        shutil.rmtree(root)
        assert not assistant.ask("博物馆的夜场开放到几点？").refused


def test_a_rebuild_embeds_nothing_twice(
    posts: Path, root: Path, encoder: Encoder, refresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    calls: list[int] = []
    encode = encoder.encode_passages

    def count(texts: list[str]) -> FloatMatrix:
        calls.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode_passages", count)
    assert index_folder(posts, root, encoder, Settings(), rebuild=True).generation == "000002"
    assert calls == []
    (posts / "乙.md").write_text("新能源汽车的销量在第四季度持平。", encoding="utf-8")
    refresh()
    assert sum(calls) == 2


class Stopping:
    """An encoder that is stopped in the middle of its work."""

    def __init__(self, encoder: Encoder, calls: int) -> None:
        self._encoder = encoder
        self._calls = calls
        self.texts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> FloatMatrix:
        if not self._calls:
            raise KeyboardInterrupt
        self._calls -= 1
        self.texts += len(texts)
        return self._encoder.encode_passages(texts)


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path, root: Path, encoder: Encoder) -> None:
    posts = tmp_path / "many"
    posts.mkdir()
    for number in range(BATCH):
        (posts / f"{number}.md").write_text(f"第{number}号站。", encoding="utf-8")
    first, second = Stopping(encoder, 1), Stopping(encoder, 9)
    with pytest.raises(KeyboardInterrupt):
        index_folder(posts, root, first, Settings())
    assert find_names(root) == []
    index_folder(posts, root, second, Settings())
    assert (first.texts, second.texts) == (BATCH, BATCH)  # a passage and a sentence each
    assert find_names(root) == ["000001"]


def find_names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "generations").glob("*"))
